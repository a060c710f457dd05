"""Hours: logging a grid of cells, validating, sending back, correcting."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from beneficiaries import counting
from beneficiaries.enums import CountingReason, EntrySource, EntryState, ImportState
from beneficiaries.models import (
    Assignment,
    Beneficiary,
    ClosedYear,
    DataImport,
    HoursEntry,
    MonthDeclaration,
)
from beneficiaries.models.hours import FROM_EMPLOYER
from beneficiaries.services.counting import RulesFor, make_rules_for, recount_people
from beneficiaries.services.declaration_states import reopen_for, settle_declarations
from beneficiaries.services.stale_cells import place_of, untouched
from beneficiaries.services.writing import save_by
from core import formats
from core.errors import DomainError
from core.history import bulk_create_tracked, bulk_update_tracked

if TYPE_CHECKING:
    from accounts.models import User

ZERO = Decimal("0.00")
EDITABLE = (EntryState.DRAFT, EntryState.SUBMITTED, EntryState.SENT_BACK)
NOT_SUBMITTED = "L’entreprise n’a pas encore soumis ce mois."
NOT_TAKEN_OVER = "Ces heures sont d’une reprise chargée : validez l’import, elles le seront avec lui."


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as a person left it: `hours` is None when it was emptied; `version` is the one they saw (0: none)."""

    assignment: Assignment
    month: dt.date
    kind: str
    hours: Decimal | None
    version: int


@dataclass(slots=True)
class Outcome:
    """What became of a cell: its entry (None when empty), or the sentence that says why it was not saved."""

    cell: Cell
    entry: HoursEntry | None = None
    error: str = ""
    conflict: bool = False
    saved: bool = False


@transaction.atomic
def save_cells(
    cells: Sequence[Cell],
    *,
    user: User | None,
    source: str = EntrySource.SCREEN,
    declaration: MonthDeclaration | None = None,
    today: dt.date | None = None,
) -> list[Outcome]:
    """Save every cell that can be, in one transaction; the others come back with a sentence.

    A cell that changed since it was read is never overwritten: its outcome says what was written meanwhile.
    With `declaration` it is the employer who writes, in a month that is open to it: what the house wrote or received
    stays as it is. What the house writes over an employer's hours is the house's from then on.
    """
    today = today or timezone.localdate()
    outcomes = [Outcome(cell) for cell in cells]
    people = {cell.assignment.placement.beneficiary_id for cell in cells}
    list(Beneficiary.objects.select_for_update().filter(pk__in=people).order_by("pk").values_list("pk"))
    existing = _current_entries(cells)
    markets = {cell.assignment.commitment.market_id: cell.assignment.commitment.market for cell in cells}
    rules_for = make_rules_for({pk: market.buyer_id for pk, market in markets.items()})
    # An employer knows nothing of the others: over all of them, the house looks.
    employer = declaration.company_id if declaration else None
    month_totals = _month_totals(people, {cell.month for cell in cells}, employer=employer)

    left_alone = untouched(cells, existing)
    created: list[HoursEntry] = []
    updated: list[HoursEntry] = []
    touched: set[int] = set()
    for outcome in outcomes:
        cell = outcome.cell
        entry = existing.get((cell.assignment.pk, cell.month, cell.kind))
        outcome.entry = entry
        if _unchanged(cell, entry) or place_of(cell) in left_alone:
            continue
        person = cell.assignment.placement.beneficiary_id
        before = entry.hours if entry else ZERO
        total = month_totals[person, cell.month] - before + (cell.hours or ZERO)
        try:
            if declaration:
                _check_employer(entry)
            _check_version(cell, entry)
            _check_cell(cell, entry, total=total, rules_for=rules_for, today=today)
        except StaleCell as error:
            outcome.error, outcome.conflict = error.sentence, True
            continue
        except DomainError as error:
            outcome.error = error.sentence
            continue
        month_totals[person, cell.month] = total
        outcome.saved = True
        touched.add(person)
        if cell.hours is None:
            assert entry is not None
            entry._history_user = user  # type: ignore[attr-defined]
            entry.delete()
            outcome.entry = None
        elif entry is None:
            outcome.entry = HoursEntry(
                assignment=cell.assignment,
                market_id=cell.assignment.commitment.market_id,
                month=cell.month,
                kind=cell.kind,
                hours=cell.hours,
                source=source,
                declaration=declaration,
                entered_by=user,
            )
            created.append(outcome.entry)
        else:
            entry.hours = cell.hours
            # Never more counted than worked, even until the recount below.
            entry.counted_hours = min(entry.counted_hours, cell.hours)
            entry.state = EntryState.DRAFT
            entry.entered_by = user
            entry.version += 1
            if declaration:
                entry.declaration, entry.source = declaration, source
            elif entry.source in (*FROM_EMPLOYER, EntrySource.IMPORT):
                # Typed by somebody from then on: a later file asks before it writes over it.
                entry.source = source
            updated.append(entry)
    bulk_create_tracked(HoursEntry, created, user=user)
    bulk_update_tracked(
        HoursEntry,
        updated,
        ["hours", "counted_hours", "state", "entered_by", "version", "source", "declaration"],
        user=user,
    )
    recount_people(touched, user=user, reason="saisie d’heures", listed=False)
    _reload(outcomes)
    return outcomes


