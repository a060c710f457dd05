"""The ends of eligibility periods that are watched: one task for each person and period, at 60, 30 and 0 days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse

from beneficiaries.models import Assignment, EligibilityPeriod, EligibilityReview
from beneficiaries.models.standing import assigned_on
from core import formats
from markets.enums import Turn
from markets.models import Task
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from accounts.models import User

# Days before the end of a period: when its task opens, and when its words change.
STEPS = (60, 30, 0)
PREFIX = "eligibility-end:"


def task_key(period: EligibilityPeriod) -> str:
    """By the first day, which stays when the row is written again; a merge of files moves what names a person."""
    return f"{PREFIX}person:{period.beneficiary_id}:{period.starts_on:%Y-%m-%d}"


def last_periods() -> Any:
    """The latest period of each person whose file is followed."""
    later = EligibilityPeriod.objects.filter(
        beneficiary=OuterRef("beneficiary"), starts_on__gt=OuterRef("starts_on")
    )
    return EligibilityPeriod.objects.filter(
        ~Exists(later),
        beneficiary__merged_into__isnull=True,
        beneficiary__archived_on__isnull=True,
        beneficiary__anonymised_on__isnull=True,
    )


def works_beyond(today: dt.date, person: str, end: str) -> Exists:
    """Whether the person is at work today in an assignment that goes beyond that day (fields of the outer row)."""
    beyond = assigned_on(today).filter(placement__beneficiary=OuterRef(person))
    return Exists(
        beyond.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gt=OuterRef(end)),
            Q(placement__ends_on__isnull=True) | Q(placement__ends_on__gt=OuterRef(end)),
        )
    )


def validated_again(person: str, starts: str, end: str, review: str) -> Exists:
    """Whether a later validation is there that may open the next period (fields of the outer row).

    One that served an assignment begun within the period opens nothing after it.
    """
    served = Assignment.objects.filter(review=OuterRef("pk"), starts_on__lte=OuterRef(OuterRef(end)))
    return Exists(
        EligibilityReview.objects.standing()
        .approved()
        .filter(
            ~Exists(served),
            Q(valid_until__isnull=True) | Q(valid_until__gte=OuterRef(end)),
            beneficiary=OuterRef(person),
            decided_on__gt=OuterRef(starts),
        )
        .exclude(pk=OuterRef(review))
    )


def ending_periods(today: dt.date) -> Any:
    """Periods that end within 60 days, or have ended, with people who work on without a new validation."""
    return (
        last_periods()
        .filter(ends_on__lte=today + dt.timedelta(days=STEPS[0]))
        .filter(works_beyond(today, "beneficiary", "ends_on"))
        .exclude(validated_again("beneficiary", "starts_on", "ends_on", "review"))
    )


def words_of(period: EligibilityPeriod, today: dt.date) -> str:
    """The step that a period has reached, in words; they change at 60, 30 and 0 days only."""
    left = (period.ends_on - today).days
    day = formats.day(period.ends_on)
    if left < 0:
        return f"éligibilité finie le {day}, au travail sans nouvelle validation"
    if left == 0:
        return f"l’éligibilité finit aujourd’hui, {day}"
    return f"l’éligibilité finit dans {30 if left <= 30 else 60} jours au plus, le {day}"


@transaction.atomic
def watch_people(people: Collection[int], *, today: dt.date, by: User | None) -> int:
    """Bring the tasks of these people up to date; returns how many were opened, changed or closed."""
    rows = (
        ending_periods(today)
        .filter(beneficiary__in=people)
        .select_related("beneficiary")
        .order_by("ends_on", "pk")
    )
    done, kept = 0, set()
    for period in rows:
        kept.add(task_key(period))
        done += _open(period, today, by)
    stale = Task.objects.open().filter(key__startswith=PREFIX, person_number__in=people).exclude(key__in=kept)
    for task in stale.order_by("pk"):
        done += finish_task(task=task, on=today, outcome=_outcome(task, today), by=by) is not None
    return done


def _open(period: EligibilityPeriod, today: dt.date, by: User | None) -> bool:
    person = period.beneficiary
    assignment = (
        Assignment.objects.filter(placement__beneficiary=person)
        .filter(pk__in=assigned_on(today).values("pk"))
        .select_related("commitment__market")
        .order_by(F("ends_on").desc(nulls_first=True), "-starts_on", "-pk")
        .first()
    )
    assert assignment is not None
    key, words = task_key(period), words_of(period, today)
    title = f"{formats.short(str(person), 80)}\u202f: {words}"
    former = Task.objects.open().filter(key=key).first()
    if former and former.title == title and former.due_on == period.ends_on:
        return False
    open_task(
        title=title,
        key=key,
        turn=Turn.HOUSE,
        market=assignment.commitment.market,
        details="Sans nouvelle validation, les heures faites après ce jour ne comptent plus. La suite demande une "
        "nouvelle décision, puis une nouvelle affectation à partir du lendemain\u202f; pour une embauche directe, "
        "un nouveau contrat.",
        url=reverse("beneficiary_eligibility", args=[person.pk]),
        since=min(today, period.ends_on),
        due_on=period.ends_on,
        person=person.pk,
        by=by,
    )
    return True


def _outcome(task: Task, today: dt.date) -> str:
    again = (
        EligibilityReview.objects.standing()
        .approved()
        .filter(beneficiary=task.person_number, decided_on__gte=task.since)
        .order_by("-decided_on", "-pk")
        .first()
    )
    return f"validation du {formats.day(again.decided_on)}" if again else "plus d’heures à venir au-delà"


def keep_validation_watch(today: dt.date) -> int:
    """Each day: the tasks of everyone whose period nears its end, or whose task has lost its cause."""
    ending = set(ending_periods(today).values_list("beneficiary", flat=True))
    waiting = Task.objects.open().filter(key__startswith=PREFIX, person_number__isnull=False)
    return watch_people(ending | set(waiting.values_list("person_number", flat=True)), today=today, by=None)
