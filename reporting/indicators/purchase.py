"""Markets, reserved purchases, kinds of clauses, taux de réalisation, relation entreprise."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from django.db.models import Count, Exists, Max, Min, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from beneficiaries.declaration_dates import due_on
from beneficiaries.enums import EntryState
from beneficiaries.models import Assignment, MonthDeclaration
from beneficiaries.mutualisation import credits_of
from clauses.enums import StepKind
from clauses.models import Clause, EscalationStep, Interaction
from clauses.relation import relation_by_company
from core.dates import month_end
from markets.enums import SIAE_KINDS, CompanyKindCode, MarketNature, Reservation
from markets.models import CompanyKind
from markets.sharing import Part
from reporting.indicators.facts import ZERO, Facts, MarketRow, exact, once
from reporting.indicators.work import hours_since_start
from reporting.scope import ScopeKind, Span, bounds, within

ADAPTED_KINDS = (CompanyKindCode.EA, CompanyKindCode.EATT, CompanyKindCode.ESAT)


@dataclass
class Markets:
    """Numbers of markets in one span; a framework and its marchés subséquents are one. Operations likewise."""

    count: int = 0
    notified: int = 0
    with_hours: int = 0
    insertion: int = 0
    roots: set[int] = field(default_factory=set)
    operations: int = 0
    operations_notified: int = 0
    operations_with_hours: int = 0


@once
def markets(facts: Facts) -> dict[Span, Markets]:
    """Markets with a clause whose life overlaps the span; of these notified in it, and with counted hours in it.

    An operation is there when one of its markets is, notified when one of them was, and so on.
    """
    found: dict[Span, Markets] = {}
    for span in facts.period.spans:
        first, last = bounds(span)
        worked = {work.market for work in facts.works_of(span)}
        alive = [row for row in facts.markets if row.is_alive_in(span)]
        clausal = [row for row in alive if row.has_clause]
        roots = {row.root for row in clausal}
        notified = [row for row in clausal if row.root_notified_on and first <= row.root_notified_on <= last]
        with_hours = [row for row in facts.markets if row.id in worked and row.root in roots]
        found[span] = Markets(
            count=len(roots),
            notified=len({row.root for row in notified}),
            with_hours=len({row.root for row in with_hours}),
            operations=_operations(clausal),
            operations_notified=_operations(notified),
            operations_with_hours=_operations(with_hours),
            insertion=len({row.root for row in alive if row.nature == MarketNature.INSERTION}),
            roots=roots,
        )
    return found


def _operations(rows: Iterable[MarketRow]) -> int:
    return len({row.operation for row in rows if row.operation})


@dataclass
class Reserved:
    """Reserved markets and lots alive in one span, by ground; euros awarded in it."""

    markets: dict[str, int] = field(default_factory=dict)
    wholly: dict[str, int] = field(default_factory=dict)
    lots: dict[str, int] = field(default_factory=dict)
    count: int = 0
    awarded_to_siae: Decimal = ZERO
    awarded_to_adapted: Decimal = ZERO
    awards_without_amount: int = 0


def reserved(facts: Facts) -> dict[Span, Reserved]:
    """Markets wholly or partly reserved, lots, and euros awarded to SIAE and to EA/ESAT as they were that day."""
    grounds: dict[int, dict[str, int]] = defaultdict(dict)
    lots: dict[int, int] = defaultdict(int)
    for market, ground, number in facts.lots:
        lots[market] += number
        if ground != Reservation.NONE:
            grounds[market][ground] = number
    found: dict[Span, Reserved] = {span: Reserved() for span in facts.period.spans}
    for span, row in found.items():
        partly: dict[str, set[int]] = defaultdict(set)
        wholly: dict[str, set[int]] = defaultdict(set)
        every: set[int] = set()
        for alive in facts.markets:
            if not alive.is_alive_in(span):
                continue
            for ground, number in grounds.get(alive.id, {}).items():
                every.add(alive.root)
                partly[ground].add(alive.root)
                row.lots[ground] = row.lots.get(ground, 0) + number
                if number == lots[alive.id]:
                    wholly[ground].add(alive.root)
        row.count = len(every)
        row.markets = {ground: len(ids) for ground, ids in partly.items()}
        row.wholly = {ground: len(ids) for ground, ids in wholly.items()}
    for awarded_on, market, amount, is_siae, is_adapted in _awards_to_insertion(facts):
        awarded_in = facts.period.span_of(awarded_on)
        if awarded_in is None or not facts.scope.holds(market, awarded_on):
            continue
        row, part = found[awarded_in], facts.scope.parts.get(market)
        if part is not None and amount is not None:
            amount = part.of(exact(amount))
        row.awards_without_amount += amount is None
        row.awarded_to_siae += exact(amount) if is_siae else ZERO
        row.awarded_to_adapted += exact(amount) if is_adapted else ZERO
    return found


def _awards_to_insertion(facts: Facts) -> Iterable[tuple[dt.date, int, Decimal | None, bool, bool]]:
    """Awards of the period to SIAE and EA/ESAT; those of marchés subséquents are part of their framework's."""

    def held(kinds: Iterable[str]) -> Exists:
        return Exists(
            CompanyKind.objects.filter(
                Q(starts_on__isnull=True) | Q(starts_on__lte=OuterRef("awarded_day")),
                Q(ends_on__isnull=True) | Q(ends_on__gte=OuterRef("awarded_day")),
                company=OuterRef("company"),
                kind__in=list(kinds),
            )
        )

    when = Q()
    for span in facts.period.spans:
        when |= within(span, "awarded_day")
    return list(
        facts.scope.awards()
        .annotate(awarded_day=Coalesce("awarded_on", "lot__market__notified_on"))
        .annotate(is_siae=held(SIAE_KINDS), is_adapted=held(ADAPTED_KINDS))
        .filter(when, Q(is_siae=True) | Q(is_adapted=True), lot__market__parent__isnull=True)
        .order_by("pk")
        .values_list("awarded_day", "lot__market", "amount", "is_siae", "is_adapted")
    )


