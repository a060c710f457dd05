"""The work done before the markets: planned purchases asked about and answered, recommendations sent."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from clauses.enums import RecommendationState
from clauses.models import Recommendation
from markets.enums import Targeting
from markets.models import PlannedPurchase
from reporting.indicators.facts import Facts, once
from reporting.scope import ScopeKind, Span, within


@dataclass(frozen=True)
class Advice:
    """Purchases asked about in the span, of these kept and dismissed; recommendations sent in it, of these accepted."""

    asked: int = 0
    answered: int = 0
    kept: int = 0
    dismissed: int = 0
    sent: int = 0
    accepted: int = 0
    buyers: int = 0


@once
def advice(facts: Facts, span: Span) -> Advice:
    """Of a buyer or of the whole territory. « Kept » and « dismissed » are what was decided in the span."""
    purchases = PlannedPurchase.objects.order_by()
    recommendations = Recommendation.objects.order_by()
    if facts.scope.kind == ScopeKind.BUYER:
        purchases = purchases.filter(buyer=facts.scope.id)
        recommendations = recommendations.filter(
            Q(purchase__buyer=facts.scope.id) | Q(market__buyer=facts.scope.id)
        )
    elif facts.scope.kind != ScopeKind.TERRITORY:
        raise ValueError("Advice is that of a buyer or of the territory.")
    decided = within(span, "targeted_on")
    found = purchases.aggregate(
        asked=Count("pk", filter=within(span, "asked_on")),
        answered=Count("pk", filter=within(span, "answered_on")),
        kept=Count("pk", filter=decided & Q(targeting=Targeting.KEPT)),
        dismissed=Count("pk", filter=decided & Q(targeting=Targeting.DISMISSED)),
        buyers=Count("buyer", filter=within(span, "asked_on"), distinct=True),
    )
    written = recommendations.filter(within(span, "sent_on")).aggregate(
        sent=Count("pk"), accepted=Count("pk", filter=Q(state=RecommendationState.ACCEPTED))
    )
    return Advice(**found, **written)
