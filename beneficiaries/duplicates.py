"""The pairs of files that are likely one person's, over the whole directory."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from beneficiaries.models import Beneficiary, SeparatePeople
from beneficiaries.name_likeness import Name, likeness, telling

# A name without birth date that many bear says nothing: its pairs would hide the others.
MOST_IN_A_BLOCK = 60


@dataclass(frozen=True, slots=True)
class Pair:
    """Two files (their numbers, the older first), and how likely they are one person's."""

    first: int
    second: int
    score: float


def likely_pairs(rows: Any) -> list[Pair]:
    """Pairs of these people, likeliest first; those said to be two people are left out.

    Two files are compared only when they share a birth date, or the words of their names: never each with all.
    """
    people: dict[int, tuple[Name, dt.date | None]] = {}
    by_birth: dict[dt.date, list[int]] = defaultdict(list)
    by_words: dict[tuple[str, ...], list[int]] = defaultdict(list)
    found = rows.order_by("pk").values_list("pk", "last_name", "first_name", "birth_name", "birth_date")
    for pk, last, first, birth_name, born in found.iterator(chunk_size=5_000):
        name = Name.of(last, first, birth_name)
        people[pk] = name, born
        if born is not None:
            by_birth[born].append(pk)
        for key in _keys(name):
            by_words[key].append(pk)
    apart = set(SeparatePeople.objects.values_list("first", "second"))
    pairs: dict[tuple[int, int], float] = {}
    for block in _blocks(by_birth.values(), by_words.values()):
        for one, other in combinations(block, 2):
            # A person of two last names stands in two blocks.
            if (one, other) in pairs or (one, other) in apart:
                continue
            score = likeness(*people[one], *people[other])
            if score is not None:
                pairs[one, other] = score
    return [
        Pair(one, other, score)
        for (one, other), score in sorted(pairs.items(), key=lambda entry: (-entry[1], entry[0]))
    ]


def _keys(name: Name) -> set[tuple[str, ...]]:
    """What the same names have in common: their letters, whatever the order of the words and the spaces between."""
    return {("".join(sorted("".join((*last, *name.first)))),) for last in name.lasts if telling(last)}


def _blocks(*sources: Iterable[list[int]]) -> Iterator[list[int]]:
    for source in sources:
        for block in source:
            if 1 < len(block) <= MOST_IN_A_BLOCK:
                yield sorted(block)


def pairs_with_people(pairs: list[Pair], rows: Any) -> list[dict[str, Any]]:
    """The pairs with their two people, those of `rows` (a scoped queryset) only, by one query."""
    wanted = {pk for pair in pairs for pk in (pair.first, pair.second)}
    people = {person.pk: person for person in rows.filter(pk__in=wanted)}
    return [
        {
            "first": people[pair.first],
            "second": people[pair.second],
            "score": pair.score,
            "why": why(people, pair),
        }
        for pair in pairs
        if pair.first in people and pair.second in people
    ]


def why(people: dict[int, Beneficiary], pair: Pair) -> str:
    """What makes them look like one person, in words."""
    if pair.score >= 100:
        return "mêmes noms, même date de naissance"
    if pair.score >= 95:
        return "noms proches, même date de naissance"
    if pair.score >= 90:
        return "mêmes noms, dates de naissance à un chiffre près ou jour et mois inversés"
    return "mêmes noms, une date de naissance manque"
