"""The long work of a projet transmis: its figures and its PDF, then the sending."""

from __future__ import annotations

import datetime as dt

from core.jobs import RunningJob, job
from core.models import Job
from reporting.models import Bilan
from reporting.services.sent_drafts import send_draft


@job("send_bilan_draft")
def send_bilan_draft(running: RunningJob) -> None:
    """Send the projet that was asked for; run twice, it is sent once."""
    running.progress(0, 2)
    given = running.payload
    send_draft(
        bilan=Bilan.objects.get(pk=given["bilan"]),
        comments_until=dt.date.fromisoformat(given["comments_until"]),
        word=given["word"],
        number=given["number"],
        user=running.user,
    )
    running.progress(2, 2)


def link_to_draft(row: Job) -> tuple[str, str] | None:
    from django.urls import reverse

    return "Ouvrir le bilan", reverse("bilan_detail", args=[row.payload["bilan"]])