class StaleCell(DomainError):
    """Somebody else wrote the cell since it was read."""


def _unchanged(cell: Cell, entry: HoursEntry | None) -> bool:
    return (entry.hours if entry else None) == cell.hours


def _check_employer(entry: HoursEntry | None) -> None:
    """Refuse that an employer changes what is with the house."""
    if entry is None or entry.state == EntryState.SENT_BACK or entry.is_with_employer:
        return
    said = {
        EntryState.VALIDATED: "validées par la maison",
        EntryState.SUBMITTED: "déjà soumises à la maison",
    }.get(EntryState(entry.state), "saisies par la maison")
    raise DomainError(
        f"Ces {formats.hours(entry.hours)} sont {said} : si elles sont fausses, dites-le dans votre message."
    )


def _check_version(cell: Cell, entry: HoursEntry | None) -> None:
    seen, now = cell.version, (entry.version if entry else 0)
    if seen == now:
        return
    if entry is None:
        raise StaleCell(
            "Ces heures ont été effacées entre-temps par quelqu’un d’autre. "
            "Votre saisie est gardée : enregistrez de nouveau pour l’écrire."
        )
    raise StaleCell(
        f"{entry.entered_by or 'Quelqu’un d’autre'} a saisi {formats.hours(entry.hours)} entre-temps. "
        "Votre saisie est gardée : enregistrez de nouveau pour la remplacer."
    )


def _check_cell(
    cell: Cell, entry: HoursEntry | None, *, total: Decimal, rules_for: RulesFor, today: dt.date
) -> None:
    """Refuse, with a sentence, what can't be true; what is true but does not count is recorded."""
    market = cell.assignment.commitment.market
    month_name = formats.month(cell.month)
    if entry is not None and entry.state not in EDITABLE:
        raise DomainError(
            f"Ces {formats.hours(entry.hours)} sont déjà validées : "
            "pour les changer, ouvrez la ligne et enregistrez une correction motivée."
        )
    if cell.hours is None:
        return
    if cell.month > today:
        raise DomainError(
            f"{month_name.capitalize()} n’a pas commencé : les heures se saisissent une fois faites."
        )
    if market.begins_on and counting.month_end(cell.month) < market.begins_on:
        raise DomainError(
            f"Le marché commence le {formats.day(market.begins_on)} : "
            f"il ne peut pas porter d’heures en {month_name}."
        )
    rules = rules_for(market.pk, cell.month)
    if counting.month_warning(total, rules) == "legal_max":
        raise DomainError(
            f"Avec cette saisie, la personne aurait {formats.hours(total)} en {month_name}, tous contrats réunis, "
            f"au-dessus du maximum légal de {formats.hours(rules.legal_max_month)} : vérifiez le relevé."
        )


