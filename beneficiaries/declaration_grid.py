"""The grid of an employer's month: its own people, what it may write, and what became of what it wrote."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from beneficiaries.enums import EntryState, HourKind
from beneficiaries.grid import Grid, GridRow, build_grid, with_names
from beneficiaries.models import Assignment, HoursEntry, MonthDeclaration
from beneficiaries.models.hours import FROM_EMPLOYER
from beneficiaries.theoretical import theoretical_hours
from core import formats
from markets.models import Company

ROWS = 300


@dataclass(slots=True)
class MonthRow:
    """One assignment as its employer reads it: never why hours count or not, nor what is known of the person."""

    grid_row: GridRow
    eligible_until: dt.date | None
    theoretical: Decimal | None
    changes: list[str] = field(default_factory=list)

    @property
    def assignment(self) -> Assignment:
        return self.grid_row.assignment

    @property
    def by_house(self) -> bool:
        """Whether the house typed a line that the employer did not."""
        rows = self.grid_row.entries
        return any(row.state == EntryState.DRAFT and not row.is_with_employer for row in rows)

    @property
    def is_empty(self) -> bool:
        return not self.grid_row.entries

    @property
    def sent_back(self) -> list[str]:
        """What is to be corrected, as the house said it."""
        rows = self.grid_row.entries
        return list(dict.fromkeys(row.sent_back_reason for row in rows if row.state == EntryState.SENT_BACK))


@dataclass(slots=True)
class MonthGrid:
    """The month of an employer: its grid, and its rows with what goes beside the cells."""

    grid: Grid
    rows: list[MonthRow]

    @property
    def empty_rows(self) -> list[MonthRow]:
        return [row for row in self.rows if row.is_empty]

    @property
    def has_previous(self) -> bool:
        return any(row.grid_row.previous and row.is_empty for row in self.rows)


def own_assignments(company: Company, month: dt.date) -> Any:
    """What an employer declares in that month, ready to be shown, in the order of names.

    A link or a key knows no reader: those who stand in the restricted archive are left out here, for everyone.
    """
    rows = Assignment.objects.employed_by(company).active_in(month).outside_archive()
    return with_names(rows, month).order_by(
        "placement__beneficiary__search_key", "placement__beneficiary_id", "pk"
    )


def build_month(
    assignments: Sequence[Assignment],
    month: dt.date,
    declaration: MonthDeclaration | None,
    *,
    all_kinds: bool = False,
) -> MonthGrid:
    """The grid of these assignments; the same number of queries whatever their number."""
    grid = build_grid(assignments, month, all_kinds=all_kinds)
    is_open = declaration is None or declaration.is_open
    changes = _changes_by_the_house([assignment.pk for assignment in assignments], month)
    rows = []
    for row in grid.rows:
        placement = row.assignment.placement
        theoretical = theoretical_hours(
            placement.weekly_hours, month, row.assignment.starts_on, row.assignment.ends_on
        )
        for cell in row.cells:
            cell.closed = not (is_open and may_write(cell.entry))
            if cell.kind == HourKind.WORK and cell.entry is None and theoretical and not cell.closed:
                cell.proposal = formats.number(theoretical)
        until = row.assignment.eligible_until  # type: ignore[attr-defined]
        rows.append(
            MonthRow(
                row,
                # A date that has passed would say « expiré »: it is the house's to tell, not a list's.
                until if until and until >= month else None,
                theoretical,
                [text for (pk, _), text in changes.items() if pk == row.assignment.pk],
            )
        )
    return MonthGrid(grid, rows)


def may_write(entry: HoursEntry | None) -> bool:
    """Whether the employer may write over this entry while its month is open."""
    return entry is None or entry.state == EntryState.SENT_BACK or entry.is_with_employer


def _changes_by_the_house(assignments: Sequence[int], month: dt.date) -> dict[tuple[int, str], str]:
    """What the house did with the employer's hours, by assignment and kind: who, when, what stood there before."""
    past: Any = HoursEntry.history.filter(assignment__in=assignments, month=month)  # type: ignore[attr-defined]
    declared: dict[tuple[int, str], Decimal | None] = {}
    now: dict[tuple[int, str], tuple[Decimal | None, str]] = {}
    by_house: dict[tuple[int, str], Any] = {}
    for row in past.select_related("history_user").order_by("history_date", "history_id"):
        place = row.assignment_id, row.kind
        hours = None if row.history_type == "-" else row.hours
        before, source = now.get(place, (None, ""))
        # A recount, a validation, a submission write the row again without changing what was declared.
        is_change = hours != before or (source in FROM_EMPLOYER and row.source not in FROM_EMPLOYER)
        now[place] = hours, row.source
        if not is_change:
            continue
        if row.history_user is not None and row.history_user.is_house_staff:
            if declared.get(place) is not None:
                by_house[place] = row
        elif row.source in FROM_EMPLOYER:
            declared[place] = hours
            by_house.pop(place, None)
    return {place: _said(row, declared[place], now[place][0]) for place, row in by_house.items()}


def _said(row: Any, declared: Decimal | None, hours: Decimal | None) -> str:
    """« Travail : vos 100 h ont été remplacées par 90 h, par Fanny Facile, le 03/12/2026. »"""
    what = "reprises telles quelles" if hours == declared else f"remplacées par {formats.hours(hours)},"
    if hours is None:
        what = "effacées"
    kind = HourKind(row.kind).label.capitalize()
    return (
        f"{kind}\u202f: vos {formats.hours(declared)} ont été {what} par {row.history_user}, "
        f"le {formats.day(row.history_date)}."
    )
