"""The year of the whole territory, kept: read in milliseconds, computed again when what it counts has changed.

Everything that the indicators read is either in a table with history or in one where rows are only added: the last
number of each says whether anything moved since. One statement reads them all.
"""

from __future__ import annotations

import hashlib
import time
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from core.history import TrackedModel
from core.jobs import RunningJob, enqueue, job
from core.models import Job
from reporting.models import KeptFigures

# The rooms whose rows the indicators read.
ROOMS = ("markets", "clauses", "beneficiaries")
# Computed again while the reader waits, up to so many seconds; by a job beyond.
AT_ONCE = 2.0


@lru_cache(maxsize=1)
def _numbers_sql() -> str:
    """The last number given in each table of the rooms: of its history where it has one."""
    found = []
    quote = connection.ops.quote_name
    for room in ROOMS:
        for model in apps.get_app_config(room).get_models():
            # The history of a tracked table is a table of the same room.
            if not issubclass(model, TrackedModel):
                found.append((model._meta.db_table, str(model._meta.pk.column)))
    return " UNION ALL ".join(
        f"SELECT '{table}' AS name, CAST(MAX({quote(column)}) AS VARCHAR(80)) AS last FROM {quote(table)}"
        for table, column in sorted(found)
    )


def state_of_data() -> str:
    """A digest that changes whenever a row that the indicators read is added or changed."""
    with connection.cursor() as cursor:
        cursor.execute(_numbers_sql())
        rows = sorted((name, last or "") for name, last in cursor.fetchall())
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def keep_year(year: int) -> KeptFigures:
    """Compute the year of the territory and keep it."""
    from reporting.dashboards.territory import territory_year

    # Read before the figures: what is written meanwhile makes them older, never newer than they say.
    state, began = state_of_data(), time.monotonic()
    figures = territory_year(year)
    values: dict[str, Any] = {
        "state": state,
        "figures": figures,
        "seconds": round(time.monotonic() - began, 3),
        "computed_at": timezone.now(),
    }
    with transaction.atomic():
        return KeptFigures.objects.update_or_create(year=year, defaults=values)[0]


def kept_year(year: int) -> tuple[KeptFigures, bool]:
    """The kept year, and whether it is of today's data; one that is slow to make again is given as it is."""
    row = KeptFigures.objects.filter(year=year).first()
    if row is None:
        return keep_year(year), True
    if row.state == state_of_data():
        return row, True
    if row.seconds <= AT_ONCE:
        return keep_year(year), True
    return row, False


def ask_for_year(year: int, *, user: Any) -> Job:
    """Compute a year again in a job."""
    return enqueue(
        "keep_figures",
        key=f"kept_figures:{year}",
        label=f"Chiffres du territoire, {year}",
        payload={"year": year},
        user=user,
    )


@job("keep_figures")
def keep_figures(running: RunningJob) -> None:
    keep_year(running.payload["year"])
