"""Remarks on the chapters of a bilan, of who reviews and of the buyer, and what was done of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.validators import slug_re
from django.db import transaction
from django.utils import timezone

from core import formats
from core.errors import DomainError
from markets.services.tasks import finish_task
from reporting.enums import BilanState, CommentOutcome, CommentSide
from reporting.models import Bilan, BilanComment, SentDraft
from reporting.services.workflow import check_open, key_of, locked, sync_tasks

if TYPE_CHECKING:
    from accounts.models import User

TEXT_MAX = 5000
# Far beyond what a reader has to say: what a program that went mad would write.
MOST_REMARKS = 300
CHAPTER_MAX = 30


def chapter_titles(snapshot: dict) -> dict[str, str]:
    """The chapters that a snapshot has, by key."""
    return {chapter["key"]: chapter["title"] for chapter in snapshot.get("chapters", ())}


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise DomainError("Écrivez votre observation.", field="text")
    if len(text) > TEXT_MAX:
        raise DomainError(
            f"Cette observation dépasse {formats.number(TEXT_MAX)} caractères : raccourcissez-la.",
            field="text",
        )
    return text


def _added(values: dict) -> BilanComment:
    """The remark, once: sent twice by the same person, it is the one that is there."""
    same = BilanComment.objects.filter(**values, outcome="").first()
    if same:
        return same
    if BilanComment.objects.filter(bilan=values["bilan"], side=values["side"]).count() >= MOST_REMARKS:
        raise DomainError(
            f"Ce bilan porte déjà {MOST_REMARKS} observations : réunissez les suivantes en une, ou attendez leurs suites.",
            field="text",
        )
    return BilanComment.objects.create(**values)


@transaction.atomic
def comment_bilan(*, bilan: Bilan, chapter: str, text: str, by: User) -> BilanComment:
    """A remark of who reviews, for who writes: the house alone reads it. Raises DomainError once published."""
    bilan = locked(bilan)
    check_open(bilan)
    if chapter and (len(chapter) > CHAPTER_MAX or not slug_re.match(chapter)):
        raise DomainError("Ce chapitre n’est pas dans le bilan : notez votre remarque sous l’un des siens.")
    values = {"bilan": bilan, "side": CommentSide.HOUSE, "chapter": chapter, "text": _checked(text)}
    return _added({**values, "author": by})


@transaction.atomic
def comment_draft(*, draft: SentDraft, chapter: str, text: str, by: User) -> BilanComment:
    """What the buyer says of the projet that it was given; the house may note what it was told otherwise.

    Raises DomainError when the projet is not the one open to remarks (any more).
    """
    bilan = locked(draft.bilan)
    last = bilan.drafts.order_by("-number").first()
    if bilan.is_published:
        raise DomainError("Ce bilan est publié : il ne reçoit plus d’observations.")
    if bilan.state != BilanState.SENT:
        raise DomainError(
            "La maison a repris la rédaction de ce bilan : un nouveau projet vous sera transmis, vous pourrez y noter "
            "cette observation."
        )
    if last != draft:
        raise DomainError("Un projet plus récent a été transmis : notez votre observation sur celui-là.")
    if chapter and chapter not in chapter_titles(draft.snapshot):
        raise DomainError("Ce chapitre n’est pas dans le projet.")
    values = {"bilan": bilan, "draft": draft, "side": CommentSide.BUYER, "chapter": chapter}
    row = _added({**values, "text": _checked(text), "author": by})
    sync_tasks(bilan, by)
    return row


@transaction.atomic
def answer_comment(*, comment: BilanComment, outcome: str, answer: str, by: User) -> BilanComment:
    """Say what was done of a remark; the buyer reads the answer to its own.

    Raises DomainError without an outcome, without the sentence that all but « pris en compte » need, once published.
    """
    bilan = locked(comment.bilan)
    check_open(bilan)
    row = BilanComment.objects.select_for_update().get(pk=comment.pk)
    answer = answer.strip()
    if outcome not in CommentOutcome.values:
        raise DomainError("Choisissez la suite donnée.", field="outcome")
    if outcome != CommentOutcome.TAKEN and not answer:
        raise DomainError(
            "Répondez en une phrase : le donneur d’ordre la lira."
            if row.side == CommentSide.BUYER
            else "Répondez en une phrase.",
            field="answer",
        )
    row.outcome, row.answer = outcome, answer[:TEXT_MAX]
    row.answered_by, row.answered_at = by, timezone.now()
    row.save()
    sync_tasks(bilan, by)
    return row


@transaction.atomic
def finish_reading(*, draft: SentDraft, by: User) -> bool:
    """The buyer says that it has nothing more to say; returns whether anything was waited for."""
    bilan = locked(draft.bilan)
    count = bilan.comments.filter(side=CommentSide.BUYER, draft=draft).count()
    said = formats.noun(count, "observation") if count else "sans observation"
    done = finish_task(key=key_of(bilan, BilanState.SENT), outcome=f"Projet lu, {said}", by=by)
    if done is not None:
        sync_tasks(bilan, by)
    return done is not None


def check_answered(bilan: Bilan) -> None:
    """Raise DomainError, naming it, where a remark of the buyer has no answer."""
    waiting = list(
        bilan.comments.filter(side=CommentSide.BUYER).open().select_related("draft").order_by("at", "pk")[:6]
    )
    if not waiting:
        return
    named = [
        f"« {title} », du {formats.day(timezone.localdate(row.at))}"
        for row in waiting[:5]
        for title in [where(row)]
    ]
    said = " ; ".join(named) + ("…" if len(waiting) > 5 else "")
    raise DomainError(
        formats.typeset(
            f"Le donneur d’ordre attend une réponse : {said}. Répondez à chaque observation, puis publiez."
        )
    )


def where(comment: BilanComment) -> str:
    """The title of the chapter that a remark of the buyer is about, as its projet has it."""
    titles = chapter_titles(comment.draft.snapshot) if comment.draft is not None else {}
    return titles.get(comment.chapter, "Ensemble du document")
