"""What each role gets at the addresses of reporting: a buyer reads its dashboard and its published bilans."""

from __future__ import annotations

import datetime as dt

from reporting.services.progress import make_progress_report
from tests.expectations import ADMIN_ONLY, HOUSE_FORM, HOUSE_ONLY, Expectation, Expectations, Kwargs
from tests.factories import OperationFactory, make_bilan

HOUSE_AND_BUYER: Expectation = {
    "anonymous": 302,
    "facilitator": 200,
    "admin": 200,
    "buyer": 200,
    "company": 403,
}
EXPECTED: Expectations = {
    # A buyer with one donneur d'ordre is led to its dashboard.
    "home": {"anonymous": 302, "buyer": 302, "others": 200},
    "buyer_dashboard": HOUSE_AND_BUYER,
    "bilan_list": HOUSE_AND_BUYER,
    "bilan_start": HOUSE_ONLY,
    "bilan_detail": HOUSE_AND_BUYER,
    # A published bilan leads back to its page.
    "bilan_section": {"anonymous": 302, "facilitator": 302, "admin": 302, "others": 403},
    "bilan_review": HOUSE_FORM,
    "bilan_publish": {**ADMIN_ONLY, "admin": 302},
    "market_progress": HOUSE_AND_BUYER,
    "progress_create": HOUSE_ONLY,
    "progress_detail": HOUSE_AND_BUYER,
    "market_final_bilan": HOUSE_ONLY,
    "operation_final_bilan": HOUSE_ONLY,
    "territory_bilan": ADMIN_ONLY,
    "market_reserved_bilan": HOUSE_ONLY,
}


def _bilan(cast):
    return {"pk": make_bilan(buyer=cast.buyer_a, published=True).pk}


def _of_market(cast):
    return {"pk": cast.commitment_a.market_id}


def _progress(cast):
    report = make_progress_report(
        market=cast.commitment_a.market, first=dt.date(2025, 3, 1), last=dt.date(2025, 6, 1), user=None
    )
    return {"pk": report.pk}


KWARGS: Kwargs = {
    "market_progress": _of_market,
    "progress_create": _of_market,
    "progress_detail": _progress,
    "market_final_bilan": _of_market,
    "market_reserved_bilan": _of_market,
    "operation_final_bilan": lambda cast: {"pk": OperationFactory(buyer=cast.buyer_a).pk},
    "buyer_dashboard": lambda cast: {"pk": cast.buyer_a.pk},
    "bilan_detail": _bilan,
    "bilan_section": lambda cast: {**_bilan(cast), "section": "essentiel"},
    "bilan_review": _bilan,
    "bilan_publish": _bilan,
}
