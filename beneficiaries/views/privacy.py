"""« Données » of a person: where the file stands, the export of what is held, who read what is sensitive, the way back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from beneficiaries.forms.privacy import RestoreForm
from beneficiaries.models import Beneficiary
from beneficiaries.person_data import accesses_of
from beneficiaries.services.person_export import DAYS_KEPT, ask_for_export, exports_of
from beneficiaries.services.retention import restore_person
from beneficiaries.services.retention_facts import standing_of
from beneficiaries.views.people import file_context, person_or_404
from core.access import admin_required
from core.errors import DomainError

ACCESSES_SHOWN = 20


@admin_required
def person_data(request: HttpRequest, pk: int) -> HttpResponse:
    """What is kept of the person, until when, and who read it."""
    person = person_or_404(request, pk)
    files = [pk, *Beneficiary.objects.filter(merged_into=pk).order_by("pk").values_list("pk", flat=True)]
    context = {
        **file_context(request, person),
        "standing": standing_of(person, timezone.localdate()),
        "exports": exports_of([pk]).filter(created_by=request.user),
        "days_kept": DAYS_KEPT,
        "accesses": accesses_of(files)[:ACCESSES_SHOWN],
    }
    return render(request, "beneficiaries/privacy/person_data.html", context)


@admin_required
@require_POST
def person_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Have what is held put together; the page of the work tells when it is done."""
    person = person_or_404(request, pk)
    try:
        row = ask_for_export(person=person, user=request.user)
    except DomainError as error:
        messages.error(request, error.sentence)
        return redirect("person_data", pk=pk)
    return redirect("job_detail", pk=row.pk)


@admin_required
def person_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """A person comes back: out of the archive, with the reason."""
    person = person_or_404(request, pk)
    if person.archived_on is None or person.anonymised_on:
        messages.info(request, "Cette fiche n’est pas en archive restreinte\u202f: il n’y a rien à rouvrir.")
        return redirect("person_data", pk=pk)
    form = RestoreForm(request.POST if request.method == "POST" else None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            restore_person(person=person, reason=form.cleaned_data["reason"], by=request.user)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, "La fiche est de nouveau dans la base active, pour toute la maison.")
            return redirect("beneficiary_detail", pk=pk)
    back = reverse("person_data", args=[pk])
    context = {
        "title": f"Rouvrir la fiche de {person}",
        "intro": "Toute la maison verra de nouveau cette fiche, dans les listes et les recherches. "
        "Les justificatifs déjà effacés ne reviennent pas.",
        "form": form,
        "submit_label": "Rouvrir la fiche",
        "cancel_url": back,
        "back_url": back,
        "back_label": str(person),
    }
    return render(request, "core/form.html", context)
