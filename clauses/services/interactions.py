"""What was said and what is planned: contacts that took place, meetings with their invitations."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from clauses import calendar
from clauses.agendas import MEETINGS
from clauses.enums import Channel
from clauses.models import Interaction
from core import formats, uploads
from core.errors import DomainError
from core.files import delete_file, store_file
from core.outbox import write_message
from markets.enums import TaskKind, Turn
from markets.models import Buyer, Company, Market, Task
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from accounts.models import User
    from core.models import StoredFile

DOCUMENT_KIND = "interaction"
DOCUMENT_TYPES = (*uploads.TYPES, "ods", "xls")
INVITATION_KIND = "meeting_invitation"


def _store(document: UploadedFile, by: User | None) -> StoredFile:
    return uploads.keep_upload(kind=DOCUMENT_KIND, upload=document, user=by, types=DOCUMENT_TYPES)


def _check_day(on: dt.date) -> None:
    if on > timezone.localdate():
        raise DomainError(
            "Un échange se note une fois qu’il a eu lieu. Pour plus tard, planifiez une réunion ou une échéance.",
            field="on",
        )


@transaction.atomic
def record_interaction(
    *,
    market: Market | None = None,
    company: Company | None = None,
    buyer: Buyer | None = None,
    on: dt.date,
    channel: str,
    reached: bool = True,
    participants: str = "",
    summary: str,
    document: UploadedFile | None = None,
    meeting: Task | None = None,
    finished: Iterable[Task] = (),
    next_what: str = "",
    next_turn: str = Turn.HOUSE,
    next_due: dt.date | None = None,
    by: User | None,
) -> Interaction:
    """Note a contact that took place; close the tasks that it ends, open the one that follows.

    meeting: the planned meeting that this is the report of; it is closed. Raises DomainError for a day to come, a
    meeting that has its report, a following deadline that has passed, a file that is refused.
    """
    _check_day(on)
    if meeting is not None:
        meeting = Task.objects.select_for_update().get(pk=meeting.pk)
        if meeting.cancelled or Interaction.objects.filter(meeting=meeting).exists():
            raise DomainError("Cette réunion a déjà son compte rendu, ou elle est annulée.")
    row = Interaction(
        market=market,
        company=company,
        buyer=buyer,
        on=on,
        channel=channel,
        reached=reached,
        participants=participants,
        summary=summary,
        document=_store(document, by) if document else None,
        meeting=meeting,
        author=by,
    )
    row._history_user = by  # type: ignore[attr-defined]
    row.save()
    for task in (*([meeting] if meeting else []), *finished):
        finish_task(task=task, on=max(on, task.since), outcome=f"{row}", by=by)
    if next_what:
        if next_due and next_due < timezone.localdate():
            raise DomainError("Choisissez un jour à venir.", field="next_due")
        open_task(
            title=next_what,
            market=market,
            company=company,
            buyer=buyer,
            kind=TaskKind.TODO if next_turn == Turn.HOUSE else TaskKind.ANSWER,
            turn=next_turn,
            since=timezone.localdate(),
            due_on=next_due,
            by=by,
        )
    return row


@transaction.atomic
def change_interaction(
    *,
    interaction: Interaction,
    document: UploadedFile | None = None,
    without_document: bool = False,
    by: User,
) -> Interaction:
    """Save a corrected contact; the history keeps what it said. Only its author and an admin may.

    Raises DomainError for someone else, a day to come, a file that is refused.
    """
    if not may_change(interaction, by):
        raise DomainError("Seule la personne qui l’a noté, ou l’administration, peut corriger un échange.")
    _check_day(interaction.on)
    former = interaction.document
    if document:
        interaction.document = _store(document, by)
    elif without_document:
        interaction.document = None
    interaction._history_user = by  # type: ignore[attr-defined]
    interaction.save()
    if former and former != interaction.document:
        delete_file(former)
    return interaction


def may_change(interaction: Interaction, user: User) -> bool:
    return user.is_admin or interaction.author_id == user.pk


# --- Meetings -----------------------------------------------------------------------------------------------


def meeting_title(
    channel: str, *, market: Market | None, company: Company | None, buyer: Buyer | None
) -> str:
    """« Réunion de lancement, marché 2025-014 »: what calendars and boards show."""
    name = MEETINGS[channel].title if channel != Channel.OTHER else "Réunion"
    if market is not None:
        return f"{name}, marché {market.reference}" + (f", {company}" if company else "")
    return f"{name}, {company or buyer}"


@transaction.atomic
def plan_meeting(
    *,
    market: Market | None = None,
    company: Company | None = None,
    buyer: Buyer | None = None,
    channel: str,
    starts_at: dt.datetime,
    duration: int,
    place: str = "",
    participants: str = "",
    details: str = "",
    with_buyer: bool = False,
    with_company: bool = False,
    by: User | None,
) -> Task:
    """Plan a meeting about a market, with a company or with a buyer.

    Raises DomainError for a moment that has passed: what took place is noted in the journal.
    """
    _check_moment(starts_at)
    return open_task(
        title=meeting_title(channel, market=market, company=company, buyer=buyer),
        market=market,
        company=company,
        buyer=buyer,
        kind=TaskKind.MEETING,
        turn=Turn.HOUSE,
        details=details,
        channel=channel,
        starts_at=starts_at,
        duration=duration,
        place=place,
        participants=participants,
        with_buyer=with_buyer,
        with_company=with_company,
        by=by,
    )


def _check_moment(starts_at: dt.datetime) -> None:
    if starts_at < timezone.now():
        raise DomainError(
            "Ce moment est passé : une réunion qui a eu lieu se note dans le journal.", field="day"
        )


def _open_meeting(meeting: Task) -> Task:
    row = Task.objects.select_for_update().get(pk=meeting.pk, kind=TaskKind.MEETING)
    if row.done_on:
        raise DomainError("Cette réunion est tenue ou annulée : elle ne se modifie plus.")
    return row


@transaction.atomic
def change_meeting(
    *,
    meeting: Task,
    starts_at: dt.datetime,
    duration: int,
    place: str = "",
    participants: str = "",
    details: str = "",
    with_buyer: bool = False,
    with_company: bool = False,
    company: Company | None = None,
    by: User,
) -> Task:
    """Move or correct a planned meeting; whoever holds an invitation gets the new one.

    Raises DomainError for a meeting that is over, and for a new moment that has passed.
    """
    row = _open_meeting(meeting)
    moved = row.starts_at != starts_at
    if moved:
        _check_moment(starts_at)
    told = moved or (row.duration, row.place, row.details) != (duration, place, details)
    if row.market_id:
        row.company = company
    row.starts_at, row.duration, row.place, row.details = starts_at, duration, place, details
    row.participants, row.with_buyer, row.with_company = participants, with_buyer, with_company
    row.due_on = timezone.localdate(starts_at)
    row.since = min(row.since, row.due_on)
    if told:
        row.sequence += 1
    row._history_user = by  # type: ignore[attr-defined]
    row.save()
    if told and row.invited:
        _send(
            row,
            calendar.REQUEST,
            row.invited_addresses,
            "clauses/email/meeting_moved.txt",
            "Réunion modifiée",
            by,
        )
    return row


@transaction.atomic
def cancel_meeting(*, meeting: Task, reason: str, by: User) -> Task:
    """Call a planned meeting off; whoever holds an invitation is told. Raises DomainError when it is over."""
    row = _open_meeting(meeting)
    row.cancelled, row.done_on, row.done_by = True, timezone.localdate(), by
    row.outcome = f"annulée : {reason}"[:300] if reason else "annulée"
    row.sequence += 1
    row._history_user = by  # type: ignore[attr-defined]
    row.save()
    if row.invited:
        _send(
            row,
            calendar.CANCEL,
            row.invited_addresses,
            "clauses/email/meeting_cancelled.txt",
            "Réunion annulée",
            by,
            reason=reason,
        )
    return row


@transaction.atomic
def send_invitations(*, meeting: Task, addresses: Iterable[str], by: User) -> list[str]:
    """Send the invitation with its calendar file; returns the addresses. The same version goes to each once.

    Raises DomainError without an address, for a meeting that is over, and for one whose hour is not fixed.
    """
    row = _open_meeting(meeting)
    if not row.starts_at:
        raise DomainError("Fixez d’abord le jour et l’heure de la réunion.")
    wanted = sorted({address.strip().lower() for address in addresses if address.strip()})
    if not wanted:
        raise DomainError("Choisissez au moins une personne à inviter, ou écrivez une adresse.")
    row.invited = "\n".join(sorted({*row.invited_addresses, *wanted}))
    row._history_user = by  # type: ignore[attr-defined]
    row.save()
    _send(row, calendar.REQUEST, wanted, "clauses/email/meeting_invitation.txt", "Invitation", by)
    return wanted


def _send(
    meeting: Task, method: str, addresses: list[str], template: str, words: str, by: User, **context: Any
) -> None:
    content = calendar.invitation(meeting, method=method, organiser=by, addresses=addresses)
    stored = store_file(
        kind=INVITATION_KIND, name="reunion.ics", content=content, user=by, allowed_types=("ics",)
    )
    # Said in the type too, by which mail programs offer to accept or to decline.
    stored.content_type = f"text/calendar; method={method}"
    stored.save(update_fields=["content_type"])
    when = f" le {formats.moment(meeting.starts_at)}" if meeting.starts_at else ""
    readers = hashlib.sha256(" ".join(addresses).encode()).hexdigest()[:16]
    write_message(
        key=f"meeting:{meeting.pk}:{meeting.sequence}:{method.lower()}:{readers}",
        recipients=addresses,
        subject=f"{words} : {meeting.title}{when}",
        body=render_to_string(
            template,
            {
                "meeting": meeting,
                "by": by,
                "url": calendar.absolute(reverse("meeting_detail", args=[meeting.pk])),
                **context,
            },
        ),
        attachments=[stored],
    )
