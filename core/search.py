"""The search of the whole house: the words of each registered source, looked up by index, then what the user may see.

A word is found by its beginning, whatever its accents, case or place: « ecole jul » finds « École Jules-Ferry ».
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models.signals import post_delete, post_save

from core.models import Searchable, SearchWord
from core.text import normalise

SHOWN = 8
# A search of one letter finds half the house.
SHORTEST = 2
# More words than a person types; each is one more look-up.
MOST_WORDS = 8
# Rows that a query takes by their ids; beyond, the words are a condition of it.
MOST_NAMED = 150
_NUMBER = re.compile(r"[\d\s]{9,}")


@dataclass(frozen=True)
class SearchSource:
    """A kind of row that the search finds.

    address: the row's page for this user. describe: one line of facts; described_to: the roles that read it, all of them
    when nothing is said. ordering: fields that an index gives in order.
    list_url_name: the list that takes `?q=` for the rest.
    """

    key: str
    label: str
    model: type[Searchable]
    address: Callable[[Any, Any], str]
    describe: Callable[[Any], str]
    roles: tuple[str, ...]
    ordering: tuple[str, ...] = ("search_key", "pk")
    related: tuple[str, ...] = ()
    list_url_name: str = ""
    position: int = 100
    described_to: tuple[str, ...] = ()

    def facts(self, row: Any, user: Any) -> str:
        """The line of facts, for who may read it."""
        return self.describe(row) if not self.described_to or user.role in self.described_to else ""


@dataclass
class Found:
    """What one source answers: its first rows, and whether there are more."""

    source: SearchSource
    rows: list[Any] = field(default_factory=list)
    more: bool = False


@dataclass(frozen=True)
class Companion:
    """What a room keeps beside the words of its rows: cleared and written again with them, and written by a bulk load."""

    label: str
    model: type[Searchable]
    clear: Callable[[], None]
    write: Callable[[Iterable[Any]], int]


_sources: dict[str, SearchSource] = {}
_companions: dict[str, Companion] = {}


def register_companion(companion: Companion) -> None:
    """Keep something beside the words of a model's rows, in AppConfig.ready()."""
    _companions[companion.label] = companion


def register_search(source: SearchSource) -> None:
    """Add a kind of rows to the search, in AppConfig.ready(); saving or deleting a row keeps its words."""
    _sources[source.key] = source
    post_save.connect(_row_saved, sender=source.model, dispatch_uid=f"search.{source.key}.saved")
    post_delete.connect(_row_deleted, sender=source.model, dispatch_uid=f"search.{source.key}.deleted")


def sources_for(user: Any) -> list[SearchSource]:
    """The sources that this user's role may search, in order."""
    found = [source for source in _sources.values() if user.role in source.roles]
    return sorted(found, key=lambda source: source.position)


def words_of(row: Searchable) -> set[str]:
    """The words by which a row is found."""
    return set(_words(" ".join(str(getattr(row, name) or "") for name in row.search_fields)))


def _words(text: str) -> Iterator[str]:
    """Normalised words; taken apart first, so that a name in another script stays beside a number."""
    for part in text.split():
        for word in normalise(part).split():
            yield word[: SearchWord.LONGEST]


def words_asked(text: str) -> list[str]:
    """The words of a search; a number typed in groups (SIRET « 216 901 496 00010 ») is one word."""
    stripped = text.strip()
    if _NUMBER.fullmatch(stripped):
        stripped = re.sub(r"\s", "", stripped)
    words = dict.fromkeys(_words(stripped))
    # A word that begins another one asks for nothing more.
    kept = [word for word in words if not any(other != word and other.startswith(word) for other in words)]
    return kept[:MOST_WORDS]


def search(user: Any, text: str, shown: int = SHOWN) -> list[Found]:
    """What the house holds under these words, source by source; sources without any are left out.

    One query finds the words; then one for each source that bears them all gives the rows that `user` may see.
    """
    words = words_asked(text)
    if sum(map(len, words)) < SHORTEST:
        return []
    sources = sources_for(user)
    held = _holders([source.key for source in sources], words)
    answers = []
    for source in sources:
        if source.key not in held:
            continue
        model: Any = source.model
        found = model.objects.visible_to(user)
        if len(held[source.key]) <= MOST_NAMED:
            found = found.filter(pk__in=held[source.key])
        else:
            for word in words:
                bearing = SearchWord.objects.filter(source=source.key).beginning_with(word)
                found = found.filter(pk__in=bearing.values("object_id"))
        rows = list(found.select_related(*source.related).order_by(*source.ordering)[: shown + 1])
        if rows:
            answers.append(Found(source, rows[:shown], len(rows) > shown))
    return answers


