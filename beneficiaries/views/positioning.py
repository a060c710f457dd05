"""Positionnement of someone already validated: from their own page, and from a market's « Personnes »."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from beneficiaries.forms.positioning import MarketPositionForm, PositionForm
from beneficiaries.lookups import is_key
from beneficiaries.models import Beneficiary, Placement
from beneficiaries.services.positioning import check_validated, position_person, running_placements
from clauses.models import Commitment
from core import formats
from core.access import house_required
from core.errors import DomainError
from markets.models import Market


@house_required
def person_position(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the commitment, one button: the contract that runs is put on it today."""
    person = get_object_or_404(Beneficiary.objects.visible_to(request.user), pk=pk)
    form = PositionForm(
        request.POST or None,
        user=request.user,
        beneficiary=person,
        initial={"commitment": asked_commitment(request)},
    )
    back = reverse("beneficiary_eligibility", args=[pk])
    if request.method == "POST" and form.is_valid():
        try:
            return _position(request, person, form.placement_chosen(), form.cleaned_data["commitment"], back)
        except DomainError as error:
            form.add_domain_error(error)
    context = {
        "title": f"Positionner {person}",
        "facts": _facts(person),
        "intro": "Le positionnement porte la date d’aujourd’hui et votre nom\u202f; "
        "l’affectation commence aujourd’hui, sans nouvel examen.",
        "form": form,
        "submit_label": "Positionner aujourd’hui",
        "cancel_url": back,
        "back_url": back,
        "back_label": str(person),
    }
    return render(request, "beneficiaries/lookup_form.html", context)


@house_required
def market_position(request: HttpRequest, pk: int) -> HttpResponse:
    """The same from a market: who, and on which of its commitments."""
    market = get_object_or_404(Market.objects.visible_to(request.user).filter(closed_on__isnull=True), pk=pk)
    commitments = (
        Commitment.objects.visible_to(request.user)
        .filter(market=market)
        .select_related("holder", "clause__lot", "market")
    )
    form = MarketPositionForm(request.POST or None, user=request.user, commitments=commitments)
    back = reverse("market_people", args=[pk])
    if request.method == "POST" and form.is_valid():
        person, commitment = form.cleaned_data["person"], form.cleaned_data["commitment"]
        running = list(running_placements(person, timezone.localdate())[:2])
        try:
            if len(running) > 1:
                check_validated(person, timezone.localdate())
                messages.info(
                    request, "Plusieurs contrats courent\u202f: choisissez lequel travaille sur ce marché."
                )
                return redirect(f"{reverse('person_position', args=[person.pk])}?engagement={commitment.pk}")
            return _position(request, person, running[0] if running else None, commitment, back)
        except DomainError as error:
            form.add_domain_error(error)
    context = {
        "title": "Positionner une personne déjà validée",
        "facts": f"Marché {market.reference}",
        "intro": "Son contrat en cours est affecté à l’engagement dès aujourd’hui, sans nouvel examen. "
        "Sans contrat en cours, la page du nouveau contrat s’ouvre, l’engagement et le positionnement déjà remplis.",
        "form": form,
        "submit_label": "Positionner aujourd’hui",
        "cancel_url": back,
        "back_url": back,
        "back_label": market.reference,
    }
    return render(request, "beneficiaries/lookup_form.html", context)


def asked_commitment(request: HttpRequest) -> Commitment | None:
    """The commitment that the address names."""
    asked = request.GET.get("engagement", "")
    if not is_key(asked):
        return None
    rows = Commitment.objects.visible_to(request.user).select_related("market", "holder", "clause__lot")
    return rows.filter(pk=asked).first()


def _facts(person: Beneficiary) -> str:
    running = running_placements(person, timezone.localdate()).count()
    return f"{formats.noun(running, 'contrat')} en cours ou à venir"


def _position(
    request: HttpRequest, person: Beneficiary, placement: Placement | None, commitment: Commitment, back: str
) -> HttpResponse:
    today = timezone.localdate()
    if placement is None:
        check_validated(person, today)
        messages.info(
            request, "Aucun contrat ne court\u202f: enregistrez-le, le positionnement est déjà rempli."
        )
        address = reverse("placement_create", args=[person.pk])
        return redirect(f"{address}?engagement={commitment.pk}&positionne={today:%Y-%m-%d}")
    assigned = position_person(placement=placement, commitment=commitment, user=request.user)  # type: ignore[arg-type]
    row = assigned.assignment
    messages.success(
        request,
        f"{person} est positionné·e aujourd’hui sur le marché {commitment.market.reference}\u202f; "
        f"l’affectation commence le {formats.day(row.starts_on)}.",
    )
    for warning in assigned.warnings:
        messages.warning(request, warning)
    return redirect(back)
