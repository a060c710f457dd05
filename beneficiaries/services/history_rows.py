"""The markets, companies, people and contracts of a former tool: those that are here, and making those that are not."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from beneficiaries.enums import EntrySource, EntryState, PlacementNature
from beneficiaries.import_plan import Plan
from beneficiaries.import_reading import Line
from beneficiaries.import_rows import note_made, write_made
from beneficiaries.models import (
    Assignment,
    Beneficiary,
    ContractType,
    DataImport,
    HoursEntry,
    ImportedRow,
    Placement,
)
from beneficiaries.services.import_people import new_person
from beneficiaries.services.writing import save_by
from clauses.models import Clause, Commitment
from core.forms import clean_siret
from core.history import bulk_create_tracked
from core.search import index_rows
from core.text import normalise
from markets.enums import IdentifierKind, Source
from markets.models import Award, Buyer, Company, Department, Lot, Market

if TYPE_CHECKING:
    from accounts.models import User

# A row that exists is its key; one that is to be made, the words that it goes by.
Ref = int | str
UNKNOWN_HOLDER = "holder:"


class MarketKey(NamedTuple):
    """A commitment of the former tool: a buyer's market, its lot, who holds it."""

    buyer: Ref
    reference: str
    lot: str
    holder: Ref


class PlacementKey(NamedTuple):
    """A contract of the former tool on a market."""

    person: Ref
    employer: Ref
    market: MarketKey
    own: str
    contract_type: str

    @property
    def contract(self) -> tuple[Any, ...]:
        """What makes it one contract: its number or its first day, whatever the markets; else the market too."""
        head = (self.person, self.employer)
        return (*head, self.own) if self.own else (*head, self.market, self.contract_type)


@dataclass(slots=True)
class MarketFacts:
    """What the lines of the file say of a market."""

    reference: str
    object: str = ""
    family: str = ""
    department: str = ""
    notified_on: dt.date | None = None
    first_month: dt.date | None = None


