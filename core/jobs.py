"""Long works: asked for once per key, worked by a thread, by Celery or at once, never lost, never silent."""

from __future__ import annotations

import errno
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, connections, models, transaction
from django.utils import timezone

from core.errors import DomainError
from core.models import Job, StoredFile

logger = logging.getLogger("maillon.jobs")
# Without a sign of life for so long, its process is dead.
STALE_AFTER = timedelta(seconds=settings.JOBS_STALE_SECONDS)
# A queued job that nobody took: its broker or its thread was not there when it was asked for.
FORGOTTEN_AFTER = timedelta(seconds=settings.JOBS_FORGOTTEN_SECONDS)
MAX_ATTEMPTS = 3
HEARTBEAT_SECONDS = settings.JOBS_STALE_SECONDS / 6

Handler = Callable[["RunningJob"], None]
_handlers: dict[str, Handler] = {}
_links: dict[str, Callable[[Job], tuple[str, str] | None]] = {}
_ends: dict[str, Callable[[Job], None]] = {}
DISK_FULL = (
    "Le disque du serveur est plein\u202f: ce travail s’est arrêté sans garder de fichier incomplet. Faites de la place "
    "sur le serveur, puis relancez-le."
)


class JobCancelled(Exception):
    """Raised inside a handler by `progress` when a person cancelled the job or another process took it up."""


