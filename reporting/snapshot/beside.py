"""What the reader of a bilan may read beside it, where some people are in both (rule 9).

Published bilans and projets transmis: of a buyer, its years and the final bilans of its markets and operations; and the
report of the territory, which is distributed. What one table tells when taken from another is `reporting.subtraction`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from markets.models import Buyer, Market, MarketParty, Operation
from reporting.enums import BilanKind
from reporting.masking import Masked, Merge, Table, mask
from reporting.models import Bilan, SentDraft
from reporting.scope import Period, Scope, bounds
from reporting.subtraction import Lines, Shown, lines_told, lines_told_by_all, publics_told

if TYPE_CHECKING:
    from reporting.indicators import Facts
    from reporting.snapshot.material import Block

# The chapters whose tables say who people are.
CHAPTERS = ("people", "outcomes")


@dataclass(frozen=True)
class Beside:
    """Another bilan that may be read: its name, its tables of people, and how many people are in one of both alone."""

    name: str
    blocks: Mapping[str, Block]
    only_there: int
    only_here: int

    def told(self, table: Masked) -> list[Lines]:
        """The lines of this table that tell few people, read beside the other bilan's."""
        block = _block_of(table.key, self.blocks)
        if block is None:
            return []
        there, here = _shown(block), _as_shown(table)
        if table.key == "publics":
            found = publics_told(here, there, only_one=self.only_here, only_other=self.only_there)
            return [frozenset({key}) for key in found]
        return lines_told(here, there, only_one=self.only_here, only_other=self.only_there)

    def tells(self, table: Masked) -> bool:
        """Whether this table, read beside the other bilan's, tells few people by subtraction."""
        return bool(self.told(table))


@dataclass(frozen=True)
class AllBuyers:
    """Every bilan of a buyer's year together: what is taken from the territory's report when they are all added."""

    name: str
    blocks: Sequence[Mapping[str, Block]]
    # Who is in none of them, and how many times someone is in one more.
    beyond: int
    again: int

    def told(self, table: Masked) -> list[Lines]:
        found = [_block_of(table.key, blocks) for blocks in self.blocks]
        if table.key == "publics" or not found or any(block is None for block in found):
            # A table that one bilan does not show can't be added.
            return []
        parts = [_shown(block) for block in found if block is not None]
        return lines_told_by_all(_as_shown(table), parts, beyond=self.beyond, again=self.again)

    def tells(self, table: Masked) -> bool:
        return bool(self.told(table))


Other = Beside | AllBuyers


def _block_of(key: str, blocks: Mapping[str, Block]) -> Block | None:
    return blocks.get(f"typology_{key}", blocks.get(key))


def _shown(block: Block) -> Shown:
    people = {
        row["key"]: None if "people" in row["masked"] else int(row["cells"]["people"])
        for row in block["rows"]
        if "people" in row["cells"]
    }
    known = (block["totals"] or {}).get("people")
    return Shown(people, int(known) if known is not None else sum(value or 0 for value in people.values()))


def _as_shown(table: Masked) -> Shown:
    return Shown(
        {row.key: None if row.key in table.hidden else row.people for row in table.rows},
        sum(row.people for row in table.rows),
    )


def mask_beside(table: Table, others: Sequence[Other]) -> Masked:
    """The table masked, its lines put together until none is told by another bilan; whole withheld if that is not enough.

    Only lines that are put together for being small can be for this reason: a table without « Autres » and without
    bands is left as it is masked, and said to be told (`Beside.tells`).
    """
    joined: frozenset[str] = frozenset()
    masked = mask(table)
    while table.merge != Merge.NONE and not masked.withheld:
        told = frozenset().union(*(lines for other in others for lines in other.told(masked)))
        more = joined | {row.key for row in masked.rows if row.key in told or set(row.parts) & told}
        more -= {table.unknown.key}
        if not told or more == joined or len(masked.rows) <= 2:
            break
        joined, masked = more, mask(table, joined=more)
    return masked


# --- which bilans -----------------------------------------------------------------------------------------------


def beside_year(facts: Facts, buyer: Buyer) -> list[Other]:
    """Beside the year of a buyer: the bilans of its markets and operations, and the territory's report of that year."""
    shared = MarketParty.objects.filter(buyer=buyer).order_by().values("market")
    mine = Q(market__buyer=buyer) | Q(market__in=shared) | Q(operation__buyer=buyer)
    year = facts.period.year
    of_markets = mine & (Q(kind=BilanKind.FINAL) | Q(kind=BilanKind.RESERVED, year=year))
    return list(_read_beside(facts, Bilan.objects.filter(of_markets | _territory(year))))


def beside_reserved(facts: Facts, market: Market) -> list[Other]:
    """Beside the year of a reserved market: that of its buyers, its final bilan, that of its operation, the territory's."""
    year = facts.period.year
    finals = Q(market=market) | (Q(operation=market.operation_id) if market.operation_id else Q(pk__in=()))
    found = Q(kind=BilanKind.ANNUAL, buyer__in=_buyers_of(market), year=year)
    return list(
        _read_beside(facts, Bilan.objects.filter(found | Q(kind=BilanKind.FINAL) & finals | _territory(year)))
    )


