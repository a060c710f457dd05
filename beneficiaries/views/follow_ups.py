"""« Suivi »: the notes of the house about a person, and what is said to the referrer. Nobody else reads them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from beneficiaries.forms.follow_ups import FollowUpForm
from beneficiaries.models import Beneficiary, FollowUp, ReferrerFeedback
from beneficiaries.services.follow_ups import delete_follow_up, may_change, save_follow_up
from beneficiaries.views.people import file_context, person_or_404
from core.access import house_required
from core.changes import history_of
from core.errors import DomainError


@house_required
def person_follow_up(request: HttpRequest, pk: int) -> HttpResponse:
    """The notes, the newest first, a short form above, and the feedbacks to the referrer."""
    person = person_or_404(request, pk)
    form = FollowUpForm(request.POST or None, instance=FollowUp(beneficiary=person), user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            save_follow_up(note=form.instance, user=request.user)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        else:
            messages.success(request, "La note est enregistrée.")
            return redirect("person_follow_up", pk=person.pk)
    notes = FollowUp.objects.visible_to(request.user).filter(beneficiary=person).select_related("author")
    feedbacks = (
        ReferrerFeedback.objects.visible_to(request.user)
        .filter(beneficiary=person)
        .select_related("prescriber", "referrer", "written_by", "application__offer", "placement__employer")
    )
    context = {
        **file_context(request, person),
        "form": form,
        "notes": [{"note": note, "may_change": may_change(note, request.user)} for note in notes],
        "feedbacks": list(feedbacks),
    }
    return render(request, "beneficiaries/person_follow_up.html", context)


def _note_or_404(request: HttpRequest, pk: int) -> FollowUp:
    people = Beneficiary.objects.visible_to(request.user)
    rows = FollowUp.objects.visible_to(request.user).filter(beneficiary__in=people)
    return get_object_or_404(rows.select_related("beneficiary", "author"), pk=pk)


@house_required
def follow_up_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """A note: changed the same day by who wrote it; its history for all the house."""
    note = _note_or_404(request, pk)
    back = reverse("person_follow_up", args=[note.beneficiary_id])
    person, title = note.beneficiary, f"Note du {note.happened_on:%d/%m/%Y}"
    allowed = may_change(note, request.user)
    # Read before the form writes on the row what was typed.
    text, entries = note.text, history_of(note)
    form = FollowUpForm(request.POST or None, instance=note, user=request.user) if allowed else None
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            save_follow_up(note=form.instance, user=request.user)
        except DomainError as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, "La note est modifiée.")
            return redirect(back)
    context = {
        "title": title,
        "form": form,
        "note": note,
        "text": text,
        "entries": entries,
        "cancel_url": back,
        "back_url": back,
        "back_label": f"Suivi de {person}",
    }
    return render(request, "beneficiaries/follow_up_form.html", context)


@house_required
def follow_up_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks once, then takes the note back."""
    note = _note_or_404(request, pk)
    back = reverse("person_follow_up", args=[note.beneficiary_id])
    if not may_change(note, request.user):
        messages.error(request, "Une note s’efface le jour même, par qui l’a écrite.")
        return redirect(back)
    if request.method == "POST":
        try:
            delete_follow_up(note=note, user=request.user)
        except DomainError as error:
            messages.error(request, error.sentence)
        else:
            messages.success(request, "La note est effacée.")
        return redirect(back)
    context = {
        "title": f"Effacer la note du {note.happened_on:%d/%m/%Y}",
        "consequence": "La note ne paraîtra plus dans le suivi de cette personne. L’historique garde qu’elle a existé.",
        "details": [note.text[:300]],
        "submit_label": "Effacer la note",
        "danger": True,
        "cancel_url": back,
        "back_url": back,
        "back_label": f"Suivi de {note.beneficiary}",
    }
    return render(request, "core/confirm.html", context)