# The end of what begins with a word: nothing sorts after it.
END = chr(0x10FFFF)
BEARING = "source = %s AND word >= %s AND word < %s"


def _holders(keys: list[str], words: Sequence[str]) -> dict[str, list[int]]:
    """Ids by source of rows that bear all these words, up to MOST_NAMED + 1 words of each source; some ids come twice.

    Written in SQL, the same for both databases: the time of a search is mostly that of making its queries.
    """
    # The longest word is the rarest, as a rule: the others are looked up for its rows only.
    ordered = sorted(words, key=len, reverse=True)
    others = f" AND object_id IN (SELECT object_id FROM core_searchword WHERE {BEARING})" * (len(ordered) - 1)
    one = f"SELECT source, object_id FROM core_searchword WHERE {BEARING}{others} LIMIT {MOST_NAMED + 1}"
    union = " UNION ALL ".join(f"SELECT * FROM ({one}) AS found_{rank}" for rank in range(len(keys)))
    held: dict[str, list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(union, [part for key in keys for word in ordered for part in (key, word, word + END)])
        for key, pk in cursor.fetchall():
            held.setdefault(key, []).append(pk)
    return held


def index_rows(model: type[Searchable], rows: Iterable[Searchable]) -> int:
    """Write the words of rows that have none yet (a bulk load), and what is kept beside; returns how many words."""
    held = list(rows)
    for companion in _companions.values():
        if companion.model is model:
            companion.write(held)
    return sum(_write(source.key, held) for source in _sources.values() if source.model is model)


def _write(key: str, rows: Iterable[Any]) -> int:
    words = [
        SearchWord(source=key, object_id=row.pk, word=word) for row in rows for word in sorted(words_of(row))
    ]
    SearchWord.objects.bulk_create(words, batch_size=2_000)
    return len(words)


@transaction.atomic
def rebuild() -> dict[str, int]:
    """Write every word again; returns how many by source."""
    written = {}
    for source in _sources.values():
        SearchWord.objects.filter(source=source.key).delete()
        model: Any = source.model
        written[source.label] = sum(_write(source.key, slice_) for slice_ in _slices(model))
    for companion in _companions.values():
        companion.clear()
        written[companion.label] = sum(companion.write(slice_) for slice_ in _slices(companion.model))
    return written


def _slices(model: Any, size: int = 2_000) -> Iterator[list[Any]]:
    names = ("pk", *model.search_fields)
    last = 0
    while rows := list(model.objects.filter(pk__gt=last).order_by("pk").only(*names)[:size]):
        yield rows
        last = rows[-1].pk


def rows_are_found_by_their_words() -> Iterator[str]:
    """The search knows the words of every row, and of no other."""
    for source in _sources.values():
        model: Any = source.model
        held = SearchWord.objects.filter(source=source.key)
        for pk in (
            model.objects.exclude(pk__in=held.values("object_id"))
            .exclude(search_key="")
            .order_by("pk")
            .values_list("pk", flat=True)
        ):
            yield f"{source.label} : la recherche ne trouve pas la ligne {pk} (manage.py rebuild_search)."
        gone = held.exclude(object_id__in=model.objects.values("pk")).order_by("object_id")
        for pk in gone.values_list("object_id", flat=True).distinct():
            yield f"{source.label} : la recherche trouve la ligne {pk}, qui n’existe plus (manage.py rebuild_search)."


def _keys(model: Any) -> list[str]:
    return [source.key for source in _sources.values() if source.model is model]


def _row_saved(sender: Any, instance: Any, raw: bool = False, **kwargs: Any) -> None:
    wanted = words_of(instance)
    for key in _keys(sender):
        held = SearchWord.objects.filter(source=key, object_id=instance.pk)
        former = set(held.values_list("word", flat=True))
        if former - wanted:
            held.filter(word__in=former - wanted).delete()
        SearchWord.objects.bulk_create(
            [SearchWord(source=key, object_id=instance.pk, word=word) for word in sorted(wanted - former)]
        )


def _row_deleted(sender: Any, instance: Any, **kwargs: Any) -> None:
    for key in _keys(sender):
        SearchWord.objects.filter(source=key, object_id=instance.pk).delete()
