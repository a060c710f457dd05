"""What the rooms of the generator share: its arguments, the ids it gives, and the rows it has made."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from django.db.models import Model

from beneficiaries.counting import Rules
from beneficiaries.models import (
    Assignment,
    Beneficiary,
    ClosedYear,
    CountingRules,
    EligibilityPeriod,
    EligibilityReview,
    HeldCriterion,
    HoursEntry,
    Placement,
    Prescriber,
)
from beneficiaries.services.counting import as_pure_rules
from clauses.models import Clause, Commitment, CommitmentChange
from core.dates import month_end
from core.models import Searchable
from markets.models import (
    Award,
    Buyer,
    BuyerMembership,
    Company,
    CompanyKind,
    CompanyMembership,
    Contact,
    Department,
    House,
    Lot,
    Market,
    Responsibility,
)
from reporting.demo.lists import Lists

M = TypeVar("M", bound=Model)

# Parents first: the order in which the rows are written.
MODELS: tuple[type[Model], ...] = (
    House,
    Buyer,
    Department,
    Company,
    CompanyKind,
    Contact,
    BuyerMembership,
    CompanyMembership,
    Market,
    Lot,
    Award,
    Clause,
    Commitment,
    CommitmentChange,
    Responsibility,
    CountingRules,
    ClosedYear,
    Prescriber,
    Beneficiary,
    EligibilityReview,
    HeldCriterion,
    EligibilityPeriod,
    Placement,
    Assignment,
    HoursEntry,
)


@dataclass(frozen=True)
class Staff:
    """Ids of the demonstration's accounts."""

    admin: int = 1
    facilitators: tuple[int, ...] = (2, 3, 4)
    buyer: int = 5
    buyer_department: int = 6
    company_etti: int = 7
    company_holder: int = 8


@dataclass
class Territory:
    """One generation, from its arguments to its last row; it never asks the database anything."""

    as_of: dt.date
    years: int
    seed: int
    staff: Staff
    lists: Lists
    # Names and birth dates already given: the database refuses the same twice.
    known_people: set[tuple[str, dt.date]] = field(default_factory=set)
    counted_hours: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    counted_people: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    all_hours: float = 0.0
    all_people_years: int = 0
    rows: dict[type[Model], list[Any]] = field(default_factory=lambda: defaultdict(list))
    _last_id: dict[type[Model], int] = field(default_factory=lambda: defaultdict(int))
    _rules: dict[tuple[str, int | None], list[tuple[dt.date, Rules]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, model: type[M], **fields: Any) -> M:
        """Make a row with the next id of its table."""
        self._last_id[model] += 1
        row = model(id=self._last_id[model], **fields)
        if isinstance(row, Searchable):
            row.search_key = row.make_search_key()
        self.rows[model].append(row)
        return row

    def next_id(self, model: type[Model]) -> int:
        """The id that the next row of that table will bear."""
        return self._last_id[model] + 1

    def take_rows(self) -> Iterator[tuple[type[Model], list[Any]]]:
        """Give the rows made since the last time, parents first, and forget them."""
        rows, self.rows = self.rows, defaultdict(list)
        for model in MODELS:
            if rows[model]:
                yield model, rows[model]

    @cached_property
    def first_day(self) -> dt.date:
        """The day from which the house logs hours here; before it, another tool did."""
        return dt.date(self.last_month.year - self.years + 1, 1, 1)

    @cached_property
    def reference_year(self) -> int:
        """The year whose totals are aimed at: the last whole one, or the only one there is."""
        is_whole = self.last_month.month == 12 or self.years == 1
        return self.last_month.year if is_whole else self.last_month.year - 1

    @cached_property
    def reference_share(self) -> float:
        """The part of the reference year that has been worked."""
        return self.last_month.month / 12 if self.reference_year == self.last_month.year else 1.0

    @cached_property
    def last_month(self) -> dt.date:
        """The last month that is over on the day of the territory."""
        if self.as_of == month_end(self.as_of):
            return self.as_of.replace(day=1)
        return (self.as_of.replace(day=1) - dt.timedelta(days=1)).replace(day=1)

    def closing_day(self, year: int) -> dt.date | None:
        """When that year was closed; None while it is open."""
        day = dt.date(year + 1, 2, 15)
        return day if self.first_day.year <= year and day <= self.as_of else None

    def know_rules(self, rows: Iterable[CountingRules]) -> None:
        """Take the territory's rules as they are; own ones get the ids that follow."""
        for row in rows:
            self._keep_rules(row)
            self._last_id[CountingRules] = max(self._last_id[CountingRules], row.pk or 0)

    def add_rules(self, **fields: Any) -> CountingRules:
        """Counting rules of a buyer or a market; those of a scope are given oldest first."""
        row = self.add(CountingRules, **fields)
        self._keep_rules(row)
        return row

    def _keep_rules(self, row: CountingRules) -> None:
        scope = ("market", row.market_id) if row.market_id else ("buyer", row.buyer_id)
        self._rules[scope].insert(0, (row.in_force_from, as_pure_rules(row)))

    def rules_for(self, buyer_id: int, market_id: int, month: dt.date) -> Rules:
        """The rules in force, the nearest scope first: market, buyer, territory."""
        for scope in (("market", market_id), ("buyer", buyer_id), ("buyer", None)):
            for since, rules in self._rules.get(scope, ()):
                if since <= month:
                    return rules
        raise LookupError("The territory has no counting rules yet.")
