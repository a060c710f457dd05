"""Sentences on what became of the people, and on collective actions: key figures that are readable, never others. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from core import formats
from reporting.drafting.reading import Figure, Reading
from reporting.drafting.wording import Proposal, key_figures, proposal, said
from reporting.snapshot.words import agree, count

SECTION, ESSENTIAL, PARTNERSHIP = "personnes", "essentiel", "partenariat"
POSITIVE = {"m6": "6 mois", "m12": "12 mois"}


def sentences(reading: Reading) -> Iterator[Proposal]:
    yield from _left(reading)
    yield from _durable(reading, SECTION)
    for key, label in POSITIVE.items():
        yield from _positive(reading, key, label)
    yield from _trainings(reading)
    yield from _long_paths(reading)
    yield from _durable(reading, ESSENTIAL)
    yield from _actions(reading)


def _left(reading: Reading) -> Iterator[Proposal]:
    line = reading.item("outcomes_figures", "left_path")
    now = line and line.value("value")
    if line and now:
        before = line.before("value")
        verb = agree(now, "est sortie de son parcours", "sont sorties de leur parcours")
        sentence = f"{count(now, 'personne')} {verb} {reading.when}"
        if before is not None:
            sentence += f", contre {formats.number(before, 0) if before else 'aucune'} en {reading.last_year}"
        figures = key_figures(reading, line, "Personnes sorties de leur parcours", "number")
        quoted = [figure for figure in figures if figure.label != "Évolution"]
        yield proposal(SECTION, "left_path", f"{sentence}.", *quoted)


def _durable(reading: Reading, section: str) -> Iterator[Proposal]:
    line = reading.item("outcomes_figures", "durable_share")
    if line and line.value("value") is not None:
        sentence = f"Parmi les sorties renseignées {reading.when}, {_rate(reading, line.block, 'durable_share')} sont en emploi durable"
        yield _rated(reading, section, "durable_share", sentence, "Sorties en emploi durable")


def _positive(reading: Reading, key: str, label: str) -> Iterator[Proposal]:
    line = reading.item("outcomes_figures", f"positive_{key}")
    if line and line.value("value") is not None:
        sentence = (
            f"Parmi les personnes qui ont répondu {label} après leur sortie, {_rate(reading, line.block, f'positive_{key}')} sont en "
            "emploi ou en formation"
        )
        # « 6 mois » and « 12 mois » are the name of the milestone: a figure that the table shows too.
        when = Figure("Moment après la sortie, en mois", "number", label.removesuffix(" mois"), line.block)
        yield _rated(
            reading, SECTION, f"positive_{key}", sentence, f"En emploi ou en formation, {label}", when
        )


def _rate(reading: Reading, block: str, key: str) -> str:
    line = reading.item(block, key)
    value = line.value("value") if line else None
    assert value is not None
    return said(value, "rate")


def _rated(reading: Reading, section: str, key: str, sentence: str, label: str, *more: Figure) -> Proposal:
    """A rate, beside that of N-1 where it is published; a rate has no change in percent."""
    line = reading.item("outcomes_figures", key)
    assert line is not None
    figures = [figure for figure in key_figures(reading, line, label, "rate") if figure.label != "Évolution"]
    before = line.before("value")
    if before is not None:
        sentence += f", contre {said(before, 'rate')} en {reading.last_year}"
    return proposal(section, key, f"{sentence}.", *figures, *more)


def _trainings(reading: Reading) -> Iterator[Proposal]:
    table = reading.table("benefits")
    trained = table and table.line("trained")
    people, number = (trained.value("people"), trained.value("count")) if trained else (None, None)
    if not table or not trained or not people or not number:
        return
    sentence = f"{count(people, 'personne')} {agree(people, 'a suivi', 'ont suivi')} {count(number, 'formation')} {reading.when}"
    figures = [table.figure(trained, "people"), table.figure(trained, "count")]
    obtained = table.line("obtained")
    got = obtained and obtained.value("count")
    if obtained and got:
        sentence += f", et {count(got, 'qualification')} {agree(got, 'a été obtenue', 'ont été obtenues')}"
        figures.append(table.figure(obtained, "count"))
    yield proposal(SECTION, "trainings", f"{sentence}.", *figures)


def _long_paths(reading: Reading) -> Iterator[Proposal]:
    table = reading.table("benefits")
    line = table and table.line("long")
    people = line and line.value("people")
    if table and line and people:
        sentence = f"{count(people, 'personne')} {agree(people, 'a travaillé', 'ont travaillé')} sur plusieurs marchés."
        yield proposal(SECTION, "long_paths", sentence, table.figure(line, "people"))


def _actions(reading: Reading) -> Iterator[Proposal]:
    """Collective actions: the partnership is where they are prepared."""
    actions = reading.item("actions_figures", "actions")
    number = actions and actions.value("value")
    if not actions or not number:
        return
    figures = list(key_figures(reading, actions, "Actions collectives", "number")[:1])
    sentence = f"{count(number, 'action collective', 'actions collectives')} {agree(number, 'a eu', 'ont eu')} lieu {reading.when}"
    present = reading.item("actions_figures", "participations")
    came = present and present.value("value")
    if present and came:
        sentence += f", avec {count(came, 'participation')}"
        figures += key_figures(reading, present, "Participations", "number")[:1]
    yield proposal(PARTNERSHIP, "actions", f"{sentence}.", *figures)
    hires = reading.item("actions_figures", "hired_after")
    hired = hires and hires.value("value")
    if hires and hired:
        sentence = f"Après ces actions, {count(hired, 'personne')} {agree(hired, 'a été embauchée', 'ont été embauchées')}."
        yield proposal(
            PARTNERSHIP,
            "hired_after",
            sentence,
            *key_figures(reading, hires, "Embauches après une action", "number")[:1],
        )