def _current_entries(cells: Iterable[Cell]) -> dict[tuple[int, dt.date, str], HoursEntry]:
    cells = list(cells)
    rows = (
        HoursEntry.objects.current()
        .filter(
            assignment__in={cell.assignment.pk for cell in cells}, month__in={cell.month for cell in cells}
        )
        .select_related("entered_by")
    )
    return {(row.assignment_id, row.month, row.kind): row for row in rows}


def _month_totals(
    people: Iterable[int],
    months: Iterable[dt.date],
    *,
    employer: int | None = None,
    sent_only: bool = False,
) -> dict[tuple[int, dt.date], Decimal]:
    """Hours worked by person and month over all placements (of one employer: its id), counted or not.

    sent_only: without what employers write and have not sent.
    """
    totals: dict[tuple[int, dt.date], Decimal] = defaultdict(lambda: ZERO)
    rows = HoursEntry.objects.current().filter(
        assignment__placement__beneficiary__in=set(people), month__in=set(months)
    )
    if employer is not None:
        rows = rows.filter(assignment__placement__employer=employer)
    if sent_only:
        rows = rows.exclude(state=EntryState.DRAFT, source__in=FROM_EMPLOYER)
    for person, month, hours in rows.values_list("assignment__placement__beneficiary", "month", "hours"):
        totals[person, month] += hours
    return totals


def _reload(outcomes: Sequence[Outcome]) -> None:
    """Give every outcome its row as the recount left it."""
    fresh = _current_entries([outcome.cell for outcome in outcomes])
    for outcome in outcomes:
        cell = outcome.cell
        outcome.entry = fresh.get((cell.assignment.pk, cell.month, cell.kind))


@dataclass(slots=True)
class ValidationReport:
    """How many entries were validated, and those that were left, each with its sentence."""

    validated: list[HoursEntry]
    left: list[tuple[HoursEntry, str]]


@transaction.atomic
def validate_hours(
    *,
    entries: Iterable[HoursEntry],
    user: User,
    only_those_that_count: bool = False,
    with_import: bool = False,
) -> ValidationReport:
    """Validate entries; their facts never change again. Hours that don't count may be validated: they are kept.

    `only_those_that_count` leaves aside, with their reason, the entries that do not count in full. Hours taken over
    count on the decisions that their import records: they wait for it, and are validated `with_import` only.
    """
    report = ValidationReport([], [])
    closed = set(ClosedYear.objects.values_list("year", flat=True))
    ids = [entry.pk for entry in entries]
    _lock_people_of(ids)
    rows = list(
        HoursEntry.objects.select_for_update(of=("self",))
        .filter(pk__in=ids)
        .select_related("assignment__placement__beneficiary", "market")
        .order_by("month", "pk")
    )
    over = _over_legal_maximum(rows)
    taken_over = set() if with_import else _of_loaded_take_overs(rows)
    now = timezone.now()
    for entry in rows:
        if entry.is_superseded or entry.state not in EDITABLE:
            report.left.append((entry, "Cette ligne est déjà validée."))
        elif entry.is_with_employer:
            report.left.append((entry, NOT_SUBMITTED))
        elif entry.state == EntryState.SENT_BACK:
            report.left.append(
                (entry, "Cette ligne est renvoyée à l’entreprise : elle est à corriger d’abord.")
            )
        elif entry.pk in taken_over:
            report.left.append((entry, NOT_TAKEN_OVER))
        elif entry.pk in over:
            report.left.append((entry, over[entry.pk]))
        elif only_those_that_count and (
            entry.counting_reason != CountingReason.COUNTED or entry.counted_hours != entry.hours
        ):
            report.left.append((entry, entry.counting_detail or "Ces heures ne comptent pas en totalité."))
        else:
            entry.state = EntryState.VALIDATED
            entry.validated_by, entry.validated_at = user, now
            entry.is_late = entry.month.year in closed
            # A late entry is counted once, now, even though its year is closed.
            if entry.is_late:
                entry.counting_reason = CountingReason.NOT_COMPUTED
            entry.version += 1
            report.validated.append(entry)
    bulk_update_tracked(
        HoursEntry,
        report.validated,
        ["state", "validated_by", "validated_at", "is_late", "counting_reason", "version"],
        user=user,
        reason="validation",
    )
    people = {entry.assignment.placement.beneficiary_id for entry in report.validated}
    recount_people(people, user=user, reason="validation", listed=False)
    settle_declarations({entry.declaration_id for entry in report.validated} - {None}, by=user)  # type: ignore[arg-type]
    return report


