"""Publishing many bilans in one gesture: a batch survives its workers, is cancelled, tried again and gathered in a ZIP."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from beneficiaries.models import ClosedYear
from core import jobs
from core.errors import DomainError
from core.files import delete_file
from core.models import Job, StoredFile
from reporting.enums import BilanFormat, CommentSide
from reporting.models import Bilan, BilanComment, Campaign, PublicationBatch, PublicationItem
from reporting.services.campaigns import check_admin
from reporting.services.publication import Known, check_ready

if TYPE_CHECKING:
    from accounts.models import User

# The steps of one publication: the figures frozen, then each file.
STEPS = len(BilanFormat) + 1


@dataclass
class Readiness:
    """Which bilans can be published now, and the sentence of each that cannot."""

    ready: list[Bilan] = field(default_factory=list)
    refused: list[tuple[Bilan, str]] = field(default_factory=list)
    published: list[Bilan] = field(default_factory=list)


def readiness_of(bilans: Iterable[Bilan]) -> Readiness:
    """Sort bilans by whether they can be published: three queries for any number, but for remarks that wait."""
    bilans = list(bilans)
    remarks = BilanComment.objects.filter(side=CommentSide.BUYER, bilan__in=bilans).open().order_by()
    known = Known(
        closed=frozenset(ClosedYear.objects.order_by().values_list("year", flat=True)),
        unanswered=frozenset(remarks.values_list("bilan", flat=True)),
    )
    found = Readiness()
    for bilan in bilans:
        if bilan.is_published:
            found.published.append(bilan)
            continue
        try:
            check_ready(bilan, known=known)
        except DomainError as error:
            found.refused.append((bilan, error.sentence))
        else:
            found.ready.append(bilan)
    return found


@transaction.atomic
def start_batch(*, campaign: Campaign, bilans: Iterable[Bilan], user: User) -> PublicationBatch:
    """Publish those of these bilans that are ready: a job for each, handed over by one job. Raises DomainError for none."""
    check_admin(user, "Seul·e un·e administrateur·rice publie un bilan.")
    # One batch at a time in a campaign: two gestures at once would share bilans.
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    ready = readiness_of(bilans).ready
    if not ready:
        raise DomainError("Aucun de ces bilans ne peut être publié\u202f: chacun dit ce qui lui manque.")
    running = next((row for row in campaign.batches.order_by("-pk")[:5] if progress_of(row).is_open), None)
    if running is not None:
        raise DomainError(
            "Une publication groupée est déjà en cours\u202f: attendez sa fin, ou annulez-la d’abord."
        )
    batch = PublicationBatch.objects.create(campaign=campaign, created_by=user)
    PublicationItem.objects.bulk_create(PublicationItem(batch=batch, bilan=bilan) for bilan in ready)
    ask_to_hand_over(batch, user=user)
    return batch


def ask_to_hand_over(batch: PublicationBatch, *, user: User | None) -> Job:
    return jobs.enqueue(
        "publish_batch",
        key=f"batch:{batch.pk}:start",
        label=f"Publication groupée des bilans {batch.campaign.year}",
        payload={"batch": batch.pk},
        user=user,
        total=batch.items.count(),
    )


def key_of(bilan_id: int) -> str:
    """The key of the job that publishes a bilan, alone or in a batch."""
    return f"bilan:{bilan_id}"


def ask_for_item(bilan: Bilan, *, user: User | None) -> Job:
    """The job of one bilan of a batch; the open one if it has one."""
    return jobs.enqueue(
        "publish_bilan",
        key=key_of(bilan.pk),
        label=f"Publication\u202f: {bilan}",
        payload={"bilan": bilan.pk},
        user=user,
        total=STEPS,
    )


def hand_over(batch: PublicationBatch, *, step: Callable[[int, int], None], user: User | None) -> int:
    """Ask for the job of each bilan that has none since the batch began; done twice, it is done once."""
    items = list(
        batch.items.select_related("bilan__buyer", "bilan__market", "bilan__operation").order_by("pk")
    )
    known = {row.key for row in _jobs_of(batch, items).values()}
    asked = 0
    for number, item in enumerate(items, start=1):
        # Cancelled meanwhile: what was not asked for never will be.
        if (
            number % 20 == 1
            and PublicationBatch.objects.filter(pk=batch.pk, cancelled_at__isnull=False).exists()
        ):
            break
        if key_of(item.bilan_id) not in known:
            ask_for_item(item.bilan, user=user)
            asked += 1
        step(number, len(items))
    return asked


def _jobs_of(batch: PublicationBatch, items: Iterable[PublicationItem]) -> dict[int, Job]:
    """Bilan → its last job since the batch began, or the one that ran then: one query."""
    keys = {key_of(item.bilan_id): item.bilan_id for item in items}
    rows = Job.objects.filter(kind="publish_bilan", key__in=keys).order_by("pk")
    return {
        keys[row.key]: row for row in rows if row.finished_at is None or row.finished_at >= batch.created_at
    }


@dataclass
class BatchLine:
    """One bilan of a batch and where its publication stands: a state of `Job`."""

    item: PublicationItem
    job: Job | None
    state: str

    @property
    def bilan(self) -> Bilan:
        return self.item.bilan

    @property
    def words(self) -> str:
        if self.lacks_files:
            return "publié, fichiers à faire"
        return {
            Job.State.QUEUED: "en attente",
            Job.State.RUNNING: "en cours",
            Job.State.DONE: "publié",
            Job.State.FAILED: "en échec",
            Job.State.CANCELLED: "non publié",
        }[Job.State(self.state)]

    @property
    def lacks_files(self) -> bool:
        """Its figures are frozen, its buyer reads them, and what stopped was the making of the files."""
        return self.can_retry and self.bilan.is_published

    @property
    def can_retry(self) -> bool:
        return self.state in (Job.State.FAILED, Job.State.CANCELLED)


@dataclass
class BatchProgress:
    """Where a batch stands, from the jobs of its bilans."""

    batch: PublicationBatch
    lines: list[BatchLine]
    hand_over: Job | None
    archive: Job | None

    def of(self, *states: str) -> list[BatchLine]:
        return [line for line in self.lines if line.state in states]

    @property
    def total(self) -> int:
        return len(self.lines)

    @property
    def published(self) -> int:
        return len(self.of(Job.State.DONE))

    @property
    def over(self) -> int:
        return self.total - len(self.of(Job.State.QUEUED, Job.State.RUNNING))

    @property
    def failed(self) -> list[BatchLine]:
        return self.of(Job.State.FAILED)

    @property
    def cancelled(self) -> list[BatchLine]:
        return self.of(Job.State.CANCELLED)

    @property
    def without_files(self) -> int:
        """Published, and read by their buyers, though their files are yet to be made."""
        return sum(line.lacks_files for line in self.lines)

    @property
    def running(self) -> int:
        return len(self.of(Job.State.RUNNING))

    @property
    def waiting(self) -> int:
        return len(self.of(Job.State.QUEUED))

    @property
    def is_open(self) -> bool:
        """Whether a bilan still waits or runs."""
        return self.over < self.total

    @property
    def makes_archive(self) -> bool:
        return self.archive is not None and self.archive.is_open

    @property
    def done(self) -> int:
        """For the estimate: how many are over."""
        return self.over

    @property
    def started_at(self) -> Any:
        """When its first bilan began: the pace is counted from there."""
        return min(
            (line.job.started_at for line in self.lines if line.job and line.job.started_at), default=None
        )

    @property
    def percent(self) -> int:
        """Steps of every publication, so that the bar moves while one bilan is long."""
        steps = sum(
            STEPS
            if line.state not in (Job.State.QUEUED, Job.State.RUNNING)
            else line.job.done
            if line.job
            else 0
            for line in self.lines
        )
        return min(100, steps * 100 // (STEPS * self.total)) if self.total else 100


def progress_of(batch: PublicationBatch) -> BatchProgress:
    """Where each bilan of a batch stands: three queries for any number."""
    items = list(
        batch.items.select_related("bilan__buyer")
        .defer("bilan__snapshot", "bilan__narrative", "bilan__drafting")
        .order_by("pk")
    )
    found = _jobs_of(batch, items)
    own = {
        row.key: row
        for row in Job.objects.filter(key__in=[f"batch:{batch.pk}:start", f"batch:{batch.pk}:archive"])
        .select_related("result_file")
        .order_by("pk")
    }
    hand_over_job = own.get(f"batch:{batch.pk}:start")
    lines = []
    for item in items:
        job = found.get(item.bilan_id)
        if job is not None:
            state = job.state
        elif batch.cancelled_at:
            state = Job.State.CANCELLED
        elif hand_over_job is not None and hand_over_job.state in (Job.State.FAILED, Job.State.CANCELLED):
            # Nobody handed it over: to be asked for again.
            state = Job.State.FAILED
        else:
            state = Job.State.QUEUED
        lines.append(BatchLine(item, job, state))
    return BatchProgress(batch, lines, hand_over_job, own.get(f"batch:{batch.pk}:archive"))


@transaction.atomic
def cancel_batch(*, batch: PublicationBatch, user: User) -> BatchProgress:
    """Cancel what waits; what runs stops at its next step, what is published stays published.

    Raises DomainError when all is over.
    """
    check_admin(user, "Seul·e un·e administrateur·rice annule une publication.")
    batch = PublicationBatch.objects.select_for_update().get(pk=batch.pk)
    progress = progress_of(batch)
    if not progress.is_open:
        raise DomainError("Cette publication est finie\u202f: il n’y a plus rien à annuler.")
    batch.cancelled_at = timezone.now()
    batch.save(update_fields=["cancelled_at"])
    for row in [progress.hand_over, *(line.job for line in progress.lines)]:
        if row is not None and row.is_open:
            jobs.cancel(row)
    progress = progress_of(batch)
    if progress.published:
        ask_for_archive(batch, user=user)
    return progress


@transaction.atomic
def retry_batch(*, batch: PublicationBatch, user: User, only: PublicationItem | None = None) -> int:
    """Ask again for what failed, and for nothing else; with `only`, for that bilan, failed or cancelled.

    Raises DomainError when there is nothing to ask for again.
    """
    check_admin(user, "Seul·e un·e administrateur·rice publie un bilan.")
    batch = PublicationBatch.objects.select_for_update().get(pk=batch.pk)
    progress = progress_of(batch)
    lines = (
        [line for line in progress.lines if line.item.pk == only.pk and line.can_retry]
        if only is not None
        else progress.failed
    )
    if not lines:
        raise DomainError("Rien n’est en échec dans cette publication\u202f: il n’y a rien à relancer.")
    for line in lines:
        ask_for_item(line.bilan, user=user)
    return len(lines)


# --- The archive ----------------------------------------------------------------------------------------------


def ask_for_archive(batch: PublicationBatch, *, user: User | None) -> Job:
    return jobs.enqueue(
        "batch_archive",
        key=f"batch:{batch.pk}:archive",
        label=f"Archive des bilans {batch.campaign.year}",
        payload={"batch": batch.pk},
        user=user,
    )


def archive_if_over(batch: PublicationBatch) -> Job | None:
    """Ask for the ZIP once nothing waits or runs any more and something is published."""
    progress = progress_of(batch)
    if progress.is_open or not progress.published:
        return None
    return ask_for_archive(batch, user=batch.created_by)


def after_publication(job: Job) -> None:
    """What follows the job of a bilan: the last one of its batch makes the archive be asked for."""
    batches = PublicationBatch.objects.filter(items__bilan=job.payload.get("bilan")).select_related(
        "campaign", "created_by"
    )
    # Others are over for long; and a bilan is published once.
    for batch in batches.order_by("-pk")[:1]:
        archive_if_over(batch)


def archives_left(today: dt.date) -> int:
    """Batches that were over without their archive: the process died in between. Each day."""
    since = timezone.now() - dt.timedelta(days=30)
    rows = PublicationBatch.objects.filter(archive__isnull=True, created_at__gte=since)
    return sum(
        archive_if_over(batch) is not None
        for batch in rows.select_related("campaign", "created_by").order_by("pk")
    )


@transaction.atomic
def keep_archive(*, batch: PublicationBatch, stored: StoredFile) -> StoredFile:
    """The archive of a batch: the one it had when nothing changed, else the new one, and the former goes."""
    batch = PublicationBatch.objects.select_for_update().get(pk=batch.pk)
    former = batch.archive
    if former is not None and former.sha256 == stored.sha256 and former.name == stored.name:
        delete_file(stored)
        return former
    batch.archive = stored
    batch.save(update_fields=["archive"])
    if former is not None:
        delete_file(former)
    return stored
