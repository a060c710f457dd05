"""Hours, contracts and their breakdowns, from the rows of `Facts`."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Exists, Sum

from beneficiaries.enums import PlacementNature
from beneficiaries.models import ClosedYear
from clauses.progress import hours_counted
from reporting.indicators.facts import ZERO, Facts, MarketRow, Work, exact, once, sums_by
from reporting.indicators.helpers import ratio
from reporting.scope import Scope, Span, bounds, siae_in_the_month, within, year_bounds

# Codes of `reference/contract_types.csv` that are missions: chained like contracts, and shown beside as well.
MISSION_TYPES = frozenset({"ctt"})


@dataclass
class Line:
    """Hours, contracts and people of one row, in one year. People never add up over rows."""

    hours: Decimal = ZERO
    contracts: int = 0
    started: int = 0
    people: int = 0


Lines = dict[Any, Line]


def hours(facts: Facts) -> dict[Span, Decimal]:
    """Counted hours by span of the period."""
    return {span: sum((work.hours[span] for work in facts.works), ZERO) for span in facts.period.spans}


def people(facts: Facts) -> dict[Span, int]:
    """Distinct people with at least one counted hour, by span."""
    return {span: len({work.person for work in facts.works_of(span)}) for span in facts.period.spans}


def new_people(facts: Facts) -> dict[Span, int]:
    """Of these, those who are in the figures of no span before, nor of what came before the period, in the scope."""
    seen = {row.person for row in facts.earlier}
    found: dict[Span, int] = {}
    for span in facts.period.spans:
        now = {work.person for work in facts.works_of(span)}
        found[span] = len(now - seen)
        seen |= now
    return found


# --- contracts ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Contract:
    """A contract of the year: one placement, or several that follow each other (hours of the year are elsewhere)."""

    person: int
    contract_type: str | None
    modality: str
    starts_on: dt.date
    is_new: bool


@dataclass
class Contracts:
    """The contracts of one year. By holder they do not add up: one contract may work for two of them."""

    everything: list[Contract] = field(default_factory=list)
    by_holder: dict[int, list[bool]] = field(default_factory=dict)
    missions: int = 0
    # Placement → the contract that it is part of.
    of_placement: dict[int, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.everything)

    @property
    def started(self) -> int:
        return sum(contract.is_new for contract in self.everything)

    def by(self, key: Callable[[Contract], Any]) -> dict[Any, int]:
        found: dict[Any, int] = defaultdict(int)
        for contract in self.everything:
            found[key(contract)] += 1
        return dict(found)


@once
def contracts(facts: Facts, span: Span) -> Contracts:
    """Placements of nature employment with at least one counted hour in the span.

    Those of the same person, employer and holder are one when at most `chain_gap_days` days lie between them. A
    contract started in the span unless it, or one that it continues, began before. Missions (CTT) are counted again,
    each for itself, in `missions`.
    """
    first = bounds(span)[0]
    gap = facts.rules_in_force(span).chain_gap_days
    chosen = [work for work in facts.works_of(span) if work.nature == PlacementNature.EMPLOYMENT]
    active: dict[tuple[int, int, int], dict[int, Work]] = defaultdict(dict)
    for work in chosen:
        active[work.person, work.employer, work.holder][work.placement] = work
    before: dict[tuple[int, int, int], list[tuple[dt.date, dt.date | None]]] = defaultdict(list)
    for row in facts.earlier:
        before[row.person, row.employer, row.holder].append((row.starts_on, row.ends_on))
    for work in facts.works:
        if any(work.whole[past] for past in facts.period.spans if past < span):  # type: ignore[operator]
            before[work.person, work.employer, work.holder].append((work.starts_on, work.ends_on))

    group: dict[int, int] = {}

    def head(placement: int) -> int:
        while group[placement] != placement:
            placement = group[placement]
        return placement

    is_old: set[int] = set()
    found = Contracts(missions=len({w.placement for w in chosen if w.contract_type in MISSION_TYPES}))
    for key in sorted(active):
        works = sorted(active[key].values(), key=lambda work: (work.starts_on, work.placement))
        chains = found.by_holder.setdefault(key[2], [])
        start, until, leader = dt.date.min, None, None
        for work in works:
            group.setdefault(work.placement, work.placement)
            if leader is not None and _follows(work.starts_on, until, gap):
                group[head(work.placement)] = head(leader)
                until = _later(until, work.ends_on)
                continue
            start, until, leader = work.starts_on, work.ends_on or dt.date.max, work.placement
            is_new = start >= first and not any(
                begun < start and _follows(start, ended or dt.date.max, gap)
                for begun, ended in before.get(key, ())
                if begun < first
            )
            chains.append(is_new)
            if not is_new:
                is_old.add(leader)
    old_heads = {head(placement) for placement in is_old}
    firsts: dict[int, Work] = {}
    for work in chosen:
        top = head(work.placement)
        if top not in firsts or (work.starts_on, work.placement) < (
            firsts[top].starts_on,
            firsts[top].placement,
        ):
            firsts[top] = work
    found.everything = [
        Contract(work.person, work.contract_type, work.modality, work.starts_on, top not in old_heads)
        for top, work in sorted(firsts.items())
    ]
    found.of_placement = {placement: head(placement) for placement in group}
    return found


def _follows(start: dt.date, until: dt.date | None, gap: int) -> bool:
    return until is None or until == dt.date.max or (start - until).days - 1 <= gap


def _later(one: dt.date | None, other: dt.date | None) -> dt.date:
    return max(one or dt.date.max, other or dt.date.max)


# --- breakdowns -----------------------------------------------------------------------------------------------


def hours_by(facts: Facts, key: Callable[[Work], Any]) -> dict[Span, Lines]:
    """Hours and people by any attribute of the assignment, by span."""
    found: dict[Span, Lines] = {}
    for span in facts.period.spans:
        lines: Lines = defaultdict(Line)
        persons: dict[Any, set[int]] = defaultdict(set)
        for work in facts.works_of(span):
            row = key(work)
            lines[row].hours += work.hours[span]
            persons[row].add(work.person)
        for row, who in persons.items():
            lines[row].people = len(who)
        found[span] = dict(lines)
    return found


def contracts_by(facts: Facts, span: Span, key: Callable[[Work], Any]) -> dict[Any, int]:
    """Contracts with hours on each value of an attribute of the assignment; one contract may be in several."""
    head = contracts(facts, span).of_placement
    found: dict[Any, set[int]] = defaultdict(set)
    for work in facts.works_of(span):
        if work.placement in head:
            found[key(work)].add(head[work.placement])
    return {row: len(heads) for row, heads in found.items()}


def by_holder(facts: Facts) -> dict[Span, Lines]:
    """By company that holds the commitment: the bilan's « par entreprise »."""
    found = hours_by(facts, lambda work: work.holder)
    for span, lines in found.items():
        for holder, chains in contracts(facts, span).by_holder.items():
            lines[holder].contracts, lines[holder].started = len(chains), sum(chains)
    return found


