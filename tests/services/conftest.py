"""Real servers for this folder: PostgreSQL as the database, Redis as the broker, and the processes of bin/."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.db import connection

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture(scope="session")
def redis_url() -> str:
    """Where the broker is; bin/test says it."""
    address = os.environ.get("TEST_REDIS_URL", "")
    assert address, "tests/services need TEST_REDIS_URL and a PostgreSQL DATABASE_URL: bin/test gives both"
    return address


@pytest.fixture
def environment(transactional_db: Any, redis_url: str, tmp_path: Path) -> dict[str, str]:
    """What a container would be given: production settings, on the database of this test."""
    assert connection.vendor == "postgresql"
    database = connection.settings_dict
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "MAILLON_MODE": "production",
        "MAILLON_VAR": str(tmp_path / "var"),
        "SECRET_KEY": "a-secret-of-the-tests-only-0123456789-abcdefghijklmnopqrstuvwxyz",
        "FILES_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "maillon.example",
        "SITE_URL": "https://maillon.example",
        "EMAIL_URL": "dummymail://",
        "DEFAULT_FROM_EMAIL": "Maillon <maillon@maillon.example>",
        "DATABASE_URL": (
            f"postgres://{quote(database['USER'])}:{quote(database['PASSWORD'], safe='')}"
            f"@{database['HOST']}:{database['PORT']}/{database['NAME']}"
        ),
        "REDIS_URL": redis_url,
    }


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """`start("bin/worker", …)`: a process of the project, ended with its children when the test is over."""
    running: list[subprocess.Popen[bytes]] = []

    def launch(*command: str, **variables: str) -> subprocess.Popen[bytes]:
        log = (tmp_path / f"{Path(command[0]).name}-{len(running)}.log").open("wb")
        process = subprocess.Popen(
            command,
            cwd=django_settings.BASE_DIR,
            env=environment | variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.close()
        running.append(process)
        return process

    yield launch
    for process in running:
        kill(process)


@pytest.fixture
def run(environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`run("bin/release")`: a command of the project, to its end."""

    def finish(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=django_settings.BASE_DIR,
            env=environment | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return finish


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and all its children at once, as a power cut would."""
    if process.returncode is not None:
        return  # its number may be another's by now
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=20)


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
    """Look again every tenth of a second. Raises AssertionError with `what` when time is up."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s in vain: {what}"
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