@dataclass(slots=True)
class Books:
    """Buyers, markets, companies and commitments that are here, and what the file names besides."""

    default_buyer: int | None = None
    # Of the whole file too, for one that may not be here yet.
    default_buyer_name: str = ""
    default_employer: int | None = None
    buyers: dict[str, int] = field(default_factory=dict)
    companies: dict[str, int] = field(default_factory=dict)
    by_name: dict[str, int] = field(default_factory=dict)
    markets: dict[tuple[int, str], int] = field(default_factory=dict)
    # Market → (commitment, lot number, holder).
    commitments: dict[int, list[tuple[int, str, int]]] = field(default_factory=lambda: defaultdict(list))
    new_buyers: dict[str, tuple[str, str]] = field(default_factory=dict)
    new_companies: dict[str, tuple[str, str]] = field(default_factory=dict)
    named_in_file: dict[str, str] = field(default_factory=dict)
    facts: dict[tuple[Ref, str], MarketFacts] = field(default_factory=dict)
    engaged: dict[MarketKey, Decimal] = field(default_factory=dict)

    @classmethod
    def read(cls, *, buyer: int | None, buyer_name: str = "", company: int | None = None) -> Books:
        books = cls(default_buyer=buyer, default_buyer_name=buyer_name, default_employer=company)
        for pk, name, short, identifier in Buyer.objects.order_by("-pk").values_list(
            "pk", "name", "short_name", "identifier"
        ):
            books.buyers |= {key: pk for key in (normalise(name), normalise(short), identifier) if key}
        for pk, name, short, identifier in Company.objects.order_by("-pk").values_list(
            "pk", "name", "short_name", "identifier"
        ):
            books.by_name |= {key: pk for key in (normalise(name), normalise(short)) if key}
            if identifier:
                books.companies[identifier] = pk
        for pk, owner, reference in Market.objects.order_by("-pk").values_list("pk", "buyer", "reference"):
            books.markets[owner, normalise(reference)] = pk
        rows = Commitment.objects.order_by("pk").values_list("pk", "market", "clause__lot__number", "holder")
        for pk, market, lot, holder in rows:
            books.commitments[market].append((pk, lot, holder))
        return books

    def refusal(self, line: Line) -> str:
        """Why a line cannot be placed; nothing when it can."""
        values = line.values
        if not (values["buyer"] or values["buyer_siret"] or self.default_buyer or self.default_buyer_name):
            return "Le donneur d’ordre de ce marché n’est pas dit : choisissez-le pour tout le fichier."
        return ""

    def buyer_of(self, line: Line) -> Ref:
        name, siret = line.values["buyer"], line.values["buyer_siret"]
        if not name and not siret:
            if self.default_buyer:
                return self.default_buyer
            name = self.default_buyer_name
        known = self.buyers.get(siret) or self.buyers.get(normalise(name))
        if known:
            return known
        key = f"siret:{siret}" if siret else f"name:{normalise(name)}"
        self.new_buyers.setdefault(key, (name or siret, siret))
        return key

    def company(self, name: str, siret: str) -> Ref | None:
        if not name and not siret:
            return None
        if siret and (known := self.companies.get(siret)):
            return known
        if not siret and (known := self.by_name.get(normalise(name))):
            return known
        if not siret and normalise(name) in self.named_in_file:
            return self.named_in_file[normalise(name)]
        key = f"siret:{siret}" if siret else f"name:{normalise(name)}"
        self.new_companies.setdefault(key, (name or siret, siret))
        if name:
            self.named_in_file.setdefault(normalise(name), key)
        return key

    def market_of(self, line: Line) -> MarketKey:
        """The commitment that a line's hours are credited to."""
        values = line.values
        buyer, reference = self.buyer_of(line), normalise(values["market"])
        lot, holder = values["lot"], self.company(values["holder"], values["holder_siret"])
        held = self._held(buyer, reference, lot)
        if holder is None and len({row[2] for row in held}) == 1:
            holder = held[0][2]
        if holder is None:
            unknown = f"Titulaire de {values['market']} (non repris)"[:300]
            # A file that comes again finds the holder that it made.
            mine = self.by_name.get(normalise(unknown))
            holder = mine if any(row[2] == mine for row in held) else None
            if holder is None:
                holder = f"{UNKNOWN_HOLDER}{values['market']}"
                self.new_companies.setdefault(holder, (unknown, ""))
        key = MarketKey(buyer, reference, lot or (held[0][1] if held else "1"), holder)
        facts = self.facts.setdefault((buyer, reference), MarketFacts(values["market"]))
        facts.object = facts.object or values["market_object"]
        facts.family = facts.family or values["family"]
        facts.department = facts.department or values["department"]
        facts.notified_on = facts.notified_on or values.get("notified_on")
        months = [piece.month for piece in values["pieces"]] + (
            [values["starts_on"]] if "starts_on" in values else []
        )
        facts.first_month = min([*months, *([facts.first_month] if facts.first_month else [])], default=None)
        if values.get("engaged"):
            self.engaged.setdefault(key, values["engaged"])
        return key

    def _held(self, buyer: Ref, reference: str, lot: str) -> list[tuple[int, str, int]]:
        market = self.markets.get((buyer, reference)) if isinstance(buyer, int) else None
        rows = self.commitments.get(market, []) if market else []
        return [row for row in rows if not lot or row[1] == lot]

    def employer_of(self, line: Line, market: MarketKey) -> Ref:
        found = self.company(line.values["employer"], line.values["employer_siret"])
        return found or self.default_employer or market.holder

    def commitment_of(self, key: MarketKey) -> int | None:
        rows = self._held(key.buyer, key.reference, key.lot)
        return next((pk for pk, _, holder in rows if holder == key.holder), None)

    def counts(self, keys: Iterable[MarketKey]) -> dict[str, int]:
        keys = list(keys)
        markets = {(key.buyer, key.reference) for key in keys}
        return {
            "new_markets": sum(
                not isinstance(buyer, int) or (buyer, reference) not in self.markets
                for buyer, reference in markets
            ),
            "new_buyers": len({key.buyer for key in keys if isinstance(key.buyer, str)}),
        }


# --- Writing ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Made:
    """What was made on the way, by kind, for the take-back; and the rows that words stand for."""

    user: User | None
    rows: list[tuple[str, int, dict[str, Any]]] = field(default_factory=list)
    buyers: dict[str, Buyer] = field(default_factory=dict)
    companies: dict[str, Company] = field(default_factory=dict)

    def keep(self, row: Any, kept: dict[str, Any] | None = None) -> Any:
        save_by(row, self.user, "reprise")  # type: ignore[arg-type]
        self.rows.append((row._meta.model_name, row.pk, kept or {}))
        return row


