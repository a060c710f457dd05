"""The page of an operation: its markets with their hours, and how much they draw on the target of a private site."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from clauses.figures import Figures
from clauses.views.markets import add_figures
from core import formats
from core.access import BUYER, HOUSE, role_required
from markets.models import Buyer, Market, Operation


@role_required(*HOUSE, BUYER)
def operation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What the reader may see of an operation; its own target is beside the commitments, never in them."""
    user: Any = request.user
    request.place = "markets"  # type: ignore[attr-defined]
    rows = Operation.objects.visible_to(user).select_related("buyer", "commune")
    operation = get_object_or_404(rows, pk=pk)
    found = Market.objects.visible_to(user).of_operation(operation).select_related("buyer", "parent")
    markets = add_figures(list(found.order_by("closed_on", "-notified_on", "pk")), user)
    whole = Figures([row for market in markets for row in market.figures.commitments])  # type: ignore[attr-defined]
    # A reader who sees some of its markets only would read a false progress.
    sees_all = (
        user.role in HOUSE or Buyer.objects.visible_as_a_whole_to(user).filter(pk=operation.buyer_id).exists()
    )
    target = operation.target_hours if sees_all else None
    return render(
        request,
        "clauses/operation_detail.html",
        {
            "operation": operation,
            "facts": " · ".join(_facts(operation)),
            "rows": [(market, _drawn(market, target)) for market in markets],
            "figures": whole,
            "target": target,
            "number": len({market.parent_id or market.pk for market in markets}),
            "is_house": user.role in HOUSE,
        },
    )


def _drawn(market: Any, target: Decimal | None) -> Decimal | None:
    """The share of the target that a market's counted hours make."""
    return market.figures.counted / target if target else None


def _facts(operation: Operation) -> list[str]:
    found = [operation.get_kind_display().capitalize(), str(operation.buyer), operation.reference]
    place = ", ".join(part for part in (str(operation.commune or ""), operation.place) if part)
    found.append(place)
    if operation.closed_on:
        found.append(f"close le {formats.day(operation.closed_on)}")
    elif operation.ends_on:
        found.append(f"fin prévue le {formats.day(operation.ends_on)}")
    return [fact for fact in found if fact]
