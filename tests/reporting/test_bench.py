"""The denominators of `bin/bench` do the same work as what they measure."""

from __future__ import annotations

import json

import pytest
from django.template import engines
from django.template.loader import get_template

from bench.baselines.indicators import figures_by_hand
from bench.figures import differences, figures_by_indicators
from bench.measure import PLAIN_GRID, bilan_to_make, grid_context, largest_buyer
from bench.territory_year import LARGEST, ONE_BUYER, judged
from beneficiaries.grid import build_grid, rows_of
from beneficiaries.models import Assignment
from reporting.scope import Scope
from tests.factories import HoursEntryFactory
from tests.reporting.territory import YEARS, Territory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_figure_made_by_hand_is_the_one_of_the_indicators(seed):
    territory = Territory(seed)
    for buyer in (territory.buyer, territory.other):
        for year in YEARS:
            found, by_hand = figures_by_indicators(Scope.of(buyer), year), figures_by_hand(buyer.pk, year)
            assert differences(found, by_hand) == []
            assert found["hours"] and found["typology"]["age"]


def test_every_figure_of_the_whole_territory_made_by_hand_is_the_one_of_the_indicators():
    Territory(1)
    for year in YEARS:
        found, by_hand = figures_by_indicators(Scope.territory(), year), figures_by_hand(None, year)
        assert differences(found, by_hand) == []
        assert found["hours"] and found["typology"]["age"]


def test_the_growth_of_a_buyer_is_the_worst_of_both_clocks(tmp_path):
    def row(ms, processor_ms):
        return {"name": ONE_BUYER, "buyer": "Métropole de Lyon", "ms": ms, "processor_ms": processor_ms}

    smaller = tmp_path / "mmie.json"
    smaller.write_text(json.dumps({"size": "mmie", "postgresql": {"measures": [row(100, 80)]}}))

    made = judged([row(140, 128)], "france", "postgresql", str(smaller))[-1]
    assert (made["by_the_clock"], made["of_the_processor"], made["value"], made["ok"]) == (
        1.4,
        1.6,
        1.6,
        False,
    )
    assert judged([row(140, 128)], "france", "postgresql", None) == [row(140, 128)]


def test_the_largest_buyer_has_its_bound_at_one_size_only():
    def row():
        return {"name": LARGEST, "ms": 301.0}

    assert judged([row()], "mmie", "sqlite", None)[0]["ok"] is False
    assert judged([row()], "france", "sqlite", None) == [row()]


def test_a_figure_that_differs_is_named():
    assert differences(
        {"hours": {2025: 3}, "people": {2025: 1}}, {"hours": {2025: 4}, "people": {2025: 1}}
    ) == ["hours"]


def test_what_is_nought_for_want_of_a_row_is_no_difference():
    assert differences({"kinds": {2025: {}, 2024: (0, 0)}}, {"kinds": {}}) == []


def test_the_plain_grid_has_the_same_inputs():
    entry = HoursEntryFactory()
    grid = build_grid(
        list(rows_of(Assignment.objects.order_by("pk"), entry.month)), entry.month, all_kinds=True
    )
    context = grid_context(grid, entry.month)
    for template in (
        get_template("beneficiaries/hours/_grid.html"),
        engines["django"].from_string(PLAIN_GRID.read_text()),
    ):
        html = template.render(context)
        for cell in grid.rows[0].cells:
            assert f'name="{cell.name}"' in html and f'name="{cell.version_name}"' in html


def test_the_bilan_to_measure_is_the_largest_that_is_not_made_yet():
    entry = HoursEntryFactory(counted=True)
    year = entry.month.year
    buyer = entry.assignment.commitment.market.buyer
    assert bilan_to_make(up_to=year) == (buyer.identifier, year)
    assert largest_buyer(year) == buyer
