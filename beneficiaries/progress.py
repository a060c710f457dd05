"""What `clauses.progress` asks: hours counted against commitments, globalisations included (ADR 0038)."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Sum

from beneficiaries.models import Assignment, HoursEntry
from beneficiaries.mutualisation import credits_of
from clauses.progress import HoursByCommitment

CENT = Decimal("0.01")


def hours_counted(commitment_ids: Iterable[int], until: dt.date | None) -> HoursByCommitment:
    """Validated counted hours by commitment id, up to and including the month of `until`.

    A globalisation in effect credits hours worked on one operation to another: here only, never in hours realised.
    """
    ids = list(commitment_ids)
    found = hours_worked(ids, until)
    for pk, credits in credits_of(ids, until).items():
        found[pk] = found.get(pk, Decimal("0.00")) + sum((credit.delta for credit in credits), Decimal(0))
    return found


def hours_worked(commitment_ids: Iterable[int], until: dt.date | None) -> HoursByCommitment:
    """The same before any globalisation: where the hours were worked."""
    # By the assignments, which have an index: a join makes PostgreSQL read every entry of the house.
    assignments = Assignment.objects.filter(commitment__in=list(commitment_ids)).order_by().values("pk")
    entries = HoursEntry.objects.counted().filter(assignment__in=assignments)
    if until:
        entries = entries.filter(month__lte=until)
    rows = entries.order_by().values_list("assignment__commitment").annotate(hours=Sum("counted_hours"))
    # SQLite sums decimals as floats.
    return {pk: Decimal(hours).quantize(CENT) for pk, hours in rows}
