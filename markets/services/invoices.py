"""The invoices of a quote: made ready, numbered without gaps and issued, sent, paid, cancelled by an avoir."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from core import formats
from core.errors import DomainError
from core.files import store_file
from core.pdf import PdfUnavailable, pdf_available
from markets.enums import InvoiceChannel, InvoiceKind, InvoiceState, QuoteState, ReleaseCause, TaskKind, Turn
from markets.fee_papers import check_parties, fee_pdf, invoice_snapshot, payment_days
from markets.models import House, Invoice, Market, Operation, Quote
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from accounts.models import User

INVOICE_FILE = "invoice"
SERIES_INVOICE, SERIES_CREDIT = "F", "A"


@transaction.atomic
def release_second_invoice(
    *,
    market: Market | None = None,
    operation: Operation | None = None,
    quote: Quote | None = None,
    on: dt.date,
    cause: str,
    by: User | None,
) -> list[Quote]:
    """The final bilan was delivered, or the market or operation closed: the second half may be invoiced.

    Whichever comes first counts: called again, it changes nothing. A quote not accepted yet remembers it. Returns
    the quotes that learnt it. cause: `ReleaseCause.CLOSING` or `FINAL_BILAN`.
    """
    if sum(target is not None for target in (market, operation, quote)) != 1:
        raise ValueError("one market, one operation or one quote")
    if cause not in (ReleaseCause.CLOSING, ReleaseCause.FINAL_BILAN):
        raise ValueError(cause)
    rows = Quote.objects.select_for_update().filter(completed_on__isnull=True)
    if market:
        rows = rows.filter(market=market)
    elif operation:
        rows = rows.filter(operation=operation)
    elif quote:
        rows = rows.filter(pk=quote.pk)
        if on > timezone.localdate():
            raise DomainError("Notez-le une fois fait : aujourd’hui au plus tard.", field="on")
    found = list(rows.exclude(state=QuoteState.REFUSED).order_by("pk"))
    for row in found:
        row.completed_on, row.completed_cause = on, cause
        row._history_user = by  # type: ignore[attr-defined]
        row.save()
        release(row, by)
    return found


def release(quote: Quote, by: User | None) -> None:
    """Make ready the halves of an accepted quote whose fact is there; ask for the calibration where it is missing.

    A market that is closed was calibrated, whether anyone noted it or not.
    """
    if quote.state != QuoteState.ACCEPTED or quote.decided_on is None:
        return
    facts = {
        InvoiceKind.CALIBRATION: (quote.calibrated_on, ReleaseCause.CALIBRATION)
        if quote.calibrated_on
        else (quote.completed_on, quote.completed_cause),
        InvoiceKind.COMPLETION: (quote.completed_on, quote.completed_cause),
    }
    for invoice in quote.invoices.filter(state=InvoiceState.UPCOMING).order_by("pk"):
        fact, cause = facts[InvoiceKind(invoice.kind)]
        if fact:
            _make_ready(invoice, quote, max(fact, quote.decided_on), cause, by)
    key = f"quote:{quote.pk}:calibration"
    if quote.calibrated_on or quote.completed_on:
        finish_task(key=key, outcome="Calibrage noté.", by=by)
    else:
        open_task(
            key=key,
            turn=Turn.HOUSE,
            title=f"Noter le calibrage du devis {quote.number}",
            details="Il rend prête la première facture.",
            url=reverse("quote_detail", args=[quote.pk]),
            since=quote.decided_on,
            by=by,
            **_file_of(quote),
        )


def _make_ready(invoice: Invoice, quote: Quote, on: dt.date, cause: str, by: User | None) -> None:
    invoice.state, invoice.ready_on, invoice.cause = InvoiceState.READY, on, cause
    invoice._history_user = by  # type: ignore[attr-defined]
    invoice.save()
    open_task(
        key=f"invoice:{invoice.pk}:issue",
        turn=Turn.HOUSE,
        title=f"Émettre la facture de {formats.amount(invoice.total)} du devis {quote.number}",
        details=invoice.get_kind_display(),
        url=reverse("invoice_detail", args=[invoice.pk]),
        since=on,
        by=by,
        **_file_of(quote),
    )


def _file_of(quote: Quote) -> dict[str, Any]:
    """The house's own tasks stand in the market's file, those of an operation in the buyer's."""
    return {"market": quote.market} if quote.market_id else {"buyer": quote.agreement.buyer}


def need_pdf() -> None:
    """Looked at before the transaction: the first import takes a second, and nobody should wait behind it."""
    if not pdf_available():
        raise PdfUnavailable


def locked_house() -> House:
    """The house's row is the lock of every numbering: two documents at once take two numbers that follow."""
    house = House.objects.select_for_update().order_by("pk").first()
    return house or House.current()


