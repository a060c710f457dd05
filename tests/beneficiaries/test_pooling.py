"""Hours put together and given back by a key."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beneficiaries.pooling import redistribute


def D(text: str) -> Decimal:
    return Decimal(text)


def test_by_hand():
    # 300 h together, 60 / 40.
    assert redistribute({1: D("300"), 2: D("0")}, {1: D("60"), 2: D("40")}) == {1: D("180"), 2: D("120")}


def test_the_cent_that_is_left_goes_to_the_largest_remainder_then_to_the_lowest_number():
    # 100.00 h: 33.33 × 100 = 33.33 ; 33.33 ; 33.34 → nothing left.
    key = {1: D("33.33"), 2: D("33.33"), 3: D("33.34")}
    assert redistribute({1: D("100")}, key) == {1: D("33.33"), 2: D("33.33"), 3: D("33.34")}
    # 0.01 h by halves: 0.005 each, the cent to the first.
    assert redistribute({1: D("0.01")}, {2: D("50"), 1: D("50")}) == {1: D("0.01"), 2: D("0")}
    # 10.01 h: 3.336333, 3.336333, 3.337334 → 3.33, 3.33, 3.33 and two cents left: to 3, then to 1.
    assert redistribute({1: D("10.01")}, key) == {1: D("3.34"), 2: D("3.33"), 3: D("3.34")}


@pytest.mark.parametrize("key", [{1: D("99.99")}, {1: D("60"), 2: D("50")}, {1: D("-10"), 2: D("110")}, {}])
def test_a_key_that_does_not_make_a_hundred_is_refused(key):
    with pytest.raises(ValueError, match="100 %"):
        redistribute({1: D("10")}, key)


hours = st.decimals(0, 99_999, places=2)


@st.composite
def keys(draw) -> dict[int, Decimal]:
    cuts = sorted(draw(st.lists(st.integers(0, 10_000), min_size=0, max_size=6)))
    bounds = [0, *cuts, 10_000]
    return {rank: Decimal(last - first) / 100 for rank, (first, last) in enumerate(pairwise(bounds), start=1)}


@given(keys(), st.dictionaries(st.integers(1, 9), hours, max_size=7))
def test_the_total_never_changes_and_each_is_within_a_cent_of_its_share(key, worked):
    total = sum(worked.values(), Decimal(0))
    given_back = redistribute(worked, key)
    assert sum(given_back.values(), Decimal(0)) == total
    for part, credited in given_back.items():
        assert credited >= 0
        assert abs(credited - total * key[part] / 100) < Decimal("0.01")
        assert credited == credited.quantize(Decimal("0.01"))
