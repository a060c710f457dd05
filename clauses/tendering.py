"""What the tender adds to a market's file: the analysis of the bids, the award, the documents of the market."""

from __future__ import annotations

from typing import Any

from clauses.models import OfferAssessment, OfferGrid
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
    grids = {grid.lot_id: grid for grid in OfferGrid.objects.visible_to(user).filter(lot__market=market)}
    counts: dict[int, int] = {}
    assessments = OfferAssessment.objects.visible_to(user).filter(grid__lot__market=market)
    for grid_id in assessments.order_by("pk").values_list("grid", flat=True):
        counts[grid_id] = counts.get(grid_id, 0) + 1
    lots = (
        Lot.objects.visible_to(user).filter(market=market).prefetch_related("awards__company").order_by("pk")
    )
    rows = []
    for lot in lots:
        grid = grids.get(lot.pk)
        rows.append((lot, grid, counts.get(grid.pk, 0) if grid else 0, list(lot.awards.all())))
    return Part("Analyse des offres et attribution", "clauses/_preparation_bids.html", {"rows": rows}, 40)