def _lock_people_of(entry_ids: Sequence[int]) -> None:
    """Take the months declared, then the people, as saving and declaring do: who write at once wait for one another."""
    rows = HoursEntry.objects.filter(pk__in=entry_ids).order_by()
    declared = rows.filter(declaration__isnull=False).values("declaration")
    list(
        MonthDeclaration.objects.select_for_update().filter(pk__in=declared).order_by("pk").values_list("pk")
    )
    people = rows.values("assignment__placement__beneficiary")
    list(Beneficiary.objects.select_for_update().filter(pk__in=people).order_by("pk").values_list("pk"))


def _of_loaded_take_overs(rows: Sequence[HoursEntry]) -> set[int]:
    """Entries of a take-over that nobody has validated as a whole yet: its decisions are not recorded."""
    imports = {
        row.data_import_id for row in rows if row.data_import_id and row.source == EntrySource.TAKE_OVER
    }
    if not imports:
        return set()
    loaded = set(
        DataImport.objects.filter(pk__in=imports, state=ImportState.LOADED).values_list("pk", flat=True)
    )
    return {row.pk for row in rows if row.data_import_id in loaded}


def _over_legal_maximum(rows: Sequence[HoursEntry]) -> dict[int, str]:
    """Entries of people whose month, over all employers, is above what the law allows; each with its sentence.

    An employer declares without knowing what the others did: it is here that the sum is looked at.
    """
    declared = [row for row in rows if row.source != EntrySource.TAKE_OVER]
    people = {row.assignment.placement.beneficiary_id for row in declared}
    # What another employer keeps to itself holds nobody back.
    totals = _month_totals(people, {row.month for row in declared}, sent_only=True)
    rules_for = make_rules_for({row.market_id: row.market.buyer_id for row in declared})
    found = {}
    for row in declared:
        total = totals[row.assignment.placement.beneficiary_id, row.month]
        rules = rules_for(row.market_id, row.month)
        if counting.month_warning(total, rules) == "legal_max":
            found[row.pk] = (
                f"La personne aurait {formats.hours(total)} en {formats.month(row.month)}, tous employeurs réunis, "
                f"au-dessus du maximum légal de {formats.hours(rules.legal_max_month)}."
            )
    return found


@transaction.atomic
def take_over_hours(*, entry: HoursEntry, user: User) -> HoursEntry:
    """Take an employer's unfinished line as it is: the house answers for it from now on, and may validate it."""
    _lock_people_of([entry.pk])
    entry = HoursEntry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
    if not entry.is_with_employer:
        raise DomainError("Cette ligne n’est plus en cours de saisie chez l’employeur : rechargez la page.")
    entry.source = EntrySource.SCREEN
    entry.entered_by = user
    entry.version += 1
    save_by(entry, user, "ligne reprise par la maison")
    return entry


