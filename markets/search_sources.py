"""What the search of the house finds in this room: markets, purchases to come, operations, buyers, companies."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from core import formats
from core.access import BUYER, EVERYONE, HOUSE
from core.search import SearchSource
from markets.models import Buyer, Company, Market, Operation, PlannedPurchase


def _joined(*facts: Any) -> str:
    return " · ".join(str(fact) for fact in facts if fact)


def _market_facts(market: Market) -> str:
    closed = f"clos le {formats.day(market.closed_on)}" if market.closed_on else ""
    return _joined(market.buyer, closed)


def _organisation_facts(row: Buyer | Company) -> str:
    number = formats.siret(row.identifier) if row.identifier.isdigit() else row.identifier
    return _joined(row.commune.label if row.commune else "", number)


SOURCES = (
    SearchSource(
        key="market",
        label="Marchés",
        model=Market,
        address=lambda row, user: reverse("market_detail", args=[row.pk]),
        describe=_market_facts,
        roles=EVERYONE,
        # The newest first: the key of a market begins with its reference, which says little.
        ordering=("-pk",),
        related=("buyer",),
        list_url_name="market_list",
        position=10,
    ),
    SearchSource(
        key="company",
        label="Entreprises et partenaires",
        model=Company,
        address=lambda row, user: reverse("company_detail", args=[row.pk]),
        describe=_organisation_facts,
        roles=HOUSE,
        related=("commune",),
        list_url_name="company_list",
        position=20,
    ),
    SearchSource(
        key="purchase",
        label="Achats prévus",
        model=PlannedPurchase,
        address=lambda row, user: reverse("purchase_detail", args=[row.pk]),
        describe=lambda row: _joined(row.buyer, row.year, row.get_targeting_display()),
        roles=(*HOUSE, BUYER),
        ordering=("-pk",),
        related=("buyer",),
        list_url_name="purchase_list",
        position=15,
    ),
    SearchSource(
        key="operation",
        label="Opérations",
        model=Operation,
        address=lambda row, user: reverse("operation_detail", args=[row.pk]),
        describe=lambda row: _joined(row.buyer, row.reference),
        roles=(*HOUSE, BUYER),
        related=("buyer",),
        list_url_name="operation_list",
        position=17,
    ),
    SearchSource(
        key="buyer",
        label="Donneurs d’ordre",
        model=Buyer,
        address=lambda row, user: reverse("buyer_detail", args=[row.pk]),
        describe=_organisation_facts,
        roles=HOUSE,
        related=("commune",),
        list_url_name="buyer_list",
        position=30,
    ),
)
