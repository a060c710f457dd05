"""What waits for a facilitator on « Accueil »: late commitments and markets without one, in the own portfolio."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.enums import HOUSE_ROLES
from clauses.figures import figures_of_portfolio
from clauses.forecast import ForecastState
from clauses.models import Clause
from core.registry import WaitingItem
from markets.models import Market


def commitments_waiting(user: Any) -> Iterator[WaitingItem]:
    """Three queries: an admin without portfolio has nothing here and reads the list of markets."""
    if user.role not in HOUSE_ROLES:
        return
    today = timezone.localdate()
    mine = Market.objects.visible_to(user).portfolio_of(user, today).filter(closed_on__isnull=True)
    late = {
        row.commitment.market_id
        for row in figures_of_portfolio(user, today)
        if row.forecast.state == ForecastState.LATE
    }
    yield WaitingItem(
        "marché en retard dans mon portefeuille"
        if len(late) == 1
        else "marchés en retard dans mon portefeuille",
        len(late),
        f"{reverse('market_list')}?mine=on&forecast=late",
    )
    without = (
        Clause.objects.visible_to(user)
        .filter(lot__market__in=mine.values("pk"), lot__awards__isnull=False, commitments__isnull=True)
        .values("lot__market")
        .distinct()
        .count()
    )
    yield WaitingItem(
        f"{'marché attribué' if without == 1 else 'marchés attribués'} dont l’engagement n’est pas ouvert",
        without,
        f"{reverse('market_list')}?mine=on&forecast=no_target",
    )
