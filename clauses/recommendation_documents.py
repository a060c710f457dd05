"""The recommendation on paper: a PDF to read and sign, a DOCX to take the wording from. Same content, same figures."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from clauses.models import Recommendation
from clauses.recommendation_paper import Paper, ScenarioView, paper_of
from core import formats
from core.files import store_file
from core.models import StoredFile
from core.pdf import render_pdf
from core.text import slug
from markets.paper import sheets

if TYPE_CHECKING:
    from accounts.models import User

FILE_KIND = "recommendation"
ACCENT = RGBColor(0x0B, 0x5F, 0x6B)
INK_2 = RGBColor(0x54, 0x5C, 0x6B)


def may_open(user: Any, stored: StoredFile) -> bool:
    """The files of a recommendation are for who may see it."""
    rows = Recommendation.objects.visible_to(user)
    return rows.filter(pdf=stored).exists() or rows.filter(docx=stored).exists()


def make_documents(*, recommendation: Recommendation, user: User | None) -> tuple[StoredFile, StoredFile]:
    """The PDF and the DOCX of a recommendation about to be sent, kept in the private storage.

    Raises DomainError where the PDF cannot be made.
    """
    paper = paper_of(recommendation)
    return (
        store_file(
            kind=FILE_KIND,
            name=file_name(paper, "pdf"),
            content=pdf_of(paper),
            user=user,
            allowed_types=["pdf"],
        ),
        store_file(
            kind=FILE_KIND,
            name=file_name(paper, "docx"),
            content=docx_of(paper),
            user=user,
            allowed_types=["docx"],
        ),
    )


def file_name(paper: Paper, extension: str) -> str:
    """« preconisation-ville-d-exemple-2026-12-v1.pdf »."""
    return f"preconisation-{slug(f'{paper.buyer} {paper.reference}')}-v{paper.row.number}.{extension}"


def pdf_of(paper: Paper) -> bytes:
    """The recommendation as a tagged PDF (PDF/UA-1)."""
    return render_pdf(
        "clauses/recommendation_document.html",
        {"paper": paper, "facts": facts_of(paper)},
        stylesheets=sheets("recommendation"),
        made_on=paper.on,
    )


def facts_of(paper: Paper) -> list[tuple[str, str]]:
    """The lines under the title."""
    day = formats.day(paper.on)
    return [
        ("Donneur d’ordre", paper.buyer),
        ("Objet", paper.object + (f" ({paper.reference})" if paper.reference else "")),
        ("Établie par", f"{paper.house.name}{f', {paper.author}' if paper.author else ''}"),
        (
            "Version",
            f"{paper.row.number}, " + (f"projet du {day}" if paper.is_draft else f"envoyée le {day}"),
        ),
    ]


# --- DOCX -----------------------------------------------------------------------------------------------------


def docx_of(paper: Paper) -> bytes:
    """The recommendation as a Word file; its wording pastes into the market's documents."""
    document = Document()
    _prepare(document, paper)
    document.add_heading("Préconisation d’insertion", level=0)
    document.add_paragraph(paper.row.title, style="Subtitle")
    _facts(document, facts_of(paper))
    if paper.row.context:
        document.add_heading("Analyse", level=1)
        for part in paper.row.context.replace("\r\n", "\n").split("\n"):
            if part.strip():
                document.add_paragraph(part.strip())
    document.add_heading("Chiffrage", level=1)
    for sentence in paper.formulas:
        document.add_paragraph(formats.typeset(sentence), style="Note")
    if len(paper.scenarios) > 1:
        _comparison(document, paper)
    for scenario in paper.scenarios:
        _scenario(document, scenario)
    for text in paper.texts:
        document.add_heading(f"Texte proposé : {text.title}".replace(" :", f"{formats.THIN}:"), level=1)
        for block in text.blocks:
            if block.kind == "title":
                document.add_heading(block.text, level=2)
            elif block.kind == "list":
                for line in block.lines:
                    document.add_paragraph(line, style="List Bullet")
            else:
                document.add_paragraph(block.text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _prepare(document: Any, paper: Paper) -> None:
    """A4, French, one family of type, the house's colour; dates that do not change from one making to the next."""
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.3)
    section.top_margin = section.bottom_margin = Cm(2.2)
    styles = document.styles
    for name, size, color in (
        ("Normal", 10.5, None),
        ("Title", 24, ACCENT),
        ("Subtitle", 14, None),
        ("Heading 1", 15, ACCENT),
        ("Heading 2", 11.5, None),
        ("List Bullet", 10.5, None),
    ):
        style = styles[name]
        style.font.name = "Arial"
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:cs"), "Arial")
        style.font.size = Pt(size)
        style.font.italic = False
        style.font.color.rgb = color if color is not None else RGBColor(0x1B, 0x1F, 0x2A)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "fr-FR")
    styles["Normal"].element.get_or_add_rPr().append(language)
    note = styles.add_style("Note", 1)
    note.base_style = styles["Normal"]
    note.font.size = Pt(9)
    note.font.color.rgb = INK_2
    note.paragraph_format.space_after = Pt(3)
    core = document.core_properties
    core.title = f"Préconisation d’insertion : {paper.row.title}".replace(" :", f"{formats.THIN}:")
    core.author = core.last_modified_by = paper.house.name
    core.language = "fr-FR"
    core.comments = ""
    moment = dt.datetime.combine(paper.on or dt.date(2000, 1, 1), dt.time())
    core.created = core.modified = moment
    footer = section.footer.paragraphs[0]
    footer.text = f"{paper.house.name} · {formats.short(paper.row.title, 80)} · version {paper.row.number}"
    footer.style = note


