"""Who a line of a file is about: the same name and birth date, or people to choose from. Asks no database."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from beneficiaries.import_reading import Identity, words_of
from core import formats

# A letter missing, doubled, swapped or replaced in a name of ten letters.
ALIKE = 84
# The same birth date weighs more than some letters: a married name, a first name cut short.
ALIKE_WITH_BIRTH = 55
PROPOSED_MAX = 5


@dataclass(frozen=True, slots=True)
class Known:
    """A person who has a file."""

    pk: int
    last_name: str
    first_name: str
    birth_name: str = ""
    birth_date: dt.date | None = None

    @property
    def label(self) -> str:
        born = f", né·e le {formats.day(self.birth_date)}" if self.birth_date else ""
        maiden = f" (nom de naissance {self.birth_name})" if self.birth_name else ""
        return f"{self.last_name} {self.first_name}{maiden}{born}"


@dataclass(frozen=True, slots=True)
class Match:
    """The person found, or those to choose from, with the sentence that says why."""

    person: Known | None = None
    proposals: tuple[Known, ...] = ()
    sentence: str = ""
    note: str = ""


NOBODY = Match()


@dataclass(slots=True)
class Pool:
    """The people among whom a file's are looked for."""

    people: dict[int, Known] = field(default_factory=dict)
    by_words: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    by_birth: dict[dt.date, set[int]] = field(default_factory=lambda: defaultdict(set))
    _answers: dict[tuple[str, dt.date | None], Match] = field(default_factory=dict)

    @classmethod
    def of(cls, people: Iterable[Known]) -> Pool:
        pool = cls()
        for person in people:
            pool.add(person)
        return pool

    def add(self, person: Known) -> None:
        self.people[person.pk] = person
        for name in _names_of(person):
            self.by_words[name].add(person.pk)
        if person.birth_date:
            self.by_birth[person.birth_date].add(person.pk)
        self._answers.clear()

    def find(self, who: Identity) -> Match:
        """The one person who bears that name and birth date; else those to ask about; else nobody."""
        key = (who.words, who.birth_date)
        if key not in self._answers:
            self._answers[key] = self._find(who)
        return self._answers[key]

    def _find(self, who: Identity) -> Match:
        named = sorted(self.by_words.get(who.words, ()))
        people = [self.people[pk] for pk in named]
        if who.birth_date is None:
            if len(people) == 1:
                return Match(people[0])
            if people:
                sentence = f"{len(people)} personnes portent ce nom, et le fichier ne donne pas de date de naissance."
                return Match(proposals=tuple(people[:PROPOSED_MAX]), sentence=sentence)
            return self._alike(who)
        born = [person for person in people if person.birth_date == who.birth_date]
        if len(born) == 1:
            return Match(born[0])
        if len(born) > 1:
            sentence = "Plusieurs fiches portent ce nom et cette date de naissance."
            return Match(proposals=tuple(born[:PROPOSED_MAX]), sentence=sentence)
        unborn = [person for person in people if person.birth_date is None]
        if len(people) == 1 and unborn:
            return Match(people[0], note="La fiche n’a pas de date de naissance, le fichier en donne une.")
        if people:
            said = ", ".join(formats.day(person.birth_date) for person in people if person.birth_date)
            sentence = f"Même nom, mais né·e le {formats.day(who.birth_date)} dans le fichier" + (
                f" et le {said} dans la fiche." if said else "."
            )
            return Match(proposals=tuple(people[:PROPOSED_MAX]), sentence=sentence)
        return self._alike(who)

    def _alike(self, who: Identity) -> Match:
        found: dict[int, float] = {}
        choices = self.by_words.keys()
        for name, score, _ in process.extract(
            who.words, choices, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=12
        ):
            for pk in self.by_words[name]:
                known = self.people[pk]
                # Two dates that differ make two people, unless the names are all but the same.
                differ = who.birth_date and known.birth_date and who.birth_date != known.birth_date
                if not differ or score >= 93:
                    found[pk] = max(found.get(pk, 0), score - (10 if differ else 0))
        if who.birth_date:
            for pk in self.by_birth.get(who.birth_date, ()):
                score = max(fuzz.token_set_ratio(who.words, name) for name in _names_of(self.people[pk]))
                if score >= ALIKE_WITH_BIRTH:
                    found[pk] = max(found.get(pk, 0), score + 5)
        ranked = sorted(found, key=lambda pk: (-found[pk], pk))[:PROPOSED_MAX]
        if not ranked:
            return NOBODY
        sentence = (
            "Aucune fiche ne porte exactement ce nom ; une lui ressemble."
            if len(ranked) == 1
            else (f"Aucune fiche ne porte exactement ce nom ; {len(ranked)} lui ressemblent.")
        )
        return Match(proposals=tuple(self.people[pk] for pk in ranked), sentence=sentence)


def _names_of(person: Known) -> set[str]:
    """The names by which a file may call someone, words in order."""
    names = {words_of(f"{person.last_name} {person.first_name}")}
    if person.birth_name:
        names.add(words_of(f"{person.birth_name} {person.first_name}"))
        names.add(words_of(f"{person.last_name} {person.birth_name} {person.first_name}"))
    return names
