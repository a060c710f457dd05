"""The convention's ladder, step by step: each has its predecessor, its author, its day, and makes somebody act."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from clauses import escalation_documents as documents
from clauses.enums import Channel, LetterWay, PenaltyDecision, StepKind
from clauses.forecast import hours_due
from clauses.ladder import Stage
from clauses.models import Commitment, Escalation, EscalationStep, Interaction
from clauses.penalties import CENT
from clauses.standings import (
    Computation,
    Standing,
    computation_of,
    deciders_of,
    standing_of,
    standings_of,
)
from core import formats
from core.errors import DomainError
from core.files import store_file
from core.outbox import write_message
from markets.enums import TaskKind, Turn
from markets.models import Task
from markets.models.agreements import LETTER_DELAY_DAYS
from markets.services.agreements import agreement_for
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from accounts.models import User
    from core.models import StoredFile

DOCUMENT_TYPES = ("pdf", "png", "jpg", "docx", "odt", "xlsx")
DOCUMENT_MAX_BYTES = 20 * 1024 * 1024
# What a task of each stage says; its key is « escalation:12:to_send ».
TASKS = {
    Stage.CONTACTS: "Joindre {holder}, une fois au moins par écrit, ou noter son refus",
    Stage.TO_PROPOSE: "Proposer le courrier de rappel à {holder}",
    Stage.TO_APPROVE: "Approuver le courrier de rappel à {holder}",
    Stage.TO_SEND: "Envoyer le courrier de rappel à {holder}",
    Stage.WAITING: "Reprendre contact avec la maison, suite au courrier de rappel",
    Stage.TO_ALERT: "Alerter le donneur d’ordre : {holder} n’a pas répondu ou refuse",
    Stage.TO_NOTIFY: "Notifier sa défaillance à {holder}",
    Stage.TO_DECIDE: "Décider de la pénalité de {holder}",
}


# --- What every step does -----------------------------------------------------------------------------------


def _locked(escalation: Escalation) -> Escalation:
    """The escalation, held until the transaction ends: two gestures at once follow each other."""
    Escalation.objects.select_for_update().get(pk=escalation.pk)
    return Escalation.objects.select_related(
        "market__buyer",
        "market__department",
        "holder__commune",
        "commitment__clause__lot",
        "commitment__award",
    ).get(pk=escalation.pk)


def _append(
    escalation: Escalation,
    kind: str,
    *,
    on: dt.date,
    by: User | None,
    text: str = "",
    document: StoredFile | None = None,
    facts: dict[str, Any] | None = None,
) -> EscalationStep:
    """Write a step. A document is known by its fingerprint, so that one can tell that it is the same."""
    facts = dict(facts or {})
    if document:
        facts["sha256"] = document.sha256
    return EscalationStep.objects.create(
        escalation=escalation, kind=kind, on=on, author=by, text=text.strip(), document=document, facts=facts
    )


def _its_time(standing: Standing, wanted: Stage) -> None:
    sentence = standing.refusal(wanted)
    if sentence:
        raise DomainError(sentence)


def _still_open(standing: Standing) -> None:
    if not standing.is_open:
        raise DomainError(
            f"Cette difficulté est close depuis le {formats.day(standing.escalation.closed_on)} : "
            "ouvrez-en une autre s’il le faut."
        )


def _in_order(on: dt.date, *, after: dt.date | None, what: str, field: str = "on") -> None:
    """Refuse a day to come, and one before what comes first."""
    if on > timezone.localdate():
        raise DomainError("Cette date est à venir : une étape s’enregistre une fois faite.", field=field)
    if after and on < after:
        raise DomainError(
            f"Cette date précède {what} du {formats.day(after)} : les étapes se suivent.", field=field
        )


def _buyer_decides(standing: Standing, by: User) -> None:
    """Only an account of the buyer, for the whole or for the market's department, approves and decides."""
    if not by.is_buyer or by.pk not in {user.pk for user in deciders_of(standing.escalation.market)}:
        raise DomainError(
            "Seul le donneur d’ordre en décide, sous son propre compte : rien n’a été enregistré."
        )


def _store(upload: UploadedFile | None, by: User | None, field: str = "document") -> StoredFile | None:
    if not upload:
        return None
    try:
        return store_file(
            kind=documents.FILE_KIND,
            name=upload.name or "document",
            content=upload,
            user=by,
            max_bytes=DOCUMENT_MAX_BYTES,
            allowed_types=DOCUMENT_TYPES,
        )
    except DomainError as error:
        raise DomainError(error.sentence, field=field) from None


def escalation_url(escalation: Escalation) -> str:
    return reverse("escalation_detail", args=[escalation.pk])


