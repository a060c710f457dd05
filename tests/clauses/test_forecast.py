"""Hours due pro rata of the intervention, and the state that they give a commitment."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clauses.forecast import ForecastState, forecast, hours_due, worst

DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2030, 12, 31))
HOURS = st.decimals(0, 100_000, places=2)
START, END = dt.date(2026, 1, 1), dt.date(2026, 12, 31)


@pytest.mark.parametrize(
    ("on", "due"),
    [
        (dt.date(2025, 12, 31), "0.00"),
        (dt.date(2026, 1, 1), "2.00"),  # 730 h × 1 ÷ 365
        (dt.date(2026, 3, 31), "180.00"),  # 31 + 28 + 31 = 90 days
        (dt.date(2026, 12, 31), "730.00"),
        (dt.date(2027, 6, 1), "730.00"),
    ],
)
def test_hours_are_due_day_by_day(on, due):
    assert hours_due(Decimal("730"), START, END, on) == Decimal(due)


def test_an_intervention_of_one_day_is_due_that_evening():
    assert hours_due(Decimal("7"), START, START, START) == Decimal("7.00")


def test_an_intervention_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match="finit avant"):
        hours_due(Decimal("7"), END, START, START)


@given(HOURS, DAYS, DAYS, DAYS)
def test_what_is_due_never_leaves_its_bounds(engaged, one, other, on):
    starts, ends = min(one, other), max(one, other)
    assert 0 <= hours_due(engaged, starts, ends, on) <= engaged


@given(HOURS, DAYS, DAYS, DAYS, DAYS)
def test_what_is_due_never_shrinks_as_days_pass(engaged, one, other, day, later):
    starts, ends = min(one, other), max(one, other)
    first, second = sorted((day, later))
    assert hours_due(engaged, starts, ends, first) <= hours_due(engaged, starts, ends, second)


@given(HOURS, HOURS, DAYS, DAYS, DAYS)
def test_more_hours_counted_never_make_it_worse(engaged, counted, one, other, on):
    starts, ends = min(one, other), max(one, other)
    before = forecast(engaged, counted, starts, ends, on).state
    after = forecast(engaged, counted + 10, starts, ends, on).state
    order = [
        ForecastState.LATE,
        ForecastState.TO_WATCH,
        ForecastState.ON_TRACK,
        ForecastState.MET,
        ForecastState.NO_TARGET,
    ]
    assert order.index(after) >= order.index(before)


@given(HOURS, HOURS, st.none() | DAYS, st.none() | DAYS, DAYS)
def test_there_is_always_a_sentence(engaged, counted, starts, ends, on):
    assert forecast(engaged, counted, starts, ends, on).formula.strip()


# On 31/03/2026, 180 h of 730 are due: 95 % is 171 h, 75 % is 135 h.
@pytest.mark.parametrize(
    ("counted", "state"),
    [
        ("134.99", "late"),
        ("135", "to_watch"),
        ("170.99", "to_watch"),
        ("171", "on_track"),
        ("729.99", "on_track"),
        ("730", "met"),
        ("900", "met"),
    ],
)
def test_the_thresholds_are_95_and_75_per_cent(counted, state):
    assert forecast(Decimal("730"), Decimal(counted), START, END, dt.date(2026, 3, 31)).state == state


def test_nothing_engaged_is_without_object():
    assert forecast(Decimal(0), Decimal(50), START, END, START).state == ForecastState.NO_TARGET


def test_without_dates_it_is_to_be_watched_and_says_so():
    found = forecast(Decimal(100), Decimal(0), None, END, START)
    assert found.state == ForecastState.TO_WATCH
    assert found.due is None
    assert "dates d’intervention manquent" in found.formula


def test_before_the_first_day_it_is_on_track():
    assert (
        forecast(Decimal(100), Decimal(0), START, END, dt.date(2025, 12, 1)).state == ForecastState.ON_TRACK
    )


def test_after_the_last_day_what_is_missing_is_late():
    found = forecast(Decimal(100), Decimal("99.50"), START, END, dt.date(2027, 1, 1))
    assert found.state == ForecastState.LATE
    assert "il manque 0,5\u202fh" in found.formula


def test_the_formula_gives_every_figure_it_uses():
    formula = forecast(Decimal(730), Decimal(90), START, END, dt.date(2026, 3, 31)).formula
    assert "730\u202fh engagées × 90 jours écoulés ÷ 365 jours d’intervention = 180\u202fh" in formula
    assert "50\u202f%" in formula


def test_together_the_most_urgent_wins():
    assert worst([ForecastState.MET, ForecastState.LATE, ForecastState.ON_TRACK]) == ForecastState.LATE
    assert worst([ForecastState.MET, ForecastState.NO_TARGET]) == ForecastState.MET
    assert worst([]) == ForecastState.NO_TARGET
