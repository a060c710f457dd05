"""How long files are kept: the rules alone, what a run would do, who decides, and the way back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from beneficiaries.models import (
    Application,
    Beneficiary,
    FollowUp,
    JobOffer,
    Outcome,
    RetentionRules,
    RetentionRun,
)
from beneficiaries.models.people import BARE_NAME
from beneficiaries.retention import Facts, Hold, Step, Terms, judge
from beneficiaries.services.retention import make_plan, restore_person, start_run
from beneficiaries.services.retention_facts import last_contacts, standing_of
from beneficiaries.services.retention_jobs import propose_run
from core.errors import DomainError
from core.models import Job, StoredFile
from core.registry import waiting_for
from markets.models import Award
from tests.beneficiaries.privacy_people import LAST, make_known_person
from tests.factories import BeneficiaryFactory, EligibilityReviewFactory, eligible_assignment, make_escalation

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 11, 22)
TERMS = Terms(active_months=24, proof_months=60, anonymise_months=72)


# --- The rules alone ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last_contact", "due"),
    [(dt.date(2024, 11, 22), True), (dt.date(2024, 11, 23), False), (dt.date(2027, 1, 1), False)],
)
def test_a_file_is_archived_two_years_to_the_day_after_the_last_contact(
    last_contact: dt.date, due: bool
) -> None:
    verdict = judge(Facts(last_contact), TERMS, TODAY)
    assert (verdict.step, verdict.is_due) == (Step.ARCHIVED, due)


@pytest.mark.parametrize("hold", list(Hold))
def test_nothing_is_due_while_something_is_open(hold: Hold) -> None:
    verdict = judge(Facts(dt.date(2000, 1, 1), holds=frozenset({hold})), TERMS, TODAY)
    assert not verdict.is_due
    assert verdict.due_on == dt.date(2002, 1, 1)


def test_proofs_and_anonymity_run_from_the_closing_of_the_last_market() -> None:
    archived = Facts(dt.date(2019, 1, 31), closed_on=dt.date(2021, 11, 30), archived_on=dt.date(2022, 1, 1))
    assert judge(archived, TERMS, TODAY) == judge(archived, TERMS, dt.date(2026, 11, 1))
    assert judge(archived, TERMS, TODAY).due_on == dt.date(2026, 11, 30)
    bare = Facts(
        dt.date(2019, 1, 31),
        closed_on=dt.date(2020, 11, 22),
        archived_on=dt.date(2022, 1, 1),
        proofs_erased_on=dt.date(2025, 12, 1),
    )
    verdict = judge(bare, TERMS, TODAY)
    assert (verdict.step, verdict.due_on, verdict.is_due) == (Step.ANONYMISED, TODAY, True)


def test_without_a_market_the_limitation_runs_from_the_last_contact() -> None:
    facts = Facts(dt.date(2020, 2, 29), archived_on=dt.date(2023, 1, 1))
    assert judge(facts, TERMS, TODAY).due_on == dt.date(2025, 2, 28)


def test_someone_anonymised_has_no_next_step() -> None:
    facts = Facts(dt.date(2000, 1, 1), anonymised_on=dt.date(2020, 1, 1))
    assert judge(facts, TERMS, TODAY).step is None


# --- What is read of the database ---------------------------------------------------------------------------


def old_person(**given: Any) -> Any:
    """Someone whose only contact is a decision of 2 May 2017."""
    person = BeneficiaryFactory(**given)
    EligibilityReviewFactory(beneficiary=person, refused=True, decided_on=dt.date(2017, 5, 2))
    return person


def test_the_last_contact_is_the_latest_of_all_that_happened() -> None:
    person = old_person()
    assert last_contacts([person.pk]) == {person.pk: (dt.date(2017, 5, 2), "décision d’éligibilité")}
    FollowUp.objects.create(beneficiary=person, happened_on=dt.date(2018, 9, 3), text="vu")
    assert last_contacts()[person.pk] == (dt.date(2018, 9, 3), "note de suivi")
    assignment = eligible_assignment(
        beneficiary=person, starts_on=dt.date(2019, 1, 7), ends_on=dt.date(2019, 6, 28)
    )
    assert last_contacts()[person.pk] == (dt.date(2019, 6, 28), "fin d’affectation")
    from tests.factories import HoursEntryFactory

    HoursEntryFactory(assignment=assignment, month=dt.date(2019, 6, 1))
    assert last_contacts()[person.pk] == (dt.date(2019, 6, 30), "heures de juin 2019")


def test_a_file_without_anything_counts_from_its_opening() -> None:
    person = BeneficiaryFactory()
    day, words = last_contacts()[person.pk]
    assert (day, words) == (timezone.localdate(), "ouverture de la fiche")


def test_what_is_open_keeps_the_file_and_the_sentence_says_what(cast: Any) -> None:
    person = make_known_person(cast=cast, closed_on=None)
    today = timezone.localdate()
    standing = standing_of(person, today)
    assert standing.verdict.holds == {Hold.MARKET}
    assert standing.sentence == (
        "Dernier contact le 07/01/2019 (situation après le parcours). Gardée\u202f: un de ses marchés n’est pas clos."
    )
    market = cast.commitment_a.market
    market.closed_on = dt.date(2019, 6, 30)
    market.save()
    make_escalation(commitment=cast.commitment_a)
    Outcome.objects.create(
        beneficiary=person, milestone="m6", exit_on=dt.date(2018, 9, 28), due_on=dt.date(2019, 3, 28)
    )
    assert standing_of(person, today).verdict.holds == {Hold.DISPUTE, Hold.OUTCOME}
    plan = make_plan(today)
    assert [row.person for row in plan.held] == [person.pk]
    assert plan.held_by == [
        ("une difficulté est ouverte sur un de ses marchés", 1),
        ("sa situation après le parcours reste à recueillir", 1),
    ]


def test_an_open_eligibility_period_keeps_the_file() -> None:
    recent = timezone.localdate() - dt.timedelta(days=30)
    person = eligible_assignment(starts_on=recent).placement.beneficiary
    assert Hold.PERIOD in standing_of(person, timezone.localdate()).verdict.holds


def test_the_plan_takes_the_same_queries_for_one_file_and_for_six() -> None:
    old_person()
    with CaptureQueriesContext(connection) as one:
        make_plan(timezone.localdate())
    for _ in range(5):
        old_person()
    with CaptureQueriesContext(connection) as six:
        plan = make_plan(timezone.localdate())
    assert len(plan.due[Step.ARCHIVED]) == 6
    assert len(one) == len(six)


# --- Applying -----------------------------------------------------------------------------------------------


def test_the_page_says_what_would_be_done_and_does_nothing(cast: Any, signed_in: Any) -> None:
    person = old_person(last_name="Zorglub")
    page = signed_in(cast.admin).get(reverse("retention")).content.decode()
    assert "À mettre en archive restreinte" in page
    assert f"n° {person.pk}" in page
    assert "Zorglub" not in page
    person.refresh_from_db()
    assert person.archived_on is None


def test_applying_asks_once_then_a_job_does_it_and_keeps_a_report(cast: Any, signed_in: Any) -> None:
    person, kept = old_person(), BeneficiaryFactory()
    browser = signed_in(cast.admin)
    page = browser.get(reverse("retention_apply")).content.decode()
    assert "mettre en archive restreinte (1 fiche)" in page
    assert "anonymiser (" not in page

    response = browser.post(reverse("retention_apply"), {"parts": ["archived"]})

    job = Job.objects.get(kind="apply_retention")
    assert response.url == reverse("job_detail", args=[job.pk])
    assert job.state == "done"
    assert job.report["fiches mises en archive restreinte"] == 1
    person.refresh_from_db()
    kept.refresh_from_db()
    assert (person.archived_on, kept.archived_on) == (timezone.localdate(), None)
    run = RetentionRun.objects.get()
    assert (run.made_by, run.counts["archived"]) == (cast.admin, 1)
    opened = browser.get(reverse("file_download", args=[run.report_id]))
    opened.close()
    assert opened.status_code == 200
    assert signed_in(cast.facilitator).get(reverse("file_download", args=[run.report_id])).status_code == 404
    assert person.history.latest().history_change_reason == "durée de conservation"


def test_nothing_chosen_is_a_sentence_and_nothing_due_is_said(cast: Any, signed_in: Any) -> None:
    browser = signed_in(cast.admin)
    assert browser.get(reverse("retention_apply")).status_code == 302
    old_person()
    page = browser.post(reverse("retention_apply"), {}).content.decode()
    assert "Choisissez au moins une étape à appliquer." in page
    page = browser.post(reverse("retention_apply"), {"parts": ["anonymised"]}).content.decode()
    assert "Cette étape n’est plus à faire aujourd’hui" in page
    with pytest.raises(DomainError, match="Rien n’est à faire"):
        start_run(parts=["anonymised"], user=cast.admin)
    assert not RetentionRun.objects.exists()


def test_applying_twice_gives_back_the_run_under_way(cast: Any, monkeypatch: Any) -> None:
    old_person()
    monkeypatch.setattr("core.jobs.start", lambda pk: None)
    first = start_run(parts=["archived"], user=cast.admin)
    assert start_run(parts=["archived"], user=cast.admin) == first
    assert RetentionRun.objects.count() == 1


def test_what_a_cut_short_run_did_is_not_done_further_by_its_second_try(cast: Any) -> None:
    from beneficiaries.services.retention import PARTS, apply_rules

    person = old_person()
    run = RetentionRun.objects.create(made_by=cast.admin)
    apply_rules(run=run, parts=PARTS, today=timezone.localdate())
    apply_rules(run=run, parts=PARTS, today=timezone.localdate())
    person.refresh_from_db()
    assert person.archived_on
    assert person.proofs_erased_on is None
    assert run.counts["archived"] == 1


def test_the_command_says_what_it_would_do_and_asks_who_decides(cast: Any, capsys: Any) -> None:
    old_person()
    call_command("apply_retention", "--dry-run")
    assert "fiches mises en archive restreinte : 1" in capsys.readouterr().out
    with pytest.raises(CommandError, match="qui le décide"):
        call_command("apply_retention")
    with pytest.raises(CommandError, match="qui le décide"):
        call_command("apply_retention", "--by", cast.facilitator.email)
    call_command("apply_retention", "--by", cast.admin.email)
    assert "fiches mises en archive restreinte : 1" in capsys.readouterr().out
    assert RetentionRun.objects.get().made_by == cast.admin


def test_each_week_the_count_is_proposed_to_the_admins_and_nothing_is_applied(cast: Any) -> None:
    person = old_person()
    monday = dt.date(2026, 11, 23)
    assert propose_run(monday) == 1
    assert propose_run(monday + dt.timedelta(days=3)) == 0
    labels = [item.label for item in waiting_for(cast.admin)]
    assert "fiche ou fichier au terme de sa conservation" in labels
    assert not any("conservation" in item.label for item in waiting_for(cast.facilitator))
    person.refresh_from_db()
    assert person.archived_on is None
    start_run(parts=["archived"], user=cast.admin)
    assert not any("conservation" in item.label for item in waiting_for(cast.admin))


def test_a_proposal_that_never_had_a_file_loses_its_identity_after_the_active_base(cast: Any) -> None:
    offer = JobOffer.objects.create(
        award=Award.objects.filter(company=cast.company_a).order_by("pk").first(), title="Maçon·ne"
    )
    lost = Application.objects.create(
        offer=offer, last_name=LAST, first_name="Ana", phone="0611223344", proposed_on=dt.date(2019, 1, 1)
    )
    recent = Application.objects.create(
        offer=offer, last_name="Récente", first_name="Ana", proposed_on=timezone.localdate()
    )
    start_run(parts=["files"], user=cast.admin)
    lost.refresh_from_db()
    recent.refresh_from_db()
    assert (lost.last_name, lost.phone, recent.last_name) == ("(effacé)", "", "Récente")
    assert not lost.history.filter(last_name=LAST).exists()


# --- Back, and how long -------------------------------------------------------------------------------------


def test_a_person_who_comes_back_is_out_of_the_archive_with_a_reason(cast: Any, signed_in: Any) -> None:
    person = old_person(archived_on=dt.date(2026, 1, 5), proofs_erased_on=dt.date(2026, 2, 5))
    browser = signed_in(cast.admin)
    address = reverse("person_restore", args=[person.pk])
    assert "Dites pourquoi la fiche est rouverte." in browser.post(address, {"reason": " "}).content.decode()

    browser.post(address, {"reason": "nouvelle candidature"})

    person.refresh_from_db()
    assert (person.archived_on, person.proofs_erased_on) == (None, None)
    assert FollowUp.objects.get().text == "Fiche sortie de l’archive restreinte\u202f: nouvelle candidature"
    # The gesture is a contact: the next run leaves the file alone.
    assert not standing_of(person, timezone.localdate()).verdict.is_due


def test_someone_anonymised_does_not_come_back(cast: Any) -> None:
    person = BeneficiaryFactory(
        last_name=BARE_NAME,
        archived_on=dt.date(2025, 1, 6),
        anonymised_on=dt.date(2026, 1, 6),
        birth_date=None,
    )
    with pytest.raises(DomainError, match="ne désigne plus personne"):
        restore_person(person=person, reason="erreur", by=cast.admin)
    with pytest.raises(DomainError, match="n’est pas en archive"):
        restore_person(person=BeneficiaryFactory(), reason="erreur", by=cast.admin)


def test_the_archive_is_the_admin_s_and_the_others_find_nobody(cast: Any, signed_in: Any) -> None:
    person = old_person(last_name="Zorglub", archived_on=dt.date(2026, 1, 5))
    assert "Zorglub" in signed_in(cast.admin).get(reverse("archive_list")).content.decode()
    assert signed_in(cast.admin).get(reverse("beneficiary_detail", args=[person.pk])).status_code == 200
    browser = signed_in(cast.facilitator)
    assert browser.get(reverse("beneficiary_detail", args=[person.pk])).status_code == 404
    assert "Zorglub" not in browser.get(reverse("beneficiary_list")).content.decode()
    assert list(Beneficiary.objects.visible_to(cast.facilitator)) == []


def form(**changes: Any) -> dict[str, Any]:
    first = timezone.localdate() + dt.timedelta(days=10)
    return {
        "in_force_from": f"{first:%d/%m/%Y}",
        "active_months": "12",
        "proof_months": "48",
        "anonymise_months": "60",
        "note": "délibération",
        **changes,
    }


def test_the_lengths_are_dated_and_the_default_ones_are_there_after_a_migration(
    cast: Any, signed_in: Any
) -> None:
    assert (rules := RetentionRules.objects.get()).active_months == 24
    assert (rules.proof_months, rules.anonymise_months) == (60, 60)
    browser = signed_in(cast.admin)
    assert browser.post(reverse("retention_rules_create"), form()).status_code == 302
    today = timezone.localdate()
    assert RetentionRules.objects.in_force(today).active_months == 24
    assert RetentionRules.objects.in_force(today + dt.timedelta(days=10)).active_months == 12
    assert "12" in browser.get(reverse("retention_rules_list")).content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"active_months": "0"}, "Donnez un nombre de mois entre 1 et 600."),
        ({"active_months": "1e17"}, "nombre entier"),
        ({"active_months": "-3"}, "mois"),
        ({"proof_months": "100000"}, "Donnez un nombre de mois entre 1 et 600."),
        ({"anonymise_months": "47"}, "L’anonymisation ne précède pas l’effacement des justificatifs."),
        ({"in_force_from": "01/01/2001"}, "à partir d’aujourd’hui ou d’un jour à venir"),
        ({"in_force_from": ""}, "Indiquez le premier jour de ces durées."),
    ],
)
def test_lengths_that_cannot_be_are_refused_with_a_sentence(
    cast: Any, signed_in: Any, changes: dict[str, str], sentence: str
) -> None:
    response = signed_in(cast.admin).post(reverse("retention_rules_create"), form(**changes))
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert RetentionRules.objects.count() == 1


def test_the_report_of_a_run_holds_no_name(cast: Any) -> None:
    import io
    import zipfile

    from core.files import read_file

    make_known_person(cast=cast)
    start_run(parts=["archived"], user=cast.admin)
    report = StoredFile.objects.get(kind="retention_report")
    with zipfile.ZipFile(io.BytesIO(read_file(report))) as book:
        words = "".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    assert "archive restreinte" in words
    assert LAST not in words


def test_a_name_is_not_written_again_on_an_anonymised_file(cast: Any, signed_in: Any) -> None:
    person = BeneficiaryFactory(
        last_name=BARE_NAME,
        first_name="n° 1",
        archived_on=dt.date(2025, 1, 6),
        anonymised_on=dt.date(2026, 1, 6),
        birth_date=None,
    )
    address = reverse("beneficiary_edit", args=[person.pk])
    page = signed_in(cast.admin).post(address, {"last_name": "Zorglub", "first_name": "Ana"}, follow=True)
    assert "Cette fiche est anonymisée" in page.content.decode()
    person.refresh_from_db()
    assert person.last_name == BARE_NAME


def test_what_was_to_be_done_about_someone_is_closed_with_the_archive(cast: Any) -> None:
    from markets.models import Task
    from markets.services.tasks import open_task

    person = old_person()
    open_task(title="Rappeler", person=person.pk, key="x", by=cast.facilitator)
    start_run(parts=["archived"], user=cast.admin)
    task = Task.objects.get(key="x")
    assert (task.done_on, task.outcome) == (timezone.localdate(), "fiche mise en archive restreinte")
    assert list(Task.objects.visible_to(cast.facilitator)) == []
    assert list(Task.objects.visible_to(cast.admin)) == [task]


def test_the_archive_is_searched_by_name_and_by_step(cast: Any, signed_in: Any) -> None:
    old_person(last_name="Zorglub", archived_on=dt.date(2026, 1, 5))
    old_person(
        last_name="Petit",
        archived_on=dt.date(2026, 1, 5),
        proofs_erased_on=dt.date(2026, 2, 5),
        first_name="Ana",
    )
    browser = signed_in(cast.admin)

    def found(**asked: str) -> list[bool]:
        page = browser.get(reverse("archive_list"), asked).content.decode()
        return ["Zorglub" in page, "Petit Ana" in page]

    assert found() == [True, True]
    assert found(q="peti") == [False, True]
    assert found(step="archived") == [True, False]
    assert found(step="proofs_erased") == [False, True]
    assert found(step="anonymised") == [False, False]


def test_the_page_takes_the_same_queries_for_one_file_and_for_six(cast: Any, signed_in: Any) -> None:
    browser = signed_in(cast.admin)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert browser.get(reverse("retention")).status_code == 200
        return len(found)

    old_person()
    one = queries()
    for _ in range(5):
        old_person()
    assert queries() == one
