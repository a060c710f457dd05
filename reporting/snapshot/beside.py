"""What the reader of a bilan may read beside it, where some people are in both (rule 9).

Published bilans and projets transmis: of a buyer, its years and the final bilans of its markets and operations; and the
report of the territory, which is distributed. What one table tells when taken from another is `reporting.subtraction`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from markets.models import Buyer, Market, MarketParty, Operation
from reporting.enums import BilanKind
from reporting.indicators import Facts
from reporting.masking import OTHER, THRESHOLD, Masked, Merge, Table, mask
from reporting.models import Bilan, SentDraft
from reporting.scope import Period, Scope, bounds
from reporting.subtraction import Lines, Shown, lines_told, lines_told_by_all, publics_told

if TYPE_CHECKING:
    from reporting.snapshot.material import Block

# The chapters whose tables say who people are.
CHAPTERS = ("people", "outcomes")
# Tables whose rows do not add up: one person may be in several.
NOT_ADDED = ("publics", "benefits")
# A table whose lines people change after it is published: who is in each line is found in what a bilan is about.
LinesOf = Callable[[Facts], Mapping[str, AbstractSet[int]]]


@dataclass(frozen=True)
class Beside:
    """Another bilan that may be read: its name, its tables of people, and how many people are in one of both alone."""

    name: str
    blocks: Mapping[str, Block]
    only_there: int
    only_here: int
    # What the other bilan is about, and where its people stand today, of a table that changes after it is published.
    facts: Facts | None = None
    today: Mapping[str, int] | None = None

    def of(self, key: str, lines_of: LinesOf, here: AbstractSet[int]) -> Beside:
        """The same for a table about these people, whose lines people change: the other one is counted again.

        A reader who takes a table of last spring from one of today reads what changed as well: what is protected is who
        is in between, as they stand today.
        """
        if self.facts is None or _block_of(key, self.blocks) is None:
            return self
        lines = lines_of(self.facts)
        there = frozenset().union(*lines.values())
        return replace(
            self,
            only_there=len(there - here),
            only_here=len(here - there),
            today={line: len(people) for line, people in lines.items()},
        )

    def told(self, table: Masked) -> list[Lines]:
        """The lines of this table that tell few people, read beside the other bilan's."""
        block = _block_of(table.key, self.blocks)
        if block is None:
            return []
        if not self.only_there and not self.only_here:
            # The same people: nothing is taken from anything, but who changed of line since.
            is_kept = self.today is None and table.key != "benefits"
            is_safe = is_kept or _is_safe_beside(table, block)
            return [] if is_safe else [frozenset({row.key}) for row in table.rows]
        there, here = _shown(block, self.today), _as_shown(table)
        if table.key in NOT_ADDED:
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
    facts: Sequence[Facts] = ()
    today: Sequence[Mapping[str, int]] = ()

    def of(self, key: str, lines_of: LinesOf, here: AbstractSet[int]) -> AllBuyers:
        """The same for a table about these people, whose lines people change (`Beside.of`)."""
        if any(_block_of(key, blocks) is None for blocks in self.blocks):
            return self
        each = [lines_of(facts) for facts in self.facts]
        beyond, again = _spread(here, (frozenset().union(*lines.values()) for lines in each))
        today = [{line: len(people) for line, people in lines.items()} for lines in each]
        return replace(self, beyond=beyond, again=again, today=today)

    def told(self, table: Masked) -> list[Lines]:
        found = [_block_of(table.key, blocks) for blocks in self.blocks]
        if table.key in NOT_ADDED or not found or any(block is None for block in found):
            # A table that one bilan does not show can't be added.
            return []
        today: Sequence[Mapping[str, int] | None] = self.today or [None] * len(found)
        parts = [_shown(block, now) for block, now in zip(found, today, strict=True) if block is not None]
        return lines_told_by_all(_as_shown(table), parts, beyond=self.beyond, again=self.again)

    def tells(self, table: Masked) -> bool:
        return bool(self.told(table))


Other = Beside | AllBuyers


def _block_of(key: str, blocks: Mapping[str, Block]) -> Block | None:
    return blocks.get(f"typology_{key}", blocks.get(key))


def _shown(block: Block, today: Mapping[str, int] | None = None) -> Shown:
    """A published table as it is read; of one that changes, the same lines as they stand today."""
    if today is not None:
        masked = {row["key"] for row in block["rows"] if "people" in row["masked"]}
        return Shown(
            {key: None if key in masked else people for key, people in today.items()}, sum(today.values())
        )
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
    joined: set[str] = set()
    masked = mask(table)
    while table.merge != Merge.NONE and not masked.withheld:
        told = frozenset().union(*(lines for other in others for lines in other.told(masked)))
        apart = [row for row in masked.rows if row.key not in (OTHER, table.unknown.key) and row.people]
        if not told or not apart:
            break
        # Where what is told is together already, the next line of the order joins it.
        more = [row.key for row in apart if row.key in told or set(row.parts) & told] or [apart[0].key]
        if joined.issuperset(more):
            break
        joined.update(more)
        masked = mask(table, joined=joined)
    return masked


def hide_beside(table: Masked, others: Sequence[Other]) -> Masked:
    """A table of rows that do not add up, without those that another bilan would make told; as it is where all would be.

    As it is, the table is said to be told.
    """
    if table.withheld:
        return table
    told = {key for other in others for lines in other.told(table) for key in lines}
    hidden = table.hidden | (told & {row.key for row in table.rows if row.people})
    readable = [row for row in table.rows if row.people and row.key not in hidden]
    return replace(table, hidden=hidden) if readable else table


