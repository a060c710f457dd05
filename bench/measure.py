"""The measures of one territory in one database, as JSON on standard output; called by `bench.run`."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import django
from django.apps import apps

if not apps.ready:
    django.setup()

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Sum
from django.template import engines
from django.template.loader import get_template
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from bench import closing, follow_up, imports, people, territory_year
from bench.baselines.indicators import figures_by_hand
from bench.baselines.pdf import bare_pdf, html_of
from bench.figures import compute, differences, figures_by_indicators
from bench.territory import YEAR
from bench.timing import best_of, milliseconds, processor_time
from beneficiaries.enums import EntryState
from beneficiaries.grid import Grid, build_grid, rows_of
from beneficiaries.models import Assignment, Beneficiary, HoursEntry, Prescriber
from clauses.models import Commitment
from core.lists import ListPage
from markets.models import Buyer, Company, Market
from markets.paper import sheets
from reporting.documents import bilan_pdf
from reporting.enums import BilanState, CommentOutcome
from reporting.models import Bilan
from reporting.scope import Scope
from reporting.services.publication import freeze
from reporting.snapshot import build_snapshot
from reporting.snapshot.paper import for_paper

Measure = dict[str, Any]
PLAIN_GRID = Path(__file__).parent / "baselines" / "grid.html"
MOST_QUERIES = 12
# A month of which most hours are still to be typed on the day of the territory.
OPEN_MONTH = dt.date(2026, 10, 1)
# Every list that the house opens; the first six have a bound of time.
TIMED_LISTS = (
    "market_list",
    "beneficiary_list",
    "company_list",
    "entry_list",
    "buyer_list",
    "bilan_list",
)
OTHER_LISTS = (
    "prescriber_list",
    "user_list",
    "access_log",
    "job_list",
    "message_list",
    "counting_rules_list",
    "commune_list",
    "cpv_list",
    "criterion_list",
    "contract_type_list",
    "education_level_list",
)


def largest_buyer(year: int = YEAR) -> Buyer:
    """The buyer with the most counted hours of the measured year."""
    hours = HoursEntry.objects.counted().filter(month__year=year).order_by()
    top = (
        hours.values_list("market__buyer")
        .annotate(sum=Sum("counted_hours"))
        .order_by("-sum", "market__buyer")
    )
    return Buyer.objects.get(pk=top[0][0])


def indicators_of_largest_buyer(buyer: Buyer) -> Measure:
    scope = Scope.of(buyer)
    wrong = differences(figures_by_indicators(scope, YEAR), figures_by_hand(buyer.pk, YEAR))
    ours, by_hand = best_of(15, lambda: compute(scope, YEAR), lambda: figures_by_hand(buyer.pk, YEAR))
    entries = HoursEntry.objects.counted().filter(market__buyer=buyer, month__year__in=(YEAR - 1, YEAR))
    return {
        "name": "indicators / hand SQL",
        "buyer": str(buyer),
        "entries_of_both_years": entries.count(),
        "indicators_ms": milliseconds(ours),
        "hand_sql_ms": milliseconds(by_hand),
        "figures_that_differ": wrong,
        **_bound(ours / by_hand, 1.5, extra=not wrong),
    }


def pdf_of_bilan(snapshot: dict[str, Any]) -> Measure:
    """From the snapshot to the bytes, against WeasyPrint alone on the HTML that this makes."""
    html = html_of("reporting/bilan/document.html", {"bilan": for_paper(snapshot)})
    ours, bare, untagged = best_of(
        2,
        lambda: bilan_pdf(snapshot),
        lambda: bare_pdf(html, sheets("bilan"), "pdf/ua-1"),
        lambda: bare_pdf(html, sheets("bilan"), None),
        # No database and seconds of work: the time of this process, whatever else the machine does.
        clock=time.process_time,
    )
    return {
        "name": "PDF of the bilan / bare WeasyPrint",
        "rows_of_tables": html.count("<tr"),
        "kilobytes": len(bilan_pdf(snapshot)) // 1024,
        "ours_ms": milliseconds(ours),
        "bare_ms": milliseconds(bare),
        "bare_untagged_ms": milliseconds(untagged),
        "ratio_to_untagged": round(ours / untagged, 2),
        **_bound(ours / bare, 1.15),
    }


def grid_of_fifty_rows(user: User) -> Measure:
    """The part of the page that holds the grid, every cell open, against a plain template of the same rows and inputs."""
    found = list(rows_of(Assignment.objects.visible_to(user), OPEN_MONTH)[:50])
    grid = build_grid(found, OPEN_MONTH, all_kinds=True)
    for row in grid.rows:
        for entry in row.entries:
            entry.state = EntryState.DRAFT
    context = grid_context(grid, OPEN_MONTH)
    ours, plain = (
        get_template("beneficiaries/hours/_grid.html"),
        engines["django"].from_string(PLAIN_GRID.read_text()),
    )
    inputs = [template.render(context).count("<input") for template in (ours, plain)]
    our_time, plain_time = best_of(30, lambda: ours.render(context), lambda: plain.render(context))
    return {
        "name": "grid of 50 rows / plain template",
        "rows": len(grid.rows),
        "inputs": inputs,
        "grid_ms": milliseconds(our_time),
        "plain_ms": milliseconds(plain_time),
        **_bound(our_time / plain_time, 1.5, extra=inputs[0] == inputs[1] and len(grid.rows) == 50),
    }


def grid_context(grid: Grid, month: dt.date) -> dict[str, Any]:
    """What the page gives to the part that holds the grid."""
    return {
        "grid": grid, "month": month, "here": "/", "previous_url": "/", "next_url": "/", "to_validate": 50,
        "count_in_full": 50, "all_kinds": True, "all_kinds_url": "/", "previous_page": "", "next_page": "",
        "page_number": 1, "rows_url": "/", "checks_url": "/", "length_url": "", "other_length": "",
    }  # fmt: skip


def lists(client: Client) -> Iterator[Measure]:
    """Each list's first page of 50 rows, in process, all of the request included."""
    for name in TIMED_LISTS:
        url = reverse(name)
        (time,) = best_of(20, partial(_get, client, url))
        rows = _get(client, url).content.partition(b"<tbody")[2].partition(b"<tfoot")[0].count(b"<tr")
        work = milliseconds(processor_time(10, partial(_get, client, url)))
        yield {"name": f"list {url}", "rows": rows, "processor_ms": work, **_bound(time * 1000, 40)}
    for url in (f"{reverse('hours')}?mois={OPEN_MONTH:%Y-%m}", reverse("home")):
        (time,) = best_of(20, partial(_get, client, url))
        yield {"name": f"page {url}", "ms": milliseconds(time)}


