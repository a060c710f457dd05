"""The participation financière (docs/adr/0026): reference amounts, quotes, and what makes their halves due."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max, Q
from django.urls import reverse
from django.utils import timezone

from core import formats
from core.dates import add_months
from core.errors import DomainError
from core.files import store_file
from core.uploads import keep_upload
from markets.enums import InvoiceKind, QuoteState, ReleaseCause, TaskKind, Turn
from markets.fee_amounts import halves
from markets.fee_papers import check_parties, fee_pdf, quote_snapshot
from markets.models import Agreement, FeeReview, Invoice, Market, Operation, Quote
from markets.models.fees import FEE_MAX
from markets.services.agreements import DOCUMENT_TYPES
from markets.services.invoices import locked_house, need_pdf, release
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from accounts.models import User

QUOTE_FILE = "quote"
QUOTE_SIGNED_FILE = "quote_signed"
QUOTE_VALID_MONTHS = 3
QUOTE_ANSWER_DAYS = 30


# --- Amounts of reference -----------------------------------------------------------------------------------


def reference_fee(agreement: Agreement, on: dt.date) -> FeeReview | None:
    """The reference amount of a quote made that day: the latest review of its year or of a year before."""
    return agreement.fee_reviews.filter(year__lte=on.year).order_by("-year").first()


@transaction.atomic
def save_fee_review(*, review: FeeReview, by: User | None) -> FeeReview:
    """Record, or correct, the reference amount of a year. Raises DomainError outside the agreement's years."""
    agreement = Agreement.objects.select_for_update().get(pk=review.agreement_id)
    _check_amount(review.amount, "amount")
    if not agreement.starts_on.year <= review.year <= agreement.last_day.year:
        raise DomainError(
            f"La convention court de {agreement.starts_on.year} à {agreement.last_day.year} : "
            "choisissez une de ces années.",
            field="year",
        )
    review._history_user = by  # type: ignore[attr-defined]
    review.save()
    return review


def _check_amount(amount: Decimal, field: str) -> None:
    if amount < 0:
        raise DomainError("Le montant ne peut pas être négatif.", field=field)
    if not 1 <= amount <= FEE_MAX:
        raise DomainError("Un montant va de 1 € à 10 000 000 € : vérifiez la saisie.", field=field)


# --- Quotes -------------------------------------------------------------------------------------------------


@transaction.atomic
def save_quote(*, quote: Quote, by: User | None) -> Quote:
    """Prepare a quote, or correct one that is still a draft.

    Raises DomainError for one that was sent, an amount out of bounds, a market or an operation of another buyer.
    """
    agreement = Agreement.objects.select_for_update().get(pk=quote.agreement_id)
    if quote.pk:
        stored = Quote.objects.select_for_update().get(pk=quote.pk)
        if stored.state != QuoteState.DRAFT:
            raise DomainError(f"{stored} est parti le {formats.day(stored.sent_on)} : il ne change plus.")
    else:
        quote.created_by = by
    _check_amount(quote.amount, "amount")
    if bool(quote.market_id) == bool(quote.operation_id):
        raise DomainError(
            "Un devis porte sur un marché ou sur une opération : choisissez l’un des deux.", field="market"
        )
    if quote.market_id and not _shares_market(agreement, quote.market_id):
        raise DomainError(f"Ce marché n’est pas de {agreement.buyer}.", field="market")
    if quote.operation and quote.operation.buyer_id != agreement.buyer_id:
        raise DomainError(f"Cette opération n’est pas de {agreement.buyer}.", field="operation")
    if not agreement.starts_on <= quote.dated_on <= agreement.last_day:
        raise DomainError(
            f"La convention court du {formats.day(agreement.starts_on)} au {formats.day(agreement.last_day)} : "
            "le devis s’établit dans cette période.",
            field="dated_on",
        )
    if quote.valid_until is None:
        quote.valid_until = add_months(quote.dated_on, QUOTE_VALID_MONTHS)
    elif quote.valid_until < quote.dated_on:
        raise DomainError("La fin de validité précède le jour où le devis est établi.", field="valid_until")
    _complete_from_closing(quote)
    quote._history_user = by  # type: ignore[attr-defined]
    quote.save()
    return quote


def _shares_market(agreement: Agreement, market_id: int) -> bool:
    """The market is the buyer's, or the buyer has a share of it."""
    mine = Q(buyer=agreement.buyer_id) | Q(parties__buyer=agreement.buyer_id)
    return Market.objects.filter(mine, pk=market_id).exists()


def _complete_from_closing(quote: Quote) -> None:
    """A quote made after the market or the operation was closed knows it at once."""
    target: Market | Operation | None = quote.market or quote.operation
    if target and target.closed_on and not quote.completed_on:
        quote.completed_on, quote.completed_cause = target.closed_on, ReleaseCause.CLOSING


@transaction.atomic
def discard_quote(*, quote: Quote, by: User | None) -> None:
    """Delete a draft. Raises DomainError for a quote that was sent."""
    quote = Quote.objects.select_for_update().get(pk=quote.pk)
    if quote.state != QuoteState.DRAFT:
        raise DomainError(f"{quote} est parti : il reste, même refusé.")
    quote._history_user = by  # type: ignore[attr-defined]
    quote.delete()


