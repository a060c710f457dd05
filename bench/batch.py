"""A batch of bilans on one process, then on two: how much faster, and the most memory that each ever held.

`python -m bench.batch prepare` makes the batch ready in a territory, every bilan's job waiting; `… work` is a worker. The
two runs work on copies of the same database, in one run on one machine.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from bench.territory import CACHE, ROOT, YEAR, environment

MOST_MEGABYTES = 300
LEAST_SPEEDUP = 1.8
MANY = 10_000


def prepare(most: int) -> dict[str, int]:
    """Close the year, open and review the drafts that are missing, and ask for their publication: nothing starts."""
    import django

    django.setup()
    from unittest import mock

    from accounts.models import User
    from beneficiaries.models import ClosedYear
    from core.jobs import run_job
    from core.models import Job
    from reporting.campaign_list import campaign_rows
    from reporting.enums import BilanState
    from reporting.models import Bilan, Campaign
    from reporting.services.batches import start_batch
    from reporting.services.campaigns import open_campaign, open_drafts
    from reporting.services.workflow import review_bilan

    admin = User.objects.filter(role="admin").order_by("pk")[0]
    ClosedYear.objects.get_or_create(year=YEAR)
    # Jobs are rows that wait for the workers of the measure.
    with mock.patch("core.jobs.start"):
        campaign = Campaign.objects.filter(year=YEAR).first() or open_campaign(
            year=YEAR, due_on=None, user=admin
        )
        buyers = list(campaign_rows(admin, YEAR).order_by("pk").values_list("pk", flat=True))
        open_drafts(campaign, buyers, step=lambda number: None, user=admin)
        drafts = Bilan.objects.annual().filter(year=YEAR, state=BilanState.DRAFT).order_by("pk")
        for bilan in drafts[:most]:
            review_bilan(bilan=bilan, user=admin)
        ready = Bilan.objects.annual().filter(year=YEAR, state=BilanState.REVIEWED).select_related("buyer")
        batch = start_batch(campaign=campaign, bilans=ready.order_by("pk"), user=admin)
        run_job(Job.objects.get(kind="publish_batch").pk)
    return {"bilans": batch.items.count()}


def work() -> dict[str, Any]:
    """Do what waits, once told to; then the ZIP, out of the time, for what it takes of memory.

    As a worker of Celery does: a process that has loaded everything has children that do the jobs, each replaced after the
    job that takes it past CELERY_WORKER_MAX_MEMORY_PER_CHILD.
    """
    import django

    django.setup()
    from core.pdf import pdf_available

    # What a worker has loaded before its first bilan: it is started once, for months.
    pdf_available()
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    lives: list[dict[str, Any]] = []
    while not lives or lives[-1]["is_full"]:
        here, there = multiprocessing.Pipe(duplex=False)
        child = multiprocessing.get_context("fork").Process(target=_live, args=(there, began))
        child.start()
        there.close()
        lives.append(here.recv())
        child.join()
    return {
        "bilans": sum(life["bilans"] for life in lives),
        "seconds": lives[-1]["seconds"],
        "processor_seconds": round(sum(life["processor_seconds"] for life in lives), 1),
        "processes": len(lives),
        "megabytes": max(life["megabytes"] for life in lives),
        "failed": lives[-1]["failed"],
    }


def _live(answer: Any, began: float) -> None:
    """The jobs of one process, until none waits or it is too big."""
    from unittest import mock

    from django.conf import settings

    from core.jobs import run_job
    from core.models import Job

    def used() -> resource.struct_rusage:
        return resource.getrusage(resource.RUSAGE_SELF)

    done, is_full = 0, False
    with mock.patch("core.jobs.start"):
        waiting = Job.objects.filter(kind="publish_bilan", state=Job.State.QUEUED).order_by(
            "created_at", "pk"
        )
        for pk in list(waiting.values_list("pk", flat=True)):
            done += run_job(pk)
            is_full = used().ru_maxrss > settings.CELERY_WORKER_MAX_MEMORY_PER_CHILD
            if is_full:
                break
        seconds = time.monotonic() - began
        # Asked for by the last publication, whoever did it.
        archives = Job.objects.filter(kind="batch_archive", state=Job.State.QUEUED)
        for pk in [] if is_full else list(archives.values_list("pk", flat=True)):
            run_job(pk)
    failed = Job.objects.filter(kind__in=["publish_bilan", "batch_archive"], state=Job.State.FAILED)
    answer.send(
        {
            "bilans": done,
            "seconds": round(seconds, 1),
            "processor_seconds": used().ru_utime + used().ru_stime,
            "megabytes": round(used().ru_maxrss / 1024),
            "is_full": is_full,
            "failed": failed.count(),
        }
    )


def run_workers(env: dict[str, str], number: int) -> tuple[float, list[dict[str, Any]]]:
    """Seconds from the start of the first bilan to the end of the last, and what each worker says of itself."""
    command = [sys.executable, "-m", "bench.batch", "work"]
    workers = [
        subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(number)
    ]
    for worker in workers:
        assert worker.stdout and worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    said = []
    for worker in workers:
        output, _ = worker.communicate()
        if worker.returncode:
            raise subprocess.CalledProcessError(worker.returncode, command)
        said.append(json.loads(output))
    return max(row["seconds"] for row in said), said


def copy_of(env: dict[str, str], folder: Path, name: str) -> dict[str, str]:
    """The environment of a copy of the database, with no file yet."""
    url = env.get("DATABASE_URL")
    if not url:
        source, target = (
            sqlite3.connect(Path(place) / "maillon.sqlite3") for place in (env["MAILLON_VAR"], folder)
        )
        source.backup(target)
        source.close()
        target.close()
        return environment(folder, None)
    import psycopg

    parts = urlsplit(url)
    original = parts.path.lstrip("/")
    with psycopg.connect(urlunsplit(parts._replace(path="/template1")), autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}"')  # type: ignore[arg-type]
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{original}"')  # type: ignore[arg-type]
    return environment(folder, urlunsplit(parts._replace(path=f"/{name}")))


def measures(env: dict[str, str], most: int = MANY) -> list[dict[str, Any]]:
    """The batch on one worker and on two, each on its copy. `env` is changed: its territory is to be thrown away."""
    command = [sys.executable, "-m", "bench.batch", "prepare", "--most", str(most)]
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True, text=True)
    bilans = json.loads(done.stdout)["bilans"]
    seconds: dict[int, float] = {}
    said: dict[int, list[dict[str, Any]]] = {}
    for number in (1, 2):
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            copied = copy_of(env, Path(folder), f"batch_{number}")
            seconds[number], said[number] = run_workers(copied, number)
    ratio = round(seconds[1] / seconds[2], 2)
    failed = max(row["failed"] for rows in said.values() for row in rows)
    every = all(sum(row["bilans"] for row in rows) == bilans for rows in said.values())
    megabytes = max(row["megabytes"] for rows in said.values() for row in rows)
    return [
        {
            "name": "batch of bilans: two workers / one",
            "bilans": bilans,
            "one_seconds": seconds[1],
            "two_seconds": seconds[2],
            "workers": said,
            "value": ratio,
            "bound": LEAST_SPEEDUP,
            "ok": ratio >= LEAST_SPEEDUP and every and not failed,
        },
        {
            "name": "memory of a worker over the batch and its ZIP",
            "value": megabytes,
            "bound": MOST_MEGABYTES,
            "ok": megabytes <= MOST_MEGABYTES,
        },
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("prepare", "work"))
    parser.add_argument("--most", type=int, default=MANY)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    json.dump(prepare(options.most) if options.what == "prepare" else work(), sys.stdout)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
