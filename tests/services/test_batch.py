"""A batch of bilans outlives the worker that makes it: real PostgreSQL, Redis and Celery, and `kill -9` in the middle."""

from __future__ import annotations

import hashlib
import io
import time
import zipfile
from collections import Counter

import pytest

from config.celery import app
from core.files import read_file
from core.models import Job, StoredFile
from reporting.enums import BilanFormat, BilanStepKind
from reporting.models import Bilan, BilanFile, BilanStep, PublicationBatch
from reporting.services.batches import progress_of, start_batch
from reporting.services.campaigns import open_campaign
from reporting.services.workflow import review_bilan
from tests.factories import BuyerFactory, ClosedYearFactory, UserFactory, make_bilan
from tests.services.conftest import Start, kill, wait_until

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
BILANS = 6
# Beat asks once a minute; here, as soon as a process is known to be dead.
QUICK = {"JOBS_STALE_SECONDS": "12", "JOBS_FORGOTTEN_SECONDS": "5"}


@pytest.fixture(autouse=True)
def _broker(redis_url: str, settings, monkeypatch, environment, tmp_path) -> None:
    settings.JOBS_RUNNER = "celery"
    settings.FILES_DIR = tmp_path / "var" / "files"
    settings.FILES_KEYS = [environment["FILES_KEYS"]]
    monkeypatch.setenv("CELERY_BROKER_URL", redis_url)


def test_a_batch_survives_kill_9_of_its_worker_and_publishes_each_bilan_once(start: Start) -> None:
    admin = UserFactory(admin=True)
    ClosedYearFactory(year=2025)
    campaign = open_campaign(year=2025, due_on=None, user=admin)
    for _ in range(BILANS):
        review_bilan(bilan=make_bilan(buyer=BuyerFactory()), user=admin)
    first = start("bin/worker", "--concurrency", "1", **QUICK)
    batch = start_batch(
        campaign=campaign, bilans=Bilan.objects.select_related("buyer").order_by("pk"), user=admin
    )

    def in_the_middle() -> bool:
        """One bilan or two are published, another has its figures frozen and waits for its files."""
        running = Job.objects.filter(kind="publish_bilan", state=Job.State.RUNNING, done__gte=1).exists()
        return running and progress_of(batch).published >= 1

    wait_until(in_the_middle, "the first worker is in the middle of a bilan", seconds=300)
    kill(first)
    cut = Job.objects.get(kind="publish_bilan", state=Job.State.RUNNING)
    assert BilanFile.objects.filter(bilan=cut.payload["bilan"]).count() < len(BilanFormat)
    assert progress_of(batch).published < BILANS
    already = dict(BilanFile.objects.values_list("pk", "file"))

    start("bin/worker", "--concurrency", "2", **QUICK)

    asked = [0.0]

    def all_gathered() -> bool:
        # Beat asks once a minute.
        if time.monotonic() - asked[0] > 5:
            asked[0] = time.monotonic()
            app.send_task("core.take_up_stale_jobs")
        return PublicationBatch.objects.filter(pk=batch.pk, archive__isnull=False).exists()

    wait_until(all_gathered, "the second worker takes the batch up and gathers it", seconds=300)

    progress = progress_of(batch)
    assert (progress.published, progress.total, progress.failed) == (BILANS, BILANS, [])
    cut.refresh_from_db()
    assert cut.state == Job.State.DONE and cut.attempts >= 2
    published = BilanStep.objects.filter(kind=BilanStepKind.PUBLISHED).values_list("bilan", flat=True)
    assert sorted(published) == sorted(Bilan.objects.published().values_list("pk", flat=True))
    assert len(published) == BILANS
    made = Counter(BilanFile.objects.values_list("bilan", flat=True))
    assert set(made.values()) == {len(BilanFormat)} and len(made) == BILANS
    # What the first worker had kept stays, and nothing was kept twice.
    assert already.items() <= dict(BilanFile.objects.values_list("pk", "file")).items()
    assert StoredFile.objects.filter(kind="bilan").count() == BILANS * len(BilanFormat)
    for row in BilanFile.objects.select_related("file"):
        assert hashlib.sha256(read_file(row.file)).hexdigest() == row.file.sha256

    batch.refresh_from_db()
    with zipfile.ZipFile(io.BytesIO(read_file(batch.archive))) as archive:
        assert archive.testzip() is None
        assert len(set(archive.namelist())) == len(archive.namelist()) == 2 * BILANS