def markets_by_clause_kind(facts: Facts) -> dict[Span, dict[str, int]]:
    """Markets of the span by kind of clause; a market with two kinds counts in both."""
    rows = (
        Clause.objects.filter(lot__market__in=facts.scope.markets().values("pk"))
        .order_by("kind", "lot__market")
        .values_list("kind", "lot__market")
        .distinct()
    )
    by_id = {row.id: row for row in facts.markets}
    found: dict[Span, dict[str, set[int]]] = {span: defaultdict(set) for span in facts.period.spans}
    for kind, market in rows:
        for span, kinds in found.items():
            if by_id[market].is_alive_in(span):
                kinds[kind].add(by_id[market].root)
    return {span: {kind: len(ids) for kind, ids in kinds.items()} for span, kinds in found.items()}


# --- taux de réalisation ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CommitmentRate:
    """One commitment at the end of a span (hours): the whole of it, and the scope's part where buyers share it."""

    id: int
    market: int
    market_reference: str
    market_object: str
    holder: int
    whole_engaged: Decimal
    whole_counted: Decimal
    has_ended: bool
    part: Part | None = None
    # The intervention, as far as it is known; what a forecast needs.
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    closed_on: dt.date | None = None

    def _told(self, value: Decimal) -> Decimal:
        return value if self.part is None else self.part.of(value)

    @property
    def has_target(self) -> bool:
        return self.whole_engaged > 0

    @property
    def engaged(self) -> Decimal:
        return self._told(self.whole_engaged)

    @property
    def counted(self) -> Decimal:
        """What is within the commitment and what is above, told apart: a commitment met is met by each buyer."""
        return self.capped + self.surplus if self.has_target else self._told(self.whole_counted)

    @property
    def capped(self) -> Decimal:
        return self._told(min(self.whole_counted, max(self.whole_engaged, ZERO)))

    @property
    def surplus(self) -> Decimal:
        return self._told(max(self.whole_counted - self.whole_engaged, ZERO)) if self.has_target else ZERO

    @property
    def rate(self) -> Decimal | None:
        """Counted ÷ engaged, not capped, the same for each buyer; None without a target (« sans objet »)."""
        return self.whole_counted / self.whole_engaged if self.has_target else None

    @property
    def is_met(self) -> bool:
        return self.has_target and self.whole_counted >= self.whole_engaged


