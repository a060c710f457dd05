"""The passages of a bilan from one state to another: data here, one lock, one step of its log for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from clauses.calendar import absolute
from core import formats
from core.errors import DomainError
from core.outbox import write_message
from markets.enums import Turn
from markets.files import responsibility_on
from markets.models import Task
from markets.services.tasks import finish_task, open_task
from reporting.enums import BilanKind, BilanState, BilanStepKind, CommentSide
from reporting.models import Bilan, BilanStep, Campaign

if TYPE_CHECKING:
    from accounts.models import User

DRAFT, SUBMITTED, REVIEWED = BilanState.DRAFT, BilanState.SUBMITTED, BilanState.REVIEWED
SENT, PUBLISHED = BilanState.SENT, BilanState.PUBLISHED


@dataclass(frozen=True)
class Transition:
    """A passage: from which states, to which one, the step that it writes, what is said where it cannot be."""

    sources: tuple[BilanState, ...]
    target: BilanState
    step: BilanStepKind
    refusal: str
    needs_reason: bool = False


SUBMIT = Transition(
    (DRAFT,), SUBMITTED, BilanStepKind.SUBMITTED, "Seul un brouillon se propose à la relecture."
)
# A house of one person reviews its own draft.
REVIEW = Transition((DRAFT, SUBMITTED), REVIEWED, BilanStepKind.REVIEWED, "Seul un brouillon se relit.")
SEND_BACK = Transition(
    (SUBMITTED, REVIEWED, SENT),
    DRAFT,
    BilanStepKind.SENT_BACK,
    "Seul un bilan proposé, relu ou transmis se renvoie à la rédaction.",
    needs_reason=True,
)
REOPEN = Transition(
    (SUBMITTED, REVIEWED, SENT),
    DRAFT,
    BilanStepKind.REOPENED,
    "Seul un bilan proposé, relu ou transmis revient en brouillon.",
)
SEND = Transition((REVIEWED,), SENT, BilanStepKind.SENT, "Un projet se transmet une fois relu.")
PUBLISH = Transition(
    (REVIEWED, SENT), PUBLISHED, BilanStepKind.PUBLISHED, "Un bilan se publie une fois relu."
)
TRANSITIONS = (SUBMIT, REVIEW, SEND_BACK, REOPEN, SEND, PUBLISH)


def locked(bilan: Bilan) -> Bilan:
    """The bilan, held until the transaction ends: two gestures at once follow each other."""
    rows = Bilan.objects.select_for_update(of=("self",)).select_related(
        "buyer", "writer", "created_by", "market__buyer", "market__operation", "operation__buyer"
    )
    return rows.get(pk=bilan.pk)


def check_open(bilan: Bilan) -> None:
    """Raise DomainError for a published bilan."""
    if bilan.is_published:
        raise DomainError("Ce bilan est publié : il ne change plus. Faites une version rectifiée.")


def move(bilan: Bilan, transition: Transition, *, by: User | None, reason: str = "") -> BilanStep | None:
    """Take a locked bilan through a transition and write its step; asked again, it is done already: None.

    Raises DomainError out of turn, and without the reason that a transition needs.
    """
    if bilan.state == transition.target:
        return None
    if bilan.state not in transition.sources:
        raise DomainError(transition.refusal)
    reason = reason.strip()
    if transition.needs_reason and not reason:
        raise DomainError(
            "Dites pourquoi le bilan est renvoyé : la personne qui l’écrit doit savoir quoi reprendre.",
            field="reason",
        )
    bilan.state = transition.target
    now = timezone.now()
    if transition is REVIEW:
        bilan.reviewed_by, bilan.reviewed_at = by, now
    elif transition.target == DRAFT:
        # What was reviewed is no longer what will be published.
        bilan.reviewed_by, bilan.reviewed_at = None, None
    elif transition is PUBLISH:
        bilan.published_by, bilan.published_at = by, now
    bilan.save()
    return write_step(bilan, transition.step, by=by, reason=reason)


def write_step(bilan: Bilan, kind: BilanStepKind, *, by: User | None, reason: str = "") -> BilanStep:
    return BilanStep.objects.create(bilan=bilan, kind=kind, by=by, reason=reason[:2000])


# --- Gestures -----------------------------------------------------------------------------------------------


@transaction.atomic
def submit_bilan(*, bilan: Bilan, reviewer: User | None, by: User) -> Bilan:
    """Propose a draft to a colleague who reads it. Raises DomainError for someone outside the house."""
    bilan = locked(bilan)
    _check_house(reviewer, "reviewer")
    if move(bilan, SUBMIT, by=by, reason=f"à {reviewer}" if reviewer else ""):
        sync_tasks(bilan, by, reviewer=reviewer)
    return bilan


@transaction.atomic
def review_bilan(*, bilan: Bilan, user: User | None) -> Bilan:
    """Say that text and figures were read and are right."""
    bilan = locked(bilan)
    if move(bilan, REVIEW, by=user):
        sync_tasks(bilan, user)
    return bilan


@transaction.atomic
def send_back_bilan(*, bilan: Bilan, reason: str, by: User) -> Bilan:
    """Send a bilan back to who writes it, with what is to be taken up again: a task and an e-mail."""
    bilan = locked(bilan)
    step = move(bilan, SEND_BACK, by=by, reason=reason)
    if step is None:
        raise DomainError("Ce bilan est déjà à la rédaction.")
    sync_tasks(bilan, by, details=reason.strip())
    writer = writer_of(bilan)
    if writer is not None and writer.is_active and writer.pk != by.pk:
        write_message(
            key=f"bilan:{bilan.pk}:sent_back:{step.pk}",
            recipients=[writer.email],
            subject=f"À reprendre : {name_of(bilan)}",
            body=render_to_string(
                "reporting/email/bilan_sent_back.txt",
                {
                    "name": name_of(bilan),
                    "reason": reason.strip(),
                    "by": by,
                    "comments": bilan.comments.filter(side=CommentSide.HOUSE).open().count(),
                    "url": absolute(reverse("bilan_detail", args=[bilan.pk])),
                },
            ),
        )
    return bilan


@transaction.atomic
def reopen_bilan(*, bilan: Bilan, user: User) -> Bilan:
    """Take a bilan back to writing, without a word to anybody."""
    bilan = locked(bilan)
    if move(bilan, REOPEN, by=user):
        sync_tasks(bilan, user)
    return bilan


def text_changed(bilan: Bilan, *, by: User) -> None:
    """A locked bilan whose text was just written: what was reviewed or sent is a draft again; the caller saves nothing.

    A buyer keeps the projet that it was given.
    """
    if bilan.state in (REVIEWED, SENT) and move(bilan, REOPEN, by=by, reason="texte modifié"):
        sync_tasks(bilan, by)


@transaction.atomic
def assign_writer(*, bilan: Bilan, writer: User | None, by: User | None) -> Bilan:
    """Say who writes. Raises DomainError for a published bilan, and for someone outside the house."""
    bilan = locked(bilan)
    check_open(bilan)
    _check_house(writer, "writer")
    if bilan.writer_id != (writer.pk if writer else None):
        bilan.writer = writer
        bilan.save()
        sync_tasks(bilan, by)
    return bilan


def _check_house(user: User | None, field: str) -> None:
    if user is not None and not (user.is_house_staff and user.is_active):
        raise DomainError(f"{user} n’a pas de compte en service dans la maison.", field=field)


# --- Who writes, who reviews ---------------------------------------------------------------------------------


def default_writer(bilan: Bilan, user: User | None) -> User | None:
    """Who answers for the market or the buyer today, else who opens the draft."""
    for target in (bilan.market, bilan.buyer):
        held = responsibility_on(target) if target is not None else None
        if held is not None and held.facilitator.is_active:
            return held.facilitator
    return user if user is not None and user.is_house_staff else None


def default_reviewer(bilan: Bilan, user: User) -> User | None:
    """The stand-in of who answers for the buyer, if it is somebody else than who proposes."""
    held = responsibility_on(bilan.buyer) if bilan.buyer is not None else None
    proposed = (held.stand_in, held.facilitator) if held is not None else ()
    return next((person for person in proposed if person and person.is_active and person.pk != user.pk), None)


def writer_of(bilan: Bilan) -> User | None:
    return bilan.writer or bilan.created_by


def name_of(bilan: Bilan) -> str:
    """The bilan as a title or the subject of an e-mail names it."""
    return formats.short(str(bilan), 120)


# --- Tasks --------------------------------------------------------------------------------------------------


def key_of(bilan: Bilan, what: str) -> str:
    return f"bilan:{bilan.pk}:{what}"


def sync_tasks(bilan: Bilan, by: User | None, *, reviewer: User | None = None, details: str = "") -> None:
    """What must be done next about a bilan is an open task; what was waited for before is closed.

    The bilan of the territory is of no file: its state alone says what waits.
    """
    wanted = dict(_wanted(bilan, reviewer, details)) if bilan.buyer is not None else {}
    # What waits for the buyer is opened when a projet is sent, and stays while it may comment.
    kept = {*wanted, *([key_of(bilan, SENT)] if bilan.state == SENT else [])}
    for task in Task.objects.open().filter(key__startswith=key_of(bilan, "")).order_by("pk"):
        if task.key not in kept:
            finish_task(task=task, outcome=bilan.get_state_display().capitalize(), by=by)
    for key, values in wanted.items():
        open_task(key=key, buyer=bilan.buyer, turn=Turn.HOUSE, by=by, **values)


def _wanted(bilan: Bilan, reviewer: User | None, details: str) -> Iterable[tuple[str, dict[str, Any]]]:
    """The house's own tasks of the state: key and values."""
    name, url = name_of(bilan), reverse("bilan_detail", args=[bilan.pk])
    is_final = bilan.kind == BilanKind.FINAL
    if bilan.state == DRAFT:
        last = bilan.steps.order_by("pk").last()
        is_back = last is not None and last.kind == BilanStepKind.SENT_BACK
        # A final bilan has its own task from its opening to its publication (`drafts.task_key`).
        if bilan.writer is not None and (is_back or not is_final):
            due = None if is_final else _due_on(bilan)
            title = f"Reprendre : {name}" if is_back else f"Écrire : {name}"
            yield (
                key_of(bilan, DRAFT),
                {"title": title, "assignee": bilan.writer, "details": details, "url": url, "due_on": due},
            )
    elif bilan.state == SUBMITTED:
        reading = reverse("bilan_reading", args=[bilan.pk])
        yield key_of(bilan, SUBMITTED), {"title": f"Relire : {name}", "assignee": reviewer, "url": reading}
    elif bilan.state == REVIEWED and not is_final:
        yield key_of(bilan, REVIEWED), {"title": f"Transmettre le projet, ou publier : {name}", "url": url}
    elif bilan.state == SENT:
        draft = bilan.drafts.order_by("-number").first()
        page = reverse("sent_draft_detail", args=[draft.pk]) if draft else url
        if bilan.comments.filter(side=CommentSide.BUYER).open().exists():
            yield (
                key_of(bilan, "answer"),
                {
                    "title": f"Répondre aux observations : {name}",
                    "assignee": bilan.writer,
                    "url": page,
                },
            )
        elif not Task.objects.open().filter(key=key_of(bilan, SENT)).exists():
            yield (
                key_of(bilan, "close"),
                {"title": f"Publier, les observations sont closes : {name}", "url": url},
            )


def _due_on(bilan: Bilan) -> Any:
    """The day that the campaign of its year gives, while it is to come: a deadline that has passed is the campaign's."""
    if bilan.year is None:
        return None
    day = Campaign.objects.filter(year=bilan.year).values_list("due_on", flat=True).first()
    return day if day and day >= timezone.localdate() else None
