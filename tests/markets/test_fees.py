"""Quotes and their two invoices: what makes each ready, numbers without gaps, frozen documents, avoirs."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from pypdf import PdfReader

from core.errors import DomainError
from core.files import read_file
from markets.consistency import invoice_numbers_have_no_gap, invoices_add_up_to_their_quote
from markets.enums import BuyerKind, InvoiceKind, InvoiceState, QuoteState, ReleaseCause
from markets.models import FeeReview, Invoice, Operation, Quote, Task
from markets.services import fees as services
from markets.services import invoices
from markets.services.files import close_market
from tests.factories import (
    AgreementFactory,
    BuyerFactory,
    CommuneFactory,
    FeeReviewFactory,
    HouseFactory,
    InvoiceFactory,
    MarketFactory,
    QuoteFactory,
)

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 10)
SENT, ANSWERED = dt.date(2026, 1, 6), dt.date(2026, 1, 10)


@pytest.fixture(autouse=True)
def _on_a_day(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_: TODAY)


@pytest.fixture
def house():
    return HouseFactory(invoicing=True)


@pytest.fixture
def quick_pdf(monkeypatch):
    """The words of the document instead of its pages, where pages are not what is tested."""
    papers = []

    def written(snapshot, house, **_):
        papers.append(snapshot)
        return b"%PDF-1.7\n" + repr(sorted(snapshot.items())).encode() + b"\n%%EOF\n"

    monkeypatch.setattr("markets.services.fees.fee_pdf", written)
    monkeypatch.setattr("markets.services.invoices.fee_pdf", written)
    monkeypatch.setattr("markets.services.invoices.pdf_available", lambda: True)
    return papers


@pytest.fixture
def agreement(house):
    return AgreementFactory(buyer=BuyerFactory(address="Place de la Mairie, 69000 Lyon"))


def refused(field=None):
    return pytest.raises(DomainError, check=lambda error: field is None or error.field == field)


def accepted(agreement, amount="2000.00", **values):
    quote = QuoteFactory(agreement=agreement, amount=Decimal(amount), **values)
    quote = services.send_quote(quote=quote, on=SENT, by=None)
    return services.answer_quote(quote=quote, accepted=True, on=ANSWERED, by=None)


def ready(agreement, **values):
    """A first half that may be issued."""
    quote = accepted(agreement, **values)
    services.record_calibration(quote=quote, on=dt.date(2026, 1, 12), by=None)
    return quote.invoices.get(kind=InvoiceKind.CALIBRATION)


def issued(agreement, on=dt.date(2026, 1, 20), **values):
    return invoices.issue_invoice(invoice=ready(agreement, **values), on=on, by=None)


def states(quote):
    rows = quote.invoices.exclude(kind=InvoiceKind.CREDIT).order_by("pk")
    return [(row.kind, row.state, row.ready_on) for row in rows]


def task(key):
    return Task.objects.filter(key=key).first()


# --- Amount of reference -------------------------------------------------------------------------------------


def test_a_quote_starts_from_the_amount_of_its_year_or_of_a_year_before(agreement):
    FeeReviewFactory(agreement=agreement, year=2024, amount=Decimal("2000"))
    FeeReviewFactory(agreement=agreement, year=2026, amount=Decimal("2300"))
    found = [
        services.reference_fee(agreement, dt.date(year, 6, 1)) for year in (2023, 2024, 2025, 2026, 2027)
    ]
    assert [row.amount if row else None for row in found] == [None, 2000, 2000, 2300, 2300]


def test_an_amount_of_reference_outside_the_agreement_is_refused(agreement):
    for year in (2023, 2028):
        with refused("year"):
            services.save_fee_review(
                review=FeeReview(agreement=agreement, year=year, amount=Decimal(2000), reason="x"), by=None
            )


# --- Quotes --------------------------------------------------------------------------------------------------


def draft(agreement, **values):
    base = {
        "agreement": agreement,
        "market": MarketFactory(buyer=agreement.buyer),
        "amount": Decimal("2000"),
        "dated_on": dt.date(2026, 1, 5),
        "subject": "Participation",
    }
    return Quote(**base | values)


def test_a_draft_has_no_number_and_is_valid_three_months(agreement):
    quote = services.save_quote(quote=draft(agreement), by=None)
    assert (quote.state, quote.number, quote.valid_until) == (QuoteState.DRAFT, "", dt.date(2026, 4, 5))


@pytest.mark.parametrize("amount", ["-1", "0", "0.99", "10000000.01"])
def test_an_amount_out_of_bounds_is_refused(agreement, amount):
    with refused("amount"):
        services.save_quote(quote=draft(agreement, amount=Decimal(amount)), by=None)


def test_a_quote_is_of_the_agreement_s_buyer_and_of_its_dates(agreement):
    other = Operation.objects.create(buyer=BuyerFactory(), name="Ailleurs")
    for values, field in (
        ({"market": MarketFactory()}, "market"),
        ({"market": None}, "market"),
        ({"market": None, "operation": other}, "operation"),
        ({"dated_on": dt.date(2023, 12, 31)}, "dated_on"),
        ({"valid_until": dt.date(2026, 1, 4)}, "valid_until"),
    ):
        with refused(field):
            services.save_quote(quote=draft(agreement, **values), by=None)
    assert not Quote.objects.exists()


def test_a_quote_that_was_sent_changes_no_more_and_stays(agreement, quick_pdf):
    quote = services.send_quote(quote=QuoteFactory(agreement=agreement), on=SENT, by=None)
    quote.amount = Decimal("1")
    with refused():
        services.save_quote(quote=quote, by=None)
    with refused():
        services.discard_quote(quote=quote, by=None)
    with refused():
        services.send_quote(quote=quote, on=SENT, by=None)


def test_a_sent_quote_waits_for_the_buyer(agreement, quick_pdf):
    quote = services.send_quote(quote=QuoteFactory(agreement=agreement), on=SENT, by=None)
    waiting = task(f"quote:{quote.pk}:answer")
    assert (waiting.turn, waiting.buyer, waiting.due_on) == ("buyer", agreement.buyer, dt.date(2026, 2, 5))
    services.answer_quote(quote=quote, accepted=False, on=ANSWERED, reason="Hors budget", by=None)
    waiting.refresh_from_db()
    assert (waiting.is_open, waiting.outcome) == (False, "Devis refusé : Hors budget")
    assert not quote.invoices.exists()


def test_an_answer_out_of_order_or_a_refusal_without_reason_is_not_recorded(agreement, quick_pdf):
    quote = services.send_quote(quote=QuoteFactory(agreement=agreement), on=SENT, by=None)
    for values, field in (
        ({"accepted": True, "on": dt.date(2026, 1, 5)}, "on"),
        ({"accepted": True, "on": dt.date(2026, 3, 11)}, "on"),
        ({"accepted": False, "on": ANSWERED}, "reason"),
    ):
        with refused(field):
            services.answer_quote(quote=quote, by=None, **values)
    quote.refresh_from_db()
    assert quote.state == QuoteState.SENT


def test_a_signed_quote_that_is_not_a_document_is_refused_and_the_answer_with_it(agreement, quick_pdf):
    quote = services.send_quote(quote=QuoteFactory(agreement=agreement), on=SENT, by=None)
    with refused("upload"):
        services.answer_quote(
            quote=quote, accepted=True, on=ANSWERED, upload=SimpleUploadedFile("devis.pdf", b""), by=None
        )
    quote.refresh_from_db()
    assert (quote.state, quote.invoices.count()) == (QuoteState.SENT, 0)


# --- What makes the halves ready -----------------------------------------------------------------------------


def test_an_accepted_quote_makes_two_halves_that_wait(agreement, quick_pdf):
    quote = accepted(agreement, "1800.01")
    assert [(row.kind, row.state, row.net) for row in quote.invoices.order_by("pk")] == [
        (InvoiceKind.CALIBRATION, InvoiceState.UPCOMING, Decimal("900.01")),
        (InvoiceKind.COMPLETION, InvoiceState.UPCOMING, Decimal("900.00")),
    ]
    assert task(f"quote:{quote.pk}:calibration").is_open
    assert list(invoices_add_up_to_their_quote()) == []


def test_the_calibration_makes_the_first_half_ready_whenever_it_is_noted(agreement, quick_pdf):
    after = accepted(agreement)
    services.record_calibration(quote=after, on=dt.date(2026, 2, 1), by=None)
    before = services.send_quote(quote=QuoteFactory(agreement=agreement), on=SENT, by=None)
    services.record_calibration(quote=before, on=dt.date(2026, 1, 7), by=None)
    services.answer_quote(quote=before, accepted=True, on=ANSWERED, by=None)
    assert states(after) == [
        (InvoiceKind.CALIBRATION, InvoiceState.READY, dt.date(2026, 2, 1)),
        (InvoiceKind.COMPLETION, InvoiceState.UPCOMING, None),
    ]
    # Not before the buyer said yes.
    assert states(before)[0] == (InvoiceKind.CALIBRATION, InvoiceState.READY, ANSWERED)
    assert not task(f"quote:{after.pk}:calibration").is_open
    first = after.invoices.get(kind=InvoiceKind.CALIBRATION)
    waiting = task(f"invoice:{first.pk}:issue")
    assert (waiting.turn, waiting.market, waiting.is_open) == ("house", after.market, True)
    with refused():
        services.record_calibration(quote=after, on=dt.date(2026, 2, 2), by=None)


def test_closing_the_market_makes_the_second_half_ready(agreement, quick_pdf):
    quote = accepted(agreement)
    services.record_calibration(quote=quote, on=dt.date(2026, 1, 12), by=None)
    close_market(market=quote.market, on=dt.date(2026, 3, 1), by=None)
    quote.refresh_from_db()
    assert (quote.completed_on, quote.completed_cause) == (dt.date(2026, 3, 1), ReleaseCause.CLOSING)
    assert states(quote)[1] == (InvoiceKind.COMPLETION, InvoiceState.READY, dt.date(2026, 3, 1))


def test_a_closed_market_was_calibrated_whether_anyone_noted_it_or_not(agreement, quick_pdf):
    quote = accepted(agreement)
    close_market(market=quote.market, on=dt.date(2026, 3, 1), by=None)
    assert [state for _, state, _ in states(quote)] == [InvoiceState.READY, InvoiceState.READY]
    assert {row.cause for row in quote.invoices.all()} == {ReleaseCause.CLOSING}
    assert not task(f"quote:{quote.pk}:calibration").is_open


def test_the_final_bilan_or_the_closing_whichever_comes_first(agreement, quick_pdf):
    quote = accepted(agreement)
    gesture = {"market": quote.market, "by": None}
    bilan, closing = dt.date(2026, 2, 1), dt.date(2026, 3, 1)
    first = invoices.release_second_invoice(on=bilan, cause=ReleaseCause.FINAL_BILAN, **gesture)
    again = invoices.release_second_invoice(on=closing, cause=ReleaseCause.FINAL_BILAN, **gesture)
    close_market(market=quote.market, on=closing, by=None)
    assert (first, again) == ([quote], [])
    quote.refresh_from_db()
    assert (quote.completed_on, quote.completed_cause) == (bilan, ReleaseCause.FINAL_BILAN)
    assert states(quote)[1] == (InvoiceKind.COMPLETION, InvoiceState.READY, bilan)
    assert quote.invoices.count() == 2


def test_a_quote_that_is_not_accepted_yet_remembers_that_its_market_is_closed(agreement, quick_pdf):
    quote = services.send_quote(quote=QuoteFactory(agreement=agreement), on=SENT, by=None)
    close_market(market=quote.market, on=dt.date(2026, 1, 8), by=None)
    assert not quote.invoices.exists()
    services.answer_quote(quote=quote, accepted=True, on=ANSWERED, by=None)
    assert states(quote) == [
        (InvoiceKind.CALIBRATION, InvoiceState.READY, ANSWERED),
        (InvoiceKind.COMPLETION, InvoiceState.READY, ANSWERED),
    ]


def test_a_quote_made_after_the_closing_knows_it(agreement, quick_pdf):
    market = MarketFactory(buyer=agreement.buyer, closed=True, closed_on=dt.date(2025, 12, 31))
    quote = services.save_quote(quote=draft(agreement, market=market), by=None)
    assert (quote.completed_on, quote.completed_cause) == (dt.date(2025, 12, 31), ReleaseCause.CLOSING)


def test_an_operation_releases_its_own_quotes_only(agreement, quick_pdf):
    operation = Operation.objects.create(buyer=agreement.buyer, name="Quartier neuf")
    quote = accepted(agreement, operation=operation)
    other = accepted(agreement)
    released = invoices.release_second_invoice(
        operation=operation, on=TODAY, cause=ReleaseCause.CLOSING, by=None
    )
    assert released == [quote]
    assert states(other)[1][1] == InvoiceState.UPCOMING
    # An operation has no file of its own: its task stands in the buyer's.
    second = quote.invoices.get(kind=InvoiceKind.COMPLETION)
    assert task(f"invoice:{second.pk}:issue").buyer == agreement.buyer


def test_a_refused_quote_releases_nothing(agreement, quick_pdf):
    quote = services.send_quote(quote=QuoteFactory(agreement=agreement), on=SENT, by=None)
    services.answer_quote(quote=quote, accepted=False, on=ANSWERED, reason="Non", by=None)
    close_market(market=quote.market, on=TODAY, by=None)
    quote.refresh_from_db()
    assert (quote.completed_on, quote.invoices.count()) == (None, 0)


# --- Issuing -------------------------------------------------------------------------------------------------


def test_numbers_follow_without_gaps_in_the_order_of_their_days(agreement, quick_pdf):
    rows = [ready(agreement) for _ in range(3)]
    days = [dt.date(2026, 1, 20), dt.date(2026, 1, 20), dt.date(2026, 2, 1)]
    made = [invoices.issue_invoice(invoice=row, on=day, by=None) for row, day in zip(rows, days, strict=True)]
    assert [row.number for row in made] == ["F2026-0001", "F2026-0002", "F2026-0003"]
    assert list(invoice_numbers_have_no_gap()) == []


def test_a_new_year_begins_at_one(agreement, quick_pdf, monkeypatch):
    issued(agreement)
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_: dt.date(2027, 1, 4))
    again = invoices.issue_invoice(invoice=ready(agreement), on=dt.date(2027, 1, 4), by=None)
    assert again.number == "F2027-0001"


def test_an_invoice_is_not_dated_before_the_last_number(agreement, quick_pdf):
    issued(agreement, on=dt.date(2026, 2, 1))
    with refused("on") as caught:
        invoices.issue_invoice(invoice=ready(agreement), on=dt.date(2026, 1, 31), by=None)
    assert "Facture F2026-0001 est du 01/02/2026" in caught.value.sentence


@pytest.mark.parametrize("on", [dt.date(2026, 1, 11), dt.date(2026, 3, 11)])
def test_an_invoice_is_not_dated_before_it_was_ready_nor_tomorrow(agreement, quick_pdf, on):
    with refused("on"):
        invoices.issue_invoice(invoice=ready(agreement), on=on, by=None)


def test_a_half_that_is_not_ready_is_not_issued(agreement, quick_pdf):
    quote = accepted(agreement)
    with refused() as caught:
        invoices.issue_invoice(invoice=quote.invoices.first(), on=TODAY, by=None)
    assert "pas prête" in caught.value.sentence


def test_what_the_law_asks_for_and_is_missing_is_said_and_no_number_is_burnt(agreement, quick_pdf, house):
    row = ready(agreement)
    house.siret, house.address = "", ""
    house.save()
    with refused() as caught:
        invoices.issue_invoice(invoice=row, on=TODAY, by=None)
    assert "Il manque le SIRET et l’adresse de la maison" in caught.value.sentence
    house.siret, house.address, house.vat_note = "13000354400033", "Lyon", ""
    house.save()
    with refused() as caught:
        invoices.issue_invoice(invoice=row, on=TODAY, by=None)
    assert "Sans TVA, le document dit pourquoi" in caught.value.sentence
    house.vat_note = "TVA non applicable"
    house.save()
    buyer = agreement.buyer
    buyer.identifier, buyer.address = "", ""
    buyer.save()
    with refused() as caught:
        invoices.issue_invoice(invoice=row, on=TODAY, by=None)
    assert "Il manque le SIRET et l’adresse" in caught.value.sentence
    buyer.identifier, buyer.commune = "21690149600010", CommuneFactory()
    buyer.save()
    assert invoices.issue_invoice(invoice=row, on=TODAY, by=None).number == "F2026-0001"


def test_a_document_that_cannot_be_made_burns_no_number(agreement, quick_pdf, monkeypatch):
    row = ready(agreement)

    def broken(*_, **__):
        raise DomainError("Pas de papier.")

    monkeypatch.setattr("markets.services.invoices.fee_pdf", broken)
    with refused():
        invoices.issue_invoice(invoice=row, on=TODAY, by=None)
    row.refresh_from_db()
    assert (row.state, row.number) == (InvoiceState.READY, "")


def test_an_issued_invoice_keeps_what_it_said(agreement, quick_pdf):
    row = issued(agreement)
    buyer = agreement.buyer
    buyer.name = "Ville qui change de nom"
    buyer.save()
    services.correct_references(quote=row.quote, service_code="NOUVEAU", engagement_number="E2", by=None)
    row.refresh_from_db()
    assert row.snapshot["buyer"]["name"] != buyer.name
    assert row.snapshot["service_code"] == ""
    assert (row.snapshot["net"], row.snapshot["total"]) == ("1000.00", "1000.00")
    assert row.due_on == dt.date(2026, 2, 19)
    assert read_file(row.document).startswith(b"%PDF")


@pytest.mark.parametrize(
    ("kind", "due", "article"),
    [
        (BuyerKind.COMMUNE, dt.date(2026, 2, 19), "R2192-10"),
        (BuyerKind.HOSPITAL, dt.date(2026, 3, 11), "R2192-11"),
        (BuyerKind.PRIVATE, dt.date(2026, 2, 19), "L441-10"),
    ],
)
def test_the_days_to_pay_are_those_of_the_buyer_s_kind(agreement, quick_pdf, kind, due, article):
    agreement.buyer.kind = kind
    agreement.buyer.save()
    row = issued(agreement)
    assert row.due_on == due
    assert article in row.snapshot["terms"][0]


@pytest.mark.parametrize(
    "column",
    [
        "net = 1",
        "total = 1",
        "number = 'F2026-0009'",
        "sequence = 9",
        "snapshot = '{}'",
        "issued_on = '2026-02-01'",
    ],
)
def test_the_database_itself_refuses_to_change_a_numbered_invoice(agreement, quick_pdf, column):
    row = issued(agreement)
    with (
        pytest.raises(DatabaseError, match="ne change plus"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE markets_invoice SET {column} WHERE id = %s", [row.pk])


def test_the_database_itself_refuses_to_delete_a_numbered_invoice_and_lets_a_payment_in(agreement, quick_pdf):
    row = issued(agreement)
    with (
        pytest.raises(DatabaseError, match="ne change plus"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM markets_invoice WHERE id = %s", [row.pk])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE markets_invoice SET paid_on = '2026-02-01' WHERE id = %s", [row.pk])
    row.refresh_from_db()
    assert row.paid_on == dt.date(2026, 2, 1)


# --- Sending, paying, taking back ----------------------------------------------------------------------------


def test_a_sent_invoice_waits_for_the_buyer_until_it_is_paid(agreement, quick_pdf):
    row = issued(agreement)
    assert task(f"invoice:{row.pk}:send").turn == "house"
    row = invoices.record_sending(invoice=row, on=dt.date(2026, 1, 21), channel="chorus", by=None)
    assert row.state_label == "déposée"
    waiting = task(f"invoice:{row.pk}:paid")
    assert (waiting.turn, waiting.due_on, waiting.buyer) == ("buyer", dt.date(2026, 2, 19), agreement.buyer)
    row = invoices.record_payment(invoice=row, on=dt.date(2026, 2, 10), by=None)
    waiting.refresh_from_db()
    assert (row.state, waiting.is_open, waiting.done_on) == (InvoiceState.PAID, False, dt.date(2026, 2, 10))
    for gesture in (
        lambda: invoices.record_payment(invoice=row, on=TODAY, by=None),
        lambda: invoices.record_sending(invoice=row, on=TODAY, channel="post", by=None),
    ):
        with refused():
            gesture()


def test_a_payment_before_the_issue_or_to_come_is_refused(agreement, quick_pdf):
    row = issued(agreement)
    for on in (dt.date(2026, 1, 19), dt.date(2026, 3, 11)):
        with refused("on"):
            invoices.record_payment(invoice=row, on=on, by=None)
        with refused("on"):
            invoices.record_sending(invoice=row, on=on, channel="post", by=None)


def test_an_avoir_takes_an_invoice_back_in_its_own_series(agreement, quick_pdf):
    row = issued(agreement, amount="1800.01", vat_rate=Decimal(20))
    invoices.record_sending(invoice=row, on=dt.date(2026, 1, 21), channel="chorus", by=None)
    credit = invoices.cancel_invoice(
        invoice=row, on=dt.date(2026, 1, 25), reason="Code service erroné", replace=True, by=None
    )
    row.refresh_from_db()
    assert (credit.number, credit.net, credit.total) == (
        "A2026-0001",
        Decimal("-900.01"),
        Decimal("-1080.01"),
    )
    assert (row.number, row.state, credit.cancels) == ("F2026-0001", InvoiceState.CANCELLED, row)
    assert not task(f"invoice:{row.pk}:paid").is_open
    again = row.quote.invoices.get(kind=InvoiceKind.CALIBRATION, state=InvoiceState.READY)
    assert (again.net, again.ready_on) == (row.net, dt.date(2026, 1, 25))
    assert invoices.issue_invoice(invoice=again, on=dt.date(2026, 1, 26), by=None).number == "F2026-0002"
    assert list(invoices_add_up_to_their_quote()) == []
    assert list(invoice_numbers_have_no_gap()) == []


def test_an_invoice_is_taken_back_once_and_an_avoir_never(agreement, quick_pdf):
    row = issued(agreement)
    gesture = {"on": dt.date(2026, 1, 25), "reason": "x", "replace": False, "by": None}
    credit = invoices.cancel_invoice(invoice=row, **gesture)
    for wrong in (row, credit, ready(agreement)):
        with refused():
            invoices.cancel_invoice(invoice=wrong, **gesture)
    assert Invoice.objects.filter(kind=InvoiceKind.CREDIT).count() == 1
    assert row.quote.invoices.count() == 3


def test_an_avoir_is_paid_back_only_where_its_invoice_was_paid(agreement, quick_pdf):
    gesture = {"on": dt.date(2026, 1, 25), "reason": "x", "replace": True, "by": None}
    row = issued(agreement)
    credit = invoices.cancel_invoice(invoice=row, **gesture)
    with refused():
        invoices.record_payment(invoice=credit, on=dt.date(2026, 1, 26), by=None)
    again = row.quote.invoices.get(kind=InvoiceKind.CALIBRATION, state=InvoiceState.READY)
    again = invoices.issue_invoice(invoice=again, on=dt.date(2026, 1, 25), by=None)
    invoices.record_payment(invoice=again, on=dt.date(2026, 1, 25), by=None)
    credit = invoices.cancel_invoice(invoice=again, **gesture)
    credit = invoices.record_payment(invoice=credit, on=dt.date(2026, 1, 26), by=None)
    again.refresh_from_db()
    assert (again.net_paid, credit.net_paid, again.net_paid + credit.net_paid) == (again.net, -again.net, 0)


def test_a_half_that_will_never_be_invoiced_says_why(agreement, quick_pdf):
    row = ready(agreement)
    row = invoices.drop_invoice(invoice=row, reason="Opération abandonnée", by=None)
    assert (row.state, task(f"invoice:{row.pk}:issue").is_open) == (InvoiceState.DROPPED, False)
    with refused():
        invoices.drop_invoice(invoice=issued(agreement), reason="x", by=None)


def test_a_gap_and_a_wrong_total_that_came_in_by_another_door_are_told():
    quote = QuoteFactory(accepted=True, number="D2026-0042")
    InvoiceFactory(quote=quote, issued=True, sequence=3, number="F2026-0003", net=Decimal("900"))
    assert list(invoice_numbers_have_no_gap()) == ["Le numéro qui précède F2026-0003 manque."]
    assert list(invoices_add_up_to_their_quote()) == [
        "Les factures du devis D2026-0042 font 900\u202f€, pas son total."
    ]


# --- Paper ---------------------------------------------------------------------------------------------------


def test_the_documents_are_one_page_each_and_say_what_the_law_asks_for(agreement):
    row = issued(agreement, service_code="ACHATS", engagement_number="EJ-2026-7")
    credit = invoices.cancel_invoice(
        invoice=row, on=dt.date(2026, 1, 25), reason="Erreur de code", replace=False, by=None
    )
    texts = []
    for stored in (row.quote.document, row.document, credit.document):
        pages = PdfReader(io.BytesIO(read_file(stored))).pages
        assert len(pages) == 1
        texts.append(" ".join(pages[0].extract_text().split()).replace("\u202f", " "))
    quote, invoice, avoir = texts
    for text in texts:
        for words in (
            "Maison de l’emploi d’exemple",
            "SIRET 130 003 544 00033",
            agreement.buyer.name,
            "293 B",
        ):
            assert words in text
    for words in ("Devis", "D2026-0001", "2 000 €", "Bon pour accord", "Règlement en deux factures"):
        assert words in quote
    for words in (
        "F2026-0001",
        "du 20/01/2026",
        "ACHATS",
        "EJ-2026-7",
        "1 000 €",
        "À régler avant le 19/02/2026",
        "FR76 3000 6000 0112 3456 7890 189",
        "40 €",
        "Prestation de services",
    ):
        assert words in invoice
    assert "annule en totalité la facture F2026-0001 du 20/01/2026" in avoir
    assert "1 000 €" in avoir
