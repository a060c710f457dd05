"""Long works of the watch on published contracts: a file dropped, and the one fetched each day."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.urls import reverse

from clauses.coverage_fetch import fetched
from clauses.coverage_words import CONSIDERATIONS
from clauses.services.coverage import WatchReport, watch_file
from core.files import open_file
from core.jobs import RunningJob, enqueue, job
from core.models import Job, StoredFile

FETCH = "coverage_fetch"


@job("coverage_watch")
def watch_stored(running: RunningJob) -> None:
    """Read a file that was dropped; again, it changes nothing."""
    stored = StoredFile.objects.get(pk=running.payload["file"])
    with open_file(stored) as source:
        report = watch_file(source, name=stored.name, user=running.user, progress=running.progress)
    running.report(**facts_of(report))


@job(FETCH)
def watch_fetched(running: RunningJob) -> None:
    """Read the file of the address in the environment."""
    with fetched(settings.DECP_URL) as (source, name):
        report = watch_file(source, name=name, user=running.user, progress=running.progress)
    running.report(**facts_of(report))


def facts_of(report: WatchReport) -> dict[str, Any]:
    """What the job's page and the command say of a reading, by its words."""
    facts: dict[str, Any] = {
        "contrats_lus": report.read,
        "de_nos_donneurs_d’ordre": report.ours,
        "suivis_ici": report.followed,
        "à_regarder": report.to_look,
        "dont_obligation_sans_considération": report.due_without,
    }
    facts |= {f"contrats_{name}": number for name, number in sorted(report.made.items())}
    if report.considerations:
        facts["considérations"] = [
            f"{CONSIDERATIONS[code][1]} : {number}" for code, number in sorted(report.considerations.items())
        ]
    if report.unsaid:
        facts["montant_ou_seuil_à_préciser_(non_retenus)"] = report.unsaid
    if report.refused:
        facts["lignes_refusées"] = report.refused
    if report.stopped:
        facts["lecture_interrompue"] = report.stopped
    return facts


def fetch_daily(today: dt.date) -> int:
    """Ask for the file of the day, once, when the installation has an address."""
    key = f"{FETCH}:{today:%Y-%m-%d}"
    if not settings.DECP_URL or Job.objects.filter(key=key).exists():
        return 0
    enqueue(FETCH, key=key, label="Contrats publiés : lecture du fichier du jour")
    return 1


def link_to_list(row: Job) -> tuple[str, str] | None:
    return "Voir les contrats publiés", reverse("coverage_list")
