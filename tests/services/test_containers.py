"""What the containers run — release, web, worker, beat and their health — runs with production settings."""

from __future__ import annotations

import http.client
import subprocess
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.services.conftest import Start, free_port, wait_until

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
Run = Callable[..., subprocess.CompletedProcess[str]]


def test_release_web_worker_and_beat_come_up_and_say_that_they_are_well(start: Start, run: Run) -> None:
    port = str(free_port())
    assert run("bin/health", "web", PORT=port).returncode != 0
    assert run("bin/health", "beat").returncode != 0

    released = run("bin/release")
    assert released.returncode == 0, released.stdout + released.stderr

    start("bin/web", PORT=port)
    start("bin/worker")
    start("bin/beat")
    wait_until(lambda: run("bin/health", "web", PORT=port).returncode == 0, "the web process answers")
    wait_until(lambda: run("bin/health", "worker").returncode == 0, "the worker answers")
    wait_until(lambda: run("bin/health", "beat").returncode == 0, "beat keeps its schedule")

    # Plain http is sent to https; a name that is not ours gets nothing.
    assert answer(port, "maillon.example") == (301, "https://maillon.example/sante")
    assert answer(port, "autre.example", **{"X-Forwarded-Proto": "https"})[0] == 400


def answer(port: str, host: str, **headers: str) -> tuple[int, str]:
    """Status and `Location` of /sante for a host name."""
    with closing(http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)) as connection:
        connection.request("GET", "/sante", headers={"Host": host} | headers)
        response = connection.getresponse()
        response.read()
        return response.status, response.getheader("Location") or ""


def test_beat_and_worker_refuse_to_start_without_redis(run: Run) -> None:
    for command in ("bin/worker", "bin/beat"):
        refused = run(command, REDIS_URL="")
        assert refused.returncode == 1
        assert "REDIS_URL" in refused.stderr


def test_the_demonstration_refuses_production_settings(run: Run) -> None:
    refused = run("bin/demo", "--no-serve")
    assert refused.returncode == 1
    assert "MAILLON_MODE=production" in refused.stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "FILES_KEYS"])
def test_production_refuses_to_start_without_a_secret(run: Run, name: str) -> None:
    refused = run("bin/release", **{name: ""})
    assert refused.returncode != 0
    assert f"La variable d’environnement {name} manque" in refused.stderr
