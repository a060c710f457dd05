"""The formal letter of an escalation: proposed, approved or sent back by the buyer, sent, with the agreement's delay."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from clauses import escalation_documents as documents
from clauses.enums import LetterWay, StepKind
from clauses.forecast import hours_due
from clauses.ladder import Stage
from clauses.models import Commitment, Escalation, EscalationStep
from clauses.services.escalation_steps import (
    append_step,
    check_buyer,
    check_day,
    check_open,
    check_stage,
    locked,
    store_document,
    sync_tasks,
    tell_buyer,
)
from clauses.standings import (
    Computation,
    computation_of,
    deciders_of,
    standing_of,
)
from core import formats
from core.errors import DomainError
from core.files import store_file
from core.outbox import write_message
from markets.models.agreements import LETTER_DELAY_DAYS
from markets.services.agreements import agreement_for

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from accounts.models import User


def letter_delay(escalation: Escalation, on: dt.date) -> int:
    """Days that the letter leaves, by the agreement in force that day."""
    agreement = agreement_for(escalation.market, on)
    return agreement.letter_delay_days if agreement else LETTER_DELAY_DAYS


@transaction.atomic
def propose_letter(
    *, escalation: Escalation, recipient: str, address: str, text: str = "", by: User
) -> EscalationStep:
    """Write the letter and propose it to the buyer; an agreement that consents beforehand approves it at once.

    Its words and figures are frozen here. Raises DomainError before enough contacts or a refusal, while another one
    waits, and when nobody at the buyer's could approve it.
    """
    escalation = locked(escalation)
    standing = standing_of(escalation)
    check_open(standing)
    check_stage(standing, Stage.TO_PROPOSE)
    today = timezone.localdate()
    check_day(today, after=standing.since, what="la dernière étape,")
    agreement = agreement_for(escalation.market, today)
    consented = bool(agreement and agreement.letter_consent)
    if not consented and not deciders_of(escalation.market):
        raise DomainError(
            f"Personne n’a de compte chez {escalation.market.buyer} pour approuver ce courrier : "
            "donnez d’abord un accès sur la fiche du donneur d’ordre."
        )
    computation = computation_of(escalation.commitment)
    letter = documents.letter_facts(
        standing,
        computation,
        due=_hours_due(escalation.commitment, computation, today),
        recipient=recipient,
        address=address,
        text=text,
        delay_days=letter_delay(escalation, today),
        by=by,
    )
    step = append_step(
        escalation,
        StepKind.LETTER_PROPOSED,
        on=today,
        by=by,
        text=text,
        facts={**computation.as_facts(), "letter": letter},
    )
    if consented:
        assert agreement is not None
        _approve(
            escalation,
            letter,
            StepKind.LETTER_CONSENTED,
            by,
            text=f"Accord donné d’avance par la convention {agreement.reference}".strip()
            + f", en vigueur depuis le {formats.day(agreement.starts_on)}.",
            facts={"agreement": agreement.pk},
        )
    else:
        tell_buyer(
            escalation,
            key=f"approve:{step.pk}",
            subject=f"Un courrier à approuver, marché {escalation.market.reference}",
            what=f"{by} vous propose d’envoyer à {escalation.holder} un courrier qui lui rappelle ses obligations.",
            ask="Le courrier ne part pas sans votre accord. Pour le lire et l’approuver, ou le renvoyer :",
            url=reverse("escalation_letter_decide", args=[escalation.pk]),
        )
    sync_tasks(escalation, by)
    return step


def _hours_due(commitment: Commitment, computation: Computation, today: dt.date) -> Decimal | None:
    """Hours due today pro rata of the intervention; None where its dates are not known."""
    starts = commitment.starts_on or commitment.market.begins_on
    ends = commitment.ends_on or commitment.market.planned_end
    if not (starts and ends and starts <= ends):
        return None
    return hours_due(computation.engaged, starts, ends, today)


def _approve(
    escalation: Escalation,
    letter: dict[str, Any],
    kind: str,
    by: User,
    *,
    text: str = "",
    facts: dict[str, Any] | None = None,
) -> EscalationStep:
    """Make the letter as it will leave, dated today, once and for all."""
    today = timezone.localdate()
    stored = store_file(
        kind=documents.FILE_KIND,
        name=documents.file_name("courrier-de-rappel", escalation, today),
        content=documents.letter_pdf(letter, dated=today),
        user=by,
        allowed_types=["pdf"],
    )
    return append_step(escalation, kind, on=today, by=by, text=text, document=stored, facts=facts)


@transaction.atomic
def approve_letter(*, escalation: Escalation, by: User) -> EscalationStep:
    """The buyer agrees to the letter, under its own account. Raises DomainError for anybody else, or out of turn."""
    escalation = locked(escalation)
    standing = standing_of(escalation)
    check_buyer(standing, by)
    check_stage(standing, Stage.TO_APPROVE)
    letter = standing.letter
    assert letter is not None
    step = _approve(escalation, letter.facts["letter"], StepKind.LETTER_APPROVED, by)
    sync_tasks(escalation, by)
    return step


@transaction.atomic
def send_back_letter(*, escalation: Escalation, reason: str, by: User) -> EscalationStep:
    """The buyer does not agree, and says why; another letter can be proposed. Raises DomainError likewise."""
    escalation = locked(escalation)
    standing = standing_of(escalation)
    check_buyer(standing, by)
    check_stage(standing, Stage.TO_APPROVE)
    if not reason.strip():
        raise DomainError("Dites ce qui ne convient pas : la maison corrigera le courrier.", field="reason")
    step = append_step(escalation, StepKind.LETTER_SENT_BACK, on=timezone.localdate(), by=by, text=reason)
    sync_tasks(escalation, by)
    return step


@transaction.atomic
def send_letter(
    *,
    escalation: Escalation,
    on: dt.date,
    way: str,
    tracking: str = "",
    email: str = "",
    signed_copy: UploadedFile | None = None,
    by: User,
) -> EscalationStep:
    """Record that the approved letter left, and send it by e-mail where that is the way; the delay runs from that day.

    Raises DomainError before the approval, for a day before it or to come, and for a way that lacks its number or
    address.
    """
    escalation = locked(escalation)
    standing = standing_of(escalation)
    check_open(standing)
    check_stage(standing, Stage.TO_SEND)
    approved = standing.last(StepKind.LETTER_APPROVED, StepKind.LETTER_CONSENTED)
    assert approved is not None and standing.letter is not None
    check_day(on, after=approved.on, what="l’accord du donneur d’ordre,")
    if way not in LetterWay.values:
        raise DomainError("Dites comment le courrier part.", field="way")
    by_mail, by_post = way != LetterWay.REGISTERED, way != LetterWay.EMAIL
    if by_post and not tracking.strip():
        raise DomainError("Indiquez le numéro du recommandé : il prouve l’envoi.", field="tracking")
    if by_mail and not email.strip():
        raise DomainError("Indiquez l’adresse électronique de l’entreprise.", field="email")
    if by_mail and on != timezone.localdate():
        raise DomainError(
            "Le courriel part d’ici, aujourd’hui : datez l’envoi d’aujourd’hui, ou choisissez le recommandé seul.",
            field="on",
        )
    letter = standing.letter.facts["letter"]
    due_on = on + dt.timedelta(days=letter["delay_days"])
    document = store_document(signed_copy, by, "signed_copy") or approved.document
    assert document is not None
    step = append_step(
        escalation,
        StepKind.LETTER_SENT,
        on=on,
        by=by,
        document=document,
        facts={
            "way": way,
            "way_words": str(LetterWay(way).label),
            "tracking": tracking.strip() if by_post else "",
            "email": email.strip().lower() if by_mail else "",
            "delay_days": letter["delay_days"],
            "due_on": due_on.isoformat(),
            "person": letter["person"],
        },
    )
    if by_mail:
        write_message(
            key=f"escalation:{escalation.pk}:letter",
            recipients=[email],
            subject=letter["subject"],
            body=render_to_string(
                "clauses/email/escalation_letter.txt", {"letter": letter, "due_on": due_on}
            ),
            attachments=[document],
        )
    sync_tasks(escalation, by)
    return step
