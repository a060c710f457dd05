"""The journal of a file, and its meetings: planned, invited to, moved, called off, held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from clauses import calendar
from clauses.agendas import MEETINGS
from clauses.enums import MEETING_CHANNELS, Channel
from clauses.forms.interactions import (
    MEETING_CHOICES,
    CancelForm,
    ChannelForm,
    InteractionForm,
    InvitationForm,
    MeetingForm,
    meeting_initial,
    meeting_values,
)
from clauses.models import Interaction
from clauses.services import interactions as services
from clauses.turns import turn_line
from core import formats
from core.access import HOUSE, everyone_required, house_required
from core.changes import history_of
from core.files import file_response
from markets.enums import TaskKind
from markets.files import file_context
from markets.models import Task
from markets.views.forms import confirm_page, form_page
from markets.views.shared import file_row

JOURNAL_PAGE = 25
KINDS = ("market", "company", "buyer")


def journal_url(kind: str, pk: int) -> str:
    return reverse(f"{kind}_journal", args=[pk])


def file_of(row: Any) -> tuple[str, Any]:
    """The file that a task or a contact is written in: its kind and its row."""
    kind = "market" if row.market_id else "buyer" if row.buyer_id else "company"
    return kind, getattr(row, kind)


# --- Journal ------------------------------------------------------------------------------------------------


@house_required
@require_safe
def journal(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Contacts of a file, the newest first, with what is open on it."""
    row = file_row(kind, request.user, pk)
    user: Any = request.user
    form = ChannelForm(request.GET or None)
    channel = request.GET.get("moyen", "")
    entries = Interaction.objects.visible_to(user).filter(**{kind: row})
    if channel in Channel.values:
        entries = entries.filter(channel=channel)
    entries = entries.select_related("company", "market", "author", "document").order_by("-on", "-pk")
    page = Paginator(entries, JOURNAL_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "clauses/journal.html",
        {
            **file_context(kind, row, request),
            "kind": kind,
            "pk": row.pk,
            "form": form,
            "channel": channel,
            "page": page,
            "entries": [(entry, services.may_change(entry, user)) for entry in page],
            "new_url": reverse(f"{kind}_interaction_create", args=[row.pk]),
            "meeting_url": reverse(f"{kind}_meeting_create", args=[row.pk]),
            "task_url": reverse(f"{kind}_task_create", args=[row.pk]),
        },
    )


