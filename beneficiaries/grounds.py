"""Words that tell why someone is eligible: they never reach a company."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.text import normalise

# Acronyms are looked for as they are written: « ass » is also the beginning of a sentence cut short.
_ACRONYM = re.compile(r"\b[A-Z][A-Z0-9]{2,}\b")
# A diploma and a kind of employer stand in the labels too, and are what a company must know.
_NEUTRAL = {"CAP", "BEP", "PASS", "IAE", "GEIQ", "ESAT", "EATT"}
WORDS = (
    "rsa",
    "rqth",
    "aah",
    "handicap",
    "handicape",
    "handicapee",
    "mdph",
    "spip",
    "prison",
    "detention",
    "detenu",
    "detenue",
    "incarceration",
    "judiciaire",
    "sous main de justice",
    "bracelet",
    "refugie",
    "refugiee",
    "asile",
    "sans abri",
    "sans domicile",
    "minima sociaux",
    "aide sociale",
    "chomeur de longue duree",
    "demandeur d emploi de longue duree",
    "pass iae",
)


def grounds_in(text: str, labels: Iterable[str]) -> list[str]:
    """The words of `text` that tell a ground: those above, and the acronyms of the criteria's labels."""
    said = f" {normalise(text)} "
    found = [word for word in WORDS if f" {word} " in said]
    known = {acronym for label in labels for acronym in _ACRONYM.findall(label)} - _NEUTRAL
    found += [
        acronym for acronym in _ACRONYM.findall(text) if acronym in known and acronym.lower() not in found
    ]
    return list(dict.fromkeys(found))
