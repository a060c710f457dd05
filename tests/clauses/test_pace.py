"""At what pace hours come and what it takes to catch up: by hand, and whatever the figures."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clauses.pace import (
    FULL_TIME_MONTH,
    FURTHEST,
    full_time_people,
    monthly_pace,
    months_until,
    project,
    whole_months,
)
from core.dates import add_months

TODAY = dt.date(2026, 11, 22)
hours = st.decimals(min_value=0, max_value=100_000, places=2)
days = st.dates(dt.date(2020, 1, 1), dt.date(2035, 12, 31))


def test_a_projection_worked_out_by_hand():
    found = project(Decimal(600), Decimal(100), dt.date(2027, 2, 10), TODAY)

    # Six months of 100 h from November on: April. Four months are left, November to February: 150 h each.
    assert found.ends == dt.date(2027, 4, 1)
    assert (found.months_left, found.needed) == (4, Decimal("150.00"))
    assert found.full_time == Decimal("1.0")


def test_a_month_begun_is_a_month():
    assert project(Decimal(101), Decimal(100), None, TODAY).ends == dt.date(2026, 12, 1)
    assert project(Decimal(100), Decimal(100), None, TODAY).ends == dt.date(2026, 11, 1)


def test_without_pace_nothing_ends_but_what_it_takes_is_known():
    found = project(Decimal(600), Decimal(0), dt.date(2026, 12, 31), TODAY)

    assert found.ends is None
    assert found.needed == Decimal("300.00")


def test_a_closed_market_has_nothing_to_catch_up():
    found = project(Decimal(600), Decimal(50), dt.date(2027, 12, 31), TODAY, is_closed=True)

    assert (found.ends, found.needed, found.full_time) == (None, None, None)
    assert found.missing == Decimal(600)


@pytest.mark.parametrize("planned_end", [None, dt.date(2026, 11, 21), dt.date(2020, 1, 1)])
def test_without_a_planned_end_to_come_there_is_nothing_to_share_over_months(planned_end):
    found = project(Decimal(600), Decimal(100), planned_end, TODAY)

    assert (found.months_left, found.needed) == (0, None)
    assert found.ends == dt.date(2027, 4, 1)


def test_above_the_target_nothing_is_missing():
    found = project(Decimal(-40), Decimal(100), dt.date(2027, 2, 10), TODAY)

    assert (found.missing, found.ends, found.needed) == (Decimal("0.00"), None, None)


def test_a_pace_too_slow_says_no_month():
    assert project(Decimal(100_000), Decimal("0.01"), None, TODAY).ends is None


def test_a_pace_is_that_of_whole_months():
    assert whole_months(TODAY, 3) == [dt.date(2026, 8, 1), dt.date(2026, 9, 1), dt.date(2026, 10, 1)]
    assert monthly_pace(Decimal(100), 3) == Decimal("33.33")
    with pytest.raises(ValueError, match="one month"):
        monthly_pace(Decimal(100), 0)


def test_a_full_time_month_is_of_35_hours_a_week():
    assert Decimal("151.67") == FULL_TIME_MONTH
    assert full_time_people(Decimal(455)) == Decimal("3.0")


@given(missing=hours, monthly=hours, planned_end=st.none() | days, on=days, is_closed=st.booleans())
def test_a_projection_holds_whatever_the_figures(missing, monthly, planned_end, on, is_closed):
    found = project(missing, monthly, planned_end, on, is_closed=is_closed)

    assert found.missing == missing
    if is_closed or not missing:
        assert (found.ends, found.needed) == (None, None)
        return
    if found.ends is not None:
        months = (found.ends.year - on.year) * 12 + found.ends.month - on.month + 1
        assert 1 <= months <= FURTHEST
        # So many months of this pace are enough, and one less is not.
        assert monthly * months >= missing > monthly * (months - 1)
    if found.needed is not None:
        assert found.months_left == months_until(on, planned_end) >= 1
        # Shared over the months that are left it is all there, but for the rounding of each.
        assert abs(found.needed * found.months_left - missing) <= Decimal("0.005") * found.months_left
        assert planned_end < add_months(on.replace(day=1), found.months_left)
    else:
        assert planned_end is None or planned_end < on


@given(missing=hours, slow=hours, fast=hours, on=days)
def test_a_faster_pace_never_ends_later(missing, slow, fast, on):
    slow, fast = sorted((slow, fast))
    one, other = project(missing, slow, None, on), project(missing, fast, None, on)
    if one.ends is not None:
        assert other.ends is not None
        assert other.ends <= one.ends
