"""Several commitments together: each capped at 100 %, the surplus apart."""

import datetime as dt
from decimal import Decimal

import pytest

from clauses.figures import CommitmentFigures, Figures, figures_by_market
from clauses.forecast import forecast
from tests.factories import (
    AssignmentFactory,
    CommitmentFactory,
    HoursEntryFactory,
    MarketFactory,
    UserFactory,
)

DAY = dt.date(2026, 3, 31)


def one(engaged, counted):
    made = forecast(Decimal(engaged), Decimal(counted), dt.date(2026, 1, 1), dt.date(2026, 12, 31), DAY)
    return CommitmentFigures(None, Decimal(engaged), Decimal(counted), made)


def test_a_surplus_does_not_hide_a_lack():
    figures = Figures([one(100, 300), one(100, 0)])
    assert figures.counted == Decimal("300")
    assert figures.rate == Decimal("0.5")
    assert figures.surplus == Decimal("200")
    assert (figures.met, figures.with_target) == (1, 2)
    assert figures.state == "late"


def test_a_commitment_without_hours_has_no_rate():
    assert one(0, 10).rate is None
    assert Figures([one(0, 10)]).rate is None
    assert Figures().state == "no_target"


@pytest.mark.django_db
def test_figures_of_markets_come_in_two_queries(django_assert_num_queries):
    market = MarketFactory()
    commitments = [CommitmentFactory(market=market, hours=100) for _ in range(3)]
    HoursEntryFactory(assignment=AssignmentFactory(commitment=commitments[0]), counted=True)
    user = UserFactory()
    with django_assert_num_queries(2):
        found = figures_by_market([market.pk], user, DAY)
    assert found[market.pk].engaged == Decimal("300")
    assert found[market.pk].counted == Decimal("100")


@pytest.mark.django_db
def test_a_closed_market_is_judged_on_its_closing_day():
    market = MarketFactory(closed_on=dt.date(2025, 2, 1))
    CommitmentFactory(market=market, hours=699, starts_on=None, ends_on=None)
    found = figures_by_market([market.pk], UserFactory(), DAY)[market.pk]
    # One day of the 699 from 01/02/2025 to 31/12/2026.
    assert found.commitments[0].forecast.due == Decimal("1.00")


@pytest.mark.django_db
def test_what_takes_effect_later_is_not_engaged_yet():
    commitment = CommitmentFactory(hours=500)
    assert figures_by_market([commitment.market_id], UserFactory(), dt.date(2025, 1, 31))[
        commitment.market_id
    ].engaged == Decimal("0")