def by_employer(facts: Facts) -> dict[Span, Lines]:
    """By employer: a second reading of the same hours, never added to the first."""
    return hours_by(facts, lambda work: work.employer)


def by_siae(facts: Facts) -> dict[Span, dict[int, Decimal]]:
    """Hours of employers that were an SIAE in the month worked, by span and company: the same hours read again."""
    spans = facts.period.spans
    sums = sums_by(
        facts.scope,
        facts.entries().filter(Exists(siae_in_the_month())),
        "assignment__placement__employer",
        **{f"hours_{i}": Sum("counted_hours", filter=within(span)) for i, span in enumerate(spans)},
    )
    found: dict[Span, dict[int, Decimal]] = {span: {} for span in spans}
    for company in sorted(sums):
        for span, value in zip(spans, sums[company], strict=True):
            if value:
                found[span][company] = value
    return found


def by_contract_type(facts: Facts) -> dict[Span, Lines]:
    """By contract type; a contract of several placements has the type of its first in the year."""
    return _with_contracts(
        facts,
        hours_by(facts, lambda work: work.contract_type),
        lambda contract: contract.contract_type,
    )


def by_modality(facts: Facts) -> dict[Span, Lines]:
    """By modality (direct hire, ETTI, GEIQ…)."""
    return _with_contracts(
        facts, hours_by(facts, lambda work: work.modality), lambda contract: contract.modality
    )


def by_occupation(facts: Facts) -> dict[Span, Lines]:
    """By occupation (ROME)."""
    return hours_by(facts, lambda work: work.occupation)


def _with_contracts(
    facts: Facts, found: dict[Span, Lines], key: Callable[[Contract], Any]
) -> dict[Span, Lines]:
    for span, lines in found.items():
        for row, count in contracts(facts, span).by(key).items():
            lines[row].contracts = count
    return found


def by_market(facts: Facts) -> dict[Span, Lines]:
    """By market, marchés subséquents apart."""
    return hours_by(facts, lambda work: work.market)


def by_family(facts: Facts) -> dict[Span, Lines]:
    """By purchase family of the market; a contract that works for two families counts in both."""
    return _by_market_key(facts, {market.id: market.family for market in facts.markets})


def by_cpv_division(facts: Facts) -> dict[Span, Lines]:
    """By CPV division (two digits) of the market, blank when the market has none; contracts likewise."""
    return _by_market_key(facts, {market.id: market.cpv[:2] for market in facts.markets})


