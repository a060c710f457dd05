"""The award of a lot, alone or in a group, with the hours that the offer promises."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from clauses.forms.awards import ALONE, SEVERAL, AwardLotForm
from clauses.models import OfferAssessment
from clauses.services.awards import award_lot
from core.access import house_required
from markets.models import Lot
from markets.views.forms import form_page


@house_required
def lot_award(request: HttpRequest, pk: int) -> HttpResponse:
    """Award a lot; `?offre=` begins with a bid of its analysis."""
    lots = Lot.objects.visible_to(request.user).select_related("market__buyer").prefetch_related("clauses")
    lot = get_object_or_404(lots, pk=pk)
    wanted = request.GET.get("offre", "")
    offer = None
    if wanted.isdecimal() and len(wanted) < 12:
        bids = OfferAssessment.objects.visible_to(request.user).select_related("company")
        offer = bids.filter(grid__lot=lot, pk=int(wanted)).first()
    form = AwardLotForm(request.POST or None, user=request.user, lot=lot, offer=offer)
    back = reverse("market_commitments", args=[lot.market_id])
    return form_page(
        request,
        form,
        title="Attribuer le lot",
        facts=f"{lot.market.reference} · {lot}",
        template="clauses/lot_award.html",
        submit_label="Enregistrer l’attribution",
        back=back,
        back_label="Engagements",
        cancel_url=reverse("market_lots", args=[lot.market_id]),
        done="L’attribution est enregistrée, l’engagement est ouvert.",
        save=lambda: award_lot(
            lot=lot,
            members=form.members(),
            joint_and_several=form.cleaned_data["form_of_award"] == SEVERAL,
            awarded_on=form.cleaned_data["awarded_on"],
            promises=form.promises(),
            starts_on=form.cleaned_data["starts_on"],
            ends_on=form.cleaned_data["ends_on"],
            by=request.user,  # type: ignore[arg-type]
        ),
        alone=ALONE,
        offer=offer,
    )
