"""Proofs: kept by the house alone, erased for good, asked by e-mail to the person or to who follows them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessKind, AccessRecord
from beneficiaries.models import ProofFile, ProofRequest, Referrer
from beneficiaries.services.eligibility import record_review
from beneficiaries.services.proofs import (
    add_proof,
    close_request,
    erase_proof,
    remind_late_proofs,
    remind_proof,
    request_proofs,
)
from core.errors import DomainError
from core.models import Message, StoredFile
from markets.models import Task
from tests.factories import (
    BeneficiaryFactory,
    CompanyFactory,
    EligibilityCriterionFactory,
    PrescriberFactory,
    ProofFileFactory,
    ProofRequestFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\nproof\n%%EOF"


def a_file(content: bytes = PDF, name: str = "attestation.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/pdf")


def sensitive() -> Any:
    return EligibilityCriterionFactory(sensitive_one=True, proof="Décision de la CDAPH (MDPH)")


def ask(cast: Any, **changes: Any) -> ProofRequest:
    today = timezone.localdate()
    arguments = {
        "beneficiary": changes.pop("person", None)
        or BeneficiaryFactory(email="sacha@example.org", last_name="Dupont", birth_date=None),
        "criteria": [EligibilityCriterionFactory(proof="Attestation de la CAF", proof_max_age_months=3)],
        "to": "person",
        "due_on": today + dt.timedelta(days=15),
        "by": cast.facilitator,
        **changes,
    }
    return request_proofs(**arguments)


# --- Files --------------------------------------------------------------------------------------------------


def test_a_proof_added_from_the_page_is_kept_and_opened_by_the_house_alone(cast, signed_in):
    criterion = EligibilityCriterionFactory()
    person = eligible_assignment(commitment=cast.commitment_a).placement.beneficiary
    answer = signed_in(cast.facilitator).post(
        reverse("proof_create", args=[person.pk]),
        {"criterion": criterion.pk, "dated": "5/1/26", "upload": a_file()},
    )
    assert answer.status_code == 302
    proof = person.proofs.get()
    assert (proof.dated, proof.criterion, proof.added_by) == (
        dt.date(2026, 1, 5),
        criterion,
        cast.facilitator,
    )
    address = reverse("file_download", args=[proof.stored_id])
    for user, status in (
        (cast.facilitator, 200),
        (cast.admin, 200),
        (cast.company_user_a, 404),
        (cast.buyer_user_a, 404),
    ):
        response = signed_in(user).get(address)
        assert response.status_code == status
        response.close()


def test_opening_the_proof_of_a_sensitive_criterion_is_logged_without_its_name(cast, signed_in):
    plain, secret = ProofFileFactory(), ProofFileFactory(criterion=sensitive())
    browser = signed_in(cast.facilitator)
    browser.get(reverse("file_download", args=[plain.stored_id])).close()
    assert not AccessRecord.objects.filter(kind=AccessKind.SENSITIVE).exists()
    browser.get(reverse("file_download", args=[secret.stored_id])).close()
    reading = AccessRecord.objects.get(kind=AccessKind.SENSITIVE)
    assert (reading.user, reading.subject) == (cast.facilitator, f"person {secret.beneficiary_id}")


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "vide.pdf", "Ce fichier est vide"),
        (b"MZ\x90\x00" + b"\x00" * 200, "attestation.pdf", "type"),
        (b"x" * 20_000_001, "gros.pdf", "20"),
    ],
)
def test_a_file_that_is_not_a_document_is_refused_beside_its_field(cast, signed_in, content, name, sentence):
    person = BeneficiaryFactory()
    answer = signed_in(cast.facilitator).post(
        reverse("proof_create", args=[person.pk]),
        {"criterion": EligibilityCriterionFactory().pk, "upload": a_file(content, name)},
    )
    assert answer.status_code == 200
    assert any(sentence in error for error in answer.context["form"].errors["upload"])
    assert not ProofFile.objects.exists() and not StoredFile.objects.filter(kind="proof").exists()


def test_an_erased_proof_leaves_its_row_and_date_and_nothing_else(cast, django_capture_on_commit_callbacks):
    proof = ProofFileFactory()
    stored = proof.stored
    with django_capture_on_commit_callbacks(execute=True):
        erase_proof(proof=proof, on=dt.date(2031, 5, 2), user=None)
    erase_proof(proof=proof, on=dt.date(2032, 1, 1), user=None)
    proof.refresh_from_db()
    assert (proof.stored, proof.erased_on, proof.dated) == (None, dt.date(2031, 5, 2), dt.date(2026, 1, 5))
    assert not StoredFile.objects.filter(pk=stored.pk).exists()


def test_a_file_is_removed_while_no_decision_rests_on_it(cast, signed_in):
    proof = ProofFileFactory()
    address = reverse("proof_remove", args=[proof.pk])
    browser = signed_in(cast.facilitator)
    assert "attestation.pdf" in browser.get(address).content.decode()
    assert browser.post(address).status_code == 302
    proof.refresh_from_db()
    assert proof.stored is None
    review = record_review(
        beneficiary=proof.beneficiary,
        decision="approved",
        decided_on=dt.date(2026, 1, 15),
        criteria=[(proof.criterion, dt.date(2026, 1, 5), "")],
        user=cast.facilitator,
    )
    kept = ProofFileFactory(beneficiary=proof.beneficiary, review=review)
    assert browser.post(reverse("proof_remove", args=[kept.pk])).status_code == 404


def test_files_that_wait_are_filed_with_the_decision_that_holds_their_criterion(cast):
    proof = ProofFileFactory()
    other = ProofFileFactory(beneficiary=proof.beneficiary, criterion=sensitive())
    review = record_review(
        beneficiary=proof.beneficiary,
        decision="approved",
        decided_on=dt.date(2026, 1, 15),
        criteria=[(proof.criterion, dt.date(2026, 1, 5), "")],
        user=cast.facilitator,
    )
    proof.refresh_from_db()
    other.refresh_from_db()
    assert (proof.review, other.review) == (review, None)


# --- Asking -------------------------------------------------------------------------------------------------


def test_a_request_names_the_document_and_its_age_and_never_the_status(cast):
    request = ask(cast, message="Vous pouvez passer à l’accueil.")
    message = Message.objects.get()
    assert message.recipients == ["sacha@example.org"]
    assert message.subject == "Un document à nous envoyer"
    assert "Attestation de la CAF, de 3 mois au plus" in message.body
    assert f"avant le {request.due_on:%d/%m/%Y}" in message.body
    assert "Vous pouvez passer à l’accueil." in message.body
    assert "RSA" not in message.body + message.subject
    task = Task.objects.get(key=f"proof-request:{request.pk}")
    assert (task.person_number, task.due_on, task.assignee) == (
        request.beneficiary_id,
        request.due_on,
        cast.facilitator,
    )
    assert task.title == "Justificatif demandé pour Dupont Sacha"


def test_the_referrer_is_told_for_whom_and_the_person_is_not_named_to_themselves(cast):
    prescriber = PrescriberFactory(kind="local_mission")
    referrer = Referrer.objects.create(prescriber=prescriber, last_name="Guide", email="guide@example.org")
    person = BeneficiaryFactory(last_name="Dupont", referrer=referrer, prescriber=prescriber)
    ask(cast, person=person, to="referrer", criteria=[sensitive()])
    message = Message.objects.get()
    assert message.recipients == ["guide@example.org"]
    assert "le dossier de Dupont Sacha, que vous accompagnez" in message.body
    assert "RQTH" not in message.body


@pytest.mark.parametrize("way", ["kind", "company", "account"])
def test_a_sensitive_document_is_never_asked_from_an_employer(cast, way):
    email = "structure@example.org"
    prescriber = PrescriberFactory(kind="siae" if way == "kind" else "association", email=email)
    if way == "company":
        CompanyFactory(email=email.upper())
    if way == "account":
        cast.company_user_a.email = email
        cast.company_user_a.save()
    person = BeneficiaryFactory(prescriber=prescriber)
    with pytest.raises(DomainError) as refusal:
        ask(cast, person=person, to="prescriber", criteria=[sensitive()])
    assert "un justificatif sensible ne lui est pas demandé" in refusal.value.sentence
    assert not Message.objects.exists() and not ProofRequest.objects.exists()
    assert ask(cast, person=person, to="prescriber").email == email


def test_what_cannot_be_asked_is_said(cast):
    person = BeneficiaryFactory()
    for changes, sentence in (
        ({"person": person}, "Aucune adresse électronique"),
        ({"criteria": []}, "Choisissez au moins un justificatif"),
        ({"due_on": dt.date(2020, 1, 1)}, "L’échéance est passée"),
    ):
        with pytest.raises(DomainError) as refusal:
            ask(cast, **changes)
        assert sentence in refusal.value.sentence
    request = ask(cast)
    with pytest.raises(DomainError) as refusal:
        ask(cast, person=request.beneficiary)
    assert "attend déjà ces justificatifs" in refusal.value.sentence
    assert Message.objects.count() == 1


def test_a_request_is_answered_once_every_proof_has_come(cast):
    rsa, rqth = EligibilityCriterionFactory(), sensitive()
    request = ask(cast, criteria=[rsa, rqth])
    today = timezone.localdate()
    for criterion, answered in ((rsa, None), (rqth, today)):
        add_proof(
            beneficiary=request.beneficiary,
            criterion=criterion,
            upload=a_file(),
            dated=today,
            user=cast.facilitator,
        )
        request.refresh_from_db()
        assert request.answered_on == answered
    task = Task.objects.get(key=f"proof-request:{request.pk}")
    assert (task.done_on, task.outcome) == (today, "justificatif reçu")


def test_a_proof_seen_on_paper_and_noted_with_a_decision_answers_too(cast):
    request = ask(cast)
    today = timezone.localdate()
    record_review(
        beneficiary=request.beneficiary,
        decision="approved",
        decided_on=today,
        criteria=[(request.criteria.get(), today, "attestation vue")],
        user=cast.facilitator,
    )
    request.refresh_from_db()
    assert request.answered_on == today


def test_a_request_is_given_up_once(cast):
    request = close_request(request=ask(cast), is_received=False, by=cast.facilitator)
    assert request.closed_on == timezone.localdate() and not request.is_open
    assert Task.objects.get().outcome == "demande abandonnée"
    with pytest.raises(DomainError) as refusal:
        close_request(request=request, is_received=True, by=cast.facilitator)
    assert "est abandonnée depuis" in refusal.value.sentence


def test_a_late_request_is_reminded_once_by_itself_and_its_task_says_so(cast):
    request = ProofRequestFactory(asked_by=cast.facilitator)
    due = request.due_on
    assert remind_late_proofs(due) == 0
    assert remind_late_proofs(due + dt.timedelta(days=1)) == 1
    assert remind_late_proofs(due + dt.timedelta(days=1)) == 0
    message = Message.objects.get()
    assert message.subject == "Rappel : un document à nous envoyer"
    assert "Nous vous avons écrit le 05/01/2026" in message.body
    assert "(en retard)" in Task.objects.get().title
    gone = ProofRequestFactory(beneficiary__archived_on=dt.date(2026, 1, 10))
    assert remind_late_proofs(due + dt.timedelta(days=9)) == 0
    gone.refresh_from_db()
    assert gone.reminded_on is None


def test_a_reminder_by_hand_leaves_until_another_day(cast):
    request = ask(cast)
    later = timezone.localdate() + dt.timedelta(days=30)
    row = remind_proof(request=request, due_on=later, by=cast.facilitator)
    assert (row.due_on, row.reminded_on) == (later, timezone.localdate())
    assert Message.objects.count() == 2
    assert Task.objects.get().due_on == later


# --- Pages --------------------------------------------------------------------------------------------------


def test_the_page_asks_and_shows_what_waits(cast, signed_in):
    person = BeneficiaryFactory(email="sacha@example.org")
    rsa = EligibilityCriterionFactory()
    browser = signed_in(cast.facilitator)
    answer = browser.post(
        reverse("proof_request_create", args=[person.pk]),
        {"criteria": [rsa.pk], "to": "person", "due_on": "01/02/2100"},
        follow=True,
    )
    page = answer.content.decode()
    assert "La demande part à sacha@example.org" in page and "attendu le 01/02/2100" in page
    request = person.proof_requests.get()
    answer = browser.post(reverse("proof_request_close", args=[request.pk]), {"dropped": "1"}, follow=True)
    assert "La demande est abandonnée." in answer.content.decode()


def test_a_form_that_is_refused_keeps_what_was_typed(cast, signed_in):
    person = BeneficiaryFactory(email="sacha@example.org")
    answer = signed_in(cast.facilitator).post(
        reverse("proof_request_create", args=[person.pk]),
        {"to": "person", "due_on": "32/01/2026", "message": "Merci beaucoup."},
    )
    page = answer.content.decode()
    assert answer.status_code == 200 and "Merci beaucoup." in page and 'value="32/01/2026"' in page
    assert not Message.objects.exists()


def test_without_any_address_the_page_leads_to_the_file(cast, signed_in):
    person = BeneficiaryFactory()
    page = signed_in(cast.facilitator).get(reverse("proof_request_create", args=[person.pk])).content.decode()
    assert "Aucune adresse électronique n’est connue" in page
    assert reverse("beneficiary_edit", args=[person.pk]) in page
