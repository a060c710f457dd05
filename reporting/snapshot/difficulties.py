"""The difficulties of the year, in facts: how far each went, and the commitments that ended without being met."""

from __future__ import annotations

from typing import Any

from clauses.enums import StepKind
from core import formats
from reporting import indicators
from reporting.snapshot.material import PRINTED_ROWS, Block, Column, Material, chapter
from reporting.snapshot.purchase import ratio
from reporting.snapshot.words import agree, count, upper_first


def difficulties_chapter(m: Material) -> dict[str, Any]:
    rungs = indicators.difficulties(m.facts, m.span).values()
    number, opened = sum(rung.number for rung in rungs), sum(rung.opened for rung in rungs)
    missed = indicators.missed(m.facts, m.span)
    followed = indicators.follow_up(m.facts, m.span).values()
    waiting = sum(row.unvalidated for row in indicators.relations(m.facts, m.span).values())
    late, unproved = sum(row.late for row in followed), sum(row.evidence_missing for row in followed)
    items = [
        m.figure("difficulties", f"{agree(number, 'difficulté suivie', 'difficultés suivies')} avec une entreprise", "number", number, f"dont {count(opened, 'ouverte', 'ouvertes', none='aucune')} dans {m.the_period}"),
        m.figure("commitments_missed", f"{agree(len(missed), 'engagement arrivé à terme sans être tenu', 'engagements arrivés à terme sans être tenus')}", "number", len(missed), m.at_end),
        m.figure("qualitative_late", f"{agree(late, 'engagement qualitatif', 'engagements qualitatifs')} en retard", "number", late, f"et {count(unproved, 'justificatif attendu', 'justificatifs attendus')}"),
        m.figure("entries_waiting", f"{agree(waiting, 'relevé d’heures reçu et non validé', 'relevés d’heures reçus et non validés')}", "number", waiting),
    ]  # fmt: skip
    blocks = [m.key_figures("difficulty_figures", items)]
    if number:
        blocks.append(_by_step(m))
    blocks.append(_missed(m))
    return chapter("difficulties", "Difficultés rencontrées", _answer(m, number, opened, len(missed)), blocks)


def _answer(m: Material, number: int, opened: int, missed: int) -> str:
    if number:
        first = (
            f"{upper_first(m.when)}, {count(number, 'difficulté')} avec une entreprise "
            f"{agree(number, 'a été suivie', 'ont été suivies')}, dont {count(opened, 'ouverte', 'ouvertes', none='aucune')} "
            f"dans {m.the_period}"
        )
    else:
        first = f"{upper_first(m.when)}, aucune difficulté n’a été ouverte avec une entreprise"
    ended = len(indicators.rates(m.facts, m.span).ended)
    if not ended:
        return f"{first} ; aucun engagement chiffré n’est arrivé à terme."
    if not missed:
        met = agree(ended, "l’unique engagement arrivé à terme est tenu", f"les {ended} engagements arrivés à terme sont tenus")  # fmt: skip
        return f"{first} ; {met}."
    return f"{first} ; {count(missed, 'engagement arrivé à terme', 'engagements arrivés à terme')} sur {formats.number(ended)} {agree(missed, 'n’est pas tenu', 'ne sont pas tenus')}."


def _by_step(m: Material) -> Block:
    rungs = indicators.difficulties(m.facts, m.span)
    lines = [
        (
            kind,
            {
                "label": upper_first(StepKind(kind).label),
                "number": rung.number,
                "opened": rung.opened,
                "closed": rung.closed,
                "open": rung.open,
            },
            (),
        )
        for kind, rung in rungs.items()
    ]
    columns = ("number", "opened", "closed", "open")
    return m.table(
        "difficulties_by_step",
        "Jusqu’où elles sont allées",
        [
            Column("label", "Dernière étape"),
            Column("number", m.column("Difficultés"), "number", with_previous=True),
            Column("opened", "dont ouvertes dans l’année" if m.is_annual else "dont ouvertes", "number"),
            Column("closed", "closes", "number"),
            Column("open", "encore ouvertes", "number"),
        ],
        lines,
        totals={
            "label": "Ensemble",
            **{column: sum(getattr(rung, column) for rung in rungs.values()) for column in columns},
        },
        gone="Difficultés",
        base=f"Base : difficultés ouvertes au moins un jour {m.of_period}, par la dernière étape atteinte {m.at_end}.",
    )


def _missed(m: Material) -> Block:
    rows = indicators.missed(m.facts, m.span)
    return m.table(
        "commitments_missed",
        "Engagements arrivés à terme sans être tenus",
        [
            Column("label", "Marché"),
            Column("company", "Entreprise"),
            Column("engaged", "Engagées", "hours"),
            Column("counted", "Comptées", "hours"),
            Column("rate", "Taux", "rate"),
        ],
        [
            (
                str(row.id),
                {
                    "label": f"{row.market_reference} · {formats.short(row.market_object, 70)}",
                    "company": m.names[row.holder],
                    "engaged": row.engaged,
                    "counted": row.counted,
                    "rate": ratio(row.rate),
                },
                (),
            )
            for row in rows
        ],
        base=f"Base : engagements chiffrés arrivés à terme {m.at_end}, dans les marchés en cours {m.when}."
        if rows
        else "",
        empty="Aucun engagement chiffré n’est arrivé à terme sans être tenu.",
        print_rows=PRINTED_ROWS,
    )
