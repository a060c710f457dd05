"""The year of the territory is kept: never other than what would be computed anew, and made again when it must be."""

import datetime as dt
import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from beneficiaries.enums import ActionKind
from beneficiaries.models import CollectiveAction
from beneficiaries.services.hours import close_year, correct_hours, validate_hours
from core.jobs import run_waiting
from core.models import Job
from markets.enums import Reservation
from reporting import kept
from reporting.dashboards.territory import territory_year
from reporting.models import KeptFigures
from tests.factories import (
    BeneficiaryFactory,
    BuyerFactory,
    CommitmentChangeFactory,
    CommitmentFactory,
    CountingRulesFactory,
    EligibilityReviewFactory,
    HoursEntryFactory,
    LotFactory,
    MarketPartyFactory,
    OutcomeFactory,
    UserFactory,
    eligible_assignment,
    make_cast,
)

pytestmark = pytest.mark.django_db

MARCH, APRIL = dt.date(2025, 3, 1), dt.date(2025, 4, 1)
TODAY = dt.date(2026, 11, 22)


@pytest.fixture(autouse=True)
def a_sunday_in_november(monkeypatch):
    real = timezone.localdate
    # However busy the machine is.
    monkeypatch.setattr(kept, "AT_ONCE", 60.0)
    monkeypatch.setattr(
        timezone, "localdate", lambda value=None, zone=None: TODAY if value is None else real(value, zone)
    )


class World:
    """A market with eighty hours in March 2025, a draft in April, an action."""

    def __init__(self):
        self.admin = UserFactory(role="admin")
        self.commitment = CommitmentFactory(buyer=BuyerFactory(name="Ville A"), hours=500)
        self.assignment = eligible_assignment(commitment=self.commitment)
        self.entry = HoursEntryFactory(assignment=self.assignment, month=MARCH, hours=80, counted=True)
        self.draft = HoursEntryFactory(assignment=self.assignment, month=APRIL, hours=20, state="submitted")
        self.action = CollectiveAction.objects.create(
            kind=ActionKind.values[0], title="Forum", held_on=dt.date(2025, 5, 6)
        )

    @property
    def market(self):
        return self.commitment.market


def as_kept(figures):
    """As the database gives them back."""
    return json.loads(json.dumps(figures))


def validated(world):
    validate_hours(entries=[world.draft], user=world.admin)


def corrected(world):
    correct_hours(entry=world.entry, hours=Decimal(70), reason="Erreur", user=world.admin)


def committed_more(world):
    CommitmentChangeFactory(commitment=world.commitment, delta=Decimal(100))


def decided_again(world):
    EligibilityReviewFactory(
        beneficiary=world.assignment.placement.beneficiary, decided_on=dt.date(2025, 2, 20)
    )


def market_edited(world):
    world.market.family = "services"
    world.market.save()


def lot_reserved(world):
    LotFactory(market=world.market, reservation=Reservation.SIAE)


def market_shared(world):
    MarketPartyFactory(market=world.market, share=Decimal(40))


def year_closed(world):
    close_year(year=2025, user=world.admin)


def rules_changed(world):
    CountingRulesFactory(in_force_from=dt.date(2025, 1, 1), chain_gap_days=10)


def person_completed(world):
    person = world.assignment.placement.beneficiary
    person.gender = "X"
    person.save()


def buyer_renamed(world):
    world.market.buyer.name = "Ville A, renommée"
    world.market.buyer.save()


def outcome_recorded(world):
    OutcomeFactory(beneficiary=BeneficiaryFactory())


def entry_deleted(world):
    world.draft.delete()


def action_linked(world):
    world.action.markets.add(world.market)


WRITES = [
    validated, corrected, committed_more, decided_again, market_edited, lot_reserved, market_shared, year_closed,
    rules_changed, person_completed, buyer_renamed, outcome_recorded, entry_deleted, action_linked,
]  # fmt: skip


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.__name__)
def test_every_write_makes_the_kept_figures_older_and_they_are_then_as_computed_anew(write):
    world = World()
    row = kept.keep_year(2025)
    assert kept.kept_years([2025])[1] == {2025}
    before = row.state

    write(world)

    assert kept.kept_years([2025])[1] == set()
    row, is_fresh = kept.kept_year(2025)
    assert is_fresh
    assert row.state != before
    # A read keeps nothing: the job, the command and the morning do.
    assert KeptFigures.objects.get(year=2025).state == before
    assert as_kept(row.figures) == as_kept(territory_year(2025))
    kept.keep_year(2025)
    assert kept.kept_years([2025])[1] == {2025}
    assert KeptFigures.objects.get(year=2025).figures == as_kept(territory_year(2025))


