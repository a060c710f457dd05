"""The grid of promises that are not in hours: lines, what was done, proofs, and who must act next about them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from clauses.enums import ReviewState
from clauses.models import Achievement, Evidence, QualitativeCommitment
from clauses.qualitative_state import Line, LineState, is_reached, state_of
from core import formats
from core.errors import DomainError
from core.uploads import keep_upload
from markets.enums import TaskKind, Turn
from markets.models import Task
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from accounts.models import User

Sent = TypeVar("Sent", Achievement, Evidence)

EVIDENCE_KIND = "evidence"


def line_of(row: QualitativeCommitment) -> Line:
    """What the state of a line is worked out from; `row` was loaded `with_progress`."""
    known: Any = row
    return Line(
        due_on=row.due_on,
        target=row.target_number,
        done=known.done,
        has_begun=known.has_begun,
        is_completed=known.is_completed,
        needs_evidence=row.needs_evidence,
        has_evidence=known.evidence_accepted,
        is_abandoned=row.abandoned_on is not None,
    )


def _locked(row: QualitativeCommitment) -> QualitativeCommitment:
    """Hold the line until the transaction ends: two gestures about it follow each other."""
    return QualitativeCommitment.objects.select_for_update().get(pk=row.pk)


def _refuse_abandoned(row: QualitativeCommitment) -> None:
    if row.abandoned_on:
        raise DomainError(
            f"Cette action est abandonnée depuis le {formats.day(row.abandoned_on)} : reprenez-la d’abord."
        )


@transaction.atomic
def save_line(*, row: QualitativeCommitment, by: User | None) -> QualitativeCommitment:
    """Write a new line of the grid, or what changed of one, and say who must act until when."""
    if row.pk:
        _locked(row)
    return _write(row, by)


def _write(row: QualitativeCommitment, by: User | None) -> QualitativeCommitment:
    """Save a line that is held, and follow it."""
    row._history_user = by  # type: ignore[attr-defined]
    row.save()
    follow(row=row, by=by)
    return row


@transaction.atomic
def abandon_line(*, row: QualitativeCommitment, reason: str, by: User | None) -> QualitativeCommitment:
    """Give an action up, with a reason; nothing is expected any more. Raises DomainError without reason, or twice."""
    row = _locked(row)
    _refuse_abandoned(row)
    if not reason.strip():
        raise DomainError("Dites pourquoi l’action est abandonnée.", field="reason")
    row.abandoned_on, row.abandon_reason = timezone.localdate(), reason.strip()
    return _write(row, by)


@transaction.atomic
def resume_line(*, row: QualitativeCommitment, by: User | None) -> QualitativeCommitment:
    """Take an abandoned action up again."""
    row = _locked(row)
    row.abandoned_on, row.abandon_reason = None, ""
    return _write(row, by)


@transaction.atomic
def record_achievement(
    *,
    row: QualitativeCommitment,
    on: dt.date,
    quantity: Decimal | None = None,
    completes: bool = False,
    note: str = "",
    by: User | None,
) -> Achievement:
    """Record what was done. A company proposes, and the house decides; what the house records counts at once.

    Raises DomainError for a day to come, an abandoned action, and a line with a number when none is given.
    """
    row = _locked(row)
    _refuse_abandoned(row)
    if on > timezone.localdate():
        raise DomainError("Une réalisation se date d’aujourd’hui au plus tard.", field="on")
    if row.target_number is not None and quantity is None:
        raise DomainError("Indiquez combien, dans l’unité de l’objectif.", field="quantity")
    achievement = Achievement(
        qualitative=row,
        on=on,
        quantity=quantity,
        completes=completes and row.target_number is None,
        note=note.strip(),
        **_sent(by),
    )
    achievement._history_user = by  # type: ignore[attr-defined]
    achievement.save()
    follow(row=row, by=by)
    return achievement


@transaction.atomic
def attach_evidence(
    *,
    row: QualitativeCommitment,
    upload: UploadedFile,
    kind: str,
    on: dt.date,
    note: str = "",
    by: User,
) -> Evidence:
    """Keep a proof. A company's waits for the house; the house's own is accepted, since it read it before.

    Raises DomainError for a file that is empty, too big or of another type, a day to come, an abandoned action.
    """
    row = _locked(row)
    _refuse_abandoned(row)
    if on > timezone.localdate():
        raise DomainError("La date du document est dans l’avenir.", field="on")
    stored = keep_upload(kind=EVIDENCE_KIND, upload=upload, user=by, field="file")
    evidence = Evidence(qualitative=row, file=stored, kind=kind, on=on, note=note.strip(), **_sent(by))
    evidence._history_user = by  # type: ignore[attr-defined]
    evidence.save()
    follow(row=row, by=by)
    return evidence


def _sent(by: User | None) -> dict[str, Any]:
    """Who sends, and the state it begins with."""
    if by is not None and not by.is_house_staff:
        return {"sent_by": by, "state": ReviewState.SUBMITTED}
    return {"sent_by": by, "state": ReviewState.ACCEPTED, "decided_by": by, "decided_at": timezone.now()}


@transaction.atomic
def decide(*, sent: Sent, accepted: bool, reason: str = "", seen: str = "", by: User) -> Sent:
    """Accept or refuse what a company sent; a decision may be taken back by the other one.

    seen: the state that the reader had before them. Raises DomainError for a refusal without reason, and when
    somebody decided in between.
    """
    row = _locked(sent.qualitative)
    found = type(sent).objects.select_for_update().get(pk=sent.pk)
    state = ReviewState.ACCEPTED if accepted else ReviewState.REFUSED
    if (seen and seen != found.state) or found.state == state:
        raise DomainError(
            f"{found.decided_by} l’a déjà examiné : {found.get_state_display()}. Relisez avant de décider."
            if found.decided_by
            else f"L’état a changé entre-temps : {found.get_state_display()}. Relisez avant de décider."
        )
    if not accepted and not reason.strip():
        raise DomainError("Dites pourquoi : l’entreprise doit savoir quoi corriger.", field="reason")
    found.state = state
    found.reason = "" if accepted else reason.strip()
    found.decided_by, found.decided_at = by, timezone.now()
    found._history_user = by  # type: ignore[attr-defined]
    found.save()
    follow(row=row, by=by)
    return found


# --- Who must act next ---------------------------------------------------------------------------------------


def line_url(row: QualitativeCommitment) -> str:
    return reverse("qualitative_detail", args=[row.pk])


@transaction.atomic
def follow(*, row: QualitativeCommitment, by: User | None) -> None:
    """Bring the deadlines of a line up to date with what was done, sent and decided.

    Each thing sent waits for the house. The company's own deadline stays open until the line is kept or given up; it
    is closed while all that is missing lies before the house, and a refusal opens it again.
    """
    row = QualitativeCommitment.objects.with_progress().select_related("market", "company").get(pk=row.pk)
    sent_rows: list[Achievement | Evidence] = [
        *Achievement.objects.filter(qualitative=row).order_by("pk"),
        *Evidence.objects.filter(qualitative=row).order_by("pk"),
    ]
    keys = {_decide_key(sent) for sent in sent_rows}
    opened = set(Task.objects.open().filter(key__in=keys).order_by("pk").values_list("key", flat=True))
    for sent in sent_rows:
        key = _decide_key(sent)
        if sent.state == ReviewState.SUBMITTED and not row.abandoned_on:
            what = "le justificatif" if isinstance(sent, Evidence) else "la réalisation"
            open_task(
                key=key,
                kind=TaskKind.TODO,
                title=f"Examiner {what} : {formats.short(row.action, 120)}",
                market=row.market,
                company=row.company,
                turn=Turn.HOUSE,
                url=line_url(row),
                since=timezone.localdate(sent.sent_at),
                by=by,
            )
        elif key in opened:
            finish_task(key=key, outcome=sent.get_state_display(), by=by)
    _follow_deadline(row, by)


def _decide_key(sent: Achievement | Evidence) -> str:
    return f"{sent._meta.model_name}:{sent.pk}:decide"


def _follow_deadline(row: QualitativeCommitment, by: User | None) -> None:
    known: Any = row
    today = timezone.localdate()
    key = f"qualitative:{row.pk}:due"
    state = state_of(line_of(row), today)
    if state in (LineState.MET, LineState.ABANDONED):
        finish_task(key=key, outcome="tenu" if state == LineState.MET else "abandonné", by=by)
        return
    # What the line would be if the house accepted all that lies before it.
    if is_reached(_if_accepted(row)) and (
        not row.needs_evidence or known.evidence_accepted or known.evidence_waits
    ):
        finish_task(key=key, outcome="en attente de la décision de la maison", by=by)
        return
    what = formats.short(row.action, 120)
    if state == LineState.UNPROVED:
        title = f"{'Déposer un nouveau justificatif' if known.evidence_refused else 'Déposer le justificatif'} : {what}"
    else:
        title = f"Réaliser : {what}"
    open_task(
        key=key,
        kind=TaskKind.DEADLINE,
        title=title,
        details=_refusals(row),
        market=row.market,
        company=row.company,
        turn=Turn.COMPANY,
        url=line_url(row),
        since=min(today, row.due_on),
        due_on=row.due_on,
        by=by,
    )


def _if_accepted(row: QualitativeCommitment) -> Line:
    """The line as it would stand if everything sent were accepted."""
    line = line_of(row)
    if not row.achievement_waits:  # type: ignore[attr-defined]
        return line
    waiting = Achievement.objects.filter(qualitative=row, state=ReviewState.SUBMITTED).order_by("pk")
    return line._replace(
        done=line.done + sum((sent.quantity or Decimal(0) for sent in waiting), Decimal(0)),
        is_completed=line.is_completed or any(sent.completes for sent in waiting),
    )


def _refusals(row: QualitativeCommitment) -> str:
    """Why the house refused what was sent last, for the company that must send again."""
    found = []
    for rows in (Achievement.objects, Evidence.objects):
        last = rows.filter(qualitative=row, state=ReviewState.REFUSED).order_by("-decided_at", "-pk").first()
        if last:
            found.append(f"{last} : refusé, {last.reason}")
    return "\n".join(found)
