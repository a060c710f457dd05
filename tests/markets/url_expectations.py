"""What each role gets at the addresses of markets: the house keeps buyers, companies and forms; the admin the lists."""

from __future__ import annotations

from core.models import Job
from markets.models import Agreement, AgreementAmendment, MarketDocument
from tests.expectations import ADMIN_ONLY, HOUSE_ONLY, PUBLIC, Expectations, Kwargs
from tests.factories import (
    AgreementFactory,
    ApiTokenFactory,
    CharterPledgeFactory,
    CompanyKindFactory,
    ContactFactory,
    FeeReviewFactory,
    HouseFactory,
    InvoiceFactory,
    MarketPartyFactory,
    OperationFactory,
    PlannedPurchaseFactory,
    QuoteFactory,
    UserFactory,
)

HOUSE_PAGES = (
    "buyer_list",
    "buyer_create",
    "buyer_detail",
    "buyer_edit",
    "buyer_contacts",
    "department_create",
    "department_edit",
    "buyer_access",
    "buyer_invite",
    "buyer_access_remove",
    "buyer_contact_create",
    "buyer_history",
    "buyer_hand_over",
    "company_list",
    "company_create",
    "company_detail",
    "company_edit",
    "company_contacts",
    "company_kind_create",
    "company_kind_edit",
    "company_access",
    "company_invite",
    "company_access_remove",
    "company_contact_create",
    "company_history",
    "company_hand_over",
    "contact_edit",
    "market_create",
    "market_edit",
    "market_close",
    "market_hand_over",
    "market_history",
    "market_lots",
    "lot_create",
    "lot_edit",
    "award_create",
    "award_edit",
    "directory_list",
    "directory_import",
    "directory_report",
    "company_charter",
    "charter_create",
    "charter_edit",
    "charter_done",
)
# The convention and what it costs: the buyer reads its own, the house too, the admin writes.
BUYER_READS = {"anonymous": 302, "company": 403, "others": 200}
FEE_PAGES = {
    "agreement_list": BUYER_READS,
    "buyer_agreement": BUYER_READS,
    "agreement_detail": BUYER_READS,
    "buyer_fees": BUYER_READS,
    "market_fees": BUYER_READS,
    "quote_detail": BUYER_READS,
    "invoice_detail": BUYER_READS,
    "fee_list": HOUSE_ONLY,
    "quote_create": HOUSE_ONLY,
    "quote_edit": HOUSE_ONLY,
    "quote_preview": HOUSE_ONLY,
    "quote_discard": HOUSE_ONLY,
    "quote_calibration": HOUSE_ONLY,
    **dict.fromkeys(
        (
            "agreement_create",
            "agreement_edit",
            "agreement_terminate",
            "amendment_create",
            "amendment_document",
            "fee_review_create",
            "fee_review_edit",
            "quote_send",
            "quote_answer",
            "quote_references",
            "quote_completion",
            "invoice_issue",
            "invoice_send",
            "invoice_pay",
            "invoice_cancel",
            "invoice_drop",
        ),
        ADMIN_ONLY,
    ),
}
EXPECTED: Expectations = {
    "portfolio": HOUSE_ONLY,
    "portfolio_hand_over": {**HOUSE_ONLY, "facilitator": 403},
    "portfolio_leave": {**HOUSE_ONLY, "facilitator": 403},
    **FEE_PAGES,
    **dict.fromkeys(HOUSE_PAGES, HOUSE_ONLY),
    "house_settings": ADMIN_ONLY,
    "commune_list": ADMIN_ONLY,
    "cpv_list": ADMIN_ONLY,
}


def _of_buyer(cast):
    return {"pk": cast.buyer_a.pk}


def _of_company(cast):
    return {"pk": cast.company_a.pk}


def _of_market(cast):
    return {"pk": cast.commitment_a.market_id}


def _of_lot(cast):
    return {"pk": cast.commitment_a.clause.lot_id}


