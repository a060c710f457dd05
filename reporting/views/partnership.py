"""« Partenariat » of a buyer: the yearly meeting, its minutes, the improvement actions followed from year to year."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from clauses.turns import task_page
from core.access import BUYER, HOUSE, house_required, role_required
from core.errors import DomainError
from markets.enums import TaskKind
from markets.models import Buyer, Task
from markets.views.agreements import buyer_as_a_whole, buyer_file
from markets.views.forms import confirm_page, form_page
from reporting.forms.partnership import ActionForm, ChooseNoteForm, NoteForm
from reporting.models import ImprovementAction, PartnershipNote
from reporting.services.partnership import (
    FIRST_YEAR,
    carried,
    fingerprint,
    save_action,
    save_note,
    share_note,
)


def _address(buyer_id: int, year: int) -> str:
    return f"{reverse('buyer_partnership', args=[buyer_id])}?annee={year}"


@role_required(*HOUSE, BUYER)
def buyer_partnership(request: HttpRequest, pk: int) -> HttpResponse:
    """One year of the partnership: the last noted, or that of `?annee=`."""
    buyer = buyer_as_a_whole(request.user, pk)
    user: Any = request.user
    notes = list(
        PartnershipNote.objects.visible_to(user)
        .filter(buyer=buyer)
        .select_related("document", "written_by")
        .order_by("-year")
    )
    years = {note.year for note in notes}
    this_year = timezone.localdate().year
    if user.is_house_staff:
        # The bilan of the year that is over is being written while this one runs.
        years |= {this_year, this_year - 1}
    asked = request.GET.get("annee", "")
    year = (
        int(asked)
        if asked.isdecimal() and len(asked) == 4 and int(asked) in years
        else _usual(notes, this_year)
    )
    note = next((row for row in notes if row.year == year), None)
    actions = ImprovementAction.objects.visible_to(user)
    context = {
        **buyer_file(buyer, request, with_head=False),
        "years": sorted(years, reverse=True),
        "year": year,
        "note": note,
        "actions": list(actions.filter(note=note).select_related("note").order_by("pk")) if note else [],
        "carried": list(carried(buyer=buyer, year=year).filter(pk__in=actions.order_by().values("pk"))),
        "meeting": _meeting_to_come(user, buyer),
        "is_house": user.is_house_staff,
        "meeting_address": "",
    }
    if user.is_house_staff:
        context["meeting_address"] = reverse("buyer_meeting_create", args=[pk])
    return render(request, "reporting/partnership/buyer.html", context)


def _usual(notes: list[PartnershipNote], this_year: int) -> int:
    return max((note.year for note in notes), default=this_year - 1)


def _meeting_to_come(user: Any, buyer: Buyer) -> tuple[Task, str] | None:
    """The next meeting planned with the buyer, and its page."""
    today = timezone.localdate()
    row = (
        Task.objects.visible_to(user)
        .open()
        .filter(buyer=buyer, kind=TaskKind.MEETING, due_on__gte=today)
        .order_by("due_on", "pk")
        .first()
    )
    return (row, task_page(row)) if row is not None else None


@house_required
def partnership_start(request: HttpRequest) -> HttpResponse:
    """Of which buyer and year: leads to its note."""
    this_year = timezone.localdate().year
    form = ChooseNoteForm(
        request.POST or None,
        user=request.user,
        initial={"year": this_year - 1, "buyer": request.GET.get("buyer")},
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if FIRST_YEAR <= given["year"] <= this_year:
            return redirect("partnership_note", pk=given["buyer"].pk, year=given["year"])
        form.add_error("year", f"L’année {given['year']} n’a pas commencé : choisissez-en une autre.")
    back = reverse("partnership_list")
    return render(
        request,
        "core/form.html",
        {
            "title": "Noter une réunion annuelle",
            "form": form,
            "submit_label": "Continuer",
            "back_url": back,
            "back_label": "Partenariat",
            "cancel_url": back,
        },
    )


@house_required
def partnership_note(request: HttpRequest, pk: int, year: int) -> HttpResponse:
    """Write the note of a buyer's year."""
    buyer = buyer_as_a_whole(request.user, pk)
    if not FIRST_YEAR <= year <= timezone.localdate().year:
        raise Http404
    request.place = "markets"  # type: ignore[attr-defined]
    note = PartnershipNote.objects.visible_to(request.user).filter(buyer=buyer, year=year).first()
    form = NoteForm(request.POST or None, request.FILES or None, user=request.user, note=note)
    back = _address(pk, year)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            save_note(
                buyer=buyer,
                year=year,
                meeting_on=given["meeting_on"],
                participants=given["participants"],
                minutes=given["minutes"],
                document=given["upload"],
                without_document=given.get("without_document", False),
                seen=given["seen"],
                by=request.user,  # type: ignore[arg-type]
            )
        except DomainError as error:
            form.add_domain_error(error)
            note = PartnershipNote.objects.visible_to(request.user).filter(buyer=buyer, year=year).first()
            # What comes next replaces theirs knowingly: the fingerprint is that of the note just read.
            form.data = {**request.POST.dict(), "seen": fingerprint(note)}
        else:
            messages.success(request, "La note de partenariat est enregistrée.")
            return redirect(back)
    theirs = note if form.is_bound and note is not None and form.non_field_errors() else None
    return render(
        request,
        "reporting/partnership/note.html",
        {
            "title": f"Partenariat {year}",
            "facts": str(buyer),
            "form": form,
            "note": note,
            "theirs": theirs,
            "back_url": back,
            "back_label": f"Partenariat, {buyer}",
            "cancel_url": back,
        },
    )


