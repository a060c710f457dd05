"""The names that the journals of markets and companies must not hold: those of the people followed there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Q

from beneficiaries.models import Assignment

if TYPE_CHECKING:
    from markets.models import Company, Market


def names_of_files(market: Market | None, company: Company | None) -> Iterable[tuple[str, str]]:
    """First and last names of those assigned on the market, or employed or received by the company."""
    followed = Q()
    if market is not None:
        followed |= Q(commitment__market=market)
    if company is not None:
        followed |= Q(placement__employer=company) | Q(user_company=company) | Q(commitment__holder=company)
    if not followed:
        return []
    return (
        Assignment.objects.filter(followed)
        .order_by()
        .values_list("placement__beneficiary__first_name", "placement__beneficiary__last_name")
        .distinct()
    )
