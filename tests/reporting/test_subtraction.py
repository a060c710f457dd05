"""A buyer that takes one published bilan from another does not learn who a few people are (domain rule 9)."""

from __future__ import annotations

import datetime as dt
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.masking import OTHER, Merge, Row, Table, mask
from reporting.services.drafts import start_bilan, start_final_bilan
from reporting.services.publication import freeze
from reporting.services.workflow import review_bilan
from reporting.subtraction import Shown, tells, tells_of_publics
from tests.factories import (
    BeneficiaryFactory,
    BuyerFactory,
    ClosedYearFactory,
    CommitmentFactory,
    HoursEntryFactory,
    LotFactory,
    MarketFactory,
    MarketPartyFactory,
    OperationFactory,
    eligible_assignment,
)


def shown(total, **people):
    return Shown(people, total)


def test_fewer_people_than_the_threshold_in_between_are_told():
    # 11 women less 9 are two women, whatever the eight men more.
    assert tells(shown(31, F=11, M=20), shown(21, F=9, M=12), beyond=10)
    assert not tells(shown(31, F=14, M=17), shown(21, F=9, M=12), beyond=10)
    # Nobody in between, or nobody of that line.
    assert not tells(shown(21, F=9, M=12), shown(21, F=9, M=12), beyond=0)
    assert not tells(shown(31, F=9, M=22), shown(21, F=9, M=12), beyond=10)


def test_a_table_of_fewer_than_ten_people_is_told_by_none():
    assert tells(shown(28, F=14, M=14), shown(21, F=7, M=14), beyond=7)


def test_lines_put_together_are_compared_as_they_were():
    larger, smaller = Shown({"0": 10, "26": 9, "40": 11}, 30), Shown({"0+26": 8, "40": 7}, 15)
    assert tells(larger, smaller, beyond=15)  # 11 − 7 = 4
    assert not tells(larger, Shown({"0+26": 8, "40": 6}, 14), beyond=16)  # 11 and 5
    # A line withheld in one is read with all those withheld in the other.
    assert tells(Shown({"a": 12, "b": None, "c": None}, 20), Shown({"a": 9, "b": 0, "c": 0}, 9), beyond=11)
    assert not tells(
        Shown({"a": 12, "b": None, "c": None}, 20), Shown({"a": 5, "b": 0, "c": 0}, 5), beyond=15
    )


def test_the_others_are_whatever_is_not_named():
    larger = Shown({"oullins": 12, "bron": 6, OTHER: 10}, 28)
    # Bron and the others were 16 and are 7 of those; Oullins 12 − 7 = 5.
    assert not tells(larger, Shown({"oullins": 7, OTHER: 7}, 14), beyond=14)
    assert tells(larger, Shown({"oullins": 5, OTHER: 13}, 18), beyond=10)  # 16 − 13 = 3


def test_publics_are_taken_one_by_one():
    assert tells_of_publics(shown(0, rsa=12, qpv=9), shown(0, rsa=9, qpv=4), beyond=12)
    assert not tells_of_publics(shown(0, rsa=12, qpv=9), shown(0, rsa=6, qpv=4), beyond=12)
    # All but two of those in between: the two are told.
    assert tells_of_publics(shown(0, rsa=16), shown(0, rsa=6), beyond=12)


KEYS = ["0", "26", "40", "50"]
counts = st.lists(st.integers(0, 14), min_size=4, max_size=4)


@given(counts, counts, st.sampled_from(list(Merge)))
def test_what_is_not_told_leaves_no_small_line_to_someone_who_adds_and_takes_away(inside, between, merge):
    def published(numbers):
        rows = [Row(key, key, people) for key, people in zip(KEYS, numbers, strict=True)]
        other = "Autres" if merge == Merge.OPEN else ""
        masked = mask(Table("status", "Statut", rows, Row("unknown", "?", 0), merge, other))
        if masked.withheld:
            return None
        return Shown(
            {row.key: None if row.key in masked.hidden else row.people for row in masked.rows}, sum(numbers)
        )

    larger = published([a + b for a, b in zip(inside, between, strict=True)])
    smaller = published(inside)
    if larger is None or smaller is None or tells(larger, smaller, beyond=sum(between)):
        return

    def read(table, lines):
        """The people of these lines where the table lets them be added, else nothing."""
        numbers = dict(zip(KEYS, inside if table is smaller else map(sum, zip(inside, between, strict=True)), strict=True))  # fmt: skip
        hidden = {part for key, people in table.people.items() if people is None for part in key.split("+")}
        named = {part for key in table.people if key != OTHER for part in key.split("+")}
        groups = [
            set(key.split("+")) for key, people in table.people.items() if people is not None and key != OTHER
        ]
        if OTHER in table.people:
            rest = set(KEYS) - named
            if table.people[OTHER] is None:
                hidden = (hidden - {OTHER}) | rest
            else:
                groups.append(rest)
        groups.append(hidden)
        if any(group & lines and not (group & set(KEYS)) <= lines for group in groups):
            return None
        return sum(numbers[key] for key in lines)

    for size in range(1, 5):
        for chosen in combinations(KEYS, size):
            whole, part = read(larger, set(chosen)), read(smaller, set(chosen))
            if whole is not None and part is not None:
                assert not 0 < whole - part < 5


