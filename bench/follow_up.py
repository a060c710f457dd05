"""What grows with the follow-up: the search over the whole house, the board of deadlines, a market that has lived."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench.timing import best_of, milliseconds
from core.search import search

Measure = dict[str, Any]
MOST_QUERIES = 12
# What people type: the words of a market, a trade, a name, a beginning that half the house bears, a SIRET, nothing known.
SEARCHES = ("ecole jules", "travaux", "martin", "renov", "ma", "35600000000048")


def searches(client: Client, user: Any) -> Iterator[Measure]:
    """The page of each search, against the same rows by written SQL on the same template, all of the request included."""
    from bench.baselines.search import rows_by_hand

    with override_settings(ROOT_URLCONF="bench.baselines.search"):
        for text in SEARCHES:
            words = {"q": text}
            ours, by_hand = best_of(
                20,
                lambda words=words: client.get(reverse("search"), words),
                lambda words=words: client.get(reverse("search_by_hand"), words),
            )
            with CaptureQueriesContext(connection) as queries:
                client.get(reverse("search"), words)
            mine = {found.source.key: [row.pk for row in found.rows] for found in search(user, text)}
            hand = {key: [row[0] for row in rows[:8]] for key, rows in rows_by_hand(text.split()).items()}
            same = all(mine.get(key, []) == ids for key, ids in hand.items())
            ratio = round(ours / by_hand, 2)
            yield {
                "name": f"search « {text} » / hand SQL",
                "search_ms": milliseconds(ours),
                "hand_sql_ms": milliseconds(by_hand),
                "queries": len(queries),
                "same_rows": same,
                "value": ratio,
                "bound": 1.5,
                "ok": ratio <= 1.5 and same and len(queries) <= MOST_QUERIES,
            }
