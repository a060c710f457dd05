"""What each role gets at the addresses of clauses: buyers and companies read what is theirs."""

from __future__ import annotations

from core.models import Job
from tests.expectations import HOUSE_ONLY, SIGNED_IN, Expectations, Kwargs
from tests.factories import AwardFactory, CommitmentFactory

EXPECTED: Expectations = {
    "market_list": SIGNED_IN,
    "decp_import": HOUSE_ONLY,
    "decp_report": HOUSE_ONLY,
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
}


def _commitment(cast):
    return {"pk": cast.commitment_a.pk}


def _market(cast):
    return {"pk": cast.commitment_a.market_id}


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


KWARGS: Kwargs = {
    "decp_report": _report,
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
}
