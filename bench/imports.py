"""Importing ten thousand lines of hours, against parsing the same file and inserting as many rows at once."""

from __future__ import annotations

import datetime as dt
import gc
import io
import os
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.db import connection, transaction
from django.db.models import Count

from beneficiaries.enums import EntrySource, EntryState, HourKind
from beneficiaries.models import Assignment, DataImport, HoursEntry
from beneficiaries.services.imports import check_import, load_import, receive_import, recount_import
from core.dates import add_months, month_of
from core.history import bulk_create_tracked
from core.spreadsheets import read_sheets

Measure = dict[str, Any]
LINES = 10_000
BOUND = 1.5
# Kinds that no demonstration fills: the hours of the file are all new.
KINDS = ((HourKind.TUTORING, "Tutorat"), (HourKind.IMMERSION, "Immersion"))
TITLES = ("Nom", "Prénom", "Né(e) le", "Employeur", "Marché", "Nature", "Mois", "Heures")


class _Undone(Exception):
    """Ends a measure: nothing of it stays."""


def lines() -> list[tuple[Any, ...]]:
    """Real people on real assignments, one line for each month and kind, ten thousand of them."""
    found: list[tuple[Any, ...]] = []
    held = set(
        HoursEntry.objects.filter(kind__in=[kind for kind, _ in KINDS])
        .order_by()
        .values_list("assignment", "month", "kind")
    )
    # Someone twice on one market would be asked about, and who has no birth date too.
    twice = set(
        Assignment.objects.order_by()
        .values_list("placement__beneficiary__search_key", "commitment__market")
        .annotate(rows=Count("pk"))
        .filter(rows__gt=1)
        .values_list("placement__beneficiary__search_key", "commitment__market")
    )
    rows = Assignment.objects.order_by("-starts_on", "pk").select_related(
        "placement__beneficiary", "placement__employer", "commitment__market"
    )
    for assignment in rows.iterator(chunk_size=1_000):
        person, market = assignment.placement.beneficiary, assignment.commitment.market
        if person.birth_date is None:
            continue
        month, last = month_of(assignment.starts_on), assignment.ends_on or dt.date(2026, 10, 31)
        while month <= min(last, dt.date(2026, 10, 31)):
            for kind, word in KINDS:
                key = (person.search_key, market.pk)
                if key not in twice and (assignment.pk, month, kind) not in held:
                    found.append(
                        (person.last_name, person.first_name, person.birth_date, assignment.placement.employer.name,
                         market.reference, word, month, Decimal(1 + len(found) % 8), assignment, kind)
                    )  # fmt: skip
            month = add_months(month, 1)
        if len(found) >= LINES:
            break
    return found[:LINES]


def workbook(rows: list[tuple[Any, ...]]) -> bytes:
    """The file as an employer's spreadsheet would hold it."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        page, day = book.add_worksheet("Heures"), book.add_format({"num_format": "dd/mm/yyyy"})
        page.write_row(0, 0, TITLES)
        for rank, row in enumerate(rows, start=1):
            for index, value in enumerate(row[:8]):
                if isinstance(value, dt.date):
                    page.write_datetime(rank, index, dt.datetime(value.year, value.month, value.day), day)
                elif value is not None:
                    page.write(rank, index, value)
    return stream.getvalue()


def import_of_hours() -> Iterator[Measure]:
    """Turn about, three times: the baseline, then the import as it is loaded; the recount that follows, beside."""
    rows = lines()
    content = workbook(rows)
    best = {"baseline": float("inf"), "load": float("inf"), "check": float("inf"), "recount": float("inf")}
    written, counts = 0, {}

    def baseline() -> None:
        read_sheets(content)
        bulk_create_tracked(
            HoursEntry,
            [
                HoursEntry(
                    assignment=row[8], market_id=row[8].commitment.market_id, month=row[6], kind=row[9],
                    hours=row[7], state=EntryState.SUBMITTED, source=EntrySource.IMPORT, import_line=rank,
                )
                for rank, row in enumerate(rows, start=2)
            ],
            reason="import",
            batch_size=2_000,
        )  # fmt: skip

    for _ in range(3):
        with undone():
            best["baseline"] = min(best["baseline"], _timed(baseline)[0])
        with undone():
            made = receive_import(kind="hours", name="heures.xlsx", content=content, user=None)
            best["check"] = min(best["check"], _timed(lambda made=made: check_import(made, user=None))[0])
            seconds, people = _timed(lambda made=made: load_import(made, user=None))
            best["load"] = min(best["load"], seconds)
            seconds, _ = _timed(lambda made=made, people=people: recount_import(made, people, user=None))
            best["recount"] = min(best["recount"], seconds)
            row = DataImport.objects.get(pk=made.pk)
            written, counts = row.entries.count(), row.counts
    ratio = round(best["load"] / best["baseline"], 2)
    yield {
        "name": f"import of {len(rows)} lines / parse and one bulk insert",
        "written": written,
        "people": counts["people"],
        "kilobytes": len(content) // 1024,
        "clock": "processor" if connection.vendor == "sqlite" else "wall",
        "baseline_s": round(best["baseline"], 2),
        "load_s": round(best["load"], 2),
        "dry_run_s": round(best["check"], 2),
        "recount_that_follows_s": round(best["recount"], 2),
        "value": ratio,
        "bound": BOUND,
        # A line or two of ten thousand may be asked about: a market of the same reference elsewhere.
        "ok": ratio <= BOUND and written >= len(rows) * 0.999,
    }


def _worked() -> float:
    """Seconds of processor of this process and of those that it waited for (a workbook has its own reader)."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _timed(work: Any) -> tuple[float, Any]:
    # In SQLite all the work is ours: its time does not follow what else the machine does.
    clock = _worked if connection.vendor == "sqlite" else time.perf_counter
    gc.collect()
    began = clock()
    result = work()
    return clock() - began, result


class undone:
    """A transaction that leaves nothing."""

    def __enter__(self) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.atomic.__exit__(_Undone, _Undone(), None)