def subtracted_from(table: Masked, others: Sequence[Other]) -> str:
    """The other bilan beside which this table would tell who a few people are, by subtraction."""
    return next((other.name for other in others if other.tells(table)), "")


def told_by(table: Masked, earlier: Mapping[str, Mapping[str, Block]]) -> str | None:
    """The earlier version, or projet transmis, beside which this table would tell who a few people are."""
    for version, blocks in earlier.items():
        block = _block_of(table.key, blocks)
        if block is not None and not _is_safe_beside(table, block):
            return version
    return None


def _is_safe_beside(table: Masked, earlier: Block) -> bool:
    """Whether each line, and the withheld ones together, is the same as before or moved by enough people."""
    before = {row["key"]: row["cells"] for row in earlier["rows"]}
    now = {row.key: row for row in table.rows}
    was_hidden = {row["key"] for row in earlier["rows"] if "people" in row["masked"]}
    if before.keys() != now.keys() or was_hidden != table.hidden:
        return False
    moved, same = 0, True
    for key, row in now.items():
        if key in table.hidden:
            continue
        step = row.people - int(before[key]["people"])
        moved += step
        # A table without hours has none to compare.
        is_kept = step == 0 and Decimal(before[key].get("hours") or row.hours) == row.hours
        same = same and (abs(step) >= THRESHOLD or is_kept)
    if earlier["totals"] is None or not same:
        return same
    beyond = sum(row.people for row in table.rows) - int(earlier["totals"]["people"]) - moved
    return beyond == 0 or abs(beyond) >= THRESHOLD


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
    found: list[Other] = list(_read_beside(facts, Bilan.objects.filter(of_year | Q(kind=BilanKind.FINAL))))
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
        # None in common: nothing is taken from anything.
        if here & there:
            yield Beside(name, blocks, len(there - here), len(here - there), _facts_of(bilan))


def _told_already(bilans: Any) -> Iterator[tuple[Bilan, str, dict[str, Block]]]:
    """Published bilans, and projets transmis, with their tables of people.

    A projet stays readable once its bilan is published: one that says what is published since is left out.
    """
    related = ("buyer", "market", "operation")
    known: dict[int, set[bytes]] = {}
    rows = bilans.published().select_related(*related).order_by("pk")
    for bilan in rows.iterator(chunk_size=50):
        if blocks := tables_of_people(bilan.snapshot):
            known.setdefault(bilan.pk, set()).add(_print_of(blocks))
            yield bilan, str(bilan), blocks
    sent = SentDraft.objects.filter(bilan__in=bilans.order_by().values("pk"))
    for draft in sent.select_related(*(f"bilan__{name}" for name in related)).order_by("pk"):
        if blocks := tables_of_people(draft.snapshot):
            said = known.setdefault(draft.bilan_id, set())
            if (mark := _print_of(blocks)) in said:
                continue
            said.add(mark)
            # The period of a life is that of the projet.
            draft.bilan.snapshot = draft.snapshot
            yield draft.bilan, f"{draft.bilan}, projet transmis", blocks


def _print_of(blocks: Mapping[str, Block]) -> bytes:
    """What these tables let be read, in a few bytes: their lines, what is masked, their totals."""
    said = {
        key: [[(row["key"], row["cells"], row["masked"]) for row in block["rows"]], block["totals"]]
        for key, block in blocks.items()
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()


def _all_buyers(facts: Facts, bilans: Any) -> AllBuyers | None:
    """The last published bilan of each buyer, added: only a reader who has them all can do it."""
    last: dict[int, Bilan] = {}
    for bilan in bilans.published().order_by("version", "pk").iterator(chunk_size=50):
        last[bilan.buyer_id] = bilan
    if len(last) < 2:
        return None
    here = {work.person for work in facts.works_of(facts.period.span)}
    beyond, again = _spread(here, (_people(bilan) for bilan in last.values()))
    return AllBuyers(
        f"les bilans {facts.period.year} des donneurs d’ordre additionnés",
        [tables_of_people(bilan.snapshot or {}) for bilan in last.values()],
        beyond,
        again,
        [_facts_of(bilan) for bilan in last.values()],
    )


def _spread(here: AbstractSet[int], groups: Iterable[AbstractSet[int]]) -> tuple[int, int]:
    """How many of these people are in no group, and how many times someone is in one group more."""
    times: dict[int, int] = dict.fromkeys(here, 0)
    for people in groups:
        for person in people:
            times[person] = times.get(person, 0) + 1
    return sum(number == 0 for number in times.values()), sum(max(number - 1, 0) for number in times.values())


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
    facts = _facts_of(bilan)
    found = facts.entries().values_list("assignment__placement__beneficiary", flat=True)
    return set(found.distinct())


def _facts_of(bilan: Bilan) -> Facts:
    """What a bilan is about; nothing is read before it is asked for."""
    if bilan.year is not None:
        return Facts(_scope_of_year(bilan), Period.of_year(bilan.year))
    subject = bilan.market or bilan.operation
    assert subject is not None
    scope = Scope.whole_market(subject) if isinstance(subject, Market) else Scope.of(subject)
    days = (bilan.snapshot or {})["period"]
    first, last = (dt.date.fromisoformat(days[key]) for key in ("first_day", "last_day"))
    return Facts(scope, Period.of_months(first, last))


def _scope_of_year(bilan: Bilan) -> Scope:
    if bilan.kind == BilanKind.TERRITORY:
        return Scope.territory()
    if bilan.kind == BilanKind.RESERVED:
        assert bilan.market is not None
        return Scope.whole_market(bilan.market)
    assert bilan.buyer is not None
    return Scope.of(bilan.buyer)
