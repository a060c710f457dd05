"""The interface of a buyer's software: its own published bilans and figures, nobody else's, and nothing of a person."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AccessRecord
from beneficiaries.models import Beneficiary
from markets.services.tokens import create_token, revoke_token
from reporting.enums import BilanState
from reporting.indicators import Facts, hours, rates
from reporting.models import Bilan
from reporting.scope import Period, Scope
from reporting.snapshot import build_snapshot
from tests.factories import (
    ClosedYearFactory,
    HoursEntryFactory,
    MarketPartyFactory,
    UserFactory,
    eligible_assignment,
)
from tests.reporting.territory import Territory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 2, 2, 9, 15, tzinfo=dt.UTC)
ADDRESSES = ("buyer", "bilans", "bilans/1", "figures?year=2025", "markets?year=2025")


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


def program(*, buyer: Any = None, company: Any = None) -> Any:
    """Ask with the key of a buyer or of a company."""
    made = create_token(name="Tableau", buyer=buyer, company=company, by=UserFactory())
    client = Client(raise_request_exception=False)

    def ask(path: str, method: str = "GET") -> Any:
        return client.generic(method, f"/api/v1/{path}", headers={"Authorization": f"Bearer {made.words}"})

    ask.token = made.row  # type: ignore[attr-defined]
    return ask


@pytest.fixture
def territory() -> Territory:
    return Territory(5, people=40)


def publish(buyer: Any, year: int = 2024, version: int = 1, state: str = BilanState.PUBLISHED) -> Bilan:
    snapshot = build_snapshot(buyer=buyer, year=year, version=version, narrative={}, now=NOW)
    published = state == BilanState.PUBLISHED
    return Bilan.objects.create(
        buyer=buyer,
        year=year,
        version=version,
        state=state,
        snapshot=snapshot if published else None,
        published_at=NOW if published else None,
    )


def test_a_key_says_whose_it_is(territory):
    found = program(buyer=territory.buyer)("buyer").json()
    assert found["buyer"] == str(territory.buyer) and found["key"] == "Tableau"


def test_published_bilans_are_listed_and_read_as_they_were_frozen(territory):
    ask = program(buyer=territory.buyer)
    first = publish(territory.buyer, 2023)
    mine = publish(territory.buyer)
    publish(territory.buyer, 2025, state=BilanState.SENT)
    rows = ask("bilans").json()["bilans"]
    assert [(row["id"], row["year"], row["kind"]) for row in rows] == [
        (mine.pk, 2024, "annual"),
        (first.pk, 2023, "annual"),
    ]
    assert rows[0]["published_on"] == "2026-02-02"
    assert ask(f"bilans/{mine.pk}").json()["snapshot"] == mine.snapshot


def test_another_buyer_s_bilan_and_a_draft_do_not_exist(territory):
    ask = program(buyer=territory.buyer)
    other, draft = publish(territory.other), publish(territory.buyer, 2025, state=BilanState.DRAFT)
    for number in (other.pk, draft.pk, 0, 2**70):
        refused = ask(f"bilans/{number}")
        assert refused.status_code == 404 and refused["Content-Type"] == "application/problem+json"
    assert ask("bilans").json() == {"bilans": []}


def test_the_bilan_of_a_shared_market_is_for_each_of_its_buyers(territory):
    market = territory.commitments[territory.other.pk][0].market
    ask = program(buyer=territory.buyer)
    final = Bilan.objects.create(
        kind="final", buyer=territory.other, market=market, state=BilanState.PUBLISHED,
        snapshot=publish(territory.other).snapshot, published_at=NOW,
    )  # fmt: skip
    assert ask("bilans").json()["bilans"] == []
    MarketPartyFactory(market=market, buyer=territory.buyer, share=30)
    assert [row["id"] for row in ask("bilans").json()["bilans"]] == [final.pk]


def test_the_figures_of_a_year_are_the_indicators_and_name_the_published_bilan(territory):
    ask, bilan = program(buyer=territory.buyer), publish(territory.buyer)
    found = ask("figures?year=2024").json()
    assert found["period"] == {
        "label": "année 2024", "year": 2024, "first_day": "2024-01-01", "last_day": "2024-12-31", "closed": True,
    }  # fmt: skip
    assert found["published"] == {"id": bilan.pk, "version": 1}
    values = {row["key"]: row["value"] for row in found["figures"]}
    assert values["hours"] == str(hours(Facts(Scope.of(territory.buyer), Period.of_year(2024)))[2024])
    assert {table["key"] for table in found["tables"]} >= {"hours_by_holder", "modalities", "months"}
    assert ask("figures?year=2025").json()["published"] is None


def test_what_moved_since_a_bilan_was_published_stands_beside_what_it_says(territory):
    snapshot = build_snapshot(buyer=territory.buyer, year=2024, version=1, narrative={}, now=NOW)
    snapshot["figures"] |= {"hours": "12.00"}
    Bilan.objects.create(
        buyer=territory.buyer, year=2024, state=BilanState.PUBLISHED, snapshot=snapshot, published_at=NOW
    )
    ask = program(buyer=territory.buyer)
    found = {row["key"]: row for row in ask("figures?year=2024").json()["figures"]}
    assert found["hours"]["published"] == "12.00" != found["hours"]["value"]
    assert found["contracts"]["published"] == found["contracts"]["value"]
    # A bilan tells all of these figures.
    assert {key for key, row in found.items() if row["published"] is None and row["value"] is not None} <= {
        "full_time", "awarded_to_siae", "awarded_to_adapted",
    }  # fmt: skip
    for other in ("year=2023", "from=2024-03&to=2024-09"):
        rows = ask(f"figures?{other}").json()["figures"]
        assert {row["published"] for row in rows} == {None}


def test_whole_months_are_the_standing_hours_and_give_no_people(territory):
    ask = program(buyer=territory.buyer)
    found = ask("figures?from=2024-03&to=2024-09").json()
    period = Period.of_months(dt.date(2024, 3, 1), dt.date(2024, 9, 1))
    expected = hours(Facts(Scope.of(territory.buyer), period))[period.span]
    assert {row["key"]: row["value"] for row in found["figures"]}["hours"] == str(expected)
    assert found["period"]["label"] == "mars 2024 – septembre 2024" and found["published"] is None
    assert not {row["key"] for row in found["figures"]} & {"people", "new_people", "hours_per_person"}
    assert not any("people" in row for table in found["tables"] for row in table["rows"])
    assert ask("figures?from=2024-03").json()["period"]["last_day"] == "2024-03-31"


def test_markets_come_with_hours_due_and_counted(territory):
    found = program(buyer=territory.buyer)("markets?year=2024").json()
    facts = Facts(Scope.of(territory.buyer), Period.of_year(2024))
    due: dict[int, Any] = {}
    for row in rates(facts, 2024).rows:
        due[row.market] = due.get(row.market, 0) + row.engaged
    shown = {row["id"]: row["hours_engaged"] for row in found["markets"] if row["hours_engaged"] is not None}
    assert {pk: f"{value:.2f}" for pk, value in due.items()} == shown and shown
    mine = set(territory.buyer.markets.values_list("pk", flat=True))
    assert {row["id"] for row in found["markets"]} <= mine


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Donnez une année"),
        ("year=deux", "n’est pas une année"),
        ("year=2025&from=2025-01", "pas les deux"),
        ("from=2025-13", "n’est pas un mois"),
        ("from=2025-06&to=2025-03", "précède"),
        ("to=2025-03", "n’est pas un mois"),
        ("year=99999999999999999999", "n’est pas une année"),
        ("from=2025-0x", "n’est pas un mois"),
    ],
)
def test_a_period_that_is_none_is_refused_with_a_sentence(territory, query, said):
    ask = program(buyer=territory.buyer)
    for path in ("figures", "markets"):
        refused = ask(f"{path}?{query}")
        assert refused.status_code == 422 and said in refused.json()["detail"]


def test_a_company_s_key_opens_no_figure_and_a_buyer_s_no_hours(territory):
    company, buyer = program(company=territory.companies[0]), program(buyer=territory.buyer)
    publish(territory.buyer)
    for address in ADDRESSES:
        assert company(address).status_code == 403
    assert buyer("account").status_code == buyer("assignments?month=2025-01").status_code == 403


def test_without_a_key_or_with_one_withdrawn_nothing_opens(territory):
    ask = program(buyer=territory.buyer)
    assert Client().get("/api/v1/figures?year=2025").status_code == 401
    assert ask("buyer").status_code == 200
    revoke_token(token=ask.token, by=UserFactory())
    for address in ADDRESSES:
        assert ask(address).status_code == 401


def test_nothing_is_written_at_these_addresses(territory):
    ask = program(buyer=territory.buyer)
    for address in ADDRESSES:
        for method in ("POST", "PUT", "DELETE"):
            assert ask(address, method).status_code == 405


def test_each_call_is_in_the_log_of_accesses(territory):
    ask = program(buyer=territory.buyer)
    bilan = publish(territory.buyer)
    for address in ("buyer", "bilans", f"bilans/{bilan.pk}", "figures?year=2024", "markets?year=2024"):
        assert ask(address).status_code == 200
    said = list(AccessRecord.objects.order_by("pk").values_list("subject", flat=True))
    assert [words.split(" GET ")[1] for words in said] == [
        "compte", "bilans", f"bilan {bilan.pk}", "chiffres 2024-01-01 2024-12-31", "marchés 2024-01-01 2024-12-31",
    ]  # fmt: skip


def test_no_name_no_ground_and_no_word_of_another_buyer(territory):
    ask = program(buyer=territory.buyer)
    bilan, other = publish(territory.buyer), territory.other
    text = "".join(
        ask(address).content.decode()
        for address in ("bilans", f"bilans/{bilan.pk}", "figures?year=2024", "markets?year=2024", "buyer")
    )
    for person in Beneficiary.objects.all():
        assert json.dumps(person.last_name, ensure_ascii=False) not in text
    assert other.name not in text


def test_few_people_are_withheld_on_a_line(cast):
    assignment = eligible_assignment(commitment=cast.commitment_a)
    HoursEntryFactory(assignment=assignment, month=dt.date(2025, 3, 1), hours=30, counted=True)
    found = program(buyer=cast.buyer_a)("figures?year=2025").json()
    [row] = next(table for table in found["tables"] if table["key"] == "hours_by_holder")["rows"]
    assert (row["hours"], row["contracts"], row["people"], row["masked"]) == ("30.00", "1", None, ["people"])


def test_a_buyer_has_its_part_of_a_shared_market(cast):
    HoursEntryFactory(
        assignment=eligible_assignment(commitment=cast.commitment_a),
        month=dt.date(2025, 3, 1),
        hours=100,
        counted=True,
    )
    MarketPartyFactory(market=cast.commitment_a.market, buyer=cast.buyer_b, share=25)
    shown = {}
    for buyer in (cast.buyer_a, cast.buyer_b):
        figures = program(buyer=buyer)("figures?year=2025").json()["figures"]
        shown[buyer.pk] = next(row["value"] for row in figures if row["key"] == "hours")
    assert shown == {cast.buyer_a.pk: "75.00", cast.buyer_b.pk: "25.00"}


def test_a_year_of_many_rows_takes_no_more_queries_than_one_of_few(cast):
    ask = program(buyer=cast.buyer_a)
    ClosedYearFactory(year=2025)

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as found:
            assert ask(path).status_code == 200
        return len(found)

    def worked(number: int) -> None:
        for index in range(number):
            assignment = eligible_assignment(
                commitment=(cast.commitment_a, cast.other_commitment_a)[index % 2]
            )
            HoursEntryFactory(assignment=assignment, month=dt.date(2025, 4, 1), hours=10, counted=True)

    worked(1)
    # The first call of a key writes that it was used.
    ask("buyer")
    before = {path: queries(path) for path in ("figures?year=2025", "markets?year=2025", "bilans")}
    worked(6)
    publish(cast.buyer_a, 2024)
    assert {path: queries(path) for path in before} == before


def test_the_document_describes_what_a_buyer_reads():
    document = Client().get("/api/v1/openapi.json").json()
    paths = document["paths"]
    for path in ("buyer", "bilans", "bilans/{number}", "figures", "markets"):
        operation = paths[f"/api/v1/{path}"]["get"]
        assert operation["tags"] == ["Donneurs d’ordre"] and operation["summary"]
    names = {row["name"] for row in paths["/api/v1/figures"]["get"]["parameters"]}
    assert names == {"year", "from", "to"}
