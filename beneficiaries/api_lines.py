"""Lines of hours that a program sends: read, matched with the employer's own people, written, answered one by one."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction

from beneficiaries.declaration_grid import own_assignments
from beneficiaries.enums import EntrySource, HourKind
from beneficiaries.models import Assignment, HoursEntry, MonthDeclaration
from beneficiaries.services.declarations import declare_hours
from beneficiaries.services.hours import Cell
from core import formats
from core.forms import parse_hours
from core.text import normalise
from markets.models import Company

ACCEPTED, UNCHANGED, REFUSED, NOT_WRITTEN = "accepted", "unchanged", "refused", "not_written"
KINDS = ", ".join(HourKind.values)
# Longer is no figure: cut, it could be read as another one.
TYPED_MAX = 60
# What the column holds.
VERSION_MAX = 2**31 - 1


@dataclass(slots=True)
class Line:
    """One line sent: what it points at, what it says, and what becomes of it."""

    number: int
    sent: Any
    assignment: Assignment | None = None
    kind: str = HourKind.WORK
    hours: Decimal | None = None
    version: int | None = None
    error: str = ""
    where: str = ""
    status: str = ""
    entry: HoursEntry | None = None

    def refuse(self, sentence: str, where: str = "") -> None:
        self.status, self.error, self.where = REFUSED, sentence, where

    def answer(self) -> dict[str, Any]:
        entry = self.entry
        found: dict[str, Any] = {
            "pointer": f"/lines/{self.number}{self.where}",
            "status": self.status,
            "assignment": self.assignment.pk if self.assignment else None,
            "kind": str(self.kind),
            "hours": float(entry.hours) if entry else None,
            "version": entry.version if entry else None,
        }
        if self.error:
            found["detail"] = formats.typeset(self.error)
        return found


@dataclass(slots=True)
class Written:
    """What became of all the lines."""

    lines: list[Line] = field(default_factory=list)

    def count(self, status: str) -> int:
        return sum(line.status == status for line in self.lines)

    def answer(self) -> dict[str, Any]:
        return {
            "accepted": self.count(ACCEPTED),
            "unchanged": self.count(UNCHANGED),
            "refused": self.count(REFUSED),
            "results": [line.answer() for line in self.lines],
        }


class _UndoneError(Exception):
    """All or nothing: something was refused, so nothing is written."""


def write_lines(
    declaration: MonthDeclaration,
    company: Company,
    month: dt.date,
    sent: Sequence[Any],
    *,
    all_or_nothing: bool,
) -> Written:
    """Write what can be of the lines, or nothing at all when one is refused and all are wanted."""
    known = list(own_assignments(company, month))
    written = Written([Line(number, one) for number, one in enumerate(sent)])
    _read(written.lines, known)
    if all_or_nothing and written.count(REFUSED):
        return _nothing(written)
    try:
        with transaction.atomic():
            _write(written.lines, declaration, month)
            if all_or_nothing and written.count(REFUSED):
                raise _UndoneError
    except _UndoneError:
        return _nothing(written)
    return written


def _nothing(written: Written) -> Written:
    for line in written.lines:
        if line.status != REFUSED:
            line.status, line.entry = NOT_WRITTEN, None
    return written


def _read(lines: Sequence[Line], known: Sequence[Assignment]) -> None:
    by_id = {assignment.pk: assignment for assignment in known}
    by_person: dict[tuple[str, dt.date | None], list[Assignment]] = defaultdict(list)
    for assignment in known:
        person = assignment.placement.beneficiary
        for last in {person.last_name, person.birth_name} - {""}:
            by_person[_person_key(last, person.first_name), person.birth_date].append(assignment)
    taken: dict[tuple[int, str], int] = {}
    for line in lines:
        _read_line(line, by_id, by_person)
        if line.status == REFUSED or line.assignment is None:
            continue
        place = line.assignment.pk, line.kind
        if place in taken:
            line.refuse(f"La ligne {taken[place]} de cet envoi dit déjà ces heures.")
        taken.setdefault(place, line.number)


def _read_line(
    line: Line, by_id: dict[int, Assignment], by_person: dict[tuple[str, dt.date | None], list[Assignment]]
) -> None:
    sent = line.sent
    if sent.kind not in HourKind.values:
        return line.refuse(f"« {sent.kind} » n’est pas une nature d’heures : {KINDS}.", "/kind")
    line.kind, line.version = sent.kind, sent.version
    if sent.version is not None and not 0 <= sent.version <= VERSION_MAX:
        return line.refuse("Cette version n’existe pas : donnez celle qui a été lue, ou aucune.", "/version")
    try:
        line.hours = _hours(sent.hours)
    except ValueError as error:
        return line.refuse(str(error), "/hours")
    if sent.assignment is not None:
        line.assignment = by_id.get(sent.assignment)
        if line.assignment is None:
            line.refuse("Vous n’avez pas d’affectation de ce numéro ce mois-là.", "/assignment")
        return None
    if sent.person is None:
        return line.refuse("Donnez « assignment », ou « person » avec « market ».")
    found = by_person.get(
        (_person_key(sent.person.last_name, sent.person.first_name), sent.person.birth_date), []
    )
    if sent.market:
        wanted = normalise(sent.market)
        found = [one for one in found if normalise(one.commitment.market.reference) == wanted]
    if not found:
        where = "ce marché" if sent.market else "ce mois-là"
        return line.refuse(f"Aucune de vos affectations n’est à cette personne, pour {where}.", "/person")
    if len(found) > 1:
        return line.refuse(
            "Cette personne a plusieurs affectations chez vous ce mois-là : donnez « market », ou « assignment ».",
            "/person",
        )
    line.assignment = found[0]
    return None


def _person_key(last_name: str, first_name: str) -> str:
    return normalise(f"{last_name} {first_name}")


def _hours(sent: Any) -> Decimal | None:
    """Hours as a number or as people write them; None erases. Raises ValueError with the sentence."""
    if sent is None:
        return None
    if isinstance(sent, bool) or not isinstance(sent, int | float | str):
        raise ValueError("Des heures s’écrivent 12.5, « 12,5 » ou « 12h30 ».")
    if len(str(sent)) > TYPED_MAX:
        raise ValueError("Ces heures ne sont pas un nombre d’heures : elles tiennent en quelques signes.")
    found = parse_hours(str(sent))
    if found is None:
        raise ValueError("Des heures manquent : écrivez 0 pour aucune, null pour effacer la ligne.")
    if found > 744:
        raise ValueError("Les heures d’un mois se situent entre 0 et 744 (31 jours de 24 heures).")
    return found


def _write(lines: Sequence[Line], declaration: MonthDeclaration, month: dt.date) -> None:
    todo = [line for line in lines if line.status != REFUSED and line.assignment is not None]
    ids = [line.assignment.pk for line in todo if line.assignment]
    rows = HoursEntry.objects.current().filter(assignment__in=ids, month=month)
    versions = {(row.assignment_id, row.kind): row.version for row in rows}
    cells = []
    for line in todo:
        assert line.assignment is not None
        # A program that does not say what it read writes over what is there of its own.
        now = versions.get((line.assignment.pk, line.kind), 0)
        cells.append(
            Cell(line.assignment, month, line.kind, line.hours, now if line.version is None else line.version)
        )
    outcomes = declare_hours(declaration=declaration, cells=cells, by=None, source=EntrySource.API)
    for line, outcome in zip(todo, outcomes, strict=True):
        line.entry = outcome.entry
        line.status = ACCEPTED if outcome.saved else UNCHANGED
        if outcome.error:
            line.refuse(outcome.error)
