"""« Accueil »: what waits for a person, and the figures that are theirs."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Window
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from beneficiaries.models import Assignment
from clauses.figures import Figures, figures_by_market, figures_of_portfolio
from clauses.forecast import FORECAST_LABELS
from core.access import everyone_required
from core.registry import waiting_for
from markets.models import Buyer, BuyerMembership, Market

MARKETS_SHOWN = 50


@everyone_required
def home(request: HttpRequest) -> HttpResponse:
    """Where each role's day begins."""
    user: Any = request.user
    if user.is_buyer:
        return _buyer_home(request)
    if user.is_company:
        return _company_home(request)
    return _house_home(request)


def _house_home(request: HttpRequest) -> HttpResponse:
    """What waits, overdue first; then the portfolio (a facilitator's) or the open markets (the admin's)."""
    user: Any = request.user
    today = timezone.localdate()
    markets = Market.objects.visible_to(user).filter(closed_on__isnull=True)
    if user.is_facilitator:
        markets = markets.portfolio_of(user, today)
    # Counted with the rows: one reading of the markets.
    counted = markets.annotate(total=Window(Count("pk"))).select_related("buyer")
    rows = list(counted.order_by("planned_end", "pk")[:MARKETS_SHOWN])
    context = {
        "waiting": waiting_for(user),
        "markets": _of_portfolio(rows, user) if user.is_facilitator else _with_figures(rows, user),
        "total": rows[0].total if rows else 0,  # type: ignore[attr-defined]
        "today": today,
    }
    return render(request, "reporting/home.html", context)


def _of_portfolio(markets: list[Market], user: Any) -> list[tuple[Market, Figures, str, str]]:
    """The same as `_with_figures`, from what « what waits » has read already."""
    found = {market.pk: Figures() for market in markets}
    for row in figures_of_portfolio(user, timezone.localdate()):
        if row.commitment.market_id in found:
            found[row.commitment.market_id].commitments.append(row)
    return [
        (market, found[market.pk], found[market.pk].state.value, FORECAST_LABELS[found[market.pk].state])
        for market in markets
    ]


def _with_figures(markets: list[Market], user: Any) -> list[tuple[Market, Figures, str, str]]:
    figures = figures_by_market([market.pk for market in markets], user, timezone.localdate())
    rows = [(market, figures[market.pk]) for market in markets]
    return [(market, found, found.state.value, FORECAST_LABELS[found.state]) for market, found in rows]


def _buyer_home(request: HttpRequest) -> HttpResponse:
    """The dashboard of the user's buyer; with several, a choice. `?attente=1` is what waits, which the dashboard asks for."""
    if "attente" in request.GET and request.htmx:  # type: ignore[attr-defined]
        return render(request, "reporting/_waiting.html", {"waiting": waiting_for(request.user)})
    buyers = list(Buyer.objects.visible_to(request.user).order_by("search_key", "pk"))
    if len(buyers) == 1 and "attente" not in request.GET:
        return redirect("buyer_dashboard", pk=buyers[0].pk)
    memberships = BuyerMembership.objects.filter(user=request.user).select_related("department")
    limits = {row.buyer_id: row.department for row in memberships}
    context = {
        "buyers": [(buyer, limits.get(buyer.pk)) for buyer in buyers],
        "waiting": waiting_for(request.user),
    }
    return render(request, "reporting/home_buyer.html", context)


def _company_home(request: HttpRequest) -> HttpResponse:
    """The people whom the company employs or receives, now."""
    user: Any = request.user
    today = timezone.localdate()
    active = (
        Assignment.objects.visible_to(user)
        .active_in(today.replace(day=1))
        .select_related("placement__beneficiary", "placement__employer", "commitment__market")
        .order_by("placement__beneficiary__search_key", "pk")
    )
    markets = list(
        Market.objects.visible_to(user)
        .filter(closed_on__isnull=True)
        .select_related("buyer")
        .order_by("reference", "pk")
    )
    context = {
        "waiting": waiting_for(user),
        "assignments": active[:MARKETS_SHOWN],
        "assignment_count": active.count(),
        "markets": _with_figures(markets[:MARKETS_SHOWN], user),
        "today": today,
    }
    return render(request, "reporting/home_company.html", context)
