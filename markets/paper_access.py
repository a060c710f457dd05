"""Who opens the files of this room: agreements, quotes and invoices, as those who read their pages."""

from __future__ import annotations

from typing import Any

from core.access import HOUSE
from markets.models import Agreement, Invoice, Quote
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
