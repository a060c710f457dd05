"""The XLSX annex of a bilan, from its snapshot alone: a sheet for each table, the texts and the definitions."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from core import formats
from core.exports import Column, Sheet, write_xlsx
from reporting.snapshot.labels import figure_name, labels_of

MASKED = "masqué"
_WIDTHS = {"text": 48}


def annex_xlsx(snapshot: dict[str, Any]) -> bytes:
    """The workbook's bytes; the same snapshot gives the same figures."""
    stream = io.BytesIO()
    write_xlsx(list(sheets(snapshot)), stream)
    return stream.getvalue()


def sheets(snapshot: dict[str, Any]) -> Iterator[Sheet]:
    """Key figures first, then every table in the order of the document, then the definitions."""
    head = (labels_of(snapshot).head,)
    names: set[str] = set()
    yield _key_figures(snapshot, head)
    yield _series(snapshot, head)
    if snapshot.get("rectification"):
        yield _rectification(snapshot["rectification"], head)
    for chapter in snapshot["chapters"]:
        for block in chapter["blocks"]:
            if block["type"] == "table":
                yield sheet_of(block, head, unique_name(block["title"] or block["key"], names))
    yield _definitions(snapshot, head)


def unique_name(title: str, names: set[str]) -> str:
    """A sheet's name: 31 characters at most, each once whatever the case."""
    cleaned = "".join("-" if char in "[]:*?/\\" else char for char in title).replace("\u202f", " ").strip("'")
    name, number = cleaned[:31].strip(), 2
    while name.casefold() in names:
        name, number = f"{cleaned[:28].strip()} {number}", number + 1
    names.add(name.casefold())
    return name


def _value(value: str | None, kind: str) -> Any:
    if value is None or kind == "text":
        return value
    if kind in ("day", "month"):
        return dt.date.fromisoformat(value)
    return Decimal(value)


def sheet_of(block: dict[str, Any], head: tuple[str, ...], name: str) -> Sheet:
    def column(entry: dict[str, Any], index: int) -> Column:
        def get(row: dict[str, Any]) -> Any:
            if entry["key"] in row.get("masked", ()):
                return MASKED
            return _value(row["cells"].get(entry["key"]), entry["kind"])

        header = entry["label"] + (" (h)" if entry["kind"] == "hours" else "")
        return Column(header, entry["kind"], get, _WIDTHS.get(entry["kind"], 16) if index else 60)

    rows = list(block["rows"])
    if rows and block["totals"] is not None:
        rows.append({"key": "total", "cells": block["totals"], "masked": []})
    notes = (*head, block["title"], block["base"], block["formula"], *block["notes"])
    if not rows:
        notes = (*notes, block["empty"])
    return Sheet(
        name,
        [column(entry, index) for index, entry in enumerate(block["columns"])],
        rows,
        [note for note in notes if note],
    )


def _key_figures(snapshot: dict[str, Any], head: tuple[str, ...]) -> Sheet:
    """Each key figure once, with that of the published bilan N-1."""
    rows: dict[str, dict[str, Any]] = {}
    for chapter in snapshot["chapters"]:
        for block in chapter["blocks"]:
            if block["type"] == "key_figures":
                for item in block["items"]:
                    rows.setdefault(item["key"], item | {"chapter": chapter["title"]})
    now, before = labels_of(snapshot).columns
    columns = [
        Column("Chapitre", "text", lambda row: row["chapter"], 30),
        Column("Chiffre", "text", figure_name, 60),
        Column(now, "number", lambda row: _value(row["value"], row["kind"])),
        *([Column(before, "number", lambda row: _value(row["previous"], row["kind"]))] if before else []),
        Column("Précision", "text", lambda row: row["note"], 60),
    ]
    return Sheet("Chiffres clés", columns, list(rows.values()), head)


def _rectification(found: dict[str, Any], head: tuple[str, ...]) -> Sheet:
    """What a rectified version changes."""
    columns = [
        Column("Chiffre", "text", lambda row: row["label"], 80),
        Column(f"Version {found['previous_version']}", "number", lambda row: _changed(row, "before")),
        Column("Cette version", "number", lambda row: _changed(row, "after")),
    ]
    day = dt.date.fromisoformat(found["previous_published_on"])
    more = (
        f"{formats.noun(found['more'], 'autre chiffre change', 'autres chiffres changent')}."
        if found["more"]
        else ""
    )
    notes = (
        *head,
        f"Cette version remplace la version {found['previous_version']}, publiée le {formats.day(day)}.",
        found["reason"] and f"Motif : {found['reason']}",
        more,
        found["sections"] and f"Textes repris : {', '.join(found['sections'])}.",
    )
    return Sheet("Ce que change la version", columns, found["changes"], [note for note in notes if note])


def _changed(row: dict[str, Any], side: str) -> Any:
    """A figure that changed; a day or a text where it is one."""
    return _value(row[side], row["kind"])


def _series(snapshot: dict[str, Any], head: tuple[str, ...]) -> Sheet:
    sources = {"published": "bilan publié", "computed": "calculé", "unknown": "non connu"}
    columns = [
        Column("Année", "number", lambda row: row["year"]),
        Column("Heures (h)", "hours", lambda row: _value(row["hours"], "hours")),
        Column("Origine", "text", lambda row: sources[row["source"]]),
    ]
    return Sheet("Heures par année", columns, snapshot["series"], head)


def _definitions(snapshot: dict[str, Any], head: tuple[str, ...]) -> Sheet:
    """Definitions, rules in force, and what is not followed."""
    rows: list[tuple[str, str]] = []
    for chapter in snapshot["chapters"]:
        for block in chapter["blocks"]:
            if block["type"] == "definitions":
                rows += [(item["term"], item["text"]) for item in block["items"]]
            elif block["type"] == "text" and chapter["key"] == "method":
                rows += [(block["title"], paragraph) for paragraph in block["paragraphs"]]
    rows += [(row["title"], row["sentence"]) for row in snapshot["not_followed"]]
    columns = [
        Column("Terme", "text", lambda row: row[0], 40),
        Column("Définition", "text", lambda row: row[1], 120),
    ]
    return Sheet("Définitions et méthode", columns, list(dict.fromkeys(rows)), head)
