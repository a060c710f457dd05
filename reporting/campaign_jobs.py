"""Long works of a campaign: opening drafts, handing a batch over, and the ZIP that gathers its files."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import transaction

from core.files import open_file, store_file
from core.jobs import RunningJob, job
from core.models import Job
from reporting.enums import BilanFormat
from reporting.models import BilanFile, Campaign, PublicationBatch
from reporting.services import batches, campaigns

ARCHIVE_KIND = "bilan_archive"
# What the house hands out; the JSON and the archival PDF stay beside each bilan.
GATHERED = (BilanFormat.PDF, BilanFormat.XLSX)
# Every bilan of France, far from full.
ARCHIVE_MAX_BYTES = 8 * 1024**3
PIECE = 256 * 1024
# The same files give the same archive: no time of making.
EPOCH = (2000, 1, 1, 0, 0, 0)


@job("open_bilans")
def open_bilans(running: RunningJob) -> None:
    """Open the drafts that are missing; taken up again, it goes on."""
    campaign = Campaign.objects.get(pk=running.payload["campaign"])
    buyers = running.payload["buyers"]
    running.progress(0, len(buyers))
    running.report(
        **campaigns.open_drafts(campaign, buyers, step=_often(running, len(buyers)), user=running.user)
    )


@job("campaign_due_date")
def campaign_due_date(running: RunningJob) -> None:
    """Give the tasks of who writes the new day."""
    campaign = Campaign.objects.get(pk=running.payload["campaign"])
    told = campaigns.tell_due_date(campaign, step=running.progress, user=running.user)
    running.report(**{"échéances mises à jour": told})


@job("publish_batch")
def publish_batch(running: RunningJob) -> None:
    """Ask for the job of each bilan of the batch: the workers share them."""
    batch = PublicationBatch.objects.select_related("campaign").get(pk=running.payload["batch"])
    batches.hand_over(batch, step=running.progress, user=running.user)


def _often(running: RunningJob, total: int) -> Any:
    """Progress written every ten steps: three thousand drafts are no three thousand writes more."""

    def step(number: int) -> None:
        if number % 10 == 0 or number == total:
            running.progress(number, total)

    return step


@job("batch_archive")
def batch_archive(running: RunningJob) -> None:
    """Gather the PDFs and XLSX of what the batch published; the same files give the same ZIP."""
    batch = PublicationBatch.objects.select_related("campaign", "archive").get(pk=running.payload["batch"])
    published = [line.item.bilan_id for line in batches.progress_of(batch).lines if line.bilan.is_published]
    rows = list(
        BilanFile.objects.filter(bilan__in=published, format__in=GATHERED)
        .select_related("file")
        .order_by("file__name", "bilan", "format")
    )
    running.progress(0, len(rows) + 1)
    with tempfile.TemporaryFile(dir=_folder()) as spool:
        write_archive(rows, spool, step=lambda number: running.progress(number, len(rows) + 1))
        spool.seek(0)
        with transaction.atomic():
            stored = store_file(
                kind=ARCHIVE_KIND,
                name=f"bilans-{batch.campaign.year}.zip",
                content=spool,
                user=running.user,
                max_bytes=ARCHIVE_MAX_BYTES,
                made_as="zip",
            )
            stored = batches.keep_archive(batch=batch, stored=stored)
    running.result(stored)
    running.report(bilans=len(published), fichiers=len(rows))


def _folder() -> str:
    """Where the ZIP is written before it is kept: beside the private storage, which has the room for it."""
    folder = Path(settings.FILES_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


def write_archive(rows: list[BilanFile], target: IO[bytes], *, step: Any) -> None:
    """A ZIP of these files, one piece of 256 kB in memory at a time. PDF and XLSX are compressed already: stored."""
    names: Counter[str] = Counter()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for number, row in enumerate(rows, start=1):
            entry = zipfile.ZipInfo(_name(row, names), EPOCH)
            entry.external_attr = 0o644 << 16
            with open_file(row.file) as source, archive.open(entry, "w", force_zip64=True) as kept:
                shutil.copyfileobj(source, kept, PIECE)
            step(number)


def _name(row: BilanFile, names: Counter[str]) -> str:
    """The name of the file, in the folder of its format; two buyers of one name get a number."""
    stem, _, extension = row.file.name.rpartition(".")
    names[row.file.name.lower()] += 1
    again = names[row.file.name.lower()]
    return f"{row.format}/{stem}{f' ({again})' if again > 1 else ''}.{extension}"


def link_to_campaign(row: Job) -> tuple[str, str] | None:
    from django.urls import reverse

    year = Campaign.objects.filter(pk=row.payload["campaign"]).values_list("year", flat=True).first()
    return ("Voir la campagne", reverse("campaign_detail", args=[year])) if year else None


def link_to_batch(row: Job) -> tuple[str, str] | None:
    from django.urls import reverse

    return "Voir la publication groupée", reverse("batch_detail", args=[row.payload["batch"]])
