"""The bilan as a document: what a deputy mayor is handed, whatever the figures, the names and the texts are."""

from __future__ import annotations

import copy
import datetime as dt
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from core import charts
from reporting.annex import annex_xlsx
from reporting.documents import bilan_archive, bilan_pdf, content_of
from reporting.snapshot.labels import labels_of
from reporting.snapshot.paper import for_paper
from reporting.snapshot.widths import with_widths
from tests.contrast import contrast, luminance, texts_of
from tests.pdf_structure import artefacts_of, problems_of

FIXTURES = Path(__file__).parent / "fixtures"
OLD = (1, 2)


def old_snapshot(version: int) -> dict[str, Any]:
    """A snapshot that a real earlier Maillon froze, its longest tables shortened."""
    return json.loads((FIXTURES / f"snapshot_v{version}.json").read_text(encoding="utf-8"))


@pytest.fixture
def snapshot() -> dict[str, Any]:
    """A snapshot to change at will: that of version 2, as a version 3 would say it."""
    return old_snapshot(2) | {"schema_version": 3, "rectification": None}


def shortened(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Three chapters of it: quicker to set, with figures, tables and charts still."""
    kept = ("essential", "hours", "method")
    return snapshot | {"chapters": [c for c in copy.deepcopy(snapshot["chapters"]) if c["key"] in kept]}


def pages_of(content: bytes) -> list[str]:
    """The text of each page, without the spaces that a layout moves."""
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(io.BytesIO(content)).pages]


def chapter_of(snapshot: dict[str, Any], key: str) -> dict[str, Any]:
    return next(chapter for chapter in snapshot["chapters"] if chapter["key"] == key)


def assert_no_overflow(snapshot: dict[str, Any]) -> None:
    """Every line of text stands inside the page, and inside its cell."""
    import weasyprint
    from weasyprint.formatting_structure import boxes

    from core.pdf import BASE_URL, _fetcher_class, _static_root
    from markets.paper import sheets

    context = {"bilan": for_paper(snapshot), "labels": labels_of(snapshot), "draft": False, "logos": {}}
    fetcher = _fetcher_class()()
    html = weasyprint.HTML(
        string=render_to_string("reporting/bilan/document.html", context),
        base_url=BASE_URL,
        url_fetcher=fetcher,
    )
    styles = [weasyprint.CSS(url=_static_root() + path, url_fetcher=fetcher) for path in sheets("bilan")]
    for number, page in enumerate(html.render(stylesheets=styles).pages, 1):
        for box in page._page_box.descendants():
            if isinstance(box, boxes.TextBox) and box.text.strip():
                assert box.position_x >= -1 and box.position_x + box.width <= page.width, (number, box.text)
                assert box.position_y >= -1 and box.position_y + box.height <= page.height, (number, box.text)
            if isinstance(box, boxes.TableCellBox):
                edge = box.position_x + box.border_width() + 1
                for inner in box.descendants():
                    if isinstance(inner, boxes.TextBox) and inner.text.strip():
                        assert inner.position_x + inner.width <= edge, (number, inner.text)


# --- Snapshots of before --------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", OLD)
def test_a_snapshot_of_an_older_schema_is_still_a_page_a_document_and_an_annex(version):
    old = old_snapshot(version)
    assert old["schema_version"] == version
    page = render_to_string("reporting/bilan/_chapters.html", {"snapshot": old})
    assert page.count("<section") == len(old["chapters"])
    content = bilan_pdf(old)
    assert problems_of(content) == []
    text = " ".join(pages_of(content))
    assert "25 882,75" in text and "L’essentiel" in text
    sheets = CalamineWorkbook.from_filelike(io.BytesIO(annex_xlsx(old))).sheet_names
    assert sheets[0] == "Chiffres clés" and "Définitions et méthode" in sheets[-1]


# --- Structure ------------------------------------------------------------------------------------------------


def test_a_bilan_is_tagged_bookmarked_and_light(snapshot):
    content = bilan_pdf(snapshot)
    assert problems_of(content) == []
    reader = PdfReader(io.BytesIO(content))
    titles = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert titles == [chapter["title"] for chapter in snapshot["chapters"]]
    assert len(content) < 1_000_000


def test_the_checker_sees_what_is_wrong():
    from core.pdf import html_to_pdf

    page = (
        '<html lang="fr"><head><title>T</title></head><body><h1>Un</h1><h3>Trois</h3>'
        "<table><tr><td>1</td></tr></table><img src='data:image/svg+xml,<svg/>'></body></html>"
    )
    found = " ; ".join(problems_of(html_to_pdf(page, stylesheets=())))
    assert "a heading of level 3 after one of level 1" in found
    assert "a table without a header" in found and "a figure without a description" in found


def test_a_chart_is_read_aloud_with_its_values(snapshot):
    block = next(b for c in for_paper(snapshot)["chapters"] for b in c["blocks"] if b["key"] == "series")
    assert block["alternative"] == f"{block['title']} : {block['description']}"
    assert "25\u202f882,75" in block["alternative"]


# --- The archive ----------------------------------------------------------------------------------------------


def test_the_archive_is_a_pdf_a_that_carries_its_figures(snapshot):
    content = bilan_archive(snapshot)
    assert problems_of(content) == []
    reader = PdfReader(io.BytesIO(content))
    root: Any = reader.trailer["/Root"]
    metadata = root["/Metadata"].get_object().get_data()
    assert re.search(rb"pdfaid:part\W+3\b", metadata) and re.search(rb"pdfaid:conformance\W+A\b", metadata)
    [(name, [attached])] = list(reader.attachments.items())
    assert name == f"{labels_of(snapshot).file}.json"
    assert json.loads(attached) == snapshot
    assert content_of(snapshot, "pdfa") == content
    # What is attached says what it is to the document.
    assert b"/AFRelationship" in content or "/AF" in root


# --- The cover and the logos ----------------------------------------------------------------------------------

PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def test_the_cover_says_the_buyer_the_year_the_version_and_the_house_only(snapshot):
    cover = pages_of(bilan_pdf(snapshot))[0]
    said = (
        snapshot["house"]["name"],
        "Bilan des clauses sociales 2025",
        snapshot["buyer"]["name"],
        "Version 1, chiffres arrêtés le 22/11/2026",
    )
    assert re.sub(r"\s", "", cover) == re.sub(r"\s", "", "".join(said))


def test_the_logos_of_the_snapshot_are_on_the_cover_and_in_no_json(snapshot):
    snapshot = shortened(snapshot)
    with_logos = snapshot | {"logos": {"house": PIXEL, "buyer": PIXEL}}
    content = bilan_pdf(with_logos)
    assert problems_of(content) == []
    assert len(PdfReader(io.BytesIO(content)).pages[0].images) >= 1
    assert json.loads(content_of(with_logos, "json")) == snapshot


# --- The essentials -------------------------------------------------------------------------------------------


def test_the_essentials_hold_on_the_second_page_with_the_longest_figures(snapshot):
    chapter = chapter_of(snapshot, "essential")
    for block in chapter["blocks"]:
        for item in block.get("items", ()):
            item.update(
                value="12345678.75" if item["kind"] == "hours" else item["value"],
                previous="23456789.25" if item["kind"] == "hours" else item["previous"],
                label=f"{item['label']} dont une précision qui tient sur deux lignes",
                note="une note qui précise la base, sur deux lignes elle aussi, chaque engagement plafonné",
            )
    chapter["answer"] = chapter["answer"].replace("73 personnes", "12 345 678 personnes")
    chapter["narrative"] = [
        {"key": "essentiel", "title": "L’essentiel", "text": "Un mot de la maison. " * 28}
    ]
    content = bilan_pdf(snapshot)
    pages = pages_of(content)
    assert "L’essentiel" in pages[1] and "Heures réalisées, par année" in pages[1]
    # The word of the house had no room left.
    assert "En quelques mots" in pages[2] and "Marchés et clauses" in pages[3]


def test_a_short_word_of_the_house_stands_with_the_essentials(snapshot):
    chapter_of(snapshot, "essential")["narrative"] = [
        {"key": "essentiel", "title": "L’essentiel", "text": "Un mot de la maison, sur deux lignes. " * 6}
    ]
    pages = pages_of(bilan_pdf(snapshot))
    assert "Un mot de la maison" in pages[1] and "Heures réalisées, par année" in pages[1]
    assert "Marchés et clauses" in pages[2]


def test_a_long_word_of_the_house_follows_the_essentials_on_its_own_page(snapshot):
    long = "Une phrase de la maison qui dit l’année. " * 200
    chapter_of(snapshot, "essential")["narrative"] = [
        {"key": "essentiel", "title": "L’essentiel", "text": long}
    ]
    titles = [chapter["title"] for chapter in for_paper(snapshot)["chapters"]]
    assert titles[:3] == ["L’essentiel", "En quelques mots", "Marchés et clauses"]
    content = bilan_pdf(snapshot)
    assert problems_of(content) == []
    assert "Heures réalisées, par année" in pages_of(content)[1]


# --- A projet transmis ----------------------------------------------------------------------------------------


def test_a_projet_is_marked_on_each_page_behind_the_text_and_silent_for_who_listens(snapshot):
    snapshot = shortened(snapshot)
    content = bilan_pdf(snapshot, draft=True)
    assert problems_of(content) == []
    pages = pages_of(content)
    assert len(pages) > 4 and all("PROJET" in page for page in pages)
    assert int(artefacts_of(content, 3)) >= 1
    assert "Projet, chiffres du 22/11/2026" in pages[0] and "Version" not in pages[0]
    reader = PdfReader(io.BytesIO(content))
    assert reader.metadata is not None
    assert reader.metadata.title == f"Projet : {labels_of(snapshot).document}"
    assert all("PROJET" not in page for page in pages_of(bilan_pdf(snapshot)))


def test_the_text_is_legible_over_the_mark_of_a_projet():
    mark = (Path(__file__).parents[2] / "static/img/projet.svg").read_text(encoding="utf-8")
    [colour] = re.findall(r'fill="(#[0-9a-f]{6})"', mark)
    for sheet in ("paper.css", "bilan.css"):
        for selector, text, _behind in texts_of(sheet):
            assert contrast(text, colour) >= 4.5, (sheet, selector)


# --- Contrast -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sheet", ["paper.css", "bilan.css"])
def test_text_on_paper_is_dark_enough(sheet):
    found = list(texts_of(sheet))
    assert found
    for selector, text, behind in found:
        assert contrast(text, behind) >= 4.5, (sheet, selector, text)


def test_what_a_chart_draws_is_seen_on_white_paper():
    for colour in (charts.ACCENT, charts.SOFT, charts.LINE, charts.EDGE):
        assert contrast(colour, "#ffffff") >= 3, colour
    for colour in (charts.INK, charts.SECOND):
        assert contrast(colour, "#ffffff") >= 4.5, colour
    # Paler parts have the edge.
    svg = charts.stacked_share([(str(number), 10) for number in range(5)], title="Parts")
    assert svg.count(f'stroke="{charts.EDGE}"') >= 5
    svg = charts.columns_by_year([("2024", 10), ("2025", 20)], title="Heures")
    pale = [node for node in re.findall(r"<rect[^>]*>", svg) if charts.PALE in node]
    assert pale and all(charts.EDGE in node for node in pale)


def test_the_parts_of_a_whole_are_told_apart_without_colour():
    shades = [luminance(colour) for colour in charts.SHARES]
    assert shades == sorted(shades) and len(set(shades)) == len(shades)


# --- A rectified version --------------------------------------------------------------------------------------


def test_a_rectified_version_says_what_changes_on_the_page_after_the_cover(snapshot):
    snapshot["version"] = 2
    snapshot["rectification"] = {
        "reason": "Un relevé de l’entreprise Alpha était compté deux fois.",
        "previous_version": 1,
        "previous_published_on": "2026-02-03",
        "changes": [
            {
                "label": "Heures d’insertion réalisées",
                "kind": "hours",
                "before": "26000.00",
                "after": "25882.75",
            },
            {"label": "Personnes", "kind": "number", "before": "74", "after": None},
        ],
        "more": 3,
        "sections": ["Heures et entreprises"],
    }
    content = bilan_pdf(snapshot)
    assert problems_of(content) == []
    page = pages_of(content)[1]
    assert "Ce que change cette version" in page and "Un relevé de l’entreprise Alpha" in page
    assert "26 000 h" in page and "25 882,75 h" in page and "publiée le 03/02/2026" in page
    assert "3 autres chiffres changent" in page
    assert "« Heures et entreprises »" in page
    screen = render_to_string("reporting/bilan/_chapters.html", {"snapshot": snapshot})
    assert screen.index("Ce que change cette version") < screen.index("L’essentiel</h2>")


# --- Bad input ------------------------------------------------------------------------------------------------

LONG_NAME = "Société d’exemple pour l’aménagement et l’équipement " * 6
HOSTILE = {
    "script": "<script>alert(1)</script><img src='https://example.org/x.png'> ![i](https://example.org/y.png) **gras**",
    "fifty_pages": "Un paragraphe de la maison, qui raconte l’année et ses marchés, avec des mots ordinaires. "
    * 2200,
    "one_word": "m" * 5000,
    "right_to_left": "שלום עולם — مرحبا بالعالم — a\u0301\u0308\u0323e\u0301" + "\u0301" * 40,
    "table": "| a | b |\n|---|---|\n| 1 | 2 |\n\n> citation\n\n1. un\n2. deux",
    "headings": "# Un\n\n## Deux\n\n### Trois\n\n#### Quatre",
}


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.slow] * (kind == "fifty_pages")) for kind in HOSTILE]
)
def test_any_narrative_is_printed_without_overflow_and_without_calling_anyone(snapshot, kind):
    text, snapshot = HOSTILE[kind], shortened(snapshot)
    snapshot["narrative"] = {"heures": text}
    chapter_of(snapshot, "hours")["narrative"] = [
        {"key": "heures", "title": "Heures et entreprises", "text": text}
    ]
    content = bilan_pdf(snapshot)
    assert problems_of(content) == []
    assert_no_overflow(snapshot)
    found = " ".join(pages_of(content))
    assert "alert(1)" not in found and "example.org" not in found
    page = render_to_string("reporting/bilan/_chapters.html", {"snapshot": snapshot})
    assert "<script" not in page and "<img" not in page
    assert annex_xlsx(snapshot)


@pytest.mark.parametrize(
    "name",
    [
        LONG_NAME[:300],
        "m" * 300,
        "עיריית ירושלים المدينة " * 8,
        "e\u0301\u0323" * 60,
        "<b>Ville</b> & « Cie »",
    ],
    ids=["long", "one_word", "right_to_left", "combining", "markup"],
)
def test_any_name_is_printed_without_overflow(snapshot, name):
    changed = shortened(copy.deepcopy(snapshot))
    changed["buyer"]["name"] = changed["house"]["name"] = name
    for chapter in changed["chapters"]:
        for block in chapter["blocks"]:
            for row in block.get("rows", ()):
                if block["type"] == "table":
                    row["cells"][block["columns"][0]["key"]] = name
                elif block["type"] == "chart":
                    row["label"] = name
    content = bilan_pdf(changed)
    assert problems_of(content) == []
    assert_no_overflow(changed)
    assert annex_xlsx(changed)


@pytest.mark.parametrize("digits", ["812345.75", "25124684.25", "99999999.99"])
def test_the_largest_figures_fit_their_columns(snapshot, digits):
    """Those of the largest house, those of the whole country."""
    for chapter in snapshot["chapters"]:
        for block in chapter["blocks"]:
            for row in [*block.get("rows", ()), block] if block["type"] == "table" else ():
                cells = row["cells"] if "cells" in row else row["totals"] or {}
                for column in block["columns"]:
                    if column["kind"] in ("hours", "amount") and cells.get(column["key"]):
                        cells[column["key"]] = digits
    assert_no_overflow(snapshot)


def test_a_table_of_many_columns_is_set_smaller_and_keeps_room_for_names():
    columns = [{"key": "label", "label": "Entreprise", "kind": "text", "previous": False}] + [
        {"key": f"c{number}", "label": "Déclarations en retard", "kind": "hours", "previous": False}
        for number in range(7)
    ]
    cells = {"label": "Alpha"} | {f"c{number}": "812345.75" for number in range(7)}
    block = {
        "type": "table",
        "columns": columns,
        "rows": [{"key": "1", "cells": cells, "masked": []}],
        "totals": None,
    }
    found = with_widths(block)
    assert found["size"] in ("tight", "tighter")
    assert sum(column["width"] for column in found["columns"]) <= 150
    usual = with_widths(block | {"columns": columns[:3]})
    assert usual["size"] == "" and usual["columns"][0]["width"] == 0


def test_portraits_are_told_under_a_letter(snapshot):
    chapter_of(snapshot, "people")["blocks"].append(
        {
            "type": "portraits",
            "key": "portraits",
            "title": "",
            "items": [
                {"label": "Parcours A", "text": "Elle entre en **chantier** en mars.<script>x</script>"}
            ],
        }
    )
    content = bilan_pdf(snapshot)
    assert problems_of(content) == []
    found = " ".join(pages_of(content))
    assert "Portraits de parcours" in found and "Elle entre en chantier en mars." in found


def test_a_list_that_paper_leaves_out_is_in_the_annex(snapshot):
    rows = [{"key": str(number), "cells": {"label": f"Ligne {number}"}, "masked": []} for number in range(3)]
    chapter_of(snapshot, "hours")["blocks"].append(
        {
            "type": "table", "key": "left_out", "title": "Hors du papier", "rows": rows, "totals": None,
            "columns": [{"key": "label", "label": "Ligne", "kind": "text", "previous": False}],
            "base": "", "formula": "", "notes": [], "empty": "", "print_rows": 0,
        }
    )  # fmt: skip
    assert "Hors du papier" not in " ".join(pages_of(bilan_pdf(snapshot)))
    assert "Hors du papier" in CalamineWorkbook.from_filelike(io.BytesIO(annex_xlsx(snapshot))).sheet_names
    assert dt.date.fromisoformat(snapshot["period"]["first_day"]).year == 2025


def test_a_year_before_of_which_nothing_is_known_has_no_column_on_paper(snapshot):
    tables = [
        block for chapter in snapshot["chapters"] for block in chapter["blocks"] if block["type"] == "table"
    ]
    with_n_1 = next(block for block in tables if any(column["previous"] for column in block["columns"]))
    keys = [column["key"] for column in with_n_1["columns"] if column["previous"]]

    def shown() -> list[str]:
        blocks = [block for chapter in for_paper(snapshot)["chapters"] for block in chapter["blocks"]]
        table = next(block for block in blocks if block["key"] == with_n_1["key"])
        return [column["key"] for column in table["columns"] if column["previous"]]

    assert shown() == keys
    for line in [*(row["cells"] for row in with_n_1["rows"]), with_n_1["totals"] or {}]:
        line.update(dict.fromkeys(keys))
    for row in with_n_1["rows"]:
        row["masked"] = [key for key in row["masked"] if key not in keys]
    assert shown() == []
    # What is masked is known, and said.
    with_n_1["rows"][0]["masked"] = [keys[0]]
    assert shown() == [keys[0]]
