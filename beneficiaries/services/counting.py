"""Recounting: brings rows to the pure rules of `counting.py` and writes back what they say."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from beneficiaries import counting
from beneficiaries.enums import CountingReason, EntrySource, EntryState, Modality
from beneficiaries.models import (
    Assignment,
    Beneficiary,
    ClosedYear,
    CountingRules,
    EligibilityPeriod,
    EligibilityReview,
    HoursEntry,
)
from beneficiaries.services.recounts import RecountChange, RecountReport, gather, record_recount
from core.history import bulk_update_tracked
from markets.models import Market

if TYPE_CHECKING:
    from accounts.models import User

PEOPLE_AT_ONCE = 200
DERIVED_FIELDS = ("counted_hours", "counting_reason", "counting_detail", "after_planned_end")


RulesFor = Callable[[int, dt.date], counting.Rules]


def make_rules_for(buyer_of_market: dict[int, int], *, proposed: CountingRules | None = None) -> RulesFor:
    """Settings in force by market and month, the nearest scope first: market, buyer, territory.

    `proposed` stands in the place of the row that it changes, or beside the others when it is new: nothing is written.
    """
    by_scope: dict[tuple[str, int | None], list[CountingRules]] = defaultdict(list)
    rows = list(CountingRules.objects.order_by("-in_force_from"))
    if proposed is not None:
        rows = [row for row in rows if row.pk != proposed.pk] + [proposed]
        rows.sort(key=lambda row: row.in_force_from, reverse=True)
    for row in rows:
        if row.market_id:
            by_scope["market", row.market_id].append(row)
        elif row.buyer_id:
            by_scope["buyer", row.buyer_id].append(row)
        else:
            by_scope["territory", None].append(row)
    fallback = as_pure_rules(CountingRules(in_force_from=dt.date(2000, 1, 1)))
    known: dict[tuple[int, dt.date], counting.Rules] = {}

    def rules_for(market_id: int, month: dt.date) -> counting.Rules:
        if (market_id, month) not in known:
            scopes = (("market", market_id), ("buyer", buyer_of_market.get(market_id)), ("territory", None))
            known[market_id, month] = next(
                (
                    as_pure_rules(row)
                    for scope in scopes
                    for row in by_scope.get(scope, ())
                    if row.in_force_from <= month
                ),
                fallback,
            )
        return known[market_id, month]

    return rules_for


def as_pure_rules(row: CountingRules) -> counting.Rules:
    return counting.Rules(
        kinds=row.kinds,
        period_months=row.period_months,
        review_validity_months=row.review_validity_months,
        month_cap=row.month_cap,
        extension_months=row.extension_months,
        legal_max_month=row.legal_max_month,
        full_time_month=row.full_time_month,
    )


def rules_of_market(market: Market, month: dt.date) -> counting.Rules:
    """The rules in force for one market in one month."""
    return make_rules_for({market.pk: market.buyer_id})(market.pk, month)


@transaction.atomic
def recount_people(
    beneficiary_ids: Iterable[int],
    *,
    user: User | None,
    reason: str,
    write: bool = True,
    listed: bool = True,
    proposed: CountingRules | None = None,
) -> RecountReport:
    """Bring periods and counting results of these people up to date; idempotent.

    Entries of a closed year keep the result that was published. `write=False` only says what would change, under
    `proposed` rules if they are given. `reason` is kept in the history of every entry that changes, and in
    « Recomptages » when results that were known change, unless `listed=False` (hours that were simply typed).
    """
    report = RecountReport()
    ids = sorted(set(beneficiary_ids))
    closed = set(ClosedYear.objects.values_list("year", flat=True)) if ids else set()
    for first in range(0, len(ids), PEOPLE_AT_ONCE):
        some = ids[first : first + PEOPLE_AT_ONCE]
        _recount_some(
            some, user=user, reason=reason, write=write, report=report, closed=closed, proposed=proposed
        )
    if not gather(report) and write and listed:
        record_recount(report, reason=reason, user=user)
    return report


def _recount_some(
    ids: Sequence[int],
    *,
    user: User | None,
    reason: str,
    write: bool,
    report: RecountReport,
    closed: set[int],
    proposed: CountingRules | None,
) -> None:
    if write:
        # One recount of a person at a time: the second waits for what the first wrote.
        list(Beneficiary.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
    works: dict[int, list[counting.Work]] = defaultdict(list)
    person_of: dict[int, int] = {}
    buyer_of_market: dict[int, int] = {}
    reviews, standing_id = _standing_reviews(ids)
    assignments = (
        Assignment.objects.filter(placement__beneficiary__in=ids)
        .select_related("placement", "commitment__market")
        .order_by("pk")
    )
    for assignment in assignments:
        market = assignment.commitment.market
        buyer_of_market[market.pk] = market.buyer_id
        person = person_of[assignment.pk] = assignment.placement.beneficiary_id
        works[person].append(_as_work(assignment, market, standing_id))

    rules_for = make_rules_for(buyer_of_market, proposed=proposed)
    entries: dict[int, list[HoursEntry]] = defaultdict(list)
    rows = HoursEntry.objects.current().filter(assignment__placement__beneficiary__in=ids)
    for entry in rows.order_by("month", "pk"):
        entries[person_of[entry.assignment_id]].append(entry)
    periods: dict[int, list[EligibilityPeriod]] = defaultdict(list)
    for period in EligibilityPeriod.objects.filter(beneficiary__in=ids).order_by("starts_on"):
        periods[period.beneficiary_id].append(period)

    to_write: list[HoursEntry] = []
    for pk in ids:
        opened = counting.open_periods(works[pk], reviews[pk], rules_for)
        if write:
            _store_periods(pk, periods[pk], opened)
        results = _results(entries[pk], works[pk], reviews[pk], opened, rules_for, closed)
        for entry in entries[pk]:
            if (result := results.get(entry.pk)) and _apply(entry, pk, result, report):
                to_write.append(entry)
    if write:
        bulk_update_tracked(HoursEntry, to_write, DERIVED_FIELDS, user=user, reason=reason[:100])


def _standing_reviews(ids: Sequence[int]) -> tuple[dict[int, list[counting.Review]], dict[int, int]]:
    """Reviews that stand, by person, and for every review the id of the one that stands in its place."""
    rows = list(EligibilityReview.objects.filter(beneficiary__in=ids).order_by("pk"))
    replaced_by = {row.supersedes_id: row.pk for row in rows if row.supersedes_id}
    standing: dict[int, int] = {}
    for row in rows:
        last = row.pk
        while last in replaced_by:
            last = replaced_by[last]
        standing[row.pk] = last
    reviews: dict[int, list[counting.Review]] = defaultdict(list)
    for row in rows:
        if standing[row.pk] == row.pk:
            reviews[row.beneficiary_id].append(
                counting.Review(row.pk, row.is_approved, row.decided_on, row.valid_until)
            )
    return reviews, standing


def _as_work(assignment: Assignment, market: Market, standing: dict[int, int]) -> counting.Work:
    placement = assignment.placement
    return counting.Work(
        id=assignment.pk,
        placement_id=placement.pk,
        market_id=market.pk,
        starts_on=assignment.starts_on,
        ends_on=_earliest(assignment.ends_on, placement.ends_on),
        contract_starts_on=placement.starts_on,
        direct_hire=placement.modality == Modality.DIRECT,
        review_id=standing.get(assignment.review_id) if assignment.review_id else None,
        positioned_on=assignment.positioned_on,
        market_starts_on=market.begins_on,
        market_planned_end=market.planned_end,
        market_closed_on=market.closed_on,
        contract_type=placement.contract_type_id or "",
    )


def _earliest(*days: dt.date | None) -> dt.date | None:
    return min((day for day in days if day), default=None)


def _results(
    entries: Sequence[HoursEntry],
    works: Sequence[counting.Work],
    reviews: Sequence[counting.Review],
    periods: Sequence[counting.Period],
    rules_for: RulesFor,
    closed: set[int],
) -> dict[int, counting.Result]:
    """Results by entry id. Validated entries are counted among themselves; the others are what they would add.

    What an employer has not sent yet comes last: kept back, it would take the room of another's hours.
    """
    validated = [entry for entry in entries if entry.state == EntryState.VALIDATED]
    unsent = [entry for entry in entries if entry.is_with_employer]
    waiting = [
        entry for entry in entries if entry.state != EntryState.VALIDATED and not entry.is_with_employer
    ]
    frozen = {entry.pk for entry in validated if entry.month.year in closed and entry.counting_reason}
    pure = [_as_entry(entry, frozen=entry.pk in frozen) for entry in validated]
    results = counting.count_person(pure, works, reviews, periods, rules_for)
    for pending in (waiting, unsent):
        if pending:
            pure += [_as_entry(entry, frozen=False) for entry in pending]
            preview = counting.count_person(pure, works, reviews, periods, rules_for)
            results |= {entry.pk: preview[entry.pk] for entry in pending}
    return {pk: result for pk, result in results.items() if pk not in frozen}


def _as_entry(entry: HoursEntry, *, frozen: bool) -> counting.Entry:
    # What was published stays, and takes its place in the month like hours taken over.
    return counting.Entry(
        id=entry.pk,
        work_id=entry.assignment_id,
        month=entry.month,
        kind=entry.kind,
        hours=entry.counted_hours if frozen else entry.hours,
        first_day=entry.first_day,
        last_day=entry.last_day,
        exempt=frozen or entry.source == EntrySource.TAKE_OVER,
    )


def _store_periods(pk: int, stored: Sequence[EligibilityPeriod], opened: Sequence[counting.Period]) -> None:
    by_start = {period.starts_on: period for period in stored}
    for period in opened:
        # A period is opened by a validation, always.
        assert period.review_id is not None
        row = by_start.pop(period.starts_on, None)
        if row is None:
            EligibilityPeriod.objects.create(
                beneficiary_id=pk,
                review_id=period.review_id,
                starts_on=period.starts_on,
                ends_on=period.ends_on,
            )
        elif (row.ends_on, row.review_id) != (period.ends_on, period.review_id):
            row.ends_on, row.review_id = period.ends_on, period.review_id
            row.save()
    for gone in by_start.values():
        gone.delete()


def _apply(entry: HoursEntry, person: int, result: counting.Result, report: RecountReport) -> bool:
    """Put the result on the row; say whether anything is new."""
    new = (result.counted, str(result.reason), result.detail[:400], result.after_planned_end)
    if new == tuple(getattr(entry, name) for name in DERIVED_FIELDS):
        return False
    if result.counted != entry.counted_hours or str(result.reason) != entry.counting_reason:
        report.changed.append(entry)
        report.delta += result.counted - entry.counted_hours
        if entry.counting_reason != CountingReason.NOT_COMPUTED:
            report.changes.append(
                RecountChange(
                    entry=entry.pk,
                    person=person,
                    assignment=entry.assignment_id,
                    market=entry.market_id,
                    month=entry.month,
                    kind=entry.kind,
                    hours=entry.hours,
                    before=entry.counted_hours,
                    after=result.counted,
                    reason_before=entry.counting_reason,
                    reason=str(result.reason),
                    detail=result.detail[:400],
                )
            )
    for name, value in zip(DERIVED_FIELDS, new, strict=True):
        setattr(entry, name, value)
    return True