@house_required
def partnership_share(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the buyer read the note, or no more."""
    note = _note(request, pk)
    back = _address(note.buyer_id, note.year)
    if note.shared_at:
        title, label, done = "Ne plus partager la note", "Ne plus partager", "La note n’est plus partagée."
        consequence = f"{note.buyer} ne lira plus cette note ni ses axes d’amélioration, et le bilan ne les reprendra plus."
    else:
        title, label, done = "Partager la note", "Partager", "La note est partagée avec le donneur d’ordre."
        consequence = (
            f"Les comptes de {note.buyer} qui voient le donneur d’ordre entier liront la réunion, le compte rendu, la "
            "pièce jointe et les axes d’amélioration ; le bilan de l’année les reprendra."
        )
    return confirm_page(
        request,
        title=f"{title} : partenariat {note.year}",
        consequence=consequence,
        submit_label=label,
        back=back,
        back_label=f"Partenariat, {note.buyer}",
        done=done,
        save=lambda: share_note(note=note, shared=note.shared_at is None, by=request.user),  # type: ignore[arg-type]
    )


@house_required
def improvement_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Add an action to the note of a year."""
    note = _note(request, pk)
    form = ActionForm(request.POST or None, user=request.user)
    return _action_page(request, form, note, None, "Ajouter un axe d’amélioration", "L’axe est ajouté.")


@house_required
def improvement_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Say where an action stands."""
    action = get_object_or_404(
        ImprovementAction.objects.visible_to(request.user).select_related("note__buyer"), pk=pk
    )
    form = ActionForm(request.POST or None, user=request.user, action=action)
    return _action_page(
        request, form, action.note, action, "Suivre un axe d’amélioration", "C’est enregistré."
    )


def _action_page(
    request: HttpRequest,
    form: ActionForm,
    note: PartnershipNote,
    action: ImprovementAction | None,
    title: str,
    done: str,
) -> HttpResponse:
    request.place = "markets"  # type: ignore[attr-defined]
    back = _address(note.buyer_id, note.year)
    return form_page(
        request,
        form,
        title=title,
        facts=str(note),
        back=back,
        back_label=f"Partenariat, {note.buyer}",
        cancel_url=back,
        done=done,
        save=lambda: save_action(note=note, action=action, by=request.user, **form.cleaned_data),  # type: ignore[arg-type]
    )


def _note(request: HttpRequest, pk: int) -> PartnershipNote:
    return get_object_or_404(PartnershipNote.objects.visible_to(request.user).select_related("buyer"), pk=pk)
