"""One invoice: its page, and its gestures (issued, sent, paid, cancelled by an avoir, given up)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from core import formats
from core.access import ADMIN, BUYER, HOUSE, admin_required, role_required
from markets.enums import InvoiceChannel, InvoiceKind, InvoiceState, ReleaseCause
from markets.fee_list import invoice_state
from markets.files import NextStep
from markets.forms.fees import (
    CreditForm,
    DropForm,
    OnForm,
    SendingForm,
    facts_of,
)
from markets.models import Invoice
from markets.services import invoices
from markets.views.agreements import READERS
from markets.views.fees import steps_of
from markets.views.forms import confirm_page


def _invoice(request: HttpRequest, pk: int) -> Invoice:
    request.place = "markets"  # type: ignore[attr-defined]
    return get_object_or_404(Invoice.objects.visible_to(request.user).with_file(), pk=pk)


@role_required(*READERS)
def invoice_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    invoice = _invoice(request, pk)
    credit = Invoice.objects.visible_to(user).filter(cancels=invoice).first()
    waiting = {InvoiceState.ISSUED, InvoiceState.SENT}
    is_admin = user.role == ADMIN
    said = invoice.snapshot or {}
    return render(
        request,
        "markets/fee_invoice.html",
        {
            "invoice": invoice,
            "quote": invoice.quote,
            "buyer": invoice.quote.agreement.buyer,
            "credit": credit,
            "vat_rate": invoice.vat_rate / 100,
            "service_code": said.get("service_code") or invoice.quote.service_code,
            "engagement_number": said.get("engagement_number") or invoice.quote.engagement_number,
            "steps": steps_of(invoice.quote, user),
            "state": invoice_state(invoice),
            "step": _invoice_step(invoice, user),
            "cause": ReleaseCause(invoice.cause).label if invoice.cause else "",
            "channel": InvoiceChannel(invoice.channel).label if invoice.channel else "",
            "is_house": user.role in HOUSE,
            "may_issue": is_admin and invoice.state == InvoiceState.READY,
            "may_send": is_admin and invoice.state == InvoiceState.ISSUED,
            "may_pay": is_admin
            and invoice.state in waiting
            and (invoice.cancels is None or invoice.cancels.paid_on is not None),
            "may_cancel": is_admin
            and not invoice.is_credit
            and invoice.state in waiting | {InvoiceState.PAID},
            "may_drop": is_admin and invoice.state in (InvoiceState.UPCOMING, InvoiceState.READY),
        },
    )


def _invoice_step(invoice: Invoice, user: Any) -> NextStep | None:
    admin = "À vous :" if user.role == ADMIN else "À l’administration :"
    if invoice.state == InvoiceState.UPCOMING:
        what = (
            "elle sera prête quand le calibrage sera noté."
            if invoice.kind == InvoiceKind.CALIBRATION
            else "elle sera prête à la remise du bilan final, ou à la clôture."
        )
        return NextStep("Patience :", what, tone="none")
    if invoice.state == InvoiceState.READY:
        return NextStep(admin, "émettre la facture ; elle prendra alors son numéro.")
    if invoice.is_credit:
        return None
    if invoice.state == InvoiceState.ISSUED:
        return NextStep(admin, "la transmettre, sur Chorus Pro pour un acheteur public.")
    if invoice.state == InvoiceState.SENT:
        who = "À vous :" if user.role == BUYER else f"À {invoice.quote.agreement.buyer} :"
        late = bool(invoice.due_on and invoice.due_on < timezone.localdate())
        return NextStep(
            who,
            f"payer {formats.amount(invoice.total)} avant le {formats.day(invoice.due_on)}.",
            tone="late" if late else "watch",
        )
    return None


@admin_required
def invoice_issue(request: HttpRequest, pk: int) -> HttpResponse:
    invoice = _invoice(request, pk)
    form = OnForm(request.POST or None, user=request.user, label="Datée du")
    return confirm_page(
        request,
        form,
        title="Émettre la facture",
        consequence=f"La facture de {formats.amount(invoice.total)} à {invoice.quote.agreement.buyer} prend le numéro "
        "suivant. Elle ne change plus, et ne s’annule que par un avoir.",
        details=[
            f"Code service : {invoice.quote.service_code or 'aucun'}.",
            f"Numéro d’engagement : {invoice.quote.engagement_number or 'aucun'}.",
            "Son PDF est fabriqué et gardé tel quel.",
        ],
        submit_label="Numéroter et émettre",
        back=reverse("invoice_detail", args=[pk]),
        back_label=facts_of(invoice),
        done="La facture est émise ; son PDF est prêt.",
        save=lambda: invoices.issue_invoice(invoice=invoice, on=form.cleaned_data["on"], by=request.user),
    )


@admin_required
def invoice_send(request: HttpRequest, pk: int) -> HttpResponse:
    invoice = _invoice(request, pk)
    form = SendingForm(request.POST or None, user=request.user, label="Le")
    return confirm_page(
        request,
        form,
        title="Noter la transmission",
        consequence=f"{invoice} est transmise à {invoice.quote.agreement.buyer} : son paiement est attendu.",
        submit_label="Noter la transmission",
        back=reverse("invoice_detail", args=[pk]),
        back_label=str(invoice),
        done="La transmission est notée.",
        save=lambda: invoices.record_sending(invoice=invoice, by=request.user, **form.cleaned_data),
    )


@admin_required
def invoice_pay(request: HttpRequest, pk: int) -> HttpResponse:
    invoice = _invoice(request, pk)
    words = "Remboursé le" if invoice.is_credit else "Payée le"
    form = OnForm(request.POST or None, user=request.user, label=words)
    return confirm_page(
        request,
        form,
        title="Noter le remboursement" if invoice.is_credit else "Noter le paiement",
        consequence=f"{invoice}, {formats.amount(invoice.total)}, {invoice.quote.agreement.buyer}.",
        submit_label="Enregistrer",
        back=reverse("invoice_detail", args=[pk]),
        back_label=str(invoice),
        done="C’est noté.",
        save=lambda: invoices.record_payment(invoice=invoice, on=form.cleaned_data["on"], by=request.user),
    )


@admin_required
def invoice_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    invoice = _invoice(request, pk)
    form = CreditForm(request.POST or None, user=request.user, label="Avoir daté du")
    details = [
        "L’avoir prend son propre numéro, et son PDF est gardé.",
        "La facture annulée reste, avec son numéro.",
    ]
    if invoice.paid_on:
        details.append(f"Elle est payée depuis le {formats.day(invoice.paid_on)} : l’avoir se rembourse.")
    return confirm_page(
        request,
        form,
        title="Annuler par un avoir",
        consequence=f"{invoice}, {formats.amount(invoice.total)}, est annulée en totalité. Cela ne se défait pas.",
        details=details,
        submit_label="Établir l’avoir",
        danger=True,
        back=reverse("invoice_detail", args=[pk]),
        back_label=str(invoice),
        done="L’avoir est établi.",
        save=lambda: invoices.cancel_invoice(invoice=invoice, by=request.user, **form.cleaned_data),
    )


@admin_required
def invoice_drop(request: HttpRequest, pk: int) -> HttpResponse:
    invoice = _invoice(request, pk)
    form = DropForm(request.POST or None, user=request.user)
    return confirm_page(
        request,
        form,
        title="Ne pas facturer cette moitié",
        consequence=f"{formats.amount(invoice.total)} ne seront jamais facturés à {invoice.quote.agreement.buyer}.",
        details=["À utiliser quand le marché ou l’opération est abandonné."],
        submit_label="Classer sans suite",
        danger=True,
        back=reverse("invoice_detail", args=[pk]),
        back_label=facts_of(invoice),
        done="Cette moitié est classée sans suite.",
        save=lambda: invoices.drop_invoice(invoice=invoice, by=request.user, **form.cleaned_data),
    )
