"""Sentences proposed for the text of a bilan, from the facts of its snapshot: rules and templates, no invention. Pure.

Everything is read from the snapshot that readers are given: a sentence cannot tell what the masking withholds. A sentence
that would need a figure that is not there is not proposed. The same snapshot gives the same sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reporting.drafting import companies, essential, people, purchase, results, work
from reporting.drafting.reading import Figure, Reading
from reporting.drafting.wording import Proposal

__all__ = ["Figure", "Proposal", "proposals"]

RULES = (essential, purchase, work, people, results, companies)


def proposals(snapshot: Mapping[str, Any]) -> list[Proposal]:
    """Every sentence that the facts of a bilan allow, section after section."""
    reading = Reading(snapshot)
    return [row for rules in RULES for row in rules.sentences(reading)]
