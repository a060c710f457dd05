"""The yearly point with a buyer: its note, its sharing, the improvement actions carried from year to year."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from core import formats
from core.errors import DomainError
from core.files import delete_file
from core.uploads import keep_upload
from markets.enums import Turn
from markets.models import Agreement, Buyer, Task
from markets.services.tasks import finish_task, open_task
from reporting.enums import ActionOwner, ActionState
from reporting.models import Campaign, ImprovementAction, PartnershipNote

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from accounts.models import User

FILE_KIND = "partnership_document"
SETTLED = (ActionState.DONE, ActionState.DROPPED)
FIRST_YEAR = 1990


def meeting_key(buyer_id: int, year: int) -> str:
    return f"partnership:{buyer_id}:{year}"


def fingerprint(note: PartnershipNote | None) -> str:
    """What a note said when it was read: two people who write at once are told of each other."""
    if note is None or note.pk is None:
        return ""
    said = repr((note.meeting_on, note.participants, note.minutes))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


@transaction.atomic
def save_note(
    *,
    buyer: Buyer,
    year: int,
    meeting_on: dt.date | None,
    participants: str = "",
    minutes: str = "",
    document: UploadedFile | None = None,
    without_document: bool = False,
    seen: str = "",
    by: User,
) -> PartnershipNote:
    """Write the note of a year. seen: the fingerprint that the person read.

    Raises DomainError for a meeting to come, or before its year, for a refused file, and when somebody else wrote.
    """
    Buyer.objects.select_for_update().get(pk=buyer.pk)
    today = timezone.localdate()
    if not FIRST_YEAR <= year <= today.year:
        raise DomainError(f"L’année {year} n’a pas commencé : sa note s’écrit une fois l’année entamée.")
    if meeting_on is not None and meeting_on > today:
        raise DomainError(
            "Cette réunion est à venir : planifiez-la, puis notez-la une fois tenue.", field="meeting_on"
        )
    if meeting_on is not None and meeting_on.year < year:
        raise DomainError(f"Cette réunion précède l’année {year} dont elle parle.", field="meeting_on")
    note = PartnershipNote.objects.filter(buyer=buyer, year=year).first()
    if seen != fingerprint(note):
        raise DomainError(
            "Quelqu’un a enregistré cette note entre-temps. Ce que vous avez écrit est gardé ci-dessous : comparez, puis "
            "enregistrez de nouveau pour remplacer."
        )
    note = note or PartnershipNote(buyer=buyer, year=year, written_by=by)
    former = note.document
    note.meeting_on, note.participants, note.minutes = meeting_on, participants.strip(), minutes.strip()
    if document:
        note.document = keep_upload(kind=FILE_KIND, upload=document, user=by, field="upload")
    elif without_document:
        note.document = None
    note.save()
    if former is not None and former != note.document:
        delete_file(former)
    if meeting_on is not None:
        outcome = f"Réunion tenue le {formats.day(meeting_on)}"
        finish_task(key=meeting_key(buyer.pk, year), outcome=outcome, by=by)
    return note


@transaction.atomic
def share_note(*, note: PartnershipNote, shared: bool, by: User) -> PartnershipNote:
    """Let the buyer read the note and its actions, or no more."""
    row = PartnershipNote.objects.select_for_update().get(pk=note.pk)
    if shared == (row.shared_at is not None):
        return row
    row.shared_at = timezone.now() if shared else None
    row.save()
    for action in row.actions.order_by("pk"):
        _sync_task(action, by)
    return row


@transaction.atomic
def save_action(
    *,
    note: PartnershipNote,
    action: ImprovementAction | None = None,
    title: str,
    owner: str = ActionOwner.BOTH,
    due_on: dt.date | None = None,
    state: str = ActionState.TO_DO,
    progress: str = "",
    by: User,
) -> ImprovementAction:
    """Add an action, or say where it stands: done or dropped, it bears the day that it was said.

    Raises DomainError without a title.
    """
    PartnershipNote.objects.select_for_update().get(pk=note.pk)
    row = ImprovementAction.objects.get(pk=action.pk) if action is not None else ImprovementAction(note=note)
    if not title.strip():
        raise DomainError("Dites ce qui sera amélioré.", field="title")
    row.title, row.owner, row.due_on = title.strip(), owner, due_on
    row.state, row.progress = state, progress.strip()
    row.settled_on = (row.settled_on or timezone.localdate()) if state in SETTLED else None
    row.save()
    _sync_task(row, by)
    return row


def _sync_task(action: ImprovementAction, by: User | None) -> None:
    """An open action with a deadline is a task of who carries it; the buyer's own, only once it may read it."""
    key = f"improvement:{action.pk}"
    if action.state in SETTLED or action.due_on is None:
        finish_task(key=key, outcome=action.get_state_display().capitalize(), by=by)
        return
    note = action.note
    is_buyers = action.owner == ActionOwner.BUYER and note.shared_at is not None
    open_task(
        key=key,
        title=f"Axe d’amélioration : {formats.short(action.title, 150)}",
        buyer=note.buyer,
        turn=Turn.BUYER if is_buyers else Turn.HOUSE,
        url=reverse("buyer_partnership", args=[note.buyer_id]),
        since=min(timezone.localdate(), action.due_on),
        due_on=action.due_on,
        by=by,
    )


def carried(*, buyer: Buyer, year: int) -> Any:
    """Actions of the notes before `year` that it takes up again: open still, or settled since its first day."""
    return (
        ImprovementAction.objects.filter(note__buyer=buyer, note__year__lt=year)
        .filter(Q(settled_on__isnull=True) | Q(settled_on__gte=dt.date(year, 1, 1)))
        .select_related("note")
        .order_by("note__year", "pk")
    )


def open_meetings_due(today: dt.date) -> int:
    """While the campaign of a year runs, a buyer under convention whose yearly meeting is not noted is a task; how many.

    The convention asks for one meeting a year. A task that someone closed by hand stays closed.
    """
    opened = 0
    for campaign in Campaign.objects.filter(year__gte=today.year - 1, year__lte=today.year).order_by("year"):
        first, last = dt.date(campaign.year, 1, 1), dt.date(campaign.year, 12, 31)
        agreed = Agreement.objects.filter(starts_on__lte=last, ends_on__gte=first).filter(
            Q(terminated_on__isnull=True) | Q(terminated_on__gt=first)
        )
        held = PartnershipNote.objects.filter(year=campaign.year, meeting_on__isnull=False)
        buyers = Buyer.objects.filter(pk__in=agreed.order_by().values("buyer")).exclude(
            pk__in=held.order_by().values("buyer")
        )
        known = set(
            Task.objects.filter(key__startswith="partnership:").order_by().values_list("key", flat=True)
        )
        for buyer in buyers.order_by("pk"):
            key = meeting_key(buyer.pk, campaign.year)
            if key in known:
                continue
            due = campaign.due_on if campaign.due_on and campaign.due_on >= today else None
            open_task(
                key=key,
                title=f"Tenir la réunion annuelle sur {campaign.year} : {formats.short(str(buyer), 100)}",
                buyer=buyer,
                url=reverse("buyer_partnership", args=[buyer.pk]),
                due_on=due,
                by=None,
            )
            opened += 1
    return opened


def may_open(user: Any, stored: Any) -> bool:
    """A document of a note is for the house, and for the buyer once the note is shared."""
    return PartnershipNote.objects.visible_to(user).filter(document=stored).exists()
