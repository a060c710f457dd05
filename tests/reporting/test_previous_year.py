"""The columns of N-1 are those of the published bilan, add up, and hide what it hid."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from clauses.enums import ClauseKind
from core import formats
from reporting import indicators
from reporting.snapshot import build_snapshot
from reporting.snapshot.purchase import ratio
from tests.factories import (
    BuyerFactory,
    ClauseFactory,
    ClosedYearFactory,
    CommitmentChangeFactory,
    CommitmentFactory,
    CompanyFactory,
    HoursEntryFactory,
    LotFactory,
    MarketFactory,
)
from tests.reporting.test_snapshot import block, cells, chapter, publish, snapshot_of, team, worked

pytestmark = pytest.mark.django_db

SPRING = dt.date(2024, 3, 1)


def long_market(buyer: Any, company: str) -> Any:
    market = MarketFactory(buyer=buyer, notified_on=dt.date(2024, 1, 5), starts_on=None)
    return CommitmentFactory(market=market, company=CompanyFactory(name=company))


def test_rows_that_only_the_year_before_had_are_one_line_and_its_total_adds_up():
    buyer = BuyerFactory()
    stays, leaves = long_market(buyer, "Alpha"), long_market(buyer, "Bravo")
    worked(stays, "30.00", SPRING, starts_on=SPRING)
    worked(leaves, "12.50", SPRING, starts_on=SPRING)
    publish(buyer, 2024, snapshot_of(buyer, 2024))
    worked(stays, "20.00", dt.date(2025, 3, 1))
    table = block(snapshot_of(buyer), "hours_by_holder")
    assert [
        (row["cells"]["label"], row["cells"]["hours"], row["cells"]["hours_previous"])
        for row in table["rows"]
    ] == [("Alpha", "20.00", "30.00"), ("Entreprises de 2024, sans heure en 2025", "0", "12.50")]
    assert table["totals"]["hours_previous"] == "42.50"


def test_the_line_of_what_is_gone_is_nobody_s_year_before():
    buyer = BuyerFactory()
    leaves = long_market(buyer, "Bravo")
    worked(leaves, "12.50", SPRING, starts_on=SPRING)
    publish(buyer, 2024, snapshot_of(buyer, 2024))
    worked(long_market(buyer, "Alpha"), "20.00", dt.date(2025, 3, 1))
    of_2025 = snapshot_of(buyer, 2025)
    assert not any(".gone." in name for name in of_2025["cells"])
    publish(buyer, 2025, of_2025)
    [line] = cells(snapshot_of(buyer, 2026), "hours_by_holder")
    assert line[0] == "Entreprises de 2025, sans heure en 2026" and line[2] == "20.00"


def test_a_cell_that_the_published_bilan_withheld_is_withheld_again():
    for year in (2024, 2025):
        ClosedYearFactory(year=year)
    buyer = BuyerFactory()
    commitment = long_market(buyer, "Alpha")
    team(buyer, 3, commitment, month=SPRING, starts_on=SPRING)
    before = snapshot_of(buyer, 2024)
    # Sixteen women and three men: both rows withheld.
    row = {
        "key": "F",
        "cells": {"label": "Femme", "people": None},
        "masked": ["contracts", "hours", "people"],
    }
    fake = {"type": "table", "key": "typology_gender", "rows": [row]}
    before["chapters"].append({"key": "x", "blocks": [fake]})
    publish(buyer, 2024, before)
    team(buyer, 12, commitment, month=dt.date(2025, 3, 1))
    rows = {row["key"]: row for row in block(snapshot_of(buyer), "typology_gender")["rows"]}
    assert "people_previous" in rows["F"]["masked"] and rows["F"]["cells"]["people_previous"] is None
    assert "people_previous" not in rows["M"]["masked"]


def test_a_kind_of_clause_that_ended_the_year_before_is_still_read():
    buyer = BuyerFactory()
    ended = MarketFactory(
        buyer=buyer, notified_on=dt.date(2024, 1, 5), starts_on=None, closed_on=dt.date(2024, 9, 1)
    )
    ClauseFactory(lot=LotFactory(market=ended), kind=ClauseKind.CRITERION)
    publish(buyer, 2024, snapshot_of(buyer, 2024))
    assert cells(snapshot_of(buyer), "markets_by_clause_kind") == [["Critère d’attribution", "0", "1"]]


def test_two_companies_of_the_same_name_are_told_apart():
    buyer = BuyerFactory()
    for company in (CompanyFactory(name="Atout"), CompanyFactory(name="Atout")):
        worked(CommitmentFactory(buyer=buyer, company=company), "10.00")
    labels = [line[0] for line in cells(snapshot_of(buyer), "hours_by_holder")]
    assert len(set(labels)) == 2 and all(label.startswith("Atout (") for label in labels)
    assert indicators.company_names([]) == {}


def test_a_bilan_without_a_note_on_the_partnership_says_so():
    buyer = BuyerFactory()
    answer = chapter(snapshot_of(buyer), "partnership")["answer"]
    assert answer == "La note sur le partenariat n’est pas rédigée pour 2025."
    written = snapshot_of(buyer, narrative={"partenariat": "Trois réunions."})
    assert (
        chapter(written, "partnership")["answer"]
        == "Ce que 2025 dit du partenariat, et ce qui sera amélioré."
    )


def test_a_holder_without_a_target_is_not_among_those_that_have_one():
    buyer = BuyerFactory()
    worked(CommitmentFactory(buyer=buyer, company=CompanyFactory(name="Alpha"), hours=0), "10.00")
    worked(CommitmentFactory(buyer=buyer, company=CompanyFactory(name="Bravo"), hours=100), "10.00")
    assert [line[0] for line in cells(snapshot_of(buyer), "rates_by_holder")] == ["Bravo"]


def test_almost_all_the_hours_never_read_as_all_of_them():
    assert ratio(Decimal("0.99996")) == Decimal("0.9999") and ratio(Decimal(1)) == Decimal("1.0000")
    assert formats.rate(Decimal("0.9999")) == "99\u202f%" and formats.rate(Decimal(1)) == "100\u202f%"


def test_a_year_in_progress_is_compared_with_nothing():
    buyer = BuyerFactory()
    commitment = long_market(buyer, "Alpha")
    worked(commitment, "30.00", SPRING, starts_on=SPRING)
    publish(buyer, 2024, snapshot_of(buyer, 2024))
    worked(commitment, "20.00", dt.date(2025, 3, 1))
    july = dt.datetime(2025, 7, 1, tzinfo=dt.UTC)
    running = build_snapshot(buyer=buyer, year=2025, version=1, narrative={}, now=july)
    answer = chapter(running, "essential")["answer"]
    assert "n’est pas finie" in answer and "de moins" not in answer
    assert "À ce jour" in answer and "Fin 2025" not in answer
    assert {item["previous"] for item in block(running, "essential_figures")["items"]} == {None}
    assert "de moins qu’en 2024" in chapter(snapshot_of(buyer), "essential")["answer"]


def test_nothing_started_nor_notified_is_said_in_words():
    buyer = BuyerFactory()
    commitment = long_market(buyer, "Alpha")
    entry = worked(commitment, "30.00", SPRING, starts_on=SPRING)
    HoursEntryFactory(assignment=entry.assignment, month=dt.date(2025, 1, 1), counted=True)
    snapshot = snapshot_of(buyer)
    assert "dont aucun notifié dans l’année" in chapter(snapshot, "markets")["answer"]
    assert "dont aucun démarré dans l’année" in chapter(snapshot, "contracts")["answer"]


def test_a_market_without_any_date_is_in_no_year_and_said_so():
    buyer = BuyerFactory()
    market = MarketFactory(buyer=buyer, notified_on=None, starts_on=None)
    worked(CommitmentFactory(market=market), "10.00")
    snapshot = snapshot_of(buyer)
    assert snapshot["figures"]["markets"] == snapshot["figures"]["markets_with_hours"] == "0"
    assert cells(snapshot, "market_list")[0][3] == "10.00"
    said = block(snapshot, "not_known")["paragraphs"]
    assert any("1 marché avec clause n’a ni date de notification" in line for line in said)


def test_a_commitment_discharged_to_nothing_has_no_rate():
    buyer = BuyerFactory()
    commitment = CommitmentFactory(buyer=buyer, hours=100)
    worked(commitment, "10.00")
    CommitmentChangeFactory(commitment=commitment, delta=Decimal(-100), effective_on=dt.date(2025, 6, 1))
    snapshot = snapshot_of(buyer)
    assert "sans objet" in chapter(snapshot, "rates")["answer"]
    assert snapshot["figures"]["hours_engaged"] == "0.00" and "rate" not in snapshot["figures"]
    assert block(snapshot, "rates_by_commitment")["notes"][0].startswith("1 engagement sans objectif")
    assert cells(snapshot, "relations")[0][1:3] == ["0.00", "10.00"]
