"""Hours that ESAT and EA declared without names: outside « personnes », never added to the hours counted."""

from __future__ import annotations

from decimal import Decimal

from beneficiaries.aggregates import Declared, declared_without_names
from beneficiaries.models import AggregateDeclaration
from reporting.indicators.facts import Facts, once
from reporting.scope import ScopeKind, Span, bounds


@once
def without_names(facts: Facts) -> dict[Span, Declared | None]:
    """By span: what was declared of its months, the scope's part of a shared market; None where nothing was.

    A declaration that is only partly in the months asked for is left out: its hours are not told month by month.
    """
    scope = facts.scope
    rows = AggregateDeclaration.objects.filter(commitment__in=scope.commitments().order_by().values("pk"))
    if scope.kind == ScopeKind.EMPLOYER:
        rows = AggregateDeclaration.objects.filter(company=scope.id)
    elif scope.kind == ScopeKind.SIAE:
        # An ESAT or an EA is no SIAE.
        rows = rows.none()
    declared = declared_without_names(
        rows.filter(scope.in_hand("first_month", "commitment__market")),
        by=("commitment__market", "first_month"),
        since=bounds(facts.period.spans[0])[0],
        until=facts.period.last_day,
    )
    found: dict[Span, Declared | None] = dict.fromkeys(facts.period.spans)
    for (market, first_month), row in declared.items():
        span = facts.period.span_of(first_month)
        if span is None:
            continue
        part = scope.parts.get(market)
        together = found[span] = found[span] or Declared(hours=Decimal("0.00"))
        together.hours += row.hours if part is None else part.of(row.hours)
        together.kinds |= row.kinds
        for company, headcount in row.headcounts.items():
            together.headcounts[company] = max(together.headcounts.get(company, 0), headcount)
    return found
