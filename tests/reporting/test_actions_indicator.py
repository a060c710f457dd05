"""Collective actions of a span and a scope: the figures of `beneficiaries.actions`, and what a buyer reads of them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from beneficiaries.actions import figures_of_actions
from beneficiaries.enums import ActionKind
from beneficiaries.models import CollectiveAction
from reporting import indicators
from reporting.indicators import Facts
from reporting.scope import Period, Scope
from reporting.snapshot import build_snapshot
from reporting.snapshot.actions import tells_one
from tests.beneficiaries.recruitment import make_action, make_attendance
from tests.factories import (
    BeneficiaryFactory,
    BuyerFactory,
    CommitmentFactory,
    CompanyFactory,
    DepartmentFactory,
    MarketFactory,
    OperationFactory,
    PlacementFactory,
    ResponsibilityFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
HELD = dt.date(2025, 3, 10)
NOW = dt.datetime(2026, 2, 2, 9, 15, tzinfo=dt.UTC)


def action(named=0, hired=0, **values):
    """An action of that day where so many people came, of whom the first ones were hired a month later."""
    buyers, markets, companies = (values.pop(name, []) for name in ("buyers", "markets", "companies"))
    made = make_action(**{"held_on": HELD, "kind": ActionKind.SITE_VISIT} | values)
    made.buyers.set(buyers)
    made.markets.set(markets)
    made.companies.set(companies)
    for rank in range(named):
        person = BeneficiaryFactory()
        make_attendance(made, person)
        if rank < hired:
            PlacementFactory(beneficiary=person, starts_on=made.held_on + dt.timedelta(days=30))
    return made


def of(scope, *years):
    return indicators.actions(Facts(scope, Period(years or (2025,))))


def test_actions_of_the_year_are_told_together_and_by_kind():
    buyer = BuyerFactory()
    one = action(6, 2, buyers=[buyer], unnamed_attendance=4)
    two = action(3, 1, buyers=[buyer], kind=ActionKind.JOB_MEETING)
    # Who came to both, and was hired after the first.
    make_attendance(two, one.attendances.order_by("pk").first().beneficiary)
    action(9, 9, buyers=[buyer], held_on=dt.date(2024, 12, 31))
    action(9, 9, buyers=[BuyerFactory()])
    found = of(Scope.of(buyer), 2024, 2025)
    row = found[2025]
    # 6 and 4 names and four without, one person twice.
    assert (row.whole.actions, row.whole.participations, row.whole.people) == (2, 14, 9)
    assert row.whole.hired == row.hired == 3
    assert {kind: each.participations for kind, each in row.by_kind.items()} == {
        "site_visit": 10,
        "job_meeting": 4,
    }
    assert found[2024].whole.actions == 1
    same = figures_of_actions(CollectiveAction.objects.filter(pk__in=[one.pk, two.pk]))
    assert (same.people, same.participations, same.hired) == (9, 14, 3)


def test_each_scope_has_the_actions_about_it():
    buyer, company, facilitator = BuyerFactory(), CompanyFactory(), UserFactory()
    department, operation = DepartmentFactory(buyer=buyer), OperationFactory(buyer=buyer)
    market = MarketFactory(buyer=buyer, department=department, operation=operation)
    child = MarketFactory(buyer=buyer, parent=market)
    ResponsibilityFactory(market=market, facilitator=facilitator, starts_on=dt.date(2025, 1, 1))
    action(markets=[market])
    action(markets=[child])
    action(buyers=[buyer])
    action(companies=[company])
    expected = {
        Scope.of(buyer): 3, Scope.of(department): 2, Scope.of(operation): 2, Scope.of(market): 1,
        Scope.whole_market(market): 2, Scope.of(company): 1, Scope.employer(company): 1, Scope.siae(company): 1,
        Scope.facilitator(facilitator): 2, Scope.territory(): 4,
    }  # fmt: skip
    for scope, number in expected.items():
        assert of(scope)[2025].whole.actions == number, scope


def test_none_recorded_is_not_zero_and_nobody_named_is_no_hire():
    buyer = BuyerFactory()
    assert of(Scope.of(buyer))[2025] is None
    action(buyers=[buyer], unnamed_attendance=30)
    row = of(Scope.of(buyer))[2025]
    assert (row.whole.participations, row.hired) == (30, None)


def test_an_action_to_come_has_not_taken_place():
    buyer = BuyerFactory()
    action(buyers=[buyer], held_on=dt.date(2999, 3, 1))
    assert of(Scope.of(buyer), 2999)[2999] is None


def test_as_many_queries_for_one_action_and_six_for_one_year_and_three():
    buyer = BuyerFactory()
    action(2, 1, buyers=[buyer])

    def number(*years):
        with CaptureQueriesContext(connection) as captured:
            of(Scope.of(buyer, shares_nothing=True), *years)
        return len(captured)

    one = number(2025)
    for year in (2023, 2024, 2025):
        action(2, 1, buyers=[buyer], held_on=dt.date(year, 3, 10))
        action(2, 1, buyers=[buyer], held_on=dt.date(year, 4, 10))
    assert one == number(2023, 2024, 2025) == 3


# --- What a buyer reads -----------------------------------------------------------------------------------------


def chapter_of(buyer):
    snapshot = build_snapshot(buyer=buyer, year=2025, version=1, narrative={}, now=NOW)
    (found,) = [row for row in snapshot["chapters"] if row["key"] == "actions"]
    return found, snapshot


def test_the_chapter_tells_actions_participations_and_hires():
    buyer = CommitmentFactory().market.buyer
    action(12, 6, buyers=[buyer], unnamed_attendance=3)
    action(0, 0, buyers=[buyer], kind=ActionKind.INFORMATION, unnamed_attendance=20)
    chapter, snapshot = chapter_of(buyer)
    assert chapter["answer"] == "2 actions collectives ont eu lieu en 2025, avec 35 participations."
    figures, table = chapter["blocks"]
    assert [item["value"] for item in figures["items"]] == ["2", "35", "6"]
    assert figures["items"][2]["note"] == "sur 12 personnes connues par leur nom"
    assert [list(row["cells"].values())[1:] for row in table["rows"]] == [
        ["1", None, "20", None],
        ["1", None, "15", None],
    ]
    assert table["totals"]["participations"] == "35"
    assert snapshot["cells"]["actions_by_kind.site_visit.participations"] == "15"


def test_few_people_are_told_neither_by_their_row_nor_by_the_total():
    buyer = CommitmentFactory().market.buyer
    action(3, 1, buyers=[buyer])
    # The list of actions shows the 20 of this one: the kind would tell the 3.
    action(buyers=[buyer], unnamed_attendance=20)
    action(buyers=[buyer], kind=ActionKind.INFORMATION, unnamed_attendance=9)
    chapter, snapshot = chapter_of(buyer)
    figures, table = chapter["blocks"]
    assert [item["value"] for item in figures["items"]] == ["3", None, None]
    assert {row["key"]: row["cells"]["participations"] for row in table["rows"]} == {
        "information": "9",
        "site_visit": None,
    }
    assert table["totals"]["participations"] is None
    assert not {"participations", "hired_after"} & snapshot["figures"].keys()


def test_hires_are_masked_where_few_were_or_few_were_not():
    buyer = CommitmentFactory().market.buyer
    action(12, 9, buyers=[buyer])
    chapter, _ = chapter_of(buyer)
    assert [item["value"] for item in chapter["blocks"][0]["items"]] == ["1", "12", None]
    assert chapter["blocks"][0]["items"][2]["note"].startswith("masqué")


def test_a_sum_of_small_actions_is_read_where_several_answers_are_possible():
    assert not tells_one([8, 20]) and not tells_one([]) and not tells_one([0, 12])
    assert tells_one([3, 20]) and tells_one([2, 2]) and tells_one([1, 1, 1, 1, 1]) and tells_one([4, 4])
    assert not tells_one([3, 2, 20]) and not tells_one([4, 2, 1])
