"""People found in spite of a typing error: the index of the variants of names, who is near what was typed, who is likely the same.

The words of `core.search` find exact words and beginnings; the variants (`name_likeness`) find the rest. Both are look-ups of
an index, the same on SQLite and PostgreSQL, and the ranking is rapidfuzz's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db import connection
from django.db.models import IntegerField, Q
from django.db.models.expressions import RawSQL

from beneficiaries.models import Beneficiary, NameVariant
from beneficiaries.name_likeness import (
    LONGEST_WORD,
    Name,
    glued,
    indexed,
    likeness,
    near_dates,
    score,
    telling,
    variants,
)
from core.models import SearchWord
from core.search import words_asked

SOURCE = "person"
# Below that many letters, near is anything.
SHORTEST = 4
# Rows that are ranked at most: beyond, the words typed say too little.
MOST_RANKED = 1_000
# A person found by their names but for one word must look like them all the same.
LEAST_SCORE = 70.0
MOST_OF = 0.6
# Nothing better is to be found by joining words.
SURE = 85.0
# A list that finds so many by their own words says nothing of near spellings.
FEW = 20
BATCH = 5_000


@dataclass(frozen=True)
class Match:
    """Someone found, how well (0 to 100), and whether only by a near spelling."""

    person: Any
    score: float
    near: bool = False


# The index


def names_of(row: Any) -> tuple[str, str, str]:
    return row.last_name, row.first_name, row.birth_name


def index_people(rows: Iterable[Any]) -> int:
    """Write the variants of people that have none yet (a bulk load); returns how many.

    `core.search.index_rows(Beneficiary, rows)` does it too, with the words of the search.
    """
    statement = f"INSERT INTO {NameVariant._meta.db_table} (beneficiary_id, variant) VALUES (%s, %s)"
    written = 0
    batch: list[tuple[int, str]] = []
    with connection.cursor() as cursor:
        for row in rows:
            batch += [(row.pk, variant) for variant in sorted(indexed(names_of(row)))]
            if len(batch) >= BATCH:
                cursor.executemany(statement, batch)
                written += len(batch)
                batch = []
        if batch:
            cursor.executemany(statement, batch)
            written += len(batch)
    return written


def keep_index(sender: Any, instance: Any, raw: bool = False, **kwargs: Any) -> None:
    """After a save: the variants of this person are those of their names."""
    held = NameVariant.objects.filter(beneficiary=instance.pk)
    former, wanted = set(held.values_list("variant", flat=True)), indexed(names_of(instance))
    if former - wanted:
        held.filter(variant__in=former - wanted).delete()
    NameVariant.objects.bulk_create(
        [NameVariant(beneficiary_id=instance.pk, variant=variant) for variant in sorted(wanted - former)]
    )


def clear_index() -> None:
    NameVariant.objects.all()._raw_delete(NameVariant.objects.db)


def people_are_found_by_their_variants() -> Iterator[str]:
    """Chaque personne est retrouvée par les variantes de son nom."""
    held: dict[int, set[str]] = {}
    last = 0
    while True:
        people = list(
            Beneficiary.objects.filter(pk__gt=last, anonymised_on__isnull=True)
            .order_by("pk")
            .only("last_name", "first_name", "birth_name")[:2_000]
        )
        if not people:
            return
        first, last = people[0].pk, people[-1].pk
        held = {}
        for pk, variant in NameVariant.objects.filter(
            beneficiary__gte=first, beneficiary__lte=last
        ).values_list("beneficiary_id", "variant"):
            held.setdefault(pk, set()).add(variant)
        for person in people:
            if held.get(person.pk, set()) != indexed(names_of(person)):
                yield (
                    f"personne {person.pk} : son nom n’est pas retrouvé malgré une faute (manage.py rebuild_search)."
                )


# What is typed


# Written in SQL, the same for both databases: the time of a search is mostly that of making its queries.
END = chr(0x10FFFF)
_BEARING = f"SELECT object_id FROM {SearchWord._meta.db_table} WHERE source = %s AND word >= %s AND word < %s"
_SPELT = f"SELECT beneficiary_id FROM {NameVariant._meta.db_table} WHERE variant IN ({{marks}})"
_BEGUN = " OR (variant >= %s AND variant < %s)"


def bearing(rows: Any, words: Iterable[str]) -> Any:
    """Those of these people who bear words that begin so, all of them."""
    for word in words:
        rows = rows.filter(pk__in=RawSQL(_BEARING, [SOURCE, word, word + END]))
    return rows


def _spelt_nearly(rows: Any, words: Iterable[str]) -> Any:
    """Those who bear, for each word, that word or one that differs by a letter, finished or not."""
    for word in sorted(words, key=len, reverse=True):
        rows = rows.filter(pk__in=_spelt(variants(word), word if len(word) >= SHORTEST else ""))
    return rows


def _spelt(found: Iterable[str], begun: str = "") -> RawSQL:
    """The people of these variants; `begun` is still being typed: « dupn » begins « dupnt », « dupont » less a letter."""
    values = sorted(found)
    statement = _SPELT.format(marks=", ".join(["%s"] * len(values)))
    return RawSQL(
        statement + _BEGUN if begun else statement, [*values, *([begun, begun + END] if begun else [])]
    )


def _ranked(rows: Any, typed: list[str]) -> list[tuple[float, int]]:
    """Score and key of each row, best first; the older file first among equals."""
    names = rows.order_by().values_list("pk", "search_key")[:MOST_RANKED]
    found = [(_score(typed, key), pk) for pk, key in names]
    return sorted(found, key=lambda entry: (-entry[0], entry[1]))


def _score(typed: list[str], search_key: str) -> float:
    words = [word[:LONGEST_WORD] for word in search_key.split()]
    best = score(typed, words)
    if best < SURE and len(words) > 1:
        # « jeanbaptiste martin » for « Jean-Baptiste Martin », and the other way round.
        pairs = [one + other for one, other in pairwise(words)]
        best = max(best, score(typed, [*words, *pairs]))
    if best < SURE and (whole := glued(typed)):
        best = max(best, *(score([whole], [word]) - 1 for word in words), 0.0)
    return best


def near_people(
    rows: Any, typed: list[str], limit: int, *, beside: Iterable[int] = ()
) -> list[tuple[float, int]]:
    """Score and key of those whose spelling is near what was typed, best first; `beside` were found already."""
    if sum(map(len, typed)) < SHORTEST:
        return []
    known = set(beside)
    found = _ranked(_spelt_nearly(rows, typed), typed)
    if not found and len(typed) > 1 and (whole := glued(typed)):
        found = _ranked(_spelt_nearly(rows, [whole]), typed)
    if not found and 1 < len(typed) <= 4:
        # One of the words is not theirs at all: the others must be, and they must be most of what was typed.
        for left_out in range(len(typed)):
            kept = [word for rank, word in enumerate(typed) if rank != left_out]
            if sum(map(len, kept)) >= max(SHORTEST, MOST_OF * sum(map(len, typed))):
                found += _ranked(_spelt_nearly(rows, kept), typed)
        best: dict[int, float] = {}
        for value, pk in found:
            best[pk] = max(value, best.get(pk, 0.0))
        found = sorted(((value, pk) for pk, value in best.items()), key=lambda entry: (-entry[0], entry[1]))
    return [entry for entry in found if entry[1] not in known and entry[0] >= LEAST_SCORE][:limit]


def find_people(rows: Any, text: str, limit: int) -> list[Match]:
    """The people of `rows` (a scoped queryset) whom the words mean, best first: those who bear them, then near spellings.

    Accents, case, hyphens and the order of the names do not matter, and one error a word is forgiven.
    """
    typed = words_asked(text)
    if not typed:
        return []
    exact = _ranked(bearing(rows, typed), typed)[:limit]
    near: list[tuple[float, int]] = []
    if len(exact) < limit:
        near = near_people(rows, typed, limit - len(exact), beside=[pk for _, pk in exact])
    found = [pk for _, pk in (*exact, *near)]
    people = {person.pk: person for person in rows.filter(pk__in=found)} if found else {}
    return [
        Match(people[pk], value, near=is_only_near)
        for entries, is_only_near in ((exact, False), (near, True))
        for value, pk in entries
        if pk in people
    ]


def forgiving(rows: Any, text: str, among: Any) -> Any:
    """A list narrowed to what was typed: those who bear the words, then a few near spellings, marked by `near_rank`.

    among: the same people without what the list adds to its rows; the names are looked up there.
    """
    typed = words_asked(text)
    if sum(map(len, typed)) < SHORTEST:
        return bearing(rows, typed)
    first = list(bearing(among, typed).order_by().values_list("pk", flat=True)[:FEW])
    if len(first) == FEW:
        return bearing(rows, typed)
    near = [pk for _, pk in near_people(among, typed, FEW - len(first), beside=first)]
    found = rows.filter(pk__in=[*first, *near])
    if not near:
        return found
    places = " ".join(["WHEN %s THEN %s"] * len(near))
    rank = RawSQL(
        f"CASE {rows.model._meta.db_table}.id {places} ELSE 0 END",
        [value for place, pk in enumerate(near, start=1) for value in (pk, place)],
        output_field=IntegerField(),
    )
    return found.annotate(near_rank=rank).order_by("near_rank", "search_key", "pk")


def likely_same(
    last_name: str,
    first_name: str,
    birth_date: dt.date | None,
    rows: Any,
    birth_name: str = "",
    limit: int = 6,
) -> list[Match]:
    """Those of `rows` who are likely this person, likeliest first (score 100: same names and same birth date).

    Names close and the same birth date; or the same names and a birth date missing on a side, with day and month
    swapped, or with one digit off. See `name_likeness.likeness`.
    """
    wanted = Name.of(last_name, first_name, birth_name)
    if not wanted.lasts or not wanted.first:
        return []
    for words in (wanted.first, tuple(word for part in wanted.lasts for word in part)):
        found: set[str] = {glued(words)} - {""}
        for word in telling(words):
            found |= variants(word[:LONGEST_WORD])
        rows = rows.filter(pk__in=_spelt(found))
    if birth_date is not None:
        rows = rows.filter(Q(birth_date__in=sorted(near_dates(birth_date))) | Q(birth_date__isnull=True))
    matches = []
    for person in rows.order_by("pk")[:MOST_RANKED]:
        value = likeness(
            wanted,
            birth_date,
            Name.of(person.last_name, person.first_name, person.birth_name),
            person.birth_date,
        )
        if value is not None:
            matches.append(Match(person, value, near=value < 100))
    return sorted(matches, key=lambda match: (-match.score, match.person.pk))[:limit]
