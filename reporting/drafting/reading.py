"""A snapshot read by who writes sentences from it: only what it shows, never what it withholds. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from core import formats

# The line that gathers what the bilan N-1 had and this one has not.
GONE = "gone"


class Figure(NamedTuple):
    """What a sentence rests on: its words, its kind and value as the snapshot keeps them, the block where it stands."""

    label: str
    kind: str
    value: str
    where: str


@dataclass(frozen=True)
class Line:
    """A row of a table, or its totals: figures that are readable, by column."""

    block: str
    key: str
    label: str
    cells: Mapping[str, str]
    # Columns that the table does not show of this line.
    withheld: frozenset[str] = frozenset()

    def value(self, column: str) -> Decimal | None:
        """The figure of a column; None where it is withheld, unknown or no figure."""
        held = self.cells.get(column)
        return None if held is None else number(held)

    def before(self, column: str) -> Decimal | None:
        return self.value(f"{column}_previous")


@dataclass(frozen=True)
class Table:
    """A table of the snapshot, its withheld cells left out."""

    key: str
    lines: tuple[Line, ...]
    totals: Line | None
    columns: Mapping[str, tuple[str, str]]

    def line(self, key: str) -> Line | None:
        return next((line for line in self.lines if line.key == key), None)

    def __iter__(self) -> Iterator[Line]:
        """The lines of this year."""
        return (line for line in self.lines if line.key != GONE)

    def figure(self, line: Line, column: str, value: str | None = None) -> Figure:
        """What a sentence quotes of a line: « Alpha, Heures 2025 »."""
        header, kind = self.columns[column]
        if column.endswith("_previous"):
            named = self.columns[column.removesuffix("_previous")][0].removesuffix(
                f" {int(header) + 1}" if header.isdigit() else ""
            )
            header = f"{named} {header}"
        return Figure(f"{line.label}, {header}", kind, value or line.cells[column], self.key)


def number(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except ArithmeticError:
        return None
    return found if found.is_finite() else None


class Reading:
    """The snapshot of a bilan of any kind and any version of its schema: what is not there is simply not found."""

    def __init__(self, snapshot: Mapping[str, Any]) -> None:
        self.snapshot = snapshot
        self.year: int | None = snapshot.get("year")

    @property
    def is_over(self) -> bool:
        """Whether the period had ended when the figures were computed: part of a year is beside no other."""
        last = dt.date.fromisoformat(self.snapshot["period"]["last_day"])
        return last < dt.datetime.fromisoformat(self.snapshot["computed_at"]).date()

    @property
    def last_year(self) -> int | None:
        """N-1, where a bilan of it is published and the year is over."""
        previous = self.snapshot.get("previous")
        return previous["year"] if previous and self.year and self.is_over else None

    @property
    def when(self) -> str:
        """« en 2025 », « sur toute la durée du marché »."""
        if self.year:
            return f"en {self.year}"
        of = {"market": "du marché", "operation": "de l’opération"}
        kind = (self.snapshot.get("subject") or {}).get("kind", "")
        return f"sur toute la durée {of.get(kind, 'de la période')}"

    @property
    def at_end(self) -> str:
        """« au 31/12/2025 »; the day of the figures where the period goes on."""
        last = dt.date.fromisoformat(self.snapshot["period"]["last_day"])
        return f"au {formats.day(min(last, dt.datetime.fromisoformat(self.snapshot['computed_at']).date()))}"

    @cached_property
    def blocks(self) -> dict[str, tuple[str, Mapping[str, Any]]]:
        """Every block by its key, with its chapter."""
        return {
            block["key"]: (chapter["key"], block)
            for chapter in self.snapshot.get("chapters", ())
            for block in chapter["blocks"]
        }

    def item(self, block: str, key: str) -> Line | None:
        """A key figure as a line of two cells: `value`, and `value_previous` where N-1 is beside."""
        held = self.blocks.get(block, ("", {"items": ()}))[1]
        for row in held.get("items", ()):
            if row.get("key") == key and row.get("value") is not None:
                cells = {"value": row["value"]}
                if row.get("previous") is not None and self.last_year:
                    cells["value_previous"] = row["previous"]
                return Line(block, key, row["label"], cells)
        return None

    def table(self, key: str) -> Table | None:
        """A table, without its withheld cells and, where there is no N-1 to stand beside, without those of N-1."""
        found = self.blocks.get(key)
        if found is None or found[1]["type"] != "table":
            return None
        block = found[1]
        columns = {column["key"]: (column["label"], column["kind"]) for column in block["columns"]}
        beside = {column["key"] for column in block["columns"] if column["previous"] and not self.last_year}
        first = block["columns"][0]["key"]

        def line(row_key: str, cells: Mapping[str, Any], masked: Any) -> Line:
            kept = {
                name: value
                for name, value in cells.items()
                if value is not None and name not in masked and name not in beside
            }
            return Line(key, row_key, str(kept.get(first, "")), kept, frozenset(masked))

        lines = tuple(line(row["key"], row["cells"], row["masked"]) for row in block["rows"])
        totals = line("total", block["totals"], ()) if block.get("totals") else None
        return Table(key, lines, totals, columns)
