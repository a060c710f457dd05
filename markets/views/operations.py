"""Operations: their forms; and the buyers that share a market. An operation's page, which counts hours, is in `clauses`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from core import formats
from core.access import house_required
from markets.forms.operations import OperationForm, PartyForm
from markets.models import Buyer, MarketParty, Operation
from markets.services.operations import remove_party, save_party
from markets.views.forms import confirm_page, form_page
from markets.views.shared import file_row


def _detail(operation: Operation) -> str:
    return reverse("operation_detail", args=[operation.pk])


@house_required
def operation_create(request: HttpRequest) -> HttpResponse:
    """Add an operation; `?acheteur=` proposes its buyer."""
    request.place = "markets"  # type: ignore[attr-defined]
    wanted = request.GET.get("acheteur", "")
    buyers = Buyer.objects.visible_to(request.user)
    buyer = buyers.filter(pk=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 12 else None
    form = OperationForm(request.POST or None, user=request.user, initial={"buyer": buyer})
    return form_page(
        request,
        form,
        title="Ajouter une opération",
        intro="Ses marchés la choisissent ensuite dans leur fiche.",
        back=_detail,
        cancel_url=reverse("operation_list"),
        back_label="Opérations",
        done="L’opération est ajoutée.",
    )


@house_required
def operation_edit(request: HttpRequest, pk: int) -> HttpResponse:
    request.place = "markets"  # type: ignore[attr-defined]
    operation = get_object_or_404(Operation.objects.visible_to(request.user).select_related("buyer"), pk=pk)
    return form_page(
        request,
        OperationForm(request.POST or None, user=request.user, instance=operation),
        title="Modifier l’opération",
        facts=str(operation.buyer),
        back=_detail(operation),
        cancel_url=_detail(operation),
        back_label=operation.name,
        done="L’opération est enregistrée.",
    )


@house_required
def party_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a buyer to a market."""
    market = file_row("market", request.user, pk)
    form = PartyForm(request.POST or None, user=request.user, market=market)
    return _party_page(
        request,
        market,
        form,
        "Associer un donneur d’ordre",
        "Le donneur d’ordre est associé à ce marché.",
        lambda: save_party(market=market, by=request.user, **form.cleaned_data),
    )


@house_required
def party_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the role, the department or the share of a buyer."""
    party = _party(request, pk)
    form = PartyForm(request.POST or None, user=request.user, market=party.market, party=party)
    return _party_page(
        request,
        party.market,
        form,
        f"Modifier la part de {party.buyer}",
        "La part est enregistrée.",
        lambda: save_party(market=party.market, party=party, by=request.user, **form.cleaned_data),
    )


def _party_page(
    request: HttpRequest, market: Any, form: PartyForm, title: str, done: str, save: Any
) -> HttpResponse:
    request.place = "markets"  # type: ignore[attr-defined]
    back = reverse("market_lots", args=[market.pk])
    return form_page(
        request,
        form,
        title=title,
        facts=f"{market.buyer} · {market.reference}",
        intro="Ses chiffres prendront cette part des heures, des heures engagées et des montants ; les personnes, les "
        "contrats et les marchés y comptent entiers. Le territoire compte le marché une fois.",
        back=back,
        cancel_url=back,
        back_label=market.reference,
        done=done,
        save=save,
    )


def _party(request: HttpRequest, pk: int) -> MarketParty:
    rows = MarketParty.objects.visible_to(request.user).select_related("buyer", "market__buyer")
    return get_object_or_404(rows, pk=pk)


@house_required
def party_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, then take a buyer off a market."""
    party = _party(request, pk)
    request.place = "markets"  # type: ignore[attr-defined]
    market = party.market
    back = reverse("market_lots", args=[market.pk])
    share = formats.rate(party.share / 100, 2)
    return confirm_page(
        request,
        title="Retirer un donneur d’ordre",
        consequence=f"{party.buyer} ne sera plus associé à {market.reference} : sa part, {share}, revient à "
        f"{market.buyer}, dans les chiffres de toutes les années.",
        details=["Ses comptes ne verront plus ce marché.", "Les bilans déjà publiés ne changent pas."],
        submit_label="Retirer",
        danger=True,
        back=back,
        back_label=market.reference,
        done=f"{party.buyer} n’est plus associé à ce marché.",
        save=lambda: remove_party(party=party, by=request.user),  # type: ignore[arg-type]
    )
