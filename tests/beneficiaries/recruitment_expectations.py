"""What each role gets at the addresses of recruitment; `url_expectations` takes them in."""

from __future__ import annotations

from typing import Any

from tests.beneficiaries.recruitment import (
    award_of,
    make_action,
    make_application,
    make_attendance,
    make_need,
    make_offer,
)
from tests.expectations import HOUSE_FORM, HOUSE_ONLY, SIGNED_IN, Expectation, Expectations, Kwargs
from tests.factories import BeneficiaryFactory

HOUSE_AND_COMPANY: Expectation = {
    "anonymous": 302,
    "facilitator": 200,
    "admin": 200,
    "company": 200,
    "others": 403,
}
OFFER_PAGES = ("job_offer_edit", "job_offer_send", "job_offer_close", "application_create")
APPLICATION_PAGES = (
    "application_detail",
    "application_meet",
    "application_hire",
    "application_link",
    "application_reject",
)
APPLICATION_FORMS = ("application_match", "application_create_person", "application_reopen")

RECRUITMENT: Expectations = {
    "job_offer_list": HOUSE_AND_COMPANY,
    "job_offer_create": HOUSE_ONLY,
    "job_offer_detail": HOUSE_AND_COMPANY,
    **dict.fromkeys(OFFER_PAGES, HOUSE_ONLY),
    # Without anyone ticked: the way back to the offer.
    "job_offer_present": {**HOUSE_ONLY, "facilitator": 302, "admin": 302},
    "job_offer_reopen": HOUSE_FORM,
    # A token that nobody was sent; the pages of a true one are read in test_offer_replies.
    "job_offer_reply": {"others": 404},
    **dict.fromkeys(APPLICATION_PAGES, HOUSE_ONLY),
    **dict.fromkeys(APPLICATION_FORMS, HOUSE_FORM),
    "person_applications": HOUSE_ONLY,
    "person_application_create": HOUSE_ONLY,
    "feedback_create": HOUSE_ONLY,
    "action_list": HOUSE_ONLY,
    "action_create": HOUSE_ONLY,
    "action_detail": HOUSE_ONLY,
    "action_edit": HOUSE_ONLY,
    "action_concern": HOUSE_FORM,
    "attendance_create": HOUSE_FORM,
    "attendance_record": HOUSE_FORM,
    "attendance_delete": HOUSE_ONLY,
    "buyer_actions": {**SIGNED_IN, "company": 403},
    "need_list": HOUSE_ONLY,
    "need_create": HOUSE_ONLY,
    "need_detail": HOUSE_ONLY,
    "need_edit": HOUSE_ONLY,
}


def _of_offer(cast: Any) -> dict[str, Any]:
    return {"pk": make_offer(award_of(cast.commitment_a)).pk}


def _of_application(cast: Any) -> dict[str, Any]:
    return {"pk": make_application(make_offer(award_of(cast.commitment_a)), BeneficiaryFactory()).pk}


def _of_person(cast: Any) -> dict[str, Any]:
    return {"pk": BeneficiaryFactory().pk}


def _of_action(cast: Any) -> dict[str, Any]:
    action = make_action()
    action.markets.add(cast.commitment_a.market)
    return {"pk": action.pk}


RECRUITMENT_KWARGS: Kwargs = {
    "job_offer_detail": _of_offer,
    **dict.fromkeys(OFFER_PAGES, _of_offer),
    "job_offer_present": _of_offer,
    "job_offer_reopen": _of_offer,
    "job_offer_reply": lambda cast: {"token": "jeton-que-personne-n-a-recu"},
    **dict.fromkeys(APPLICATION_PAGES, _of_application),
    **dict.fromkeys(APPLICATION_FORMS, _of_application),
    "person_applications": _of_person,
    "person_application_create": _of_person,
    "feedback_create": _of_person,
    "action_detail": _of_action,
    "action_edit": _of_action,
    "action_concern": lambda cast: {**_of_action(cast), "kind": "market"},
    "attendance_create": _of_action,
    "attendance_record": _of_action,
    "attendance_delete": lambda cast: {"pk": make_attendance(make_action()).pk},
    "buyer_actions": lambda cast: {"pk": cast.buyer_a.pk},
    "need_detail": lambda cast: {"pk": make_need().pk},
    "need_edit": lambda cast: {"pk": make_need().pk},
}
