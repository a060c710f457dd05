"""What a page says of the buyers of a market: who leads it, who shares it, and with which share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from markets.models import Market, MarketParty


def parties_context(market: Market, user: Any) -> dict[str, Any]:
    """Context of `markets/_parties.html`: the associated buyers and the share (a ratio) of the one that leads."""
    parties = list(
        MarketParty.objects.visible_to(user)
        .filter(market=market)
        .select_related("buyer", "department")
        .order_by("pk")
    )
    taken = sum((party.share for party in parties), Decimal(0))
    return {
        "parties": [(party, party.share / 100) for party in parties],
        "leading_share": (100 - taken) / Decimal(100),
    }
