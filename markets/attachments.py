"""What an account is attached to: the buyers and companies that it sees."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from accounts.models import User
from markets.models import BuyerMembership, CompanyMembership


def memberships_of(users: Iterable[User]) -> dict[int, str]:
    """User pk → « Ville d’Exemple (Direction des bâtiments) »: two queries for a page of accounts."""
    users = list(users)
    found: dict[int, list[str]] = defaultdict(list)
    for row in (
        BuyerMembership.objects.filter(user__in=[user.pk for user in users])
        .select_related("buyer", "department")
        .order_by("pk")
    ):
        limit = f" ({row.department})" if row.department else ""
        found[row.user_id].append(f"{row.buyer}{limit}")
    for access in (
        CompanyMembership.objects.filter(user__in=[user.pk for user in users])
        .select_related("company")
        .order_by("pk")
    ):
        found[access.user_id].append(str(access.company))
    return {pk: ", ".join(labels) for pk, labels in found.items()}
