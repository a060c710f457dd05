"""Chapters on the work done: hours by company, contracts and modalities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from beneficiaries.enums import Modality
from core import formats
from markets.enums import Family
from markets.models import CpvCode
from reporting import indicators
from reporting.indicators.facts import ZERO
from reporting.indicators.work import Line
from reporting.masking import THRESHOLD
from reporting.snapshot.material import PRINTED_ROWS, Column, Material, chapter, chart
from reporting.snapshot.purchase import hours_by_holder_chart, share
from reporting.snapshot.words import agree, count, hours, listed, upper_first

PEOPLE_NOT_ADDED = "Une personne passée par deux entreprises compte dans chacune : la colonne des personnes ne s’additionne pas."
FEW_PEOPLE = f"Moins de {THRESHOLD} personnes : nombre masqué."


def few(people: int) -> tuple[str, ...]:
    """The column of people is withheld where they are few; hours and contracts by company never are."""
    return ("people",) if 0 < people < THRESHOLD else ()


def _started(m: Material) -> list[Column]:
    """The contracts that began within the period; all of them did within a whole life."""
    if m.is_whole_life:
        return []
    return [Column("started", f"dont démarrés {m.when}" if m.is_annual else "dont démarrés", "number")]


def _notes(lines: Iterable[Line], *notes: str) -> list[str]:
    return [*notes, *([FEW_PEOPLE] if any(few(line.people) for line in lines) else [])]


def _without_names(m: Material) -> list[str]:
    """The footnote of what ESAT and EA declared without names: beside the hours, outside « personnes »."""
    declared = indicators.without_names(m.facts)[m.span]
    return [f"{declared.words}, ni dans les heures de ce tableau."] if declared else []


def hours_chapter(m: Material) -> dict[str, Any]:
    total = indicators.hours(m.facts)[m.span]
    holders = indicators.by_holder(m.facts)[m.span]
    made = indicators.contracts(m.facts, m.span)
    people = indicators.people(m.facts)[m.span]
    lines = sorted(holders.items(), key=lambda line: (-line[1].hours, m.names[line[0]], line[0]))
    blocks = [
        hours_by_holder_chart(m, [(m.names[pk], line.hours) for pk, line in lines]),
        m.table(
            "hours_by_holder",
            "Heures, contrats et personnes par entreprise qui porte l’engagement",
            [
                Column("label", "Entreprise"),
                Column("hours", m.column("Heures"), "hours", True),
                Column("contracts", "Contrats", "number", True),
                *_started(m),
                Column("people", "Personnes", "number"),
            ],
            [
                (
                    str(pk),
                    {
                        "label": m.names[pk],
                        "hours": line.hours,
                        "contracts": line.contracts,
                        "started": line.started,
                        "people": line.people,
                    },
                    few(line.people),
                )
                for pk, line in lines
            ],
            totals={
                "label": "Ensemble",
                "hours": total,
                "contracts": made.count,
                "started": made.started,
                "people": people,
            },
            base=f"Base : {hours(total)} comptées {m.when}." if total >= 2 else "",
            notes=_notes(
                holders.values(),
                PEOPLE_NOT_ADDED,
                "Un contrat partagé entre deux entreprises compte dans chacune, et une fois dans l’ensemble.",
                *_without_names(m),
            ),
            empty=f"Aucune heure n’est comptée {m.when}.",
            print_rows=PRINTED_ROWS,
            gone="Entreprises",
        ),
        _employers(m, total),
    ]
    if m.is_annual:
        blocks.append(_regularisation(m))
    return chapter(
        "hours",
        "Heures réalisées",
        _hours_answer(m, total, [line for line in lines if line[1].hours]),
        blocks,
    )


def _regularisation(m: Material) -> dict[str, Any]:
    late = indicators.regularisation(m.facts.scope, m.year)
    return m.table(
        "regularisation",
        "Régularisation des années précédentes",
        [Column("label", "Année des heures"), Column("hours", "Heures", "hours")],
        [(str(year), {"label": str(year), "hours": value}, ()) for year, value in late.items()],
        totals={"label": "Ensemble", "hours": sum(late.values(), ZERO)} if late else None,
        base="Heures validées ou corrigées après la clôture de leur année : elles ne changent pas le bilan publié, "
        f"ne sont pas dans les heures {m.year}, et sont dans les chiffres cumulés.",
        empty="Aucune heure d’une année close n’est à régulariser dans ce bilan.",
    )


def _hours_answer(m: Material, total: Decimal, lines: list[tuple[int, Line]]) -> str:
    if not total:
        return f"Aucune heure d’insertion n’est comptée {m.when}."
    said = f"{upper_first(hours(total))} {agree(total, 'a été réalisée', 'ont été réalisées')} {m.when}"
    if len(lines) == 1:
        return f"{said}, toutes portées par {m.names[lines[0][0]]}."
    first, line = lines[0]
    return f"{said} dans {len(lines)} entreprises ; {m.names[first]} en porte {share(line.hours / total)}."


def _employers(m: Material, total: Decimal) -> dict[str, Any]:
    found = indicators.by_employer(m.facts)[m.span]
    siae = indicators.by_siae(m.facts)[m.span]
    lines = sorted(found.items(), key=lambda line: (-line[1].hours, m.names[line[0]], line[0]))
    return m.table(
        "hours_by_employer",
        "Les mêmes heures, par employeur",
        [
            Column("label", "Employeur"),
            Column("hours", m.column("Heures"), "hours", True),
            Column("siae", "dont comme SIAE", "hours"),
            Column("people", "Personnes", "number"),
        ],
        [
            (
                str(pk),
                {
                    "label": m.names[pk],
                    "hours": line.hours,
                    "siae": siae.get(pk, ZERO),
                    "people": line.people,
                },
                few(line.people),
            )
            for pk, line in lines
        ],
        totals={"label": "Ensemble", "hours": total, "siae": sum(siae.values(), ZERO)},
        base="Seconde lecture des heures du tableau précédent : les deux tableaux ne s’additionnent pas.",
        notes=_notes(found.values(), "SIAE : selon la nature de l’employeur le mois des heures."),
        empty=f"Aucune heure n’est comptée {m.when}.",
        print_rows=PRINTED_ROWS,
        gone="Employeurs",
    )


# --- contracts and modalities -----------------------------------------------------------------------------------


def contracts_chapter(m: Material) -> dict[str, Any]:
    made = indicators.contracts(m.facts, m.span)
    total = indicators.hours(m.facts)[m.span]
    types = indicators.by_contract_type(m.facts)[m.span]
    labels = {work.contract_type: work.contract_label for work in m.facts.works}
    modalities = indicators.by_modality(m.facts)[m.span]
    figures = [
        m.figure("contracts", agree(made.count, "contrat de travail", "contrats de travail"), "number", made.count),
        m.figure("contracts_started", f"dont {agree(made.started, 'démarré', 'démarrés')} dans {m.the_period}", "number", made.started),
        m.figure("missions", agree(made.missions, "mission d’intérim", "missions d’intérim"), "number", made.missions, "comptées une à une"),
    ]  # fmt: skip
    if m.is_whole_life:
        # All of them began within a whole life.
        del figures[1]
    gap = m.facts.rules_in_force(m.span).chain_gap_days
    columns = [
        Column("contracts", m.column("Contrats"), "number", True),
        Column("hours", m.column("Heures"), "hours", True),
    ]
    totals = {"label": "Ensemble", "contracts": made.count, "hours": total}
    by_hours = sorted(types.items(), key=lambda row: (-row[1].hours, labels.get(row[0]) or ""))
    blocks = [
        m.key_figures("contracts_figures", figures),
        m.table(
            "contract_types",
            "Types de contrat",
            [Column("label", "Type de contrat"), *columns],
            [
                (
                    code or "unknown",
                    {"label": labels.get(code) or "Non renseigné", "contracts": line.contracts, "hours": line.hours},
                    (),
                )
                for code, line in by_hours
            ],
            totals=totals,
            base=f"Base : contrats d’au moins une heure comptée {m.when}.",
            formula=f"Les contrats d’une même personne chez le même employeur, pour la même entreprise, n’en font qu’un "
            f"quand ils se suivent à {count(gap, 'jour')} d’écart au plus ; il a le type du premier {'de l’année' if m.is_annual else 'de la période'}.",
            empty=f"Aucun contrat n’a d’heure comptée {m.when}.",
            gone="Types de contrat",
        ),
        _modality_chart(modalities),
        m.table(
            "modalities",
            "Modalités de réalisation",
            [Column("label", "Modalité"), *columns, Column("people", "Personnes", "number")],
            [
                (
                    code,
                    {
                        "label": upper_first(Modality(code).label),
                        "contracts": line.contracts,
                        "hours": line.hours,
                        "people": line.people,
                    },
                    few(line.people),
                )
                for code, line in ((code, modalities[code]) for code in Modality.values if code in modalities)
            ],
            totals=totals | {"people": indicators.people(m.facts)[m.span]},
            base="Les immersions et les formations ont des heures et des personnes, sans contrat de travail.",
            notes=_notes(
                modalities.values(),
                "Une personne passée par deux modalités compte dans chacune : la colonne ne s’additionne pas.",
            ),
            empty=f"Aucune heure n’est comptée {m.when}.",
            print_rows=PRINTED_ROWS,
            gone="Modalités",
        ),
        *_by_purchase(m, total),
    ]  # fmt: skip
    return chapter(
        "contracts", "Contrats et modalités", _contracts_answer(m, made, modalities, total), blocks
    )


def _contracts_answer(
    m: Material, made: indicators.Contracts, modalities: Mapping[Any, Line], total: Decimal
) -> str:
    if not made.count:
        return f"Aucun contrat de travail n’a d’heure comptée {m.when}."
    said = (
        f"{upper_first(count(made.count, 'contrat'))} de travail {agree(made.count, 'a porté', 'ont porté')} des heures "
        f"{m.when}"
    )
    if not m.is_whole_life:
        said += f", dont {made.started or 'aucun'} {agree(made.started, 'démarré', 'démarrés')} dans {m.the_period}"
    first, line = min(modalities.items(), key=lambda row: (-row[1].hours, row[0]))
    return f"{said} ; première modalité : {Modality(first).label}, {share(line.hours / total)} des heures."


def _modality_chart(modalities: Mapping[Any, Line]) -> dict[str, Any]:
    lines = sorted(modalities.items(), key=lambda row: (-row[1].hours, row[0]))
    said = [f"{Modality(code).label} {formats.hours(line.hours)}" for code, line in lines]
    return chart(
        "modalities_chart",
        "Heures par modalité",
        "bars",
        [
            (upper_first(Modality(code).label), line.hours, index == 0)
            for index, (code, line) in enumerate(lines)
        ],
        f"{upper_first(listed(said))}." if said else "Aucune heure.",
    )


def _by_purchase(m: Material, total: Decimal) -> list[dict[str, Any]]:
    """Hours by purchase family, CPV division and occupation; one market has one family."""
    divisions = indicators.by_cpv_division(m.facts)[m.span]
    codes = [code for code in divisions if code]
    cpv = dict(CpvCode.objects.filter(code__in=codes).order_by("code").values_list("code", "label"))
    occupations = {work.occupation: work.occupation_label for work in m.facts.works}
    found = [
        _simple(m, "families", "Heures par famille d’achat", "Famille", indicators.by_family(m.facts)[m.span],
                lambda code: upper_first(Family(code).label) if code else "Non renseigné", total, "Familles"),
        _simple(m, "cpv", "Heures par division CPV", "Division CPV", divisions,
                lambda code: f"{code} · {cpv[code]}" if code in cpv else (code or "Non renseigné"), total, "Divisions"),
        _simple(m, "occupations", "Heures par métier", "Métier (ROME)", indicators.by_occupation(m.facts)[m.span],
                lambda code: f"{code} · {occupations[code]}" if code else "Non renseigné", total, "Métiers"),
    ]  # fmt: skip
    return found if m.is_annual else found[2:]


def _simple(
    m: Material,
    key: str,
    title: str,
    label: str,
    lines: Mapping[Any, Line],
    name: Callable[[Any], str],
    total: Decimal,
    gone: str,
) -> dict[str, Any]:
    ordered = sorted(lines.items(), key=lambda row: (-row[1].hours, str(row[0])))
    return m.table(
        key,
        title,
        [Column("label", label), Column("hours", m.column("Heures"), "hours", True)],
        [(str(code or "unknown"), {"label": name(code), "hours": line.hours}, ()) for code, line in ordered],
        totals={"label": "Ensemble", "hours": total},
        empty=f"Aucune heure n’est comptée {m.when}.",
        print_rows=PRINTED_ROWS,
        gone=gone,
    )
