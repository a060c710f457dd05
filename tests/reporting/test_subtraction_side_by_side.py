"""The territory's report, a buyer's bilan and those of its markets, read side by side, tell nobody's situation (rule 9).

People are made up, each with a line and with the bilans that they are in. The reader has every table, the number of
people of each bilan and of each pair of bilans, and takes one from another; what is possible is tried one by one.
"""

from __future__ import annotations

import datetime as dt
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from markets.enums import Reservation
from reporting.enums import BilanKind
from reporting.masking import OTHER, THRESHOLD, Masked, Merge, Row, Table, mask
from reporting.models import SentDraft
from reporting.services.drafts import (
    start_bilan,
    start_final_bilan,
    start_reserved_bilan,
    start_territory_bilan,
)
from reporting.services.publication import compute, freeze, readers_of
from reporting.services.workflow import review_bilan
from reporting.snapshot.beside import AllBuyers, Beside, mask_beside
from reporting.subtraction import Shown, lines_told, publics_told
from tests.factories import (
    BeneficiaryFactory,
    BuyerFactory,
    ClosedYearFactory,
    CommitmentFactory,
    CommuneFactory,
    HoursEntryFactory,
    LotFactory,
    MarketFactory,
    MarketPartyFactory,
    OperationFactory,
    eligible_assignment,
)

KEYS = ("a", "b", "c", "d")
numbers = st.lists(st.integers(0, 12), min_size=4, max_size=4)


def shown(people):
    return Shown(dict(zip(KEYS, people, strict=True)), sum(people))


def possible(first, second, only_first, only_second):
    """Every way in which the people of one table alone may be spread over its lines: tried one by one."""
    room = [min(a, b) for a, b in zip(first, second, strict=True)]
    least = [max(b - a, 0) for a, b in zip(first, second, strict=True)]

    def spread(left, index):
        if index == len(room):
            if left == 0:
                yield ()
            return
        for value in range(least[index], min(left, least[index] + room[index]) + 1):
            for rest in spread(left - value, index + 1):
                yield (value, *rest)

    for theirs in spread(only_second, 0):
        mine = tuple(a - b + y for a, b, y in zip(first, second, theirs, strict=True))
        if all(value >= 0 for value in mine) and sum(mine) == only_first:
            yield mine, theirs


@given(numbers, numbers, numbers)
def test_a_line_of_few_people_never_has_a_single_answer(both, mine, theirs):
    first = [a + b for a, b in zip(both, mine, strict=True)]
    second = [a + b for a, b in zip(both, theirs, strict=True)]
    told = lines_told(shown(first), shown(second), only_one=sum(mine), only_other=sum(theirs))
    safe = [index for index, key in enumerate(KEYS) if not any(key in lines for lines in told)]
    ways = list(possible(first, second, sum(mine), sum(theirs)))
    assert (tuple(mine), tuple(theirs)) in ways
    for index in safe:
        for side, answers in ((0, {way[0][index] for way in ways}), (1, {way[1][index] for way in ways})):
            assert len(answers) > 1 or not 0 < answers.pop() < THRESHOLD, (index, side)


@given(
    st.integers(0, 14),
    st.integers(0, 14),
    st.integers(0, 14),
    st.integers(0, 14),
    st.integers(0, 14),
    st.integers(0, 14),
)
def test_a_public_of_few_people_never_has_a_single_answer(both, both_no, mine, mine_no, theirs, theirs_no):
    first, second = both + mine, both + theirs
    one, other = Shown({"rsa": first}, 0), Shown({"rsa": second}, 0)
    only_one, only_other = mine + mine_no, theirs + theirs_no
    if publics_told(one, other, only_one=only_one, only_other=only_other) or not (only_one or only_other):
        return
    ways = [(x, y) for x in range(only_one + 1) for y in range(only_other + 1) if x - y == first - second]
    assert (mine, theirs) in ways
    for answers in ({x for x, _ in ways}, {y for _, y in ways}):
        assert len(answers) > 1 or not 0 < answers.pop() < THRESHOLD
    # Nor do those who are not of that public.
    for answers in ({only_one - x for x, _ in ways}, {only_other - y for _, y in ways}):
        assert len(answers) > 1 or not 0 < answers.pop() < THRESHOLD


