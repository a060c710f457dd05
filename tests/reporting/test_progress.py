"""Points d’étape: some months of one market, on a page and in a PDF that keep what was computed."""

from __future__ import annotations

import datetime as dt
import io
import json
import re

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader

from core.errors import DomainError
from core.files import read_file
from reporting.models import ProgressReport
from reporting.services.progress import make_progress_report
from reporting.templatetags.bilan import MASKED, written
from tests.factories import (
    CommitmentFactory,
    HoursEntryFactory,
    LotFactory,
    MarketFactory,
    MarketPartyFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
MARCH, JUNE = dt.date(2025, 3, 1), dt.date(2025, 6, 1)


def block(snapshot, key):
    return next(b for c in snapshot["chapters"] for b in c["blocks"] if b["key"] == key)


def report_of(commitment, people=6, first=MARCH, last=JUNE):
    for _ in range(people):
        HoursEntryFactory(
            assignment=eligible_assignment(commitment=commitment),
            month=dt.date(2025, 4, 1),
            hours=25,
            counted=True,
        )
    HoursEntryFactory(
        assignment=eligible_assignment(commitment=commitment),
        month=dt.date(2025, 7, 1),
        hours=200,
        counted=True,
    )
    return make_progress_report(market=commitment.market, first=first, last=last, user=None)


def test_it_tells_hours_engaged_rate_and_forecast_of_the_months_chosen(cast):
    snapshot = report_of(cast.commitment_a).snapshot
    assert snapshot["kind"] == "progress" and snapshot["period"]["label"] == "mars – juin 2025"
    assert snapshot["figures"]["hours"] == "150.00" and snapshot["figures"]["people"] == "6"
    assert snapshot["figures"]["hours_engaged"] == "800.00" and snapshot["figures"]["contracts"] == "6"
    # 150 of 800 hours at the end of June: the 200 of July come later.
    assert snapshot["figures"]["rate"] == "0.1875"
    (row,) = block(snapshot, "forecast")["rows"]
    # 01/02/2025 to 31/12/2026 is 699 days; 150 of them by 30/06/2025: 800 × 150 ÷ 699.
    assert row["cells"]["due"] == "171.67" and row["cells"]["state"] == "à surveiller"
    assert [r["cells"]["hours"] for r in block(snapshot, "hours_by_holder")["rows"]] == ["150.00"]
    assert block(snapshot, "modalities")["rows"] and block(snapshot, "contract_types")["rows"]
    assert block(snapshot, "hours_by_month")["rows"][0]["value"] == "150.00"


def test_it_never_holds_a_typology_nor_a_name(cast):
    snapshot = report_of(cast.commitment_a, people=20).snapshot
    keys = [b["key"] for c in snapshot["chapters"] for b in c["blocks"]]
    assert not [key for key in keys if key.startswith("typology_") and key != "typology_withheld"]
    assert "publics" not in keys
    said = json.dumps(snapshot, ensure_ascii=False)
    assert "Personne" not in said.replace("Personnes", "") and "RSA" not in said and "Bravo" not in said


def test_it_keeps_what_it_said_when_the_hours_change_and_the_database_refuses_to_touch_it(cast):
    report = report_of(cast.commitment_a)
    HoursEntryFactory(
        assignment=eligible_assignment(commitment=cast.commitment_a), month=MARCH, hours=77, counted=True
    )
    report.refresh_from_db()
    assert report.snapshot["figures"]["hours"] == "150.00"
    for sql in (
        "UPDATE reporting_progressreport SET snapshot = '{}'",
        "DELETE FROM reporting_progressreport",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_every_figure_is_in_the_pdf(cast):
    report = report_of(cast.commitment_a)
    reader = PdfReader(io.BytesIO(read_file(report.file)))
    text = re.sub(r"\s+", "", "".join(page.extract_text() for page in reader.pages))
    assert reader.metadata.title.startswith("Point d’étape, mars – juin 2025")
    wanted = []
    for chapter in report.snapshot["chapters"]:
        wanted += [chapter["title"], chapter["answer"]]
        for part in chapter["blocks"]:
            if part["type"] == "key_figures":
                wanted += [written(item["value"], item["kind"], unit=True) for item in part["items"]]
            if part["type"] == "table":
                for row in part["rows"]:
                    wanted += [
                        MASKED
                        if column["key"] in row["masked"]
                        else written(row["cells"][column["key"]], column["kind"])
                        for column in part["columns"]
                    ]
    assert not [value for value in wanted if re.sub(r"\s+", "", value) not in text]


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        ((2025, 6), (2025, 3), "Le dernier mois précède le premier"),
        ((2025, 1), (2999, 1), "n’a pas commencé"),
        ((2024, 1), (2024, 12), "Le marché commence le 01/02/2025"),
    ],
)
def test_months_that_make_no_sense_get_a_sentence(cast, first, last, sentence):
    with pytest.raises(DomainError, match=sentence):
        make_progress_report(
            market=cast.commitment_a.market, first=dt.date(*first, 1), last=dt.date(*last, 1), user=None
        )
    assert not ProgressReport.objects.exists()


