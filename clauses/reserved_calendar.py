"""When the meetings of a reserved market or a marché d'insertion take place (convention, annexe 1.A); pure.

A collective meeting at the start, one in the course of each year with the buyer and one with each SIAE, separately, a
collective one at the end of each year. The convention gives no day: these are proposals that the house moves.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

START, MID, END = "start", "mid", "year_end"
# Days after the first one by which the start meeting is held.
START_WITHIN = 30
# A year with fewer days of life has no meeting in its course, then none at its end.
MID_FROM, END_FROM = 120, 60
# The end of the year is before the holidays.
YEAR_END = (12, 15)


class Planned(NamedTuple):
    """A meeting of a year: which one, and the day by which it is held."""

    part: str
    year: int
    on: dt.date


def meetings(begins: dt.date, ends: dt.date) -> list[Planned]:
    """The meetings of a market that lives from `begins` to `ends`, in order of days.

    Raises ValueError when it ends before it begins.
    """
    if ends < begins:
        raise ValueError("Le marché finit avant de commencer.")
    found = [
        Planned(START, begins.year, _working_day(min(begins + dt.timedelta(START_WITHIN), ends), begins))
    ]
    for year in range(begins.year, ends.year + 1):
        first, last = max(begins, dt.date(year, 1, 1)), min(ends, dt.date(year, 12, 31))
        days = (last - first).days + 1
        if days >= MID_FROM:
            found.append(Planned(MID, year, _working_day(first + (last - first) / 2, first)))
        if days >= END_FROM:
            found.append(Planned(END, year, _working_day(min(last, dt.date(year, *YEAR_END)), first)))
    return found


def _working_day(day: dt.date, not_before: dt.date) -> dt.date:
    """That day, or the Friday before a weekend where the market already lives."""
    friday = day - dt.timedelta(max(day.weekday() - 4, 0))
    return friday if friday >= not_before else day
