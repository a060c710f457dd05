"""What the tender adds to a market's file: the analysis of the bids, the award, the documents of the market."""

from __future__ import annotations

from typing import Any

from django.db.models import Count

from clauses.preparation import Part, register_preparation
from core.files import register_file_kind
from markets.models import Lot, Market, MarketDocument
from markets.services.documents import FILE_KIND
from markets.views.documents import may_open


def register_tendering() -> None:
    """Called once, in AppConfig.ready()."""
    register_preparation(bids_of_lots)
    register_preparation(documents_of_market)
    register_file_kind(FILE_KIND, may_open=may_open)


def documents_of_market(market: Market, user: Any) -> Part | None:
    """The section of « Préparation »: how many documents are there, and how many are waited for."""
    if user.is_company:
        return None
    received = [
        day is not None
        for day in MarketDocument.objects.visible_to(user)
        .filter(market=market)
        .order_by("pk")
        .values_list("received_on", flat=True)
    ]
    numbers = {"received": sum(received), "expected": len(received) - sum(received)}
    return Part("Pièces du marché", "clauses/_preparation_documents.html", numbers, 60)


def bids_of_lots(market: Market, user: Any) -> Part | None:
    """The section of « Préparation »: where the analysis of each lot stands, and what comes next."""
    if user.is_company:
        return None
    # Who sees the lot here sees its grid: the companies were turned away above.
    lots = (
        Lot.objects.visible_to(user)
        .filter(market=market)
        .select_related("offer_grid")
        .annotate(bids=Count("offer_grid__assessments"))
        .prefetch_related("awards__company")
        .order_by("pk")
    )
    rows = [(lot, getattr(lot, "offer_grid", None), lot.bids, list(lot.awards.all())) for lot in lots]
    return Part("Analyse des offres et attribution", "clauses/_preparation_bids.html", {"rows": rows}, 40)
