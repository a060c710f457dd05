"""What changes a promise: a commitment is opened, its figure evolves, hours move inside a group."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max

from clauses.enums import ChangeReason
from clauses.models import Clause, Commitment, CommitmentChange
from clauses.orders import Order, hours_of_next, hours_of_orders
from core import formats
from core.errors import DomainError
from core.forms import HOURS_MAX
from core.uploads import keep_upload
from markets.enums import AwardRole
from markets.models import Award

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.files.uploadedfile import UploadedFile

    from accounts.models import User
    from core.models import StoredFile

DOCUMENT_KIND = "commitment_document"
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
    document: UploadedFile | None = None,
    user: User | None,
) -> CommitmentChange:
    """Add one step to a commitment's figure (hours, negative for a discharge). Nothing recorded ever changes.

    Raises DomainError for a step of zero, for a total below zero on any day, for a document that is no document, and
    for a move inside a group, which `redistribute_hours` writes on every side.
    """
    if reason == ChangeReason.MOVE:
        raise DomainError(
            "Une répartition dans le groupement s’écrit des deux côtés à la fois : "
            "utilisez « Répartir dans le groupement ».",
            field="reason",
        )
    _lock(commitment)
    _check(commitment, delta, effective_on)
    stored = keep_document(document, user)
    return _append(commitment, delta, effective_on, reason, note, user, document=stored)


def keep_document(upload: UploadedFile | None, user: User | None) -> StoredFile | None:
    """Keep the paper that a change rests on; whoever sees the change opens it. Raises DomainError (`document`)."""
    if upload is None:
        return None
    return keep_upload(kind=DOCUMENT_KIND, upload=upload, user=user, field="document")


def _check(commitment: Commitment, delta: Decimal, effective_on: dt.date) -> None:
    if delta == 0:
        raise DomainError(
            "Une évolution de zéro heure n’en est pas une : indiquez un nombre d’heures.", field="delta"
        )
    _refuse_below_zero(commitment, delta, effective_on)


def _append(
    commitment: Commitment,
    delta: Decimal,
    effective_on: dt.date,
    reason: str,
    note: str,
    user: User | None,
    **more: Any,
) -> CommitmentChange:
    """Write a step that was checked under the lock."""
    return CommitmentChange.objects.create(
        commitment=commitment,
        delta=delta,
        effective_on=effective_on,
        reason=reason,
        note=note.strip(),
        recorded_by=user,
        **more,
    )


def newest_change(clause: Clause) -> int:
    """The number of the last change recorded on a clause; 0 before the first."""
    return CommitmentChange.objects.filter(commitment__clause=clause).aggregate(last=Max("pk"))["last"] or 0


@transaction.atomic
def redistribute_hours(
    *,
    clause: Clause,
    hours: Mapping[int, Decimal],
    effective_on: dt.date,
    note: str = "",
    document: UploadedFile | None = None,
    seen: int | None = None,
    user: User | None,
) -> list[CommitmentChange]:
    """Give every holder of a clause its new figure on that day; their total stays equal.

    hours: by the number of the commitment, all of those of the clause. seen: `newest_change` when the figures were
    read. Raises DomainError when the total differs, when nothing changes, and when somebody wrote in between.
    """
    _lock(*Commitment.objects.filter(clause=clause).order_by("pk"))
    rows = list(Commitment.objects.filter(clause=clause).with_hours_engaged(effective_on).order_by("pk"))
    if {row.pk for row in rows} != set(hours) or (seen is not None and seen != newest_change(clause)):
        raise DomainError(
            "Quelqu’un a fait évoluer cet engagement entre-temps : les heures d’aujourd’hui sont affichées ci-dessous. "
            "Reprenez votre répartition à partir d’elles."
        )
    before = sum((row.hours_engaged for row in rows), Decimal(0))
    after = sum(hours.values(), Decimal(0))
    if before != after:
        gap = (
            f"{formats.hours(after - before)} de trop"
            if after > before
            else f"il manque {formats.hours(before - after)}"
        )
        raise DomainError(
            f"Le total du groupement ne change pas : {formats.hours(before)} au {formats.day(effective_on)}. "
            f"Votre répartition en fait {formats.hours(after)}, {gap}."
        )
    moved = [(row, hours[row.pk] - row.hours_engaged) for row in rows if hours[row.pk] != row.hours_engaged]
    if not moved:
        raise DomainError("Cette répartition est déjà celle du groupement : il n’y a rien à enregistrer.")
    for row, delta in moved:
        _refuse_below_zero(row, delta, effective_on)
    stored = keep_document(document, user)
    return [
        _append(row, delta, effective_on, ChangeReason.MOVE, note, user, document=stored)
        for row, delta in moved
    ]


@dataclass(frozen=True)
class OrderDue:
    """What an order or invoice adds to a commitment, and how (€, hours)."""

    amount: Decimal
    rate: Decimal
    earlier_amount: Decimal
    earlier_hours: Decimal
    hours: Decimal
    same_rate: bool = True

    @property
    def formula(self) -> str:
        """The sum with its figures: the cumulative one as soon as there was an order before."""
        rate = formats.amount(self.rate)
        if not self.earlier_amount and not self.earlier_hours:
            return f"{formats.amount(self.amount)} ÷ {rate} par heure = {formats.hours(self.hours)}."
        whole, due = self.earlier_amount + self.amount, self.earlier_hours + self.hours
        if not self.same_rate:
            return (
                f"{formats.amount(self.earlier_amount)} déjà commandés font {formats.hours(self.earlier_hours)} ; avec "
                f"{formats.amount(self.amount)} ÷ {rate} par heure, {formats.hours(due)} : {_signed(self.hours)} pour "
                "cette commande."
            )
        return (
            f"{formats.amount(self.earlier_amount)} déjà commandés + {formats.amount(self.amount)} "
            f"= {formats.amount(whole)} ; {formats.amount(whole)} ÷ {rate} par heure = {formats.hours(due)}, "
            f"dont {formats.hours(self.earlier_hours)} déjà dues : {_signed(self.hours)} pour cette commande."
        )


def _signed(hours: Decimal) -> str:
    return ("+" if hours > 0 else "") + formats.hours(hours)


def hours_for_order(commitment: Commitment, amount: Decimal) -> OrderDue:
    """What an order of that amount (€ excl. tax, negative for a credit note) would add today; nothing is written.

    Raises DomainError when the clause says no rate, for nothing ordered, and for more hours than can be.
    """
    rate = commitment.clause.euros_per_hour
    if rate is None:
        raise DomainError(
            "La clause ne dit pas combien d’euros facturés font une heure due : complétez-la d’abord.",
            field="amount",
        )
    if amount == 0:
        raise DomainError("Indiquez le montant de la commande ou de la facture.", field="amount")
    orders = CommitmentChange.objects.filter(commitment=commitment, amount__isnull=False).order_by("pk")
    earlier: list[Order] = [
        (known or Decimal(0), known_rate or rate)
        for known, known_rate in orders.values_list("amount", "euros_per_hour")
    ]
    total = sum((found for found, _ in earlier), Decimal(0))
    if total + amount < 0:
        raise DomainError(
            f"Cet avoir dépasse les {formats.amount(total)} déjà enregistrés : vérifiez son montant.",
            field="amount",
        )
    if amount < 0:
        rate = _rate_of_credit(amount, rate, earlier)
    hours = hours_of_next((amount, rate), earlier)
    if abs(hours) > HOURS_MAX:
        raise DomainError(
            "Ce montant donnerait plus d’heures qu’il n’est possible : vérifiez-le.", field="amount"
        )
    same = all(known == rate for _, known in earlier)
    return OrderDue(amount, rate, total, hours_of_orders(earlier), hours, same)


def _rate_of_credit(amount: Decimal, rate: Decimal, earlier: list[Order]) -> Decimal:
    """The rate (€ per hour) at which a credit note takes hours back: that of orders that it can take back.

    Today's where its orders are enough, else that of the newest orders that are. Raises DomainError when it takes
    several rates: each has its own credit note.
    """
    left: dict[Decimal, Decimal] = {}
    for known, known_rate in earlier:
        left[known_rate] = left.pop(known_rate, Decimal(0)) + known
    for found in (rate, *reversed(left)):
        if left.get(found, Decimal(0)) + amount >= 0:
            return found
    each = ", ".join(
        f"{formats.amount(net)} à 1 h par {formats.amount(found)}" for found, net in left.items() if net
    )
    raise DomainError(
        f"Cet avoir porte sur des commandes de taux différents ({each}) : enregistrez un avoir pour chaque taux.",
        field="amount",
    )


@transaction.atomic
def record_order(
    *,
    commitment: Commitment,
    amount: Decimal,
    effective_on: dt.date,
    note: str = "",
    document: UploadedFile | None = None,
    user: User | None,
) -> CommitmentChange:
    """Record an order or invoice: the amount is kept, and the hours that it adds to the cumulative figure.

    Two at once are both kept, and the total is that of their sum. Raises DomainError as `hours_for_order` does, and
    for a credit note that would take the commitment below zero on any day.
    """
    _lock(commitment)
    due = hours_for_order(commitment, amount)
    if due.hours:
        try:
            _refuse_below_zero(commitment, due.hours, effective_on)
        except DomainError as error:
            raise DomainError(error.sentence, field="amount") from error
    return _append(
        commitment,
        due.hours,
        effective_on,
        ChangeReason.ORDER,
        note,
        user,
        amount=amount,
        euros_per_hour=due.rate,
        document=keep_document(document, user),
    )


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
    for hours in (minimum, offer):
        if hours:
            _check(commitment, hours, effective_on)
    if minimum:
        _append(commitment, minimum, effective_on, ChangeReason.MINIMUM, "", user)
    if offer:
        _append(commitment, offer, effective_on, ChangeReason.OFFER, "", user)
    return commitment
