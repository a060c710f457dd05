"""What waits in recruitment: candidates to look at for the house, people presented for a company."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Min
from django.urls import reverse
from django.utils import timezone

from beneficiaries.enums import ApplicationState, OfferState
from beneficiaries.models import Application
from core.registry import WaitingItem
from markets.models import Market


def recruitment_waiting(user: Any) -> Iterator[WaitingItem]:
    """One query: candidates whom nobody looked at yet, on the files of the facilitator's portfolio."""
    if user.is_buyer:
        return
    rows = Application.objects.visible_to(user).filter(offer__state=OfferState.OPEN)
    query = "" if user.is_company else "?attente=oui"
    if user.is_company:
        rows = rows.filter(state=ApplicationState.PRESENTED)
        label = (
            "personne présentée, votre réponse est attendue",
            "personnes présentées, votre réponse est attendue",
        )
        since = "presented_on"
    else:
        rows = rows.filter(state=ApplicationState.PROPOSED)
        if user.is_facilitator:
            mine = Market.objects.visible_to(user).portfolio_of(user, timezone.localdate())
            rows = rows.filter(offer__award__lot__market__in=mine.values("pk"))
            query = "?attente=oui&mine=on"
        label = ("candidature à examiner", "candidatures à examiner")
        since = "proposed_on"
    found = rows.aggregate(count=Count("pk"), since=Min(since))
    yield WaitingItem(
        label[0] if found["count"] == 1 else label[1],
        found["count"],
        reverse("job_offer_list") + query,
        found["since"],
    )
