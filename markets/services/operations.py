"""What changes the buyers that share a market."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction

from core import formats
from core.errors import DomainError
from markets.models import Buyer, Department, Market, MarketParty

if TYPE_CHECKING:
    from accounts.models import User

WHOLE = Decimal(100)


@transaction.atomic
def save_party(
    *,
    market: Market,
    party: MarketParty | None = None,
    buyer: Buyer,
    department: Department | None = None,
    role: str,
    share: Decimal,
    by: User | None,
) -> MarketParty:
    """Add a buyer to a market, or change the row of one; the leading buyer keeps what the others leave.

    share: per cent of the hours, between 0 and 100. Raises DomainError for the leading buyer itself, a buyer that is
    there already, a department of another buyer, and shares over 100 % in all.
    """
    market = Market.objects.select_for_update(of=("self",)).select_related("buyer").get(pk=market.pk)
    others = MarketParty.objects.filter(market=market)
    if party is not None:
        others = others.exclude(pk=party.pk)
    if buyer.pk == market.buyer_id:
        raise DomainError(
            f"{buyer} conduit ce marché : sa part est ce que les autres lui laissent.", field="buyer"
        )
    if others.filter(buyer=buyer).exists():
        raise DomainError(f"{buyer} est déjà associé à ce marché : modifiez sa ligne.", field="buyer")
    if department is not None and department.buyer_id != buyer.pk:
        raise DomainError(
            f"Cette direction n’est pas de {buyer} : choisissez l’une des siennes.", field="department"
        )
    if not 0 <= share <= WHOLE:
        raise DomainError("La part se donne en pourcentage, entre 0 et 100.", field="share")
    taken = sum(others.order_by("pk").values_list("share", flat=True), Decimal(0))
    if taken + share > WHOLE:
        raise DomainError(
            f"Les parts dépasseraient 100 % : les autres associés ont déjà {formats.rate(taken / WHOLE, 2)}, il reste "
            f"{formats.rate((WHOLE - taken) / WHOLE, 2)} à répartir.",
            field="share",
        )
    row = party or MarketParty(market=market)
    row.buyer, row.department, row.role, row.share = buyer, department, role, share
    row._history_user = by  # type: ignore[attr-defined]
    row.save()
    return row


@transaction.atomic
def remove_party(*, party: MarketParty, by: User | None) -> None:
    """Take a buyer off a market: its share goes back to the one that leads it, and its accounts see it no more."""
    Market.objects.select_for_update(of=("self",)).get(pk=party.market_id)
    party._history_user = by  # type: ignore[attr-defined]
    party.delete()
