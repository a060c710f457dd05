"""Writing the hours of an import: new entries in one insert, changed ones with what they were before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from beneficiaries.enums import EntrySource, EntryState
from beneficiaries.import_plan import Plan
from beneficiaries.import_rows import write_made
from beneficiaries.models import Beneficiary, DataImport, HoursEntry, ImportedRow
from beneficiaries.services.import_hours import SLICE, HoursWork
from core.history import bulk_create_tracked, bulk_update_tracked

if TYPE_CHECKING:
    from accounts.models import User


def lock_people(people: Iterable[int]) -> None:
    """Take the people in the order in which the grid and the validation take them."""
    ids = sorted(people)
    for first in range(0, len(ids), SLICE):
        rows = Beneficiary.objects.select_for_update().filter(pk__in=ids[first : first + SLICE])
        list(rows.order_by("pk").values_list("pk"))


def write_hours(row: DataImport, plan: Plan, *, user: User | None) -> set[int]:
    """Write the cells of the plan; returns whose count changes."""
    work: HoursWork = plan.work
    made = [
        HoursEntry(
            assignment_id=cell.work.pk, market_id=cell.work.market, month=cell.month, kind=cell.kind,
            hours=cell.hours, first_day=cell.first_day, last_day=cell.last_day, state=EntryState.SUBMITTED,
            source=EntrySource.IMPORT, data_import=row, import_line=cell.number, entered_by=user,
        )
        for cell in work.create
    ]  # fmt: skip
    bulk_create_tracked(HoursEntry, made, user=user, reason="import", batch_size=2_000)
    changed, kept = [], []
    for cell in work.change:
        entry = cell.entry
        assert entry is not None
        kept.append(ImportedRow(data_import=row, model="hoursentry", object_id=entry.pk, kept=before(entry)))
        entry.hours = cell.hours
        entry.counted_hours = min(entry.counted_hours, cell.hours)
        entry.first_day, entry.last_day = cell.first_day, cell.last_day
        entry.state, entry.sent_back_reason = EntryState.SUBMITTED, ""
        entry.source, entry.data_import, entry.import_line = EntrySource.IMPORT, row, cell.number
        entry.entered_by = user
        entry.version += 1
        changed.append(entry)
    bulk_update_tracked(HoursEntry, changed, CHANGED, user=user, reason="import", batch_size=500)
    for one, entry in zip(kept, changed, strict=True):
        one.kept["version"] = entry.version
    write_made(kept)
    return {cell.work.person for cell in (*work.create, *work.change)}


CHANGED = (
    "hours", "counted_hours", "first_day", "last_day", "state", "sent_back_reason", "source", "data_import",
    "import_line", "entered_by", "version",
)  # fmt: skip


def before(entry: HoursEntry) -> dict[str, Any]:
    """What an entry was before an import changed it."""
    return {
        "hours": str(entry.hours),
        "first_day": entry.first_day.isoformat() if entry.first_day else None,
        "last_day": entry.last_day.isoformat() if entry.last_day else None,
        "state": entry.state,
        "sent_back_reason": entry.sent_back_reason,
        "source": entry.source,
        "data_import": entry.data_import_id,
        "import_line": entry.import_line,
        "entered_by": entry.entered_by_id,
    }
