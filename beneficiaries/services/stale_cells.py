"""Cells that nobody touched: sent with the page as they were shown, while a colleague wrote something else in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from beneficiaries.models import HoursEntry

if TYPE_CHECKING:
    from beneficiaries.services.hours import Cell

Place = tuple[int, dt.date, str]


def place_of(cell: Cell) -> Place:
    return cell.assignment.pk, cell.month, cell.kind


def untouched(cells: Iterable[Cell], existing: Mapping[Place, HoursEntry]) -> set[Place]:
    """The stale cells that hold what their reader was shown: no conflict, what stands now stays.

    One query, only when some cell is stale: the history says what the version that was read held.
    """
    found: set[Place] = set()
    doubtful: dict[Place, Cell] = {}
    for cell in cells:
        entry = existing.get(place_of(cell))
        if cell.version == (entry.version if entry else 0):
            continue
        if cell.version == 0:
            # Shown empty: empty still.
            found |= {place_of(cell)} if cell.hours is None else set()
        else:
            doubtful[place_of(cell)] = cell
    if not doubtful:
        return found
    rows = HoursEntry.history.filter(  # type: ignore[attr-defined]
        assignment_id__in={cell.assignment.pk for cell in doubtful.values()},
        month__in={cell.month for cell in doubtful.values()},
        version__in={cell.version for cell in doubtful.values()},
    ).exclude(history_type="-")
    names = ("assignment_id", "month", "kind", "version", "hours")
    for assignment, month, kind, version, hours in rows.values_list(*names):
        read = doubtful.get((assignment, month, kind))
        if read is not None and (read.version, read.hours) == (version, hours):
            found.add((assignment, month, kind))
    return found
