"""Pages of the portraits of a bilan: whose, the text, the consent and its paper, the withdrawal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from beneficiaries.lookups import is_key
from core import formats
from core.access import house_required
from core.errors import DomainError
from core.files import file_response
from core.pdf import render_pdf
from markets.paper import house_facts, logo_address, sheets
from reporting.forms.portraits import ConsentForm, PersonForm, PortraitForm, WithdrawForm
from reporting.models import Bilan, PathPortrait
from reporting.portraits import CONSENT_WORDS, facts_of, is_counted, people_of
from reporting.services.portraits import (
    delete_portrait,
    record_consent,
    rewrite_portrait,
    withdraw_consent,
    write_portrait,
)
from reporting.snapshot.portraits import letter
from reporting.views.narrative import bilan_of

WITHOUT_NAME = "La page est vue de la maison seulement ; le bilan ne montre que « Parcours A » et le récit."


@house_required
def portrait_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The portraits of a bilan, and which of them it prints."""
    bilan = bilan_of(request, pk)
    rows = list(_portraits(request).filter(bilan=bilan).order_by("pk"))
    agreed = [row for row in rows if row.is_agreed]
    context = {
        "bilan": bilan,
        "portraits": [
            {
                "row": row,
                # What a published bilan prints was frozen: a withdrawal since has changed no letter.
                "label": f"Parcours {letter(agreed.index(row))}"
                if row in agreed and not bilan.is_published
                else "",
            }
            for row in rows
        ],
    }
    return render(request, "reporting/portraits/list.html", context)


@house_required
def portrait_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the person, then write."""
    bilan = bilan_of(request, pk)
    if bilan.is_published:
        messages.error(request, "Ce bilan est publié : il ne change plus. Faites une version rectifiée.")
        return redirect("portrait_list", pk=pk)
    chosen = request.GET.get("personne", "")
    if not is_key(chosen):
        return _choose(request, bilan)
    person = get_object_or_404(people_of(bilan, request.user), pk=chosen)
    form = PortraitForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            portrait = write_portrait(
                bilan=bilan, person=person, text=form.cleaned_data["text"], user=request.user
            )
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(
                request, "Le récit est gardé. Il paraîtra une fois l’accord de la personne enregistré."
            )
            return redirect("portrait_consent", pk=portrait.pk)
    return _write(request, bilan, form, person, "Écrire un portrait")


def _choose(request: HttpRequest, bilan: Bilan) -> HttpResponse:
    form = PersonForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        person = form.cleaned_data["person"]
        if is_counted(bilan, person):
            return redirect(f"{reverse('portrait_create', args=[bilan.pk])}?personne={person.pk}")
        form.add_error(
            "person",
            "Cette personne n’a pas d’heure comptée dans ce que ce bilan raconte : choisissez-en une autre.",
        )
    context = {
        "title": "De qui raconter le parcours ?",
        "form": form,
        "intro": WITHOUT_NAME,
        "submit_label": "Continuer",
        "cancel_url": reverse("portrait_list", args=[bilan.pk]),
        "back_url": reverse("portrait_list", args=[bilan.pk]),
        "back_label": "Portraits de parcours",
    }
    return render(request, "reporting/portraits/choose.html", context)


def _write(
    request: HttpRequest, bilan: Bilan, form: PortraitForm, person: Any, title: str, **more: Any
) -> HttpResponse:
    context = {
        "title": title,
        "bilan": bilan,
        "person": person,
        "form": form,
        "path_facts": facts_of(person, timezone.localdate()),
        "portrait": None,
    }
    return render(request, "reporting/portraits/write.html", context | more)


@house_required
def portrait_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the text: the consent is to be given again."""
    portrait = _portrait(request, pk)
    if portrait.beneficiary is None or portrait.bilan.is_published:
        messages.error(request, "Ce portrait ne change plus.")
        return redirect("portrait_list", pk=portrait.bilan_id)
    form = PortraitForm(request.POST or None, user=request.user, initial={"text": portrait.text})
    if request.method == "POST" and form.is_valid():
        was_agreed = portrait.is_agreed
        try:
            portrait = rewrite_portrait(portrait=portrait, text=form.cleaned_data["text"], user=request.user)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            if was_agreed and not portrait.is_agreed:
                messages.warning(request, "Le récit a changé : demandez de nouveau l’accord de la personne.")
                return redirect("portrait_consent", pk=pk)
            messages.success(request, "Le récit est gardé.")
            return redirect("portrait_list", pk=portrait.bilan_id)
    return _write(request, portrait.bilan, form, portrait.beneficiary, "Modifier le récit", portrait=portrait)


