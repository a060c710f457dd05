"""Globalisations in effect: what they add to each commitment's hours, and what they take from it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from beneficiaries.models import HoursEntry, Mutualisation, MutualisationShare
from beneficiaries.pooling import redistribute
from core import formats

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Credit:
    """What one globalisation changes for one commitment: hours worked there, hours credited, in the months agreed."""

    mutualisation: Mutualisation
    commitment: int
    worked: Decimal
    credited: Decimal

    @property
    def delta(self) -> Decimal:
        return self.credited - self.worked


def in_effect() -> Any:
    """Signed paper held, every buyer's agreement dated: before that a globalisation changes nothing."""
    waiting = MutualisationShare.objects.filter(agreed_on__isnull=True).values("mutualisation")
    return (
        Mutualisation.objects.filter(document__isnull=False, shares__isnull=False)
        .exclude(pk__in=waiting)
        .distinct()
    )


def credits_of(commitment_ids: Iterable[int], until: dt.date | None = None) -> dict[int, list[Credit]]:
    """What globalisations change for these commitments, up to and including the month of `until`.

    One query when none takes part in any; two more otherwise, whatever their number.
    """
    ids = set(commitment_ids)
    mine = MutualisationShare.objects.filter(commitment__in=ids).values("mutualisation")
    shares = list(
        MutualisationShare.objects.filter(mutualisation__in=in_effect().filter(pk__in=mine).values("pk"))
        .select_related("mutualisation")
        .order_by("mutualisation", "commitment")
    )
    if not shares:
        return {}
    by_pool: dict[int, dict[int, MutualisationShare]] = defaultdict(dict)
    for share in shares:
        by_pool[share.mutualisation_id][share.commitment_id] = share
    found: dict[int, list[Credit]] = defaultdict(list)
    for pool, worked in _worked(by_pool, until).items():
        key = {pk: share.share for pk, share in by_pool[pool].items()}
        for pk, credited in redistribute(worked, key).items():
            if pk in ids:
                found[pk].append(Credit(by_pool[pool][pk].mutualisation, pk, worked[pk], credited))
    return dict(found)


def _worked(
    by_pool: dict[int, dict[int, MutualisationShare]], until: dt.date | None
) -> dict[int, dict[int, Decimal]]:
    """Hours counted on each commitment of each pool over the months agreed: by month, one query for all of them."""
    spans = {
        pool: (row.starts_on, min(row.ends_on, until) if until else row.ends_on)
        for pool, shares in by_pool.items()
        for row in [next(iter(shares.values())).mutualisation]
    }
    members = {pk for shares in by_pool.values() for pk in shares}
    months = Q()
    for first, last in spans.values():
        months |= Q(month__gte=first, month__lte=last)
    rows = (
        HoursEntry.objects.counted()
        .filter(months, assignment__commitment__in=members)
        .order_by()
        .values_list("assignment__commitment", "month")
        .annotate(hours=Sum("counted_hours"))
    )
    found = {pool: dict.fromkeys(shares, ZERO) for pool, shares in by_pool.items()}
    for commitment, month, hours in rows:
        # SQLite sums decimals as floats.
        exact = Decimal(hours).quantize(CENT)
        for pool, shares in by_pool.items():
            if commitment in shares and spans[pool][0] <= month <= spans[pool][1]:
                found[pool][commitment] += exact
    return found


def pool_of(shares: list[MutualisationShare]) -> list[Credit]:
    """What one globalisation gives each of its commitments, whether or not it is in effect yet: one query."""
    if not shares:
        return []
    by_pool = {shares[0].mutualisation_id: {share.commitment_id: share for share in shares}}
    worked = _worked(by_pool, None)[shares[0].mutualisation_id]
    credited = redistribute(worked, {share.commitment_id: share.share for share in shares})
    return [
        Credit(
            share.mutualisation,
            share.commitment_id,
            worked[share.commitment_id],
            credited[share.commitment_id],
        )
        for share in shares
    ]


def credit_notes(commitment_ids: list[int]) -> list[str]:
    """« dont 120 h créditées par la globalisation … »: one sentence for each globalisation."""
    deltas: dict[Mutualisation, Decimal] = defaultdict(lambda: ZERO)
    for credits in credits_of(commitment_ids).values() if commitment_ids else ():
        for credit in credits:
            deltas[credit.mutualisation] += credit.delta
    notes = []
    for row, delta in deltas.items():
        name = f"« {formats.short(row.label, 80)} »"
        if delta > 0:
            notes.append(
                f"Heures comptées : dont {formats.hours(delta)} créditées par la globalisation {name}."
            )
        elif delta < 0:
            notes.append(
                f"Heures comptées : moins {formats.hours(-delta)} travaillées ici et créditées ailleurs par la globalisation "
                f"{name}."
            )
    return notes
