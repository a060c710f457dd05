"""The final bilan of a market or an operation: its whole life, the same workflow, its own versions, its invoice."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from core.errors import DomainError
from core.files import read_file
from markets.enums import ReleaseCause
from markets.models import Task
from reporting.annex import annex_xlsx
from reporting.documents import bilan_pdf
from reporting.enums import BilanFormat, BilanKind
from reporting.models import Bilan
from reporting.services import publication
from reporting.services.drafts import start_final_bilan
from reporting.services.publication import freeze, make_files
from reporting.services.workflow import review_bilan
from reporting.snapshot.labels import labels_of
from tests.factories import (
    AgreementFactory,
    CommitmentFactory,
    HoursEntryFactory,
    LotFactory,
    MarketFactory,
    MarketPartyFactory,
    OperationFactory,
    QuoteFactory,
    UserFactory,
    eligible_assignment,
    make_bilan,
)

pytestmark = pytest.mark.django_db


def block(snapshot, key):
    return next(b for c in snapshot["chapters"] for b in c["blocks"] if b["key"] == key)


def closed_market(people=12, **kwargs):
    """A market closed on 30/06/2026, with hours in 2025 and 2026."""
    market = MarketFactory(closed=True, **kwargs)
    commitment = CommitmentFactory(lot=LotFactory(market=market), hours=1000)
    for rank in range(people):
        month = dt.date(2025, 4, 1) if rank % 2 else dt.date(2026, 4, 1)
        HoursEntryFactory(
            assignment=eligible_assignment(commitment=commitment), month=month, hours=100, counted=True
        )
    return market


def published(**subject):
    bilan = start_final_bilan(user=None, **subject)
    return freeze(bilan=review_bilan(bilan=bilan, user=None), user=None)


def test_it_tells_the_whole_life_with_hours_by_year_and_the_typology():
    snapshot = published(market=closed_market()).snapshot
    assert snapshot["kind"] == "final" and snapshot["schema_version"] == 3 and snapshot["year"] is None
    assert snapshot["period"]["first_day"] == "2025-02-01" and snapshot["period"]["last_day"] == "2026-06-30"
    assert snapshot["figures"]["hours"] == "1200.00" and snapshot["figures"]["people"] == "12"
    assert [(row["year"], row["hours"]) for row in snapshot["series"]] == [(2025, "600.00"), (2026, "600.00")]
    assert snapshot["figures"]["rate"] == "1.0000" and snapshot["figures"]["surplus"] == "200.00"
    genders = block(snapshot, "typology_gender")
    assert genders["totals"]["people"] == "12"
    facts = {item["term"]: item["text"] for item in block(snapshot, "market_file")["items"]}
    assert facts["Clos le"] == "30/06/2026" and "Réhabilitation" in facts["Objet"]
    titles = [chapter["title"] for chapter in snapshot["chapters"]]
    assert titles[:3] == ["L’essentiel", "Le marché", "Heures réalisées"]
    said = json.dumps(snapshot, ensure_ascii=False)
    assert "None" not in said and "nouvelle entrante" not in said and "N-1" not in said


def test_small_groups_of_people_stay_masked_in_it():
    snapshot = published(market=closed_market(people=7)).snapshot
    keys = {b["key"] for c in snapshot["chapters"] for b in c["blocks"] if c["key"] == "people"}
    assert keys & {"typology_gender", "typology_age"} and not keys & {"typology_status", "publics"}


def test_a_rectified_version_does_not_tell_who_came_between():
    market = closed_market(people=20)
    first = published(market=market)
    HoursEntryFactory(
        assignment=eligible_assignment(commitment=market.commitments.get()),
        month=dt.date(2025, 5, 1),
        hours=10,
        counted=True,
    )
    bilan = start_final_bilan(market=market, user=None, rectification_reason="Un relevé oublié.")
    second = freeze(bilan=review_bilan(bilan=bilan, user=None), user=None)
    assert (first.version, second.version) == (1, 2)
    assert second.snapshot["figures"]["people"] == "21"
    keys = {b["key"] for c in second.snapshot["chapters"] for b in c["blocks"]}
    assert "typology_told" in keys and "typology_gender" not in keys


def test_it_waits_for_the_reception_or_the_closing_of_the_market():
    market = MarketFactory(received_on=None)
    bilan = review_bilan(bilan=start_final_bilan(market=market, user=None), user=None)
    with pytest.raises(DomainError, match="une fois le marché reçu ou clos"):
        freeze(bilan=bilan, user=None)
    market.received_on = timezone.localdate() + dt.timedelta(days=1)
    market.save()
    with pytest.raises(DomainError, match="une fois le marché reçu ou clos"):
        freeze(bilan=bilan, user=None)
    market.received_on = timezone.localdate()
    market.save()
    assert freeze(bilan=bilan, user=None).is_published


def test_one_draft_at_a_time_a_reason_afterwards_and_none_for_a_marche_subsequent():
    market = closed_market(people=1)
    bilan = start_final_bilan(market=market, user=None)
    with pytest.raises(DomainError, match="déjà en cours"):
        start_final_bilan(market=market, user=None)
    freeze(bilan=review_bilan(bilan=bilan, user=None), user=None)
    with pytest.raises(DomainError, match="se motive"):
        start_final_bilan(market=market, user=None)
    order = MarketFactory(parent=market, buyer=market.buyer)
    with pytest.raises(DomainError, match=market.reference):
        start_final_bilan(market=order, user=None)


def test_publishing_makes_the_second_half_of_the_participation_ready():
    market = closed_market(people=1)
    agreement = AgreementFactory(buyer=market.buyer)
    quote = QuoteFactory(agreement=agreement, market=market, accepted=True)
    bilan = published(market=market)
    quote.refresh_from_db()
    assert quote.completed_on == timezone.localdate(bilan.published_at)
    assert quote.completed_cause == ReleaseCause.FINAL_BILAN


def test_a_draft_is_a_task_of_the_house_until_it_is_published():
    market = closed_market(people=1)
    bilan = start_final_bilan(market=market, user=None)
    (task,) = Task.objects.open().filter(market=market, key__startswith="final_bilan:")
    assert task.title == f"Finir et publier le bilan final : {market.reference}" and task.turn == "house"
    assert task.url == reverse("bilan_detail", args=[bilan.pk])
    freeze(bilan=review_bilan(bilan=bilan, user=None), user=None)
    task.refresh_from_db()
    assert task.done_on and task.outcome == "Bilan final publié."


def test_the_service_says_once_what_was_delivered(monkeypatch):
    calls = []
    monkeypatch.setattr(publication, "release_second_invoice", lambda **kwargs: calls.append(kwargs))
    market = closed_market(people=1)
    bilan = published(market=market)
    freeze(bilan=bilan, user=None)
    assert [(call["market"], call["operation"], call["cause"]) for call in calls] == [
        (market, None, "final_bilan")
    ]
    make_bilan(buyer=market.buyer, published=True)
    assert len(calls) == 1


def test_the_final_bilan_of_an_operation_gathers_its_markets():
    operation = OperationFactory(private=True, target_hours=Decimal("4000.00"))
    one = closed_market(people=6, buyer=operation.buyer, operation=operation)
    two = MarketFactory(buyer=operation.buyer, operation=operation, reference="ENCORE-1")
    bilan = review_bilan(bilan=start_final_bilan(operation=operation, user=None), user=None)
    with pytest.raises(DomainError, match="ENCORE-1"):
        freeze(bilan=bilan, user=None)
    two.closed_on = dt.date(2026, 6, 30)
    two.save()
    snapshot = freeze(bilan=bilan, user=None).snapshot
    assert snapshot["subject"]["kind"] == "operation" and snapshot["figures"]["hours"] == "600.00"
    facts = {
        item["term"]: item["text"].replace("\u202f", " ")
        for item in block(snapshot, "operation_file")["items"]
    }
    assert facts["Objectif propre"] == "4 000 h ; 600 h comptées par ses marchés, soit 15 %"
    # The target is in no figure: 1 000 hours are engaged.
    assert snapshot["figures"]["hours_engaged"] == "1000.00"
    labels = {row["cells"]["label"].split(" ")[0] for row in block(snapshot, "market_list")["rows"]}
    assert labels == {one.reference, "ENCORE-1"}


def test_the_three_files_say_what_the_snapshot_says():
    bilan = published(market=closed_market())
    files = {row.format: read_file(row.file) for row in make_files(bilan=bilan, user=None)}
    assert set(files) == set(BilanFormat.values) and json.loads(files["json"]) == bilan.snapshot
    reader = PdfReader(io.BytesIO(files["pdf"]))
    assert (
        reader.metadata.title
        == f"Bilan final des clauses sociales — {labels_of(bilan.snapshot).about.split(' — ')[0]}"
    )
    text = "".join(page.extract_text() for page in reader.pages)
    assert "Bilan final synthétique" in text and "N-1" not in text
    assert files["xlsx"][:2] == b"PK"


def test_an_annual_snapshot_of_the_first_schema_is_still_read(cast):
    """Bilans published before final ones had no `kind`, no `subject`: the page, PDF and annex are made all the same."""
    from reporting.snapshot import build_snapshot

    now = dt.datetime(2026, 2, 2, 9, 15, tzinfo=dt.UTC)
    snapshot = build_snapshot(buyer=cast.buyer_a, year=2025, version=1, narrative={}, now=now)
    old = {key: value for key, value in snapshot.items() if key not in ("kind", "subject")} | {
        "schema_version": 1
    }
    assert labels_of(old) == labels_of(snapshot)
    assert bilan_pdf(old)[:5] == b"%PDF-" and annex_xlsx(old)[:2] == b"PK"


@pytest.mark.parametrize(
    "values",
    [
        {"kind": BilanKind.ANNUAL},
        {"kind": BilanKind.FINAL},
        {"kind": BilanKind.FINAL, "year": 2025, "with_market": True},
        {"kind": BilanKind.ANNUAL, "year": 2025, "with_market": True},
        {"kind": BilanKind.FINAL, "with_market": True, "with_operation": True},
    ],
)
def test_the_database_refuses_a_bilan_without_a_subject_or_with_two(values):
    market = MarketFactory()
    if values.pop("with_market", False):
        values["market"] = market
    if values.pop("with_operation", False):
        values["operation"] = OperationFactory(buyer=market.buyer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Bilan.objects.create(buyer=market.buyer, **values)


def test_the_database_holds_one_draft_and_one_version_of_each_final_bilan():
    market = MarketFactory()
    start_final_bilan(market=market, user=None)
    final = {"kind": BilanKind.FINAL, "buyer": market.buyer, "market": market}
    with pytest.raises(IntegrityError), transaction.atomic():
        Bilan.objects.create(**final, version=2, rectification_reason="Oubli.")
    # Two markets of a buyer have theirs, beside the bilans of its years.
    start_final_bilan(market=MarketFactory(buyer=market.buyer), user=None)
    make_bilan(buyer=market.buyer)
    assert Bilan.objects.count() == 3


def test_a_published_final_bilan_is_protected_by_the_database():
    published(market=closed_market(people=1))
    for sql in ("UPDATE reporting_bilan SET narrative = '{}'", "DELETE FROM reporting_bilan"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_every_buyer_of_the_market_reads_it_once_published_and_nobody_else(cast, signed_in):
    market = cast.commitment_a.market
    market.closed_on = dt.date(2026, 6, 30)
    market.save()
    bilan = start_final_bilan(market=market, user=None)
    page = reverse("bilan_detail", args=[bilan.pk])
    assert signed_in(cast.buyer_user_a).get(page).status_code == 404
    freeze(bilan=review_bilan(bilan=bilan, user=None), user=None)
    html = signed_in(cast.buyer_user_a).get(page).text
    assert "Bilan final" in html and "ALPHA-1" in html
    assert "final, ALPHA-1" in signed_in(cast.buyer_user_a).get(reverse("bilan_list")).text
    for user in (cast.buyer_user_b, cast.limited_a, cast.company_user_a):
        assert signed_in(user).get(page).status_code in (403, 404)
    MarketPartyFactory(market=market, buyer=cast.buyer_b)
    assert signed_in(cast.buyer_user_b).get(page).status_code == 200


def test_the_house_opens_it_from_the_market_and_rectifies_it_with_a_reason(cast, signed_in):
    client, market = signed_in(cast.facilitator), cast.commitment_a.market
    url = reverse("market_final_bilan", args=[market.pk])
    assert "Un brouillon s’ouvre" in client.get(url).text
    response = client.post(url, follow=True)
    bilan = Bilan.objects.get()
    assert response.redirect_chain[-1][0] == reverse("bilan_detail", args=[bilan.pk])
    # Asked again, it is the same draft.
    assert client.get(url).url == reverse("bilan_detail", args=[bilan.pk])
    figures = client.get(reverse("bilan_detail", args=[bilan.pk]), {"chiffres": "1"}).text
    assert "sur toute la durée du marché" in figures
    market.closed_on = dt.date(2026, 6, 30)
    market.save()
    admin = UserFactory(admin=True)
    freeze(bilan=review_bilan(bilan=bilan, user=cast.facilitator), user=admin)
    assert "Motif de la rectification" in client.get(url).text
    client.post(url, {"rectification_reason": ""})
    assert Bilan.objects.count() == 1
    client.post(url, {"rectification_reason": "Un relevé oublié."})
    assert Bilan.objects.get(version=2).rectification_reason == "Un relevé oublié."