# --- Published ------------------------------------------------------------------------------------------------


def work(commitment, women, men, month=dt.date(2025, 4, 1)):
    for gender, number in (("F", women), ("M", men)):
        for _ in range(number):
            person = BeneficiaryFactory(gender=gender)
            assignment = eligible_assignment(commitment=commitment, beneficiary=person)
            HoursEntryFactory(assignment=assignment, month=month, hours=100, counted=True)


def market_of(buyer, women, men, **kwargs):
    market = MarketFactory(buyer=buyer, closed=True, **kwargs)
    work(CommitmentFactory(lot=LotFactory(market=market), hours=1000), women, men)
    return market


def publish(bilan):
    return freeze(bilan=review_bilan(bilan=bilan, user=None), user=None).snapshot


def keys(snapshot):
    return {block["key"] for chapter in snapshot["chapters"] for block in chapter["blocks"]}


def final(**subject):
    return publish(start_final_bilan(user=None, **subject))


def annual(buyer):
    return publish(start_bilan(buyer=buyer, year=2025, user=None))


TYPOLOGY = {"typology_gender", "typology_age", "typology_status", "publics"}


@pytest.mark.django_db
def test_the_year_less_the_final_bilan_of_a_market_tells_nobody():
    # 21 people on the market that ends, 5 on the other: the year of 26 less the 21 would tell 2 women and 3 men.
    buyer = BuyerFactory()
    market = market_of(buyer, women=9, men=12, reference="FINI")
    market_of(buyer, women=2, men=3)
    ClosedYearFactory(year=2025)
    year = annual(buyer)
    assert "typology_gender" in keys(year)
    life = final(market=market)
    assert not keys(life) & TYPOLOGY and life["figures"]["people"] == "21"
    (said,) = [b for c in life["chapters"] for b in c["blocks"] if b["key"] == "typology_subtracted"]
    assert "par soustraction" in said["paragraphs"][0] and "Bilan 2025" in said["paragraphs"][0]


@pytest.mark.django_db
def test_the_bilan_that_comes_second_withholds_whichever_it_is_and_for_each_buyer_of_the_market():
    leader, member = BuyerFactory(), BuyerFactory()
    market = market_of(leader, women=9, men=12)
    MarketPartyFactory(market=market, buyer=member, share=40)
    market_of(leader, women=20, men=20)
    market_of(member, women=1, men=30)
    ClosedYearFactory(year=2025)
    assert "typology_gender" in keys(final(market=market))
    # 29 − 9 women and 32 − 12 men: enough people in between.
    assert "typology_gender" in keys(annual(leader))
    # 10 − 9 women: one.
    assert "typology_gender" not in keys(annual(member))


@pytest.mark.django_db
def test_an_operation_less_its_market_tells_nobody():
    buyer = BuyerFactory()
    operation = OperationFactory(buyer=buyer, closed_on=dt.date(2026, 6, 30))
    market = market_of(buyer, women=9, men=12, operation=operation)
    market_of(buyer, women=2, men=3, operation=operation)
    assert "typology_gender" in keys(final(market=market))
    assert not keys(final(operation=operation)) & TYPOLOGY


@pytest.mark.django_db
def test_the_same_people_may_be_read_twice():
    buyer = BuyerFactory()
    market = market_of(buyer, women=9, men=12)
    ClosedYearFactory(year=2025)
    assert "typology_gender" in keys(annual(buyer)) & keys(final(market=market))
