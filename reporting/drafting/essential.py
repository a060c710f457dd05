"""Sentences of « L’essentiel »: what its own answer does not say already. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from core import formats
from reporting.drafting.reading import Figure, Reading
from reporting.drafting.wording import Proposal, proposal
from reporting.drafting.work import first_time, largest_change
from reporting.snapshot.words import agree, count

SECTION = "essentiel"


def sentences(reading: Reading) -> Iterator[Proposal]:
    yield from _contracts(reading)
    holders = reading.table("hours_by_holder")
    if holders is not None:
        yield from largest_change(reading, holders, SECTION)
        yield from first_time(reading, holders, SECTION)
    yield from _reserved(reading)


def _contracts(reading: Reading) -> Iterator[Proposal]:
    contracts = reading.item("contracts_figures", "contracts")
    number = contracts and contracts.value("value")
    if not contracts or not number:
        return
    figures = [Figure("Contrats de travail", "number", contracts.cells["value"], contracts.block)]
    sentence = f"{count(number, 'contrat')} de travail {agree(number, 'a porté', 'ont porté')} ces heures"
    started = reading.item("contracts_figures", "contracts_started")
    begun = started and started.value("value")
    if started and begun:
        sentence += f", dont {formats.number(begun, 0)} {agree(begun, 'démarré', 'démarrés')} {reading.when}"
        figures.append(Figure("Contrats démarrés", "number", started.cells["value"], started.block))
    yield proposal(SECTION, "contracts", f"{sentence}.", *figures)


def _reserved(reading: Reading) -> Iterator[Proposal]:
    line = reading.item("markets_figures", "markets_reserved")
    number = line and line.value("value")
    if line and number:
        sentence = f"{count(number, 'marché')} en cours {reading.when} {agree(number, 'était réservé', 'étaient réservés')}, en tout ou partie."
        yield proposal(
            SECTION,
            "reserved",
            sentence,
            Figure("Marchés réservés", "number", line.cells["value"], line.block),
        )
