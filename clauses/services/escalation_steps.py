"""How a step of an escalation is written: under its lock, in order, with its document, its tasks and who is told."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from clauses import escalation_documents as documents
from clauses.ladder import Stage
from clauses.models import Escalation, EscalationStep
from clauses.standings import (
    Standing,
    deciders_of,
    standing_of,
)
from core import formats
from core.errors import DomainError
from core.outbox import write_message
from core.uploads import keep_upload
from markets.enums import TaskKind, Turn
from markets.models import Task
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from accounts.models import User
    from core.models import StoredFile

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


def locked(escalation: Escalation) -> Escalation:
    """The escalation, held until the transaction ends: two gestures at once follow each other."""
    Escalation.objects.select_for_update().get(pk=escalation.pk)
    return Escalation.objects.select_related(
        "market__buyer",
        "market__department",
        "holder__commune",
        "commitment__clause__lot",
        "commitment__award",
    ).get(pk=escalation.pk)


def append_step(
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


def check_stage(standing: Standing, wanted: Stage) -> None:
    sentence = standing.refusal(wanted)
    if sentence:
        raise DomainError(sentence)


def check_open(standing: Standing) -> None:
    if not standing.is_open:
        raise DomainError(
            f"Cette difficulté est close depuis le {formats.day(standing.escalation.closed_on)} : "
            "ouvrez-en une autre s’il le faut."
        )


def check_day(on: dt.date, *, after: dt.date | None, what: str, field: str = "on") -> None:
    """Refuse a day to come, and one before what comes first."""
    if on > timezone.localdate():
        raise DomainError("Cette date est à venir : une étape s’enregistre une fois faite.", field=field)
    if after and on < after:
        raise DomainError(
            f"Cette date précède {what} du {formats.day(after)} : les étapes se suivent.", field=field
        )


def check_buyer(standing: Standing, by: User) -> None:
    """Only an account of the buyer, for the whole or for the market's department, approves and decides."""
    if not by.is_buyer or by.pk not in {user.pk for user in deciders_of(standing.escalation.market)}:
        raise DomainError(
            "Seul le donneur d’ordre en décide, sous son propre compte : rien n’a été enregistré."
        )


def store_document(
    upload: UploadedFile | None, by: User | None, field: str = "document"
) -> StoredFile | None:
    return keep_upload(kind=documents.FILE_KIND, upload=upload, user=by, field=field) if upload else None


def escalation_url(escalation: Escalation) -> str:
    return reverse("escalation_detail", args=[escalation.pk])


def tell_buyer(
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


def sync_tasks(escalation: Escalation, by: User | None) -> Standing:
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


def end_escalation(escalation: Escalation, on: dt.date, reason: str, by: User | None) -> Escalation:
    escalation.closed_on = on
    escalation.closing_reason = reason.strip()[:300]
    escalation._history_user = by  # type: ignore[attr-defined]
    escalation.save()
    sync_tasks(escalation, by)
    return escalation
