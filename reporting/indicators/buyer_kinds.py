"""Hours, contracts, people and markets by kind of buyer (commune, bailleur social…), each buyer with its part."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from markets.models import Buyer
from reporting.indicators.buyers import parts_by_buyer
from reporting.indicators.facts import ZERO, Facts, once
from reporting.indicators.work import contracts
from reporting.scope import ScopeKind, Span


@dataclass
class KindLine:
    """One kind of buyers. Hours add up to the whole; people, contracts and markets are whole in each kind."""

    hours: Decimal = ZERO
    contracts: int = 0
    people: int = 0
    markets: int = 0


@once
def by_buyer_kind(facts: Facts) -> dict[Span, dict[str, KindLine]]:
    """Span → kind → its line; a market that buyers of two kinds share is told between them as their hours are.

    In the scope of one buyer or of its department there is one kind, its own.
    """
    parts = parts_by_buyer(facts)
    own = _own_buyer(facts)
    if own is not None:
        parts = {market: {own: None} for market in parts}
    buyers = {buyer for row in parts.values() for buyer in row}
    kinds = dict(Buyer.objects.filter(pk__in=buyers).order_by("pk").values_list("pk", "kind"))
    found: dict[Span, dict[str, KindLine]] = {}
    for span in facts.period.spans:
        lines: dict[str, KindLine] = defaultdict(KindLine)
        people: dict[str, set[int]] = defaultdict(set)
        made: dict[str, set[int]] = defaultdict(set)
        head = contracts(facts, span).of_placement
        for work in facts.works_of(span):
            for buyer, part in parts[work.market].items():
                kind = kinds[buyer]
                lines[kind].hours += work.hours[span] if part is None else part.of(work.hours[span])
                people[kind].add(work.person)
                if work.placement in head:
                    made[kind].add(head[work.placement])
        roots: dict[str, set[int]] = defaultdict(set)
        for row in facts.markets:
            if row.has_clause and row.is_alive_in(span):
                for buyer in parts[row.id]:
                    roots[kinds[buyer]].add(row.root)
        for kind in people.keys() | roots.keys():
            line = lines[kind]
            line.people, line.contracts, line.markets = len(people[kind]), len(made[kind]), len(roots[kind])
        found[span] = dict(lines)
    return found


def _own_buyer(facts: Facts) -> int | None:
    """The one buyer of a scope that has its own part of shared markets already."""
    if facts.scope.kind == ScopeKind.BUYER:
        return facts.scope.id
    if facts.scope.kind == ScopeKind.DEPARTMENT:
        return Buyer.objects.filter(departments=facts.scope.id).values_list("pk", flat=True).first()
    return None
