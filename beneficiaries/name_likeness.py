"""How alike two names and two birth dates are, and the variants by which a typing error is found again; no Django here.

A word and its one-deletion variants (symmetric delete): two words that differ by one letter missing, added, replaced
or swapped with its neighbour always share a variant, so that an index of variants finds one from the other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from core.text import normalise

# A word of two letters less one is a letter: it would find half the directory.
SHORTEST_TYPO = 3
LONGEST_WORD = 40
# Particles alone tell nobody from another: « de », « el », « ben » are left out where other words remain.
SHORTEST_TELLING = 3


@lru_cache(maxsize=20_000)
def words_of_name(text: str) -> tuple[str, ...]:
    """The normalised words of a name, each cut to what the index holds; a name in another script keeps its letters."""
    return tuple(word[:LONGEST_WORD] for part in text.split() for word in normalise(part).split())


@lru_cache(maxsize=20_000)
def variants(word: str) -> frozenset[str]:
    """The word, and the word less each of its letters."""
    if len(word) < SHORTEST_TYPO:
        return frozenset([word])
    return frozenset([word, *(word[:i] + word[i + 1 :] for i in range(len(word)))])


def glued(words: Sequence[str]) -> str:
    """« jean baptiste » → « jeanbaptiste », as it is typed without its hyphen; nothing for a single word."""
    whole = "".join(words)
    return whole if len(words) > 1 and len(whole) <= LONGEST_WORD else ""


def indexed(names: Iterable[str]) -> set[str]:
    """All the variants by which someone of these names (last, first, birth name) is found."""
    found: set[str] = set()
    for name in names:
        words = words_of_name(name or "")
        for word in words:
            found |= variants(word)
        if whole := glued(words):
            found.add(whole)
    return found


@lru_cache(maxsize=20_000)
def word_likeness(typed: str, word: str) -> float:
    """From 0 to 1: the same word 1, a word that begins so a little less, then by the number of letters that differ."""
    if typed == word:
        return 1.0
    if word.startswith(typed):
        return 0.97 - 0.002 * min(len(word) - len(typed), 20)
    return OSA.normalized_similarity(typed, word)


def is_near(typed: str, word: str) -> bool:
    """Whether one letter makes the difference: missing, added, replaced, or swapped with its neighbour."""
    if typed == word:
        return True
    if min(len(typed), len(word)) < SHORTEST_TYPO - 1 or max(len(typed), len(word)) < SHORTEST_TYPO:
        return False
    return OSA.distance(typed, word, score_cutoff=1) <= 1


def score(typed: Sequence[str], words: Sequence[str]) -> float:
    """From 0 to 100: how well someone of these words answers what was typed, in whatever order."""
    left = list(words)
    total = weight = 0.0
    for word in sorted(typed, key=len, reverse=True):
        weight += len(word)
        if not left:
            continue
        best = max(left, key=lambda candidate: word_likeness(word, candidate))
        total += len(word) * word_likeness(word, best)
        left.remove(best)
    if not weight:
        return 0.0
    # Of two people who bear what was typed, the one who bears nothing else comes first.
    return round(max(0.0, 100 * total / weight - min(len(left), 5)), 1)


@dataclass(frozen=True, slots=True)
class Name:
    """The words of a person's names, made comparable once."""

    last: tuple[str, ...]
    first: tuple[str, ...]
    birth: tuple[str, ...] = ()

    @classmethod
    def of(cls, last_name: str, first_name: str, birth_name: str = "") -> Name:
        return cls(words_of_name(last_name), words_of_name(first_name), words_of_name(birth_name))

    @property
    def words(self) -> tuple[str, ...]:
        return (*self.last, *self.first, *self.birth)

    @property
    def lasts(self) -> list[tuple[str, ...]]:
        """The names under which the family name may be written: of use, of birth."""
        return [words for words in (self.last, self.birth) if words]


def telling(words: Sequence[str]) -> list[str]:
    """The words that tell someone from another: particles go where something else remains."""
    return [word for word in words if len(word) >= SHORTEST_TELLING] or list(words)


def _close(one: Sequence[str], other: Sequence[str]) -> bool:
    """Each word of the shorter one has its counterpart in the other, but for one letter: « Marie » and « Marie-Anne »."""
    fewer, more = sorted((telling(one), telling(other)), key=len)
    if not fewer:
        return False
    if "".join(one) == "".join(other):
        return True
    left = list(more)
    for word in fewer:
        found = next((candidate for candidate in left if is_near(word, candidate)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def _same(one: Sequence[str], other: Sequence[str]) -> bool:
    return bool(one) and (sorted(one) == sorted(other) or "".join(one) == "".join(other))


def names_close(one: Name, other: Name) -> bool:
    """Whether these names may be one person's: last or birth name and first name alike, or one for the other."""
    for mine in one.lasts:
        for theirs in other.lasts:
            if _close(mine, theirs) and _close(one.first, other.first):
                return True
            # Inverted: the last name was written in the place of the first.
            if _close(mine, other.first) and _close(one.first, theirs):
                return True
    return False


def names_same(one: Name, other: Name) -> bool:
    """Whether the names are the same, whatever accents, case, hyphens, order, and which of the two last names."""
    for mine in one.lasts:
        for theirs in other.lasts:
            if _same(mine, theirs) and _same(one.first, other.first):
                return True
            if _same(mine, other.first) and _same(one.first, theirs):
                return True
    return False


def dates_near(one: dt.date, other: dt.date) -> bool:
    """Day and month swapped, or one digit of the eight that differs."""
    if (one.year, one.day, one.month) == (other.year, other.month, other.day):
        return True
    return sum(a != b for a, b in zip(f"{one:%Y%m%d}", f"{other:%Y%m%d}", strict=True)) == 1


def near_dates(day: dt.date) -> Collection[dt.date]:
    """Every date that a slip of one digit, or day for month, makes of this one; the day itself among them."""
    found = {day}
    if day.day <= 12:
        found.add(dt.date(day.year, day.day, day.month))
    text = f"{day:%Y%m%d}"
    for place in range(8):
        for digit in "0123456789":
            typed = text[:place] + digit + text[place + 1 :]
            try:
                found.add(dt.date(int(typed[:4]), int(typed[4:6]), int(typed[6:])))
            except ValueError:
                continue
    return found


def likeness(one: Name, one_born: dt.date | None, other: Name, other_born: dt.date | None) -> float | None:
    """How likely two files are one person's (0 to 100), or None when nothing says so.

    Names close and the same birth date; or the same names and a birth date that is missing on a side, has day and month
    swapped, or one digit off.
    """
    if one_born is not None and one_born == other_born:
        if not names_close(one, other):
            return None
        return 100.0 if names_same(one, other) else 95.0
    if not names_same(one, other):
        return None
    if one_born is None or other_born is None:
        return 80.0
    return 90.0 if dates_near(one_born, other_born) else None
