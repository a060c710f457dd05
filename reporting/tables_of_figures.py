"""Tables of figures as data: one shape (the blocks of a snapshot), shown by one template and exported by one function.

`templates/reporting/bilan/_block.html` shows a block on a page, `export_tables` writes it as CSV or XLSX. A dashboard
adds to a row its address (`url`) and to a table the number of rows shown on the page (`more`); nothing else differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.http import HttpResponseBase

from core.exports import Column as FileColumn
from core.exports import Sheet, export_response, workbook_response
from reporting.annex import sheet_of, unique_name
from reporting.scope import Span
from reporting.snapshot.material import Block, written
from reporting.snapshot.words import typeset


@dataclass(frozen=True)
class Column:
    """A column. `previous` is in lighter ink; `is_state` shows a state as text and shape."""

    key: str
    label: str
    kind: str = "text"
    previous: bool = False
    is_state: bool = False


@dataclass(frozen=True)
class Row:
    """A row. `kind` is that of its cells where rows of one table differ; `url` is where its name leads."""

    key: str
    cells: Mapping[str, Any]
    url: str = ""
    masked: tuple[str, ...] = ()
    kind: str = ""


def table(
    key: str,
    title: str,
    columns: Sequence[Column],
    rows: Iterable[Row],
    *,
    totals: Mapping[str, Any] | None = None,
    base: str = "",
    formula: str = "",
    notes: Sequence[str] = (),
    empty: str = "Aucune donnée.",
) -> Block:
    """A table of the snapshot's shape. A masked cell is nowhere in it."""
    return {
        "type": "table",
        "key": key,
        "title": typeset(title),
        "columns": [
            {
                "key": column.key,
                "label": typeset(column.label),
                "kind": column.kind,
                "previous": column.previous,
                "is_state": column.is_state,
            }
            for column in columns
        ],
        "rows": [
            {
                "key": row.key,
                "cells": {
                    column.key: None if column.key in row.masked else written(row.cells.get(column.key))
                    for column in columns
                },
                "masked": sorted(row.masked),
                "url": row.url,
                "kind": row.kind,
            }
            for row in rows
        ],
        "totals": None
        if totals is None
        else {column.key: written(totals.get(column.key)) for column in columns},
        "base": typeset(base),
        "formula": typeset(formula),
        "notes": [typeset(note) for note in notes],
        "empty": typeset(empty),
        "print_rows": None,
    }


# --- a breakdown: the same rows over one period, or over several years side by side ----------------------------


@dataclass(frozen=True)
class Measure:
    """What is told of each row: « Heures », « Contrats ». `published`: a bilan's snapshot has it under the same key."""

    key: str
    label: str
    kind: str
    published: bool = True


HOURS = Measure("hours", "Heures", "hours")
CONTRACTS = Measure("contracts", "Contrats", "number")
PEOPLE = Measure("people", "Personnes", "number", published=False)


@dataclass(frozen=True)
class Published:
    """The figures of a published bilan that stand beside: its year, and the cells of its snapshot."""

    year: int
    cells: Mapping[str, str]

    def has(self, table_key: str) -> bool:
        return any(name.startswith(f"{table_key}.") for name in self.cells)

    def cell(self, table_key: str, row: str, measure: str) -> Decimal | None:
        value = self.cells.get(f"{table_key}.{row}.{measure}")
        return None if value is None else Decimal(value)

    def gone(self, table_key: str, shown: Iterable[str], measure: str) -> Decimal:
        """What it has in rows that are not shown any more."""
        known = {*shown, "total"}
        found = Decimal(0)
        for name, value in self.cells.items():
            parts = name.split(".")
            if len(parts) == 3 and parts[0] == table_key and parts[2] == measure and parts[1] not in known:
                found += Decimal(value)
        return found


@dataclass(frozen=True)
class Breakdown:
    """Rows by span. `lines[span][row]` has an attribute of each measure's key; `totals[span][measure]` the whole."""

    key: str
    title: str
    first: str
    lines: Mapping[Span, Mapping[Any, Any]]
    totals: Mapping[Span, Mapping[str, Any]]
    name: Callable[[Any], str]
    measures: Sequence[Measure] = (HOURS,)
    url: Callable[[Any], str] = field(default=lambda row: "")
    masked: Callable[[Any], tuple[str, ...]] = field(default=lambda line: ())
    row_key: Callable[[Any], str] = field(default=lambda row: str(row or "unknown"))
    # Where each measure has its table: « {} par entreprise ».
    apart: str = ""
    base: str = ""
    formula: str = ""
    notes: Sequence[str] = ()
    empty: str = "Aucune heure comptée."


def blocks_of(found: Breakdown, spans: Sequence[Span], published: Published | None = None) -> list[Block]:
    """One table where there is one period; a table for each measure where years stand side by side."""
    if published is not None and not published.has(found.key):
        # A table that bilans do not have stands beside nothing.
        published = None
    if len(spans) == 1:
        return [_of_one_span(found, spans[0], published)]
    return [
        _side_by_side(found, measure, spans, published)
        for measure in found.measures
        if measure.key != "people"
    ]


def _value(lines: Mapping[Any, Any], row: Any, measure: Measure) -> Any:
    return getattr(lines[row], measure.key) if row in lines else 0


