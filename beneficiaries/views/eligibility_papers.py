"""Papers of a person, made when they are asked for and kept nowhere: attestation, letter of a refusal, notice."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from accounts.access_log import record_access
from accounts.enums import Role
from accounts.models import AccessKind
from beneficiaries.eligibility_papers import attestation_pdf, file_name, notice_pdf, refusal_pdf
from beneficiaries.enums import Decision
from beneficiaries.forms.notices import HandOverForm
from beneficiaries.models import Beneficiary, EligibilityReview
from beneficiaries.services.notices import notice_on, record_informed
from beneficiaries.validity import employed_by, validity_of
from core.access import HOUSE, house_required, role_required
from core.errors import DomainError
from core.files import file_response
from markets.views.forms import form_page


def _person_with_attestation(request: HttpRequest, pk: int) -> Any:
    """Of the house, anyone; of a company, those whom it employs itself: not those it receives, counts or employed once."""
    people = Beneficiary.objects.visible_to(request.user)
    if request.user.is_company:  # type: ignore[union-attr]
        people = people.filter(pk__in=employed_by(request.user, timezone.localdate()))  # type: ignore[arg-type]
    return get_object_or_404(people, pk=pk)


@role_required(*HOUSE, Role.COMPANY)
def eligibility_attestation(request: HttpRequest, pk: int) -> HttpResponse:
    """« Éligible jusqu’au »: for the house and for the employer, never the ground."""
    person = _person_with_attestation(request, pk)
    today = timezone.localdate()
    validity = validity_of(person, today)
    if validity is None:
        messages.error(
            request, f"{person} n’est pas éligible aujourd’hui\u202f: il n’y a pas d’attestation à donner."
        )
        return redirect("beneficiary_detail", pk=pk)
    try:
        content = attestation_pdf(person, validity, on=today)
    except DomainError as error:
        messages.error(request, error.sentence)
        return redirect("beneficiary_detail", pk=pk)
    record_access(user=request.user, kind=AccessKind.DOWNLOAD, subject=f"attestation person {pk}")  # type: ignore[arg-type]
    return file_response(content, file_name("attestation-eligibilite", person))


@house_required
def review_letter(request: HttpRequest, pk: int, review_pk: int) -> HttpResponse:
    """The letter of a refusal that stands."""
    people = Beneficiary.objects.visible_to(request.user).values("pk")
    rows = (
        EligibilityReview.objects.visible_to(request.user)
        .standing()
        .filter(beneficiary__in=people, beneficiary=pk, decision=Decision.REFUSED)
        .select_related("beneficiary__commune")
    )
    review = get_object_or_404(rows, pk=review_pk)
    try:
        content = refusal_pdf(review, on=timezone.localdate())
    except DomainError as error:
        messages.error(request, error.sentence)
        return redirect("beneficiary_eligibility", pk=pk)
    record_access(user=request.user, kind=AccessKind.DOWNLOAD, subject=f"refusal review {review_pk}")  # type: ignore[arg-type]
    return file_response(content, file_name("decision-eligibilite", review.beneficiary))


@house_required
def person_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """The notice on personal data, to hand over and have signed."""
    person = get_object_or_404(Beneficiary.objects.visible_to(request.user), pk=pk)
    today = timezone.localdate()
    notice = notice_on(today)
    if notice is None:
        messages.error(
            request, "Aucune notice n’est en vigueur\u202f: l’administration l’écrit dans Réglages."
        )
        return redirect("beneficiary_detail", pk=pk)
    try:
        content = notice_pdf(notice, person=person, on=today)
    except DomainError as error:
        messages.error(request, error.sentence)
        return redirect("beneficiary_detail", pk=pk)
    return file_response(content, file_name("notice-donnees", person))


@house_required
def notice_hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """« Remise le »."""
    person = get_object_or_404(Beneficiary.objects.visible_to(request.user), pk=pk)
    form = HandOverForm(request.POST or None, user=request.user)
    back = reverse("beneficiary_detail", args=[pk])
    return form_page(
        request,
        form,
        title="Notice d’information remise",
        facts=str(person),
        intro="Le jour où la personne a reçu la notice sur ses données (articles 13 et 14 du RGPD).",
        back=back,
        back_label=str(person),
        cancel_url=back,
        done="La remise de la notice est enregistrée.",
        save=lambda: record_informed(
            beneficiary=person,
            on=form.cleaned_data["informed_on"],
            by=request.user,  # type: ignore[arg-type]
        ),
    )
