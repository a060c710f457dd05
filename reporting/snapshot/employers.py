"""The chapter on the structures of insertion as employers: the hours of the bilan, read again by who employs."""

from __future__ import annotations

from typing import Any

from core import formats
from markets.enums import CompanyKindCode
from reporting import indicators
from reporting.indicators.employers import by_employer_kind
from reporting.indicators.facts import ZERO
from reporting.snapshot.material import PRINTED_ROWS, Column, Material, chapter
from reporting.snapshot.purchase import share
from reporting.snapshot.words import agree, count, upper_first
from reporting.snapshot.work import FEW_PEOPLE, few


def employers_chapter(m: Material) -> dict[str, Any]:
    """SIAE, GEIQ and adapted companies: how many hours their employees worked, by kind and by structure."""
    found = by_employer_kind(m.facts, m.span)
    total = indicators.hours(m.facts)[m.span]
    names = m.names | indicators.company_names(
        {pk for line in found.lines.values() for pk in line} - set(m.names)
    )
    people = indicators.by_employer(m.facts)[m.span]
    structures = {pk: hours for pk, hours in found.together.items() if hours}
    if structures and total:
        hours = sum(structures.values(), ZERO)
        answer = (
            f"{upper_first(count(len(structures), 'structure', none='aucune'))} de l’insertion et du travail adapté "
            f"{agree(len(structures), 'emploie', 'emploient')} les personnes de {share(hours / total)} des heures, soit "
            f"{formats.hours(hours)}."
        )
    else:
        answer = f"Aucune structure de l’insertion ou du travail adapté n’a employé de personnes {m.when}."
    by_kind = {kind: sum(line.values(), ZERO) for kind, line in found.lines.items()}
    ordered = sorted(structures.items(), key=lambda row: (-row[1], names[row[0]], row[0]))
    blocks = [
        m.table(
            "hours_by_employer_kind",
            "Heures par nature de structure employeuse",
            [
                Column("label", "Nature de la structure"),
                Column("structures", "Structures", "number"),
                Column("hours", m.column("Heures"), "hours", True),
            ],
            [
                (
                    kind,
                    {"label": upper_first(CompanyKindCode(kind).label), "structures": len(found.lines[kind]), "hours": by_kind[kind]},
                    (),
                )
                for kind in CompanyKindCode.values
                if kind in by_kind
            ],
            base="Seconde lecture des heures du bilan, selon la nature de l’employeur le mois des heures : elle ne s’ajoute "
            "pas à la lecture par entreprise.",
            notes=["Une structure peut avoir deux natures : les lignes ne s’additionnent pas."],
            empty=f"Aucune structure de l’insertion ou du travail adapté n’a employé de personnes {m.when}.",
            gone="Natures",
        ),
        m.table(
            "hours_by_structure",
            "Heures par structure employeuse",
            [
                Column("label", "Structure"),
                Column("kinds", "Nature"),
                Column("hours", m.column("Heures"), "hours", True),
                Column("people", "Personnes", "number"),
            ],
            [
                (
                    str(pk),
                    {
                        "label": names[pk],
                        "kinds": ", ".join(kind for kind in CompanyKindCode.values if pk in found.lines.get(kind, {})),
                        "hours": hours,
                        "people": people[pk].people,
                    },
                    few(people[pk].people),
                )
                for pk, hours in ordered
            ],
            totals={"label": "Ensemble", "hours": sum(structures.values(), ZERO)},
            notes=[FEW_PEOPLE] if any(few(people[pk].people) for pk, _ in ordered) else [],
            empty=f"Aucune structure de l’insertion ou du travail adapté n’a employé de personnes {m.when}.",
            print_rows=PRINTED_ROWS,
            gone="Structures",
        ),
    ]  # fmt: skip
    return chapter("employers", "Structures de l’insertion", answer, blocks)
