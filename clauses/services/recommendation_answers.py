"""A recommendation once it leaves: sent, answered by the buyer, replaced by a version, taken up in the market."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from clauses.models import (
    Clause,
    ClauseText,
    Recommendation,
    Scenario,
    ScenarioLot,
)
from clauses.services.recommendations import (
    LOT_FIELDS,
    State,
    advised_lots,
    kinds_of,
    locked,
    locked_draft,
    save_row,
    versions_of,
    what_is_missing,
    write_texts,
)
from core import formats
from core.errors import DomainError
from core.outbox import write_message
from markets.enums import TaskKind, Turn
from markets.models import Lot, Market, PlannedPurchase
from markets.services.planning import record_request
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from accounts.models import User

# Days that the buyer is given to answer, unless the sender says otherwise.
ANSWER_DAYS = 15


def answer_key(recommendation: Recommendation) -> str:
    """The key of the task that waits for the buyer's answer."""
    return f"recommendation:{recommendation.pk}:answer"


def take_up_key(recommendation: Recommendation) -> str:
    """The key of the task that waits for the accepted scenario to be written in the market."""
    return f"recommendation:{recommendation.pk}:take_up"


def rework_key(recommendation: Recommendation) -> str:
    """The key of the task that waits for the house's next version."""
    return f"recommendation:{recommendation.pk}:rework"


@transaction.atomic
def send_recommendation(
    *,
    recommendation: Recommendation,
    recipients: Sequence[str],
    subject: str,
    body: str,
    due_on: dt.date | None = None,
    by: User,
) -> Recommendation:
    """Freeze a draft, make its PDF and DOCX, write the e-mail, and wait for the buyer's answer.

    The saisine of the purchase is answered by it. Raises DomainError for an estimation that is not complete, for
    nobody to write to, and where documents cannot be made; then nothing is sent.
    """
    from clauses.recommendation_documents import make_documents

    row = locked_draft(recommendation)
    today = timezone.localdate()
    missing = what_is_missing(row)
    if missing:
        raise DomainError(missing)
    due_on = due_on or today + dt.timedelta(days=ANSWER_DAYS)
    if due_on < today:
        raise DomainError("La réponse est attendue avant aujourd’hui : corrigez la date.", field="due_on")
    write_texts(recommendation=row, by=by)
    row.state, row.sent_on, row.sent_by = State.SENT, today, by
    row.recipients = sorted({address.strip().lower() for address in recipients if address.strip()})
    row.pdf, row.docx = make_documents(recommendation=row, user=by)
    _freeze(row, by)
    save_row(row, by)
    url = reverse("recommendation_detail", args=[row.pk])
    write_message(
        key=f"recommendation:{row.pk}:sent",
        recipients=row.recipients,
        subject=subject,
        body=f"{body.rstrip()}\n\n{settings.SITE_URL.rstrip('/')}{url}\n",
        attachments=[row.pdf, row.docx],
    )
    _close_former(row, by)
    open_task(
        key=answer_key(row),
        title=f"Répondre à la préconisation « {formats.short(row.title, 120)} »",
        **_task_file(row),
        kind=TaskKind.ANSWER,
        turn=Turn.BUYER,
        url=url,
        since=today,
        due_on=due_on,
        by=by,
    )
    if row.purchase:
        _answer_request(row.purchase, today, by)
    return row


def _freeze(row: Recommendation, by: User) -> None:
    """What hangs on a sent recommendation refuses any change from here on (a trigger)."""
    scenarios = list(row.scenarios.order_by("pk"))
    lots = list(ScenarioLot.objects.filter(scenario__recommendation=row).order_by("pk"))
    used = kinds_of(advised_lots(row))
    for text in row.texts.order_by("pk"):
        if text.kind in used:
            text.is_frozen = True
            save_row(text, by)
        else:
            # Of a kind that the advised scenario no longer asks for.
            text.delete()
    parts: list[Scenario | ScenarioLot] = [*scenarios, *lots]
    for part in parts:
        part.is_frozen = True
        save_row(part, by)


def _task_file(row: Recommendation) -> dict[str, Any]:
    return {"market": row.market} if row.market else {"buyer": row.target.buyer}


def _close_former(row: Recommendation, by: User) -> None:
    """A version that waited for an answer no longer does: this one replaces it."""
    for former in versions_of(row.target).filter(number__lt=row.number).order_by("pk"):
        outcome = f"Remplacée par la version {row.number}."
        finish_task(key=answer_key(former), outcome=outcome, by=by)
        finish_task(key=rework_key(former), outcome=outcome, by=by)


