"""Every indicator answers for every scope, any months, without more queries for more rows; facilitators month by month."""

from __future__ import annotations

import datetime as dt
import inspect
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.enums import Role
from beneficiaries.models import HoursEntry
from markets.enums import SIAE_KINDS
from markets.models import Company, CompanyKind, Market, Operation, Responsibility
from reporting import indicators
from reporting.holders import Run, runs_of
from reporting.indicators import Facts
from reporting.scope import Months, Period, Scope, ScopeKind
from tests.factories import (
    BuyerFactory,
    CommitmentFactory,
    CompanyFactory,
    CompanyKindFactory,
    DepartmentFactory,
    HoursEntryFactory,
    InteractionFactory,
    MarketFactory,
    ResponsibilityFactory,
    UserFactory,
    eligible_assignment,
)
from tests.reporting.territory import YEARS, Territory

pytestmark = pytest.mark.django_db

SOME_MONTHS = Months(dt.date(2024, 3, 1), dt.date(2025, 2, 1))
# Functions that take something else than facts, told here how they are called.
BY_HAND = {
    "company_names": lambda facts, span: indicators.company_names([work.holder for work in facts.works]),
    "contracts_by": lambda facts, span: indicators.contracts_by(facts, span, lambda work: work.market),
    "full_time_equivalents": lambda facts, span: indicators.full_time_equivalents(
        indicators.hours(facts)[span]
    ),
    "hours_per_person": lambda facts, span: indicators.hours_per_person(
        indicators.hours(facts)[span], indicators.people(facts)[span]
    ),
    "hours_since_start": lambda facts, span: indicators.hours_since_start(
        [work.commitment for work in facts.works], dt.date(2025, 12, 31)
    ),
    "markets_by": lambda facts, span: indicators.markets_by(facts, span, lambda row: row.family),
    "shares": lambda facts, span: indicators.shares(indicators.by_modality(facts)),
    "variation": lambda facts, span: indicators.variation(indicators.hours(facts)[span], Decimal(1)),
}


def ask(name: str, facts: Facts, span: Any) -> Any:
    """Call one function of `indicators.__all__` as its parameters say."""
    if name in BY_HAND:
        return BY_HAND[name](facts, span)
    function = getattr(indicators, name)
    # What `once` wraps says its own parameters.
    wanted = list(inspect.signature(function).parameters)
    values = {
        "facts": facts,
        "span": span,
        "scope": facts.scope,
        "year": span if isinstance(span, int) else 2025,
    }
    return function(*(values[one] for one in wanted))


FUNCTIONS = sorted(name for name in indicators.__all__ if inspect.isfunction(getattr(indicators, name)))


class House:
    """A territory whose markets have changed hands, with operations and departments."""

    def __init__(self, seed: int) -> None:
        self.territory = Territory(seed, people=30)
        self.one, self.two = UserFactory(role=Role.FACILITATOR), UserFactory(role=Role.FACILITATOR)
        chance = self.territory.chance
        operation = Operation.objects.create(buyer=self.territory.buyer, name="Îlot Nord")
        department = DepartmentFactory(buyer=self.territory.buyer)
        for index, market in enumerate(Market.objects.order_by("pk")):
            if market.buyer_id == self.territory.buyer.pk and index % 2:
                Market.objects.filter(pk=market.pk).update(operation=operation, department=department)
            day = dt.date(2022, 1, 1)
            for holder in chance.sample([self.one, self.two, None], 3):
                until = day + dt.timedelta(days=chance.randint(200, 600))
                if holder is not None:
                    ResponsibilityFactory(market=market, facilitator=holder, starts_on=day, ends_on=until)
                day = until + dt.timedelta(days=1)
        worked = HoursEntry.objects.filter(market__buyer=self.territory.buyer).order_by("pk").first()
        assert worked is not None
        market = worked.market
        self.scopes = {
            "buyer": Scope.of(self.territory.buyer),
            "department": Scope.of(department),
            "operation": Scope.of(operation),
            "market": Scope.of(market),
            "framework": Scope(ScopeKind.FRAMEWORK, market.pk, str(market)),
            "company": Scope.of(self.territory.companies[1]),
            "employer": Scope.employer(self.territory.companies[2]),
            "siae": Scope.siae(),
            "one siae": Scope.siae(self.territory.companies[2]),
            "facilitator": Scope.facilitator(self.one),
            "territory": Scope.territory(),
        }


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[House]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield House(4)
        transaction.set_rollback(True)


def test_there_is_a_scope_of_every_kind(house):
    assert {scope.kind for scope in house.scopes.values()} == set(ScopeKind)


