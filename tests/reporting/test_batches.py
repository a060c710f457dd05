"""Publishing many bilans in one gesture: each once, failures alone again, a cancel that says what stays, one ZIP."""

import errno
import io
import zipfile

import pytest
from django.urls import reverse
from django.utils import timezone

from core import jobs
from core.errors import DomainError
from core.files import open_file, orphans, read_file, storage
from core.jobs import enqueue, run_job, run_waiting
from core.models import Job, StoredFile
from reporting import documents
from reporting.campaign_jobs import ARCHIVE_KIND, write_archive
from reporting.enums import BilanFormat, BilanState
from reporting.models import Bilan, BilanFile, PublicationBatch
from reporting.services.batches import (
    archives_left,
    ask_for_archive,
    cancel_batch,
    progress_of,
    retry_batch,
    start_batch,
)
from reporting.services.campaigns import open_campaign
from reporting.services.publication import make_files
from reporting.services.workflow import review_bilan
from tests.factories import BuyerFactory, ClosedYearFactory, UserFactory, make_bilan

pytestmark = pytest.mark.django_db
YEAR = 2025


@pytest.fixture
def admin():
    return UserFactory(admin=True)


@pytest.fixture
def campaign(admin):
    ClosedYearFactory(year=YEAR)
    return open_campaign(year=YEAR, due_on=None, user=admin)


@pytest.fixture
def light(monkeypatch):
    """Files of a few bytes: what is tested here is who makes them, and when."""
    tiny = {
        BilanFormat.PDF: b"%PDF-1.7\n%%EOF",
        BilanFormat.ARCHIVE: b"%PDF-1.7\n%%EOF",
        BilanFormat.JSON: b"{}",
    }
    real = documents.content_of

    def made(snapshot, file_format):
        return tiny[file_format] if file_format in tiny else real(snapshot, file_format)

    monkeypatch.setattr(documents, "content_of", made)


@pytest.fixture
def waits(settings):
    """Jobs wait until the test works them, as they do for a worker."""
    settings.JOBS_RUNNER = "celery"

    class Broker:
        def send_task(self, *args, **kwargs):
            return None

    import config.celery

    before, config.celery.app = config.celery.app, Broker()
    yield lambda: settings.__setattr__("JOBS_RUNNER", "inline")
    config.celery.app = before


def ready(number, name="Ville"):
    bilans = [make_bilan(buyer=BuyerFactory(name=f"{name} {index:02}")) for index in range(number)]
    return [review_bilan(bilan=bilan, user=None) for bilan in bilans]


def work():
    """What the workers do, until nothing waits."""
    while run_waiting():
        pass


def start(campaign, bilans, admin):
    rows = Bilan.objects.filter(pk__in=[bilan.pk for bilan in bilans]).select_related("buyer").order_by("pk")
    return start_batch(campaign=campaign, bilans=rows, user=admin)


def zip_of(batch):
    batch.refresh_from_db()
    return read_file(batch.archive)


# --- Publishing -----------------------------------------------------------------------------------------------


def test_every_bilan_that_is_ready_is_published_once_with_its_files_and_gathered(campaign, admin):
    bilans = ready(3)
    draft = make_bilan(buyer=BuyerFactory(name="Ville en retard"))
    batch = start(campaign, [*bilans, draft], admin)
    progress = progress_of(batch)
    assert (progress.published, progress.total, progress.is_open) == (3, 3, False)
    draft.refresh_from_db()
    assert draft.state == BilanState.DRAFT
    for bilan in bilans:
        bilan.refresh_from_db()
        assert bilan.is_published and bilan.published_by == admin
        assert sorted(bilan.files.values_list("format", flat=True)) == sorted(BilanFormat.values)
    with zipfile.ZipFile(io.BytesIO(zip_of(batch))) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names)) == 6
        # What is in it is what each buyer opens, and nothing else.
        for name in names:
            folder, _, file = name.partition("/")
            [stored] = [row.file for row in BilanFile.objects.select_related("file") if row.file.name == file]
            assert archive.read(name) == read_file(stored), folder


def test_only_the_admin_publishes_and_only_what_is_ready(campaign, admin):
    bilans = ready(1)
    with pytest.raises(DomainError, match="administrateur"):
        start(campaign, bilans, UserFactory())
    with pytest.raises(DomainError, match="chacun dit ce qui lui manque"):
        start(campaign, [make_bilan(buyer=BuyerFactory())], admin)
    assert not PublicationBatch.objects.exists()


def test_a_second_batch_waits_for_the_first_one(campaign, admin, light, waits):
    bilans = ready(2)
    start(campaign, bilans[:1], admin)
    with pytest.raises(DomainError, match="déjà en cours"):
        start(campaign, bilans[1:], admin)


