"""Jobs asked for here are done by a real Celery worker, once, and outlive it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from config.celery import app
from core.jobs import enqueue
from core.models import Job, Message
from core.outbox import write_message
from tests.services import waiting_job  # registers its kind here too
from tests.services.conftest import Start, kill, wait_until

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _broker(redis_url: str, settings, monkeypatch) -> None:
    settings.JOBS_RUNNER = "celery"
    monkeypatch.setenv("CELERY_BROKER_URL", redis_url)


def state_of(row: Job) -> str:
    return Job.objects.values_list("state", flat=True).get(pk=row.pk)


def test_a_message_leaves_by_the_worker_and_only_once(start: Start) -> None:
    start("bin/worker", "--concurrency", "2")
    message = write_message(key="essai", recipients=["lea@exemple.invalid"], subject="Essai", body="Bonjour.")
    row = Job.objects.get(key=f"message:{message.pk}")
    # The same row handed over twice more: whoever claims it first does it, the others leave it alone.
    app.send_task("core.run_job", args=[row.pk])
    app.send_task("core.run_job", args=[row.pk])

    wait_until(lambda: state_of(row) == Job.State.DONE, "the worker sends the message")
    message.refresh_from_db()
    row.refresh_from_db()
    assert message.state == Message.State.SENT
    assert row.attempts == 1


def test_a_job_whose_worker_died_is_taken_up_by_the_next_one(start: Start, tmp_path: Path) -> None:
    include = ("--include", waiting_job.__name__, "--concurrency", "1")
    first = start("bin/worker", *include)
    file = tmp_path / "go"
    row = enqueue("wait_for_file", key="essai", label="Attendre", payload={"file": str(file)}, total=600)
    wait_until(lambda: Job.objects.get(pk=row.pk).done > 2, "the first worker is at work")

    kill(first)
    assert state_of(row) == Job.State.RUNNING
    # Three minutes without a sign of life.
    Job.objects.filter(pk=row.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=3))
    file.touch()
    start("bin/worker", *include)
    app.send_task("core.take_up_stale_jobs")

    wait_until(lambda: state_of(row) == Job.State.DONE, "the second worker takes the job up")
    row.refresh_from_db()
    assert row.attempts == 2
    assert row.done == 600
