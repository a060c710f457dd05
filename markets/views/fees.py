"""Participation financière: the list of invoices, the tabs of a market and of a buyer, reference amounts, quotes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from core import formats
from core.access import ADMIN, BUYER, HOUSE, admin_required, house_required, role_required
from core.errors import DomainError
from core.files import file_response
from core.lists import ListPage
from core.registry import Link
from markets.enums import InvoiceState, QuoteState
from markets.fee_amounts import with_vat
from markets.fee_list import InvoiceFilter, InvoiceTable, invoice_state, quote_state
from markets.fee_papers import fee_pdf, quote_snapshot
from markets.files import NextStep, file_context
from markets.forms.fees import (
    AnswerForm,
    CompletionForm,
    FeeReviewForm,
    OnForm,
    QuoteForm,
    ReferencesForm,
    quote_proposal,
)
from markets.histories import quote_history
from markets.models import Agreement, Buyer, FeeReview, House, Invoice, Market, Quote
from markets.services import fees as services
from markets.services import invoices
from markets.services.agreements import agreement_for
from markets.views.agreements import READERS, buyer_as_a_whole, buyer_file
from markets.views.forms import confirm_page, form_page
from markets.views.shared import file_row

ZERO = Decimal(0)


class FeeList(ListPage):
    model = Invoice
    table_class = InvoiceTable
    filterset_class = InvoiceFilter
    title = "Participation financière"
    intro = "Les factures et leurs avoirs. L’export porte les références Chorus Pro, pour la comptabilité."
    export_name = "participation-financiere"
    empty_message = "Les factures seront ici : un devis accepté en fait deux, une par moitié."

    def prepare(self, queryset: Any) -> Any:
        return queryset.select_related(
            "quote__agreement__buyer", "quote__market", "quote__operation"
        ).order_by(F("issued_on").desc(nulls_first=True), "-sequence", "-pk")


# --- Tabs ---------------------------------------------------------------------------------------------------


def _quotes(user: Any, **where: Any) -> list[tuple[Quote, tuple[str, str, str]]]:
    rows = Quote.objects.visible_to(user).filter(**where).select_related("market", "operation")
    return [(row, quote_state(row)) for row in rows.order_by("-dated_on", "-pk")]


def _invoices(user: Any, **where: Any) -> list[tuple[Invoice, tuple[str, str, str]]]:
    rows = (
        Invoice.objects.visible_to(user)
        .filter(**where)
        .select_related("quote__market", "quote__operation", "document", "cancels")
        .order_by(F("issued_on").desc(nulls_first=True), "quote", "pk")
    )
    return [(row, invoice_state(row)) for row in rows]


def _sums(quotes: list[Any], invoices: list[Any], *, is_house: bool) -> list[tuple[str, str, str]]:
    """Accepted, invoiced and paid, excluding tax: what stands above the tables.

    What is still to be invoiced is the halves that wait for it, not those that were given up; a buyer does not see them.
    """
    accepted = sum((row.amount for row, _ in quotes if row.state == QuoteState.ACCEPTED), ZERO)
    rows = [row for row, _ in invoices]
    # An avoir takes its invoice back: both are in the sum.
    invoiced = sum((row.net for row in rows if row.number), ZERO)
    left = sum((row.net for row in rows if row.state in (InvoiceState.UPCOMING, InvoiceState.READY)), ZERO)
    paid = sum((row.net_paid for row in rows), ZERO)
    gap = invoiced - paid
    return [
        (formats.amount(accepted), "de devis acceptés, hors taxes", ""),
        (formats.amount(invoiced), "facturés", f"{formats.amount(left)} à facturer" if is_house else ""),
        (
            formats.amount(paid),
            "payés",
            f"{formats.amount(gap)} attendus" if gap >= 0 else f"{formats.amount(-gap)} à rembourser",
        ),
    ]


@role_required(*READERS)
def market_fees(request: HttpRequest, pk: int) -> HttpResponse:
    """« Facturation » of a market; a buyer reads what was sent to it."""
    user: Any = request.user
    market = file_row("market", user, pk)
    quotes, invoices = _quotes(user, market=market), _invoices(user, quote__market=market)
    return render(
        request,
        "markets/fee_market.html",
        {
            **file_context("market", market, request),
            "quotes": quotes,
            "invoices": invoices,
            "sums": _sums(quotes, invoices, is_house=user.role in HOUSE) if quotes else [],
            "is_house": user.role in HOUSE,
            "has_target": False,
            "create_url": f"{reverse('quote_create', args=[market.buyer_id])}?marche={market.pk}"
            if user.role in HOUSE
            else "",
        },
    )


@role_required(*READERS)
def buyer_fees(request: HttpRequest, pk: int) -> HttpResponse:
    """« Facturation » of a buyer: amounts of reference, quotes and invoices of all its agreements."""
    user: Any = request.user
    buyer = buyer_as_a_whole(user, pk)
    quotes = _quotes(user, agreement__buyer=buyer)
    invoices = _invoices(user, quote__agreement__buyer=buyer)
    agreements = list(
        Agreement.objects.visible_to(user)
        .filter(buyer=buyer)
        .prefetch_related("fee_reviews")
        .order_by("-starts_on", "-pk")
    )
    return render(
        request,
        "markets/fee_buyer.html",
        {
            **buyer_file(buyer, request),
            "quotes": quotes,
            "invoices": invoices,
            "sums": _sums(quotes, invoices, is_house=user.role in HOUSE) if quotes else [],
            "agreements": agreements,
            "is_house": user.role in HOUSE,
            "is_admin": user.role == ADMIN,
            "has_target": True,
            "create_url": reverse("quote_create", args=[buyer.pk]) if user.role in HOUSE else "",
        },
    )


# --- Amounts of reference -----------------------------------------------------------------------------------


@admin_required
def fee_review_create(request: HttpRequest, pk: int) -> HttpResponse:
    agreement = get_object_or_404(Agreement.objects.visible_to(request.user).select_related("buyer"), pk=pk)
    today = timezone.localdate()
    form = FeeReviewForm(
        request.POST or None,
        user=request.user,
        instance=FeeReview(agreement=agreement),
        initial={"year": min(max(today.year, agreement.starts_on.year), agreement.last_day.year)},
    )
    return _review_form(request, form, agreement, "Inscrire un montant de référence")


@admin_required
def fee_review_edit(request: HttpRequest, pk: int) -> HttpResponse:
    review = get_object_or_404(
        FeeReview.objects.visible_to(request.user).select_related("agreement__buyer"), pk=pk
    )
    form = FeeReviewForm(request.POST or None, user=request.user, instance=review)
    return _review_form(request, form, review.agreement, "Modifier un montant de référence")


def _review_form(request: HttpRequest, form: FeeReviewForm, agreement: Agreement, title: str) -> HttpResponse:
    request.place = "markets"  # type: ignore[attr-defined]
    back = reverse("buyer_fees", args=[agreement.buyer_id])
    return form_page(
        request,
        form,
        title=title,
        facts=f"{agreement.buyer} · {agreement}",
        intro="Le montant de la participation peut être revu chaque année, selon la réalisation effective de la mission "
        "(article 7 de la convention). Les devis déjà faits ne changent pas.",
        back=back,
        cancel_url=back,
        back_label=f"Facturation de {agreement.buyer}",
        done="Le montant de référence est enregistré.",
        save=lambda: services.save_fee_review(review=form.save(commit=False), by=request.user),
    )


# --- Quotes -------------------------------------------------------------------------------------------------


@house_required
def quote_create(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft, by anyone of the house: from the amount of reference and, from a market's page, its market."""
    buyer = buyer_as_a_whole(request.user, pk)
    market_pk = request.GET.get("marche", "")
    market = (
        Market.objects.visible_to(request.user).filter(pk=int(market_pk)).first()
        if market_pk.isdecimal() and len(market_pk) < 12
        else None
    )
    agreement = agreement_for(buyer, timezone.localdate())
    back = reverse("market_fees", args=[market.pk]) if market else reverse("buyer_fees", args=[pk])
    if not Agreement.objects.visible_to(request.user).filter(buyer=buyer).exists():
        messages.info(request, f"Inscrivez d’abord la convention de {buyer} : un devis en relève.")
        return redirect("buyer_agreement", pk=pk)
    form = QuoteForm(
        request.POST or None,
        user=request.user,
        buyer=buyer,
        instance=Quote(),
        initial=quote_proposal(agreement, House.current().vat_rate, market),
    )
    return _quote_form(request, form, buyer, "Préparer un devis", back)


