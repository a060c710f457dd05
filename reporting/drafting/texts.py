"""A sentence put into a text that someone writes in Markdown. Pure."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"([\\`*_\[\]>|])")
# What makes a line a list, a title, a quotation or a table, and no prose.
_NOT_PROSE = re.compile(r"\s*([-*+#>|]|\d+[.)]\s)")
_LINE_START = re.compile(r"^([-+#])")


def as_markdown(sentence: str) -> str:
    """The sentence such that Markdown shows it as it is: a company may be called « *Étoile* »."""
    # Markdown has no escape for the sign that opens a tag.
    return _LINE_START.sub(r"\\\1", _SPECIAL.sub(r"\\\1", sentence)).replace("<", "&lt;")


def with_sentence(text: str, sentence: str) -> str:
    """The text with the sentence at its end: in the last paragraph of prose, else in a paragraph of its own."""
    kept, added = text.rstrip(), as_markdown(sentence)
    if not kept:
        return added
    last = kept.rpartition("\n")[2]
    follows = not _NOT_PROSE.match(last) and kept[-1] in ".!?…"
    return f"{kept} {added}" if follows else f"{kept}\n\n{added}"


def holds(text: str, sentence: str) -> bool:
    """Whether the sentence still stands in the text as it was put there."""
    return as_markdown(sentence) in text


def with_other_sentence(text: str, former: str, now: str) -> str:
    """The text with one sentence in the place of another, where the other still stands as it was put there."""
    return text.replace(as_markdown(former), as_markdown(now), 1)
