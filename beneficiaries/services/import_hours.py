"""Hours of a file set beside the assignments and the hours that stand: what would be written, then writing it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils import timezone

from beneficiaries import counting
from beneficiaries.enums import EntrySource, EntryState, HourKind
from beneficiaries.hours_import import HoursReading, Piece
from beneficiaries.import_cells import plain
from beneficiaries.import_matching import Known, Pool
from beneficiaries.import_plan import KEEP, LEAVE, REPLACE, Decisions, Plan, Planned, Question, answer_to
from beneficiaries.import_reading import Line
from beneficiaries.models import Assignment, ClosedYear, DataImport, HoursEntry
from beneficiaries.services.counting import make_rules_for
from core import formats
from core.dates import add_months, month_end

if TYPE_CHECKING:
    pass

ZERO = Decimal("0.00")
# Keys that a query takes at once (SQLite bears some thousands).
SLICE = 2_000
PROPOSED_MAX = 6
# Months that one question tells one by one.
ASKED_MAX = 3
SOURCES = {
    EntrySource.SCREEN: "saisies à l’écran",
    EntrySource.PORTAL: "déclarées sur le portail",
    EntrySource.API: "reçues du logiciel de paie",
    EntrySource.TAKE_OVER: "reprises de l’ancien outil",
    EntrySource.IMPORT: "déjà importées",
}
CellKey = tuple[int, dt.date, str]


@dataclass(frozen=True, slots=True)
class Work:
    """An assignment, as far as an import looks at it."""

    pk: int
    person: int
    employer: int
    employer_name: str
    employer_siret: str
    market: int
    reference: str
    buyer: int
    begins_on: dt.date | None
    starts_on: dt.date
    ends_on: dt.date | None

    def active_in(self, month: dt.date) -> bool:
        return self.starts_on <= month_end(month) and (self.ends_on is None or self.ends_on >= month)

    @property
    def label(self) -> str:
        until = f" au {formats.day(self.ends_on)}" if self.ends_on else ""
        since = (
            f"du {formats.day(self.starts_on)}{until}"
            if until
            else f"depuis le {formats.day(self.starts_on)}"
        )
        return f"{self.reference} · {self.employer_name} · {since}"


@dataclass(slots=True)
class CellPlan:
    """Hours that a file gives to an assignment, a month and a kind, from one line or several."""

    work: Work
    month: dt.date
    kind: str
    hours: Decimal
    number: int
    planned: Planned
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    entry: HoursEntry | None = None

    @property
    def key(self) -> CellKey:
        return self.work.pk, self.month, self.kind

    @property
    def said(self) -> str:
        kind = "" if self.kind == HourKind.WORK else f" ({HourKind(self.kind).label})"
        return f"{formats.month(self.month)}{kind}"


@dataclass(slots=True)
class HoursWork:
    """What the writer needs: the cells to make and those to change."""

    create: list[CellPlan] = field(default_factory=list)
    change: list[CellPlan] = field(default_factory=list)
    people: set[int] = field(default_factory=set)


def people_of(row: DataImport, reading: HoursReading, decisions: Decisions) -> set[int]:
    """Whom the file is about, so that they are locked before anything of theirs is looked at."""
    works, pool = _known(row, reading)
    found = set()
    for line in reading.lines:
        planned = Planned(line)
        if line.identity and (person := _person(planned, pool, decisions)) and person in works:
            found.add(person)
    return found


def plan_hours(
    row: DataImport, reading: HoursReading, decisions: Decisions, *, today: dt.date | None = None
) -> Plan:
    """What loading the reading would do; writes nothing, a number of queries that does not follow the lines."""
    today = today or timezone.localdate()
    works, pool = _known(row, reading)
    plan = Plan()
    cells: dict[CellKey, CellPlan] = {}
    seen: dict[tuple[Any, ...], int] = {}
    for line in reading.lines:
        planned = Planned(line)
        plan.lines.append(planned)
        if line.errors or line.identity is None:
            continue
        if (twin := seen.setdefault((line.sheet, *line.row), line.number)) != line.number:
            planned.refusals.append(f"La même ligne est déjà à la ligne {twin}.")
            continue
        planned.person = _person(planned, pool, decisions)
        if planned.person is not None:
            _place(planned, works.get(planned.person, []), cells, decisions, row, today)
    entries = _entries(cells)
    for key, cell in cells.items():
        cell.entry = entries.get(key)
    work = HoursWork()
    _settle(cells.values(), work, decisions)
    _warn(cells.values(), plan)
    plan.work = work
    plan.facts.update(_facts(plan, work))
    return plan


def _facts(plan: Plan, work: HoursWork) -> dict[str, Any]:
    written = [*work.create, *work.change]
    return {
        "people": len({cell.work.person for cell in written}),
        "entries": len(written),
        "hours": float(sum((cell.hours for cell in written), ZERO)),
    }


# --- Who, and on which assignment ---------------------------------------------------------------------------


def _known(row: DataImport, reading: HoursReading) -> tuple[dict[int, list[Work]], Pool]:
    """Assignments by person, of the import's employer or of everybody around the file's months; and their people."""
    # Who stands in the restricted archive is the admin's to find: nobody is proposed from it.
    rows = Assignment.objects.filter(
        placement__beneficiary__merged_into__isnull=True, placement__beneficiary__archived_on__isnull=True
    )
    if row.company_id:
        rows = rows.filter(placement__employer=row.company_id)
    else:
        months = [piece.month for line in reading.lines for piece in line.values.get("pieces", ())]
        if months:
            since, until = add_months(min(months), -6), month_end(max(months))
            rows = rows.filter(starts_on__lte=until).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=since))
    works: dict[int, list[Work]] = defaultdict(list)
    pool = Pool()
    values = rows.order_by("pk").values_list(
        "pk", "placement__beneficiary", "placement__employer", "placement__employer__name",
        "placement__employer__identifier", "commitment__market", "commitment__market__reference",
        "commitment__market__buyer", "commitment__market__starts_on", "commitment__market__notified_on",
        "starts_on", "ends_on", "placement__beneficiary__last_name", "placement__beneficiary__first_name",
        "placement__beneficiary__birth_name", "placement__beneficiary__birth_date",
    )  # fmt: skip
    for (
        pk,
        person,
        employer,
        name,
        siret,
        market,
        reference,
        buyer,
        order,
        notified,
        starts,
        ends,
        last,
        first,
        maiden,
        born,
    ) in values:
        works[person].append(
            Work(pk, person, employer, name, siret, market, reference, buyer, order or notified, starts, ends)
        )
        if person not in pool.people:
            pool.add(Known(person, last, first, maiden, born))
    return works, pool


def _person(planned: Planned, pool: Pool, decisions: Decisions) -> int | None:
    who = planned.line.identity
    assert who is not None
    match = pool.find(who)
    if match.person is not None:
        if match.note:
            planned.notes.append(match.note)
        return match.person.pk
    if not match.proposals:
        planned.refusals.append(
            f"Personne de ce nom n’est affecté ici : {who}. Créez son affectation, ou vérifiez l’orthographe."
        )
        return None
    key = f"who|{who.key}"
    answer = answer_to(planned, key, decisions)
    if planned.left_out:
        return None
    if answer.startswith("p:") and int(answer[2:]) in pool.people:
        planned.corrected = True
        planned.notes.append(f"Lu comme {pool.people[int(answer[2:])].label}.")
        return int(answer[2:])
    proposals = tuple((f"p:{known.pk}", known.label) for known in match.proposals)
    planned.question = Question(key, match.sentence, (*proposals, (LEAVE, "Laisser de côté")))
    return None


def _place(
    planned: Planned,
    works: Sequence[Work],
    cells: dict[CellKey, CellPlan],
    decisions: Decisions,
    row: DataImport,
    today: dt.date,
) -> None:
    """Put each piece of the line on an assignment."""
    line = planned.line
    found = _asked_for(planned, works)
    if not found:
        return
    by_month: dict[dt.date, Work | None] = {}
    placed: list[tuple[Work, Piece]] = []
    for piece in line.values["pieces"]:
        if piece.month not in by_month:
            by_month[piece.month] = _choose(planned, found, piece.month, decisions)
        work = by_month[piece.month]
        if planned.question is not None or planned.left_out:
            # The whole line waits, or is left: none of its months adds to another line's.
            return
        if work is not None and (sentence := _impossible(work, piece, today)):
            planned.refusals.append(sentence)
        elif work is not None:
            placed.append((work, piece))
    for work, piece in placed:
        _add(cells, work, piece, planned)


def _asked_for(planned: Planned, works: Sequence[Work]) -> list[Work]:
    """Those of the market and the employer that the line names."""
    values = planned.line.values
    found = list(works)
    if siret := values.get("employer_siret"):
        found = [work for work in found if work.employer_siret[: len(siret)] == siret] or found
    if employer := plain(values.get("employer", "")):
        same = _named(found, employer, lambda work: work.employer_name)
        if not same and len({work.employer for work in found}) > 1:
            planned.refusals.append(f"Aucune affectation chez « {formats.short(values['employer'], 60)} ».")
            return []
        found = same or found
    if market := plain(values.get("market", "")):
        same = _named(found, market, lambda work: work.reference)
        if not same:
            planned.refusals.append(
                f"Cette personne n’a pas d’affectation sur le marché « {formats.short(values['market'], 60)} »."
            )
            return []
        found = same
    return found


def _named(works: Sequence[Work], asked: str, name: Callable[[Work], str]) -> list[Work]:
    """Those that bear the words asked for, else those whose words hold them or are held by them."""
    exact = [work for work in works if plain(name(work)) == asked]
    return exact or [
        work
        for work in works
        if f" {plain(name(work))} " in f" {asked} " or f" {asked} " in f" {plain(name(work))} "
    ]


def _choose(planned: Planned, works: Sequence[Work], month: dt.date, decisions: Decisions) -> Work | None:
    active = [work for work in works if work.active_in(month)]
    if len(active) == 1:
        return active[0]
    if not active and len(works) == 1:
        planned.notes.append(
            f"{formats.month(month).capitalize()} est hors de l’affectation ({works[0].label})."
        )
        return works[0]
    candidates = sorted(active or works, key=lambda work: (work.starts_on, work.pk), reverse=True)[
        :PROPOSED_MAX
    ]
    key = f"where|{planned.person}|{','.join(str(work.pk) for work in candidates)}"
    answer = answer_to(planned, key, decisions)
    if planned.left_out:
        return None
    for work in candidates:
        if answer == f"a:{work.pk}":
            return work
    several = "a plusieurs affectations" if active else "n’a pas d’affectation"
    planned.question = Question(
        key,
        f"Cette personne {several} en {formats.month(month)} : sur laquelle sont ces heures ?",
        (*((f"a:{work.pk}", work.label) for work in candidates), (LEAVE, "Laisser de côté")),
    )
    return None


def _impossible(work: Work, piece: Piece, today: dt.date) -> str:
    if piece.month > today:
        return f"{piece.column.where} : {formats.month(piece.month)} n’a pas commencé."
    if work.begins_on and month_end(piece.month) < work.begins_on:
        return (
            f"{piece.column.where} : le marché {work.reference} commence le {formats.day(work.begins_on)}, "
            f"il ne porte pas d’heures en {formats.month(piece.month)}."
        )
    return ""


def _add(cells: dict[CellKey, CellPlan], work: Work, piece: Piece, planned: Planned) -> None:
    line: Line = planned.line
    key = (work.pk, piece.month, piece.kind)
    cell = cells.get(key)
    if cell is None:
        cells[key] = CellPlan(
            work, piece.month, piece.kind, piece.hours, line.number, planned,
            line.values.get("first_day"), line.values.get("last_day"),
        )  # fmt: skip
        return
    if cell.hours + piece.hours > 744:
        planned.refusals.append(
            f"{piece.column.where} : avec la ligne {cell.number}, {cell.said} dépasserait 744 h."
        )
        return
    cell.hours += piece.hours
    cell.first_day = cell.last_day = None
    planned.stands = True
    planned.notes.append(f"S’ajoute à la ligne {cell.number} : {formats.hours(cell.hours)} en {cell.said}.")


# --- Beside the hours that stand ----------------------------------------------------------------------------


def _entries(cells: dict[CellKey, CellPlan]) -> dict[CellKey, HoursEntry]:
    ids = sorted({key[0] for key in cells})
    months = {key[1] for key in cells}
    found: dict[CellKey, HoursEntry] = {}
    for first in range(0, len(ids), SLICE):
        rows = HoursEntry.objects.current().filter(
            assignment__in=ids[first : first + SLICE], month__in=months
        )
        for entry in rows.order_by("pk"):
            found[entry.assignment_id, entry.month, entry.kind] = entry
    return found


def _settle(cells: Iterable[CellPlan], work: HoursWork, decisions: Decisions) -> None:
    asked: dict[int, list[tuple[CellPlan, HoursEntry]]] = defaultdict(list)
    for cell in cells:
        planned, entry = cell.planned, cell.entry
        if entry is None:
            work.create.append(cell)
            planned.writes = True
            planned.effects.append(f"{cell.said} : {formats.hours(cell.hours)}")
        elif entry.hours == cell.hours and not entry.is_with_employer and entry.state != EntryState.SENT_BACK:
            planned.stands = True
            state = " et validées" if entry.state == EntryState.VALIDATED else ""
            planned.effects.append(f"{cell.said} : {formats.hours(cell.hours)}, déjà là{state}")
        elif entry.state == EntryState.VALIDATED:
            planned.refusals.append(
                f"{cell.said.capitalize()} est déjà validé à {formats.hours(entry.hours)}, "
                f"le fichier dit {formats.hours(cell.hours)} : rien n’est changé."
            )
        elif _gives_way(cell, entry):
            _replace(cell, entry, work)
        else:
            asked[id(planned)].append((cell, entry))
    for conflicts in asked.values():
        _ask_which(conflicts, work, decisions)
    # A line that waits for an answer is loaded whole or not at all.
    work.create = [cell for cell in work.create if cell.planned.question is None]
    work.change = [cell for cell in work.change if cell.planned.question is None]


def _gives_way(cell: CellPlan, entry: HoursEntry) -> bool:
    """Hours of a former import give way; what somebody wrote does once somebody decides it."""
    return (
        entry.source == EntrySource.IMPORT or entry.state == EntryState.SENT_BACK or entry.hours == cell.hours
    )


def _replace(cell: CellPlan, entry: HoursEntry, work: HoursWork) -> None:
    work.change.append(cell)
    cell.planned.writes = cell.planned.corrected = True
    cell.planned.effects.append(
        f"{cell.said} : {formats.hours(cell.hours)} au lieu de {formats.hours(entry.hours)}"
    )


def _ask_which(
    conflicts: Sequence[tuple[CellPlan, HoursEntry]], work: HoursWork, decisions: Decisions
) -> None:
    """Whether a line's hours take the place of those that somebody wrote: one answer, about the figures that it shows."""
    planned = conflicts[0][0].planned
    figures = [f"{cell.key}{entry.hours}{cell.hours}" for cell, entry in conflicts]
    seen = hashlib.blake2s("|".join(figures).encode(), digest_size=6).hexdigest()
    key = f"entry|{planned.line.sheet}|{planned.line.number}|{seen}"
    answer = answer_to(planned, key, decisions)
    if answer == REPLACE:
        for cell, entry in conflicts:
            _replace(cell, entry, work)
        return
    if answer == KEEP:
        planned.stands = True
        planned.notes += [
            f"{cell.said.capitalize()} reste à {formats.hours(entry.hours)}, comme vous l’avez décidé."
            for cell, entry in conflicts
        ]
        return
    said = [
        f"{cell.said.capitalize()} : {formats.hours(entry.hours)} sont {SOURCES[EntrySource(entry.source)]}, "
        f"le fichier dit {formats.hours(cell.hours)}."
        for cell, entry in conflicts
    ]
    if len(said) > ASKED_MAX:
        said[ASKED_MAX:] = [f"De même pour {len(said) - ASKED_MAX} autres mois."]
    alone = conflicts[0] if len(conflicts) == 1 else None
    planned.question = Question(
        key,
        " ".join(said),
        (
            (KEEP, f"Garder {formats.hours(alone[1].hours) if alone else 'ce qui est là'}"),
            (REPLACE, f"Prendre {formats.hours(alone[0].hours) if alone else 'ce que dit le fichier'}"),
        ),
    )


