"""A member limited to one department is offered only the tabs of the buyer that it can open."""

from __future__ import annotations

import pytest

from core.registry import tabs_of
from markets.models import BuyerMembership
from tests.factories import BuyerFactory, DepartmentFactory, UserFactory

pytestmark = pytest.mark.django_db
WHOLE = {"Convention", "Facturation"}


def tabs(user, buyer) -> set[str]:
    return {link.label for link in tabs_of("buyer", user, buyer.pk)}


def test_the_convention_and_the_fees_are_offered_to_those_who_have_the_whole_buyer():
    buyer = BuyerFactory()
    department = DepartmentFactory(buyer=buyer)
    whole, limited = UserFactory(role="buyer"), UserFactory(role="buyer")
    BuyerMembership.objects.create(user=whole, buyer=buyer)
    BuyerMembership.objects.create(user=limited, buyer=buyer, department=department)
    assert tabs(whole, buyer) >= WHOLE
    assert not tabs(limited, buyer) & WHOLE
    assert tabs(UserFactory(role="facilitator"), buyer) >= WHOLE


def test_the_tabs_of_another_buyer_are_not_offered_either():
    buyer, other = BuyerFactory(), BuyerFactory()
    user = UserFactory(role="buyer")
    BuyerMembership.objects.create(user=user, buyer=buyer)
    assert not tabs(user, other) & WHOLE


def test_offered_tabs_cost_one_query_whatever_their_number(django_assert_num_queries):
    buyer = BuyerFactory()
    user = UserFactory(role="buyer")
    BuyerMembership.objects.create(user=user, buyer=buyer)
    with django_assert_num_queries(1):
        tabs_of("buyer", user, buyer.pk)
