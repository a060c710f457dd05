"""Long works: one per key, started on commit, telling where they are, never lost, never silent."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections, transaction
from django.utils import timezone

from core import jobs
from core.errors import DomainError
from core.files import store_file
from core.jobs import RunningJob, cancel, claim, enqueue, job, retry, run_job, run_waiting
from core.models import Job
from tests.factories import UserFactory

State = Job.State
calls: list[Any] = []


@job("test_ok")
def _ok(running: RunningJob) -> None:
    running.progress(1, 3)
    running.progress(2)
    running.report(imported=2)
    calls.append(running.payload)


@job("test_refused")
def _refused(running: RunningJob) -> None:
    raise DomainError("Ce marché est clos : rien n’a été importé.")


@job("test_broken")
def _broken(running: RunningJob) -> None:
    raise ZeroDivisionError("secret detail")


@job("test_file")
def _file(running: RunningJob) -> None:
    running.result(store_file(kind="own", name="a.txt", content=b"a", user=running.user))


@job("test_cancelled_midway")
def _cancelled_midway(running: RunningJob) -> None:
    cancel(running.row)
    running.progress(1, 2)
    calls.append("went on")


@pytest.fixture(autouse=True)
def _no_calls() -> Iterator[None]:
    calls.clear()
    yield


def ask(kind: str = "test_ok", key: str = "k", **options: Any) -> Job:
    row = enqueue(kind, key=key, label="Un travail", **options)
    row.refresh_from_db()
    return row


def queued(kind: str = "test_ok", key: str = "k", **fields: Any) -> Job:
    return Job.objects.create(kind=kind, key=key, label="Un travail", **fields)


@pytest.mark.django_db
def test_a_job_is_done_and_says_so() -> None:
    row = ask(payload={"market": 3}, total=3)
    assert (row.state, row.done, row.total, row.percent) == (State.DONE, 3, 3, 100)
    assert row.report == {"imported": 2}
    assert row.attempts == 1
    assert row.finished_at is not None
    assert calls == [{"market": 3}]


@pytest.mark.django_db
def test_it_starts_when_the_transaction_commits_and_not_before() -> None:
    with transaction.atomic():
        row = enqueue("test_ok", key="k", label="Un travail")
        assert calls == []
    row.refresh_from_db()
    assert row.state == State.DONE


@pytest.mark.django_db
def test_it_does_not_exist_when_the_transaction_is_undone() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        enqueue("test_ok", key="k", label="Un travail")
        raise ZeroDivisionError
    assert calls == []
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_the_open_job_of_a_key_is_given_back() -> None:
    waiting = queued(key="bilan:12")
    assert enqueue("test_ok", key="bilan:12", label="Encore") == waiting
    assert enqueue("test_ok", key="bilan:13", label="Un autre") != waiting
    assert Job.objects.count() == 2


@pytest.mark.django_db
def test_a_finished_job_does_not_keep_its_key() -> None:
    assert ask().pk != ask().pk
    assert len(calls) == 2


@pytest.mark.django_db
def test_a_refusal_keeps_its_own_sentence() -> None:
    row = ask("test_refused")
    assert row.state == State.FAILED
    assert row.error == "Ce marché est clos : rien n’a été importé."


@pytest.mark.django_db
def test_a_fault_is_logged_and_shown_without_its_detail(caplog: Any) -> None:
    row = ask("test_broken")
    assert row.state == State.FAILED
    assert "erreur du logiciel" in row.error
    assert str(row.pk) in row.error
    assert "secret" not in row.error
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.django_db
def test_an_unknown_kind_is_refused_at_once_and_fails_with_a_sentence_when_found() -> None:
    with pytest.raises(LookupError, match="ready"):
        enqueue("nobody", key="k", label="?")
    row = queued("nobody")
    run_job(row.pk)
    row.refresh_from_db()
    assert row.state == State.FAILED
    assert "n’est pas connu" in row.error


@pytest.mark.django_db
def test_a_job_keeps_its_file() -> None:
    row = ask("test_file", user=UserFactory())
    assert row.result_file is not None
    assert row.result_file.created_by == row.created_by


@pytest.mark.django_db
def test_a_cancelled_job_stops_at_its_next_step() -> None:
    row = ask("test_cancelled_midway")
    assert row.state == State.CANCELLED
    assert calls == []


@pytest.mark.django_db
def test_a_waiting_job_can_be_cancelled_and_a_finished_one_cannot() -> None:
    row = queued()
    assert cancel(row)
    assert not run_job(row.pk)
    assert not cancel(ask(key="other"))


@pytest.mark.django_db
def test_only_one_claims_a_job() -> None:
    row = queued()
    assert claim(row.pk) is not None
    assert claim(row.pk) is None


@pytest.mark.django_db
def test_a_dead_process_s_job_is_taken_up_again_and_a_live_one_s_is_not() -> None:
    now = timezone.now()
    dead = queued(key="dead", state=State.RUNNING, attempts=1, heartbeat_at=now - timedelta(minutes=3))
    live = queued(key="live", state=State.RUNNING, attempts=1, heartbeat_at=now - timedelta(minutes=1))
    assert run_waiting() == 1
    dead.refresh_from_db()
    live.refresh_from_db()
    assert (dead.state, dead.attempts) == (State.DONE, 2)
    assert live.state == State.RUNNING


@pytest.mark.django_db
def test_a_process_that_lost_its_job_writes_nothing_more() -> None:
    row = claim(queued().pk)
    assert row is not None
    running = RunningJob(row)
    Job.objects.filter(pk=row.pk).update(attempts=2, worker="another")
    with pytest.raises(jobs.JobCancelled):
        running.progress(1)
    assert not running.finish(State.DONE)
    row.refresh_from_db()
    assert row.state == State.RUNNING


@pytest.mark.django_db
def test_after_three_deaths_a_job_fails_with_a_sentence() -> None:
    row = queued(state=State.RUNNING, attempts=3, heartbeat_at=timezone.now() - timedelta(minutes=3))
    assert run_waiting() == 0
    row.refresh_from_db()
    assert row.state == State.FAILED
    assert "3 fois" in row.error


@pytest.mark.django_db
def test_a_failed_job_is_asked_again_and_a_done_one_is_not() -> None:
    failed = ask("test_refused", payload={"a": 1})
    again = retry(failed, user=None)
    assert again.pk != failed.pk
    assert again.payload == {"a": 1}
    with pytest.raises(DomainError, match="rien à relancer"):
        retry(ask(), user=None)


@pytest.mark.django_db
def test_the_command_works_the_queue(capsys: Any) -> None:
    queued(key="a")
    queued(key="b")
    call_command("run_jobs")
    assert "2 travaux faits" in capsys.readouterr().out
    assert len(calls) == 2


@pytest.mark.django_db
def test_progress_inside_a_transaction_of_the_handler_is_not_written() -> None:
    row = claim(queued().pk)
    assert row is not None
    running = RunningJob(row)
    with transaction.atomic():
        running.progress(5, 10)
    assert Job.objects.get(pk=row.pk).done == 0
    running.progress(6)
    assert (Job.objects.get(pk=row.pk).done, Job.objects.get(pk=row.pk).total) == (6, 10)


@pytest.mark.django_db
def test_celery_is_given_the_job_and_a_missing_broker_loses_nothing(settings: Any, monkeypatch: Any) -> None:
    from config.celery import app

    settings.JOBS_RUNNER = "celery"
    sent = []
    monkeypatch.setattr(app, "send_task", lambda name, args: sent.append((name, args)))
    row = ask(key="sent")
    assert sent == [("core.run_job", [row.pk])]

    def gone(name: str, args: list[int]) -> None:
        raise ConnectionError

    monkeypatch.setattr(app, "send_task", gone)
    assert ask(key="waits").state == State.QUEUED


@pytest.mark.django_db
def test_beat_hands_over_what_the_broker_never_got(settings: Any, monkeypatch: Any) -> None:
    from core import tasks

    handed = []
    monkeypatch.setattr(tasks.run_job, "delay", handed.append)
    old, young = queued(key="old"), queued(key="young")
    Job.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(minutes=2))
    tasks.take_up_stale_jobs()
    assert handed == [old.pk]
    tasks.run_job(young.pk)
    young.refresh_from_db()
    assert young.state == State.DONE


@pytest.mark.django_db
def test_a_job_page_shows_progress_then_its_end(signed_in: Any) -> None:
    user = UserFactory()
    row = queued(created_by=user, state=State.RUNNING, done=3, total=10)
    client = signed_in(user)
    page = client.get(f"/travaux/{row.pk}/").content.decode()
    assert "every 2s" in page
    assert "3 sur 10" in page
    Job.objects.filter(pk=row.pk).update(state=State.DONE, done=10)
    part = client.get(f"/travaux/{row.pk}/avancement/").content.decode()
    assert "every 2s" not in part
    assert "<html" not in part


@pytest.mark.django_db
def test_the_result_of_a_done_job_has_its_link(signed_in: Any) -> None:
    jobs.register_job_link("test_ok", lambda row: ("Voir le bilan", "/bilans/12/"))
    user = UserFactory()
    row = ask(user=user)
    assert 'href="/bilans/12/"' in signed_in(user).get(f"/travaux/{row.pk}/").content.decode()


@pytest.mark.django_db
def test_a_buyer_sees_its_own_jobs_only(cast: Any, signed_in: Any) -> None:
    own = queued(key="own", created_by=cast.buyer_user_a)
    other = queued(key="other", created_by=cast.facilitator)
    client = signed_in(cast.buyer_user_a)
    assert client.get(f"/travaux/{own.pk}/").status_code == 200
    assert client.get(f"/travaux/{other.pk}/").status_code == 404
    assert client.post(f"/travaux/{other.pk}/annuler/").status_code == 404


@pytest.mark.django_db
def test_a_person_cancels_and_asks_again(signed_in: Any) -> None:
    user = UserFactory()
    row = queued(created_by=user)
    client = signed_in(user)
    assert "annulé" in client.post(f"/travaux/{row.pk}/annuler/", follow=True).content.decode()
    client.post(f"/travaux/{row.pk}/relancer/")
    assert sorted(Job.objects.values_list("state", flat=True)) == ["cancelled", "done"]
    assert (
        "rien à relancer"
        in client.post(f"/travaux/{Job.objects.get(state='done').pk}/relancer/", follow=True).content.decode()
    )


@pytest.mark.django_db(transaction=True)
def test_the_thread_of_the_web_process_works_the_queue(settings: Any, monkeypatch: Any) -> None:
    settings.JOBS_RUNNER = "thread"
    woken = threading.Event()
    monkeypatch.setattr(jobs, "wake_thread", woken.set)
    row = enqueue("test_ok", key="k", label="Un travail")
    assert woken.is_set()

    def work() -> None:
        jobs.run_waiting()
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    worker.join(20)
    assert Job.objects.get(pk=row.pk).state == State.DONE


@pytest.mark.django_db
def test_the_thread_is_started_once_and_again_when_it_died(settings: Any, monkeypatch: Any) -> None:
    settings.JOBS_RUNNER = "thread"
    rounds: list[str] = []
    over = threading.Event()

    def work() -> None:
        rounds.append("started")
        over.wait(10)

    monkeypatch.setattr(jobs, "_work_for_ever", work)
    monkeypatch.setattr(jobs, "_thread", None)
    jobs.start_embedded_worker()
    jobs.wake_thread()
    deadline = time.monotonic() + 5
    while not rounds and time.monotonic() < deadline:
        time.sleep(0.01)
    assert rounds == ["started"]
    over.set()
    jobs._thread.join(5)  # type: ignore[union-attr]
    jobs.wake_thread()
    jobs._thread.join(5)  # type: ignore[union-attr]
    assert rounds == ["started", "started"]