@house_required
def quote_edit(request: HttpRequest, pk: int) -> HttpResponse:
    quote = _quote(request, pk)
    back = reverse("quote_detail", args=[pk])
    if quote.state != QuoteState.DRAFT:
        messages.info(request, f"{quote} est parti le {formats.day(quote.sent_on)} : il ne change plus.")
        return redirect(back)
    buyer = quote.agreement.buyer
    form = QuoteForm(request.POST or None, user=request.user, buyer=buyer, instance=quote)
    return _quote_form(request, form, buyer, "Modifier le devis", back)


def _quote_form(request: HttpRequest, form: QuoteForm, buyer: Buyer, title: str, back: str) -> HttpResponse:
    request.place = "markets"  # type: ignore[attr-defined]
    return form_page(
        request,
        form,
        title=title,
        facts=str(buyer),
        intro="Le devis reste un brouillon jusqu’à son envoi. Accepté, il fait deux factures de 50 %.",
        back=lambda quote: reverse("quote_detail", args=[quote.pk]),
        cancel_url=back,
        back_label="Facturation",
        done="Le devis est enregistré, en brouillon.",
        submit_label="Enregistrer le brouillon",
        save=lambda: services.save_quote(quote=form.save(commit=False), by=request.user),
    )


def _quote(request: HttpRequest, pk: int) -> Quote:
    request.place = "markets"  # type: ignore[attr-defined]
    return get_object_or_404(Quote.objects.visible_to(request.user).with_file(), pk=pk)


