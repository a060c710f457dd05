"""The events of the year: what the journal and the files date. Never the words of an exchange."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core import formats
from core.text import slug
from reporting import indicators
from reporting.indicators import EVENT_KINDS, Event
from reporting.snapshot.material import PRINTED_ROWS, Block, Column, Material, chapter
from reporting.snapshot.words import count, listed, upper_first

# How many kinds the opening sentence names.
NAMED = 5


def events_chapter(m: Material) -> dict[str, Any]:
    """Counts by kind, then the dated list; where it is long paper keeps the kinds that weigh most."""
    found = indicators.events(m.facts, m.span)
    blocks: list[Block] = []
    if len(found) > PRINTED_ROWS:
        blocks.append(_by_kind(m))
    kept = _kept(found)
    blocks.append(_table(m, "events", "Ce que datent le journal et les fiches", kept, len(found) - len(kept)))
    if rest := [event for event in found if event not in set(kept)]:
        # Whole on the screen and in the annex; not on paper.
        blocks.append(_table(m, "events_more", "Les autres événements", rest) | {"print_rows": 0})
    title = "Événements de l’année" if m.is_annual else "Événements"
    return chapter("events", title, _answer(m), blocks)


def _answer(m: Material) -> str:
    counted = indicators.events_by_kind(m.facts, m.span)
    if not counted:
        return f"{upper_first(m.when)}, aucun événement daté n’est inscrit dans les fiches ni au journal."
    most = sorted(counted, key=lambda kind: -counted[kind])[:NAMED]
    words = [count(counted[kind], *EVENT_KINDS[kind]) for kind in counted if kind in most]
    return f"{upper_first(m.when)} : {listed(words)}."


def _by_kind(m: Material) -> Block:
    """How many of each kind; by quarter of a calendar year."""
    found = indicators.events(m.facts, m.span)
    quarters = range(1, 5) if m.is_annual else ()
    lines = []
    for kind, number in indicators.events_by_kind(m.facts, m.span).items():
        cells: dict[str, Any] = {"label": upper_first(EVENT_KINDS[kind][1]), "number": number}
        for quarter in quarters:
            cells[f"q{quarter}"] = sum(
                event.kind == kind and (event.day.month + 2) // 3 == quarter for event in found
            )
        lines.append((str(kind), cells, ()))
    return m.table(
        "events_by_kind",
        "Événements par nature",
        [
            Column("label", "Événement"),
            *(Column(f"q{quarter}", f"{quarter}{'er' if quarter == 1 else 'e'} trim.", "number") for quarter in quarters),
            Column("number", m.column("Nombre"), "number", with_previous=True),
        ],
        lines,
        totals={"label": "Ensemble", "number": len(found)},
        gone="Événements",
    )  # fmt: skip


def _kept(found: list[Event]) -> list[Event]:
    """All of them, or as many as paper holds: whole kinds first, in the order of `EVENT_KINDS`."""
    if len(found) <= PRINTED_ROWS:
        return found
    order = list(EVENT_KINDS)
    ranked = sorted(found, key=lambda event: (order.index(event.kind), event.day))
    chosen = set(ranked[:PRINTED_ROWS])
    return [event for event in found if event in chosen]


def _table(m: Material, key: str, title: str, rows: list[Event], more: int = 0) -> Block:
    return m.table(
        key,
        title,
        [Column("day", "Date", "day"), Column("label", "Événement"), Column("market", "Marché")],
        [
            (
                name,
                {
                    "day": event.day,
                    "label": upper_first(EVENT_KINDS[event.kind][0]),
                    "market": _market(event),
                },
                (),
            )
            for name, event in _named(rows)
        ],
        base="Dates des fiches des marchés et de la convention, des rencontres notées au journal et des actions collectives."
        if key == "events"
        else "",
        notes=[f"{upper_first(count(more, 'autre événement', 'autres événements'))} dans l’annexe XLSX."]
        if more
        else [],
        empty="Aucun événement daté n’est inscrit.",
    )


def _named(rows: list[Event]) -> Iterator[tuple[str, Event]]:
    """Each event with a key of its own, the same whatever the others are."""
    seen: dict[str, int] = {}
    for event in rows:
        name = f"{event.day.isoformat()}-{slug(event.kind)}-{slug(event.reference)}"
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name}-{seen[name]}", event


def _market(event: Event) -> str:
    return " · ".join(part for part in (event.reference, formats.short(event.object, 80)) if part) or "–"
