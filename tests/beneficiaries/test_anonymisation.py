"""Anonymised in place: nothing says any more who the person was, and the facts stay what they were."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from beneficiaries.models import (
    Beneficiary,
    EligibilityReview,
    HeldCriterion,
    HoursEntry,
    ProofFile,
    RetentionRun,
)
from beneficiaries.person_data import as_json, data_of
from beneficiaries.services.anonymisation import anonymise_person, known_names, take_names_out
from beneficiaries.services.merging import merge_people
from beneficiaries.services.retention import apply_rules
from core.errors import DomainError
from core.files import read_file
from core.models import StoredFile
from markets.models import Task
from tests.beneficiaries.privacy_people import FIRST, LAST, MARKS, make_known_person, places_of
from tests.factories import BeneficiaryFactory, EligibilityReviewFactory, InteractionFactory

pytestmark = pytest.mark.django_db

PARTS = ("archived", "proofs_erased", "anonymised", "files")


def run_rules(by: Any, today: dt.date | None = None) -> RetentionRun:
    run = RetentionRun.objects.create(made_by=by)
    return apply_rules(run=run, parts=PARTS, today=today or timezone.localdate())


def go_through(person: Any, by: Any) -> None:
    """Three runs: the archive, the proofs, the anonymisation."""
    for _ in range(3):
        run_rules(by)
    person.refresh_from_db()


def test_nothing_of_the_name_is_left_in_the_whole_database_nor_in_the_files(cast: Any) -> None:
    person = make_known_person(cast=cast)
    assert len(places_of(*MARKS)) > 30

    go_through(person, cast.admin)

    assert person.anonymised_on == timezone.localdate()
    assert str(person) == f"Personne anonymisée n°\u202f{person.pk}"
    assert places_of(*MARKS) == []
    contents = [
        read_file(stored).decode("utf-8", "replace")
        for stored in StoredFile.objects.filter(content_type="text/csv")
    ]
    assert not any(LAST in content or FIRST in content for content in contents)


def test_a_run_takes_one_step_and_each_is_told_without_a_name(cast: Any) -> None:
    person = make_known_person(cast=cast)
    today = timezone.localdate()

    first = run_rules(cast.admin)
    person.refresh_from_db()
    assert (person.archived_on, person.proofs_erased_on, person.anonymised_on) == (today, None, None)
    assert first.details == [{"person": person.pk, "step": "archived"}]

    second = run_rules(cast.admin)
    person.refresh_from_db()
    assert (person.proofs_erased_on, person.anonymised_on) == (today, None)
    assert second.counts["proofs_erased"] == 1
    proof = ProofFile.objects.get()
    assert (proof.stored, proof.erased_on) == (None, today)

    third = run_rules(cast.admin)
    assert third.counts["anonymised"] == 1
    assert read_file(third.report)[:2] == b"PK"
    assert run_rules(cast.admin).details == []


def test_the_facts_stay_and_what_stands_for_the_person_is_still_one_person(cast: Any) -> None:
    person = make_known_person(cast=cast)
    before = list(
        HoursEntry.objects.order_by("pk").values("month", "hours", "counted_hours", "assignment", "state")
    )
    reviews = list(
        EligibilityReview.objects.order_by("pk").values("decision", "decided_on", "entry_age", "entry_gender")
    )
    held = list(HeldCriterion.objects.order_by("pk").values("criterion", "review", "proof_date"))

    go_through(person, cast.admin)

    assert before == list(
        HoursEntry.objects.order_by("pk").values("month", "hours", "counted_hours", "assignment", "state")
    )
    assert reviews == list(
        EligibilityReview.objects.order_by("pk").values("decision", "decided_on", "entry_age", "entry_gender")
    )
    assert held == list(HeldCriterion.objects.order_by("pk").values("criterion", "review", "proof_date"))
    assert set(EligibilityReview.objects.values_list("refusal_reason", flat=True)) == {"", "(effacé)"}
    assert Task.objects.get(key="privacy:task").done_on == timezone.localdate()
    assert "Ana" in str(list(connection_rows("SELECT answer FROM markets_apianswer")))


def connection_rows(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def refused(sql: str) -> str:
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    return str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE beneficiaries_eligibilityreview SET note = 'autre chose'",
        "UPDATE beneficiaries_eligibilityreview SET entry_age = 12",
        "UPDATE beneficiaries_eligibilityreview SET decision = 'refused'",
        "UPDATE beneficiaries_heldcriterion SET proof_label = 'autre chose'",
        "UPDATE beneficiaries_heldcriterion SET criterion_id = 'rqth'",
        "UPDATE beneficiaries_hoursentry SET hours = 1 WHERE state = 'validated'",
        "DELETE FROM beneficiaries_eligibilityreview",
        "DELETE FROM beneficiaries_heldcriterion",
        "DELETE FROM beneficiaries_hoursentry",
    ],
)
def test_the_database_refuses_to_change_facts_even_of_someone_anonymised(cast: Any, change: str) -> None:
    go_through(make_known_person(cast=cast), cast.admin)
    refused(change)


def test_the_database_refuses_to_erase_the_words_of_someone_who_is_not_anonymised(cast: Any) -> None:
    person = make_known_person(cast=cast)
    run_rules(cast.admin)
    person.refresh_from_db()
    assert person.archived_on
    refused(
        "UPDATE beneficiaries_eligibilityreview SET refusal_reason = '(effacé)' WHERE refusal_reason <> ''"
    )
    refused("UPDATE beneficiaries_heldcriterion SET proof_label = ''")


def test_a_file_outside_the_archive_is_never_anonymised(cast: Any) -> None:
    person = make_known_person(cast=cast)
    with pytest.raises(DomainError, match="archive restreinte"):
        anonymise_person(person=person, on=timezone.localdate(), by=cast.admin)


def test_anonymising_twice_changes_nothing_more(cast: Any) -> None:
    person = make_known_person(cast=cast)
    go_through(person, cast.admin)
    records = Beneficiary.history.count()
    anonymise_person(person=person, on=dt.date(2030, 1, 1), by=cast.admin)
    person.refresh_from_db()
    assert person.anonymised_on == timezone.localdate()
    assert Beneficiary.history.count() == records


def test_files_made_one_with_the_person_go_along(cast: Any) -> None:
    person = make_known_person(cast=cast)
    merged = Beneficiary.objects.get(merged_into=person)
    go_through(person, cast.admin)
    merged.refresh_from_db()
    assert merged.anonymised_on == timezone.localdate()
    assert str(merged) == str(person)
    assert merged.phone == ""


def test_two_files_made_one_by_the_application_leave_no_name_either(cast: Any) -> None:
    kept, merged = (
        BeneficiaryFactory(
            last_name=name, first_name="Ysoline", birth_date=dt.date(1971, 2, day), phone=phone
        )
        for name, day, phone in (("Vextopal", 3, "0601020304"), ("Vextropal", 4, "0605060708"))
    )
    for person in (kept, merged):
        EligibilityReviewFactory(beneficiary=person, refused=True, decided_on=dt.date(2016, 4, 4))
    merge_people(
        kept=kept, merged=merged, taken=["last_name"], reason="une faute de Ysoline", user=cast.admin
    )
    told = json.dumps(as_json(data_of(kept)), cls=DjangoJSONEncoder, ensure_ascii=False)
    assert "Vextropal" in told

    go_through(kept, cast.admin)

    assert kept.anonymised_on
    assert places_of("vextopal", "vextropal", "ysoline", "0601020304", "0605060708", "1971-02-0") == []


def test_other_people_s_words_are_left_alone(cast: Any) -> None:
    person = make_known_person(cast=cast)
    namesake = InteractionFactory(
        market=cast.commitment_b.market, summary=f"{FIRST} Durand et Paul {LAST} sont venus."
    )
    changed = take_names_out(list(known_names([person.pk]).values()))
    namesake.refresh_from_db()
    assert namesake.summary == f"{FIRST} Durand et Paul {LAST} sont venus."
    assert changed > 5
