"""What became of the people: situations, trainings and qualifications."""

from __future__ import annotations

from typing import Any

from reporting import indicators
from reporting.snapshot.material import chapter, text


def sentence_of(key: str) -> str:
    return next(row["sentence"] for row in indicators.NOT_FOLLOWED if row["key"] == key)


def outcomes_chapter() -> dict[str, Any]:
    blocks = [text("outcomes_not_followed", "", [sentence_of("trainings")])]
    return chapter("outcomes", "Situation des personnes", sentence_of("outcomes"), blocks)
