"""The watch on published contracts: what the DECP say of our buyers, set beside the markets followed here.

Reading a file again changes nothing; a later publication updates what nobody decided; nothing is ever deleted.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

from django.db import DatabaseError, transaction
from django.utils import timezone

from clauses.coverage_words import CONSIDERATIONS
from clauses.decp import family_of
from clauses.enums import CoverageState
from clauses.models import PublishedContract
from core.errors import DomainError
from core.loading import LoadReport
from markets.decp import Contract, Refused, UnreadableFile, read_contracts
from markets.duty import DUTY_FROM, Reach, duty_of
from markets.models import Buyer, Lot, Market
from markets.models.thresholds import current_thresholds

if TYPE_CHECKING:
    from accounts.models import User

SIREN_DIGITS = 9
# Sentences of what a file did, in the order of the report.
NEW, UPDATED, SAME, DECIDED = "nouveaux", "mis à jour", "sans changement", "déjà décidés"


@dataclass
class WatchReport(LoadReport):
    """A file watched: how many contracts it holds, how many are our buyers', and what is thought of them."""

    read: int = 0
    ours: int = 0
    followed: int = 0
    to_look: int = 0
    due_without: int = 0
    # Notified since the duty began, without consideration, of which nobody can say whether they reach the threshold.
    unsaid: int = 0
    considerations: Counter[str] = field(default_factory=Counter)
    stopped: str = ""


def watch_file(
    source: IO[bytes],
    *,
    name: str,
    user: User | None = None,
    progress: Callable[[int], None] | None = None,
) -> WatchReport:
    """Read a DECP file and keep, of our buyers, what carries a social consideration or should have."""
    watch = _Watch(WatchReport(file=name), user)
    with transaction.atomic():
        try:
            for number, line in enumerate(read_contracts(source), start=1):
                watch.take(line)
                if progress and number % 100 == 0:
                    progress(number)
        except UnreadableFile as error:
            watch.report.stopped = str(error)
        watch.end()
    return watch.report


class _Watch:
    """One reading: our buyers and our markets as they were when it began, the report it fills."""

    def __init__(self, report: WatchReport, user: User | None) -> None:
        self.report, self.user = report, user
        self.seen: set[int] = set()
        self.thresholds = current_thresholds()
        # Contracts since the duty, by buyer and number: the lots of a number are compared with the threshold together.
        self.since: dict[tuple[int, str], dict[str, Contract]] = defaultdict(dict)
        self.by_identifier: dict[str, Buyer] = {}
        self.by_siren: dict[str, list[Buyer]] = defaultdict(list)
        for buyer in Buyer.objects.exclude(identifier="").order_by("pk"):
            self.by_identifier[buyer.identifier] = buyer
            if siren := siren_of(buyer.identifier):
                self.by_siren[siren].append(buyer)
        self.followed = Followed.of(buyer.pk for buyer in self.by_identifier.values())

    def buyer_of(self, line: Contract) -> Buyer | None:
        """Our buyer of this contract: by its SIRET, else by its SIREN, whatever the establishment."""
        buyer = self.by_identifier.get(line.buyer.identifier)
        if buyer is None and line.buyer.kind == "siret":
            buyer = next(iter(self.by_siren.get(line.buyer.identifier[:SIREN_DIGITS], [])), None)
        return buyer

    def siblings(self, buyer: Buyer) -> list[int]:
        """The establishments that we have of one organisation: any of them may hold the market."""
        others = self.by_siren.get(siren_of(buyer.identifier), [])
        return [buyer.pk, *(other.pk for other in others if other.pk != buyer.pk)]

    def take(self, line: Contract | Refused) -> None:
        report = self.report
        report.read += 1
        if isinstance(line, Refused):
            report.refuse(f"{report.file}, ligne {line.position}", line.sentence)
            return
        buyer = self.buyer_of(line)
        if buyer is None:
            return
        report.ours += 1
        report.considerations.update(social_of(line))
        if line.notified_on is None or line.notified_on < DUTY_FROM:
            is_due = False if line.notified_on else None
            if social_of(line):
                self.keep(buyer, line, is_due)
            else:
                self.amend(buyer, line, is_due)
            return
        lots = self.since[buyer.pk, line.number]
        known = lots.get(line.lot_key)
        if known is None or (line.published_on or dt.date.min) >= (known.published_on or dt.date.min):
            lots[line.lot_key] = line

    def end(self) -> None:
        """What can be said once every lot of a number is known."""
        buyers = {buyer.pk: buyer for buyer in self.by_identifier.values()}
        for (buyer_pk, _number), lots in self.since.items():
            buyer, lines = buyers[buyer_pk], list(lots.values())
            is_due = is_due_of(lines, buyer, self.thresholds)
            has_social = any(social_of(line) for line in lines)
            if is_due is None and not has_social:
                self.report.unsaid += 1
            for line in lines:
                if social_of(line) or (is_due and not has_social):
                    self.keep(buyer, line, is_due)
                else:
                    self.amend(buyer, line, is_due)
        match_followed()
        rows = PublishedContract.objects.only("pk", "state", "is_due", "considerations")
        for row in rows.iterator():
            if row.pk not in self.seen:
                continue
            self.report.followed += row.state == CoverageState.FOLLOWED
            if row.state == CoverageState.TO_LOOK:
                self.report.to_look += 1
                self.report.due_without += bool(row.is_due and not row.considerations)

    def keep(self, buyer: Buyer, line: Contract, is_due: bool | None) -> None:
        self._guarded(buyer, line, is_due, create=True)

    def amend(self, buyer: Buyer, line: Contract, is_due: bool | None) -> None:
        """What we would not keep may still say something new of what we kept."""
        self._guarded(buyer, line, is_due, create=False)

    def _guarded(self, buyer: Buyer, line: Contract, is_due: bool | None, *, create: bool) -> None:
        try:
            # A savepoint a contract: what the database refuses leaves the others alone.
            with transaction.atomic():
                self._store(buyer, line, is_due, create=create)
        except DatabaseError as error:
            where = f"{self.report.file}, ligne {line.position} ({line.number})"
            self.report.refuse(where, f"la base de données la refuse ({str(error)[:120]})")

    def _store(self, buyer: Buyer, line: Contract, is_due: bool | None, *, create: bool) -> None:
        siblings, made = self.siblings(buyer), self.report.made
        row = (
            PublishedContract.objects.filter(buyer__in=siblings, number=line.number, lot_key=line.lot_key)
            .order_by("pk")
            .first()
        )
        if row is None:
            if not create:
                return
            row = PublishedContract(buyer=buyer, number=line.number, lot_key=line.lot_key)
        if row.pk:
            self.seen.add(row.pk)
        if row.decided_at:
            made[DECIDED] += 1
            return
        is_later = row.pk is None or (line.published_on or dt.date.min) >= (row.published_on or dt.date.min)
        values = _values(line, is_due, self.report.file) if is_later else {}
        if row.pk and all(getattr(row, key) == value for key, value in values.items() if key != "source"):
            # The same words in another file are no news.
            values = {}
        market = self.followed.market_of(siblings, line.number, line.lot_key)
        if row.state == CoverageState.TO_LOOK and market is not None:
            values |= {"state": CoverageState.FOLLOWED, "market_id": market}
        if not values:
            made[SAME] += 1
            return
        made[UPDATED if row.pk else NEW] += 1
        for key, value in values.items():
            setattr(row, key, value)
        row._history_user = self.user  # type: ignore[attr-defined]
        row.save()
        self.seen.add(row.pk)


