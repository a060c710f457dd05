"""The yearly bilan of a reserved market or a marché d'insertion (convention, annexe 1.A).

How many beneficiaries, their situation, what the structure did of what it promised as accompaniment, and the meetings.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from clauses.enums import Channel
from clauses.qualitative_state import LINE_LABELS, LineState
from clauses.reserved_calendar import END, MID, START
from core import formats
from markets.models import Market
from reporting import indicators
from reporting.enums import BilanKind
from reporting.indicators.accompaniment import (
    Expected,
    Promise,
    meetings_expected,
    meetings_held,
    promises,
)
from reporting.models import Bilan
from reporting.scope import Period, Scope
from reporting.snapshot.actions import actions_chapter
from reporting.snapshot.beside import beside_reserved
from reporting.snapshot.difficulties import difficulties_chapter
from reporting.snapshot.document import subject_of
from reporting.snapshot.essential import hours_chart
from reporting.snapshot.material import Block, Column, Material, chapter
from reporting.snapshot.method import method_chapter
from reporting.snapshot.partnership import partnership_chapter
from reporting.snapshot.persons import people_chapter
from reporting.snapshot.purchase import rates_chapter, ratio
from reporting.snapshot.results import outcomes_chapter
from reporting.snapshot.subject import subject_chapter
from reporting.snapshot.words import agree, count, hours, upper_first
from reporting.snapshot.work import contracts_chapter, hours_chapter
from reporting.snapshot.yearly import document_of_year, material_of_year

# A promise in words is whole in the grid.
TARGET_SHOWN = 120
NO_TYPOLOGY = (
    "La typologie des personnes (âge, genre, statut…) ne se donne pas pour un marché et une année : elle paraît dans le "
    "bilan annuel du donneur d’ordre, et dans le bilan final du marché."
)


def build_reserved_snapshot(
    *, market: Market, year: int, version: int, narrative: Mapping[str, str], now: dt.datetime
) -> dict[str, Any]:
    """The bilan of a reserved market (with its marchés subséquents) on a year, as one JSON-ready dict."""
    today = now.astimezone(formats.PARIS).date()
    facts = indicators.Facts(Scope.whole_market(market), Period.of_year(year, back=1))
    material = material_of_year(
        facts,
        Bilan.objects.filter(kind=BilanKind.RESERVED, market=market),
        version=version,
        now=now,
        beside=lambda: beside_reserved(facts, market),
        no_typology=NO_TYPOLOGY,
        with_situations=True,
    )
    grid = promises(facts, year)
    asked = meetings_expected(facts, market, year)
    contracts = contracts_chapter(material)
    # One market has one family and one division.
    contracts["blocks"] = [row for row in contracts["blocks"] if row["key"] not in ("families", "cpv")]
    chapters = [
        subject_chapter(material, market),
        hours_chapter(material),
        people_chapter(material),
        outcomes_chapter(material),
        _accompaniment_chapter(material, grid),
        _meetings_chapter(material, asked, today),
        actions_chapter(material),
        contracts,
        rates_chapter(material),
        difficulties_chapter(material),
        partnership_chapter(narrative, f"ce marché en {year}"),
        method_chapter(material),
    ]
    chapters.insert(0, _essential_chapter(material, grid, asked, today))
    return document_of_year(
        material,
        chapters,
        kind=BilanKind.RESERVED,
        buyer=market.buyer,
        version=version,
        narrative=narrative,
        now=now,
        subject=subject_of(market) | {"nature": market.nature},
    )


# --- l'essentiel ------------------------------------------------------------------------------------------------


def _essential_chapter(
    m: Material, grid: Sequence[Promise], asked: Sequence[Expected], today: dt.date
) -> dict[str, Any]:
    total, people = indicators.hours(m.facts)[m.span], int(m.figures["people"])
    found = indicators.rates(m.facts, m.span)
    if total:
        first = f"{upper_first(m.when)}, {count(people, 'personne')} {agree(people, 'a réalisé', 'ont réalisé')} {hours(total)} d’insertion sur ce marché."
    else:
        first = f"{upper_first(m.when)}, aucune heure d’insertion n’est comptée sur ce marché."
    answer = " ".join([first, _promises_sentence(grid), _meetings_sentence(asked, today)])
    kept = sum(row.state == LineState.MET for row in grid)
    new = int(m.figures["new_people"])
    held = sum(row.held_on is not None for row in asked)
    items = [
        m.figure("people", agree(people, "bénéficiaire", "bénéficiaires"), "number", people,
                 f"dont {count(new, 'nouvelle entrante', 'nouvelles entrantes', none='aucune')}" if people else ""),
        m.figure("hours", agree(total, "d’insertion réalisée", "d’insertion réalisées"), "hours", total),
        m.figure("contracts", agree(int(m.figures["contracts"]), "contrat de travail", "contrats de travail"), "number", int(m.figures["contracts"])),
        m.figure("rate", "des heures engagées réalisées", "rate", ratio(found.rate), "depuis le début du marché"),
        m.figure("promises_kept", agree(kept, "engagement d’accompagnement tenu", "engagements d’accompagnement tenus"), "number", kept,
                 f"sur {count(len(grid), 'inscrit', 'inscrits')} à la grille de suivi" if grid else ""),
        m.figure("meetings_held", agree(held, "réunion prévue tenue", "réunions prévues tenues"), "number", held,
                 f"sur {len(asked)} que demande la convention" if asked else ""),
    ]  # fmt: skip
    blocks = [m.key_figures("essential_figures", items), *([hours_chart(m)] if total else [])]
    return chapter("essential", "L’essentiel", answer, blocks)


def _promises_sentence(grid: Sequence[Promise]) -> str:
    if not grid:
        return "Aucun engagement d’accompagnement n’est inscrit à la grille de suivi."
    kept = sum(row.state == LineState.MET for row in grid)
    late = sum(row.state == LineState.LATE for row in grid)
    unproved = sum(row.state == LineState.UNPROVED for row in grid)
    if len(grid) == 1:
        said = (
            f"L’unique engagement d’accompagnement de la grille {'est' if kept else 'n’est pas encore'} tenu"
        )
    else:
        said = (
            f"Sur {len(grid)} engagements d’accompagnement de la grille, {kept or 'aucun'} "
            f"{agree(kept, 'est tenu', 'sont tenus')}"
        )
        said = said.replace("aucun est tenu", "aucun n’est encore tenu")
    if late:
        said += f", {late} {agree(late, 'est', 'sont')} en retard"
    if unproved:
        said += f", {unproved} {agree(unproved, 'attend', 'attendent')} une preuve"
    return f"{said}."


def _meetings_sentence(asked: Sequence[Expected], today: dt.date) -> str:
    if not asked:
        return "La convention ne demande aucune réunion pour cette partie de la vie du marché."
    held = sum(row.held_on is not None for row in asked)
    coming = sum(row.held_on is None and row.due_on >= today for row in asked)
    if held == len(asked):
        return (
            "La réunion que demande la convention s’est tenue."
            if held == 1
            else f"Les {held} réunions que demande la convention se sont tenues."
        )
    said = (
        f"{upper_first(count(held, 'réunion', none='aucune'))} sur {len(asked)} que demande la convention "
        f"{agree(held, 'est inscrite', 'sont inscrites')} au journal"
    )
    said = said.replace("Aucune réunion sur", "Aucune des réunions sur") if not held else said
    if not held:
        said = f"Aucune des {len(asked)} réunions que demande la convention n’est inscrite au journal"
        if len(asked) == 1:
            said = "La réunion que demande la convention n’est pas inscrite au journal"
    if coming:
        said += f" ; {coming} {agree(coming, 'est', 'sont')} à venir"
    return f"{said}."


# --- what the structure promised --------------------------------------------------------------------------------


def _accompaniment_chapter(m: Material, grid: Sequence[Promise]) -> dict[str, Any]:
    """The grid of promises: what was promised, what was done, what is late, the proofs."""
    names = m.names | indicators.company_names({row.company for row in grid} - set(m.names))
    several = len({row.company for row in grid}) > 1
    columns = [
        Column("label", "Action promise"),
        *([Column("company", "Structure")] if several else []),
        Column("target", "Objectif"),
        Column("done", "Réalisé"),
        Column("due_on", "Échéance", "day"),
        Column("state", "Où en est l’action"),
        Column("evidence", "Justificatif"),
    ]
    blocks: list[Block] = []
    for is_accompaniment, key, title in (
        (True, "accompaniment", "Accompagnement socio-professionnel promis"),
        (False, "other_promises", "Autres engagements du mémoire technique"),
    ):
        rows = [row for row in grid if row.is_accompaniment is is_accompaniment]
        if not rows and not is_accompaniment:
            continue
        blocks.append(
            m.table(
                key,
                title,
                columns,
                [
                    (
                        str(row.id),
                        {
                            "label": row.action,
                            "company": names[row.company],
                            "target": _target(row),
                            "done": _done(row),
                            "due_on": row.due_on,
                            "state": LINE_LABELS[row.state],
                            "evidence": _evidence(row),
                        },
                        (),
                    )
                    for row in rows
                ],
                base=f"Base : lignes de la grille de suivi qui concernent {m.year}, {m.at_end}. Les réalisations sont celles que la "
                "maison a acceptées."
                if rows
                else "",
                empty="Aucun engagement d’accompagnement n’est inscrit à la grille de suivi de ce marché.",
            )
        )
    by = {state: sum(row.state == state for row in grid) for state in LineState}
    figures = [
        m.figure("promises", agree(len(grid), "engagement suivi", "engagements suivis"), "number", len(grid)),
        m.figure("promises_kept", agree(by[LineState.MET], "tenu", "tenus"), "number", by[LineState.MET]),
        m.figure("promises_late", "en retard", "number", by[LineState.LATE]),
        m.figure("promises_unproved", "sans la preuve attendue", "number", by[LineState.UNPROVED]),
    ]
    return chapter(
        "accompaniment",
        "Accompagnement promis par la structure"
        if not several
        else "Accompagnement promis par les structures",
        _promises_sentence(grid),
        [*([m.key_figures("promises_figures", figures)] if grid else []), *blocks],
    )


def _target(row: Promise) -> str:
    if row.target is None:
        return formats.short(row.target_text, TARGET_SHOWN)
    return " ".join(part for part in (formats.number(row.target, 2), row.unit) if part)


def _done(row: Promise) -> str:
    if row.target is None:
        return "atteint" if row.state in (LineState.MET, LineState.UNPROVED) else "–"
    return " ".join(part for part in (formats.number(row.done or Decimal(0), 2), row.unit) if part)


def _evidence(row: Promise) -> str:
    if row.has_evidence:
        return "reçu et accepté"
    return "attendu" if row.needs_evidence else "non demandé"


# --- meetings ---------------------------------------------------------------------------------------------------

_PARTS = {
    START: "Réunion collective de démarrage",
    MID: "Point en cours d’année",
    END: "Réunion collective de fin d’année",
}


def _meetings_chapter(m: Material, asked: Sequence[Expected], today: dt.date) -> dict[str, Any]:
    """The meetings that the convention asks for, held or not, and every other one of the journal: day and kind only."""
    found = meetings_held(m.facts, m.span)
    companies = {row.company for row in asked if row.company} | {row.company for row in found if row.company}
    names = m.names | indicators.company_names(companies - set(m.names))
    blocks = [
        m.table(
            "meetings_expected",
            "Les réunions de la convention",
            [
                Column("label", "Réunion"),
                Column("due_on", "Attendue avant le", "day"),
                Column("held_on", "Tenue le", "day"),
                Column("state", "État"),
            ],
            [
                (
                    f"{row.part}_{row.company or 'all'}",
                    {
                        "label": _meeting_name(row, names),
                        "due_on": row.due_on,
                        "held_on": row.held_on,
                        "state": _meeting_state(row, today),
                    },
                    (),
                )
                for row in asked
            ],
            base="La convention demande une réunion collective au démarrage, un point en cours d’année avec le donneur d’ordre "
            "d’une part et chaque structure d’autre part, une réunion collective à la fin de chaque année. Les jours attendus "
            "sont ceux que la maison propose.",
            empty="La convention ne demande aucune réunion pour cette partie de la vie du marché.",
        ),
        m.table(
            "meetings_held",
            "Toutes les rencontres inscrites au journal",
            [Column("label", "Rencontre"), Column("on", "Date", "day"), Column("company", "Avec")],
            [
                (
                    str(index),
                    {
                        "label": upper_first(Channel(row.channel).label),
                        "on": row.on,
                        "company": names[row.company] if row.company else "le donneur d’ordre ou tous",
                    },
                    (),
                )
                for index, row in enumerate(found, start=1)
            ],
            notes=[
                "Le journal est celui de la maison : seuls la date et la nature des rencontres paraissent ici."
            ]
            if found
            else [],
            empty=f"Aucune rencontre n’est inscrite au journal de ce marché {m.when}.",
        ),
    ]
    return chapter("meetings", "Réunions et rencontres", _meetings_sentence(asked, today), blocks)


def _meeting_name(row: Expected, names: Mapping[int, str]) -> str:
    if row.part != MID:
        return _PARTS[row.part]
    return f"{_PARTS[MID]} avec {names[row.company] if row.company else 'le donneur d’ordre'}"


def _meeting_state(row: Expected, today: dt.date) -> str:
    if row.held_on is not None:
        return "tenue"
    return "à venir" if row.due_on >= today else "non inscrite au journal"
