"""The mark of a bid: by hand, and by properties."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clauses.scoring import Mark, ranked, weighted

D = Decimal
WEIGHTS = {1: D(30), 2: D(25), 3: D(20), 4: D(25)}


def test_points_are_weighted_and_brought_to_the_share_of_insertion():
    # 8/10 × 30 + 6/10 × 25 + 5/10 × 20 + 10/10 × 25 = 24 + 15 + 10 + 25 = 74; 74 % of 15 points = 11.10.
    mark = weighted({1: D(8), 2: D(6), 3: D(5), 4: D(10)}, WEIGHTS, D(10), D(15))
    assert mark == Mark(D("74.00"), D("11.10"), 0)


def test_a_criterion_without_points_is_said_to_be_missing():
    assert weighted({1: D(10)}, WEIGHTS, D(10)) == Mark(D("30.00"), None, 3)


@pytest.mark.parametrize(
    ("points", "weights", "scale"),
    [
        ({1: D(11)}, WEIGHTS, D(10)),
        ({1: D(-1)}, WEIGHTS, D(10)),
        ({9: D(1)}, WEIGHTS, D(10)),
        ({}, {1: D(99)}, D(10)),
        ({}, WEIGHTS, D(0)),
    ],
)
def test_what_cannot_be_marked_is_refused(points, weights, scale):
    with pytest.raises(ValueError):
        weighted(points, weights, scale)


def test_equal_marks_share_a_rank_and_the_next_one_skips():
    marks = [Mark(D(mark), None, missing) for mark, missing in ((70, 0), (80, 0), (80, 0), (90, 1), (60, 0))]
    assert ranked(marks) == [3, 1, 1, None, 4]


@given(st.lists(st.decimals(0, 20, places=2), min_size=4, max_size=4), st.integers(20, 100))
def test_a_mark_stands_between_0_and_100_and_grows_with_each_point(points, scale):
    given_points = dict(enumerate(points, start=1))
    mark = weighted(given_points, WEIGHTS, D(scale), D(40))
    assert 0 <= mark.on_100 <= 100
    assert mark.on_weight is not None and 0 <= mark.on_weight <= 40
    assert abs(mark.on_weight - mark.on_100 * D("0.4")) <= D("0.01")
    best = weighted(dict.fromkeys(WEIGHTS, D(scale)), WEIGHTS, D(scale))
    assert best.on_100 == 100 >= mark.on_100
    more = {**given_points, 1: min(D(scale), given_points[1] + 1)}
    assert weighted(more, WEIGHTS, D(scale)).on_100 >= mark.on_100
