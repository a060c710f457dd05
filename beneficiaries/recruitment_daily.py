"""Each morning: the feedback that referrers are owed about candidates and about missions that ended."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, Max, OuterRef, Q
from django.urls import reverse

from beneficiaries.enums import ApplicationState, FeedbackMoment, PlacementNature
from beneficiaries.models import Application, Placement, ReferrerFeedback
from beneficiaries.services.feedback import application_key, placement_key
from core import formats
from markets.models import Task
from markets.services.tasks import open_task

# A candidate's referrer hears of them every three weeks while nothing is decided, and once it is.
FEEDBACK_DAYS = 21
# What ended longer ago than this is history: no deadline is opened for it.
FORGET_DAYS = 60
TIME_TO_WRITE = 7

_SOMEONE_TO_TELL = (
    Q(beneficiary__referrer__isnull=False)
    | Q(beneficiary__prescriber__isnull=False)
    | Q(referrer__isnull=False)
    | Q(recipient__isnull=False)
)


def applications_awaiting_feedback(today: dt.date) -> list[Application]:
    """Candidates whose referrer has heard nothing for three weeks; those decided, nothing since the decision."""
    last = ReferrerFeedback.objects.filter(application=OuterRef("pk")).order_by().values("application")
    rows = (
        Application.objects.filter(
            _SOMEONE_TO_TELL,
            beneficiary__isnull=False,
            beneficiary__merged_into__isnull=True,
            beneficiary__archived_on__isnull=True,
        )
        .annotate(told_at=last.annotate(last=Max("written_at")).values("last"))
        .select_related("beneficiary", "offer__award__lot__market", "offer__award__company")
        .order_by("pk")
    )
    late, forgotten = today - dt.timedelta(days=FEEDBACK_DAYS), today - dt.timedelta(days=FORGET_DAYS)
    open_ones = rows.under_way().filter(proposed_on__lte=late)
    decided = rows.filter(
        state__in=[ApplicationState.HIRED, ApplicationState.REJECTED],
        decided_on__lte=today - dt.timedelta(days=TIME_TO_WRITE),
        decided_on__gte=forgotten,
    )
    found = [row for row in open_ones if row.told_at is None or row.told_at.date() <= late]
    found += [row for row in decided if row.told_at is None or row.told_at.date() < row.decided_on]
    return found


def placements_awaiting_feedback(today: dt.date) -> list[Placement]:
    """Missions that ended lately, that nothing continues, and whose end the referrer has not been told of."""
    told = ReferrerFeedback.objects.filter(moment=FeedbackMoment.AFTER).filter(
        Q(placement=OuterRef("pk")) | Q(application__placement=OuterRef("pk"))
    )
    return list(
        Placement.objects.filter(
            Q(beneficiary__referrer__isnull=False) | Q(beneficiary__prescriber__isnull=False),
            nature=PlacementNature.EMPLOYMENT,
            ends_on__lt=today,
            ends_on__gte=today - dt.timedelta(days=FORGET_DAYS),
            renewals__isnull=True,
            beneficiary__merged_into__isnull=True,
            beneficiary__archived_on__isnull=True,
        )
        .exclude(Exists(told))
        .select_related("beneficiary", "employer")
        .order_by("pk")
    )


def remind_feedback(today: dt.date) -> int:
    """Open a deadline for each feedback that is owed and not asked for yet; returns how many it opened.

    One that a facilitator closed by hand stays closed for three weeks, for good when the mission is over.
    """
    asked = _asked_already(today)
    due = today + dt.timedelta(days=TIME_TO_WRITE)
    opened = 0
    for row in applications_awaiting_feedback(today):
        key = application_key(row.pk)
        if key in asked:
            continue
        open_task(
            key=key,
            title=f"Retour au référent\u202f: {row.beneficiary}",
            details=f"Candidature à l’offre «\u202f{formats.short(row.offer.title, 100)}\u202f».",
            market=row.offer.award.lot.market,
            company=row.offer.award.company,
            person=row.beneficiary_id,
            url=reverse("application_detail", args=[row.pk]),
            since=today,
            due_on=due,
            by=None,
        )
        opened += 1
    for step in placements_awaiting_feedback(today):
        key = placement_key(step.pk)
        if key in asked:
            continue
        open_task(
            key=key,
            title=f"Retour au référent après la mission\u202f: {step.beneficiary}",
            details=f"Contrat chez {step.employer}, fini le {formats.day(step.ends_on)}.",
            company=step.employer,
            person=step.beneficiary_id,
            url=f"{reverse('feedback_create', args=[step.beneficiary_id])}?contrat={step.pk}",
            since=today,
            due_on=due,
            by=None,
        )
        opened += 1
    return opened


def _asked_already(today: dt.date) -> set[str]:
    """Keys of what is open, and of what was closed too lately to be asked again."""
    rows = Task.objects.filter(key__endswith=":feedback")
    again = rows.filter(key__startswith="application:", done_on__lte=today - dt.timedelta(days=FEEDBACK_DAYS))
    return set(rows.exclude(pk__in=again.values("pk")).values_list("key", flat=True))
