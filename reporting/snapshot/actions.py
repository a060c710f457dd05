"""Collective actions."""

from __future__ import annotations

from typing import Any

from reporting.snapshot.material import chapter
from reporting.snapshot.results import sentence_of


def actions_chapter() -> dict[str, Any]:
    return chapter("actions", "Actions", sentence_of("actions"), [])