def _directory_report(cast):
    report = {"file": "a.csv", "list_name": "SIAE (ASP)", "lines": 1, "kinds": {"EI": 1}, "made": {}}
    report |= {"refused": [], "warnings": [], "missing": []}
    report |= {"refused_count": 0, "warning_count": 0, "missing_count": 0}
    job = Job.objects.create(
        kind="directory_check",
        key="annuaire",
        label="l",
        state="done",
        payload={"report": report, "file": "x"},
    )
    return {"pk": job.pk}


def _agreement(cast):
    return Agreement.objects.filter(buyer=cast.buyer_a).first() or AgreementFactory(buyer=cast.buyer_a)


def _of_agreement(cast):
    return {"pk": _agreement(cast).pk}


def _of_amendment(cast):
    amendment = AgreementAmendment.objects.create(
        agreement=_agreement(cast), number=1, effective_on=_agreement(cast).starts_on, subject="Objet"
    )
    return {"pk": amendment.pk}


def _of_draft(cast):
    """A draft: a form about a quote that was sent leads elsewhere."""
    HouseFactory(invoicing=True)
    return {"pk": QuoteFactory(agreement=_agreement(cast), market=cast.commitment_a.market).pk}


def _of_sent_quote(cast):
    return {"pk": QuoteFactory(agreement=_agreement(cast), market=cast.commitment_a.market, sent=True).pk}


def _of_invoice(cast):
    quote = QuoteFactory(agreement=_agreement(cast), market=cast.commitment_a.market, accepted=True)
    return {"pk": InvoiceFactory(quote=quote, issued=True).pk}


def _with_agreement(cast):
    _agreement(cast)
    return _of_buyer(cast)


EXPECTED |= {
    "operation_list": {"anonymous": 302, "facilitator": 200, "admin": 200, "buyer": 200, "company": 403},
    **dict.fromkeys(
        ("operation_create", "operation_edit", "party_create", "party_edit", "party_remove"), HOUSE_ONLY
    ),
}


def _party(cast):
    return {"pk": MarketPartyFactory(market=cast.commitment_a.market).pk}


KWARGS: Kwargs = {
    "operation_edit": lambda cast: {"pk": OperationFactory(buyer=cast.buyer_a).pk},
    "party_create": _of_market,
    "party_edit": _party,
    "party_remove": _party,
    # A colleague's files: an admin hands them over, each person their own.
    "portfolio_hand_over": lambda cast: {"pk": UserFactory().pk},
    "portfolio_leave": lambda cast: {"pk": UserFactory().pk},
    "market_fees": _of_market,
    "buyer_agreement": _of_buyer,
    "buyer_fees": _of_buyer,
    "agreement_create": _of_buyer,
    "quote_create": _with_agreement,
    **dict.fromkeys(
        (
            "agreement_detail",
            "agreement_edit",
            "agreement_terminate",
            "amendment_create",
            "fee_review_create",
        ),
        _of_agreement,
    ),
    "amendment_document": _of_amendment,
    "fee_review_edit": lambda cast: {"pk": FeeReviewFactory(agreement=_agreement(cast)).pk},
    **dict.fromkeys(("quote_edit", "quote_preview", "quote_discard"), _of_draft),
    **dict.fromkeys(
        (
            "quote_detail",
            "quote_send",
            "quote_answer",
            "quote_references",
            "quote_calibration",
            "quote_completion",
        ),
        _of_sent_quote,
    ),
    **dict.fromkeys([name for name in FEE_PAGES if name.startswith("invoice_")], _of_invoice),
    **{
        name: _of_buyer
        for name in HOUSE_PAGES
        if name.startswith("buyer_") and name not in ("buyer_list", "buyer_create", "buyer_access_remove")
    },
    "department_create": _of_buyer,
    "department_edit": lambda cast: {"pk": cast.department_a.pk},
    "buyer_access_remove": lambda cast: {"pk": cast.buyer_user_a.buyer_memberships.get().pk},
    **{
        name: _of_company
        for name in HOUSE_PAGES
        if name.startswith("company_")
        and name not in ("company_list", "company_create", "company_access_remove", "company_kind_edit")
    },
    "company_kind_edit": lambda cast: {"pk": CompanyKindFactory(company=cast.company_a, kind="EI").pk},
    "company_access_remove": lambda cast: {"pk": cast.company_user_a.company_memberships.get().pk},
    "contact_edit": lambda cast: {"pk": ContactFactory(buyer=cast.buyer_a).pk},
    **{name: _of_market for name in HOUSE_PAGES if name.startswith("market_") and name != "market_create"},
    "directory_report": _directory_report,
    "charter_create": _of_company,
    "charter_edit": lambda cast: {"pk": CharterPledgeFactory(company=cast.company_a).pk},
    "charter_done": lambda cast: {"pk": CharterPledgeFactory(company=cast.company_a).pk},
    "lot_create": _of_market,
    "lot_edit": _of_lot,
    "award_create": _of_lot,
    "award_edit": lambda cast: {"pk": cast.commitment_a.award_id},
}


