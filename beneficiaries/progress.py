"""What `clauses.progress` asks: hours counted against commitments."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Sum

from beneficiaries.models import Assignment, HoursEntry
from clauses.progress import HoursByCommitment

CENT = Decimal("0.01")


def hours_counted(commitment_ids: Iterable[int], until: dt.date | None) -> HoursByCommitment:
    """Validated counted hours by commitment id, up to and including the month of `until`."""
    # By the assignments, which have an index: a join makes PostgreSQL read every entry of the house.
    assignments = Assignment.objects.filter(commitment__in=list(commitment_ids)).order_by().values("pk")
    entries = HoursEntry.objects.counted().filter(assignment__in=assignments)
    if until:
        entries = entries.filter(month__lte=until)
    rows = entries.order_by().values_list("assignment__commitment").annotate(hours=Sum("counted_hours"))
    # SQLite sums decimals as floats.
    return {pk: Decimal(hours).quantize(CENT) for pk, hours in rows}
