"""History of every row but reference tables; the only place where tracked rows change in bulk."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models, transaction
from simple_history.models import HistoricalRecords
from simple_history.utils import bulk_create_with_history, bulk_update_with_history


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
    """Write `fields` of many rows with a history row each; returns how many."""
    if not rows:
        return 0
    return bulk_update_with_history(
        list(rows),
        model,
        list(fields),
        batch_size=batch_size,
        default_user=user,
        default_change_reason=reason,
    )


def bulk_load_generated(
    model: type[models.Model], rows: Sequence[models.Model], *, batch_size: int = 2_000
) -> None:
    """Insert generated rows (demo territory, benchmarks) without history: they have no author and no past.

    Every row bears its id. One prepared statement takes them all: three times as fast as `bulk_create`.
    """
    fields = model._meta.concrete_fields
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    statement = (
        f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({', '.join(['%s'] * len(fields))})"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        for first in range(0, len(rows), batch_size):
            cursor.executemany(
                statement,
                [
                    [
                        field.get_db_prep_save(field.pre_save(row, add=True), connection=connection)
                        for field in fields
                    ]
                    for row in rows[first : first + batch_size]
                ],
            )
