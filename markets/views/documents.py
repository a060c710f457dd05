"""The documents of a market: what is expected of the buyer, what was received, and the files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.enums import Role
from core.access import HOUSE, house_required, role_required
from core.errors import DomainError
from markets.files import file_context
from markets.forms.documents import DocumentForm
from markets.models import Market, MarketDocument
from markets.services import documents as services
from markets.views.forms import form_page
from markets.views.shared import file_row

READERS = (*HOUSE, Role.BUYER)


def _market(request: HttpRequest, pk: int) -> Market:
    """A market whose documents this user keeps: not one that is only shared with its buyer."""
    user: Any = request.user
    market = file_row("market", user, pk)
    if user.is_buyer and not Market.objects.led_by(user).filter(pk=pk).exists():
        raise Http404
    return market


def may_open(user: Any, stored: Any) -> bool:
    """The file of a document is for who may see the document: never for a company."""
    return MarketDocument.objects.visible_to(user).filter(file=stored).exists()


@role_required(*READERS)
def market_documents(request: HttpRequest, pk: int) -> HttpResponse:
    """What was received and what is expected."""
    market = _market(request, pk)
    rows = MarketDocument.objects.visible_to(request.user).filter(market=market)
    return render(
        request,
        "markets/market_documents.html",
        {
            **file_context("market", market, request),
            "documents": rows.select_related("lot", "file").order_by("received_on", "pk"),
            "is_house": request.user.role in HOUSE,  # type: ignore[union-attr]
        },
    )


@role_required(*READERS)
def document_create(request: HttpRequest, pk: int) -> HttpResponse:
    market = _market(request, pk)
    return _form(request, MarketDocument(market=market), title="Ajouter une pièce")


@role_required(*READERS)
def document_edit(request: HttpRequest, pk: int) -> HttpResponse:
    rows = MarketDocument.objects.visible_to(request.user).select_related("market", "file")
    document = get_object_or_404(rows, pk=pk)
    return _form(request, document, title=f"Pièce : {document}")


def _form(request: HttpRequest, document: MarketDocument, *, title: str) -> HttpResponse:
    form = DocumentForm(request.POST or None, request.FILES or None, user=request.user, instance=document)
    back = reverse("market_documents", args=[document.market_id])
    return form_page(
        request,
        form,
        title=title,
        facts=str(document.market),
        back=back,
        back_label="Pièces du marché",
        cancel_url=back,
        done="Pièce enregistrée.",
        save=lambda: services.save_document(
            document=form.save(commit=False), file=form.cleaned_data.get("new_file"), by=request.user
        ),
    )


@house_required
@require_POST
def document_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Expect a document no longer."""
    document = get_object_or_404(MarketDocument.objects.visible_to(request.user), pk=pk)
    back = reverse("market_documents", args=[document.market_id])
    try:
        services.remove_document(document=document, by=request.user)  # type: ignore[arg-type]
    except DomainError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, "La pièce n’est plus attendue.")
    return redirect(back)
