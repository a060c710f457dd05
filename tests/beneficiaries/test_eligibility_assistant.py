"""The assistant of a decision: what statuses open, which proofs lack, what is proposed, with and without JavaScript."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import AccessKind, AccessRecord
from beneficiaries.assessment import ProofState, Terms, assess, oldest_accepted, proof_state
from core.dates import add_months
from tests.factories import BeneficiaryFactory, EligibilityCriterionFactory, ProofFileFactory

DAY = dt.date(2026, 1, 15)
RSA = Terms("rsa", "Bénéficiaire du RSA", proof="Attestation CAF", max_age_months=3)
PARENT = Terms("parent", "Parent isolé", sufficiency="combined", max_age_months=3)
LEVEL = Terms("level", "Niveau 3 ou moins", sufficiency="combined")
QPV = Terms("qpv", "Résident d’un QPV", sufficiency="priority", max_age_months=6)
PASS = Terms("pass", "PASS IAE", route="automatic", max_age_months=24)


def found(*held: tuple[Terms, dt.date | None], note: str = "") -> Any:
    return assess([(terms, dated, False) for terms, dated in held], day=DAY, note=note)


# --- The rules, without database ----------------------------------------------------------------------------


def test_one_that_suffices_alone_is_complete_with_its_proof_and_waits_without():
    assert found((RSA, DAY)).is_complete
    waiting = found((RSA, None))
    assert not waiting.is_complete and waiting.problem == "" and waiting.carried_by == ("rsa",)
    assert [line.terms.code for line in waiting.missing] == ["rsa"]


def test_two_to_be_combined_carry_a_decision_and_one_with_a_priority_does_not():
    assert found((PARENT, DAY), (LEVEL, None)).carried_by == ("parent", "level")
    alone = found((PARENT, DAY), (QPV, DAY))
    assert alone.carried_by == () and "«\u202fParent isolé\u202f» ne suffit pas seul" in alone.problem
    assert "donne une priorité" in found((QPV, DAY)).problem


def test_the_automatic_route_is_told_and_suffices():
    both = found((PASS, DAY), (RSA, None))
    assert both.route == "automatic" and both.carried_by == ("pass",)
    assert found((RSA, DAY)).route == "individual"


def test_no_status_carries_nothing():
    assert not found().is_complete and "Cochez au moins un critère" in found().problem


@pytest.mark.parametrize(
    ("day", "months", "oldest"),
    [
        (dt.date(2026, 1, 15), 3, dt.date(2025, 10, 15)),
        # 28 February + 3 months is 28 May, too old on the 31st; 1 March + 3 months is 1 June.
        (dt.date(2026, 5, 31), 3, dt.date(2026, 3, 1)),
        (dt.date(2026, 2, 28), 6, dt.date(2025, 8, 28)),
        (dt.date(2026, 1, 15), None, None),
    ],
)
def test_the_oldest_day_that_a_proof_may_bear(day, months, oldest):
    assert oldest_accepted(day, months) == oldest


@given(st.dates(dt.date(2015, 1, 1), dt.date(2035, 12, 31)), st.integers(1, 36))
def test_the_day_shown_is_exactly_where_a_proof_begins_to_be_accepted(day, months):
    terms = Terms("x", "x", max_age_months=months)
    oldest = oldest_accepted(day, months)
    assert oldest is not None
    assert proof_state(terms, oldest, day)[0] is ProofState.GOOD
    assert proof_state(terms, oldest - dt.timedelta(days=1), day)[0] is ProofState.TOO_OLD
    assert add_months(oldest, months) >= day


# --- The page -----------------------------------------------------------------------------------------------

db = pytest.mark.django_db


def typed(**changes: Any) -> dict[str, Any]:
    return {"decided_on": "15/01/2026", "held_rsa": "on", "proof_date_rsa": "5/1/26", **changes}


def a_file() -> SimpleUploadedFile:
    return SimpleUploadedFile("caf.pdf", b"%PDF-1.7\nproof\n%%EOF", "application/pdf")


@db
def test_each_status_tells_its_proof_and_since_when_it_may_date(cast, signed_in):
    EligibilityCriterionFactory(proof="Attestation de la CAF")
    person = BeneficiaryFactory()
    page = signed_in(cast.facilitator).get(reverse("review_create", args=[person.pk])).content.decode()
    oldest = oldest_accepted(timezone.localdate(), 3)
    assert f"Attestation de la CAF, 3 mois au plus (du {oldest:%d/%m/%Y} au plus tôt)" in page
    assert "1. Statuts tenus" in page and "2. Ce que ces statuts ouvrent" in page and "3. Décision" in page


@db
def test_htmx_gets_the_verdict_alone_and_nothing_is_saved(cast, signed_in):
    EligibilityCriterionFactory()
    person = BeneficiaryFactory()
    address = reverse("review_assess", args=[person.pk])
    browser = signed_in(cast.facilitator)
    page = browser.post(address, typed()).content.decode()
    assert "<html" not in page
    assert "individuelle" in page and "un statut suffit seul" in page
    assert "Décision proposée : <strong>éligible</strong>, à utiliser avant le 15/04/2026" in page
    page = browser.post(address, typed(proof_date_rsa="")).content.decode()
    assert "date à indiquer" in page and "1 justificatif manquant" in page
    page = browser.post(address, typed(proof_date_rsa="5/5/25")).content.decode()
    assert "trop ancien" in page and "Demandez un justificatif plus récent." in page
    assert "Cochez un statut" in browser.post(address, {"decided_on": "n’importe quoi"}).content.decode()
    assert not person.reviews.exists()


@db
def test_without_javascript_a_button_shows_the_same_and_keeps_what_was_typed(cast, signed_in):
    EligibilityCriterionFactory(automatic=True)
    person = BeneficiaryFactory()
    answer = signed_in(cast.facilitator).post(
        reverse("review_create", args=[person.pk]),
        {
            "assess": "1",
            "decided_on": "15/01/2026",
            "held_pass_iae": "on",
            "proof_date_pass_iae": "1/1/26",
            "note": "vue en entretien",
        },
    )
    page = answer.content.decode()
    assert answer.status_code == 200 and not person.reviews.exists()
    assert "automatique : la décision s’enregistre sans autre examen" in page
    assert "Décision proposée" in page and "vue en entretien" in page and 'value="1/1/26"' in page
    assert "À corriger avant d’enregistrer" not in page


@db
def test_a_file_sent_with_a_decision_is_kept_with_it(cast, signed_in):
    EligibilityCriterionFactory()
    person = BeneficiaryFactory()
    answer = signed_in(cast.facilitator).post(
        reverse("review_create", args=[person.pk]),
        typed(decision="approved", proof_file_rsa=a_file(), informed_on="14/01/2026"),
    )
    assert answer.status_code == 302
    proof, review = person.proofs.get(), person.reviews.get()
    assert (proof.review, proof.dated) == (review, dt.date(2026, 1, 5))
    person.refresh_from_db()
    assert person.informed_on == dt.date(2026, 1, 14)


@db
def test_a_file_sent_with_a_form_that_is_refused_stays_on_file_and_is_not_sent_twice(cast, signed_in):
    EligibilityCriterionFactory()
    person = BeneficiaryFactory()
    browser = signed_in(cast.facilitator)
    address = reverse("review_create", args=[person.pk])
    page = browser.post(address, typed(proof_file_rsa=a_file())).content.decode()
    assert "Dites si la personne est éligible ou refusée." in page
    assert "Au dossier : " in page and "caf.pdf" in page
    assert browser.post(address, typed(decision="approved")).status_code == 302
    assert person.proofs.get().review == person.reviews.get()


@db
def test_a_bad_file_stands_beside_its_criterion_and_nothing_is_recorded(cast, signed_in):
    EligibilityCriterionFactory()
    person = BeneficiaryFactory()
    bad = SimpleUploadedFile("caf.pdf", b"MZ\x90\x00" + b"\x00" * 64, "application/pdf")
    answer = signed_in(cast.facilitator).post(
        reverse("review_create", args=[person.pk]), typed(decision="approved", proof_file_rsa=bad)
    )
    assert answer.status_code == 200
    assert answer.context["form"].errors["proof_file_rsa"]
    assert not person.reviews.exists() and not person.proofs.exists()


@db
def test_a_proof_that_came_before_the_decision_is_ticked_with_its_date(cast, signed_in):
    proof = ProofFileFactory(dated=timezone.localdate())
    page = signed_in(cast.facilitator).get(reverse("review_create", args=[proof.beneficiary_id]))
    form = page.context["form"]
    assert form["held_rsa"].value() is True
    assert "Décision proposée" in page.content.decode()


@db
def test_the_missing_proofs_are_ticked_on_the_request_without_an_address_that_tells_them(cast, signed_in):
    EligibilityCriterionFactory(sensitive_one=True, proof_max_age_months=3)
    person = BeneficiaryFactory(email="sacha@example.org")
    browser = signed_in(cast.facilitator)
    page = browser.post(
        reverse("review_assess", args=[person.pk]), {"decided_on": "15/01/2026", "held_rqth": "on"}
    ).content.decode()
    assert 'name="missing" value="rqth"' in page and "?" not in reverse("proof_request_create", args=[1])
    answer = browser.post(
        reverse("proof_request_create", args=[person.pk]), {"from_review": "1", "missing": ["rqth"]}
    )
    assert answer.context["form"]["criteria"].value() == ["rqth"]
    assert "error-summary" not in answer.content.decode()


@db
def test_showing_that_a_person_holds_a_sensitive_criterion_is_logged(cast, signed_in):
    EligibilityCriterionFactory(sensitive_one=True)
    person = BeneficiaryFactory()
    browser = signed_in(cast.facilitator)
    address = reverse("review_create", args=[person.pk])
    browser.get(address)
    assert not AccessRecord.objects.filter(kind=AccessKind.SENSITIVE).exists()
    ProofFileFactory(
        beneficiary=person, criterion=EligibilityCriterionFactory(sensitive_one=True), dated=None
    )
    browser.get(address)
    assert AccessRecord.objects.get(kind=AccessKind.SENSITIVE).subject == f"person {person.pk}"


@db
def test_the_assistant_asks_the_same_number_of_queries_with_one_file_and_six(
    cast, signed_in, django_assert_max_num_queries
):
    first = ProofFileFactory()
    browser = signed_in(cast.facilitator)
    address = reverse("review_create", args=[first.beneficiary_id])
    browser.get(address)
    with django_assert_max_num_queries(22) as few:
        browser.get(address)
    for number in range(5):
        criterion = EligibilityCriterionFactory(code=f"c{number}", label=f"Statut {number}")
        ProofFileFactory(beneficiary=first.beneficiary, criterion=criterion)
    with django_assert_max_num_queries(len(few)):
        browser.get(address)