def _number(invoice: Invoice, series: str, on: dt.date) -> None:
    """The next number of the series in the year of `on`; the house's row is locked. Raises DomainError before the last."""
    last = (
        Invoice.objects.filter(series=series)
        .exclude(number="")
        .order_by("-issued_on", "-year", "-sequence")
        .first()
    )
    if last and last.issued_on and on < last.issued_on:
        raise DomainError(
            f"{last} est du {formats.day(last.issued_on)} : les numéros suivent les dates, choisissez ce jour ou un "
            "jour plus tardif.",
            field="on",
        )
    sequence = Invoice.objects.filter(series=series, year=on.year).aggregate(last=Max("sequence"))["last"]
    invoice.series, invoice.year, invoice.sequence = series, on.year, (sequence or 0) + 1
    invoice.number = f"{series}{on.year}-{invoice.sequence:04d}"
    invoice.issued_on = on


def _freeze(invoice: Invoice, house: House, by: User | None) -> None:
    """What the document says, and the document."""
    invoice.snapshot = invoice_snapshot(invoice, house)
    name = "avoir" if invoice.is_credit else "facture"
    invoice.document = store_file(
        kind=INVOICE_FILE,
        name=f"{name}-{invoice.number}.pdf",
        content=fee_pdf(invoice.snapshot, house, made_on=invoice.issued_on or timezone.localdate()),
        user=by,
    )


def issue_invoice(*, invoice: Invoice, on: dt.date, by: User | None) -> Invoice:
    """Number a ready invoice, freeze what it says and keep its PDF: all of it, or nothing and no number.

    Raises DomainError when it is not ready, for a day to come, before it was ready or before the last number's,
    when a mention is missing, and where PDFs cannot be made.
    """
    need_pdf()
    with transaction.atomic():
        house = locked_house()
        invoice = Invoice.objects.select_for_update(of=("self",)).with_file().get(pk=invoice.pk)
        quote = invoice.quote
        buyer = quote.agreement.buyer
        if invoice.number:
            raise DomainError(f"{invoice} est déjà émise, le {formats.day(invoice.issued_on)}.")
        if invoice.state != InvoiceState.READY:
            raise DomainError(
                "Cette facture n’est pas prête : elle attend le calibrage, le bilan final ou la clôture."
            )
        if on > timezone.localdate():
            raise DomainError("Une facture se date d’aujourd’hui au plus tard.", field="on")
        if invoice.ready_on and on < invoice.ready_on:
            raise DomainError(
                f"Cette facture est prête depuis le {formats.day(invoice.ready_on)} : elle ne se date pas d’avant.",
                field="on",
            )
        check_parties(house, buyer, invoice.vat_rate)
        _number(invoice, SERIES_INVOICE, on)
        invoice.state = InvoiceState.ISSUED
        invoice.due_on = on + dt.timedelta(days=payment_days(buyer))
        _freeze(invoice, house, by)
        invoice._history_user = by  # type: ignore[attr-defined]
        invoice.save()
        finish_task(key=f"invoice:{invoice.pk}:issue", on=on, outcome=f"{invoice} émise.", by=by)
        open_task(
            key=f"invoice:{invoice.pk}:send",
            turn=Turn.HOUSE,
            title=f"Transmettre la facture {invoice.number}",
            details="Sur Chorus Pro, par courrier électronique ou par la poste.",
            url=reverse("invoice_detail", args=[invoice.pk]),
            since=on,
            by=by,
            **_file_of(quote),
        )
    return invoice


@transaction.atomic
def record_sending(*, invoice: Invoice, on: dt.date, channel: str, by: User | None) -> Invoice:
    """Say when and how an invoice went to the buyer; its payment is waited for from that day.

    Raises DomainError when it is not issued, or was sent already, and for dates out of order.
    """
    invoice = _locked_invoice(invoice)
    if invoice.state != InvoiceState.ISSUED:
        raise DomainError("Seule une facture émise, et pas encore transmise, se transmet.")
    _check_day(on, invoice, "La transmission")
    invoice.state, invoice.sent_on, invoice.channel = InvoiceState.SENT, on, InvoiceChannel(channel)
    invoice._history_user = by  # type: ignore[attr-defined]
    invoice.save()
    finish_task(key=f"invoice:{invoice.pk}:send", on=on, outcome=invoice.state_label, by=by)
    if not invoice.is_credit:
        buyer = invoice.quote.agreement.buyer
        open_task(
            key=f"invoice:{invoice.pk}:paid",
            kind=TaskKind.ANSWER,
            turn=Turn.BUYER,
            buyer=buyer,
            title=f"Payer la facture {invoice.number} ({formats.amount(invoice.total)})",
            details=invoice.quote.target_label,
            url=reverse("invoice_detail", args=[invoice.pk]),
            since=on,
            # The day printed on the invoice: one deadline, on paper and on the board.
            due_on=max(invoice.due_on or on, on),
            by=by,
        )
    return invoice


