"""Anomalies first: what looks wrong in the hours of a scope and some months, with the gesture that settles it.

The same number of queries whatever the number of lines. The arithmetic is in `month_checks.py`; the reasons in ADR 0042.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse

from beneficiaries.counting import working_days
from beneficiaries.enums import AnomalyKind, CountingReason, EntrySource, EntryState, HourKind
from beneficiaries.models import Assignment, ClosedYear, HoursEntry, SettledAnomaly
from beneficiaries.month_checks import (
    CONTRACT_TOLERANCE,
    SILENT_MONTHS,
    contract_limit,
    days_in_month,
    is_sudden,
    missing_months,
)
from beneficiaries.services.counting import RulesFor, make_rules_for
from clauses.figures import figures_of
from core import formats
from core.dates import add_months, month_end

if TYPE_CHECKING:
    from beneficiaries.grid import Grid, GridRow

ZERO = Decimal("0.00")
# How far back a month that is missing is looked for, and the month before is read.
MONTHS_BACK = 6

WAITING_STATES = (EntryState.DRAFT, EntryState.SUBMITTED)
REASONS = {
    CountingReason.NOT_VALIDATED: AnomalyKind.NO_VALIDATION,
    CountingReason.NO_PRIOR_VALIDATION: AnomalyKind.NO_VALIDATION,
    CountingReason.VALIDATION_EXPIRED: AnomalyKind.EXPIRED,
    CountingReason.PERIOD_USED_UP: AnomalyKind.EXPIRED,
    CountingReason.OUTSIDE_ASSIGNMENT: AnomalyKind.AFTER_END,
    CountingReason.OUTSIDE_MARKET: AnomalyKind.AFTER_END,
    CountingReason.OVER_CAP: AnomalyKind.OVER_LEGAL,
}


@dataclass(slots=True)
class Anomaly:
    """Something to look at: about whom, in which month, why, and where it is settled.

    `key` says what it is about and the figures that made it one: settled, it comes back when they change.
    """

    kind: AnomalyKind
    key: str
    sentence: str
    month: dt.date
    label: str
    url: str
    who: str = ""
    where: str = ""
    assignment: int | None = None
    # The one that leads the market.
    buyer: int = 0
    entries: tuple[int, ...] = ()
    settled: SettledAnomaly | None = None


class Line(NamedTuple):
    """An entry with what is asked of its assignment, its contract and its market."""

    pk: int
    assignment: int
    month: dt.date
    kind: str
    hours: Decimal
    counted: Decimal
    reason: str
    detail: str
    after_planned_end: bool
    state: str
    source: str
    person: int
    last_name: str
    first_name: str
    employer: str
    placement: int
    weekly_hours: Decimal | None
    starts_on: dt.date
    ends_on: dt.date | None
    contract_starts_on: dt.date
    contract_ends_on: dt.date | None
    market: int
    reference: str
    planned_end: dt.date | None
    buyer: int

    @property
    def who(self) -> str:
        return f"{self.last_name} {self.first_name}"

    @property
    def where(self) -> str:
        return f"{self.employer} · {self.reference}"

    @property
    def grid_url(self) -> str:
        """The very line, in the grid of its market."""
        return (
            f"{reverse('market_hours', args=[self.market])}?mois={self.month:%Y-%m}#ligne-{self.assignment}"
        )

    def about(self, kind: AnomalyKind, key: str, sentence: str, label: str, url: str, **more: Any) -> Anomaly:
        return Anomaly(
            **{
                "kind": kind,
                "key": f"{kind}:{key}",
                "sentence": sentence,
                "month": self.month,
                "label": label,
                "url": url,
                "who": self.who,
                "where": self.where,
                "assignment": self.assignment,
                "buyer": self.buyer,
                "entries": (self.pk,),
                **more,
            }
        )


_COLUMNS = (
    "pk",
    "assignment",
    "month",
    "kind",
    "hours",
    "counted_hours",
    "counting_reason",
    "counting_detail",
    "after_planned_end",
    "state",
    "source",
    "assignment__placement__beneficiary",
    "assignment__placement__beneficiary__last_name",
    "assignment__placement__beneficiary__first_name",
    "assignment__placement__employer__name",
    "assignment__placement",
    "assignment__placement__weekly_hours",
    "assignment__starts_on",
    "assignment__ends_on",
    "assignment__placement__starts_on",
    "assignment__placement__ends_on",
    "market",
    "market__reference",
    "market__planned_end",
    "market__buyer",
)


class Shared(NamedTuple):
    """An hours line of someone who is in the scope, with whatever employer."""

    person: int
    month: dt.date
    kind: str
    hours: Decimal
    assignment: int
    placement: int
    commitment: int
    pk: int
    employer: int
    starts_on: dt.date
    ends_on: dt.date | None
    contract_ends_on: dt.date | None

    def overlaps(self, other: Shared) -> bool:
        """Whether both assignments held on a same day."""
        ends = (self.ends_on, self.contract_ends_on, other.ends_on, other.contract_ends_on)
        last = min((day for day in ends if day), default=dt.date.max)
        return max(self.starts_on, other.starts_on) <= last


@dataclass(slots=True)
class Found:
    """What was found: anomalies still open, those that someone explained, and the entries that they are about."""

    open: list[Anomaly] = field(default_factory=list)
    settled: list[Anomaly] = field(default_factory=list)
    # The entries of the last month that wait for the house, whatever is thought of them.
    waiting: set[int] = field(default_factory=set)

    @property
    def entries(self) -> set[int]:
        """Entries with an open anomaly: what a validation in one gesture leaves aside."""
        return {pk for anomaly in self.open for pk in anomaly.entries}

    @property
    def by_kind(self) -> list[tuple[AnomalyKind, list[Anomaly]]]:
        """The open ones, grouped in the order in which they cost hours."""
        groups: dict[str, list[Anomaly]] = defaultdict(list)
        for anomaly in self.open:
            groups[anomaly.kind].append(anomaly)
        return [(kind, groups[kind]) for kind in AnomalyKind if kind in groups]


def find_anomalies(
    assignments: Any,
    first: dt.date,
    last: dt.date,
    *,
    validated: bool = False,
    gaps: bool = True,
    commitments: Any = None,
) -> Found:
    """What looks wrong in the hours of these assignments, from the month `first` to the month `last`.

    Of what waits for the house; with `validated`, of what it validated too. `gaps`: also the months that are missing;
    `commitments`: also those of whom nothing is heard. Ten queries at most.
    """
    scope = assignments.order_by().values("pk")
    rows = HoursEntry.objects.current().filter(assignment__in=scope, month__range=(first, last))
    waiting = HoursEntry.objects.to_validate().values("pk")
    looked = rows if validated else rows.filter(pk__in=waiting)
    found_lines = [Line(*row) for row in looked.order_by("month", "pk").values_list(*_COLUMNS)]
    # What was taken over keeps what the former tool said; what was sent back is the company's to correct.
    lines = [
        line
        for line in found_lines
        if line.source != EntrySource.TAKE_OVER and line.state != EntryState.SENT_BACK
    ]
    rules_for = make_rules_for({line.market: line.buyer for line in lines})
    people = looked.order_by().values("assignment__placement__beneficiary")
    shared = _shared(people, first, last)
    months = _months(scope, add_months(first, -MONTHS_BACK))
    found = _examine(lines, shared, months, rules_for)
    if gaps:
        found += _missing(months, first, last)
    if commitments is not None:
        found += _silent(commitments, last)
    sorted_out = sort_out(found)
    sorted_out.waiting = {
        line.pk for line in found_lines if line.month == last and line.state in WAITING_STATES
    }
    return sorted_out


def _examine(
    lines: Sequence[Line],
    shared: Sequence[Shared],
    months: dict[int, dict[dt.date, Decimal]],
    rules_for: RulesFor,
) -> list[Anomaly]:
    return [
        *_by_reason(lines),
        *_by_month(lines, shared, rules_for),
        *_duplicates(lines, shared),
        *_sudden(lines, months),
    ]


def _shared(people: Any, first: dt.date, last: dt.date) -> list[Shared]:
    """Every line of these people in these months, of whatever employer."""
    rows = (
        HoursEntry.objects.current()
        .filter(month__range=(first, last), assignment__placement__beneficiary__in=people)
        .order_by("month", "pk")
    )
    return [
        Shared(*row)
        for row in rows.values_list(
            "assignment__placement__beneficiary",
            "month",
            "kind",
            "hours",
            "assignment",
            "assignment__placement",
            "assignment__commitment",
            "pk",
            "assignment__placement__employer",
            "assignment__starts_on",
            "assignment__ends_on",
            "assignment__placement__ends_on",
        )
    ]


def _months(scope: Any, since: dt.date) -> dict[int, dict[dt.date, Decimal]]:
    """Assignment → month → hours, since a month; 0 where somebody said that there were none."""
    found: dict[int, dict[dt.date, Decimal]] = defaultdict(dict)
    rows = HoursEntry.objects.current().filter(assignment__in=scope, month__gte=since)
    for assignment, month, hours in (
        rows.order_by("assignment", "month").values_list("assignment", "month").annotate(sum=Sum("hours"))
    ):
        # SQLite sums decimals as floats.
        found[assignment][month] = Decimal(hours).quantize(ZERO)
    return found


# --- What counting says ---------------------------------------------------------------------------------------


def _by_reason(lines: Sequence[Line]) -> Iterator[Anomaly]:
    """Hours that do not count, or not all, and those of a market that should be over."""
    over: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        kind = REASONS.get(CountingReason(line.reason))
        # The hours over the cap are told with the month of the person.
        if kind and kind != AnomalyKind.OVER_LEGAL:
            label, url = _settle(line, kind)
            yield line.about(kind, f"e{line.pk}:{line.hours}:{line.counted}", line.detail, label, url)
        elif line.after_planned_end:
            over[line.market].append(line)
    for of_market in over.values():
        line = of_market[0]
        yield line.about(
            AnomalyKind.AFTER_END,
            f"m{line.market}:{line.planned_end}",
            f"{formats.noun(len(of_market), 'ligne')} après la fin prévue du marché "
            f"({formats.day(line.planned_end)})\u202f: ces heures comptent tant qu’il n’est pas clos.",
            "Voir le marché",
            reverse("market_edit", args=[line.market]),
            who=f"Marché {line.reference}",
            where="",
            assignment=None,
            entries=tuple(row.pk for row in of_market),
        )


def _settle(line: Line, kind: AnomalyKind) -> tuple[str, str]:
    """Words and address of the gesture that settles what counting says of a line."""
    if kind == AnomalyKind.AFTER_END:
        if line.reason == CountingReason.OUTSIDE_MARKET:
            return "Voir le marché", reverse("market_edit", args=[line.market])
        return "Changer l’affectation", reverse("assignment_edit", args=[line.assignment])
    if kind == AnomalyKind.EXPIRED:
        return "Renouveler la validation", reverse("beneficiary_eligibility", args=[line.person])
    return "Voir l’éligibilité", reverse("beneficiary_eligibility", args=[line.person])


# --- A person's month, a contract's month ---------------------------------------------------------------------


def _by_month(lines: Sequence[Line], shared: Sequence[Shared], rules_for: RulesFor) -> Iterator[Anomaly]:
    """More than the law or the contract explains: each person, each contract, told once a month."""
    person_month: dict[tuple[int, dt.date], Decimal] = defaultdict(lambda: ZERO)
    placements: dict[tuple[int, dt.date], set[int]] = defaultdict(set)
    contract_month: dict[tuple[int, dt.date], Decimal] = defaultdict(lambda: ZERO)
    for row in shared:
        person_month[row.person, row.month] += row.hours
        placements[row.person, row.month].add(row.placement)
        if row.kind != HourKind.TUTORING:
            contract_month[row.placement, row.month] += row.hours
    by_person: dict[tuple[int, dt.date], list[Line]] = defaultdict(list)
    by_contract: dict[tuple[int, dt.date], list[Line]] = defaultdict(list)
    for line in lines:
        by_person[line.person, line.month].append(line)
        by_contract[line.placement, line.month].append(line)
    told: set[tuple[int, dt.date]] = set()
    for (person, month), mine in by_person.items():
        line, total = mine[0], person_month[person, month]
        rules = rules_for(line.market, month)
        several = len(placements[person, month]) > 1
        entries = tuple(row.pk for row in mine)
        together = ", tous contrats réunis" if several else ""
        said = f"{formats.hours(total)} en {formats.month(month)}{together}"
        url = reverse("beneficiary_hours", args=[person])
        if total > rules.legal_max_month or total > rules.cap:
            word = "maximum légal" if total > rules.legal_max_month else "plafond"
            limit = rules.legal_max_month if total > rules.legal_max_month else rules.cap
            told.add((person, month))
            yield line.about(
                AnomalyKind.OVER_LEGAL,
                f"p{person}:{month:%Y-%m}:{total}",
                f"{said}\u202f: au-dessus du {word} ({formats.hours(limit)}).",
                "Voir ses heures",
                url,
                entries=entries,
            )
        elif several and total > rules.full_time_month * CONTRACT_TOLERANCE:
            told.add((person, month))
            yield line.about(
                AnomalyKind.OVER_CONTRACT,
                f"p{person}:{month:%Y-%m}:{total}",
                f"{said}\u202f: au-dessus du temps plein ({formats.hours(rules.full_time_month)}).",
                "Voir ses heures",
                url,
                entries=entries,
            )
    for (placement, month), mine in by_contract.items():
        line, total = mine[0], contract_month[placement, month]
        limit_of_contract = contract_limit(
            line.weekly_hours, month, line.contract_starts_on, line.contract_ends_on
        )
        if limit_of_contract is None or total <= limit_of_contract or (line.person, month) in told:
            continue
        yield line.about(
            AnomalyKind.OVER_CONTRACT,
            f"c{placement}:{month:%Y-%m}:{total}",
            f"{formats.hours(total)} en {formats.month(month)}\u202f: un contrat de "
            f"{formats.hours(line.weekly_hours)} par semaine en explique {formats.hours(limit_of_contract)} au plus.",
            "Voir la ligne",
            line.grid_url,
            entries=tuple(row.pk for row in mine),
        )


def _duplicates(lines: Sequence[Line], shared: Sequence[Shared]) -> Iterator[Anomaly]:
    """The same hours of a person twice in a month; one contract, or two of one employer that overlap, on one engagement."""
    same: dict[tuple[Any, ...], list[Shared]] = defaultdict(list)
    for row in shared:
        if row.hours > 0:
            same["hours", row.person, row.month, row.kind, row.hours].append(row)
            same["contract", row.placement, row.commitment, row.month, row.kind].append(row)
            here = same["employer", row.person, row.employer, row.commitment, row.month, row.kind]
            # Two contracts that follow each other in the month are a renewal.
            if not here or any(row.overlaps(other) for other in here):
                here.append(row)
    looked = {line.pk: line for line in lines}
    told: set[tuple[int, ...]] = set()
    for rows in same.values():
        keys = tuple(sorted(row.pk for row in rows))
        mine = [looked[pk] for pk in keys if pk in looked]
        if len(keys) < 2 or not mine or keys in told:
            continue
        told.add(keys)
        line = mine[-1]
        hours = " et ".join(formats.hours(row.hours) for row in sorted(rows, key=lambda row: row.pk)[:3])
        yield line.about(
            AnomalyKind.DUPLICATE,
            f"{'-'.join(map(str, keys[:6]))}:{rows[0].hours}",
            f"{hours} le même mois pour la même personne\u202f: le mois est peut-être saisi deux fois.",
            "Voir ses heures",
            reverse("beneficiary_hours", args=[line.person]),
            entries=tuple(row.pk for row in mine),
        )


# --- From one month to another --------------------------------------------------------------------------------


def _sudden(lines: Sequence[Line], months: dict[int, dict[dt.date, Decimal]]) -> Iterator[Anomaly]:
    """Half or twice the month before, by working day of the assignment."""
    by_place: dict[tuple[int, dt.date], list[Line]] = defaultdict(list)
    for line in lines:
        by_place[line.assignment, line.month].append(line)
    for (assignment, month), mine in by_place.items():
        line, known = mine[0], months.get(assignment, {})
        before = add_months(month, -1)
        hours, hours_before = known.get(month, ZERO), known.get(before, ZERO)
        if not is_sudden(hours, _days(line, month), hours_before, _days(line, before)):
            continue
        yield line.about(
            AnomalyKind.SUDDEN,
            f"a{assignment}:{month:%Y-%m}:{hours}/{hours_before}",
            f"{formats.hours(hours)} en {formats.month(month)} après {formats.hours(hours_before)} "
            f"en {formats.month(before)}.",
            "Voir la ligne",
            line.grid_url,
            entries=tuple(row.pk for row in mine),
        )


def _days(line: Line, month: dt.date) -> int:
    days = days_in_month(month, line.starts_on, line.ends_on)
    return working_days(*days) if days else 0


def _missing(months: dict[int, dict[dt.date, Decimal]], first: dt.date, last: dt.date) -> Iterator[Anomaly]:
    """Months without hours between two months with some, of those who worked in the months looked at."""
    since = add_months(first, 1 - MONTHS_BACK)
    gaps: dict[int, list[dt.date]] = {}
    worked = {pk: [month for month, hours in known.items() if hours] for pk, known in months.items()}
    for pk, known in months.items():
        between = missing_months(worked[pk])
        if missing := [month for month in between if month not in known and since <= month <= last]:
            gaps[pk] = missing
    if not gaps:
        return
    rows = (
        Assignment.objects.filter(pk__in=gaps)
        .order_by("pk")
        .values_list(
            "pk",
            "placement__beneficiary__last_name",
            "placement__beneficiary__first_name",
            "placement__employer__name",
            "commitment__market__reference",
            "commitment__market",
            "commitment__market__buyer",
        )
    )
    closed = set(ClosedYear.objects.values_list("year", flat=True))
    for pk, last_name, first_name, employer, reference, market, buyer in rows:
        for month in gaps[pk]:
            # A published year is not waited for any more; and an old gap is told only while it is next to the months.
            if month.year in closed or (month < first and not _is_next_to(worked[pk], month, first, last)):
                continue
            yield Anomaly(
                kind=AnomalyKind.MISSING,
                key=f"{AnomalyKind.MISSING}:a{pk}:{month:%Y-%m}",
                sentence=f"Pas d’heures en {formats.month(month)}, entre deux mois qui en ont.",
                month=month,
                label="Saisir ce mois",
                url=f"{reverse('market_hours', args=[market])}?mois={month:%Y-%m}#ligne-{pk}",
                who=f"{last_name} {first_name}",
                where=f"{employer} · {reference}",
                assignment=pk,
                buyer=buyer,
            )


def _is_next_to(worked: Iterable[dt.date], missing: dt.date, first: dt.date, last: dt.date) -> bool:
    """Whether the first month with hours after the missing one is among the months looked at."""
    following = min((month for month in worked if month > missing), default=None)
    return following is not None and first <= following <= last


# --- Who says nothing -----------------------------------------------------------------------------------------


def _silent(commitments: Any, last: dt.date) -> list[Anomaly]:
    """Commitments with hours still due and none worked in the last months: three queries."""
    day = month_end(last)
    since = add_months(last, 1 - SILENT_MONTHS)
    recent = HoursEntry.objects.current().filter(
        assignment__commitment=OuterRef("pk"), month__range=(since, last), hours__gt=0
    )
    rows = (
        commitments.alias(begins_on=Coalesce("starts_on", "market__starts_on", "market__notified_on"))
        .filter(begins_on__lt=since)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=last))
        .filter(market__closed_on__isnull=True)
        .exclude(Exists(recent))
        .with_hours_engaged(day)
        .select_related("holder", "market")
        .order_by("market__reference", "pk")
    )
    found = []
    for row in figures_of(rows, day):
        if not row.missing:
            continue
        commitment = row.commitment
        found.append(
            Anomaly(
                kind=AnomalyKind.SILENT,
                # Once a quarter at most: a silence that lasts is said again.
                key=f"{AnomalyKind.SILENT}:g{commitment.pk}:{last.year}-{(last.month + 2) // 3}:{row.counted}",
                sentence=f"Aucune heure depuis {SILENT_MONTHS} mois, {formats.hours(row.missing)} restent dues.",
                month=last,
                label="Noter un échange",
                url=reverse("market_interaction_create", args=[commitment.market_id]),
                who=str(commitment.holder),
                where=commitment.market.reference,
                buyer=commitment.market.buyer_id,
            )
        )
    return found


# --- Settled or not -------------------------------------------------------------------------------------------


def sort_out(anomalies: Iterable[Anomaly]) -> Found:
    """Open ones, and those that someone explained with the same figures; one query."""
    found = Found()
    anomalies = list(anomalies)
    keys = [anomaly.key[:200] for anomaly in anomalies]
    rows = SettledAnomaly.objects.filter(key__in=keys).select_related("settled_by") if keys else ()
    settled = {row.key: row for row in rows}
    for anomaly in anomalies:
        anomaly.settled = settled.get(anomaly.key[:200])
        (found.settled if anomaly.settled else found.open).append(anomaly)
    return found


def mark_rows(grid: Grid) -> None:
    """Put the open anomalies of a grid's month on its rows: one query, and one more when something looks wrong."""
    lines = [_line(row, entry) for row in grid.rows for entry in row.entries if _waits(entry)]
    if not lines:
        return
    before = add_months(grid.month, -1)
    months = {
        row.assignment.pk: {grid.month: row.total or ZERO, before: row.previous or ZERO} for row in grid.rows
    }
    shared = _shared({line.person for line in lines}, grid.month, grid.month)
    found = sort_out(_examine(lines, shared, months, grid.rules_for))
    rows = {row.assignment.pk: row for row in grid.rows}
    assignment_of = {line.pk: line.assignment for line in lines}
    for anomaly in found.open:
        concerned = (assignment_of[pk] for pk in anomaly.entries if pk in assignment_of)
        for assignment in dict.fromkeys(concerned):
            rows[assignment].anomalies.append(anomaly)