def siren_of(identifier: str) -> str:
    """The SIREN of a SIRET or of a SIREN; nothing for another identifier."""
    return identifier[:SIREN_DIGITS] if identifier.isdigit() and len(identifier) in (9, 14) else ""


def social_of(line: Contract) -> list[str]:
    """The social considerations of a contract, by our codes, in one order."""
    return [code for code, (words, _label) in CONSIDERATIONS.items() if words in line.considerations]


def is_due_of(lines: list[Contract], buyer: Buyer, thresholds: Any) -> bool | None:
    """Whether the duty weighs on these lots of one number, all together; None where it cannot be said."""
    amounts = [line.settled_amount for line in lines]
    main = max(lines, key=lambda line: line.settled_amount or Decimal(0))
    notified = min(line.notified_on for line in lines if line.notified_on)
    # One object held by several companies (accord-cadre) is published once each, with the same amount: counted once. A
    # lot without an amount hides nothing once the others reach the threshold.
    by_object: dict[str, Decimal] = {}
    for line in lines:
        name = line.lot_key.rpartition("|")[0]
        by_object[name] = max(by_object.get(name, Decimal(0)), line.settled_amount or Decimal(0))
    total = sum(by_object.values(), Decimal(0))
    whole = total if any(amount is not None for amount in amounts) else None
    duty = duty_of(
        nature=main.nature,
        family=family_of(main.cpv, main.nature),
        buyer_kind=buyer.kind,
        amount=whole,
        planned_on=notified,
        year=notified.year,
        thresholds=thresholds,
    )
    if duty.reach == Reach.NOT_CONCERNED:
        return None if None in amounts else False
    return True if duty.reach == Reach.CONCERNED else None


def _values(line: Contract, is_due: bool | None, file: str) -> dict[str, Any]:
    holders = [party.name or party.identifier for party in line.holders]
    return {
        "object": line.object,
        "cpv": line.cpv,
        "amount": line.settled_amount,
        "notified_on": line.notified_on,
        "published_on": line.published_on,
        "months": line.months,
        "holders": ", ".join(name for name in holders if name)[:500],
        "considerations": social_of(line),
        "is_due": is_due,
        "source": file[:200],
    }


# --- What is followed here ------------------------------------------------------------------------------------


