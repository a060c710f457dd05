"""The closing of a month at its size: a year of 30,000 lines recounted and checked, a grid of 300 rows, one cell saved."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from bench.territory import YEAR
from bench.timing import best_of, milliseconds, processor_time
from beneficiaries.anomalies import find_anomalies
from beneficiaries.enums import EntryState, HourKind
from beneficiaries.grid import rows_of
from beneficiaries.models import Assignment, Beneficiary, ClosedYear, HoursEntry
from beneficiaries.services.counting import recount_people
from clauses.models import Commitment
from core.history import bulk_load_generated

LINES = 30_000
MOST_SECONDS = 10
MOST_QUERIES = 12
OPEN_MONTH = dt.date(2026, 10, 1)
Measure = dict[str, Any]


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is gone afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def fill_year(state: str = EntryState.VALIDATED) -> int:
    """Bring the year to 30,000 lines of the same assignments, never counted yet; gives how many were added."""
    have = set(HoursEntry.objects.filter(month__year=YEAR).values_list("assignment", "month", "kind"))
    places = list(
        HoursEntry.objects.filter(month__year=YEAR)
        .order_by("assignment")
        .values_list("assignment", "market")
        .distinct()
    )
    next_pk = HoursEntry.objects.aggregate(last=Max("pk"))["last"]
    rows: list[HoursEntry] = []
    for kind in (HourKind.WORK, HourKind.TRAINING, HourKind.TUTORING):
        for number in range(1, 13):
            month = dt.date(YEAR, number, 1)
            for assignment, market in places:
                if len(have) + len(rows) >= LINES:
                    break
                if (assignment, month, kind) in have:
                    continue
                next_pk += 1
                rows.append(
                    HoursEntry(
                        pk=next_pk,
                        assignment_id=assignment,
                        market_id=market,
                        month=month,
                        kind=kind,
                        hours=Decimal(10),
                        state=state,
                        entered_at=dt.datetime(YEAR, 12, 1, tzinfo=dt.UTC),
                    )
                )
    bulk_load_generated(HoursEntry, rows)
    return len(rows)


def recounts() -> Iterator[Measure]:
    """Everyone of a year of 30,000 lines: the lines that were never counted are written, then nothing changes."""
    with undone():
        added = fill_year()
        ClosedYear.objects.all().delete()
        people = Beneficiary.objects.filter(placements__assignments__entries__month__year=YEAR).order_by()
        ids = list(people.values_list("pk", flat=True).distinct())
        lines = HoursEntry.objects.current().filter(month__year=YEAR).count()
        # In SQLite all of it is this process's work, whatever else the machine does.
        clock = time.process_time if connection.vendor == "sqlite" else time.perf_counter
        for name in ("that writes", "that changes nothing"):
            began, by_the_clock = clock(), time.perf_counter()
            report = recount_people(ids, user=None, reason="Mesure")
            seconds = clock() - began
            yield {
                "name": f"recount of a year {name}",
                "lines": lines,
                "lines_added": added,
                "people": len(ids),
                "changed": len(report.changed),
                "clock_seconds": round(time.perf_counter() - by_the_clock, 1),
                "value": round(seconds, 1),
                "bound": MOST_SECONDS,
                "ok": seconds <= MOST_SECONDS,
            }


def grids(client: Client, user: User) -> Iterator[Measure]:
    """The general grid with 50 and with 300 rows, and one cell saved in each, everything of the request included."""
    queries = {}
    with undone():
        for rows in (50, 300):
            url = f"{reverse('hours')}?mois={OPEN_MONTH:%Y-%m}&lignes={rows}"
            response = client.get(url)
            with CaptureQueriesContext(connection) as asked:
                client.get(url)
            queries[rows] = len(asked)
            work = milliseconds(processor_time(3, partial(client.get, url)))
            (page,) = best_of(5, partial(client.get, url))
            yield {
                "name": f"page of {rows} rows of the grid",
                "rows": response.content.count(b'class="grid-row'),
                "page_ms": milliseconds(page),
                "processor_ms": work,
                "queries": queries[rows],
            }
            yield _one_cell(client, user, url, rows)
    yield {
        "name": "queries of the grid, 50 and 300 rows",
        "value": queries,
        "ok": queries[50] == queries[300] <= MOST_QUERIES,
    }


def _one_cell(client: Client, user: User, page: str, rows: int) -> Measure:
    """From the keystroke's request to the row's answer, while the page of so many rows stays."""
    assignment = rows_of(Assignment.objects.visible_to(user), OPEN_MONTH).exclude(entries__month=OPEN_MONTH)[
        0
    ]
    url = f"{reverse('hours_row', args=[assignment.pk])}?mois={OPEN_MONTH:%Y-%m}"
    cell = f"{assignment.pk}-{HourKind.WORK}"
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"}
    typed = [0]

    def save() -> Any:
        entry = HoursEntry.objects.current().filter(assignment=assignment, month=OPEN_MONTH).first()
        typed[0] += 1
        data = {f"h-{cell}": str(typed[0]), f"v-{cell}": str(entry.version if entry else 0)}
        answer = client.post(url, data, headers=headers)
        assert answer.status_code == 200 and b"enregistr" in answer.content
        return answer

    save()
    (saved,) = best_of(10, save)
    return {
        "name": f"one cell saved, page of {rows} rows",
        "ms": milliseconds(saved),
        "processor_ms": milliseconds(processor_time(10, save)),
    }


def checks(client: Client) -> Iterator[Measure]:
    """Anomalies of a whole year of 30,000 lines that all wait, and the page of one month."""
    with undone():
        fill_year(EntryState.DRAFT)
        ids = list(
            HoursEntry.objects.current()
            .filter(month__year=YEAR, state=EntryState.DRAFT)
            .values_list("assignment__placement__beneficiary", flat=True)
            .distinct()
        )
        recount_people(ids, user=None, reason="Mesure")
        first, last = dt.date(YEAR, 1, 1), dt.date(YEAR, 12, 1)

        def look() -> Any:
            return find_anomalies(
                Assignment.objects.all(), first, last, validated=True, commitments=Commitment.objects.all()
            )

        with CaptureQueriesContext(connection) as asked:
            found = look()
        asked_once = len(asked)
        seconds = processor_time(3, look)
        yield {
            "name": "anomalies of a year of 30,000 lines",
            "lines": HoursEntry.objects.current().filter(month__year=YEAR).count(),
            "found": len(found.open),
            "queries": asked_once,
            "processor_seconds": round(seconds, 2),
            "ok": asked_once <= MOST_QUERIES,
        }
        url = f"{reverse('anomaly_list')}?mois={YEAR}-12"
        with CaptureQueriesContext(connection) as asked:
            client.get(url)
        asked_once = len(asked)
        yield {
            "name": f"page {url}",
            "queries": asked_once,
            "processor_ms": milliseconds(processor_time(3, partial(client.get, url))),
            "ok": asked_once <= MOST_QUERIES,
        }
