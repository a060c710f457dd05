"""What became of the people: situations after a path, rates at 6 and 12 months, trainings, paths over several markets.

Nothing here may be shown to a buyer: `reporting.masking` comes between. Sets of people never leave the server.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Min, OuterRef, Q, Subquery, Sum
from django.utils import timezone

from beneficiaries.enums import (
    SITUATION_GROUPS,
    Milestone,
    PlacementNature,
    Qualification,
    Situation,
    SituationGroup,
)
from beneficiaries.models import Assignment, CountingRules, Outcome, TrainingCourse
from beneficiaries.outcomes import group_of
from beneficiaries.services.outcomes import with_last_day
from core.dates import add_months
from reporting.indicators.facts import MANY_IDS, ZERO, Facts, exact, once
from reporting.indicators.helpers import ratio
from reporting.scope import ScopeKind, Span, bounds

People = frozenset[int]
NOBODY: People = frozenset()
# Said by nobody: who gives one of these answers is no respondent of a rate.
NO_ANSWER = (Situation.NO_NEWS, Situation.UNKNOWN)
RATED = (Milestone.MONTHS_6, Milestone.MONTHS_12)
# An exit that was aimed at, whatever the qualification: there was one to obtain.
WITH_RESULT = (Qualification.OBTAINED, Qualification.PARTIAL, Qualification.FAILED)


@dataclass(frozen=True)
class Situations:
    """The people of a span: still in their path at its end, or gone, by the latest situation that is recorded."""

    people: People
    ongoing: People
    by_group: Mapping[SituationGroup, People]
    # Of those who left: hired by the awardee, or not; of the others it is not known.
    hired: People = NOBODY
    not_hired: People = NOBODY

    @property
    def left(self) -> People:
        return self.people - self.ongoing

    @property
    def unknown(self) -> People:
        """Left, and nobody recorded anything."""
        return self.left.difference(*self.by_group.values())

    @property
    def hired_unknown(self) -> People:
        return self.left - self.hired - self.not_hired

    @property
    def numbers(self) -> dict[SituationGroup, int]:
        return {group: len(self.by_group[group]) for group in SITUATION_GROUPS}

    def share(self, group: SituationGroup) -> Decimal | None:
        """Of those who left and whose situation is recorded; None where it is of nobody."""
        return ratio(len(self.by_group[group]), len(self.left) - len(self.unknown))


@dataclass(frozen=True)
class Cohort:
    """The people whose 6 (or 12) months after their exit fall in a span, and what those who answered said."""

    people: People
    by_group: Mapping[SituationGroup, People]

    @property
    def respondents(self) -> People:
        return NOBODY.union(*self.by_group.values())

    @property
    def silent(self) -> People:
        return self.people - self.respondents

    def rate(self, *groups: SituationGroup) -> Decimal | None:
        """The part of the respondents who are in one of these groups; None without any."""
        return ratio(sum(len(self.by_group[group]) for group in groups), len(self.respondents))


@dataclass(frozen=True)
class Trainings:
    """Trainings with counted hours in a span, and what is recorded today of the qualifications that they aim at."""

    count: int
    hours: Decimal
    people: People
    aiming: People
    obtained: People
    aimed_at: int = 0
    # Trainings by what became of the qualification; those without a course on file are in none.
    by_result: Mapping[Qualification, int] = field(default_factory=dict)

    @property
    def qualifications(self) -> int:
        return self.by_result.get(Qualification.OBTAINED, 0)


@dataclass(frozen=True)
class LongPaths:
    """People of a span who have counted hours on two markets of the scope or more, since the start."""

    people: People
    # All their hours in the scope, since the start too.
    hours: Decimal


# --- situations ---------------------------------------------------------------------------------------------------


@once
def situations(facts: Facts) -> dict[Span, Situations]:
    """By span: its people (an hour counted in it), by what became of them.

    Left: no assignment with anyone runs at the end of the span, the last one ended within it, and none began in the
    months after which a path is over. The situation is the latest that is recorded of that exit, at any of its
    milestones; « sans nouvelles » is one, and an exit without any answer is not known.
    """
    today = timezone.localdate()
    months = CountingRules.of_territory(today).exit_months
    people = _people_of(facts)
    spans = facts.period.spans
    last_days = _last_days(people, spans)
    exits: dict[int, dict[dt.date, list[tuple[str, bool | None]]]] = defaultdict(lambda: defaultdict(list))
    rows = Outcome.objects.filter(
        beneficiary__in=people,
        cancelled_on__isnull=True,
        exit_on__gte=facts.period.first_day,
        exit_on__lte=facts.period.last_day,
    ).order_by("due_on", "pk")
    for person, exit_on, situation, hired in rows.values_list(
        "beneficiary", "exit_on", "situation", "hired_by_awardee"
    ):
        exits[person][exit_on].append((situation, hired))
    found: dict[Span, Situations] = {}
    for index, span in enumerate(spans):
        first, last = bounds(span)
        here = frozenset(work.person for work in facts.works_of(span))
        ongoing: set[int] = set()
        hired_ones: set[int] = set()
        others: set[int] = set()
        groups: dict[SituationGroup, set[int]] = {group: set() for group in SITUATION_GROUPS}
        for person in here:
            known = max((day for day in exits.get(person, ()) if first <= day <= last), default=None)
            if not _has_left(last_days[person][index], last, months, today, known):
                ongoing.add(person)
                continue
            answers = exits[person][known] if known else []
            told = [situation for situation, _ in answers if situation]
            if told and (group := group_of(told[-1])):
                groups[group].add(person)
            hires = [hired for situation, hired in answers if situation and hired is not None]
            if hires:
                (hired_ones if hires[-1] else others).add(person)
        found[span] = Situations(
            here,
            frozenset(ongoing),
            {group: frozenset(who) for group, who in groups.items()},
            frozenset(hired_ones),
            frozenset(others),
        )
    return found


# How many assignments run on, the last day of those that ended, the first day of the next one after the span.
LastDay = tuple[int, dt.date | None, dt.date | None]


def _last_days(people: Any, spans: tuple[Span, ...]) -> dict[int, list[LastDay]]:
    """Where the assignments of these people stand at the end of each span, whoever the buyer is: one query."""
    asked: dict[str, Any] = {}
    for index, span in enumerate(spans):
        begun, later = Q(starts_on__lte=bounds(span)[1]), Q(starts_on__gt=bounds(span)[1])
        asked[f"running_{index}"] = Count("pk", filter=begun & Q(last_day__isnull=True))
        asked[f"last_{index}"] = Max("last_day", filter=begun)
        asked[f"next_{index}"] = Min("starts_on", filter=later)
    rows = with_last_day(Assignment.objects.filter(placement__beneficiary__in=people)).order_by()
    return {
        person: [(values[at], values[at + 1], values[at + 2]) for at in range(0, len(values), 3)]
        for person, *values in rows.values_list("placement__beneficiary").annotate(**asked)
    }


def _has_left(days: LastDay, end: dt.date, months: int, today: dt.date, recorded: dt.date | None) -> bool:
    running, last, following = days
    if running or last is None or last > end:
        return False
    over = add_months(last, months)
    if following is not None and following < over:
        return False
    # Too early to tell, unless someone recorded that exit already.
    return today >= over or (recorded is not None and recorded >= last)


# --- rates at 6 and 12 months -------------------------------------------------------------------------------------


@once
def cohorts(facts: Facts) -> dict[Span, dict[Milestone, Cohort]]:
    """By span and milestone: those who left and whose 6 (12) months fall in the span.

    They are of the scope when an hour of the path that ended was counted in it. Who took up a path again before the
    day is asked nothing and is in no cohort. « Sans nouvelles » and « non connue » are no answers.
    """
    hours_here = (
        facts.scope.standing_entries()
        .filter(assignment__placement__beneficiary=OuterRef("beneficiary"), month__lte=OuterRef("exit_on"))
        .order_by("-month")
        .values("month")[:1]
    )
    exit_before = (
        Outcome.objects.filter(
            beneficiary=OuterRef("beneficiary"), cancelled_on__isnull=True, exit_on__lt=OuterRef("exit_on")
        )
        .order_by("-exit_on")
        .values("exit_on")[:1]
    )
    rows = (
        Outcome.objects.filter(
            milestone__in=RATED,
            cancelled_on__isnull=True,
            due_on__gte=facts.period.first_day,
            due_on__lte=facts.period.last_day,
        )
        .annotate(here=Subquery(hours_here), before=Subquery(exit_before))
        .filter(here__isnull=False)
        .order_by("exit_on", "pk")
    )
    told: dict[tuple[Span, str], dict[int, str]] = defaultdict(dict)
    for person, milestone, due_on, situation, here, before in rows.values_list(
        "beneficiary", "milestone", "due_on", "situation", "here", "before"
    ):
        span = facts.period.span_of(due_on)
        if span is not None and (before is None or here > before):
            told[span, milestone][person] = situation
    return {
        span: {milestone: _cohort(told[span, milestone]) for milestone in RATED}
        for span in facts.period.spans
    }


def _cohort(told: Mapping[int, str]) -> Cohort:
    groups: dict[SituationGroup, set[int]] = {group: set() for group in SITUATION_GROUPS}
    for person, situation in told.items():
        if situation and situation not in NO_ANSWER and (group := group_of(situation)):
            groups[group].add(person)
    return Cohort(frozenset(told), {group: frozenset(who) for group, who in groups.items()})


# --- trainings ----------------------------------------------------------------------------------------------------


@once
def trainings(facts: Facts) -> dict[Span, Trainings | None]:
    """By span: the steps of nature training with a counted hour in it; None where none is recorded.

    A qualification is aimed at where the course names one, or has a result; what became of it is what is recorded
    today, whenever it was obtained.
    """
    steps = {span: [w for w in facts.works_of(span) if w.nature == PlacementNature.TRAINING] for span in facts.period.spans}  # fmt: skip
    ids = {work.placement for works in steps.values() for work in works}
    courses: dict[int, tuple[str, str]] = {}
    if ids:
        chosen: Any = sorted(ids)
        if len(ids) > MANY_IDS:
            chosen = Assignment.objects.filter(pk__in=facts.entries().values("assignment")).values(
                "placement"
            )
        rows = TrainingCourse.objects.filter(placement__in=chosen).order_by("pk")
        courses = {
            pk: (aimed, result)
            for pk, aimed, result in rows.values_list("placement", "qualification_aimed", "qualification")
        }
    return {span: _trainings(works, span, courses) if works else None for span, works in steps.items()}


def _trainings(works: list[Any], span: Span, courses: Mapping[int, tuple[str, str]]) -> Trainings:
    person_of = {work.placement: work.person for work in works}
    results: dict[Qualification, int] = defaultdict(int)
    aiming: list[int] = []
    obtained: set[int] = set()
    for placement, person in person_of.items():
        if placement not in courses:
            continue
        aimed, result = courses[placement]
        results[Qualification(result)] += 1
        if aimed or result in WITH_RESULT:
            aiming.append(person)
        if result == Qualification.OBTAINED:
            obtained.add(person)
    return Trainings(
        count=len(person_of),
        hours=sum((work.hours[span] for work in works), ZERO),
        people=frozenset(person_of.values()),
        aiming=frozenset(aiming),
        obtained=frozenset(obtained),
        aimed_at=len(aiming),
        by_result=dict(results),
    )


# --- long paths ---------------------------------------------------------------------------------------------------


@once
def long_paths(facts: Facts) -> dict[Span, LongPaths | None]:
    """By span: its people whose counted hours, from the start to its end, are on two markets of the scope or more.

    A framework and its marchés subséquents are one. Markets outside the scope are not looked at: a buyer learns
    nothing of the others'. None for one market alone, which cannot hold two.
    """
    spans = facts.period.spans
    if facts.scope.kind in (ScopeKind.MARKET, ScopeKind.FRAMEWORK):
        return dict.fromkeys(spans, None)
    root = {row.id: row.root for row in facts.markets}
    parts = facts.scope.parts
    columns = ("assignment__placement__beneficiary", "market", *(["assignment"] if parts else []))
    sums = {
        f"until_{index}": Sum("counted_hours", filter=Q(month__lte=bounds(span)[1]))
        for index, span in enumerate(spans)
    }
    rows = (
        facts.scope.standing_entries()
        .filter(month__lte=facts.period.last_day, assignment__placement__beneficiary__in=_people_of(facts))
        .order_by()
        .values_list(*columns)
        .annotate(**sums)
    )
    markets: dict[Span, dict[int, set[int]]] = {span: defaultdict(set) for span in spans}
    hours: dict[Span, dict[int, Decimal]] = {span: defaultdict(lambda: ZERO) for span in spans}
    for person, market, *rest in rows:
        part = parts.get(market)
        for span, value in zip(spans, rest[1:] if parts else rest, strict=True):
            if value:
                markets[span][person].add(root.get(market, market))
                whole = exact(value)
                hours[span][person] += whole if part is None else part.of(whole)
    found: dict[Span, LongPaths | None] = {}
    for span in spans:
        here = {work.person for work in facts.works_of(span)}
        long = frozenset(pk for pk in here if len(markets[span][pk]) > 1)
        found[span] = LongPaths(long, sum((hours[span][pk] for pk in sorted(long)), ZERO))
    return found


def _people_of(facts: Facts) -> Any:
    """The people of the period, for a condition: their ids, or what finds them where they are many."""
    ids = {work.person for work in facts.works}
    if len(ids) <= MANY_IDS:
        return sorted(ids)
    assignments = Assignment.objects.filter(pk__in=facts.entries().values("assignment"))
    return assignments.order_by().values("placement__beneficiary")