def _tell_buyer(
    escalation: Escalation,
    *,
    key: str,
    subject: str,
    what: str,
    ask: str,
    url: str,
    attachments: tuple[StoredFile, ...] = (),
    but: User | None = None,
) -> list[str]:
    """Write to those who may decide at the buyer's, else to its contacts; returns the addresses written to."""
    market = escalation.market
    recipients = [user.email for user in deciders_of(market) if but is None or user.pk != but.pk]
    if not recipients and but is None:
        today = timezone.localdate()
        recipients = [
            contact.email
            for contact in market.buyer.contacts.exclude(email="").order_by("pk")
            if contact.ends_on is None or contact.ends_on >= today
        ]
    if not recipients:
        return []
    body = render_to_string(
        "clauses/email/escalation_waits.txt",
        {
            "escalation": escalation,
            "market": market,
            "what": formats.typeset(what),
            "ask": formats.typeset(ask),
            "url": settings.SITE_URL.rstrip("/") + url,
        },
    )
    message = write_message(
        key=f"escalation:{escalation.pk}:{key}",
        recipients=recipients,
        subject=subject,
        body=body,
        attachments=attachments,
    )
    return list(message.recipients)


def _sync_tasks(escalation: Escalation, by: User | None) -> Standing:
    """The one thing that must be done next is an open task; what was waited for before is closed."""
    standing = standing_of(escalation)
    stage = standing.stage
    wanted = f"escalation:{escalation.pk}:{stage}"
    for task in Task.objects.open().filter(key__startswith=f"escalation:{escalation.pk}:").order_by("pk"):
        is_meeting = task.kind == TaskKind.MEETING and standing.is_open
        if task.key != wanted and not is_meeting:
            finish_task(task=task, outcome=standing.label.capitalize(), by=by)
    if stage in TASKS:
        is_answer = stage == Stage.WAITING
        open_task(
            key=wanted,
            title=TASKS[stage].format(holder=formats.short(str(escalation.holder), 80)),
            market=escalation.market,
            company=escalation.holder,
            kind=TaskKind.ANSWER if standing.turn != Turn.HOUSE else TaskKind.TODO,
            turn=standing.turn,
            since=standing.since,
            due_on=standing.due_on if is_answer else None,
            url=escalation_url(escalation),
            by=by,
        )
    return standing


def open_overdue_alerts(today: dt.date) -> int:
    """Each morning: where a letter's delay has passed, the alert becomes the thing to do. Returns how many."""
    sent = Escalation.objects.open().with_last_step().filter(last_step=StepKind.LETTER_SENT)
    found = 0
    for standing in standings_of(sent.select_related("market", "holder").order_by("pk"), today):
        key = f"escalation:{standing.escalation.pk}:{Stage.TO_ALERT}"
        if standing.stage == Stage.TO_ALERT and not Task.objects.open().filter(key=key).exists():
            with transaction.atomic():
                _sync_tasks(_locked(standing.escalation), None)
            found += 1
    return found


# --- Opening, contacts, refusal, meetings, closing ------------------------------------------------------------


@transaction.atomic
def open_escalation(*, commitment: Commitment, on: dt.date, text: str, by: User | None) -> Escalation:
    """Open a difficulty with the holder of a commitment.

    Raises DomainError when one is open already, when the market is closed, for a day to come or before the last one
    was closed.
    """
    Commitment.objects.select_for_update().get(pk=commitment.pk)
    rows = Escalation.objects.filter(commitment=commitment)
    current = rows.open().first()
    if current:
        raise DomainError(
            f"Une difficulté est déjà ouverte sur cet engagement depuis le {formats.day(current.opened_on)}."
        )
    market = commitment.market
    if market.closed_on:
        raise DomainError(
            f"Ce marché est clos depuis le {formats.day(market.closed_on)} : on n’y ouvre plus de difficulté."
        )
    former = rows.order_by("-closed_on").first()
    _in_order(on, after=market.notified_on, what="la notification du marché")
    if former:
        _in_order(on, after=former.closed_on, what="la clôture de la difficulté précédente")
    escalation = Escalation(commitment=commitment, opened_on=on, opened_by=by)
    escalation._history_user = by  # type: ignore[attr-defined]
    escalation.save()
    _append(escalation, StepKind.OPENED, on=on, by=by, text=text, facts=computation_of(commitment).as_facts())
    _sync_tasks(escalation, by)
    return escalation