def _warn(cells: Iterable[CellPlan], plan: Plan) -> None:
    """Say, without refusing them, months over the legal maximum and years that are closed."""
    written = [cell for cell in cells if cell.planned.question is None and not cell.planned.left_out]
    people = sorted({cell.work.person for cell in written})
    months = {cell.month for cell in written}
    totals: dict[tuple[int, dt.date], Decimal] = defaultdict(lambda: ZERO)
    for first in range(0, len(people), SLICE):
        rows = HoursEntry.objects.current().filter(
            assignment__placement__beneficiary__in=people[first : first + SLICE], month__in=months
        )
        for person, month, hours in rows.order_by().values_list(
            "assignment__placement__beneficiary", "month", "hours"
        ):
            totals[person, month] += hours
    for cell in written:
        former = cell.entry.hours if cell.entry else ZERO
        if not (cell.entry and cell.entry.state == EntryState.VALIDATED):
            totals[cell.work.person, cell.month] += cell.hours - former
    rules_for = make_rules_for({cell.work.market: cell.work.buyer for cell in written})
    closed = set(ClosedYear.objects.values_list("year", flat=True))
    for cell in written:
        total, rules = totals[cell.work.person, cell.month], rules_for(cell.work.market, cell.month)
        if counting.month_warning(total, rules) == "legal_max":
            cell.planned.notes.append(
                f"{formats.hours(total)} en {formats.month(cell.month)}, tous employeurs réunis, au-dessus du maximum "
                f"légal de {formats.hours(rules.legal_max_month)} : à regarder avant de valider."
            )
        if cell.month.year in closed:
            cell.planned.notes.append(f"{cell.month.year} est close : ces heures seront une régularisation.")
