"""The tables of the tests on SQLite, migrated once for each state of the migrations, then copied: seconds for each run.

`var/tests/` keeps the copy; a migration that changes makes another one, and PostgreSQL always migrates for itself.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from django.db import connections
from django.db.backends.sqlite3.creation import DatabaseCreation

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "tests"
# What decides of the tables and of the rows that migrating writes.
SOURCES = (
    "*/migrations/*.py",
    "core/triggers.py",
    "core/fields.py",
    "core/migration_operations.py",
    "requirements/*.txt",
    "*/registrations*.py",
)


def _copy_of_this_state() -> Path:
    digest = hashlib.sha256(sys.version.encode())
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return FOLDER / f"{digest.hexdigest()[:16]}.sqlite3"


def made_once() -> Iterator[None]:
    """While it lasts, a test database in memory begins with the copy where there is one, and makes it where there is none."""
    create = DatabaseCreation.create_test_db

    def copied(self: DatabaseCreation, *args: object, **kwargs: object) -> str:
        name = self._get_test_db_name()
        if not self.is_in_memory_db(name):
            return create(self, *args, **kwargs)
        made = _copy_of_this_state()
        with closing(sqlite3.connect(name, uri=True)) as memory:
            # The database in memory lives as long as somebody is connected to it.
            if made.exists():
                with closing(sqlite3.connect(made)) as source:
                    source.backup(memory)
            answer = create(self, *args, **kwargs)
            if not made.exists():
                FOLDER.mkdir(parents=True, exist_ok=True)
                # Written beside, then named: two workers that finish together leave one whole file.
                draft = made.with_suffix(f".{os.getpid()}")
                with closing(sqlite3.connect(draft)) as target:
                    memory.backup(target)
                draft.replace(made)
                for old in FOLDER.glob("*.sqlite3"):
                    if old != made:
                        old.unlink(missing_ok=True)
        return answer

    if connections["default"].vendor != "sqlite":
        yield
        return
    DatabaseCreation.create_test_db = copied
    try:
        yield
    finally:
        DatabaseCreation.create_test_db = create
