"""What waits for a person on « Accueil »: late commitments, markets without any, contracts published elsewhere, the board."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Min, Q, Subquery, Value
from django.urls import reverse
from django.utils import timezone

from accounts.enums import HOUSE_ROLES
from accounts.models import User
from clauses.coverage_list import buyers_of
from clauses.enums import CoverageState
from clauses.figures import figures_of_portfolio
from clauses.forecast import ForecastState
from clauses.models import Clause, PublishedContract
from core.registry import WaitingItem
from markets.enums import TaskKind, Turn
from markets.models import Market, Task


def commitments_waiting(user: Any) -> Iterator[WaitingItem]:
    """Two queries: an admin without portfolio has nothing here and reads the list of markets."""
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
    awarded = Clause.objects.visible_to(user).filter(
        lot__market__in=mine.values("pk"), lot__awards__isnull=False, commitments__isnull=True
    )
    contracts = PublishedContract.objects.visible_to(user).filter(
        state=CoverageState.TO_LOOK, buyer__in=buyers_of(user)
    )
    # One row, the reader's own: two counts of different things for one query.
    without, published, since = (
        User.objects.filter(pk=user.pk)
        .values_list(
            _alone(awarded, Count("lot__market", distinct=True)),
            _alone(contracts, Count("pk")),
            _alone(contracts, Min("seen_at")),
        )
        .get()
    )
    yield WaitingItem(
        f"{'marché attribué' if without == 1 else 'marchés attribués'} dont l’engagement n’est pas ouvert",
        without,
        f"{reverse('market_list')}?mine=on&forecast=no_target",
    )
    yield WaitingItem(
        "contrat publié à regarder" if published == 1 else "contrats publiés à regarder",
        published,
        f"{reverse('coverage_list')}?state=to_look&mine=on",
        since.date() if since else None,
    )


def _alone(rows: Any, aggregate: Any) -> Subquery:
    """One aggregate over all the rows, as a subquery that gives its row even where there are none."""
    return Subquery(
        rows.order_by().annotate(_all=Value(1)).values("_all").annotate(_found=aggregate).values("_found")
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
