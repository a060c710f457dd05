"""Chapters on the purchase: markets and clauses, taux de réalisation, relation entreprise."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from clauses.enums import ClauseKind
from core import formats
from markets.enums import Family, Reservation
from reporting import indicators
from reporting.indicators.facts import ZERO
from reporting.indicators.purchase import CommitmentRate, Rates
from reporting.snapshot.material import PRINTED_ROWS, Column, Material, chapter, chart
from reporting.snapshot.words import agree, count, upper_first

NOT_ADDED = "Un marché peut figurer sur plusieurs lignes : les lignes ne s’additionnent pas."


def ratio(value: Decimal | None) -> Decimal | None:
    """A rate with four decimals; one is the whole and nothing less."""
    if value is None:
        return None
    rounded = value.quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
    return Decimal("0.9999") if value < 1 <= rounded else rounded


def markets_chapter(m: Material) -> dict[str, Any]:
    found, kept = indicators.markets(m.facts)[m.span], indicators.reserved(m.facts)[m.span]
    answer = f"{upper_first(count(found.count, 'marché'))} avec clause {agree(found.count, 'a', 'ont')} été en cours {m.when}"
    if found.count:
        answer += (
            f", dont {found.notified or 'aucun'} {agree(found.notified, 'notifié', 'notifiés')} dans l’année"
        )
        answer += f" et {found.with_hours or 'aucun'} avec des heures réalisées"
    if not found.count:
        answer = f"Aucun marché avec clause n’a été en cours {m.when}"
    answer += f" ; {count(kept.count, 'marché')} {agree(kept.count, 'était réservé', 'étaient réservés')}."
    if not kept.count:
        answer = answer.replace("aucun marché était réservé", "aucun marché n’était réservé")
    if found.operations:
        answer += f" {_operations(found.operations)}"
    figures = [
        m.figure("markets", agree(found.count, "marché avec clause", "marchés avec clause"), "number", found.count),
        m.figure("markets_notified", f"dont {agree(found.notified, 'notifié', 'notifiés')} dans l’année", "number", found.notified),
        m.figure("markets_with_hours", "dont avec des heures réalisées", "number", found.with_hours),
        m.figure("markets_reserved", agree(kept.count, "marché réservé", "marchés réservés"), "number", kept.count),
        m.figure("markets_insertion", agree(found.insertion, "marché d’insertion", "marchés d’insertion"), "number", found.insertion),
        m.figure("operations", agree(found.operations, "opération", "opérations"), "number", found.operations, _of_operations(found)),
    ]  # fmt: skip
    by_kind = indicators.markets_by_clause_kind(m.facts)[m.span]
    blocks = [
        m.key_figures("markets_figures", figures),
        m.table(
            "markets_by_clause_kind",
            "Marchés par nature de clause",
            [Column("label", "Nature de la clause"), Column("markets", m.column("Marchés"), "number", True)],
            [
                (kind, {"label": upper_first(ClauseKind(kind).label), "markets": by_kind.get(kind, 0)}, ())
                for kind in ClauseKind.values
                if kind in by_kind or m.had("markets_by_clause_kind", kind)
            ],
            base=f"Base : {count(found.count, 'marché')} avec clause en cours {m.when}.",
            notes=[NOT_ADDED],
            empty="Aucune clause n’est en cours.",
        ),
        _reserved_table(m, kept),
        m.table(
            "awarded",
            "Montants attribués dans l’année aux structures d’insertion et du travail adapté",
            [Column("label", "Attributaires"), Column("amount", m.column("Montant hors taxes"), "amount", True)],
            [
                ("siae", {"label": "Structures de l’insertion par l’activité économique (SIAE)", "amount": kept.awarded_to_siae}, ()),
                ("adapted", {"label": "Entreprises adaptées et ESAT", "amount": kept.awarded_to_adapted}, ()),
            ],
            base="Base : attributions de l’année, selon la nature de l’entreprise le jour de l’attribution ; "
            "un marché subséquent est compté dans son accord-cadre.",
            notes=[f"{upper_first(count(kept.awards_without_amount, 'attribution', none='aucune'))} sans montant connu."]
            if kept.awards_without_amount
            else [],
        ),
        market_list(m),
    ]  # fmt: skip
    return chapter("markets", "Marchés et clauses", answer, blocks)


def _operations(number: int) -> str:
    return f"Ces marchés servent {count(number, 'opération')}." if number else ""


def _of_operations(found: indicators.Markets) -> str:
    """« dont 1 notifiée, 2 avec des heures » of the operations of the year."""
    if not found.operations:
        return ""
    notified = (
        f"{found.operations_notified or 'aucune'} {agree(found.operations_notified, 'notifiée', 'notifiées')}"
    )
    return f"dont {notified} et {found.operations_with_hours or 'aucune'} avec des heures"


def _reserved_table(m: Material, kept: indicators.Reserved) -> dict[str, Any]:
    return m.table(
        "markets_reserved_by_ground",
        "Marchés et lots réservés, par fondement",
        [
            Column("label", "Fondement"),
            Column("markets", m.column("Marchés"), "number", True),
            Column("wholly", "dont en totalité", "number"),
            Column("lots", "Lots", "number", True),
        ],
        [
            (
                ground,
                {
                    "label": upper_first(Reservation(ground).label),
                    "markets": kept.markets.get(ground, 0),
                    "wholly": kept.wholly.get(ground, 0),
                    "lots": kept.lots.get(ground, 0),
                },
                (),
            )
            for ground in Reservation.values
            if ground in kept.markets or m.had("markets_reserved_by_ground", ground)
        ],
        base=f"Base : marchés en cours {m.when}, avec ou sans clause.",
        notes=[NOT_ADDED] if len(kept.markets) > 1 else [],
        empty="Aucun marché ni lot réservé n’est en cours.",
    )


def market_list(m: Material) -> dict[str, Any]:
    """Each market with its hours; a marché subséquent is added to its framework."""
    alive = indicators.markets(m.facts)[m.span].roots
    if not m.is_annual:
        alive = {row.root for row in m.facts.markets}
    by_id = {row.id: row for row in m.facts.markets}
    hours: dict[int, Decimal] = {}
    for market, line in indicators.by_market(m.facts)[m.span].items():
        root = by_id[market].root if market in by_id else market
        hours[root] = hours.get(root, ZERO) + line.hours
    shown = [by_id[pk] for pk in sorted(alive | set(hours)) if pk in by_id]
    shown.sort(key=lambda row: (-hours.get(row.id, ZERO), row.reference, row.id))
    return m.table(
        "market_list",
        "Les marchés de l’année" if m.is_annual else "Les marchés",
        [
            Column("label", "Marché"),
            Column("family", "Famille d’achat"),
            Column("notified_on", "Notifié le", "day"),
            Column("hours", m.column("Heures"), "hours", True),
        ],
        [
            (
                str(row.id),
                {
                    "label": f"{row.reference} · {formats.short(row.object, 90)}",
                    "family": upper_first(Family(row.family).label),
                    "notified_on": row.notified_on,
                    "hours": hours.get(row.id, ZERO),
                },
                (),
            )
            for row in shown
        ],
        totals={"label": "Ensemble", "hours": sum(hours.values(), ZERO)},
        base=f"Base : marchés avec clause en cours {m.when}, et ceux qui ont des heures comptées."
        if m.is_annual
        else "",
        notes=["Les marchés subséquents sont réunis à leur accord-cadre."],
        empty="Aucun marché n’est en cours.",
        print_rows=PRINTED_ROWS,
        gone="Marchés",
    )


# --- taux de réalisation --------------------------------------------------------------------------------------


def rates_chapter(m: Material) -> dict[str, Any]:
    found = indicators.rates(m.facts, m.span)
    blocks = [
        m.key_figures("rates_figures", list(_rate_figures(m, found))),
        _rates_by_holder(m, found),
        _rates_by_commitment(m, found),
    ]
    return chapter("rates", "Taux de réalisation", rate_sentence(m, found), blocks)


def rate_sentence(m: Material, found: Rates) -> str:
    if found.rate is None:
        return "Aucun engagement chiffré n’est en cours : le taux de réalisation est sans objet."
    targets = len(found.with_target)
    sentence = (
        f"{_at_end(m)}, {share(found.rate)} des heures engagées sont réalisées, chaque engagement étant "
        f"plafonné à 100 %"
    )
    if targets == 1:
        return f"{sentence} ; l’unique engagement chiffré {'est' if found.met else 'n’est pas encore'} tenu."
    if not found.met:
        return f"{sentence} ; aucun des {targets} engagements chiffrés n’est encore tenu."
    if found.met == targets:
        return f"{sentence} ; les {targets} engagements chiffrés sont tenus."
    return f"{sentence} ; {found.met} {agree(found.met, 'engagement', 'engagements')} sur {targets} {agree(found.met, 'est tenu', 'sont tenus')}."


def _at_end(m: Material) -> str:
    if m.is_annual:
        return f"Fin {m.year}" if m.is_over else "À ce jour"
    return upper_first(m.at_end)


def share(rate: Decimal) -> str:
    """A share in words that never says the whole before it is there."""
    return "plus de 99 %" if Decimal("0.99") < rate < 1 else formats.rate(rate)


def _rate_figures(m: Material, found: Rates) -> Iterator[dict[str, Any]]:
    yield m.figure(
        "rate", "taux de réalisation", "rate", ratio(found.rate), "chaque engagement plafonné à 100 %"
    )
    yield m.figure("hours_engaged", "heures engagées", "hours", found.engaged, m.at_end)
    yield m.figure(
        "hours_since_start",
        "heures comptées depuis le début",
        "hours",
        found.counted,
        ", ".join(words for words in (_outside(m), _globalised(found)) if words),
    )
    yield m.figure("surplus", "heures au-delà des engagements", "hours", found.surplus, "hors du taux")
    targets = len(found.with_target)
    yield m.figure(
        "commitments_met", "engagements tenus", "number", found.met, f"sur {count(targets, 'engagement chiffré', 'engagements chiffrés')}"
    )  # fmt: skip


def _outside(m: Material) -> str:
    """What is counted since the start and in no annual bilan yet."""
    value = indicators.outside_the_bilan(m.facts.scope, m.year) if m.is_annual else ZERO
    if not value:
        return ""
    said = formats.hours(abs(value))
    if value < 0:
        return f"après {said} retirées depuis la clôture de {m.year}"
    return f"dont {said} validées ou corrigées après la clôture de {m.year}"


def _globalised(found: Rates) -> str:
    """What globalisations change in the progress of commitments; hours realised stay where they were worked."""
    if not found.credited:
        return ""
    hours = formats.hours(abs(found.credited))
    if found.credited > 0:
        return f"dont {hours} créditées par globalisation"
    return f"moins {hours} créditées ailleurs par globalisation"


_RATE_COLUMNS = [
    Column("engaged", "Engagées", "hours"),
    Column("counted", "Comptées", "hours"),
    Column("rate", "Taux", "rate"),
    Column("surplus", "Au-delà", "hours"),
]
_RATE_FORMULA = (
    "Taux = heures comptées depuis le début ÷ heures engagées à la fin de la période ; dans un ensemble, chaque "
    "engagement est plafonné à 100 %. Il n’y a pas de prorata du temps écoulé."
)


def _rates_by_holder(m: Material, found: Rates) -> dict[str, Any]:
    by_holder: dict[int, list[CommitmentRate]] = {}
    for row in found.with_target:
        by_holder.setdefault(row.holder, []).append(row)
    lines = sorted(
        ((pk, Rates(rows)) for pk, rows in by_holder.items()),
        key=lambda line: (-line[1].engaged, m.names[line[0]], line[0]),
    )
    return m.table(
        "rates_by_holder",
        "Par entreprise qui porte l’engagement",
        [Column("label", "Entreprise"), *_RATE_COLUMNS],
        [
            (
                str(pk),
                {
                    "label": m.names[pk],
                    "engaged": rows.engaged,
                    "counted": rows.counted,
                    "rate": ratio(rows.rate),
                    "surplus": rows.surplus,
                },
                (),
            )
            for pk, rows in lines
        ],
        totals=_rate_totals(found),
        base=f"Base : engagements chiffrés des marchés en cours {m.when}."
        if m.is_annual
        else f"Base : engagements chiffrés, {m.at_end}.",
        formula=_RATE_FORMULA,
        empty="Aucun engagement n’est en cours.",
        print_rows=PRINTED_ROWS,
    )


def _rate_totals(found: Rates) -> dict[str, Any]:
    return {
        "label": "Ensemble",
        "engaged": found.engaged,
        "counted": found.counted,
        "rate": ratio(found.rate),
        "surplus": found.surplus,
    }


def _rates_by_commitment(m: Material, found: Rates) -> dict[str, Any]:
    without = len(found.rows) - len(found.with_target)
    return m.table(
        "rates_by_commitment",
        "Par engagement",
        [Column("label", "Marché"), Column("company", "Entreprise"), *_RATE_COLUMNS],
        [
            (
                str(row.id),
                {
                    "label": f"{row.market_reference} · {formats.short(row.market_object, 70)}",
                    "company": m.names[row.holder],
                    "engaged": row.engaged,
                    "counted": row.counted,
                    "rate": ratio(row.rate),
                    "surplus": row.surplus,
                },
                (),
            )
            for row in found.with_target
        ],
        totals=_rate_totals(found),
        notes=[
            f"{upper_first(count(without, 'engagement'))} sans objectif d’heures : taux sans objet, hors du tableau."
        ]
        if without
        else [],
        empty="Aucun engagement chiffré n’est en cours.",
        print_rows=PRINTED_ROWS,
    )


# --- relation entreprise --------------------------------------------------------------------------------------


def companies_chapter(m: Material) -> dict[str, Any]:
    found = indicators.relations(m.facts, m.span)
    waiting = sum(row.unvalidated for row in found.values())
    silent = sum(row.last_month is None for row in found.values())
    if not found:
        answer = "Aucune entreprise ne porte d’engagement en cours."
    else:
        number = len(found)
        answer = f"{upper_first(count(number, 'entreprise', none='aucune'))} {agree(number, 'porte un engagement', 'portent des engagements')} en cours"
        if silent == number:
            answer += " ; aucune heure n’est encore validée"
        elif silent:
            answer += f" ; pour {'l’une' if silent == 1 else silent} d’entre elles, aucune heure n’est encore validée"
        answer += "."
    lines = sorted(found.items(), key=lambda line: (-line[1].engaged, m.names[line[0]], line[0]))
    blocks = [
        m.table(
            "relations",
            "Où en est chaque entreprise",
            [
                Column("label", "Entreprise"),
                Column("engaged", "Engagées", "hours"),
                Column("counted", "Comptées", "hours"),
                Column("rate", "Taux", "rate"),
                Column("last_month", "Dernier mois validé", "month"),
                Column(
                    "unvalidated",
                    "Relevés à valider" if not m.is_annual else f"Relevés {m.year} à valider",
                    "number",
                ),
            ],
            [
                (
                    str(pk),
                    {
                        "label": m.names[pk],
                        "engaged": row.engaged,
                        "counted": row.counted,
                        "rate": ratio(row.rate),
                        "last_month": row.last_month,
                        "unvalidated": row.unvalidated,
                    },
                    (),
                )
                for pk, row in lines
            ],
            totals={"label": "Ensemble", "unvalidated": waiting},
            base=f"Base : entreprises qui portent un engagement d’un marché en cours {m.when} ; heures comptées depuis "
            "le début."
            if m.is_annual
            else f"Base : entreprises qui portent un engagement ; heures comptées depuis le début, {m.at_end}.",
            empty="Aucune entreprise ne porte d’engagement en cours.",
            print_rows=PRINTED_ROWS,
        ),
        _follow_up(m),
    ]
    return chapter("companies", "Relation avec les entreprises", answer, blocks)


def _follow_up(m: Material) -> dict[str, Any]:
    """Contacts, qualitative commitments and open difficulties: never about a person."""
    found = indicators.follow_up(m.facts, m.span)
    names = m.names | indicators.company_names(set(found) - set(m.names))
    lines = sorted(found.items(), key=lambda line: (names[line[0]], line[0]))
    return m.table(
        "follow_up",
        "Contacts, engagements qualitatifs, déclarations et difficultés",
        [
            Column("label", "Entreprise"),
            Column("contacts", "Contacts", "number"),
            Column("last_contact", "Dernier contact", "day"),
            Column("kept", "Actions tenues", "number"),
            Column("late", "En retard", "number"),
            Column("evidence_missing", "Preuve manquante", "number"),
            Column("late_declarations", "Déclarations en retard", "number"),
            Column("difficulty", "Difficulté en cours"),
        ],
        [
            (
                str(pk),
                {
                    "label": names[pk],
                    "contacts": row.contacts,
                    "last_contact": row.last_contact,
                    "kept": row.kept,
                    "late": row.late,
                    "evidence_missing": row.evidence_missing,
                    "late_declarations": row.late_declarations,
                    "difficulty": f"depuis le {formats.day(row.difficulty_since)} : {row.difficulty_step}"
                    if row.difficulty_since
                    else "–",
                },
                (),
            )
            for pk, row in lines
        ],
        totals={
            "label": "Ensemble",
            "contacts": sum(row.contacts for _, row in lines),
            "kept": sum(row.kept for _, row in lines),
            "late": sum(row.late for _, row in lines),
            "evidence_missing": sum(row.evidence_missing for _, row in lines),
            "late_declarations": _late_declarations([row.late_declarations for _, row in lines]),
        },
        base=f"Base : échanges {m.of_period} inscrits au journal des marchés ; engagements qualitatifs et difficultés {m.at_end}.",
        formula="Déclarations en retard : mois d’heures que l’employeur a déclarés après leur terme, ou n’a pas encore déclarés ; "
        "– quand aucun mois n’a été ouvert à la déclaration.",
        empty="Aucun échange, engagement qualitatif ou difficulté n’est enregistré.",
        print_rows=PRINTED_ROWS,
    )


def _late_declarations(known: list[int | None]) -> int | None:
    """Together; not known where no month of anyone was opened."""
    found = [number for number in known if number is not None]
    return sum(found) if found else None


def hours_by_holder_chart(m: Material, lines: list[tuple[str, Decimal]]) -> dict[str, Any]:
    """The ten companies with the most hours."""
    first = lines[:10]
    described = ", ".join(f"{label} {formats.hours(value)}" for label, value in first)
    return chart(
        "hours_by_holder_chart",
        "Les entreprises qui ont réalisé le plus d’heures",
        "bars",
        [(label, value, index == 0) for index, (label, value) in enumerate(first)],
        f"{described}." if described else "Aucune heure.",
    )
