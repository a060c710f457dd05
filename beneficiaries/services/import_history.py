"""Past years of a former tool: which markets, companies, people, contracts and hours are missing here."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from beneficiaries.enums import EntryState
from beneficiaries.history_import import GRANULARITIES, MONTH_MAX, HistoryReading, spread
from beneficiaries.import_plan import NEW, Decisions, Plan, Planned
from beneficiaries.import_reading import Line
from beneficiaries.models import Assignment, ClosedYear, DataImport, HoursEntry, Placement
from beneficiaries.services.history_rows import Books, PlacementKey, write_history
from beneficiaries.services.import_people import ask_who, find_person, make_resolver, pool_for
from core import formats
from core.dates import month_end

__all__ = ["people_of", "plan_history", "write_history"]

SLICE = 500
ZERO = Decimal(0)


@dataclass(slots=True)
class Contract:
    """A contract of the former tool, and the hours that it holds."""

    key: PlacementKey
    planned: list[Planned] = field(default_factory=list)
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    contract_type: str = ""
    modality: str = "direct"
    validated_on: dt.date | None = None
    # (month, kind) → hours, and the line that gave them.
    hours: dict[tuple[dt.date, str], Decimal] = field(default_factory=dict)
    lines: dict[tuple[dt.date, str], Planned] = field(default_factory=dict)
    granularity: str = "month"
    # Of the contract as a whole, over its markets.
    begins_on: dt.date | None = None
    placement: int | None = None
    assignment: int | None = None
    write: list[tuple[dt.date, str]] = field(default_factory=list)

    def held(self, kind: str) -> dict[dt.date, Decimal]:
        """Hours of one kind by month."""
        return {month: hours for (month, of_kind), hours in self.hours.items() if of_kind == kind}

    @property
    def first_day(self) -> dt.date:
        return self.starts_on or min(month for month, _ in self.hours)

    @property
    def last_day(self) -> dt.date:
        """The end that the file gives, else that of the last month, or of the year where hours are not by month."""
        last = max(month for month, _ in self.hours)
        told = month_end(last) if self.granularity == "month" else dt.date(last.year, 12, 31)
        return max(self.ends_on or told, self.first_day)


@dataclass(slots=True)
class HistoryWork:
    """What the writer makes: contracts with their market and their person, whatever is missing of them."""

    books: Books
    contracts: dict[PlacementKey, Contract] = field(default_factory=dict)
    # Key of a person in the file → the line that says the most of them.
    new_people: dict[str, Line] = field(default_factory=dict)


def people_of(row: DataImport, reading: HistoryReading, decisions: Decisions) -> set[int]:
    """Those of the file who are known here already."""
    pool = pool_for([line.identity for line in reading.lines if line.identity])
    found = {int(answer[2:]) for answer in decisions.values() if answer.startswith("p:")}
    for line in reading.lines:
        if line.identity and (person := pool.find(line.identity).person):
            found.add(person.pk)
    return found


def plan_history(row: DataImport, reading: HistoryReading, decisions: Decisions) -> Plan:
    """What would be made, market by market and contract by contract; writes nothing."""
    books = Books.read(
        buyer=row.options.get("buyer"),
        buyer_name=row.options.get("buyer_name", ""),
        company=row.company_id,
    )
    work = HistoryWork(books)
    plan = Plan(work=work)
    pool = pool_for([line.identity for line in reading.lines if line.identity])
    resolve = make_resolver()
    closed = set(ClosedYear.objects.values_list("year", flat=True))
    seen: dict[tuple[Any, ...], int] = {}
    people: dict[str, tuple[int | None, str]] = {}
    for line in reading.lines:
        planned = Planned(line)
        plan.lines.append(planned)
        who = line.identity
        if line.errors or who is None:
            continue
        if (twin := seen.setdefault((line.sheet, *line.row), line.number)) != line.number:
            planned.refusals.append(f"La même ligne est déjà à la ligne {twin}.")
            continue
        years = {piece.month.year for piece in line.values["pieces"]}
        if shut := sorted(years & closed):
            planned.refusals.append(
                f"{shut[0]} est close : ses heures ne se reprennent plus, son bilan est arrêté."
            )
            continue
        if sentence := books.refusal(line):
            planned.refusals.append(sentence)
            continue
        # The former tool's own number tells two people of one name apart when no birth date does.
        who_key = f"{who.words}|{who.birth_date}" if who.birth_date else who.key
        if who_key not in people:
            resolve(planned)
            match = find_person(who, pool)
            pk = match.person.pk if match.person else None
            if match.person is None and match.proposals:
                pk = ask_who(planned, who, match, decisions)
                if planned.question or planned.left_out:
                    continue
                if pk is None and planned.decided and planned.decided[1] != NEW:
                    continue
            people[who_key] = (pk, who_key)
            if pk is None:
                work.new_people[who_key] = line
        planned.person = people[who_key][0]
        _add(work, planned, who_key)
    _settle(work)
    plan.facts.update(_facts(work))
    return plan


def _add(work: HistoryWork, planned: Planned, who_key: str) -> None:
    """Put the hours of a line in its contract."""
    line = planned.line
    values = line.values
    market = work.books.market_of(line)
    employer = work.books.employer_of(line, market)
    own = values["contract"] or (values["starts_on"].isoformat() if "starts_on" in values else "")
    key = PlacementKey(
        planned.person or who_key, employer, market, own, "" if own else values["contract_type"]
    )
    contract = work.contracts.setdefault(key, Contract(key))
    contract.planned.append(planned)
    contract.granularity = values["granularity"]
    for name in ("starts_on", "ends_on", "validated_on"):
        if name in values and getattr(contract, name) is None:
            setattr(contract, name, values[name])
    contract.contract_type = contract.contract_type or values["contract_type"]
    contract.modality = values["modality"]
    for piece in values["pieces"]:
        if piece.hours > 744 and values["granularity"] == "month":
            planned.refusals.append(
                f"{piece.column.where} : {formats.hours(piece.hours)} en {formats.month(piece.month)}, un mois en "
                "compte 744 au plus. Si ces heures sont celles d’un contrat ou d’une année, dites-le."
            )
            continue
        if values["granularity"] == "month":
            parts, room = [(piece.month, piece.hours)], contract.held(piece.kind).get(piece.month, ZERO)
            fits = piece.hours + room <= MONTH_MAX
        else:
            parts = spread(piece.month, piece.hours, contract.held(piece.kind))
            fits = sum((hours for _, hours in parts), ZERO) == piece.hours
        if not fits:
            planned.refusals.append(f"{formats.month(piece.month).capitalize()} : plus de 744 h en un mois.")
            continue
        for month, hours in parts:
            cell = (month, piece.kind)
            if cell in contract.hours:
                planned.notes.append(f"S’ajoute à la ligne {contract.lines[cell].line.number}.")
                planned.stands = True
            contract.hours[cell] = contract.hours.get(cell, ZERO) + hours
            contract.lines.setdefault(cell, planned)


def _settle(work: HistoryWork) -> None:
    """Set the contracts beside those that stand: the same hours are left, others than these are refused."""
    work.contracts = {key: contract for key, contract in work.contracts.items() if contract.hours}
    _share_first_days(work.contracts.values())
    entries = _find_standing(work)
    for contract in work.contracts.values():
        for (month, kind), hours in contract.hours.items():
            planned = contract.lines[month, kind]
            held = entries.get((contract.assignment, month, kind)) if contract.assignment else None
            said = f"{formats.month(month)} : {formats.hours(hours)}"
            if held is None:
                contract.write.append((month, kind))
                planned.writes = True
                if len(planned.effects) < 6:
                    planned.effects.append(said)
            elif held[0] == hours:
                planned.stands = True
                planned.effects.append(f"{said}, déjà là")
            else:
                state = "validé" if held[1] == EntryState.VALIDATED else "saisi"
                planned.refusals.append(
                    f"{formats.month(month).capitalize()} est déjà {state} à {formats.hours(held[0])}, "
                    f"le fichier dit {formats.hours(hours)} : rien n’est changé."
                )


Entries = dict[tuple[int, dt.date, str], tuple[Decimal, str]]


def _find_standing(work: HistoryWork) -> Entries:
    """Give each contract the placement and the assignment that it is here already, each of them once.

    By its first day; where the file gives none, an export that goes further back begins earlier: then by its hours.
    """
    contracts = list(work.contracts.values())
    placements = _placements(contracts)
    assignments = _assignments(pk for rows in placements.values() for pk, _ in rows)
    entries = _entries([pk for found in assignments.values() for pk in found])
    claimed: set[int] = set()
    placement_of: dict[tuple[Any, ...], int] = {}
    for contract in contracts:
        commitment = work.books.commitment_of(contract.key.market)
        same_day, others = _by_first_day(contract, placements)
        if commitment is None:
            continue
        told = [*same_day, *(() if contract.starts_on else others)]
        options = []
        for placement in told:
            for assignment in assignments.get((placement, commitment), ()):
                alike = sum(
                    entries.get((assignment, *cell), ("", ""))[0] == hours
                    for cell, hours in contract.hours.items()
                )
                if assignment not in claimed and (alike or placement in same_day):
                    options.append((placement not in same_day, -alike, placement, assignment))
        if options:
            *_, contract.placement, contract.assignment = min(options)
            claimed.add(contract.assignment)
            placement_of.setdefault(contract.key.contract, contract.placement)
    for contract in contracts:
        if contract.assignment is None:
            # Another market of a contract that is here; else a contract of that day that is no other's.
            taken = set(placement_of.values())
            same_day, _ = _by_first_day(contract, placements)
            known = placement_of.get(contract.key.contract)
            contract.placement = known or next((pk for pk in same_day if pk not in taken), None)
            if contract.placement:
                placement_of[contract.key.contract] = contract.placement
    return entries


def _by_first_day(
    contract: Contract, placements: dict[tuple[Any, Any], list[tuple[int, dt.date]]]
) -> tuple[list[int], list[int]]:
    """The person's placements with that employer: those of the contract's first day, then the others."""
    rows = placements.get((contract.key.person, contract.key.employer), [])
    first_day = contract.begins_on or contract.first_day
    return [pk for pk, day in rows if day == first_day], [pk for pk, day in rows if day != first_day]


def _share_first_days(contracts: Iterable[Contract]) -> None:
    """A contract that works on several markets has one first day."""
    first: dict[tuple[Any, ...], dt.date] = {}
    for contract in contracts:
        key = contract.key.contract
        first[key] = min(first.get(key, contract.first_day), contract.first_day)
    for contract in contracts:
        contract.begins_on = first[contract.key.contract]


def _placements(contracts: Iterable[Contract]) -> dict[tuple[Any, Any], list[tuple[int, dt.date]]]:
    """(person, employer) → (placement, first day), the oldest rows first."""
    people = sorted({c.key.person for c in contracts if isinstance(c.key.person, int)})
    found: dict[tuple[Any, Any], list[tuple[int, dt.date]]] = defaultdict(list)
    for first in range(0, len(people), SLICE):
        rows = Placement.objects.filter(beneficiary__in=people[first : first + SLICE]).order_by("pk")
        for pk, person, employer, day in rows.values_list("pk", "beneficiary", "employer", "starts_on"):
            found[person, employer].append((pk, day))
    return found


def _assignments(placements: Iterable[int]) -> dict[tuple[int, int], list[int]]:
    """(placement, commitment) → assignments, the oldest first."""
    ids = sorted(placements)
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    for first in range(0, len(ids), SLICE):
        rows = Assignment.objects.filter(placement__in=ids[first : first + SLICE]).order_by("pk")
        for pk, placement, commitment in rows.values_list("pk", "placement", "commitment"):
            found[placement, commitment].append(pk)
    return found


def _entries(assignments: list[int]) -> Entries:
    found: Entries = {}
    for first in range(0, len(assignments), SLICE):
        rows = HoursEntry.objects.current().filter(assignment__in=assignments[first : first + SLICE])
        for pk, month, kind, hours, state in rows.order_by().values_list(
            "assignment", "month", "kind", "hours", "state"
        ):
            found[pk, month, kind] = (hours, state)
    return found


def _facts(work: HistoryWork) -> dict[str, Any]:
    contracts = [contract for contract in work.contracts.values() if contract.write]
    grains = Counter(contract.granularity for contract in contracts)
    return {
        "hours": float(sum(contract.hours[cell] for contract in contracts for cell in contract.write)),
        "entries": sum(len(contract.write) for contract in contracts),
        "contracts": sum(contract.placement is None for contract in contracts),
        "people": len({contract.key.person for contract in contracts}),
        "new_people": len({c.key.person for c in contracts if isinstance(c.key.person, str)}),
        "markets": len({contract.key.market[:2] for contract in contracts}),
        **{f"by_{grain}": grains[grain] for grain in GRANULARITIES if grains[grain]},
        **work.books.counts({contract.key.market for contract in contracts}),
    }