@transaction.atomic
def record_payment(*, invoice: Invoice, on: dt.date, by: User | None) -> Invoice:
    """Say when an invoice was paid, or an avoir paid back.

    Raises DomainError when it is not issued, or paid already, and for the avoir of an invoice that was never paid.
    """
    invoice = _locked_invoice(invoice)
    if invoice.state not in (InvoiceState.ISSUED, InvoiceState.SENT):
        raise DomainError("Seule une facture émise, et pas encore payée, se paie.")
    if invoice.cancels and not invoice.cancels.paid_on:
        raise DomainError(f"{invoice.cancels} n’a pas été payée : il n’y a rien à rembourser.")
    _check_day(on, invoice, "Le paiement")
    invoice.state, invoice.paid_on = InvoiceState.PAID, on
    invoice._history_user = by  # type: ignore[attr-defined]
    invoice.save()
    _end_waiting(invoice, f"Payée le {formats.day(on)}.", by, on)
    return invoice


def cancel_invoice(*, invoice: Invoice, on: dt.date, reason: str, replace: bool, by: User | None) -> Invoice:
    """Take an issued invoice back by an avoir, numbered in its own series; `replace` makes the half ready again.

    Returns the avoir. Raises DomainError for an invoice that is not issued or was taken back, for an avoir, and as
    `issue_invoice` does.
    """
    need_pdf()
    with transaction.atomic():
        house = locked_house()
        invoice = Invoice.objects.select_for_update(of=("self",)).with_file().get(pk=invoice.pk)
        if invoice.is_credit or invoice.state not in (
            InvoiceState.ISSUED,
            InvoiceState.SENT,
            InvoiceState.PAID,
        ):
            raise DomainError("Seule une facture émise s’annule, une fois, par un avoir.")
        _check_day(on, invoice, "L’avoir")
        check_parties(house, invoice.quote.agreement.buyer, invoice.vat_rate)
        credit = Invoice(
            quote=invoice.quote,
            kind=InvoiceKind.CREDIT,
            cancels=invoice,
            state=InvoiceState.ISSUED,
            net=-invoice.net,
            vat_rate=invoice.vat_rate,
            vat=-invoice.vat,
            total=-invoice.total,
            reason=reason,
        )
        _number(credit, SERIES_CREDIT, on)
        _freeze(credit, house, by)
        credit._history_user = by  # type: ignore[attr-defined]
        credit.save()
        invoice.state = InvoiceState.CANCELLED
        invoice._history_user = by  # type: ignore[attr-defined]
        invoice.save()
        _end_waiting(invoice, f"Annulée par l’avoir {credit.number}.", by, on)
        if replace:
            again = Invoice(
                quote=invoice.quote,
                kind=invoice.kind,
                net=invoice.net,
                vat_rate=invoice.vat_rate,
                vat=invoice.vat,
                total=invoice.total,
            )
            _make_ready(again, invoice.quote, on, ReleaseCause.REPLACEMENT, by)
    return credit


@transaction.atomic
def drop_invoice(*, invoice: Invoice, reason: str, by: User | None) -> Invoice:
    """Say that a half will never be invoiced (the operation was given up). Raises DomainError once it is numbered."""
    invoice = _locked_invoice(invoice)
    if invoice.state not in (InvoiceState.UPCOMING, InvoiceState.READY):
        raise DomainError("Une facture émise ne s’abandonne pas : elle s’annule par un avoir.")
    invoice.state, invoice.reason = InvoiceState.DROPPED, reason
    invoice._history_user = by  # type: ignore[attr-defined]
    invoice.save()
    _end_waiting(invoice, f"Sans suite : {reason}", by)
    return invoice


def _locked_invoice(invoice: Invoice) -> Invoice:
    return (
        Invoice.objects.select_for_update(of=("self",))
        .select_related("quote__agreement__buyer", "quote__market", "quote__operation")
        .get(pk=invoice.pk)
    )


def _check_day(on: dt.date, invoice: Invoice, what: str) -> None:
    if on > timezone.localdate():
        raise DomainError(f"{what} se note une fois fait : aujourd’hui au plus tard.", field="on")
    if invoice.issued_on and on < invoice.issued_on:
        raise DomainError(
            f"{what} précède l’émission de la facture, le {formats.day(invoice.issued_on)}.", field="on"
        )


def _end_waiting(invoice: Invoice, outcome: str, by: User | None, on: dt.date | None = None) -> None:
    for name in ("issue", "send", "paid"):
        finish_task(key=f"invoice:{invoice.pk}:{name}", on=on, outcome=outcome, by=by)


def numbers_follow(series: str) -> list[str]:
    """The numbers of a series that lack their predecessor: none, ever."""
    taken = set(Invoice.objects.filter(series=series).values_list("year", "sequence"))
    return [
        f"{series}{year}-{sequence:04d}"
        for year, sequence in sorted((year or 0, sequence or 0) for year, sequence in taken)
        if sequence > 1 and (year, sequence - 1) not in taken
    ]
