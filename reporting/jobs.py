"""Long works of reporting: publishing a bilan."""

from __future__ import annotations

from core.jobs import RunningJob, job
from core.models import Job
from reporting.enums import BilanFormat
from reporting.models import Bilan
from reporting.services.publication import freeze, make_files


@job("publish_bilan")
def publish_bilan(running: RunningJob) -> None:
    """Freeze the figures, then make the files that are missing: done twice, it is done once."""
    total = len(BilanFormat) + 1
    running.progress(0, total)
    bilan = freeze(bilan=Bilan.objects.get(pk=running.payload["bilan"]), user=running.user)
    running.progress(1, total)
    make_files(bilan=bilan, user=running.user, step=lambda number: running.progress(number, total))


def link_to_bilan(row: Job) -> tuple[str, str] | None:
    from django.urls import reverse

    return "Ouvrir le bilan", reverse("bilan_detail", args=[row.payload["bilan"]])
