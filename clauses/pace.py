"""At what pace hours come, when a commitment would be met, what it would take to catch up: arithmetic without Django.

It steers the work as the forecast does, and never stands in a bilan (`domain.md` §3.12).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from core import formats
from core.dates import add_months

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
# A full-time month: 35 h a week, 52 weeks over 12 months.
FULL_TIME_WEEK = 35
FULL_TIME_MONTH = (Decimal(FULL_TIME_WEEK) * 52 / 12).quantize(CENT, rounding=ROUND_HALF_UP)
# A pace is that of so many whole months; a projection further than that says nothing.
SHORT, LONG = 3, 6
FURTHEST = 120


@dataclass(frozen=True)
class Projection:
    """What is missing (hours), at what pace it comes (hours a month), and where that leads.

    `ends` is the month in which the last hour would be counted at this pace: None where nothing is missing, nothing comes,
    or the day is too far. `needed` (hours a month) is None where nothing is missing or no month is left.
    """

    missing: Decimal
    monthly: Decimal
    ends: dt.date | None = None
    months_left: int = 0
    needed: Decimal | None = None

    @property
    def full_time(self) -> Decimal | None:
        """`needed` as people at full time."""
        return None if self.needed is None else full_time_people(self.needed)


def monthly_pace(hours: Decimal, months: int) -> Decimal:
    """Hours a month over so many whole months. Raises ValueError without any month."""
    if months < 1:
        raise ValueError("A pace is that of one month at least.")
    return (hours / months).quantize(CENT, rounding=ROUND_HALF_UP)


def full_time_people(monthly: Decimal) -> Decimal:
    """How many people at full time make these hours a month, to a tenth."""
    return (monthly / FULL_TIME_MONTH).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def months_until(on: dt.date, planned_end: dt.date | None) -> int:
    """Months from that of `on` to that of the planned end, both included; none once it is past or unknown."""
    if planned_end is None or planned_end < on:
        return 0
    return (planned_end.year - on.year) * 12 + planned_end.month - on.month + 1


def project(
    missing: Decimal, monthly: Decimal, planned_end: dt.date | None, on: dt.date, *, is_closed: bool = False
) -> Projection:
    """Where this pace leads from the month of `on`; of a closed market nothing comes any more."""
    missing, monthly = max(missing, ZERO), max(monthly, ZERO)
    if is_closed or not missing:
        return Projection(missing, monthly)
    left = months_until(on, planned_end)
    needed = (missing / left).quantize(CENT, rounding=ROUND_HALF_UP) if left else None
    return Projection(missing, monthly, _end(missing, monthly, on), left, needed)


def _end(missing: Decimal, monthly: Decimal, on: dt.date) -> dt.date | None:
    if monthly <= 0:
        return None
    whole, rest = divmod(missing, monthly)
    months = int(whole) + bool(rest)
    return add_months(on.replace(day=1), months - 1) if months <= FURTHEST else None


def whole_months(on: dt.date, count: int) -> Sequence[dt.date]:
    """The last whole months before that of `on`, the oldest first."""
    this = on.replace(day=1)
    return [add_months(this, -back) for back in range(count, 0, -1)]


FORMULA = formats.typeset(
    f"Rythme = heures comptées des {SHORT} ou {LONG} derniers mois entiers ÷ {SHORT} ou {LONG}. Fin projetée = mois où les "
    f"heures qui manquent seraient faites au rythme des {SHORT} mois, ce mois-ci compris. Rattrapage = heures qui manquent "
    "÷ mois restants jusqu’à la fin prévue, ce mois-ci compris ; un temps plein fait "
    f"{formats.number(FULL_TIME_MONTH, 2)} h par mois ({FULL_TIME_WEEK} h × 52 semaines ÷ 12)."
)