@transaction.atomic
def record_refusal(
    *,
    escalation: Escalation,
    on: dt.date,
    text: str,
    document: UploadedFile | None = None,
    by: User | None,
) -> EscalationStep:
    """Record that the company refuses to honour its commitment: before a letter it stands for the contacts.

    Raises DomainError once the buyer was alerted, and for a day before what comes first.
    """
    escalation = _locked(escalation)
    standing = standing_of(escalation)
    _still_open(standing)
    if standing.last(StepKind.ALERT):
        raise DomainError("Le donneur d’ordre est déjà alerté : la suite lui revient.")
    sent = standing.last(StepKind.LETTER_SENT)
    if sent:
        _in_order(on, after=sent.on, what="l’envoi du courrier")
    else:
        _in_order(on, after=escalation.market.notified_on, what="la notification du marché")
    if not text.strip():
        raise DomainError("Dites en quels termes l’entreprise refuse, et qui l’a dit.", field="text")
    step = _append(escalation, StepKind.REFUSAL, on=on, by=by, text=text, document=_store(document, by))
    _sync_tasks(escalation, by)
    return step


@transaction.atomic
def plan_meeting(*, escalation: Escalation, starts_at: dt.datetime, place: str = "", by: User | None) -> Task:
    """Ask the buyer and the company to a tripartite meeting. Raises DomainError for a moment gone by."""
    escalation = _locked(escalation)
    _still_open(standing_of(escalation))
    if starts_at <= timezone.now():
        raise DomainError(
            "Cette rencontre serait déjà passée : enregistrez plutôt son compte rendu.", field="on"
        )
    return open_task(
        key=f"escalation:{escalation.pk}:meeting",
        title=f"Rencontre tripartite avec {formats.short(str(escalation.holder), 80)}",
        market=escalation.market,
        company=escalation.holder,
        kind=TaskKind.MEETING,
        channel=Channel.TRIPARTITE,
        starts_at=starts_at,
        due_on=timezone.localdate(starts_at),
        place=place.strip(),
        with_buyer=True,
        with_company=True,
        # The one page that the three of them may open.
        url=reverse("market_detail", args=[escalation.market_id]),
        by=by,
    )


@transaction.atomic
def record_meeting(
    *,
    escalation: Escalation,
    on: dt.date,
    participants: str,
    text: str,
    document: UploadedFile | None = None,
    by: User | None,
) -> EscalationStep:
    """Record a meeting of the company, the buyer and the house; it changes nothing of what comes next.

    Its report is an interaction of the market too. Raises DomainError for a closed escalation or a day to come.
    """
    escalation = _locked(escalation)
    standing = standing_of(escalation)
    _still_open(standing)
    _in_order(on, after=escalation.market.notified_on, what="la notification du marché")
    stored = _store(document, by)
    planned = Task.objects.open().filter(key=f"escalation:{escalation.pk}:meeting").first()
    report = Interaction(
        market=escalation.market,
        company=escalation.holder,
        on=on,
        channel=Channel.TRIPARTITE,
        participants=participants.strip()[:300],
        summary=text.strip(),
        document=stored,
        meeting=planned,
        author=by,
    )
    report._history_user = by  # type: ignore[attr-defined]
    report.save()
    step = _append(
        escalation,
        StepKind.MEETING,
        on=on,
        by=by,
        text=text,
        document=stored,
        facts={"participants": participants.strip()[:300]},
    )
    finish_task(task=planned, on=on, outcome="Rencontre tenue", by=by) if planned else None
    return step


@transaction.atomic
def close_escalation(*, escalation: Escalation, on: dt.date, reason: str, by: User) -> Escalation:
    """Close a difficulty that has found its way out, the company having resumed contact.

    Once the default is notified only the buyer closes, for closing is then giving the penalty up. Raises DomainError
    once the penalty is decided, without a reason, and for a day before the last step.
    """
    escalation = _locked(escalation)
    standing = standing_of(escalation)
    _still_open(standing)
    if not reason.strip():
        raise DomainError("Dites pourquoi la difficulté prend fin.", field="reason")
    if standing.stage == Stage.TO_DECIDE or by.is_buyer:
        _buyer_decides(standing, by)
    _in_order(on, after=standing.since, what="la dernière étape,")
    _append(escalation, StepKind.CLOSED, on=on, by=by, text=reason)
    return _close(escalation, on, reason, by)


def _close(escalation: Escalation, on: dt.date, reason: str, by: User | None) -> Escalation:
    escalation.closed_on = on
    escalation.closing_reason = reason.strip()[:300]
    escalation._history_user = by  # type: ignore[attr-defined]
    escalation.save()
    _sync_tasks(escalation, by)
    return escalation


