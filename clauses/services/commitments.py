"""What changes a promise: a commitment is opened, its figure evolves, hours move inside a group."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction

from clauses.enums import ChangeReason
from clauses.models import Clause, Commitment, CommitmentChange
from core import formats
from core.errors import DomainError
from markets.enums import AwardRole
from markets.models import Award

if TYPE_CHECKING:
    from accounts.models import User

ANSWERING_ROLES = (AwardRole.HOLDER, AwardRole.LEADER)


def _lock(*commitments: Commitment) -> None:
    """Hold the rows of these commitments, always in the same order, until the transaction ends."""
    pks = sorted(commitment.pk for commitment in commitments)
    list(Commitment.objects.select_for_update().filter(pk__in=pks).order_by("pk"))


def _refuse_below_zero(commitment: Commitment, delta: Decimal, effective_on: dt.date) -> None:
    """The figure may never be negative, on any day, whatever the order in which changes were recorded."""
    recorded = CommitmentChange.objects.filter(commitment=commitment).order_by("pk")
    steps = [*recorded.values_list("effective_on", "delta"), (effective_on, delta)]
    by_day: dict[dt.date, Decimal] = {}
    for day, step in steps:
        by_day[day] = by_day.get(day, Decimal(0)) + step
    total = Decimal(0)
    for day in sorted(by_day):
        total += by_day[day]
        if total < 0:
            before = total - (delta if day >= effective_on else 0)
            raise DomainError(
                f"L’engagement tomberait à {formats.hours(total)} au {formats.day(day)} : "
                f"il vaut {formats.hours(before)} ce jour-là, on ne peut pas en retirer davantage.",
                field="delta",
            )


@transaction.atomic
def record_change(
    *,
    commitment: Commitment,
    delta: Decimal,
    effective_on: dt.date,
    reason: str,
    note: str = "",
    user: User | None,
) -> CommitmentChange:
    """Add one step to a commitment's figure (hours, negative for a discharge). Nothing recorded ever changes.

    Raises DomainError for a step of zero, for a total below zero on any day, and for a move inside a group,
    which `move_hours` writes on both sides.
    """
    if reason == ChangeReason.MOVE:
        raise DomainError(
            "Une répartition dans le groupement s’écrit des deux côtés à la fois : "
            "utilisez « Répartir dans le groupement ».",
            field="reason",
        )
    return _append(commitment, delta, effective_on, reason, note, user)


def _append(
    commitment: Commitment, delta: Decimal, effective_on: dt.date, reason: str, note: str, user: User | None
) -> CommitmentChange:
    if delta == 0:
        raise DomainError(
            "Une évolution de zéro heure n’en est pas une : indiquez un nombre d’heures.", field="delta"
        )
    _lock(commitment)
    _refuse_below_zero(commitment, delta, effective_on)
    return CommitmentChange.objects.create(
        commitment=commitment,
        delta=delta,
        effective_on=effective_on,
        reason=reason,
        note=note.strip(),
        recorded_by=user,
    )


@transaction.atomic
def move_hours(
    *,
    source: Commitment,
    target: Commitment,
    hours: Decimal,
    effective_on: dt.date,
    note: str = "",
    user: User | None,
) -> tuple[CommitmentChange, CommitmentChange]:
    """Move hours between two holders of the same clause: the total stays equal.

    Raises DomainError for another clause, for nothing to move, and for more hours than the source holds.
    """
    if source.pk == target.pk or source.clause_id != target.clause_id:
        raise DomainError(
            "Les heures se répartissent entre deux attributaires de la même clause.", field="target"
        )
    if hours <= 0:
        raise DomainError("Indiquez combien d’heures passent de l’un à l’autre.", field="hours")
    _lock(source, target)
    taken = _append(source, -hours, effective_on, ChangeReason.MOVE, note, user)
    given = _append(target, hours, effective_on, ChangeReason.MOVE, note, user)
    return taken, given


@transaction.atomic
def open_commitment(
    *,
    clause: Clause,
    award: Award,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
    notes: str = "",
    minimum: Decimal | None = None,
    offer: Decimal | None = None,
    effective_on: dt.date,
    user: User | None,
) -> Commitment:
    """Open a company's commitment on a clause, with the minimum and the offer above it as first steps (hours).

    offer: hours promised above the minimum, which bind. Cotraitants and sous-traitants begin at zero: hours can be
    moved to them. Raises DomainError when the award is of another lot, or holds a commitment on this clause already.
    """
    if award.lot_id != clause.lot_id:
        raise DomainError("Cette attribution n’est pas celle du lot de la clause.", field="award")
    if Commitment.objects.filter(clause=clause, award=award).exists():
        raise DomainError("Cette attribution porte déjà un engagement sur cette clause.", field="award")
    if (minimum or offer) and award.role not in ANSWERING_ROLES:
        raise DomainError(
            "Un cotraitant ou un sous-traitant ne s’engage pas lui-même : c’est le titulaire ou le mandataire qui "
            "répond. Ouvrez l’engagement sans heures, puis répartissez celles du titulaire.",
            field="minimum" if minimum else "offer",
        )
    commitment = Commitment(clause=clause, award=award, starts_on=starts_on, ends_on=ends_on, notes=notes)
    commitment._history_user = user  # type: ignore[attr-defined]
    commitment.save()
    if minimum:
        _append(commitment, minimum, effective_on, ChangeReason.MINIMUM, "", user)
    if offer:
        _append(commitment, offer, effective_on, ChangeReason.OFFER, "", user)
    return commitment
