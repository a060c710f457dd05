"""What `clauses.progress` asks: hours counted against commitments, globalisations included (ADR 0038)."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import F, Sum, Value

from beneficiaries.models import HoursEntry, MutualisationShare
from beneficiaries.mutualisation import credits_of, in_effect
from clauses.progress import HoursByCommitment

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def hours_counted(commitment_ids: Iterable[int], until: dt.date | None) -> HoursByCommitment:
    """Validated counted hours by commitment id, up to and including the month of `until`.

    A globalisation in effect credits hours worked on one operation to another: here only, never in hours realised.
    One query tells the hours and whether a globalisation touches them; two more where one does.
    """
    ids = list(commitment_ids)
    # Which pools touch them; distinct, since only their presence is asked.
    pools = (
        MutualisationShare.objects.filter(commitment__in=ids, mutualisation__in=in_effect().values("pk"))
        .order_by()
        .values_list("commitment")
        .annotate(hours=F("share"), pool=F("mutualisation_id"))
        .distinct()
    )
    rows = _worked(ids, until).union(pools, all=True)
    found: HoursByCommitment = {}
    is_shared = False
    for pk, hours, pool in rows:
        if pool:
            is_shared = True
        else:
            # SQLite sums decimals as floats.
            found[pk] = Decimal(hours).quantize(CENT)
    for pk, credits in credits_of(ids, until).items() if is_shared else ():
        found[pk] = found.get(pk, ZERO) + sum((credit.delta for credit in credits), ZERO)
    return found


def _worked(ids: list[int], until: dt.date | None) -> Any:
    """Hours where they were worked: commitment, hours, 0."""
    entries = HoursEntry.objects.counted().filter(assignment__commitment__in=ids)
    if until:
        entries = entries.filter(month__lte=until)
    return (
        entries.order_by()
        .values_list("assignment__commitment")
        .annotate(hours=Sum("counted_hours"), pool=Value(0))
    )
