"""What each buyer has of the figures of a wider scope: its markets, its part of the hours, its people, its rate."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal

from markets.models import Buyer, MarketParty
from markets.sharing import Part
from reporting.indicators.facts import ZERO, Facts, once
from reporting.indicators.purchase import Rates, rates
from reporting.scope import Span


@dataclass
class BuyerLine:
    """One buyer: hours are its part, so that buyers add up to the whole; people and markets are whole in each."""

    hours: Decimal = ZERO
    people: int = 0
    markets: int = 0
    rates: Rates = field(default_factory=Rates)


@once
def by_buyer(facts: Facts) -> dict[Span, dict[int, BuyerLine]]:
    """Span → buyer → its line, for each buyer that has a market with a clause, hours or a commitment in the span.

    The same figures as those of the buyer's own scope (`Scope.of(buyer)`), worked out from the rows of this one.
    """
    parts = parts_by_buyer(facts)
    found: dict[Span, dict[int, BuyerLine]] = {}
    for span in facts.period.spans:
        lines: dict[int, BuyerLine] = defaultdict(BuyerLine)
        people: dict[int, set[int]] = defaultdict(set)
        for work in facts.works_of(span):
            for buyer, part in parts[work.market].items():
                lines[buyer].hours += work.whole[span] if part is None else part.of(work.whole[span])
                people[buyer].add(work.person)
        roots: dict[int, set[int]] = defaultdict(set)
        for row in facts.markets:
            if row.has_clause and row.is_alive_in(span):
                for buyer in parts[row.id]:
                    roots[buyer].add(row.root)
        for rate in rates(facts, span).rows:
            for buyer, part in parts[rate.market].items():
                lines[buyer].rates.rows.append(replace(rate, part=part))
        for buyer in people.keys() | roots.keys():
            lines[buyer].people, lines[buyer].markets = len(people[buyer]), len(roots[buyer])
        found[span] = dict(lines)
    return found


def parts_by_buyer(facts: Facts) -> dict[int, dict[int, Part | None]]:
    """Market → buyer → what it has of it; None for the whole."""
    leaders = facts.scope.markets().order_by("pk").values_list("pk", "buyer")
    found: dict[int, dict[int, Part | None]] = {pk: {buyer: None} for pk, buyer in leaders}
    others: dict[int, dict[int, Decimal]] = defaultdict(dict)
    parties = MarketParty.objects.filter(market__in=facts.scope.markets().order_by().values("pk"))
    for market, buyer, share in parties.order_by("market", "pk").values_list("market", "buyer", "share"):
        others[market][buyer] = share
    for market, shares in others.items():
        found[market] = {buyer: Part(others=tuple(shares.values())) for buyer in found[market]}
        found[market] |= {buyer: Part(own=share) for buyer, share in shares.items()}
    return found


def buyer_names(ids: set[int]) -> dict[int, tuple[str, str]]:
    """Name and kind, in words, of the buyers that a scope's rows already hold."""
    rows = Buyer.objects.filter(pk__in=ids).order_by("pk")
    return {row.pk: (row.name, row.get_kind_display()) for row in rows}
