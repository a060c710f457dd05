"""What waits for a person about hours: entries to validate, months without a relevé, years to close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db.models import Count, Min
from django.urls import reverse
from django.utils import timezone

from beneficiaries.models import Assignment, HoursEntry
from core import formats
from core.dates import add_months
from core.registry import WaitingItem
from markets.models import Market

if TYPE_CHECKING:
    from accounts.models import User


def hours_waiting(user: User) -> Iterator[WaitingItem]:
    """For a facilitator, of the own portfolio; for the admin, of the whole house."""
    if not user.is_house_staff:
        return
    today = timezone.localdate()
    assignments = Assignment.objects.visible_to(user)
    mine = ""
    if user.is_facilitator:
        markets = Market.objects.visible_to(user).portfolio_of(user, today)
        assignments = assignments.filter(commitment__market__in=markets.values("pk"))
        mine = "&mine=1"
    to_validate = (
        HoursEntry.objects.visible_to(user)
        .to_validate()
        .filter(assignment__in=assignments.values("pk"))
        .order_by()
        .aggregate(count=Count("pk"), since=Min("month"))
    )
    if to_validate["count"]:
        yield WaitingItem(
            "ligne d’heures à valider" if to_validate["count"] == 1 else "lignes d’heures à valider",
            to_validate["count"],
            f"{reverse('hours')}?mois={to_validate['since']:%Y-%m}{mine}",
            to_validate["since"],
        )
    month = add_months(today.replace(day=1), -1)
    yield _months_missing(user, assignments, month, mine)


def _months_missing(user: User, assignments: object, month: dt.date, mine: str) -> WaitingItem:
    logged = HoursEntry.objects.visible_to(user).current().filter(month=month).values("assignment")
    missing = assignments.active_in(month).filter(commitment__market__closed_on__isnull=True)  # type: ignore[attr-defined]
    count = missing.exclude(pk__in=logged).count()
    return WaitingItem(
        f"{'affectation' if count == 1 else 'affectations'} sans relevé {formats.of_month(month)}",
        count,
        f"{reverse('hours')}?mois={month:%Y-%m}{mine}",
        add_months(month, 1),
    )