def _answer_request(purchase: PlannedPurchase, on: dt.date, by: User) -> None:
    """The buyer's saisine is answered by the recommendation."""
    if purchase.asked_on and purchase.answered_on is None and on >= purchase.asked_on:
        record_request(purchase=purchase, asked_on=purchase.asked_on, answered_on=on, by=by)


@transaction.atomic
def record_answer(
    *,
    recommendation: Recommendation,
    answer: str,
    on: dt.date,
    text: str = "",
    chosen: Scenario | None = None,
    by: User,
) -> Recommendation:
    """Keep the buyer's answer, given by the buyer or recorded by the house, and close what waited for it.

    answer: accepted (with the scenario chosen), amended or refused (with a reason). Raises DomainError when it was
    not sent, was answered or replaced, for a date before the sending or to come, and for a missing reason.
    """
    row = locked(recommendation)
    today = timezone.localdate()
    if row.is_draft:
        raise DomainError("Cette préconisation n’est pas envoyée : elle n’attend pas de réponse.")
    if not row.waits_for_answer:
        raise DomainError(
            f"Une réponse est déjà enregistrée : {row.get_state_display()} le {formats.day(row.answered_on)}."
        )
    if is_replaced(row):
        raise DomainError("Une version plus récente a été envoyée : c’est à elle qu’il faut répondre.")
    assert row.sent_on is not None  # by the constraint
    if not row.sent_on <= on <= today:
        raise DomainError(
            f"La réponse se place entre l’envoi ({formats.day(row.sent_on)}) et aujourd’hui.", field="on"
        )
    if answer == State.ACCEPTED:
        if chosen is None or chosen.recommendation_id != row.pk:
            raise DomainError("Indiquez le scénario retenu.", field="chosen")
    elif answer in (State.AMENDED, State.REFUSED):
        chosen = None
        if not text.strip():
            raise DomainError(
                "Dites ce qui doit changer, ou pourquoi la préconisation est refusée.", field="text"
            )
    else:
        raise DomainError("Choisissez une réponse.", field="answer")
    row.state, row.answered_on, row.answered_by = answer, on, by
    row.answer_text, row.chosen = text.strip(), chosen
    save_row(row, by)
    finish_task(key=answer_key(row), on=today, outcome=row.get_state_display(), by=by)
    if answer == State.ACCEPTED and (market := market_of(row)):
        _wait_for_take_up(row, market, by)
    if by.is_buyer and row.sent_by:
        _tell_the_house(row)
    if answer == State.AMENDED:
        open_task(
            key=rework_key(row),
            title=f"Reprendre la préconisation « {formats.short(row.title, 120)} »",
            **_task_file(row),
            kind=TaskKind.TODO,
            turn=Turn.HOUSE,
            url=reverse("recommendation_detail", args=[row.pk]),
            details=row.answer_text,
            since=today,
            due_on=today + dt.timedelta(days=ANSWER_DAYS),
            by=by,
        )
    return row


def _wait_for_take_up(row: Recommendation, market: Market, by: User) -> None:
    open_task(
        key=take_up_key(row),
        title=f"Reprendre dans le marché : « {formats.short(row.title, 120)} »",
        market=market,
        kind=TaskKind.TODO,
        turn=Turn.HOUSE,
        url=reverse("recommendation_take_up", args=[row.pk]),
        since=timezone.localdate(),
        by=by,
    )


def market_started(*, purchase: PlannedPurchase, market: Market, by: User) -> None:
    """What was accepted while the purchase had no market waits, from now on, to be written in it."""
    accepted = Recommendation.objects.filter(purchase=purchase, state=State.ACCEPTED, taken_up_on=None)
    row = accepted.order_by("-number").first()
    if row:
        _wait_for_take_up(row, market, by)


def _tell_the_house(row: Recommendation) -> None:
    """Who sent it learns what the buyer answered under its own account."""
    assert row.sent_by is not None
    words = row.get_state_display()
    url = f"{settings.SITE_URL.rstrip('/')}{reverse('recommendation_detail', args=[row.pk])}"
    chosen = f"Scénario retenu : {row.chosen}.\n\n" if row.chosen else ""
    text = f"{row.answer_text}\n\n" if row.answer_text else ""
    write_message(
        key=f"recommendation:{row.pk}:answered",
        recipients=[row.sent_by.email],
        subject=formats.typeset(f"Préconisation {words} : {formats.short(row.title, 150)}"),
        body=formats.typeset(f"{row.target.buyer} a répondu à « {row} » : {words}.\n\n{chosen}{text}")
        + f"{url}\n",
    )


