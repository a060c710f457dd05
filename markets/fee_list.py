"""The list « Participation financière »: every invoice, as accounting reads it."""

from __future__ import annotations

from typing import Any

import django_filters
import django_tables2 as tables
from django.db.models import Q
from django.utils import timezone

from core.filters import FilterSet, scoped
from core.tables import AmountColumn, DayColumn, RateColumn, StateColumn, Table, TextColumn
from core.templatetags.maillon import state as state_badge
from markets.enums import InvoiceState, QuoteState
from markets.filters import CheckFilter
from markets.models import Buyer, Invoice, Quote
from markets.tables import IdentifierColumn

INVOICE_TONES = {
    InvoiceState.UPCOMING: "none",
    InvoiceState.READY: "watch",
    InvoiceState.ISSUED: "wait",
    InvoiceState.SENT: "wait",
    InvoiceState.PAID: "done",
    InvoiceState.CANCELLED: "none",
    InvoiceState.DROPPED: "none",
}
QUOTE_TONES = {
    QuoteState.DRAFT: "draft",
    QuoteState.SENT: "wait",
    QuoteState.ACCEPTED: "done",
    QuoteState.REFUSED: "late",
}


def is_late(invoice: Invoice) -> bool:
    """Sent, not paid, and past the day on which it is due."""
    return bool(
        invoice.state in (InvoiceState.ISSUED, InvoiceState.SENT)
        and not invoice.is_credit
        and invoice.due_on
        and invoice.due_on < timezone.localdate()
    )


def invoice_state(invoice: Invoice) -> tuple[str, str, str]:
    """Code, words and tone of an invoice's state; what is not paid in time says so."""
    words, tone = invoice.state_label, INVOICE_TONES[InvoiceState(invoice.state)]
    if is_late(invoice):
        return invoice.state, "en retard", "late"
    return invoice.state, words, tone


def quote_state(quote: Quote) -> tuple[str, str, str]:
    """Code, words and tone of a quote's state."""
    return quote.state, str(quote.get_state_display()), QUOTE_TONES[QuoteState(quote.state)]


def document_words(invoice: Invoice) -> str:
    """Its number, or which half it will be."""
    return invoice.number or invoice.half_label


class InvoiceStateColumn(StateColumn):
    def render(self, value: Any, record: Any) -> Any:
        return state_badge(*invoice_state(record))

    def value(self, value: Any, record: Any = None) -> Any:
        return record.state_label


class InvoiceTable(Table):
    number = TextColumn(
        "Facture",
        accessor=document_words,
        order_by=("year", "series", "sequence"),
        linkify=("invoice_detail", {"pk": tables.A("pk")}),
        attrs={"th": {"class": "nowrap"}, "td": {"class": "nowrap"}},
    )
    issued_on = DayColumn("Émise le")
    buyer = TextColumn(
        "Donneur d’ordre", accessor="quote.agreement.buyer", order_by="quote__agreement__buyer__search_key"
    )
    siret = IdentifierColumn(
        "SIRET", accessor="quote.agreement.buyer.identifier", orderable=False, visible=False
    )
    half = TextColumn("Moitié", accessor=lambda row: row.half_label, orderable=False, visible=False)
    target = TextColumn("Marché ou opération", accessor=lambda row: row.quote.target_short, orderable=False)
    object = TextColumn("Objet", accessor=lambda row: row.quote.target_label, orderable=False, visible=False)
    quote = TextColumn("Devis", accessor="quote.number", orderable=False, visible=False)
    service_code = TextColumn(
        "Code service", accessor=lambda row: _frozen(row, "service_code"), orderable=False, visible=False
    )
    engagement_number = TextColumn(
        "Numéro d’engagement",
        accessor=lambda row: _frozen(row, "engagement_number"),
        orderable=False,
        visible=False,
    )
    net = AmountColumn("Hors taxes", total=True)
    vat_rate = RateColumn(
        "Taux de TVA", accessor=lambda row: row.vat_rate / 100, orderable=False, visible=False
    )
    vat = AmountColumn("TVA", total=True)
    total = AmountColumn("Total", total=True)
    state = InvoiceStateColumn("État", accessor="state")
    due_on = DayColumn("À payer avant le", visible=False)
    sent_on = DayColumn("Transmise le", visible=False)
    paid_on = DayColumn("Payée le")

    class Meta:
        model = Invoice
        fields = ()


def _frozen(invoice: Invoice, name: str) -> str:
    """What an issued invoice says, or what its quote says while it has not been issued."""
    return (invoice.snapshot or {}).get(name) or getattr(invoice.quote, name)


class InvoiceFilter(FilterSet):
    q = django_filters.CharFilter(label="Numéro, marché ou référence", method="search")
    buyer = django_filters.ModelChoiceFilter(
        label="Donneur d’ordre",
        queryset=scoped(Buyer),
        empty_label="Tous",
        field_name="quote__agreement__buyer",
    )
    state = django_filters.ChoiceFilter(label="État", choices=InvoiceState.choices, empty_label="Tous")
    year = django_filters.ChoiceFilter(label="Année d’émission", empty_label="Toutes", field_name="year")
    late = CheckFilter(label="En retard de paiement", method="only_late")

    class Meta:
        model = Invoice
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        invoices = Invoice.objects.visible_to(self.request.user).filter(year__isnull=False)
        years = invoices.order_by("-year").values_list("year", flat=True).distinct()
        self.filters["year"].extra["choices"] = [(str(year), str(year)) for year in years]

    def search(self, queryset: Any, name: str, value: str) -> Any:
        text = value.strip()
        return queryset.filter(
            Q(number__icontains=text)
            | Q(quote__number__icontains=text)
            | Q(quote__market__reference__icontains=text)
            | Q(quote__market__object__icontains=text)
            | Q(quote__operation__name__icontains=text)
            | Q(quote__engagement_number__icontains=text)
        )

    def only_late(self, queryset: Any, name: str, value: Any) -> Any:
        if not value:
            return queryset
        waiting = queryset.filter(state__in=(InvoiceState.ISSUED, InvoiceState.SENT), cancels__isnull=True)
        return waiting.filter(due_on__lt=timezone.localdate())
