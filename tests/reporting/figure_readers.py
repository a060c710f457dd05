"""What one place shows of a year, read back to numbers: snapshot, page, dashboard, workbook, interface of programs, PDF."""

from __future__ import annotations

import io
import re
import subprocess
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from lxml import html
from python_calamine import CalamineWorkbook

from reporting.enums import BilanFormat

YEAR = 2024
MASKED = "masqué"
# Table → the columns that are compared.
TABLES = {
    "hours_by_holder": ("hours", "contracts", "people"),
    "modalities": ("hours", "contracts", "people"),
    "contract_types": ("hours", "contracts"),
    "families": ("hours",),
}
Rows = dict[str, dict[str, Any]]


def number(text: Any) -> Any:
    """« 1 204,5 h », « 87 % » or a cell of a workbook, back to a number; « masqué » and « – » as they are."""
    if isinstance(text, float | int):
        return Decimal(str(text))
    words = plain(str(text))
    if words == MASKED:
        return MASKED
    if words in ("–", "", "None"):
        return None
    bare = re.sub(r"(?<=\d) (?=\d)", "", re.sub(r" ?(h|%|€)$", "", words)).replace("−", "-").replace(",", ".")
    value = Decimal(bare)
    return value / 100 if words.endswith("%") else value


def plain(text: str) -> str:
    return " ".join(text.replace("\u202f", " ").replace("\xa0", " ").split())


def bare(label: str) -> str:
    """A label without what a dashboard or a workbook says before it, where a page has its unit."""
    return label.removeprefix("heures ").removeprefix("part ")


def labels_of(snapshot: dict[str, Any]) -> dict[str, str]:
    """Label of a key figure → its key."""
    return {
        bare(plain(item["label"])): item["key"]
        for chapter in snapshot["chapters"]
        for block in chapter["blocks"]
        if block["type"] == "key_figures"
        for item in block["items"]
    }


def blocks_of(snapshot: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        block["key"]: block
        for chapter in snapshot["chapters"]
        for block in chapter["blocks"]
        if block["type"] == "table"
    }


def from_snapshot(snapshot: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Rows]]:
    figures = {key: number(value.replace(".", ",")) for key, value in snapshot["figures"].items()}
    tables: dict[str, Rows] = {}
    for key, block in blocks_of(snapshot).items():
        tables[key] = {
            row["cells"]["label"]: {
                column["key"]: MASKED if column["key"] in row["masked"] else number((row["cells"][column["key"]] or "").replace(".", ","))
                for column in block["columns"]
                if column["kind"] in ("hours", "number")
            }
            for row in block["rows"]
            if row["key"] != "gone" and "label" in row["cells"]
        }  # fmt: skip
    return figures, tables


def from_page(text: str, snapshot: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Rows]]:
    """Key figures by their labels, tables by their titles: of a bilan's page, or of a dashboard."""
    page = html.fromstring(text)
    names = labels_of(snapshot)
    figures = {}
    for item in page.xpath("//div[contains(concat(' ', @class, ' '), ' key-figure ')]"):
        label = bare(plain(item.xpath("string(p[contains(@class, 'key-label')])")))
        if label in names:
            figures[names[label]] = number(item.xpath("string(p[contains(@class, 'key-value')])"))
    tables: dict[str, Rows] = {}
    for title in page.xpath("//h3[starts-with(@id, 't-')]"):
        key, [table] = title.get("id")[2:], title.xpath("../div//table") or [None]
        if table is None or key not in TABLES:
            continue
        heads = [plain(cell.text_content()) for cell in table.xpath("./thead//th")]
        tables[key] = rows_of(
            heads, [[plain(cell.text_content()) for cell in row] for row in table.xpath("./tbody/tr")]
        )
    return figures, tables


def rows_of(heads: list[str], rows: list[list[Any]]) -> Rows:
    """Rows by label, their columns of this year named after their headers."""
    names = {"Heures": "hours", "Contrats": "contracts", "Personnes": "people"}
    columns = {}
    for index, head in enumerate(heads):
        bare = head.replace(" (h)", "").replace(f" {YEAR}", "")
        if bare in names:
            columns.setdefault(names[bare], index)
    return {
        str(row[0]): {name: number(row[index]) for name, index in columns.items()}
        for row in rows
        if not str(row[0]).endswith(f"sans heure en {YEAR}")
    }


def from_workbook(content: bytes, snapshot: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Rows]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    names = labels_of(snapshot)
    figures = {}
    for row in sheets["Chiffres clés"]:
        label = bare(plain(str(row[1]))) if len(row) > 2 else ""
        if label in names:
            figures[names[label]] = number(row[2])
    tables: dict[str, Rows] = {}
    titles = {plain(block["title"]): key for key, block in blocks_of(snapshot).items() if key in TABLES}
    for rows in sheets.values():
        title = next((plain(str(row[0])) for row in rows[:4] if plain(str(row[0])) in titles), None)
        start = next((i for i, row in enumerate(rows) if len(row) > 1 and row[1] != "" and i), None)
        if title is None or start is None:
            continue
        heads = [plain(str(cell)) for cell in rows[start]]
        tables[titles[title]] = rows_of(heads, [row for row in rows[start + 1 :] if row[0] != "Ensemble"])
    return figures, tables


def from_figures(found: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Rows]]:
    """Of the interface of programs and of the shell."""
    figures = {
        row["key"]: None if row["value"] is None else Decimal(row["value"]) for row in found["figures"]
    }
    tables = {
        table["key"]: {
            row["label"]: {
                key: MASKED if key in row["masked"] else Decimal(row[key])
                for key in ("hours", "contracts", "people")
                if key in row
            }
            for row in table["rows"]
        }
        for table in found["tables"]
        if table["key"] in TABLES
    }
    return figures, tables


def pdf_text(content: bytes) -> str:
    found = subprocess.run(["pdftotext", "-raw", "-", "-"], input=content, capture_output=True, check=True)
    return plain(found.stdout.decode())


def text_of(content: bytes, name: str) -> str:
    if name == BilanFormat.XLSX:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        rows = (row for sheet in book.sheet_names for row in book.get_sheet_by_name(sheet).to_python())
        return "\n".join(
            plain(" ".join(f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row))
            for row in rows
        )
    if name == BilanFormat.JSON:
        return plain(content.decode())
    return pdf_text(content)


def written(value: Decimal) -> str:
    """As a French page writes it."""
    whole = value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    text = f"{whole:,.2f}".rstrip("0").rstrip(".")
    return text.replace(",", " ").replace(".", ",")
