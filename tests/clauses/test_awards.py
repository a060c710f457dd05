"""The award of a lot: alone or in a group, and the commitment that the offer makes."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from clauses.models import Commitment, CommitmentChange
from clauses.services.awards import Member, Promise, award_lot
from clauses.services.tenders import start_grid, write_assessment
from core.errors import DomainError
from markets.models import Award, MarketDocument, Task
from markets.services.files import close_market
from markets.services.tasks import open_task
from tests.factories import ClauseFactory, CompanyFactory, LotFactory, MarketFactory

D = Decimal
DAY = dt.date(2026, 3, 2)
pytestmark = pytest.mark.django_db


@pytest.fixture
def lot():
    return LotFactory(
        market=MarketFactory(notified_on=None, starts_on=None, planned_end=None), amount=D(100_000)
    )


@pytest.fixture
def clause(lot):
    return ClauseFactory(lot=lot, minimum_hours=D(500))


def award(lot, members, promises=(), **values):
    return award_lot(lot=lot, members=members, promises=promises, awarded_on=DAY, by=None, **values)


def test_an_offer_of_800_over_a_minimum_of_500_is_two_changes(lot, clause):
    (commitment,) = award(lot, [Member(CompanyFactory(), "holder")], [Promise(clause, D(500), D(300))])
    changes = CommitmentChange.objects.filter(commitment=commitment).order_by("pk")
    assert [(row.reason, row.delta) for row in changes] == [("minimum", 500), ("offer", 300)]


def test_in_a_group_the_leader_bears_the_hours(lot, clause):
    leader, partner, third = CompanyFactory(), CompanyFactory(), CompanyFactory()
    (commitment,) = award(
        lot,
        [
            Member(leader, "leader", D(60_000)),
            Member(partner, "co_contractor", D(40_000)),
            Member(third, "subcontractor", D(10_000)),
        ],
        [Promise(clause, D(500))],
        joint_and_several=True,
    )
    assert commitment.holder == leader and Commitment.objects.count() == 1
    assert dict(Award.objects.values_list("company", "joint_and_several")) == {
        leader.pk: True,
        partner.pk: True,
        third.pk: False,
    }


def test_groups_that_do_not_hold_together_are_refused_and_nothing_is_written(lot, clause):
    one, two = CompanyFactory(), CompanyFactory()
    for members, sentence in (
        ([], "au moins le titulaire"),
        ([Member(one, "holder"), Member(two, "co_contractor")], "mandataire du groupement"),
        ([Member(one, "leader")], "au moins un cotraitant"),
        ([Member(one, "holder"), Member(one, "subcontractor")], "deux fois"),
        ([Member(one, "holder"), Member(two, "holder")], "un seul titulaire"),
        ([Member(one, "holder", D(-1))], "négatif"),
    ):
        with pytest.raises(DomainError, match=sentence):
            award(lot, members, [Promise(clause, D(500))])
    assert not Award.objects.exists() and not Commitment.objects.exists()


def test_a_lot_is_awarded_once(lot, clause):
    award(lot, [Member(CompanyFactory(), "holder")])
    with pytest.raises(DomainError, match="déjà attribué"):
        award(lot, [Member(CompanyFactory(), "holder")])


def test_an_award_after_the_notification_is_refused(clause):
    lot = LotFactory(market=MarketFactory(notified_on=dt.date(2026, 3, 1)))
    with pytest.raises(DomainError, match="suit la notification"):
        award(lot, [Member(CompanyFactory(), "holder")])


def test_the_award_opens_the_documents_the_launch_then_the_kick_off(lot, clause):
    company = CompanyFactory()
    award(lot, [Member(company, "holder")], [Promise(clause, D(500))])
    tasks = {task.key: task for task in Task.objects.filter(market=lot.market)}
    documents = tasks[f"market:{lot.market_id}:documents"]
    launch, kick_off = tasks[f"market:{lot.market_id}:launch"], tasks[f"lot:{lot.pk}:kick_off"]
    assert documents.turn == "buyer" and MarketDocument.objects.filter(market=lot.market).count() == 3
    assert (launch.due_on, kick_off.due_on) == (dt.date(2026, 4, 1), dt.date(2026, 4, 16))
    assert launch.with_buyer and launch.with_company
    assert kick_off.with_company and not kick_off.with_buyer


def test_the_page_begins_with_the_bid_and_awards_the_group(cast, signed_in, lot, clause):
    company, partner = CompanyFactory(name="Alpha Charpente"), CompanyFactory(name="Beta Zinc")
    grid = start_grid(lot=lot, by=None)
    offer = write_assessment(
        grid=grid, bidder="Alpha", company=company, hours_offered=D(800), points={}, by=None
    )
    client = signed_in(cast.facilitator)
    url = f"{reverse('lot_award', args=[lot.pk])}?offre={offer.pk}"
    page = client.get(url).content.decode()
    assert "Alpha Charpente" in page and 'value="300"' in page and 'value="500"' in page
    data = {
        "form_of_award": "several",
        "company": company.name,
        "amount": "60 000 €",
        "awarded_on": "2/3/26",
        f"minimum_{clause.pk}": "500",
        f"offer_{clause.pk}": "300",
        "other_0": partner.name,
        "role_0": "co_contractor",
        "amount_0": "50 000",
    }
    refused = client.post(url, data).content.decode()
    assert (
        "plus que le lot" in refused and "Beta Zinc" in refused and not Award.objects.filter(lot=lot).exists()
    )
    assert client.post(url, {**data, "amount_0": "40 000"}).status_code == 302
    commitment = Commitment.objects.get(clause=clause)
    assert commitment.holder == company
    assert sum(row.delta for row in commitment.changes.all()) == 800
    assert Award.objects.get(company=partner).role == "co_contractor"


def test_a_bad_amount_has_its_sentence_and_what_was_typed_stays(cast, signed_in, lot, clause):
    client = signed_in(cast.facilitator)
    url = reverse("lot_award", args=[lot.pk])
    data = {"form_of_award": "alone", "company": CompanyFactory(name="Gamma").name, "awarded_on": "31/2/2026"}
    for amount in ("1e17", "-5", "douze", "99999999999999999"):
        html = client.post(url, {**data, "amount": amount}).content.decode()
        assert f'value="{amount}"' in html and "31/2/2026" in html
    assert not Award.objects.filter(lot=lot).exists()


def test_the_award_of_a_reserved_lot_plans_the_meetings_of_its_years():
    today = timezone.localdate()
    market = MarketFactory(
        notified_on=today - dt.timedelta(days=20), starts_on=today, planned_end=today + dt.timedelta(days=700)
    )
    lot = LotFactory(market=market, reservation="siae")
    award_lot(
        lot=lot,
        members=[Member(CompanyFactory(etti=True), "holder")],
        awarded_on=today - dt.timedelta(days=21),
        by=None,
    )
    keys = list(Task.objects.filter(market=market).values_list("key", flat=True))
    assert any(key.startswith(f"reserved:{market.pk}:{today.year}") for key in keys)


def test_a_market_that_closes_leaves_nothing_to_do_but_its_disputes(lot, clause):
    award(lot, [Member(CompanyFactory(), "holder")], [Promise(clause, D(500))])
    open_task(key="escalation:1:decide", title="Décider", market=lot.market, by=None)
    close_market(market=lot.market, on=timezone.localdate(), by=None)
    left = Task.objects.open().filter(market=lot.market)
    assert [task.key for task in left] == ["escalation:1:decide"]
    assert Task.objects.get(key=f"lot:{lot.pk}:kick_off").outcome == "marché clos"
