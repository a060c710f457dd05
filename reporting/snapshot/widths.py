"""How wide each column of a table is on paper: what its figures need, and the names have the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.charts import text_width
from reporting.snapshot.shown import MASKED, written

# Millimetres: of the text, of what a column of words keeps, of the padding of a cell.
PAGE, WORDS, PADDING = 166, 34, 4.4
MM = 0.3528
# Sizes of type tried, in points, of the cells and of the headers: smaller ones for tables of many columns.
SIZES = (("", 9.0, 8.5), ("tight", 8.0, 7.5), ("tighter", 7.0, 6.6))
# A word of a header is cut beyond this; no column is narrower than the other.
HEADER, NARROWEST = 17, 13


def with_widths(block: dict[str, Any]) -> dict[str, Any]:
    """The table with a `width` for each column (0: what is left) and the `size` of type that lets names be read."""
    columns = block["columns"]
    texts = {column["key"]: list(_texts(block, column)) for column in columns}
    of_words = [column["key"] for column in columns if column["kind"] == "text"]
    for name, size, header_size in SIZES:
        needs = {column["key"]: _need(column, texts[column["key"]], size, header_size) for column in columns}
        room = PAGE - sum(need for key, need in needs.items() if key not in of_words)
        share = room / max(len(of_words), 1)
        if share >= WORDS or name == SIZES[-1][0]:
            break
    # The longest column of words has what the others leave.
    share = max(share, 20)
    widths = {key: min(need, share) if key in of_words else need for key, need in needs.items()}
    if of_words:
        widths[max(of_words, key=lambda key: needs[key])] = 0
    sized = [column | {"width": round(widths[column["key"]])} for column in columns]
    return block | {"columns": sized, "size": name}


def _texts(block: dict[str, Any], column: dict[str, Any]) -> Iterator[str]:
    key = column["key"]
    for row in block["rows"]:
        yield MASKED if key in row["masked"] else written(row["cells"].get(key), column["kind"])
    if block["totals"] and block["totals"].get(key) is not None:
        yield written(block["totals"][key], column["kind"])


def _need(column: dict[str, Any], texts: list[str], size: float, header_size: float) -> float:
    longest = max((text_width(text, size) for text in texts), default=0.0)
    label = column["label"] + (" (h)" if column["kind"] == "hours" else "")
    # « 2024 (h) » is one thing; the words of another header may stand one over the other.
    words = [label] if column["previous"] else label.split()
    header = max((text_width(word, header_size) for word in words), default=0.0)
    return max(longest * MM, min(header * MM, HEADER), NARROWEST - PADDING) + PADDING + 0.5