# --- made-up populations ------------------------------------------------------------------------------------------

# In the territory's year or not, in the buyer's, in the other buyer's, in the market's (its year, or its whole life).
BILANS = ("territory", "buyer", "other", "market")
person = st.tuples(
    st.sampled_from(KEYS),
    st.sampled_from([
        ("territory", "buyer"), ("territory", "buyer"), ("territory", "other"), ("territory", "other"),
        ("territory", "buyer", "market"), ("territory", "buyer", "other"), ("market",), ("territory", "buyer", "other", "market"),
    ]),
)  # fmt: skip


def table_of(people, merge):
    rows = [Row(key, key, sum(line == key for line, _ in people)) for key in KEYS]
    return Table(
        "status", "Statut", rows, Row("unknown", "?", 0), merge, "Autres" if merge == Merge.OPEN else ""
    )


def block_of(masked: Masked):
    return {
        "rows": [
            {
                "key": row.key,
                "cells": {"people": None if row.key in masked.hidden else str(row.people)},
                "masked": ["people"] if row.key in masked.hidden else [],
            }
            for row in masked.rows
        ],
        "totals": {"people": str(sum(row.people for row in masked.rows))},
    }


def groups_of(masked: Masked):
    """The lines that a reader adds up: (their keys, their people)."""
    named = {part for row in masked.rows if row.key != OTHER for part in (row.parts or (row.key,))}
    rest = {*KEYS, "unknown"} - named
    found, hidden, left = [], set(), sum(row.people for row in masked.rows)
    for row in masked.rows:
        keys = rest if row.key == OTHER else set(row.parts or (row.key,))
        if row.key in masked.hidden:
            hidden |= keys
        else:
            found.append((keys, row.people))
            left -= row.people
    return [*found, *([(hidden, left)] if hidden else [])]


def read(groups, lines):
    """The people of these lines, where the table lets them be added."""
    if any(keys & lines and not keys <= lines for keys, _ in groups):
        return None
    return sum(people for keys, people in groups if keys <= lines)


@settings(max_examples=150)
@given(st.lists(person, min_size=20, max_size=90), st.permutations(BILANS), st.sampled_from(list(Merge)))
def test_whatever_comes_first_what_is_taken_from_another_is_nobody_s(people, order, merge):
    members = {name: {i for i, (_, there) in enumerate(people) if name in there} for name in BILANS}
    published: dict[str, Masked] = {}
    for name in order:
        mine = members[name]
        # The two buyers do not read each other's.
        others = [
            Beside(
                other,
                {"typology_status": block_of(found)},
                len(members[other] - mine),
                len(mine - members[other]),
            )
            for other, found in published.items()
            if {name, other} != {"buyer", "other"} and members[other] != mine and members[other] & mine
        ]
        masked = mask_beside(table_of([people[i] for i in sorted(mine)], merge), others)
        if not masked.withheld and not any(other.tells(masked) for other in others):
            published[name] = masked
    for one, two in combinations(published, 2):
        if {one, two} == {"buyer", "other"} or not members[one] & members[two]:
            continue
        first, second = groups_of(published[one]), groups_of(published[two])
        keys = {*KEYS, "unknown"}
        lines = [set(chosen) for size in range(1, 6) for chosen in combinations(sorted(keys), size)]
        common = [row for row in lines if read(first, row) is not None and read(second, row) is not None]
        finest = [row for row in common if not any(less < row for less in common)]
        a, b = [read(first, row) for row in finest], [read(second, row) for row in finest]
        only_one, only_two = len(members[one] - members[two]), len(members[two] - members[one])
        if only_one + only_two > 40 and only_one and only_two:
            continue  # Too many ways to try them all.
        ways = list(possible(a, b, only_one, only_two))
        assert ways
        for index in range(len(finest)):
            for side in (0, 1):
                answers = {way[side][index] for way in ways}
                assert len(answers) > 1 or not 0 < answers.pop() < THRESHOLD, (one, two, finest[index])


