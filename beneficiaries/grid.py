"""The grid of hours: what a month × assignments table shows, and what was typed in it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from beneficiaries.enums import CountingReason, EntryState, HourKind, PlacementNature
from beneficiaries.models import Assignment, EligibilityPeriod, HoursEntry
from beneficiaries.services.counting import RulesFor, make_rules_for
from beneficiaries.services.hours import EDITABLE, Cell, Outcome
from beneficiaries.theoretical import theoretical_hours
from clauses.figures import CommitmentFigures, figures_of
from clauses.models import Commitment
from core import formats
from core.dates import add_months, month_end
from core.forms import parse_hours

ZERO = Decimal("0.00")
# Part of these hours is left out pro rata of working days, unless the entry says its own days.
CUT_BY_DAYS = (
    CountingReason.OUTSIDE_ASSIGNMENT,
    CountingReason.OUTSIDE_MARKET,
    CountingReason.PERIOD_USED_UP,
)
# The kind of hours that a contract's weekly hours are about, by the nature of the step.
OWN_KIND = {
    PlacementNature.EMPLOYMENT: HourKind.WORK,
    PlacementNature.IMMERSION: HourKind.IMMERSION,
    PlacementNature.TRAINING: HourKind.TRAINING,
}
# The order in which a row's state is said: what needs a gesture first.
STATE_ORDER = (EntryState.SENT_BACK, EntryState.DRAFT, EntryState.SUBMITTED, EntryState.VALIDATED)


@dataclass(slots=True)
class GridCell:
    """A cell: the text in it, the version it was read at, and the sentence beside it when it was refused."""

    assignment_id: int
    kind: str
    label: str
    text: str = ""
    version: int = 0
    entry: HoursEntry | None = None
    error: str = ""
    conflict: bool = False
    # Hours of the month before, and those that the contract makes of this one: never saved by themselves.
    previous: str = ""
    proposal: str = ""
    # Not to be written by who reads the grid, whatever the entry's state: an employer's grid says so.
    closed: bool = False

    @property
    def name(self) -> str:
        return f"h-{self.assignment_id}-{self.kind}"

    @property
    def version_name(self) -> str:
        return f"v-{self.assignment_id}-{self.kind}"

    @property
    def locked(self) -> bool:
        return self.closed or (self.entry is not None and self.entry.state not in EDITABLE)


@dataclass(slots=True)
class GridRow:
    """One assignment in one month."""

    assignment: Assignment
    cells: list[GridCell]
    previous: Decimal | None
    saved: bool = False
    # What looks wrong in it: found by `anomalies.mark_rows`, for the house.
    anomalies: list[Any] = field(default_factory=list)

    @property
    def entries(self) -> list[HoursEntry]:
        return [cell.entry for cell in self.cells if cell.entry is not None]

    @property
    def total(self) -> Decimal | None:
        return sum((entry.hours for entry in self.entries), ZERO) if self.entries else None

    @property
    def counted(self) -> Decimal:
        return sum((entry.counted_hours for entry in self.entries), ZERO)

    @property
    def state(self) -> str:
        states = {entry.state for entry in self.entries}
        return next((state for state in STATE_ORDER if state in states), "missing")

    @property
    def needs_days(self) -> list[HoursEntry]:
        """Entries of a month in which a period, an assignment or the market begins or ends: their days can be said."""
        return [
            entry
            for entry in self.entries
            if entry.state in EDITABLE
            and (
                entry.first_day is not None
                or entry.last_day is not None
                or (entry.counted_hours and entry.counting_reason in CUT_BY_DAYS)
            )
        ]

    @property
    def has_errors(self) -> bool:
        return any(cell.error for cell in self.cells)

    @property
    def can_validate(self) -> bool:
        waits = (EntryState.DRAFT, EntryState.SUBMITTED)
        return any(entry.state in waits and not entry.is_with_employer for entry in self.entries)

    @property
    def with_employer(self) -> list[HoursEntry]:
        """What the employer is still writing: the house leaves it, or takes it over."""
        return [entry for entry in self.entries if entry.is_with_employer]

    @property
    def submitted(self) -> list[HoursEntry]:
        return [entry for entry in self.entries if entry.state == EntryState.SUBMITTED]

    @property
    def counts_in_full(self) -> bool:
        return bool(self.entries) and self.counted == self.total

    @property
    def reasons(self) -> list[str]:
        """Why some of it does not count, or is flagged; one sentence each."""
        return list(dict.fromkeys(entry.counting_detail for entry in self.entries if entry.counting_detail))

    @property
    def marks(self) -> list[Any]:
        """Anomalies that counting has not said already, each once."""
        said = set(self.reasons)
        return [anomaly for anomaly in self.anomalies if anomaly.sentence not in said]

    @property
    def warning(self) -> str:
        """What is known before anything is typed."""
        if self.entries:
            return ""
        if self.assignment.review_id is None:
            return "Sans validation d’éligibilité préalable : les heures seront gardées, pas comptées."
        return ""


@dataclass(slots=True)
class Grid:
    """A month of a scope: rows, columns, and what is left to do."""

    month: dt.date
    rows: list[GridRow]
    kinds: list[tuple[str, str]]
    # The rules in force by market and month: read once for the columns, and for what looks wrong.
    rules_for: RulesFor
    commitments: list[CommitmentFigures] = field(default_factory=list)

    @property
    def pending(self) -> tuple[int, int]:
        """The same as `pending` of the rows that are here, without asking again."""
        waiting = [
            entry
            for row in self.rows
            for entry in row.entries
            if entry.state in (EntryState.DRAFT, EntryState.SUBMITTED) and not entry.is_with_employer
        ]
        return len(waiting), sum(_counts_in_full(entry) for entry in waiting)

    @property
    def totals_by_kind(self) -> list[tuple[str, Decimal]]:
        cells = [cell for row in self.rows for cell in row.cells if cell.entry]
        return [
            (kind, sum((cell.entry.hours for cell in cells if cell.kind == kind and cell.entry), ZERO))
            for kind, _ in self.kinds
        ]

    @property
    def total(self) -> Decimal:
        return sum((total for _, total in self.totals_by_kind), ZERO)

    @property
    def previous_total(self) -> Decimal:
        return sum((row.previous or ZERO for row in self.rows), ZERO)

    @property
    def counted_total(self) -> Decimal:
        return sum((row.counted for row in self.rows), ZERO)


def _counts_in_full(entry: HoursEntry) -> bool:
    return entry.hours == entry.counted_hours and entry.counting_reason == CountingReason.COUNTED


def rows_of(assignments: Any, month: dt.date) -> Any:
    """The assignments of a grid, ready to be shown: active in the month, in the order of names."""
    return with_names(assignments.active_in(month), month).order_by(
        "placement__beneficiary__search_key",
        "placement__beneficiary_id",
        "pk",
    )


def with_names(assignments: Any, month: dt.date) -> Any:
    """Assignments with all that a row of the grid shows or checks."""
    periods = EligibilityPeriod.objects.filter(
        beneficiary=OuterRef("placement__beneficiary"), starts_on__lte=month_end(month)
    )
    return assignments.select_related(
        "placement__beneficiary",
        "placement__employer",
        "placement__contract_type",
        "user_company",
        "commitment__market__buyer",
        "commitment__holder",
    ).annotate(eligible_until=Subquery(periods.order_by("-ends_on").values("ends_on")[:1]))


def build_grid(assignments: Sequence[Assignment], month: dt.date, *, all_kinds: bool = False) -> Grid:
    """The grid of these assignments; the same number of queries whatever their number."""
    ids = [assignment.pk for assignment in assignments]
    entries: dict[tuple[int, str], HoursEntry] = {}
    previous: dict[tuple[int, str], Decimal] = {}
    before: dict[int, Decimal] = {}
    months = (add_months(month, -1), month)
    for entry in HoursEntry.objects.current().filter(assignment__in=ids, month__in=months).order_by("pk"):
        if entry.month == month:
            entries[entry.assignment_id, entry.kind] = entry
        else:
            previous[entry.assignment_id, entry.kind] = entry.hours
            before[entry.assignment_id] = before.get(entry.assignment_id, ZERO) + entry.hours
    markets = {row.commitment.market_id: row.commitment.market.buyer_id for row in assignments}
    rules_for = make_rules_for(markets)
    kinds = _kinds(markets, rules_for, month, {kind for _, kind in entries}, all_kinds)
    rows = []
    for assignment in assignments:
        cells = []
        proposed = proposed_hours(assignment, month)
        for kind, label in kinds:
            entry = entries.get((assignment.pk, kind))
            cell = GridCell(
                assignment.pk,
                kind,
                label,
                text=formats.number(entry.hours) if entry else "",
                version=entry.version if entry else 0,
                entry=entry,
            )
            if (assignment.pk, kind) in previous:
                cell.previous = formats.number(previous[assignment.pk, kind])
            if entry is None and proposed and kind == proposed[0]:
                cell.proposal = formats.number(proposed[1])
            cells.append(cell)
        rows.append(GridRow(assignment, cells, before.get(assignment.pk)))
    return Grid(month, rows, kinds, rules_for)


def proposed_hours(assignment: Assignment, month: dt.date) -> tuple[str, Decimal] | None:
    """(kind, hours) that the contract makes of the assignment's days in that month, if it says its week."""
    placement = assignment.placement
    ends = [day for day in (assignment.ends_on, placement.ends_on) if day]
    hours = theoretical_hours(
        placement.weekly_hours, month, assignment.starts_on, min(ends) if ends else None
    )
    return (OWN_KIND[PlacementNature(placement.nature)], hours) if hours else None


