"""The chapter on the partnership."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reporting.snapshot.document import SECTIONS_OF_CHAPTER
from reporting.snapshot.material import chapter


def partnership_chapter(narrative: Mapping[str, str], of: str) -> dict[str, Any]:
    written_keys = [key for key in SECTIONS_OF_CHAPTER["partnership"] if narrative.get(key, "").strip()]
    if written_keys:
        answer = f"Ce que {of} dit du partenariat, et ce qui sera amélioré."
    else:
        answer = f"La note sur le partenariat n’est pas rédigée pour {of}."
    return chapter("partnership", "Partenariat", answer, [])