@settings(max_examples=100)
@given(st.lists(person, min_size=20, max_size=60), st.sampled_from(list(Merge)))
def test_three_bilans_one_in_another_tell_no_more_than_two(people, merge):
    """The market's people are the buyer's, which are the territory's: what is between two of them is all there is."""
    chain = {
        "market": {
            i for i, (_, there) in enumerate(people) if {"territory", "buyer", "market"} <= set(there)
        },
        "buyer": {i for i, (_, there) in enumerate(people) if {"territory", "buyer"} <= set(there)},
        "territory": {i for i, (_, there) in enumerate(people) if "territory" in there},
    }
    published: dict[str, Masked] = {}
    for name, mine in chain.items():
        others = [
            Beside(
                other,
                {"typology_status": block_of(found)},
                len(chain[other] - mine),
                len(mine - chain[other]),
            )
            for other, found in published.items()
            if chain[other] != mine and chain[other] & mine
        ]
        masked = mask_beside(table_of([people[i] for i in sorted(mine)], merge), others)
        if not masked.withheld and not any(other.tells(masked) for other in others):
            published[name] = masked
    for smaller, larger in pairwise([name for name in chain if name in published]):
        between = [people[i][0] for i in chain[larger] - chain[smaller]]
        if chain[smaller] == chain[larger] or not chain[smaller]:
            continue
        first, second = groups_of(published[larger]), groups_of(published[smaller])
        for size in range(1, 6):
            for chosen in combinations((*KEYS, "unknown"), size):
                whole, part = read(first, set(chosen)), read(second, set(chosen))
                if whole is not None and part is not None:
                    assert whole - part == sum(line in chosen for line in between)
                    assert not 0 < whole - part < THRESHOLD


@settings(max_examples=100)
@given(st.lists(person, min_size=20, max_size=80), st.sampled_from([Merge.OPEN, Merge.ORDERED]))
def test_all_the_buyers_added_leave_nobody_alone_in_the_territory(people, merge):
    people = [(line, there) for line, there in people if "territory" in there]
    sets = [{i for i, (_, there) in enumerate(people) if name in there} for name in ("buyer", "other")]
    tables = [mask(table_of([people[i] for i in sorted(mine)], merge)) for mine in sets]
    if any(table.withheld for table in tables):
        return
    every = set(range(len(people)))
    again = len(sets[0] & sets[1])
    added = AllBuyers(
        "tous",
        [{"typology_status": block_of(table)} for table in tables],
        len(every - sets[0] - sets[1]),
        again,
    )
    masked = mask_beside(table_of(people, merge), [added])
    if masked.withheld or added.tells(masked):
        return
    groups = [groups_of(table) for table in (masked, *tables)]
    for size in range(1, 6):
        for chosen in combinations((*KEYS, "unknown"), size):
            whole, *parts = (read(found, set(chosen)) for found in groups)
            if whole is not None and None not in parts:
                # Everyone is in one or two of them: the sum has those of both once more.
                assert not 0 < sum(parts) - whole < THRESHOLD


# --- published ----------------------------------------------------------------------------------------------------


def work(commitment, people, month=dt.date(2025, 4, 1), **who):
    for _ in range(people):
        person = BeneficiaryFactory(**who)
        assignment = eligible_assignment(commitment=commitment, beneficiary=person)
        HoursEntryFactory(assignment=assignment, month=month, hours=100, counted=True)


def commitment_of(buyer, **kwargs):
    return CommitmentFactory(lot=LotFactory(market=MarketFactory(buyer=buyer, **kwargs)), hours=1000)


