"""Presenting candidates to the company of an offer: what it will read, to whom it goes, one e-mail."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from beneficiaries.enums import OfferState
from beneficiaries.forms.applications import PresentForm
from beneficiaries.models import Application, Beneficiary
from beneficiaries.offer_partners import contact_addresses
from beneficiaries.services import applications as services
from beneficiaries.views.offers import offer_or_404
from core import formats
from core.access import house_required
from core.errors import DomainError


@house_required
def offer_present(request: HttpRequest, pk: int) -> HttpResponse:
    """Present the ticked candidates to the company, in one e-mail."""
    offer = offer_or_404(request, pk)
    back = reverse("job_offer_detail", args=[pk])
    asked = [int(text) for text in request.GET.getlist("c") if text.isdecimal() and len(text) <= 18]
    rows = list(
        Application.objects.visible_to(request.user)
        .filter(offer=offer, pk__in=asked[:50], beneficiary__isnull=False)
        .under_way()
        .select_related("beneficiary")
        .order_by("pk")
    )
    if not rows or offer.state in (OfferState.FILLED, OfferState.CLOSED):
        messages.warning(
            request,
            "Cette offre est close."
            if rows
            else "Cochez au moins une personne dont la candidature est en cours et qui a sa fiche.",
        )
        return redirect(back)
    people = Beneficiary.objects.with_eligibility(timezone.localdate()).in_bulk(
        [row.beneficiary_id for row in rows]
    )
    warnings = services.presentation_warnings([people[row.beneficiary_id] for row in rows])
    company = offer.award.company
    addresses = contact_addresses([company.pk])[company.pk]
    if company.email and company.email not in [email for email, _ in addresses]:
        addresses.append((company.email, str(company)))
    form = PresentForm(
        request.POST or None,
        user=request.user,
        applications=rows,
        addresses=addresses,
        not_validated=bool(warnings),
        initial={
            "intro": f"Bonjour,\n\nVoici {_how_many(len(rows))} pour votre offre «\u202f{offer.title}\u202f» "
            f"(marché {offer.award.lot.market.reference}). Dites-nous qui vous souhaitez rencontrer."
        },
    )
    key = request.POST.get("cle", "")[:36] or uuid.uuid4().hex
    if request.method == "POST" and form.is_valid():
        try:
            services.present_applications(
                applications=rows,
                about=form.about,
                recipients=form.cleaned_data["addresses"],
                intro=form.cleaned_data["intro"],
                with_contacts=form.cleaned_data["with_contacts"],
                key=f"{request.user.pk}:{key}",
                by=request.user,  # type: ignore[arg-type]
            )
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(
                request,
                f"{formats.noun(len(rows), 'personne présentée', 'personnes présentées')} à {company}\u202f: "
                "sa réponse est attendue sous une semaine.",
            )
            return redirect(back)
    context = {
        "title": f"Présenter {formats.noun(len(rows), 'personne')} à {company}",
        "form": form,
        "warnings": warnings,
        "key": key,
        "facts": offer.title,
        "submit_label": "Envoyer à l’entreprise",
        "cancel_url": back,
        "back_url": back,
        "back_label": offer.title,
    }
    return render(request, "beneficiaries/offer_present.html", context)


def _how_many(count: int) -> str:
    return "une candidature" if count == 1 else f"{count} candidatures"
