"""Charts on a page: each part takes the focus, has a name, and says itself on focus and hover; paper is unchanged."""

from xml.etree import ElementTree

import pytest

from core import charts

SVG = "{http://www.w3.org/2000/svg}"
T = "\u202f"
ROWS = [("Embauche directe", 13_530, f"41{T}%"), ("ETTI", 8_910), ("Une très longue raison sociale " * 5, 12)]
DRAWINGS = [charts.bars_horizontal, charts.columns_by_year, charts.line_by_year, charts.stacked_share]


def parts(svg):
    return [node for node in ElementTree.fromstring(svg).iter(f"{SVG}g") if node.get("class") == "chart-item"]


@pytest.mark.parametrize("draw", DRAWINGS)
def test_each_part_takes_the_focus_with_its_value_as_its_name(draw):
    svg = draw(ROWS, title="Heures", on_screen=True)
    root = ElementTree.fromstring(svg)
    # A drawing that is one image hides what is in it: on the screen it is a group of images.
    assert root.get("role") == "group" and root.get("aria-label") == "Heures"
    names = [part.get("aria-label") for part in parts(svg)]
    assert len(names) == 3
    assert all(part.get("tabindex") == "0" and part.get("role") == "img" for part in parts(svg))
    assert names[0].startswith(f"Embauche directe : 13{T}530{T}h") and names[0].endswith(f"41{T}%")
    assert names[1].startswith(f"ETTI : 8{T}910{T}h")
    # The name is whole where the drawing cuts it.
    assert names[2].startswith(" ".join(("Une très longue raison sociale " * 5).split()))


@pytest.mark.parametrize("draw", DRAWINGS)
def test_what_focus_shows_stands_inside_the_drawing_and_is_read_once(draw):
    svg = draw(ROWS, title="Heures", on_screen=True)
    root = ElementTree.fromstring(svg)
    _, top, width, height = (float(number) for number in root.get("viewBox").split())
    drawn = list(root)
    for part in [node for node in drawn if node.get("class") == "chart-item"]:
        # Right after its part: the style sheet shows it by that.
        tip = drawn[drawn.index(part) + 1]
        assert tip.get("class") == "chart-tip"
        assert tip.get("aria-hidden") == "true"
        paper = tip.find(f"{SVG}rect")
        assert float(paper.get("y")) >= top
        assert float(paper.get("y")) + float(paper.get("height")) <= top + height
        words = "".join(tip.itertext())
        assert charts.text_width(words, 12) <= width


@pytest.mark.parametrize("draw", DRAWINGS)
def test_on_paper_nothing_takes_the_focus(draw):
    svg = draw(ROWS, title="Heures")
    assert ElementTree.fromstring(svg).get("role") == "img"
    assert "tabindex" not in svg and "chart-tip" not in svg and "aria-label" not in svg
    assert not any(
        mark in draw(ROWS, title="Heures", on_screen=True) for mark in ("style=", "<style", "<script")
    )


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_name_is_escaped_where_it_is_said(draw):
    svg = draw([('<b>"Alpha"</b>', 10), ("Autre", 5)], title="Heures", on_screen=True)
    assert "<b>" not in svg
    assert parts(svg)[0].get("aria-label").startswith('<b>"Alpha"</b> : 10')
