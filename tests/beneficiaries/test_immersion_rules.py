"""The limits of a PMSMP, against dates counted by hand, and properties that no dates escape."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beneficiaries.immersion_rules import (
    Contract,
    Immersion,
    check_immersion,
    days_of,
    last_day_of_month_from,
)

D = dt.date


def immersion(
    key: int, start: D, end: D, *, host: int = 1, purpose: str = "discover", **more: int
) -> Immersion:
    return Immersion(key, host, purpose, start, end, **more)


def rules(new: Immersion, *others: Immersion, during: Contract | None = None) -> list[str]:
    return [breach.rule for breach in check_immersion(new, others, during)]


@pytest.mark.parametrize(
    ("start", "last"),
    [
        (D(2026, 3, 3), D(2026, 4, 2)),
        (D(2026, 1, 1), D(2026, 1, 31)),
        (D(2026, 1, 31), D(2026, 2, 28)),
        (D(2028, 1, 30), D(2028, 2, 29)),
        (D(2026, 12, 15), D(2027, 1, 14)),
    ],
)
def test_a_month_from_date_to_date_ends_on_the_eve_of_the_same_day(start, last):
    assert last_day_of_month_from(start) == last
    assert rules(immersion(1, start, last)) == []
    (breach,) = check_immersion(immersion(1, start, last + dt.timedelta(days=3)), [])
    assert (breach.rule, breach.over, breach.allowed_until) == ("one_month", 3, last)


def test_the_sentence_says_what_is_over_by_how_much_and_until_when():
    (breach,) = check_immersion(immersion(1, D(2026, 3, 2), D(2026, 4, 10)), [])
    assert breach.sentence == (
        "La convention dépasse un mois de date à date de 9 jours : commencée le 02/03/2026, elle peut aller "
        "jusqu’au 01/04/2026."
    )


def test_an_agreement_is_renewed_once_for_the_same_object_in_the_same_host():
    first = immersion(1, D(2026, 3, 2), D(2026, 3, 27))
    second = immersion(2, D(2026, 3, 30), D(2026, 4, 24), renews=1)
    assert rules(second, first) == []
    assert rules(immersion(3, D(2026, 4, 27), D(2026, 5, 1), renews=2), first, second) == ["renewed_once"]
    assert rules(immersion(3, D(2026, 4, 27), D(2026, 5, 1), renews=1), first, second) == ["renewed_once"]
    assert rules(immersion(3, D(2026, 4, 27), D(2026, 5, 1), purpose="recruit", renews=1), first) == [
        "renewal_purpose"
    ]
    assert rules(immersion(3, D(2026, 4, 27), D(2026, 5, 1), host=2, renews=1), first) == ["renewal_host"]


def test_sixty_days_in_one_host_over_twelve_months():
    # 31 days (March) and 28 (6 April to 3 May): 59. One day is left.
    march = immersion(1, D(2026, 3, 1), D(2026, 3, 31))
    april = immersion(2, D(2026, 4, 6), D(2026, 5, 3), renews=1)
    assert rules(april, march) == []
    assert rules(immersion(3, D(2026, 9, 7), D(2026, 9, 7), purpose="recruit"), march, april) == []
    (breach,) = check_immersion(
        immersion(3, D(2026, 9, 7), D(2026, 9, 11), purpose="recruit"), [april, march]
    )
    assert (breach.rule, breach.over, breach.allowed_until) == ("host_days", 4, D(2026, 9, 7))
    assert "64 jours dans cette structure sur 12 mois : 4 jours de trop" in breach.sentence
    # Elsewhere, or a year later, nothing is over.
    assert rules(immersion(3, D(2026, 9, 7), D(2026, 9, 11), host=2), march, april) == []
    assert rules(immersion(3, D(2027, 5, 4), D(2027, 6, 3), purpose="recruit"), march, april) == []


def test_when_no_day_is_left_the_first_possible_one_is_said():
    march = immersion(1, D(2026, 3, 1), D(2026, 3, 31))
    april = immersion(2, D(2026, 4, 6), D(2026, 5, 4), renews=1)
    (breach,) = check_immersion(immersion(3, D(2026, 9, 7), D(2026, 9, 8), purpose="recruit"), [march, april])
    assert breach.allowed_until is None
    # On 28/02/2027 twelve months still hold 01/03/2026; from 01/03/2027 on one of its days is out.
    assert "à partir du 01/03/2027 au plus tôt" in breach.sentence


def test_two_agreements_in_one_host_over_twelve_months_renewals_aside():
    first = immersion(1, D(2026, 1, 5), D(2026, 1, 9))
    renewal = immersion(2, D(2026, 1, 12), D(2026, 1, 16), renews=1)
    second = immersion(3, D(2026, 3, 2), D(2026, 3, 6), purpose="confirm")
    third = immersion(4, D(2026, 6, 1), D(2026, 6, 5), purpose="recruit")
    assert rules(second, first, renewal) == []
    assert rules(third, first, renewal, second) == ["host_agreements"]
    assert rules(immersion(4, D(2027, 1, 5), D(2027, 1, 8), purpose="recruit"), first, renewal, second) == []


def test_a_second_agreement_in_one_host_has_another_object_unless_it_renews_the_first():
    # D5135-3: « sous réserve que ces conventions comportent des objets ou des objectifs différents ».
    first = immersion(1, D(2026, 1, 5), D(2026, 1, 16))
    (breach,) = check_immersion(immersion(2, D(2026, 3, 2), D(2026, 3, 13)), [first])
    assert breach.rule == "same_object" and "05/01/2026" in breach.sentence
    assert rules(immersion(2, D(2026, 3, 2), D(2026, 3, 13), purpose="confirm"), first) == []
    assert rules(immersion(2, D(2026, 3, 2), D(2026, 3, 13), renews=1), first) == []
    assert rules(immersion(2, D(2026, 3, 2), D(2026, 3, 13), host=2), first) == []
    # A renewal is no agreement of its own; a year later it is another period.
    renewal = immersion(3, D(2026, 2, 2), D(2026, 2, 13), renews=1)
    assert rules(renewal, first, immersion(2, D(2026, 3, 2), D(2026, 3, 13), purpose="confirm")) == []
    assert rules(immersion(2, D(2027, 1, 4), D(2027, 1, 15)), first) == ["same_object"]
    assert rules(immersion(2, D(2027, 1, 5), D(2027, 1, 15)), first) == []


def test_a_quarter_of_the_cddi_all_immersions_together():
    # 1 January to 30 April 2026: 120 days, so 30 days of immersion.
    cddi = Contract(50, D(2026, 1, 1), D(2026, 4, 30))
    former = immersion(1, D(2026, 1, 12), D(2026, 1, 31), host=2, during=50)
    assert rules(immersion(2, D(2026, 3, 2), D(2026, 3, 11), during=50), former, during=cddi) == []
    (breach,) = check_immersion(immersion(2, D(2026, 3, 2), D(2026, 3, 20), during=50), [former], cddi)
    assert (breach.rule, breach.over, breach.allowed_until) == ("contract_part", 9, D(2026, 3, 11))
    assert (
        "39 des 120 jours du CDDI : 9 jours de trop, la limite est de 25 %, soit 30 jours" in breach.sentence
    )
    assert rules(immersion(2, D(2026, 4, 20), D(2026, 5, 3), during=50), during=cddi) == ["outside_contract"]
    # Without its end, a CDDI has no quarter.
    assert rules(immersion(2, D(2026, 3, 2), D(2026, 4, 1)), during=Contract(50, D(2026, 1, 1), None)) == []


days = st.dates(D(2025, 1, 1), D(2027, 12, 31))


@st.composite
def immersions(draw, key: int) -> Immersion:
    start = draw(days)
    return Immersion(
        key,
        draw(st.integers(1, 2)),
        draw(st.sampled_from(["discover", "confirm", "recruit"])),
        start,
        start + dt.timedelta(days=draw(st.integers(0, 45))),
    )


paths = st.integers(0, 5).flatmap(lambda count: st.tuples(*(immersions(key) for key in range(2, count + 2))))


def ending(new: Immersion, end: D) -> Immersion:
    return Immersion(new.key, new.host, new.purpose, new.starts_on, end)


@given(immersions(1), paths)
def test_the_day_that_is_said_to_be_allowed_is_and_the_next_one_is_not(new, others):
    for breach in check_immersion(new, others):
        if breach.allowed_until is None:
            continue
        kept = {found.rule for found in check_immersion(ending(new, breach.allowed_until), others)}
        assert breach.rule not in kept
        one_more = breach.allowed_until + dt.timedelta(days=1)
        over = {found.rule for found in check_immersion(ending(new, one_more), others)}
        # Beyond a month, another limit says so.
        assert over & {breach.rule, "one_month"}


@given(immersions(1), paths, st.randoms())
def test_the_order_of_the_others_changes_nothing(new, others, random):
    shuffled = list(others)
    random.shuffle(shuffled)
    assert check_immersion(new, others) == check_immersion(new, shuffled)


@given(immersions(1), paths)
def test_what_is_within_a_month_and_sixty_days_altogether_passes_no_limit_of_days(new, others):
    here = [row for row in others if row.host == new.host]
    total = sum(days_of(row.starts_on, row.ends_on) for row in (new, *here))
    found = {breach.rule for breach in check_immersion(new, others)}
    assert "host_days" not in found or total > 60
    assert ("one_month" in found) == (new.ends_on > last_day_of_month_from(new.starts_on))
