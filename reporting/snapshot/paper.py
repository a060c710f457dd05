"""What paper shows of a snapshot: the same, the longest lists cut and said to be in the annex."""

from __future__ import annotations

from typing import Any

from reporting.snapshot.widths import with_widths
from reporting.snapshot.words import agree, count, typeset

# The page of the essentials, in millimetres: its height, and what its title and its chart take of it.
PAGE, TITLE_AND_CHART = 250, 92
# Characters on a line, and the height of one: of the opening sentences, of a text, under a figure.
ANSWER, TEXT, FIGURE = (72, 6.5), (92, 5.4), (27, 4.3)
# A table of so few rows is not cut between two pages.
KEPT_WHOLE = 10


def for_paper(snapshot: dict[str, Any]) -> dict[str, Any]:
    """A copy whose tables hold `print_rows` rows at most, none where it is zero; the snapshot is left as it is."""
    chapters = [
        chapter | {"blocks": [_cut(block) for block in chapter["blocks"] if block.get("print_rows") != 0]}
        for chapter in snapshot["chapters"]
    ]
    return snapshot | {"chapters": [part for chapter in chapters for part in _essentials_apart(chapter)]}


def _essentials_apart(chapter: dict[str, Any]) -> list[dict[str, Any]]:
    """The essentials hold on one page: a text for which it has no room follows them, on the next."""
    texts = chapter["narrative"] if chapter["key"] == "essential" else []
    if not texts or sum(_height(text["text"], TEXT, 3) for text in texts) <= _room_left(chapter):
        return [chapter]
    word = {
        "key": "essential_text",
        "title": "En quelques mots",
        "answer": "",
        "narrative": texts,
        "blocks": [],
    }
    return [chapter | {"narrative": []}, word]


def _room_left(chapter: dict[str, Any]) -> float:
    """What the opening sentences and the figures leave, the figures being three on a line."""
    room = PAGE - TITLE_AND_CHART - _height(chapter["answer"], ANSWER, 6)
    for block in chapter["blocks"]:
        items = block["items"] if block["type"] == "key_figures" else []
        heights = [
            20 + _height(item["label"], FIGURE) + _height(item["note"], FIGURE) + FIGURE[1] for item in items
        ]
        room -= sum(max(heights[index : index + 3]) for index in range(0, len(heights), 3))
    return room


def _height(text: str, measure: tuple[int, float], below: float = 0) -> float:
    """A generous estimate of what a text takes, with `below` under each paragraph."""
    characters, line = measure
    lines = [part for part in text.splitlines() if part.strip()]
    return sum(-(-len(part) // characters) * line + below for part in lines)


def _cut(block: dict[str, Any]) -> dict[str, Any]:
    if block["type"] == "chart":
        # A figure of a PDF has one text to be read aloud: its title and its values.
        return block | {"alternative": " : ".join(filter(None, (block["title"], block["description"])))}
    if block["type"] != "table":
        return block
    block = _without_empty_years(block)
    if block.get("print_rows"):
        left = len(block["rows"]) - block["print_rows"]
        note = (
            f"{count(left, 'autre ligne', 'autres lignes')} {agree(left, 'est', 'sont')} dans l’annexe XLSX."
        )
        block |= {"rows": block["rows"][: block["print_rows"]], "notes": [*block["notes"], typeset(note)]}
    return with_widths(block) | {"is_kept_whole": len(block["rows"]) <= KEPT_WHOLE}


def _without_empty_years(block: dict[str, Any]) -> dict[str, Any]:
    """Without the columns of N-1 where nothing of it is known: a first year has a column of dashes less to read."""
    lines = [*(row["cells"] for row in block["rows"]), block["totals"] or {}]
    masked = {key for row in block["rows"] for key in row["masked"]}
    empty = {
        column["key"]
        for column in block["columns"]
        if column["previous"]
        and column["key"] not in masked
        and all(line.get(column["key"]) is None for line in lines)
    }
    return block | {"columns": [column for column in block["columns"] if column["key"] not in empty]}
