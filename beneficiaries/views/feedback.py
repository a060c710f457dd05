"""« Retour au référent »: written about a candidate, a contract or a person, and sent."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from beneficiaries.forms.feedback import FeedbackForm
from beneficiaries.models import Application, Placement, ReferrerFeedback
from beneficiaries.services.feedback import address_of, proposed_moment, send_feedback
from beneficiaries.views.people import person_or_404
from core.access import house_required
from markets.views.forms import form_page


@house_required
def feedback_create(request: HttpRequest, pk: int) -> HttpResponse:
    """A feedback about a person; `?candidature=` or `?contrat=` says about what."""
    person = person_or_404(request, pk)
    application = _asked(
        request,
        "candidature",
        Application.objects.visible_to(request.user)
        .filter(beneficiary=person)
        .select_related(
            "offer__award__company",
            "recipient__prescriber",
            "recipient__company",
            "referrer__prescriber",
            "placement__employer",
            "placement__contract_type",
        ),
    )
    placement = _asked(
        request,
        "contrat",
        Placement.objects.visible_to(request.user)
        .filter(beneficiary=person)
        .select_related("employer", "contract_type"),
    )
    prescriber, referrer, address = address_of(person, application)
    feedback = ReferrerFeedback(
        beneficiary=person,
        application=application,
        placement=placement,
        prescriber=prescriber,
        referrer=referrer,
        email=address,
        moment=proposed_moment(application, placement),
    )
    form = FeedbackForm(request.POST or None, instance=feedback, user=request.user)
    back = (
        reverse("application_detail", args=[application.pk])
        if application
        else reverse("person_follow_up", args=[pk])
    )
    told = " ".join(filter(None, [str(referrer or ""), f"({prescriber})" if prescriber else ""]))
    return form_page(
        request,
        form,
        title=f"Retour au référent sur {person}",
        facts=f"Pour {told}" if told else "Aucun référent ni prescripteur n’est connu",
        intro="Le retour part par courriel et reste dans la fiche. L’entreprise ne le lit pas.",
        submit_label="Envoyer le retour",
        back=back,
        cancel_url=back,
        back_label=str(person),
        done="Le retour est gardé, et part si une adresse est indiquée.",
        save=lambda: send_feedback(feedback=form.instance, by=request.user),  # type: ignore[arg-type]
    )


def _asked(request: HttpRequest, name: str, rows: Any) -> Any:
    """The row that the address names; 404 when it is another person's."""
    asked = request.GET.get(name, "")
    if not asked:
        return None
    return get_object_or_404(rows, pk=asked if asked.isdecimal() and len(asked) <= 18 else 0)
