"""What each role gets at the addresses of people and hours: a company reads its own people, a buyer none."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from beneficiaries.models import InformationNotice, TrainingCourse
from tests.beneficiaries.import_expectations import EXPECTED as IMPORTS_EXPECTED
from tests.beneficiaries.import_expectations import KWARGS as IMPORTS_KWARGS
from tests.beneficiaries.privacy_expectations import PRIVACY, PRIVACY_KWARGS
from tests.beneficiaries.recruitment_expectations import RECRUITMENT, RECRUITMENT_KWARGS
from tests.expectations import ADMIN_ONLY, HOUSE_FORM, HOUSE_ONLY, Expectation, Expectations, Kwargs
from tests.factories import (
    AggregateDeclarationFactory,
    BeneficiaryFactory,
    ClosedYearFactory,
    CountingRulesFactory,
    EligibilityCriterionFactory,
    EligibilityReviewFactory,
    FollowUpFactory,
    HoursEntryFactory,
    OutcomeFactory,
    PlacementFactory,
    PrescriberFactory,
    ProofFileFactory,
    ProofRequestFactory,
    RecountFactory,
    ReferrerFactory,
    SettledAnomalyFactory,
    eligible_assignment,
    mutualisation,
)

HOUSE_AND_COMPANY: Expectation = {
    "anonymous": 302,
    "facilitator": 200,
    "admin": 200,
    "company": 200,
    "others": 403,
}

NO_KEY: Expectation = {"others": 401}
COMPANY_ONLY: Expectation = {"anonymous": 302, "company": 200, "others": 403}

PERSON_PAGES = (
    "beneficiary_edit",
    "beneficiary_hours",
    "beneficiary_history",
    "beneficiary_eligibility",
    "review_create",
    "beneficiary_contracts",
    "placement_create",
)
ELIGIBILITY_PAGES = (
    "proof_create",
    "proof_request_create",
    "person_position",
    "person_notice",
    "notice_hand_over",
)
EXPECTED: Expectations = {
    "beneficiary_list": HOUSE_AND_COMPANY,
    "beneficiary_create": HOUSE_ONLY,
    "beneficiary_detail": HOUSE_AND_COMPANY,
    **dict.fromkeys(PERSON_PAGES, HOUSE_ONLY),
    "review_correct": HOUSE_ONLY,
    "placement_edit": HOUSE_ONLY,
    "placement_end": HOUSE_ONLY,
    "training_result": HOUSE_ONLY,
    "outcome_list": HOUSE_ONLY,
    "outcome_entry": HOUSE_ONLY,
    "beneficiary_outcomes": HOUSE_ONLY,
    "outcome_record": HOUSE_ONLY,
    "outcome_link": HOUSE_FORM,
    # A link that nobody made opens nothing, to anybody.
    "outcome_answer": {"others": 404},
    "mutualisation_list": HOUSE_ONLY,
    "mutualisation_create": HOUSE_ONLY,
    "mutualisation_detail": HOUSE_ONLY,
    "mutualisation_edit": HOUSE_ONLY,
    "mutualisation_document": HOUSE_ONLY,
    "mutualisation_stop": HOUSE_ONLY,
    "mutualisation_agreement": HOUSE_ONLY,
    "market_aggregates": HOUSE_ONLY,
    "market_aggregate": HOUSE_ONLY,
    "company_aggregates": HOUSE_ONLY,
    "company_aggregate": HOUSE_ONLY,
    "aggregate_edit": HOUSE_ONLY,
    "assignment_create": HOUSE_ONLY,
    "assignment_edit": HOUSE_ONLY,
    "lookup": HOUSE_ONLY,
    "market_people": HOUSE_ONLY,
    "market_assign": HOUSE_ONLY,
    "company_people": HOUSE_ONLY,
    "prescriber_list": HOUSE_ONLY,
    "prescriber_create": HOUSE_ONLY,
    "prescriber_detail": HOUSE_ONLY,
    "prescriber_edit": HOUSE_ONLY,
    # The directory: duplicates, notes, referrers
    "duplicate_list": HOUSE_ONLY,
    "referrer_options": HOUSE_ONLY,
    "person_duplicates": HOUSE_ONLY,
    "person_merge": HOUSE_ONLY,
    "person_separate": HOUSE_FORM,
    "person_follow_up": HOUSE_ONLY,
    "follow_up_edit": HOUSE_ONLY,
    # A note of another day, by someone else: the way back to the tab.
    "follow_up_delete": {**HOUSE_ONLY, "facilitator": 302},
    "referrer_create": HOUSE_ONLY,
    "referrer_edit": HOUSE_ONLY,
    "counting_rules_list": ADMIN_ONLY,
    "counting_rules_create": ADMIN_ONLY,
    "counting_rules_edit": ADMIN_ONLY,
    "closed_year_list": ADMIN_ONLY,
    # A year that is closed already: the way back to the list.
    "closed_year_close": {**ADMIN_ONLY, "admin": 302},
    "criterion_list": ADMIN_ONLY,
    "criterion_create": ADMIN_ONLY,
    **dict.fromkeys(("criterion_detail", "criterion_change", "criterion_close"), ADMIN_ONLY),
    "notice_settings": ADMIN_ONLY,
    "notice_create": ADMIN_ONLY,
    "notice_paper": ADMIN_ONLY,
    # Eligibility
    "review_assess": HOUSE_FORM,
    "review_letter": HOUSE_ONLY,
    "eligibility_attestation": HOUSE_AND_COMPANY,
    **dict.fromkeys(ELIGIBILITY_PAGES, HOUSE_ONLY),
    "proof_remove": HOUSE_ONLY,
    "proof_request_remind": HOUSE_ONLY,
    "proof_request_close": HOUSE_FORM,
    "market_position": HOUSE_ONLY,
    "validation_watch": HOUSE_ONLY,
    "contract_type_list": ADMIN_ONLY,
    "education_level_list": ADMIN_ONLY,
    # Hours
    "hours": HOUSE_ONLY,
    "hours_row": HOUSE_FORM,
    "entry_correct": HOUSE_ONLY,
    "entry_take_over": HOUSE_ONLY,
    "entry_send_back": HOUSE_ONLY,
    "entry_list": HOUSE_ONLY,
    "company_entry_list": {"anonymous": 302, "company": 200, "others": 403},
    "market_hours": HOUSE_ONLY,
    "company_hours": HOUSE_ONLY,
    # Programs come with a key, whoever is signed in.
    "api:openapi-json": {"others": 200},
    "api:api-root": {"others": 404},
    "api_unknown": {"others": 404},
    "api:account": NO_KEY,
    "api:assignments": NO_KEY,
    "api:declaration": NO_KEY,
    "api:hours": {"others": 405},
    "api:submission": {"others": 405},
    # Declarations of a month
    "company_declaration_list": COMPANY_ONLY,
    "company_declaration": COMPANY_ONLY,
    "company_declaration_row": {"anonymous": 302, "company": 405, "others": 403},
    "declaration_list": HOUSE_ONLY,
    # Nobody to remind and nothing to accept: the way back to the board.
    "declaration_remind": {**HOUSE_ONLY, "facilitator": 302, "admin": 302},
    "declaration_accept_all": {**HOUSE_ONLY, "facilitator": 302, "admin": 302},
    "declaration_review": HOUSE_ONLY,
    "declaration_accept": HOUSE_FORM,
    "declaration_send_back": HOUSE_FORM,
    "declaration_link": HOUSE_ONLY,
    "declaration_link_revoke": HOUSE_FORM,
    # A link that opens nothing says so to everyone.
    "declaration_by_link": {"others": 404},
    "declaration_row_by_link": {"others": 404},
    "declaration_proof_by_link": {"others": 404},
    # Checks and recounts
    "anomaly_list": HOUSE_ONLY,
    "anomaly_settle": HOUSE_FORM,
    "anomaly_reopen": HOUSE_FORM,
    "hours_rows": HOUSE_FORM,
    "entry_days": HOUSE_ONLY,
    "recount_list": HOUSE_ONLY,
    "recount_detail": HOUSE_ONLY,
    **RECRUITMENT,
    **PRIVACY,
    **IMPORTS_EXPECTED,
}


def _assignment(cast: Any) -> Any:
    """One of company A, made once for each cast."""
    found = cast.commitment_a.assignments.order_by("pk").first()
    return found or eligible_assignment(commitment=cast.commitment_a)


def _of_person(cast: Any) -> dict[str, Any]:
    return {"pk": _assignment(cast).placement.beneficiary_id}


def _of_placement(cast: Any) -> dict[str, Any]:
    return {"pk": _assignment(cast).placement_id}


def _of_assignment(cast: Any) -> dict[str, Any]:
    return {"pk": _assignment(cast).pk}


def _of_outcome(cast: Any) -> dict[str, Any]:
    return {"pk": OutcomeFactory(beneficiary=_assignment(cast).placement.beneficiary).pk}


def _of_training(cast: Any) -> dict[str, Any]:
    placement = PlacementFactory(nature="training", modality="training", contract_type=None)
    TrainingCourse.objects.create(placement=placement, title="Titre de maçon")
    return {"pk": placement.pk}


def _mutualisation(cast: Any) -> Any:
    return mutualisation({cast.commitment_a: 60, cast.commitment_b: 40}, in_effect=False)


def _of_aggregate(cast: Any) -> dict[str, Any]:
    return {"pk": AggregateDeclarationFactory(commitment=cast.commitment_a, company=cast.company_a).pk}


def _of_market(cast: Any) -> dict[str, Any]:
    return {"pk": cast.commitment_a.market_id}


def _of_company(cast: Any) -> dict[str, Any]:
    return {"pk": cast.company_a.pk}


def _of_prescriber(cast: Any) -> dict[str, Any]:
    return {"pk": PrescriberFactory().pk}


def _of_validated_entry(cast: Any) -> dict[str, Any]:
    return {"pk": HoursEntryFactory(assignment=eligible_assignment(), counted=True).pk}


def _of_submitted_entry(cast: Any) -> dict[str, Any]:
    return {"pk": HoursEntryFactory(assignment=eligible_assignment(), state="submitted").pk}


def _of_employer_entry(cast: Any) -> dict[str, Any]:
    return {"pk": HoursEntryFactory(assignment=eligible_assignment(), source="portal").pk}


def _two_people(cast: Any) -> dict[str, Any]:
    return {**_of_person(cast), "other": BeneficiaryFactory().pk}


def _of_refusal(cast: Any) -> dict[str, Any]:
    review = EligibilityReviewFactory(refused=True)
    return {"pk": review.beneficiary_id, "review_pk": review.pk}


def _eligible_today(cast: Any) -> dict[str, Any]:
    begun = timezone.localdate() - dt.timedelta(days=30)
    assignment = eligible_assignment(commitment=cast.commitment_a, starts_on=begun)
    return {"pk": assignment.placement.beneficiary_id}


def _of_criterion(cast: Any) -> dict[str, Any]:
    return {"code": EligibilityCriterionFactory().pk}


def _of_month(cast: Any) -> dict[str, Any]:
    _assignment(cast)
    return {"pk": cast.company_a.pk, "month": "2025-04"}


KWARGS: Kwargs = {
    **dict.fromkeys(("criterion_detail", "criterion_change", "criterion_close"), _of_criterion),
    "notice_paper": lambda cast: {"pk": InformationNotice.objects.earliest("in_force_from").pk},
    "review_assess": _of_person,
    "review_letter": _of_refusal,
    "eligibility_attestation": _eligible_today,
    **dict.fromkeys(ELIGIBILITY_PAGES, _of_person),
    "proof_remove": lambda cast: {"pk": ProofFileFactory().pk},
    "proof_request_remind": lambda cast: {"pk": ProofRequestFactory().pk},
    "proof_request_close": lambda cast: {"pk": ProofRequestFactory().pk},
    "market_position": _of_market,
    "person_duplicates": _of_person,
    "person_merge": _two_people,
    "person_separate": _two_people,
    "person_follow_up": _of_person,
    "follow_up_edit": lambda cast: {"pk": FollowUpFactory().pk},
    "follow_up_delete": lambda cast: {"pk": FollowUpFactory().pk},
    "referrer_create": _of_prescriber,
    "referrer_edit": lambda cast: {"pk": ReferrerFactory().pk},
    "beneficiary_detail": _of_person,
    **dict.fromkeys(PERSON_PAGES, _of_person),
    "review_correct": lambda cast: {
        "pk": _assignment(cast).placement.beneficiary_id,
        "review_pk": _assignment(cast).review_id,
    },
    "placement_edit": _of_placement,
    "placement_end": _of_placement,
    "training_result": _of_training,
    "beneficiary_outcomes": _of_person,
    "outcome_record": _of_outcome,
    "outcome_link": _of_outcome,
    "outcome_answer": lambda cast: {"token": "jeton-inconnu"},
    **dict.fromkeys(
        ("mutualisation_detail", "mutualisation_edit", "mutualisation_document", "mutualisation_stop"),
        lambda cast: {"pk": _mutualisation(cast).pk},
    ),
    "mutualisation_agreement": lambda cast: {"pk": _mutualisation(cast).shares.order_by("pk")[0].pk},
    "market_aggregates": _of_market,
    "market_aggregate": _of_market,
    "company_aggregates": _of_company,
    "company_aggregate": _of_company,
    "aggregate_edit": _of_aggregate,
    "assignment_create": _of_placement,
    "assignment_edit": _of_assignment,
    "lookup": lambda cast: {"kind": "person"},
    "market_people": _of_market,
    "market_assign": _of_market,
    "company_people": _of_company,
    "prescriber_detail": _of_prescriber,
    "prescriber_edit": _of_prescriber,
    "counting_rules_edit": lambda cast: {"pk": CountingRulesFactory().pk},
    "closed_year_close": lambda cast: {"year": ClosedYearFactory(year=2024).year},
    "hours_row": _of_assignment,
    "entry_correct": _of_validated_entry,
    "entry_take_over": _of_employer_entry,
    "entry_send_back": _of_submitted_entry,
    "market_hours": _of_market,
    "company_hours": _of_company,
    **dict.fromkeys(
        (
            "company_declaration",
            "declaration_review",
            "declaration_accept",
            "declaration_send_back",
            "declaration_link",
            "declaration_link_revoke",
        ),
        _of_month,
    ),
    "company_declaration_row": lambda cast: {**_of_month(cast), "assignment": _assignment(cast).pk},
    "api_unknown": lambda cast: {"rest": "v1/rien"},
    **dict.fromkeys(("api:declaration", "api:hours", "api:submission"), lambda cast: {"month": "2025-04"}),
    "declaration_by_link": lambda cast: {"token": "inconnu"},
    "declaration_row_by_link": lambda cast: {"token": "inconnu", "assignment": _assignment(cast).pk},
    "declaration_proof_by_link": lambda cast: {"token": "inconnu", "proof": 1},
    "anomaly_reopen": lambda cast: {"pk": SettledAnomalyFactory().pk},
    "entry_days": _of_submitted_entry,
    "recount_detail": lambda cast: {"pk": RecountFactory().pk},
    **RECRUITMENT_KWARGS,
    **PRIVACY_KWARGS,
    **IMPORTS_KWARGS,
}
