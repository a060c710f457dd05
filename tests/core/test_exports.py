"""Exports: formulas stay text, numbers stay numbers, days stay days, in CSV as in XLSX."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from core.exports import Column, Sheet, export_response, stream_csv, write_xlsx

SHARED = Path(__file__).resolve().parents[3] / "shared"
COLUMNS = [
    Column("Nom", "text", lambda row: row["name"]),
    Column("Heures", "hours", lambda row: row["hours"]),
    Column("Jour", "day", lambda row: row["day"]),
    Column("Mois", "month", lambda row: row["day"]),
    Column("Vrai", "text", lambda row: row["flag"]),
]
PAYLOADS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1+1", '=HYPERLINK("http://x")']


def row(name: str, hours: Any = Decimal("1204.50"), flag: Any = True) -> dict[str, Any]:
    return {"name": name, "hours": hours, "day": dt.date(2026, 3, 12), "flag": flag}


def read_csv(rows: list[Any]) -> list[list[str]]:
    content = b"".join(stream_csv(COLUMNS, rows))
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def read_xlsx(rows: list[Any], **options: Any) -> list[list[Any]]:
    stream = io.BytesIO()
    write_xlsx([Sheet("Essai", COLUMNS, rows, **options)], stream)
    stream.seek(0)
    return CalamineWorkbook.from_filelike(stream).get_sheet_by_name("Essai").to_python()


def test_csv_is_what_a_french_spreadsheet_opens() -> None:
    lines = read_csv([row("Élise « la; grande »"), row('guil"lemet', hours=None, flag=False)])
    assert lines[0] == ["Nom", "Heures", "Jour", "Mois", "Vrai"]
    assert lines[1] == ["Élise « la; grande »", "1204,50", "12/03/2026", "03/2026", "oui"]
    assert lines[2] == ['guil"lemet', "", "12/03/2026", "03/2026", "non"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_formula_is_text_in_csv_and_in_xlsx(payload: str) -> None:
    assert read_csv([row(payload)])[1][0].startswith("'")
    assert read_xlsx([row(payload)])[1][0].strip() == payload.strip()


def test_a_tab_never_parts_a_cell_in_two() -> None:
    content = b"".join(stream_csv(COLUMNS[:1], [row("Voirie\t=1+1")])).decode("utf-8-sig")
    assert content.splitlines()[1] == '"Voirie\t=1+1"'


@pytest.mark.parametrize("payload", ["\uff1d1+1", "\ufeff=1+1", "\u200b@SUM(1)"])
def test_a_formula_behind_unseen_or_full_width_signs_is_text_too(payload: str) -> None:
    assert read_csv([row(payload)])[1][0].startswith("'")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_formula_is_written_into_the_workbook(payload: str) -> None:
    import zipfile

    stream = io.BytesIO()
    write_xlsx([Sheet("Essai", COLUMNS, [row(payload)])], stream)
    with zipfile.ZipFile(stream) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


def test_a_negative_number_stays_a_number() -> None:
    assert read_csv([row("a", hours=Decimal("-3.5"))])[1][1] == "-3,5"
    assert read_xlsx([row("a", hours=Decimal("-3.5"))])[1][1] == -3.5


def test_numbers_and_days_are_values_in_the_workbook() -> None:
    lines = read_xlsx([row("Élise")], notes=["Année 2026", "heures comptées"])
    assert lines[0][0] == "Année 2026"
    assert lines[2][:3] == ["Nom", "Heures", "Jour"]
    assert lines[3] == ["Élise", 1204.5, dt.date(2026, 3, 12), dt.date(2026, 3, 12), "oui"]


def test_the_same_rows_give_the_same_workbook() -> None:
    books = []
    for _ in range(2):
        stream = io.BytesIO()
        write_xlsx([Sheet("Essai", COLUMNS, [row("Élise")])], stream)
        books.append(stream.getvalue())
    assert books[0] == books[1]


def test_a_moment_is_that_of_paris() -> None:
    column = [Column("Le", "moment", lambda moment: moment)]
    moment = dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC)
    assert b"02/07/2026 00:30" in b"".join(stream_csv(column, [moment]))


@pytest.mark.django_db
def test_a_download_has_its_name_and_type() -> None:
    response = export_response("marches", "csv", COLUMNS, [row("a")])
    assert response["Content-Disposition"].startswith('attachment; filename="marches_20')
    assert response["Cache-Control"] == "no-store"
    response = export_response("marches", "xlsx", COLUMNS, [row("a")])
    assert b"".join(response.streaming_content)[:2] == b"PK"
    response.close()


@pytest.mark.shared
def test_known_spreadsheet_attacks_are_neutralised() -> None:
    payloads = (SHARED / "data/adversaire/chaines/csv-payload.txt").read_text().splitlines()
    payloads = [line for line in payloads if line.strip()]
    assert payloads
    for line, payload in zip(read_csv([row(p) for p in payloads])[1:], payloads, strict=True):
        assert line[0].lstrip()[0] not in "=+-@", payload