def _waits(entry: HoursEntry) -> bool:
    waiting = entry.state in WAITING_STATES and not entry.is_with_employer
    return waiting and entry.source != EntrySource.TAKE_OVER


def _line(row: GridRow, entry: HoursEntry) -> Line:
    """The same as `find_anomalies` reads, of what a grid has loaded already."""
    assignment = row.assignment
    placement, market = assignment.placement, assignment.commitment.market
    person = placement.beneficiary
    return Line(
        pk=entry.pk,
        assignment=assignment.pk,
        month=entry.month,
        kind=entry.kind,
        hours=entry.hours,
        counted=entry.counted_hours,
        reason=entry.counting_reason,
        detail=entry.counting_detail,
        after_planned_end=entry.after_planned_end,
        state=entry.state,
        source=entry.source,
        person=person.pk,
        last_name=person.last_name,
        first_name=person.first_name,
        employer=placement.employer.name,
        placement=placement.pk,
        weekly_hours=placement.weekly_hours,
        starts_on=assignment.starts_on,
        ends_on=assignment.ends_on,
        contract_starts_on=placement.starts_on,
        contract_ends_on=placement.ends_on,
        market=market.pk,
        reference=market.reference,
        planned_end=market.planned_end,
        buyer=market.buyer_id,
    )
