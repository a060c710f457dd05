"""What each role gets at the addresses of clauses: buyers and companies read what is theirs."""

from __future__ import annotations

from django.utils import timezone

from clauses.models import PublishedContract
from clauses.services.recommendation_answers import record_answer
from clauses.services.tenders import start_grid, write_assessment
from core.models import Job
from tests.expectations import ADMIN_ONLY, HOUSE_FORM, HOUSE_ONLY, SIGNED_IN, Expectations, Kwargs
from tests.factories import (
    AchievementFactory,
    AgreementFactory,
    AwardFactory,
    CommitmentFactory,
    CompanyKindFactory,
    EvidenceFactory,
    InteractionFactory,
    LabourShareFactory,
    LotFactory,
    MeetingFactory,
    OperationFactory,
    PlannedPurchaseFactory,
    QualitativeCommitmentFactory,
    TaskFactory,
    make_escalation,
    make_recommendation,
)

BUYER_PAGE = {"anonymous": 302, "buyer": 200, "others": 403}
HOUSE_AND_BUYER = {**SIGNED_IN, "company": 403}

EXPECTED: Expectations = {
    "escalation_list": HOUSE_AND_BUYER,
    "escalation_letters": {"anonymous": 302, "company": 200, "others": 403},
    "market_escalations": HOUSE_AND_BUYER,
    "escalation_detail": {**SIGNED_IN, "company": 302},
    "escalation_open": HOUSE_ONLY,
    "escalation_refusal": HOUSE_ONLY,
    "escalation_letter": HOUSE_ONLY,
    "escalation_letter_preview": HOUSE_AND_BUYER,
    "escalation_letter_decide": BUYER_PAGE,
    "escalation_send": HOUSE_ONLY,
    "escalation_alert": HOUSE_ONLY,
    "escalation_default": BUYER_PAGE,
    "escalation_penalty": BUYER_PAGE,
    "escalation_meeting_plan": HOUSE_ONLY,
    "escalation_meeting": HOUSE_ONLY,
    "escalation_close": HOUSE_AND_BUYER,
    "escalation_file": {"anonymous": 302, "company": 403, "others": 405},
    "qualitative_unproved": HOUSE_ONLY,
    "market_list": SIGNED_IN,
    "directory_send": HOUSE_ONLY,
    "directory_pdf": HOUSE_ONLY,
    "decp_import": HOUSE_ONLY,
    "decp_report": HOUSE_ONLY,
    "coverage_list": HOUSE_ONLY,
    "coverage_drop": HOUSE_ONLY,
    "coverage_match": HOUSE_ONLY,
    "coverage_leave": HOUSE_ONLY,
    "coverage_undo": HOUSE_ONLY,
    "market_detail": SIGNED_IN,
    "market_commitments": {**SIGNED_IN, "company": 403},
    "commitment_detail": SIGNED_IN,
    "buyer_markets": HOUSE_ONLY,
    "company_commitments": HOUSE_ONLY,
    "clause_create": HOUSE_ONLY,
    "clause_edit": HOUSE_ONLY,
    "commitment_create": HOUSE_ONLY,
    "commitment_edit": HOUSE_ONLY,
    "change_create": HOUSE_ONLY,
    "commitment_move": HOUSE_ONLY,
    "order_create": HOUSE_ONLY,
    "market_qualitative": SIGNED_IN,
    "qualitative_detail": SIGNED_IN,
    "qualitative_create": HOUSE_ONLY,
    "qualitative_edit": HOUSE_ONLY,
    "qualitative_abandon": HOUSE_ONLY,
    "achievement_create": {**SIGNED_IN, "buyer": 403},
    "evidence_create": {**SIGNED_IN, "buyer": 403},
    "achievement_decide": HOUSE_ONLY,
    "evidence_decide": HOUSE_ONLY,
    "reserved_plan": HOUSE_FORM,
}


_FILES = ("market", "company", "buyer")
_FORM_OF_THE_HOUSE = {"anonymous": 302, "facilitator": 405, "admin": 405, "others": 403}
EXPECTED |= {
    "task_list": SIGNED_IN,
    "task_detail": {"others": 302},
    "task_done": _FORM_OF_THE_HOUSE,
    "task_postpone": _FORM_OF_THE_HOUSE,
    "task_assign": _FORM_OF_THE_HOUSE,
    "interaction_edit": {**HOUSE_ONLY, "facilitator": 302},
    "meeting_detail": SIGNED_IN,
    "meeting_edit": HOUSE_ONLY,
    "meeting_cancel": HOUSE_ONLY,
    "meeting_invite": HOUSE_ONLY,
    "meeting_report": HOUSE_ONLY,
    "meeting_file": SIGNED_IN,
    "calendar_feed": {"others": 404},
    "reminders": SIGNED_IN,
    "calendar_create": {"anonymous": 302, "others": 405},
    "calendar_revoke": {"anonymous": 302, "others": 405},
    **{
        f"{kind}_{name}": HOUSE_ONLY
        for kind in _FILES
        for name in ("journal", "interaction_create", "meeting_create", "task_create")
    },
}