def publish(bilan):
    return freeze(bilan=review_bilan(bilan=bilan, user=None), user=None).snapshot


def tables(snapshot):
    return {b["key"]: b for c in snapshot["chapters"] for b in c["blocks"] if b["type"] == "table"}


def communes(snapshot):
    rows = tables(snapshot)["typology_residence"]["rows"]
    return {row["cells"]["label"]: row["cells"]["people"] for row in rows}


@pytest.fixture
def two_buyers(db):
    """14 and 20 people of Oullins, 12 and 13 of Bron; of Givors 9 of the first buyer and 2 of the second."""
    one, two = BuyerFactory(name="Une"), BuyerFactory(name="Deux")
    mine, theirs = commitment_of(one), commitment_of(two)
    for label, first, second in (("Oullins", 14, 20), ("Bron", 12, 13), ("Givors", 9, 2)):
        commune = CommuneFactory(label=label)
        work(mine, first, commune=commune)
        work(theirs, second, commune=commune)
    ClosedYearFactory(year=2025)
    return one, two


def test_the_territory_puts_together_the_communes_that_a_buyer_s_bilan_would_tell(two_buyers):
    one, _ = two_buyers
    assert communes(publish(start_bilan(buyer=one, year=2025, user=None)))["Givors"] == "9"
    found = publish(start_territory_bilan(year=2025, user=None))
    # 11 − 9 people of Givors would be two of the other buyer's; with them, those of Bron: 36 − 21.
    assert communes(found)["Autres communes"] not in ("11", None) or "Givors" not in communes(found)
    assert "Givors" not in communes(found)
    assert any("pour qu’un autre bilan" in note for note in tables(found)["typology_residence"]["notes"])


def test_published_after_the_territory_a_buyer_puts_them_together_itself(two_buyers):
    one, _ = two_buyers
    assert communes(publish(start_territory_bilan(year=2025, user=None)))["Givors"] == "11"
    own = publish(start_bilan(buyer=one, year=2025, user=None))
    assert "Givors" not in (communes(own) if "typology_residence" in tables(own) else {})


def test_a_house_of_one_buyer_reads_the_same_twice(db):
    buyer = BuyerFactory()
    work(commitment_of(buyer), 20, gender="F")
    ClosedYearFactory(year=2025)
    first, second = (
        start_bilan(buyer=buyer, year=2025, user=None),
        start_territory_bilan(year=2025, user=None),
    )
    assert "typology_gender" in tables(publish(first)).keys() & tables(publish(second)).keys()


def test_a_small_second_buyer_is_not_what_is_left_of_the_territory(db):
    one, two = BuyerFactory(), BuyerFactory()
    work(commitment_of(one), 20, gender="F")
    work(commitment_of(two), 7, gender="M")
    ClosedYearFactory(year=2025)
    publish(start_bilan(buyer=one, year=2025, user=None))
    found = publish(start_territory_bilan(year=2025, user=None))
    assert not {key for key in tables(found) if key.startswith("typology_")}


def test_lives_that_are_not_in_the_year_are_read_beside_it_too(db):
    """Eleven of the market's people worked in 2025 and one in 2024 only: 2025 has no man, that one is he."""
    buyer = BuyerFactory()
    market = MarketFactory(buyer=buyer, closed=True)
    commitment = CommitmentFactory(lot=LotFactory(market=market), hours=1000)
    work(commitment, 11, gender="F")
    work(commitment, 1, gender="M", month=dt.date(2024, 11, 1))
    work(commitment_of(buyer), 30, gender="F")
    ClosedYearFactory(year=2025)
    year = tables(publish(start_bilan(buyer=buyer, year=2025, user=None)))
    assert "typology_gender" in year
    life = publish(start_final_bilan(market=market, user=None))
    assert "typology_gender" not in tables(life)


