"""Each document of the house is tagged as it should be: buyer, territory, reserved market, market, point d’étape."""

import datetime as dt

import pytest

from markets.enums import Reservation
from reporting.documents import bilan_archive, bilan_pdf, progress_pdf
from reporting.snapshot import (
    build_final_snapshot,
    build_progress_snapshot,
    build_reserved_snapshot,
    build_snapshot,
    build_territory_snapshot,
)
from tests.factories import BuyerFactory, ClosedYearFactory, HouseFactory, make_bilan
from tests.pdf_structure import problems_of
from tests.reporting.territory import Territory

NOW = dt.datetime(2026, 2, 2, 9, 15, tzinfo=dt.UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.slow]
COMMON = {"version": 1, "narrative": {"essentiel": "Une **bonne** année."}, "now": NOW}


@pytest.fixture
def territory():
    HouseFactory()
    made = Territory(3, people=40)
    ClosedYearFactory(year=2025)
    return made


def reserved_market(territory):
    markets = {commitment.market for commitment in territory.commitments[territory.buyer.pk]}
    market = min(markets, key=lambda row: row.pk)
    market.lots.update(reservation=next(kind for kind in Reservation if kind != Reservation.NONE))
    return market


@pytest.mark.parametrize("kind", ["annual", "territory", "reserved", "final"])
def test_each_bilan_is_tagged_and_light_to_read_and_to_keep(territory, kind):
    market = reserved_market(territory)
    snapshot = {
        "annual": lambda: build_snapshot(buyer=territory.buyer, year=2025, **COMMON),
        "territory": lambda: build_territory_snapshot(year=2025, **COMMON),
        "reserved": lambda: build_reserved_snapshot(market=market, year=2025, **COMMON),
        "final": lambda: build_final_snapshot(subject=market, **COMMON),
    }[kind]()
    for content in (bilan_pdf(snapshot), bilan_archive(snapshot), bilan_pdf(snapshot, draft=True)):
        assert problems_of(content) == []
        assert len(content) < 1_000_000


def test_a_point_d_etape_is_tagged(territory):
    market = reserved_market(territory)
    months = {"first": dt.date(2025, 1, 1), "last": dt.date(2025, 6, 1)}
    assert problems_of(progress_pdf(build_progress_snapshot(market=market, now=NOW, **months))) == []


def test_a_year_without_data_of_a_buyer_without_agreement_is_a_whole_document():
    bilan = make_bilan(buyer=BuyerFactory(), published=True)
    assert bilan.snapshot["previous"] is None
    assert problems_of(bilan_pdf(bilan.snapshot)) == []


def test_a_year_in_progress_after_a_year_at_zero_is_a_whole_document():
    buyer = BuyerFactory()
    make_bilan(buyer=buyer, year=2024, published=True)
    snapshot = build_snapshot(buyer=buyer, year=2025, **COMMON)
    assert snapshot["previous"]["year"] == 2024
    assert problems_of(bilan_pdf(snapshot)) == []