def test_the_same_gesture_by_two_workers_publishes_once(campaign, admin, light, waits):
    bilans = ready(2)
    batch = start(campaign, bilans, admin)
    run_waiting()
    for bilan in bilans:
        enqueue(
            "publish_bilan", key=f"bilan:{bilan.pk}", label="encore", payload={"bilan": bilan.pk}, user=admin
        )
    run_waiting()
    run_waiting()
    assert BilanFile.objects.count() == 2 * len(BilanFormat)
    assert StoredFile.objects.filter(kind="bilan").count() == 2 * len(BilanFormat)
    assert batch.items.count() == 2


# --- Failures -------------------------------------------------------------------------------------------------


def test_failures_are_tried_again_alone(campaign, admin, light, monkeypatch):
    bilans = ready(3)
    real, broken = documents.content_of, bilans[1].buyer.name

    def fails(snapshot, file_format):
        if snapshot["buyer"]["name"] == broken:
            raise DomainError("Pango manque.")
        return real(snapshot, file_format)

    monkeypatch.setattr(documents, "content_of", fails)
    batch = start(campaign, bilans, admin)
    progress = progress_of(batch)
    assert [line.bilan.buyer.name for line in progress.failed] == [broken]
    assert progress.failed[0].job.error == "Pango manque."
    # The ZIP holds what is published with its files; it is made again with the rest.
    first = zip_of(batch)
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert len(archive.namelist()) == 4

    monkeypatch.setattr(documents, "content_of", real)
    before = Job.objects.filter(kind="publish_bilan").count()
    assert retry_batch(batch=batch, user=admin) == 1
    assert Job.objects.filter(kind="publish_bilan").count() == before + 1
    progress = progress_of(batch)
    assert (progress.published, progress.failed) == (3, [])
    with zipfile.ZipFile(io.BytesIO(zip_of(batch))) as archive:
        assert len(archive.namelist()) == 6
    assert StoredFile.objects.filter(kind=ARCHIVE_KIND).count() == 1
    with pytest.raises(DomainError, match="Rien n’est en échec"):
        retry_batch(batch=batch, user=admin)


def test_one_failure_is_tried_again_by_its_own_gesture(client, campaign, admin, light, waits, monkeypatch):
    bilans = ready(2)
    real = documents.content_of
    monkeypatch.setattr(documents, "content_of", lambda *_: (_ for _ in ()).throw(DomainError("En panne.")))
    batch = start(campaign, bilans, admin)
    work()
    assert len(progress_of(batch).failed) == 2 and batch.archive is None
    assert progress_of(batch).without_files == 2
    monkeypatch.setattr(documents, "content_of", real)
    client.force_login(admin)
    item = batch.items.order_by("pk").first()
    client.post(reverse("batch_retry", args=[batch.pk]), {"item": item.pk})
    work()
    progress = progress_of(batch)
    assert progress.published == 1 and len(progress.failed) == 1
    assert progress.failed[0].item != item


def test_who_may_not_publish_any_more_leaves_a_failure_that_says_so(campaign, admin, light, waits):
    batch = start(campaign, ready(1), admin)
    admin.role = "facilitator"
    admin.save()
    run_waiting()
    run_waiting()
    (line,) = progress_of(batch).failed
    assert "administrateur" in line.job.error and not Bilan.objects.published().exists()


# --- Cancelling -----------------------------------------------------------------------------------------------


def test_cancelling_leaves_what_is_published_and_says_it(client, campaign, admin, light, waits):
    bilans = ready(3)
    batch = start(campaign, bilans, admin)
    run_job(Job.objects.get(kind="publish_batch").pk)
    run_job(Job.objects.get(key=f"bilan:{bilans[0].pk}").pk)
    client.force_login(admin)
    response = client.post(reverse("batch_cancel", args=[batch.pk]), follow=True)
    text = response.content.decode().replace("\u202f", " ").replace("\xa0", " ")
    assert "1 bilan publié le reste, 2 bilans ne sont pas publiés" in text
    assert "1 publié sur 3" in text and "2 annulés" in text
    run_waiting()
    assert Bilan.objects.published().count() == 1
    batch.refresh_from_db()
    assert batch.cancelled_at and len(zipfile.ZipFile(io.BytesIO(zip_of(batch))).namelist()) == 2
    with pytest.raises(DomainError, match="plus rien à annuler"):
        cancel_batch(batch=batch, user=admin)


def test_a_running_bilan_that_is_cancelled_is_published_whole_or_not_and_goes_on_when_asked(
    campaign, admin, light, waits, monkeypatch
):
    (bilan,) = ready(1)
    batch = start(campaign, [bilan], admin)
    run_job(Job.objects.get(kind="publish_batch").pk)
    real = documents.content_of

    def cancels(snapshot, file_format):
        if not PublicationBatch.objects.get(pk=batch.pk).cancelled_at:
            cancel_batch(batch=batch, user=admin)
        return real(snapshot, file_format)

    monkeypatch.setattr(documents, "content_of", cancels)
    run_job(Job.objects.get(kind="publish_bilan").pk)
    (line,) = progress_of(batch).lines
    assert line.words == "publié, fichiers à faire" and line.can_retry
    assert BilanFile.objects.count() == 1
    retry_batch(batch=batch, user=admin, only=line.item)
    run_waiting()
    assert progress_of(batch).published == 1 and BilanFile.objects.count() == len(BilanFormat)


