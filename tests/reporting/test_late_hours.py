"""A closed year keeps its figures (domain rule 5): what comes later is printed once, in the bilan of the year after."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest

from beneficiaries.models import ClosedYear, HoursEntry
from beneficiaries.services.hours import close_year, correct_hours, validate_hours
from core.errors import DomainError
from reporting import indicators
from reporting.indicators import Facts
from reporting.scope import Period, Scope
from tests.factories import (
    BuyerFactory,
    CommitmentFactory,
    HoursEntryFactory,
    MarketFactory,
    UserFactory,
    eligible_assignment,
)
from tests.reporting.test_snapshot import block, cells, chapter, publish, snapshot_of

pytestmark = pytest.mark.django_db

MAY = dt.date(2024, 5, 1)


def on(day: dt.date) -> Any:
    """The tool on that day."""
    now = dt.datetime(day.year, day.month, day.day, 9, tzinfo=dt.UTC)
    return mock.patch("django.utils.timezone.now", return_value=now)


def close(year: int) -> None:
    with on(dt.date(year + 1, 2, 15)):
        close_year(year=year, user=UserFactory())


@pytest.fixture
def buyer() -> Any:
    return BuyerFactory()


@pytest.fixture
def commitment(buyer: Any) -> Any:
    return CommitmentFactory(
        market=MarketFactory(buyer=buyer, notified_on=dt.date(2024, 1, 5), starts_on=None), hours=1000
    )


@pytest.fixture
def entry(commitment: Any) -> HoursEntry:
    """40 hours of May 2024, validated in time; 2024 is closed since."""
    assignment = eligible_assignment(commitment=commitment, starts_on=MAY)
    found = HoursEntryFactory(assignment=assignment, month=MAY, hours=Decimal("40.00"), counted=True)
    close(2024)
    return found


def corrected(entry: HoursEntry, hours: str, day: dt.date) -> HoursEntry:
    with on(day):
        return correct_hours(
            entry=entry, hours=Decimal(hours), reason="Bulletin de paie.", user=UserFactory()
        )


def added(entry: HoursEntry, hours: str, day: dt.date) -> HoursEntry:
    """Another person, the same month, validated when the year is closed."""
    assignment = eligible_assignment(commitment=entry.assignment.commitment, starts_on=MAY)
    row = HoursEntryFactory(assignment=assignment, month=MAY, hours=Decimal(hours))
    with on(day):
        validate_hours(entries=[row], user=UserFactory())
    return row


def hours(buyer: Any, year: int) -> str:
    return snapshot_of(buyer, year)["figures"]["hours"]


def regularised(buyer: Any, year: int) -> list[list[str | None]]:
    return cells(snapshot_of(buyer, year), "regularisation")


def test_a_late_correction_leaves_the_year_as_published_and_is_a_difference_the_year_after(buyer, entry):
    publish(buyer, 2024, snapshot_of(buyer, 2024))
    corrected(entry, "30.00", dt.date(2025, 6, 1))
    snapshot = snapshot_of(buyer, 2025)
    assert hours(buyer, 2024) == "40.00"
    assert snapshot["previous"]["differences"] == []
    assert cells(snapshot, "regularisation") == [["2024", "-10.00"]]
    assert snapshot["figures"]["hours"] == "0.00" and snapshot["figures"]["hours_since_start"] == "30.00"


def test_hours_corrected_to_zero_late_keep_the_person_in_the_year(buyer, entry):
    publish(buyer, 2024, snapshot_of(buyer, 2024))
    corrected(entry, "0.00", dt.date(2025, 6, 1))
    snapshot = snapshot_of(buyer, 2025)
    assert snapshot["previous"]["differences"] == []
    assert cells(snapshot, "regularisation") == [["2024", "-40.00"]]


def test_hours_corrected_twice_late_are_printed_once_each(buyer, entry):
    first = corrected(entry, "55.00", dt.date(2025, 6, 1))
    close(2025)
    corrected(first, "50.00", dt.date(2026, 6, 1))
    assert hours(buyer, 2024) == "40.00"
    assert regularised(buyer, 2025) == [["2024", "15.00"]]
    assert regularised(buyer, 2026) == [["2024", "-5.00"]]


def test_hours_corrected_in_time_then_late_stand_as_they_were_when_the_year_was_closed(buyer, entry):
    ClosedYear.objects.filter(year=2024).delete()
    in_time = corrected(entry, "44.00", dt.date(2024, 7, 1))
    close(2024)
    corrected(in_time, "20.00", dt.date(2025, 6, 1))
    assert hours(buyer, 2024) == "44.00"
    assert regularised(buyer, 2025) == [["2024", "-24.00"]]


def test_late_hours_are_outside_their_year_and_in_the_rate(buyer, entry):
    added(entry, "25.00", dt.date(2025, 3, 1))
    snapshot = snapshot_of(buyer, 2025)
    assert hours(buyer, 2024) == "40.00" and snapshot["figures"]["hours"] == "0.00"
    assert cells(snapshot, "regularisation") == [["2024", "25.00"]]
    assert snapshot["figures"]["hours_since_start"] == "65.00" and snapshot["figures"]["rate"] == "0.0650"


def test_late_hours_corrected_late_are_printed_as_they_stand_then_as_a_difference(buyer, entry):
    row = added(entry, "25.00", dt.date(2025, 3, 1))
    close(2025)
    corrected(row, "20.00", dt.date(2026, 3, 1))
    assert regularised(buyer, 2025) == [["2024", "25.00"]]
    assert regularised(buyer, 2026) == [["2024", "-5.00"]]


def test_what_comes_after_the_closing_of_the_bilan_s_own_year_is_left_to_the_next_one(buyer, entry):
    close(2025)
    added(entry, "25.00", dt.date(2026, 6, 1))
    snapshot = snapshot_of(buyer, 2025)
    assert cells(snapshot, "regularisation") == []
    assert regularised(buyer, 2026) == [["2024", "25.00"]]
    note = next(
        item["note"]
        for item in block(snapshot, "rates_figures")["items"]
        if item["key"] == "hours_since_start"
    )
    assert note == "dont 25\u202fh validées ou corrigées après la clôture de 2025"


def test_a_person_of_late_hours_is_a_newcomer_of_the_year_that_first_counts_them(buyer, entry):
    row = added(entry, "25.00", dt.date(2025, 3, 1))
    HoursEntryFactory(assignment=row.assignment, month=dt.date(2025, 4, 1), counted=True)
    facts = Facts(Scope.of(buyer), Period((2024, 2025)))
    assert indicators.people(facts) == {2024: 1, 2025: 1}
    assert indicators.new_people(facts) == {2024: 1, 2025: 1}
    assert indicators.new_people(Facts(Scope.of(buyer), Period((2025,)))) == {2025: 1}


def test_a_bilan_of_the_first_year_has_nothing_to_regularise(buyer, commitment):
    snapshot = snapshot_of(buyer, 2024)
    assert cells(snapshot, "regularisation") == []
    assert "2023" not in block(snapshot, "regularisation")["empty"]
    assert chapter(snapshot, "hours")["answer"] == "Aucune heure d’insertion n’est comptée en 2024."


def test_years_are_closed_one_after_the_other_so_that_late_hours_are_printed_once(buyer, entry):
    HoursEntryFactory(assignment=entry.assignment, month=dt.date(2025, 5, 1), counted=True)
    with pytest.raises(DomainError, match="Clôturez d’abord l’année 2025"):
        close(2026)
    # Before the first closed year, from the nearest back.
    for year in (2022, 2023):
        HoursEntryFactory(assignment=entry.assignment, month=dt.date(year, 5, 1), counted=True)
    with pytest.raises(DomainError, match="Clôturez d’abord l’année 2023"):
        close(2022)
    for year in (2023, 2022, 2025, 2026):
        close(year)
    # A year without hours is no gap: nobody can close it.
    close(2029)
    assert ClosedYear.objects.is_closed(2029)