@house_required
def interaction_create(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """« Noter un échange »: what was said, and what comes next."""
    row = file_row(kind, request.user, pk)
    return _interaction_form(
        request,
        Interaction(**{kind: row}, on=timezone.localdate()),
        kind,
        row,
        title="Noter un échange",
        done="L’échange est noté.",
        save=lambda form: services.record_interaction(**_given(form, kind, row), by=request.user),
    )


@house_required
def meeting_report(request: HttpRequest, pk: int) -> HttpResponse:
    """What took place at a meeting: it closes it."""
    meeting = _meeting(request, pk)
    kind, row = file_of(meeting)
    if meeting.done_on:
        return redirect("meeting_detail", pk=pk)
    today = timezone.localdate()
    held = timezone.localdate(meeting.starts_at) if meeting.starts_at else today
    draft = Interaction(
        **{kind: row},
        on=min(held, today),
        channel=meeting.channel or Channel.OTHER,
        participants=meeting.participants,
    )
    if kind == "market":
        draft.company = meeting.company
    return _interaction_form(
        request,
        draft,
        kind,
        row,
        title="Compte rendu de réunion",
        facts=meeting.title,
        done="Le compte rendu est noté, la réunion est close.",
        back=reverse("meeting_detail", args=[pk]),
        save=lambda form: services.record_interaction(
            **_given(form, kind, row), meeting=meeting, by=request.user
        ),
    )


@house_required
def interaction_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Its author and an admin correct a contact; the history below keeps what it said."""
    row = get_object_or_404(
        Interaction.objects.visible_to(request.user).select_related("market", "company", "buyer", "document"),
        pk=pk,
    )
    # A contact written on a market's page is the market's; one of a company may name a market.
    kind, owner = file_of(row)
    if not services.may_change(row, request.user):  # type: ignore[arg-type]
        messages.warning(
            request, "Seule la personne qui a noté cet échange, ou l’administration, peut le corriger."
        )
        return redirect(journal_url(kind, owner.pk))
    return _interaction_form(
        request,
        row,
        kind,
        owner,
        title="Corriger un échange",
        done="L’échange est corrigé.",
        save=lambda form: services.change_interaction(
            interaction=form.save(commit=False),
            document=form.cleaned_data.get("upload"),
            without_document=form.cleaned_data.get("without_document", False),
            by=request.user,
        ),
        entries=history_of(row, hidden=("created_at",)),
    )


def _given(form: InteractionForm, kind: str, row: Any) -> dict[str, Any]:
    """What the service takes from a form that is right."""
    given = dict(form.cleaned_data)
    given.pop("homonym", None)
    given["document"] = given.pop("upload", None)
    return {**given, kind: row}


def _interaction_form(
    request: HttpRequest,
    instance: Interaction,
    kind: str,
    row: Any,
    *,
    title: str,
    done: str,
    save: Callable[[InteractionForm], Any],
    facts: str = "",
    back: str = "",
    entries: Any = (),
) -> HttpResponse:
    request.place = "companies" if kind == "company" else "markets"  # type: ignore[attr-defined]
    form = InteractionForm(
        request.POST or None, request.FILES or None, user=request.user, instance=instance, kind=kind
    )
    back = back or journal_url(kind, row.pk)
    return form_page(
        request,
        form,
        title=title,
        facts=facts or str(row),
        back=back,
        cancel_url=back,
        back_label="Journal" if "journal" in back else "Réunion",
        done=done,
        save=lambda: save(form),
        template="clauses/journal_form.html",
        entries=entries,
        is_new=instance.pk is None,
    )


# --- Meetings -----------------------------------------------------------------------------------------------


def file_name(kind: str, row: Any) -> str:
    """The short name of a file, for a breadcrumb."""
    return f"Marché {row.reference}" if kind == "market" else str(row)


def _meeting(request: HttpRequest, pk: int) -> Task:
    request.place = "markets"  # type: ignore[attr-defined]
    rows = Task.objects.visible_to(request.user).filter(kind=TaskKind.MEETING)
    return get_object_or_404(
        rows.select_related("market__buyer", "company", "buyer", "assignee", "created_by"), pk=pk
    )


@house_required
def meeting_create(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Choose the meeting, then say when and where; the launch comes before the kick-off."""
    row = file_row(kind, request.user, pk)
    request.place = "companies" if kind == "company" else "markets"  # type: ignore[attr-defined]
    back = journal_url(kind, pk)
    known = _meetings_known(request.user, kind, row)
    proposed = _proposed(kind, known)
    channel = request.GET.get("reunion", "")
    if channel not in dict(MEETING_CHOICES):
        channel = proposed
    form = MeetingForm(
        request.POST or None, user=request.user, kind=kind, row=row, initial=meeting_initial(channel)
    )
    is_early = kind == "market" and channel == Channel.KICK_OFF and Channel.LAUNCH not in known
    return form_page(
        request,
        form,
        title="Planifier une réunion",
        facts=str(row),
        back=lambda meeting: reverse("meeting_detail", args=[meeting.pk]),
        cancel_url=back,
        back_label="Journal",
        submit_label="Planifier la réunion",
        done="La réunion est planifiée. Envoyez les invitations quand elle est prête.",
        save=lambda: services.plan_meeting(
            **{kind: row}, **_meeting_values(form, kind), channel=channel, by=request.user
        ),
        template="clauses/meeting_form.html",
        kinds=[
            (code, label, code == channel, code == proposed)
            for code, label in MEETING_CHOICES
            if _suits(kind, code)
        ],
        is_early=is_early,
    )


def _suits(kind: str, channel: str) -> bool:
    """A buyer's own meetings are the steering ones; a company's gather no buyer."""
    if kind == "buyer":
        return channel in (Channel.STEERING, Channel.YEAR_END, Channel.OTHER)
    if kind == "company":
        return channel in (Channel.KICK_OFF, Channel.SITE, Channel.VISIT, Channel.OTHER)
    return True


def _meetings_known(user: Any, kind: str, row: Any) -> set[str]:
    """The kinds of meetings planned or held on a file."""
    planned = Task.objects.visible_to(user).filter(kind=TaskKind.MEETING, cancelled=False, **{kind: row})
    held = Interaction.objects.visible_to(user).filter(channel__in=MEETING_CHANNELS, **{kind: row})
    return {
        *planned.order_by().values_list("channel", flat=True),
        *held.order_by().values_list("channel", flat=True),
    }


def _proposed(kind: str, known: set[str]) -> str:
    """The next meeting of the convention: launch with buyer and titulaire, then kick-off with the titulaire alone."""
    if kind == "buyer":
        return Channel.STEERING
    if kind == "company":
        return Channel.KICK_OFF if Channel.KICK_OFF not in known else Channel.VISIT
    for channel in (Channel.LAUNCH, Channel.KICK_OFF):
        if channel not in known:
            return channel
    return Channel.SITE


def _meeting_values(form: MeetingForm, kind: str) -> dict[str, Any]:
    values = form.values()
    if kind == "company":
        values.pop("company", None)
    return values


@everyone_required
@require_safe
def meeting_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of a meeting; a buyer or a company asked to it reads when, where and what about."""
    meeting = _meeting(request, pk)
    user: Any = request.user
    is_house = user.role in HOUSE
    kind, row = file_of(meeting)
    request.place = "companies" if kind == "company" and is_house else "markets"  # type: ignore[attr-defined]
    report = Interaction.objects.visible_to(user).filter(meeting=meeting).first()
    line = turn_line(meeting, user, timezone.localdate())
    return render(
        request,
        "clauses/meeting_detail.html",
        {
            "meeting": meeting,
            "kind_label": MEETINGS[meeting.channel].title if meeting.channel in MEETINGS else "Réunion",
            "line": line,
            "is_house": is_house,
            "file": row,
            "file_name": file_name(kind, row),
            "agenda": _points(meeting.details),
            "file_url": _file_url(kind, row, is_house, user),
            "journal_url": journal_url(kind, row.pk) if is_house else "",
            "report": report,
            "entries": history_of(meeting, hidden=("created_at", "done_by", "sequence")) if is_house else [],
            "is_past": bool(meeting.starts_at and meeting.starts_at <= timezone.now()),
        },
    )


def _points(details: str) -> list[str]:
    """The points of an agenda written one a line after a dash; none when it is written otherwise."""
    lines = [line.strip() for line in details.splitlines() if line.strip()]
    return [line[1:].strip() for line in lines] if all(line[0] in "-–•" for line in lines) else []


def _file_url(kind: str, row: Any, is_house: bool, user: Any) -> str:
    if is_house:
        return reverse(f"{kind}_detail", args=[row.pk])
    # A buyer or a company opens its markets; other files have no page for them.
    visible = kind == "market" and type(row).objects.visible_to(user).filter(pk=row.pk).exists()
    return reverse("market_detail", args=[row.pk]) if visible else ""


@house_required
def meeting_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Move or correct; whoever holds an invitation is told."""
    meeting = _meeting(request, pk)
    kind, row = file_of(meeting)
    back = reverse("meeting_detail", args=[pk])
    if meeting.done_on:
        return redirect(back)
    request.place = "companies" if kind == "company" else "markets"  # type: ignore[attr-defined]
    form = MeetingForm(
        request.POST or None, user=request.user, kind=kind, row=row, initial=meeting_values(meeting)
    )
    told = formats.noun(
        len(meeting.invited_addresses),
        "personne invitée sera prévenue",
        "personnes invitées seront prévenues",
    )
    return form_page(
        request,
        form,
        title="Modifier la réunion" if meeting.starts_at else "Fixer la date de la réunion",
        intro=f"{told} par courriel." if meeting.invited else "",
        facts=meeting.title,
        back=back,
        cancel_url=back,
        back_label="Réunion",
        done="La réunion est enregistrée.",
        save=lambda: services.change_meeting(meeting=meeting, **_meeting_values(form, kind), by=request.user),
        template="clauses/meeting_form.html",
        kinds=[],
        is_early=False,
    )


@house_required
def meeting_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    meeting = _meeting(request, pk)
    back = reverse("meeting_detail", args=[pk])
    if meeting.done_on:
        return redirect(back)
    form = CancelForm(request.POST or None, user=request.user)
    return confirm_page(
        request,
        form,
        title="Annuler la réunion",
        consequence=f"{meeting.title} n’aura pas lieu.",
        details=[f"{address} en est prévenu par courriel." for address in meeting.invited_addresses],
        submit_label="Annuler la réunion",
        danger=True,
        back=back,
        back_label="Réunion",
        done="La réunion est annulée.",
        save=lambda: services.cancel_meeting(meeting=meeting, by=request.user, **form.cleaned_data),
    )


@house_required
def meeting_invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the invitation, with its calendar file, to chosen contacts."""
    meeting = _meeting(request, pk)
    back = reverse("meeting_detail", args=[pk])
    if meeting.done_on or not meeting.starts_at:
        messages.warning(request, "Fixez d’abord le jour et l’heure : une réunion close n’invite plus.")
        return redirect(back)
    form = InvitationForm(request.POST or None, user=request.user, meeting=meeting)
    return form_page(
        request,
        form,
        title="Envoyer l’invitation",
        intro=f"Déjà invité·e·s : {', '.join(meeting.invited_addresses)}." if meeting.invited else "",
        facts=f"{meeting.title}, le {formats.moment(meeting.starts_at)}",
        back=back,
        cancel_url=back,
        back_label="Réunion",
        submit_label="Envoyer",
        done="L’invitation part, avec le fichier pour les agendas.",
        save=lambda: services.send_invitations(
            meeting=meeting,
            addresses=form.addresses,
            by=request.user,  # type: ignore[arg-type]
        ),
    )


@everyone_required
@require_safe
def meeting_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The calendar file of one meeting, to open in an agenda."""
    meeting = _meeting(request, pk)
    method = calendar.CANCEL if meeting.cancelled else calendar.PUBLISH
    return file_response(
        calendar.invitation(meeting, method=method),
        f"reunion-{meeting.pk}.ics",
        content_type="text/calendar; charset=utf-8",
    )
