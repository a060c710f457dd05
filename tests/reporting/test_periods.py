"""Any whole months, and a whole life: the same indicators, over other days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from reporting import indicators
from reporting.indicators import Facts
from reporting.scope import Months, Period, Scope
from reporting.snapshot import whole_life
from reporting.snapshot.words import months_in_words, months_label
from tests.factories import (
    CommitmentFactory,
    HoursEntryFactory,
    MarketFactory,
    OperationFactory,
    eligible_assignment,
)
from tests.reporting.territory import Territory

pytestmark = pytest.mark.django_db
FIRST, LAST = dt.date(2024, 5, 1), dt.date(2025, 3, 1)
STANDING = """
    FROM beneficiaries_hoursentry e
    JOIN markets_market m ON m.id = e.market_id
    JOIN beneficiaries_assignment a ON a.id = e.assignment_id
    JOIN beneficiaries_placement p ON p.id = a.placement_id
    JOIN clauses_commitment c ON c.id = a.commitment_id
    WHERE m.buyer_id = {buyer} AND e.state = 'validated' AND NOT e.is_superseded AND e.counted_hours > 0
"""
WITHIN = STANDING + " AND e.month >= '2024-05-01' AND e.month <= '2025-03-31' "


@pytest.fixture(scope="module")
def territory(django_db_setup: None, django_db_blocker: Any) -> Iterator[Territory]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield Territory(4)
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def facts(territory: Territory) -> Facts:
    return Facts(Scope.of(territory.buyer), Period.of_months(FIRST, LAST))


def rows(sql: str, territory: Territory) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql.format(buyer=territory.buyer.pk))
        return cursor.fetchall()


def money(value: Any) -> Decimal:
    return Decimal(str(value or 0)).quantize(Decimal("0.01"))


def test_hours_people_and_newcomers_of_eleven_months_by_sql(territory, facts):
    span = facts.period.span
    [(total, people)] = rows(
        "SELECT SUM(e.counted_hours), COUNT(DISTINCT p.beneficiary_id)" + WITHIN, territory
    )
    assert indicators.hours(facts)[span] == money(total) > 0
    assert indicators.people(facts)[span] == people
    [(new,)] = rows(
        f"""SELECT COUNT(*) FROM (SELECT p.beneficiary_id, MIN(e.month) AS first {STANDING} GROUP BY 1) x
        WHERE x.first >= '2024-05-01' AND x.beneficiary_id IN (SELECT p.beneficiary_id {WITHIN})""",
        territory,
    )
    assert indicators.new_people(facts)[span] == new


@pytest.mark.parametrize(
    ("function", "column"),
    [
        (indicators.by_holder, "c.holder_id"),
        (indicators.by_employer, "p.employer_id"),
        (indicators.by_contract_type, "p.contract_type_id"),
        (indicators.by_modality, "p.modality"),
        (indicators.by_market, "m.id"),
    ],
)
def test_breakdowns_of_eleven_months_by_sql(territory, facts, function, column):
    expected = {
        key: (money(hours), people)
        for key, hours, people in rows(
            f"SELECT {column}, SUM(e.counted_hours), COUNT(DISTINCT p.beneficiary_id) {WITHIN} GROUP BY 1",
            territory,
        )
    }
    found = function(facts)[facts.period.span]
    assert {key: (line.hours, line.people) for key, line in found.items()} == expected


def test_months_add_up_and_markets_awards_and_rates_answer_for_months_too(territory, facts):
    span = facts.period.span
    months = indicators.by_month(facts, span)
    assert all(FIRST <= month <= LAST for month in months)
    assert sum(months.values()) == indicators.hours(facts)[span]
    [(alive,)] = rows(
        """SELECT COUNT(DISTINCT COALESCE(m.parent_id, m.id)) FROM markets_market m WHERE m.buyer_id = {buyer}
        AND COALESCE(m.starts_on, m.notified_on) <= '2025-03-31'
        AND (m.closed_on IS NULL OR m.closed_on >= '2024-05-01') AND EXISTS (
            SELECT 1 FROM clauses_clause k JOIN markets_lot l ON l.id = k.lot_id WHERE l.market_id = m.id)""",
        territory,
    )
    assert indicators.markets(facts)[span].count == alive
    assert indicators.reserved(facts)[span].count >= 0
    engaged = dict(
        rows(
            """SELECT c.id, (SELECT SUM(g.delta) FROM clauses_commitmentchange g WHERE g.commitment_id = c.id
                AND g.effective_on <= '2025-03-31')
            FROM clauses_commitment c JOIN markets_market m ON m.id = c.market_id WHERE m.buyer_id = {buyer}""",
            territory,
        )
    )
    found = indicators.rates(facts, span)
    assert found.rows and all(row.engaged == money(engaged[row.id]) for row in found.rows)


def test_twelve_months_of_a_year_hold_the_late_hours_that_the_annual_figures_leave_out(territory):
    year = Facts(Scope.of(territory.buyer), Period((2024,)))
    months = Facts(Scope.of(territory.buyer), Period.of_months(dt.date(2024, 1, 1), dt.date(2024, 12, 1)))
    [(standing,)] = rows(
        f"SELECT SUM(e.counted_hours) {STANDING} AND e.month >= '2024-01-01' AND e.month <= '2024-12-31'",
        territory,
    )
    assert indicators.hours(months)[months.period.span] == money(standing)
    assert indicators.hours(year)[2024] != money(standing)


def test_a_month_is_whole_and_months_come_in_order():
    assert Months(dt.date(2025, 3, 17), dt.date(2025, 3, 2)) == Months(
        dt.date(2025, 3, 1), dt.date(2025, 3, 1)
    )
    assert Period.of_months(dt.date(2024, 2, 3), dt.date(2024, 2, 4)).last_day == dt.date(2024, 2, 29)
    with pytest.raises(ValueError, match="before the first"):
        Months(dt.date(2025, 4, 1), dt.date(2025, 3, 31))
    with pytest.raises(ValueError, match="calendar years"):
        Period((2024, Months(FIRST, LAST)))


@pytest.mark.parametrize(
    ("first", "last", "label", "words"),
    [
        ((2025, 3), (2025, 3), "mars 2025", "en mars 2025"),
        ((2025, 3), (2025, 6), "mars – juin 2025", "de mars à juin 2025"),
        ((2024, 10), (2025, 4), "octobre 2024 – avril 2025", "d’octobre 2024 à avril 2025"),
        ((2024, 8), (2024, 12), "août – décembre 2024", "d’août à décembre 2024"),
    ],
)
def test_months_are_said_in_french(first, last, label, words):
    span = Months(dt.date(*first, 1), dt.date(*last, 1))
    assert months_label(span) == label and months_in_words(span) == words


def test_a_whole_life_goes_from_the_first_day_to_the_closing_with_every_hour():
    market = MarketFactory(starts_on=dt.date(2025, 2, 1), closed=True)
    today = dt.date(2026, 11, 22)
    assert whole_life(Scope.of(market), market, today) == Months(dt.date(2025, 2, 1), dt.date(2026, 6, 1))
    commitment = CommitmentFactory(market=market)
    for month in (dt.date(2025, 1, 1), dt.date(2026, 7, 1)):
        HoursEntryFactory(
            assignment=eligible_assignment(commitment=commitment), month=month, hours=5, counted=True
        )
    span = whole_life(Scope.of(market), market, today)
    assert span == Months(dt.date(2025, 1, 1), dt.date(2026, 7, 1))
    assert indicators.hours(Facts(Scope.of(market), Period((span,))))[span] == 10
    open_market = MarketFactory(starts_on=None, notified_on=None, planned_end=None)
    assert whole_life(Scope.of(open_market), open_market, today) == Months(today, today)


def test_a_framework_is_told_with_its_subsequent_markets_and_an_operation_with_its_markets():
    operation = OperationFactory()
    framework = MarketFactory(buyer=operation.buyer, operation=operation)
    order = MarketFactory(parent=framework, buyer=operation.buyer)
    alone = MarketFactory(buyer=operation.buyer)
    for market, hours in ((framework, 10), (order, 20), (alone, 40)):
        entry = HoursEntryFactory(
            assignment=eligible_assignment(commitment=CommitmentFactory(market=market)),
            hours=hours,
            counted=True,
        )
        assert entry.market_id == market.pk
    period = Period((2025,))
    assert indicators.hours(Facts(Scope.whole_market(framework), period))[2025] == 30
    assert indicators.hours(Facts(Scope.of(framework), period))[2025] == 10
    found = Facts(Scope.of(operation), period)
    assert indicators.hours(found)[2025] == 30
    assert indicators.markets(found)[2025].count == 1 and indicators.markets(found)[2025].operations == 1
    assert len(indicators.rates(found, 2025).rows) == 2


def test_operations_are_counted_with_their_markets():
    buyer = OperationFactory().buyer
    one, two, none = (OperationFactory(buyer=buyer) for _ in range(3))
    market = MarketFactory(buyer=buyer, operation=one, notified_on=dt.date(2025, 1, 15))
    commitment = CommitmentFactory(market=market)
    HoursEntryFactory(assignment=eligible_assignment(commitment=commitment), hours=5, counted=True)
    CommitmentFactory(market=MarketFactory(buyer=buyer, operation=one, notified_on=dt.date(2025, 3, 1)))
    old = MarketFactory(
        buyer=buyer, operation=two, notified_on=dt.date(2023, 1, 1), starts_on=dt.date(2023, 2, 1)
    )
    CommitmentFactory(market=old)
    # A market without any clause counts nowhere, and neither does its operation.
    MarketFactory(buyer=buyer, operation=none)
    found = indicators.markets(Facts(Scope.of(buyer), Period((2025,))))[2025]
    assert (found.operations, found.operations_notified, found.operations_with_hours) == (2, 1, 1)


def test_the_target_of_a_private_site_is_never_added():
    """The figures of its buyer and of the territory are the same with the target and without it."""
    operation = OperationFactory(private=True, target_hours=Decimal("5000.00"))
    market = MarketFactory(buyer=operation.buyer, operation=operation)
    commitment = CommitmentFactory(market=market, hours=500)
    HoursEntryFactory(assignment=eligible_assignment(commitment=commitment), hours=120, counted=True)

    def told() -> list[Any]:
        found = []
        for scope in (Scope.of(operation.buyer), Scope.territory(), Scope.of(operation)):
            figures = Facts(scope, Period((2025,)))
            rates = indicators.rates(figures, 2025)
            found.append((rates.engaged, rates.counted, rates.rate, indicators.hours(figures)[2025]))
        return found

    with_target = told()
    of_buyer, _, of_operation = with_target
    assert of_buyer == of_operation == (Decimal(500), Decimal(120), Decimal("0.24"), Decimal(120))
    operation.target_hours = None
    operation.save()
    assert told() == with_target
