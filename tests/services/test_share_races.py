"""Shares of a market given at the same moment, and two final bilans opened at once, on PostgreSQL."""

from __future__ import annotations

from decimal import Decimal

import pytest

from markets.enums import PartyRole
from markets.models import MarketParty
from markets.services.operations import save_party
from reporting.models import Bilan
from reporting.services.drafts import start_final_bilan
from tests.factories import BuyerFactory, MarketFactory
from tests.services.test_races import together

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def test_shares_given_at_once_never_go_over_a_hundred() -> None:
    market = MarketFactory()

    def give(buyer: object) -> None:
        save_party(market=market, buyer=buyer, role=PartyRole.MEMBER, share=Decimal(40), by=None)  # type: ignore[arg-type]

    buyers = [BuyerFactory() for _ in range(4)]
    answers = together(*[lambda buyer=buyer: give(buyer) for buyer in buyers])
    assert answers.count("fait") == 2
    assert sum("dépasseraient 100" in answer for answer in answers) == 2
    assert sum(MarketParty.objects.values_list("share", flat=True)) == 80


def test_a_final_bilan_opened_twice_at_once_is_one_draft() -> None:
    market = MarketFactory(closed=True)
    answers = together(*[lambda: start_final_bilan(market=market, user=None)] * 3)
    assert answers.count("fait") == 1 and Bilan.objects.count() == 1
    assert sum("déjà en cours" in answer for answer in answers) == 2
