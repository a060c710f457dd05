"""The directory of people at the size of France: the list that is searched, the suggestions, the pairs of duplicates."""

from __future__ import annotations

import csv
import datetime as dt
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bench.timing import best_of, milliseconds
from beneficiaries.duplicates import likely_pairs
from beneficiaries.models import Beneficiary
from core.history import bulk_load_generated
from core.search import index_rows
from core.text import normalise

Measure = dict[str, Any]
MOST_QUERIES = 12
PEOPLE = 57_000
LIST_PART = {"HX-Request": "true", "HX-Target": "liste"}
# A name that many bear, both names, a beginning, an error in each word, an error in a name that many bear, nobody.
SEARCHES = ("martin", "martin agathe", "mar", "mratin agate", "marttin", "zzyzx agathe")


@contextmanager
def a_large_directory() -> Iterator[float]:
    """While it lasts, there are PEOPLE people: those of the territory, and as many as it takes of invented names."""
    names = Path(settings.BASE_DIR) / "demo_data"
    chance = random.Random(1)
    with (
        (names / "last_names.csv").open(encoding="utf-8") as lasts,
        (names / "first_names.csv").open(encoding="utf-8") as firsts,
    ):
        last_names = [row[0] for row in csv.reader(lasts)][1:]
        first_names = [row[0] for row in csv.reader(firsts)][1:]
    with transaction.atomic():
        start = (Beneficiary.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
        wanted = PEOPLE - Beneficiary.objects.count()
        people = []
        for rank in range(max(wanted, 0)):
            last, first = chance.choice(last_names), chance.choice(first_names)
            people.append(
                Beneficiary(
                    pk=start + rank,
                    last_name=last,
                    first_name=first,
                    search_key=normalise(f"{last} {first}"),
                    birth_date=dt.date(1962, 1, 1) + dt.timedelta(days=chance.randrange(16_000)),
                    created_at=timezone.now(),
                )
            )
        began = timezone.now()
        # Names, birth dates and numbers drawn twice would be one person's: the database refuses them.
        known: set[tuple[str, dt.date | None]] = set(
            Beneficiary.objects.values_list("search_key", "birth_date")
        )
        unique = []
        for person in people:
            if (mark := (person.search_key, person.birth_date)) not in known:
                known.add(mark)
                unique.append(person)
        bulk_load_generated(Beneficiary, unique)
        index_rows(Beneficiary, unique)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        yield (timezone.now() - began).total_seconds()
        transaction.set_rollback(True)


def _ask(client: Client, url: str, words: str, headers: dict[str, str]) -> str:
    answer = client.get(url, {"q": words}, headers=headers)
    assert answer.status_code == 200, url
    return answer.content.decode()


def _queries(client: Client, url: str, words: str, headers: dict[str, str]) -> int:
    with CaptureQueriesContext(connection) as queries:
        _ask(client, url, words, headers)
    return len(queries)


def clock() -> Callable[[], float]:
    """SQLite works in this process: its time alone is taken, whatever else the machine does."""
    return time.process_time if connection.vendor == "sqlite" else time.perf_counter


def _told(ours: float, by_hand: float, queries: int, answers: list[Any]) -> Measure:
    ratio, same = round(ours / by_hand, 2), all(answer == answers[0] for answer in answers)
    return {
        "search_ms": milliseconds(ours),
        "hand_sql_ms": milliseconds(by_hand),
        "queries": queries,
        "same_rows": same,
        "value": ratio,
        "bound": 1.5,
        "ok": ratio <= 1.5 and same and queries <= MOST_QUERIES,
    }


def _rows(page: str) -> list[str]:
    return re.findall(r'<th scope="row"[^>]*><a href="/personnes/(\d+)/"', page)


def searches(client: Client, user: Any) -> Iterator[Measure]:
    """The suggestions and the searched list, against the same rows by written SQL, all of the request included.

    The list is measured against itself with its rows found by written SQL; and, without a bound, against a bare page that
    has no other filter, no sort and no pages.
    """
    with a_large_directory() as seconds, override_settings(ROOT_URLCONF="bench.baselines.people"):
        held = Beneficiary.objects.count()
        addresses = [reverse("beneficiary_list"), reverse("people_list_by_hand"), reverse("people_by_hand")]
        suggestions = [reverse("lookup", args=["person"]), reverse("suggestions_by_hand")]
        for text in SEARCHES:
            ours, same_list, bare = best_of(
                25, *(partial(_ask, client, url, text, LIST_PART) for url in addresses), clock=clock()
            )
            pages = [_rows(_ask(client, url, text, LIST_PART)) for url in addresses]
            yield {
                "name": f"people list « {text} » / hand SQL",
                "people": held,
                "bare_page_ms": milliseconds(bare),
                "ratio_to_bare_page": round(ours / bare, 2),
                **_told(ours, same_list, _queries(client, addresses[0], text, LIST_PART), pages),
            }
            ours, by_hand = best_of(
                40, *(partial(_ask, client, url, text, {}) for url in suggestions), clock=clock()
            )
            answers = [_ask(client, url, text, {}) for url in suggestions]
            yield {
                "name": f"people suggestions « {text} » / hand SQL",
                **_told(ours, by_hand, _queries(client, suggestions[0], text, {}), answers),
            }
        rows = Beneficiary.objects.visible_to(user)
        (seconds_of_pairs,) = best_of(2, lambda: likely_pairs(rows), clock=clock())
        yield {
            "name": "pairs of likely duplicates",
            "people": held,
            "pairs": len(likely_pairs(rows)),
            "ms": milliseconds(seconds_of_pairs),
            "made_in_seconds": round(seconds, 1),
        }