def _meeting(cast):
    market, company = cast.commitment_a.market, cast.company_a
    return {"pk": MeetingFactory(market=market, company=company).pk}


def _own_task(cast):
    return {"pk": TaskFactory(market=cast.commitment_a.market).pk}


def _file(kind):
    rows = {
        "market": lambda cast: cast.commitment_a.market_id,
        "company": lambda cast: cast.company_a.pk,
        "buyer": lambda cast: cast.buyer_a.pk,
    }
    return lambda cast: {"pk": rows[kind](cast)}


def _commitment(cast):
    return {"pk": cast.commitment_a.pk}


def _market(cast):
    return {"pk": cast.commitment_a.market_id}


def _grid_line(cast):
    return QualitativeCommitmentFactory(award=cast.commitment_a.award)


def _line(cast):
    return {"pk": _grid_line(cast).pk}


def _in_a_group(cast):
    CommitmentFactory(
        clause=cast.commitment_a.clause, award=AwardFactory(lot=cast.commitment_a.clause.lot), hours=0
    )
    return {"pk": cast.commitment_a.pk}


def _report(cast):
    report = {"file": "a.json", "lines": {}, "amount": "0", "made": {}, "considerations": {}}
    report |= {"refused": [], "warnings": [], "refused_count": 0, "warning_count": 0, "stopped": ""}
    job = Job.objects.create(kind="decp_check", key="k", label="l", state="done", payload={"report": report})
    return {"pk": job.pk}


EXPECTED |= {
    "operation_detail": {"anonymous": 302, "facilitator": 200, "admin": 200, "buyer": 200, "company": 403},
}


def _published(state="to_look"):
    """A published contract of the buyer of the cast, decided for the page that undoes."""

    def make(cast):
        decided = {} if state == "to_look" else {"reason": "hors périmètre", "decided_at": timezone.now()}
        row = PublishedContract.objects.create(
            buyer=cast.buyer_a, number=f"P-{state}", lot_key="l", object="o", state=state, **decided
        )
        return {"pk": row.pk}

    return make


def _escalation(upto):
    return lambda cast: {"pk": make_escalation(cast.commitment_a, upto=upto).pk}


def _with_a_structure(cast):
    # An empty list goes back to the directory: there is one structure to send.
    CompanyKindFactory(company=cast.company_a, kind="EI")
    return {}


KWARGS: Kwargs = {
    "directory_send": _with_a_structure,
    "directory_pdf": _with_a_structure,
    "market_escalations": _market,
    "escalation_open": _market,
    "escalation_detail": _escalation("waiting"),
    "escalation_refusal": _escalation("contacts"),
    "escalation_letter": _escalation("to_propose"),
    "escalation_letter_preview": _escalation("to_approve"),
    "escalation_letter_decide": _escalation("to_approve"),
    "escalation_send": _escalation("to_send"),
    "escalation_alert": _escalation("to_alert"),
    "escalation_default": _escalation("to_notify"),
    "escalation_penalty": _escalation("to_decide"),
    "escalation_meeting_plan": _escalation("contacts"),
    "escalation_meeting": _escalation("contacts"),
    "escalation_close": _escalation("waiting"),
    "escalation_file": _escalation("contacts"),
    "operation_detail": lambda cast: {"pk": OperationFactory(buyer=cast.buyer_a).pk},
    "decp_report": _report,
    "coverage_match": _published(),
    "coverage_leave": _published(),
    "coverage_undo": _published("left"),
    "market_detail": _market,
    "market_commitments": _market,
    "commitment_detail": _commitment,
    "buyer_markets": lambda cast: {"pk": cast.buyer_a.pk},
    "company_commitments": lambda cast: {"pk": cast.company_a.pk},
    "clause_create": lambda cast: {"pk": cast.commitment_a.clause.lot_id},
    "clause_edit": lambda cast: {"pk": cast.commitment_a.clause_id},
    "commitment_create": lambda cast: {"pk": cast.commitment_a.clause_id},
    "commitment_edit": _commitment,
    "change_create": _commitment,
    "commitment_move": _in_a_group,
    "order_create": _commitment,
    "market_qualitative": _market,
    "qualitative_create": _market,
    "reserved_plan": _market,
    "qualitative_detail": _line,
    "qualitative_edit": _line,
    "qualitative_abandon": _line,
    "achievement_create": _line,
    "evidence_create": _line,
    "achievement_decide": lambda cast: {"pk": AchievementFactory(qualitative=_grid_line(cast)).pk},
    "evidence_decide": lambda cast: {"pk": EvidenceFactory(qualitative=_grid_line(cast)).pk},
}

