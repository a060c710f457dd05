"""What every indicator of people and hours is made of: one row for each assignment, summed by the database.

`Facts(scope, period)` reads each thing once, when it is first asked for: a page that shows hours only does not pay
for the people. Hours of calendar years are those of the year's figures (`HoursEntry.objects.annual()`), those of other
months are the standing ones. Of a market that several buyers share, a buyer has its part of the hours.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cached_property, wraps
from typing import Any, NamedTuple, TypeVar

from django.db.models import Count, Exists, F, OuterRef, Q, Sum, Window
from django.db.models.functions import Coalesce, RowNumber

from beneficiaries.models import Assignment, CountingRules, EligibilityReview, HeldCriterion
from clauses.models import Clause
from markets.enums import Reservation
from markets.models import Company, Lot
from reporting.holders import Run
from reporting.scope import Period, Scope, ScopeKind, Span, bounds, within

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
# Beyond, a subquery says it instead: databases limit the parameters of a statement.
MANY_IDS = 5_000
T = TypeVar("T")


def exact(value: Any) -> Decimal:
    """Hours or euros with two decimals; SQLite sums decimals as floats."""
    return ZERO if value is None else Decimal(value).quantize(CENT)


class Work(NamedTuple):
    """The counted hours of one assignment, by span of the period."""

    assignment: int
    market: int
    commitment: int
    holder: int
    holder_short_name: str
    holder_full_name: str
    holder_identifier: str
    placement: int
    person: int
    nature: str
    employer: int
    contract_type: str | None
    contract_label: str | None
    modality: str
    occupation: str | None
    occupation_label: str | None
    starts_on: dt.date
    ends_on: dt.date | None
    # The scope's part, and the whole: who worked does not depend on the part.
    hours: dict[Span, Decimal]
    whole: dict[Span, Decimal]


class Earlier(NamedTuple):
    """An assignment that counted hours before the period: who had already come, which contract goes on."""

    placement: int
    person: int
    employer: int
    holder: int
    starts_on: dt.date
    ends_on: dt.date | None


class MarketRow(NamedTuple):
    """A market of the scope, or a marché subséquent, which is counted with its framework."""

    id: int
    parent: int | None
    reference: str
    object: str
    family: str
    nature: str
    cpv: str
    operation: int | None
    starts_on: dt.date | None
    notified_on: dt.date | None
    closed_on: dt.date | None
    parent_notified_on: dt.date | None
    has_clause: bool
    # What drill-down and steering show beside the figures.
    department: int | None
    department_name: str | None
    operation_name: str | None
    planned_end: dt.date | None
    is_reserved: bool
    # The months in which it is in the scope, where it is not always (a facilitator's).
    held: tuple[Run, ...] | None = None

    @property
    def root(self) -> int:
        return self.parent or self.id

    @property
    def root_notified_on(self) -> dt.date | None:
        return self.parent_notified_on if self.parent else self.notified_on

    def is_alive_in(self, span: Span) -> bool:
        """Life: ordre de service or notification → closing."""
        first, last = bounds(span)
        begins = self.starts_on or self.notified_on
        if begins is None or begins > last or (self.closed_on is not None and self.closed_on < first):
            return False
        if self.held is None:
            return True
        first, last = max(first, begins), min(last, self.closed_on or last)
        return any(run.overlaps(first, last) for run in self.held)


class Review(NamedTuple):
    """The situation at entry that a decision froze."""

    id: int
    person: int
    supersedes: int | None
    decision: str
    decided_on: dt.date
    age: int | None
    gender: str
    commune: str | None
    commune_label: str | None
    successor: str | None
    successor_label: str | None
    qpv: str | None
    education_band: str | None
    unemployment: str
    prescriber_kind: str | None
    principal: str | None
    principal_label: str | None
    principal_public: str | None


def once(function: Callable[..., T]) -> Callable[..., T]:
    """Keep what an indicator found for the same facts: several chapters ask for it."""

    @wraps(function)
    def found(facts: Facts, *args: Any) -> T:
        key = (function.__name__, *args)
        if key not in facts._known:
            facts._known[key] = function(facts, *args)
        return facts._known[key]

    return found


class Facts:
    """The rows of one scope and period, each read once."""

    def __init__(self, scope: Scope, period: Period) -> None:
        self.scope, self.period = scope, period
        self._known: dict[tuple[Any, ...], Any] = {}

    def entries(self, *spans: Span) -> Any:
        """Counted entries of these spans (those of the period by default).

        Those of calendar years are without what came « hors bilan publié ».
        """
        chosen = spans or self.period.spans
        when = Q(month__gte=bounds(min(chosen))[0], month__lte=bounds(max(chosen))[1])  # type: ignore[type-var]
        return self._every_entry().filter(when).order_by()

    def _every_entry(self) -> Any:
        return self.scope.annual_entries() if self.period.is_annual else self.scope.standing_entries()

    @cached_property
    def works(self) -> list[Work]:
        """One row for each assignment with counted hours in the period."""
        spans = self.period.spans
        sums = {f"hours_{i}": Sum("counted_hours", filter=within(span)) for i, span in enumerate(spans)}
        hours = {
            row[0]: {span: exact(value) for span, value in zip(spans, row[1:], strict=True)}
            for row in self.entries().values_list("assignment").annotate(**sums)
        }
        columns = (
            "pk", "commitment__market", "commitment", "commitment__holder",
            "commitment__holder__short_name", "commitment__holder__name", "commitment__holder__identifier", "placement",
            "placement__beneficiary", "placement__nature", "placement__employer", "placement__contract_type",
            "placement__contract_type__label", "placement__modality", "placement__occupation",
            "placement__occupation__label", "placement__starts_on", "placement__ends_on",
        )  # fmt: skip
        chosen = list(hours) if len(hours) <= MANY_IDS else self.entries().values("assignment")
        found = Assignment.objects.filter(pk__in=chosen).order_by("pk")
        return [
            Work(*(*row, self._part(row[1], hours[row[0]]), hours[row[0]]))
            for row in found.values_list(*columns)
        ]

    def _part(self, market: int, whole: dict[Span, Decimal]) -> dict[Span, Decimal]:
        part = self.scope.parts.get(market)
        return whole if part is None else {span: part.of(value) for span, value in whole.items()}

    def holder_names(self) -> dict[int, str]:
        """Names of the companies that hold the commitments worked on."""
        return told_apart(
            (work.holder, work.holder_short_name, work.holder_full_name, work.holder_identifier)
            for work in self.works
        )

    def works_of(self, span: Span) -> list[Work]:
        return [work for work in self.works if work.whole[span]]

    @cached_property
    def earlier(self) -> list[Earlier]:
        """Assignments of the period's people that counted hours before it."""
        before = self._every_entry().filter(month__lt=self.period.first_day).order_by()
        people: Any = {work.person for work in self.works}
        if len(people) > MANY_IDS:
            assignments = Assignment.objects.filter(pk__in=self.entries().values("assignment"))
            people = assignments.order_by().values("placement__beneficiary")
        columns = (
            "placement", "placement__beneficiary", "placement__employer", "commitment__holder",
            "placement__starts_on", "placement__ends_on",
        )  # fmt: skip
        found = (
            Assignment.objects.filter(
                pk__in=before.values("assignment"),
                placement__beneficiary__in=people,
            )
            .order_by("pk")
            .values_list(*columns)
        )
        return [Earlier(*row) for row in found]

    @cached_property
    def markets(self) -> list[MarketRow]:
        """Every market of the scope; whether it counts in a year is `MarketRow.is_alive_in`."""
        clauses = Clause.objects.filter(lot__market=OuterRef("pk"))
        reserved = Lot.objects.filter(market=OuterRef("pk")).exclude(reservation=Reservation.NONE)
        columns = (
            "pk", "parent", "reference", "object", "family", "nature", "cpv", "of_operation", "starts_on",
            "notified_on", "closed_on", "parent__notified_on", "has_clause", "department", "department__name",
            "of_operation_name", "planned_end", "has_reserved_lot",
        )  # fmt: skip
        rows = (
            self.scope.markets()
            .annotate(
                has_clause=Exists(clauses),
                has_reserved_lot=Exists(reserved),
                of_operation=Coalesce("operation", "parent__operation"),
                of_operation_name=Coalesce("operation__name", "parent__operation__name"),
            )
            .order_by("pk")
        )
        found = [MarketRow(*row) for row in rows.values_list(*columns)]
        return [
            row._replace(held=held) if (held := self.scope.held(row.id)) is not None else row for row in found
        ]

    @cached_property
    def lots(self) -> list[tuple[int, str, int]]:
        """(market, reservation, number of lots)."""
        rows = self.scope.lots().order_by().values_list("market", "reservation")
        return list(rows.annotate(lots=Count("pk")).order_by("market", "reservation"))

    def first_assignments(self, span: Span) -> list[tuple[int, int, int | None, dt.date]]:
        """(person, assignment, its review, its first day) of each person's first counted hour of the span."""
        rank = Window(
            RowNumber(),
            partition_by=F("assignment__placement__beneficiary"),
            order_by=[F("month").asc(), F("pk").asc()],
        )
        rows = self.entries(span).annotate(rank=rank).filter(rank=1)
        return list(
            rows.order_by("assignment__placement__beneficiary").values_list(
                "assignment__placement__beneficiary",
                "assignment",
                "assignment__review",
                "assignment__starts_on",
            )
        )

    def reviews(self, span: Span) -> list[Review]:
        """Every decision about the people of the span, corrected ones included."""
        columns = (
            "pk", "beneficiary", "supersedes", "decision", "decided_on", "entry_age", "entry_gender",
            "entry_commune", "entry_commune__label", "entry_commune__successor",
            "entry_commune__successor__label", "entry_qpv", "entry_education__band", "entry_unemployment",
            "entry_prescriber__kind", "principal", "principal__label", "principal__public",
        )  # fmt: skip
        rows = EligibilityReview.objects.filter(beneficiary__in=self._people(span)).order_by("pk")
        return [Review(*row) for row in rows.values_list(*columns)]

    def held_publics(self, span: Span) -> list[tuple[int, str]]:
        """(review, public) of every status held at entry that belongs to a public."""
        held = HeldCriterion.objects.filter(review__beneficiary__in=self._people(span))
        return list(
            held.exclude(criterion__public="")
            .order_by("review", "criterion")
            .values_list("review", "criterion__public")
        )

    def _people(self, span: Span) -> Any:
        ids = {work.person for work in self.works_of(span)}
        if len(ids) <= MANY_IDS:
            return sorted(ids)
        assignments = Assignment.objects.filter(pk__in=self.entries(span).values("assignment"))
        return assignments.order_by().values("placement__beneficiary")

    @cached_property
    def rules(self) -> list[CountingRules]:
        """Counting rules that may apply to the scope up to the end of the period, newest first."""
        scope = self.scope
        mine = Q(buyer__isnull=True, market__isnull=True)
        if scope.kind == ScopeKind.BUYER:
            mine |= Q(buyer=scope.id) | Q(market__in=scope.markets().order_by().values("pk"))
        elif scope.kind == ScopeKind.DEPARTMENT:
            mine |= Q(buyer__departments=scope.id) | Q(market__department=scope.id)
        elif scope.kind == ScopeKind.OPERATION:
            mine |= Q(buyer__markets__operation=scope.id) | Q(market__operation=scope.id)
        elif scope.kind in (ScopeKind.MARKET, ScopeKind.FRAMEWORK):
            mine |= Q(buyer__markets=scope.id) | Q(market=scope.id)
        rows = CountingRules.objects.filter(mine, in_force_from__lte=self.period.last_day)
        return list(rows.select_related("buyer", "market").order_by("-in_force_from", "pk").distinct())

    def rules_in_force(self, span: Span) -> CountingRules:
        """The nearest rules at the end of the span: of the market, of its buyer, of the territory."""
        last = bounds(span)[1]
        known = [row for row in self.rules if row.in_force_from <= last]
        if self.scope.kind in (ScopeKind.MARKET, ScopeKind.FRAMEWORK):
            for row in known:
                if row.market_id:
                    return row
        for wanted in (True, False):
            for row in known:
                if not row.market_id and bool(row.buyer_id) is wanted:
                    return row
        # Nothing was ever set: the model's own values, as the counting does.
        return CountingRules(in_force_from=dt.date(2000, 1, 1))


