"""The chapter on people: typology and publics, masked before they are written anywhere."""

from __future__ import annotations

from typing import Any

from core import formats
from reporting import indicators
from reporting.indicators.facts import ZERO
from reporting.masking import SMALL_TOTAL, THRESHOLD, Masked, mask, mask_publics
from reporting.snapshot.beside import hide_beside, mask_beside, subtracted_from, told_by
from reporting.snapshot.material import Block, Column, Material, chapter, chart, text
from reporting.snapshot.words import agree, count, typeset, upper_first

# Publics that say the same as a row of the typology.
SAME_AS = {"under26": ("age", "0"), "over50": ("age", "50"), "qpv": ("qpv", "yes")}
JOINED = "Des lignes sont regroupées pour qu’un autre bilan, lu à côté de celui-ci, ne fasse connaître la situation de personne."
WITHHELD_COLUMNS = ("people", "hours", "contracts")


def people_chapter(m: Material) -> dict[str, Any]:
    people = indicators.people(m.facts)[m.span]
    new = indicators.new_people(m.facts)[m.span]
    total = indicators.hours(m.facts)[m.span]
    figures = [
        m.figure("people", agree(people, "personne", "personnes"), "number", people),
        m.figure("new_people", agree(new, "nouvelle entrante", "nouvelles entrantes"), "number", new),
        m.figure(
            "hours_per_person",
            "heures par personne en moyenne",
            "hours",
            indicators.hours_per_person(total, people),
        ),
    ]
    if not people:
        answer = f"Aucune personne n’a d’heure comptée {m.when}."
        return chapter("people", "Personnes", answer, [m.key_figures("people_figures", figures)])
    entered = f", dont {count(new, 'nouvelle entrante', 'nouvelles entrantes', none='aucune')}"
    if m.is_whole_life:
        # Everyone entered within a whole life.
        entered = ""
        del figures[1]
    answer = (
        f"{upper_first(count(people, 'personne', none='aucune'))} {agree(people, 'a travaillé', 'ont travaillé')} dans le "
        f"cadre des clauses {m.when}{entered}."
    )
    return chapter(
        "people", "Personnes", answer, [m.key_figures("people_figures", figures), *_typology(m, people)]
    )


def _typology(m: Material, people: int) -> list[Block]:
    if m.no_typology:
        return [text("typology_withheld", "Typologie", [m.no_typology])]
    if not m.is_closed:
        why = f"L’année {m.year} n’est pas close : la typologie des personnes ne paraît que pour une année close."
        return [text("typology_withheld", "Typologie", [why])]
    whole = indicators.typology(m.facts, m.span)
    tables = [mask_beside(table, m.beside) for table in whole]
    alone = [mask(table) for table in whole]
    publics = hide_beside(
        mask_publics(
            indicators.publics(m.facts, m.span),
            tables=tables,
            same_as=SAME_AS,
            principal=indicators.principal_publics(m.facts, m.span),
            total=people,
        ),
        m.beside,
    )
    told = {table.key: told_by(table, m.earlier) for table in (*tables, publics) if not table.withheld}
    subtracted = {
        table.key: name
        for table in (*tables, publics)
        if not table.withheld and told[table.key] is None and (name := subtracted_from(table, m.beside))
    }
    shown = [
        table
        for table in tables
        if not table.withheld and told[table.key] is None and table.key not in subtracted
    ]
    withheld = [table for table in tables if table.withheld]
    blocks = [_rule(people)]
    for table in shown:
        if table.key == "gender" and not table.hidden:
            blocks.append(_share_chart(table))
        block = _table(m, table, people)
        if table.rows != alone[tables.index(table)].rows:
            block["notes"].append(typeset(JOINED))
        blocks.append(block)
    if not publics.withheld and told[publics.key] is None and publics.key not in subtracted:
        blocks.append(_publics(m, publics, people))
    if withheld or publics.withheld:
        titles = [table.title for table in withheld] + (["Publics"] if publics.withheld else [])
        sentence = (
            f"Trop peu de personnes pour un détail qui ne les ferait pas reconnaître : {', '.join(titles)}."
        )
        blocks.append(text("typology_withheld", "Ce qui n’est pas détaillé", [sentence]))
    unchanged = {table.title: told[table.key] for table in (*tables, publics) if told.get(table.key)}
    if unchanged:
        said = ", ".join(f"{title} ({name})" for title, name in unchanged.items())
        sentence = (
            "Depuis une version déjà communiquée de ce bilan, trop peu de personnes ont changé de ligne pour que ces tableaux "
            f"paraissent de nouveau sans risque de les reconnaître : {said}."
        )
        blocks.append(
            text("typology_told", "Ce qui reste lisible dans une version déjà communiquée", [sentence])
        )
    if subtracted:
        said = " ; ".join(
            f"{table.title} ({subtracted[table.key]})"
            for table in (*tables, publics)
            if table.key in subtracted
        )
        sentence = (
            "Lus à côté d’un bilan déjà communiqué, ces tableaux feraient connaître par soustraction la situation de quelques "
            f"personnes : {said}."
        )
        blocks.append(text("typology_subtracted", "Ce qu’un autre bilan détaille déjà", [sentence]))
    return blocks


