"""What looks wrong in a month of hours: the arithmetic, without Django.

Hours are hours of one month; every interval of days includes both its ends. The thresholds are those of ADR 0042.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from beneficiaries.counting import working_days
from beneficiaries.theoretical import WEEKS_A_MONTH, theoretical_hours
from core.dates import add_months, month_end

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
DAYS_OF_A_WEEK = 5
# Overtime and a long month are no anomaly.
CONTRACT_TOLERANCE = Decimal("1.10")
# A month is sudden when its hours by working day are twice, or half, those of the month before…
SUDDEN_RATIO = Decimal(2)
# … and the difference weighs at least a week's work.
SUDDEN_HOURS = Decimal(35)
# An awardee is silent after so many months without an hour, while hours are due.
SILENT_MONTHS = 3


def days_in_month(
    month: dt.date, starts_on: dt.date, ends_on: dt.date | None
) -> tuple[dt.date, dt.date] | None:
    """The first and last day of the month that fall between two days; None when none does."""
    first = max(month, starts_on)
    last = min(month_end(month), ends_on or dt.date.max)
    return (first, last) if first <= last else None


def contract_limit(
    weekly_hours: Decimal | None, month: dt.date, starts_on: dt.date, ends_on: dt.date | None
) -> Decimal | None:
    """The most hours that a contract explains in a month: its working days or its monthly wage, a tenth more.

    An employer that pays by the month declares 151.67 h for 35 h a week, whatever the number of days.
    """
    days = days_in_month(month, starts_on, ends_on)
    if not weekly_hours or days is None:
        return None
    first, last = days
    share = Decimal((last - first).days + 1) / Decimal(month_end(month).day)
    paid = max(
        weekly_hours * WEEKS_A_MONTH * share, theoretical_hours(weekly_hours, month, starts_on, ends_on) or 0
    )
    worked = weekly_hours * working_days(first, last) / DAYS_OF_A_WEEK
    return (max(paid, worked) * CONTRACT_TOLERANCE).quantize(CENT, rounding=ROUND_HALF_UP)


def is_sudden(hours: Decimal, days: int, before: Decimal, days_before: int) -> bool:
    """Whether two months differ too much for their working days; a month without hours or days says nothing."""
    if min(hours, before) <= 0 or min(days, days_before) <= 0:
        return False
    here, there = hours / days, before / days_before
    if max(here, there) < min(here, there) * SUDDEN_RATIO:
        return False
    return abs(here - there) * max(days, days_before) >= SUDDEN_HOURS


def missing_months(months: Iterable[dt.date]) -> list[dt.date]:
    """The months without hours between the first and the last month with some, in order."""
    known = set(months)
    if not known:
        return []
    last, found = max(known), []
    month = add_months(min(known), 1)
    while month < last:
        if month not in known:
            found.append(month)
        month = add_months(month, 1)
    return found
