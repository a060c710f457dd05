"""Reads the flat export of a former tool: on each line a market, a contract, a person and their hours. Asks no database."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from beneficiaries.hours_import import digits_of, read_pieces
from beneficiaries.import_cells import hours_of
from beneficiaries.import_reading import Layout, Line, body_of, cell_at, read_identity
from beneficiaries.import_words import CONTRACT_WORDS, FAMILY_WORDS, MODALITY_WORDS
from beneficiaries.people_import import read_person
from core import formats
from core.dates import add_months
from core.spreadsheets import Cell, Sheet, day_of, text_of
from core.text import normalise

# How fine the hours of the former tool are; it is kept, never refined.
GRANULARITIES = {"month": "mois", "contract": "contrat", "year": "année"}
MONTH_MAX = Decimal(744)
# Twelve months of 744 hours: more is a slip.
LINE_MAX = Decimal(8_928)
TEXTS = (
    ("buyer", 300),
    ("department", 200),
    ("market", 60),
    ("market_object", 1_000),
    ("lot", 20),
    ("holder", 300),
    ("employer", 300),
    ("contract", 80),
)
DAYS = ("notified_on", "starts_on", "ends_on", "validated_on")


@dataclass(slots=True)
class HistoryReading:
    """The lines of a former tool."""

    lines: list[Line] = field(default_factory=list)
    empty: int = 0


def read_history(
    sheets: Sequence[tuple[Sheet, Layout]],
    *,
    modalities: Mapping[str, str] | None = None,
    contract_types: Mapping[str, str] | None = None,
    granularity: str = "",
) -> HistoryReading:
    """Every line of every sheet. granularity: what was decided of it, else what the columns say. modalities, contract_types: normalised words of the former tool → codes of this one."""
    reading = HistoryReading()
    for sheet, layout in sheets:
        for number, row in body_of(sheet, layout):
            line = Line(sheet.name, number, row)
            _read_days(line, row, layout)
            line.values["pieces"] = pieces = read_pieces(
                line, row, layout, month_max=LINE_MAX, otherwise=_fallback(line)
            )
            read_identity(line, row, layout)
            if not pieces and not line.errors:
                reading.empty += 1
                continue
            _read_texts(line, row, layout)
            read_person(line, row, layout)
            _read_words(line, row, layout, modalities or {}, contract_types or {})
            line.values["granularity"] = granularity or granularity_of(layout)
            reading.lines.append(line)
    return reading


def granularity_of(layout: Layout) -> str:
    """What the columns say of it: hours by month, by contract or by year."""
    if (
        layout.of("month")
        or layout.month
        or any(column.month or column.month_number for column in layout.hours)
    ):
        return "month"
    return "contract" if layout.of("starts_on") else "year"


def _fallback(line: Line) -> Callable[[int | None], dt.date | None]:
    """Hours without a month: that of the contract's beginning, or January when it began in an earlier year."""

    def month(year: int | None) -> dt.date | None:
        starts_on = line.values.get("starts_on")
        if starts_on and (year is None or starts_on.year == year):
            return starts_on.replace(day=1)
        return dt.date(year, 1, 1) if year else None

    return month


def _read_days(line: Line, row: Sequence[Cell], layout: Layout) -> None:
    for name in DAYS:
        column = layout.of(name)
        try:
            day = day_of(cell_at(row, column))
        except ValueError as error:
            line.errors.append(f"{column.where if column else name} : {error}")
            continue
        if day is not None:
            line.values[name] = day
    starts_on, ends_on = line.values.get("starts_on"), line.values.get("ends_on")
    if starts_on and ends_on and ends_on < starts_on:
        line.errors.append(
            f"La fin du contrat ({formats.day(ends_on)}) précède son début ({formats.day(starts_on)})."
        )


def _read_texts(line: Line, row: Sequence[Cell], layout: Layout) -> None:
    for name, longest in TEXTS:
        text = " ".join(text_of(cell_at(row, layout.of(name))).split())
        column = layout.of(name)
        if len(text) > longest and column:
            line.errors.append(f"{column.where} : plus de {longest} signes.")
        line.values[name] = text[:longest]
    for name in ("buyer_siret", "holder_siret", "employer_siret"):
        line.values[name] = digits_of(cell_at(row, layout.of(name)))
    column = layout.of("market")
    if not line.values["market"]:
        line.errors.append(f"{column.where if column else 'Marché'} : la référence du marché manque.")
    try:
        engaged = hours_of(cell_at(row, layout.of("engaged")))
        line.values["engaged"] = engaged if engaged and engaged <= Decimal("9999999.99") else None
    except ValueError as error:
        column = layout.of("engaged")
        line.errors.append(f"{column.where if column else 'Engagement'} : {error}")
    said = normalise(text_of(cell_at(row, layout.of("family"))))
    line.values["family"] = next(
        (code for code, pattern in FAMILY_WORDS if said and re.search(pattern, said)), ""
    )


def _read_words(
    line: Line,
    row: Sequence[Cell],
    layout: Layout,
    modalities: Mapping[str, str],
    contract_types: Mapping[str, str],
) -> None:
    for name, own, words, otherwise in (
        ("modality", modalities, MODALITY_WORDS, "direct"),
        ("contract_type", contract_types, CONTRACT_WORDS, ""),
    ):
        column = layout.of(name)
        text = text_of(cell_at(row, column))
        said = normalise(text)
        found = own.get(said) or next(
            (code for code, pattern in words if said and re.search(pattern, said)), ""
        )
        if said and not found and column:
            line.notes.append(
                f"{column.where} : « {formats.short(text, 40)} » n’est pas connu, c’est laissé de côté."
            )
        line.values[name] = found or otherwise


def spread(
    month: dt.date, hours: Decimal, held: Mapping[dt.date, Decimal] | None = None
) -> list[tuple[dt.date, Decimal]]:
    """Hours of a contract or a year at its month; what is over what a month holds goes to the others of that year.

    held: what other lines of the same contract put there already. The sum is less than `hours` where the year is full.
    """
    pieces = []
    held = held or {}
    following = [add_months(month, rank) for rank in range(13 - month.month)]
    for at in [*following, *(dt.date(month.year, number, 1) for number in range(month.month - 1, 0, -1))]:
        if hours <= 0:
            break
        room = MONTH_MAX - held.get(at, Decimal(0))
        if room > 0:
            pieces.append((at, min(hours, room)))
            hours -= pieces[-1][1]
    return pieces
