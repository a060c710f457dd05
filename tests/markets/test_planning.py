"""Planned purchases: who changes them, the saisine, the targeting with its grounds, and the market that comes of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from core.errors import DomainError
from core.registry import waiting_for
from markets.enums import Targeting, Turn
from markets.models import Market, PlannedPurchase, Responsibility, Task
from markets.services.planning import (
    answer_key,
    ask_advice,
    decide_targeting,
    record_request,
    remove_purchase,
    save_purchase,
    start_market,
)
from tests.factories import (
    BuyerFactory,
    BuyerMembershipFactory,
    DepartmentFactory,
    MarketFactory,
    PlannedPurchaseFactory,
    ResponsibilityFactory,
    ThresholdFactory,
)

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 20)


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda *args, **kwargs: TODAY)


@pytest.fixture
def thresholds():
    ThresholdFactory(code="w", scope="works", amount=Decimal("5404000"))
    ThresholdFactory(code="o", scope="supplies_services", buyer="other", amount=Decimal("216000"))
    ThresholdFactory(code="s", scope="supplies_services", buyer="state", amount=Decimal("140000"))
    ThresholdFactory(code="c", scope="concession", amount=Decimal("5404000"))


def open_tasks(purchase):
    return list(Task.objects.open().filter(key=answer_key(purchase)).order_by("pk"))


# --- The saisine --------------------------------------------------------------------------------------------


def test_a_saisine_waits_for_the_house_and_its_answer_ends_the_wait(cast) -> None:
    purchase = PlannedPurchaseFactory(object="Réfection du gymnase")

    record_request(purchase=purchase, asked_on=dt.date(2026, 11, 10), by=cast.facilitator)

    (task,) = open_tasks(purchase)
    assert (task.turn, task.buyer, task.since) == (Turn.HOUSE, purchase.buyer, dt.date(2026, 11, 10))
    assert task.due_on == dt.date(2026, 11, 25)
    assert task.title == "Répondre à la saisine : Réfection du gymnase"
    assert task.url == reverse("purchase_detail", args=[purchase.pk])

    record_request(
        purchase=purchase,
        asked_on=dt.date(2026, 11, 10),
        answered_on=dt.date(2026, 11, 18),
        by=cast.facilitator,
    )

    assert open_tasks(purchase) == []
    task.refresh_from_db()
    assert (task.done_on, task.done_by, task.outcome) == (
        dt.date(2026, 11, 18),
        cast.facilitator,
        "Réponse donnée",
    )


def test_a_saisine_withdrawn_waits_no_more_and_an_undone_answer_waits_again(cast) -> None:
    purchase = PlannedPurchaseFactory()
    asked = {"purchase": purchase, "asked_on": dt.date(2026, 11, 10), "by": cast.facilitator}
    record_request(**asked, answered_on=dt.date(2026, 11, 12))
    assert open_tasks(purchase) == []
    record_request(**asked)
    assert len(open_tasks(purchase)) == 1
    record_request(purchase=purchase, asked_on=None, by=cast.facilitator)
    assert open_tasks(purchase) == []
    assert Task.objects.filter(key=answer_key(purchase)).count() == 1


@pytest.mark.parametrize(
    ("asked_on", "answered_on", "field"),
    [
        (dt.date(2026, 11, 21), None, "asked_on"),
        (dt.date(2026, 11, 10), dt.date(2026, 11, 9), "answered_on"),
        (dt.date(2026, 11, 10), dt.date(2026, 11, 21), "answered_on"),
        (None, dt.date(2026, 11, 10), "asked_on"),
    ],
)
def test_dates_of_a_saisine_out_of_order_are_refused(cast, asked_on, answered_on, field) -> None:
    purchase = PlannedPurchaseFactory()
    with pytest.raises(DomainError) as refusal:
        record_request(purchase=purchase, asked_on=asked_on, answered_on=answered_on, by=cast.facilitator)
    assert refusal.value.field == field
    assert open_tasks(purchase) == []


def test_the_buyer_asks_once_and_may_ask_again_after_the_answer(cast) -> None:
    purchase = PlannedPurchaseFactory(buyer=cast.buyer_a)
    ask_advice(purchase=purchase, by=cast.buyer_user_a)
    assert open_tasks(purchase)[0].since == TODAY
    with pytest.raises(DomainError, match="sa réponse est attendue"):
        ask_advice(purchase=purchase, by=cast.buyer_user_a)
    record_request(purchase=purchase, asked_on=TODAY, answered_on=TODAY, by=cast.facilitator)
    assert ask_advice(purchase=purchase, by=cast.buyer_user_a).answered_on is None
    assert len(open_tasks(purchase)) == 1


def test_a_purchase_under_saisine_that_is_renamed_renames_what_waits(cast) -> None:
    purchase = PlannedPurchaseFactory(asked_on=TODAY)
    purchase.object = "Autre objet"
    save_purchase(purchase=purchase, by=cast.facilitator)
    assert open_tasks(purchase)[0].title == "Répondre à la saisine : Autre objet"


# --- Who changes what ---------------------------------------------------------------------------------------


def test_a_buyer_changes_its_purchases_until_they_are_targeted(cast) -> None:
    purchase = PlannedPurchaseFactory(buyer=cast.buyer_a)
    purchase.amount = Decimal("900000")
    save_purchase(purchase=purchase, by=cast.buyer_user_a)
    decide_targeting(purchase=purchase, targeting=Targeting.KEPT, by=cast.facilitator)
    purchase.refresh_from_db()
    purchase.amount = Decimal("1")
    with pytest.raises(DomainError, match="Le ciblage de cet achat est décidé"):
        save_purchase(purchase=purchase, by=cast.buyer_user_a)
    with pytest.raises(DomainError, match="Le ciblage de cet achat est décidé"):
        remove_purchase(purchase=purchase, by=cast.buyer_user_a)
    purchase.refresh_from_db()
    assert purchase.amount == Decimal("900000")
    purchase.amount = Decimal("800000")
    save_purchase(purchase=purchase, by=cast.facilitator)


def test_an_account_limited_to_a_department_writes_in_it_alone(cast) -> None:
    purchase = PlannedPurchaseFactory.build(buyer=cast.buyer_a, department=cast.other_department_a)
    save_purchase(purchase=purchase, by=cast.limited_a)
    assert purchase.department == cast.department_a


def test_a_department_of_another_buyer_is_refused(cast) -> None:
    purchase = PlannedPurchaseFactory.build(
        buyer=cast.buyer_a, department=DepartmentFactory(buyer=cast.buyer_b)
    )
    with pytest.raises(DomainError) as refusal:
        save_purchase(purchase=purchase, by=cast.facilitator)
    assert refusal.value.field == "department"


def test_a_purchase_leaves_the_list_with_what_it_waits_for(cast) -> None:
    purchase = PlannedPurchaseFactory(buyer=cast.buyer_a)
    ask_advice(purchase=purchase, by=cast.buyer_user_a)
    pk, key = purchase.pk, answer_key(purchase)
    remove_purchase(purchase=purchase, by=cast.buyer_user_a)
    assert not PlannedPurchase.objects.filter(pk=pk).exists()
    assert PlannedPurchase.history.filter(id=pk, history_type="-").count() == 1
    assert not Task.objects.open().filter(key=key).exists()


def test_a_purchase_with_its_market_stays(cast) -> None:
    purchase = PlannedPurchaseFactory(market=MarketFactory())
    with pytest.raises(DomainError, match="Un marché est issu"):
        remove_purchase(purchase=purchase, by=cast.facilitator)


# --- The targeting ------------------------------------------------------------------------------------------


def test_the_decision_is_kept_with_who_took_it_and_when(cast, thresholds) -> None:
    purchase = PlannedPurchaseFactory()
    decide_targeting(
        purchase=purchase,
        targeting="kept",
        reason="Trois lots accessibles",
        on=dt.date(2026, 11, 3),
        by=cast.facilitator,
    )
    purchase.refresh_from_db()
    assert (purchase.targeting, purchase.targeting_reason) == ("kept", "Trois lots accessibles")
    assert (purchase.targeted_on, purchase.targeted_by) == (dt.date(2026, 11, 3), cast.facilitator)
    decide_targeting(purchase=purchase, targeting="to_study", by=cast.facilitator)
    purchase.refresh_from_db()
    assert (purchase.targeted_on, purchase.targeted_by) == (None, None)


def dismissed(purchase, by, **more):
    return decide_targeting(
        purchase=purchase, targeting="dismissed", reason="Achat sans main-d’œuvre", by=by, **more
    )


def test_dismissing_needs_a_reason(cast, thresholds) -> None:
    with pytest.raises(DomainError) as refusal:
        decide_targeting(
            purchase=PlannedPurchaseFactory(), targeting="dismissed", reason="  ", by=cast.facilitator
        )
    assert refusal.value.field == "reason"


@pytest.mark.parametrize(
    ("values", "ground", "note", "words"),
    [
        ({}, "", "", "demande un motif de dérogation"),
        ({}, "short", "", "que pour des travaux"),
        ({}, "other", "", "écrivez lequel"),
        ({"family": "works", "amount": Decimal("6000000"), "months": 8}, "short", "", "durent 8 mois"),
        ({"nature": "concession", "amount": Decimal("6000000")}, "immediate", "", "L3114-2-1"),
        ({"amount": Decimal("1000")}, "no_link", "", "ne concerne pas cet achat"),
    ],
)
def test_a_purchase_under_the_duty_is_dismissed_with_a_ground_of_the_code(
    cast, thresholds, values, ground, note, words
) -> None:
    purchase = PlannedPurchaseFactory(**{"family": "services", "amount": Decimal("216000"), **values})
    with pytest.raises(DomainError, match=words):
        dismissed(purchase, cast.facilitator, derogation=ground, derogation_note=note)
    purchase.refresh_from_db()
    assert purchase.targeting == "to_study"


def test_the_ground_is_kept_and_goes_when_the_purchase_is_kept(cast, thresholds) -> None:
    purchase = PlannedPurchaseFactory(family="services", amount=Decimal("216000"))
    dismissed(purchase, cast.facilitator, derogation="other", derogation_note="Fournitures importées")
    purchase.refresh_from_db()
    assert (purchase.derogation, purchase.derogation_note) == ("other", "Fournitures importées")
    decide_targeting(purchase=purchase, targeting="kept", by=cast.facilitator)
    purchase.refresh_from_db()
    assert (purchase.derogation, purchase.derogation_note) == ("", "")


def test_below_the_threshold_a_reason_is_enough(cast, thresholds) -> None:
    purchase = PlannedPurchaseFactory(family="services", amount=Decimal("215999.99"))
    assert dismissed(purchase, cast.facilitator).derogation == ""


def test_a_purchase_whose_market_exists_stays_kept(cast) -> None:
    purchase = PlannedPurchaseFactory(targeting="kept", market=MarketFactory())
    with pytest.raises(DomainError, match="il reste retenu"):
        dismissed(purchase, cast.facilitator)


def test_a_decision_of_tomorrow_is_refused(cast) -> None:
    with pytest.raises(DomainError) as refusal:
        decide_targeting(
            purchase=PlannedPurchaseFactory(), targeting="kept", on=dt.date(2026, 11, 21), by=cast.facilitator
        )
    assert refusal.value.field == "on"


@pytest.mark.parametrize(
    "values",
    [
        {"targeting": "dismissed"},
        {"derogation": "no_link"},
        {"targeting": "dismissed", "targeting_reason": "x", "derogation": "other"},
        {"amount": Decimal("-1")},
        {"lots": 0},
        {"months": 0},
        {"year": 1999},
        {"asked_on": dt.date(2026, 2, 1), "answered_on": dt.date(2026, 1, 1)},
        {"answered_on": dt.date(2026, 1, 1)},
    ],
)
def test_the_database_refuses_what_the_services_refuse(values) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PlannedPurchaseFactory(**values)


def test_one_reference_a_year_for_a_buyer_and_many_without() -> None:
    first = PlannedPurchaseFactory(reference="A1")
    PlannedPurchaseFactory(reference="A1", buyer=first.buyer, year=2028)
    PlannedPurchaseFactory(reference="A1")
    PlannedPurchaseFactory(reference="", buyer=first.buyer)
    PlannedPurchaseFactory(reference="", buyer=first.buyer)
    with pytest.raises(IntegrityError), transaction.atomic():
        PlannedPurchaseFactory(reference="A1", buyer=first.buyer)


# --- The market ---------------------------------------------------------------------------------------------


def test_the_market_takes_over_what_the_purchase_says(cast) -> None:
    purchase = PlannedPurchaseFactory(
        buyer=cast.buyer_a,
        department=cast.department_a,
        targeting="kept",
        lots=3,
        cpv="45210000",
        procedure="adapted",
        technique="framework",
    )

    market = start_market(
        purchase=purchase, reference="  26-014 ", facilitator=cast.admin, by=cast.facilitator
    )

    purchase.refresh_from_db()
    assert purchase.market == market
    names = (
        "buyer",
        "department",
        "object",
        "cpv",
        "family",
        "nature",
        "procedure",
        "technique",
        "amount",
        "commune",
    )
    assert [getattr(market, name) for name in names] == [getattr(purchase, name) for name in names]
    assert market.reference == "26-014"
    assert [(lot.number, lot.amount) for lot in market.lots.order_by("pk")] == [
        ("1", None),
        ("2", None),
        ("3", None),
    ]
    held = Responsibility.objects.get(market=market)
    assert (held.facilitator, held.starts_on) == (cast.admin, TODAY)


def test_the_only_lot_bears_the_amount_and_whoever_opens_it_answers_for_it(cast) -> None:
    purchase = PlannedPurchaseFactory(targeting="kept", amount=Decimal("50000"))
    market = start_market(purchase=purchase, reference="26-015", by=cast.facilitator)
    assert [lot.amount for lot in market.lots.order_by("pk")] == [Decimal("50000")]
    assert Responsibility.objects.get(market=market).facilitator == cast.facilitator


@pytest.mark.parametrize(
    ("targeting", "reference", "words"),
    [
        ("to_study", "A", "Décidez d’abord du ciblage"),
        ("kept", "   ", "Donnez la référence"),
        ("kept", "ALPHA-1", "déjà un marché de cette référence"),
        ("kept", "x" * 61, "60 signes"),
    ],
)
def test_a_market_is_not_opened_by_mistake(cast, targeting, reference, words) -> None:
    purchase = PlannedPurchaseFactory(buyer=cast.buyer_a, targeting=targeting)
    count = Market.objects.count()
    with pytest.raises(DomainError, match=words):
        start_market(purchase=purchase, reference=reference, by=cast.facilitator)
    assert Market.objects.count() == count


def test_a_purchase_becomes_one_market_only(cast) -> None:
    purchase = PlannedPurchaseFactory(targeting="kept")
    start_market(purchase=purchase, reference="A", by=cast.facilitator)
    with pytest.raises(DomainError, match="déjà son marché"):
        start_market(purchase=purchase, reference="B", by=cast.facilitator)


# --- What waits on the home page ----------------------------------------------------------------------------


def test_the_purchases_to_target_within_sixty_days_wait_for_whoever_answers_for_the_buyer(cast) -> None:
    ResponsibilityFactory(market=None, buyer=cast.buyer_a, facilitator=cast.facilitator)
    soon = {"buyer": cast.buyer_a, "planned_on": dt.date(2027, 1, 19)}
    PlannedPurchaseFactory(**soon)
    PlannedPurchaseFactory(**{**soon, "planned_on": dt.date(2027, 1, 20)})
    PlannedPurchaseFactory(**soon, targeting="kept")
    PlannedPurchaseFactory(**{**soon, "buyer": cast.buyer_b})
    (item,) = [row for row in waiting_for(cast.facilitator) if "à cibler" in row.label]
    assert (item.count, item.label) == (1, "achat à cibler, lancé d’ici 60 jours")
    assert not [row for row in waiting_for(cast.admin) if "à cibler" in row.label]
    assert not [row for row in waiting_for(cast.buyer_user_a) if "à cibler" in row.label]


# --- Who sees what ------------------------------------------------------------------------------------------


def test_each_buyer_sees_its_own_purchases_and_a_limited_account_its_department_s(cast) -> None:
    whole = PlannedPurchaseFactory(buyer=cast.buyer_a)
    own = PlannedPurchaseFactory(buyer=cast.buyer_a, department=cast.department_a)
    other = PlannedPurchaseFactory(buyer=cast.buyer_a, department=cast.other_department_a)
    foreign = PlannedPurchaseFactory(buyer=cast.buyer_b)
    rows = PlannedPurchase.objects
    assert set(rows.visible_to(cast.buyer_user_a)) == {whole, own, other}
    assert set(rows.visible_to(cast.limited_a)) == {own}
    assert set(rows.visible_to(cast.buyer_user_b)) == {foreign}
    assert set(rows.visible_to(cast.company_user_a)) == set()
    assert set(rows.visible_to(cast.facilitator)) == {whole, own, other, foreign}


def test_a_member_of_two_buyers_sees_both() -> None:
    first, second = PlannedPurchaseFactory(), PlannedPurchaseFactory()
    user = BuyerMembershipFactory(buyer=first.buyer).user
    BuyerMembershipFactory(buyer=second.buyer, user=user)
    PlannedPurchaseFactory(buyer=BuyerFactory())
    assert set(PlannedPurchase.objects.visible_to(user)) == {first, second}
