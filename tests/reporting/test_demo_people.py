"""What the demonstration tells of people and of hours: each place of their work has what the story says, for its role."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from beneficiaries.anomalies import find_anomalies
from beneficiaries.duplicates import likely_pairs
from beneficiaries.enums import AnomalyKind, EntryState
from beneficiaries.models import (
    AggregateDeclaration,
    Assignment,
    Beneficiary,
    DataImport,
    FollowUp,
    HoursEntry,
    ImmersionAgreement,
    ImportLine,
    MonthDeclaration,
    Mutualisation,
    Outcome,
    PersonMerge,
    Placement,
    ProofFile,
    ProofRequest,
    Recount,
    SettledAnomaly,
    TrainingCourse,
)
from beneficiaries.mutualisation import in_effect
from beneficiaries.retention import Step
from beneficiaries.services.retention import make_plan
from beneficiaries.services.validation_watch import ending_periods
from core.consistency import run_checks
from core.models import AccessLink
from markets.models import ApiToken, CompanyMembership, Task
from reporting.demo import follow_up
from reporting.demo.clock import on_day
from reporting.demo.load import load_territory

ARGUMENTS = {"size": "small", "years": 3, "seed": 1, "as_of": "2026-11-22"}
AS_OF = dt.date(2026, 11, 22)
pytestmark = pytest.mark.django_db
# Hours that counted in the closed years before the story, and those that it leaves.
CLOSED: dict[str, list[tuple[int, Decimal]]] = {}


def counted_by_year() -> list[tuple[int, Decimal]]:
    rows = HoursEntry.objects.counted().filter(month__year__in=(2024, 2025))
    totals: Counter[int] = Counter()
    for month, hours in rows.values_list("month", "counted_hours"):
        totals[month.year] += hours
    return sorted(totals.items())


@pytest.fixture(scope="module", autouse=True)
def told(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The territory and its story, told once for this module and taken back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_territory(ARGUMENTS, say=lambda text: None)
        CLOSED["before"] = counted_by_year()
        follow_up.tell_follow_up(as_of=AS_OF, say=lambda text: None)
        yield
        transaction.set_rollback(True)


def account(name: str) -> User:
    return User.objects.get(email=f"{name}@demo.maillon.invalid")


def company_of(name: str) -> int:
    return CompanyMembership.objects.get(user=account(name)).company_id


def newcomer(last_name: str) -> Beneficiary:
    """One of those whom the story enters: others may bear the name."""
    return Beneficiary.objects.get(email=f"{last_name}@personne.invalid")


def states(company: int) -> dict[str, str]:
    rows = MonthDeclaration.objects.filter(company=company).order_by("month")
    return {f"{row.month:%Y-%m}": row.state for row in rows}


# --- What was told ------------------------------------------------------------------------------------------


def test_every_check_of_consistency_is_clean():
    assert [(title, found) for title, found in run_checks() if found] == []


def test_the_hours_of_closed_years_are_what_they_were():
    told_since = [row for row in counted_by_year() if row[0] in dict(CLOSED["before"])]
    assert told_since == CLOSED["before"]


def test_the_holder_has_a_month_to_declare_one_sent_back_and_one_accepted():
    found = states(company_of("titulaire"))
    assert found == {"2026-08": "accepted", "2026-09": "sent_back", "2026-10": "draft"}
    sent_back = HoursEntry.objects.filter(declaration__state="sent_back")
    assert sorted(sent_back.values_list("state", flat=True)) == ["sent_back", "submitted", "submitted"]


def test_the_agency_declared_by_its_software_then_by_hand_with_two_proofs():
    assert states(company_of("etti")) == {"2026-09": "accepted", "2026-10": "submitted"}
    waiting = MonthDeclaration.objects.get(state="submitted")
    assert waiting.proofs.count() == 2
    assert HoursEntry.objects.filter(declaration__company=company_of("etti"), source="api").exists()
    keys = ApiToken.objects.filter(company=company_of("etti"))
    assert sorted(bool(row.revoked_at) for row in keys) == [False, True]
    assert keys.get(revoked_at=None).last_used_at is not None


def test_a_company_without_account_answered_by_its_link_and_another_is_late_and_reminded():
    by_link = MonthDeclaration.objects.filter(submitted_by=None, state="accepted")
    assert {row.submitted_name for row in by_link} == {"Service de la paie"}
    late = MonthDeclaration.objects.get(reminders=2)
    assert (f"{late.month:%Y-%m}", late.state) == ("2026-09", "draft")
    assert AccessLink.objects.filter(kind="declaration", object_id=late.pk).exists()


def test_a_file_was_loaded_another_taken_back_and_one_waits_with_doubtful_and_refused_lines():
    found = sorted(DataImport.objects.values_list("kind", "state"))
    assert found == [
        ("hours", "checked"),
        ("hours", "loaded"),
        ("hours", "taken_back"),
        ("take_over", "validated"),
    ]
    lines = ImportLine.objects.filter(data_import__state="checked")
    assert Counter(lines.values_list("state", flat=True)) == {"accepted": 2, "doubtful": 1, "refused": 2}
    # 112 + 140 + 133.5 + 98 + 126 + 91
    taken = HoursEntry.objects.filter(source="take_over", data_import__state="validated")
    assert sum(taken.values_list("hours", flat=True)) == Decimal("700.5")


def test_proofs_a_validation_about_to_lapse_requests_awaited_and_late():
    ready = newcomer("vasseur")
    review = ready.reviews.get()
    assert ProofFile.objects.filter(review=review, stored__isnull=False).count() == 2
    assert not review.assignments.exists()
    assert 0 < (review.valid_until - AS_OF).days <= 31
    assert ready.informed_on == review.decided_on
    requests = {row.beneficiary.last_name: row for row in ProofRequest.objects.order_by("pk")}
    assert requests["Marchetti"].is_open and requests["Marchetti"].due_on > AS_OF
    assert requests["Diarra"].is_open and requests["Diarra"].reminded_on and requests["Diarra"].due_on < AS_OF
    assert requests["Kowalczyk"].answered_on


def test_someone_works_beyond_the_end_of_a_period_and_a_task_says_so():
    assert ending_periods(AS_OF).count() == 1
    assert Task.objects.open().filter(key__startswith="eligibility-end:").count() == 1


def test_a_pmsmp_trainings_lent_out_work_renewals_and_a_positionnement():
    agreement = ImmersionAgreement.objects.get()
    assert agreement.placement.modality == "pmsmp"
    assert sorted(TrainingCourse.objects.values_list("qualification", flat=True)) == ["obtained", "under_way"]
    lent = Assignment.objects.filter(
        placement__employer=company_of("etti"), user_company=company_of("titulaire")
    )
    assert lent.count() == 2
    assert Placement.objects.filter(previous__previous__isnull=False, contract_type="cddi").exists()
    assert Placement.objects.filter(end_reason="hired").exists()
    assert Assignment.objects.filter(commitment__market__reference="2026-TAN-01").count() == 1


def test_hours_are_put_together_and_others_declared_without_names():
    assert in_effect().count() == 1
    assert Mutualisation.objects.get().document is not None
    row = AggregateDeclaration.objects.get()
    assert (row.headcount, row.hours) == (7, Decimal("412.5"))
    assert row.document is not None


def test_situations_are_known_awaited_and_late():
    rows = Outcome.objects.filter(cancelled_on=None)
    assert rows.exclude(situation="").count() == 5
    awaited = rows.filter(situation="")
    assert awaited.filter(due_on__lt=AS_OF).exists() and awaited.filter(due_on__gt=AS_OF).exists()
    assert AccessLink.objects.filter(kind="outcome").count() == 1


def test_two_files_look_alike_two_others_were_made_one():
    with on_day(AS_OF):
        pairs = likely_pairs(Beneficiary.objects.visible_to(account("nadia")))
    assert [pair.score for pair in pairs] == [95]
    trace = PersonMerge.objects.get()
    assert trace.kept.phone == "06 39 98 00 27"


def test_notes_anomalies_and_a_recount_are_there():
    assert FollowUp.objects.count() == 4
    month = dt.date(2026, 10, 1)
    found = find_anomalies(Assignment.objects.active_in(month), month, month)
    kinds = {kind for kind, _ in found.by_kind}
    assert {AnomalyKind.NO_VALIDATION, AnomalyKind.SUDDEN} <= kinds
    assert SettledAnomaly.objects.count() == 1 and len(found.settled) == 1
    # The positionnement that lacked: the 145 h of September count since.
    recount = Recount.objects.get()
    assert (recount.entries, recount.delta) == (1, Decimal(145))


def test_one_file_is_in_the_archive_and_a_dry_run_has_more():
    assert Beneficiary.objects.filter(archived_on__isnull=False).count() == 1
    plan = make_plan(AS_OF)
    assert plan.archived == 1
    assert plan.due[Step.ARCHIVED]


def test_what_is_with_the_house_stays_a_handful():
    assert HoursEntry.objects.filter(state=EntryState.SUBMITTED, declaration__isnull=False).count() <= 10
    assert Task.objects.open().filter(person_number__isnull=False).count() <= 20


# --- Who sees it --------------------------------------------------------------------------------------------

PAGES = (
    ("thomas", "declaration_list", "Coup de main Intérim"),
    ("thomas", "import_list", "ancien-outil-"),
    ("thomas", "anomaly_list", "sans validation préalable"),
    ("thomas", "recount_list", "affectation modifiée"),
    ("thomas", "mutualisation_list", "Équipe commune"),
    ("thomas", "duplicate_list", "noms proches"),
    ("thomas", "validation_watch", "Vasseur"),
    ("thomas", "outcome_list", "6 mois"),
    ("titulaire", "company_declaration_list", "à corriger"),
    ("etti", "company_declaration_list", "soumise"),
    ("admin", "retention", "archive"),
    ("admin", "archive_list", "<tbody"),
    ("admin", "api_key_list", "Logiciel de paie des missions"),
)


@pytest.mark.parametrize(("name", "url", "words"), PAGES, ids=[f"{page[0]} {page[1]}" for page in PAGES])
def test_each_place_shows_what_was_told(client, name, url, words):
    client.force_login(account(name))
    with on_day(AS_OF):
        response = client.get(reverse(url))
    assert response.status_code == 200
    assert words.lower() in response.content.decode().lower()


TABS = (
    ("vasseur", "beneficiary_eligibility", "Bénéficiaire du RSA"),
    ("diarra", "beneficiary_eligibility", "relanc"),
)


@pytest.mark.parametrize(("last_name", "url", "words"), TABS)
def test_the_tabs_of_a_person_show_what_was_told(client, last_name, url, words):
    client.force_login(account("ines"))
    person = newcomer(last_name)
    with on_day(AS_OF):
        response = client.get(reverse(url, args=[person.pk]))
    assert words in response.content.decode()


def test_nobody_else_than_its_employer_and_the_house_reads_a_declaration():
    visible = MonthDeclaration.objects.visible_to(account("titulaire"))
    assert set(visible.values_list("company", flat=True)) == {company_of("titulaire")}
    assert not MonthDeclaration.objects.visible_to(account("oullins")).exists()
