"""Whose history is told with a market's, a buyer's and a company's own."""

from __future__ import annotations

from core.changes import Part
from markets.models import (
    Award,
    Buyer,
    BuyerMembership,
    Company,
    CompanyKind,
    CompanyMembership,
    Contact,
    Department,
    Lot,
    Market,
    MarketParty,
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
