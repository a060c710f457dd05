"""The throw-away territories that are measured: made when absent, kept under `var/bench`."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "var" / "bench"
ARGUMENTS = ("--years", "3", "--seed", "1", "--as-of", "2026-11-22")
YEAR = 2025


def environment(folder: Path, database_url: str | None) -> dict[str, str]:
    """What a command of the territory runs with; nothing that the shell was prepared for reaches it."""
    gone = ("DATABASE_URL", "REDIS_URL", "MAILLON_MODE", "SECRET_KEY", "FILES_KEYS", "ALLOWED_HOSTS", "DEBUG")
    kept = {name: value for name, value in os.environ.items() if name not in gone}
    added = {"MAILLON_VAR": str(folder), "MAILLON_DEMO": "1", "DJANGO_SETTINGS_MODULE": "config.settings"}
    if database_url:
        added["DATABASE_URL"] = database_url
    return kept | added


def fingerprint() -> str:
    """Changes when the tables or the way they are filled do: an older territory is then made again."""
    files = [
        *ROOT.glob("*/migrations/*.py"),
        *ROOT.glob("reporting/demo/*.py"),
        *ROOT.glob("demo_data/*.csv"),
    ]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def sqlite_territory(size: str, *, fresh: bool) -> tuple[Path, dict[str, float]]:
    """The folder of a territory in SQLite, and the seconds that its making took."""
    folder = CACHE / f"{size}-{fingerprint()}"
    record = folder / "made.json"
    if fresh or not record.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("maillon.sqlite3*"):
            file.unlink()
        record.write_text(json.dumps(make(size, environment(folder, None))))
    return folder, json.loads(record.read_text())


def make(size: str, env: dict[str, str]) -> dict[str, float]:
    """Tables, reference lists, territory. Gives the seconds that each took. Raises CalledProcessError."""
    seconds = {}
    for name, command in (
        ("migrate", ("migrate", "--noinput", "--verbosity", "0")),
        ("load_reference", ("load_reference",)),
        ("create_demo", ("create_demo", "--quiet", "--size", size, *ARGUMENTS)),
    ):
        began = time.monotonic()
        manage(command, env)
        seconds[name] = round(time.monotonic() - began, 1)
    return seconds


def manage(command: tuple[str, ...], env: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL
    )
