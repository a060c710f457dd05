"""History of every row but reference tables; the only place where tracked rows change in bulk."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.utils import timezone
from simple_history.models import HistoricalRecords
from simple_history.utils import bulk_create_with_history


class TrackedModel(models.Model):
    """A row whose every change is kept: who, when, what it was."""

    history = HistoricalRecords(inherit=True)

    class Meta:
        abstract = True


def bulk_create_tracked(
    model: type[models.Model],
    rows: Iterable[models.Model],
    *,
    user: Any = None,
    reason: str = "",
    batch_size: int = 500,
) -> list[Any]:
    """Insert many rows and their first history rows, in one transaction."""
    return bulk_create_with_history(
        list(rows), model, batch_size=batch_size, default_user=user, default_change_reason=reason
    )


def bulk_update_tracked(
    model: type[models.Model],
    rows: Sequence[models.Model],
    fields: Sequence[str],
    *,
    user: Any = None,
    reason: str = "",
    batch_size: int = 500,
) -> int:
    """Write `fields` of many rows with a history row each; returns how many.

    One prepared statement takes the rows, another their history: five times as fast as `bulk_update`.
    """
    rows = list(rows)
    if not rows:
        return 0
    columns = [model._meta.get_field(name) for name in fields]
    with transaction.atomic(savepoint=False):
        _write_each(model, columns, rows, batch_size=batch_size)
        _insert_each(
            model.history.model,  # type: ignore[attr-defined]
            _history_of(model, rows, user=user, reason=reason),
            batch_size=batch_size,
        )
    return len(rows)


def _write_each(
    model: type[models.Model], fields: Sequence[Any], rows: Sequence[Any], *, batch_size: int
) -> None:
    quote = connection.ops.quote_name
    sets = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)
    key = model._meta.pk
    statement = f"UPDATE {quote(model._meta.db_table)} SET {sets} WHERE {quote(str(key.column))} = %s"  # type: ignore[union-attr]
    # The connection itself: its proxy would be asked once for each value.
    database = connections[DEFAULT_DB_ALIAS]
    written = [(field.attname, field.get_db_prep_save) for field in (*fields, key)]
    with database.cursor() as cursor:
        for first in range(0, len(rows), batch_size):
            cursor.executemany(
                statement,
                [
                    [prepared(getattr(row, name), database) for name, prepared in written]
                    for row in rows[first : first + batch_size]
                ],
            )


def _history_of(model: type[models.Model], rows: Sequence[Any], *, user: Any, reason: str) -> list[Any]:
    """The history row of each row as it is now, of a change."""
    history = model.history.model  # type: ignore[attr-defined]
    names = [field.attname for field in history.tracked_fields]
    now = timezone.now()
    user = user or history.get_default_history_user(rows[0])
    return [
        history(
            history_date=getattr(row, "_history_date", now),
            history_user=getattr(row, "_history_user", user),
            history_change_reason=getattr(row, "_change_reason", None) or reason,
            history_type="~",
            **{name: getattr(row, name) for name in names},
        )
        for row in rows
    ]


def bulk_load_generated(
    model: type[models.Model], rows: Sequence[models.Model], *, batch_size: int = 2_000
) -> None:
    """Insert generated rows (demo territory, benchmarks) without history: they have no author and no past.

    Every row bears its id. One prepared statement takes them all: three times as fast as `bulk_create`.
    """
    with transaction.atomic():
        _insert_each(model, rows, batch_size=batch_size)


def _insert_each(model: type[models.Model], rows: Sequence[Any], *, batch_size: int) -> None:
    """Insert rows by one prepared statement; a key that is not there yet is the database's to give."""
    if not rows:
        return
    fields = [
        field
        for field in model._meta.concrete_fields
        if not (field.primary_key and getattr(rows[0], field.attname) is None)
    ]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    statement = (
        f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({', '.join(['%s'] * len(fields))})"
    )
    database = connections[DEFAULT_DB_ALIAS]
    with database.cursor() as cursor:
        for first in range(0, len(rows), batch_size):
            cursor.executemany(
                statement,
                [
                    [field.get_db_prep_save(field.pre_save(row, True), database) for field in fields]
                    for row in rows[first : first + batch_size]
                ],
            )
