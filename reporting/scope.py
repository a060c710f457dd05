"""What a figure is about: a scope (buyer, department, operation, market, company, employer, SIAE, facilitator,
territory) and a period.

The only place of `reporting` where a query starts from a model without a user: a scope is made from an object that
the caller obtained by `visible_to(user)`, and gives nothing beyond it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q

from beneficiaries.models import HoursEntry
from clauses.models import Commitment
from core.dates import month_end, month_of
from markets.enums import SIAE_KINDS
from markets.models import (
    Award,
    Buyer,
    Company,
    CompanyKind,
    Department,
    Lot,
    Market,
    MarketParty,
    Operation,
    Responsibility,
)
from markets.sharing import Part
from reporting.holders import Run, runs_of

if TYPE_CHECKING:
    from accounts.models import User


class ScopeKind(StrEnum):
    BUYER = "buyer"
    DEPARTMENT = "department"
    OPERATION = "operation"
    MARKET = "market"
    # An accord-cadre with its marchés subséquents, which are one market.
    FRAMEWORK = "framework"
    # A company as holder of commitments, and as employer: two readings that are never added.
    COMPANY = "company"
    EMPLOYER = "employer"
    # Employers, or one of them, in the months in which they were an SIAE.
    SIAE = "siae"
    # What one person of the house held, month by month.
    FACILITATOR = "facilitator"
    TERRITORY = "territory"


@dataclass(frozen=True)
class Scope:
    """The markets, commitments and hours that a figure is about; equal scopes give equal figures.

    A buyer (or its department) has its share of the hours and euros of a market that it shares, see `parts`; people,
    contracts and markets are whole in each. Every other scope has the whole of its markets.
    """

    kind: ScopeKind
    id: int | None = None
    name: str = ""
    # Given by a caller that knows already that nothing is shared; read once otherwise.
    shares_nothing: bool = field(default=False, compare=False)

    @classmethod
    def of(
        cls, owner: Buyer | Department | Operation | Market | Company, *, shares_nothing: bool = False
    ) -> Scope:
        """The scope of an object that the caller may see."""
        kinds = {
            Buyer: ScopeKind.BUYER,
            Department: ScopeKind.DEPARTMENT,
            Operation: ScopeKind.OPERATION,
            Market: ScopeKind.MARKET,
            Company: ScopeKind.COMPANY,
        }
        return cls(kinds[type(owner)], owner.pk, str(owner), shares_nothing)

    @classmethod
    def whole_market(cls, market: Market) -> Scope:
        """A market with its marchés subséquents, where it has some."""
        if Market.objects.filter(parent=market).exists():
            return cls(ScopeKind.FRAMEWORK, market.pk, str(market))
        return cls.of(market)

    @classmethod
    def employer(cls, company: Company) -> Scope:
        """What a company (SIAE, GEIQ…) did as employer, whoever holds the commitment."""
        return cls(ScopeKind.EMPLOYER, company.pk, str(company))

    @classmethod
    def siae(cls, company: Company | None = None) -> Scope:
        """What the employers that were an SIAE in the month worked did, or one of them; for the house's staff."""
        return cls(ScopeKind.SIAE, company.pk if company else None, str(company) if company else "")

    @classmethod
    def facilitator(cls, user: User) -> Scope:
        """The markets that a person of the house answered for, in the months in which they did; a stand-in does not."""
        return cls(ScopeKind.FACILITATOR, user.pk, str(user))

    @classmethod
    def territory(cls) -> Scope:
        """The whole house: for its staff only."""
        return cls(ScopeKind.TERRITORY)

    @cached_property
    def parts(self) -> dict[int, Part]:
        """What the scope has of each market that several buyers share; a market that is not here is whole."""
        if self.shares_nothing:
            return {}
        if self.kind == ScopeKind.BUYER:
            return MarketParty.objects.parts_of(buyer=self.id)
        if self.kind == ScopeKind.DEPARTMENT:
            return MarketParty.objects.parts_of(department=self.id)
        return {}

    @property
    def _as_member(self) -> list[int]:
        """Markets that another buyer leads."""
        return [pk for pk, part in self.parts.items() if part.own is not None]

    def markets(self) -> Any:
        """Markets of the scope, marchés subséquents included."""
        found = Market.objects.all()
        match self.kind:
            case ScopeKind.BUYER | ScopeKind.DEPARTMENT:
                mine = Q(**{self.kind.value: self.id})
                return found.filter(mine | Q(pk__in=self._as_member) if self._as_member else mine)
            case ScopeKind.OPERATION:
                return found.filter(Q(operation=self.id) | Q(operation=None, parent__operation=self.id))
            case ScopeKind.FRAMEWORK:
                return found.filter(Q(pk=self.id) | Q(parent=self.id))
            case ScopeKind.MARKET:
                return found.filter(pk=self.id or 0)
            case ScopeKind.COMPANY:
                held = Award.objects.filter(company=self.id).values("lot__market")
                return found.filter(pk__in=held)
            case ScopeKind.EMPLOYER | ScopeKind.SIAE:
                return found.filter(pk__in=self.current_entries().values("market"))
            case ScopeKind.FACILITATOR:
                return found.filter(pk__in=list(self._held))
            case _:
                return found

    def lots(self) -> Any:
        return Lot.objects.filter(market__in=self.markets().values("pk"))

    def awards(self) -> Any:
        """Awards of the scope's markets; those of a company are its own, as holder or as employer."""
        if self.kind in (ScopeKind.COMPANY, ScopeKind.EMPLOYER, ScopeKind.SIAE):
            if self.id:
                return Award.objects.filter(company=self.id)
            ever = CompanyKind.objects.filter(kind__in=SIAE_KINDS).order_by()
            return Award.objects.filter(company__in=ever.values("company"))
        return Award.objects.filter(lot__market__in=self.markets().values("pk"))

    def commitments(self) -> Any:
        """Commitments of the scope, whenever; an employer's are those its people worked on."""
        match self.kind:
            case ScopeKind.COMPANY:
                return Commitment.objects.filter(holder=self.id)
            case ScopeKind.EMPLOYER | ScopeKind.SIAE:
                return Commitment.objects.filter(
                    pk__in=self.current_entries().values("assignment__commitment")
                )
            case ScopeKind.MARKET:
                return Commitment.objects.filter(market=self.id)
            case ScopeKind.TERRITORY:
                return Commitment.objects.all()
            case ScopeKind.FACILITATOR:
                return Commitment.objects.filter(market__in=list(self._held))
            case _:
                return Commitment.objects.filter(self._of_markets())

    # --- what a facilitator held, and when -----------------------------------------------------------------

    @cached_property
    def _runs(self) -> dict[int, list[Run]]:
        """Who held, month by month, each market that the facilitator ever held; of everyone, for the others end a run.

        A marché subséquent that nobody was ever named for follows its framework.
        """
        if self.kind != ScopeKind.FACILITATOR:
            return {}
        mine = Responsibility.objects.filter(facilitator=self.id, market__isnull=False)
        rows: dict[int, list[tuple[int, dt.date, dt.date | None]]] = {}
        every = Responsibility.objects.filter(market__in=mine.order_by().values("market"))
        columns = ("market", "facilitator", "starts_on", "ends_on")
        for market, holder, first, last in every.order_by("market", "starts_on", "pk").values_list(*columns):
            rows.setdefault(market, []).append((holder, first, last))
        found = {market: runs_of(named) for market, named in rows.items()}
        children = Market.objects.filter(parent__in=mine.order_by().values("market"))
        named_for = Responsibility.objects.filter(market=OuterRef("pk"))
        for child in children.filter(~Exists(named_for)).order_by("pk").only("pk", "parent"):
            if child.parent_id is not None:
                found[child.pk] = found[child.parent_id]
        return found

    @cached_property
    def _held(self) -> dict[int, tuple[Run, ...]]:
        """The runs of the facilitator, by market."""
        found = {
            market: tuple(run for run in runs if run.holder == self.id) for market, runs in self._runs.items()
        }
        return {market: runs for market, runs in found.items() if runs}

    def held(self, market: int) -> tuple[Run, ...] | None:
        """The months in which a market is in the scope; None where it always is."""
        return self._held.get(market, ()) if self.kind == ScopeKind.FACILITATOR else None

    def holds(self, market: int, day: dt.date) -> bool:
        """Whether a market of the scope was in it on that day."""
        runs = self.held(market)
        return runs is None or any(run.holds(day) for run in runs)

    def in_hand(self, field: str = "month", market: str = "market") -> Q:
        """A condition on dated rows of the scope's markets: those of the months in which the market was in it."""
        if self.kind != ScopeKind.FACILITATOR:
            return Q()
        together: dict[tuple[dt.date, dt.date | None], list[int]] = {}
        for pk, runs in self._held.items():
            for run in runs:
                together.setdefault((run.first, run.last), []).append(pk)
        by_year: dict[int, Q] = {}
        for (first, last), markets in together.items():
            when = Q(**{f"{market}__in": markets, f"{field}__gte": first})
            if last:
                when &= Q(**{f"{field}__lte": month_end(last)})
            by_year[first.year] = by_year.get(first.year, Q(pk__in=())) | when
        # By year of their beginning: SQLite bears a thousand alternatives in a row, no more.
        found = Q(pk__in=())
        for year, some in sorted(by_year.items()):
            found |= Q(**{f"{field}__gte": dt.date(year, 1, 1)}) & some
        return found

    def markets_in(self, span: Span) -> Any:
        """Markets that the scope speaks of at the end of a span: for a facilitator, those that nobody took since."""
        if self.kind != ScopeKind.FACILITATOR:
            return self.markets()
        return Market.objects.filter(pk__in=self._held_at_end(span))

    def commitments_in(self, span: Span) -> Any:
        """Commitments that the scope speaks of at the end of a span, likewise."""
        if self.kind != ScopeKind.FACILITATOR:
            return self.commitments()
        return Commitment.objects.filter(market__in=self._held_at_end(span))

    def _held_at_end(self, span: Span) -> list[int]:
        """Markets whose last holder in the span is the facilitator."""
        first, last = bounds(span)
        found = []
        for market, runs in self._runs.items():
            here = [run for run in runs if run.overlaps(first, last)]
            if here and here[-1].holder == self.id:
                found.append(market)
        return found

    # --- hours -----------------------------------------------------------------------------------------------

    def annual_entries(self) -> Any:
        """Hours that count in the figures of their year, as they were when it was closed."""
        return HoursEntry.objects.annual().filter(self._of_entries())

    def standing_entries(self) -> Any:
        """Hours that count as they stand today, late ones and corrections included: those of cumulative figures."""
        return HoursEntry.objects.counted().filter(self._of_entries())

    def late_entries(self) -> Any:
        """Entries and corrections that came after the closing of their year."""
        return HoursEntry.objects.late().filter(self._of_entries())

    def current_entries(self) -> Any:
        """Entries that no correction replaces, whatever their state; never summed."""
        return HoursEntry.objects.current().filter(self._of_entries())

    def _of_markets(self) -> Q:
        """A condition on rows that have a `market`; one index answers it where no market is shared."""
        if self.kind in (ScopeKind.OPERATION, ScopeKind.FRAMEWORK) or self._as_member:
            return Q(market__in=self.markets().order_by().values("pk"))
        return Q(**{f"market__{self.kind.value}": self.id})

    def _of_entries(self) -> Q:
        match self.kind:
            case ScopeKind.BUYER | ScopeKind.DEPARTMENT | ScopeKind.OPERATION | ScopeKind.FRAMEWORK:
                return self._of_markets()
            case ScopeKind.MARKET:
                return Q(market=self.id)
            case ScopeKind.COMPANY:
                return Q(assignment__commitment__holder=self.id)
            case ScopeKind.EMPLOYER:
                return Q(assignment__placement__employer=self.id)
            case ScopeKind.SIAE:
                one = Q(assignment__placement__employer=self.id) if self.id else Q()
                return one & Q(Exists(siae_in_the_month()))
            case ScopeKind.FACILITATOR:
                return self.in_hand()
            case _:
                return Q()


