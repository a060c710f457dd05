"""Three difficulties on commitments that are behind: a letter to approve, one that runs, a penalty decided."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from accounts.models import User
from clauses.enums import Channel, LetterWay, PenaltyDecision, PenaltyKind
from clauses.models import Commitment, Escalation
from clauses.services.escalation import (
    alert_buyer,
    decide_penalty,
    notify_default,
    open_escalation,
    record_meeting,
)
from clauses.services.escalation_letters import approve_letter, propose_letter, send_letter
from clauses.services.interactions import record_interaction
from clauses.standings import computation_of
from reporting.demo.cast import Cast
from reporting.demo.clock import on_day
from reporting.demo.papers import paper
from reporting.demo.rows import save_row

if TYPE_CHECKING:
    from reporting.demo.story_markets import Files

# A few hours missing are no difficulty.
SERIOUS = Decimal(20)
LOOKED_AT = 40


def tell_difficulties(cast: Cast, files: Files) -> None:
    """Without documents, the three stay where the letter would be proposed."""
    for commitment, tell in zip(_behind(cast), (_decided, _to_approve), strict=False):
        with on_day(cast.day(-120)):
            clause = commitment.clause
            clause.penalty_text = "35 € par heure d’insertion non réalisée"
            clause.penalty_kind, clause.penalty_rate = PenaltyKind.RATE, Decimal(35)
            save_row(clause, cast.nadia)
        tell(cast, commitment)
    running = Commitment.objects.select_related("market__buyer", "clause", "holder__commune").get(
        market=files.site
    )
    with on_day(cast.day(-45)):
        clause = running.clause
        clause.penalty_kind, clause.penalty_coefficient = PenaltyKind.COEFFICIENT, Decimal(2)
        clause.penalty_reference, clause.penalty_reference_label = Decimal("11.88"), "SMIC horaire brut"
        clause.penalty_reference_on = dt.date(2024, 11, 1)
        save_row(clause, cast.thomas)
    _running(cast, running)


def _behind(cast: Cast) -> list[Commitment]:
    """Commitments of open markets with the fewest hours missing, one a holder, that the buyer's account may decide."""
    rows = (
        Commitment.objects.filter(
            market__buyer=cast.oullins,
            market__closed_on__isnull=True,
            market__notified_on__lte=cast.day(-160),
            clause__penalty_kind="",
        )
        .select_related("market__buyer", "clause__lot", "award", "holder")
        .order_by("pk")
    )
    found = []
    for row in rows[:LOOKED_AT]:
        now, before = computation_of(row, cast.as_of), computation_of(row, cast.day(-115))
        # It was behind already when the first call was made, on the same figure.
        if now.missing >= SERIOUS and before.engaged == now.engaged:
            found.append((now.missing, row.pk, row))
    kept: dict[int, Commitment] = {}
    for _, _, row in sorted(found, key=lambda one: one[:2]):
        if row.market_id not in {one.market_id for one in kept.values()}:
            kept.setdefault(row.holder_id, row)
    return list(kept.values())


def _opened(cast: Cast, commitment: Commitment, *, first: int, by: User) -> Escalation:
    """Two contacts without answer, one of them written, then the difficulty."""
    holder = commitment.holder
    for shift, channel, words in (
        (first, Channel.CALL, "Message laissé sur le répondeur du conducteur de travaux."),
        (first + 6, Channel.MAIL, "Courriel de rappel : heures attendues, proposition de deux candidatures."),
    ):
        with on_day(cast.day(shift)):
            record_interaction(
                market=commitment.market,
                company=holder,
                on=cast.day(shift),
                channel=channel,
                reached=False,
                participants=str(holder)[:300],
                summary=words,
                by=by,
            )
    with on_day(cast.day(first + 9)):
        return open_escalation(
            commitment=commitment,
            on=cast.day(first + 9),
            text="Pas d’embauche depuis des semaines, et pas de réponse aux relances.",
            by=by,
        )


def _proposed(cast: Cast, escalation: Escalation, *, on: int, by: User) -> None:
    holder = escalation.holder
    with on_day(cast.day(on)):
        propose_letter(
            escalation=escalation,
            recipient="Direction",
            address=holder.address or (holder.commune.label if holder.commune else str(holder)),
            text="Deux candidatures vous ont été proposées ; elles restent disponibles.",
            by=by,
        )


def _decided(cast: Cast, commitment: Commitment) -> None:
    escalation = _opened(cast, commitment, first=-110, by=cast.nadia)
    if not cast.has_pdf:
        return
    _proposed(cast, escalation, on=-96, by=cast.nadia)
    with on_day(cast.day(-93)):
        approve_letter(escalation=escalation, by=cast.claude)
    with on_day(cast.day(-91)):
        send_letter(
            escalation=escalation,
            on=cast.day(-91),
            way=LetterWay.REGISTERED,
            tracking="2C 123 456 7890 1",
            by=cast.nadia,
        )
    with on_day(cast.day(-72)):
        alert_buyer(escalation=escalation, text="Aucune reprise de contact dans le délai.", by=cast.nadia)
    with on_day(cast.day(-65)):
        record_meeting(
            escalation=escalation,
            on=cast.day(-65),
            participants="Ville, entreprise, maison",
            text="L’entreprise reconnaît le retard et ne propose pas de calendrier.",
            by=cast.nadia,
        )
    with on_day(cast.day(-58)):
        notify_default(
            escalation=escalation,
            on=cast.day(-58),
            document=paper("notification-defaillance", "Notification de défaillance", str(commitment.market)),
            text="Notifiée par recommandé.",
            by=cast.claude,
        )
    with on_day(cast.day(-44)):
        decide_penalty(
            escalation=escalation,
            decision=PenaltyDecision.APPLIED,
            seen=computation_of(commitment).amount,
            by=cast.claude,
        )


def _to_approve(cast: Cast, commitment: Commitment) -> None:
    escalation = _opened(cast, commitment, first=-27, by=cast.nadia)
    if cast.has_pdf:
        _proposed(cast, escalation, on=-6, by=cast.nadia)


def _running(cast: Cast, commitment: Commitment) -> None:
    """The agreement consented beforehand; the letter left, its delay runs, and the company reads it."""
    escalation = _opened(cast, commitment, first=-34, by=cast.thomas)
    if not cast.has_pdf:
        return
    _proposed(cast, escalation, on=-10, by=cast.thomas)
    with on_day(cast.day(-8)):
        send_letter(
            escalation=escalation,
            on=cast.day(-8),
            way=LetterWay.REGISTERED,
            tracking="2C 123 456 7891 8",
            by=cast.thomas,
        )
