"""Two validators and an importer at the same moment on the same people and months, on PostgreSQL: nothing is lost."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection

from beneficiaries.enums import EntrySource, EntryState, ImportState
from beneficiaries.models import DataImport, HoursEntry
from beneficiaries.services.counting import recount_people
from beneficiaries.services.hours import Cell, save_cells, validate_hours
from beneficiaries.services.import_endings import take_back_import
from beneficiaries.services.imports import check_import, load_import, receive_import, recount_import
from tests.factories import HoursEntryFactory, UserFactory, eligible_assignment
from tests.services.test_races import together

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
PEOPLE = 12
MARCH, APRIL = dt.date(2025, 3, 1), dt.date(2025, 4, 1)


def team() -> list:
    """Twelve people of one employer, each with 100 h typed in March."""
    first = eligible_assignment()
    employer = first.placement.employer
    rows = [first, *(eligible_assignment(employer=employer) for _ in range(PEOPLE - 1))]
    for assignment in rows:
        HoursEntryFactory(assignment=assignment, month=MARCH, hours=Decimal(100), state=EntryState.SUBMITTED)
    recount_people([row.placement.beneficiary_id for row in rows], user=None, reason="préparation")
    return rows


def file_of(rows: list, *, march: int = 110) -> DataImport:
    """A file that gives each of them other hours in March, which an import gave before, and 80 h in April."""
    HoursEntry.objects.filter(month=MARCH).update(source=EntrySource.IMPORT)
    lines = ["Nom;Prénom;Né le;Mois;Heures"]
    for assignment in reversed(rows):
        person = assignment.placement.beneficiary
        for month, hours in (("03/2025", march), ("04/2025", 80)):
            lines.append(
                f"{person.last_name};{person.first_name};{person.birth_date:%d/%m/%Y};{month};{hours}"
            )
    row = receive_import(
        kind="hours", name="heures.csv", content="\n".join(lines).encode(), user=None,
        company=rows[0].placement.employer,
    )  # fmt: skip
    check_import(row, user=None)
    return row


def sums() -> dict[tuple[str, str], tuple[int, Decimal, Decimal]]:
    """By month and state: rows, hours and counted hours, by SQL written by hand."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_char(month, 'MM'), state, count(*), sum(hours), sum(counted_hours) "
            "FROM beneficiaries_hoursentry WHERE NOT is_superseded GROUP BY 1, 2"
        )
        return {
            (month, state): (count, hours, counted)
            for month, state, count, hours, counted in cursor.fetchall()
        }


def test_two_validators_and_an_importer_at_once_lose_nothing() -> None:
    assert connection.vendor == "postgresql"
    rows = team()
    row = file_of(rows)
    users = [UserFactory(), UserFactory()]
    march = list(HoursEntry.objects.filter(month=MARCH).order_by("pk"))
    reports = []

    def validate(rank: int) -> None:
        half = march if rank == 0 else list(reversed(march))
        reports.append(validate_hours(entries=half, user=users[rank]))

    def load() -> None:
        recount_import(row, load_import(row, user=None), user=None)

    answers = together(lambda: validate(0), lambda: validate(1), load)
    assert answers == ["fait", "fait", "fait"]
    found = sums()
    # Every person has one entry in March, validated once, and one in April, waiting.
    assert {key: value[0] for key, value in found.items()} == {
        ("03", "validated"): PEOPLE,
        ("04", "submitted"): PEOPLE,
    }
    assert sum(len(report.validated) for report in reports) == PEOPLE
    # Whoever came first, March is whole: 100 h kept where it was validated, 110 h where the file came before.
    hours = dict(HoursEntry.objects.filter(month=MARCH).values_list("pk", "hours"))
    assert set(hours.values()) <= {Decimal("100.00"), Decimal("110.00")} and len(hours) == PEOPLE
    assert found["03", "validated"][1] == sum(hours.values())
    assert found["04", "submitted"][1] == Decimal(80 * PEOPLE)
    # What was counted is what the rules say of what stands.
    assert found["03", "validated"][2] == found["03", "validated"][1]
    people = [assignment.placement.beneficiary_id for assignment in rows]
    assert recount_people(people, user=None, reason="vérification").changed == []
    row.refresh_from_db()
    assert row.state == ImportState.LOADED


def test_an_import_loaded_twice_at_once_writes_once() -> None:
    row = file_of(team())
    answers = together(*[lambda: load_import(row, user=None)] * 3)
    assert answers.count("fait") == 1
    assert sum("déjà chargé" in answer for answer in answers) == 2
    assert HoursEntry.objects.filter(month=APRIL).count() == PEOPLE


def test_the_grid_and_an_importer_at_once_leave_one_entry_a_month() -> None:
    rows = team()
    row = file_of(rows)
    user = UserFactory()

    def type_in() -> None:
        save_cells([Cell(assignment, APRIL, "work", Decimal(70), 0) for assignment in rows], user=user)

    assert together(type_in, lambda: load_import(row, user=None)) == ["fait", "fait"]
    april = list(HoursEntry.objects.filter(month=APRIL).values_list("hours", flat=True))
    assert len(april) == PEOPLE and set(april) in ({Decimal("70.00")}, {Decimal("80.00")})


def test_a_validation_and_a_take_back_at_once_leave_the_whole_or_nothing() -> None:
    rows = team()
    row = file_of(rows)
    load_import(row, user=None)
    april = list(HoursEntry.objects.filter(month=APRIL).order_by("-pk"))
    user = UserFactory()
    answers = together(
        lambda: validate_hours(entries=april, user=user), lambda: take_back_import(row, user=None)
    )
    left = HoursEntry.objects.filter(month=APRIL).count()
    assert (answers[1] == "fait", left) in ((True, 0), (False, PEOPLE))