def _by_market_key(facts: Facts, keys: Mapping[int, str]) -> dict[Span, Lines]:
    def key(work: Work) -> str:
        return keys.get(work.market, "")

    found = hours_by(facts, key)
    for span, lines in found.items():
        for row, count in contracts_by(facts, span, key).items():
            lines[row].contracts = count
    return found


def markets_by(facts: Facts, span: Span, key: Callable[[MarketRow], str]) -> dict[str, int]:
    """Markets with a clause that live in the span, by any attribute; a framework and its marchés subséquents are one."""
    found: dict[str, set[int]] = defaultdict(set)
    for row in facts.markets:
        if row.has_clause and row.is_alive_in(span):
            found[key(row)].add(row.root)
    return {value: len(roots) for value, roots in found.items()}


def share_by_family(facts: Facts) -> dict[Span, dict[str, Decimal]]:
    """Share of the hours by purchase family, as ratios; nothing where there are no hours."""
    return shares(by_family(facts))


def share_by_cpv_division(facts: Facts) -> dict[Span, dict[str, Decimal]]:
    """Share of the hours by CPV division, as ratios; nothing where there are no hours."""
    return shares(by_cpv_division(facts))


def shares(found: Mapping[Span, Lines]) -> dict[Span, dict[Any, Decimal]]:
    """Each row's part of the hours of its span, four decimals."""
    totals = {span: sum((line.hours for line in lines.values()), ZERO) for span, lines in found.items()}
    return {
        span: {key: ratio(line.hours, totals[span]) or ZERO for key, line in lines.items()}
        if totals[span]
        else {}
        for span, lines in found.items()
    }


def by_month(facts: Facts, span: Span) -> dict[dt.date, Decimal]:
    """Counted hours of each month of the span that has some: they add up to the hours of the span, shared or not."""
    parts = facts.scope.parts
    if not parts:
        found = sums_by(facts.scope, facts.entries(span), "month", hours=Sum("counted_hours"))
        return {month: found[month][0] for month in sorted(found)}
    rows = facts.entries(span).values_list("assignment", "month", "market").annotate(Sum("counted_hours"))
    months: dict[dt.date, Decimal] = defaultdict(lambda: ZERO)
    assignment, whole, told = None, ZERO, ZERO
    for pk, month, market, value in rows.order_by("assignment", "month"):
        if pk != assignment:
            assignment, whole, told = pk, ZERO, ZERO
        whole += exact(value)
        # A month is what it adds to the part of the assignment: rounded month by month, the year would not be found again.
        part = parts[market].of(whole) if market in parts else whole
        months[month] += part - told
        told = part
    return dict(sorted(months.items()))


# --- late hours, cumulative hours ------------------------------------------------------------------------------


def regularisation(scope: Scope, year: int) -> dict[int, Decimal]:
    """Hours « hors bilan publié » to print in the bilan of `year`, by the year they were worked in.

    Those of the years before that came after the closing of N-1 and, once the year is closed itself, before that: what
    comes later is for the next bilan. Each hour is printed once.
    """
    closed = _closed_at()
    if year - 1 not in closed:
        return {}
    late = scope.late_entries().filter(month__lt=dt.date(year, 1, 1), validated_at__gt=closed[year - 1])
    if year in closed:
        late = late.filter(validated_at__lte=closed[year])
    return _by_year(scope, late)


def outside_the_bilan(scope: Scope, year: int) -> Decimal:
    """What cumulative figures at the end of a closed year hold, and only the bilan of the year after prints."""
    closed = _closed_at()
    if year not in closed:
        return ZERO
    late = scope.late_entries().filter(month__lte=year_bounds(year)[1], validated_at__gt=closed[year])
    return sum(_by_year(scope, late).values(), ZERO)


def _closed_at() -> dict[int, dt.datetime]:
    return dict(ClosedYear.objects.order_by("year").values_list("year", "closed_at"))


def _by_year(scope: Scope, late: Any) -> dict[int, Decimal]:
    """What late rows add, by the year of their hours; a correction adds the difference with the row it replaces."""
    found: dict[int, Decimal] = defaultdict(lambda: ZERO)
    sums = {"hours": Sum("counted_hours"), "replaced": Sum("supersedes__counted_hours")}
    for month, (hours, replaced) in sums_by(scope, late, "month", **sums).items():
        found[month.year] += hours - replaced
    return {past: value for past, value in sorted(found.items()) if value}


def hours_since_start(commitment_ids: list[int], until: dt.date) -> dict[int, Decimal]:
    """Counted hours by commitment since the start, late ones included (the one seam: `clauses.progress`)."""
    found: dict[int, Decimal] = {}
    for at in range(0, len(commitment_ids), 5_000):
        found |= hours_counted(commitment_ids[at : at + 5_000], until)
    return {pk: exact(value) for pk, value in found.items()}
