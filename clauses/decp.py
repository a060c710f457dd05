"""Loads DECP contracts: buyers, markets, lots, companies, awards, and the clauses that they announce.

It stands here rather than in `markets` because it writes clauses (imports run one way). Loading the same file again
changes nothing; an older publication never replaces a later one; what a person typed is completed, never replaced.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

from django.db import DatabaseError, transaction
from django.db.models import Q, Sum

from clauses.enums import ClauseKind
from clauses.models import Clause
from core.dates import add_months
from core.loading import LoadReport
from core.models import Searchable
from core.text import normalise
from markets.decp import Contract, Party, Refused, UnreadableFile, read_contracts
from markets.enums import (
    AwardRole,
    BuyerKind,
    Family,
    IdentifierKind,
    MarketNature,
    Procedure,
    Reservation,
    Source,
    Technique,
)
from markets.models import Award, Buyer, Commune, Company, Lot, Market

if TYPE_CHECKING:
    from accounts.models import User

CACHE_MAX = 20_000


@dataclass
class Report(LoadReport):
    """A file of contracts loaded: what it holds, and where reading it stopped."""

    lines: Counter[str] = field(default_factory=Counter)
    amount: Decimal = Decimal("0.00")
    considerations: Counter[str] = field(default_factory=Counter)
    stopped: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            **super().as_json(),
            "lines": dict(self.lines),
            "amount": str(self.amount),
            "considerations": dict(self.considerations),
            "stopped": self.stopped,
        }


class _DryRun(Exception):
    """Raised to take everything back after a rehearsal."""


def load_decp(
    source: IO[bytes],
    *,
    name: str,
    user: User | None = None,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Load a file in one transaction; a line that fails is reported and the others load.

    `dry_run` reports what would be done and writes nothing. `progress(n)` is called every hundred lines.
    """
    loader = _Loader(Report(file=name))
    try:
        with transaction.atomic():
            loader.load(source, progress)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return loader.report