# --- The letter ---------------------------------------------------------------------------------------------


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
    escalation = _locked(escalation)
    standing = standing_of(escalation)
    _still_open(standing)
    _its_time(standing, Stage.TO_PROPOSE)
    today = timezone.localdate()
    _in_order(today, after=standing.since, what="la dernière étape,")
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
    step = _append(
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
        _tell_buyer(
            escalation,
            key=f"approve:{step.pk}",
            subject=f"Un courrier à approuver, marché {escalation.market.reference}",
            what=f"{by} vous propose d’envoyer à {escalation.holder} un courrier qui lui rappelle ses obligations.",
            ask="Le courrier ne part pas sans votre accord. Pour le lire et l’approuver, ou le renvoyer :",
            url=reverse("escalation_letter_decide", args=[escalation.pk]),
        )
    _sync_tasks(escalation, by)
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
    return _append(escalation, kind, on=today, by=by, text=text, document=stored, facts=facts)


@transaction.atomic
def approve_letter(*, escalation: Escalation, by: User) -> EscalationStep:
    """The buyer agrees to the letter, under its own account. Raises DomainError for anybody else, or out of turn."""
    escalation = _locked(escalation)
    standing = standing_of(escalation)
    _buyer_decides(standing, by)
    _its_time(standing, Stage.TO_APPROVE)
    letter = standing.letter
    assert letter is not None
    step = _approve(escalation, letter.facts["letter"], StepKind.LETTER_APPROVED, by)
    _sync_tasks(escalation, by)
    return step


@transaction.atomic
def send_back_letter(*, escalation: Escalation, reason: str, by: User) -> EscalationStep:
    """The buyer does not agree, and says why; another letter can be proposed. Raises DomainError likewise."""
    escalation = _locked(escalation)
    standing = standing_of(escalation)
    _buyer_decides(standing, by)
    _its_time(standing, Stage.TO_APPROVE)
    if not reason.strip():
        raise DomainError("Dites ce qui ne convient pas : la maison corrigera le courrier.", field="reason")
    step = _append(escalation, StepKind.LETTER_SENT_BACK, on=timezone.localdate(), by=by, text=reason)
    _sync_tasks(escalation, by)
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
    escalation = _locked(escalation)
    standing = standing_of(escalation)
    _still_open(standing)
    _its_time(standing, Stage.TO_SEND)
    approved = standing.last(StepKind.LETTER_APPROVED, StepKind.LETTER_CONSENTED)
    assert approved is not None and standing.letter is not None
    _in_order(on, after=approved.on, what="l’accord du donneur d’ordre,")
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
    document = _store(signed_copy, by, "signed_copy") or approved.document
    assert document is not None
    step = _append(
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
    _sync_tasks(escalation, by)
    return step


# --- The buyer's part ---------------------------------------------------------------------------------------


@transaction.atomic
def alert_buyer(
    *, escalation: Escalation, text: str = "", contacts: list[int] | None = None, by: User
) -> EscalationStep:
    """Alert the buyer with the file of contacts, once the delay has passed or the company has refused.

    contacts: the interactions whose summary goes with it (all of them by default). Raises DomainError before the end
    of the delay, unless the company refused.
    """
    escalation = _locked(escalation)
    standing = standing_of(escalation)
    _still_open(standing)
    _its_time(standing, Stage.TO_ALERT)
    today = timezone.localdate()
    sent = standing.last(StepKind.LETTER_SENT)
    assert sent is not None and standing.due_on is not None
    refused = any(step.kind == StepKind.REFUSAL and step.pk > sent.pk for step in standing.steps)
    if not refused and standing.last(StepKind.NO_ANSWER) is None:
        _append(
            escalation,
            StepKind.NO_ANSWER,
            on=standing.due_on + dt.timedelta(days=1),
            by=by,
            text=f"Le délai laissé par le courrier s’est achevé le {formats.day(standing.due_on)} "
            "sans que l’entreprise reprenne contact.",
        )
        standing = standing_of(escalation)
    computation = computation_of(escalation.commitment)
    shown = [row for row in standing.contacts if contacts is None or row.pk in contacts]
    facts = {**computation.as_facts(), "contacts": [documents.contact_facts(row) for row in shown]}
    stored = store_file(
        kind=documents.FILE_KIND,
        name=documents.file_name("alerte", escalation, today),
        content=documents.alert_pdf(standing, facts, text=text, by=by, dated=today),
        user=by,
        allowed_types=["pdf"],
    )
    facts["written_to"] = _tell_buyer(
        escalation,
        key="alert",
        subject=f"Alerte : engagement d’insertion non tenu, marché {escalation.market.reference}",
        what=f"{escalation.holder} "
        + (
            "refuse d’honorer son engagement"
            if refused
            else "n’a pas répondu au courrier de rappel dans le délai"
        )
        + f" : il manque {formats.hours(computation.missing)} sur {formats.hours(computation.engaged)}. "
        "Le dossier des contacts est joint.",
        ask="Il vous revient de notifier sa défaillance à l’entreprise, puis de l’enregistrer ici :",
        url=reverse("escalation_default", args=[escalation.pk]),
        attachments=(stored,),
    )
    step = _append(escalation, StepKind.ALERT, on=today, by=by, text=text, document=stored, facts=facts)
    _sync_tasks(escalation, by)
    return step


@transaction.atomic
def notify_default(
    *, escalation: Escalation, on: dt.date, document: UploadedFile | None, text: str = "", by: User
) -> EscalationStep:
    """The buyer records that it notified its default to the company, with the document.

    Raises DomainError for anybody else, before the alert, without a document, and for a day before the alert.
    """
    escalation = _locked(escalation)
    standing = standing_of(escalation)
    _buyer_decides(standing, by)
    _its_time(standing, Stage.TO_NOTIFY)
    alert = standing.last(StepKind.ALERT)
    assert alert is not None
    _in_order(on, after=alert.on, what="l’alerte")
    stored = _store(document, by)
    if stored is None:
        raise DomainError("Joignez la notification adressée à l’entreprise.", field="document")
    computation = computation_of(escalation.commitment)
    step = _append(
        escalation,
        StepKind.DEFAULT,
        on=on,
        by=by,
        text=text,
        document=stored,
        facts=computation.as_facts(),
    )
    _tell_buyer(
        escalation,
        key="decide",
        subject=f"Une pénalité à décider, marché {escalation.market.reference}",
        what=f"{by} a enregistré la défaillance notifiée à {escalation.holder}.",
        ask="La pénalité, calculée selon la formule du marché, attend votre décision :",
        url=reverse("escalation_penalty", args=[escalation.pk]),
        but=by,
    )
    _sync_tasks(escalation, by)
    return step


@transaction.atomic
def decide_penalty(
    *,
    escalation: Escalation,
    decision: str,
    amount: Decimal | None = None,
    reason: str = "",
    seen: Decimal,
    by: User,
) -> EscalationStep:
    """The buyer applies the penalty that the market's formula gives, reduces it or waives it; the escalation ends.

    seen: the amount that was on the screen (euros): a computation that changed meanwhile is shown again first.
    Raises DomainError for anybody else, before the default was notified, after another decision, for a reduction that
    is none, and without the reason of a reduction or a waiver.
    """
    escalation = _locked(escalation)
    standing = standing_of(escalation)
    _buyer_decides(standing, by)
    _its_time(standing, Stage.TO_DECIDE)
    computation = computation_of(escalation.commitment)
    computed = computation.amount
    if seen != computed:
        raise DomainError(
            f"Le calcul a changé depuis que vous avez ouvert la page : {formats.amount(computed)} "
            f"au lieu de {formats.amount(seen)}. Relisez-le avant de décider."
        )
    if decision not in PenaltyDecision.values:
        raise DomainError("Choisissez votre décision.", field="decision")
    if decision != PenaltyDecision.WAIVED and not computed:
        raise DomainError(
            computation.problem or "Aucune heure ne manque : il n’y a pas de pénalité à appliquer.",
            field="decision",
        )
    if decision == PenaltyDecision.REDUCED and (amount is None or not 0 < amount < computed):
        raise DomainError(
            f"Un montant réduit est entre 0 et {formats.amount(computed)}, sans les atteindre.",
            field="amount",
        )
    if decision != PenaltyDecision.APPLIED and not reason.strip():
        raise DomainError("Dites pourquoi vous réduisez la pénalité ou y renoncez.", field="reason")
    decided = {
        PenaltyDecision.APPLIED: computed,
        PenaltyDecision.REDUCED: amount,
        PenaltyDecision.WAIVED: Decimal("0.00"),
    }[PenaltyDecision(decision)]
    assert decided is not None
    today = timezone.localdate()
    step = _append(
        escalation,
        StepKind.DECISION,
        on=today,
        by=by,
        text=reason,
        facts={**computation.as_facts(), "decision": decision, "amount": str(decided.quantize(CENT))},
    )
    words = {
        PenaltyDecision.APPLIED: f"pénalité appliquée : {formats.amount(decided)}",
        PenaltyDecision.REDUCED: f"pénalité réduite à {formats.amount(decided)}",
        PenaltyDecision.WAIVED: "pénalité levée",
    }[PenaltyDecision(decision)]
    _close(escalation, today, formats.typeset(words), by)
    return step