def send_quote(*, quote: Quote, on: dt.date, by: User | None) -> Quote:
    """Give a draft its number and its PDF, and wait for the buyer's answer.

    Raises DomainError when it is not a draft, for a day to come or before its date, when a mention is missing, and
    where PDFs cannot be made.
    """
    need_pdf()
    with transaction.atomic():
        house = locked_house()
        quote = Quote.objects.select_for_update(of=("self",)).with_file().get(pk=quote.pk)
        buyer = quote.agreement.buyer
        if quote.state != QuoteState.DRAFT:
            raise DomainError(f"{quote} est déjà parti le {formats.day(quote.sent_on)}.")
        if on > timezone.localdate():
            raise DomainError("L’envoi se note une fois fait : aujourd’hui au plus tard.", field="on")
        if on < quote.dated_on:
            raise DomainError(
                f"L’envoi précède le jour où le devis est établi, le {formats.day(quote.dated_on)}.",
                field="on",
            )
        check_parties(house, buyer, quote.vat_rate)
        quote.year = quote.dated_on.year
        last = Quote.objects.filter(year=quote.year).aggregate(last=Max("sequence"))["last"]
        quote.sequence = (last or 0) + 1
        quote.number = f"D{quote.year}-{quote.sequence:04d}"
        quote.state, quote.sent_on = QuoteState.SENT, on
        quote.snapshot = quote_snapshot(quote, house)
        quote.document = store_file(
            kind=QUOTE_FILE,
            name=f"devis-{quote.number}.pdf",
            content=fee_pdf(quote.snapshot, house, made_on=quote.dated_on),
            user=by,
        )
        quote._history_user = by  # type: ignore[attr-defined]
        quote.save()
        open_task(
            key=f"quote:{quote.pk}:answer",
            kind=TaskKind.ANSWER,
            turn=Turn.BUYER,
            buyer=buyer,
            title=f"Répondre au devis {quote.number} ({formats.amount(quote.amount)} hors taxes)",
            details=quote.target_label,
            url=reverse("quote_detail", args=[quote.pk]),
            since=on,
            due_on=on + dt.timedelta(days=QUOTE_ANSWER_DAYS),
            by=by,
        )
    return quote


@transaction.atomic
def answer_quote(
    *,
    quote: Quote,
    accepted: bool,
    on: dt.date,
    reason: str = "",
    service_code: str = "",
    engagement_number: str = "",
    upload: Any = None,
    by: User | None,
) -> Quote:
    """Record the buyer's answer. An accepted quote makes its two invoices, each ready when its fact is there.

    Raises DomainError when it does not wait for an answer, for dates out of order, a refusal without reason.
    """
    quote = Quote.objects.select_for_update().get(pk=quote.pk)
    if quote.state != QuoteState.SENT:
        raise DomainError("Ce devis n’attend pas de réponse.")
    if on > timezone.localdate():
        raise DomainError("La réponse se note une fois reçue : aujourd’hui au plus tard.", field="on")
    if quote.sent_on and on < quote.sent_on:
        raise DomainError(
            f"La réponse précède l’envoi du devis, le {formats.day(quote.sent_on)} : corrigez la date.",
            field="on",
        )
    if not accepted and not reason:
        raise DomainError("Un refus se motive : dites pourquoi.", field="reason")
    quote.state = QuoteState.ACCEPTED if accepted else QuoteState.REFUSED
    quote.decided_on = on
    quote.refusal_reason = "" if accepted else reason
    if accepted:
        quote.service_code = service_code or quote.service_code
        quote.engagement_number = engagement_number or quote.engagement_number
        _complete_from_closing(quote)
    if upload:
        quote.signed_document = keep_upload(
            kind=QUOTE_SIGNED_FILE, upload=upload, user=by, types=DOCUMENT_TYPES
        )
    quote._history_user = by  # type: ignore[attr-defined]
    quote.save()
    finish_task(
        key=f"quote:{quote.pk}:answer",
        on=on,
        outcome="Devis accepté." if accepted else f"Devis refusé : {reason}",
        by=by,
    )
    if accepted:
        for kind, amounts in zip(
            (InvoiceKind.CALIBRATION, InvoiceKind.COMPLETION),
            halves(quote.amount, quote.vat_rate),
            strict=True,
        ):
            invoice = Invoice(
                quote=quote,
                kind=kind,
                net=amounts.net,
                vat_rate=quote.vat_rate,
                vat=amounts.vat,
                total=amounts.total,
            )
            invoice._history_user = by  # type: ignore[attr-defined]
            invoice.save()
        release(quote, by)
    return quote


@transaction.atomic
def correct_references(*, quote: Quote, service_code: str, engagement_number: str, by: User | None) -> Quote:
    """Change the Chorus Pro references of a quote; invoices that are issued keep theirs."""
    quote = Quote.objects.select_for_update().get(pk=quote.pk)
    quote.service_code, quote.engagement_number = service_code, engagement_number
    quote._history_user = by  # type: ignore[attr-defined]
    quote.save()
    return quote


# --- What makes the halves ready ----------------------------------------------------------------------------


@transaction.atomic
def record_calibration(*, quote: Quote, on: dt.date, by: User | None) -> Quote:
    """« Calibrage fait le … »: the social conditions are settled with the titulaire; the first half may be invoiced.

    Raises DomainError for a refused quote, a calibration recorded already, a day to come or before the quote.
    """
    quote = Quote.objects.select_for_update().get(pk=quote.pk)
    if quote.state == QuoteState.REFUSED:
        raise DomainError("Ce devis est refusé : rien ne se facture.")
    if quote.calibrated_on:
        raise DomainError(f"Le calibrage est déjà noté au {formats.day(quote.calibrated_on)}.")
    if on > timezone.localdate():
        raise DomainError("Le calibrage se note une fois fait : aujourd’hui au plus tard.", field="on")
    quote.calibrated_on = on
    quote._history_user = by  # type: ignore[attr-defined]
    quote.save()
    release(quote, by)
    return quote
