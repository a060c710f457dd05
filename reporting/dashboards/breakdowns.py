"""The hours and contracts of a dashboard by company, contract type, modality and family of purchase."""

from __future__ import annotations

from typing import Any

from beneficiaries.enums import Modality
from markets.enums import Family
from reporting import indicators
from reporting.dashboards.reading import UNKNOWN, Reading
from reporting.snapshot.material import Block, chart
from reporting.snapshot.words import upper_first
from reporting.snapshot.work import FEW_PEOPLE, PEOPLE_NOT_ADDED, few
from reporting.tables_of_figures import CONTRACTS, HOURS, PEOPLE

BARS, PARTS = 10, 5


def holders(d: Reading) -> list[Block]:
    names = d.facts.holder_names()
    lines = indicators.by_holder(d.facts)
    # As in a bilan: the whole buyer and a year; hours and contracts by company are never withheld.
    with_people = d.is_whole and d.asked.is_annual and not d.asked.compared
    notes = ["Un contrat partagé entre deux entreprises compte dans chacune, et une fois dans l’ensemble."]
    if with_people:
        notes.append(PEOPLE_NOT_ADDED)
        if any(few(line.people) for line in lines[d.asked.span].values()):
            notes.append(FEW_PEOPLE)
    return d.breakdown(
        "hours_by_holder", "Heures et contrats par entreprise", "Entreprise", lines, names.__getitem__,
        (HOURS, CONTRACTS, PEOPLE) if with_people else (HOURS, CONTRACTS),
        apart="{} par entreprise", masked=lambda line: few(line.people), base="Base : entreprises qui portent l’engagement.", notes=notes,
    )  # fmt: skip


def holders_chart(d: Reading) -> list[Block]:
    names = d.facts.holder_names()
    rows = sorted(
        (-line.hours, names[pk])
        for pk, line in indicators.by_holder(d.facts)[d.asked.span].items()
        if line.hours
    )
    if not rows:
        return []
    shown = [(label, -value, index == 0) for index, (value, label) in enumerate(rows[:BARS])]
    title = "Entreprises qui ont réalisé le plus d’heures" if len(rows) > BARS else "Heures par entreprise"
    return [chart("holders_chart", f"{title} {d.asked.when}", "bars", shown, "Heures par entreprise.")]


def contract_types(d: Reading) -> list[Block]:
    labels = {work.contract_type: work.contract_label for work in d.facts.works}
    return d.breakdown(
        "contract_types", "Heures et contrats par type de contrat", "Type de contrat",
        indicators.by_contract_type(d.facts), lambda code: labels.get(code) or UNKNOWN, (HOURS, CONTRACTS),
        apart="{} par type de contrat",
    )  # fmt: skip


def modalities(d: Reading) -> list[Block]:
    lines = indicators.by_modality(d.facts)
    rows = sorted(
        (-line.hours, modality_label(code)) for code, line in lines[d.asked.span].items() if line.hours
    )
    bars = [(label, -value, index == 0) for index, (value, label) in enumerate(rows)]
    drawn = chart(
        "modalities_chart", f"Heures par modalité {d.asked.when}", "bars", bars, "Heures par modalité."
    )
    return [
        *([drawn] if bars else []),
        *d.breakdown(
            "modalities", "Heures et contrats par modalité", "Modalité", lines, modality_label, (HOURS, CONTRACTS),
            apart="{} par modalité",
            base="Les immersions et les formations ont des heures, sans contrat de travail.",
        ),
    ]  # fmt: skip


def families(d: Reading) -> list[Block]:
    lines = indicators.by_family(d.facts)
    rows = sorted(
        (-line.hours, family_label(code)) for code, line in lines[d.asked.span].items() if line.hours
    )
    parts = [(label, -value, False) for value, label in rows[:PARTS]]
    drawn = chart(
        "families_chart",
        f"Part des familles d’achat {d.asked.when}",
        "share",
        parts,
        "Part des heures.",
    )
    blocks = d.breakdown("families", "Heures par famille d’achat", "Famille", lines, family_label)
    return [*([drawn] if parts else []), *blocks]


def modality_label(code: Any) -> str:
    return upper_first(Modality(str(code)).label)


def family_label(code: Any) -> str:
    return upper_first(Family(code).label) if code else UNKNOWN
