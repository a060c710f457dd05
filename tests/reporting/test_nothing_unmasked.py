"""Every other file that a buyer is given, searched for a line of fewer than five people.

Projet transmis, final bilan, bilan of a reserved market, point d’étape, lists and tables in CSV, open data beside the
bilan of the territory. The annual bilan, its page and the dashboard are searched in `test_figures_equal.py`.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, Q
from django.test import Client
from django.urls import reverse
from lxml import html

from beneficiaries.enums import Situation
from core.files import read_file
from markets.enums import MarketNature
from markets.models import Market
from markets.services.tokens import create_token
from reporting.documents import content_of
from reporting.enums import BilanFormat
from reporting.exports import open_data
from reporting.indicators import Facts
from reporting.scope import Months, Period, Scope, Span
from reporting.services.drafts import (
    start_bilan,
    start_final_bilan,
    start_reserved_bilan,
    start_territory_bilan,
)
from reporting.services.progress import make_progress_report
from reporting.services.publication import freeze
from reporting.services.sent_drafts import send_draft
from reporting.services.workflow import review_bilan
from reporting.snapshot import whole_life
from tests.beneficiaries.clock import on_day
from tests.factories import (
    BuyerMembershipFactory,
    ClosedYearFactory,
    HouseFactory,
    LotFactory,
    OutcomeFactory,
    UserFactory,
    make_bilan,
)
from tests.reporting.figure_readers import plain, text_of
from tests.reporting.small_lines import SmallLine, holds_hours, small_lines, told_hours
from tests.reporting.territory import Territory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
YEAR = 2024
TODAY = dt.date(2026, 2, 2)
MARCH, OCTOBER = dt.date(2024, 3, 1), dt.date(2024, 10, 1)
# Tables of which a row is people, and no more than people.
OF_PEOPLE = ("typology_", "publics", "outcomes_", "benefits")


@dataclass
class Given:
    """What one buyer was given, by name: the words of each file, and what was frozen."""

    texts: dict[str, str] = field(default_factory=dict)
    snapshots: dict[str, dict[str, Any]] = field(default_factory=dict)
    scopes: list[tuple[str, Facts, Span]] = field(default_factory=list)


@pytest.fixture(scope="module", params=[6, 13])
def given(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> Iterator[Given]:
    with django_db_blocker.unblock(), transaction.atomic(), on_day(TODAY):
        HouseFactory()
        territory = Territory(request.param, people=110)
        ClosedYearFactory(year=2025)
        yield give(territory)
        transaction.set_rollback(True)


def markets_with_people(territory: Territory) -> list[Market]:
    """The buyer's own markets, the one with most people of the year first."""
    worked = Q(commitments__assignments__entries__month__year=YEAR)
    people = Count("commitments__assignments__placement__beneficiary", filter=worked, distinct=True)
    rows = Market.objects.filter(buyer=territory.buyer, parent__isnull=True).annotate(worked=people)
    return list(rows.filter(worked__gte=10).order_by("-worked", "pk"))


def give(territory: Territory) -> Given:
    given = Given()
    leave(territory)
    reserved, final, *_ = markets_with_people(territory)
    Market.objects.filter(pk=reserved.pk).update(
        closed_on=None, nature=MarketNature.INSERTION, notified_on="2022-01-10"
    )
    Market.objects.filter(pk=final.pk).update(closed_on=dt.date(2025, 12, 31), notified_on="2022-01-10")
    LotFactory(market=reserved, reservation="siae")
    reserved.refresh_from_db()
    final.refresh_from_db()
    life = Scope.whole_market(final)

    make_bilan(buyer=territory.buyer, year=YEAR, published=True)
    for name, bilan in {
        "final": start_final_bilan(market=final, user=None),
        "reserved": start_reserved_bilan(market=reserved, year=YEAR, user=None),
        "territory": start_territory_bilan(year=YEAR, user=None),
    }.items():
        frozen = freeze(bilan=review_bilan(bilan=bilan, user=None), user=None)
        given.snapshots[name] = frozen.snapshot
        if name == "territory":
            continue  # of the house: what a buyer reads of it is the open data
        for file_format in BilanFormat.values:
            given.texts[f"{name}.{file_format}"] = text_of(
                content_of(frozen.snapshot, file_format), file_format
            )
    draft = send_draft(
        bilan=review_bilan(bilan=start_bilan(buyer=territory.buyer, year=2025, user=None), user=None),
        comments_until=dt.date(2026, 3, 20),
        user=UserFactory(admin=True),
    )
    report = make_progress_report(market=reserved, first=MARCH, last=OCTOBER, user=None)
    given.snapshots |= {"projet": draft.snapshot, "point d’étape": report.snapshot}
    for name, stored in {"projet": draft.file, "point d’étape": report.file}.items():
        given.texts[f"{name}.pdf"] = text_of(read_file(stored), BilanFormat.PDF)
    given.texts |= read_by(territory, draft, report)

    given.scopes = [
        ("N-1 of the projet", Facts(Scope.of(territory.buyer), Period.of_year(YEAR)), YEAR),
        ("projet", Facts(Scope.of(territory.buyer), Period.of_year(2025)), 2025),
        ("final", Facts(life, Period((span := whole_life(life, final, TODAY),))), span),
        ("reserved", Facts(Scope.whole_market(reserved), Period.of_year(YEAR)), YEAR),
        (
            "point d’étape",
            Facts(Scope.whole_market(reserved), Period((months := Months(MARCH, OCTOBER),))),
            months,
        ),
        ("territory", Facts(Scope.territory(), Period.of_year(YEAR)), YEAR),
    ]
    return given