def _facts(document: Any, facts: Sequence[tuple[str, str]]) -> None:
    table = document.add_table(rows=0, cols=2)
    table.autofit = False
    for label, value in facts:
        cells = table.add_row().cells
        for cell, width in zip(cells, (Cm(3.6), Cm(12.8)), strict=True):
            cell.width = width
        _cell(cells[0], label, bold=True)
        _cell(cells[1], value)


def _comparison(document: Any, paper: Paper) -> None:
    document.add_heading("Scénarios côte à côte", level=2)
    names = [
        scenario.row.name + (" (préconisé)" if scenario.row.is_advised else "")
        for scenario in paper.scenarios
    ]
    rows: list[list[str]] = [
        [name, *(formats.number(cell) if cell is not None else formats.ABSENT for cell in cells)]
        for name, cells in paper.comparison.rows
    ]
    rows += [
        ["Total (h)", *(formats.number(scenario.total.hours) for scenario in paper.scenarios)],
        ["ETP", *(formats.number(scenario.total.fte, keep_zeros=True) for scenario in paper.scenarios)],
        ["Personnes, environ", *(formats.number(scenario.total.people) for scenario in paper.scenarios)],
    ]
    _table(document, ["Heures par lot", *names], rows, last_bold=3)


def _scenario(document: Any, scenario: ScenarioView) -> None:
    words = " (préconisé)" if scenario.row.is_advised else ""
    document.add_heading(f"{scenario.row.name}{words}", level=2)
    if scenario.row.note:
        document.add_paragraph(scenario.row.note)
    rows = []
    for lot in scenario.lots:
        why = [lot.reasoning, lot.warning, f"Heures proposées : {lot.reason}" if lot.is_adjusted else ""]
        rows.append(
            [
                lot.name,
                lot.clause if lot.hours else "sans clause",
                formats.typeset("\n".join(part for part in why if part)),
                formats.number(lot.hours),
            ]
        )
    rows.append(["Total", "", "", formats.number(scenario.total.hours)])
    _table(
        document,
        ["Lot", "Clause", "Raisonnement", "Heures"],
        rows,
        last_bold=1,
        widths=(Cm(4.2), Cm(3.2), Cm(7.0), Cm(2.0)),
        figures=(3,),
    )
    document.add_paragraph(
        f"{formats.hours(scenario.total.hours)}, soit {formats.number(scenario.total.fte, keep_zeros=True)} ETP et "
        f"environ {formats.noun(scenario.total.people, 'personne')}."
    )


def _table(
    document: Any,
    headers: list[str],
    rows: list[list[str]],
    *,
    last_bold: int = 0,
    widths: Sequence[Any] = (),
    figures: Sequence[int] | None = None,
) -> None:
    table = document.add_table(rows=1, cols=len(headers))
    table.style = "Table Grid"
    right = range(1, len(headers)) if figures is None else figures
    for index, header in enumerate(headers):
        _cell(table.rows[0].cells[index], header, bold=True, right=index in right)
    # The header comes back on each page, and is one for screen readers.
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(mark)
    for number, row in enumerate(rows):
        cells = table.add_row().cells
        for index, text in enumerate(row):
            _cell(cells[index], text, bold=number >= len(rows) - last_bold, right=index in right)
    if widths:
        table.autofit = False
        for table_row in table.rows:
            for cell, width in zip(table_row.cells, widths, strict=True):
                cell.width = width
    document.add_paragraph().paragraph_format.space_after = Pt(0)


def _cell(cell: Any, text: str, *, bold: bool = False, right: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(2)
    run = paragraph.add_run(text)
    run.bold = bold
    run.font.size = Pt(9.5)
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
