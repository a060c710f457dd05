"""The whole path of a person over markets, employers and years: steps, decisions, periods, hours that count or not, and why."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from beneficiaries.chains import Link, chains_of
from beneficiaries.enums import EntryState, PlacementNature, Qualification
from beneficiaries.models import (
    Assignment,
    Beneficiary,
    CountingRules,
    EligibilityPeriod,
    EligibilityReview,
    HoursEntry,
    Outcome,
    Placement,
)
from core import formats
from markets.models import Task

if TYPE_CHECKING:
    from accounts.models import User

ZERO = Decimal("0.00")


@dataclass(slots=True)
class Hours:
    """Hours by what became of them: validated and counted, validated and not (with each reason's hours), not validated yet."""

    counted: Decimal = ZERO
    not_counted: Decimal = ZERO
    pending: Decimal = ZERO
    why: dict[str, Decimal] = field(default_factory=dict)

    def add(self, entry: HoursEntry) -> None:
        if entry.state != EntryState.VALIDATED:
            self.pending += entry.hours
            return
        left_out = entry.hours - entry.counted_hours
        self.counted += entry.counted_hours
        self.not_counted += left_out
        if left_out:
            reason = str(entry.get_counting_reason_display())
            self.why[reason] = self.why.get(reason, ZERO) + left_out

    @property
    def done(self) -> Decimal:
        return self.counted + self.not_counted

    @property
    def reasons(self) -> list[str]:
        return [f"{formats.hours(hours)}\u202f: {reason}" for reason, hours in self.why.items()]


@dataclass(slots=True)
class Event:
    """Something of the path, on the day when it began: `kind` chooses how it is written."""

    day: dt.date
    kind: str
    what: Any
    # Of what happens on one day, the decision stands before the period that it opens, and the contract after both.
    rank: int = 0


def current_entries(user: User, person: Beneficiary) -> list[HoursEntry]:
    """The hours that stand, months in order."""
    rows = HoursEntry.objects.visible_to(user).current().filter(assignment__placement__beneficiary=person)
    return list(rows.order_by("month", "pk"))


def assignments_of(user: User, person: Beneficiary) -> list[Assignment]:
    found = (
        Assignment.objects.visible_to(user)
        .filter(placement__beneficiary=person)
        .select_related(
            "commitment__market__buyer", "commitment__holder", "user_company", "review", "positioned_by"
        )
    )
    return list(found.order_by("-starts_on", "-pk"))


def lines_of(assignments: list[Assignment], entries: Iterable[HoursEntry]) -> dict[int, list[dict[str, Any]]]:
    """For each contract or step, its assignments with their hours, the newest first."""
    hours: dict[int, Hours] = defaultdict(Hours)
    for entry in entries:
        hours[entry.assignment_id].add(entry)
    first_use: dict[int | None, dt.date] = {}
    for row in reversed(assignments):
        first_use.setdefault(row.review_id, row.starts_on)
    lines: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in assignments:
        # The validation was used before: this one needs a positionnement of its own.
        used_before = row.review_id is not None and first_use[row.review_id] < row.starts_on
        mine = hours[row.pk]
        lines[row.placement_id].append(
            {
                "assignment": row,
                "needs_position": used_before and row.positioned_on is None,
                "counted": mine.counted,
                "not_counted": mine.not_counted,
                "pending": mine.pending,
                "reasons": mine.reasons,
            }
        )
    return lines


def steps_of(
    placements: Iterable[Placement], lines: dict[int, list[dict[str, Any]]], today: dt.date
) -> list[dict[str, Any]]:
    """Steps of a path, newest first, with their assignments and the hours of each, by what became of them."""
    return [
        {
            "placement": step,
            "assignments": lines.get(step.pk, []),
            "under_way": step.starts_on <= today and (step.ends_on is None or step.ends_on >= today),
            "upcoming": step.starts_on > today,
        }
        for step in placements
    ]


def placements_of(user: User, person: Beneficiary) -> Any:
    return (
        Placement.objects.visible_to(user)
        .filter(beneficiary=person)
        .select_related(
            "employer", "contract_type", "occupation", "previous__employer", "previous__contract_type"
        )
    )


def whole_path(user: User, person: Any, today: dt.date) -> dict[str, Any]:
    """What « Synthèse » shows: eight queries, whatever the length of the path."""
    entries = current_entries(user, person)
    assignments = assignments_of(user, person)
    lines = lines_of(assignments, entries)
    placements = list(
        placements_of(user, person).select_related(
            "training_course", "immersion_agreement__prescribed_by", "employer", "contract_type", "occupation"
        )
    )
    reviews = list(
        EligibilityReview.objects.visible_to(user)
        .filter(beneficiary=person)
        .standing()
        .select_related("decided_by")
    )
    periods = list(EligibilityPeriod.objects.visible_to(user).filter(beneficiary=person))
    outcomes = list(Outcome.objects.visible_to(user).filter(beneficiary=person).select_related("employer"))
    tasks = Task.objects.visible_to(user).open().filter(person_number=person.pk)
    whole = Hours()
    for entry in entries:
        whole.add(entry)
    steps = steps_of(placements, lines, today)
    return {
        "steps": steps,
        "whole": whole,
        "years": _years(entries, assignments, placements),
        "events": _events(steps, reviews, periods, outcomes, today),
        "tasks": [{"task": task, "late": bool(task.due_on and task.due_on < today)} for task in tasks],
    }


def _years(
    entries: Iterable[HoursEntry], assignments: Iterable[Assignment], placements: Iterable[Placement]
) -> list[dict[str, Any]]:
    """Hours by year, the newest first; in a year by market, holder and employer."""
    employer = {row.pk: row.employer for row in placements}
    by_key = {row.pk: row for row in assignments}
    found: dict[int, dict[tuple[int, int], dict[str, Any]]] = defaultdict(dict)
    totals: dict[int, Hours] = defaultdict(Hours)
    for entry in entries:
        assignment = by_key[entry.assignment_id]
        year, boss = entry.month.year, employer[assignment.placement_id]
        line = found[year].setdefault(
            (assignment.commitment_id, boss.pk),
            {"commitment": assignment.commitment, "employer": boss, "hours": Hours()},
        )
        line["hours"].add(entry)
        totals[year].add(entry)
    return [
        {"year": year, "lines": list(found[year].values()), "total": totals[year]}
        for year in sorted(found, reverse=True)
    ]


def _events(
    steps: list[dict[str, Any]],
    reviews: Iterable[EligibilityReview],
    periods: Iterable[EligibilityPeriod],
    outcomes: Iterable[Outcome],
    today: dt.date,
) -> list[Event]:
    """Everything in one line of time, the newest first; contracts that follow each other are one event."""
    by_key = {step["placement"].pk: step for step in steps}
    gap = CountingRules.of_territory(today).chain_gap_days
    work = [step["placement"] for step in steps if step["placement"].nature == PlacementNature.EMPLOYMENT]
    chains, _ = chains_of(
        (Link(row.pk, row.employer_id, row.starts_on, row.ends_on, row.previous_id) for row in work), gap
    )
    events = [
        Event(chain.starts_on, "chain", _chain([by_key[link.key] for link in chain.links], today), 2)
        for chain in chains
    ]
    events += [
        Event(step["placement"].starts_on, step["placement"].nature, _step(step), 2)
        for step in steps
        if step["placement"].nature != PlacementNature.EMPLOYMENT
    ]
    events += [Event(review.decided_on, "review", review) for review in reviews]
    events += [
        Event(period.starts_on, "period", {"period": period, "is_open": period.covers(today)}, 1)
        for period in periods
    ]
    events += [
        Event(outcome.recorded_on or outcome.due_on, "outcome", outcome, 3)
        for outcome in outcomes
        if outcome.cancelled_on is None
    ]
    return sorted(events, key=lambda event: (event.day, event.rank), reverse=True)


def _chain(steps: list[dict[str, Any]], today: dt.date) -> dict[str, Any]:
    """Contracts with one employer, one after the other, told as one: their days, their lines, what was counted."""
    placements = [step["placement"] for step in steps]
    ends = [row.ends_on for row in placements]
    lines = [line for step in reversed(steps) for line in step["assignments"]]
    types = list(dict.fromkeys(str(row.contract_type) for row in placements if row.contract_type))
    return {
        "employer": placements[-1].employer,
        "types": ", ".join(types) or "type de contrat non renseigné",
        "modality": placements[-1].get_modality_display(),
        "occupation": placements[-1].occupation,
        "contracts": list(reversed(placements)),
        "starts_on": placements[0].starts_on,
        "ends_on": None if None in ends else max(end for end in ends if end),
        "under_way": any(step["under_way"] for step in steps),
        "upcoming": all(step["upcoming"] for step in steps),
        "end_reason": placements[-1].get_end_reason_display(),
        "lines": lines,
        "counted": sum((line["counted"] for line in lines), ZERO),
    }


def _step(step: dict[str, Any]) -> dict[str, Any]:
    """An immersion with its object, a training with what became of it."""
    placement = step["placement"]
    course = getattr(placement, "training_course", None)
    agreement = getattr(placement, "immersion_agreement", None)
    facts = [str(placement.contract_type or placement.get_modality_display())]
    if agreement is not None:
        facts.append(agreement.get_purpose_display())
        if agreement.prescribed_by:
            facts.append(f"prescrite par {agreement.prescribed_by}")
    if course is not None:
        if course.provider:
            facts.append(course.provider)
        if course.qualification_aimed:
            facts.append(f"vise {course.qualification_aimed}")
        if course.qualification not in (Qualification.UNDER_WAY, Qualification.NONE):
            facts.append(f"qualification {course.get_qualification_display()}")
    return {**step, "title": course.title if course is not None else "", "facts": facts}
