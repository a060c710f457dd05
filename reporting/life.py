"""The life of a bilan as its page tells it: its steps, what was said of it, the projets, the deliveries, what comes next."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from core import formats
from reporting.enums import BilanKind, BilanState, BilanStepKind, CommentSide
from reporting.models import Bilan, BilanComment, BilanDelivery, BilanStep, SentDraft
from reporting.narrative import SECTIONS
from reporting.snapshot.document import SECTIONS_OF_CHAPTER

WHOLE = "Ensemble du document"
# So long after its publication a bilan waits to be handed over.
DELIVERY_DAYS = 90


@dataclass(frozen=True)
class Next:
    """What must be done next: whose turn, what, until when, where."""

    who: str
    what: str
    until: str = ""
    tone: str = "watch"
    url: str = ""
    label: str = ""


@dataclass
class Life:
    """What the page of a bilan shows of its life, for one reader."""

    steps: list[BilanStep] = field(default_factory=list)
    drafts: list[SentDraft] = field(default_factory=list)
    # Remarks of who reviews, with the title of the chapter and the section of the text that it is about.
    remarks: list[tuple[BilanComment, str, str]] = field(default_factory=list)
    deliveries: list[BilanDelivery] = field(default_factory=list)
    next: Next | None = None
    # Its state, as pages show states.
    code: str = ""
    # Remarks of the buyer without an answer.
    unanswered: int = 0

    @property
    def last_draft(self) -> SentDraft | None:
        return self.drafts[0] if self.drafts else None


def life_of(bilan: Bilan, user: Any) -> Life:
    """Four queries for the house; a buyer reads the projets that it was given."""
    drafts = list(drafts_of(bilan, user))
    if not user.is_house_staff:
        return Life(drafts=drafts, code=_code(bilan))
    remarks = [
        (row, chapter_title(row.chapter), section_of(row.chapter))
        for row in bilan.comments.filter(side=CommentSide.HOUSE).select_related("author", "answered_by")
    ]
    unanswered = sum(draft.unanswered for draft in drafts)  # type: ignore[attr-defined]
    steps = list(bilan.steps.select_related("by").order_by("at", "pk"))
    deliveries = list(bilan.deliveries.select_related("message", "sent_by")) if bilan.is_published else []
    return Life(
        code=_code(bilan),
        steps=steps,
        drafts=drafts,
        remarks=remarks,
        deliveries=deliveries,
        next=_next_of_published(bilan)
        if bilan.is_published and not deliveries
        else _next(bilan, user, steps, drafts, unanswered),
        unanswered=unanswered,
    )


def _code(bilan: Bilan) -> str:
    # « sent » is what became of an e-mail.
    return BilanState.SUBMITTED if bilan.state == BilanState.SENT else bilan.state


def _next_of_published(bilan: Bilan) -> Next | None:
    """Handing over what was just published; an old one was handed over otherwise."""
    recent = timezone.now() - dt.timedelta(days=DELIVERY_DAYS)
    if bilan.buyer_id is None or bilan.published_at is None or bilan.published_at < recent:
        return None
    url = reverse("bilan_deliver", args=[bilan.pk])
    return Next(
        "À la maison de jouer :", "remettre le bilan au donneur d’ordre.", url=url, label="Remettre le bilan"
    )


def drafts_of(bilan: Bilan, user: Any) -> Any:
    """The projets of a bilan that the reader may see, the last first, with `remarks` and `unanswered`."""
    told = Q(comments__side=CommentSide.BUYER)
    return (
        SentDraft.objects.visible_to(user)
        .filter(bilan=bilan)
        .defer("snapshot")
        .select_related("sent_by")
        .annotate(
            remarks=Count("comments", filter=told),
            unanswered=Count("comments", filter=told & Q(comments__outcome="")),
        )
        .order_by("-number")
    )


# The chapters that stand in a document before its snapshot is made, by what they hold; the rest is in the snapshot.
CHAPTER_TITLES = {
    "essential": "L’essentiel",
    "markets": "Marchés et clauses",
    "hours": "Heures réalisées",
    "contracts": "Contrats et modalités",
    "people": "Personnes",
    "rates": "Taux de réalisation",
    "companies": "Relation avec les entreprises",
    "outcomes": "Situation des personnes",
    "actions": "Actions",
    "events": "Événements de l’année",
    "difficulties": "Difficultés rencontrées",
    "meetings": "Réunions et rencontres",
    "buyers": "Donneurs d’ordre",
    "sectors": "Secteurs",
    "employers": "Structures de l’insertion",
    "advice": "Conseil aux donneurs d’ordre",
    "partnership": "Partenariat",
    "method": "Méthode",
}


def chapter_title(key: str) -> str:
    return CHAPTER_TITLES.get(key, key or WHOLE)


def section_of(chapter: str) -> str:
    """The section of the text that a chapter holds, where there is one: where a remark is taken up."""
    return next((key for key in SECTIONS_OF_CHAPTER.get(chapter, ()) if key in SECTIONS), "")


def _next(
    bilan: Bilan, user: Any, steps: list[BilanStep], drafts: list[SentDraft], unanswered: int
) -> Next | None:
    today = timezone.localdate()
    if bilan.state == BilanState.DRAFT:
        return _next_of_draft(bilan, user, steps)
    if bilan.state == BilanState.SUBMITTED:
        reading = reverse("bilan_reading", args=[bilan.pk])
        return Next(
            "À relire :", "lire le texte et les chiffres, noter des remarques", url=reading, label="Relire"
        )
    if bilan.state == BilanState.REVIEWED:
        by = f" par {bilan.reviewed_by}" if bilan.reviewed_by else ""
        day = formats.day(timezone.localdate(bilan.reviewed_at)) if bilan.reviewed_at else ""
        what = f"relu{by} le {day} : " + (
            "transmettre le projet au donneur d’ordre, ou publier" if bilan.buyer_id else "publier"
        )
        return Next("À la maison de jouer :", what)
    if bilan.state == BilanState.SENT and drafts:
        return _next_of_sent(drafts[0], unanswered, today)
    return None


def _next_of_draft(bilan: Bilan, user: Any, steps: list[BilanStep]) -> Next:
    last = steps[-1] if steps else None
    who = "À vous de jouer :" if bilan.writer_id == user.pk else f"À {bilan.writer or 'la maison'} de jouer :"
    if last is not None and last.kind == BilanStepKind.SENT_BACK:
        return Next(
            who, f"renvoyé par {last.by or 'la maison'} : {formats.short(last.reason, 300)}", tone="late"
        )
    return Next(who, "écrire le texte, vérifier les chiffres, puis proposer à la relecture")


def _next_of_sent(draft: SentDraft, unanswered: int, today: dt.date) -> Next:
    page = reverse("sent_draft_detail", args=[draft.pk])
    if unanswered:
        return Next(
            "À la maison de jouer :",
            f"répondre à {formats.noun(unanswered, 'observation')} du donneur d’ordre",
            tone="late" if draft.comments_until < today else "watch",
            url=page,
            label="Répondre",
        )
    until = formats.day(draft.comments_until)
    if draft.comments_until < today:
        return Next("À la maison de jouer :", f"le délai d’observations est passé depuis le {until}, publier")
    return Next(
        "Au donneur d’ordre :",
        "lire le projet, noter ses observations",
        until=f"jusqu’au {until}",
        url=page,
        label="Voir le projet",
    )


def publication_warnings(bilan: Bilan) -> list[str]:
    """What is worth knowing before a bilan is frozen."""
    said = []
    if bilan.is_final:
        said.append("La seconde facture de la participation financière peut alors être émise.")
    if bilan.kind == BilanKind.TERRITORY:
        waiting = Bilan.objects.annual().filter(year=bilan.year).exclude(state=BilanState.PUBLISHED).count()
        if waiting:
            said.append(
                f"{formats.noun(waiting, 'bilan de donneur d’ordre', 'bilans de donneurs d’ordre')} de {bilan.year} "
                f"{'n’est pas encore publié' if waiting == 1 else 'ne sont pas encore publiés'} : après le bilan du territoire, "
                "ils devront masquer ce que les deux, lus côte à côte, diraient de quelques personnes. Publiez-les d’abord."
            )
    draft = bilan.drafts.defer("snapshot").order_by("-number").first()
    if bilan.state == BilanState.SENT and draft is not None:
        if draft.comments_until >= timezone.localdate():
            said.append(
                f"Le donneur d’ordre peut encore noter ses observations jusqu’au {formats.day(draft.comments_until)} : "
                "la publication y met fin."
            )
    elif bilan.buyer_id:
        said.append(
            "Aucun projet n’a été transmis au donneur d’ordre."
            if draft is None
            else f"Le dernier projet, n° {draft.number}, a été transmis le {formats.day(timezone.localdate(draft.sent_at))} ; "
            "le texte a été repris depuis."
        )
    return said