class _Loader:
    """One load: the report it fills and the rows it has met."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.parties: dict[tuple[type, str, str], Any] = {}
        self.touched: set[int] = set()

    def load(self, source: IO[bytes], progress: Callable[[int], None] | None) -> None:
        report = self.report
        try:
            for number, line in enumerate(read_contracts(source), start=1):
                self.take(line)
                if progress and number % 100 == 0:
                    progress(number)
        except UnreadableFile as error:
            report.stopped = str(error)
        self.add_up()

    def take(self, line: Contract | Refused) -> None:
        report = self.report
        where = f"{report.file}, ligne {line.position}"
        report.lines[line.nature] += 1
        if isinstance(line, Refused):
            report.refuse(where, line.sentence)
            return
        where = f"{where} ({line.number})"
        report.considerations.update(line.considerations)
        if line.nature == "market":
            report.amount += line.amount or 0
        try:
            # A savepoint a line: what the database refuses leaves the others alone.
            with transaction.atomic():
                self.store(line, where)
        except DatabaseError as error:
            report.refuse(where, f"la base de données la refuse ({str(error)[:120]})")
            self.parties.clear()
        for sentence in line.warnings:
            report.warn(where, sentence)

    def store(self, line: Contract, where: str) -> None:
        buyer = self.organisation(Buyer, line.buyer)
        market = self.market(buyer, line)
        lot, is_news = self.lot(market, line)
        if not is_news:
            self.report.made["lignes sans changement"] += 1
            return
        self.touched.add(market.pk)
        self.awards(lot, line)
        self.clauses(lot, line, where)

    # --- Organisations ----------------------------------------------------------------------------------------

    def organisation(self, model: type[Buyer] | type[Company], party: Party) -> Any:
        key = (model, party.identifier, "" if party.identifier else party.name)
        if key in self.parties:
            return self.parties[key]
        if len(self.parties) > CACHE_MAX:
            self.parties.clear()
        rows = model.objects.order_by("pk")
        if party.identifier:
            row = rows.filter(identifier=party.identifier).first()
        else:
            row = rows.filter(identifier="", name=party.name or "Sans nom").first()
        if row is None:
            row = model(
                name=party.name or _name_of(model, party),
                identifier=party.identifier,
                identifier_kind=IdentifierKind(party.kind),
                source=Source.DECP,
                notes="" if party.name else "Nom à compléter : les DECP ne donnent que l’identifiant.",
            )
            if isinstance(row, Buyer):
                row.kind = _kind_of(party.identifier)
            row.save()
            self.report.made["donneurs d’ordre" if model is Buyer else "entreprises"] += 1
        self.parties[key] = row
        return row

    # --- Markets and lots ---------------------------------------------------------------------------------------

    def market(self, buyer: Buyer, line: Contract) -> Market:
        market = (
            Market.objects.filter(buyer=buyer)
            .filter(Q(decp_id=line.number) | Q(reference=line.number))
            .order_by("pk")
            .first()
        )
        values = _market_values(line)
        if market is None:
            market = Market.objects.create(
                buyer=buyer, reference=line.number, decp_id=line.number, source=Source.DECP, **values
            )
            self.report.made["marchés"] += 1
            return market
        blanks = {name: value for name, value in values.items() if getattr(market, name) in (None, "")}
        if not market.decp_id:
            blanks["decp_id"] = line.number
        self.write(market, blanks)
        return market

    def lot(self, market: Market, line: Contract) -> tuple[Lot, bool]:
        """The lot of a line, and whether the line says something that it did not know."""
        lots = list(market.lots.order_by("pk"))
        lot = next((row for row in lots if row.decp_key == line.lot_key), None)
        if lot is None and market.source != Source.DECP:
            # A market typed by a person before its publication: its only lot is this one.
            lot = lots[0] if len(lots) == 1 and not lots[0].decp_key else None
        reservation = Reservation.TO_SPECIFY if "marche reserve" in line.considerations else Reservation.NONE
        if lot is None:
            lot = Lot.objects.create(
                market=market,
                number=_lot_number(line.object, {row.number for row in lots}),
                object=line.object,
                amount=line.settled_amount,
                reservation=reservation,
                decp_key=line.lot_key,
                decp_published_on=line.published_on,
            )
            self.report.made["lots"] += 1
            return lot, True
        known, given = lot.decp_published_on or dt.date.min, line.published_on or dt.date.min
        if lot.decp_key and given < known:
            return lot, False
        values: dict[str, Any] = {"decp_key": line.lot_key, "decp_published_on": line.published_on}
        if given > known and (lot.decp_key or lot.amount is None):
            values["amount"] = line.settled_amount
        if lot.reservation == Reservation.NONE:
            values["reservation"] = reservation
        changed = self.write(lot, values)
        if changed:
            self.report.made["lots mis à jour"] += 1
        return lot, changed

    def write(self, row: Market | Lot, values: dict[str, Any]) -> bool:
        new = {name: value for name, value in values.items() if getattr(row, name) != value}
        for name, value in new.items():
            setattr(row, name, value)
        if new:
            row.save()
        return bool(new)

    def awards(self, lot: Lot, line: Contract) -> None:
        is_group = normalised_grouping(line.grouping) != ""
        known = set(lot.awards.values_list("company", flat=True))
        parties = [(party, _role(number, is_group)) for number, party in enumerate(line.holders)]
        parties += [(party, AwardRole.SUBCONTRACTOR) for party in line.subcontractors]
        for party, role in parties:
            company = self.organisation(Company, party)
            if company.pk in known:
                continue
            known.add(company.pk)
            amount = party.amount
            if role == AwardRole.HOLDER and len(line.holders) == 1:
                amount = line.settled_amount
            Award.objects.create(
                lot=lot,
                company=company,
                role=role,
                amount=amount,
                awarded_on=party.notified_on or line.notified_on,
                joint_and_several=normalised_grouping(line.grouping) == "solidaire",
            )
            self.report.made["attributions"] += 1

    def clauses(self, lot: Lot, line: Contract, where: str) -> None:
        kind = clause_kind(line.considerations)
        if kind is None:
            return
        existing = {row.kind for row in lot.clauses.all()}
        if kind in existing or (existing and lot.market.source != Source.DECP):
            return
        if existing:
            self.report.warn(where, "la clause annoncée a changé de nature : à reprendre sur la fiche du lot")
            return
        Clause.objects.create(lot=lot, kind=kind, source=Source.DECP)
        self.report.made["clauses"] += 1

    def add_up(self) -> None:
        """The amount of a market loaded from the DECP is the sum of its lots'."""
        for pk in sorted(self.touched):
            market = Market.objects.get(pk=pk)
            if market.source == Source.DECP:
                total = market.lots.aggregate(total=Sum("amount"))["total"]
                self.write(market, {"amount": total})


