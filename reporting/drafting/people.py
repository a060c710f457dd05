"""Sentences on the people: how many, who is shown in the typology, what became of them. Pure.

They quote readable cells only, and a part of a whole only where both are shown: nothing that is withheld can be told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core import formats
from reporting.drafting.reading import Figure, Reading
from reporting.drafting.wording import Proposal, evolution, key_figures, proposal, rate, share_of
from reporting.snapshot.words import agree, count

SECTION = "personnes"


@dataclass(frozen=True)
class Said:
    """A line of the typology that readers of the convention ask for; one put together with another is not found."""

    table: str
    row: str
    one: str
    many: str


TYPOLOGY = {
    "women": Said("typology_gender", "F", "femme", "femmes"),
    "young": Said("typology_age", "0", "personne de moins de 26 ans", "personnes de moins de 26 ans"),
    "older": Said("typology_age", "50", "personne de 50 ans et plus", "personnes de 50 ans et plus"),
    "qpv": Said(
        "typology_qpv",
        "yes",
        "personne résidant en quartier prioritaire (QPV)",
        "personnes résidant en quartier prioritaire (QPV)",
    ),
    "no_diploma": Said("typology_education", "none", "personne sans diplôme", "personnes sans diplôme"),
}
WORKED = ("a travaillé", "ont travaillé")


def sentences(reading: Reading) -> Iterator[Proposal]:
    yield from _people(reading)
    yield from _new(reading)
    yield from _hours_per_person(reading)
    for key, said in TYPOLOGY.items():
        yield from _shown(reading, key, said)
    yield from _first_public(reading)


def _people(reading: Reading) -> Iterator[Proposal]:
    line = reading.item("people_figures", "people")
    now, before = (line.value("value"), line.before("value")) if line else (None, None)
    if line and now is not None and before is not None and (now or before):
        sentence = evolution(reading, "Le nombre de personnes", now, before, "number", plural=False)
        yield proposal(SECTION, "people", sentence, *key_figures(reading, line, "Personnes", "number"))


def _new(reading: Reading) -> Iterator[Proposal]:
    """The part of those who come for the first time; everyone does in a document over a whole life."""
    people, new = reading.item("people_figures", "people"), reading.item("people_figures", "new_people")
    whole, part = people and people.value("value"), new and new.value("value")
    if not people or not new or not whole or not part:
        return
    share = share_of(part, whole, "Part des personnes", new.block)
    sentence = (
        f"{formats.number(part, 0)} {agree(part, 'personne entre', 'personnes entrent')} pour la première fois dans les "
        f"chiffres {reading.when}, soit {rate(share)} des personnes."
    )
    figures = (
        Figure("Nouvelles entrantes", "number", new.cells["value"], new.block),
        Figure("Personnes", "number", people.cells["value"], people.block),
        share,
    )
    yield proposal(SECTION, "new", sentence, *figures)


def _hours_per_person(reading: Reading) -> Iterator[Proposal]:
    line = reading.item("people_figures", "hours_per_person")
    now, before = (line.value("value"), line.before("value")) if line else (None, None)
    if not line or not now:
        return
    if before is None:
        sentence = f"Chaque personne a travaillé {formats.hours(now)} en moyenne {reading.when}."
        quoted = key_figures(reading, line, "Heures par personne en moyenne", "hours")[:1]
    else:
        sentence = evolution(reading, "Les heures par personne, en moyenne,", now, before, "hours")
        quoted = key_figures(reading, line, "Heures par personne en moyenne", "hours")
    yield proposal(SECTION, "hours_per_person", sentence, *quoted)


def _shown(reading: Reading, key: str, said: Said) -> Iterator[Proposal]:
    """A line of the typology, where it is readable, as a part of the people."""
    table = reading.table(said.table)
    line = table and table.line(said.row)
    people = line and line.value("people")
    whole = table.totals.value("people") if table and table.totals else None
    if not table or not table.totals or not line or people is None or not whole:
        return
    if not people:
        sentence = f"Aucune {said.one} n’a travaillé dans le cadre des clauses {reading.when}."
        yield proposal(SECTION, key, sentence, table.figure(line, "people"))
        return
    share = share_of(people, whole, "Part des personnes", table.key)
    figures = [table.figure(line, "people"), table.figure(table.totals, "people"), share]
    sentence = (
        f"{count(people, said.one, said.many)} {agree(people, *WORKED)} dans le cadre des clauses {reading.when}, soit "
        f"{rate(share)} des personnes"
    )
    before = line.before("people")
    if before is not None:
        sentence += f", contre {formats.number(before, 0) if before else 'aucune'} en {reading.last_year}"
        figures.append(table.figure(line, "people_previous"))
    yield proposal(SECTION, key, f"{sentence}.", *figures)


def _first_public(reading: Reading) -> Iterator[Proposal]:
    """The public with the most people, among those that are readable, where none that is withheld may have more."""
    table = reading.table("publics")
    people = reading.item("people_figures", "people")
    whole = people and people.value("value")
    if table is None or not people or not whole:
        return
    lines = [line for line in table if line.value("people")]
    # A withheld line may be that of nearly everyone: « the most » would then say too much.
    if not lines or any("people" in line.withheld for line in table):
        return
    first = max(lines, key=lambda line: line.value("people") or 0)
    number = first.value("people")
    assert number is not None
    share = share_of(number, whole, "Part des personnes", table.key)
    sentence = (
        f"Le public le plus présent à l’entrée est « {first.label} » : {count(number, 'personne')}, soit {rate(share)} des "
        "personnes."
    )
    figures = (
        table.figure(first, "people"),
        Figure("Personnes", "number", people.cells["value"], people.block),
        share,
    )
    yield proposal(SECTION, "first_public", sentence, *figures)
