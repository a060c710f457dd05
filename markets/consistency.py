"""What must agree in agreements and fees although the database cannot say it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from core import formats
from markets.enums import InvoiceKind, InvoiceState, QuoteState
from markets.fee_amounts import with_vat
from markets.models import Agreement, Invoice, Quote
from markets.services.invoices import SERIES_CREDIT, SERIES_INVOICE, numbers_follow


def invoice_numbers_have_no_gap() -> Iterator[str]:
    """Invoices, and avoirs, are numbered without gaps in each year."""
    for series in (SERIES_INVOICE, SERIES_CREDIT):
        for number in numbers_follow(series):
            yield f"Le numéro qui précède {number} manque."


def invoices_add_up_to_their_quote() -> Iterator[str]:
    """The two halves of an accepted quote add up to it, to the cent."""
    quotes = Quote.objects.filter(state=QuoteState.ACCEPTED).prefetch_related("invoices").order_by("pk")
    for quote in quotes.iterator(chunk_size=500):
        halves: dict[str, Invoice] = {}
        for invoice in sorted(quote.invoices.all(), key=lambda row: row.pk):
            if invoice.kind == InvoiceKind.CREDIT:
                continue
            # The last row of a half stands for it: the ones before were taken back.
            if invoice.kind not in halves or invoice.state != InvoiceState.CANCELLED:
                halves[invoice.kind] = invoice
        total = sum(invoice.total for invoice in halves.values())
        if total != with_vat(quote.amount, quote.vat_rate).total:
            yield f"Les factures du devis {quote.number} font {formats.amount(total)}, pas son total."


def one_agreement_at_a_time() -> Iterator[str]:
    """No buyer has two agreements in force on the same day."""
    rows: dict[int, list[Agreement]] = defaultdict(list)
    for agreement in Agreement.objects.select_related("buyer").order_by("starts_on", "pk"):
        rows[agreement.buyer_id].append(agreement)
    for found in rows.values():
        for first, second in pairwise(found):
            if second.starts_on <= first.last_day:
                yield f"{first.buyer} a deux conventions en vigueur le {formats.day(second.starts_on)}."
