"""What the chapters are written from: the facts, last year's bilan, and the blocks that they make."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from core import formats
from reporting.indicators import Facts
from reporting.scope import Months, Span, bounds
from reporting.snapshot.beside import Other
from reporting.snapshot.words import typeset

Block = dict[str, Any]
# A bilan on paper has 500 table rows at most: the long lists are whole on the screen and in the annex.
PRINTED_ROWS = 40


def written(value: Any) -> str | None:
    """A value as the snapshot keeps it: a plain decimal number, an ISO date or a text; None stays None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


@dataclass(frozen=True)
class Column:
    """A column of a table. `with_previous` puts the same figure of the published bilan N-1 beside it."""

    key: str
    label: str
    kind: str = "text"
    with_previous: bool = False


@dataclass
class Material:
    """Everything a chapter needs, and what next year's bilan will read as its N-1.

    The same chapters serve a calendar year, the whole life of a market or an operation, and the months of a point
    d’étape: `when`, `column` and `month_of_end` say the period in words.
    """

    facts: Facts
    span: Span
    is_closed: bool
    previous: Mapping[str, Any] | None
    series: list[dict[str, Any]]
    names: dict[int, str]
    # « en 2025 », « sur toute la durée du marché », « de mars à juin 2025 ».
    when: str = ""
    # Why the typology is not there, where the year is closed or the market over and it still may not be.
    no_typology: str = ""
    # The situations are told all the same: those of a reserved market’s year, that the convention asks for.
    with_situations: bool = False
    # « du marché » or « de l’opération », of a document over its whole life.
    life_of: str = ""
    today: dt.date | None = None
    # A year in progress is beside no other: part of a year against a whole one says nothing.
    is_over: bool = True
    # The tables of people that earlier versions of this bilan, and its projets transmis, hold: by name, then by key.
    earlier: Mapping[str, Mapping[str, Block]] = field(default_factory=dict)
    # Other bilans, published or sent, that have people of these.
    beside: Sequence[Other] = ()
    # What nobody recorded, as the chapters find it: said, never shown as zero.
    not_recorded: list[dict[str, str]] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)
    cells: dict[str, str] = field(default_factory=dict)

    @property
    def is_annual(self) -> bool:
        return isinstance(self.span, int)

    @property
    def is_whole_life(self) -> bool:
        return bool(self.life_of)

    @property
    def the_period(self) -> str:
        return "l’année" if self.is_annual else "la période"

    @property
    def of_period(self) -> str:
        """« de 2025 », « de la période », « du marché »."""
        return f"de {self.year}" if self.is_annual else self.life_of or "de la période"

    @property
    def year(self) -> int:
        """The calendar year of an annual bilan, the last one of other months."""
        return self.span.last.year if isinstance(self.span, Months) else self.span

    @property
    def last_day(self) -> dt.date:
        return bounds(self.span)[1]

    @property
    def at_end(self) -> str:
        """« au 31/12/2025 »."""
        last = min(self.last_day, self.today) if self.today else self.last_day
        return f"au {formats.day(last)}"

    def column(self, label: str) -> str:
        """The header of a column of figures: « Heures 2025 », « Heures » where there is no other period beside."""
        return f"{label} {self.year}" if self.is_annual else label

    def before(self, key: str) -> Decimal | None:
        """A figure of the published bilan N-1."""
        value = (self.previous or {}).get("figures", {}).get(key)
        return None if value is None else Decimal(value)

    def figure(
        self, key: str, label: str, kind: str, value: Decimal | int | None, note: str = ""
    ) -> dict[str, Any]:
        """One key figure, beside that of the published bilan N-1; it becomes the N-1 of next year."""
        kept = written(value)
        if kept is not None:
            self.figures[key] = kept
        beside = (self.previous or {}) if self.is_over else {}
        return {
            "key": key,
            "label": typeset(label),
            "kind": kind,
            "value": kept,
            "previous": beside.get("figures", {}).get(key),
            "previous_year": self.year - 1 if beside and self.is_annual else None,
            "note": typeset(note),
        }

    def key_figures(self, key: str, items: Sequence[dict[str, Any]]) -> Block:
        return {"type": "key_figures", "key": key, "title": "", "items": list(items)}

    def table(
        self,
        key: str,
        title: str,
        columns: Sequence[Column],
        rows: Iterable[tuple[str, Mapping[str, Any], Iterable[str]]],
        *,
        totals: Mapping[str, Any] | None = None,
        base: str = "",
        formula: str = "",
        notes: Sequence[str] = (),
        empty: str = "Aucune donnée.",
        print_rows: int | None = None,
        gone: str = "",
    ) -> Block:
        """A table. rows: (key, cells, withheld columns); a withheld cell is nowhere in the snapshot.

        `gone` names one more line: what the bilan N-1 had in rows that this year has not, so that N-1 adds up.
        """
        columns = columns if self.is_annual else [replace(column, with_previous=False) for column in columns]
        known = (self.previous or {}).get("cells", {})
        withheld_before = (self.previous or {}).get("masked", ())
        shown: list[dict[str, Any]] = []
        for column in columns:
            shown.append({"key": column.key, "label": column.label, "kind": column.kind, "previous": False})
            if column.with_previous:
                shown.append(
                    {
                        "key": f"{column.key}_previous",
                        "label": str(self.year - 1),
                        "kind": column.kind,
                        "previous": True,
                    }
                )
        lines: list[dict[str, Any]] = []
        for row_key, values, withheld in rows:
            masked = set(withheld)
            cells: dict[str, str | None] = {}
            for column in columns:
                value = None if column.key in masked else written(values.get(column.key))
                cells[column.key] = value
                if column.kind != "text" and value is not None:
                    self.cells[f"{key}.{row_key}.{column.key}"] = value
                if column.with_previous:
                    cells[f"{column.key}_previous"] = known.get(f"{key}.{row_key}.{column.key}")
                    if f"{key}.{row_key}.{column.key}" in withheld_before:
                        masked.add(f"{column.key}_previous")
            lines.append({"key": row_key, "cells": cells, "masked": sorted(masked)})
        if gone and (line := self._gone(key, gone, columns, {line["key"] for line in lines})):
            lines.append(line)
        return {
            "type": "table",
            "key": key,
            "title": typeset(title),
            "columns": shown,
            "rows": lines,
            "totals": self._totals(key, columns, totals),
            "base": typeset(base),
            "formula": typeset(formula),
            "notes": [typeset(note) for note in notes],
            "empty": typeset(empty),
            "print_rows": print_rows if print_rows and len(lines) > print_rows else None,
        }

    def had(self, table: str, row: str) -> bool:
        """Whether a table of the published bilan N-1 had this row."""
        return any(name.startswith(f"{table}.{row}.") for name in (self.previous or {}).get("cells", {}))

    def _gone(
        self, key: str, label: str, columns: Sequence[Column], shown: set[str]
    ) -> dict[str, Any] | None:
        """One line for the rows of the bilan N-1 that are not there any more; it is nobody's N-1 in its turn."""
        sums: dict[str, Decimal] = {}
        compared = {column.key for column in columns if column.with_previous}
        for name, value in (self.previous or {}).get("cells", {}).items():
            table, row, column = name.split(".") if name.count(".") == 2 else ("", "", "")
            if table == key and row not in shown | {"total"} and column in compared:
                sums[column] = sums.get(column, Decimal(0)) + Decimal(value)
        if not any(sums.values()):
            return None
        cells: dict[str, str | None] = {}
        for column in columns:
            cells[column.key] = "0" if column.key in compared else None
            if column.key in compared:
                cells[f"{column.key}_previous"] = written(sums.get(column.key))
        cells[columns[0].key] = typeset(f"{label} de {self.year - 1}, sans heure en {self.year}")
        return {"key": "gone", "cells": cells, "masked": []}

    def _totals(
        self, key: str, columns: Sequence[Column], totals: Mapping[str, Any] | None
    ) -> dict[str, str | None] | None:
        if totals is None:
            return None
        known = (self.previous or {}).get("cells", {})
        found: dict[str, str | None] = {}
        for column in columns:
            value = written(totals.get(column.key))
            found[column.key] = value
            if column.kind != "text" and value is not None:
                self.cells[f"{key}.total.{column.key}"] = value
            if column.with_previous:
                found[f"{column.key}_previous"] = known.get(f"{key}.total.{column.key}")
        return found


def chart(
    key: str, title: str, kind: str, rows: Iterable[tuple[str, Any, bool]], description: str, unit: str = "h"
) -> Block:
    """A chart of (label, value, stands out)."""
    return {
        "type": "chart",
        "key": key,
        "title": typeset(title),
        "chart": kind,
        "unit": unit,
        "rows": [
            {"label": label, "value": written(value), "note": "", "main": main} for label, value, main in rows
        ],
        "description": typeset(description),
    }


def text(key: str, title: str, paragraphs: Iterable[str]) -> Block:
    return {
        "type": "text",
        "key": key,
        "title": typeset(title),
        "paragraphs": [typeset(paragraph) for paragraph in paragraphs],
    }


def definitions(key: str, title: str, items: Iterable[tuple[str, str]]) -> Block:
    return {
        "type": "definitions",
        "key": key,
        "title": typeset(title),
        "items": [{"term": typeset(term), "text": typeset(words)} for term, words in items],
    }


def chapter(key: str, title: str, answer: str, blocks: Sequence[Block]) -> dict[str, Any]:
    return {"key": key, "title": title, "answer": typeset(answer), "narrative": [], "blocks": list(blocks)}