def test_a_projet_transmis_was_read_already(db):
    buyer = BuyerFactory()
    commitment = commitment_of(buyer)
    work(commitment, 20, gender="F")
    ClosedYearFactory(year=2025)
    bilan = start_bilan(buyer=buyer, year=2025, user=None)
    now = dt.datetime(2026, 2, 2, tzinfo=dt.UTC)
    SentDraft.objects.create(
        bilan=bilan, number=1, snapshot=compute(bilan, now=now), comments_until=dt.date(2026, 3, 1)
    )
    # One more person since: beside the projet, the published table would tell who.
    work(commitment, 1, gender="M")
    found = publish(bilan)
    assert "typology_gender" not in tables(found)
    (said,) = [b for c in found["chapters"] for b in c["blocks"] if b["key"] == "typology_told"]
    assert "projet 1 transmis le" in said["paragraphs"][0]


def test_a_projet_transmis_of_another_bilan_is_read_beside_it(two_buyers):
    one, _ = two_buyers
    bilan = start_bilan(buyer=one, year=2025, user=None)
    now = dt.datetime(2026, 2, 2, tzinfo=dt.UTC)
    SentDraft.objects.create(
        bilan=bilan, number=1, snapshot=compute(bilan, now=now), comments_until=dt.date(2026, 3, 1)
    )
    assert "Givors" not in communes(publish(start_territory_bilan(year=2025, user=None)))


def test_a_projet_transmis_is_read_beside_the_others_once_its_bilan_is_published_too(two_buyers):
    one, _ = two_buyers
    bilan = start_bilan(buyer=one, year=2025, user=None)
    now = dt.datetime(2026, 2, 2, tzinfo=dt.UTC)
    SentDraft.objects.create(
        bilan=bilan, number=1, snapshot=compute(bilan, now=now), comments_until=dt.date(2026, 3, 1)
    )
    # One more person since: the published bilan has no table of communes, the projet keeps its own.
    market = one.markets.get()
    commitment = market.commitments.get()
    work(commitment, 1, commune=CommuneFactory(label="Vénissieux"))
    assert "typology_residence" not in tables(publish(bilan))
    found = tables(publish(start_territory_bilan(year=2025, user=None)))
    assert "typology_residence" not in found or "Givors" not in {
        row["cells"]["label"] for row in found["typology_residence"]["rows"]
    }


def test_the_year_of_a_reserved_market_has_no_typology_and_its_situations_are_read_beside(db):
    buyer = BuyerFactory()
    market = MarketFactory(buyer=buyer)
    lot = LotFactory(market=market, reservation=Reservation.SIAE)
    work(CommitmentFactory(lot=lot, hours=1000), 20)
    work(commitment_of(buyer), 3)
    ClosedYearFactory(year=2025)
    reserved = publish(start_reserved_bilan(market=market, year=2025, user=None))
    assert reserved["kind"] == BilanKind.RESERVED
    assert not {key for key in tables(reserved) if key.startswith("typology_")}
    # The buyer's year of 23 less these 20 would be three people's situations.
    year = tables(publish(start_bilan(buyer=buyer, year=2025, user=None)))
    assert not {"outcomes_situations"} & year.keys() & tables(reserved).keys()


def test_what_is_published_waits_for_what_the_same_buyers_read(db):
    """Each publication holds its readers: two bilans of one reader are never computed without seeing each other."""
    lead, member, other = BuyerFactory(), BuyerFactory(), BuyerFactory()
    operation = OperationFactory(buyer=lead)
    market = MarketFactory(buyer=lead, closed=True, operation=operation)
    MarketPartyFactory(market=market, buyer=member)
    MarketFactory(buyer=other, closed=True, operation=operation)
    readers = {
        "year": readers_of(start_bilan(buyer=member, year=2025, user=None)),
        "market": readers_of(start_final_bilan(market=market, user=None)),
        "operation": readers_of(start_final_bilan(operation=operation, user=None)),
    }
    assert readers == {
        "year": {member.pk},
        "market": {lead.pk, member.pk},
        "operation": {lead.pk, member.pk, other.pk},
    }