# --- A process that dies --------------------------------------------------------------------------------------


def test_a_worker_that_dies_between_two_files_is_taken_up_without_a_double(
    campaign, admin, light, waits, monkeypatch
):
    (bilan,) = ready(1)
    batch = start(campaign, [bilan], admin)
    run_job(Job.objects.get(kind="publish_batch").pk)
    row = Job.objects.get(kind="publish_bilan")
    real = documents.content_of

    class Killed(BaseException):
        pass

    def dies(snapshot, file_format):
        if file_format == BilanFormat.XLSX:
            raise Killed
        return real(snapshot, file_format)

    monkeypatch.setattr(documents, "content_of", dies)
    with pytest.raises(Killed):
        run_job(row.pk)
    made = set(BilanFile.objects.values_list("file", flat=True))
    assert made and Job.objects.get(pk=row.pk).state == Job.State.RUNNING
    monkeypatch.setattr(documents, "content_of", real)
    Job.objects.filter(pk=row.pk).update(heartbeat_at=timezone.now() - 2 * jobs.STALE_AFTER)
    run_waiting()
    assert BilanFile.objects.count() == len(BilanFormat)
    assert made < set(BilanFile.objects.values_list("file", flat=True))
    run_waiting()
    batch.refresh_from_db()
    assert progress_of(batch).published == 1 and batch.archive is not None


def test_a_batch_whose_last_process_died_before_asking_for_the_archive_gets_it_the_next_day(
    campaign, admin, light, monkeypatch
):
    monkeypatch.setattr(jobs, "_ends", {})
    batch = start(campaign, ready(2), admin)
    assert batch.archive is None
    assert archives_left(timezone.localdate()) == 1
    assert len(zipfile.ZipFile(io.BytesIO(zip_of(batch))).namelist()) == 4
    assert archives_left(timezone.localdate()) == 0


# --- A full disk ----------------------------------------------------------------------------------------------


