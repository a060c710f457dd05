"""What a month is expected to be, and what looks wrong in it: figures computed by hand, and properties."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beneficiaries.counting import working_days
from beneficiaries.month_checks import contract_limit, days_in_month, is_sudden, missing_months
from beneficiaries.theoretical import theoretical_hours
from core.dates import add_months, month_end

MARCH = dt.date(2025, 3, 1)
days = st.dates(dt.date(2020, 1, 1), dt.date(2030, 12, 31))
weeks = st.decimals(Decimal("0.5"), Decimal(48), places=2)
hours = st.decimals(Decimal("0.01"), Decimal(744), places=2)
month_days = st.integers(1, 23)


@pytest.mark.parametrize(
    ("weekly", "starts_on", "ends_on", "expected"),
    [
        # 35 × 52 ÷ 12, whatever the month.
        ("35", dt.date(2025, 1, 6), None, "151.67"),
        ("24", dt.date(2025, 1, 6), None, "104.00"),
        # From Monday 17 to Friday 28: ten of the 21 working days of March 2025.
        ("35", dt.date(2025, 3, 17), dt.date(2025, 3, 28), "72.22"),
        # A Saturday and its Sunday.
        ("35", dt.date(2025, 3, 29), dt.date(2025, 3, 30), None),
        ("35", dt.date(2025, 4, 1), None, None),
        (None, dt.date(2025, 1, 6), None, None),
    ],
)
def test_a_contract_makes_its_monthly_hours_pro_rata_of_working_days(weekly, starts_on, ends_on, expected):
    found = theoretical_hours(Decimal(weekly) if weekly else None, MARCH, starts_on, ends_on)
    assert found == (Decimal(expected) if expected else None)


def test_public_holidays_are_not_worked():
    # May 2025: 22 days from Monday to Friday, of which the 1st, the 8th and the 29th are holidays; 8 of 19 by the 14th.
    found = theoretical_hours(Decimal(35), dt.date(2025, 5, 1), MARCH, dt.date(2025, 5, 14))
    assert found == Decimal("63.86")  # 151.6667 × 8 ÷ 19


def test_a_contract_explains_its_monthly_wage_and_a_tenth_more():
    # February 2025 has 20 working days, 140 h: the wage, 151.67 h, is more; 166.84 with a tenth.
    assert contract_limit(Decimal(35), dt.date(2025, 2, 1), MARCH.replace(year=2024), None) == Decimal(
        "166.84"
    )
    # July 2025: 22 working days (the 14th is one less), 154 h, 169.40 with a tenth.
    assert contract_limit(Decimal(35), dt.date(2025, 7, 1), MARCH, None) == Decimal("169.40")


@given(weeks, days, st.integers(0, 400), days)
def test_what_is_proposed_is_always_explained_by_the_contract(weekly, starts_on, length, any_day):
    month, ends_on = any_day.replace(day=1), starts_on + dt.timedelta(days=length)
    proposed = theoretical_hours(weekly, month, starts_on, ends_on)
    if proposed is None:
        return
    limit = contract_limit(weekly, month, starts_on, ends_on)
    assert limit is not None and 0 < proposed <= limit
    assert proposed <= theoretical_hours(weekly, month, month, None)


@given(weeks, days, st.data())
def test_two_halves_of_a_month_make_the_month(weekly, any_day, data):
    month = any_day.replace(day=1)
    cut = data.draw(st.dates(month, month_end(month) - dt.timedelta(days=1)))
    whole = theoretical_hours(weekly, month, month, None) or Decimal(0)
    parts = [
        theoretical_hours(weekly, month, month, cut),
        theoretical_hours(weekly, month, cut + dt.timedelta(days=1), None),
    ]
    assert abs(sum((part for part in parts if part), Decimal(0)) - whole) <= Decimal("0.01")


@given(days, days, st.none() | days)
def test_the_days_of_a_month_stay_in_it(any_day, starts_on, ends_on):
    month = any_day.replace(day=1)
    found = days_in_month(month, starts_on, ends_on)
    if found is not None:
        first, last = found
        assert month <= first <= last <= month_end(month)
        assert first >= starts_on and (ends_on is None or last <= ends_on)
        assert working_days(first, last) >= 0


@pytest.mark.parametrize(
    ("now", "days_now", "before", "days_before", "expected"),
    [
        # 70 h in 20 days after 140 h in 20 days: half, and two weeks less.
        (70, 20, 140, 20, True),
        # 71 h: more than half.
        (71, 20, 140, 20, False),
        # Half the hours in half the days is the same work.
        (70, 10, 140, 20, False),
        # Twice as much of little is no week's work.
        (30, 20, 10, 20, False),
        (45, 20, 10, 20, True),
        (0, 20, 140, 20, False),
        (140, 20, 0, 20, False),
        (140, 20, 70, 0, False),
    ],
)
def test_a_change_is_sudden_by_working_day_and_by_weight(now, days_now, before, days_before, expected):
    assert is_sudden(Decimal(now), days_now, Decimal(before), days_before) is expected


@given(hours, month_days, hours, month_days)
def test_a_change_is_as_sudden_one_way_as_the_other(now, days_now, before, days_before):
    assert is_sudden(now, days_now, before, days_before) == is_sudden(before, days_before, now, days_now)


@given(hours, month_days, month_days)
def test_the_same_work_by_day_is_never_sudden(by_day, days_now, days_before):
    assert not is_sudden(by_day * days_now, days_now, by_day * days_before, days_before)


def test_the_months_between_two_months_with_hours_are_missing():
    known = [dt.date(2025, 11, 1), dt.date(2026, 2, 1), dt.date(2026, 3, 1)]
    assert missing_months(known) == [dt.date(2025, 12, 1), dt.date(2026, 1, 1)]
    assert missing_months([]) == [] and missing_months([MARCH]) == []


@given(st.sets(st.integers(0, 60), max_size=20))
def test_known_and_missing_months_make_the_whole_life(offsets):
    known = [add_months(MARCH, offset) for offset in offsets]
    missing = missing_months(known)
    assert not set(missing) & set(known)
    if known:
        assert len(missing) + len(known) == max(offsets) - min(offsets) + 1
