"""Contracts that follow each other, and what a contract asks of its employer: by hand."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beneficiaries.chains import Link, chains_of
from beneficiaries.placement_checks import kind_warnings

D = dt.date


def keys(links: list[Link], gap: int = 30) -> list[list[int]]:
    return [[link.key for link in chain.links] for chain in chains_of(links, gap)[0]]


def test_three_contracts_with_short_gaps_are_one_chain():
    links = [
        Link(1, 7, D(2026, 1, 5), D(2026, 1, 30)),
        Link(2, 7, D(2026, 2, 2), D(2026, 2, 27), previous=1),
        Link(3, 7, D(2026, 3, 30), None),
    ]
    chains, breaks = chains_of(links, 30)
    assert keys(links) == [[1, 2, 3]]
    assert (chains[0].starts_on, chains[0].ends_on, breaks) == (D(2026, 1, 5), None, [])


@pytest.mark.parametrize(("start", "is_one"), [(D(2026, 3, 2), True), (D(2026, 3, 3), False)])
def test_a_chain_breaks_beyond_the_gap_even_between_contracts_said_to_follow(start, is_one):
    # From 30 January to 2 March lie 30 days without contract (31 January to 1 March).
    links = [Link(1, 7, D(2026, 1, 5), D(2026, 1, 30)), Link(2, 7, start, None, previous=1)]
    _, breaks = chains_of(links, 30)
    assert keys(links) == ([[1, 2]] if is_one else [[1], [2]])
    assert [found.days for found in breaks] == ([] if is_one else [31])


def test_two_employers_make_two_chains_and_missions_may_overlap():
    links = [
        Link(1, 7, D(2026, 1, 5), D(2026, 3, 30)),
        Link(2, 8, D(2026, 1, 12), D(2026, 1, 16)),
        Link(3, 7, D(2026, 2, 2), D(2026, 2, 27)),
        Link(4, 7, D(2026, 4, 1), D(2026, 4, 3)),
    ]
    assert sorted(keys(links)) == [[1, 3, 4], [2]]


@given(
    st.lists(
        st.tuples(st.integers(1, 2), st.dates(D(2026, 1, 1), D(2026, 12, 31)), st.integers(0, 60)), max_size=7
    ),
    st.randoms(),
)
def test_each_contract_is_in_one_chain_whatever_the_order(rows, random):
    links = [
        Link(rank, employer, start, start + dt.timedelta(days=length))
        for rank, (employer, start, length) in enumerate(rows, start=1)
    ]
    shuffled = links[:]
    random.shuffle(shuffled)
    assert keys(links) == keys(shuffled)
    assert sorted(key for chain in keys(links) for key in chain) == [link.key for link in links]


def warnings(modality: str, kinds: set[str], contract: str = "") -> list[str]:
    return kind_warnings(
        modality=modality,
        modality_label=modality,
        contract_code=contract,
        contract_label=contract,
        kinds=kinds,
        employer="Tremplin",
        day=D(2026, 3, 2),
    )


@pytest.mark.parametrize(
    ("modality", "kinds"),
    [
        ("ETTI", {"ETTI"}),
        ("AI", {"AI", "ACI"}),
        ("GEIQ", {"GEIQ"}),
        ("ETT", {"ETT"}),
        ("adapted", {"EATT"}),
        ("regie", {"REGIE"}),
        ("siae_contract", {"EI"}),
        ("direct", set()),
        ("direct", {"ordinary"}),
        ("direct", {"EI", "ETTI"}),
    ],
)
def test_a_modality_that_agrees_with_its_employer_is_not_warned_of(modality, kinds):
    assert warnings(modality, kinds) == []


@pytest.mark.parametrize("modality", ["ETTI", "AI", "GEIQ", "ETT", "adapted", "regie", "siae_contract"])
def test_a_modality_of_another_kind_of_employer_is_warned_of_with_the_day(modality):
    (sentence,) = warnings(modality, {"ordinary"})
    assert "Tremplin est entreprise ordinaire au 02/03/2026" in sentence
    assert len(warnings(modality, set())) == 1


def test_contract_types_have_their_employers_and_a_direct_hire_by_a_lender_is_said():
    assert "EATT, ETT ou ETTI" in warnings("direct", {"EI"}, "ctt")[0]
    assert warnings("ETTI", {"ETTI"}, "ctt") == []
    assert warnings("direct", {"ACI"}, "cddi") == []
    assert "d’ordinaire mis à disposition" in warnings("direct", {"ETTI"})[0]