def _ordered(found: Breakdown, spans: Sequence[Span]) -> list[Any]:
    """Most of the first measure in the last span first, then in the span before, and so on."""
    rows = {row for span in spans for row in found.lines.get(span, {})}
    main = found.measures[0]

    def rank(row: Any) -> tuple[Any, ...]:
        values = [-_value(found.lines.get(span, {}), row, main) for span in reversed(spans)]
        return (*values, found.name(row), str(row))

    return sorted(rows, key=rank)


def _of_one_span(found: Breakdown, span: Span, published: Published | None) -> Block:
    lines = found.lines.get(span, {})
    year = f" {span}" if isinstance(span, int) else ""
    columns = [Column("label", found.first)]
    for measure in found.measures:
        columns.append(Column(measure.key, f"{measure.label}{year}", measure.kind))
        if published is not None and measure.published:
            columns.append(_published_column(measure, published))
    rows = []
    for row in _ordered(found, [span]):
        key = found.row_key(row)
        cells = {"label": found.name(row)} | {m.key: _value(lines, row, m) for m in found.measures}
        rows.append(
            Row(
                key,
                cells | _beside(found, key, published),
                found.url(row),
                found.masked(lines[row]),
            )
        )
    return _finished(found, found.key, found.title, columns, rows, found.totals.get(span, {}), published)


def _side_by_side(
    found: Breakdown, measure: Measure, spans: Sequence[Span], published: Published | None
) -> Block:
    columns = [
        Column("label", found.first),
        *(Column(f"y{span}", str(span), measure.kind, previous=span != spans[-1]) for span in spans),
    ]
    if published is not None and measure.published:
        columns.append(_published_column(measure, published))
    rows = []
    for row in _ordered(found, spans):
        key = found.row_key(row)
        cells = {f"y{span}": _value(found.lines.get(span, {}), row, measure) for span in spans}
        rows.append(
            Row(key, {"label": found.name(row)} | cells | _beside(found, key, published), found.url(row))
        )
    totals = {f"y{span}": found.totals.get(span, {}).get(measure.key) for span in spans}
    title = found.apart.format(measure.label) if found.apart else found.title
    key = found.key if measure is found.measures[0] else f"{found.key}_{measure.key}"
    return _finished(found, key, title, columns, rows, totals, published)


def _published_column(measure: Measure, published: Published) -> Column:
    return Column(f"{measure.key}_previous", f"bilan {published.year}", measure.kind, previous=True)


def _beside(found: Breakdown, key: str, published: Published | None) -> dict[str, Any]:
    if published is None:
        return {}
    return {f"{m.key}_previous": published.cell(found.key, key, m.key) for m in found.measures}


def _finished(
    found: Breakdown,
    key: str,
    title: str,
    columns: list[Column],
    rows: list[Row],
    totals: Mapping[str, Any],
    published: Published | None,
) -> Block:
    whole: dict[str, Any] = {"label": "Ensemble", **totals}
    if published is not None:
        whole |= {f"{m.key}_previous": published.cell(found.key, "total", m.key) for m in found.measures}
        gone = {m.key: published.gone(found.key, [row.key for row in rows], m.key) for m in found.measures}
        if rows and any(gone[m.key] for m in found.measures if m.published):
            cells = {f"{name}_previous": value for name, value in gone.items()}
            words = f"Autres lignes du bilan {published.year}"
            rows = [*rows, Row("gone", {"label": words} | cells)]
    return table(
        key,
        title,
        columns,
        rows,
        totals=whole
        if rows and any(value is not None for name, value in whole.items() if name != "label")
        else None,
        base=found.base,
        formula=found.formula,
        notes=found.notes,
        empty=found.empty,
    )


# --- on a page, and in a file ------------------------------------------------------------------------------------


def for_page(block: Block, *, shown: int | None, more_url: str, exports: Sequence[tuple[str, str]]) -> Block:
    """The table as a page shows it: its first rows, the address of the others and those of its files."""
    if block["type"] != "table":
        return block
    rows = block["rows"]
    hidden = max(len(rows) - shown, 0) if shown is not None else 0
    # A line alone is no more to read than the link to it.
    hidden = 0 if hidden < 3 else hidden
    return {
        **block,
        "rows": rows[: len(rows) - hidden],
        "more": hidden,
        "more_url": more_url,
        "exports": [{"label": label, "url": url} for label, url in exports] if rows else [],
    }


def export_tables(name: str, format: str, blocks: Sequence[Block], head: Sequence[str]) -> HttpResponseBase:
    """One CSV (the first table), or one workbook with a sheet for each table; `head` says scope, period and day."""
    names: set[str] = set()
    sheets = [_sheet(block, head, names) for block in blocks if block["type"] in ("table", "key_figures")]
    if format == "csv":
        return export_response(name, "csv", sheets[0].columns, sheets[0].rows)
    return workbook_response(name, sheets)


def _sheet(block: Block, head: Sequence[str], names: set[str]) -> Sheet:
    name = unique_name(block["title"] or block["key"], names)
    if block["type"] == "table":
        return sheet_of(block, tuple(head), name)
    before = next((item["previous_year"] for item in block["items"] if item["previous_year"]), None)

    def figure(field: str) -> Callable[[dict[str, Any]], Any]:
        return lambda item: None if item[field] is None else Decimal(item[field])

    columns = [
        FileColumn("Chiffre", "text", lambda item: item["label"], 48),
        FileColumn("Valeur", "number", figure("value")),
        *([FileColumn(f"Bilan {before}", "number", figure("previous"))] if before else []),
        FileColumn("Précision", "text", lambda item: item["note"], 60),
    ]
    return Sheet(name, columns, block["items"], tuple(head))
