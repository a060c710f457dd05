"""A person's file written: those who are likely the same are shown before a second file is made."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from beneficiaries.forms.people import PersonForm, referrer_label
from beneficiaries.merged_files import FileMerged, kept_file
from beneficiaries.models import Beneficiary, Referrer
from beneficiaries.name_search import Match
from beneficiaries.services.people import (
    SamePerson,
    create_apart,
    likely_duplicates,
    namesakes,
    save_person,
)
from beneficiaries.tables import eligibility_words
from core.access import house_required

EDIT_INTRO = "Les décisions déjà enregistrées gardent la situation à l’entrée\u202f: elles ne changent pas avec la fiche."


@house_required
def beneficiary_create(request: HttpRequest) -> HttpResponse:
    """A new person; files that are likely theirs are shown first, and what was typed stays."""
    form = PersonForm(request.POST or None, instance=Beneficiary(), user=request.user)
    matches: list[Match] = []
    if request.method == "POST" and request.POST.get("same", "").isdecimal():
        return _it_is_her(request, int(request.POST["same"][:18]))
    if request.method == "POST" and form.is_valid():
        matches = likely_duplicates(form.instance, request.user)
        shown = set(request.POST.getlist("shown"))
        told_apart = "anyway" in request.POST and {str(match.person.pk) for match in matches} <= shown
        if not matches or told_apart:
            try:
                create_apart(
                    person=form.instance, others=[match.person for match in matches], user=request.user
                )
            except SamePerson as error:
                form.add_error(None, form.duplicate_sentence(error.existing))
                matches = []
            else:
                messages.success(request, "La fiche est créée.")
                return redirect("beneficiary_detail", pk=form.instance.pk)
    back = reverse("beneficiary_list")
    context = {
        "title": "Nouvelle personne",
        "form": form,
        "action": "",
        "matches": _described(request, matches),
        "cancel_url": back,
        "back_url": back,
        "back_label": "Personnes",
    }
    return render(request, "beneficiaries/person_form.html", context)


def _described(request: HttpRequest, matches: list[Match]) -> list[dict[str, Any]]:
    """The people found, with where they stand today."""
    rows = Beneficiary.objects.visible_to(request.user).with_eligibility(timezone.localdate())
    standing = {row.pk: row for row in rows.filter(pk__in=[match.person.pk for match in matches])}
    return [
        {
            "person": match.person,
            "same": match.score >= 95,
            "state": standing[match.person.pk].eligibility_state,
            "words": eligibility_words(
                standing[match.person.pk].eligibility_state, standing[match.person.pk].eligible_until
            ),
        }
        for match in matches
        if match.person.pk in standing
    ]


def _it_is_her(request: HttpRequest, pk: int) -> HttpResponse:
    """« C’est elle »: the file that exists, completed by what was typed where it says nothing."""
    person = get_object_or_404(Beneficiary.objects.visible_to(request.user), pk=pk)
    typed = PersonForm(request.POST, instance=Beneficiary(), user=request.user)
    typed.is_valid()
    initial: dict[str, Any] = {}
    for name in typed.fields:
        value = typed.cleaned_data.get(name)
        if value and not getattr(person, name):
            initial[name] = value.pk if hasattr(value, "pk") else value
    if not initial:
        messages.info(
            request, "C’est la fiche qui existe\u202f: rien de ce que vous avez saisi n’y manquait."
        )
        return redirect("beneficiary_detail", pk=person.pk)
    labels = ", ".join(str(typed.fields[name].label).lower() for name in initial)
    back = reverse("beneficiary_detail", args=[person.pk])
    context = {
        "title": f"Modifier la fiche de {person}",
        "form": PersonForm(instance=person, initial=initial, user=request.user),
        "action": reverse("beneficiary_edit", args=[person.pk]),
        "intro": "C’est la fiche qui existe. Ce que vous avez saisi remplit ce qui y manquait "
        f"({labels})\u202f: relisez, puis enregistrez.",
        "matches": [],
        "cancel_url": back,
        "back_url": back,
        "back_label": str(person),
    }
    return render(request, "beneficiaries/person_form.html", context)


@house_required
def beneficiary_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """A person's file, changed; decisions keep what they froze."""
    person = Beneficiary.objects.visible_to(request.user).filter(pk=pk).first()
    if person is None and (kept := kept_file(request, pk)) is not None:
        raise FileMerged(kept)
    person = person or get_object_or_404(Beneficiary.objects.visible_to(request.user), pk=pk)
    if person.anonymised_on:
        messages.error(
            request, "Cette fiche est anonymisée\u202f: elle ne porte plus ni nom, ni coordonnées."
        )
        return redirect("beneficiary_detail", pk=pk)
    shown_name = str(person)
    form = PersonForm(request.POST or None, instance=person, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            save_person(person=form.instance, user=request.user)
        except SamePerson as error:
            form.add_error(None, form.duplicate_sentence(error.existing))
        else:
            messages.success(request, "La fiche est enregistrée.")
            if form.instance.birth_date is None and namesakes(form.instance):
                messages.warning(
                    request,
                    "Une autre fiche porte ce nom. Sans date de naissance, un doublon ne peut pas être écarté\u202f: "
                    "vérifiez dans la liste.",
                )
            return redirect("beneficiary_detail", pk=form.instance.pk)
    back = reverse("beneficiary_detail", args=[person.pk])
    context = {
        "title": f"Modifier la fiche de {shown_name}",
        "form": form,
        "action": "",
        "intro": EDIT_INTRO,
        "matches": [],
        "cancel_url": back,
        "back_url": back,
        "back_label": shown_name,
    }
    return render(request, "beneficiaries/person_form.html", context)


@house_required
def referrer_options(request: HttpRequest) -> HttpResponse:
    """The referrers of the chosen prescriber, for the form's second box; all of them without a prescriber."""
    rows = Referrer.objects.visible_to(request.user).filter(is_active=True, prescriber__is_active=True)
    chosen = request.GET.get("prescriber", "")
    if chosen.isdecimal():
        rows = rows.filter(prescriber=int(chosen[:18]))
    rows = rows.select_related("prescriber").order_by("prescriber__search_key", "search_key", "pk")
    context = {
        "options": [(row.pk, referrer_label(row)) for row in rows],
        "held": request.GET.get("referrer", ""),
    }
    return render(request, "beneficiaries/_referrer_options.html", context)
