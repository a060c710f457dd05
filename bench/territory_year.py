"""The year of the whole territory: read as it is kept, computed, and written by hand; and one buyer at two sizes."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.territory import YEAR

Measure = dict[str, Any]
MOST_SECONDS, MOST_TIMES, MOST_MS_OF_BUYER, MOST_GROWTH = 2.0, 1.5, 300, 1.5
# The size at which the largest buyer has its bound, and a buyer that every size has.
SIZE_OF_BUYER, BUYER_OF_EVERY_SIZE = "mmie", "Métropole de Lyon"
KEPT, GROWTH = "kept year of the territory / hand SQL", "growth of one buyer's bilan"
ONE_BUYER, LARGEST = "bilan of one buyer", "bilan of the largest buyer"


def measures(client: Any) -> Iterator[Measure]:
    """Each is measured once warm; what takes tens of seconds once only."""
    from django.urls import reverse

    from bench.baselines.indicators import figures_by_hand
    from bench.figures import differences, figures_by_indicators
    from bench.measure import largest_buyer
    from bench.timing import best_of, milliseconds
    from markets.models import Buyer
    from reporting import kept
    from reporting.scope import Scope

    by_hand, hand_seconds = _timed(lambda: figures_by_hand(None, YEAR))
    found, seconds = _timed(lambda: figures_by_indicators(Scope.territory(), YEAR))
    wrong = differences(found, by_hand)
    row, kept_seconds = _timed(lambda: kept.keep_year(YEAR))
    assert row.figures["figures"]["hours"] == str(found["hours"][YEAR])
    url = f"{reverse('territory_dashboard')}?annee={YEAR}"

    def read() -> None:
        response = client.get(url)
        assert response.status_code == 200 and b"rien n" in response.content

    kept_only, page = best_of(5, lambda: kept.kept_years([YEAR]), read)
    yield {
        "name": KEPT,
        "page_ms": milliseconds(page),
        "figures_alone_ms": milliseconds(kept_only),
        "hand_sql_ms": milliseconds(hand_seconds),
        "computing_ms": milliseconds(seconds),
        "computing_and_keeping_ms": milliseconds(kept_seconds),
        "figures_that_differ": wrong,
        "value": round(page / hand_seconds, 3),
        "bound": MOST_TIMES,
        "seconds": round(page, 3),
        "most_seconds": MOST_SECONDS,
        "ok": page <= MOST_SECONDS and page <= MOST_TIMES * hand_seconds and not wrong,
    }
    yield _buyer(LARGEST, largest_buyer())
    everywhere = Buyer.objects.filter(name=BUYER_OF_EVERY_SIZE).first()
    if everywhere is not None:
        yield _buyer(ONE_BUYER, everywhere)


def _timed(work: Any) -> tuple[Any, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def _buyer(name: str, buyer: Any) -> Measure:
    from bench.figures import compute
    from bench.timing import best_of, milliseconds, processor_time
    from reporting.scope import Scope

    def bilan() -> None:
        compute(Scope.of(buyer), YEAR)

    (clock,) = best_of(9, bilan)
    return {
        "name": name,
        "buyer": str(buyer),
        "ms": milliseconds(clock),
        "processor_ms": milliseconds(processor_time(9, bilan)),
    }


def judged(found: list[Measure], size: str, database: str, against: str | None) -> list[Measure]:
    """The bounds that depend on the size; `against` is the file of a run at a smaller one."""
    named = {row["name"]: row for row in found}
    if size == SIZE_OF_BUYER and LARGEST in named:
        row = named[LARGEST]
        row |= {"value": row["ms"], "bound": MOST_MS_OF_BUYER, "ok": row["ms"] <= MOST_MS_OF_BUYER}
    if against is None or ONE_BUYER not in named:
        return found
    other = json.loads(Path(against).read_text())
    before = next((row for row in other[database]["measures"] if row["name"] == ONE_BUYER), None)
    if before is None:
        print(f"  {against} has no « {ONE_BUYER} » on {database}", file=sys.stderr)
        return found
    now = named[ONE_BUYER]
    growth = {key: round(now[key] / before[key], 2) for key in ("ms", "processor_ms")}
    return [
        *found,
        {
            "name": GROWTH,
            "buyer": now["buyer"],
            "sizes": [other["size"], size],
            "by_the_clock": growth["ms"],
            "of_the_processor": growth["processor_ms"],
            "value": max(growth.values()),
            "bound": MOST_GROWTH,
            "ok": max(growth.values()) <= MOST_GROWTH,
        },
    ]
