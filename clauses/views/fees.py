"""The participation of a buyer under one agreement beside the hours done on what it pays for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from clauses.figures import Figures, figures_by_market, of_parts
from core import formats
from core.access import house_required
from markets.enums import QuoteState
from markets.models import Agreement, Invoice, Market, MarketParty, Quote
from markets.views.agreements import buyer_file

ZERO = Decimal(0)


@dataclass
class FeeLine:
    """One market or one operation: what is quoted, invoiced and paid (€, excluding tax), and its hours."""

    label: str
    market: Market | None = None
    figures: Figures = field(default_factory=Figures)
    quoted: Decimal = ZERO
    # What the buyer has of the hours of a market that several share, else nothing.
    part: Decimal | None = None
    accepted: Decimal = ZERO
    invoiced: Decimal = ZERO
    paid: Decimal = ZERO


def fee_lines(agreement: Agreement, user: Any, on: dt.date) -> list[FeeLine]:
    """Operations and markets quoted under the agreement, then the buyer's other markets alive in its years.

    The hours of an operation are those of its markets; a market counted there has no line of its own unless it is
    quoted itself. Of a market that several buyers share, the hours are the buyer's part, as in all its figures.
    """
    quotes = list(
        Quote.objects.visible_to(user)
        .filter(agreement=agreement)
        .exclude(state__in=(QuoteState.REFUSED, QuoteState.DRAFT))
        .select_related("market", "operation")
        .order_by("pk")
    )
    quoted_markets = {quote.market_id for quote in quotes if quote.market_id}
    operations = {quote.operation_id: quote.operation for quote in quotes if quote.operation_id}
    alive = Market.objects.visible_to(user).alive_between(agreement.starts_on, agreement.last_day)
    # Queries of their own: a union with a join would count a market twice.
    pks = set(alive.of_buyer(agreement.buyer).values_list("pk", flat=True))
    markets = list(
        Market.objects.visible_to(user)
        .filter(
            Q(pk__in=pks | quoted_markets)
            | Q(operation__in=operations)
            | Q(operation=None, parent__operation__in=operations)
        )
        .annotate(of_operation=Coalesce("operation", "parent__operation"))
        .order_by("-notified_on", "reference", "pk")
    )
    loaded = {market.pk: market for market in markets}
    parts = MarketParty.objects.parts_of(buyer=agreement.buyer_id)
    figures = {
        pk: of_parts(found, parts) for pk, found in figures_by_market(loaded, user, on, loaded).items()
    }
    of_operation: dict[int, FeeLine] = {
        pk: FeeLine(label=f"Opération {operation}") for pk, operation in operations.items()
    }
    of_market: dict[int, FeeLine] = {}
    for market in markets:
        operation_line = of_operation.get(market.of_operation)
        if operation_line:
            operation_line.figures.commitments.extend(figures[market.pk].commitments)
        if operation_line is None or market.pk in quoted_markets:
            of_market[market.pk] = FeeLine(
                label=f"{market.reference} · {formats.short(market.object, 70)}",
                market=market,
                figures=figures[market.pk],
                part=parts[market.pk].share / 100 if market.pk in parts else None,
            )
    _add_money(agreement, user, quotes, of_operation, of_market)
    lines = [*of_operation.values(), *of_market.values()]
    return sorted(lines, key=lambda line: not line.quoted)


def _add_money(
    agreement: Agreement,
    user: Any,
    quotes: list[Quote],
    of_operation: dict[int, FeeLine],
    of_market: dict[int, FeeLine],
) -> None:
    by_quote: dict[int, FeeLine] = {}
    for quote in quotes:
        line = of_market.get(quote.market_id) if quote.market_id else of_operation[quote.operation_id]  # type: ignore[index, arg-type]
        if line is None:
            continue
        by_quote[quote.pk] = line
        line.quoted += quote.amount
        if quote.state == QuoteState.ACCEPTED:
            line.accepted += quote.amount
    invoices = Invoice.objects.visible_to(user).filter(quote__agreement=agreement).exclude(number="")
    for invoice in invoices.select_related("cancels").defer("snapshot", "cancels__snapshot").order_by("pk"):
        line = by_quote.get(invoice.quote_id)
        if line is not None:
            line.invoiced += invoice.net
            line.paid += invoice.net_paid


@house_required
def agreement_fees(request: HttpRequest, pk: int) -> HttpResponse:
    """« Participation et heures faites » : what the yearly review of the amount looks at (article 7)."""
    agreement = get_object_or_404(
        Agreement.objects.visible_to(request.user).select_related("buyer__commune"), pk=pk
    )
    lines = fee_lines(agreement, request.user, timezone.localdate())
    # A market quoted by itself and inside its operation has its hours once in the total.
    commitments = {row.commitment.pk: row for line in lines for row in line.figures.commitments}
    whole = Figures(list(commitments.values()))
    totals = {
        name: sum((getattr(line, name) for line in lines), ZERO)
        for name in ("quoted", "accepted", "invoiced", "paid")
    }
    return render(
        request,
        "clauses/agreement_fees.html",
        {
            **buyer_file(agreement.buyer, request, with_head=False),
            "agreement": agreement,
            "lines": lines,
            "totals": totals,
            "whole": whole,
            "reviews": agreement.fee_reviews.order_by("-year"),
        },
    )
