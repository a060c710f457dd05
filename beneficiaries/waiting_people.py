"""What waits for a person about people: those at work whose hours do not count for want of a validation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from beneficiaries.models import Beneficiary
from beneficiaries.models.standing import assigned_on
from core.registry import WaitingItem
from markets.models import Market

if TYPE_CHECKING:
    from accounts.models import User


def people_waiting(user: User) -> Iterator[WaitingItem]:
    """People at work today whose hours do not count for want of a validation; a facilitator's own markets only."""
    if not user.is_house_staff:
        return
    today = timezone.localdate()
    assignments = assigned_on(today)
    if user.is_facilitator:
        markets = Market.objects.visible_to(user).portfolio_of(user, today)
        assignments = assignments.filter(commitment__market__in=markets.values("pk"))
    people = (
        Beneficiary.objects.visible_to(user)
        .filter(pk__in=assignments.values("placement__beneficiary"))
        .with_eligibility(today)
    )
    states = people.order_by().values_list("eligibility_state").annotate(count=Count("pk"))
    counts = dict(states)
    for state, label in (
        ("to_review", "au travail sans validation"),
        ("expired", "au travail dont l’éligibilité est expirée"),
    ):
        count = counts.get(state, 0)
        yield WaitingItem(
            f"{'personne' if count == 1 else 'personnes'} {label}",
            count,
            f"{reverse('beneficiary_list')}?state={state}&assigned=oui",
        )
