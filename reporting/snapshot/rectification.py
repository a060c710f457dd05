"""What a rectified version changes: its figures and cells against those of the version published before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from core import formats
from reporting.models import Bilan
from reporting.narrative import SECTIONS
from reporting.snapshot.labels import figure_name

# More than this many lines would hide what matters: the rest is counted.
LINES = 60


def rectification_of(snapshot: Mapping[str, Any]) -> dict[str, Any] | None:
    """Reason, version replaced and what changes; None for a first version."""
    version = snapshot["version"]
    if version < 2:
        return None
    same = Bilan.objects.filter(kind=snapshot["kind"], **_about(snapshot))
    replaced = (
        same.published()
        .filter(version__lt=version)
        .order_by("-version")
        .values_list("version", "published_at", "snapshot")
        .first()
    )
    if replaced is None:
        return None
    number, published_at, before = replaced
    reason = same.filter(version=version).values_list("rectification_reason", flat=True).first()
    changes = [*_figures(before, snapshot), *_cells(before, snapshot)]
    if before.get("schema_version") != snapshot["schema_version"]:
        # What Maillon did not tell yet was not wrong.
        changes = [change for change in changes if change["before"] is not None]
    return {
        "reason": reason or "",
        "previous_version": number,
        "previous_published_on": published_at.astimezone(formats.PARIS).date().isoformat(),
        "changes": changes[:LINES],
        "more": max(len(changes) - LINES, 0),
        "added": _added(before, snapshot),
        "sections": [
            title
            for key, (title, _about) in SECTIONS.items()
            if (before.get("narrative", {}).get(key) or "").strip()
            != (snapshot["narrative"].get(key) or "").strip()
        ],
    }


def _about(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the bilan's subject."""
    subject = snapshot["subject"]
    found = {subject["kind"]: subject["id"]} if subject else {}
    if snapshot["year"] is not None:
        found["year"] = snapshot["year"]
    if not subject and snapshot["buyer"]:
        found["buyer"] = snapshot["buyer"]["id"]
    return found


def _figures(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    items = {
        item["key"]: item
        for snapshot in (before, now)
        for block in blocks_of(snapshot, "key_figures")
        for item in block["items"]
    }
    old, new = before.get("figures", {}), now["figures"]
    for key in items:
        if not _same(old.get(key), new.get(key)):
            label = figure_name(items[key])
            yield _change(label[:1].upper() + label[1:], items[key]["kind"], old.get(key), new.get(key))


def _cells(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Cells of tables, in the order of the document; of the tables of people, those that both versions show."""
    old, new = before.get("cells", {}), now["cells"]
    shown_before = {block["key"]: block for block in blocks_of(before, "table")}
    shown_now = {block["key"]: block for block in blocks_of(now, "table")}
    private = {
        block["key"]
        for snapshot in (before, now)
        for chapter in snapshot.get("chapters", ())
        if chapter["key"] in ("people", "outcomes")
        for block in chapter["blocks"]
    }
    for key in [*shown_now, *(name for name in shown_before if name not in shown_now)]:
        tables = [table for table in (shown_now.get(key), shown_before.get(key)) if table is not None]
        rows = {row["key"]: row for table in reversed(tables) for row in table["rows"]}
        columns = {column["key"]: column for table in reversed(tables) for column in table["columns"]}
        first = tables[0]["columns"][0]["key"]
        for row_key, row in [*rows.items(), ("total", None)]:
            for column_key, column in columns.items():
                name = f"{key}.{row_key}.{column_key}"
                values = old.get(name), new.get(name)
                # The first column names the row.
                if column_key == first or _same(*values) or (key in private and None in values):
                    continue
                line = row["cells"][first] if row else "Ensemble"
                label = formats.short(" · ".join((tables[0]["title"], str(line), column["label"])), 160)
                yield _change(label, column["kind"], *values)


def _added(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Titles of the tables that the version before did not show: their cells are no correction of anything."""
    known = {block["key"] for block in blocks_of(before, "table")}
    return [
        block["title"]
        for block in blocks_of(now, "table")
        if block["key"] not in known and block["title"] and block["rows"]
    ]


def blocks_of(snapshot: Mapping[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    for chapter in snapshot.get("chapters", ()):
        yield from (block for block in chapter["blocks"] if block["type"] == kind)


def _same(before: str | None, now: str | None) -> bool:
    if before == now:
        return True
    if before is None or now is None:
        return False
    try:
        return Decimal(before) == Decimal(now)
    except ArithmeticError:
        return False


def _change(label: str, kind: str, before: str | None, after: str | None) -> dict[str, Any]:
    return {"label": label, "kind": kind, "before": before, "after": after}