def is_replaced(recommendation: Recommendation) -> bool:
    """Whether a later version was sent."""
    return (
        versions_of(recommendation.target)
        .filter(number__gt=recommendation.number)
        .exclude(state=State.DRAFT)
        .exists()
    )


@transaction.atomic
def start_new_version(*, recommendation: Recommendation, by: User | None) -> Recommendation:
    """Copy a sent recommendation into a draft, version n+1. Raises DomainError when a draft is open already."""
    target: Any = recommendation.target
    type(target)._default_manager.select_for_update().get(pk=target.pk)
    siblings = versions_of(target)
    if siblings.filter(state=State.DRAFT).exists():
        raise DomainError("Un brouillon de préconisation est déjà ouvert : reprenez-le.")
    last = siblings.order_by("-number").first()
    copy = Recommendation(
        purchase=recommendation.purchase,
        market=recommendation.market,
        number=last.number + 1,
        title=recommendation.title,
        context=recommendation.context,
        hours_per_person=recommendation.hours_per_person,
        penalty_text=recommendation.penalty_text,
        created_by=by,
    )
    save_row(copy, by)
    for scenario in recommendation.scenarios.order_by("position", "pk"):
        twin = Scenario(
            recommendation=copy,
            position=scenario.position,
            name=scenario.name,
            note=scenario.note,
            is_advised=scenario.is_advised,
        )
        save_row(twin, by)
        for lot in scenario.lots.order_by("position", "pk"):
            save_row(ScenarioLot(scenario=twin, **{name: getattr(lot, name) for name in LOT_FIELDS}), by)
    for text in recommendation.texts.order_by("pk"):
        save_row(ClauseText(recommendation=copy, kind=text.kind, body=text.body, made=text.made), by)
    write_texts(recommendation=copy, by=by)
    return copy


def market_of(recommendation: Recommendation) -> Market | None:
    """The market that it is about: its own, or the one that came of the purchase."""
    if recommendation.market:
        return recommendation.market
    return recommendation.purchase.market if recommendation.purchase else None


def why_not_taken_up(recommendation: Recommendation) -> str:
    """Why the chosen scenario cannot become the market's clauses, in one sentence; empty when it can."""
    if recommendation.taken_up_on:
        return f"Le scénario retenu est repris dans le marché depuis le {formats.day(recommendation.taken_up_on)}."
    if recommendation.state != State.ACCEPTED or recommendation.chosen is None:
        return "Seul un scénario accepté par le donneur d’ordre se reprend dans le marché."
    if market_of(recommendation) is None:
        return "L’achat prévu n’a pas encore donné de marché : rattachez-le d’abord."
    return ""


@transaction.atomic
def take_up(
    *, recommendation: Recommendation, lots: Sequence[tuple[ScenarioLot, Lot]], by: User
) -> list[Clause]:
    """Write the chosen scenario's clauses on the market's lots, once.

    lots: each lot of the scenario with the lot of the market that bears its clause. Raises DomainError when it was
    taken up, is not accepted, when a lot has a clause of that kind already, or when nothing is left to write.
    """
    row = locked(recommendation)
    refusal = why_not_taken_up(row)
    if refusal:
        raise DomainError(refusal)
    market = market_of(row)
    assert market is not None
    assert row.chosen is not None
    made = []
    for part, lot in lots:
        if part.scenario_id != row.chosen_id or lot.market_id != market.pk:
            raise DomainError("Ce lot n’est pas du scénario retenu, ou pas de ce marché.")
        if part.hours <= 0:
            continue
        if Clause.objects.filter(lot=lot, kind=part.kind).exists():
            raise DomainError(
                f"Le lot {lot.number} a déjà une clause « {part.get_kind_display()} » : modifiez-la plutôt, "
                "ou laissez ce lot de côté."
            )
        clause = Clause(
            lot=lot,
            kind=part.kind,
            minimum_hours=part.hours,
            effort_rate=part.rate,
            penalty_text=row.penalty_text,
            notes=f"Repris de la préconisation « {row} » du {formats.day(row.sent_on)}.",
        )
        save_row(clause, by)
        made.append(clause)
    if not made:
        raise DomainError("Aucun lot n’est à clauser : choisissez au moins un lot du marché.")
    row.taken_up_on = timezone.localdate()
    save_row(row, by)
    finish_task(key=take_up_key(row), outcome="Clauses écrites sur les lots.", by=by)
    return made
