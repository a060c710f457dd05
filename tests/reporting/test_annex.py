"""The XLSX annex holds the snapshot's tables, figure for figure, as numbers."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from reporting.annex import annex_xlsx
from reporting.snapshot import build_snapshot
from tests.factories import BuyerFactory, ClosedYearFactory
from tests.reporting.territory import Territory

NOW = dt.datetime(2026, 2, 2, 9, 15, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def snapshot() -> dict[str, Any]:
    territory = Territory(3, people=40)
    ClosedYearFactory(year=2025)
    return build_snapshot(buyer=territory.buyer, year=2025, version=1, narrative={}, now=NOW)


def read(snapshot: dict[str, Any]) -> dict[str, list[list[Any]]]:
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(annex_xlsx(snapshot)))
    return {name: workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names}


def as_read(value: str | None, kind: str) -> Any:
    if value is None:
        return ""
    if kind == "text":
        return value
    return dt.date.fromisoformat(value) if kind in ("day", "month") else Decimal(value)


def plain(value: Any) -> Any:
    if isinstance(value, float | int):
        return Decimal(str(value))
    return value.date() if isinstance(value, dt.datetime) else value


def test_every_table_is_read_back_equal_to_the_snapshot(snapshot):
    sheets = list(read(snapshot).items())
    tables = [b for c in snapshot["chapters"] for b in c["blocks"] if b["type"] == "table"]
    assert len(sheets) == len(tables) + 3
    for (name, rows), table in zip(sheets[2:-1], tables, strict=True):
        assert len(name) <= 31
        headers = [
            column["label"] + (" (h)" if column["kind"] == "hours" else "") for column in table["columns"]
        ]
        start = rows.index(next(row for row in rows if row[: len(headers)] == headers)) + 1
        expected = [
            [
                "masqué"
                if column["key"] in row["masked"]
                else as_read(row["cells"][column["key"]], column["kind"])
                for column in table["columns"]
            ]
            for row in table["rows"]
        ]
        if table["rows"] and table["totals"]:
            expected.append([as_read(table["totals"][c["key"]], c["kind"]) for c in table["columns"]])
        found = [[plain(value) for value in row[: len(headers)]] for row in rows[start:]]
        assert found == [[_number(value) for value in row] for row in expected], name


def _number(value: Any) -> Any:
    return Decimal(str(float(value))) if isinstance(value, Decimal) else value


def test_some_rows_are_masked_in_it(snapshot):
    assert any("masqué" in row for rows in read(snapshot).values() for row in rows)


def test_key_figures_series_and_definitions_have_their_sheet(snapshot):
    sheets = read(snapshot)
    figures = {row[1]: row[2] for row in sheets["Chiffres clés"][2:]}
    assert Decimal(str(figures["heures d’insertion réalisées"])) == Decimal(snapshot["figures"]["hours"])
    assert [row[0] for row in sheets["Heures par année"][2:]] == [2021, 2022, 2023, 2024, 2025]
    terms = [row[0] for row in sheets["Définitions et méthode"]]
    assert "Heures comptées" in terms and "Actions collectives" in terms


def test_an_empty_bilan_has_an_annex_that_says_so():
    snapshot = build_snapshot(buyer=BuyerFactory(), year=2025, version=1, narrative={}, now=NOW)
    cells = [cell for rows in read(snapshot).values() for row in rows for cell in row]
    assert "Aucune heure n’est comptée en 2025." in cells


def test_the_same_snapshot_gives_the_same_bytes(snapshot):
    assert annex_xlsx(snapshot) == annex_xlsx(snapshot)


def test_a_company_named_like_a_formula_stays_text():
    territory = Territory(3, people=10)
    snapshot = build_snapshot(buyer=territory.buyer, year=2025, version=1, narrative={}, now=NOW)
    table = next(b for c in snapshot["chapters"] for b in c["blocks"] if b["key"] == "hours_by_holder")
    table["rows"][0]["cells"]["label"] = "=1+1"
    assert "=1+1" in [row[0] for rows in read(snapshot).values() for row in rows]
