"""The second panel: kinds of clause, reserved markets, sectors of purchase, occupations."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clauses.enums import ClauseKind
from markets.enums import Reservation
from markets.models import CpvCode
from reporting import indicators
from reporting.dashboards.reading import UNKNOWN, Reading
from reporting.indicators import places
from reporting.indicators.facts import ZERO
from reporting.snapshot.material import Block
from reporting.snapshot.purchase import NOT_ADDED
from reporting.snapshot.words import agree, count, upper_first
from reporting.tables_of_figures import Measure

MARKETS = Measure("markets", "Marchés", "number")
COUNTS = (MARKETS,)


@dataclass(frozen=True)
class Amount:
    """A row of a breakdown that is not made of hours: markets, lots, euros."""

    markets: int = 0
    wholly: int = 0
    lots: int = 0
    amount: Decimal = ZERO


def figures_of_purchase(d: Reading) -> list[dict[str, Any]]:
    span, facts = d.asked.span, d.facts
    found, reserved = indicators.markets(facts)[span], d.reserved[span]
    to_insertion = reserved.awarded_to_siae + reserved.awarded_to_adapted
    return [
        d.figure("hours", "heures d’insertion réalisées", "hours", indicators.hours(facts)[span]),
        d.figure("markets", agree(found.count, "marché avec clause", "marchés avec clause"), "number", found.count),
        d.figure("markets_notified", f"dont {agree(found.notified, 'notifié', 'notifiés')} {d.asked.when}", "number", found.notified),
        d.figure("markets_reserved", agree(reserved.count, "marché réservé", "marchés réservés"), "number", reserved.count),
        d.figure("markets_insertion", agree(found.insertion, "marché d’insertion", "marchés d’insertion"), "number", found.insertion),
        d.figure("", "attribués hors taxes à l’insertion et au travail adapté", "amount", to_insertion),
    ]  # fmt: skip


def clause_kinds(d: Reading) -> list[Block]:
    found = indicators.markets_by_clause_kind(d.facts)
    lines = {span: {kind: Amount(markets=n) for kind, n in kinds.items()} for span, kinds in found.items()}
    return d.breakdown(
        "markets_by_clause_kind", "Marchés par nature de clause", "Nature de la clause", lines,
        lambda kind: upper_first(ClauseKind(kind).label), COUNTS, notes=[NOT_ADDED],
        empty="Aucune clause n’est en cours.",
    )  # fmt: skip


def reserved_markets(d: Reading) -> list[Block]:
    found = d.reserved
    grounds = {
        span: {
            ground: Amount(row.markets[ground], row.wholly.get(ground, 0), row.lots.get(ground, 0))
            for ground in row.markets
        }
        for span, row in found.items()
    }
    euros = {
        span: {
            "siae": Amount(amount=row.awarded_to_siae),
            "adapted": Amount(amount=row.awarded_to_adapted),
        }
        for span, row in found.items()
    }
    labels = {
        "siae": "Structures de l’insertion par l’activité économique (SIAE)",
        "adapted": "Entreprises adaptées et ESAT",
    }
    unknown = sum(found[span].awards_without_amount for span in d.asked.shown)
    return [
        *d.breakdown(
            "markets_reserved_by_ground", "Marchés et lots réservés, par fondement", "Fondement", grounds,
            lambda ground: upper_first(Reservation(ground).label),
            (MARKETS, Measure("wholly", "dont en totalité", "number", published=False), Measure("lots", "Lots", "number")),
            apart="Marchés et lots réservés, par fondement : {}", base=f"Base : marchés en cours {d.asked.when}, avec ou sans clause.", notes=[NOT_ADDED], totals={},
            empty="Aucun marché ni lot réservé n’est en cours.",
        ),
        *d.breakdown(
            "awarded", "Montants attribués aux structures d’insertion et du travail adapté", "Attributaires", euros,
            labels.__getitem__, (Measure("amount", "Montant hors taxes", "amount"),), totals={},
            base=f"Base : attributions {d.asked.when}, selon la nature de l’entreprise le jour de l’attribution.",
            notes=[f"{upper_first(count(unknown, 'attribution', none='aucune'))} sans montant connu."] if unknown else [],
        ),
    ]  # fmt: skip


def cpv(d: Reading) -> list[Block]:
    lines = places.hours_by_cpv_division(d.facts)
    codes = {code for rows in lines.values() for code in rows if code}
    labels = dict(CpvCode.objects.filter(code__in=codes).order_by("code").values_list("code", "label"))
    return d.breakdown(
        "cpv", "Heures par division CPV", "Division CPV", lines,
        lambda code: f"{code} · {labels[code]}" if code in labels else (code or UNKNOWN),
    )  # fmt: skip


def occupations(d: Reading) -> list[Block]:
    labels = {work.occupation: work.occupation_label for work in d.facts.works}
    return d.breakdown(
        "occupations", "Heures par métier", "Métier (ROME)", indicators.by_occupation(d.facts),
        lambda code: f"{code} · {labels[code]}" if code else UNKNOWN,
    )  # fmt: skip