def siae_in_the_month() -> Any:
    """Kinds that made the employer of an entry an SIAE in its month (to be used under `Exists`)."""
    return CompanyKind.objects.filter(
        Q(starts_on__isnull=True) | Q(starts_on__lte=OuterRef("month")),
        Q(ends_on__isnull=True) | Q(ends_on__gte=OuterRef("month")),
        company=OuterRef("assignment__placement__employer"),
        kind__in=SIAE_KINDS,
    )


@dataclass(frozen=True, order=True)
class Months:
    """Whole months, both included; a month is its first day."""

    first: dt.date
    last: dt.date

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", month_of(self.first))
        object.__setattr__(self, "last", month_of(self.last))
        if self.last < self.first:
            raise ValueError("The last month comes before the first one.")


# A calendar year, or other whole months: what figures are given by.
Span = int | Months


@dataclass(frozen=True)
class Period:
    """Calendar years, oldest first, or one run of whole months. Figures are given by span; `span` is the last one.

    Hours of calendar years are those of the annual figures (as they stood at the closing); those of other months are
    the standing ones, late hours and corrections included.
    """

    spans: tuple[Span, ...]

    def __post_init__(self) -> None:
        if not self.spans:
            raise ValueError("A period holds at least one year.")
        if len(self.spans) > 1 and not all(isinstance(span, int) for span in self.spans):
            raise ValueError("Several spans are calendar years.")
        object.__setattr__(self, "spans", tuple(sorted(set(self.spans))))  # type: ignore[type-var]

    @classmethod
    def of_year(cls, year: int, back: int = 0) -> Period:
        """The year and `back` years before it."""
        return cls(tuple(range(year - back, year + 1)))

    @classmethod
    def of_months(cls, first: dt.date, last: dt.date) -> Period:
        """Whole months, from the month of `first` to that of `last`."""
        return cls((Months(first, last),))

    @property
    def is_annual(self) -> bool:
        return isinstance(self.spans[0], int)

    @property
    def years(self) -> tuple[int, ...]:
        """The calendar years of a period of years."""
        return tuple(span for span in self.spans if isinstance(span, int))

    @property
    def year(self) -> int:
        """The last calendar year of a period of years."""
        return self.years[-1]

    @property
    def span(self) -> Span:
        return self.spans[-1]

    @property
    def first_day(self) -> dt.date:
        return bounds(self.spans[0])[0]

    @property
    def last_day(self) -> dt.date:
        return bounds(self.span)[1]

    def span_of(self, day: dt.date) -> Span | None:
        """The span that a day is in."""
        return next((span for span in self.spans if bounds(span)[0] <= day <= bounds(span)[1]), None)


def bounds(span: Span) -> tuple[dt.date, dt.date]:
    """First and last day of a span."""
    if isinstance(span, Months):
        return span.first, month_end(span.last)
    return year_bounds(span)


def year_bounds(year: int) -> tuple[dt.date, dt.date]:
    """First and last day of a calendar year."""
    return dt.date(year, 1, 1), dt.date(year, 12, 31)


def within(span: Span, field: str = "month") -> Q:
    """A condition on a date; a range, so that an index answers it on both databases."""
    first, last = bounds(span)
    return Q(**{f"{field}__gte": first, f"{field}__lte": last})
