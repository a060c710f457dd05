"""Proofs of a person: files added and removed, documents asked by e-mail, reminders."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from beneficiaries.forms.proofs import ProofForm, ProofRequestForm, ReminderForm
from beneficiaries.models import Beneficiary, ProofFile, ProofRequest
from beneficiaries.services.proofs import (
    DAYS_LEFT,
    add_proof,
    close_request,
    remind_proof,
    remove_proof,
    request_proofs,
)
from core import formats
from core.access import house_required
from core.errors import DomainError
from markets.views.forms import confirm_page, form_page


def _person(request: HttpRequest, pk: int) -> Any:
    rows = Beneficiary.objects.visible_to(request.user).select_related("prescriber", "referrer__prescriber")
    return get_object_or_404(rows, pk=pk)


def _tab(pk: int) -> str:
    return reverse("beneficiary_eligibility", args=[pk])


@house_required
def proof_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Add the file of a proof to a person's file."""
    person = _person(request, pk)
    form = ProofForm(request.POST or None, request.FILES or None, user=request.user)
    return form_page(
        request,
        form,
        title="Ajouter un justificatif",
        facts=str(person),
        intro="Le fichier est chiffré, lu par la maison seule, et effacé à la fin de sa durée de conservation.",
        back=_tab(pk),
        back_label=str(person),
        cancel_url=_tab(pk),
        submit_label="Ajouter",
        done="Le justificatif est au dossier.",
        save=lambda: add_proof(
            beneficiary=person,
            criterion=form.cleaned_data["criterion"],
            upload=form.cleaned_data["upload"],
            dated=form.cleaned_data["dated"],
            user=request.user,  # type: ignore[arg-type]
        ),
    )


@house_required
def proof_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take away a file added by mistake, while no decision rests on it."""
    people = Beneficiary.objects.visible_to(request.user).values("pk")
    rows = ProofFile.objects.visible_to(request.user).filter(
        beneficiary__in=people, stored__isnull=False, review__isnull=True
    )
    proof = get_object_or_404(rows.select_related("stored", "beneficiary"), pk=pk)
    return confirm_page(
        request,
        title="Retirer un justificatif",
        consequence=f"Le fichier «\u202f{proof.stored.name}\u202f» sera effacé pour de bon.",  # type: ignore[union-attr]
        submit_label="Retirer",
        danger=True,
        back=_tab(proof.beneficiary_id),
        back_label=str(proof.beneficiary),
        done="Le justificatif est retiré.",
        save=lambda: remove_proof(proof=proof, user=request.user),  # type: ignore[arg-type]
    )


@house_required
def proof_request_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask by e-mail for what is missing; from the assistant the missing documents are ticked already."""
    person = _person(request, pk)
    if request.method == "POST" and "from_review" in request.POST:
        # By a POST: which documents lack would tell a ground in an address.
        form = ProofRequestForm(
            None,
            user=request.user,
            beneficiary=person,
            initial={"criteria": request.POST.getlist("missing")},
        )
    else:
        form = ProofRequestForm(request.POST or None, user=request.user, beneficiary=person)
        if request.method == "POST" and form.is_valid():
            try:
                asked = request_proofs(beneficiary=person, by=request.user, **form.arguments())  # type: ignore[arg-type]
            except DomainError as error:
                form.add_domain_error(error)
            else:
                messages.success(
                    request,
                    f"La demande part à {asked.email}\u202f; la réponse est attendue avant le "
                    f"{formats.day(asked.due_on)}.",
                )
                return redirect(_tab(pk))
    context = {
        "title": "Demander des justificatifs",
        "facts": str(person),
        "form": form,
        "person": person,
        "recipients": form.recipients,
        "submit_label": "Envoyer la demande",
        "cancel_url": _tab(pk),
        "back_url": _tab(pk),
        "back_label": str(person),
    }
    return render(request, "beneficiaries/proof_request_form.html", context)


def _request_or_404(request: HttpRequest, pk: int) -> Any:
    people = Beneficiary.objects.visible_to(request.user).values("pk")
    rows = ProofRequest.objects.visible_to(request.user).filter(beneficiary__in=people)
    return get_object_or_404(rows.select_related("beneficiary"), pk=pk)


@house_required
def proof_request_remind(request: HttpRequest, pk: int) -> HttpResponse:
    """Write again, and leave until another day."""
    asked = _request_or_404(request, pk)
    form = ReminderForm(
        request.POST or None,
        user=request.user,
        initial={"due_on": timezone.localdate() + dt.timedelta(days=DAYS_LEFT)},
    )
    return form_page(
        request,
        form,
        title="Relancer une demande de justificatif",
        facts=f"{asked.beneficiary}, demande du {formats.day(asked.asked_on)}",
        intro=f"Le même message repart à {asked.email}.",
        back=_tab(asked.beneficiary_id),
        back_label=str(asked.beneficiary),
        cancel_url=_tab(asked.beneficiary_id),
        submit_label="Relancer",
        done="La relance part.",
        save=lambda: remind_proof(request=asked, due_on=form.cleaned_data["due_on"], by=request.user),  # type: ignore[arg-type]
    )


@house_required
@require_POST
def proof_request_close(request: HttpRequest, pk: int) -> HttpResponse:
    """« Reçu » or « Abandonner »."""
    asked = _request_or_404(request, pk)
    received = "received" in request.POST
    try:
        close_request(request=asked, is_received=received, by=request.user)  # type: ignore[arg-type]
    except DomainError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(
            request, "Les justificatifs sont notés comme reçus." if received else "La demande est abandonnée."
        )
    return redirect(_tab(asked.beneficiary_id))