@dataclass
class Followed:
    """The markets of some buyers by their numbers, and the published lots of each: two queries."""

    markets: dict[tuple[int, str], list[int]]
    lots: dict[int, list[str]]

    @classmethod
    def of(cls, buyers: Iterable[int]) -> Followed:
        pks = set(buyers)
        markets: dict[tuple[int, str], list[int]] = defaultdict(list)
        # Chosen here rather than in SQL: a territory may have more buyers than a query takes values.
        rows = Market.objects.order_by("pk").values_list("pk", "buyer", "reference", "decp_id")
        for pk, buyer, reference, decp_id in rows.iterator():
            if buyer in pks:
                for number in {reference, decp_id} - {""}:
                    markets[buyer, number].append(pk)
        lots: dict[int, list[str]] = defaultdict(list)
        known = Lot.objects.order_by("pk").values_list("market", "decp_key", "market__buyer")
        for market, key, buyer in known.iterator():
            if buyer in pks:
                lots[market].append(key)
        return cls(markets, lots)

    def market_of(self, buyers: Iterable[int], number: str, lot_key: str) -> int | None:
        """The market that follows this lot: its number, and the lot itself where every lot says which it is.

        A lot that a person typed bears no key: their market is taken to hold it, as the loader does.
        """
        for buyer in buyers:
            for market in self.markets.get((buyer, number), []):
                keys = self.lots.get(market, [])
                if not keys or "" in keys or lot_key in keys:
                    return market
        return None


def match_followed() -> int:
    """Say followed what came to be followed since it was seen; gives how many."""
    waiting = PublishedContract.objects.filter(state=CoverageState.TO_LOOK, decided_at=None)
    rows = list(waiting.select_related("buyer").order_by("pk"))
    if not rows:
        return 0
    # Establishments of one organisation answer for each other.
    sirens = {siren_of(row.buyer.identifier) for row in rows} - {""}
    kin: dict[str, list[int]] = defaultdict(list)
    for pk, identifier in Buyer.objects.order_by("pk").values_list("pk", "identifier"):
        if siren_of(identifier) in sirens:
            kin[siren_of(identifier)].append(pk)
    followed = Followed.of({row.buyer_id for row in rows} | {pk for pks in kin.values() for pk in pks})
    done = 0
    for row in rows:
        others = kin.get(siren_of(row.buyer.identifier), [])
        market = followed.market_of([row.buyer_id, *others], row.number, row.lot_key)
        if market is not None:
            row.state, row.market_id = CoverageState.FOLLOWED, market
            row.save()
            done += 1
    return done


def match_followed_daily(today: dt.date) -> int:
    """The daily work of the watch: markets opened since are followed."""
    return match_followed()


# --- Gestures -------------------------------------------------------------------------------------------------


def _locked(contract: PublishedContract) -> PublishedContract:
    return PublishedContract.objects.select_for_update().get(pk=contract.pk)


def markets_of(contract: PublishedContract, user: User) -> Any:
    """The markets that a contract may be: its buyer's, whatever the establishment."""
    siren = siren_of(contract.buyer.identifier)
    rows = Market.objects.visible_to(user)
    if not siren:
        return rows.filter(buyer=contract.buyer_id)
    same = Buyer.objects.filter(identifier__startswith=siren).values_list("pk", flat=True)
    return rows.filter(buyer__in={contract.buyer_id, *same})


@transaction.atomic
def say_followed(*, contract: PublishedContract, market: Market, user: User) -> PublishedContract:
    """A person says which market followed here this contract is."""
    row = _locked(contract)
    if row.state == CoverageState.LEFT:
        raise DomainError("Ce contrat a été laissé de côté : remettez-le à regarder d’abord.")
    if not markets_of(row, user).filter(pk=market.pk).exists():
        raise DomainError("Ce marché n’est pas de ce donneur d’ordre.", field="market")
    row.state, row.market, row.reason = CoverageState.FOLLOWED, market, ""
    return _decide(row, user)


@transaction.atomic
def leave_aside(*, contract: PublishedContract, reason: str, user: User) -> PublishedContract:
    """A person says why nobody will follow this contract."""
    row = _locked(contract)
    if row.state == CoverageState.FOLLOWED:
        raise DomainError("Ce contrat est suivi ici : il n’est pas à laisser de côté.")
    words = " ".join(reason.split())
    if not words:
        raise DomainError("Dites pourquoi ce contrat n’est pas suivi.", field="reason")
    row.state, row.market, row.reason = CoverageState.LEFT, None, words[:300]
    return _decide(row, user)


@transaction.atomic
def look_again(*, contract: PublishedContract, user: User) -> PublishedContract:
    """Undo what a person decided; the history keeps it."""
    row = _locked(contract)
    if row.decided_at is None:
        raise DomainError("Personne n’a rien décidé de ce contrat : il n’y a rien à reprendre.")
    row.state, row.market, row.reason = CoverageState.TO_LOOK, None, ""
    row.decided_by, row.decided_at = None, None
    row.save()
    return row


def _decide(row: PublishedContract, user: User) -> PublishedContract:
    row.decided_by, row.decided_at = user, timezone.now()
    row.save()
    return row
