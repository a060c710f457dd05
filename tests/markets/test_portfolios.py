"""A whole portfolio changes hands in one gesture, or gets a stand-in for the time of a leave; tasks follow."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from core.errors import DomainError
from markets.models import Market, Responsibility, Task
from markets.services.files import hand_over
from markets.services.portfolios import hand_over_portfolio, name_stand_in, portfolio_of
from tests.factories import (
    BuyerFactory,
    CompanyFactory,
    MarketFactory,
    ResponsibilityFactory,
    TaskFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def in_days(days):
    return timezone.localdate() + dt.timedelta(days=days)


@pytest.fixture
def portfolio(cast):
    """Two open markets, a closed one, a company and a buyer, all of Fanny since January 2025."""
    since = {"facilitator": cast.facilitator, "starts_on": dt.date(2025, 1, 1)}
    markets = [MarketFactory(), MarketFactory(), MarketFactory(closed=True)]
    for market in markets:
        ResponsibilityFactory(market=market, **since)
    company, buyer = CompanyFactory(), BuyerFactory()
    ResponsibilityFactory(market=None, company=company, **since)
    ResponsibilityFactory(market=None, buyer=buyer, **since)
    return {"markets": markets, "company": company, "buyer": buyer}


def held_on(user, day):
    return set(Market.objects.portfolio_of(user, day))


def test_all_open_files_change_hands_that_day_and_closed_ones_stay(cast, portfolio):
    one, two, closed = portfolio["markets"]
    successor, day = UserFactory(), in_days(10)
    found = hand_over_portfolio(former=cast.facilitator, to=successor, on=day, by=cast.admin)
    assert (found.count("market"), found.count("company"), found.count("buyer")) == (2, 1, 1)
    assert found.words == "2 marchés, 1 entreprise et 1 donneur d’ordre"
    assert (
        held_on(cast.facilitator, in_days(9)) == {one, two, closed}
        and held_on(successor, in_days(9)) == set()
    )
    assert held_on(cast.facilitator, day) == {closed} and held_on(successor, day) == {one, two}
    row = portfolio["company"].responsibilities.on(day).get()
    assert row.facilitator == successor and row.history.get().history_user == cast.admin


def test_open_tasks_given_to_the_former_one_follow(cast, portfolio):
    one, *_ = portfolio["markets"]
    successor, colleague = UserFactory(), UserFactory()
    own = TaskFactory(market=one, assignee=cast.facilitator)
    given = TaskFactory(market=one, assignee=colleague)
    elsewhere = TaskFactory(assignee=cast.facilitator)
    done = TaskFactory(market=one, assignee=cast.facilitator, done_on=dt.date(2026, 3, 20))
    hand_over_portfolio(former=cast.facilitator, to=successor, on=in_days(0), by=cast.admin)
    today = timezone.localdate()
    assert set(Task.objects.open().of_portfolio(successor, today)) == {own, elsewhere}
    assert list(Task.objects.open().of_portfolio(colleague, today)) == [given]
    assert not Task.objects.open().of_portfolio(cast.facilitator, today).exists()
    done.refresh_from_db()
    assert done.assignee == cast.facilitator


def test_handing_over_one_file_makes_its_tasks_follow_too(cast, portfolio):
    one, *_ = portfolio["markets"]
    successor = UserFactory()
    task = TaskFactory(market=one, assignee=cast.facilitator)
    hand_over(target=one, to=successor, on=in_days(5), by=cast.admin)
    assert list(Task.objects.of_portfolio(cast.facilitator, in_days(4))) == [task]
    assert list(Task.objects.of_portfolio(successor, in_days(5))) == [task]


def test_a_stand_in_sees_the_files_for_the_time_of_a_leave(cast, portfolio):
    one, two, closed = portfolio["markets"]
    usual, stand_in = UserFactory(), UserFactory()
    hand_over(target=one, to=cast.facilitator, stand_in=usual, on=dt.date(2025, 6, 1), by=cast.admin)
    first, last = in_days(3), in_days(17)
    name_stand_in(user=cast.facilitator, stand_in=stand_in, on=first, until=last, by=cast.facilitator)
    assert held_on(stand_in, in_days(2)) == set()
    assert held_on(stand_in, first) == held_on(stand_in, last) == {one, two}
    assert held_on(stand_in, in_days(18)) == set()
    assert (
        held_on(usual, in_days(2)) == held_on(usual, in_days(18)) == {one} and held_on(usual, first) == set()
    )
    for day in (2, 3, 17, 18, 400):
        assert held_on(cast.facilitator, in_days(day)) == {one, two, closed}
        assert one.responsibilities.on(in_days(day)).count() == 1


def test_a_leave_without_a_known_end_lasts_until_the_next_relay(cast, portfolio):
    one, two, _ = portfolio["markets"]
    stand_in = UserFactory()
    name_stand_in(user=cast.facilitator, stand_in=stand_in, on=in_days(1), by=cast.facilitator)
    assert held_on(stand_in, in_days(900)) == {one, two}


def test_files_that_change_hands_later_are_left_and_counted(cast, portfolio):
    one, *_ = portfolio["markets"]
    hand_over(target=one, to=cast.facilitator, stand_in=UserFactory(), on=in_days(30), by=cast.admin)
    found = portfolio_of(cast.facilitator, in_days(10))
    assert (found.count("market"), found.later) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": "facilitator"}, "to"),
        ({"to": "buyer_user_a"}, "to"),
        ({"to": "admin", "stand_in": "admin"}, "stand_in"),
        ({"to": "admin", "stand_in": "company_user_a"}, "stand_in"),
        ({"to": "admin", "on": dt.date(2020, 1, 1)}, "on"),
    ],
)
def test_wrong_relays_are_refused_and_change_nothing(cast, portfolio, changes, field):
    given = {
        "on": in_days(1),
        **{
            name: getattr(cast, value) if isinstance(value, str) else value for name, value in changes.items()
        },
    }
    before = list(Responsibility.objects.order_by("pk").values_list("pk", "ends_on"))
    with pytest.raises(DomainError) as refused:
        hand_over_portfolio(former=cast.facilitator, by=cast.admin, **given)
    assert refused.value.field == field
    assert list(Responsibility.objects.order_by("pk").values_list("pk", "ends_on")) == before


def test_a_leave_whose_end_precedes_its_beginning_is_refused(cast, portfolio):
    with pytest.raises(DomainError, match="précède le premier"):
        name_stand_in(
            user=cast.facilitator, stand_in=cast.admin, on=in_days(9), until=in_days(8), by=cast.admin
        )


def test_the_page_shows_how_many_files_before_it_does_it(cast, portfolio, signed_in):
    client, successor = signed_in(cast.facilitator), UserFactory()
    address = reverse("portfolio_hand_over", args=[cast.facilitator.pk])
    given = {"to": successor.pk, "on": f"{in_days(4):%d/%m/%Y}"}
    preview = client.post(address, given)
    assert preview.status_code == 200 and "2 marchés, 1 entreprise" in preview.content.decode()
    assert held_on(successor, in_days(4)) == set()
    assert client.post(address, {**given, "confirme": "oui"}).status_code == 302
    assert len(held_on(successor, in_days(4))) == 2


def test_only_an_admin_hands_over_a_colleague_s_files(cast, portfolio, signed_in):
    colleague = UserFactory()
    for name in ("portfolio_hand_over", "portfolio_leave"):
        address = reverse(name, args=[cast.facilitator.pk])
        assert signed_in(colleague).get(address).status_code == 403
        assert signed_in(colleague).post(address, {"confirme": "oui"}).status_code == 403
        assert signed_in(cast.admin).get(address).status_code == 200
        # Someone who is not of the house has no files, and no such page.
        assert signed_in(cast.admin).get(reverse(name, args=[cast.buyer_user_a.pk])).status_code == 404
    html = signed_in(cast.admin).get(reverse("portfolio")).content.decode()
    assert "Fanny Facile" in html and "Dossiers des collègues" in html
    assert "Dossiers des collègues" not in signed_in(colleague).get(reverse("portfolio")).content.decode()


def test_a_portfolio_of_many_files_takes_no_more_queries_than_one_of_few(
    cast, signed_in, django_assert_max_num_queries
):
    def relay(former):
        with django_assert_max_num_queries(60) as captured:
            hand_over_portfolio(former=former, to=cast.admin, on=in_days(1), by=cast.admin)
        return len(captured)

    few, many = UserFactory(), UserFactory()
    for user, number in ((few, 2), (many, 12)):
        for _ in range(number):
            market = MarketFactory()
            ResponsibilityFactory(market=market, facilitator=user)
            TaskFactory(market=market, assignee=user)
    assert relay(few) == relay(many)
