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
DRAWINGS = [charts.bars_horizontal, charts.columns_by_year, charts.line_by_year, charts.stacked_share]


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


def test_a_line_starts_at_zero_and_stops_where_a_year_is_not_known():
    rows = [("2021", 100), ("2022", None), ("2023", 50), ("2024", 0), ("2025", 200)]
    root = read(charts.line_by_year(rows, title="Heures"))
    points = {
        node.find(f"{SVG}title").text: float(node.find(f"{SVG}circle").get("cy"))
        for node in root.iter(f"{SVG}g")
        if node.find(f"{SVG}circle") is not None
    }
    zero = float(root.find(f"{SVG}line").get("y1"))
    assert zero - points["2025"] == pytest.approx(2 * (zero - points["2021"]), abs=0.02)
    assert zero - points["2023"] == pytest.approx((zero - points["2025"]) / 4, abs=0.02)
    assert points["2024"] == zero and "2022" not in points
    # 2021 alone has no line; one runs from 2023 to 2025.
    [path] = root.iter(f"{SVG}path")
    assert path.get("d").count("L") == 2


def test_the_figures_of_a_line_are_never_written_through_it():
    rows = [("2021", 10), ("2022", 900), ("2023", 300), ("2024", 800), ("2025", 20)]
    root = read(charts.line_by_year(rows, title="Heures"))
    for node in root.iter(f"{SVG}g"):
        y = float(node.find(f"{SVG}circle").get("cy"))
        words = node.find(f"{SVG}text")
        below = float(words.get("y")) > y
        # A hollow is written under its point, where there is room above the axis; a summit above it.
        assert below is (words.text == "300")


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_parts_of_a_whole_stay_apart_in_grey():
    steps = [luminance(colour) for colour in charts.SHARES]
    assert steps == sorted(steps)
    # Contrast between neighbours, as WCAG counts it, without any hue.
    assert all((light + 0.05) / (dark + 0.05) > 1.25 for dark, light in pairwise(steps))
    past, main = luminance(charts.PALE), luminance(charts.ACCENT)
    assert (past + 0.05) / (main + 0.05) > 3


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