def steps_of(quote: Quote, user: Any) -> list[Link]:
    """Where a quote and its invoices hang: the market's file, else the buyer's."""
    buyer = quote.agreement.buyer
    steps = [Link("Marchés", reverse("market_list"))]
    if quote.market_id:
        market: Any = quote.market
        steps.append(Link(market.reference, reverse("market_detail", args=[market.pk])))
        steps.append(Link("Facturation", reverse("market_fees", args=[market.pk])))
    else:
        if user.role in HOUSE:
            steps.append(Link(str(buyer), reverse("buyer_detail", args=[buyer.pk])))
        steps.append(Link("Facturation", reverse("buyer_fees", args=[buyer.pk])))
    return steps


@role_required(*READERS)
def quote_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    quote = _quote(request, pk)
    # A buyer's account limited to one department does not come here: its buyer's quotes are not its own.
    invoices = _invoices(user, quote=quote)
    return render(
        request,
        "markets/fee_quote.html",
        {
            "quote": quote,
            "buyer": quote.agreement.buyer,
            "whole": with_vat(quote.amount, quote.vat_rate),
            "vat_rate": quote.vat_rate / 100,
            "invoices": invoices,
            "steps": steps_of(quote, user),
            "state": quote_state(quote),
            "step": _quote_step(quote, user, invoices),
            "is_house": user.role in HOUSE,
            "entries": quote_history(quote) if user.role in HOUSE else [],
            "is_admin": user.role == ADMIN,
            "may_calibrate": user.role in HOUSE
            and not quote.calibrated_on
            and quote.state != QuoteState.REFUSED,
            "may_complete": user.role == ADMIN
            and not quote.completed_on
            and quote.state in (QuoteState.SENT, QuoteState.ACCEPTED),
        },
    )


def _quote_step(quote: Quote, user: Any, invoices: list[Any]) -> NextStep | None:
    """What must be done next about a quote, by whom."""
    admin = "À vous :" if user.role == ADMIN else "À l’administration :"
    house = "À vous :" if user.role in HOUSE else "À la maison :"
    if quote.state == QuoteState.DRAFT:
        return NextStep(admin, "relire le devis et l’envoyer.")
    if quote.state == QuoteState.SENT:
        sent = f"répondre au devis envoyé le {formats.day(quote.sent_on)}"
        if user.role == BUYER:
            return NextStep("À vous :", f"{sent}. Renvoyez-le signé à la maison, qui note votre réponse.")
        return NextStep(f"À {quote.agreement.buyer} :", f"{sent}.")
    if quote.state == QuoteState.REFUSED:
        return NextStep("Refusé :", f"{quote.refusal_reason}.".replace("..", "."), tone="none")
    for invoice, _ in invoices:
        if invoice.state == InvoiceState.READY:
            return NextStep(
                admin,
                f"émettre la facture de {formats.amount(invoice.total)}.",
                url=reverse("invoice_detail", args=[invoice.pk]),
                label="Voir la facture",
            )
    if not quote.calibrated_on and not quote.completed_on:
        return NextStep(house, "noter le calibrage, qui rend prête la première facture.")
    return None


