"""What a contract would make of a month: the hours proposed in grey, never written by themselves."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from beneficiaries.counting import working_days
from core.dates import month_end

CENT = Decimal("0.01")
# A contract of 35 h a week makes 151.67 h a month, whatever the month (Code du travail, L3121-27 and D3171-1).
WEEKS_A_MONTH = Decimal(52) / Decimal(12)


def theoretical_hours(
    weekly_hours: Decimal | None, month: date, starts_on: date, ends_on: date | None
) -> Decimal | None:
    """Hours of a contract in `month`, pro rata of working days where it begins or ends inside it.

    None without weekly hours, and where no working day of the month is the contract's.
    """
    if weekly_hours is None:
        return None
    last_day = month_end(month)
    first, last = max(starts_on, month), min(ends_on or last_day, last_day)
    if last < first:
        return None
    whole, inside = working_days(month, last_day), working_days(first, last)
    if not inside:
        return None
    hours = weekly_hours * WEEKS_A_MONTH * inside / whole
    return hours.quantize(CENT, rounding=ROUND_HALF_UP)
