"""Charts drawn as SVG: any value, any name, no style that the content policy would refuse."""

from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import charts

SVG = "{http://www.w3.org/2000/svg}"
T = "\u202f"
ROWS = [
    ("Embauche directe", 13_530, f"41{T}%"),
    ("ETTI", 8_910),
    ("GEIQ", None),
    ("Formation", 0),
    ("Reprise", -120),
]
DRAWINGS = [charts.bars_horizontal, charts.columns_by_year, charts.stacked_share]


def read(svg):
    return ElementTree.fromstring(svg)


def texts(svg):
    return ["".join(node.itertext()) for node in read(svg).iter(f"{SVG}text")]


def rects(svg):
    return [
        {name: node.get(name) for name in ("x", "y", "width", "height")}
        for node in read(svg).iter(f"{SVG}rect")
    ]


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_chart_says_its_title_and_every_value_to_those_who_do_not_see_it(draw):
    root = read(draw(ROWS, title="Heures par modalité"))
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "Heures par modalité"
    description = root.find(f"{SVG}desc").text
    assert f"Embauche directe : 13{T}530{T}h (41{T}%)" in description
    assert "GEIQ : –" in description
    assert f"Reprise : −120{T}h" in description


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_chart_holds_no_inline_style_and_names_its_font_by_attribute(draw):
    root = read(draw(ROWS, title="Heures"))
    assert "Inter" in root.get("font-family")
    assert not [node for node in root.iter() if node.get("style") or node.tag == f"{SVG}style"]


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_name_is_escaped(draw):
    svg = draw([("<script>alert(1)</script> & fils", 10), ("Autre", 5)], title="Un <titre> & cie")
    assert "<script>" not in svg
    assert "&amp; fils" in svg
    assert read(svg).find(f"{SVG}title").text == "Un <titre> & cie"


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_chart_of_nothing_says_so(draw):
    assert texts(draw([], title="Heures")) == ["Aucune donnée à représenter"]


def test_bars_start_at_zero_and_keep_their_proportions():
    bars = rects(charts.bars_horizontal([("A", 100), ("B", 50), ("C", 25)], title="Heures"))
    assert len({bar["x"] for bar in bars}) == 1
    widths = [float(bar["width"]) for bar in bars]
    assert widths[1] == pytest.approx(widths[0] / 2, abs=0.02)
    assert widths[2] == pytest.approx(widths[0] / 4, abs=0.02)


def test_a_negative_bar_ends_where_the_positive_ones_start():
    negative, positive = rects(charts.bars_horizontal([("Solde", -50), ("Report", 100)], title="Heures"))
    assert float(negative["x"]) + float(negative["width"]) == pytest.approx(float(positive["x"]), abs=0.02)


def test_zero_and_unknown_have_no_bar_but_their_value_is_printed():
    svg = charts.bars_horizontal([("A", 10), ("B", 0), ("C", None)], title="Heures")
    assert len(rects(svg)) == 1
    assert texts(svg) == ["A", f"10{T}h", "B", f"0{T}h", "C", "–"]


def test_columns_start_at_zero_and_keep_their_proportions():
    columns = rects(charts.columns_by_year([(2024, 200), (2025, 100)], title="Heures"))
    feet = {round(float(column["y"]) + float(column["height"]), 1) for column in columns}
    assert len(feet) == 1
    assert float(columns[1]["height"]) == pytest.approx(float(columns[0]["height"]) / 2, abs=0.02)


def test_only_the_last_twelve_years_are_drawn():
    svg = charts.columns_by_year([(year, 10) for year in range(2000, 2026)], title="Heures")
    assert texts(svg)[1] == "2014"
    assert texts(svg)[-1] == "2025"
    assert len(rects(svg)) == 12


def test_long_figures_in_many_columns_are_written_shorter_and_said_in_full():
    svg = charts.columns_by_year(
        [(year, 23_110_684) for year in range(2014, 2026)], title="Montants", unit="€"
    )
    assert f"23,1{T}M€" in texts(svg)
    assert f"2014 : 23{T}110{T}684{T}€" in read(svg).find(f"{SVG}desc").text


def test_the_parts_of_a_whole_add_up_to_its_height():
    svg = charts.stacked_share([("A", 300), ("B", 100)], title="Heures")
    heights = [float(rect["height"]) for rect in rects(svg)]
    assert heights == [96, 31]  # 130 high: 97.5 and 32.5, less 1.5 of gap each
    assert texts(svg) == [f"A · 300{T}h · 75{T}%", f"B · 100{T}h · 25{T}%"]


def test_a_part_that_is_not_nothing_never_reads_as_zero():
    assert f"Petit · 1{T}h · <{T}1{T}%" in texts(
        charts.stacked_share([("Grand", 999), ("Petit", 1)], title="Heures")
    )


def test_labels_of_small_parts_do_not_overlap():
    svg = charts.stacked_share([("Grand", 1000), *((f"Petit {n}", 1) for n in range(6))], title="Heures")
    heights = [float(node.get("y")) for node in read(svg).iter(f"{SVG}text")]
    assert all(after - before >= 19.9 for before, after in pairwise(heights))


def test_progress_draws_the_target_the_mark_of_today_and_the_surplus():
    svg = charts.progress(Decimal(130), Decimal(100), Decimal(50))
    root = read(svg)
    assert root.find(f"{SVG}title").text == f"130{T}% réalisés, 50{T}% attendus à ce jour"
    by_class = {node.get("class"): node for node in root.iter(f"{SVG}rect")}
    assert by_class["chart-main"].get("width") == "76.92%"
    assert by_class["chart-surplus"].get("x") == "76.92%"
    assert by_class["chart-mark"].get("x") == "38.46%"


def test_progress_without_a_target_is_words_only():
    assert charts.progress(Decimal("35.25"), 0) == f'<p class="progress-none">35,25{T}h, sans objectif</p>'


@given(
    st.lists(
        st.tuples(
            st.text(max_size=300), st.none() | st.decimals(min_value=-(10**9), max_value=10**9, places=2)
        ),
        max_size=15,
    )
)
def test_nothing_is_drawn_outside_whatever_the_names_and_values(rows):
    rows = [("".join(c for c in label if c.isprintable()), value) for label, value in rows]
    for draw in DRAWINGS:
        root = read(draw(rows, title="Heures"))
        height = float(root.get("viewBox").split()[3])
        for node in root.iter(f"{SVG}rect"):
            x, y, width, tall = (float(node.get(name)) for name in ("x", "y", "width", "height"))
            assert x >= -0.1
            assert x + width <= charts.WIDTH + 1.1
            assert y >= -0.1
            assert y + tall <= height + 1.1


@pytest.mark.parametrize("draw", [charts.bars_horizontal, charts.columns_by_year, charts.stacked_share])
def test_a_name_of_three_hundred_characters_is_cut_to_its_room(draw):
    svg = draw([("W" * 300, 10), ("Autre", 5)], title="Heures")
    longest = max(texts(svg), key=len)
    assert "…" in longest
    assert charts.text_width(longest, 12) < charts.WIDTH
