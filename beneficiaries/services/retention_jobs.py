"""The long works of retention: applying the rules, and counting each week what a person should decide on."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from beneficiaries.services.retention import APPLY, apply_run, make_plan
from core.jobs import RunningJob, enqueue, job
from core.models import Job

COUNT = "count_retention"


@job(APPLY)
def apply_retention(running: RunningJob) -> None:
    apply_run(running)


@job(COUNT)
def count_retention(running: RunningJob) -> None:
    """Count what is due; « Accueil » of the admins shows it until a run is made."""
    plan = make_plan(timezone.localdate())
    running.report(**{"fiches et fichiers au terme de leur conservation": plan.total})


def propose_run(today: dt.date) -> int:
    """Each week, count what is due; nothing is applied but by a person. Returns how many counts were asked for."""
    week = today.isocalendar()
    key = f"{COUNT}:{week.year}-{week.week:02d}"
    if Job.objects.filter(key=key).exists():
        return 0
    enqueue(
        COUNT,
        key=key,
        label="Conservation\u202f: compter ce qui est à faire",
        payload={"day": f"{today:%Y-%m-%d}"},
    )
    return 1