@dataclass
class Rates:
    """Several commitments together: each capped at 100 %, the surplus apart."""

    rows: list[CommitmentRate] = field(default_factory=list)
    # The day of the hours counted.
    until: dt.date | None = None

    @property
    def with_target(self) -> list[CommitmentRate]:
        return [row for row in self.rows if row.has_target]

    @property
    def engaged(self) -> Decimal:
        return sum((row.engaged for row in self.with_target), ZERO)

    @property
    def counted(self) -> Decimal:
        """Hours counted on commitments that have a target."""
        return sum((row.counted for row in self.with_target), ZERO)

    @cached_property
    def credited(self) -> Decimal:
        """What globalisations add to the hours counted (ADR 0038); negative, what they credit outside of these commitments."""
        found = credits_of([row.id for row in self.with_target], self.until)
        return sum(
            (
                row._told(sum((credit.delta for credit in found.get(row.id, ())), ZERO))
                for row in self.with_target
            ),
            ZERO,
        )

    @property
    def capped(self) -> Decimal:
        return sum((row.capped for row in self.with_target), ZERO)

    @property
    def surplus(self) -> Decimal:
        return sum((row.surplus for row in self.with_target), ZERO)

    @property
    def met(self) -> int:
        return sum(row.is_met for row in self.rows)

    @property
    def rate(self) -> Decimal | None:
        return self.capped / self.engaged if self.engaged > 0 else None

    @property
    def ended(self) -> list[CommitmentRate]:
        return [row for row in self.with_target if row.has_ended]


@once
def rates(facts: Facts, span: Span) -> Rates:
    """Hours counted since the start ÷ hours engaged at the end of the span, for markets alive in it; no pro rata."""
    first, last = bounds(span)
    commitments = facts.scope.commitments_in(span)
    if facts.scope.kind not in (ScopeKind.MARKET, ScopeKind.FRAMEWORK):
        # A report on one market speaks of it whatever its dates.
        commitments = commitments.alias(_begins=Coalesce("market__starts_on", "market__notified_on")).filter(
            Q(market__closed_on__isnull=True) | Q(market__closed_on__gte=first), _begins__lte=last
        )
    rows = (
        commitments.with_hours_engaged(last)
        .order_by("market__reference", "pk")
        .values_list(
            "pk",
            "market",
            "market__reference",
            "market__object",
            "holder",
            "hours_engaged",
            "ends_on",
            "market__closed_on",
            "starts_on",
            "market__starts_on",
            "market__notified_on",
            "market__planned_end",
        )
    )
    found = list(rows)
    ids = [row[0] for row in found]
    counted = hours_since_start(ids, last)
    return Rates(
        [
            CommitmentRate(
                pk,
                market,
                reference,
                title,
                holder,
                exact(engaged),
                counted[pk],
                any(day is not None and day <= last for day in (ends_on, closed_on)),
                facts.scope.parts.get(market),
                starts_on or begins_on or notified_on,
                ends_on or planned_end,
                closed_on,
            )
            for pk, market, reference, title, holder, engaged, ends_on, closed_on, starts_on, begins_on, notified_on, planned_end in found
        ],
        until=last,
    )


# --- relation entreprise ----------------------------------------------------------------------------------------


@dataclass
class Relation:
    """What is known of a company that holds commitments, at the end of a span."""

    engaged: Decimal = ZERO
    counted: Decimal = ZERO
    rate: Decimal | None = None
    last_month: dt.date | None = None
    unvalidated: int = 0


def relations(facts: Facts, span: Span) -> dict[int, Relation]:
    """By holder: hours engaged and counted since the start, last validated month, relevés not validated of the span."""
    by_company: dict[int, list[CommitmentRate]] = defaultdict(list)
    for row in rates(facts, span).rows:
        by_company[row.holder].append(row)
    found: dict[int, Relation] = {}
    for holder, rows in by_company.items():
        together = Rates(rows)
        found[holder] = Relation(
            engaged=together.engaged,
            counted=sum((row.counted for row in rows), ZERO),
            rate=together.rate,
        )
    validated = Q(state=EntryState.VALIDATED)
    entries = (
        facts.scope.current_entries()
        .filter(month__lte=bounds(span)[1])
        .order_by()
        .values_list("assignment__commitment__holder")
        .annotate(last=Max("month", filter=validated), waiting=Count("pk", filter=within(span) & ~validated))
    )
    for holder, last, waiting in entries:
        if holder in found:
            found[holder].last_month, found[holder].unvalidated = last, waiting
    return found