def test_the_form_makes_one_and_keeps_what_was_typed_when_it_is_refused(cast, signed_in):
    client = signed_in(cast.facilitator)
    url = reverse("progress_create", args=[cast.commitment_a.market_id])
    refused = client.post(url, {"first": "juin 2025", "last": "03/2025"})
    assert "Le dernier mois précède le premier" in refused.text and "juin 2025" in refused.text
    response = client.post(url, {"first": "03/2025", "last": "juin 2025"}, follow=True)
    report = ProgressReport.objects.get()
    assert response.redirect_chain[0][0] == reverse("progress_detail", args=[report.pk])
    assert (report.first_month, report.last_month, report.made_by) == (MARCH, JUNE, cast.facilitator)
    assert "mars – juin 2025" in response.text


def status(client, url):
    response = client.get(url)
    response.close()
    return response.status_code


def test_the_buyers_of_the_market_see_it_and_nobody_else(cast, signed_in):
    report = report_of(cast.commitment_a, people=1)
    page = reverse("progress_detail", args=[report.pk])
    tab = reverse("market_progress", args=[report.market_id])
    download = reverse("file_download", args=[report.file_id])
    for user in (cast.buyer_user_a, cast.limited_a, cast.facilitator):
        client = signed_in(user)
        assert "mars – juin 2025" in client.get(tab).text
        assert [status(client, url) for url in (page, download)] == [200, 200]
    stranger = signed_in(cast.buyer_user_b)
    assert [status(stranger, url) for url in (tab, page, download)] == [404, 404, 404]
    MarketPartyFactory(market=report.market, buyer=cast.buyer_b)
    assert [status(stranger, url) for url in (tab, page, download)] == [200, 200, 200]
    assert status(signed_in(cast.company_user_a), download) == 404


def test_the_tab_makes_as_many_queries_with_one_as_with_six(cast, signed_in):
    client, market = signed_in(cast.facilitator), cast.commitment_a.market
    url = reverse("market_progress", args=[market.pk])
    counts = []
    for number in (1, 5):
        for _ in range(number):
            make_progress_report(market=market, first=MARCH, last=JUNE, user=cast.facilitator)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 16


def test_a_market_without_dates_hours_or_commitments_still_makes_one():
    market = MarketFactory(notified_on=None, starts_on=None, planned_end=None)
    report = make_progress_report(market=market, first=MARCH, last=MARCH, user=None)
    assert report.snapshot["figures"]["hours"] == "0.00"
    CommitmentFactory(lot=LotFactory(market=market))
    again = make_progress_report(market=market, first=MARCH, last=MARCH, user=None)
    assert again.snapshot["figures"]["hours_engaged"] == "500.00"
