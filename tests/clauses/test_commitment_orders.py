"""Orders and invoices at one hour per so many euros: the cumulative figure is what counts."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from clauses.models import Commitment
from clauses.orders import hours_of_next, hours_of_orders
from clauses.services import commitments as services
from core.errors import DomainError
from tests.factories import CommitmentFactory

DAY = dt.date(2025, 6, 1)
amounts = st.decimals(min_value="0.01", max_value="900000", places=2)
rates = st.decimals(min_value="0.01", max_value="90000", places=2)


@pytest.mark.parametrize(
    ("orders", "hours"),
    [
        ([("37500", "2000")], "18.75"),
        ([("1500", "2000")], "0.75"),
        ([("10", "2000")], "0.01"),  # 0.005 h, a half upwards
        ([("9.99", "2000")], "0.00"),
        ([("33.33", "2000")] * 6, "0.10"),
        ([("20000", "2000"), ("20000", "2500")], "18.00"),
        ([("20000", "2000"), ("-5000", "2000")], "7.50"),
    ],
)
def test_hours_of_orders_by_hand(orders, hours):
    assert hours_of_orders([(Decimal(a), Decimal(r)) for a, r in orders]) == Decimal(hours)


def test_a_rate_of_zero_is_no_rate():
    with pytest.raises(ValueError, match="supérieur à zéro"):
        hours_of_orders([(Decimal(1), Decimal(0))])


@given(st.lists(st.tuples(amounts, rates), max_size=30))
def test_recorded_one_by_one_orders_owe_what_they_owe_together(orders):
    total, known = Decimal(0), []
    for order in orders:
        total += hours_of_next(order, known)
        known.append(order)
    assert total == hours_of_orders(orders)
    exact = sum((Fraction(a) / Fraction(r) for a, r in orders), Fraction(0))
    assert abs(Fraction(total) - exact) <= Fraction(1, 200)


@given(st.lists(amounts, min_size=1, max_size=30), rates)
def test_many_small_orders_owe_what_a_single_one_does(parts, rate):
    assert hours_of_orders([(part, rate) for part in parts]) == hours_of_orders([(sum(parts), rate)])


@given(st.lists(st.tuples(amounts, rates), max_size=20), st.randoms())
def test_the_order_in_which_they_come_changes_nothing(orders, random):
    shuffled = list(orders)
    random.shuffle(shuffled)
    assert hours_of_orders(shuffled) == hours_of_orders(orders)


# --- Recorded ------------------------------------------------------------------------------------------------


@pytest.fixture
def framework(db):
    """A commitment without minimum on a clause of one hour per 2,000 €."""
    commitment = CommitmentFactory(hours=0)
    commitment.clause.euros_per_hour = Decimal(2000)
    commitment.clause.save()
    return commitment


def order(commitment, amount, **more):
    return services.record_order(
        commitment=commitment, amount=Decimal(amount), effective_on=DAY, user=None, **more
    )


def engaged(commitment):
    return Commitment.objects.with_hours_engaged().get(pk=commitment.pk).hours_engaged


def test_an_order_keeps_its_amount_and_the_rate_of_its_day(framework):
    first = order(framework, "37500")
    framework.clause.euros_per_hour = Decimal(2500)
    framework.clause.save()
    second = order(framework, "10000")
    assert (first.amount, first.euros_per_hour, first.delta) == (37500, 2000, Decimal("18.75"))
    assert (second.amount, second.euros_per_hour, second.delta) == (10000, 2500, Decimal("4"))
    assert engaged(framework) == Decimal("22.75")


def test_an_order_too_small_for_a_hundredth_is_kept_and_counts_with_the_next(framework):
    assert order(framework, "9.99").delta == 0
    assert order(framework, "9.99").delta == Decimal("0.01")
    assert framework.changes.count() == 2


def test_the_formula_tells_the_sum(framework):
    thin = "\u202f"
    assert services.hours_for_order(framework, Decimal(37500)).formula == (
        f"37{thin}500{thin}€ ÷ 2{thin}000{thin}€ par heure = 18,75{thin}h."
    )
    order(framework, "37500")
    formula = services.hours_for_order(framework, Decimal(12500)).formula
    assert f"37{thin}500{thin}€ déjà commandés + 12{thin}500{thin}€ = 50{thin}000{thin}€" in formula
    assert f"= 25{thin}h, dont 18,75{thin}h déjà dues : +6,25{thin}h" in formula


def test_a_credit_note_takes_hours_back_and_no_more_than_was_ordered(framework):
    order(framework, "20000")
    assert order(framework, "-5000").delta == Decimal("-2.5")
    with pytest.raises(DomainError, match="dépasse les") as refusal:
        order(framework, "-15000.01")
    assert refusal.value.field == "amount"
    assert engaged(framework) == Decimal("7.5")


def test_a_credit_note_takes_back_the_hours_that_its_orders_gave_whatever_the_rate_of_today(framework):
    # 100,000 € at 1 h per 2,000 € are 50 h; the avenant asks for 1 h per 1,000 €: 30,000 € more are 30 h.
    order(framework, "100000")
    framework.clause.euros_per_hour = Decimal(1000)
    framework.clause.save()
    order(framework, "30000")
    assert engaged(framework) == 80
    # The orders of today's rate cover 30,000 €; 40,000 € can only be of the former one: 20 h, not 40.
    taken = order(framework, "-40000")
    assert (taken.euros_per_hour, taken.delta) == (2000, -20)
    assert order(framework, "-30000").delta == -30
    # Everything taken back leaves nothing: it would have been 40 h taken for the 30 that are left.
    assert order(framework, "-60000").delta == -30
    assert engaged(framework) == 0


def test_a_credit_note_over_orders_of_two_rates_is_asked_for_rate_by_rate(framework):
    order(framework, "20000")
    framework.clause.euros_per_hour = Decimal(1000)
    framework.clause.save()
    order(framework, "10000")
    with pytest.raises(DomainError, match="un avoir pour chaque taux") as refusal:
        order(framework, "-25000")
    thin = "\u202f"
    assert refusal.value.field == "amount"
    assert f"20{thin}000{thin}€ à 1 h par 2{thin}000{thin}€, 10{thin}000{thin}€ à 1 h par 1" in str(
        refusal.value
    )
    assert engaged(framework) == 20


def test_a_credit_note_dated_before_the_order_is_refused(framework):
    order(framework, "20000")
    with pytest.raises(DomainError, match="tomberait") as refusal:
        services.record_order(
            commitment=framework, amount=Decimal(-2000), effective_on=dt.date(2025, 5, 1), user=None
        )
    assert refusal.value.field == "amount"


@pytest.mark.parametrize("amount", ["9999999999999.99", "0"])
def test_an_amount_that_makes_no_sense_is_refused(framework, amount):
    framework.clause.euros_per_hour = Decimal("0.01")
    with pytest.raises(DomainError) as refusal:
        order(framework, amount)
    assert refusal.value.field == "amount"
    assert not framework.changes.exists()


def test_without_a_rate_on_the_clause_an_order_says_what_to_complete(db):
    with pytest.raises(DomainError, match="complétez-la"):
        order(CommitmentFactory(), "1")


# --- Its page ------------------------------------------------------------------------------------------------


@pytest.fixture
def house(cast, signed_in):
    return signed_in(cast.facilitator)


def test_the_hours_are_shown_before_they_are_recorded(house, framework):
    url = reverse("order_create", args=[framework.pk])
    assert "une heure par tranche de 2\u202f000\u202f€" in house.get(url).content.decode()
    live = house.post(url, {"amount": "37 500 €"}, headers={"HX-Request": "true"}).content.decode()
    assert "+18,75\u202fh" in live and "<html" not in live
    page = house.post(url, {"amount": "37 500 €", "effective_on": "1/6/25", "calculer": "1"}).content.decode()
    assert "+18,75\u202fh" in page and 'value="37 500 €"' in page
    assert not framework.changes.exists()
    response = house.post(url, {"amount": "37 500 €", "effective_on": "1/6/25", "note": "BC 12"})
    assert response.url == reverse("commitment_detail", args=[framework.pk])
    change = framework.changes.get()
    assert (change.delta, change.amount, change.note) == (Decimal("18.75"), 37500, "BC 12")
    html = house.get(response.url).content.decode()
    assert "37\u202f500\u202f€, à 1 h par 2\u202f000\u202f€" in html


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("1e17", "n’est pas un montant"),
        ("beaucoup", "n’est pas un montant"),
        ("100000000000000000", "dépasse tout montant"),
        ("0", "Indiquez le montant"),
        ("-5", "dépasse les 0"),
    ],
)
def test_a_bad_amount_gets_a_sentence_and_writes_nothing(house, framework, typed, sentence):
    url = reverse("order_create", args=[framework.pk])
    live = house.post(url, {"amount": typed}, headers={"HX-Request": "true"}).content.decode()
    assert sentence in live
    response = house.post(url, {"amount": typed, "effective_on": "1/6/25", "note": "BC 12"})
    assert sentence in response.context["form"].errors["amount"][0]
    assert 'value="BC 12"' in response.content.decode()
    assert not framework.changes.exists()


def test_without_a_rate_the_page_leads_to_the_clause(house):
    commitment = CommitmentFactory()
    html = house.get(reverse("order_create", args=[commitment.pk])).content.decode()
    assert reverse("clause_edit", args=[commitment.clause_id]) in html


def test_where_orders_give_the_hours_they_are_not_typed_as_a_change(house, framework):
    form = house.get(reverse("change_create", args=[framework.pk])).context["form"]
    assert "order" not in dict(form.fields["reason"].choices)
    form = house.get(reverse("change_create", args=[CommitmentFactory().pk])).context["form"]
    assert "order" in dict(form.fields["reason"].choices)
