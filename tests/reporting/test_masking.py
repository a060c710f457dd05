"""Nobody works out how few people stand behind a withheld row, whatever the table and its totals show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.masking import OTHER, Masked, Merge, Row, Table, mask, mask_publics

BOUNDS = [(None, 26), (26, 40), (40, 50), (50, None)]


def age_label(low: int | None, high: int | None) -> str:
    return f"{low or 0} à {high or '…'}"


def table_of(
    people: Sequence[int], unknown: int = 0, merge: Merge = Merge.NONE, key: str = "status"
) -> Table:
    rows = [
        Row(f"r{i}", f"R{i}", n, Decimal(n * 100 + i), n, BOUNDS[i] if i < 4 else None, age_label)
        for i, n in enumerate(people)
    ]
    return Table(
        key,
        "Titre",
        rows,
        Row("unknown", "Non renseigné", unknown, Decimal(unknown), unknown),
        merge,
        "Autres",
    )


def read(masked: Masked) -> dict[str, int | None]:
    return {row.label: None if row.key in masked.hidden else row.people for row in masked.rows}


# --- by hand ------------------------------------------------------------------------------------------------


def test_rows_of_five_people_and_more_are_shown_as_they_are():
    assert read(mask(table_of([5, 7, 12]))) == {"R0": 5, "R1": 7, "R2": 12, "Non renseigné": 0}


def test_a_small_row_is_never_alone_to_be_withheld():
    masked = mask(table_of([3, 20, 30], unknown=6))
    assert read(masked) == {"R0": None, "R1": 20, "R2": 30, "Non renseigné": None}


def test_without_unknown_the_first_row_of_the_order_goes_with_the_small_one():
    assert read(mask(table_of([12, 20, 3]))) == {"R0": None, "R1": 20, "R2": None, "Non renseigné": 0}


def test_a_row_that_a_list_calls_other_is_not_the_one_that_puts_small_rows_together():
    """Six withheld people, five of them at least of a kind that kept its name, would leave one « Non renseigné »."""
    table = Table(
        "prescriber",
        "Prescripteur",
        [Row("ccas", "CCAS", 5), Row("other", "Autre", 5)],
        Row("unknown", "Non renseigné", 1),
        Merge.OPEN,
        "Autres (regroupés)",
    )
    assert mask(table).withheld
    regrouped = replace(table, rows=[*table.rows, Row("plie", "PLIE", 2)], unknown=Row("unknown", "N", 9))
    assert len({row.key for row in mask(regrouped).rows}) == len(mask(regrouped).rows)


def test_the_regrouped_row_and_unknown_together_always_leave_two_answers():
    """Of fifteen people in three small rows and « Non renseigné », twelve and three cannot be read: so it was eleven and four."""
    assert mask(table_of([3, 4, 4], unknown=4, merge=Merge.OPEN)).hidden == {OTHER, "unknown"}
    assert mask(table_of([4, 4, 4], unknown=3, merge=Merge.OPEN)).hidden == {OTHER, "unknown"}
    assert mask(table_of([4, 4, 4], unknown=4, merge=Merge.OPEN)).withheld
    assert mask(table_of([4, 4, 4], unknown=5, merge=Merge.OPEN)).withheld


def test_two_small_rows_of_less_than_five_people_together_take_a_third():
    assert read(mask(table_of([2, 2, 20, 30]))) == {
        "R0": None,
        "R1": None,
        "R2": None,
        "R3": 30,
        "Non renseigné": 0,
    }


def test_two_rows_of_four_would_give_themselves_away():
    assert read(mask(table_of([4, 4, 20, 30]))) == {
        "R0": None,
        "R1": None,
        "R2": None,
        "R3": 30,
        "Non renseigné": 0,
    }


def test_age_bands_are_merged_before_anything_is_withheld():
    masked = mask(table_of([3, 10, 20, 30], merge=Merge.ORDERED))
    assert read(masked) == {"0 à 40": 13, "R2": 20, "R3": 30, "Non renseigné": 0}
    assert masked.hidden == frozenset()
    assert masked.rows[0].hours == Decimal(300 + 1001) and masked.rows[0].contracts == 13


def test_the_last_small_band_joins_the_one_before():
    assert read(mask(table_of([10, 10, 20, 1], merge=Merge.ORDERED))) == {
        "R0": 10, "R1": 10, "40 à …": 21, "Non renseigné": 0,
    }  # fmt: skip


def test_small_communes_are_put_together_under_autres():
    assert read(mask(table_of([20, 3, 4, 0], merge=Merge.OPEN))) == {
        "R0": 20,
        "Autres": 7,
        "Non renseigné": 0,
    }


def test_one_small_commune_alone_is_withheld_without_its_name():
    masked = mask(table_of([20, 3, 9], merge=Merge.OPEN))
    assert read(masked) == {"R0": None, "R2": 9, "Autres": None, "Non renseigné": 0}


def test_hours_and_contracts_of_a_withheld_row_are_not_to_be_shown():
    masked = mask(table_of([3, 20, 30], unknown=6))
    assert masked.hidden == {"r0", "unknown"}


@pytest.mark.parametrize("people", [[3, 1], [2, 2], [4, 0]])
def test_nothing_is_broken_down_below_five_people(people):
    for key in ("gender", "age", "status"):
        assert mask(table_of(people, key=key)).withheld


def test_below_ten_people_only_gender_and_two_age_bands_are_shown_and_only_if_none_is_small():
    assert mask(table_of([9, 0], key="status")).withheld
    assert read(mask(table_of([9, 0], key="gender"))) == {"R0": 9, "R1": 0, "Non renseigné": 0}
    assert mask(table_of([6, 3], key="gender")).withheld
    ages = mask(table_of([2, 3, 0, 0], key="age", merge=Merge.ORDERED))
    assert read(ages) == {"0 à 40": 5, "40 à …": 0, "Non renseigné": 0}
    assert mask(table_of([2, 3, 4, 0], key="age", merge=Merge.ORDERED)).withheld


def publics_of(
    people: dict[str, int], total: int, tables=(), same_as=None, principal=None
) -> dict[str, int | None]:
    rows = [Row(key, key, n) for key, n in people.items()]
    return read(
        mask_publics(rows, tables=tables, same_as=same_as or {}, principal=principal or {}, total=total)
    )


def test_a_public_is_withheld_when_few_people_are_of_it_or_few_are_not():
    assert publics_of({"rsa": 12, "plie": 3, "deld": 28, "ier": 0}, total=30) == {
        "rsa": 12, "plie": None, "deld": None, "ier": 0,
    }  # fmt: skip


def test_a_public_says_no_more_than_the_typology_does():
    ages = mask(table_of([3, 20, 10, 9], merge=Merge.ORDERED, key="age"))
    assert publics_of({"under26": 20}, total=42, tables=[ages], same_as={"under26": ("age", "r0")}) == {
        "under26": None
    }
    ages = mask(table_of([20, 13, 10, 9], merge=Merge.ORDERED, key="age"))
    same_as = {"under26": ("age", "r0")}
    assert publics_of({"under26": 20}, total=52, tables=[ages], same_as=same_as) == {"under26": 20}
    assert publics_of({"under26": 22}, total=52, tables=[ages], same_as=same_as) == {"under26": None}


def test_a_public_is_withheld_when_the_status_table_lets_one_work_out_a_few_people():
    assert publics_of({"rsa": 32}, total=60, principal={"rsa": 30}) == {"rsa": None}
    assert publics_of({"rsa": 35}, total=60, principal={"rsa": 30}) == {"rsa": 35}


# --- the attacker --------------------------------------------------------------------------------------------


def outcomes(length: int, total: int) -> Iterator[tuple[int, ...]]:
    """Every way to spread `total` people over the rows and « Non renseigné »."""
    for people in product(range(total + 1), repeat=length - 1):
        if sum(people) <= total:
            yield (*people, total - sum(people))


def what_is_read(masked: Masked) -> tuple:
    return masked.withheld, tuple(
        (row.key, row.label, None if row.key in masked.hidden else row.people) for row in masked.rows
    )


@pytest.mark.parametrize("merge", list(Merge))
@pytest.mark.parametrize(
    ("length", "total"), [(3, 10), (3, 13), (3, 17), (3, 24), (4, 12), (4, 15), (4, 16), (5, 11), (5, 14)]
)
def test_someone_who_knows_the_rules_and_the_total_cannot_tell_a_small_row(merge, length, total):
    """Every table that reads alike is a candidate: no row below five may be the same in all of them."""
    alike: dict[tuple, list[tuple[int, ...]]] = defaultdict(list)
    for people in outcomes(length, total):
        alike[what_is_read(mask(table_of(people[:-1], people[-1], merge)))].append(people)
    for seen, candidates in alike.items():
        for position in range(length):
            values = {people[position] for people in candidates}
            if len(values) == 1:
                assert not 0 < values.pop() < 5, (seen, candidates[:3])


def with_second(row: Row, second: int) -> Row:
    """A hundred hours and one contract for each person; a second contract of ten hours for one of them."""
    more = second if row.people else 0
    return replace(row, hours=Decimal(100 * row.people + 10 * more), contracts=row.people + more)


def what_the_columns_say(masked: Masked, totals: tuple) -> tuple:
    return (
        masked.withheld,
        totals,
        tuple(
            (row.key, None if row.key in masked.hidden else (row.people, row.hours, row.contracts))
            for row in masked.rows
        ),
    )


@pytest.mark.parametrize("merge", list(Merge))
@pytest.mark.parametrize(("length", "total"), [(3, 10), (3, 13), (3, 17), (4, 12), (4, 15)])
def test_the_columns_of_hours_and_contracts_tell_no_small_row_either(merge, length, total):
    """The attacker reads every column and its total, and knows that each person of a row has a contract and hours."""
    alike: dict[tuple, list[tuple[int, ...]]] = defaultdict(list)
    for people in outcomes(length, total):
        # One person more than the others may have a second contract in each row, or work ten hours more.
        for second in product((0, 1), repeat=length):
            made = table_of(people[:-1], people[-1], merge)
            *rows, unknown = map(with_second, (*made.rows, made.unknown), second)
            totals = (
                sum(row.hours for row in (*rows, unknown)),
                sum(row.contracts for row in (*rows, unknown)),
            )
            masked = mask(replace(made, rows=rows, unknown=unknown))
            alike[what_the_columns_say(masked, totals)].append(people)
    for seen, candidates in alike.items():
        for position in range(length):
            values = {people[position] for people in candidates}
            assert len(values) > 1 or not 0 < min(values) < 5, (seen, candidates[:3])


@given(
    people=st.lists(st.one_of(st.integers(0, 6), st.integers(0, 60)), min_size=1, max_size=8),
    unknown=st.integers(0, 8),
    merge=st.sampled_from(list(Merge)),
)
@settings(max_examples=300)
def test_what_is_subtracted_from_the_totals_is_never_a_small_row(people, unknown, merge):
    table = table_of(people, unknown, merge)
    masked = mask(table)
    if masked.withheld:
        return
    total = table.people
    assert sum(row.people for row in masked.rows) == total
    assert (
        sum((row.hours for row in masked.rows), Decimal(0))
        == sum(
            (row.hours for row in (*table.rows, table.unknown) if row.people or merge != Merge.OPEN),
            Decimal(0),
        )
        or merge == Merge.OPEN
    )
    shown = [row for row in masked.rows if row.key not in masked.hidden]
    assert all(row.people == 0 or row.people >= 5 for row in shown)
    missing = total - sum(row.people for row in shown)
    withheld = [row for row in masked.rows if row.key in masked.hidden]
    if withheld:
        assert len(withheld) >= 2 and missing >= 5 and missing > len(withheld)
    else:
        assert missing == 0
    assert masked.rows[-1].key == "unknown"


@given(st.integers(0, 9), st.integers(0, 9))
def test_a_total_below_ten_shows_no_status_at_all(one, other):
    masked = mask(table_of([one, other]))
    assert masked.withheld or one + other >= 10
