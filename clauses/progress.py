"""Hours counted against commitments: a slot that `beneficiaries` fills, and the forecast made from them.

Nothing below `beneficiaries` looks hours up in any other way.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal

HoursByCommitment = dict[int, Decimal]
_source: Callable[[Iterable[int], dt.date | None], HoursByCommitment] | None = None


def provide_hours_counted(source: Callable[[Iterable[int], dt.date | None], HoursByCommitment]) -> None:
    """Called once by `beneficiaries` when it is ready."""
    global _source
    _source = source


def hours_counted(commitment_ids: Iterable[int], until: dt.date | None = None) -> HoursByCommitment:
    """Validated counted hours by commitment since the start, up to and including the month of `until`.

    Every id asked for is a key of the answer, zero included.
    """
    ids = list(commitment_ids)
    found = _source(ids, until) if _source and ids else {}
    return {pk: found.get(pk, Decimal("0.00")) for pk in ids}