@contextmanager
def some_bilans(buyer: Buyer) -> Iterator[None]:
    """While it lasts, there is a bilan for each buyer, that of the largest published: the list has a full page."""
    with transaction.atomic():
        known = set(Bilan.objects.values_list("buyer", "year"))
        for pk in Buyer.objects.order_by("pk").values_list("pk", flat=True):
            if (pk, YEAR) not in known:
                Bilan.objects.create(buyer_id=pk, year=YEAR)
        mine = Bilan.objects.filter(buyer=buyer, year=YEAR).order_by("-version")[0]
        if not mine.is_published:
            # Wherever the story of the territory left it.
            mine.comments.open().update(outcome=CommentOutcome.TAKEN, answered_at=timezone.now())
            Bilan.objects.filter(pk=mine.pk).update(state=BilanState.REVIEWED)
            freeze(bilan=mine, user=None)
        yield
        transaction.set_rollback(True)


def queries_of_lists(client: Client) -> Iterator[Measure]:
    """Queries of each list and of its exports, of one row and of six; a page makes twelve at most."""
    for name in (*TIMED_LISTS, *OTHER_LISTS):
        url = reverse(name)
        counts = {}
        for form, query in (("page", ""), ("csv", "?export=csv"), ("xlsx", "?export=xlsx")):
            both = []
            for rows in (1, 6):
                with _only(rows):
                    both.append(_queries(client, url + query))
            counts[form] = both
        page = _queries(client, url)
        equal = all(one == six for one, six in counts.values())
        yield {
            "name": f"queries {url}",
            "one_and_six": counts,
            "page": page,
            "ok": equal and page <= MOST_QUERIES,
        }


def queries_of_files(client: Client, buyer: Buyer) -> Iterator[Measure]:
    """Queries of the pages of the fullest files, and of the dashboard and the bilan."""
    market = Market.objects.annotate(n=Count("commitments__assignments")).order_by("-n", "pk").first()
    company = Company.objects.annotate(n=Count("placements")).order_by("-n", "pk").first()
    person = Beneficiary.objects.annotate(n=Count("placements")).order_by("-n", "pk").first()
    prescriber = Prescriber.objects.order_by("pk").first()
    commitment = Commitment.objects.filter(market=market).order_by("pk").first()
    assert market and company and person and prescriber and commitment
    files: tuple[tuple[Any, tuple[str, ...]], ...] = (
        (market, ("market_detail", "market_lots", "market_commitments", "market_people", "market_hours", "market_history")),
        (commitment, ("commitment_detail",)),
        (buyer, ("buyer_detail", "buyer_markets", "buyer_contacts", "buyer_access", "buyer_history", "buyer_dashboard")),
        (company, ("company_detail", "company_commitments", "company_people", "company_hours", "company_contacts",
                   "company_access", "company_history")),
        (person, ("beneficiary_detail", "beneficiary_eligibility", "beneficiary_contracts", "beneficiary_hours",
                  "beneficiary_history")),
        (prescriber, ("prescriber_detail",)),
    )  # fmt: skip
    pages = [reverse(name, args=[row.pk]) for row, names in files for name in names]
    pages += [reverse("home"), f"{reverse('hours')}?mois={OPEN_MONTH:%Y-%m}"]
    published = Bilan.objects.published().filter(buyer=buyer, year=YEAR)[0]
    draft = Bilan.objects.exclude(state=BilanState.PUBLISHED).order_by("pk")[0]
    pages.append(reverse("bilan_detail", args=[published.pk]))
    for url in pages:
        number = _queries(client, url)
        yield {"name": f"queries {url}", "page": number, "ok": number <= MOST_QUERIES}
    # The whole document is computed for it, as `make_bilan` does: the bound of a page is not meant for that.
    url = reverse("bilan_detail", args=[draft.pk]) + "?chiffres=1"
    yield {"name": "queries of a draft, computed as it is shown", "document": _queries(client, url)}


