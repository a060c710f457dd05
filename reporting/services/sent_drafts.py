"""The projet transmis: made from the figures of the day, kept as it was given, told to the buyer, waited for."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from clauses.calendar import absolute
from core import formats
from core.errors import DomainError
from core.files import store_file
from core.jobs import enqueue
from core.models import Job
from core.outbox import write_message
from core.pdf import pdf_available
from markets.enums import TaskKind, Turn
from markets.models import House, Task
from markets.services.tasks import finish_task, open_task
from reporting.enums import BilanState, CommentSide
from reporting.models import Bilan, SentDraft
from reporting.referents import referents_of
from reporting.services.publication import check_over, compute, one_after_the_other, told_so_far
from reporting.services.workflow import SEND, key_of, locked, move, name_of, sync_tasks

if TYPE_CHECKING:
    from accounts.models import User

FILE_KIND = "sent_draft"
# So long is proposed to a buyer for its remarks; one message reminds of the day so long before.
COMMENT_DAYS = 21
REMINDER_DAYS = 3


def check_may_send(bilan: Bilan, comments_until: dt.date | None = None) -> None:
    """Raise DomainError where no projet can be sent: no buyer, not reviewed, a life that goes on, a day that has passed."""
    if bilan.buyer is None:
        raise DomainError(
            "Le bilan du territoire n’a pas de donneur d’ordre à qui le transmettre : publiez-le une fois relu."
        )
    if bilan.state not in SEND.sources:
        raise DomainError(SEND.refusal)
    if bilan.is_final:
        # Of a market that goes on, a buyer reads no typology (domain rule 9), and the projet would hold one.
        check_over(bilan)
    if comments_until is not None:
        today = timezone.localdate()
        if comments_until <= today:
            raise DomainError("Choisissez un jour à venir.", field="comments_until")
        if comments_until > today + dt.timedelta(days=365):
            raise DomainError("Ce jour est dans plus d’un an : vérifiez l’année.", field="comments_until")


def ask_to_send(*, bilan: Bilan, comments_until: dt.date, word: str = "", user: User) -> Job:
    """Send the projet in a job, for its PDF may be long; asked twice, it is the same job."""
    check_may_send(bilan, comments_until)
    return enqueue(
        "send_bilan_draft",
        key=key_of(bilan, "send"),
        label=f"Projet à transmettre : {name_of(bilan)}",
        payload={
            "bilan": bilan.pk,
            "comments_until": comments_until.isoformat(),
            "word": word.strip(),
            "number": _next_number(bilan),
        },
        user=user,
        total=2,
    )


def send_draft(
    *,
    bilan: Bilan,
    comments_until: dt.date,
    word: str = "",
    number: int | None = None,
    user: User | None,
) -> SentDraft:
    """Make the projet of the day and give it to the buyer. number: the one asked for; sent already, it is that one.

    The document is made before anything is held. Raises DomainError when the bilan is not (any more) to be sent, was
    written in the meantime, or another bilan of its readers came out meanwhile.
    """
    from reporting.documents import bilan_pdf
    from reporting.snapshot.labels import labels_of

    bilan = (
        Bilan.objects.select_related("buyer", "market__buyer", "market__operation", "operation__buyer")
        .defer("snapshot")
        .get(pk=bilan.pk)
    )
    number = number or _next_number(bilan)
    sent = bilan.drafts.filter(number=number).first()
    if sent is not None:
        return sent
    check_may_send(bilan, comments_until)
    told = told_so_far(bilan)
    snapshot = compute(bilan, now=timezone.now())
    content = bilan_pdf(snapshot, draft=True) if pdf_available() else None
    with transaction.atomic():
        held = locked(bilan)
        sent = held.drafts.filter(number=number).first()
        if sent is not None:
            return sent
        check_may_send(held, comments_until)
        # A consent withdrawn takes the bilan back to the draft: reviewed again, it is at another moment.
        if (held.edit_version, held.reviewed_at) != (bilan.edit_version, bilan.reviewed_at):
            raise DomainError(
                "Le bilan a changé pendant la préparation du projet : relisez-le, puis transmettez."
            )
        # What this projet is read beside decided what it withholds.
        one_after_the_other(held)
        if told_so_far(held) != told:
            raise DomainError(
                "Un autre bilan que ce donneur d’ordre lit vient d’être communiqué : transmettez de nouveau, le projet en "
                "tiendra compte."
            )
        stored = None
        if content is not None:
            stored = store_file(
                kind=FILE_KIND,
                name=f"projet-{number}-{labels_of(snapshot).file}.pdf",
                content=content,
                user=user,
                allowed_types=["pdf"],
            )
        sent = SentDraft.objects.create(
            bilan=held,
            number=number,
            snapshot=snapshot,
            file=stored,
            word=word.strip()[:2000],
            comments_until=comments_until,
            sent_by=user,
        )
        move(
            held,
            SEND,
            by=user,
            reason=f"projet n° {number}, observations jusqu’au {formats.day(comments_until)}",
        )
        _wait_for_buyer(held, sent, user)
        _tell(sent, "sent")
    return sent


def _next_number(bilan: Bilan) -> int:
    last = bilan.drafts.order_by("-number").values_list("number", flat=True).first()
    return (last or 0) + 1


def _wait_for_buyer(bilan: Bilan, draft: SentDraft, by: User | None) -> None:
    open_task(
        key=key_of(bilan, BilanState.SENT),
        title=f"Lire le projet et noter vos observations : {name_of(bilan)}",
        buyer=bilan.buyer,
        kind=TaskKind.ANSWER,
        turn=Turn.BUYER,
        url=reverse("sent_draft_detail", args=[draft.pk]),
        due_on=draft.comments_until,
        by=by,
    )
    sync_tasks(bilan, by)


def _tell(draft: SentDraft, what: str) -> list[str]:
    """Write to who reads with an account, and, with the PDF, to the referents who have none; returns the addresses."""
    bilan = draft.bilan
    assert bilan.buyer is not None
    people = [row for row in referents_of(bilan.buyer) if row.email]
    told: list[str] = []
    for has_account in (True, False):
        recipients = [row.email for row in people if row.has_account == has_account]
        # Without account nor document, there would be nothing to read.
        if not recipients or (not has_account and draft.file is None):
            continue
        body = render_to_string(
            "reporting/email/bilan_draft.txt",
            {
                "draft": draft,
                "name": name_of(bilan),
                "has_account": has_account,
                "is_reminder": what != "sent",
                "url": absolute(reverse("sent_draft_detail", args=[draft.pk])),
                "house": House.current(),
                "by": draft.sent_by,
            },
        )
        write_message(
            key=f"sent_draft:{draft.pk}:{what}:{'account' if has_account else 'contact'}",
            recipients=recipients,
            subject=f"{'Rappel, projet' if what != 'sent' else 'Projet'} à relire : {name_of(bilan)}",
            body=body,
            attachments=[] if has_account or draft.file is None else [draft.file],
        )
        told += recipients
    return told


def may_open(user: Any, stored: Any) -> bool:
    """A projet is for the house and for who sees the buyer as a whole."""
    return SentDraft.objects.visible_to(user).filter(file=stored).exists()


# --- The day until which to comment ---------------------------------------------------------------------------


def remind_of_drafts(today: dt.date) -> int:
    """Remind, once, the buyers that have said nothing yet, and take the hand back once the day has passed; how many."""
    done = 0
    waiting = Task.objects.open().filter(key__startswith="bilan:", key__endswith=f":{BilanState.SENT}")
    for task in waiting.order_by("pk"):
        bilan = Bilan.objects.filter(pk=int(task.key.split(":")[1]), state=BilanState.SENT).first()
        draft = bilan.drafts.select_related("bilan__buyer", "file", "sent_by").first() if bilan else None
        if draft is None:
            continue
        if draft.comments_until < today:
            done += _end_waiting(draft)
        elif draft.comments_until - dt.timedelta(days=REMINDER_DAYS) <= today:
            is_silent = not draft.comments.filter(side=CommentSide.BUYER).exists()
            done += bool(is_silent and _tell_once(draft))
    return done


@transaction.atomic
def _end_waiting(draft: SentDraft) -> int:
    bilan = locked(draft.bilan)
    if bilan.state != BilanState.SENT:
        return 0
    outcome = f"Délai d’observations échu le {formats.day(draft.comments_until)}"
    done = finish_task(key=key_of(bilan, BilanState.SENT), outcome=outcome, by=None)
    sync_tasks(bilan, None)
    return int(done is not None)


def _tell_once(draft: SentDraft) -> bool:
    from core.models import Message

    if Message.objects.filter(key__startswith=f"sent_draft:{draft.pk}:reminder:").exists():
        return False
    with transaction.atomic():
        return bool(_tell(draft, "reminder"))
