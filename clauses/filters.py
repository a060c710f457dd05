"""Filters of the list of markets."""

from __future__ import annotations

from typing import Any

import django_filters
from django.utils import timezone

from accounts.enums import HOUSE_ROLES
from clauses.enums import ClauseKind
from clauses.figures import figures_of
from clauses.forecast import FORECAST_LABELS, ForecastState, worst
from clauses.models import Clause, Commitment
from core.filters import FilterSet, scoped
from markets.enums import Family, Turn
from markets.filters import CheckFilter, PortfolioMixin
from markets.models import Buyer, Lot, Market, Task

LIFE = (("open", "en cours"), ("closed", "clos"))


def states_of_markets(user: Any) -> dict[int, ForecastState]:
    """Forecast of the open markets that have commitments, as far as `user` sees them: two queries."""
    today = timezone.localdate()
    commitments = (
        Commitment.objects.visible_to(user)
        .filter(market__closed_on__isnull=True)
        .select_related("market")
        .with_hours_engaged(today)
        .order_by("pk")
    )
    states: dict[int, list[ForecastState]] = {}
    for row in figures_of(commitments, today):
        states.setdefault(row.commitment.market_id, []).append(row.forecast.state)
    return {pk: worst(found) for pk, found in states.items()}


class MarketFilter(PortfolioMixin, FilterSet):
    target = "market"
    search_label = "Référence ou objet"
    buyer = django_filters.ModelChoiceFilter(
        label="Donneur d’ordre", queryset=scoped(Buyer), empty_label="Tous"
    )
    life = django_filters.ChoiceFilter(
        label="Vie", choices=LIFE, empty_label="En cours et clos", method="in_life"
    )
    forecast = django_filters.ChoiceFilter(
        label="Avancement",
        choices=[(state.value, label) for state, label in FORECAST_LABELS.items()],
        empty_label="Tous",
        method="in_forecast",
    )
    family = django_filters.ChoiceFilter(
        label="Famille d’achat", choices=Family.choices, empty_label="Toutes"
    )
    clause = django_filters.ChoiceFilter(
        label="Clause", choices=ClauseKind.choices, empty_label="Toutes", method="with_clause"
    )
    turn = django_filters.ChoiceFilter(
        label="À qui d’agir", choices=Turn.choices, empty_label="Tous", method="in_turn"
    )
    reserved = CheckFilter(label="Réservé", method="only_reserved")
    mine = CheckFilter(label="Mon portefeuille", method="in_portfolio")

    class Meta:
        model = Market
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user = self.request.user
        if user.role not in HOUSE_ROLES:
            del self.filters["mine"], self.filters["turn"]
            if user.is_company or Buyer.objects.visible_to(user).count() < 2:
                # One choice only is no choice.
                del self.filters["buyer"]

    def in_life(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(closed_on__isnull=value == "open")

    def in_forecast(self, queryset: Any, name: str, value: str) -> Any:
        states = states_of_markets(self.request.user)
        still_open = queryset.filter(closed_on__isnull=True)
        if value == ForecastState.NO_TARGET:
            # A market without any commitment has nothing to reach either.
            return still_open.exclude(pk__in=[pk for pk, state in states.items() if state != value])
        return still_open.filter(pk__in=[pk for pk, state in states.items() if state == value])

    def with_clause(self, queryset: Any, name: str, value: str) -> Any:
        clauses = Clause.objects.visible_to(self.request.user).filter(kind=value)
        return queryset.filter(pk__in=clauses.values("lot__market"))

    def in_turn(self, queryset: Any, name: str, value: str) -> Any:
        tasks = Task.objects.visible_to(self.request.user).open().filter(turn=value, market__isnull=False)
        return queryset.filter(pk__in=tasks.values("market"))

    def only_reserved(self, queryset: Any, name: str, value: Any) -> Any:
        if not value:
            return queryset
        return queryset.filter(pk__in=Lot.objects.visible_to(self.request.user).reserved().values("market"))
