"""An employer's month: opened, filled in, submitted, accepted or sent back; what the house leaves and takes over."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from beneficiaries import declaration_jobs
from beneficiaries.anomalies import find_anomalies
from beneficiaries.declaration_dates import due_on
from beneficiaries.declaration_grid import build_month, own_assignments
from beneficiaries.declaration_list import months_of
from beneficiaries.models import Assignment, HoursEntry, MonthDeclaration
from beneficiaries.services import declarations as services
from beneficiaries.services.checks import settle_anomaly
from beneficiaries.services.hours import Cell, save_cells, send_back_hours, take_over_hours, validate_hours
from beneficiaries.theoretical import theoretical_hours
from core.dates import add_months
from core.errors import DomainError
from core.models import AccessLink, Message
from markets.models import Contact, Task
from tests.factories import (
    BeneficiaryFactory,
    CompanyFactory,
    EligibilityReviewFactory,
    HoursEntryFactory,
    UserFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
LAST = add_months(timezone.localdate().replace(day=1), -1)
BEGAN = add_months(LAST, -2)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def at_work(company: Any = None, **kwargs: Any) -> Any:
    """Somebody of that employer, validated, at work since two months before the month that ended."""
    return eligible_assignment(employer=company, starts_on=BEGAN, **kwargs)


def open_month(assignment: Any, by: Any = None) -> MonthDeclaration:
    return services.start_declaration(company=assignment.placement.employer, month=LAST, by=by)


def declare(assignment: Any, hours: int, *, by: Any = None, version: int = 0, **kwargs: Any) -> Any:
    row = open_month(assignment, by)
    cell = Cell(assignment, LAST, "work", Decimal(hours), version)
    return services.declare_hours(declaration=row, cells=[cell], by=by, **kwargs)[0]


def submitted(assignment: Any, hours: int, by: Any = None) -> MonthDeclaration:
    declare(assignment, hours, by=by)
    return services.submit_declaration(declaration=open_month(assignment), by=by, name="Lou Paie")


def test_what_an_employer_writes_is_a_draft_of_its_month():
    assignment = at_work()
    entry = declare(assignment, 120).entry
    assert (entry.state, entry.source, entry.hours) == ("draft", "portal", Decimal("120.00"))
    assert entry.declaration == MonthDeclaration.objects.get()
    assert entry.is_with_employer


def test_the_house_leaves_what_is_not_submitted_and_says_so():
    assignment, facilitator = at_work(), UserFactory()
    entry = declare(assignment, 120).entry
    for only in (True, False):
        report = validate_hours(entries=[entry], user=facilitator, only_those_that_count=only)
        assert report.validated == []
        assert [why for _, why in report.left] == ["L’entreprise n’a pas encore soumis ce mois."]
    assert not HoursEntry.objects.to_validate().exists()


def test_the_house_takes_a_line_over_by_a_gesture_of_its_own_and_the_company_reads_who():
    assignment, facilitator = at_work(), UserFactory(first_name="Fanny", last_name="Facile")
    entry = declare(assignment, 120).entry
    taken = take_over_hours(entry=entry, user=facilitator)
    assert not taken.is_with_employer
    assert validate_hours(entries=[taken], user=facilitator).validated
    row = build_month([own(assignment)], LAST, MonthDeclaration.objects.get()).rows[0]
    assert len(row.changes) == 1
    assert "vos 120\u202fh ont été reprises telles quelles par Fanny Facile" in row.changes[0]


def own(assignment: Any) -> Any:
    return own_assignments(assignment.placement.employer, LAST).get(pk=assignment.pk)


def test_a_submitted_cell_that_the_house_writes_over_is_told_to_the_company():
    assignment = at_work()
    facilitator = UserFactory(first_name="Fanny", last_name="Facile")
    row = submitted(assignment, 120)
    entry = HoursEntry.objects.get()
    cell = Cell(assignment, LAST, "work", Decimal("100"), entry.version)
    assert save_cells([cell], user=facilitator)[0].saved
    entry.refresh_from_db()
    assert (entry.state, entry.source, entry.declaration) == ("draft", "screen", row)
    found = build_month([own(assignment)], LAST, row).rows[0]
    today = timezone.localdate().strftime("%d/%m/%Y")
    assert found.changes == [
        f"Travail\u202f: vos 120\u202fh ont été remplacées par 100\u202fh, par Fanny Facile, le {today}."
    ]
    assert found.grid_row.cells[0].locked


def test_what_the_house_deleted_is_told_too_and_nothing_is_told_of_the_house_s_own_lines():
    assignment, other, facilitator = at_work(), at_work(), UserFactory()
    submitted(assignment, 120)
    entry = HoursEntry.objects.get()
    save_cells([Cell(assignment, LAST, "work", None, entry.version)], user=facilitator)
    save_cells([Cell(other, LAST, "work", Decimal(50), 0)], user=facilitator)
    row = build_month([own(assignment)], LAST, None).rows[0]
    assert "vos 120\u202fh ont été effacées par" in row.changes[0]
    assert build_month([own(other)], LAST, None).rows[0].changes == []


def test_submitting_makes_the_month_read_only_for_the_company():
    assignment = at_work()
    row = submitted(assignment, 120)
    entry = HoursEntry.objects.get()
    assert (row.state, row.submitted_name, entry.state) == ("submitted", "Lou Paie", "submitted")
    with pytest.raises(DomainError, match="est soumise"):
        declare(assignment, 90, version=entry.version)
    with pytest.raises(DomainError, match="est soumise"):
        services.submit_declaration(declaration=row, by=None, name="Lou")
    entry.refresh_from_db()
    assert entry.hours == Decimal("120.00")


def test_accepting_validates_what_counts_and_leaves_the_rest_with_its_reason():
    company = CompanyFactory()
    counts = at_work(company)
    late_review = at_work(company, decided_on=BEGAN + dt.timedelta(days=20))
    for assignment in (counts, late_review):
        declare(assignment, 80)
    row = services.submit_declaration(declaration=open_month(counts), by=None, name="Lou")
    report = services.accept_declaration(declaration=row, by=UserFactory())
    assert [entry.assignment for entry in report.validated] == [counts]
    assert [entry.assignment for entry, _ in report.left] == [late_review]
    assert report.left[0][1]
    row.refresh_from_db()
    assert row.state == "accepted"


def test_accepting_leaves_what_looks_wrong_until_somebody_explains_it():
    company = CompanyFactory()
    usual, sudden, explained = (at_work(company) for _ in range(3))
    for assignment in (usual, sudden, explained):
        HoursEntryFactory(assignment=assignment, month=add_months(LAST, -1), hours=Decimal(140), counted=True)
        declare(assignment, 140 if assignment == usual else 30)
    row = services.submit_declaration(declaration=open_month(usual), by=None, name="Lou")
    found = find_anomalies(Assignment.objects.filter(pk=explained.pk), LAST, LAST)
    settle_anomaly(key=found.open[0].key, reason="Arrêt de travail", user=UserFactory())
    report = services.accept_declaration(declaration=row, by=UserFactory())
    assert {entry.assignment for entry in report.validated} == {usual, explained}
    assert [(entry.assignment, sentence.startswith("30\u202fh en ")) for entry, sentence in report.left] == [
        (sudden, True)
    ]
    row.refresh_from_db()
    assert row.state == "accepted"


def test_a_month_whose_lines_are_all_validated_in_the_grid_is_accepted_by_itself():
    assignment, facilitator = at_work(), UserFactory()
    row = submitted(assignment, 80)
    validate_hours(entries=HoursEntry.objects.to_validate(), user=facilitator, only_those_that_count=True)
    row.refresh_from_db()
    assert (row.state, row.decided_by) == ("accepted", facilitator)
    assert Task.objects.get(key=f"declaration-review:{row.pk}").done_on


def test_sending_back_needs_a_reason_and_opens_the_month_again():
    company = CompanyFactory(email="paie@employeur.example")
    first, second = at_work(company), at_work(company)
    declare(first, 80)
    row = submitted(second, 90)
    facilitator = UserFactory()
    with pytest.raises(DomainError, match="ce qui est à corriger"):
        services.send_back_declaration(declaration=row, reason=" ", lines={}, by=facilitator)
    wrong = HoursEntry.objects.get(assignment=second)
    services.send_back_declaration(
        declaration=row, reason="", lines={wrong.pk: "90 h pour 10 jours ?"}, by=facilitator
    )
    row.refresh_from_db()
    wrong.refresh_from_db()
    assert (row.state, wrong.state, wrong.sent_back_reason) == (
        "sent_back",
        "sent_back",
        "90 h pour 10 jours ?",
    )
    assert HoursEntry.objects.get(assignment=first).state == "submitted"
    message = Message.objects.get(key__startswith=f"declaration:{row.pk}:sent_back")
    assert message.recipients == ["paie@employeur.example"]
    # The line that stands is with the house; the one sent back is written again, and the month comes back.
    with_house = declare(first, 70, version=HoursEntry.objects.get(assignment=first).version)
    assert "déjà soumises" in with_house.error
    assert declare(second, 70, version=wrong.version).saved
    again = services.submit_declaration(declaration=row, by=None, name="Lou")
    assert again.state == "submitted"
    assert set(HoursEntry.objects.values_list("state", flat=True)) == {"submitted"}


def test_a_line_sent_back_does_not_come_again_as_it_was_without_a_word():
    assignment = at_work()
    row = submitted(assignment, 90)
    services.send_back_declaration(declaration=row, reason="Trop", lines={}, by=UserFactory())
    with pytest.raises(DomainError, match="n’a pas changé") as refused:
        services.submit_declaration(declaration=row, by=None, name="Lou")
    assert refused.value.field == "note"
    services.submit_declaration(declaration=row, by=None, name="Lou", note="C’est bien 90 h.")
    assert HoursEntry.objects.get().state == "submitted"


def test_a_line_sent_back_from_the_grid_opens_its_month_again_and_is_mailed_once():
    company = CompanyFactory(email="paie@employeur.example")
    first, second = at_work(company), at_work(company)
    declare(first, 80)
    row = submitted(second, 90)
    for entry in HoursEntry.objects.order_by("pk"):
        send_back_hours(entry=entry, reason="À revoir", user=UserFactory())
    row.refresh_from_db()
    assert row.state == "sent_back"
    assert Message.objects.filter(key__startswith=f"declaration:{row.pk}:sent_back").count() == 1


def test_lines_of_another_declaration_are_not_sent_back_with_this_one():
    mine, other = at_work(), at_work()
    row = submitted(mine, 90)
    submitted(other, 90)
    foreign = HoursEntry.objects.get(assignment=other)
    with pytest.raises(DomainError, match="rechargez"):
        services.send_back_declaration(declaration=row, reason="x", lines={foreign.pk: "y"}, by=UserFactory())
    foreign.refresh_from_db()
    assert foreign.state == "submitted"


def test_no_hours_this_month_is_said_and_not_guessed():
    assignment = at_work()
    row = open_month(assignment)
    with pytest.raises(DomainError, match="Aucune heure n’est saisie") as refused:
        services.submit_declaration(declaration=row, by=None, name="Lou")
    assert refused.value.field == "no_hours"
    done = services.submit_declaration(declaration=row, by=None, name="Lou", no_hours=True)
    assert done.no_hours
    report = services.accept_declaration(declaration=done, by=UserFactory())
    done.refresh_from_db()
    assert (report.validated, report.left, done.state) == ([], [], "accepted")


def test_no_hours_is_refused_beside_hours():
    assignment = at_work()
    declare(assignment, 10)
    with pytest.raises(DomainError, match="décochez"):
        services.submit_declaration(declaration=open_month(assignment), by=None, name="Lou", no_hours=True)


def test_who_submits_by_a_link_says_their_name():
    assignment = at_work()
    declare(assignment, 10)
    with pytest.raises(DomainError) as refused:
        services.submit_declaration(declaration=open_month(assignment), by=None, name="  ")
    assert refused.value.field == "name"


def test_two_members_writing_at_once_are_told_of_one_another():
    assignment = at_work()
    first, second = UserFactory(first_name="Ana", last_name="Un"), UserFactory()
    declare(assignment, 100, by=first)
    outcome = declare(assignment, 110, by=second, version=0)
    assert outcome.conflict and "Ana Un a saisi 100" in outcome.error
    assert HoursEntry.objects.get().hours == Decimal("100.00")


def test_a_refusal_says_nothing_of_another_employer_and_the_house_looks_at_the_sum():
    person = BeneficiaryFactory()
    review = EligibilityReviewFactory(beneficiary=person, decided_on=BEGAN - dt.timedelta(days=14))
    here = at_work()
    there = eligible_assignment(beneficiary=person, starts_on=BEGAN)
    assert review.beneficiary == person
    HoursEntryFactory(assignment=there, month=LAST, hours=Decimal(150), state="draft")
    here.placement.beneficiary = person
    here.placement.save()
    # 150 h elsewhere and 100 h here: above the legal maximum, which the employer cannot know.
    assert declare(here, 100).saved
    row = services.submit_declaration(declaration=open_month(here), by=None, name="Lou")
    report = services.accept_declaration(declaration=row, by=UserFactory())
    assert report.validated == []
    assert "250\u202fh" in report.left[0][1] and "tous employeurs réunis" in report.left[0][1]


def test_an_employer_is_refused_above_the_legal_maximum_of_its_own_hours():
    outcome = declare(at_work(), 400)
    assert "maximum légal" in outcome.error and not HoursEntry.objects.exists()


def test_what_the_house_typed_is_not_the_employer_s_to_change():
    assignment = at_work()
    HoursEntryFactory(assignment=assignment, month=LAST, hours=Decimal(50))
    outcome = declare(assignment, 60, version=1)
    assert "saisies par la maison" in outcome.error
    assert HoursEntry.objects.get().hours == Decimal("50.00")


def test_a_cell_of_another_employer_is_refused_whole():
    mine, other = at_work(), at_work()
    row = open_month(mine)
    cell = Cell(other, LAST, "work", Decimal(10), 0)
    with pytest.raises(DomainError, match="pas de cette déclaration"):
        services.declare_hours(declaration=row, cells=[cell], by=None)
    assert not HoursEntry.objects.exists()


def test_copying_fills_only_the_empty_places():
    company = CompanyFactory()
    filled, empty = at_work(company), at_work(company)
    before = add_months(LAST, -1)
    for assignment in (filled, empty):
        HoursEntryFactory(assignment=assignment, month=before, hours=Decimal(70), counted=True)
    declare(filled, 33)
    rows = list(own_assignments(company, LAST))
    outcomes = services.copy_previous_month(declaration=open_month(filled), assignments=rows, by=None)
    assert [outcome.saved for outcome in outcomes] == [True]
    found = dict(HoursEntry.objects.filter(month=LAST).values_list("assignment", "hours"))
    assert found == {filled.pk: Decimal("33.00"), empty.pk: Decimal("70.00")}


def test_a_document_is_kept_while_the_month_is_open_and_not_afterwards():
    assignment = at_work()
    declare(assignment, 10)
    row = open_month(assignment)
    upload = SimpleUploadedFile("paie.pdf", PDF)
    proof = services.add_proof(declaration=row, upload=upload, label="Récapitulatif", by=None)
    assert proof.stored.kind == "declaration_proof"
    row = services.submit_declaration(declaration=row, by=None, name="Lou")
    with pytest.raises(DomainError, match="est soumise"):
        services.remove_proof(proof=proof, by=None)
    with pytest.raises(DomainError, match="est soumise"):
        services.add_proof(declaration=row, upload=SimpleUploadedFile("b.pdf", PDF), by=None)


@pytest.mark.parametrize("content", [b"", b"MZ\x00\x00program"])
def test_a_document_of_no_accepted_type_is_refused_beside_its_field(content):
    row = open_month(at_work())
    with pytest.raises(DomainError) as refused:
        services.add_proof(declaration=row, upload=SimpleUploadedFile("paie.pdf", content), by=None)
    assert refused.value.field == "upload"
    assert not row.proofs.exists()


# --- Each morning --------------------------------------------------------------------------------------------


def morning(day: dt.date) -> tuple[int, int]:
    return declaration_jobs.open_declarations(day), declaration_jobs.remind_late_companies(day)


def test_the_month_that_ended_is_opened_once_with_a_deadline_and_a_message():
    company = CompanyFactory(email="contact@employeur.example")
    assignment = at_work(company)
    today = add_months(LAST, 1)
    assert morning(today) == (1, 0)
    assert morning(today) == (0, 0)
    row = MonthDeclaration.objects.get()
    assert (row.company, row.month, row.state) == (company, LAST, "draft")
    task = Task.objects.get()
    assert (task.turn, task.company, task.due_on) == ("company", company, due_on(LAST))
    assert task.due_on == today.replace(day=10)
    message = Message.objects.get()
    assert message.recipients == ["contact@employeur.example"] and "/lien/declaration/" in message.body
    assert str(assignment.placement.beneficiary) not in message.body


def test_members_are_written_to_rather_than_the_contact(cast):
    at_work(cast.company_a)
    Contact.objects.create(company=cast.company_a, name="Contact", email="contact@alpha.example")
    cast.company_user_a.set_password("une-longue-phrase-à-soi")
    cast.company_user_a.save()
    morning(add_months(LAST, 1))
    message = Message.objects.get()
    assert message.recipients == [cast.company_user_a.email]
    assert "/lien/" not in message.body and "/heures/mes-declarations/" in message.body
    assert not AccessLink.objects.exists()


def test_a_late_month_is_written_about_once_and_a_submitted_one_never(monkeypatch):
    late, done = CompanyFactory(email="a@a.example"), CompanyFactory(email="b@b.example")
    at_work(late)
    sent = at_work(done)
    morning(add_months(LAST, 1))
    Task.objects.update(created_at=timezone.now() - dt.timedelta(days=30))
    submitted(sent, 80)
    day = due_on(LAST) + dt.timedelta(days=1)
    assert morning(due_on(LAST)) == (0, 0)
    assert morning(day) == (0, 1)
    assert morning(day) == (0, 0)
    assert morning(day + dt.timedelta(days=1)) == (0, 0)
    message = Message.objects.get(key__contains=":late:")
    assert message.recipients == ["a@a.example"]
    row = MonthDeclaration.objects.get(company=late)
    assert (row.reminders, row.reminded_on) == (1, day)


def test_an_employer_whose_hours_are_all_there_is_not_asked():
    assignment = at_work()
    HoursEntryFactory(assignment=assignment, month=LAST)
    assert morning(add_months(LAST, 1)) == (0, 0)


def test_submitting_closes_the_company_s_deadline_and_opens_the_house_s():
    assignment = at_work()
    morning(add_months(LAST, 1))
    row = submitted(assignment, 80)
    assert Task.objects.get(key=f"declaration:{row.pk}").done_on
    review = Task.objects.get(key=f"declaration-review:{row.pk}")
    assert review.is_open and review.turn == "house"
    services.send_back_declaration(declaration=row, reason="Trop", lines={}, by=UserFactory())
    review.refresh_from_db()
    assert not review.is_open and Task.objects.get(key=f"declaration:{row.pk}").is_open


def test_reminding_writes_once_a_day_and_names_who_cannot_be_reached():
    reached, alone = CompanyFactory(email="a@a.example"), CompanyFactory(email="")
    rows = [open_month(at_work(company)) for company in (reached, alone)]
    by = UserFactory()
    assert services.remind_companies(declarations=rows, by=by) == (1, [alone])
    assert services.remind_companies(declarations=rows, by=by) == (0, [alone])


def test_the_months_of_a_company_say_what_is_awaited():
    company = CompanyFactory()
    assignment = at_work(company)
    today = due_on(LAST)
    HoursEntryFactory(assignment=assignment, month=BEGAN, hours=Decimal(10), counted=True)
    found = {row.month: row for row in months_of([company], today)}
    assert found[BEGAN].code == "house" and not found[BEGAN].is_awaited
    assert found[LAST].code == "draft" and found[LAST].is_awaited
    assert found[add_months(BEGAN, 1)].code == "late"
    assert not found[today.replace(day=1)].is_awaited


@pytest.mark.parametrize(
    ("weekly", "starts", "ends", "hours"),
    [
        # 35 h × 52 ÷ 12 = 151.67 h for a whole month, whatever its days.
        ("35", dt.date(2026, 1, 1), None, "151.67"),
        ("24", dt.date(2026, 1, 1), None, "104.00"),
        # October 2026 has 22 working days; from the 19th on, 10 are left: 151.666… × 10 ÷ 22.
        ("35", dt.date(2026, 10, 19), None, "68.94"),
        ("35", dt.date(2026, 10, 5), dt.date(2026, 10, 9), "34.47"),
        ("35", dt.date(2026, 11, 1), None, None),
        (None, dt.date(2026, 1, 1), None, None),
        # A Saturday and a Sunday: no working day.
        ("35", dt.date(2026, 10, 31), None, None),
    ],
)
def test_what_a_contract_makes_of_october_2026(weekly, starts, ends, hours):
    found = theoretical_hours(Decimal(weekly) if weekly else None, dt.date(2026, 10, 1), starts, ends)
    assert found == (Decimal(hours) if hours else None)