@house_required
def quote_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft as it would be printed, marked as a project."""
    quote = _quote(request, pk)
    if quote.document_id:
        return redirect("file_download", pk=quote.document_id)
    house = House.current()
    try:
        content = fee_pdf(quote_snapshot(quote, house), house, made_on=quote.dated_on, is_draft=True)
    except DomainError as error:
        messages.error(request, error.sentence)
        return redirect("quote_detail", pk=pk)
    return file_response(content, "devis-projet.pdf", inline=True)


@admin_required
def quote_send(request: HttpRequest, pk: int) -> HttpResponse:
    quote = _quote(request, pk)
    form = OnForm(request.POST or None, user=request.user, label="Envoyé le")
    return confirm_page(
        request,
        form,
        title="Envoyer le devis",
        consequence=f"Le devis de {formats.amount(quote.amount)} hors taxes prend son numéro et ne change plus.",
        details=[
            "Son PDF est gardé : téléchargez-le pour l’envoyer, ou laissez le donneur d’ordre le lire ici.",
            f"Une réponse est attendue de {quote.agreement.buyer} sous {services.QUOTE_ANSWER_DAYS} jours.",
        ],
        submit_label="Numéroter et envoyer",
        back=reverse("quote_detail", args=[pk]),
        back_label=str(quote),
        done="Le devis est numéroté ; son PDF est prêt.",
        save=lambda: services.send_quote(quote=quote, on=form.cleaned_data["on"], by=request.user),
    )


@house_required
def quote_discard(request: HttpRequest, pk: int) -> HttpResponse:
    quote = _quote(request, pk)
    back = reverse("quote_detail", args=[pk])
    if quote.state != QuoteState.DRAFT:
        messages.info(request, f"{quote} est parti : il reste, même refusé.")
        return redirect(back)
    return confirm_page(
        request,
        title="Supprimer le brouillon",
        consequence=f"Le devis de {formats.amount(quote.amount)} hors taxes, jamais envoyé, disparaît.",
        submit_label="Supprimer le brouillon",
        danger=True,
        back=back,
        back_label=str(quote),
        done="Le brouillon est supprimé.",
        save=lambda: services.discard_quote(quote=quote, by=request.user),
        after=reverse("buyer_fees", args=[quote.agreement.buyer_id]),
    )


@admin_required
def quote_answer(request: HttpRequest, pk: int) -> HttpResponse:
    quote = _quote(request, pk)
    form = AnswerForm(
        request.POST or None,
        request.FILES or None,
        user=request.user,
        label="Réponse du",
        initial={"service_code": quote.service_code, "engagement_number": quote.engagement_number},
    )
    return confirm_page(
        request,
        form,
        title="Noter la réponse au devis",
        consequence=f"{quote}, {formats.amount(quote.amount)} hors taxes, {quote.agreement.buyer}.",
        details=[
            "Accepté, il fait deux factures de 50 % : l’une prête au calibrage, l’autre au bilan final ou à la clôture.",
            "Refusé, il reste pour mémoire ; un autre devis peut suivre.",
        ],
        submit_label="Enregistrer la réponse",
        back=reverse("quote_detail", args=[pk]),
        back_label=str(quote),
        done="La réponse est notée.",
        save=lambda: services.answer_quote(quote=quote, by=request.user, **form.cleaned_data),
    )


@admin_required
def quote_references(request: HttpRequest, pk: int) -> HttpResponse:
    quote = _quote(request, pk)
    back = reverse("quote_detail", args=[pk])
    form = ReferencesForm(
        request.POST or None,
        user=request.user,
        initial={"service_code": quote.service_code, "engagement_number": quote.engagement_number},
    )
    request.place = "markets"  # type: ignore[attr-defined]
    return form_page(
        request,
        form,
        title="Références Chorus Pro",
        facts=f"{quote} · {quote.agreement.buyer}",
        intro="Pour les factures à venir : celles qui sont émises gardent les leurs.",
        back=back,
        cancel_url=back,
        back_label=str(quote),
        done="Les références sont enregistrées.",
        save=lambda: services.correct_references(quote=quote, by=request.user, **form.cleaned_data),
    )


@house_required
def quote_calibration(request: HttpRequest, pk: int) -> HttpResponse:
    """« Calibrage fait le … »: the facilitator's gesture that makes the first half ready."""
    quote = _quote(request, pk)
    form = OnForm(request.POST or None, user=request.user, label="Calibrage fait le")
    return confirm_page(
        request,
        form,
        title="Noter le calibrage",
        consequence="Les dispositions sociales sont calibrées : la première facture de 50 % peut s’émettre dès que le "
        "devis est accepté.",
        submit_label="Noter le calibrage",
        back=reverse("quote_detail", args=[pk]),
        back_label=str(quote),
        done="Le calibrage est noté.",
        save=lambda: services.record_calibration(quote=quote, on=form.cleaned_data["on"], by=request.user),
    )


@admin_required
def quote_completion(request: HttpRequest, pk: int) -> HttpResponse:
    """The second half made ready by hand, where the final bilan was delivered outside the application."""
    quote = _quote(request, pk)
    form = CompletionForm(request.POST or None, user=request.user, label="Depuis le")
    return confirm_page(
        request,
        form,
        title="Rendre le solde exigible",
        consequence="La seconde facture de 50 % peut s’émettre dès que le devis est accepté.",
        details=[
            "Clore le marché, ou publier son bilan final, le fait tout seul : notez-le ici pour un bilan remis autrement."
        ],
        submit_label="Rendre le solde exigible",
        back=reverse("quote_detail", args=[pk]),
        back_label=str(quote),
        done="Le solde est exigible.",
        save=lambda: invoices.release_second_invoice(quote=quote, by=request.user, **form.cleaned_data),
    )
