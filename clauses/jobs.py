"""Long works of clauses: rehearsing and loading a DECP file."""

from __future__ import annotations

from django.urls import reverse

from clauses.decp import load_decp
from clauses.services.coverage import match_followed
from core.files import open_file
from core.jobs import RunningJob, job
from core.models import Job, StoredFile


@job("decp_check")
def check_decp(running: RunningJob) -> None:
    """Say what loading the file would do."""
    _load(running, dry_run=True)


@job("decp_load")
def load_decp_file(running: RunningJob) -> None:
    """Load the file; again, it changes nothing."""
    _load(running, dry_run=False)


def _load(running: RunningJob, *, dry_run: bool) -> None:
    stored = StoredFile.objects.get(pk=running.payload["file"])
    with open_file(stored) as source:
        report = load_decp(
            source, name=stored.name, user=running.user, dry_run=dry_run, progress=running.progress
        )
    if not dry_run:
        # A lot added to a market that was here may be a contract that waited.
        match_followed()
    running.payload["report"] = report.as_json()
    running.row.payload = running.payload
    running.row.save(update_fields=["payload"])


def link_to_import(row: Job) -> tuple[str, str] | None:
    return "Voir ce que contient le fichier", reverse("decp_report", args=[row.pk])
