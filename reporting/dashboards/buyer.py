"""The dashboard of a buyer: its policy at a glance, from the same indicators as its bilans.

No typology here, whatever the address: rule 9 gives it one place, the published bilans, which are linked.
"""

from __future__ import annotations

from typing import Any

from reporting import indicators
from reporting.dashboards import breakdowns, purchase
from reporting.dashboards.reading import Reading, Section
from reporting.dashboards.through_time import through_time
from reporting.dashboards.where import where
from reporting.indicators import places
from reporting.snapshot.material import Block
from reporting.snapshot.purchase import ratio
from reporting.snapshot.words import agree
from reporting.snapshot.work import FEW_PEOPLE, few


def key_figures(d: Reading) -> Block:
    """What stands on top; of the second panel, what it speaks of alone."""
    items = purchase.figures_of_purchase(d) if d.asked.panel == "achats" else figures_of_policy(d)
    return {"type": "key_figures", "key": "dashboard_figures", "title": "Chiffres clés", "items": items}


def sections(d: Reading) -> list[Section]:
    """The panel asked for."""
    return overview(d) if d.asked.panel == "ensemble" else purchases(d)


def overview(d: Reading) -> list[Section]:
    return [
        through_time(d),
        *where(d),
        Section("entreprises", "Entreprises", [*breakdowns.holders_chart(d), *breakdowns.holders(d)]),
        Section("contrats", "Types de contrat", breakdowns.contract_types(d)),
        Section("modalites", "Modalités de réalisation", breakdowns.modalities(d)),
        Section("familles", "Familles d’achat", breakdowns.families(d)),
    ]


def purchases(d: Reading) -> list[Section]:
    return [
        Section("clauses", "Clauses", purchase.clause_kinds(d)),
        Section("reserves", "Marchés réservés", purchase.reserved_markets(d)),
        Section("cpv", "Secteurs d’achat", purchase.cpv(d)),
        Section("metiers", "Métiers", purchase.occupations(d)),
    ]


def tables(d: Reading) -> list[Block]:
    """Every table of both panels, key figures first: what the workbook holds."""
    both = [*overview(d), *purchases(d)]
    return [key_figures(d), *(block for part in both for block in part.blocks if block["type"] == "table")]


def figures_of_policy(d: Reading) -> list[dict[str, Any]]:
    span, facts = d.asked.span, d.facts
    made, found = indicators.contracts(facts, span), indicators.markets(facts)[span]
    people, rates = indicators.people(facts)[span], d.rates
    holders = sum(1 for line in indicators.by_holder(facts)[span].values() if line.hours)
    reserved = places.reserved_count(facts)[span]
    return [
        d.figure("hours", "heures d’insertion réalisées", "hours", indicators.hours(facts)[span]),
        *_people(d, people),
        d.figure(
            "contracts", agree(made.count, "contrat de travail", "contrats de travail"), "number", made.count,
            f"dont {made.started or 'aucun'} {agree(made.started, 'démarré', 'démarrés')} {d.asked.when}",
        ),
        d.figure(
            "companies", agree(holders, "entreprise avec des heures", "entreprises avec des heures"), "number", holders
        ),
        d.figure(
            "markets", agree(found.count, "marché avec clause", "marchés avec clause"), "number", found.count,
            f"dont {found.with_hours or 'aucun'} avec des heures",
        ),
        d.figure(
            "markets_reserved", agree(reserved, "marché réservé", "marchés réservés"), "number", reserved
        ),
        d.figure(
            "rate", "taux de réalisation", "rate", ratio(rates.rate),
            "sans objet : aucun engagement chiffré" if rates.rate is None else "depuis le début, chaque engagement plafonné à 100 %",
        ),
        d.figure("hours_engaged", "heures engagées", "hours", rates.engaged),
    ]  # fmt: skip


def _people(d: Reading, people: int) -> list[dict[str, Any]]:
    """A buyer reads them for its whole scope and by year; elsewhere few are withheld, and ad-hoc months say none."""
    if not d.asked.is_annual and not d.is_house:
        return []
    label = agree(people, "personne", "personnes")
    if not d.is_whole and few(people) and not d.is_house:
        return [d.figure("", "personnes", "number", None, FEW_PEOPLE)]
    return [d.figure("people", label, "number", people)]