# --- From DECP words to ours ----------------------------------------------------------------------------------


def clause_kind(considerations: frozenset[str]) -> ClauseKind | None:
    """The clause that « Clause sociale » and « Critère social » announce; several at once are usual."""
    clause, criterion = "clause sociale" in considerations, "critere social" in considerations
    if clause and criterion:
        return ClauseKind.EXECUTION_AND_CRITERION
    if clause:
        return ClauseKind.EXECUTION
    return ClauseKind.CRITERION if criterion else None


def normalised_grouping(text: str) -> str:
    """« conjoint » or « solidaire »; nothing without a group."""
    word = text.strip().lower()
    return word if word in ("conjoint", "solidaire") else ""


def _role(number: int, is_group: bool) -> AwardRole:
    if not is_group:
        return AwardRole.HOLDER
    return AwardRole.CO_CONTRACTOR if number else AwardRole.LEADER


def _name_of(model: type[Searchable], party: Party) -> str:
    what = "Donneur d’ordre" if model is Buyer else "Entreprise"
    return f"{what} {party.identifier}".strip() if party.identifier else "Sans nom"


def _kind_of(identifier: str) -> BuyerKind:
    """From the first digits of a SIREN (INSEE): 21 communes, 22 départements, 23 régions, 24 and 25 groupings, 1 State."""
    kinds = {"21": BuyerKind.COMMUNE, "22": BuyerKind.DEPARTMENT, "23": BuyerKind.REGION}
    kinds |= {"20": BuyerKind.INTERCOMMUNAL, "24": BuyerKind.INTERCOMMUNAL, "25": BuyerKind.INTERCOMMUNAL}
    kinds |= {
        "26": BuyerKind.HOSPITAL,
        "11": BuyerKind.STATE,
        "12": BuyerKind.STATE,
        "13": BuyerKind.PUBLIC_BODY,
    }
    kinds |= {"17": BuyerKind.STATE, "18": BuyerKind.PUBLIC_BODY, "19": BuyerKind.PUBLIC_BODY}
    return kinds.get(identifier[:2], BuyerKind.OTHER)


_PROCEDURES = (
    ("sans publicite", Procedure.DIRECT),
    ("adaptee", Procedure.ADAPTED),
    ("offres ouvert", Procedure.OPEN_TENDER),
    ("offres restreint", Procedure.RESTRICTED_TENDER),
    ("dialogue", Procedure.DIALOGUE),
    ("negoci", Procedure.NEGOTIATED),
)
_SUBJECT_DIVISIONS = {"71", "73"}


def _market_values(line: Contract) -> dict[str, Any]:
    words = normalise(line.procedure)
    procedure = next((found for part, found in _PROCEDURES if part in words), Procedure.OTHER)
    technique = Technique.FRAMEWORK if "accord cadre" in line.techniques else Technique.NONE
    end = add_months(line.notified_on, line.months) if line.notified_on and line.months else None
    commune = None
    if line.place_kind == "Code commune":
        commune = Commune.objects.filter(code=line.place).first()
    return {
        "object": line.object,
        "cpv": line.cpv,
        "family": family_of(line.cpv, line.nature),
        "nature": MarketNature.CONCESSION if line.nature == "concession" else MarketNature.MARKET,
        "procedure": procedure,
        "technique": technique,
        "notified_on": line.notified_on,
        "planned_end": end,
        "commune": commune,
        "place": line.place if commune is None else "",
    }


def family_of(cpv: str, nature: str = "market") -> Family:
    """Purchase family from the CPV division: 45 works, 71 and 73 intellectual, 50 and above services, else supplies."""
    division = cpv[:2]
    if division == "45":
        return Family.WORKS
    if division in _SUBJECT_DIVISIONS:
        return Family.INTELLECTUAL
    if not division:
        return Family.WORKS if nature == "concession" else Family.SERVICES
    return Family.SERVICES if division >= "50" else Family.SUPPLIES


_LOT_NUMBER = re.compile(r"\blots?\s*(?:n\s*[°o]?\s*)?0*(\d{1,3})\b", re.I)


def _lot_number(text: str, taken: set[str]) -> str:
    """The number that the object says (« Lot n° 03 »), else the first one free."""
    if (found := _LOT_NUMBER.search(text)) and found[1] not in taken:
        return found[1]
    return next(str(n) for n in range(1, len(taken) + 2) if str(n) not in taken)
