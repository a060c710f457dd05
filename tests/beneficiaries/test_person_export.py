"""The right of access: everything that is held about someone, for who asked, for a week."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessKind, AccessRecord
from beneficiaries.models import Beneficiary, FollowUp
from beneficiaries.models.people import BARE_NAME
from beneficiaries.person_data import data_of
from beneficiaries.services.person_export import ask_for_export, erase_old_exports
from core.errors import DomainError
from core.files import read_file
from core.models import Job, StoredFile
from tests.beneficiaries.privacy_people import FIRST, GROUND_NOTE, LAST, make_known_person
from tests.factories import BeneficiaryFactory, HoursEntryFactory, UserFactory, eligible_assignment

pytestmark = pytest.mark.django_db


def exported(cast: Any, person: Any) -> Any:
    """The JSON that the job made."""
    ask_for_export(person=person, user=cast.admin)
    return json.loads(
        read_file(StoredFile.objects.get(kind="person_export", content_type="application/json"))
    )


def lines(told: Any, title: str) -> list[dict[str, Any]]:
    return next(section["lignes"] for section in told["sections"] if section["titre"] == title)


def test_the_export_holds_what_every_table_tells(cast: Any) -> None:
    person = make_known_person(cast=cast)
    told = exported(cast, person)

    assert told["personne"]["Nom"] == LAST
    assert told["personne"]["Date de naissance"] == "1987-04-23"
    decisions = lines(told, "Décisions d’éligibilité")
    assert [line["Décision"] for line in decisions] == ["refusé", "éligible"]
    assert decisions[0]["Motif du refus"] == f"{GROUND_NOTE} de {LAST}"
    assert {line["Critère"] for line in lines(told, "Critères tenus, justificatifs vus")} == {
        "Bénéficiaire du RSA",
        "Reconnaissance de la qualité de travailleur handicapé (RQTH)",
    }
    hours = lines(told, "Relevés d’heures")
    assert [(line["Mois"], line["Heures"]) for line in hours] == [
        ("2018-03-01", "98.50"),
        ("2018-04-01", "110.00"),
        ("2018-05-01", "77.25"),
    ]
    assert lines(told, "Notes de suivi")[0]["Note"] == f"{FIRST} : {GROUND_NOTE}"
    assert lines(told, "Situation après le parcours")[0]["Situation"] == "CDI"
    assert lines(told, "Messages")[0]["Texte"] == f"Bonjour, {GROUND_NOTE}."
    assert lines(told, "Actions collectives")[0]["Présent·e"] is True
    titles = [section["titre"] for section in told["sections"]]
    assert titles[-2:] == ["Historique de la fiche", "Qui a consulté vos données sensibles"]
    assert "immersions (pmsmp)" in told["rien"]


def test_the_paper_and_the_file_open_to_who_asked_alone(cast: Any, signed_in: Any) -> None:
    person = make_known_person(cast=cast)
    other = UserFactory(admin=True)
    browser = signed_in(cast.admin)
    response = browser.post(reverse("person_export", args=[person.pk]))
    job = Job.objects.get(kind="person_export")
    assert response.url == reverse("job_detail", args=[job.pk])
    assert (job.state, LAST in job.label) == ("done", False)

    stored = list(StoredFile.objects.filter(kind="person_export").order_by("content_type"))
    assert [row.content_type for row in stored] == ["application/json", "application/pdf"]
    assert not any(LAST in row.name for row in stored)
    page = browser.get(reverse("person_data", args=[person.pk])).content.decode()
    assert stored[0].name in page
    for user, status in (
        (cast.admin, 200),
        (other, 404),
        (cast.facilitator, 404),
        (cast.company_user_a, 404),
    ):
        opened = signed_in(user).get(reverse("file_download", args=[stored[1].pk]))
        opened.close()
        assert opened.status_code == status
    assert (
        stored[0].name not in signed_in(other).get(reverse("person_data", args=[person.pk])).content.decode()
    )


def test_making_it_and_opening_it_are_in_the_log_of_accesses(cast: Any, signed_in: Any) -> None:
    person = make_known_person(cast=cast)
    exported(cast, person)
    record = AccessRecord.objects.get(kind=AccessKind.SENSITIVE)
    assert (record.user, record.subject) == (cast.admin, f"person {person.pk}")
    stored = StoredFile.objects.get(kind="person_export", content_type="application/json")
    signed_in(cast.admin).get(reverse("file_download", args=[stored.pk])).close()
    assert (
        AccessRecord.objects.filter(kind=AccessKind.DOWNLOAD, subject__startswith="person_export").count()
        == 1
    )


def test_the_two_files_are_erased_after_a_week(cast: Any) -> None:
    person = BeneficiaryFactory()
    ask_for_export(person=person, user=cast.admin)
    assert erase_old_exports(timezone.localdate()) == 0
    with connection.cursor() as cursor:
        then = timezone.now() - dt.timedelta(days=7, minutes=1)
        cursor.execute("UPDATE core_storedfile SET created_at = %s", [then])
    assert erase_old_exports(timezone.localdate()) == 2
    assert not StoredFile.objects.exists()


def test_an_account_that_is_no_longer_an_admin_s_makes_nothing(cast: Any, monkeypatch: Any) -> None:
    from core.jobs import run_job

    monkeypatch.setattr("core.jobs.start", lambda pk: None)
    job = ask_for_export(person=BeneficiaryFactory(), user=cast.admin)
    cast.admin.role = "facilitator"
    cast.admin.save()
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == "failed"
    assert not StoredFile.objects.exists()


def test_someone_anonymised_has_nothing_to_be_given(cast: Any, signed_in: Any) -> None:
    person = BeneficiaryFactory(
        last_name=BARE_NAME,
        archived_on=dt.date(2025, 1, 6),
        anonymised_on=dt.date(2026, 1, 6),
        birth_date=None,
    )
    with pytest.raises(DomainError, match="ne désigne plus personne"):
        ask_for_export(person=person, user=cast.admin)
    page = signed_in(cast.admin).get(reverse("person_data", args=[person.pk])).content.decode()
    assert "Réunir ses données" not in page
    assert "plus rien n’est à effacer" in page


def test_more_rows_cost_no_more_queries(cast: Any) -> None:
    def queries(person: Any) -> int:
        with CaptureQueriesContext(connection) as found:
            data_of(Beneficiary.objects.get(pk=person.pk))
        return len(found)

    def add(person: Any, times: int) -> None:
        for n in range(times):
            assignment = eligible_assignment(
                beneficiary=person, starts_on=dt.date(2020 + n, 3, 2), ends_on=dt.date(2020 + n, 8, 28)
            )
            HoursEntryFactory(assignment=assignment, month=dt.date(2020 + n, 3, 1))
            FollowUp.objects.create(
                beneficiary=person, happened_on=dt.date(2020 + n, 4, 1), text="vu", author=cast.facilitator
            )

    one, many = BeneficiaryFactory(), BeneficiaryFactory()
    add(one, 1)
    add(many, 5)
    assert queries(one) == queries(many)
