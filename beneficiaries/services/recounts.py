"""What a recount changes: gathered entry by entry, told before it is done, and kept once it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction

from beneficiaries.models import HoursEntry, Recount
from core import formats

if TYPE_CHECKING:
    from accounts.models import User

ZERO = Decimal("0.00")
# What a row of « Recomptages » keeps of its entries; the sums are of all.
MOST_DETAILS = 1000


@dataclass(frozen=True, slots=True)
class RecountChange:
    """One entry whose counted hours (in hours) or reason are no longer the same."""

    entry: int
    person: int
    assignment: int
    market: int
    month: dt.date
    kind: str
    hours: Decimal
    before: Decimal
    after: Decimal
    reason_before: str
    reason: str
    detail: str

    @property
    def delta(self) -> Decimal:
        return self.after - self.before


@dataclass(slots=True)
class RecountReport:
    """What a recount changed: entries whose counted hours or reason moved, and by how many hours."""

    changed: list[HoursEntry] = field(default_factory=list)
    delta: Decimal = ZERO
    # Without the entries that were counted for the first time: nothing was known of them before.
    changes: list[RecountChange] = field(default_factory=list)

    def add(self, other: RecountReport) -> None:
        """Take another recount in; an entry that moved twice is told once, from its first value to its last."""
        self.changed += other.changed
        self.delta += other.delta
        by_entry = {change.entry: change for change in self.changes}
        for change in other.changes:
            first = by_entry.pop(change.entry, None)
            if first is None:
                by_entry[change.entry] = change
            elif (first.before, first.reason_before) != (change.after, change.reason):
                by_entry[change.entry] = _joined(first, change)
        self.changes = list(by_entry.values())

    @property
    def hours(self) -> Decimal:
        """The hours that the changes bring (or take)."""
        return sum((change.delta for change in self.changes), ZERO)

    @property
    def by_year(self) -> dict[int, tuple[int, Decimal]]:
        """Year → (entries changed, hours), in the order of years."""
        found: dict[int, tuple[int, Decimal]] = {}
        for change in sorted(self.changes, key=lambda change: change.month):
            entries, hours = found.get(change.month.year, (0, ZERO))
            found[change.month.year] = (entries + 1, hours + change.delta)
        return found

    @property
    def largest(self) -> list[RecountChange]:
        """The changes, those that weigh most first."""
        return sorted(self.changes, key=lambda change: (-abs(change.delta), change.month, change.entry))

    @property
    def sentence(self) -> str:
        return recount_sentence(self)


def _joined(first: RecountChange, last: RecountChange) -> RecountChange:
    values: dict[str, Any] = {name: getattr(last, name) for name in RecountChange.__slots__}
    return RecountChange(**{**values, "before": first.before, "reason_before": first.reason_before})


def signed_hours(hours: Decimal) -> str:
    """« +12,5 h », « −212 h », « 0 h »."""
    if not hours:
        return formats.hours(hours)
    return f"{'+' if hours > 0 else '−'}{formats.hours(abs(hours))}"


def recount_sentence(report: RecountReport) -> str:
    """« Ceci changera 14 lignes de 2026, −212 h. »; several years are told one by one."""
    if not report.changes:
        return "Ceci ne change le compte d’aucune ligne."
    years = report.by_year
    if len(years) == 1:
        ((year, (entries, hours)),) = years.items()
        return f"Ceci changera {formats.noun(entries, 'ligne')} de {year}, {signed_hours(hours)}."
    parts = [f"{entries} de {year} ({signed_hours(hours)})" for year, (entries, hours) in years.items()]
    told = f"{', '.join(parts[:-1])} et {parts[-1]}"
    return f"Ceci changera {formats.noun(len(report.changes), 'ligne')}, {signed_hours(report.hours)}\u202f: {told}."


# --- Before ---------------------------------------------------------------------------------------------------

_gathered: ContextVar[RecountReport | None] = ContextVar("recounts_gathered", default=None)


@contextmanager
def gathering() -> Iterator[RecountReport]:
    """Everything that is recounted inside is added to the report, and not kept as a recount of its own."""
    report = RecountReport()
    token = _gathered.set(report)
    try:
        yield report
    finally:
        _gathered.reset(token)


def gather(report: RecountReport) -> bool:
    """Tell whoever gathers; False when nobody does."""
    whole = _gathered.get()
    if whole is None:
        return False
    whole.add(report)
    return True


def preview_recount(change: Callable[[], object]) -> RecountReport:
    """What `change` would make of the counts: it is done for good, looked at, and undone to the last row.

    `change` calls the service (`lambda: update_assignment(assignment=copy, user=user)`): it may raise a DomainError,
    which goes through. It must keep no file and be given a copy of a row that it would create.
    """
    with gathering() as report, transaction.atomic():
        change()
        transaction.set_rollback(True)
    return report


def change_unless_it_recounts(change: Callable[[], Any]) -> tuple[RecountReport, Any]:
    """Make `change`, and keep it when it changes no count; else undo it: someone reads what it would do first."""
    with gathering() as report, transaction.atomic():
        made = change()
        transaction.set_rollback(bool(report.changes))
    return report, made


# --- After ----------------------------------------------------------------------------------------------------


def record_recount(report: RecountReport, *, reason: str, user: User | None) -> Recount | None:
    """Keep what a recount changed: how many entries and hours by year, and which; None when nothing changed."""
    if not report.changes:
        return None
    return Recount.objects.create(
        reason=reason[:200],
        made_by=user,
        entries=len(report.changes),
        delta=report.hours,
        by_year={str(year): [entries, f"{hours:.2f}"] for year, (entries, hours) in report.by_year.items()},
        details=[_as_detail(change) for change in report.largest[:MOST_DETAILS]],
    )


def _as_detail(change: RecountChange) -> dict[str, Any]:
    """What is kept of an entry: keys and figures, never a name."""
    return {
        "entry": change.entry,
        "person": change.person,
        "market": change.market,
        "month": f"{change.month:%Y-%m}",
        "kind": change.kind,
        "hours": f"{change.hours:.2f}",
        "before": f"{change.before:.2f}",
        "after": f"{change.after:.2f}",
        "reason_before": change.reason_before,
        "reason": change.reason,
        "detail": change.detail,
    }