@transaction.atomic
def send_back_hours(*, entry: HoursEntry, reason: str, user: User) -> HoursEntry:
    """Send declared hours back to who declared them, with what is to be corrected."""
    _lock_people_of([entry.pk])
    entry = HoursEntry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
    if entry.state != EntryState.SUBMITTED:
        raise DomainError("Seules des heures soumises se renvoient.")
    if not reason.strip():
        raise DomainError("Dites à l’entreprise ce qui est à corriger.", field="reason")
    entry.state = EntryState.SENT_BACK
    entry.sent_back_reason = reason.strip()[:300]
    entry.version += 1
    save_by(entry, user, "renvoi à l’employeur")
    reopen_for(entry, by=user)
    return entry


@transaction.atomic
def correct_hours(*, entry: HoursEntry, hours: Decimal, reason: str, user: User) -> HoursEntry:
    """Replace a validated entry by a new row with the full new value; the old one stays, marked as replaced.

    In a closed year the new row is « hors bilan publié »: next year's bilan prints the difference.
    """
    entry = (
        HoursEntry.objects.select_for_update(of=("self",))
        .select_related("assignment__placement", "assignment__commitment__market")
        .get(pk=entry.pk)
    )
    if entry.state != EntryState.VALIDATED or entry.is_superseded:
        raise DomainError("Seules des heures validées et en vigueur se corrigent : rechargez la page.")
    if not reason.strip():
        raise DomainError("Une correction se motive : dites pourquoi.", field="correction_reason")
    if hours == entry.hours:
        raise DomainError("La nouvelle valeur est la même que l’ancienne.", field="hours")
    cell = Cell(entry.assignment, entry.month, entry.kind, hours, entry.version)
    person = entry.assignment.placement.beneficiary_id
    total = _month_totals([person], [entry.month])[person, entry.month] - entry.hours + hours
    market = entry.assignment.commitment.market
    rules_for = make_rules_for({market.pk: market.buyer_id})
    _check_cell(cell, None, total=total, rules_for=rules_for, today=timezone.localdate())

    entry.is_superseded = True
    entry.save()
    corrected = HoursEntry.objects.create(
        assignment=entry.assignment,
        market_id=entry.market_id,
        month=entry.month,
        kind=entry.kind,
        hours=hours,
        first_day=entry.first_day,
        last_day=entry.last_day,
        state=EntryState.VALIDATED,
        source=entry.source,
        is_late=ClosedYear.objects.is_closed(entry.month.year),
        entered_by=user,
        validated_by=user,
        validated_at=timezone.now(),
        supersedes=entry,
        correction_reason=reason.strip()[:300],
    )
    recount_people([person], user=user, reason="correction d’heures")
    corrected.refresh_from_db()
    return corrected


@transaction.atomic
def close_year(*, year: int, user: User) -> ClosedYear:
    """Lock the hours of a year for the whole house; hours validated later are « hors bilan publié »."""
    if year >= timezone.localdate().year:
        raise DomainError(
            f"L’année {year} n’est pas finie : elle se clôt à partir du 1er janvier {year + 1}."
        )
    if ClosedYear.objects.is_closed(year):
        raise DomainError(f"L’année {year} est déjà close.")
    if between := _years_left_open(year):
        raise DomainError(
            f"Clôturez d’abord l’année {between[0]} : des heures y sont saisies, et ce qui arrive après une clôture est imprimé "
            "une seule fois, dans le bilan de l’année suivante."
        )
    return ClosedYear.objects.create(year=year, closed_by=user)


def _years_left_open(year: int) -> list[int]:
    """Years with hours between this one and the closed years nearest to it: late hours go from a bilan to the next."""
    closed = list(ClosedYear.objects.order_by("year").values_list("year", flat=True))
    before, after = [one for one in closed if one < year], [one for one in closed if one > year]
    between = [
        *(range(before[-1] + 1, year) if before else ()),
        *reversed(range(year + 1, after[0]) if after else ()),
    ]
    return [one for one in between if HoursEntry.objects.filter(month__year=one).exists()]