def job(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does the jobs of a kind; it must bear being run twice."""

    def register(handler: Handler) -> Handler:
        _handlers[kind] = handler
        return handler

    return register


def register_job_link(kind: str, link: Callable[[Job], tuple[str, str] | None]) -> None:
    """Say where the result of a kind is seen: a function giving (label, address) or None."""
    _links[kind] = link


def register_job_end(kind: str, end: Callable[[Job], None]) -> None:
    """Have `end(row)` called once a job of a kind is over (done, failed or cancelled), its outcome written.

    A process that dies in between calls nothing: what must not be lost is looked for elsewhere too.
    """
    _ends[kind] = end


def link_of(row: Job) -> tuple[str, str] | None:
    """Where the result of a finished job is seen."""
    return _links[row.kind](row) if row.kind in _links and row.state == Job.State.DONE else None


class RunningJob:
    """What a handler receives: its parameters, and the ways to say where it is."""

    def __init__(self, row: Job) -> None:
        self.row = row
        self.payload: dict[str, Any] = row.payload
        self.user = row.created_by
        self._depth = _atomic_depth()

    def progress(self, done: int, total: int | None = None) -> None:
        """Write `done` of `total`. Raises JobCancelled when the work must stop.

        Inside a transaction of the handler nothing is written: nobody could read it before the commit.
        """
        self.row.done = done
        if total is not None:
            self.row.total = total
        if _atomic_depth() > self._depth:
            if not self._mine().exists():
                raise JobCancelled
            return
        written = self._mine().update(done=self.row.done, total=self.row.total, heartbeat_at=timezone.now())
        if not written:
            raise JobCancelled

    def report(self, **facts: Any) -> None:
        """Keep facts for the job's page: numbers, sentences, lists of sentences."""
        self.row.report = {**self.row.report, **facts}

    def result(self, stored: StoredFile) -> None:
        """The file that the job made."""
        self.row.result_file = stored

    def _mine(self) -> models.QuerySet[Job]:
        return Job.objects.filter(
            pk=self.row.pk, state=Job.State.RUNNING, worker=self.row.worker, attempts=self.row.attempts
        )

    def finish(self, state: str, error: str = "") -> bool:
        """Write the outcome, unless someone cancelled or took the job up meanwhile."""
        row = self.row
        if state == Job.State.DONE and row.total:
            row.done = row.total
        return bool(
            self._mine().update(
                state=state,
                error=error,
                done=row.done,
                total=row.total,
                report=row.report,
                result_file=row.result_file,
                finished_at=timezone.now(),
            )
        )


def _atomic_depth() -> int:
    return len(connection.savepoint_ids) + connection.in_atomic_block


def enqueue(
    kind: str,
    *,
    key: str,
    label: str,
    payload: dict[str, Any] | None = None,
    user: Any = None,
    total: int = 0,
) -> Job:
    """Ask for a job; the open one of the same key if there is one. It starts when the transaction commits."""
    if kind not in _handlers:
        raise LookupError(
            f"No handler is registered for jobs « {kind} »: import its module in AppConfig.ready()."
        )
    with transaction.atomic():
        row = _open_job(key)
        if row is not None:
            return row
        try:
            with transaction.atomic():
                row = Job.objects.create(
                    kind=kind,
                    key=key,
                    label=label[:250],
                    payload=payload or {},
                    total=total,
                    created_by=user if getattr(user, "pk", None) else None,
                )
        except IntegrityError:
            # Someone asked for the same at the same moment.
            row = _open_job(key)
            if row is None:
                raise
            return row
        transaction.on_commit(lambda: start(row.pk))
    return row


def _open_job(key: str) -> Job | None:
    return Job.objects.filter(key=key, state__in=[Job.State.QUEUED, Job.State.RUNNING]).first()


def cancel(row: Job) -> bool:
    """Cancel a job that waits or runs; a running one stops at its next step."""
    return bool(
        Job.objects.filter(pk=row.pk, state__in=[Job.State.QUEUED, Job.State.RUNNING]).update(
            state=Job.State.CANCELLED, finished_at=timezone.now()
        )
    )


def retry(row: Job, *, user: Any) -> Job:
    """Ask again for a job that failed or was cancelled. Raises DomainError for another one."""
    if row.state not in (Job.State.FAILED, Job.State.CANCELLED):
        raise DomainError("Ce travail n’est ni en échec ni annulé : il n’y a rien à relancer.")
    return enqueue(
        row.kind,
        key=row.key,
        label=row.label,
        payload=row.payload,
        user=user or row.created_by,
        total=row.total,
    )


# --- Working ------------------------------------------------------------------------------------------------


_here: ContextVar[bool] = ContextVar("worked_here", default=False)


def start(pk: int) -> None:
    """Hand a queued job to whoever works the jobs here."""
    runner = settings.JOBS_RUNNER
    if runner == "inline" or (runner == "thread" and _here.get()):
        run_job(pk)
    elif runner == "celery":
        from config.celery import app

        try:
            app.send_task("core.run_job", args=[pk])
        except Exception:
            # The row waits: beat's `core.take_up_stale_jobs` hands it over when the broker is back.
            logger.exception("The broker did not take job %s", pk)
    else:
        wake_thread()


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"[:120]


def claim(pk: int) -> Job | None:
    """Take a queued or a dead process's job; None when another was quicker. One statement decides."""
    now = timezone.now()
    taken = (
        Job.objects.filter(pk=pk)
        .filter(models.Q(state=Job.State.QUEUED) | _stale(now))
        .filter(attempts__lt=MAX_ATTEMPTS)
        .update(
            state=Job.State.RUNNING,
            worker=worker_name(),
            attempts=models.F("attempts") + 1,
            started_at=now,
            heartbeat_at=now,
        )
    )
    return Job.objects.select_related("created_by").get(pk=pk) if taken else None


def _stale(now: Any) -> models.Q:
    return models.Q(state=Job.State.RUNNING, heartbeat_at__lt=now - STALE_AFTER)


def give_up_broken() -> int:
    """Fail the jobs whose process died again and again."""
    return Job.objects.filter(_stale(timezone.now()), attempts__gte=MAX_ATTEMPTS).update(
        state=Job.State.FAILED,
        error=f"Ce travail s’est interrompu {MAX_ATTEMPTS} fois sans finir. Il n’est plus repris tout seul.",
        finished_at=timezone.now(),
    )


def waiting_jobs(*, only_forgotten: bool = False) -> list[int]:
    """Keys of the jobs to work now, oldest first: queued ones and those of dead processes."""
    now = timezone.now()
    queued = models.Q(state=Job.State.QUEUED)
    if only_forgotten:
        queued &= models.Q(created_at__lt=now - FORGOTTEN_AFTER)
    found = Job.objects.filter(queued | _stale(now), attempts__lt=MAX_ATTEMPTS)
    return list(found.order_by("created_at", "pk").values_list("pk", flat=True))


def run_job(pk: int) -> bool:
    """Claim and do one job in this process. False when it was not ours to do."""
    row = claim(pk)
    if row is None:
        return False
    running = RunningJob(row)
    with _heartbeat(row):
        try:
            handler = _handlers.get(row.kind)
            if handler is None:
                raise DomainError(
                    f"Ce travail ({row.kind}) n’est pas connu de cette version de Maillon : il n’est pas fait."
                )
            handler(running)
            running.finish(Job.State.DONE)
        except JobCancelled:
            running.finish(Job.State.CANCELLED)
        except DomainError as error:
            running.finish(Job.State.FAILED, error.sentence)
        except Exception as error:
            logger.exception("Job %s (%s) failed", row.pk, row.kind)
            running.finish(
                Job.State.FAILED,
                DISK_FULL
                if isinstance(error, OSError) and error.errno == errno.ENOSPC
                else "Ce travail s’est arrêté sur une erreur du logiciel, consignée au journal sous le numéro "
                f"{row.pk}. Vous pouvez le relancer ; s’il échoue encore, donnez ce numéro à la maison.",
            )
    _tell_end(row)
    return True


def _tell_end(row: Job) -> None:
    """What follows a job, whatever its outcome; a failure there is not the job's."""
    if end := _ends.get(row.kind):
        try:
            end(row)
        except Exception:
            logger.exception("What follows job %s (%s) failed", row.pk, row.kind)


@contextmanager
def worked_here() -> Iterator[None]:
    """Inside, a job asked for is done at once instead of by a thread: for a command, whose end ends its threads."""
    token = _here.set(True)
    try:
        yield
    finally:
        _here.reset(token)


def run_waiting(*, only_forgotten: bool = False) -> int:
    """Work the whole queue in this process; returns how many jobs were done."""
    give_up_broken()
    return sum(run_job(pk) for pk in waiting_jobs(only_forgotten=only_forgotten))


@contextmanager
def _heartbeat(row: Job) -> Iterator[None]:
    """A sign of life from a second connection while a handler is busy in one long step."""
    if settings.JOBS_RUNNER == "inline":
        yield
        return
    over = threading.Event()

    def beat() -> None:
        try:
            while not over.wait(HEARTBEAT_SECONDS):
                try:
                    Job.objects.filter(pk=row.pk, state=Job.State.RUNNING, attempts=row.attempts).update(
                        heartbeat_at=timezone.now()
                    )
                except DatabaseError:
                    # SQLite has one writer: while the handler writes, its own commit is the sign of life.
                    connection.close()
        finally:
            connections.close_all()

    thread = threading.Thread(target=beat, name=f"heartbeat-{row.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=5)


# --- The thread of the web process --------------------------------------------------------------------------

_wake = threading.Event()
_lock = threading.Lock()
_thread: threading.Thread | None = None


def wake_thread() -> None:
    """Start this process's one background thread if it is not there, and tell it that there is work."""
    global _thread
    with _lock:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_work_for_ever, name="maillon-jobs", daemon=True)
            _thread.start()
    _wake.set()


def start_embedded_worker() -> None:
    """At the start of a web process: take up what an earlier one left."""
    if settings.JOBS_RUNNER == "thread":
        wake_thread()


def _work_for_ever() -> None:
    while True:
        _wake.clear()
        try:
            run_waiting()
        except Exception:
            logger.exception("The queue of jobs could not be read")
        finally:
            connections.close_all()
        _wake.wait(timeout=60)
