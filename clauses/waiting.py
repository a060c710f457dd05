"""What waits for a person on « Accueil »: late commitments, markets without any, and what the board has for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils import timezone

from accounts.enums import HOUSE_ROLES
from clauses.figures import figures_of_portfolio
from clauses.forecast import ForecastState
from clauses.models import Clause
from core.registry import WaitingItem
from markets.enums import TaskKind, Turn
from markets.models import Market, Task


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


def tasks_waiting(user: Any) -> Iterator[WaitingItem]:
    """One query: the portfolio's for the house, their own for a buyer or a company."""
    today = timezone.localdate()
    rows = Task.objects.visible_to(user).open()
    board = reverse("task_list")
    if user.is_house_staff:
        late, week = Q(due_on__lt=today), Q(due_on__gte=today, due_on__lt=today + dt.timedelta(days=7))
        found = (
            rows.of_portfolio(user, today)
            .order_by()
            .aggregate(
                late=Count("pk", filter=late), since=Min("due_on", filter=late), week=Count("pk", filter=week)
            )
        )
        mine = f"{board}?portee=moi&" if user.is_admin else f"{board}?"
        yield WaitingItem(
            "échéance en retard" if found["late"] == 1 else "échéances en retard",
            found["late"],
            f"{mine}groupe=retard",
            found["since"],
        )
        yield WaitingItem(
            "échéance dans les sept jours" if found["week"] == 1 else "échéances dans les sept jours",
            found["week"],
            f"{mine}groupe=semaine",
        )
        return
    own = Q(turn=Turn.BUYER if user.is_buyer else Turn.COMPANY) & ~Q(kind=TaskKind.MEETING)
    coming = Q(kind=TaskKind.MEETING, due_on__gte=today)
    found = rows.order_by().aggregate(
        own=Count("pk", filter=own), since=Min("since", filter=own), coming=Count("pk", filter=coming)
    )
    yield WaitingItem(
        "demande attend votre réponse" if found["own"] == 1 else "demandes attendent votre réponse",
        found["own"],
        board,
        found["since"],
    )
    yield WaitingItem(
        "réunion à venir" if found["coming"] == 1 else "réunions à venir",
        found["coming"],
        f"{board}?kind=meeting",
    )