def beside_territory(facts: Facts) -> list[Other]:
    """Beside the territory's report: each bilan of that year, those of a whole life, and the buyers' all together."""
    year = facts.period.year
    of_year = Q(kind__in=[BilanKind.ANNUAL, BilanKind.RESERVED], year=year)
    found = list(_read_beside(facts, Bilan.objects.filter(of_year | Q(kind=BilanKind.FINAL))))
    every = _all_buyers(facts, Bilan.objects.annual().filter(year=year))
    return [*found, every] if every else found


def beside_whole_life(facts: Facts, subject: Market | Operation) -> list[Other]:
    """Beside a final bilan: the years of its buyers and its own, the finals of its operation or markets, the territory's."""
    first, last = bounds(facts.period.span)
    years = Q(year__gte=first.year, year__lte=last.year)
    if isinstance(subject, Market):
        buyers = _buyers_of(subject)
        others = Q(operation=subject.operation_id) if subject.operation_id else Q(pk__in=())
        others |= Q(kind=BilanKind.RESERVED, market=subject)
    else:
        buyers = {subject.buyer_id}
        others = Q(market__in=facts.scope.markets().order_by().values("pk"))
    annual = Q(kind=BilanKind.ANNUAL, buyer__in=buyers)
    return list(
        _read_beside(facts, Bilan.objects.filter(annual | others | Q(kind=BilanKind.TERRITORY) & years))
    )


def _territory(year: int) -> Q:
    return Q(kind=BilanKind.TERRITORY, year=year)


def _buyers_of(market: Market) -> set[int]:
    parties = MarketParty.objects.filter(market=market).order_by("pk")
    return {market.buyer_id, *parties.values_list("buyer", flat=True)}


# --- who is in both ---------------------------------------------------------------------------------------------


def _read_beside(facts: Facts, bilans: Any) -> Iterator[Beside]:
    """Those of `bilans` that were published or sent with tables of people, and that have people of these."""
    here: set[int] | None = None
    known: dict[tuple[Any, ...], set[int]] = {}
    for bilan, name, blocks in _told_already(bilans):
        if here is None:
            here = {work.person for work in facts.works_of(facts.period.span)}
        subject = (bilan.kind, bilan.buyer_id, bilan.year, bilan.market_id, bilan.operation_id)
        if subject not in known:
            known[subject] = _people(bilan)
        there = known[subject]
        # The same people, or none in common: nothing is taken from anything.
        if here != there and here & there:
            yield Beside(name, blocks, len(there - here), len(here - there))


def _told_already(bilans: Any) -> Iterator[tuple[Bilan, str, dict[str, Block]]]:
    """Published bilans, and projets transmis that are not published yet, with their tables of people."""
    related = ("buyer", "market", "operation")
    rows = bilans.published().select_related(*related).order_by("pk")
    for bilan in rows.iterator(chunk_size=50):
        if blocks := tables_of_people(bilan.snapshot):
            yield bilan, str(bilan), blocks
    sent = SentDraft.objects.filter(
        bilan__in=bilans.exclude(pk__in=bilans.published().values("pk")).values("pk")
    )
    for draft in sent.select_related(*(f"bilan__{name}" for name in related)).order_by("pk"):
        if blocks := tables_of_people(draft.snapshot):
            # The period of a life is that of the projet.
            draft.bilan.snapshot = draft.snapshot
            yield draft.bilan, f"{draft.bilan}, projet transmis", blocks


def _all_buyers(facts: Facts, bilans: Any) -> AllBuyers | None:
    """The last published bilan of each buyer, added: only a reader who has them all can do it."""
    last: dict[int, Bilan] = {}
    for bilan in bilans.published().order_by("version", "pk").iterator(chunk_size=50):
        last[bilan.buyer_id] = bilan
    if len(last) < 2:
        return None
    here = {work.person for work in facts.works_of(facts.period.span)}
    times: dict[int, int] = dict.fromkeys(here, 0)
    for bilan in last.values():
        for person in _people(bilan):
            times[person] = times.get(person, 0) + 1
    return AllBuyers(
        f"les bilans {facts.period.year} des donneurs d’ordre additionnés",
        [tables_of_people(bilan.snapshot or {}) for bilan in last.values()],
        sum(number == 0 for number in times.values()),
        sum(max(number - 1, 0) for number in times.values()),
    )


def tables_of_people(snapshot: Mapping[str, Any]) -> dict[str, Block]:
    """The tables that say who people are, by key."""
    return {
        block["key"]: block
        for chapter in snapshot.get("chapters", ())
        if chapter["key"] in CHAPTERS
        for block in chapter["blocks"]
        if block["type"] == "table" and any(column["key"] == "people" for column in block["columns"])
    }


def _people(bilan: Bilan) -> set[int]:
    """Who is in the figures of a bilan, as they stand."""
    if bilan.year is not None:
        scope = _scope_of_year(bilan)
        entries, period = scope.annual_entries(), Period.of_year(bilan.year)
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


def _scope_of_year(bilan: Bilan) -> Scope:
    if bilan.kind == BilanKind.TERRITORY:
        return Scope.territory()
    if bilan.kind == BilanKind.RESERVED:
        assert bilan.market is not None
        return Scope.whole_market(bilan.market)
    assert bilan.buyer is not None
    return Scope.of(bilan.buyer)
