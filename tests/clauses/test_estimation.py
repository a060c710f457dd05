"""The estimation of hours: worked examples by hand, bounds, and what holds for any numbers."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clauses import estimation
from core.errors import DomainError

THIN = "\u202f"


def standard(amount: Any, share: Any, cost: Any, rate: Any) -> estimation.Estimate:
    return estimation.estimate_standard(amount=D(amount), share=D(share), cost=D(cost), rate=D(rate))


def pact(amount: Any, months: int, taken_over: Any, rate: Any, coefficient: Any = 25) -> estimation.Estimate:
    return estimation.estimate_pact(
        amount=D(amount), months=months, taken_over=D(taken_over), rate=D(rate), coefficient=D(coefficient)
    )


# --- Worked examples ------------------------------------------------------------------------------------------


def test_a_million_at_half_labour_and_five_percent_makes_833_hours() -> None:
    found = standard(1_000_000, 50, 30, 5)
    assert found.hours == 833
    assert found.exact.quantize(D("0.01")) == D("833.33")
    assert found.is_advised
    assert found.reasoning == (
        f"1{THIN}000{THIN}000{THIN}€ × 50{THIN}% ÷ 30{THIN}€/h × 5{THIN}% = 833{THIN}h"
    )


def test_a_million_and_a_half_at_70_percent_labour_and_ten_percent_makes_3500_hours() -> None:
    assert standard(1_500_000, 70, 30, 10).hours == 3500


def test_an_hour_begun_is_not_asked_for() -> None:
    # 100,000 × 40 % × 10 % ÷ 25.01 = 159.936…
    assert standard(100_000, 40, "25.01", 10).hours == 159


def test_below_150_hours_no_clause_is_advised_and_150_is_enough() -> None:
    # 90,000 × 50 % × 10 % ÷ 30 = 150 exactly; 89,999 falls just short.
    assert standard(90_000, 50, 30, 10).is_advised
    short = standard(89_999, 50, 30, 10)
    assert short.hours == 149
    assert "Aucune clause" in short.warning


def test_the_pact_takes_the_staff_taken_over_away() -> None:
    # A/N = 960,000 ÷ 48 = 20,000 € a month; S×C = 400 × 25 = 10,000; P = 0.5; I = 0.5 × 38,400 × 10 % = 1,920 h.
    found = pact(960_000, 48, 400, 10)
    assert found.weighting == D("0.5")
    assert found.hours == 1920
    assert found.is_advised
    assert f"= 0,5 ; I = 0,5 × 960{THIN}000{THIN}€" in found.reasoning


def test_the_pact_with_nobody_taken_over_weighs_one() -> None:
    # I = 300,000 ÷ 25 × 5 % = 600 h.
    found = pact(300_000, 12, 0, 5)
    assert found.weighting == 1
    assert found.hours == 600


def test_the_printed_pact_is_redone_on_paper() -> None:
    # P = 1 − 2,222 × 25 × 12 ÷ 1,000,000 = 0.3334; 0.3334 × 40,000 × 50 % = 6,668 h, and 0.333 would make 6,660.
    found = pact(1_000_000, 12, 2222, 50)
    assert found.hours == 6668
    assert " = 0,3334 ; I = 0,3334 × " in found.reasoning
    # P = 1 − 100 × 25 × 12 ÷ 70,000 = 4 ÷ 7, which no decimal writes: 4 ÷ 7 × 2,800 × 50 % = 800 h.
    found = pact(70_000, 12, 100, 50)
    assert found.hours == 800
    assert " ≈ 0,571429 ; I = P × " in found.reasoning


def test_staff_that_fills_the_whole_market_leaves_no_clause() -> None:
    # 120,000 € over 12 months is 10,000 a month: 400 h × 25 € take it all.
    for taken_over in (400, 500):
        found = pact(120_000, 12, taken_over, 10)
        assert found.hours == 0
        assert found.weighting is not None
        assert found.weighting <= 0
        assert "personnel à reprendre" in found.warning


def test_a_pact_below_150_hours_advises_no_clause() -> None:
    # P = 1 − 100 × 25 ÷ 10,000 = 0.75; I = 0.75 × 4,800 × 4 % = 144 h.
    found = pact(120_000, 12, 100, 4)
    assert found.hours == 144
    assert not found.is_advised


def test_jobs_and_people_of_a_scenario() -> None:
    # 833 + 3,500 + 120 = 4,453 h; ÷ 1,600 = 2.783… ; ÷ 400 = 11.13 people.
    total = estimation.add_up([D(833), D(3500), D(120)])
    assert total == estimation.Total(D(4453), D("2.78"), 11)
    # 833 ÷ 400 = 2.08; at 200 h each, 4.2.
    assert estimation.people_for(D(833)) == 2
    assert estimation.people_for(D(833), D(200)) == 4
    # 150 h are less than half a person's hours, and still somebody.
    assert estimation.people_for(D(150)) == 1
    assert estimation.add_up([]) == estimation.Total(D(0), D(0), 0)


# --- Bounds ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ((-1, 50, 30, 5), "amount"),
        (("1e17", 50, 30, 5), "amount"),
        ((1000, "100.01", 30, 5), "share"),
        ((1000, -1, 30, 5), "share"),
        ((1000, 50, 0, 5), "cost"),
        ((1000, 50, -30, 5), "cost"),
        ((1000, 50, 1001, 5), "cost"),
        ((1000, 50, 30, 101), "rate"),
        (("9999999999999.99", 100, "0.01", 100), "amount"),
    ],
)
def test_a_value_out_of_bounds_is_refused_with_a_sentence(values: tuple[Any, ...], field: str) -> None:
    with pytest.raises(DomainError) as refusal:
        standard(*values)
    assert refusal.value.field == field
    assert refusal.value.sentence.endswith(".")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ((0, 12, 0, 5), "amount"),
        (("1e17", 12, 0, 5), "amount"),
        ((1000, 0, 0, 5), "months"),
        ((1000, 241, 0, 5), "months"),
        ((1000, 12, -1, 5), "taken_over"),
        ((1000, 12, 0, 101), "rate"),
        ((1000, 12, 0, 5, 0), "coefficient"),
    ],
)
def test_a_pact_out_of_bounds_is_refused_with_a_sentence(values: tuple[Any, ...], field: str) -> None:
    with pytest.raises(DomainError) as refusal:
        pact(*values)
    assert refusal.value.field == field


def test_people_need_hours_each() -> None:
    with pytest.raises(DomainError, match="supérieur à zéro"):
        estimation.people_for(D(833), D(0))


# --- What holds for any numbers -------------------------------------------------------------------------------

amounts = st.decimals(0, 40_000_000, places=2)
percents = st.decimals(0, 100, places=2)
# With these, no lot reaches the most hours that a commitment may hold.
costs = st.decimals("5", "200", places=2)
months = st.integers(1, 120)
monthly_hours = st.decimals(0, 20_000, places=2)
# Decimal keeps 28 digits: equalities of exact results hold to far less than a second.
TINY = D("1e-9")


@given(amounts, percents, costs, percents)
def test_the_hours_are_whole_never_negative_and_never_cost_more_than_the_labour(amount, share, cost, rate):
    found = standard(amount, share, cost, rate)
    assert found.hours == found.hours.to_integral_value() >= 0
    assert found.hours * cost <= amount * share / 100
    assert found.hours * cost <= amount * share / 100 * rate / 100
    assert 0 <= found.exact - found.hours < 1


@given(amounts, amounts, percents, costs, percents)
def test_more_money_never_makes_fewer_hours(amount, more, share, cost, rate):
    assert standard(amount + more, share, cost, rate).hours >= standard(amount, share, cost, rate).hours


@given(amounts, percents, percents, costs, percents, percents)
def test_more_labour_or_effort_never_makes_fewer_hours(amount, share, other_share, cost, rate, other_rate):
    low = standard(amount, min(share, other_share), cost, min(rate, other_rate))
    high = standard(amount, max(share, other_share), cost, max(rate, other_rate))
    assert high.hours >= low.hours


@given(amounts, percents, costs, costs, percents)
def test_a_dearer_hour_never_makes_more_hours(amount, share, cost, more, rate):
    assert standard(amount, share, cost + more, rate).hours <= standard(amount, share, cost, rate).hours


@given(amounts, amounts, percents, costs, percents)
def test_the_formula_is_linear_in_the_amount(first, second, share, cost, rate):
    both = standard(first + second, share, cost, rate).exact
    apart = standard(first, share, cost, rate).exact + standard(second, share, cost, rate).exact
    assert abs(both - apart) < TINY


@given(st.lists(st.tuples(amounts, percents, costs, percents), max_size=12))
def test_a_scenario_is_the_sum_of_its_lots(lots):
    hours = [standard(*lot).hours for lot in lots]
    total = estimation.add_up(hours)
    assert total.hours == sum(hours)
    assert abs(total.fte * 1600 - total.hours) <= 8  # half a hundredth of 1,600 h
    assert (total.people == 0) == (total.hours == 0)


@given(amounts, months, monthly_hours, percents)
def test_the_pact_is_never_negative_and_weighs_one_at_most(amount, number, taken_over, rate):
    assume(amount > 0)
    found = pact(amount, number, taken_over, rate)
    assert found.hours >= 0
    assert found.weighting is not None
    assert found.weighting <= 1
    if found.weighting <= 0:
        assert found.hours == 0
        assert not found.is_advised


@given(amounts, months, monthly_hours, monthly_hours, percents)
def test_taking_more_people_over_never_makes_more_hours(amount, number, taken_over, more, rate):
    assume(amount > 0)
    found = pact(amount, number, taken_over, rate)
    assert pact(amount, number, taken_over + more, rate).hours <= found.hours


@given(amounts, months, percents)
def test_without_staff_taken_over_the_pact_is_the_common_formula_of_cleaning(amount, number, rate):
    """80 % of labour at 20 €/h is one hour for 25 € of turnover."""
    assume(amount > 0)
    assert abs(pact(amount, number, 0, rate).exact - standard(amount, 80, 20, rate).exact) < TINY


@given(amounts, st.integers(1, 48), monthly_hours, percents, st.integers(2, 5))
def test_the_pact_has_the_right_dimensions(amount, number, taken_over, rate, times):
    """The same lot over k times as long for k times the money makes k times the hours."""
    assume(amount > 0)
    once, longer = (
        pact(amount, number, taken_over, rate),
        pact(amount * times, number * times, taken_over, rate),
    )
    assert abs(longer.exact - once.exact * times) < TINY
