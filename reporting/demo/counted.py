"""Counts the hours of a drawn person by the rules of `beneficiaries.counting`, as a recount would."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from beneficiaries import counting
from beneficiaries.counting import Rules
from beneficiaries.enums import EntrySource, EntryState, Modality
from beneficiaries.models import EligibilityPeriod, HoursEntry
from reporting.demo.people import Path


def count_path(path: Path) -> None:
    """Give the person the periods, and every entry the result, that recounting them from the database would give."""
    replaced = {row.supersedes_id: row.pk for row in path.reviews if row.supersedes_id}
    reviews = [
        counting.Review(row.pk, row.is_approved, row.decided_on, row.valid_until)
        for row in path.reviews
        if row.pk not in replaced
    ]
    works = []
    buyers: dict[int, int] = {}
    for assignment in path.assignments:
        placement, market = assignment.placement, path.sites[assignment.pk].market
        buyers[market.pk] = market.buyer_id
        ends = [day for day in (assignment.ends_on, placement.ends_on) if day]
        works.append(
            counting.Work(
                id=assignment.pk,
                placement_id=placement.pk,
                market_id=market.pk,
                starts_on=assignment.starts_on,
                ends_on=min(ends) if ends else None,
                contract_starts_on=placement.starts_on,
                direct_hire=placement.modality == Modality.DIRECT,
                review_id=replaced.get(assignment.review_id or 0, assignment.review_id),
                positioned_on=assignment.positioned_on,
                market_starts_on=market.begins_on,
                market_planned_end=market.planned_end,
                market_closed_on=market.closed_on,
                contract_type=placement.contract_type_id or "",
            )
        )

    def rules_for(market_id: int, month: object) -> Rules:
        return path.territory.rules_for(buyers[market_id], market_id, month)  # type: ignore[arg-type]

    periods = counting.open_periods(works, reviews, rules_for)
    for period in periods:
        path.territory.add(
            EligibilityPeriod,
            beneficiary=path.person,
            review_id=period.review_id,
            starts_on=period.starts_on,
            ends_on=period.ends_on,
        )
    if not path.entries:
        return
    count = partial(counting.count_person, works=works, reviews=reviews, periods=periods, rules_for=rules_for)
    corrections = [row for row in path.entries if row.supersedes_id]
    if corrections:
        # What was corrected keeps the result that it had before.
        corrected = {row.supersedes_id for row in corrections}
        before = [
            row for row in path.entries if _is_validated(row) and not (row.supersedes_id or row.is_late)
        ]
        results = count([_as_entry(row) for row in before])
        for row in before:
            if row.pk in corrected:
                _write(row, results[row.pk])
    current = [row for row in path.entries if not row.is_superseded]
    validated = [row for row in current if _is_validated(row)]
    results = count([_as_entry(row) for row in validated])
    for row in validated:
        _write(row, results[row.pk])
    pending = [row for row in current if not _is_validated(row)]
    if pending:
        _count_pending(path, validated, pending, count)
    _add_up(path, validated)


def _count_pending(
    path: Path, validated: list[HoursEntry], pending: list[HoursEntry], count: partial
) -> None:
    """What the hours that wait for validation would add to those of the person."""
    closing_day = path.territory.closing_day
    everything = [_as_entry(row, frozen=closing_day(row.month.year) is not None) for row in validated]
    results = count(everything + [_as_entry(row) for row in pending])
    for row in pending:
        _write(row, results[row.pk])


def _is_validated(row: HoursEntry) -> bool:
    return row.state == EntryState.VALIDATED


def _as_entry(row: HoursEntry, *, frozen: bool = False) -> counting.Entry:
    return counting.Entry(
        id=row.pk,
        work_id=row.assignment_id,
        month=row.month,
        kind=row.kind,
        hours=row.counted_hours if frozen else row.hours,
        first_day=row.first_day,
        last_day=row.last_day,
        exempt=frozen or row.source == EntrySource.TAKE_OVER,
    )


def _write(row: HoursEntry, result: counting.Result) -> None:
    row.counted_hours = result.counted
    row.counting_reason = str(result.reason)
    row.counting_detail = result.detail
    row.after_planned_end = result.after_planned_end


def _add_up(path: Path, validated: Iterable[HoursEntry]) -> None:
    """The territory's totals by year: people with an hour that counts, and these hours."""
    territory, years = path.territory, set()
    for row in validated:
        if row.counted_hours > 0:
            years.add(row.month.year)
            territory.counted_hours[row.month.year] += float(row.counted_hours)
            territory.all_hours += float(row.counted_hours)
    for year in years:
        territory.counted_people[year] += 1
    territory.all_people_years += len(years)
