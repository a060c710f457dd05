"""Reads a table of hours, whatever its layout, into pieces: whose, of which month, of which kind, how many."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from beneficiaries.import_cells import figure_of, hours_of, month_of_cell, year_of_cell
from beneficiaries.import_reading import Column, Layout, Line, body_of, cell_at, kind_in, read_identity
from beneficiaries.import_words import HOURS_COLUMNS
from core import formats
from core.dates import month_end
from core.spreadsheets import Cell, Sheet, day_of, text_of

# What a month holds: 31 days of 24 hours.
MONTH_MAX = Decimal(744)


@dataclass(slots=True)
class Piece:
    """Hours of one kind in one month, and the column that says them."""

    month: dt.date
    kind: str
    hours: Decimal
    column: Column


@dataclass(slots=True)
class HoursReading:
    """The lines of hours of a file; each line's pieces are in `values["pieces"]`."""

    lines: list[Line] = field(default_factory=list)
    # Lines that hold no hours at all: nothing to write, nothing wrong.
    empty: int = 0


def read_hours(sheets: Sequence[tuple[Sheet, Layout]]) -> HoursReading:
    """Every line of every sheet."""
    reading = HoursReading()
    for sheet, layout in sheets:
        sums: dict[int, Decimal] = {}
        for number, row in body_of(sheet, layout):
            line = Line(sheet.name, number, row)
            pieces = read_pieces(line, row, layout)
            if _is_sum(row, layout, pieces, sums):
                continue
            for piece in pieces:
                sums[piece.column.index] = sums.get(piece.column.index, Decimal(0)) + piece.hours
            read_identity(line, row, layout)
            if not pieces and not line.errors:
                reading.empty += 1
                continue
            line.values["pieces"] = pieces
            line.values["market"] = " ".join(text_of(cell_at(row, layout.of("market"))).split())[:120]
            line.values["employer"] = " ".join(text_of(cell_at(row, layout.of("employer"))).split())[:300]
            line.values["employer_siret"] = digits_of(cell_at(row, layout.of("employer_siret")))
            _read_days(line, row, layout, pieces)
            reading.lines.append(line)
    return reading


def read_pieces(
    line: Line,
    row: Sequence[Cell],
    layout: Layout,
    *,
    month_max: Decimal = MONTH_MAX,
    otherwise: Callable[[int | None], dt.date | None] = lambda year: None,
) -> list[Piece]:
    """The hours of a line, column by column; what cannot be read goes to its errors.

    otherwise: from the year of the line, the month of hours that name none.
    """
    year, month = _time_of_line(line, row, layout)
    month = month or otherwise(year)
    kind_column = layout.of("kind")
    said = text_of(cell_at(row, kind_column))
    kind = kind_in(said)
    if said and not kind and kind_column:
        line.errors.append(
            f"{kind_column.where} : « {formats.short(said, 40)} » n’est pas une nature d’heures "
            "(travail, formation, tutorat, immersion)."
        )
    pieces = []
    for column in layout.hours:
        cell = cell_at(row, column)
        if cell is None:
            continue
        try:
            hours = hours_of(cell)
        except ValueError as error:
            line.errors.append(f"{column.where} : {error}")
            continue
        # A zero of a month's column only fills the table.
        if not hours:
            continue
        of_piece = column.month or month
        if column.month_number and not column.month:
            of_piece = dt.date(year, column.month_number, 1) if year else None
        if of_piece is None:
            line.errors.append(f"{column.where} : rien ne dit de quel mois sont ces heures.")
            continue
        if hours > month_max:
            line.errors.append(
                f"{column.where} : {formats.hours(hours)} en {formats.month(of_piece)}, "
                f"un mois en compte {formats.number(month_max, 0)} au plus."
            )
            continue
        exact = figure_of(cell)
        if exact is not None and abs(exact - hours) > Decimal("0.0001"):
            line.notes.append(f"{column.where} : {text_of(cell)} est arrondi à {formats.hours(hours)}.")
        pieces.append(
            Piece(
                of_piece, HOURS_COLUMNS[column.says] or kind or kind_in(column.title) or "work", hours, column
            )
        )
    return pieces


def _time_of_line(line: Line, row: Sequence[Cell], layout: Layout) -> tuple[int | None, dt.date | None]:
    year, month = layout.year, None
    for name, read in (("year", year_of_cell), ("month", None)):
        column = layout.of(name)
        if column is None:
            continue
        try:
            if read:
                year = read(cell_at(row, column)) or year
            else:
                month = month_of_cell(cell_at(row, column), year)
        except ValueError as error:
            line.errors.append(f"{column.where} : {error}")
    return year, month or layout.month


def _is_sum(row: Sequence[Cell], layout: Layout, pieces: Sequence[Piece], sums: dict[int, Decimal]) -> bool:
    """A line without a name whose hours are the sums of those above: a total that does not say so."""
    if not pieces:
        return False
    named = any(
        cell_at(row, layout.of(name)) is not None
        for name in ("last_name", "first_name", "full_name", "birth_date")
    )
    return not named and all(sums.get(p.column.index) == p.hours for p in pieces)


def _read_days(line: Line, row: Sequence[Cell], layout: Layout, pieces: Sequence[Piece]) -> None:
    """First and last day worked, where the line is of one month and they fall in it."""
    months = {piece.month for piece in pieces}
    if len(months) != 1:
        return
    [month] = months
    for name in ("first_day", "last_day"):
        column = layout.of(name)
        try:
            day = day_of(cell_at(row, column))
        except ValueError as error:
            line.errors.append(f"{column.where if column else name} : {error}")
            continue
        if day and month <= day <= month_end(month):
            line.values[name] = day
    first, last = line.values.get("first_day"), line.values.get("last_day")
    if first and last and first > last:
        line.errors.append(
            f"Le dernier jour ({formats.day(last)}) précède le premier ({formats.day(first)})."
        )


def digits_of(cell: Cell) -> str:
    """A SIRET or SIREN, typed as text or as a number."""
    return "".join(char for char in text_of(cell) if char.isdigit())[:14]
