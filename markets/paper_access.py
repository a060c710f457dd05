"""Who opens the files of this room: agreements, quotes and invoices, as those who read their pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.access import HOUSE
from markets.models import Agreement, Buyer, Invoice, Quote
from markets.services.fees import QUOTE_FILE
from markets.services.invoices import INVOICE_FILE


def may_open_document(user: Any, stored: Any) -> bool:
    """Quotes and invoices open to those who read their pages."""
    if stored.kind == INVOICE_FILE:
        return Invoice.objects.visible_to(user).filter(document=stored).exists()
    field = "document" if stored.kind == QUOTE_FILE else "signed_document"
    return Quote.objects.visible_to(user).filter(**{field: stored}).exists()


def may_open_agreement(user: Any, stored: Any) -> bool:
    """Signed agreements and avenants open to the house and to their buyer; a replaced document to the house."""
    if user.role in HOUSE:
        return True
    agreements = Agreement.objects.visible_to(user)
    return (
        agreements.filter(document=stored).exists() or agreements.filter(amendments__document=stored).exists()
    )


def remember_whole_buyers(user: Any, ids: Iterable[int]) -> None:
    """A page that has read the memberships already says which buyers the user sees as a whole."""
    user._whole_buyers = set(ids)


def opens_as_a_whole(user: Any, pk: Any) -> bool:
    """Whether this user opens the convention and the fees of a buyer: not a member limited to one department."""
    if not user.is_buyer:
        return True
    # Several tabs ask; the answer is one query.
    if not hasattr(user, "_whole_buyers"):
        user._whole_buyers = set(Buyer.objects.visible_as_a_whole_to(user).values_list("pk", flat=True))
    return pk in user._whole_buyers
