"""What each role gets at the addresses of reporting: a buyer reads its dashboard and its published bilans."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from reporting.models import ImprovementAction, PartnershipNote, PathPortrait
from reporting.services.comments import comment_bilan
from reporting.services.progress import make_progress_report
from reporting.services.sent_drafts import send_draft
from reporting.services.workflow import review_bilan
from tests.expectations import ADMIN_ONLY, HOUSE_FORM, HOUSE_ONLY, Expectation, Expectations, Kwargs
from tests.factories import BeneficiaryFactory, OperationFactory, make_bilan
from tests.reporting import campaign_expectations

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
    "portfolio_dashboard": HOUSE_ONLY,
    "territory_dashboard": HOUSE_ONLY,
    "quality_dashboard": HOUSE_ONLY,
    "load_dashboard": ADMIN_ONLY,
    "fees_dashboard": ADMIN_ONLY,
    "bilan_list": HOUSE_AND_BUYER,
    "exports": ADMIN_ONLY,
    # A session opens nothing there: a key does.
    **{f"api:{name}": {"others": 401} for name in ("buyer", "bilans", "bilan", "figures", "markets")},
    **campaign_expectations.EXPECTED,
    "bilan_start": HOUSE_ONLY,
    "bilan_detail": HOUSE_AND_BUYER,
    # A published bilan leads back to its page.
    "bilan_section": {"anonymous": 302, "facilitator": 302, "admin": 302, "others": 403},
    "bilan_first_text": HOUSE_FORM,
    "portrait_list": HOUSE_ONLY,
    # A published bilan leads back to its portraits; the paper of a draft opens.
    "portrait_create": {"anonymous": 302, "facilitator": 302, "admin": 302, "others": 403},
    "portrait_edit": HOUSE_ONLY,
    "portrait_consent": HOUSE_ONLY,
    "portrait_paper": HOUSE_ONLY,
    "portrait_withdraw": HOUSE_ONLY,
    "portrait_delete": HOUSE_ONLY,
    "bilan_review": HOUSE_FORM,
    "bilan_publish": {**ADMIN_ONLY, "admin": 302},
    "market_progress": HOUSE_AND_BUYER,
    "progress_create": HOUSE_ONLY,
    "progress_detail": HOUSE_AND_BUYER,
    "market_final_bilan": HOUSE_ONLY,
    "operation_final_bilan": HOUSE_ONLY,
    "territory_bilan": ADMIN_ONLY,
    "market_reserved_bilan": HOUSE_ONLY,
    # The life of a bilan: what is sent, published or over leads back to its page.
    "bilan_writer": HOUSE_ONLY,
    "bilan_submit": HOUSE_ONLY,
    "bilan_reading": HOUSE_ONLY,
    "bilan_send_back": {"anonymous": 302, "facilitator": 302, "admin": 302, "others": 403},
    "bilan_send": HOUSE_ONLY,
    "bilan_deliver": {"anonymous": 302, "facilitator": 302, "admin": 302, "others": 403},
    "bilan_comment_answer": HOUSE_ONLY,
    "sent_draft_detail": HOUSE_AND_BUYER,
    "sent_draft_done": {"anonymous": 302, "buyer": 405, "others": 403},
    # What a link that lives answers is in test_deliveries: reading it notes that it was used.
    "bilan_by_link": {"others": 404},
    "bilan_file_by_link": {"others": 404},
    "partnership_list": HOUSE_AND_BUYER,
    "partnership_start": HOUSE_ONLY,
    "partnership_note": HOUSE_ONLY,
    "partnership_share": HOUSE_ONLY,
    "improvement_create": HOUSE_ONLY,
    "improvement_edit": HOUSE_ONLY,
    "buyer_partnership": HOUSE_AND_BUYER,
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


def _portrait(cast):
    row = PathPortrait.objects.create(
        bilan=make_bilan(buyer=cast.buyer_a), beneficiary=BeneficiaryFactory(), text="Un récit."
    )
    return {"pk": row.pk}


def _draft_bilan(cast):
    return {"pk": make_bilan(buyer=cast.buyer_a).pk}


def _reviewed(cast):
    return review_bilan(bilan=make_bilan(buyer=cast.buyer_a), user=cast.admin)


def _sent(cast):
    until = timezone.localdate() + dt.timedelta(days=20)
    return {"pk": send_draft(bilan=_reviewed(cast), comments_until=until, user=cast.admin).pk}


def _remark(cast):
    row = comment_bilan(bilan=make_bilan(buyer=cast.buyer_a), chapter="hours", text="Oui.", by=cast.admin)
    return {"pk": row.pk}


def _note(cast):
    note = PartnershipNote.objects.filter(buyer=cast.buyer_a).first()
    return note or PartnershipNote.objects.create(buyer=cast.buyer_a, year=2025)


KWARGS: Kwargs = {
    **campaign_expectations.KWARGS,
    **dict.fromkeys(("bilan_writer", "bilan_submit", "bilan_reading", "bilan_send_back"), _draft_bilan),
    "bilan_send": lambda cast: {"pk": _reviewed(cast).pk},
    "bilan_deliver": _bilan,
    "bilan_comment_answer": _remark,
    "sent_draft_detail": _sent,
    "sent_draft_done": _sent,
    "bilan_by_link": lambda cast: {"token": "inconnu"},
    "bilan_file_by_link": lambda cast: {"token": "inconnu", "file_format": "pdf"},
    "buyer_partnership": lambda cast: {"pk": cast.buyer_a.pk},
    "partnership_note": lambda cast: {"pk": cast.buyer_a.pk, "year": 2025},
    "partnership_share": lambda cast: {"pk": _note(cast).pk},
    "improvement_create": lambda cast: {"pk": _note(cast).pk},
    "improvement_edit": lambda cast: {
        "pk": ImprovementAction.objects.create(note=_note(cast), title="Un axe").pk
    },
    "bilan_first_text": _bilan,
    "portrait_list": _bilan,
    "portrait_create": _bilan,
    "portrait_edit": _portrait,
    "portrait_consent": _portrait,
    "portrait_paper": _portrait,
    "portrait_withdraw": _portrait,
    "portrait_delete": _portrait,
    "market_progress": _of_market,
    "progress_create": _of_market,
    "progress_detail": _progress,
    "market_final_bilan": _of_market,
    "market_reserved_bilan": _of_market,
    "operation_final_bilan": lambda cast: {"pk": OperationFactory(buyer=cast.buyer_a).pk},
    "buyer_dashboard": lambda cast: {"pk": cast.buyer_a.pk},
    "api:bilan": lambda cast: {"number": _bilan(cast)["pk"]},
    "bilan_detail": _bilan,
    "bilan_section": lambda cast: {**_bilan(cast), "section": "essentiel"},
    "bilan_review": _bilan,
    "bilan_publish": _bilan,
}
