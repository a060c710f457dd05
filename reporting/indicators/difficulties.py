"""The difficulties of a span: how far each went on the ladder of the convention, and the commitments that were missed."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from clauses.enums import StepKind
from clauses.models import EscalationStep
from reporting.indicators.facts import Facts, once
from reporting.indicators.purchase import CommitmentRate, rates
from reporting.scope import Span, bounds

# No rung of the ladder: a meeting may come at any moment, and closing says nothing of how far it went.
BESIDE = (StepKind.MEETING, StepKind.CLOSED)


@dataclass
class Rung:
    """Difficulties whose last step, at the end of the span, is this one."""

    number: int = 0
    opened: int = 0
    closed: int = 0

    @property
    def open(self) -> int:
        return self.number - self.closed


@once
def difficulties(facts: Facts, span: Span) -> dict[str, Rung]:
    """By step reached, those that were open on at least a day of the span; in the order of the ladder."""
    first, last = bounds(span)
    steps = (
        EscalationStep.objects.filter(
            Q(escalation__closed_on__isnull=True) | Q(escalation__closed_on__gte=first),
            escalation__market__in=facts.scope.markets_in(span).order_by().values("pk"),
            escalation__opened_on__lte=last,
            on__lte=last,
        )
        .exclude(kind__in=BESIDE)
        .order_by("pk")
        .values_list("escalation", "kind", "escalation__opened_on", "escalation__closed_on")
    )
    reached = {pk: (kind, opened, closed) for pk, kind, opened, closed in steps}
    found = {kind.value: Rung() for kind in StepKind if kind not in BESIDE}
    for kind, opened, closed in reached.values():
        rung = found[kind]
        rung.number += 1
        rung.opened += opened >= first
        rung.closed += closed is not None and closed <= last
    return {kind: rung for kind, rung in found.items() if rung.number}


def missed(facts: Facts, span: Span) -> list[CommitmentRate]:
    """Commitments with a target that came to their end by the last day without being met."""
    return [row for row in rates(facts, span).ended if not row.is_met]
