"""What grows with the follow-up: the search over the whole house, the board of deadlines, a market that has lived."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bench.timing import best_of, milliseconds
from clauses.enums import ChangeReason
from clauses.models import Commitment, Interaction
from clauses.services.commitments import record_change
from core.history import bulk_load_generated
from core.search import search, words_asked
from markets.enums import Turn
from markets.models import Market, Task

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
            hand = {
                key: [row[0] for row in rows[:8]] for key, rows in rows_by_hand(words_asked(text)).items()
            }
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


OPEN_TASKS = 60_000


def board(client: Client, user: Any) -> Iterator[Measure]:
    """The board with one open task for each market of the territory, and as many queries with one task as with six."""
    today = timezone.localdate()
    with transaction.atomic():
        Task.objects.open().filter(market__isnull=False).delete()
        markets = list(Market.objects.order_by("pk").values_list("pk", flat=True)[:OPEN_TASKS])
        start = (Task.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
        tasks = [
            Task(
                pk=start + rank,
                market_id=pk,
                title=f"Relance {rank}",
                turn=Turn.values[rank % 3],
                since=today - dt.timedelta(days=60),
                due_on=today + dt.timedelta(days=rank % 90 - 45),
                created_at=timezone.now(),
            )
            for rank, pk in enumerate(markets)
        ]
        counts = []
        for number in (1, 6):
            bulk_load_generated(Task, tasks[:number])
            with CaptureQueriesContext(connection) as queries:
                client.get(reverse("task_list"), {"portee": "tous"})
            counts.append(len(queries))
            Task.objects.filter(pk__gte=start).delete()
        bulk_load_generated(Task, tasks)
        url = f"{reverse('task_list')}?portee=tous"
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        page = len(queries)
        (time,) = best_of(5, lambda: client.get(url))
        yield {
            "name": f"board with {len(tasks)} open tasks",
            "ms": milliseconds(time),
            "page": page,
            "one_and_six": counts,
            "ok": counts[0] == counts[1] and page <= MOST_QUERIES,
        }
        transaction.set_rollback(True)


def lived_market(client: Client, user: Any) -> Iterator[Measure]:
    """A market's pages with 200 interactions and 50 changes, and with one of each: the same queries."""
    commitment = Commitment.objects.filter(market__closed_on__isnull=True).order_by("pk")[0]
    market = commitment.market
    today = timezone.localdate()
    pages = {
        "market": reverse("market_detail", args=[market.pk]),
        "journal": reverse("market_journal", args=[market.pk]),
        "commitment": reverse("commitment_detail", args=[commitment.pk]),
    }
    counts: dict[str, list[int]] = {name: [] for name in pages}
    times: dict[str, float] = {}
    with transaction.atomic():
        for contacts, changes in ((1, 1), (199, 49)):
            for rank in range(contacts):
                Interaction.objects.create(
                    market=market,
                    company=commitment.holder,
                    on=today - dt.timedelta(days=rank),
                    summary="Point sur les recrutements à venir.",
                    author=user,
                )
            for rank in range(changes):
                record_change(
                    commitment=commitment,
                    delta=Decimal(5 + rank),
                    effective_on=today - dt.timedelta(days=rank),
                    reason=ChangeReason.AMENDMENT,
                    note="avenant",
                    user=user,
                )
            for name, url in pages.items():
                client.get(url)
                with CaptureQueriesContext(connection) as queries:
                    client.get(url)
                counts[name].append(len(queries))
                (times[name],) = best_of(5, lambda url=url: client.get(url))
        transaction.set_rollback(True)
    for name in pages:
        few, many = counts[name]
        yield {
            "name": f"{name} with 200 interactions and 50 changes",
            "ms": milliseconds(times[name]),
            "few_and_many": [few, many],
            "ok": few == many <= MOST_QUERIES,
        }
