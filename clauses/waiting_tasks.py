"""What the board has for a person on « Accueil »: what is late, what comes, what waits for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils import timezone

from core.registry import WaitingItem
from markets.enums import TaskKind, Turn
from markets.models import Task


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
