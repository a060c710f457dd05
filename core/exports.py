"""Exports: a list of columns (header, kind, function) written as CSV or XLSX, row by row."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_TYPE = "text/csv; charset=utf-8"
PARIS = ZoneInfo("Europe/Paris")
# Some spreadsheets read the full-width signs as the others, and none shows what comes before them.
_DANGEROUS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r")
_UNSEEN = " \t\r\n\v\f\u00a0\u202f\u200b\u200e\u2060\ufeff"
_CELL_MAX = 32_767
_NUMBER_FORMATS = {
    "hours": "# ##0.00",
    "amount": "# ##0.00 €",
    "rate": "0.0 %",
    "day": "dd/mm/yyyy",
    "month": "mmm yyyy",
    "moment": "dd/mm/yyyy hh:mm",
}


@dataclass(frozen=True)
class Column:
    """One column: what it is called, what it holds, how it is read from a row.

    kind: text, hours, amount, number, rate, day, month or moment.
    """

    header: str
    kind: str
    get: Callable[[Any], Any]
    width: int = 18


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook; `notes` are lines above the header (scope, formula, what is not known)."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Any]
    notes: Sequence[str] = ()


def safe_text(value: str) -> str:
    """Text that no spreadsheet runs: a leading sign of a formula gets an apostrophe before it."""
    is_formula = value.startswith(_DANGEROUS) or value.lstrip(_UNSEEN).startswith(_DANGEROUS[:8])
    return f"'{value}" if is_formula else value


def _plain(value: Any) -> Any:
    """A moment in Paris time without zone, other values as they are."""
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(PARIS).replace(tzinfo=None)
    return value


def _csv_cell(column: Column, value: Any) -> str:
    value = _plain(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, Decimal | int | float):
        text = format(value, "f") if isinstance(value, Decimal) else str(value)
        return text.replace(".", ",")
    if isinstance(value, dt.datetime):
        return value.strftime("%d/%m/%Y %H:%M")
    if isinstance(value, dt.date):
        return value.strftime("%m/%Y" if column.kind == "month" else "%d/%m/%Y")
    return _quoted(safe_text(str(value)))


def _quoted(text: str) -> str:
    # A tab too: a spreadsheet that is told to part columns there would make a formula of what follows.
    if any(char in text for char in '";\t\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def stream_csv(columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[bytes]:
    """CSV as French spreadsheets open it: UTF-8 with its mark, semicolons, decimal commas."""
    yield b"\xef\xbb\xbf" + (";".join(_quoted(safe_text(c.header)) for c in columns) + "\r\n").encode()
    lines: list[str] = []
    for row in rows:
        lines.append(";".join(_csv_cell(column, column.get(row)) for column in columns) + "\r\n")
        if len(lines) == 200:
            yield "".join(lines).encode()
            lines.clear()
    yield "".join(lines).encode()


def write_xlsx(sheets: Sequence[Sheet], stream: IO[bytes]) -> None:
    """Write a workbook into `stream`, holding one row at a time in memory."""
    import xlsxwriter

    workbook = xlsxwriter.Workbook(
        stream,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "nan_inf_to_errors": True,
        },
    )
    # The same rows give the same bytes: no time of creation.
    workbook.set_properties({"created": dt.datetime(2000, 1, 1)})
    bold = workbook.add_format({"bold": True, "text_wrap": True, "bottom": 1, "valign": "top"})
    quiet = workbook.add_format({"italic": True})
    styles = {kind: workbook.add_format({"num_format": number}) for kind, number in _NUMBER_FORMATS.items()}
    for sheet in sheets:
        page = workbook.add_worksheet(_sheet_name(sheet.name))
        for index, column in enumerate(sheet.columns):
            page.set_column(index, index, column.width)
        line = 0
        for note in sheet.notes:
            page.write_string(line, 0, note[:_CELL_MAX], quiet)
            line += 1
        for index, column in enumerate(sheet.columns):
            page.write_string(line, index, column.header[:_CELL_MAX], bold)
        page.freeze_panes(line + 1, 0)
        for row in sheet.rows:
            line += 1
            for index, column in enumerate(sheet.columns):
                _write_cell(page, line, index, column, column.get(row), styles)
    workbook.close()


def _write_cell(page: Any, line: int, index: int, column: Column, value: Any, styles: dict[str, Any]) -> None:
    value = _plain(value)
    style = styles.get(column.kind)
    if value is None or value == "":
        return
    if isinstance(value, bool):
        page.write_string(line, index, "oui" if value else "non")
    elif isinstance(value, Decimal | int | float):
        page.write_number(line, index, value, style)
    elif isinstance(value, dt.date):
        page.write_datetime(
            line, index, value, style or styles["moment" if isinstance(value, dt.datetime) else "day"]
        )
    else:
        # write_string never makes a formula: the text stays what was typed.
        page.write_string(line, index, str(value)[:_CELL_MAX])


def _sheet_name(name: str) -> str:
    return "".join("-" if char in "[]:*?/\\" else char for char in name)[:31].strip("'") or "Feuille"


def export_response(
    name: str, format: str, columns: Sequence[Column], rows: Iterable[Any], notes: Sequence[str] = ()
) -> HttpResponseBase:
    """The download of `rows` as « name_2026-03-12.xlsx » (or csv), never whole in memory."""
    filename = f"{name}_{dt.datetime.now(PARIS):%Y-%m-%d}.{format}"
    if format == "csv":
        response: HttpResponseBase = StreamingHttpResponse(stream_csv(columns, rows), content_type=CSV_TYPE)
        response["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    elif format == "xlsx":
        return workbook_response(name, [Sheet(name, columns, rows, notes)])
    else:
        raise ValueError(format)
    return _guarded(response)


def workbook_response(name: str, sheets: Sequence[Sheet]) -> HttpResponseBase:
    """The download of several sheets as « name_2026-03-12.xlsx »."""
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it
    write_xlsx(sheets, stream)
    stream.seek(0)
    filename = f"{name}_{dt.datetime.now(PARIS):%Y-%m-%d}.xlsx"
    return _guarded(FileResponse(stream, as_attachment=True, filename=filename, content_type=XLSX_TYPE))


def _guarded(response: HttpResponseBase) -> HttpResponseBase:
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response
