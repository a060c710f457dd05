"""A snapshot of a bilan written by hand, one block at a time."""

from __future__ import annotations

from typing import Any


def column(key: str, label: str, kind: str = "number", *, previous: bool = False) -> dict[str, Any]:
    return {"key": key, "label": label, "kind": kind, "previous": previous}


def with_last_year(key: str, label: str, kind: str = "number") -> list[dict[str, Any]]:
    """A column of 2025 and that of 2024 beside."""
    return [column(key, f"{label} 2025", kind), column(f"{key}_previous", "2024", kind, previous=True)]


def row(key: str, label: str, masked: tuple[str, ...] = (), **cells: Any) -> dict[str, Any]:
    return {"key": key, "cells": {"label": label, **cells}, "masked": list(masked)}


def table(
    key: str, columns: list[dict[str, Any]], rows: list[dict[str, Any]], **totals: Any
) -> dict[str, Any]:
    return {
        "type": "table",
        "key": key,
        "title": f"Tableau {key}",
        "columns": [column("label", "Entreprise", "text"), *columns],
        "rows": rows,
        "totals": {"label": "Ensemble", **totals} if totals else None,
        "base": "",
        "formula": "",
        "notes": [],
        "empty": "",
        "print_rows": None,
    }


def holders(*rows: dict[str, Any], **totals: Any) -> dict[str, Any]:
    return table("hours_by_holder", with_last_year("hours", "Heures", "hours"), list(rows), **totals)


def figures(key: str, **items: Any) -> dict[str, Any]:
    """Key figures: `people="157"` or `people=("157", "140")` with that of 2024."""
    found = []
    for name, given in items.items():
        value, before = given if isinstance(given, tuple) else (given, None)
        found.append(
            {
                "key": name,
                "label": name,
                "kind": "number",
                "value": value,
                "previous": before,
                "previous_year": 2024 if before is not None else None,
                "note": "",
            }
        )
    return {"type": "key_figures", "key": key, "title": "", "items": found}


def a_snapshot(
    *blocks: dict[str, Any], previous: bool = True, over: bool = True, series: Any = (), answer: str = ""
) -> dict[str, Any]:
    """The bilan 2025 of a buyer with these blocks; beside a published bilan 2024, and made once the year is over."""
    return {
        "schema_version": 2,
        "kind": "annual",
        "computed_at": "2026-02-03T10:00:00+01:00" if over else "2025-11-03T10:00:00+01:00",
        "year": 2025,
        "version": 1,
        "period": {
            "first_day": "2025-01-01",
            "last_day": "2025-12-31",
            "closed": over,
            "label": "année 2025",
        },
        "previous": {"year": 2024, "version": 1, "published_on": "2025-03-01", "differences": []}
        if previous
        else None,
        "series": [{"year": year, "hours": hours, "source": "published"} for year, hours in series],
        "chapters": [
            {
                "key": "hours",
                "title": "Heures réalisées",
                "answer": "",
                "narrative": [],
                "blocks": list(blocks),
            },
            {"key": "partnership", "title": "Partenariat", "answer": answer, "narrative": [], "blocks": []},
        ],
    }
