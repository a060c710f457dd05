"""Marchés: forms, lots and awards, closing. The list and « Synthèse », which count hours, stand in `clauses`."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from core import formats
from core.access import house_required
from markets.files import file_context
from markets.forms.files import AwardForm, CloseMarketForm, LotForm, MarketForm
from markets.models import Award, Buyer, Lot, Market
from markets.parties import parties_context
from markets.services import files as services
from markets.views.forms import confirm_page, form_page
from markets.views.shared import file_row


@house_required
def market_create(request: HttpRequest) -> HttpResponse:
    buyer_pk = request.GET.get("acheteur", "")
    buyer = (
        Buyer.objects.visible_to(request.user).filter(pk=int(buyer_pk)).first()
        if buyer_pk.isdecimal() and len(buyer_pk) < 12
        else None
    )
    framework = _framework(request)
    initial = {**_published(request), "buyer": buyer} if framework is None else _as_framework(framework)
    form = MarketForm(request.POST or None, user=request.user, initial=initial)
    return form_page(
        request,
        form,
        title="Ajouter un marché" if framework is None else "Ajouter un marché subséquent",
        intro="Vous ajouterez ensuite ses lots, leurs attributaires et leurs clauses.",
        back=lambda market: reverse("market_lots", args=[market.pk]),
        cancel_url=reverse("market_list"),
        back_label="Marchés",
        done="Le marché est ajouté. Décrivez maintenant ses lots.",
        save=lambda: _save_market(form),
    )


# What an address may carry of a contract published elsewhere: the name there, the field of the form.
PUBLISHED = {
    "reference": "reference",
    "decp": "decp_id",
    "objet": "object",
    "cpv": "cpv",
    "famille": "family",
    "nature": "nature",
    "montant": "amount",
    "notifie": "notified_on",
    "fin": "planned_end",
}


def _published(request: HttpRequest) -> dict[str, Any]:
    """The fields that the address fills; the form checks them as if they were typed."""
    return {field: request.GET[name][:1000] for name, field in PUBLISHED.items() if request.GET.get(name)}


def _framework(request: HttpRequest) -> Market | None:
    """The accord-cadre that `?accord-cadre=` names."""
    wanted = request.GET.get("accord-cadre", "")
    if not (wanted.isdecimal() and len(wanted) < 12):
        return None
    return Market.objects.visible_to(request.user).filter(pk=int(wanted), parent__isnull=True).first()


def _as_framework(framework: Market) -> dict[str, Any]:
    """What a marché subséquent takes from its accord-cadre unless another is given."""
    names = ("buyer", "department", "operation", "family", "cpv", "nature", "commune", "place")
    return {"parent": framework, **{name: getattr(framework, name) for name in names}}


def _save_market(form: MarketForm) -> Market:
    """A new market comes with its first lot: a market without lots has one, numbered 1."""
    market = form.save()
    Lot.objects.create(market=market, number="1", amount=market.amount)
    return market


@house_required
def market_edit(request: HttpRequest, pk: int) -> HttpResponse:
    market = file_row("market", request.user, pk)
    back = reverse("market_detail", args=[pk])
    form = MarketForm(request.POST or None, user=request.user, instance=market)
    return form_page(
        request,
        form,
        title="Modifier le marché",
        facts=f"{market.buyer} · {market.reference}",
        back=back,
        cancel_url=back,
        back_label=market.reference,
        done="Le marché est enregistré.",
    )


@house_required
def market_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what closing will do, to how many commitments, and ask once."""
    market = file_row("market", request.user, pk)
    back = reverse("market_detail", args=[pk])
    if market.closed_on:
        messages.info(request, f"Ce marché est clos depuis le {formats.day(market.closed_on)}.")
        return redirect(back)
    form = CloseMarketForm(request.POST or None, user=request.user, initial={"on": timezone.localdate()})
    counts = market.lots.aggregate(lots=Count("pk", distinct=True), awards=Count("awards", distinct=True))
    return confirm_page(
        request,
        form,
        title="Clore le marché",
        consequence=f"{market.reference} sera clos, avec {formats.noun(counts['lots'], 'lot')} et "
        f"{formats.noun(counts['awards'], 'attribution')}. Un marché clos ne se rouvre pas.",
        details=[
            "Les heures faites après ce jour ne compteront pas.",
            "Les heures déjà comptées restent, et le marché reste dans les bilans de ses années.",
            "Des relevés d’avant ce jour peuvent encore être saisis et validés.",
        ],
        submit_label="Clore le marché",
        danger=True,
        back=back,
        back_label=market.reference,
        done="Le marché est clos.",
        save=lambda: services.close_market(market=market, on=form.cleaned_data["on"], by=request.user),
    )


@house_required
def market_lots(request: HttpRequest, pk: int) -> HttpResponse:
    market = file_row("market", request.user, pk)
    lots = list(
        Lot.objects.visible_to(request.user)
        .filter(market=market)
        .prefetch_related("awards__company")
        .order_by("pk")
    )
    lots.sort(key=lambda lot: (not lot.number.isdecimal(), int(lot.number) if lot.number.isdecimal() else 0))
    totals = market.lots.aggregate(amount=Sum("amount"))
    return render(
        request,
        "markets/market_lots.html",
        {
            **file_context("market", market, request),
            "lots": lots,
            "total_amount": totals["amount"],
            **parties_context(market, request.user),
        },
    )


@house_required
def lot_create(request: HttpRequest, pk: int) -> HttpResponse:
    market = file_row("market", request.user, pk)
    numbers = [int(number) for number in market.lots.values_list("number", flat=True) if number.isdecimal()]
    lot = Lot(market=market, number=str(max(numbers, default=0) + 1))
    return _lot_form(request, lot, "Ajouter un lot", "Le lot est ajouté.")


@house_required
def lot_edit(request: HttpRequest, pk: int) -> HttpResponse:
    lot = get_object_or_404(Lot.objects.visible_to(request.user).select_related("market__buyer"), pk=pk)
    return _lot_form(request, lot, "Modifier le lot", "Le lot est enregistré.")


def _lot_form(request: HttpRequest, lot: Lot, title: str, done: str) -> HttpResponse:
    back = reverse("market_lots", args=[lot.market_id])
    return form_page(
        request,
        LotForm(request.POST or None, user=request.user, instance=lot),
        title=title,
        facts=f"{lot.market.buyer} · {lot.market.reference}",
        back=back,
        cancel_url=back,
        back_label=lot.market.reference,
        done=done,
    )


@house_required
def award_create(request: HttpRequest, pk: int) -> HttpResponse:
    lot = get_object_or_404(Lot.objects.visible_to(request.user).select_related("market__buyer"), pk=pk)
    return _award_form(request, Award(lot=lot), "Ajouter un attributaire", "L’attribution est ajoutée.")


@house_required
def award_edit(request: HttpRequest, pk: int) -> HttpResponse:
    award = get_object_or_404(
        Award.objects.visible_to(request.user).select_related("lot__market__buyer", "company"), pk=pk
    )
    return _award_form(request, award, "Modifier l’attribution", "L’attribution est enregistrée.")


def _award_form(request: HttpRequest, award: Award, title: str, done: str) -> HttpResponse:
    market: Any = award.lot.market
    back = reverse("market_lots", args=[market.pk])
    return form_page(
        request,
        AwardForm(request.POST or None, user=request.user, instance=award),
        title=title,
        facts=f"{market.buyer} · {market.reference} · {award.lot}",
        back=back,
        cancel_url=back,
        back_label=market.reference,
        done=done,
    )