def _rule(people: int) -> Block:
    words = [
        "La situation est celle de l’entrée : celle que fige la décision d’éligibilité sur laquelle repose la première "
        "heure comptée de la période.",
        f"Pour que personne ne puisse être reconnu, les tranches de moins de {THRESHOLD} personnes sont regroupées, puis "
        "masquées avec leurs heures et leurs contrats, et avec une autre ligne au moins.",
    ]
    if people < SMALL_TOTAL:
        words.append(
            f"Avec moins de {SMALL_TOTAL} personnes, seuls le genre et deux tranches d’âge peuvent paraître."
        )
    return text("typology_rule", "", words)


def _table(m: Material, table: Masked, people: int) -> Block:
    total = sum((row.hours for row in table.rows), ZERO)
    found = m.table(
        f"typology_{table.key}",
        table.title,
        [
            Column("label", table.title),
            Column("people", m.column("Personnes"), "number", True),
            Column("hours", m.column("Heures"), "hours"),
            Column("contracts", "Contrats", "number"),
        ],
        [
            (
                row.key,
                {"label": row.label, "people": row.people, "hours": row.hours, "contracts": row.contracts},
                WITHHELD_COLUMNS if row.key in table.hidden else (),
            )
            for row in table.rows
        ],
        totals={
            "label": "Ensemble",
            "people": people,
            "hours": total,
            "contracts": sum(row.contracts for row in table.rows),
        },
        base=f"Base : {count(people, 'personne')} d’au moins une heure comptée {m.when}.",
    )
    before = (found["totals"] or {}).get("people_previous")
    known = [row["cells"].get("people_previous") for row in found["rows"]]
    if before is not None and sum(int(value) for value in known if value is not None) != int(before):
        found["notes"].append(
            typeset(
                f"Des lignes de {m.year - 1} étaient masquées ou regroupées autrement : leur colonne ne s’additionne pas ici."
            )
        )
    return found


def _publics(m: Material, table: Masked, people: int) -> Block:
    return m.table(
        "publics",
        "Publics",
        [
            Column("label", "Public à l’entrée"),
            Column("people", m.column("Personnes"), "number", True),
            Column("hours", m.column("Heures"), "hours"),
        ],
        [
            (
                row.key,
                {"label": row.label, "people": row.people, "hours": row.hours},
                ("people", "hours") if row.key in table.hidden else (),
            )
            for row in table.rows
        ],
        base=f"Base : {count(people, 'personne')} d’au moins une heure comptée {m.when}.",
        notes=["Une personne peut relever de plusieurs publics : les lignes ne s’additionnent pas."],
    )


def _share_chart(table: Masked) -> Block:
    rows = [row for row in table.rows if row.people]
    said = ", ".join(f"{row.label} {formats.number(row.people)}" for row in rows)
    return chart(
        "typology_gender_chart",
        "Personnes selon le genre",
        "share",
        [(row.label, row.people, False) for row in rows],
        f"{said}.",
        unit="",
    )
