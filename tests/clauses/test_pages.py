"""Clauses and commitments by their pages: what is typed, what is shown, to whom."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from clauses.models import Clause, Commitment
from tests.factories import (
    AssignmentFactory,
    AwardFactory,
    ClauseFactory,
    CommitmentChangeFactory,
    CommitmentFactory,
    HoursEntryFactory,
    LotFactory,
    MarketFactory,
    ResponsibilityFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(cast, signed_in):
    return signed_in(cast.facilitator)


def errors_of(response):
    return {name: list(errors) for name, errors in response.context["form"].errors.items()}


def engaged(pk):
    return Commitment.objects.with_hours_engaged().get(pk=pk).hours_engaged


def test_a_clause_then_a_commitment_are_opened_from_the_market(house):
    award = AwardFactory()
    house.post(
        reverse("clause_create", args=[award.lot_id]),
        {"kind": "execution", "minimum_hours": "500", "effort_rate": "5"},
    )
    clause = Clause.objects.get(lot=award.lot)
    page = house.get(reverse("commitment_create", args=[clause.pk]))
    assert 'value="500"' in page.content.decode()
    response = house.post(
        reverse("commitment_create", args=[clause.pk]),
        {"award": award.pk, "minimum": "500", "offer": "300", "effective_on": "1/2/2025"},
    )
    commitment = clause.commitments.get()
    assert engaged(commitment.pk) == Decimal("800")
    assert response.url == reverse("commitment_detail", args=[commitment.pk])


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"minimum_hours": "-4"}, "minimum_hours", "ne peut pas être négatif"),
        ({"minimum_hours": "1e9"}, "minimum_hours", "n’est pas un nombre d’heures"),
        ({"minimum_hours": "99999999"}, "minimum_hours", "dépasse tout nombre d’heures"),
        ({"effort_rate": "120"}, "effort_rate", "entre 0 et 100"),
        ({"euros_per_hour": "0"}, "euros_per_hour", "supérieur à zéro"),
    ],
)
def test_bad_input_of_a_clause_stands_beside_its_field(house, changes, field, sentence):
    lot = LotFactory()
    response = house.post(
        reverse("clause_create", args=[lot.pk]), {"kind": "training", "penalty_text": "60 €/h", **changes}
    )
    found = errors_of(response)
    assert list(found) == [field] and sentence in found[field][0]
    assert "60 €/h" in response.content.decode()
    assert not lot.clauses.exists()


def test_a_lot_has_a_clause_of_a_kind_once(house):
    clause = ClauseFactory()
    response = house.post(reverse("clause_create", args=[clause.lot_id]), {"kind": clause.kind})
    assert errors_of(response) == {"kind": ["Ce lot a déjà une clause de cette nature."]}


def test_without_attributaire_the_page_says_what_to_do_first(house):
    html = house.get(reverse("commitment_create", args=[ClauseFactory().pk])).content.decode()
    assert "Aucun attributaire n’attend d’engagement" in html


def test_only_awards_of_the_lot_are_offered(house):
    award, other = AwardFactory(), AwardFactory()
    clause = ClauseFactory(lot=award.lot)
    form = house.get(reverse("commitment_create", args=[clause.pk])).context["form"]
    assert list(form.fields["award"].queryset) == [award]
    response = house.post(
        reverse("commitment_create", args=[clause.pk]), {"award": other.pk, "effective_on": "1/2/25"}
    )
    assert "award" in errors_of(response)


def test_the_dates_of_an_intervention_are_in_order(house):
    award = AwardFactory()
    clause = ClauseFactory(lot=award.lot)
    response = house.post(
        reverse("commitment_create", args=[clause.pk]),
        {
            "award": award.pk,
            "effective_on": "1/2/25",
            "starts_on": "2/2/26",
            "ends_on": "1/2/26",
            "minimum": "5",
        },
    )
    assert "précède son début" in errors_of(response)["ends_on"][0]
    commitment = CommitmentFactory()
    response = house.post(
        reverse("commitment_edit", args=[commitment.pk]), {"starts_on": "2/2/26", "ends_on": "1/2/26"}
    )
    assert "précède son début" in errors_of(response)["ends_on"][0]


@pytest.mark.parametrize("typed", ["-120", "− 120", "-120,00"])
def test_a_discharge_is_typed_with_its_sign(house, typed):
    commitment = CommitmentFactory(hours=500)
    house.post(
        reverse("change_create", args=[commitment.pk]),
        {"reason": "discharge", "delta": typed, "effective_on": "1/6/2025", "note": "accord du 28/05"},
    )
    assert engaged(commitment.pk) == Decimal("380")


@pytest.mark.parametrize(
    ("reason", "delta", "sentence"),
    [
        ("discharge", "120", "nombre négatif"),
        ("amendment", "-501", "on ne peut pas en retirer davantage"),
        ("amendment", "0", "zéro heure"),
        ("amendment", "beaucoup", "n’est pas un nombre d’heures"),
    ],
)
def test_a_refused_change_stands_beside_its_field_and_keeps_the_note(house, reason, delta, sentence):
    commitment = CommitmentFactory(hours=500)
    response = house.post(
        reverse("change_create", args=[commitment.pk]),
        {"reason": reason, "delta": delta, "effective_on": "1/6/2025", "note": "avenant 2"},
    )
    assert sentence in errors_of(response)["delta"][0]
    assert 'value="avenant 2"' in response.content.decode()
    assert commitment.changes.count() == 1


def test_hours_move_inside_a_group_by_its_page(house):
    lot = LotFactory()
    clause = ClauseFactory(lot=lot)
    leader = CommitmentFactory(clause=clause, award=AwardFactory(lot=lot, role="leader"))
    partner = CommitmentFactory(clause=clause, award=AwardFactory(lot=lot, role="co_contractor"), hours=0)
    house.post(
        reverse("commitment_move", args=[leader.pk]),
        {f"hours_{leader.pk}": "300", f"hours_{partner.pk}": "200", "effective_on": "1/6/2025"},
    )
    assert (engaged(leader.pk), engaged(partner.pk)) == (Decimal("300"), Decimal("200"))


def test_alone_on_a_clause_there_is_nobody_to_move_hours_to(house):
    commitment = CommitmentFactory()
    response = house.get(reverse("commitment_move", args=[commitment.pk]))
    assert response.url == reverse("commitment_detail", args=[commitment.pk])


def test_the_page_of_a_commitment_tells_how_its_figure_came_about(house):
    commitment = CommitmentFactory(hours=500, offer=300)
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    CommitmentChangeFactory(commitment=commitment, delta=Decimal("50"), effective_on=tomorrow)
    response = house.get(reverse("commitment_detail", args=[commitment.pk]))
    assert [step["total"] for step in response.context["steps"]] == [500, 800, 850]
    html = response.content.decode()
    assert "comptées sur 800\u202fh engagées" in html
    assert "évolutions à venir comprises" in html


def test_the_synthesis_shows_the_formula_of_the_forecast(house):
    commitment = CommitmentFactory(hours=500)
    html = house.get(reverse("market_detail", args=[commitment.market_id])).content.decode()
    assert "jours d’intervention" in html
    assert "il ne figure dans aucun bilan" in html


def test_the_next_step_is_the_first_thing_missing(house):
    market = MarketFactory()

    def step():
        return house.get(reverse("market_detail", args=[market.pk])).context["file"].head.next_step.what

    assert "décrire les lots" in step()
    lot = LotFactory(market=market)
    assert "quelle clause" in step()
    clause = ClauseFactory(lot=lot)
    assert "inscrire l’attributaire" in step()
    award = AwardFactory(lot=lot)
    assert "ouvrir l’engagement" in step()
    CommitmentFactory(clause=clause, award=award, hours=100, starts_on=None, ends_on=None)
    assert "il reste 100" in step()


def test_a_closed_market_asks_for_nothing(house):
    commitment = CommitmentFactory(market=MarketFactory(closed=True))
    file = house.get(reverse("market_detail", args=[commitment.market_id])).context["file"]
    assert file.head.next_step is None
    assert file.head.words == "clos"


def test_the_list_puts_my_portfolio_first(house, cast):
    newer = MarketFactory(notified_on=dt.date(2026, 5, 1))
    ResponsibilityFactory(market=cast.commitment_b.market, facilitator=cast.facilitator)
    rows = [row.record for row in house.get(reverse("market_list")).context["table"].page.object_list]
    assert rows[:2] == [cast.commitment_b.market, newer]


def listed(client, **query):
    response = client.get(reverse("market_list"), query)
    return {row.record.reference for row in response.context["table"].page.object_list}


def test_the_filters_of_the_list(house, cast):
    a, b = cast.commitment_a.market, cast.commitment_b.market
    ResponsibilityFactory(market=b, facilitator=cast.facilitator)
    LotFactory(market=a, reservation="siae")
    ClauseFactory(lot=LotFactory(market=a), kind="training")
    assignment = AssignmentFactory(commitment=cast.commitment_b)
    for month, hours in ((3, "400"), (4, "377")):
        HoursEntryFactory(
            assignment=assignment, month=dt.date(2025, month, 1), counted=True, hours=Decimal(hours)
        )
    MarketFactory(reference="VIEUX", closed=True, family="services")
    assert listed(house, q="gymnase") == {"BRAVO-1"}
    assert listed(house, buyer=cast.buyer_a.pk) == {"ALPHA-1", "ALPHA-2"}
    assert listed(house, life="closed") == {"VIEUX"}
    assert listed(house, family="services") == {"VIEUX"}
    assert listed(house, clause="training") == {"ALPHA-1"}
    assert listed(house, reserved="on") == {"ALPHA-1"}
    assert listed(house, mine="on") == {"BRAVO-1"}
    assert listed(house, forecast="met") == {"BRAVO-1"}
    assert listed(house, forecast="late") == {"ALPHA-1", "ALPHA-2"}
    MarketFactory(reference="NU")
    assert listed(house, forecast="no_target") == {"NU"}


def test_the_rate_of_a_list_caps_each_commitment(house):
    market = MarketFactory(reference="PLAFOND")
    first = CommitmentFactory(market=market, hours=100)
    CommitmentFactory(market=market, hours=100)
    HoursEntryFactory(assignment=AssignmentFactory(commitment=first), counted=True, hours=Decimal("300"))
    response = house.get(reverse("market_list"), {"q": "PLAFOND"})
    (row,) = response.context["table"].page.object_list
    assert row.record.hours_engaged == Decimal("200")
    assert row.record.figures.counted == Decimal("300")
    assert row.record.figures.rate == Decimal("0.5")


def test_what_waits_for_a_facilitator_is_late_in_the_own_portfolio(cast):
    from clauses.waiting import commitments_waiting

    ResponsibilityFactory(market=cast.commitment_a.market, facilitator=cast.facilitator)
    opened = ClauseFactory(lot=AwardFactory().lot)
    ResponsibilityFactory(market=opened.lot.market, facilitator=cast.facilitator)
    found = {item.label: item.count for item in commitments_waiting(cast.facilitator)}
    assert found == {
        "marché en retard dans mon portefeuille": 1,
        "marché attribué dont l’engagement n’est pas ouvert": 1,
        "contrats publiés à regarder": 0,
    }
    assert list(commitments_waiting(cast.buyer_user_a)) == []
    assert {item.count for item in commitments_waiting(cast.admin)} == {0}
