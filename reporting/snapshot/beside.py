"""The published bilans that the reader of a bilan reads beside it, where their people hold one another (rule 9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from markets.models import Buyer, Market, MarketParty, Operation
from reporting.masking import Masked
from reporting.models import Bilan
from reporting.scope import Period, Scope, bounds
from reporting.subtraction import Shown, tells, tells_of_publics

if TYPE_CHECKING:
    from reporting.indicators import Facts
    from reporting.snapshot.material import Block


@dataclass(frozen=True)
class Beside:
    """Another published bilan: its name, its tables of people, and how its people and these hold one another."""

    name: str
    blocks: Mapping[str, Block]
    # Whether its people hold these, or the other way round; how many are between.
    is_larger: bool
    beyond: int

    def tells(self, table: Masked) -> bool:
        """Whether this table, read beside the published one, tells few people by subtraction."""
        block = self.blocks.get(table.key if table.key == "publics" else f"typology_{table.key}")
        if block is None:
            return False
        published = Shown(
            {
                row["key"]: None if "people" in row["masked"] else int(row["cells"]["people"])
                for row in block["rows"]
            },
            int(block["totals"]["people"]) if block["totals"] else 0,
        )
        now = Shown(
            {row.key: None if row.key in table.hidden else row.people for row in table.rows},
            sum(row.people for row in table.rows),
        )
        larger, smaller = (published, now) if self.is_larger else (now, published)
        found = tells_of_publics if table.key == "publics" else tells
        return found(larger, smaller, beyond=self.beyond)


def beside_year(facts: Facts, buyer: Buyer) -> list[Beside]:
    """Beside the year of a buyer: the final bilans of its markets and operations."""
    shared = MarketParty.objects.filter(buyer=buyer).order_by().values("market")
    mine = Q(market__buyer=buyer) | Q(market__in=shared) | Q(operation__buyer=buyer)
    return list(_nested(facts, Bilan.objects.exclude(market=None, operation=None).filter(mine)))


def beside_whole_life(facts: Facts, subject: Market | Operation) -> list[Beside]:
    """Beside a final bilan: the years of its buyers, and the final bilans of its operation or of its markets."""
    buyers = {subject.buyer_id}
    if isinstance(subject, Market):
        buyers |= set(
            MarketParty.objects.filter(market=subject).order_by("pk").values_list("buyer", flat=True)
        )
        others = Q(operation=subject.operation_id) if subject.operation_id else Q(pk__in=())
    else:
        others = Q(market__in=facts.scope.markets().order_by().values("pk"))
    years = Q(buyer__in=buyers, year__isnull=False)
    return list(_nested(facts, Bilan.objects.filter(years | others)))


def _nested(facts: Facts, bilans: Any) -> Iterator[Beside]:
    """Those of `bilans` that are published with tables of people, and whose people hold these or are among them."""
    rows = list(bilans.published().select_related("market", "operation", "buyer").order_by("pk"))
    if not rows:
        return
    here = {work.person for work in facts.works_of(facts.period.span)}
    known: dict[tuple[Any, ...], set[int]] = {}
    for row in rows:
        blocks = tables_of_people(row.snapshot)
        if not any(key.startswith("typology_") for key in blocks):
            continue
        subject = (row.buyer_id, row.year, row.market_id, row.operation_id)
        if subject not in known:
            known[subject] = _people(row)
        there = known[subject]
        # The same people, or none in common: nothing is taken from anything.
        if here < there:
            yield Beside(str(row), blocks, True, len(there - here))
        elif there < here and there:
            yield Beside(str(row), blocks, False, len(here - there))


def tables_of_people(snapshot: Mapping[str, Any]) -> dict[str, Block]:
    """The tables of the chapter on people, by key."""
    return {
        block["key"]: block
        for chapter in snapshot.get("chapters", ())
        if chapter["key"] == "people"
        for block in chapter["blocks"]
        if block["type"] == "table"
    }


def _people(bilan: Bilan) -> set[int]:
    """Who is in the figures of a published bilan, as they stand."""
    if bilan.year is not None:
        entries, period = Scope.of(bilan.buyer).annual_entries(), Period.of_year(bilan.year)
        first, last = bounds(period.span)
    else:
        subject = bilan.market or bilan.operation
        assert subject is not None
        scope = Scope.whole_market(subject) if isinstance(subject, Market) else Scope.of(subject)
        entries = scope.standing_entries()
        days = (bilan.snapshot or {})["period"]
        first, last = days["first_day"], days["last_day"]
    found = entries.filter(month__gte=first, month__lte=last).order_by()
    return set(found.values_list("assignment__placement__beneficiary", flat=True).distinct())