def test_a_link_that_goes_away_is_seen():
    world = World()
    first = LotFactory().market
    world.action.markets.set([first, world.market])
    kept.keep_year(2025)

    world.action.markets.remove(first)

    assert kept.kept_years([2025])[1] == set()


def test_what_is_kept_is_what_the_indicators_say():
    World()
    figures = kept.keep_year(2025).figures

    assert figures["figures"]["hours"] == "80.00"
    assert figures["figures"]["people"] == "1"
    assert figures["figures"]["buyers"] == "1"
    months = figures["chapters"][0]["blocks"][1]
    assert [row["cells"]["hours"] for row in months["rows"][:3]] == ["0.00", "0.00", "80.00"]
    # One person only: nothing tells who it is.
    people = next(row for row in figures["chapters"] if row["key"] == "people")
    assert {block["key"] for block in people["blocks"] if block["type"] == "table"} == set()


def test_the_state_is_read_in_one_statement():
    with CaptureQueriesContext(connection) as queries:
        kept.state_of_data()

    assert len(queries) == 1


def test_what_changes_nothing_leaves_them_fresh():
    World()
    kept.keep_year(2025)
    UserFactory(role="facilitator")

    assert kept.kept_years([2025])[1] == {2025}


def test_a_recent_year_is_older_the_next_day_and_an_old_one_is_not():
    data = kept.state_of_data()
    tomorrow = TODAY + dt.timedelta(days=1)

    assert kept.state_of_year(2025, data, TODAY) != kept.state_of_year(2025, data, tomorrow)
    assert kept.state_of_year(2020, data, TODAY) == kept.state_of_year(2020, data, tomorrow)


def test_a_year_slow_to_compute_is_given_as_it_is_and_a_job_makes_it_again(client):
    world = World()
    kept.keep_year(2025)
    KeptFigures.objects.update(seconds=600.0)
    committed_more(world)

    row, is_fresh = kept.kept_year(2025)
    assert not is_fresh
    assert row.seconds == 600.0

    client.force_login(world.admin)
    page = reverse("territory_dashboard") + "?annee=2025"
    assert "Recalculer" in client.get(page).content.decode()
    client.post(page)
    assert Job.objects.get(kind="keep_figures").payload == {"year": 2025}
    run_waiting()
    text = client.get(page).content.decode()
    assert "rien n’a changé depuis" in text
    assert "Recalculer" not in text


def test_a_large_territory_that_nobody_computed_waits_for_a_job(monkeypatch, client):
    world = World()
    monkeypatch.setattr(kept, "FEW_ENTRIES", 0)

    assert kept.kept_year(2025) == (None, False)
    client.force_login(world.admin)
    text = client.get(reverse("territory_dashboard") + "?annee=2025").content.decode()
    assert "n’ont pas encore été calculés" in text


def test_each_morning_this_year_and_the_one_before_are_computed_where_something_moved():
    world = World()

    assert kept.keep_recent_years(TODAY) == 2
    assert kept.keep_recent_years(TODAY) == 0
    corrected(world)
    assert kept.keep_recent_years(TODAY) == 2
    assert set(KeptFigures.objects.values_list("year", flat=True)) == {2025, 2026}


def test_the_command_computes_again_what_is_kept():
    World()
    kept.keep_year(2023)
    KeptFigures.objects.update(state="autre")
    out = StringIO()

    call_command("rebuild_figures", stdout=out)
    assert set(KeptFigures.objects.values_list("year", flat=True)) == {2023, 2025, 2026}
    assert kept.kept_years([2023])[1] == {2023}
    call_command("rebuild_figures", "--year", "2024", stdout=out)
    assert "2024" in out.getvalue()
    with pytest.raises(CommandError, match="entre 1990"):
        call_command("rebuild_figures", "--year", "3000")


def test_nobody_but_the_house_sees_kept_figures():
    World()
    kept.keep_year(2025)
    cast = make_cast()

    assert KeptFigures.objects.visible_to(cast.admin).count() == 1
    assert KeptFigures.objects.visible_to(cast.buyer_user_a).count() == 0
    assert KeptFigures.objects.visible_to(cast.company_user_a).count() == 0
