"""What each role gets at the addresses of people and hours: a company reads its own people, a buyer none."""

from __future__ import annotations

from typing import Any

from tests.expectations import ADMIN_ONLY, HOUSE_FORM, HOUSE_ONLY, Expectation, Expectations, Kwargs
from tests.factories import (
    ClosedYearFactory,
    CountingRulesFactory,
    HoursEntryFactory,
    PrescriberFactory,
    RecountFactory,
    eligible_assignment,
)

HOUSE_AND_COMPANY: Expectation = {
    "anonymous": 302,
    "facilitator": 200,
    "admin": 200,
    "company": 200,
    "others": 403,
}

PERSON_PAGES = (
    "beneficiary_edit",
    "beneficiary_hours",
    "beneficiary_history",
    "beneficiary_eligibility",
    "review_create",
    "beneficiary_contracts",
    "placement_create",
)
EXPECTED: Expectations = {
    "beneficiary_list": HOUSE_AND_COMPANY,
    "beneficiary_create": HOUSE_ONLY,
    "beneficiary_detail": HOUSE_AND_COMPANY,
    **dict.fromkeys(PERSON_PAGES, HOUSE_ONLY),
    "review_correct": HOUSE_ONLY,
    "placement_edit": HOUSE_ONLY,
    "placement_end": HOUSE_ONLY,
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
    "counting_rules_list": ADMIN_ONLY,
    "counting_rules_create": ADMIN_ONLY,
    "counting_rules_edit": ADMIN_ONLY,
    "closed_year_list": ADMIN_ONLY,
    # A year that is closed already: the way back to the list.
    "closed_year_close": {**ADMIN_ONLY, "admin": 302},
    "criterion_list": ADMIN_ONLY,
    "contract_type_list": ADMIN_ONLY,
    "education_level_list": ADMIN_ONLY,
    # Hours
    "hours": {**HOUSE_ONLY, "company": 302},
    "hours_row": HOUSE_FORM,
    "entry_correct": HOUSE_ONLY,
    "entry_take_over": HOUSE_ONLY,
    "entry_send_back": HOUSE_ONLY,
    "entry_list": HOUSE_ONLY,
    "company_entry_list": {"anonymous": 302, "company": 200, "others": 403},
    "market_hours": HOUSE_ONLY,
    "company_hours": HOUSE_ONLY,
    # Checks and recounts
    "recount_list": HOUSE_ONLY,
    "recount_detail": HOUSE_ONLY,
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


KWARGS: Kwargs = {
    "beneficiary_detail": _of_person,
    **dict.fromkeys(PERSON_PAGES, _of_person),
    "review_correct": lambda cast: {
        "pk": _assignment(cast).placement.beneficiary_id,
        "review_pk": _assignment(cast).review_id,
    },
    "placement_edit": _of_placement,
    "placement_end": _of_placement,
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
    "recount_detail": lambda cast: {"pk": RecountFactory().pk},
}
