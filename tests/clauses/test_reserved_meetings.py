"""The meetings of reserved markets and marchés d'insertion (convention, annexe 1.A)."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from clauses.reserved_calendar import meetings
from clauses.services.reserved import is_reserved, plan_reserved_meetings, top_up_reserved_meetings
from core.errors import DomainError
from core.registry import daily_works
from markets.models import Task
from markets.services.tasks import open_task
from tests.factories import (
    AwardFactory,
    BuyerMembershipFactory,
    CompanyFactory,
    CompanyMembershipFactory,
    LotFactory,
    MarketFactory,
)

BEGINS, ENDS = dt.date(2025, 2, 1), dt.date(2026, 12, 31)
ON = dt.date(2025, 2, 1)
DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2035, 12, 31))


def days(begins, ends):
    return [(planned.part, planned.on) for planned in meetings(begins, ends)]


def test_two_years_by_hand():
    assert days(BEGINS, ENDS) == [
        ("start", dt.date(2025, 3, 3)),  # 1 February + 30 days, a Monday
        ("mid", dt.date(2025, 7, 17)),  # half-way from 1 February to 31 December, a Thursday
        ("year_end", dt.date(2025, 12, 15)),
        ("mid", dt.date(2026, 7, 2)),
        ("year_end", dt.date(2026, 12, 15)),
    ]


def test_a_short_year_has_no_meeting_in_its_course_and_a_very_short_one_none_at_its_end():
    assert [part for part, _ in days(dt.date(2025, 10, 1), dt.date(2026, 1, 31))] == ["start", "year_end"]
    assert [part for part, _ in days(dt.date(2025, 12, 1), dt.date(2025, 12, 31))] == ["start"]


def test_a_meeting_never_falls_on_a_weekend_where_it_can_be_helped():
    # 3 May 2025 + 30 days is Monday 2 June; the end, Sunday 14 September, goes back to its Friday.
    assert days(dt.date(2025, 5, 3), dt.date(2025, 9, 14))[-1] == ("year_end", dt.date(2025, 9, 12))


def test_dates_out_of_order_are_no_market():
    with pytest.raises(ValueError, match="avant de commencer"):
        meetings(ENDS, BEGINS)


@given(DAYS, DAYS)
def test_meetings_lie_in_the_life_of_the_market(one, other):
    begins, ends = sorted((one, other))
    found = meetings(begins, ends)
    assert all(begins <= planned.on <= ends and planned.on.year == planned.year for planned in found[1:])
    assert [planned.part for planned in found].count("start") == 1
    keys = [(planned.part, planned.year) for planned in found]
    assert len(keys) == len(set(keys))


# --- As tasks ------------------------------------------------------------------------------------------------


@pytest.fixture
def reserved(db):
    """A market of two years with a lot reserved to two SIAE."""
    market = MarketFactory(starts_on=BEGINS, planned_end=ENDS)
    lot = LotFactory(market=market, reservation="siae")
    AwardFactory(lot=LotFactory(market=market), company=CompanyFactory(name="Ordinaire"))
    AwardFactory(lot=lot, company=CompanyFactory(name="Atelier du Lien"))
    AwardFactory(lot=lot, company=CompanyFactory(name="Brigade Verte"), role="co_contractor")
    return market


def planned(market):
    return list(Task.objects.filter(key__startswith=f"reserved:{market.pk}:").order_by("due_on", "pk"))


def plan(market, on=ON):
    return plan_reserved_meetings(market=market, by=None, on=on)


def test_the_meetings_of_a_reserved_market_are_planned_for_its_life(reserved):
    assert plan(reserved) == 9
    tasks = planned(reserved)
    first = {task.key.split(":", 3)[3].split(":")[0] for task in tasks if ":2025:" in task.key}
    assert first == {"start", "mid_buyer", "mid_siae", "year_end"}
    assert {task.channel for task in tasks} == {"launch", "mid_year", "year_end"}
    assert {task.kind for task in tasks} == {"meeting"}
    assert "Atelier du Lien, Brigade Verte" in tasks[0].details
    mids = [task for task in tasks if "mid_siae" in task.key]
    assert [str(task.company) for task in mids] == ["Atelier du Lien", "Brigade Verte"] * 2
    # Separately: the buyer is not asked to the meetings with each SIAE, nor a SIAE to the buyer's.
    assert not any(task.with_buyer for task in mids) and all(task.with_company for task in mids)
    alone = [task for task in tasks if "mid_buyer" in task.key]
    assert all(task.with_buyer and not task.with_company for task in alone)


def test_planning_twice_adds_nothing_and_keeps_what_was_fixed(reserved):
    plan(reserved)
    task = planned(reserved)[0]
    task.due_on, task.place = dt.date(2025, 2, 20), "Hôtel de ville"
    task.save()
    held = planned(reserved)[1]
    held.done_on = dt.date(2025, 7, 1)
    held.save()
    assert plan(reserved) == 0
    task.refresh_from_db()
    held.refresh_from_db()
    assert (task.due_on, task.place, held.done_on) == (
        dt.date(2025, 2, 20),
        "Hôtel de ville",
        dt.date(2025, 7, 1),
    )


def test_a_longer_market_gets_the_missing_years_and_a_shorter_one_closes_what_is_beyond(reserved):
    plan(reserved)
    reserved.planned_end = dt.date(2027, 12, 31)
    reserved.save()
    assert plan(reserved) == 4
    reserved.planned_end = dt.date(2026, 1, 31)
    reserved.save()
    assert plan(reserved) == 0
    closed = [task for task in planned(reserved) if not task.is_open]
    assert len(closed) == 8 and {task.outcome for task in closed} == {"hors de la vie du marché"}


def test_a_market_planned_late_looks_forward(reserved):
    on = dt.date(2025, 8, 1)
    assert plan(reserved, on) == 9
    assert min(task.due_on for task in planned(reserved)) == dt.date(2025, 8, 15)
    Task.objects.filter(market=reserved).delete()
    # In November neither last summer's meeting makes sense any more.
    assert plan(reserved, dt.date(2025, 11, 20)) == 6
    Task.objects.filter(market=reserved).delete()
    assert plan(reserved, dt.date(2026, 1, 5)) == 4


def test_the_launch_meeting_of_the_award_is_the_start_of_a_reserved_market(reserved):
    siae = CompanyFactory(name="Chantier École")
    AwardFactory(lot=reserved.lots.get(reservation="siae"), company=siae)
    open_task(
        key=f"market:{reserved.pk}:launch",
        title="Réunion de lancement",
        kind="meeting",
        channel="launch",
        market=reserved,
        company=siae,
        since=ON,
        due_on=ON,
        by=None,
    )
    plan(reserved)
    assert not any(task.key.endswith(":start") for task in planned(reserved))


def test_a_marche_d_insertion_has_them_for_all_its_companies(db):
    award = AwardFactory(lot__market__nature="insertion")
    assert is_reserved(award.lot.market)
    assert plan(award.lot.market) == 7
    # One SIAE alone is asked to the collective meetings by its name.
    assert {task.company for task in planned(award.lot.market) if task.with_company} == {award.company}


def test_each_is_asked_to_its_own_meetings(reserved):
    plan(reserved)
    buyer = BuyerMembershipFactory(buyer=reserved.buyer).user
    company = CompanyMembershipFactory(
        company=reserved.lots.get(reservation="siae").awards.first().company
    ).user
    assert {task.key.split(":")[3] for task in Task.objects.visible_to(buyer)} == {
        "start",
        "mid_buyer",
        "year_end",
    }
    seen = list(Task.objects.visible_to(company))
    assert {task.key.split(":")[3] for task in seen} == {"start", "mid_siae", "year_end"}
    assert {str(task.company) for task in seen if "mid_siae" in task.key} == {"Atelier du Lien"}
    assert not Task.objects.visible_to(BuyerMembershipFactory().user).exists()
    assert not Task.objects.visible_to(CompanyMembershipFactory().user).exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"closed_on": dt.date(2025, 3, 1)}, "clos"),
        ({"starts_on": None, "notified_on": None}, "notification"),
    ],
)
def test_a_market_that_cannot_be_planned_says_why(reserved, change, sentence):
    for name, value in change.items():
        setattr(reserved, name, value)
    reserved.save()
    with pytest.raises(DomainError, match=sentence):
        plan(reserved)
    assert top_up_reserved_meetings(ON) == 0


def test_an_ordinary_market_has_no_such_meetings_and_a_lot_without_siae_waits(db):
    with pytest.raises(DomainError, match="marchés réservés"):
        plan(AwardFactory().lot.market)
    with pytest.raises(DomainError, match="attributaire"):
        plan(LotFactory(reservation="ess").market)


def test_a_new_year_brings_its_meetings_to_markets_that_were_planned_once(reserved):
    other = AwardFactory(lot__market__nature="insertion", lot__market__planned_end=None).lot.market
    never = AwardFactory(lot__market__nature="insertion").lot.market
    assert (plan(reserved), plan(other)) == (9, 4)
    assert top_up_reserved_meetings(ON) == 0
    assert top_up_reserved_meetings(dt.date(2026, 1, 3)) == 3
    assert top_up_reserved_meetings(dt.date(2026, 1, 4)) == 0
    assert {task.key.split(":")[2] for task in planned(other)} == {"2025", "2026"}
    assert planned(never) == []
    assert top_up_reserved_meetings in [work.run for work in daily_works()]


def test_the_button_of_the_grid_plans_them_and_the_page_lists_them(cast, signed_in):
    today = timezone.localdate()
    award = AwardFactory(
        lot__reservation="siae",
        lot__market__starts_on=today,
        lot__market__notified_on=today,
        lot__market__planned_end=today + dt.timedelta(800),
    )
    market = award.lot.market
    house = signed_in(cast.facilitator)
    grid = reverse("market_qualitative", args=[market.pk])
    assert "Planifier les réunions" in house.get(grid).content.decode()
    assert house.post(reverse("reserved_plan", args=[market.pk])).url == grid
    assert "Point de mi-année" in house.get(grid).content.decode()
    page = house.post(reverse("reserved_plan", args=[market.pk]), follow=True).content.decode()
    assert "déjà planifiées" in page
    ordinary = reverse("market_qualitative", args=[cast.commitment_a.market_id])
    assert "Planifier les réunions" not in house.get(ordinary).content.decode()