def full(*_args, **_kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_says_so_in_french_and_keeps_neither_half_a_file_nor_a_row(
    campaign, admin, light, monkeypatch
):
    (bilan,) = ready(1)
    before = set(orphans(older_than_seconds=-1))
    monkeypatch.setattr("core.files.os.fsync", full)
    batch = start(campaign, [bilan], admin)
    (line,) = progress_of(batch).failed
    assert "le disque du serveur est plein" in line.job.error
    assert not BilanFile.objects.exists() and not StoredFile.objects.exists()
    assert set(orphans(older_than_seconds=-1)) == before
    monkeypatch.undo()
    retry_batch(batch=batch, user=admin)
    assert progress_of(batch).published == 1


def test_a_disk_that_fills_up_while_a_spreadsheet_is_written_says_so_too(campaign, admin, light, monkeypatch):
    real = documents.content_of
    monkeypatch.setattr(
        documents, "content_of", lambda snapshot, name: full() if name == "xlsx" else real(snapshot, name)
    )
    batch = start(campaign, ready(1), admin)
    (line,) = progress_of(batch).failed
    assert line.job.error == jobs.DISK_FULL
    assert not BilanFile.objects.filter(format="xlsx").exists()


def test_a_disk_that_fills_up_under_the_archive_leaves_none_and_it_can_be_asked_for_again(
    client, campaign, admin, light, monkeypatch
):
    class FullDisk(io.BytesIO):
        def write(self, data):
            if self.tell() > 40:
                full()
            return super().write(data)

    monkeypatch.setattr("reporting.campaign_jobs.tempfile.TemporaryFile", lambda **_: FullDisk())
    batch = start(campaign, ready(2), admin)
    batch.refresh_from_db()
    assert batch.archive is None and not StoredFile.objects.filter(kind=ARCHIVE_KIND).exists()
    job = Job.objects.get(kind="batch_archive")
    assert (job.state, job.error) == (Job.State.FAILED, jobs.DISK_FULL)
    monkeypatch.undo()
    client.force_login(admin)
    text = client.get(reverse("batch_detail", args=[batch.pk])).content.decode()
    assert "Le disque du serveur est plein" in text and "Faire l’archive ZIP" in text


def test_a_row_that_cannot_be_written_leaves_no_file_without_owner(campaign, admin, light, monkeypatch):
    (bilan,) = ready(1)
    from reporting.services.publication import freeze

    bilan = freeze(bilan=bilan, user=admin)
    monkeypatch.setattr(
        BilanFile.objects, "create", lambda **_: (_ for _ in ()).throw(RuntimeError("no row"))
    )
    with pytest.raises(RuntimeError):
        make_files(bilan=bilan, user=admin, formats=["json"])
    assert not StoredFile.objects.exists() and not BilanFile.objects.exists()


# --- The archive ----------------------------------------------------------------------------------------------


def test_the_archive_made_again_is_the_same_one(campaign, admin, light):
    batch = start(campaign, ready(2), admin)
    first = zip_of(batch)
    kept = batch.archive_id
    ask_for_archive(batch, user=admin)
    assert zip_of(batch) == first and batch.archive_id == kept
    assert StoredFile.objects.filter(kind=ARCHIVE_KIND).count() == 1
    assert storage.exists(batch.archive.path)


def test_two_buyers_of_one_name_have_two_files_in_the_archive(campaign, admin, light):
    bilans = [
        review_bilan(bilan=make_bilan(buyer=BuyerFactory(name="Saint-Fons")), user=None) for _ in range(2)
    ]
    batch = start(campaign, bilans, admin)
    names = zipfile.ZipFile(io.BytesIO(zip_of(batch))).namelist()
    assert len(set(names)) == 4 and sum("(2)" in name for name in names) == 2


def test_the_archive_is_written_piece_by_piece(campaign, admin, light):
    batch = start(campaign, ready(1), admin)
    rows = list(BilanFile.objects.filter(bilan__in=batch.items.values("bilan"), format="xlsx"))

    class Watched(io.BytesIO):
        biggest = 0

        def write(self, data):
            Watched.biggest = max(Watched.biggest, len(data))
            return super().write(data)

    with open_file(rows[0].file) as source:
        assert source.read(2) == b"PK"
    write_archive(rows, Watched(), step=lambda number: None)
    assert 0 < Watched.biggest <= 256 * 1024


def test_the_house_downloads_the_archive_and_nobody_else(client, cast, campaign, admin, light):
    batch = start(campaign, [review_bilan(bilan=make_bilan(buyer=cast.buyer_a), user=None)], admin)
    batch.refresh_from_db()
    url = reverse("file_download", args=[batch.archive_id])
    for user, status in (
        (cast.facilitator, 200),
        (cast.admin, 200),
        (cast.buyer_user_a, 404),
        (cast.company_user_a, 404),
    ):
        client.force_login(user)
        response = client.get(url)
        assert response.status_code == status
        response.close()


# --- The pages ------------------------------------------------------------------------------------------------


def test_eighty_bilans_are_published_by_one_gesture_from_the_campaign(client, campaign, admin, light, waits):
    ready(80)
    client.force_login(admin)
    url = reverse("campaign_publish", args=[YEAR])
    assert "Publier 80" in client.get(url).content.decode()
    response = client.post(url)
    batch = PublicationBatch.objects.get()
    assert response.url == reverse("batch_detail", args=[batch.pk])
    work()
    text = client.get(response.url).content.decode().replace("\u202f", " ").replace("\xa0", " ")
    assert "80 publiés sur 80" in text and "bilans-2025.zip" in text
    assert Bilan.objects.published().count() == 80


def test_the_progress_says_how_many_how_long_and_where_each_is(client, campaign, admin, light, waits):
    bilans = ready(3)
    batch = start(campaign, bilans, admin)
    run_job(Job.objects.get(kind="publish_batch").pk)
    run_job(Job.objects.get(key=f"bilan:{bilans[0].pk}").pk)
    Job.objects.filter(key=f"bilan:{bilans[0].pk}").update(
        started_at=timezone.now() - timezone.timedelta(seconds=60)
    )
    Job.objects.filter(key=f"bilan:{bilans[1].pk}").update(
        state=Job.State.RUNNING, started_at=timezone.now(), done=1
    )
    client.force_login(admin)
    text = client.get(reverse("batch_progress", args=[batch.pk])).content.decode()
    text = text.replace("\u202f", " ").replace("\xa0", " ")
    assert "1 publié sur 3" in text and "1 en cours" in text and "1 en attente" in text
    assert "encore 2 minutes environ" in text and "étape 2 sur" in text
    assert 'hx-trigger="every 2s"' in text
    # All the steps of one, one step of another.
    steps = len(BilanFormat) + 1
    assert progress_of(batch).percent == (steps + 1) * 100 // (3 * steps)


@pytest.mark.parametrize("number", [1, 6])
def test_the_page_of_a_batch_asks_as_many_queries_for_one_as_for_six(
    client, campaign, admin, light, number, django_assert_num_queries
):
    batch = start(campaign, ready(number), admin)
    client.force_login(admin)
    with django_assert_num_queries(7):
        client.get(reverse("batch_detail", args=[batch.pk]))