@pytest.mark.parametrize("period", [Period(YEARS), Period((SOME_MONTHS,))], ids=["years", "months"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_indicator_answers_for_every_scope(house, name, period):
    for label, scope in house.scopes.items():
        facts = Facts(scope, period)
        for span in period.spans:
            assert ask(name, facts, span) is not None or name in ("hours_per_person", "variation"), label


def test_hours_of_every_scope_add_up_the_same_in_every_breakdown(house):
    breakdowns = [
        name for name in FUNCTIONS if name.startswith("by_") and name not in ("by_siae", "by_month")
    ]
    assert "by_buyer_kind" in breakdowns
    for label, scope in house.scopes.items():
        facts = Facts(scope, Period(YEARS))
        total = indicators.hours(facts)
        for name in breakdowns:
            for year, lines in getattr(indicators, name)(facts).items():
                assert sum((line.hours for line in lines.values()), Decimal(0)) == total[year], (label, name)
        for year in YEARS:
            assert sum(indicators.by_month(facts, year).values(), Decimal(0)) == total[year], label


# --- facilitator -------------------------------------------------------------------------------------------------


def holder_in(market: Market, month: dt.date) -> int | None:
    """The rule again, in other words: the last to have held the market on some day of the month."""
    last = (month + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    rows = Responsibility.objects.filter(market=market, starts_on__lte=last)
    held = [row for row in rows.order_by("starts_on") if row.ends_on is None or row.ends_on >= month]
    return held[-1].facilitator_id if held else None


def test_the_hours_of_a_facilitator_are_those_of_the_months_held(house):
    expected: dict[tuple[int | None, int], Decimal] = defaultdict(Decimal)
    for entry in HoursEntry.objects.annual().select_related("market"):
        expected[holder_in(entry.market, entry.month), entry.month.year] += entry.counted_hours
    for user in (house.one, house.two):
        found = indicators.hours(Facts(Scope.facilitator(user), Period(YEARS)))
        assert found == {year: expected[user.pk, year] for year in YEARS}
        assert any(found.values())
    # Each hour is one holder's, or nobody's: the house holds them all.
    whole = indicators.hours(Facts(Scope.territory(), Period(YEARS)))
    for year in YEARS:
        assert whole[year] == sum(expected[pk, year] for pk in (house.one.pk, house.two.pk, None))


@pytest.fixture
def relay() -> dict[str, Any]:
    """A market that Ada held until 14 March 2025 and Bo from the 15th; 10 hours in February, 20 in March, 30 in April."""
    ada, bo, stand_in = (UserFactory(role=Role.FACILITATOR) for _ in range(3))
    market = MarketFactory(notified_on=dt.date(2024, 2, 1), starts_on=None, closed_on=None)
    commitment = CommitmentFactory(market=market, hours=100, company=CompanyFactory())
    ResponsibilityFactory(
        market=commitment.market, facilitator=ada, starts_on=dt.date(2024, 1, 1), ends_on=dt.date(2025, 3, 14)
    )
    ResponsibilityFactory(
        market=commitment.market, facilitator=bo, stand_in=stand_in, starts_on=dt.date(2025, 3, 15)
    )
    assignment = eligible_assignment(commitment=commitment, starts_on=dt.date(2025, 2, 1))
    for month, hours in ((2, 10), (3, 20), (4, 30)):
        HoursEntryFactory(assignment=assignment, month=dt.date(2025, month, 1), hours=hours, counted=True)
    return {"ada": ada, "bo": bo, "stand_in": stand_in, "commitment": commitment}


def test_the_month_of_a_relay_is_the_one_s_who_takes_over(relay):
    period = Period.of_year(2025)
    hours = {
        name: indicators.hours(Facts(Scope.facilitator(relay[name]), period))[2025] for name in ("ada", "bo")
    }
    assert hours == {"ada": Decimal("10.00"), "bo": Decimal("50.00")}
    months = Period.of_months(dt.date(2025, 2, 1), dt.date(2025, 3, 1))
    assert indicators.hours(Facts(Scope.facilitator(relay["bo"]), months))[months.span] == Decimal("20.00")


def test_a_stand_in_is_not_the_holder(relay):
    facts = Facts(Scope.facilitator(relay["stand_in"]), Period.of_year(2025))
    assert indicators.hours(facts)[2025] == 0 and indicators.markets(facts)[2025].count == 0


def test_a_market_counts_for_each_holder_of_the_year_and_its_rate_for_the_last(relay):
    period = Period.of_year(2025, back=1)
    ada, bo = (Facts(Scope.facilitator(relay[name]), period) for name in ("ada", "bo"))
    assert [indicators.markets(facts)[2025].count for facts in (ada, bo)] == [1, 1]
    assert [indicators.markets(facts)[2024].count for facts in (ada, bo)] == [1, 0]
    assert indicators.rates(ada, 2025).rows == [] and indicators.rates(bo, 2025).counted == Decimal("60.00")
    assert len(indicators.rates(ada, 2024).rows) == 1 and indicators.rates(bo, 2024).rows == []


def test_contacts_are_those_of_the_months_held(relay):
    commitment = relay["commitment"]
    for day in (dt.date(2025, 1, 20), dt.date(2025, 5, 6), dt.date(2025, 5, 7)):
        InteractionFactory(market=commitment.market, company=commitment.holder, on=day)
    period = Period.of_year(2025)
    contacts = {
        name: indicators.follow_up(Facts(Scope.facilitator(relay[name]), period), 2025)[
            commitment.holder_id
        ].contacts
        for name in ("ada", "bo")
    }
    assert contacts == {"ada": 1, "bo": 2}


def test_a_marche_subsequent_without_a_holder_follows_its_framework(relay):
    child = MarketFactory(parent=relay["commitment"].market, buyer=relay["commitment"].market.buyer)
    commitment = CommitmentFactory(market=child)
    assignment = eligible_assignment(commitment=commitment, starts_on=dt.date(2025, 5, 1))
    HoursEntryFactory(assignment=assignment, month=dt.date(2025, 5, 1), hours=7, counted=True)
    facts = Facts(Scope.facilitator(relay["bo"]), Period.of_year(2025))
    assert indicators.hours(facts)[2025] == Decimal("57.00")
    assert indicators.markets(facts)[2025].count == 1


def test_a_facilitator_who_never_held_anything_has_nothing():
    facts = Facts(Scope.facilitator(UserFactory(role=Role.FACILITATOR)), Period(YEARS))
    assert set(indicators.hours(facts).values()) == {Decimal("0.00")}
    assert indicators.markets(facts)[2025].count == 0 and indicators.rates(facts, 2025).rows == []


def test_runs_of_months():
    day = dt.date
    rows = [
        (1, day(2025, 1, 10), day(2025, 3, 14)),
        (2, day(2025, 3, 15), day(2025, 3, 20)),
        (3, day(2025, 3, 21), day(2025, 6, 2)),
        (1, day(2025, 9, 1), None),
    ]
    assert runs_of(rows) == [
        Run(1, day(2025, 1, 1), day(2025, 2, 1)),
        Run(3, day(2025, 3, 1), day(2025, 6, 1)),
        Run(1, day(2025, 9, 1), None),
    ]


def test_asking_for_a_facilitator_takes_as_many_queries_for_one_market_as_for_many(relay):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            facts = Facts(Scope.facilitator(relay["bo"]), Period.of_year(2025))
            indicators.hours(facts), indicators.markets(facts), indicators.rates(facts, 2025)
            indicators.follow_up(facts, 2025), indicators.contracts(facts, 2025)
        return len(found)

    few = queries()
    for start in range(1, 7):
        commitment = CommitmentFactory(hours=10)
        ResponsibilityFactory(
            market=commitment.market, facilitator=relay["bo"], starts_on=dt.date(2025, start, 3)
        )
        assignment = eligible_assignment(commitment=commitment, starts_on=dt.date(2025, 6, 1))
        HoursEntryFactory(assignment=assignment, month=dt.date(2025, 7, 1), hours=5, counted=True)
    assert queries() == few


def test_two_thousand_markets_held_each_in_its_own_months_are_still_one_query(relay):
    scope = Scope.facilitator(relay["bo"])
    months = [dt.date(1990 + index // 12, index % 12 + 1, 1) for index in range(420)]
    runs = {
        1_000_000 + index: [Run(relay["bo"].pk, months[index % 300], months[index % 300 + index // 300])]
        for index in range(2_000)
    }
    scope.__dict__["_runs"] = {**scope._runs, **runs}
    assert indicators.hours(Facts(scope, Period.of_year(2025)))[2025] == Decimal("50.00")


# --- SIAE ---------------------------------------------------------------------------------------------------------


def was_siae(company: int, month: dt.date) -> bool:
    return any(
        (row.starts_on is None or row.starts_on <= month) and (row.ends_on is None or row.ends_on >= month)
        for row in CompanyKind.objects.filter(company=company, kind__in=SIAE_KINDS)
    )


def test_the_hours_of_the_siae_are_those_of_the_months_in_which_they_were_one(house):
    expected: dict[int, Decimal] = defaultdict(Decimal)
    for entry in HoursEntry.objects.annual().select_related("assignment__placement"):
        if was_siae(entry.assignment.placement.employer_id, entry.month):
            expected[entry.month.year] += entry.counted_hours
    facts = Facts(Scope.siae(), Period(YEARS))
    assert indicators.hours(facts) == {year: expected[year] for year in YEARS} and all(expected.values())
    for year in YEARS:
        # The whole is the sum of each, and what the other reading of a territory says.
        assert (
            sum(
                indicators.hours(Facts(Scope.siae(company), Period((year,))))[year]
                for company in Company.objects.all()
            )
            == expected[year]
        )
        territory = Facts(Scope.territory(), Period((year,)))
        assert sum(indicators.by_siae(territory)[year].values()) == expected[year]


def test_an_employer_that_became_an_siae_in_march_has_its_hours_from_march():
    company = CompanyFactory()
    CompanyKindFactory(company=company, kind="EI", starts_on=dt.date(2025, 3, 1))
    assignment = eligible_assignment(employer=company, starts_on=dt.date(2025, 2, 1))
    for month, hours in ((2, 10), (3, 20)):
        HoursEntryFactory(assignment=assignment, month=dt.date(2025, month, 1), hours=hours, counted=True)
    period = Period.of_year(2025)
    assert indicators.hours(Facts(Scope.siae(company), period))[2025] == Decimal("20.00")
    assert indicators.hours(Facts(Scope.employer(company), period))[2025] == Decimal("30.00")


def test_the_euros_of_an_siae_are_those_awarded_to_it(house):
    """A market on which an SIAE's people worked may have been awarded to anyone."""
    siae = indicators.reserved(Facts(Scope.siae(), Period(YEARS)))
    whole = indicators.reserved(Facts(Scope.territory(), Period(YEARS)))
    each = [
        indicators.reserved(Facts(Scope.siae(company), Period(YEARS))) for company in Company.objects.all()
    ]
    for year in YEARS:
        assert siae[year].awarded_to_siae == whole[year].awarded_to_siae
        assert siae[year].awarded_to_siae == sum(one[year].awarded_to_siae for one in each)


# --- sectors, women, QPV ------------------------------------------------------------------------------------------


def test_shares_of_the_sectors():
    buyer = BuyerFactory()
    for cpv, family, hours in (("45210000", "works", 75), ("77310000", "services", 25)):
        commitment = CommitmentFactory(market=MarketFactory(buyer=buyer, cpv=cpv, family=family))
        assignment = eligible_assignment(commitment=commitment)
        HoursEntryFactory(assignment=assignment, month=dt.date(2025, 5, 1), hours=hours, counted=True)
    facts = Facts(Scope.of(buyer), Period.of_year(2025))
    assert indicators.share_by_cpv_division(facts)[2025] == {"45": Decimal("0.7500"), "77": Decimal("0.2500")}
    assert indicators.share_by_family(facts)[2025] == {
        "works": Decimal("0.7500"),
        "services": Decimal("0.2500"),
    }
    assert indicators.share_by_family(Facts(Scope.of(buyer), Period.of_year(2020)))[2020] == {}


def test_women_and_residents_of_a_qpv_agree_with_the_typology(house):
    facts = Facts(Scope.territory(), Period(YEARS))
    for year in YEARS:
        tables = {table.key: table for table in indicators.typology(facts, year)}
        for found, key, row in (
            (indicators.women(facts, year), "gender", "F"),
            (indicators.residents_of_qpv(facts, year), "qpv", "yes"),
        ):
            table = tables[key]
            line = next(one for one in table.rows if one.key == row)
            assert (found.people, found.hours) == (line.people, line.hours)
            assert found.all_people == table.people == indicators.people(facts)[year]
            assert found.known_people == table.people - table.unknown.people
            assert found.all_hours == indicators.hours(facts)[year]
            assert found.share_of_people == round(Decimal(line.people) / table.people, 4)


def test_contracts_of_a_sector_are_those_with_hours_on_it(house):
    facts = Facts(Scope.territory(), Period(YEARS))
    for year in YEARS:
        lines = indicators.by_family(facts)[year]
        made = indicators.contracts(facts, year)
        assert sum(line.contracts for line in lines.values()) >= made.count
        assert max(line.contracts for line in lines.values()) <= made.count
        assert sum(indicators.contracts_by(facts, year, lambda work: "").values()) == made.count
