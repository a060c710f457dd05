"""What waits on « Accueil » for the planned purchases: those to target before they are launched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.enums import HOUSE_ROLES
from core.registry import WaitingItem
from markets.models import PlannedPurchase, Responsibility


def to_target_soon(rows: Any, today: dt.date) -> Any:
    """Purchases still to be studied whose launch is near or past."""
    last = today + dt.timedelta(days=settings.PURCHASE_TARGETING_DAYS)
    return rows.filter(targeting="to_study", planned_on__lte=last, market__isnull=True)


def purchases_waiting(user: Any) -> Iterator[WaitingItem]:
    """One query: the purchases of the buyers that the reader answers for."""
    if user.role not in HOUSE_ROLES:
        return
    today = timezone.localdate()
    held = Responsibility.objects.held_by(user, today).filter(buyer__isnull=False)
    rows = PlannedPurchase.objects.visible_to(user).filter(buyer__in=held.values("buyer"))
    count = to_target_soon(rows, today).count()
    yield WaitingItem(
        f"achat{'s' if count > 1 else ''} à cibler, lancé{'s' if count > 1 else ''} "
        f"d’ici {settings.PURCHASE_TARGETING_DAYS} jours",
        count,
        f"{reverse('purchase_list')}?mine=on&soon=on",
    )
