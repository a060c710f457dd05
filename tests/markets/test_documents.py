"""The documents of a market: whose turn it is while one is expected, what a file may be, who reads them."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from core.errors import DomainError
from core.models import StoredFile
from markets.models import MarketDocument, Task
from markets.services.documents import expect_documents, remove_document, save_document
from tests.factories import LotFactory, MarketFactory

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def market(cast):
    return cast.commitment_a.market


def test_expected_documents_are_the_turn_of_the_buyer_until_the_last_one_comes(market, cast):
    expect_documents(market=market, by=cast.facilitator)
    expect_documents(market=market, by=cast.facilitator)
    rows = list(MarketDocument.objects.filter(market=market))
    task = Task.objects.get(key=f"market:{market.pk}:documents")
    assert len(rows) == 3 and task.turn == "buyer" and task.is_open
    assert task.due_on == timezone.localdate() + dt.timedelta(days=15)
    for row in rows:
        row.received_on = timezone.localdate()
        save_document(document=row, by=cast.facilitator)
    task.refresh_from_db()
    assert not task.is_open


def test_a_document_of_another_lot_or_of_tomorrow_is_refused(market):
    other = LotFactory(market=MarketFactory())
    with pytest.raises(DomainError, match="pas de ce marché"):
        save_document(document=MarketDocument(market=market, lot=other, kind="technical"), by=None)
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    with pytest.raises(DomainError, match="dans l’avenir"):
        save_document(document=MarketDocument(market=market, kind="technical", received_on=tomorrow), by=None)


def test_a_received_document_is_not_taken_out(market):
    row = MarketDocument.objects.create(market=market, kind="technical", received_on=dt.date(2026, 1, 1))
    with pytest.raises(DomainError, match="reste au dossier"):
        remove_document(document=row, by=None)


def test_a_file_that_was_received_is_never_replaced(market, cast):
    row = save_document(
        document=MarketDocument(market=market, kind="technical"),
        file=SimpleUploadedFile("a.pdf", PDF),
        by=cast.admin,
    )
    with pytest.raises(DomainError, match="les deux restent au dossier"):
        save_document(document=row, file=SimpleUploadedFile("b.pdf", PDF), by=cast.admin)
    assert StoredFile.objects.get().name == "a.pdf"


def test_the_buyer_gives_a_document_and_companies_never_read_it(cast, market, signed_in):
    row = MarketDocument.objects.create(market=market, kind="memorandum")
    client = signed_in(cast.buyer_user_a)
    data = {
        "kind": "memorandum",
        "label": "",
        "lot": "",
        "received_on": "",
        "new_file": SimpleUploadedFile("m.pdf", PDF),
    }
    assert client.post(reverse("document_edit", args=[row.pk]), data).status_code == 302
    row.refresh_from_db()
    assert row.received_on == timezone.localdate()
    address = reverse("file_download", args=[row.file_id])
    assert client.get(address).getvalue() == PDF
    assert signed_in(cast.facilitator).get(address).getvalue() == PDF
    for user in (cast.buyer_user_b, cast.company_user_a):
        assert signed_in(user).get(address).status_code == 404
    assert (
        signed_in(cast.company_user_a).get(reverse("market_documents", args=[market.pk])).status_code == 403
    )
    assert signed_in(cast.buyer_user_b).get(reverse("market_documents", args=[market.pk])).status_code == 404
    assert signed_in(cast.buyer_user_b).get(reverse("document_edit", args=[row.pk])).status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("vide.pdf", b"", "vide"),
        ("memoire.pdf", b"<html><body>non</body></html>", "type accepté"),
        ("gros.pdf", PDF + b"0" * (21 * 1024 * 1024), "20"),
    ],
)
def test_a_bad_file_has_its_sentence_and_nothing_is_kept(cast, market, signed_in, name, content, sentence):
    client = signed_in(cast.facilitator)
    data = {
        "kind": "technical",
        "label": "précision",
        "lot": "",
        "received_on": "",
        "new_file": SimpleUploadedFile(name, content),
    }
    html = client.post(reverse("document_create", args=[market.pk]), data).content.decode()
    assert sentence in html and 'value="précision"' in html
    assert not MarketDocument.objects.exists() and not StoredFile.objects.exists()
