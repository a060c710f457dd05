"""Where the hours of a buyer are: by department, by operation, by market with its marchés subséquents."""

from __future__ import annotations

from reporting.indicators.facts import Facts, MarketRow
from reporting.indicators.work import Lines, hours_by
from reporting.scope import Span

# Hours of a market that another buyer leads, for which the scope named no department of its own.
ELSEWHERE = "elsewhere"


def department_of(facts: Facts, market: MarketRow) -> int | str | None:
    """The scope's department of a market: its own where it is a member of a market that another buyer leads."""
    part = facts.scope.parts.get(market.id)
    if part is not None and part.own is not None:
        return part.department or ELSEWHERE
    return market.department


def by_department(facts: Facts) -> dict[Span, Lines]:
    """Hours and people by department of the scope's buyer; None: no department said."""
    found = {market.id: department_of(facts, market) for market in facts.markets}
    return hours_by(facts, lambda work: found.get(work.market))


def by_operation(facts: Facts) -> dict[Span, Lines]:
    """Hours and people by operation; None: outside of any."""
    found = {market.id: market.operation for market in facts.markets}
    return hours_by(facts, lambda work: found.get(work.market))


def by_framework(facts: Facts) -> dict[Span, Lines]:
    """Hours and people by market, marchés subséquents with their framework."""
    roots = {market.id: market.root for market in facts.markets}
    return hours_by(facts, lambda work: roots.get(work.market, work.market))


def hours_by_cpv_division(facts: Facts) -> dict[Span, Lines]:
    """The hours and people of `by_cpv_division`, for a page that shows no contracts: they are not worked out."""
    divisions = {market.id: market.cpv[:2] for market in facts.markets}
    return hours_by(facts, lambda work: divisions.get(work.market, ""))


def reserved_count(facts: Facts) -> dict[Span, int]:
    """Markets wholly or partly reserved, alive in the span: `reserved(facts)[span].count`, without reading the lots."""
    return {
        span: len({row.root for row in facts.markets if row.is_reserved and row.is_alive_in(span)})
        for span in facts.period.spans
    }