def write_history(row: DataImport, plan: Plan, *, user: User | None) -> set[int]:
    """Make what is missing, from the buyers down to the hours; returns whose hours are to be counted."""
    work = plan.work
    contracts = [contract for contract in work.contracts.values() if contract.write]
    made = _Made(user)
    commitments = {
        key: _commitment(work.books, key, made)
        for key in dict.fromkeys(contract.key.market for contract in contracts)
    }
    wanted = {contract.key.person for contract in contracts if isinstance(contract.key.person, str)}
    people = _people(row, {key: line for key, line in work.new_people.items() if key in wanted}, user)
    for planned in plan.lines:
        if planned.person is None and planned.writes and planned.line.identity:
            who = planned.line.identity
            planned.person = people.get(f"{who.words}|{who.birth_date}") or people.get(who.key)
    write_made(
        ImportedRow(data_import=row, model=model, object_id=pk, kept=kept) for model, pk, kept in made.rows
    )
    placements = _placements(row, contracts, people, work.books, made, user)
    assignments = _assignments(row, contracts, placements, commitments, user)
    entries = []
    for contract, assignment in zip(contracts, assignments, strict=True):
        pk, market = assignment
        for month, kind in contract.write:
            entries.append(
                HoursEntry(
                    assignment_id=pk, market_id=market, month=month, kind=kind,
                    hours=contract.hours[month, kind], state=EntryState.SUBMITTED,
                    source=EntrySource.TAKE_OVER, data_import=row,
                    import_line=contract.lines[month, kind].line.number, entered_by=user,
                )
            )  # fmt: skip
    bulk_create_tracked(HoursEntry, entries, user=user, reason="reprise", batch_size=2_000)
    return {
        people[key.person] if isinstance(key.person, str) else key.person
        for key in (contract.key for contract in contracts)
    }


def _people(row: DataImport, lines: dict[str, Line], user: User | None) -> dict[str, int]:
    rows = []
    for line in lines.values():
        person = new_person(line)
        person.search_key = person.make_search_key()
        rows.append(person)
    made = bulk_create_tracked(Beneficiary, rows, user=user, reason="reprise", batch_size=1_000)
    index_rows(Beneficiary, made)
    note_made(row, "beneficiary", [person.pk for person in made])
    return {key: person.pk for key, person in zip(lines, made, strict=True)}


def _commitment(books: Books, key: MarketKey, made: _Made) -> tuple[int, int]:
    """(commitment, market) of a key; whatever is missing above it is made."""
    known = books.commitment_of(key)
    if known:
        return known, books.markets[key.buyer, key.reference]  # type: ignore[index]
    facts = books.facts[key.buyer, key.reference]
    buyer = _buyer(books, key.buyer, made)
    pk = books.markets.get((buyer.pk, key.reference))
    market = Market.objects.get(pk=pk) if pk else _market(books, buyer, facts, made)
    lot = market.lots.filter(number=key.lot).first() or made.keep(Lot(market=market, number=key.lot))
    clause = Clause.objects.filter(lot=lot).order_by("pk").first() or made.keep(
        Clause(lot=lot, source=Source.TAKE_OVER)
    )
    company = _company(books, key.holder, made)
    award = Award.objects.filter(lot=lot, company=company).first() or made.keep(
        Award(lot=lot, company=company)
    )
    engaged = books.engaged.get(key)
    kept = {"engaged": str(engaged), "on": str(market.begins_on or facts.first_month)} if engaged else {}
    commitment = made.keep(Commitment(clause=clause, award=award), kept)
    books.commitments[market.pk].append((commitment.pk, key.lot, company.pk))
    return commitment.pk, market.pk


def _buyer(books: Books, ref: Ref, made: _Made) -> Buyer:
    if isinstance(ref, int):
        return Buyer.objects.get(pk=ref)
    if ref not in made.buyers:
        name, siret = books.new_buyers[ref]
        made.buyers[ref] = made.keep(Buyer(name=name, source=Source.TAKE_OVER, **_identifier(siret)))
    return made.buyers[ref]


def _company(books: Books, ref: Ref, made: _Made) -> Company:
    if isinstance(ref, int):
        return Company.objects.get(pk=ref)
    if ref not in made.companies:
        name, siret = books.new_companies[ref]
        notes = "Le fichier repris ne dit pas qui est le titulaire." if ref.startswith(UNKNOWN_HOLDER) else ""
        made.companies[ref] = made.keep(
            Company(name=name, source=Source.TAKE_OVER, notes=notes, **_identifier(siret))
        )
    return made.companies[ref]


def _identifier(siret: str) -> dict[str, str]:
    if not siret:
        return {"identifier_kind": IdentifierKind.NONE}
    try:
        return {"identifier": clean_siret(siret), "identifier_kind": IdentifierKind.SIRET}
    except ValueError:
        return {"identifier": siret, "identifier_kind": IdentifierKind.UNKNOWN}


