"""Handing over, closing, opening and removing accesses, with what each refuses."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from core.errors import DomainError
from core.models import Message
from markets.models import BuyerMembership, Market, Responsibility
from markets.services import files as services
from tests.factories import (
    BuyerFactory,
    BuyerMembershipFactory,
    CompanyFactory,
    CompanyMembershipFactory,
    DepartmentFactory,
    MarketFactory,
    ResponsibilityFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 3, 1)


def test_a_relay_ends_the_former_responsibility_the_day_before():
    former = ResponsibilityFactory(starts_on=dt.date(2025, 1, 1))
    newcomer = UserFactory()
    row = services.hand_over(target=former.market, to=newcomer, on=DAY, by=former.facilitator)
    former.refresh_from_db()
    assert former.ends_on == dt.date(2026, 2, 28)
    assert (row.facilitator, row.starts_on, row.ends_on) == (newcomer, DAY, None)
    assert list(Market.objects.portfolio_of(newcomer, DAY)) == [former.market]
    assert not Market.objects.portfolio_of(newcomer, dt.date(2026, 2, 28)).exists()


@pytest.mark.parametrize("make", [MarketFactory, BuyerFactory, CompanyFactory])
def test_a_market_a_buyer_and_a_company_each_have_a_first_responsible(make):
    target, user, stand_in = make(), UserFactory(), UserFactory()
    services.hand_over(target=target, to=user, stand_in=stand_in, on=DAY, by=None)
    row = target.responsibilities.get()
    assert (row.facilitator, row.stand_in) == (user, stand_in)


def test_the_stand_in_has_the_market_in_the_portfolio_too():
    stand_in = UserFactory()
    row = ResponsibilityFactory(stand_in=stand_in)
    assert list(Market.objects.portfolio_of(stand_in, DAY)) == [row.market]


def test_only_people_of_the_house_are_responsible():
    with pytest.raises(DomainError, match="dans la maison") as refusal:
        services.hand_over(target=MarketFactory(), to=UserFactory(buyer=True), on=DAY, by=None)
    assert refusal.value.field == "to"


def test_nobody_stands_in_for_themselves():
    user = UserFactory()
    with pytest.raises(DomainError, match="autre personne"):
        services.hand_over(target=MarketFactory(), to=user, stand_in=user, on=DAY, by=None)


def test_a_relay_before_the_present_responsibility_is_refused_and_writes_nothing():
    row = ResponsibilityFactory(starts_on=DAY)
    with pytest.raises(DomainError, match="plus tardif") as refusal:
        services.hand_over(target=row.market, to=UserFactory(), on=DAY, by=None)
    assert refusal.value.field == "on"
    assert Responsibility.objects.get().ends_on is None


def test_a_relay_to_the_same_person_is_refused():
    row = ResponsibilityFactory()
    with pytest.raises(DomainError, match="en est déjà responsable"):
        services.hand_over(target=row.market, to=row.facilitator, on=DAY, by=None)


def test_closing_a_market_keeps_who_did_it():
    user, market = UserFactory(), MarketFactory()
    services.close_market(market=market, on=dt.date(2026, 6, 30), by=user)
    market.refresh_from_db()
    assert market.closed_on == dt.date(2026, 6, 30)
    assert market.history.first().history_user == user


@pytest.mark.parametrize(
    ("day", "sentence"),
    [(dt.date(2025, 1, 14), "la notification"), (dt.date(2025, 1, 20), "l’ordre de service")],
)
def test_a_market_is_not_closed_before_it_began(day, sentence):
    with pytest.raises(DomainError, match=sentence):
        services.close_market(market=MarketFactory(), on=day, by=None)


def test_a_market_is_not_closed_in_the_future():
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    with pytest.raises(DomainError, match="aujourd’hui au plus tard"):
        services.close_market(market=MarketFactory(), on=tomorrow, by=None)


def test_a_closed_market_is_not_closed_again():
    with pytest.raises(DomainError, match="clos depuis le 30/06/2026"):
        services.close_market(market=MarketFactory(closed=True), on=dt.date(2026, 7, 1), by=None)


def test_inviting_someone_of_a_buyer_makes_an_account_and_writes_to_them():
    department = DepartmentFactory()
    membership = services.invite_buyer_user(
        buyer=department.buyer,
        department=department,
        email="Nadia.Benali@ville.example",
        first_name="Nadia",
        last_name="Benali",
        by=UserFactory(),
    )
    assert membership.user.email == "nadia.benali@ville.example"
    assert membership.user.is_buyer
    assert membership.department == department
    assert Message.objects.get().recipients == ["nadia.benali@ville.example"]


def test_someone_of_two_buyers_has_one_account():
    present = BuyerMembershipFactory()
    added = services.invite_buyer_user(buyer=BuyerFactory(), email=present.user.email, by=None)
    assert added.user == present.user
    assert not Message.objects.exists()


def test_the_department_of_another_buyer_is_refused_and_no_account_is_left():
    with pytest.raises(DomainError, match="autre donneur d’ordre"):
        services.invite_buyer_user(
            buyer=BuyerFactory(), department=DepartmentFactory(), email="a@b.example", by=None
        )
    assert not User.objects.filter(email="a@b.example").exists()


def test_an_address_of_another_role_is_refused():
    facilitator = UserFactory()
    with pytest.raises(DomainError, match="facilitateur") as refusal:
        services.invite_company_user(company=CompanyFactory(), email=facilitator.email, by=None)
    assert refusal.value.field == "email"


def test_an_access_is_given_once():
    present = CompanyMembershipFactory()
    with pytest.raises(DomainError, match="a déjà accès"):
        services.invite_company_user(company=present.company, email=present.user.email, by=None)


def test_a_closed_account_is_refused():
    present = CompanyMembershipFactory(user__is_active=False)
    with pytest.raises(DomainError, match="désactivé"):
        services.invite_company_user(company=CompanyFactory(), email=present.user.email, by=None)


def test_a_removed_access_shows_nothing_any_more():
    membership = BuyerMembershipFactory()
    MarketFactory(buyer=membership.buyer)
    assert Market.objects.visible_to(membership.user).count() == 1
    services.remove_access(membership=membership, by=None)
    assert not Market.objects.visible_to(membership.user).exists()
    assert User.objects.filter(pk=membership.user.pk, is_active=True).exists()
    assert BuyerMembership.history.first().history_type == "-"


def test_two_open_responsibilities_are_refused_by_the_database():
    row = ResponsibilityFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        ResponsibilityFactory(market=row.market)
