"""Rows that are too many for a select box: how they are written in a field, suggested and found again."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from beneficiaries.models import Beneficiary, Occupation
from beneficiaries.name_search import bearing, find_people
from clauses.models import Commitment
from core import formats
from core.search import words_asked
from core.text import WORD_MAX, normalise, typed_words

if TYPE_CHECKING:
    from accounts.models import User

SUGGESTIONS = 12
_EXACT = re.compile(r"\[([^\[\]]+)\]\s*$")


@dataclass(frozen=True)
class Lookup:
    """One kind of row: those that a user may choose, how words find them, how a row is written."""

    rows: Callable[[User], Any]
    find: Callable[[Any, str], Any]
    label: Callable[[Any], str]
    nothing: str
    several: str
    # Rows that the words may mean in spite of a typing error: suggested, never chosen for someone.
    near: Callable[[Any, str], list[Any]] | None = None

    def write(self, row: Any) -> str:
        """The row as a field shows it; the number in brackets finds it again."""
        return f"{self.label(row)} [{row.pk}]"

    def suggest(self, user: User, words: str) -> list[str]:
        """The first rows that hold the words."""
        if not words.strip():
            return []
        rows = self.near(self.rows(user), words) if self.near else self.find(self.rows(user), words)
        return [self.write(row) for row in rows[:SUGGESTIONS]]

    def read(self, user: User, text: str) -> Any:
        """The one row that was typed or chosen. Raises ValueError with the sentence to show."""
        rows = self.rows(user)
        exact = _EXACT.search(text)
        if exact:
            found = rows.filter(pk=exact[1]).first() if _fits(rows.model, exact[1]) else None
            if found is not None:
                return found
        wanted = list(self.find(rows, _EXACT.sub("", text))[: SUGGESTIONS + 1])
        if len(wanted) == 1:
            return wanted[0]
        same = [row for row in wanted if normalise(self.label(row)) == normalise(text)]
        if len(same) == 1:
            return same[0]
        if not wanted:
            close = self.near(rows, _EXACT.sub("", text))[:4] if self.near else []
            names = " ; ".join(self.write(row) for row in close)
            said = f"{self.nothing} Orthographe proche\u202f: {names}." if names else self.nothing
            raise ValueError(f"«\u202f{formats.short(text, 60)}\u202f»\u202f: {said}")
        names = " ; ".join(self.write(row) for row in wanted[:4])
        raise ValueError(f"«\u202f{formats.short(text, 60)}\u202f»\u202f: {self.several} {names}.")


def is_key(text: str) -> bool:
    """Whether a typed number can be a row's: « ² » is a digit and no number, and a key has 18 digits at most."""
    return text.isdecimal() and len(text) <= 18


def _fits(model: Any, text: str) -> bool:
    return is_key(text) or model._meta.pk.get_internal_type() == "CharField"


def _people_by_words(rows: Any, words: str) -> Any:
    typed = words_asked(words)
    return bearing(rows, typed) if typed else rows.none()


def _people_nearly(rows: Any, words: str) -> list[Any]:
    written = rows.only("last_name", "first_name", "birth_date")
    return [match.person for match in find_people(written, words, SUGGESTIONS)]


def _reference_by_words(rows: Any, words: str) -> Any:
    """A reference list has no search key: it is short enough to be read whole."""
    wanted = normalise(words).split()
    found = [row for row in rows if all(word in normalise(f"{row.label} {row.pk}") for word in wanted)]
    text = normalise(words)
    return sorted(found, key=lambda row: (not normalise(row.label).startswith(text), row.label, row.pk))


def _commitments_by_words(rows: Any, words: str) -> Any:
    """A market's own reference names it; else words of the market and of the holder."""
    named = rows.filter(market__reference__iexact=words.strip()[:WORD_MAX])
    if named.exists():
        return named
    for word in typed_words(words):
        rows = rows.filter(Q(market__search_key__contains=word) | Q(holder__search_key__contains=word))
    return rows


def commitment_label(row: Commitment) -> str:
    lot = row.clause.lot
    return f"{row.market.reference}, lot {lot.number}, {row.holder}, {formats.short(row.market.object, 50)}"


def person_label(row: Beneficiary) -> str:
    born = f", né·e le {formats.day(row.birth_date)}" if row.birth_date else ""
    return f"{row}{born}"


LOOKUPS = {
    "occupation": Lookup(
        rows=lambda user: Occupation.objects.filter(is_active=True),
        find=_reference_by_words,
        label=lambda row: row.label,
        nothing="ce métier n’est pas dans la liste ROME. Tapez un mot de son intitulé, ou son code.",
        several="plusieurs métiers contiennent ces mots. Choisissez parmi\u202f:",
    ),
    "person": Lookup(
        rows=lambda user: Beneficiary.objects.visible_to(user),
        find=_people_by_words,
        near=_people_nearly,
        label=person_label,
        nothing="aucune personne ne porte ce nom. Créez sa fiche d’abord.",
        several="plusieurs personnes portent ce nom. Choisissez parmi\u202f:",
    ),
    "commitment": Lookup(
        rows=lambda user: (
            Commitment.objects.visible_to(user)
            .filter(market__closed_on__isnull=True)
            .select_related("market", "holder", "clause__lot")
            .order_by("market__reference", "pk")
        ),
        find=_commitments_by_words,
        label=commitment_label,
        nothing="aucun engagement d’un marché ouvert ne correspond. "
        "Tapez la référence du marché ou le nom du titulaire.",
        several="plusieurs engagements correspondent. Choisissez parmi\u202f:",
    ),
}
