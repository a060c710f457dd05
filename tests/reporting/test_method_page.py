"""The method page names what was taken over and what was decided on the counting."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from beneficiaries.enums import EntrySource
from reporting.snapshot import build_snapshot, build_territory_snapshot
from tests.factories import (
    BuyerFactory,
    ClosedYearFactory,
    CommitmentFactory,
    CountingRulesFactory,
    HoursEntryFactory,
    HouseFactory,
    MarketFactory,
    MarketPartyFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 2, 2, 9, 15, tzinfo=dt.UTC)
WORDS = "Tutorat compté, décision du 12 janvier."


@pytest.fixture
def buyer():
    HouseFactory()
    ClosedYearFactory(year=2025)
    return BuyerFactory()


def worked(buyer, **entry):
    market = MarketFactory(buyer=buyer)
    assignment = eligible_assignment(commitment=CommitmentFactory(market=market))
    HoursEntryFactory(assignment=assignment, counted=True, **entry)
    return market


def method(*, buyer=None):
    common = {"year": 2025, "version": 1, "narrative": {}, "now": NOW}
    snapshot = build_snapshot(buyer=buyer, **common) if buyer else build_territory_snapshot(**common)
    (found,) = [b for c in snapshot["chapters"] for b in c["blocks"] if b["key"] == "take_over"]
    return " ".join(found["paragraphs"]).replace("\u202f", " ").replace("\xa0", " ")


def test_hours_of_a_former_tool_are_named_with_what_they_are_exempt_from(buyer):
    worked(buyer, hours=60)
    assert "Aucune heure de 2025 ne vient d’un ancien outil." in method(buyer=buyer)
    worked(buyer, hours=Decimal("70.50"), source=EntrySource.TAKE_OVER)
    said = method(buyer=buyer)
    assert "70,5 heures de 2025 viennent de l’ancien outil" in said
    assert "sans être soumises aux règles de validation préalable, de période et de plafond" in said
    assert "70,5 heures de 2025 viennent de l’ancien outil" in method()


def test_of_a_shared_market_each_buyer_names_its_part_of_them(buyer):
    other = BuyerFactory()
    market = worked(buyer, hours=100, source=EntrySource.TAKE_OVER)
    MarketPartyFactory(market=market, buyer=other, share=Decimal("40"))
    assert "60 heures de 2025 viennent" in method(buyer=buyer)
    assert "40 heures de 2025 viennent" in method(buyer=other)


def test_a_decision_of_the_buyer_is_printed_in_its_bilan_and_only_there(buyer):
    worked(buyer)
    other = BuyerFactory()
    assert "Aucune décision motivée du donneur d’ordre" in method(buyer=buyer)
    assert "Aucune décision motivée d’un donneur d’ordre" in method()
    CountingRulesFactory(in_force_from=dt.date(2025, 2, 1), buyer=buyer, note=WORDS)
    assert f"Décision ou précision enregistrée : {WORDS}" in method(buyer=buyer)
    assert WORDS not in method(buyer=other)
    # The territory’s report never says that there is none, and leaves the words to the buyer’s own.
    said = method()
    assert "1 décision ou précision est enregistrée sur le comptage" in said
    assert WORDS not in said and "Aucune décision" not in said
