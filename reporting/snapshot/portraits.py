"""The portraits of paths in the document: those that the person agreed to, under a letter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reporting.models import PathPortrait

if TYPE_CHECKING:
    from reporting.models import Bilan
    from reporting.snapshot.material import Block

# Where they are read: with what became of the people, else with the people.
CHAPTERS = ("outcomes", "people")


def letter(rank: int) -> str:
    """« A », « B »… « Z », « AA »: the first one is 0."""
    name = ""
    rank += 1
    while rank:
        rank, left = divmod(rank - 1, 26)
        name = chr(ord("A") + left) + name
    return name


def portraits_block(bilan: Bilan) -> Block | None:
    """The block of the portraits that may be printed, in the order in which they were written; None without any."""
    texts = list(
        PathPortrait.objects.filter(bilan=bilan).agreed().order_by("pk").values_list("text", flat=True)
    )
    if not texts:
        return None
    return {
        "type": "portraits",
        "key": "portraits",
        "title": "Portraits de parcours",
        "items": [{"label": f"Parcours {letter(rank)}", "text": text} for rank, text in enumerate(texts)],
    }


def with_portraits(snapshot: dict[str, Any], bilan: Bilan) -> dict[str, Any]:
    """The snapshot with the portraits at the end of their chapter."""
    block = portraits_block(bilan)
    if block is None:
        return snapshot
    chapters = {chapter["key"]: chapter for chapter in snapshot["chapters"]}
    chapter = next(chapters[key] for key in (*CHAPTERS, snapshot["chapters"][-1]["key"]) if key in chapters)
    chapter["blocks"].append(block)
    return snapshot
