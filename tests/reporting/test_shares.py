"""A market of several buyers: each has its part of the hours, their parts make the whole, and people count whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from markets.models import Market, MarketParty
from markets.services.operations import save_party
from markets.sharing import left_of, part_of
from reporting import indicators
from reporting.indicators import Facts
from reporting.scope import Period, Scope
from tests.factories import (
    BuyerFactory,
    BuyerMembershipFactory,
    CommitmentFactory,
    CompanyFactory,
    DepartmentFactory,
    HoursEntryFactory,
    MarketFactory,
    MarketPartyFactory,
    eligible_assignment,
)
from tests.reporting.territory import YEARS, Territory

pytestmark = pytest.mark.django_db
CENT = Decimal("0.01")
shares = st.lists(st.integers(0, 10_000), max_size=6).filter(lambda found: sum(found) <= 10_000)


@given(cents=st.integers(-(10**12), 10**12), hundredths=shares)
def test_the_parts_of_every_buyer_make_the_whole_exactly(cents, hundredths):
    whole = Decimal(cents) / 100
    members = [Decimal(share) / 100 for share in hundredths]
    parts = [part_of(whole, share) for share in members]
    assert sum(parts, left_of(whole, members)) == whole
    assert all(part == part.quantize(CENT) for part in parts)
    # Nobody is further from its share than the roundings of the members explain.
    for part, share in zip(parts, members, strict=True):
        assert abs(part - whole * share / 100) <= Decimal("0.005")
    rest = whole * (100 - sum(members, Decimal(0))) / 100
    assert abs(left_of(whole, members) - rest) <= Decimal("0.005") * len(members)


def test_a_third_of_a_hundred_hours_is_rounded_and_the_leader_has_the_rest():
    assert part_of(Decimal("100.00"), Decimal("33.33")) == Decimal("33.33")
    assert part_of(Decimal("0.05"), Decimal("50")) == Decimal("0.03")
    assert left_of(Decimal("0.05"), [Decimal("50")]) == Decimal("0.02")
    assert part_of(Decimal("-0.05"), Decimal("50")) == Decimal("-0.03")


# --- against SQL by hand ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def territory(django_db_setup: None, django_db_blocker: Any) -> Iterator[Territory]:
    """Drawn once; every second market of the first buyer is shared with the other one, some with a third too."""
    with django_db_blocker.unblock(), transaction.atomic():
        drawn = Territory(3)
        drawn.third = BuyerFactory()
        own = Market.objects.filter(buyer=drawn.buyer).order_by("pk")
        for rank, market in enumerate(own[::2]):
            MarketPartyFactory(market=market, buyer=drawn.other, share=Decimal("33.33"))
            if rank % 2:
                MarketPartyFactory(market=market, buyer=drawn.third, share=Decimal("12.55"))
        yield drawn
        transaction.set_rollback(True)


def buyers(territory: Territory) -> list[Any]:
    return [territory.buyer, territory.other, territory.third]


@pytest.fixture(scope="module")
def by_buyer(territory: Territory) -> list[Facts]:
    return [Facts(Scope.of(buyer), Period(YEARS)) for buyer in buyers(territory)]


@pytest.fixture(scope="module")
def whole(territory: Territory) -> Facts:
    return Facts(Scope.territory(), Period(YEARS))


def test_hours_of_each_buyer_by_sql(territory, by_buyer):
    """The sum of each assignment's year, told with the shares read from the table, rounded here."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.assignment_id, m.id, m.buyer_id, SUBSTR(CAST(e.month AS VARCHAR(10)), 1, 4), SUM(e.counted_hours)
            FROM beneficiaries_hoursentry e JOIN markets_market m ON m.id = e.market_id
            WHERE e.state = 'validated' AND NOT e.is_late AND e.counted_hours > 0
            AND (NOT e.is_superseded OR EXISTS (
                SELECT 1 FROM beneficiaries_hoursentry late WHERE late.supersedes_id = e.id AND late.is_late))
            GROUP BY 1, 2, 3, 4
            """
        )
        worked = cursor.fetchall()
        cursor.execute("SELECT market_id, buyer_id, share FROM markets_marketparty")
        parties: dict[int, list[tuple[int, Decimal]]] = {}
        for market, buyer, share in cursor.fetchall():
            parties.setdefault(market, []).append((buyer, Decimal(str(share))))
    expected: dict[tuple[int, int], Decimal] = {}
    for _, market, leader, year, value in worked:
        left = total = Decimal(str(value)).quantize(CENT)
        for buyer, share in parties.get(market, ()):
            part = (total * share / 100).quantize(CENT, rounding="ROUND_HALF_UP")
            expected[buyer, int(year)] = expected.get((buyer, int(year)), Decimal(0)) + part
            left -= part
        expected[leader, int(year)] = expected.get((leader, int(year)), Decimal(0)) + left
    for buyer, facts in zip(buyers(territory), by_buyer, strict=True):
        for year in YEARS:
            assert indicators.hours(facts)[year] == expected.get((buyer.pk, year), Decimal(0))
    assert indicators.hours(by_buyer[2])[2025] > 0


@pytest.mark.parametrize(
    "function",
    [indicators.by_holder, indicators.by_employer, indicators.by_contract_type, indicators.by_occupation],
)
def test_rows_of_the_buyers_make_those_of_the_territory(by_buyer, whole, function):
    for year in YEARS:
        for key, line in function(whole)[year].items():
            parts = [function(facts)[year][key].hours for facts in by_buyer if key in function(facts)[year]]
            assert sum(parts, Decimal(0)) == line.hours


def test_months_siae_late_hours_and_euros_make_the_whole(by_buyer, whole):
    for year in YEARS:
        for month, hours in indicators.by_month(whole, year).items():
            assert sum(indicators.by_month(f, year).get(month, Decimal(0)) for f in by_buyer) == hours
        for company, hours in indicators.by_siae(whole)[year].items():
            assert sum(indicators.by_siae(f)[year].get(company, Decimal(0)) for f in by_buyer) == hours
        late = indicators.regularisation(whole.scope, year)
        told = [indicators.regularisation(facts.scope, year) for facts in by_buyer]
        assert {past: sum(row.get(past, Decimal(0)) for row in told) for past in late} == late
        for name in ("awarded_to_siae", "awarded_to_adapted"):
            euros = sum(getattr(indicators.reserved(facts)[year], name) for facts in by_buyer)
            assert euros == getattr(indicators.reserved(whole)[year], name)


def test_commitments_make_the_whole_and_are_met_by_all_or_none(by_buyer, whole):
    for year in YEARS:
        rows: dict[int, list[Any]] = {}
        for facts in by_buyer:
            for row in indicators.rates(facts, year).rows:
                rows.setdefault(row.id, []).append(row)
        shared = 0
        for row in indicators.rates(whole, year).rows:
            parts = rows[row.id]
            shared += len(parts) > 1
            for name in ("engaged", "counted", "capped", "surplus"):
                assert sum((getattr(part, name) for part in parts), Decimal(0)) == getattr(row, name), name
            assert {part.is_met for part in parts} == {row.is_met} and {part.rate for part in parts} == {
                row.rate
            }
        assert shared


def test_people_contracts_and_markets_are_whole_in_each(territory, by_buyer, whole):
    shared = Market.objects.filter(parties__buyer=territory.third).distinct()
    facts = by_buyer[2]
    of_markets = [Facts(Scope.of(market), Period(YEARS)) for market in shared]
    for year in YEARS:
        people = {work.person for market in of_markets for work in market.works_of(year)}
        assert indicators.people(facts)[year] == len(people)
        assert {row.id for row in facts.markets} == {market.pk for market in shared}
    before = indicators.people(Facts(Scope.territory(), Period(YEARS)))
    MarketParty.objects.filter(buyer=territory.third).delete()
    assert indicators.people(Facts(Scope.territory(), Period(YEARS))) == before
    assert indicators.hours(Facts(Scope.territory(), Period(YEARS))) == indicators.hours(whole)


# --- by hand ----------------------------------------------------------------------------------------------------


def shared_market(share: str = "33.33") -> tuple[Any, Any, Any]:
    """A market of Alpha with Bravo, 500 hours engaged and 500 counted by five people."""
    leader, member = BuyerFactory(name="Ville d’Alpha"), BuyerFactory(name="Ville de Bravo")
    market = MarketFactory(buyer=leader)
    commitment = CommitmentFactory(market=market, company=CompanyFactory(), hours=500)
    for _ in range(5):
        HoursEntryFactory(assignment=eligible_assignment(commitment=commitment), hours=100, counted=True)
    save_party(market=market, buyer=member, role="member", share=Decimal(share), by=None)
    return leader, member, market


def test_a_commitment_met_is_met_by_each_buyer_to_the_cent():
    leader, member, _ = shared_market()
    found = {
        buyer: indicators.rates(Facts(Scope.of(buyer), Period((2025,))), 2025) for buyer in (leader, member)
    }
    assert (found[member].engaged, found[leader].engaged) == (Decimal("166.65"), Decimal("333.35"))
    for rates in found.values():
        assert rates.rate == 1 and rates.met == 1 and rates.surplus == 0


def test_the_months_of_a_shared_market_add_up_to_the_year_of_each_buyer():
    leader, member, market = shared_market("33.33")
    commitment = CommitmentFactory(market=market, company=CompanyFactory(), hours=9_000)
    for _ in range(3):
        assignment = eligible_assignment(commitment=commitment)
        for month in range(1, 13):
            HoursEntryFactory(
                assignment=assignment, month=dt.date(2025, month, 1), hours=Decimal("100.04"), counted=True
            )
    told: dict[dt.date, Decimal] = {}
    for buyer in (leader, member):
        facts = Facts(Scope.of(buyer), Period((2025,)))
        months = indicators.by_month(facts, 2025)
        assert sum(months.values()) == indicators.hours(facts)[2025]
        told = {month: told.get(month, Decimal(0)) + value for month, value in months.items()}
    assert told == indicators.by_month(Facts(Scope.of(market), Period((2025,))), 2025)


def test_each_buyer_counts_its_part_of_the_hours_and_every_person():
    leader, member, market = shared_market()
    for buyer, hours in ((leader, "333.35"), (member, "166.65")):
        facts = Facts(Scope.of(buyer), Period((2025,)))
        assert indicators.hours(facts)[2025] == Decimal(hours)
        assert indicators.people(facts)[2025] == 5 and indicators.contracts(facts, 2025).count == 5
        assert indicators.markets(facts)[2025].count == 1
    assert indicators.hours(Facts(Scope.of(market), Period((2025,))))[2025] == 500


def test_a_funder_without_a_share_has_no_hours_and_still_counts_people_and_the_market():
    _, member, _ = shared_market("0")
    facts = Facts(Scope.of(member), Period((2025,)))
    assert indicators.hours(facts)[2025] == 0 and indicators.people(facts)[2025] == 5
    found = indicators.rates(facts, 2025)
    assert found.rate is None and len(found.with_target) == 1


def test_the_department_of_a_party_has_its_part_and_its_account_sees_the_market():
    leader, member = BuyerFactory(), BuyerFactory()
    own, theirs = DepartmentFactory(buyer=leader), DepartmentFactory(buyer=member)
    market = MarketFactory(buyer=leader, department=own)
    commitment = CommitmentFactory(market=market)
    HoursEntryFactory(assignment=eligible_assignment(commitment=commitment), hours=100, counted=True)
    save_party(market=market, buyer=member, department=theirs, role="member", share=Decimal(40), by=None)
    for department, hours in ((own, 60), (theirs, 40)):
        assert indicators.hours(Facts(Scope.of(department), Period((2025,))))[2025] == hours
    user = BuyerMembershipFactory(buyer=member, department=theirs).user
    other = BuyerMembershipFactory(buyer=member, department=DepartmentFactory(buyer=member)).user
    assert list(Market.objects.visible_to(user)) == [market]
    assert not Market.objects.visible_to(other).exists()


def test_a_dashboard_says_the_part_and_adds_up_to_it(client):
    _, member, _ = shared_market("40")
    client.force_login(BuyerMembershipFactory(buyer=member).user)
    html = (
        client.get(f"/acheteurs/{member.pk}/tableau-de-bord/?annee=2025")
        .content.decode()
        .replace("\u202f", " ")
    )
    assert "marché partagé, part de 40 %" in html
    assert "200 h" in html and "500 h" not in html


def test_the_method_page_of_the_bilan_says_how_a_shared_market_is_told():
    from reporting.snapshot import build_snapshot

    _, member, _ = shared_market("40")
    now = dt.datetime(2026, 2, 2, 9, 15, tzinfo=dt.UTC)
    snapshot = build_snapshot(buyer=member, year=2025, version=1, narrative={}, now=now)
    assert snapshot["figures"]["hours"] == "200.00" and snapshot["figures"]["people"] == "5"
    terms = next(b for c in snapshot["chapters"] for b in c["blocks"] if b["key"] == "definitions")["items"]
    (words,) = [item["text"] for item in terms if item["term"] == "Marchés partagés"]
    assert "comptent entiers chez chacun" in words
