"""What a figure is about: a scope (buyer, department, market, company, employer, territory) and a period of years.

The only place of `reporting` where a query starts from a model without a user: a scope is made from an object that
the caller obtained by `visible_to(user)`, and gives nothing beyond it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Q

from beneficiaries.models import HoursEntry
from clauses.models import Commitment
from markets.models import Award, Buyer, Company, Department, Lot, Market


class ScopeKind(StrEnum):
    BUYER = "buyer"
    DEPARTMENT = "department"
    MARKET = "market"
    # A company as holder of commitments, and as employer: two readings that are never added.
    COMPANY = "company"
    EMPLOYER = "employer"
    TERRITORY = "territory"


@dataclass(frozen=True)
class Scope:
    """The markets, commitments and hours that a figure is about; equal scopes give equal figures."""

    kind: ScopeKind
    id: int | None = None
    name: str = ""

    @classmethod
    def of(cls, owner: Buyer | Department | Market | Company) -> Scope:
        """The scope of an object that the caller may see."""
        kinds = {
            Buyer: ScopeKind.BUYER,
            Department: ScopeKind.DEPARTMENT,
            Market: ScopeKind.MARKET,
            Company: ScopeKind.COMPANY,
        }
        return cls(kinds[type(owner)], owner.pk, str(owner))

    @classmethod
    def employer(cls, company: Company) -> Scope:
        """What a company (SIAE, GEIQ…) did as employer, whoever holds the commitment."""
        return cls(ScopeKind.EMPLOYER, company.pk, str(company))

    @classmethod
    def territory(cls) -> Scope:
        """The whole house: for its staff only."""
        return cls(ScopeKind.TERRITORY)

    def markets(self) -> Any:
        """Markets of the scope, marchés subséquents included."""
        found = Market.objects.all()
        match self.kind:
            case ScopeKind.BUYER:
                return found.filter(buyer=self.id)
            case ScopeKind.DEPARTMENT:
                return found.filter(department=self.id)
            case ScopeKind.MARKET:
                return found.filter(pk=self.id or 0)
            case ScopeKind.COMPANY:
                held = Award.objects.filter(company=self.id).values("lot__market")
                return found.filter(pk__in=held)
            case ScopeKind.EMPLOYER:
                return found.filter(pk__in=self.current_entries().values("market"))
            case _:
                return found

    def lots(self) -> Any:
        return Lot.objects.filter(market__in=self.markets().values("pk"))

    def awards(self) -> Any:
        found = Award.objects.filter(lot__market__in=self.markets().values("pk"))
        return found.filter(company=self.id) if self.kind == ScopeKind.COMPANY else found

    def commitments(self) -> Any:
        """Commitments of the scope; an employer's are those its people worked on."""
        match self.kind:
            case ScopeKind.COMPANY:
                return Commitment.objects.filter(holder=self.id)
            case ScopeKind.EMPLOYER:
                return Commitment.objects.filter(
                    pk__in=self.current_entries().values("assignment__commitment")
                )
            case ScopeKind.MARKET:
                return Commitment.objects.filter(market=self.id)
            case ScopeKind.TERRITORY:
                return Commitment.objects.all()
            case ScopeKind.DEPARTMENT:
                return Commitment.objects.filter(market__department=self.id)
            case _:
                return Commitment.objects.filter(market__buyer=self.id)

    def annual_entries(self) -> Any:
        """Hours that count in the figures of their year, as they were when it was closed."""
        return HoursEntry.objects.annual().filter(self._of_entries())

    def late_entries(self) -> Any:
        """Entries and corrections that came after the closing of their year."""
        return HoursEntry.objects.late().filter(self._of_entries())

    def current_entries(self) -> Any:
        """Entries that no correction replaces, whatever their state; never summed."""
        return HoursEntry.objects.current().filter(self._of_entries())

    def _of_entries(self) -> Q:
        match self.kind:
            case ScopeKind.BUYER:
                return Q(market__buyer=self.id)
            case ScopeKind.DEPARTMENT:
                return Q(market__department=self.id)
            case ScopeKind.MARKET:
                return Q(market=self.id)
            case ScopeKind.COMPANY:
                return Q(assignment__commitment__holder=self.id)
            case ScopeKind.EMPLOYER:
                return Q(assignment__placement__employer=self.id)
            case _:
                return Q()


@dataclass(frozen=True)
class Period:
    """Calendar years, oldest first. Figures are given by year; `year` is the last one."""

    years: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.years:
            raise ValueError("A period holds at least one year.")
        object.__setattr__(self, "years", tuple(sorted(set(self.years))))

    @classmethod
    def of_year(cls, year: int, back: int = 0) -> Period:
        """The year and `back` years before it."""
        return cls(tuple(range(year - back, year + 1)))

    @property
    def year(self) -> int:
        return self.years[-1]

    @property
    def first_day(self) -> dt.date:
        return dt.date(self.years[0], 1, 1)

    @property
    def last_day(self) -> dt.date:
        return dt.date(self.year, 12, 31)


def year_bounds(year: int) -> tuple[dt.date, dt.date]:
    """First and last day of a calendar year."""
    return dt.date(year, 1, 1), dt.date(year, 12, 31)


def in_year(year: int, field: str = "month") -> Q:
    """A condition on a date; a range, so that an index answers it on both databases."""
    first, last = year_bounds(year)
    return Q(**{f"{field}__gte": first, f"{field}__lte": last})