def commitment_lines(ids: Iterable[int], user: Any) -> list[CommitmentFigures]:
    """Progress of commitments: counted since the start against engaged today; two queries."""
    today = timezone.localdate()
    commitments = (
        Commitment.objects.visible_to(user)
        .filter(pk__in=list(ids))
        .with_hours_engaged(today)
        .select_related("holder", "market")
        .order_by("market__reference", "pk")
    )
    return figures_of(commitments, today)


def _kinds(
    markets: Iterable[int], rules_for: RulesFor, month: dt.date, used: set[str], all_kinds: bool
) -> list[tuple[str, str]]:
    if all_kinds:
        return list(HourKind.choices)
    shown = used | {HourKind.WORK}
    for market_id in markets:
        shown |= rules_for(market_id, month).kinds
    return [(kind, label) for kind, label in HourKind.choices if kind in shown]


def fill_empty(grid: Grid, source: str) -> int:
    """Put « previous » hours or the contract's « proposal » in the cells that are empty; says in how many.

    The text alone changes: it is read and saved like what a person typed.
    """
    filled = 0
    for row in grid.rows:
        for cell in row.cells:
            if cell.entry is None and not cell.locked and not cell.text and getattr(cell, source):
                cell.text = getattr(cell, source)
                filled += 1
    return filled


