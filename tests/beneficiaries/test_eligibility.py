"""Eligibility: what carries a decision, how old a proof may be, what is frozen, and how it is corrected."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from accounts.models import AccessKind, AccessRecord
from beneficiaries.models import Beneficiary, EligibilityReview
from beneficiaries.services.eligibility import Held, age_on, correct_review, record_review
from core.errors import DomainError
from tests.factories import (
    AssignmentFactory,
    BeneficiaryFactory,
    CommuneFactory,
    CountingRulesFactory,
    EducationLevelFactory,
    EligibilityCriterionFactory,
    EligibilityReviewFactory,
    HoursEntryFactory,
    PlacementFactory,
    PrescriberFactory,
    QpvFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
DECIDED = dt.date(2026, 1, 15)
RECENT = dt.date(2026, 1, 5)


def criteria(*traits: str) -> list[Held]:
    made = [
        EligibilityCriterionFactory() if trait == "rsa" else EligibilityCriterionFactory(**{trait: True})
        for trait in traits
    ]
    return [Held(row, RECENT, "vu") for row in made]


def record(cast: Any, *traits: str, person: Any = None, **changes: Any) -> EligibilityReview:
    arguments = {
        "beneficiary": person or BeneficiaryFactory(),
        "decision": "approved",
        "decided_on": DECIDED,
        "criteria": criteria(*traits),
        "user": cast.facilitator,
        **changes,
    }
    return record_review(**arguments)


# --- What carries a decision ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "traits",
    [("rsa",), ("automatic",), ("sensitive_one",), ("combined", "other_combined"), ("rsa", "priority")],
)
def test_a_criterion_that_suffices_or_two_to_combine_carry_a_validation(cast, traits):
    assert record(cast, *traits).is_approved


@pytest.mark.parametrize(
    ("traits", "sentence"),
    [
        ((), "Cochez au moins un critère"),
        (("combined",), "«\u202fParent isolé\u202f» ne suffit pas seul"),
        (("combined", "priority"), "«\u202fParent isolé\u202f» ne suffit pas seul"),
        (("priority",), "donne une priorité mais ne rend pas éligible"),
    ],
)
def test_less_than_that_is_refused_with_a_sentence(cast, traits, sentence):
    with pytest.raises(DomainError) as refusal:
        record(cast, *traits)
    assert sentence in refusal.value.sentence
    assert not EligibilityReview.objects.exists()


def test_another_situation_needs_the_written_opinion_of_a_prescriber(cast):
    with pytest.raises(DomainError) as refusal:
        record(cast, "opinion")
    assert "avis motivé" in refusal.value.sentence
    assert record(
        cast, "opinion", note="Avis de la mission locale du 10/01\u202f: situation de rupture."
    ).is_approved


def test_a_refusal_says_why_and_needs_no_criterion(cast):
    with pytest.raises(DomainError) as refusal:
        record(cast, decision="refused")
    assert refusal.value.sentence == "Un refus se motive\u202f: dites pourquoi."
    review = record(cast, decision="refused", refusal_reason="Ne remplit aucun critère.")
    assert (review.decision, review.valid_until) == ("refused", None)


def test_a_decision_is_recorded_once_taken(cast):
    with pytest.raises(DomainError) as refusal:
        record(cast, "rsa", decided_on=dt.date(2126, 1, 1))
    assert "s’enregistre une fois prise" in refusal.value.sentence


def test_the_principal_status_is_one_of_those_held_and_else_the_one_that_carries_the_decision(cast):
    combined = EligibilityCriterionFactory(combined=True)
    with pytest.raises(DomainError) as refusal:
        record(cast, "rsa", principal=combined)
    assert "Le statut principal" in refusal.value.sentence
    review = record(cast, "combined", "rsa")
    assert review.principal_id == "rsa"
    review = record(cast, "combined", "rsa", principal=combined)
    assert review.principal_id == "isolated_parent"


def test_an_automatic_route_still_leaves_a_recorded_decision(cast):
    review = record(cast, "automatic")
    assert (review.route, review.decided_by) == ("automatic", cast.facilitator)


# --- How old a proof may be ----------------------------------------------------------------------------------


def test_a_proof_of_just_the_maximum_age_is_accepted_and_one_day_more_is_refused(cast):
    rsa = EligibilityCriterionFactory()
    oldest = dt.date(2025, 10, 15)
    assert record(cast, criteria=[(rsa, oldest, "attestation CAF")]).is_approved
    with pytest.raises(DomainError) as refusal:
        record(cast, criteria=[(rsa, oldest - dt.timedelta(days=1), "attestation CAF")])
    assert refusal.value.sentence == (
        "«\u202fBénéficiaire du RSA\u202f»\u202f: le justificatif du 14/10/2025 a 3 mois et 1 jour au jour de la décision, "
        "le 15/01/2026\u202f; il doit avoir 3 mois au plus. Demandez un justificatif plus récent."
    )


def test_a_criterion_with_a_maximum_age_needs_the_date_of_its_proof(cast):
    with pytest.raises(DomainError) as refusal:
        record(cast, criteria=[(EligibilityCriterionFactory(), None, "attestation")])
    assert "indiquez la date du justificatif" in refusal.value.sentence


def test_a_criterion_without_maximum_age_needs_none(cast):
    rqth = EligibilityCriterionFactory(sensitive_one=True)
    assert record(cast, criteria=[(rqth, dt.date(2019, 1, 1), "décision CDAPH")]).is_approved
    assert record(cast, criteria=[(rqth, None, "")]).is_approved


def test_a_proof_of_after_the_decision_is_refused(cast):
    with pytest.raises(DomainError) as refusal:
        record(cast, criteria=[(EligibilityCriterionFactory(), dt.date(2026, 1, 16), "")])
    assert "postérieur à la décision du 15/01/2026" in refusal.value.sentence


def test_a_criterion_out_of_force_on_that_day_is_refused(cast):
    gone = EligibilityCriterionFactory(code="gone", label="Ancien statut", valid_to=dt.date(2025, 12, 31))
    with pytest.raises(DomainError) as refusal:
        record(cast, criteria=[(gone, RECENT, "")])
    assert "n’est pas un critère en vigueur le 15/01/2026" in refusal.value.sentence


# --- How long a validation waits -----------------------------------------------------------------------------


def test_an_unused_validation_lapses_after_the_months_of_the_rules_in_force(cast):
    assert record(cast, "rsa").valid_until == dt.date(2026, 4, 15)
    CountingRulesFactory(in_force_from=dt.date(2026, 1, 1), review_validity_months=6)
    assert record(cast, "rsa").valid_until == dt.date(2026, 7, 15)
    assert record(cast, "rsa", valid_until=dt.date(2026, 2, 1)).valid_until == dt.date(2026, 2, 1)


# --- What is frozen ------------------------------------------------------------------------------------------


def test_the_situation_at_entry_is_frozen_and_stays_when_the_person_moves(cast):
    lyon, bron = CommuneFactory(label="Lyon 8e"), CommuneFactory(label="Bron")
    qpv, level, sender = QpvFactory(), EducationLevelFactory(), PrescriberFactory()
    person = BeneficiaryFactory(
        birth_date=dt.date(2000, 1, 16),
        gender="M",
        commune=lyon,
        qpv=qpv,
        education=level,
        prescriber=sender,
    )
    review = record(cast, "rsa", person=person, unemployment="12_23")
    person = Beneficiary.objects.get(pk=person.pk)
    person.commune, person.qpv, person.gender, person.prescriber, person.education = (
        bron,
        None,
        "X",
        None,
        None,
    )
    person.save()
    review.refresh_from_db()
    # Born on 16/01/2000: 25 on the day of the decision, 26 the day after.
    assert review.entry_age == 25
    assert (review.entry_gender, review.entry_commune, review.entry_qpv) == ("M", lyon, qpv)
    assert (review.entry_qpv_vintage, review.entry_education) == (2024, level)
    assert (review.entry_prescriber, review.entry_unemployment) == (sender, "12_23")


def test_age_is_in_whole_years_and_unknown_without_birth_date():
    born = dt.date(2000, 2, 29)
    assert age_on(dt.date(2026, 2, 28), born) == 25
    assert age_on(dt.date(2026, 3, 1), born) == 26
    assert age_on(dt.date(2026, 3, 1), None) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE beneficiaries_eligibilityreview SET decision = 'refused', refusal_reason = 'x'",
        "DELETE FROM beneficiaries_eligibilityreview",
        "UPDATE beneficiaries_heldcriterion SET proof_label = 'autre'",
        "DELETE FROM beneficiaries_heldcriterion",
    ],
)
def test_the_database_itself_refuses_to_change_a_decision_or_its_criteria(cast, statement):
    record(cast, "rsa")
    with pytest.raises(DatabaseError, match="enregistrez une correction"), transaction.atomic():
        connection.cursor().execute(statement)


# --- Corrections ---------------------------------------------------------------------------------------------


def correct(cast: Any, review: EligibilityReview, **changes: Any) -> EligibilityReview:
    arguments = {
        "review": review,
        "correction_reason": "Le justificatif était celui d’une autre personne.",
        "decision": "approved",
        "decided_on": DECIDED,
        "criteria": criteria("rsa"),
        "user": cast.admin,
        **changes,
    }
    return correct_review(**arguments)


def test_a_correction_is_a_new_decision_with_a_reason_and_the_old_one_stays(cast):
    review = record(cast, "rsa")
    corrected = correct(
        cast, review, decision="refused", refusal_reason="Justificatif d’un autre.", criteria=[]
    )
    assert corrected.supersedes == review
    assert EligibilityReview.objects.count() == 2
    assert list(EligibilityReview.objects.standing()) == [corrected]


def test_a_correction_without_reason_or_of_a_corrected_decision_is_refused(cast):
    review = record(cast, "rsa")
    with pytest.raises(DomainError) as refusal:
        correct(cast, review, correction_reason="  ")
    assert refusal.value.sentence == "Une correction se motive\u202f: dites pourquoi."
    correct(cast, review)
    with pytest.raises(DomainError) as refusal:
        correct(cast, review)
    assert "a déjà été corrigée" in refusal.value.sentence


def test_a_correction_keeps_the_frozen_situation_whatever_the_file_says_today(cast):
    lyon, bron = CommuneFactory(label="Lyon 8e"), CommuneFactory(label="Bron")
    person = BeneficiaryFactory(commune=lyon)
    review = record(cast, "rsa", person=person)
    person = Beneficiary.objects.get(pk=person.pk)
    person.commune = bron
    person.save()
    assert correct(cast, review).entry_commune == lyon


def test_a_correction_may_correct_the_frozen_situation(cast):
    qpv = QpvFactory(vintage=2024)
    review = record(cast, "rsa")
    corrected = correct(cast, review, entry={"entry_qpv": qpv})
    assert (corrected.entry_qpv, corrected.entry_qpv_vintage) == (qpv, 2024)


def test_hours_stop_counting_when_the_decision_is_corrected_into_a_refusal(cast):
    assignment = eligible_assignment(starts_on=dt.date(2026, 2, 2), decided_on=DECIDED)
    entry = HoursEntryFactory(assignment=assignment, month=dt.date(2026, 2, 1), validated=True)
    correct(cast, assignment.review)
    entry.refresh_from_db()
    assert entry.counted_hours == Decimal("100.00")
    standing = EligibilityReview.objects.standing().get()
    correct(cast, standing, decision="refused", refusal_reason="Erreur.", criteria=[])
    entry.refresh_from_db()
    assert (entry.counted_hours, entry.counting_reason) == (Decimal("0.00"), "not_validated")


def test_a_decision_recorded_after_the_assignment_but_taken_before_makes_its_hours_count(cast):
    person = BeneficiaryFactory()
    assignment = AssignmentFactory(
        placement=PlacementFactory(beneficiary=person, starts_on=dt.date(2026, 2, 2))
    )
    entry = HoursEntryFactory(assignment=assignment, month=dt.date(2026, 2, 1), validated=True)
    review = record(cast, "rsa", person=person)
    assignment.refresh_from_db()
    entry.refresh_from_db()
    assert assignment.review == review
    assert (entry.counted_hours, entry.counting_reason) == (Decimal("100.00"), "counted")
    assert person.periods.get().ends_on == dt.date(2028, 2, 1)


# --- Pages ---------------------------------------------------------------------------------------------------


def decision_form(**changes: Any) -> dict[str, Any]:
    return {
        "decision": "approved",
        "decided_on": "15/01/2026",
        "held_rsa": "on",
        "proof_date_rsa": "5/1/26",
        "proof_label_rsa": "attestation CAF",
        **changes,
    }


def test_the_form_records_a_decision(cast, signed_in):
    EligibilityCriterionFactory()
    person = BeneficiaryFactory()
    answer = signed_in(cast.facilitator).post(
        reverse("review_create", args=[person.pk]), decision_form(unemployment="ge24")
    )
    assert answer.status_code == 302
    review = person.reviews.get()
    held = review.held_criteria.get()
    assert (review.decided_by, review.entry_unemployment) == (cast.facilitator, "ge24")
    assert (held.criterion_id, held.proof_date, held.proof_label) == ("rsa", RECENT, "attestation CAF")


def test_a_refusal_of_the_rules_is_said_on_the_page_and_what_was_typed_is_kept(cast, signed_in):
    EligibilityCriterionFactory()
    person = BeneficiaryFactory()
    answer = signed_in(cast.facilitator).post(
        reverse("review_create", args=[person.pk]),
        decision_form(proof_date_rsa="05/09/2025", note="vue en entretien"),
    )
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "le justificatif du 05/09/2025 a 4 mois et 10 jours au jour" in page
    assert "vue en entretien" in page and 'value="attestation CAF"' in page
    assert not person.reviews.exists()


def test_a_proof_without_its_criterion_is_pointed_at(cast, signed_in):
    EligibilityCriterionFactory()
    person = BeneficiaryFactory()
    data = decision_form()
    del data["held_rsa"]
    answer = signed_in(cast.facilitator).post(reverse("review_create", args=[person.pk]), data)
    assert "sans que le critère soit coché" in answer.content.decode()


def test_the_form_of_a_correction_holds_the_decision_as_it_was(cast, signed_in):
    review = record(cast, "rsa")
    address = reverse("review_correct", args=[review.beneficiary_id, review.pk])
    browser = signed_in(cast.facilitator)
    form = browser.get(address).context["form"]
    assert form["held_rsa"].value() is True
    data = decision_form(correction_reason="Date relue.", decided_on="16/01/2026", entry_gender="F")
    assert browser.post(address, data).status_code == 302
    corrected = EligibilityReview.objects.standing().get()
    assert (corrected.decided_on, corrected.supersedes) == (dt.date(2026, 1, 16), review)
    assert browser.get(address).status_code == 302


def test_reading_a_tab_with_sensitive_criteria_is_logged_without_name(cast, signed_in):
    plain = record(cast, "rsa").beneficiary
    sensitive = record(cast, "sensitive_one").beneficiary
    browser = signed_in(cast.facilitator)
    browser.get(reverse("beneficiary_eligibility", args=[plain.pk]))
    assert not AccessRecord.objects.filter(kind=AccessKind.SENSITIVE).exists()
    page = browser.get(reverse("beneficiary_eligibility", args=[sensitive.pk]))
    assert "RQTH" in page.content.decode()
    reading = AccessRecord.objects.get(kind=AccessKind.SENSITIVE)
    assert (reading.user, reading.subject) == (cast.facilitator, f"person {sensitive.pk}")
    review = sensitive.reviews.get()
    browser.get(reverse("review_correct", args=[sensitive.pk, review.pk]))
    assert AccessRecord.objects.filter(kind=AccessKind.SENSITIVE).count() == 2


def test_no_other_tab_nor_export_shows_a_criterion(cast, signed_in):
    person = record(cast, "sensitive_one").beneficiary
    browser = signed_in(cast.facilitator)
    for name in ("beneficiary_detail", "beneficiary_contracts", "beneficiary_hours", "beneficiary_history"):
        assert "RQTH" not in browser.get(reverse(name, args=[person.pk])).content.decode()
    exported = browser.get(reverse("beneficiary_list"), {"export": "csv"})
    assert b"RQTH" not in b"".join(exported)


def test_a_replaced_decision_stays_readable(cast, signed_in):
    review = record(cast, "rsa")
    correct(cast, review, decision="refused", refusal_reason="Dossier d’un homonyme.", criteria=[])
    page = signed_in(cast.facilitator).get(reverse("beneficiary_eligibility", args=[review.beneficiary_id]))
    text = page.content.decode()
    assert "corrigée depuis" in text and "Dossier d’un homonyme." in text


def test_a_refused_person_is_refused_until_validated(cast):
    person = EligibilityReviewFactory(refused=True, decided_on=dt.date(2026, 1, 2)).beneficiary
    today = dt.date(2026, 2, 1)
    assert Beneficiary.objects.with_eligibility(today).get(pk=person.pk).eligibility_state == "refused"
    record(cast, "rsa", person=person)
    found = Beneficiary.objects.with_eligibility(today).get(pk=person.pk)
    assert (found.eligibility_state, found.eligible_until) == ("eligible", dt.date(2026, 4, 15))
    late = Beneficiary.objects.with_eligibility(dt.date(2026, 4, 16)).get(pk=person.pk)
    assert (late.eligibility_state, late.eligible_until) == ("expired", None)
