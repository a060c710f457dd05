"""People found in spite of a typing error: the index of the variants of names, who is near what was typed, who is likely the same.

The words of `core.search` find exact words and beginnings; the variants (`name_likeness`) find the rest. Both are look-ups of
an index, the same on SQLite and PostgreSQL, and the ranking is rapidfuzz's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Case, IntegerField, Q, Value, When

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
    words_of_name,
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
            Beneficiary.objects.filter(pk__gt=last)
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


def bearing(rows: Any, words: Iterable[str]) -> Any:
    """Those of these people who bear words that begin so, all of them."""
    for word in words:
        found = SearchWord.objects.filter(source=SOURCE).beginning_with(word)
        rows = rows.filter(pk__in=found.values("object_id"))
    return rows


def _spelt_nearly(rows: Any, words: Iterable[str]) -> Any:
    """Those who bear, for each word, that word or one that differs by a letter, finished or not."""
    for word in sorted(words, key=len, reverse=True):
        found = Q(variant__in=sorted(variants(word)))
        if len(word) >= SHORTEST:
            # Still being typed: « dupn » begins « dupnt », which is « dupont » less one letter.
            found |= Q(variant__gte=word, variant__lt=word + chr(0x10FFFF))
        rows = rows.filter(pk__in=NameVariant.objects.filter(found).values("beneficiary"))
    return rows


def _ranked(rows: Any, typed: list[str]) -> list[tuple[float, int]]:
    """Score and key of each row, best first; the older file first among equals."""
    found = []
    names = rows.order_by().values_list("pk", "last_name", "first_name", "birth_name")[:MOST_RANKED]
    whole = glued(typed)
    for pk, *parts in names:
        words = [word for part in parts for word in words_of_name(part)]
        best = score(typed, words)
        # « jeanbaptiste martin » for « Jean-Baptiste Martin », and the other way round.
        joined = [mark for part in parts if (mark := glued(words_of_name(part)))]
        if best < 95 and joined:
            best = max(best, score(typed, [*words, *joined]))
        if best < 95 and whole:
            best = max(best, *(score([whole], [word]) - 1 for word in words), 0.0)
        found.append((best, pk))
    return sorted(found, key=lambda entry: (-entry[0], entry[1]))


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
        # One of the words is not theirs at all: the others must be.
        for left_out in range(len(typed)):
            kept = [word for rank, word in enumerate(typed) if rank != left_out]
            if sum(map(len, kept)) >= SHORTEST:
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
    people = {person.pk: person for person in rows.filter(pk__in=[pk for _, pk in (*exact, *near)])}
    return [
        Match(people[pk], value, near=is_only_near)
        for entries, is_only_near in ((exact, False), (near, True))
        for value, pk in entries
        if pk in people
    ]


def forgiving(rows: Any, text: str) -> Any:
    """A list narrowed to what was typed: those who bear the words, then a few near spellings, marked by `near_rank`."""
    typed = words_asked(text)
    exact = bearing(rows, typed)
    if sum(map(len, typed)) < SHORTEST:
        return exact
    first = list(exact.order_by().values_list("pk", flat=True)[:FEW])
    near = (
        [pk for _, pk in near_people(rows, typed, FEW - len(first), beside=first)] if len(first) < FEW else []
    )
    if not near:
        return exact
    rank = Case(
        *(When(pk=pk, then=Value(place)) for place, pk in enumerate(near, start=1)),
        default=Value(0),
        output_field=IntegerField(),
    )
    return (
        rows.filter(pk__in=[*first, *near]).annotate(near_rank=rank).order_by("near_rank", "search_key", "pk")
    )


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
        rows = rows.filter(pk__in=NameVariant.objects.filter(variant__in=sorted(found)).values("beneficiary"))
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
