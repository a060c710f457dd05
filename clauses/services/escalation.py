"""The convention's ladder, step by step: each has its predecessor, its author, its day, and makes somebody act."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from clauses import escalation_documents as documents
from clauses.enums import Channel, PenaltyDecision, StepKind
from clauses.ladder import Stage
from clauses.models import Commitment, Escalation, EscalationStep, Interaction
from clauses.penalties import CENT
from clauses.services.escalation_steps import (
    append_step,
    check_buyer,
    check_day,
    check_open,
    check_stage,
    end_escalation,
    locked,
    store_document,
    sync_tasks,
    tell_buyer,
)
from clauses.standings import (
    computation_of,
    standing_of,
    standings_of,
)
from core import formats
from core.errors import DomainError
from core.files import store_file
from markets.enums import TaskKind
from markets.models import Task
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from accounts.models import User


def open_overdue_alerts(today: dt.date) -> int:
    """Each morning: where a letter's delay has passed, the alert becomes the thing to do. Returns how many."""
    sent = Escalation.objects.open().with_last_step().filter(last_step=StepKind.LETTER_SENT)
    found = 0
    for standing in standings_of(sent.select_related("market", "holder").order_by("pk"), today):
        key = f"escalation:{standing.escalation.pk}:{Stage.TO_ALERT}"
        if standing.stage == Stage.TO_ALERT and not Task.objects.open().filter(key=key).exists():
            with transaction.atomic():
                sync_tasks(locked(standing.escalation), None)
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
    check_day(on, after=market.notified_on, what="la notification du marché")
    if former:
        check_day(on, after=former.closed_on, what="la clôture de la difficulté précédente")
    escalation = Escalation(commitment=commitment, opened_on=on, opened_by=by)
    escalation._history_user = by  # type: ignore[attr-defined]
    escalation.save()
    append_step(
        escalation, StepKind.OPENED, on=on, by=by, text=text, facts=computation_of(commitment).as_facts()
    )
    sync_tasks(escalation, by)
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
    escalation = locked(escalation)
    standing = standing_of(escalation)
    check_open(standing)
    if standing.last(StepKind.ALERT):
        raise DomainError("Le donneur d’ordre est déjà alerté : la suite lui revient.")
    sent = standing.last(StepKind.LETTER_SENT)
    if sent:
        check_day(on, after=sent.on, what="l’envoi du courrier")
    else:
        check_day(on, after=escalation.market.notified_on, what="la notification du marché")
    if not text.strip():
        raise DomainError("Dites en quels termes l’entreprise refuse, et qui l’a dit.", field="text")
    step = append_step(
        escalation, StepKind.REFUSAL, on=on, by=by, text=text, document=store_document(document, by)
    )
    sync_tasks(escalation, by)
    return step


@transaction.atomic
def plan_meeting(*, escalation: Escalation, starts_at: dt.datetime, place: str = "", by: User | None) -> Task:
    """Ask the buyer and the company to a tripartite meeting. Raises DomainError for a moment gone by."""
    escalation = locked(escalation)
    check_open(standing_of(escalation))
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
    escalation = locked(escalation)
    standing = standing_of(escalation)
    check_open(standing)
    check_day(on, after=escalation.market.notified_on, what="la notification du marché")
    stored = store_document(document, by)
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
    step = append_step(
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
    escalation = locked(escalation)
    standing = standing_of(escalation)
    check_open(standing)
    if not reason.strip():
        raise DomainError("Dites pourquoi la difficulté prend fin.", field="reason")
    if standing.stage == Stage.TO_DECIDE or by.is_buyer:
        check_buyer(standing, by)
    check_day(on, after=standing.since, what="la dernière étape,")
    append_step(escalation, StepKind.CLOSED, on=on, by=by, text=reason)
    return end_escalation(escalation, on, reason, by)


# --- The letter ---------------------------------------------------------------------------------------------


# --- The buyer's part ---------------------------------------------------------------------------------------


@transaction.atomic
def alert_buyer(
    *, escalation: Escalation, text: str = "", contacts: list[int] | None = None, by: User
) -> EscalationStep:
    """Alert the buyer with the file of contacts, once the delay has passed or the company has refused.

    contacts: the interactions whose summary goes with it (all of them by default). Raises DomainError before the end
    of the delay, unless the company refused.
    """
    escalation = locked(escalation)
    standing = standing_of(escalation)
    check_open(standing)
    check_stage(standing, Stage.TO_ALERT)
    today = timezone.localdate()
    sent = standing.last(StepKind.LETTER_SENT)
    assert sent is not None and standing.due_on is not None
    refused = any(step.kind == StepKind.REFUSAL and step.pk > sent.pk for step in standing.steps)
    if not refused and standing.last(StepKind.NO_ANSWER) is None:
        append_step(
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
    facts["written_to"] = tell_buyer(
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
    step = append_step(escalation, StepKind.ALERT, on=today, by=by, text=text, document=stored, facts=facts)
    sync_tasks(escalation, by)
    return step


@transaction.atomic
def notify_default(
    *, escalation: Escalation, on: dt.date, document: UploadedFile | None, text: str = "", by: User
) -> EscalationStep:
    """The buyer records that it notified its default to the company, with the document.

    Raises DomainError for anybody else, before the alert, without a document, and for a day before the alert.
    """
    escalation = locked(escalation)
    standing = standing_of(escalation)
    check_buyer(standing, by)
    check_stage(standing, Stage.TO_NOTIFY)
    alert = standing.last(StepKind.ALERT)
    assert alert is not None
    check_day(on, after=alert.on, what="l’alerte")
    stored = store_document(document, by)
    if stored is None:
        raise DomainError("Joignez la notification adressée à l’entreprise.", field="document")
    computation = computation_of(escalation.commitment)
    step = append_step(
        escalation,
        StepKind.DEFAULT,
        on=on,
        by=by,
        text=text,
        document=stored,
        facts=computation.as_facts(),
    )
    tell_buyer(
        escalation,
        key="decide",
        subject=f"Une pénalité à décider, marché {escalation.market.reference}",
        what=f"{by} a enregistré la défaillance notifiée à {escalation.holder}.",
        ask="La pénalité, calculée selon la formule du marché, attend votre décision :",
        url=reverse("escalation_penalty", args=[escalation.pk]),
        but=by,
    )
    sync_tasks(escalation, by)
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
    escalation = locked(escalation)
    standing = standing_of(escalation)
    check_buyer(standing, by)
    check_stage(standing, Stage.TO_DECIDE)
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
    step = append_step(
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
    end_escalation(escalation, today, formats.typeset(words), by)
    return step