def leave(territory: Territory) -> None:
    """Two people in three have left, in a situation each."""
    facts = Facts(Scope.territory(), Period((2023, 2024, 2025)))
    last = {work.person: work.ends_on for work in facts.works if work.ends_on}
    for rank, (person, ends_on) in enumerate(sorted(last.items())):
        if rank % 3:
            OutcomeFactory(
                beneficiary_id=person,
                exit_on=ends_on,
                due_on=ends_on + dt.timedelta(days=90),
                known=True,
                situation=territory.chance.choice(Situation.values),
            )


def read_by(territory: Territory, draft: Any, report: Any) -> dict[str, str]:
    """What an account of the buyer and a program of the buyer read, page by page and list by list."""
    cache.clear()
    user = BuyerMembershipFactory(buyer=territory.buyer).user
    key = create_token(name="Tableau", buyer=territory.buyer, company=None, by=UserFactory()).words
    client, program = Client(), Client(headers={"Authorization": f"Bearer {key}"})
    client.force_login(user)
    found = {}
    for name, address in {
        "projet": reverse("sent_draft_detail", args=[draft.pk]),
        "points d’étape": reverse("market_progress", args=[report.market_id]),
        **{
            f"market {row.pk}": reverse("market_detail", args=[row.pk])
            for row in markets_with_people(territory)
        },
    }.items():
        page = client.get(address)
        assert page.status_code == 200, address
        found[f"page {name}"] = plain(" ".join(html.fromstring(page.content.decode()).itertext()))
    dashboard = reverse("buyer_dashboard", args=[territory.buyer.pk])
    for panel in ("ensemble", "achats"):
        page = client.get(f"{dashboard}?annee={YEAR}&volet={panel}").content.decode()
        for link in html.fromstring(page).xpath("//a[contains(@href, 'export=csv')]/@href"):
            found[f"csv {link}"] = plain(client.get(f"{dashboard}{link}").getvalue().decode("utf-8-sig"))
    for name in ("market_list", "bilan_list", "partnership_list", "task_list"):
        found[f"csv {name}"] = plain(client.get(f"{reverse(name)}?export=csv").getvalue().decode("utf-8-sig"))
    for row in program.get("/api/v1/bilans").json()["bilans"]:
        found[f"program bilan {row['id']}"] = plain(
            program.get(f"/api/v1/bilans/{row['id']}").content.decode()
        )
    archive = zipfile.ZipFile(io.BytesIO(open_data.archive_of(None, made_on=TODAY)))
    for name in archive.namelist():
        found[f"open data {name}"] = archive.read(name).decode("utf-8-sig")
    return found


def test_everything_was_given(given):
    kinds = {name.split()[0].split(".")[0] for name in given.texts}
    assert {"projet", "final", "reserved", "point", "page", "csv", "program", "open"} <= kinds
    assert all(len(text) > 40 for name, text in given.texts.items() if not name.startswith("csv task")), {
        name: text for name, text in given.texts.items() if len(text) <= 40
    }
    assert sum(name.startswith("csv") for name in given.texts) >= 8
    assert "open data personnes.csv" in given.texts


def test_no_file_holds_the_hours_of_few_people(given):
    told: set[Decimal] = set()
    for _, facts, span in given.scopes:
        told |= told_hours(facts, span)
    secrets: dict[str, list[SmallLine]] = {
        name: [line for line in small_lines(facts, span) if line[3] and line[3] not in told]
        for name, facts, span in given.scopes
    }
    assert all(secrets.values()), secrets
    for scope, lines in secrets.items():
        for table, label, people, hours in lines:
            held = [name for name, text in given.texts.items() if holds_hours(text, hours)]
            assert not held, (scope, table, label, people, hours, held)


def test_every_row_of_people_has_five_of_them_or_is_masked(given):
    looked_at = 0
    for name, snapshot in given.snapshots.items():
        for chapter in snapshot["chapters"]:
            for block in chapter["blocks"]:
                if block["type"] != "table" or not block["key"].startswith(OF_PEOPLE):
                    continue
                for row in block["rows"]:
                    for column in ("people", "people_previous"):
                        shown = row["cells"].get(column)
                        looked_at += shown is not None
                        assert shown is None or not 0 < int(shown) < 5, (name, block["key"], row)
    assert looked_at


def test_a_point_d_etape_says_nothing_of_who_people_are(given):
    chapters = given.snapshots["point d’étape"]["chapters"]
    tables = {block["key"] for chapter in chapters for block in chapter["blocks"] if block["type"] == "table"}
    assert tables and not {key for key in tables if key.startswith(OF_PEOPLE)}


def test_open_data_says_of_each_line_that_it_is_masked_or_gives_five_people(given):
    rows = list(csv.DictReader(io.StringIO(given.texts["open data personnes.csv"]), delimiter=";"))
    masked = [row for row in rows if row["masque"]]
    assert masked and len(masked) < len(rows)
    for row in rows:
        assert bool(row["masque"]) == (row["personnes"] == ""), row
        assert row["personnes"] == "" or int(row["personnes"]) == 0 or int(row["personnes"]) >= 5, row
        assert row["personnes"] or not (row["heures"] or row["contrats"]), row
