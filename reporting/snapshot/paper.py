"""What paper shows of a snapshot: the same, the longest lists cut and said to be in the annex."""

from __future__ import annotations

from typing import Any

from reporting.snapshot.words import agree, count, typeset


def for_paper(snapshot: dict[str, Any]) -> dict[str, Any]:
    """A copy whose tables hold `print_rows` rows at most, none where it is zero; the snapshot is left as it is."""
    chapters = [
        chapter | {"blocks": [_cut(block) for block in chapter["blocks"] if block.get("print_rows") != 0]}
        for chapter in snapshot["chapters"]
    ]
    return snapshot | {"chapters": chapters}


def _cut(block: dict[str, Any]) -> dict[str, Any]:
    if block["type"] != "table" or not block.get("print_rows"):
        return block
    left = len(block["rows"]) - block["print_rows"]
    note = f"{count(left, 'autre ligne', 'autres lignes')} {agree(left, 'est', 'sont')} dans l’annexe XLSX."
    return block | {"rows": block["rows"][: block["print_rows"]], "notes": [*block["notes"], typeset(note)]}