@dataclass
class FollowUp:
    """How a company was followed on the markets of the scope: contacts, promises kept, difficulties."""

    contacts: int = 0
    last_contact: dt.date | None = None
    kept: int = 0
    late: int = 0
    evidence_missing: int = 0
    # Months of the span that its employer declared after their day, or still has to; None: none was ever opened.
    late_declarations: int | None = None
    # The first day of the difficulty that is open at the end of the span, and its last step.
    difficulty_since: dt.date | None = None
    difficulty_step: str = ""


@once
def follow_up(facts: Facts, span: Span) -> dict[int, FollowUp]:
    """By company: contacts of the span about a market of the scope, and where the rest stands at its end.

    Contacts about the company alone are in no figure: they may be about another buyer's market.
    """
    last = bounds(span)[1]
    markets = facts.scope.markets().order_by().values("pk")
    found: dict[int, FollowUp] = defaultdict(FollowUp)
    contacts = (
        Interaction.objects.filter(
            facts.scope.in_hand("on"), market__in=markets, company__isnull=False, on__lte=last
        )
        .order_by()
        .values_list("company")
        .annotate(contacts=Count("pk", filter=within(span, "on")), last=Max("on"))
    )
    for company, number, day in contacts:
        found[company].contacts, found[company].last_contact = number, day
    markets = facts.scope.markets_in(span).order_by().values("pk")
    for company, relation in relation_by_company(markets, last).items():
        row = found[company]
        row.kept, row.late, row.evidence_missing = relation.kept, relation.late, relation.evidence_missing
    steps = (
        EscalationStep.objects.filter(escalation__market__in=markets, on__lte=last)
        .filter(Q(escalation__closed_on__isnull=True) | Q(escalation__closed_on__gt=last))
        .order_by("on", "pk")
        .values_list("escalation__holder", "escalation__opened_on", "kind")
    )
    for company, opened_on, kind in steps:
        row = found[company]
        row.difficulty_since = min(row.difficulty_since or opened_on, opened_on)
        row.difficulty_step = StepKind(kind).label
    for company, number in _late_declarations(facts, span).items():
        if number or company in found:
            found[company].late_declarations = number
    return dict(found)


def _late_declarations(facts: Facts, span: Span) -> dict[int, int]:
    """By employer: the months of the span that it declared late, of those with somebody on a commitment of the scope.

    Late: declared after their day, or has not declared yet. A month sent back for correction was declared.
    """
    rows = list(
        MonthDeclaration.objects.filter(within(span))
        .order_by("month", "pk")
        .values_list("pk", "company", "month", "submitted_at")
    )
    # Sent again after a correction, `submitted_at` is that of the correction: the history keeps the first.
    after = [pk for pk, _, month, sent in rows if sent and _day_of(sent) > due_on(month)]
    traces = MonthDeclaration.history.filter(id__in=after, submitted_at__isnull=False).order_by()
    first_sent = dict(traces.values_list("id").annotate(first=Min("submitted_at"))) if after else {}
    today = timezone.localdate()
    months: dict[int, list[tuple[dt.date, bool]]] = defaultdict(list)
    for pk, company, month, sent in rows:
        day = _day_of(first_sent.get(pk, sent)) if sent else today
        months[company].append((month, day > due_on(month)))
    if not months:
        return {}
    employed = Assignment.objects.filter(
        commitment__in=facts.scope.commitments_in(span).order_by().values("pk"),
        starts_on__lte=bounds(span)[1],
    ).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=bounds(span)[0]))
    if facts.scope.kind in (ScopeKind.EMPLOYER, ScopeKind.SIAE) and facts.scope.id:
        employed = employed.filter(placement__employer=facts.scope.id)
    there: dict[int, list[tuple[dt.date, dt.date | None]]] = defaultdict(list)
    days = employed.order_by().values_list("placement__employer", "starts_on", "ends_on").distinct()
    for company, first, last in days:
        if company in months:
            there[company].append((first, last))
    found: dict[int, int] = {}
    for company, runs in there.items():
        late = [
            is_late
            for month, is_late in months[company]
            if any(first <= month_end(month) and (last is None or last >= month) for first, last in runs)
        ]
        if late:
            found[company] = sum(late)
    return found


def _day_of(moment: dt.datetime) -> dt.date:
    return timezone.localtime(moment).date()
