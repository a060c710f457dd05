"""Where the bilan of the territory and that of a reserved market begin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from core.access import admin_required, house_required
from markets.views.forms import form_page
from markets.views.shared import file_row
from reporting.forms.yearly import YearlyBilanForm
from reporting.services.drafts import start_reserved_bilan, start_territory_bilan


@admin_required
def territory_bilan(request: HttpRequest) -> HttpResponse:
    """« Bilan du territoire »: open the draft of a year."""
    form = YearlyBilanForm(request.POST or None, user=request.user, initial=_asked(request))
    return form_page(
        request,
        form,
        title="Bilan du territoire",
        intro="Tout le territoire de la maison sur une année : tous les donneurs d’ordre, chaque marché partagé compté une "
        "fois. Il reste de la maison, qui remet elle-même son PDF. Publiez-le après ceux des donneurs d’ordre : un bilan "
        "publié après lui peut devoir masquer des tableaux.",
        back=lambda bilan: reverse("bilan_detail", args=[bilan.pk]),
        cancel_url=reverse("bilan_list"),
        back_label="Bilans",
        submit_label="Ouvrir le brouillon",
        done="Le brouillon est ouvert.",
        save=lambda: start_territory_bilan(user=request.user, **form.cleaned_data),  # type: ignore[arg-type,misc]
    )


@house_required
def market_reserved_bilan(request: HttpRequest, pk: int) -> HttpResponse:
    """« Bilan annuel » of a reserved market or a marché d'insertion: open the draft of a year."""
    market = file_row("market", request.user, pk)
    form = YearlyBilanForm(request.POST or None, user=request.user, market=market, initial=_asked(request))
    return form_page(
        request,
        form,
        title="Bilan annuel du marché réservé",
        facts=f"{market.buyer} · {market.reference}",
        intro="Ce que demande la convention (annexe 1.A) : les bénéficiaires, leur situation, ce que la structure a fait de ce "
        "qu’elle a promis, les réunions. Ses donneurs d’ordre le lisent une fois publié.",
        back=lambda bilan: reverse("bilan_detail", args=[bilan.pk]),
        cancel_url=reverse("market_progress", args=[pk]),
        back_label=market.reference,
        submit_label="Ouvrir le brouillon",
        done="Le brouillon est ouvert.",
        save=lambda: start_reserved_bilan(market=market, user=request.user, **form.cleaned_data),  # type: ignore[arg-type,misc]
    )


def _asked(request: HttpRequest) -> dict[str, Any]:
    """The year that a link names."""
    year = request.GET.get("year", "")
    return {"year": int(year)} if year.isdecimal() and len(year) == 4 else {}