@house_required
def portrait_consent(request: HttpRequest, pk: int) -> HttpResponse:
    """Record the consent, after reading the text with the person."""
    portrait = _portrait(request, pk)
    if portrait.bilan.is_published or portrait.beneficiary is None:
        messages.error(request, "Ce portrait ne change plus.")
        return redirect("portrait_list", pk=portrait.bilan_id)
    form = ConsentForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            record_consent(portrait=portrait, user=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, "L’accord est enregistré : le portrait paraîtra dans le bilan.")
            return redirect("portrait_list", pk=portrait.bilan_id)
    context = {"portrait": portrait, "bilan": portrait.bilan, "form": form, "words": CONSENT_WORDS}
    return render(request, "reporting/portraits/consent.html", context)


@house_required
def portrait_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """The paper that the person signs: the text, what they agree to, how they withdraw."""
    portrait = _portrait(request, pk)
    if portrait.beneficiary is None:
        messages.error(request, "Cette personne est anonymisée : il n’y a plus d’accord à demander.")
        return redirect("portrait_list", pk=portrait.bilan_id)
    person, today = portrait.beneficiary, timezone.localdate()
    context = {
        "name": f"{person.first_name} {person.last_name}".strip(),
        "text": portrait.text,
        "words": CONSENT_WORDS,
        "house": house_facts(),
        "logo": logo_address(),
        "dated": formats.long_day(today),
    }
    content = render_pdf(
        "reporting/portraits/consent_paper.html", context, stylesheets=sheets("person-letter"), made_on=today
    )
    return file_response(content, f"accord-portrait-{portrait.pk}.pdf", inline=True)


@house_required
def portrait_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """The person withdraws: asked once, saying what becomes of the portrait."""
    portrait = _portrait(request, pk)
    form = WithdrawForm(request.POST or None, user=request.user)
    back = reverse("portrait_list", args=[portrait.bilan_id])
    if request.method == "POST" and form.is_valid():
        try:
            withdraw_consent(portrait=portrait, on=form.cleaned_data["on"], user=request.user)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, "Le retrait est enregistré.")
            return redirect(back)
    context = {
        "title": "Retirer l’accord",
        "consequence": "Le bilan est publié : il garde le récit, et aucune version suivante ne l’aura."
        if portrait.bilan.is_published
        else "Le portrait sort du bilan en préparation. Un projet déjà transmis le garde tel qu’il a été lu.",
        "form": form,
        "submit_label": "Enregistrer le retrait",
        "cancel_url": back,
        "back_url": back,
        "back_label": "Portraits de parcours",
    }
    return render(request, "core/confirm.html", context)


@house_required
def portrait_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a portrait of a draft, asked once."""
    portrait = _portrait(request, pk)
    back = reverse("portrait_list", args=[portrait.bilan_id])
    if request.method == "POST":
        try:
            delete_portrait(portrait=portrait, user=request.user)
        except DomainError as error:
            messages.error(request, error.sentence)
        else:
            messages.success(request, "Le portrait est supprimé, avec l’accord signé.")
        return redirect(back)
    context = {
        "title": "Supprimer ce portrait",
        "consequence": "Le récit et l’accord signé sont supprimés. Un projet déjà transmis le garde tel qu’il a été lu.",
        "submit_label": "Supprimer le portrait",
        "cancel_url": back,
        "danger": True,
        "back_url": back,
        "back_label": "Portraits de parcours",
    }
    return render(request, "core/confirm.html", context)


def _portraits(request: HttpRequest) -> Any:
    return PathPortrait.objects.visible_to(request.user).select_related(
        "beneficiary",
        "consent_file",
        "written_by",
        "bilan__buyer",
        "bilan__market__buyer",
        "bilan__operation__buyer",
    )


def _portrait(request: HttpRequest, pk: int) -> PathPortrait:
    request.place = "bilans"  # type: ignore[attr-defined]
    return get_object_or_404(_portraits(request), pk=pk)
