"""Whose history is told with a market's, a buyer's and a company's own."""

from __future__ import annotations

from core.changes import HistoryEntry, Part, history_of
from markets.models import (
    Agreement,
    Award,
    Buyer,
    BuyerMembership,
    CharterPledge,
    Company,
    CompanyKind,
    CompanyMembership,
    Contact,
    Department,
    Invoice,
    Lot,
    Market,
    MarketParty,
    Quote,
)


def market_parts(market: Market) -> list[Part]:
    return [
        Part(Lot.history.filter(market=market), lambda record: f"lot {record.number}", ("market",)),
        Part(
            Award.history.filter(lot__market=market).select_related("company"),
            lambda record: f"attribution à {record.company}",
            ("lot", "company"),
        ),
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
        Part(
            CharterPledge.history.filter(company=company),
            lambda record: f"Charte des 1000, « {record.action} »",
            ("company",),
        ),
    ]


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


def quote_history(quote: Quote) -> list[HistoryEntry]:
    """The history of a quote and of its invoices, newest first."""
    invoices = Part(
        Invoice.history.filter(quote=quote),
        lambda record: f"facture {record.number}" if record.number else "facture à venir",
        FEE_HIDDEN,
    )
    return history_of(quote, hidden=FEE_HIDDEN, parts=[invoices])
