"""Situations after a path: who left it, what is asked when, what is answered, and by whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from beneficiaries.enums import Milestone, OutcomeSource, Situation
from beneficiaries.models import Assignment, Beneficiary, CountingRules, Outcome
from beneficiaries.services.writing import save_by
from core import formats
from core.dates import add_months, month_end
from core.errors import DomainError
from core.links import revoke_links
from markets.models import Company
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from accounts.models import User

MONTHS = {Milestone.MONTHS_6: 6, Milestone.MONTHS_12: 12}
# An exit older than this is the past that was taken over: nobody can be asked any more.
FOLLOWED_MONTHS = 15
# An answer this long before its day is the answer to another question.
EARLY_DAYS = 30
LINK_KINDS = {OutcomeSource.PERSON: "outcome", OutcomeSource.REFERRER: "outcome_referrer"}
# Found out this late, a question waits in the list and is no task: nobody forgot it.
TASK_LATE_DAYS = 60
PEOPLE_AT_ONCE = 500


def task_key(outcome: Outcome) -> str:
    return f"outcome:{outcome.pk}"


def with_last_day(rows: Any) -> Any:
    """Assignments with `last_day`: their own end, else their contract's, else their market's closing; none while they run."""
    return rows.annotate(last_day=Coalesce("ends_on", "placement__ends_on", "commitment__market__closed_on"))


def exits(today: dt.date, months: int) -> dict[int, dt.date]:
    """People without an assignment for `months` months, and the last day of their last one; those long gone aside."""
    rows = with_last_day(Assignment.objects.all())
    # From 31/01, three months lead to 30/04: the last day of a month stands for those that it does not have.
    limit = add_months(today, -months)
    if today == month_end(today):
        limit = month_end(limit)
    running = Assignment.objects.filter(placement__beneficiary=OuterRef("placement__beneficiary"))
    running = with_last_day(running).filter(Q(last_day__isnull=True) | Q(last_day__gt=limit))
    known = Outcome.objects.filter(
        beneficiary=OuterRef("placement__beneficiary"),
        cancelled_on__isnull=True,
        exit_on__gte=OuterRef("last_day"),
    )
    found = (
        rows.filter(last_day__gte=add_months(today, -FOLLOWED_MONTHS))
        .filter(~Exists(running), ~Exists(known))
        .filter(
            placement__beneficiary__merged_into__isnull=True,
            placement__beneficiary__archived_on__isnull=True,
            placement__beneficiary__anonymised_on__isnull=True,
        )
        .order_by()
        .values_list("placement__beneficiary")
        .annotate(last=Max("last_day"))
    )
    return dict(found)


def follow_outcomes(today: dt.date, people: Collection[int] | None = None) -> int:
    """Each morning: what is no longer asked, then who left their path (among these); how many rows were written."""
    done = cancel_overtaken(people=people, user=None, today=today)
    months = CountingRules.of_territory(today).exit_months
    left = sorted(exits(today, months).items())
    if people is not None:
        left = [row for row in left if row[0] in people]
    for first in range(0, len(left), PEOPLE_AT_ONCE):
        done += _open_exits(dict(left[first : first + PEOPLE_AT_ONCE]), months, today)
    return done


@transaction.atomic
def _open_exits(left: dict[int, dt.date], months: int, today: dt.date) -> int:
    people = Beneficiary.objects.select_for_update().filter(pk__in=left).order_by("pk").in_bulk()
    last = {
        row.placement.beneficiary_id: row
        for row in with_last_day(Assignment.objects.filter(placement__beneficiary__in=left))
        .select_related("placement", "commitment__market")
        .order_by("last_day", "pk")
    }
    # A row of the same exit that was called off (an assignment since removed) is asked again.
    known = {
        (row.beneficiary_id, row.exit_on, row.milestone): row
        for row in Outcome.objects.filter(beneficiary__in=left).order_by("pk")
    }
    made = 0
    for pk, exit_on in left.items():
        for milestone in Milestone:
            due = add_months(exit_on, MONTHS.get(milestone, months))
            row = known.get((pk, exit_on, milestone.value)) or Outcome(
                beneficiary=people[pk], milestone=milestone, exit_on=exit_on
            )
            row.due_on, row.cancelled_on = due, None
            save_by(row, None, "sortie du parcours")  # type: ignore[arg-type]  # the day did it, nobody
            made += 1
            if not row.situation and due >= today - dt.timedelta(days=TASK_LATE_DAYS):
                _ask(row, people[pk], last[pk].commitment.market, today)
    return made


def _ask(outcome: Outcome, person: Beneficiary, market: Any, today: dt.date) -> None:
    open_task(
        key=task_key(outcome),
        title=f"Situation de {person} {outcome.get_milestone_display()}",
        details=f"Sortie du parcours le {formats.day(outcome.exit_on)}.",
        market=market,
        person=person.pk,
        url=reverse("outcome_record", args=[outcome.pk]),
        since=min(today, outcome.due_on),
        due_on=outcome.due_on,
        by=None,
    )


@transaction.atomic
def cancel_overtaken(
    *, people: Collection[int] | None, user: User | None, today: dt.date | None = None
) -> int:
    """Ask no more what a new assignment overtook before the answer; returns how many rows.

    A later milestone falls when the person works again before its day; all of them do when the path had not ended.
    """
    today = today or timezone.localdate()
    months = CountingRules.of_territory(today).exit_months
    awaited = Outcome.objects.filter(situation="", cancelled_on__isnull=True)
    if people is not None:
        awaited = awaited.filter(beneficiary__in=list(people))
    again = with_last_day(
        Assignment.objects.filter(
            placement__beneficiary=OuterRef("beneficiary"), starts_on__lte=OuterRef("due_on")
        )
    ).filter(Q(last_day__isnull=True) | Q(last_day__gt=OuterRef("exit_on")))
    rows = list(awaited.filter(Exists(again)).select_for_update(of=("self",)).order_by("pk"))
    done = 0
    for row in rows:
        begun = _begins_again(row)
        goes_on = begun < add_months(row.exit_on, months)
        if goes_on or row.milestone != Milestone.EXIT:
            row.cancelled_on = today
            save_by(row, user, "nouvelle affectation")  # type: ignore[arg-type]
            revoke(row)
            finish_task(key=task_key(row), on=today, outcome="sans objet : nouvelle affectation", by=user)
            done += 1
    return done


def _begins_again(outcome: Outcome) -> dt.date:
    """The first day after the exit on which the person is assigned."""
    rows = with_last_day(
        Assignment.objects.filter(
            placement__beneficiary=outcome.beneficiary_id, starts_on__lte=outcome.due_on
        )
    ).filter(Q(last_day__isnull=True) | Q(last_day__gt=outcome.exit_on))
    first = rows.order_by("starts_on").values_list("starts_on", flat=True)[0]
    return max(first, outcome.exit_on + dt.timedelta(days=1))


@transaction.atomic
def record_outcome(
    *,
    outcome: Outcome,
    situation: str,
    hired_by_awardee: bool | None = None,
    employer: Company | None = None,
    note: str = "",
    source: str = OutcomeSource.HOUSE,
    recorded_on: dt.date | None = None,
    user: User | None,
) -> Outcome:
    """Say where someone stands; what waited for it is done, and the links that asked for it open nothing any more.

    Raises DomainError for a question called off, an answer long before its day, a day to come.
    """
    return _record(
        Outcome.objects.select_for_update().get(pk=outcome.pk),
        situation=situation,
        hired_by_awardee=hired_by_awardee,
        employer=employer,
        note=note,
        source=source,
        recorded_on=recorded_on,
        user=user,
    )


def _record(
    row: Outcome,
    *,
    situation: str,
    hired_by_awardee: bool | None = None,
    employer: Company | None = None,
    note: str = "",
    source: str = OutcomeSource.HOUSE,
    recorded_on: dt.date | None = None,
    user: User | None,
) -> Outcome:
    """The same for a row that is locked."""
    today = timezone.localdate()
    day = recorded_on or today
    if row.cancelled_on:
        raise DomainError(
            f"Cette situation n’est plus à recueillir depuis le {formats.day(row.cancelled_on)}\u202f: "
            "la personne a repris un parcours."
        )
    if situation not in Situation.values:
        raise DomainError("Choisissez une situation de la liste.", field="situation")
    if day > today:
        raise DomainError("Ce jour n’est pas encore venu.", field="recorded_on")
    earliest = row.due_on - dt.timedelta(days=EARLY_DAYS)
    if row.milestone != Milestone.EXIT and day < earliest:
        raise DomainError(
            f"La situation {row.get_milestone_display()} se recueille à partir du {formats.day(earliest)}.",
            field="recorded_on",
        )
    if day < row.exit_on:
        raise DomainError(f"La sortie date du {formats.day(row.exit_on)}.", field="recorded_on")
    row.situation, row.hired_by_awardee, row.employer = situation, hired_by_awardee, employer
    row.note, row.source = note[:300], source
    row.recorded_on, row.recorded_by = day, user
    save_by(row, user)  # type: ignore[arg-type]  # nobody, when a link answered
    revoke(row)
    finish_task(key=task_key(row), on=today, outcome=row.get_situation_display(), by=user)
    return row


@transaction.atomic
def record_many(answers: Iterable[tuple[Outcome, str, bool | None]], *, user: User) -> int:
    """Several answers of the list, all or none; returns how many."""
    given = list(answers)
    rows = Outcome.objects.select_for_update().order_by("pk").in_bulk([outcome.pk for outcome, *_ in given])
    for outcome, situation, hired in given:
        row = rows[outcome.pk]
        if row.situation:
            # Someone, or a link, answered meanwhile: theirs stands.
            raise DomainError(
                f"La situation de {outcome.beneficiary} vient d’être renseignée\u202f: rien n’est enregistré, "
                "relisez la liste."
            )
        _record(row, situation=situation, hired_by_awardee=hired, user=user)
    return len(given)


def revoke(outcome: Outcome) -> None:
    for kind in LINK_KINDS.values():
        revoke_links(kind=kind, object_id=outcome.pk)


def is_asked(outcome: Outcome, today: dt.date) -> bool:
    """The question stands and its time has come."""
    earliest = outcome.due_on - dt.timedelta(days=EARLY_DAYS)
    return not outcome.situation and outcome.cancelled_on is None and today >= earliest


def outcomes_of(person: Beneficiary) -> Any:
    """A person's rows, the last exit first, each exit in the order of its milestones."""
    return (
        Outcome.objects.filter(beneficiary=person)
        .select_related("employer", "recorded_by")
        .order_by("-exit_on", F("due_on").asc(), "pk")
    )