def cells_as_typed(grid: Grid) -> dict[str, str]:
    """The cells of a grid as a browser would send them."""
    found = {}
    for row in grid.rows:
        for cell in row.cells:
            found[cell.name], found[cell.version_name] = cell.text, str(cell.version)
    return found


def read_cells(grid: Grid, data: Mapping[str, Any]) -> list[Cell]:
    """Cells that were posted and understood; the others keep what was typed, with a sentence beside it."""
    cells = []
    for row in grid.rows:
        for cell in row.cells:
            if cell.name not in data or cell.locked:
                continue
            text = str(data[cell.name]).strip()
            version = str(data.get(cell.version_name, "0"))
            cell.text = text
            try:
                hours = parse_hours(text) if text else None
            except ValueError as error:
                cell.error = str(error)
                continue
            seen = int(version) if version.isdecimal() and len(version) < 10 else 0
            cells.append(Cell(row.assignment, grid.month, cell.kind, hours, seen))
    return cells


def show_outcomes(grid: Grid, outcomes: Iterable[Outcome]) -> None:
    """Put what became of each cell back in the grid."""
    by_place = {(outcome.cell.assignment.pk, outcome.cell.kind): outcome for outcome in outcomes}
    for row in grid.rows:
        for cell in row.cells:
            outcome = by_place.get((cell.assignment_id, cell.kind))
            if outcome is None:
                continue
            cell.entry = outcome.entry
            cell.error, cell.conflict = outcome.error, outcome.conflict
            # After a conflict the new version is taken: saving again is a decision, made knowing what was there.
            cell.version = outcome.entry.version if outcome.entry else 0
            if not outcome.error:
                cell.text = formats.number(outcome.entry.hours) if outcome.entry else ""
            row.saved = row.saved or outcome.saved


def pending(assignments: Any, month: dt.date) -> tuple[int, int]:
    """(entries to validate, entries of these that count in full) of a scope and month."""
    rows = HoursEntry.objects.to_validate().filter(assignment__in=assignments.values("pk"), month=month)
    counts: dict[bool, int] = defaultdict(int)
    for hours, counted, reason in rows.values_list("hours", "counted_hours", "counting_reason"):
        counts[hours == counted and reason == CountingReason.COUNTED] += 1
    return counts[True] + counts[False], counts[True]
