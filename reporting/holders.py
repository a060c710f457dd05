"""Who held a market in which months: dated responsibilities told as whole months, one holder each. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from core.dates import add_months, month_of


@dataclass(frozen=True)
class Run:
    """Whole months (their first days) in which one person held a market; `last` is None while it goes on."""

    holder: int
    first: dt.date
    last: dt.date | None

    def holds(self, day: dt.date) -> bool:
        month = month_of(day)
        return self.first <= month and (self.last is None or self.last >= month)

    def overlaps(self, first: dt.date, last: dt.date) -> bool:
        return self.first <= last and (self.last is None or self.last >= month_of(first))


def runs_of(rows: Iterable[tuple[int, dt.date, dt.date | None]]) -> list[Run]:
    """The runs of one market, from its (holder, from, to) in the order of time.

    Of two holders in one month, the month is the one's who took over: it is they who receive and validate its hours.
    """
    found: list[Run] = []
    for holder, starts_on, ends_on in rows:
        first = month_of(starts_on)
        while found and (found[-1].last is None or found[-1].last >= first):
            before = found.pop()
            if before.first < first:
                found.append(Run(before.holder, before.first, add_months(first, -1)))
                break
        found.append(Run(holder, first, ends_on and month_of(ends_on)))
    return found
