"""How a snapshot is shown, the same on the page and on paper: its cells, its charts, its text."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from core import charts, formats
from reporting.narrative import to_html
from reporting.snapshot.shown import MASKED, written

register = template.Library()


@register.filter
def entries(block: dict[str, Any]) -> list[dict[str, Any]]:
    """`block["items"]`, which a template would read as the method of the dict."""
    return block["items"]


@register.simple_tag
def figure_value(item: dict[str, Any]) -> str:
    """The value of a key figure, with its unit."""
    return written(item["value"], item["kind"], unit=True)


@register.simple_tag
def rests_on(figure: Any) -> str:
    """The value of a figure that a proposed sentence rests on, with its unit."""
    return written(figure.value, figure.kind, unit=True)


@register.simple_tag
def figure_before(item: dict[str, Any]) -> str:
    """« 36 700 h en 2024 (−10,1 %) », or nothing without a year before."""
    if item["previous"] is None or item["previous_year"] is None:
        return ""
    before = f"{written(item['previous'], item['kind'], unit=True)} en {item['previous_year']}"
    if item["kind"] == "rate" or item["value"] is None or item.get("in_progress"):
        return before
    change = formats.variation(Decimal(item["value"]), Decimal(item["previous"]))
    return before if change in ("–", "") else f"{before} ({change})"


@register.simple_tag
def cell(row: dict[str, Any], column: dict[str, Any]) -> str:
    """One cell of a table."""
    if column["key"] in row["masked"]:
        return MASKED
    kind = column["kind"]
    # In a table whose rows are not of one kind (years side by side), the row says what its figures are.
    return written(row["cells"].get(column["key"]), (row.get("kind") or kind) if kind == "number" else kind)


@register.simple_tag
def total_cell(totals: dict[str, Any], column: dict[str, Any]) -> str:
    """One cell of the line of totals; empty where the column does not add up."""
    value = totals.get(column["key"])
    return "" if value is None else written(value, column["kind"])


@register.filter
def column_class(column: dict[str, Any]) -> str:
    """Figures on the right, N-1 in lighter ink."""
    names = [] if column["kind"] == "text" else ["num"]
    if column["previous"]:
        names.append("before")
    return " ".join(names)


@register.simple_tag(takes_context=True)
def drawn(context: Any, block: dict[str, Any]) -> SafeString:
    """The chart of a block, as SVG: on a page (an answer to a request) its parts take the focus, on paper not."""
    rows = [
        {**row, "value": None if row["value"] is None else Decimal(row["value"])} for row in block["rows"]
    ]
    title = block.get("alternative") or block["title"] or block["description"]
    draw = {
        "bars": charts.bars_horizontal,
        "line": charts.line_by_year,
        "share": charts.stacked_share,
        # Of snapshots of before version 3.
        "columns": charts.columns_by_year,
    }
    return draw[block["chart"]](
        rows, title=title, unit=block["unit"], on_screen=context.get("request") is not None
    )


@register.filter
def cleaned(text: str) -> SafeString:
    """Markdown made into clean HTML (nh3)."""
    return mark_safe(to_html(text))  # noqa: S308  cleaned by nh3


@register.simple_tag
def version_words(bilan: dict[str, Any], draft: bool = False) -> str:
    """« Version 2, chiffres arrêtés le 03/02/2026 », « Projet, chiffres du 03/02/2026 »."""
    day = formats.day(dt.datetime.fromisoformat(bilan["computed_at"]))
    return f"Projet, chiffres du {day}" if draft else f"Version {bilan['version']}, chiffres arrêtés le {day}"


@register.filter
def iso_day(value: str) -> str:
    """« 03/02/2026 » of an ISO date."""
    return formats.day(dt.date.fromisoformat(value))


@register.simple_tag
def change_value(change: dict[str, Any], side: str) -> str:
    """What a figure was, or what it is now, with its unit."""
    return written(change[side], change["kind"], unit=True)


@register.simple_tag
def made_on_words(snapshot: dict[str, Any]) -> str:
    """« chiffres arrêtés le 03/02/2026 »."""
    return f"chiffres arrêtés le {formats.day(dt.datetime.fromisoformat(snapshot['computed_at']))}"
