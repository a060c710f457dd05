"""The year of the whole territory, kept: read in milliseconds, computed again when what it counts has changed.

Everything that the indicators read is either in a table with history or in one where rows are only added: the last
number of each says whether anything moved since. One statement reads them all.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from beneficiaries.models import ClosedYear, HoursEntry
from core.history import TrackedModel
from core.jobs import RunningJob, enqueue, job
from core.models import Job
from reporting.dashboards.territory import SHAPE, territory_year
from reporting.models import KeptFigures

# The rooms whose rows the indicators read.
ROOMS = ("markets", "clauses", "beneficiaries")
# Computed while the reader waits, and not kept (a page that is read writes nothing), up to so many seconds; by a job
# beyond.
AT_ONCE = 1.0
# A year that was never kept is computed while the reader waits where there are no more entries than that.
FEW_ENTRIES = 5_000
# For so many years after it, the day itself changes what is said of a year: who has left, which answer is due.
YEARS_OF_SEQUEL = 2


@lru_cache(maxsize=1)
def _numbers_sql() -> str:
    """The last number given in each table of the rooms: of its history where it has one.

    Rows of a few small tables go away without leaving a history (links between an action and its markets, a closed
    year opened again): these are counted as well.
    """
    found = []
    quote = connection.ops.quote_name
    for room in ROOMS:
        for model in apps.get_app_config(room).get_models(include_auto_created=True):
            # The history of a tracked table is a table of the same room.
            if not issubclass(model, TrackedModel):
                is_counted = bool(model._meta.auto_created) or model is ClosedYear
                found.append((model._meta.db_table, str(model._meta.pk.column), is_counted))
    return " UNION ALL ".join(
        f"SELECT '{table}' AS name, CAST(MAX({quote(column)}) AS VARCHAR(80)) AS last, "
        f"{'COUNT(*)' if is_counted else '0'} AS number FROM {quote(table)}"
        for table, column, is_counted in sorted(found)
    )


def state_of_data() -> str:
    """A digest that changes whenever a row that the indicators read is added, changed or deleted."""
    with connection.cursor() as cursor:
        cursor.execute(_numbers_sql())
        rows = sorted((name, last or "", number) for name, last, number in cursor.fetchall())
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def state_of_year(year: int, data: str, today: dt.date) -> str:
    """What a year's figures depend on: the rows, the shape that is kept, and the day while it still changes them."""
    day = today.isoformat() if year >= today.year - YEARS_OF_SEQUEL else ""
    return hashlib.sha256(f"{data}|{SHAPE}|{day}".encode()).hexdigest()


def computed_year(year: int) -> KeptFigures:
    """The year of the territory computed now, not kept."""
    # Read before the figures: what is written meanwhile makes them older, never newer than they say.
    state, began = state_of_year(year, state_of_data(), timezone.localdate()), time.monotonic()
    figures = territory_year(year)
    seconds = round(time.monotonic() - began, 3)
    return KeptFigures(year=year, state=state, figures=figures, seconds=seconds, computed_at=timezone.now())


def keep_year(year: int) -> KeptFigures:
    """Compute the year of the territory and keep it."""
    made = computed_year(year)
    values = {name: getattr(made, name) for name in ("state", "figures", "seconds", "computed_at")}
    with transaction.atomic():
        return KeptFigures.objects.update_or_create(year=year, defaults=values)[0]


def kept_years(years: list[int]) -> tuple[dict[int, KeptFigures], set[int]]:
    """Those of these years that are kept, and which of them are of today's data; two statements."""
    rows = {
        row.year: row
        for row in KeptFigures.objects.filter(year__in=years).order_by("year")
        if row.figures.get("shape") == SHAPE
    }
    data, today = state_of_data(), timezone.localdate()
    return rows, {year for year, row in rows.items() if row.state == state_of_year(year, data, today)}


def kept_year(year: int) -> tuple[KeptFigures | None, bool]:
    """The year, and whether it is of today's data: as it is kept, else computed at once where that is short.

    One that takes long to make is given as it is, or not at all where it was never made: a job makes it.
    """
    rows, fresh = kept_years([year])
    row = rows.get(year)
    return (row, True) if year in fresh else make_if_quick(year, row)


def make_if_quick(year: int, row: KeptFigures | None) -> tuple[KeptFigures | None, bool]:
    """The year computed at once where that is short, without keeping it."""
    if row is None:
        last = HoursEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        is_quick = last <= FEW_ENTRIES
    else:
        is_quick = row.seconds <= AT_ONCE
    return (computed_year(year), True) if is_quick else (row, False)


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
    running.progress(0, 1)
    row = keep_year(running.payload["year"])
    running.report(année=row.year, secondes=row.seconds)
    running.progress(1)


def link_to_year(row: Job) -> tuple[str, str] | None:
    """Where the figures that a job computed are read."""
    return "Voir le territoire", f"{reverse('territory_dashboard')}?annee={row.payload['year']}"


def keep_recent_years(today: dt.date) -> int:
    """Each morning: this year and the one before, where anything moved since they were computed."""
    years = [today.year - 1, today.year]
    _, fresh = kept_years(years)
    stale = [year for year in years if year not in fresh]
    for year in stale:
        keep_year(year)
    return len(stale)
