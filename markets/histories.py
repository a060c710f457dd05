"""Whose history is told with a market's, a buyer's and a company's own."""

from __future__ import annotations

from typing import Any

from core.changes import Part
from markets.models import (
    Agreement,
    AgreementAmendment,
    Award,
    Buyer,
    BuyerMembership,
    Company,
    CompanyKind,
    CompanyMembership,
    Contact,
    Department,
    FeeReview,
    Invoice,
    Lot,
    Market,
    MarketParty,
    Quote,
)

# What a quote and an invoice carry for themselves: the rest tells the story.
FEE_HIDDEN = (
    "agreement",
    "market",
    "operation",
    "quote",
    "snapshot",
    "document",
    "year",
    "sequence",
    "series",
)


def _quote_name(record: Any) -> str:
    return f"devis {record.number}" if record.number else "devis en brouillon"


def _invoice_name(record: Any) -> str:
    return f"facture {record.number}" if record.number else "facture à venir"


def market_parts(market: Market) -> list[Part]:
    return [
        Part(Lot.history.filter(market=market), lambda record: f"lot {record.number}", ("market",)),
        Part(
            Award.history.filter(lot__market=market).select_related("company"),
            lambda record: f"attribution à {record.company}",
            ("lot", "company"),
        ),
        Part(Quote.history.filter(market=market), _quote_name, FEE_HIDDEN),
        Part(Invoice.history.filter(quote__market=market), _invoice_name, FEE_HIDDEN),
        Part(
            MarketParty.history.filter(market=market).select_related("buyer"),
            lambda record: f"donneur d’ordre associé {record.buyer}",
            ("market", "buyer"),
        ),
    ]


def buyer_parts(buyer: Buyer) -> list[Part]:
    return [
        Part(Department.history.filter(buyer=buyer), lambda record: f"direction {record.name}", ("buyer",)),
        Part(Contact.history.filter(buyer=buyer), lambda record: f"contact {record.name}", ("buyer",)),
        Part(
            BuyerMembership.history.filter(buyer=buyer).select_related("user"),
            lambda record: f"accès de {record.user}",
            ("buyer", "user"),
        ),
        Part(
            Agreement.history.filter(buyer=buyer),
            lambda record: f"convention du {record.starts_on:%d/%m/%Y}",
            ("buyer", "indicators"),
        ),
        Part(
            AgreementAmendment.history.filter(agreement__buyer=buyer),
            lambda record: f"avenant n° {record.number}",
            ("agreement",),
        ),
        Part(
            FeeReview.history.filter(agreement__buyer=buyer),
            lambda record: f"montant de référence {record.year}",
            ("agreement",),
        ),
        # Those of a market are told in its own history.
        Part(Quote.history.filter(agreement__buyer=buyer, operation__isnull=False), _quote_name, FEE_HIDDEN),
        Part(
            Invoice.history.filter(quote__agreement__buyer=buyer, quote__operation__isnull=False),
            _invoice_name,
            FEE_HIDDEN,
        ),
    ]


def company_parts(company: Company) -> list[Part]:
    return [
        Part(
            CompanyKind.history.filter(company=company),
            lambda record: f"nature {record.get_kind_display()}",
            ("company",),
        ),
        Part(Contact.history.filter(company=company), lambda record: f"contact {record.name}", ("company",)),
        Part(
            CompanyMembership.history.filter(company=company).select_related("user"),
            lambda record: f"accès de {record.user}",
            ("company", "user"),
        ),
    ]
