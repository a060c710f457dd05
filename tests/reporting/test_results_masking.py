"""Nobody works out the situation of few people: not from a table, nor from two, nor from the key figures and rates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.masking import Masked, Row, Table, mask
from reporting.outcome_masking import (
    is_too_near,
    left_of,
    mask_benefits,
    mask_situations,
    positive_share,
    share_of,
)

# (durable, other, ongoing, unknown, hired, not hired): who is hired or not is among those of whom something is known.
World = tuple[int, int, int, int, int, int]
ROWS = ("durable", "other", "ongoing", "unknown", "yes", "no", "unsaid", "left")


def table_of(key: str, rows: dict[str, int], unknown: int) -> Table:
    made = [Row(name, name, people, Decimal(people * 100 + 1), people) for name, people in rows.items()]
    return Table(key, "Titre", made, Row("unknown", "Non renseigné", unknown, Decimal(unknown), unknown))


@cache
def situations_of(durable: int, other: int, ongoing: int, unknown: int) -> Table:
    return table_of("situations", {"durable": durable, "other": other, "ongoing": ongoing}, unknown)


@cache
def hired_of(yes: int, no: int, ongoing: int, unsaid: int) -> Table:
    return table_of("hired", {"yes": yes, "no": no, "ongoing": ongoing}, unsaid)


def read(masked: Masked) -> tuple[Any, ...]:
    return masked.withheld, tuple(
        (row.key, None if row.key in masked.hidden else (row.people, row.hours, row.contracts))
        for row in masked.rows
    )


def published(world: World) -> tuple[Any, ...]:
    """All that the chapter says: both tables with hours and contracts, the key figures, what is said not recorded."""
    durable, other, ongoing, unknown, yes, no = world
    left = durable + other + unknown
    situations, hired = mask_situations(
        situations_of(durable, other, ongoing, unknown), hired_of(yes, no, ongoing, left - yes - no)
    )
    share = share_of(situations, ["durable"], without=("ongoing", "unknown"))
    is_recorded = left == 0 or unknown < left
    return (
        sum(world[:4]),
        read(situations) if is_recorded else None,
        read(hired) if yes + no else None,
        left_of(situations),
        share,
        is_recorded,
        left > 0 and not yes + no,
    )


def worlds(total: int) -> Iterator[World]:
    for durable, other, ongoing in product(range(total + 1), repeat=3):
        unknown = total - durable - other - ongoing
        if unknown < 0:
            continue
        for yes in range(durable + other + 1):
            for no in range(durable + other - yes + 1):
                yield durable, other, ongoing, unknown, yes, no


def facts_of(world: World) -> dict[str, int]:
    durable, other, _, unknown, yes, no = world
    left = durable + other + unknown
    return dict(zip(ROWS, (*world, left - yes - no, left), strict=True))


# --- by hand ------------------------------------------------------------------------------------------------------


def test_the_hires_are_not_read_where_those_still_in_their_path_are_masked():
    # 3 in durable employment among 30: masked with « en cours », which the other table must not tell.
    situations, hired = mask_situations(situations_of(3, 0, 27, 0), hired_of(3, 0, 27, 0))
    assert situations.hidden == {"durable", "ongoing"} and hired.withheld
    assert left_of(situations) is None and share_of(situations, ["durable"], without=("ongoing",)) is None


def test_the_hires_are_read_beside_enough_people():
    situations, hired = mask_situations(situations_of(12, 6, 20, 7), hired_of(8, 5, 20, 12))
    assert not situations.hidden and not hired.hidden and not hired.withheld
    assert left_of(situations) == 25
    # 12 ÷ (45 − 20 − 7)
    assert share_of(situations, ["durable"], without=("ongoing", "unknown")) == Decimal("0.6667")


def test_few_people_between_the_two_non_renseigne_withhold_the_hires():
    # 7 of whom nothing is known, 10 of whom it is not known whether they were hired: 3 answered without saying it.
    situations, hired = mask_situations(situations_of(12, 6, 20, 7), hired_of(9, 6, 20, 10))
    assert not situations.hidden and hired.withheld


def test_a_rate_is_made_of_readable_rows_only():
    cohort = mask(table_of("m6", {"durable": 9, "positive": 6, "other": 5}, 8))
    # 9 ÷ 20 and (20 − 5) ÷ 20
    assert share_of(cohort, ["durable"]) == Decimal("0.4500")
    assert positive_share(cohort) == Decimal("0.7500")
    hidden = mask(table_of("m6", {"durable": 9, "positive": 6, "other": 2}, 8))
    assert hidden.hidden == {"other", "unknown"}
    assert share_of(hidden, ["durable"]) is None and positive_share(hidden) is None
    assert mask(table_of("m6", {"durable": 5, "positive": 0, "other": 4}, 0)).withheld


def test_nobody_who_answered_gives_no_rate():
    assert positive_share(mask(table_of("m6", {"durable": 0, "other": 0}, 12))) is None


def test_a_cohort_that_leaves_few_people_out_of_another_is_too_near():
    assert is_too_near(set(range(20)), set(range(11)))
    assert not is_too_near(set(range(20)), set(range(10)))
    assert not is_too_near(set(range(20)), set(range(20)))
    # Neither holds the other: nothing is taken from anything.
    assert not is_too_near(set(range(20)), set(range(5, 22)))


INSIDE = {"aiming": ("trained",), "obtained": ("trained", "aiming")}


def benefits(trained: int, aiming: int, obtained: int, long: int, total: int) -> dict[str, int | None]:
    rows = [Row(key, key, people, Decimal(people * 7)) for key, people in zip(("trained", "aiming", "obtained", "long"), (trained, aiming, obtained, long), strict=True)]  # fmt: skip
    masked = mask_benefits(rows, inside=INSIDE, total=total)
    if masked.withheld:
        return {}
    return {row.key: None if row.key in masked.hidden else row.people for row in masked.rows}


def test_a_benefit_is_masked_where_few_have_it_or_few_have_not_or_few_stand_between():
    assert benefits(20, 15, 10, 6, 40) == {"trained": 20, "aiming": 15, "obtained": 10, "long": 6}
    # 3 trained without any qualification aimed at; then 5 of the 20 who were not long.
    assert benefits(20, 17, 10, 35, 40) == {"trained": 20, "aiming": None, "obtained": 10, "long": 35}
    assert benefits(20, 15, 4, 38, 40) == {"trained": 20, "aiming": 15, "obtained": None, "long": None}
    assert benefits(20, 20, 20, 0, 40) == {"trained": 20, "aiming": 20, "obtained": 20, "long": 0}
    assert benefits(5, 5, 5, 5, 9) == {}


# --- the attacker -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("total", [10, 12, 14, 16])
def test_someone_who_reads_the_whole_chapter_cannot_tell_a_small_row(total):
    """Every world that reads alike is a candidate: no number below five may be the same in all of them."""
    alike: dict[tuple[Any, ...], list[World]] = defaultdict(list)
    for world in worlds(total):
        alike[published(world)].append(world)
    for seen, candidates in alike.items():
        values = [facts_of(world) for world in candidates]
        for row in ROWS:
            found = {value[row] for value in values}
            assert len(found) > 1 or not 0 < min(found) < 5, (row, seen, candidates[:3])


@pytest.mark.parametrize("total", [10, 13, 16, 20])
def test_someone_who_reads_the_benefits_cannot_tell_few_people(total):
    alike: dict[tuple[Any, ...], list[tuple[int, ...]]] = defaultdict(list)
    for trained in range(total + 1):
        for aiming in range(trained + 1):
            for obtained in range(aiming + 1):
                alike[tuple(benefits(trained, aiming, obtained, 0, total).items())].append(
                    (trained, aiming, obtained)
                )
    for seen, candidates in alike.items():
        for number in (
            lambda one: one[0], lambda one: one[1], lambda one: one[2], lambda one: one[0] - one[1],
            lambda one: one[1] - one[2], lambda one: one[0] - one[2], lambda one: total - one[0],
        ):  # fmt: skip
            found = {number(one) for one in candidates}
            assert len(found) > 1 or not 0 < min(found) < 5, (seen, candidates[:3])


people = st.one_of(st.integers(0, 6), st.integers(0, 80))


@given(durable=people, other=people, ongoing=people, unknown=people, data=st.data())
@settings(max_examples=300)
def test_what_is_taken_from_the_totals_and_from_the_other_table_is_never_a_small_row(
    durable, other, ongoing, unknown, data
):
    yes = data.draw(st.integers(0, durable + other))
    no = data.draw(st.integers(0, durable + other - yes))
    left = durable + other + unknown
    situations, hired = mask_situations(
        situations_of(durable, other, ongoing, unknown), hired_of(yes, no, ongoing, left - yes - no)
    )
    for masked in (situations, hired):
        if masked.withheld:
            continue
        shown = [row for row in masked.rows if row.key not in masked.hidden]
        assert all(row.people == 0 or row.people >= 5 for row in shown)
        missing = left + ongoing - sum(row.people for row in shown)
        assert missing == 0 or (missing >= 5 and len(masked.hidden) >= 2)
    if not hired.withheld:
        assert "ongoing" not in situations.hidden | hired.hidden
        assert left_of(situations) == left
        if not {"unknown"} & (situations.hidden | hired.hidden):
            assert not 0 < left - yes - no - unknown < 5
    if left_of(situations) is not None:
        assert left == 0 or left >= 5