def snapshot_of(buyer: Buyer) -> tuple[dict[str, Any], Measure]:
    def build() -> dict[str, Any]:
        return build_snapshot(buyer=buyer, year=YEAR, version=1, narrative={}, now=timezone.now())

    with CaptureQueriesContext(connection) as queries:
        snapshot = build()
    (time,) = best_of(7, build)
    return snapshot, {"name": "snapshot of the bilan", "ms": milliseconds(time), "queries": len(queries)}


def bilan_to_make(up_to: int = YEAR) -> tuple[str, int]:
    """(identifier, year) of the largest bilan that nobody has published yet: `make_bilan` will compute it."""
    done = set(Bilan.objects.values_list("buyer", "year"))
    hours = HoursEntry.objects.counted().filter(month__year__lte=up_to).order_by()
    top = hours.values_list("market__buyer", "market__buyer__identifier", "month__year")
    rows = top.annotate(sum=Sum("counted_hours")).order_by("-sum", "market__buyer")
    return next((identifier, year) for pk, identifier, year, _ in rows if (pk, year) not in done)


def _bound(value: float, bound: float, *, extra: bool = True) -> Measure:
    return {"value": round(value, 2), "bound": bound, "ok": value <= bound and extra}


def _get(client: Client, url: str) -> Any:
    response = client.get(url)
    assert response.status_code == 200, f"{url}: {response.status_code}"
    if response.streaming:
        b"".join(response.streaming_content)  # type: ignore[attr-defined]
    return response


def _queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        _get(client, url)
    return len(queries)


@contextmanager
def _only(rows: int) -> Iterator[None]:
    """While it lasts, lists hold that many rows."""
    whole = ListPage.get_queryset

    def some(page: ListPage) -> Any:
        found = whole(page)
        return found.filter(pk__in=list(found.order_by("pk").values_list("pk", flat=True)[:rows]))

    ListPage.get_queryset = some  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        ListPage.get_queryset = whole  # type: ignore[method-assign]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*", default=[])
    only = parser.parse_args().only
    settings.ALLOWED_HOSTS = ["testserver"]
    user = User.objects.filter(role="admin").order_by("pk")[0]
    client = Client()
    client.force_login(user)
    found: list[Measure] = []

    def wanted(name: str) -> bool:
        return not only or name in only

    def note(name: str, make: Callable[[], Any]) -> None:
        if wanted(name):
            print(f"  {name}", file=sys.stderr, flush=True)
            made = make()
            found.extend([made] if isinstance(made, dict) else made)

    note("grid", lambda: grid_of_fifty_rows(user))
    if any(wanted(name) for name in ("indicators", "lists", "queries", "pdf")):
        buyer = largest_buyer()
        note("indicators", lambda: indicators_of_largest_buyer(buyer))
        with some_bilans(buyer):
            note("lists", lambda: list(lists(client)))
            note("queries", lambda: [*queries_of_lists(client), *queries_of_files(client, buyer)])
        if wanted("pdf"):
            snapshot, measure = snapshot_of(buyer)
            found.append(measure)
            note("pdf", lambda: pdf_of_bilan(snapshot))
    note("recount", lambda: list(closing.recounts()))
    note("grid", lambda: list(closing.grids(client, user)))
    note("checks", lambda: list(closing.checks(client)))
    note("search", lambda: list(follow_up.searches(client, user)))
    note("people", lambda: list(people.searches(client, user)))
    note("board", lambda: list(follow_up.board(client, user)))
    note("market", lambda: list(follow_up.lived_market(client, user)))
    note("import", lambda: list(imports.import_of_hours()))
    note("territory", lambda: list(territory_year.measures(client)))
    counts = {
        model._meta.label: model._default_manager.count()
        for model in (Buyer, Market, Company, Beneficiary, HoursEntry)
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT sqlite_version()" if connection.vendor == "sqlite" else "SHOW server_version")
        server = cursor.fetchone()[0]
    json.dump(
        {
            "server": f"{connection.vendor} {server}",
            "rows": counts,
            "measures": found,
            "to_make": bilan_to_make() if wanted("memory") else None,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