def _document(cast):
    return {"pk": MarketDocument.objects.create(market=cast.commitment_a.market, kind="technical").pk}


EXPECTED |= {
    **dict.fromkeys(("market_documents", "document_create", "document_edit"), BUYER_READS),
    "document_remove": {"anonymous": 302, "facilitator": 405, "admin": 405, "others": 403},
}
KWARGS |= {
    "market_documents": _of_market,
    "document_create": _of_market,
    "document_edit": _document,
    "document_remove": _document,
}


# --- Planned purchases --------------------------------------------------------------------------------------

PURCHASES = {"anonymous": 302, "company": 403, "others": 200}
# Without the buyer and the year in its address, a list under way is not found.
LIST_UNDER_WAY = {"anonymous": 302, "company": 403, "others": 404}
PURCHASE_PAGES = ("detail", "edit", "remove")
PURCHASE_HOUSE_PAGES = ("targeting", "request", "start", "history")


def _of_purchase(cast):
    return {"pk": PlannedPurchaseFactory(buyer=cast.buyer_a).pk}


def _list_under_way(cast):
    return {"pk": "00000000-0000-4000-8000-000000000000"}


EXPECTED |= {
    **{f"purchase_{name}": PURCHASES for name in (*PURCHASE_PAGES, "list", "create", "import")},
    **{f"purchase_{name}": HOUSE_ONLY for name in PURCHASE_HOUSE_PAGES},
    "purchase_ask": {"anonymous": 302, "buyer": 200, "others": 403},
    "purchase_columns": LIST_UNDER_WAY,
    "purchase_preview": LIST_UNDER_WAY,
    "buyer_purchases": HOUSE_ONLY,
    "threshold_list": ADMIN_ONLY,
}
KWARGS |= {
    **{f"purchase_{name}": _of_purchase for name in (*PURCHASE_PAGES, *PURCHASE_HOUSE_PAGES, "ask")},
    "purchase_columns": _list_under_way,
    "purchase_preview": _list_under_way,
    "buyer_purchases": _of_buyer,
}

# --- Keys of programs -----------------------------------------------------------------------------------------


def _of_company_key(cast):
    return {"pk": cast.company_a.pk, "key": ApiTokenFactory(company=cast.company_a).pk}


EXPECTED |= {
    "company_api_keys": {"anonymous": 302, "buyer": 403, "others": 200},
    "company_api_key_revoke": {"anonymous": 302, "buyer": 403, "others": 405},
    # An account of one company goes to its page.
    "api_keys": {"company": 302, "anonymous": 302, "others": 403},
    "api_key_list": HOUSE_ONLY,
    "api_help": PUBLIC,
}
KWARGS |= {
    "company_api_keys": lambda cast: {"pk": cast.company_a.pk},
    "company_api_key_revoke": _of_company_key,
}