def _market(books: Books, buyer: Buyer, facts: MarketFacts, made: _Made) -> Market:
    department = None
    if facts.department:
        department = Department.objects.filter(buyer=buyer, name=facts.department[:200]).first()
        department = department or made.keep(Department(buyer=buyer, name=facts.department[:200]))
    market = Market(
        buyer=buyer,
        department=department,
        reference=facts.reference,
        object=facts.object or facts.department or facts.reference,
        notified_on=facts.notified_on,
        # Hours prove that it had begun, when nothing says since when.
        starts_on=None if facts.notified_on else facts.first_month,
        notes="Repris d’un ancien outil.",
        source=Source.TAKE_OVER,
        **({"family": facts.family} if facts.family else {}),
    )
    made.keep(market)
    books.markets[buyer.pk, normalise(facts.reference)] = market.pk
    return market


def _placements(
    row: DataImport,
    contracts: list[Any],
    people: dict[str, int],
    books: Books,
    made: _Made,
    user: User | None,
) -> dict[tuple[Any, ...], int]:
    """Key of a contract → its placement; one placement for all the markets of a contract."""
    found: dict[tuple[Any, ...], int] = {}
    rows: dict[tuple[Any, ...], Placement] = {}
    types = set(ContractType.objects.order_by("pk").values_list("pk", flat=True))
    before = len(made.rows)
    for contract in contracts:
        key = contract.key
        if contract.placement:
            found[key.contract] = contract.placement
            continue
        first, last = contract.first_day, contract.last_day
        known = rows.get(key.contract)
        if known is not None:
            known.starts_on = min(known.starts_on, first)
            known.ends_on = max(known.ends_on, last)  # type: ignore[type-var]
            continue
        code = contract.contract_type if contract.contract_type in types else None
        nature = {"pmsmp": PlacementNature.IMMERSION, "stage": PlacementNature.IMMERSION}.get(
            contract.modality, PlacementNature.EMPLOYMENT
        )
        rows[key.contract] = Placement(
            beneficiary_id=people[key.person] if isinstance(key.person, str) else key.person,
            employer=_company(books, key.employer, made),
            contract_type_id=code,
            modality=contract.modality,
            nature=PlacementNature.TRAINING if contract.modality == "training" else nature,
            starts_on=first,
            ends_on=last,
        )
    write_made(
        ImportedRow(data_import=row, model=model, object_id=pk, kept=kept)
        for model, pk, kept in made.rows[before:]
    )
    saved = bulk_create_tracked(Placement, rows.values(), user=user, reason="reprise", batch_size=1_000)
    note_made(row, "placement", [placement.pk for placement in saved])
    return found | {key: placement.pk for key, placement in zip(rows, saved, strict=True)}


def _assignments(
    row: DataImport,
    contracts: list[Any],
    placements: dict[tuple[Any, ...], int],
    commitments: dict[MarketKey, tuple[int, int]],
    user: User | None,
) -> list[tuple[int, int]]:
    """(assignment, market) of each contract, in their order."""
    fresh: list[Assignment] = []
    rows: list[Assignment | int] = []
    same: dict[tuple[int, int, dt.date], Assignment] = {}
    for contract in contracts:
        if contract.assignment:
            rows.append(contract.assignment)
            continue
        placement, commitment = placements[contract.key.contract], commitments[contract.key.market][0]
        key = (placement, commitment, contract.first_day)
        if key not in same:
            same[key] = Assignment(
                placement_id=placement,
                commitment_id=commitment,
                starts_on=contract.first_day,
                ends_on=contract.last_day,
            )
            fresh.append(same[key])
        rows.append(same[key])
    saved = bulk_create_tracked(Assignment, fresh, user=user, reason="reprise", batch_size=1_000)
    told = {
        id(assignment): contract.validated_on
        for contract, assignment in zip(contracts, rows, strict=True)
        if contract.validated_on and isinstance(assignment, Assignment)
    }
    write_made(
        ImportedRow(
            data_import=row,
            model="assignment",
            object_id=assignment.pk,
            kept={"validated_on": told[id(assignment)].isoformat()} if id(assignment) in told else {},
        )
        for assignment in saved
    )
    return [
        (assignment if isinstance(assignment, int) else assignment.pk, commitments[contract.key.market][1])
        for contract, assignment in zip(contracts, rows, strict=True)
    ]
