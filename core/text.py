"""Words made comparable: no accents, no case, no hyphens or apostrophes, single spaces."""

import re
import unicodedata

# A search longer than this is no search: a pasted title has thirty words at most.
WORDS_MAX, WORD_MAX, TEXT_MAX = 30, 100, 4_000
_APART = re.compile(r"[^0-9a-z]+")
# Letters that Unicode does not take apart, as people without that keyboard type them.
_PLAIN = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i"}
)


def normalise(text: str) -> str:
    """« Élise D’Hérouville-Saint » → « elise d herouville saint »."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    latin = _APART.sub(" ", bare).strip()
    # A name in another script has no Latin letter left: keep it as it is rather than lose it.
    return latin or " ".join(bare.split())


def typed_words(text: str) -> list[str]:
    """The normalised words of a search: the first of them, cut, when there are more than a person types.

    Each one is a condition of the query, and a database takes only so many.
    """
    return [word[:WORD_MAX] for word in normalise(text[:TEXT_MAX]).split()[:WORDS_MAX]]


def slug(text: str, length: int = 80) -> str:
    """« Ville d’Été, 2026/12 » → « ville-d-ete-2026-12 », for the name of a file."""
    return normalise(text).replace(" ", "-")[:length]
