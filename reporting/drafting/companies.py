"""Sentences on the companies, the partnership and what may be improved: contacts, promises, difficulties. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from core import formats
from reporting.drafting.reading import Figure, Line, Reading, Table
from reporting.drafting.wording import (
    Proposal,
    counted,
    enumerated,
    proposal,
    rate,
    share_of,
)
from reporting.drafting.work import COMPANIES, first_time
from reporting.snapshot.words import agree, count

SECTION, PARTNERSHIP, IMPROVEMENT = "relation", "partenariat", "ameliorations"
# How the chapter says the day of the meeting.
_MEETING = re.compile(r"[Ll]a réunion annuelle s’est tenue le (\d{2}/\d{2}/\d{4})")
# What the table of follow-up writes where no difficulty is open.
NONE = "–"
# Tables of the typology whose « Non renseigné » is a matter of collecting, and how each is said.
KNOWN = {
    "typology_education": "Le niveau de formation à l’entrée",
    "typology_residence": "La commune de résidence à l’entrée",
    "typology_prescriber": "Le prescripteur",
}


def sentences(reading: Reading) -> Iterator[Proposal]:
    yield from _relation(reading)
    yield from _partnership(reading)
    yield from _improvement(reading)


def _relation(reading: Reading) -> Iterator[Proposal]:
    follow_up = reading.table("follow_up")
    if follow_up is not None:
        yield from _contacts(reading, follow_up)
        yield from _promises(reading, follow_up)
    else:
        yield from _all_together(reading)
    yield from _difficulties(reading, follow_up)
    relations = reading.table("relations")
    if relations is not None:
        yield from _silent(reading, relations)
    holders = reading.table("hours_by_holder")
    if holders is not None:
        yield from first_time(reading, holders, SECTION)


def _contacts(reading: Reading, table: Table) -> Iterator[Proposal]:
    totals = table.totals
    number = totals and totals.value("contacts")
    if not totals or not number:
        return
    reached = [line for line in table if line.value("contacts")]
    sentence = (
        f"{count(number, 'échange')} {agree(number, 'est inscrit', 'sont inscrits')} au journal des marchés {reading.when}, avec "
        f"{count(len(reached), 'entreprise')}."
    )
    figures = (
        table.figure(totals, "contacts"),
        counted("Entreprises avec un échange", len(reached), table.key),
    )
    yield proposal(SECTION, "contacts", sentence, *figures)


def _promises(reading: Reading, table: Table) -> Iterator[Proposal]:
    """Qualitative commitments kept, and those that are late."""
    totals = table.totals
    if totals is None:
        return
    kept, late = totals.value("kept"), totals.value("late")
    if kept:
        sentence = (
            f"{count(kept, 'action')} {agree(kept, 'promise', 'promises')} par les entreprises "
            f"{agree(kept, 'est tenue', 'sont tenues')} {reading.at_end}"
        )
        figures = [table.figure(totals, "kept")]
        if late:
            sentence += f", {formats.number(late, 0)} {agree(late, 'est', 'sont')} en retard"
            figures.append(table.figure(totals, "late"))
        yield proposal(SECTION, "promises", f"{sentence}.", *figures)
    elif late:
        sentence = (
            f"{count(late, 'action')} {agree(late, 'promise', 'promises')} par les entreprises "
            f"{agree(late, 'est', 'sont')} en retard {reading.at_end}."
        )
        yield proposal(SECTION, "promises", sentence, table.figure(totals, "late"))


def _all_together(reading: Reading) -> Iterator[Proposal]:
    """The same of a document that tells of no company: the territory’s, a reserved market’s."""
    contacts = reading.item("companies_figures", "contacts")
    number = contacts and contacts.value("value")
    if contacts and number:
        sentence = f"{count(number, 'échange')} {agree(number, 'est inscrit', 'sont inscrits')} au journal des marchés {reading.when}."
        figure = Figure("Échanges au journal", "number", contacts.cells["value"], contacts.block)
        yield proposal(SECTION, "contacts", sentence, figure)
    whole, kept = (
        reading.item("promises_figures", "promises"),
        reading.item("promises_figures", "promises_kept"),
    )
    every, met = whole and whole.value("value"), kept and kept.value("value")
    if whole and kept and every and met:
        sentence = (
            f"{count(met, 'engagement')} d’accompagnement sur {formats.number(every, 0)} {agree(met, 'est tenu', 'sont tenus')} "
            f"{reading.at_end}."
        )
        figures = (
            Figure("Engagements d’accompagnement tenus", "number", kept.cells["value"], kept.block),
            Figure("Engagements suivis", "number", whole.cells["value"], whole.block),
        )
        yield proposal(SECTION, "promises", sentence, *figures)


def _difficulties(reading: Reading, follow_up: Table | None) -> Iterator[Proposal]:
    """Difficulties of the period, or how many companies one is open with; who they are stands in the table."""
    steps = reading.table("difficulties_by_step")
    totals = steps and steps.totals
    number = totals and totals.value("number")
    if steps and totals and number:
        verb = agree(number, "a été en cours", "ont été en cours")
        sentence = f"{count(number, 'difficulté')} avec des entreprises {verb} {reading.when}"
        figures = [steps.figure(totals, "number")]
        closed, still = totals.value("closed"), totals.value("open")
        if closed:
            sentence += f", {formats.number(closed, 0)} {agree(closed, 'est close', 'sont closes')}"
            figures.append(steps.figure(totals, "closed"))
        if still:
            sentence += (
                f", {formats.number(still, 0)} {agree(still, 'est encore ouverte', 'sont encore ouvertes')}"
            )
            figures.append(steps.figure(totals, "open"))
        yield proposal(SECTION, "difficulties", f"{sentence}.", *figures)
        return
    lines = follow_up or ()
    open_ = [line for line in lines if line.cells.get("difficulty", NONE) != NONE]
    if follow_up and open_:
        companies = count(len(open_), "entreprise")
        begins = "Une difficulté est" if len(open_) == 1 else "Des difficultés sont"
        sentence = f"{begins} en cours avec {companies} {reading.at_end}."
        figure = counted("Entreprises avec une difficulté", len(open_), follow_up.key)
        yield proposal(SECTION, "difficulties", sentence, figure)


def _silent(reading: Reading, table: Table) -> Iterator[Proposal]:
    """Companies that engaged hours and of which no month is validated yet."""
    found = [line for line in table if line.value("engaged") and "last_month" not in line.cells]
    if not found:
        return
    names, more = enumerated(found, _engaged, others=COMPANIES, where=table.key)
    figures = [table.figure(line, "engaged") for line in found[: len(found) if not more else 4]]
    if len(found) == 1:
        sentence = f"Une entreprise engagée n’a encore aucune heure validée : {names}."
        yield proposal(SECTION, "silent", sentence, *figures)
        return
    sentence = f"{len(found)} entreprises engagées n’ont encore aucune heure validée : {names}."
    number = counted("Entreprises engagées sans heure validée", len(found), table.key)
    yield proposal(SECTION, "silent", sentence, number, *figures, *more)


def _engaged(line: Line) -> str:
    hours = line.value("engaged")
    return f"{line.label} ({formats.hours(hours)} {agree(hours or 0, 'engagée', 'engagées')})"


# --- partnership and what may be improved -------------------------------------------------------------------------


def _partnership(reading: Reading) -> Iterator[Proposal]:
    """The yearly meeting, and the improvement actions taken up again from the years before."""
    chapter = next((row for row in reading.snapshot["chapters"] if row["key"] == "partnership"), None)
    met = _MEETING.search(chapter["answer"]) if chapter else None
    if met:
        figure = Figure("Réunion annuelle", "text", met[1], "partnership")
        yield proposal(PARTNERSHIP, "meeting", f"La réunion annuelle s’est tenue le {met[1]}.", figure)
    table = reading.table("improvement_actions")
    if table is None:
        return
    former = [line for line in table if line.cells.get("decided", "") < str(reading.year)]
    done = [line for line in former if line.cells.get("state", "").startswith("réalisé")]
    if former:
        sentence = (
            f"{count(len(former), 'axe', 'axes')} d’amélioration des années précédentes "
            f"{agree(len(former), 'a été repris', 'ont été repris')}"
        )
        figures = [counted("Axes des années précédentes", len(former), table.key)]
        if done:
            sentence += f", dont {len(done)} {agree(len(done), 'est réalisé', 'sont réalisés')}"
            figures.append(counted("Axes réalisés", len(done), table.key))
        yield proposal(PARTNERSHIP, "former_actions", f"{sentence}.", *figures)


def _open_actions(reading: Reading) -> Iterator[Proposal]:
    """Each improvement action that goes on, as it was decided."""
    table = reading.table("improvement_actions")
    if table is None:
        return
    for line in table:
        state, owner = line.cells.get("state", ""), line.cells.get("owner", "")
        if state.startswith(("réalisé", "abandonné")) or not line.label:
            continue
        title = line.label.strip().rstrip(".")
        due = line.cells.get("due_on")
        by = f", pour le {formats.day(dt.date.fromisoformat(due))}" if due else ""
        figures = [Figure("État", "text", state, table.key), Figure("Porté par", "text", owner, table.key)]
        if due:
            figures.append(Figure("Pour le", "day", due, table.key))
        sentence = f"« {title} » : porté par {owner}{by}, {state}."
        yield proposal(IMPROVEMENT, f"action_{line.key}", sentence, *figures)


def _improvement(reading: Reading) -> Iterator[Proposal]:
    yield from _open_actions(reading)
    yield from _to_validate(reading)
    yield from _evidence(reading)
    yield from _not_known(reading)


def _to_validate(reading: Reading) -> Iterator[Proposal]:
    table = reading.table("relations")
    totals = table and table.totals
    number = totals and totals.value("unvalidated")
    if table and totals and number:
        sentence = (
            f"{count(number, 'relevé')} d’heures {agree(number, 'reste', 'restent')} à valider : "
            f"{agree(number, 'ses', 'leurs')} heures ne sont pas comptées."
        )
        yield proposal(IMPROVEMENT, "to_validate", sentence, table.figure(totals, "unvalidated"))


def _evidence(reading: Reading) -> Iterator[Proposal]:
    table = reading.table("follow_up")
    totals = table and table.totals
    number = totals and totals.value("evidence_missing")
    if table and totals and number:
        sentence = f"La preuve de {count(number, 'action')} {agree(number, 'promise', 'promises')} par les entreprises manque {reading.at_end}."
        yield proposal(IMPROVEMENT, "evidence", sentence, table.figure(totals, "evidence_missing"))


def _not_known(reading: Reading) -> Iterator[Proposal]:
    """What was not collected of the people, where the typology shows it."""
    for key, subject in KNOWN.items():
        table = reading.table(key)
        line = table and table.line("unknown")
        people = line and line.value("people")
        whole = table.totals.value("people") if table and table.totals else None
        if not table or not table.totals or not line or not people or not whole:
            continue
        share = share_of(people, whole, "Part des personnes", table.key)
        sentence = f"{subject} n’est pas renseigné{'e' if subject.startswith('La ') else ''} pour {count(people, 'personne')}, soit {rate(share)} des personnes."
        figures: tuple[Figure, ...] = (
            table.figure(line, "people"),
            table.figure(table.totals, "people"),
            share,
        )
        yield proposal(IMPROVEMENT, key, sentence, *figures)
