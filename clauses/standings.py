"""Where escalations stand: their steps, their contacts and what comes next, for a page, a list or a service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from clauses import ladder
from clauses.enums import StepKind
from clauses.ladder import Contact, Rung, Stage
from clauses.models import Commitment, Escalation, EscalationStep, Interaction
from clauses.penalties import CENT, Penalty, PenaltyError, compute_penalty
from clauses.progress import hours_counted
from markets.enums import Turn
from markets.models import BuyerMembership

if TYPE_CHECKING:
    from markets.models import Market


@dataclass
class Standing:
    """One escalation with its steps in order, and where it stands on a day."""

    escalation: Escalation
    steps: list[EscalationStep]
    today: dt.date
    contacts: list[Contact] = field(default_factory=list)

    def last(self, *kinds: str) -> EscalationStep | None:
        return next((step for step in reversed(self.steps) if step.kind in kinds), None)

    @property
    def letter(self) -> EscalationStep | None:
        """The letter as it was last proposed."""
        return self.last(StepKind.LETTER_PROPOSED)

    @property
    def due_on(self) -> dt.date | None:
        """The last day left to the company by the letter that was sent."""
        sent = self.last(StepKind.LETTER_SENT)
        return sent.day_of("due_on") if sent else None

    @property
    def stage(self) -> Stage:
        return ladder.stage_of(
            [Rung(step.kind, step.on) for step in self.steps],
            contacts=self.contacts,
            due_on=self.due_on,
            today=self.today,
        )

    @property
    def is_open(self) -> bool:
        return self.escalation.closed_on is None

    @property
    def label(self) -> str:
        return ladder.STAGE_LABELS[self.stage]

    @property
    def tone(self) -> str:
        return ladder.STAGE_TONES[self.stage]

    @property
    def turn(self) -> str:
        return ladder.TURNS.get(self.stage, "")

    @property
    def turn_words(self) -> str:
        return Turn(self.turn).label if self.turn else ""

    @property
    def since(self) -> dt.date:
        """The day from which one waits: that of the last step of the ladder."""
        rungs = [step for step in self.steps if step.kind != StepKind.MEETING]
        return rungs[-1].on if rungs else self.escalation.opened_on

    @property
    def contacts_missing(self) -> str:
        return ladder.contacts_missing(self.contacts)

    def refusal(self, wanted: Stage) -> str:
        """Why what belongs to that stage can't be done now; nothing when it can."""
        return ladder.refusal(wanted, self.stage, contacts=self.contacts, due_on=self.due_on)


def standings_of(escalations: Iterable[Escalation], today: dt.date | None = None) -> list[Standing]:
    """Where loaded escalations stand: three queries, whatever their number."""
    rows = list(escalations)
    today = today or timezone.localdate()
    steps: dict[int, list[EscalationStep]] = {row.pk: [] for row in rows}
    found = EscalationStep.objects.filter(escalation__in=steps).select_related("author", "document")
    for step in found.order_by("pk"):
        steps[step.escalation_id].append(step)
    contacts = _contacts_of(rows, today)
    return [Standing(row, steps[row.pk], today, contacts[row.pk]) for row in rows]


def standing_of(escalation: Escalation, today: dt.date | None = None) -> Standing:
    (found,) = standings_of([escalation], today)
    return found


def _contacts_of(rows: list[Escalation], today: dt.date) -> dict[int, list[Contact]]:
    """The contacts with the holder about the market, since the former escalation and until the closing."""
    found: dict[int, list[Contact]] = {row.pk: [] for row in rows}
    if not rows:
        return found
    former: dict[int, list[dt.date]] = {}
    closed = Escalation.objects.filter(
        commitment__in={row.commitment_id for row in rows}, closed_on__isnull=False
    )
    for commitment, day in closed.order_by("pk").values_list("commitment", "closed_on"):
        former.setdefault(commitment, []).append(day)  # type: ignore[arg-type]  # closed ones only
    interactions = list(
        Interaction.objects.filter(
            market__in={row.market_id for row in rows}, company__in={row.holder_id for row in rows}
        )
        .select_related("author")
        .order_by("on", "pk")
    )
    for row in rows:
        before = [day for day in former.get(row.commitment_id, []) if day <= row.opened_on]
        if row.closed_on in before:
            before.remove(row.closed_on)
        since = max(before, default=dt.date.min)
        for contact in interactions:
            is_its = (contact.market_id, contact.company_id) == (row.market_id, row.holder_id)
            if is_its and since < contact.on <= (row.closed_on or today):
                found[row.pk].append(
                    Contact(
                        on=contact.on,
                        channel=contact.get_channel_display(),
                        is_written=contact.is_written,
                        reached=contact.reached,
                        pk=contact.pk,
                        participants=contact.participants,
                        summary=contact.summary,
                        author=str(contact.author or ""),
                    )
                )
    return found


@dataclass(frozen=True)
class Computation:
    """Hours of a commitment on a day, and the penalty that the market's formula gives, or why it gives none."""

    engaged: Decimal
    counted: Decimal
    penalty: Penalty | None
    formula: str
    problem: str = ""

    @property
    def missing(self) -> Decimal:
        return max(self.engaged - self.counted, Decimal("0.00"))

    @property
    def amount(self) -> Decimal:
        return self.penalty.amount if self.penalty else Decimal("0.00")

    def as_facts(self) -> dict[str, Any]:
        """What a step freezes of it."""
        facts: dict[str, Any] = {
            "engaged": str(self.engaged),
            "counted": str(self.counted),
            "missing": str(self.missing),
            "formula": self.formula,
            "problem": self.problem,
        }
        if self.penalty:
            facts |= {
                "lines": list(self.penalty.lines),
                "reasoning": self.penalty.reasoning,
                "computed": str(self.penalty.amount),
            }
        return facts


def computation_of(commitment: Commitment, today: dt.date | None = None) -> Computation:
    """Hours engaged today, hours counted so far, and the penalty by the market's formula: two or three queries."""
    today = today or timezone.localdate()
    (row,) = (
        Commitment.objects.filter(pk=commitment.pk)
        .with_hours_engaged(today)
        .select_related("clause__lot", "award")
    )
    engaged: Decimal = row.hours_engaged.quantize(CENT)  # type: ignore[attr-defined]
    counted = hours_counted([row.pk])[row.pk].quantize(CENT)
    formula = row.clause.penalty_formula
    if formula is None:
        wording = row.clause.penalty_text
        problem = (
            "La clause ne porte que le texte de la pénalité : saisissez sa formule pour qu’elle se calcule."
            if wording
            else "La clause ne dit pas la pénalité prévue par le marché."
        )
        return Computation(engaged, counted, None, wording, problem)
    amount = row.clause.lot.amount if row.clause.lot.amount is not None else row.award.amount
    try:
        penalty = compute_penalty(formula, engaged=engaged, counted=counted, lot_amount=amount)
    except PenaltyError as error:
        return Computation(engaged, counted, None, formula.words, str(error))
    return Computation(engaged, counted, penalty, formula.words)


def deciders_of(market: Market) -> list[User]:
    """The accounts that may approve a letter and decide a penalty: those of the whole buyer, and of the department."""
    members = BuyerMembership.objects.filter(buyer=market.buyer_id).filter(
        Q(department__isnull=True) | Q(department__isnull=False, department=market.department_id)
    )
    return list(User.objects.filter(pk__in=members.values("user"), is_active=True).order_by("pk"))
