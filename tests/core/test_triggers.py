"""Append-only rows refuse raw SQL on the database that runs the suite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.migrations.state import ProjectState

from core.triggers import ProtectRows, create_statements

pytestmark = pytest.mark.django_db

WHOLE = ProtectRows("sample_whole", "Ces lignes n'ont qu'une vie.")
SOME = ProtectRows(
    "sample_some", "Ces colonnes sont figées.", columns=["amount", "label"], when="OLD.state = 'final'"
)


def run(sql: str, *params: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def refused(sql: str) -> str:
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        run(sql)
    return str(caught.value)


@pytest.fixture(autouse=True)
def _tables() -> Iterator[None]:
    for table in ("sample_whole", "sample_some"):
        run(
            f"CREATE TABLE {table} (id integer PRIMARY KEY, amount numeric, label varchar(20), state varchar(10), note text)"
        )
    with transaction.atomic():
        for rule in (WHOLE, SOME):
            for statement in create_statements(connection.vendor, rule):
                run(statement)
    run("INSERT INTO sample_whole VALUES (1, 10, 'a', 'draft', '')")
    run("INSERT INTO sample_some VALUES (1, 10, 'a', 'draft', ''), (2, NULL, 'b', 'final', '')")
    yield


def test_a_whole_row_refuses_update_and_delete() -> None:
    assert "Ces lignes n’ont qu’une vie." in refused("UPDATE sample_whole SET note = 'x'")
    assert "Ces lignes n’ont qu’une vie." in refused("DELETE FROM sample_whole")
    assert run("SELECT note FROM sample_whole") == [("",)]
    run("INSERT INTO sample_whole VALUES (2, 10, 'a', 'draft', '')")


def test_only_the_named_columns_of_rows_that_meet_the_condition_are_frozen() -> None:
    run("UPDATE sample_some SET amount = 11 WHERE id = 1")
    run("UPDATE sample_some SET note = 'free', label = 'b' WHERE id = 2")
    assert "figées" in refused("UPDATE sample_some SET amount = 5 WHERE id = 2")
    assert "figées" in refused("UPDATE sample_some SET label = NULL WHERE id = 2")
    assert "figées" in refused("DELETE FROM sample_some WHERE id = 2")
    run("DELETE FROM sample_some WHERE id = 1")
    assert run("SELECT id, note FROM sample_some") == [(2, "free")]


def test_the_operation_is_undone_by_going_back() -> None:
    with connection.schema_editor() if connection.vendor != "sqlite" else _editor() as editor:
        WHOLE.database_backwards("core", editor, ProjectState(), ProjectState())
        run("DELETE FROM sample_whole")
        WHOLE.database_forwards("core", editor, ProjectState(), ProjectState())
    run("INSERT INTO sample_whole VALUES (3, 10, 'a', 'draft', '')")
    assert refused("DELETE FROM sample_whole")


class _editor:
    """SQLite's schema editor asks for foreign keys to be off, which a transaction can't do; triggers need none of it."""

    connection = connection

    def __enter__(self) -> _editor:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def execute(self, sql: str, params: Any = None) -> None:
        run(sql)


def test_the_operation_writes_itself_into_a_migration() -> None:
    name, args, kwargs = SOME.deconstruct()
    again = ProtectRows(*args, **kwargs)
    assert name == "ProtectRows"
    assert (again.table, again.columns, again.when) == (
        "sample_some",
        ("amount", "label"),
        "OLD.state = 'final'",
    )
    assert "sample_some" in SOME.describe()
