"""The award of a lot: who holds it, alone or in a group, and the commitment that the offer makes."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.urls import reverse

from clauses.enums import Channel
from clauses.models import Clause, Commitment
from clauses.services.commitments import open_commitment
from clauses.services.reserved import plan_reserved_meetings
from core import formats
from core.errors import DomainError
from markets.enums import AwardRole, MarketNature, Reservation, TaskKind, Turn
from markets.models import Award, Company, Lot, Market
from markets.services.documents import expect_documents
from markets.services.tasks import open_task

if TYPE_CHECKING:
    from accounts.models import User

# Days after the award within which one meets: the launch with the buyer, then the titulaire alone (annexe 1.A).
LAUNCH_DAYS, KICK_OFF_DAYS = 30, 45


@dataclass(frozen=True)
class Member:
    """A company of the award, its role, and the part of the amount that it does (€ excl. tax)."""

    company: Company
    role: str
    amount: Decimal | None = None


@dataclass(frozen=True)
class Promise:
    """Hours that the holder owes on a clause: the minimum, and what its offer adds, which binds."""

    clause: Clause
    minimum: Decimal | None = None
    offer: Decimal | None = None


def _check_members(lot: Lot, members: Sequence[Member]) -> Member:
    """The one who answers. Raises DomainError with what is wrong with the group."""
    if not members:
        raise DomainError("Indiquez au moins le titulaire.", field="company")
    repeated = [
        company for company, count in Counter(member.company for member in members).items() if count > 1
    ]
    if repeated:
        raise DomainError(f"« {repeated[0]} » est inscrite deux fois : gardez un seul rôle par entreprise.")
    answering = [member for member in members if member.role in (AwardRole.HOLDER, AwardRole.LEADER)]
    partners = [member for member in members if member.role == AwardRole.CO_CONTRACTOR]
    if len(answering) != 1:
        raise DomainError(
            "Un lot a un seul titulaire, ou un seul mandataire : les autres membres sont cotraitants ou sous-traitants.",
            field="company",
        )
    if answering[0].role == AwardRole.HOLDER and partners:
        raise DomainError(
            "Avec des cotraitants, l’attributaire est le mandataire du groupement.", field="company"
        )
    if answering[0].role == AwardRole.LEADER and not partners:
        raise DomainError(
            "Un mandataire a au moins un cotraitant : sinon, il est titulaire seul.", field="company"
        )
    if Award.objects.filter(lot=lot).exists():
        raise DomainError(f"{lot} est déjà attribué : modifiez l’attribution qui existe.")
    for member in members:
        if member.amount is not None and member.amount < 0:
            raise DomainError(f"Le montant de « {member.company} » est négatif.", field="amount")
    return answering[0]


@transaction.atomic
def award_lot(
    *,
    lot: Lot,
    members: Sequence[Member],
    joint_and_several: bool = False,
    awarded_on: dt.date,
    promises: Sequence[Promise] = (),
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
    by: User | None,
) -> list[Commitment]:
    """Record the award of a lot, and open the commitment of its holder on each clause.

    The holder, or the leader of a group, bears the hours; the others begin with none, and hours can be moved to them.
    Opens what comes next: the documents that the buyer owes, the launch meeting, then the kick-off with the titulaire
    alone. Raises DomainError for a group without one leader, for a lot already awarded, for dates out of order.
    """
    market = Market.objects.select_for_update().get(pk=lot.market_id)
    answering = _check_members(lot, members)
    if market.notified_on and awarded_on > market.notified_on:
        raise DomainError(
            "L’attribution suit la notification du marché : corrigez l’une des deux dates.",
            field="awarded_on",
        )
    held: Award | None = None
    for member in members:
        award = Award(
            lot=lot,
            company=member.company,
            role=member.role,
            amount=member.amount,
            joint_and_several=joint_and_several and member.role != AwardRole.SUBCONTRACTOR,
            awarded_on=awarded_on,
        )
        award._history_user = by  # type: ignore[attr-defined]
        award.save()
        if member is answering:
            held = award
    assert held is not None
    effective_on = market.notified_on or awarded_on
    commitments = [
        open_commitment(
            clause=promise.clause,
            award=held,
            starts_on=starts_on or market.begins_on,
            ends_on=ends_on or market.planned_end,
            minimum=promise.minimum or None,
            offer=promise.offer or None,
            effective_on=effective_on,
            user=by,
        )
        for promise in promises
    ]
    if commitments:
        _open_what_follows(market, lot, answering.company, effective_on, by)
    is_reserved = lot.reservation != Reservation.NONE or market.nature == MarketNature.INSERTION
    if is_reserved and market.begins_on and not market.closed_on:
        plan_reserved_meetings(market=market, by=by)
    return commitments


def _open_what_follows(market: Market, lot: Lot, company: Company, day: dt.date, by: User | None) -> None:
    expect_documents(market=market, lot=lot, by=by)
    common: dict[str, Any] = {"market": market, "kind": TaskKind.MEETING, "since": day, "by": by}
    open_task(
        key=f"market:{market.pk}:launch",
        title="Réunion de lancement avec le donneur d’ordre et le titulaire",
        channel=Channel.LAUNCH,
        due_on=day + dt.timedelta(days=LAUNCH_DAYS),
        with_buyer=True,
        with_company=True,
        company=company,
        turn=Turn.HOUSE,
        url=reverse("market_journal", args=[market.pk]),
        **common,
    )
    open_task(
        key=f"lot:{lot.pk}:kick_off",
        title=f"Mise au point de l’engagement avec {formats.short(str(company), 80)}",
        channel=Channel.KICK_OFF,
        due_on=day + dt.timedelta(days=KICK_OFF_DAYS),
        with_company=True,
        company=company,
        turn=Turn.HOUSE,
        url=reverse("market_journal", args=[market.pk]),
        **common,
    )