def sums_by(scope: Scope, entries: Any, key: str, **sums: Any) -> dict[Any, tuple[Decimal, ...]]:
    """Sums of hours by `key`, the scope's part where a market is shared: told assignment by assignment then."""
    parts = scope.parts
    columns = (key, "market", "assignment") if parts else (key,)
    found: dict[Any, tuple[Decimal, ...]] = {}
    for row in entries.order_by().values_list(*columns).annotate(**sums):
        values = [exact(value) for value in row[len(columns) :]]
        part = parts.get(row[1]) if parts else None
        if part is not None:
            values = [part.of(value) for value in values]
        known = found.get(row[0], (ZERO,) * len(values))
        found[row[0]] = tuple(before + value for before, value in zip(known, values, strict=True))
    return found


def company_names(ids: Iterable[int]) -> dict[int, str]:
    """Names of companies that the scope's rows already hold, as their file shows them; two of a name show which."""
    columns = ("pk", "short_name", "name", "identifier")
    return told_apart(Company.objects.filter(pk__in=set(ids)).order_by("pk").values_list(*columns))


def told_apart(companies: Iterable[tuple[int, str, str, str]]) -> dict[int, str]:
    """Name by id of (id, short name, name, identifier); two companies of one name show which they are."""
    rows = set(companies)
    names = Counter(short or name for _, short, name, _ in rows)
    return {
        pk: shown if names[shown := short or name] == 1 else f"{shown} ({identifier or f'fiche {pk}'})"
        for pk, short, name, identifier in sorted(rows)
    }
