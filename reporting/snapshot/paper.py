"""What paper shows of a snapshot: the same, the longest lists cut and said to be in the annex."""

from __future__ import annotations

from typing import Any

from reporting.snapshot.words import agree, count, typeset

# What the page of the essentials has room for: lines of text written by people, and characters on a line.
ESSENTIAL_LINES, LINE = 7, 92


def for_paper(snapshot: dict[str, Any]) -> dict[str, Any]:
    """A copy whose tables hold `print_rows` rows at most, none where it is zero; the snapshot is left as it is."""
    chapters = [
        chapter | {"blocks": [_cut(block) for block in chapter["blocks"] if block.get("print_rows") != 0]}
        for chapter in snapshot["chapters"]
    ]
    return snapshot | {"chapters": [part for chapter in chapters for part in _essentials_apart(chapter)]}


def _essentials_apart(chapter: dict[str, Any]) -> list[dict[str, Any]]:
    """The essentials hold on one page: a long text of theirs follows them, on the next."""
    texts = chapter["narrative"] if chapter["key"] == "essential" else []
    lines = sum(
        max(1, -(-len(line) // LINE)) for text in texts for line in text["text"].splitlines() if line.strip()
    )
    paragraphs = sum(text["text"].count("\n\n") for text in texts)
    if lines + paragraphs // 2 <= ESSENTIAL_LINES:
        return [chapter]
    word = {
        "key": "essential_text",
        "title": "En quelques mots",
        "answer": "",
        "narrative": texts,
        "blocks": [],
    }
    return [chapter | {"narrative": []}, word]


def _cut(block: dict[str, Any]) -> dict[str, Any]:
    if block["type"] == "chart":
        # A figure of a PDF has one text to be read aloud: its title and its values.
        return block | {"alternative": " : ".join(filter(None, (block["title"], block["description"])))}
    if block["type"] != "table" or not block.get("print_rows"):
        return block
    left = len(block["rows"]) - block["print_rows"]
    note = f"{count(left, 'autre ligne', 'autres lignes')} {agree(left, 'est', 'sont')} dans l’annexe XLSX."
    return block | {"rows": block["rows"][: block["print_rows"]], "notes": [*block["notes"], typeset(note)]}
