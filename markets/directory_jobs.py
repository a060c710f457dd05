"""Long works of the directory: rehearsing and loading a list of structures."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse

from core.files import read_file
from core.jobs import RunningJob, job
from core.models import Job, StoredFile
from markets.services.directory import load_directory


@job("directory_check")
def check_directory(running: RunningJob) -> None:
    """Say what loading the list would do."""
    _load(running, dry_run=True)


@job("directory_load")
def load_directory_file(running: RunningJob) -> None:
    """Load the list; again, it changes nothing."""
    _load(running, dry_run=False)


def _load(running: RunningJob, *, dry_run: bool) -> None:
    payload = running.payload
    stored = StoredFile.objects.get(pk=payload["file"])
    report = load_directory(
        read_file(stored),
        name=stored.name,
        user=running.user,
        dry_run=dry_run,
        close_missing_on=dt.date.fromisoformat(payload["close_on"]) if payload.get("close_on") else None,
        departments=payload.get("departments") or (),
        progress=running.progress,
    )
    running.payload["report"] = report.as_json()
    running.row.payload = running.payload
    running.row.save(update_fields=["payload"])


def link_to_report(row: Job) -> tuple[str, str] | None:
    return "Voir ce que contient la liste", reverse("directory_report", args=[row.pk])