KWARGS |= {
    # A task that both a buyer and a company see is a meeting, whose page is its own.
    "task_detail": _meeting,
    "task_done": _own_task,
    "task_postpone": _own_task,
    "task_assign": _own_task,
    "interaction_edit": lambda cast: {
        "pk": InteractionFactory(market=cast.commitment_a.market, author=cast.admin).pk
    },
    "meeting_detail": _meeting,
    "meeting_edit": _meeting,
    "meeting_cancel": _meeting,
    "meeting_invite": _meeting,
    "meeting_report": _meeting,
    "meeting_file": _meeting,
    "calendar_feed": lambda cast: {"token": "adresse-inconnue"},
    **{
        f"{kind}_{name}": _file(kind)
        for kind in _FILES
        for name in ("journal", "interaction_create", "meeting_create", "task_create")
    },
}
EXPECTED["agreement_fees"] = HOUSE_ONLY
KWARGS["agreement_fees"] = lambda cast: {"pk": AgreementFactory(buyer=cast.buyer_a).pk}


# --- Recommendations ------------------------------------------------------------------------------------------


def _recommendation(cast, *, sent=False, market=False):
    target = cast.commitment_a.market if market else PlannedPurchaseFactory(buyer=cast.buyer_a)
    return make_recommendation(target, cast.facilitator, sent=sent)


def _draft(cast):
    return {"pk": _recommendation(cast).pk}


def _sent(cast):
    return {"pk": _recommendation(cast, sent=True).pk}


def _accepted(cast):
    row = _recommendation(cast, sent=True, market=True)
    record_answer(
        recommendation=row,
        answer="accepted",
        on=row.sent_on,
        chosen=row.scenarios.get(),
        by=cast.facilitator,
    )
    return {"pk": row.pk}


EXPECTED |= {
    "market_preparation": {**SIGNED_IN, "company": 403},
    "purchase_recommendations": {**SIGNED_IN, "company": 403},
    "recommendation_create": HOUSE_ONLY,
    "recommendation_detail": {**SIGNED_IN, "company": 403},
    "recommendation_edit": HOUSE_ONLY,
    "recommendation_estimate": HOUSE_FORM,
    "recommendation_delete": HOUSE_ONLY,
    "recommendation_text": HOUSE_ONLY,
    # A draft's document is made on the spot; a buyer does not see the draft.
    "recommendation_document": {**HOUSE_ONLY, "buyer": 404},
    "recommendation_send": HOUSE_ONLY,
    "recommendation_answer": {**SIGNED_IN, "company": 403},
    "recommendation_version": HOUSE_ONLY,
    "recommendation_take_up": HOUSE_ONLY,
    "estimation_values": ADMIN_ONLY,
    "estimation_value_create": ADMIN_ONLY,
    "estimation_value_edit": ADMIN_ONLY,
}

KWARGS |= {
    "market_preparation": _market,
    "purchase_recommendations": lambda cast: {"pk": PlannedPurchaseFactory(buyer=cast.buyer_a).pk},
    "recommendation_create": lambda cast: {"kind": "marche", "pk": cast.commitment_a.market_id},
    "recommendation_detail": _sent,
    "recommendation_edit": _draft,
    "recommendation_estimate": _draft,
    "recommendation_delete": _draft,
    "recommendation_text": lambda cast: {"pk": _recommendation(cast).texts.get().pk},
    "recommendation_document": lambda cast: {**_draft(cast), "extension": "docx"},
    "recommendation_send": _draft,
    "recommendation_answer": _sent,
    "recommendation_version": _sent,
    "recommendation_take_up": _accepted,
    "estimation_value_create": lambda cast: {"kind": "part"},
    "estimation_value_edit": lambda cast: {
        "kind": "part",
        "code": LabourShareFactory().pk,
    },
}


def _lot_of_grid(cast):
    lot = LotFactory(market=cast.commitment_a.market)
    start_grid(lot=lot, by=None)
    return {"pk": lot.pk}


def _offer(cast):
    lot = LotFactory(market=cast.commitment_a.market)
    offer = write_assessment(grid=start_grid(lot=lot, by=None), bidder="Alpha", points={}, by=None)
    return {"pk": offer.pk}


# Bids are secret: a company is refused, another buyer finds nothing.
_BIDS = {"anonymous": 302, "facilitator": 200, "admin": 200, "buyer": 200, "company": 403}
EXPECTED |= {
    "offer_grid": _BIDS,
    "offer_report": _BIDS,
    **dict.fromkeys(
        ("offer_criteria", "offer_create", "offer_close", "offer_edit", "offer_remove", "lot_award"),
        HOUSE_ONLY,
    ),
    "offer_reopen": HOUSE_FORM,
}
KWARGS |= {
    **dict.fromkeys(
        (
            "offer_grid",
            "offer_report",
            "offer_criteria",
            "offer_create",
            "offer_close",
            "offer_reopen",
            "lot_award",
        ),
        _lot_of_grid,
    ),
    "offer_edit": _offer,
    "offer_remove": _offer,
}
