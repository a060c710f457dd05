"""Pages of conventions and fees: who reads and who writes, what was typed is kept, exports, same queries for any length."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from core.files import store_file
from markets.enums import AgreementIndicator, InvoiceState, QuoteState
from markets.models import Agreement, AgreementAmendment, FeeReview, House, Invoice, Operation, Quote
from markets.services import fees as services
from tests.factories import (
    AgreementFactory,
    BuyerFactory,
    CommitmentFactory,
    ContactFactory,
    FeeReviewFactory,
    HouseFactory,
    InvoiceFactory,
    MarketFactory,
    QuoteFactory,
)

pytestmark = pytest.mark.django_db
THIN = "\u202f"
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
TODAY = timezone.localdate()


@pytest.fixture
def quick_pdf(monkeypatch):
    monkeypatch.setattr("markets.services.fees.fee_pdf", lambda *_, **__: PDF)
    monkeypatch.setattr("markets.services.invoices.fee_pdf", lambda *_, **__: PDF)
    monkeypatch.setattr("markets.services.invoices.pdf_available", lambda: True)


@pytest.fixture
def world(cast):
    """Either buyer with an agreement, its avenant, its amount, and a quote and an invoice of each kind."""
    rows = {}
    for side, buyer, market in (
        ("Alpha", cast.buyer_a, cast.commitment_a.market),
        ("Bravo", cast.buyer_b, cast.commitment_b.market),
    ):
        signed = store_file(kind="agreement", name=f"convention-{side}.pdf", content=PDF, user=None)
        agreement = AgreementFactory(
            buyer=buyer, reference=f"Convention {side}", document=signed, notes=f"Secret de maison {side}"
        )
        AgreementAmendment.objects.create(
            agreement=agreement, number=1, effective_on=dt.date(2025, 1, 1), subject=f"Objet {side}"
        )
        FeeReviewFactory(agreement=agreement, reason=f"Motif {side}")
        paper = store_file(kind="invoice", name=f"facture-{side}.pdf", content=PDF, user=None)
        sent_paper = store_file(kind="quote", name=f"devis-{side}.pdf", content=PDF, user=None)
        accepted = QuoteFactory(agreement=agreement, market=market, accepted=True, document=sent_paper)
        rows[side] = {
            "agreement": agreement,
            "draft": QuoteFactory(agreement=agreement, market=market, subject=f"Brouillon {side}"),
            "sent": QuoteFactory(agreement=agreement, market=market, sent=True),
            "accepted": accepted,
            "ready": InvoiceFactory(quote=accepted, kind="completion"),
            "issued": InvoiceFactory(quote=accepted, issued=True, document=paper),
            "files": [signed, paper, sent_paper],
        }
    return SimpleNamespace(**vars(cast), rows=rows)


# --- Who reads -----------------------------------------------------------------------------------------------


def test_a_buyer_sees_its_agreement_and_what_was_sent_to_it_a_company_and_a_limited_account_nothing(world):
    mine = world.rows["Alpha"]
    user = world.buyer_user_a
    assert set(Agreement.objects.visible_to(user)) == {mine["agreement"]}
    assert set(AgreementAmendment.objects.visible_to(user)) == set(mine["agreement"].amendments.all())
    assert set(FeeReview.objects.visible_to(user)) == set(mine["agreement"].fee_reviews.all())
    assert set(Quote.objects.visible_to(user)) == {mine["sent"], mine["accepted"]}
    assert set(Invoice.objects.visible_to(user)) == {mine["issued"]}
    for other in (world.company_user_a, world.limited_a):
        for model in (Agreement, AgreementAmendment, FeeReview, Quote, Invoice):
            assert not model.objects.visible_to(other).exists(), model
    for model in (Agreement, AgreementAmendment, FeeReview, Quote, Invoice):
        assert model.objects.visible_to(world.facilitator).count() == model.objects.count()


def pages_of(world, side):
    rows = world.rows[side]
    return {
        "buyer_agreement": rows["agreement"].buyer_id,
        "agreement_detail": rows["agreement"].pk,
        "buyer_fees": rows["agreement"].buyer_id,
        "market_fees": rows["accepted"].market_id,
        "quote_detail": rows["accepted"].pk,
        "invoice_detail": rows["issued"].pk,
    }


def test_no_word_of_another_buyer_and_no_remark_of_the_house_on_any_page(world, signed_in):
    client = signed_in(world.buyer_user_a)
    pages = [reverse(name, args=[pk]) for name, pk in pages_of(world, "Alpha").items()]
    for page in [*pages, reverse("agreement_list")]:
        text = client.get(page).content.decode()
        assert "Alpha" in text, page
        for hidden in ("Bravo", "BRAVO", "Secret de maison", "Brouillon", "Modifier", "Préparer un devis"):
            assert hidden not in text, (page, hidden)


def test_the_pages_of_another_buyer_a_draft_and_what_is_not_issued_are_not_found(world, signed_in):
    client = signed_in(world.buyer_user_a)
    for name, pk in pages_of(world, "Bravo").items():
        assert client.get(reverse(name, args=[pk])).status_code == 404, name
    mine = world.rows["Alpha"]
    assert client.get(reverse("quote_detail", args=[mine["draft"].pk])).status_code == 404
    assert client.get(reverse("invoice_detail", args=[mine["ready"].pk])).status_code == 404


def test_an_account_limited_to_a_department_reads_no_agreement_and_an_empty_tab_of_its_market(
    world, signed_in
):
    client = signed_in(world.limited_a)
    for name, pk in pages_of(world, "Alpha").items():
        wanted = 200 if name == "market_fees" else 404
        assert client.get(reverse(name, args=[pk])).status_code == wanted, name
    text = client.get(reverse("market_fees", args=[world.commitment_a.market_id])).content.decode()
    assert "Rien n’a été envoyé" in text
    assert world.rows["Alpha"]["issued"].number not in text


def test_documents_open_to_those_who_read_their_pages(world, signed_in):
    readers = {world.buyer_user_a: 200, world.facilitator: 200, world.buyer_user_b: 404, world.limited_a: 404}
    for user, status in (readers | {world.company_user_a: 404}).items():
        client = signed_in(user)
        for stored in world.rows["Alpha"]["files"]:
            response = client.get(reverse("file_download", args=[stored.pk]))
            assert response.status_code == status, (user, stored.kind)
            response.close()


# --- Agreements ----------------------------------------------------------------------------------------------


def typed_agreement(**values):
    return {
        "reference": "Convention 2030",
        "starts_on": "25/7/2030",
        "ends_on": "24 juillet 2034",
        "notice_months": "3",
        "letter_delay_days": "15",
        "indicators": AgreementIndicator.values,
    } | values


def test_an_agreement_is_entered_with_its_document(cast, signed_in):
    client = signed_in(cast.admin)
    contact = ContactFactory(buyer=cast.buyer_a)
    form = client.get(reverse("agreement_create", args=[cast.buyer_a.pk])).context["form"]
    assert form["indicators"].value() == AgreementIndicator.values
    response = client.post(
        reverse("agreement_create", args=[cast.buyer_a.pk]),
        typed_agreement(
            buyer_referent=contact.pk,
            house_referent=cast.facilitator.pk,
            upload=SimpleUploadedFile("convention.pdf", PDF),
        ),
        follow=True,
    )
    row = Agreement.objects.get()
    assert (row.ends_on, row.buyer_referent, row.document.name) == (
        dt.date(2034, 7, 24),
        contact,
        "convention.pdf",
    )
    assert "Convention 2030" in response.content.decode()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"ends_on": "24/07/2029"}, "ends_on"),
        ({"starts_on": "32/13/2030"}, "starts_on"),
        ({"starts_on": "31/12/2027"}, "starts_on"),
        ({"letter_delay_days": "0"}, "letter_delay_days"),
        ({"notice_months": "99"}, "notice_months"),
        ({"buyer_referent": "other"}, "buyer_referent"),
        ({"upload": SimpleUploadedFile("convention.pdf", b"MZ\x90\x00\x00\x00")}, "upload"),
    ],
)
def test_a_wrong_agreement_is_said_beside_its_field_and_what_was_typed_is_kept(
    cast, signed_in, values, field
):
    AgreementFactory(buyer=cast.buyer_a)
    if values.get("buyer_referent"):
        values = {"buyer_referent": ContactFactory(buyer=cast.buyer_b).pk}
    response = signed_in(cast.admin).post(
        reverse("agreement_create", args=[cast.buyer_a.pk]), typed_agreement(**values)
    )
    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert "Convention 2030" in response.content.decode()
    assert Agreement.objects.count() == 1


def test_an_avenant_then_its_signed_document_then_a_termination(cast, signed_in):
    client = signed_in(cast.admin)
    row = AgreementFactory(buyer=cast.buyer_a, ends_on=TODAY + dt.timedelta(days=400))
    end = TODAY + dt.timedelta(days=500)
    client.post(
        reverse("amendment_create", args=[row.pk]),
        {"subject": "Prolongation", "effective_on": f"{TODAY:%d/%m/%Y}", "new_ends_on": f"{end:%d/%m/%Y}"},
    )
    row.refresh_from_db()
    assert row.ends_on == end
    amendment = row.amendments.get()
    client.post(
        reverse("amendment_document", args=[amendment.pk]),
        {"signed_on": f"{TODAY:%d/%m/%Y}", "upload": SimpleUploadedFile("avenant.pdf", PDF)},
    )
    amendment.refresh_from_db()
    assert (amendment.signed_on, amendment.document.name) == (TODAY, "avenant.pdf")
    typed = {
        "notified_on": f"{TODAY:%d/%m/%Y}",
        "on": f"{TODAY + dt.timedelta(days=30):%d/%m/%Y}",
        "reason": "Manquement",
    }
    refused = client.post(reverse("agreement_terminate", args=[row.pk]), typed)
    assert "Le préavis est de 3 mois" in refused.content.decode()
    page = client.post(
        reverse("agreement_terminate", args=[row.pk]), typed | {"short_notice": "on"}, follow=True
    )
    assert "avant le préavis de 3 mois" in page.content.decode()


def test_the_list_of_agreements_filters_by_state(cast, signed_in):
    days = dt.timedelta
    spans = {
        "upcoming": (TODAY + days(10), TODAY + days(900)),
        "in_force": (TODAY - days(10), TODAY + days(900)),
        "notice_near": (TODAY - days(900), TODAY + days(100)),
        "ended": (TODAY - days(900), TODAY - days(10)),
    }
    rows = {
        name: AgreementFactory(buyer=BuyerFactory(), starts_on=first, ends_on=last)
        for name, (first, last) in spans.items()
    }
    rows["terminated"] = AgreementFactory(
        buyer=BuyerFactory(), starts_on=TODAY - days(90), ends_on=TODAY + days(900), terminated_on=TODAY
    )
    client = signed_in(cast.facilitator)
    for name, row in rows.items():
        text = client.get(reverse("agreement_list"), {"state": name}).content.decode()
        assert reverse("agreement_detail", args=[row.pk]) in text, name
        assert "1 résultat" in text, name


# --- Quotes and invoices -------------------------------------------------------------------------------------


def typed_quote(agreement, market, **values):
    return {
        "agreement": agreement.pk,
        "market": market.pk,
        "subject": "Participation",
        "amount": "1 800,01 €",
        "vat_rate": "0",
        "dated_on": f"{TODAY:%d/%m/%Y}",
    } | values


@pytest.fixture
def buyer_with_agreement(cast):
    cast.buyer_a.address = "Place de la Mairie"
    cast.buyer_a.save()
    HouseFactory(invoicing=True)
    return AgreementFactory(
        buyer=cast.buyer_a,
        starts_on=TODAY - dt.timedelta(days=400),
        ends_on=TODAY + dt.timedelta(days=400),
    )


def test_a_facilitator_prepares_a_draft_from_the_amount_of_reference_and_the_admin_sends_it(
    cast, signed_in, buyer_with_agreement, quick_pdf
):
    market = cast.commitment_a.market
    FeeReviewFactory(agreement=buyer_with_agreement, year=TODAY.year - 1, amount=Decimal("2300"))
    client = signed_in(cast.facilitator)
    address = reverse("quote_create", args=[cast.buyer_a.pk])
    form = client.get(address, {"marche": market.pk}).context["form"]
    assert (form["amount"].value(), form["market"].value()) == ("2300", market.pk)
    client.post(address, typed_quote(buyer_with_agreement, market))
    quote = Quote.objects.get()
    assert (quote.amount, quote.state, quote.created_by) == (
        Decimal("1800.01"),
        QuoteState.DRAFT,
        cast.facilitator,
    )
    assert client.post(reverse("quote_send", args=[quote.pk]), {"on": "1/1/26"}).status_code == 403
    admin = signed_in(cast.admin)
    admin.post(reverse("quote_send", args=[quote.pk]), {"on": f"{TODAY:%d/%m/%Y}"})
    quote.refresh_from_db()
    assert quote.number == f"D{TODAY.year}-0001"


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("-5", "Un devis va de 1 €"),
        ("0", "Un devis va de 1 €"),
        ("1e17", "n’est pas un montant"),
        ("100000000000000000", "dépasse tout montant possible"),
        ("20000000", "Un devis va de 1 €"),
        ("mille", "n’est pas un montant"),
        ("12,345", "plus de deux décimales"),
        ("", "obligatoire"),
    ],
)
def test_a_wrong_amount_is_said_and_kept(cast, signed_in, buyer_with_agreement, amount, words):
    response = signed_in(cast.facilitator).post(
        reverse("quote_create", args=[cast.buyer_a.pk]),
        typed_quote(buyer_with_agreement, cast.commitment_a.market, amount=amount),
    )
    assert response.status_code == 200
    (sentence,) = response.context["form"].errors["amount"]
    assert words in sentence
    assert f'value="{amount}"' in response.content.decode() or amount == ""
    assert not Quote.objects.exists()


def test_a_market_of_another_buyer_and_a_rate_over_100_are_refused(cast, signed_in, buyer_with_agreement):
    response = signed_in(cast.facilitator).post(
        reverse("quote_create", args=[cast.buyer_a.pk]),
        typed_quote(buyer_with_agreement, cast.commitment_b.market, vat_rate="120"),
    )
    assert {"market", "vat_rate"} <= response.context["form"].errors.keys()
    assert "Bravo" not in response.content.decode()


def test_a_quote_goes_from_its_draft_to_its_payment_through_the_pages(
    cast, signed_in, buyer_with_agreement, quick_pdf
):
    client, today = signed_in(cast.admin), f"{TODAY:%d/%m/%Y}"
    quote = QuoteFactory(agreement=buyer_with_agreement, market=cast.commitment_a.market, dated_on=TODAY)

    def post(name, pk, **typed):
        response = client.post(reverse(name, args=[pk]), typed, follow=True)
        assert response.redirect_chain, (name, response.context["form"].errors)
        return response.content.decode()

    post("quote_send", quote.pk, on=today)
    post("quote_answer", quote.pk, accepted="oui", on=today, service_code="ACHATS", engagement_number="EJ-1")
    assert "émettre la facture" in post("quote_calibration", quote.pk, on=today)
    post("quote_references", quote.pk, service_code="ACHATS-2", engagement_number="EJ-2")
    first = Invoice.objects.get(kind="calibration")
    assert f"F{TODAY.year}-0001" in post("invoice_issue", first.pk, on=today)
    post("invoice_send", first.pk, on=today, channel="chorus")
    assert "payée" in post("invoice_pay", first.pk, on=today)
    post("quote_completion", quote.pk, on=today, cause="final_bilan")
    second = Invoice.objects.get(kind="completion")
    post("invoice_issue", second.pk, on=today)
    text = post("invoice_cancel", second.pk, on=today, reason="Erreur", replace="on")
    assert f"A{TODAY.year}-0001" in text
    again = Invoice.objects.get(kind="completion", state=InvoiceState.READY)
    assert "sans suite" in post("invoice_drop", again.pk, reason="Abandon")
    first.refresh_from_db()
    assert first.snapshot["service_code"] == "ACHATS-2"
    # The whole of it is read by the buyer.
    text = signed_in(cast.buyer_user_a).get(reverse("buyer_fees", args=[cast.buyer_a.pk])).content.decode()
    for number in (
        f"D{TODAY.year}-0001",
        f"F{TODAY.year}-0001",
        f"F{TODAY.year}-0002",
        f"A{TODAY.year}-0001",
    ):
        assert number in text


def test_a_refusal_of_the_service_stands_beside_its_field(cast, signed_in, buyer_with_agreement, quick_pdf):
    client = signed_in(cast.admin)
    quote = QuoteFactory(agreement=buyer_with_agreement, market=cast.commitment_a.market, dated_on=TODAY)
    tomorrow = TODAY + dt.timedelta(days=1)
    response = client.post(reverse("quote_send", args=[quote.pk]), {"on": f"{tomorrow:%d/%m/%Y}"})
    assert "aujourd’hui au plus tard" in response.context["form"].errors["on"][0]
    House.objects.get().delete()
    response = client.post(reverse("quote_send", args=[quote.pk]), {"on": f"{TODAY:%d/%m/%Y}"})
    assert "complétez Réglages" in response.content.decode()


def test_a_draft_is_previewed_and_thrown_away(cast, signed_in, buyer_with_agreement, monkeypatch):
    monkeypatch.setattr("markets.views.fees.fee_pdf", lambda *_, **__: PDF)
    client = signed_in(cast.facilitator)
    quote = QuoteFactory(agreement=buyer_with_agreement, market=cast.commitment_a.market)
    response = client.get(reverse("quote_preview", args=[quote.pk]))
    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
    assert client.post(reverse("quote_discard", args=[quote.pk])).status_code == 302
    assert not Quote.objects.exists()


def test_a_quote_without_agreement_leads_to_the_agreement(cast, signed_in):
    response = signed_in(cast.facilitator).get(reverse("quote_create", args=[cast.buyer_a.pk]))
    assert response.url == reverse("buyer_agreement", args=[cast.buyer_a.pk])


def test_an_amount_of_reference_is_reviewed_each_year_once(cast, signed_in, buyer_with_agreement):
    client = signed_in(cast.admin)
    address = reverse("fee_review_create", args=[buyer_with_agreement.pk])
    typed = {"year": str(TODAY.year), "amount": "2 300", "reason": "Deux marchés de plus"}
    assert client.post(address, typed).status_code == 302
    response = client.post(address, typed)
    assert "déjà inscrit" in response.context["form"].errors["year"][0]
    review = FeeReview.objects.get()
    client.post(reverse("fee_review_edit", args=[review.pk]), typed | {"amount": "2 400 €"})
    review.refresh_from_db()
    assert review.amount == Decimal("2400.00")


# --- House ---------------------------------------------------------------------------------------------------


def test_the_house_s_bank_details_are_checked(cast, signed_in):
    client, house = signed_in(cast.admin), HouseFactory()
    typed = {"name": house.name, "siret": house.siret, "vat_rate": "5,5 %"}
    good = {"iban": "FR76 3000 6000 0112 3456 7890 189", "bic": "agri frpp"}
    response = client.post(
        reverse("house_settings"), typed | {"iban": "FR76 3000 6000 0112 3456 7890 188", "bic": "X"}
    )
    assert {"iban", "bic"} == response.context["form"].errors.keys()
    assert client.post(reverse("house_settings"), typed | good).status_code == 302
    house.refresh_from_db()
    assert (house.iban, house.bic, house.vat_rate) == (
        "FR7630006000011234567890189",
        "AGRIFRPP",
        Decimal("5.50"),
    )
    response = client.post(reverse("house_settings"), typed | {"vat_rate": "120"})
    assert "vat_rate" in response.context["form"].errors


# --- The list and its export ---------------------------------------------------------------------------------


def test_the_list_totals_what_it_shows_and_filters_by_state_year_and_buyer(world, signed_in):
    client, address = signed_in(world.facilitator), reverse("fee_list")
    mine = world.rows["Alpha"]
    assert f"4{THIN}000" in client.get(address).content.decode()
    for filters, total in (
        ({"state": "ready"}, f"2{THIN}000"),
        ({"year": "2026"}, f"2{THIN}000"),
        ({"buyer": world.buyer_a.pk}, f"2{THIN}000"),
        ({"buyer": world.buyer_a.pk, "year": "2026"}, f"1{THIN}000"),
        ({"q": mine["issued"].number}, f"1{THIN}000"),
        ({"late": "on"}, f"2{THIN}000"),
    ):
        text = client.get(address, filters).content.decode()
        assert total in text.split("<tfoot")[1], filters


def test_the_export_holds_what_accounting_needs_and_no_formula(world, signed_in):
    quote = world.rows["Alpha"]["accepted"]
    quote.service_code, quote.engagement_number = "=CMD()", "+33"
    quote.save()
    client = signed_in(world.admin)
    response = client.get(reverse("fee_list"), {"export": "csv", "buyer": world.buyer_a.pk, "year": "2026"})
    header, line = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert header.split(";") == [
        "Facture",
        "Émise le",
        "Donneur d’ordre",
        "SIRET",
        "Moitié",
        "Marché ou opération",
        "Objet",
        "Devis",
        "Code service",
        "Numéro d’engagement",
        "Hors taxes (€)",
        "Taux de TVA",
        "TVA (€)",
        "Total (€)",
        "État",
        "À payer avant le",
        "Transmise le",
        "Payée le",
    ]
    cells = line.split(";")
    assert cells[1:4] == ["15/01/2026", "Ville d’Alpha", world.buyer_a.identifier]
    assert cells[8:10] == ["'=CMD()", "'+33"]
    assert cells[10:15] == ["1000,00", "0,00", "0,00", "1000,00", "émise"]
    response = client.get(reverse("fee_list"), {"export": "xlsx", "buyer": world.buyer_a.pk})
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(response.streaming_content)))
    rows = workbook.get_sheet_by_index(0).to_python()
    response.close()
    assert len(rows) == 3
    assert {row[8] for row in rows[1:]} == {"=CMD()"}
    assert rows[1][10] + rows[2][10] == 2000


# --- Beside the hours ----------------------------------------------------------------------------------------


def test_the_participation_stands_beside_the_hours_and_an_operation_s_hours_are_counted_once(cast, signed_in):
    agreement = AgreementFactory(buyer=cast.buyer_a)
    operation = Operation.objects.create(buyer=cast.buyer_a, name="Quartier neuf")
    market = cast.other_commitment_a.market
    market.operation = operation
    market.save()
    whole = QuoteFactory(agreement=agreement, operation=operation, accepted=True, amount=Decimal("3000"))
    QuoteFactory(agreement=agreement, market=market, accepted=True, amount=Decimal("500"))
    InvoiceFactory(quote=whole, issued=True, net=Decimal("1500"), state="paid", paid_on=dt.date(2026, 2, 1))
    response = signed_in(cast.facilitator).get(reverse("agreement_fees", args=[agreement.pk]))
    lines = {line.label: line for line in response.context["lines"]}
    assert [line.accepted for line in response.context["lines"]] == [3000, 500, 0]
    assert lines["Opération Quartier neuf"].figures.engaged == 321
    assert lines["Opération Quartier neuf"].paid == 1500
    # The 321 h of the operation's market, once, and the 800 h of the market without a quote.
    assert response.context["whole"].engaged == 1121
    assert response.context["totals"] == {"quoted": 3500, "accepted": 3500, "invoiced": 1500, "paid": 1500}


# --- Queries -------------------------------------------------------------------------------------------------


def count(client, url):
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
        if response.streaming:
            b"".join(response.streaming_content)
            response.close()
    assert response.status_code == 200, url
    return len(queries), [query["sql"][:160] for query in queries.captured_queries]


def test_pages_ask_as_often_for_one_row_as_for_six_and_at_most_twelve_times(cast, signed_in):
    buyer = cast.buyer_a
    agreement = AgreementFactory(buyer=buyer, buyer_referent=ContactFactory(buyer=buyer))
    years = iter(range(2024, 2040))
    market = cast.commitment_a.market

    def more():
        quote = QuoteFactory(agreement=agreement, market=market, accepted=True)
        other = QuoteFactory(agreement=agreement, market=MarketFactory(buyer=buyer), accepted=True)
        CommitmentFactory(market=other.market)
        for row in (quote, other):
            InvoiceFactory(quote=row, issued=True)
            InvoiceFactory(quote=row, kind="completion", state="upcoming", ready_on=None)
        year = next(years)
        FeeReviewFactory(agreement=agreement, year=year)
        AgreementAmendment.objects.create(
            agreement=agreement,
            number=year - 2023,
            effective_on=dt.date(2025, 1, 1),
            subject="x",
            document=store_file(kind="agreement", name="a.pdf", content=PDF, user=None),
        )
        AgreementFactory(buyer=BuyerFactory())

    pages = {
        cast.admin: [
            reverse("agreement_list"),
            reverse("agreement_list") + "?export=csv",
            reverse("fee_list"),
            reverse("fee_list") + "?export=xlsx",
            reverse("buyer_agreement", args=[buyer.pk]),
            reverse("buyer_fees", args=[buyer.pk]),
            reverse("market_fees", args=[market.pk]),
            reverse("agreement_fees", args=[agreement.pk]),
        ],
        cast.buyer_user_a: [
            reverse("agreement_list"),
            reverse("buyer_agreement", args=[buyer.pk]),
            reverse("buyer_fees", args=[buyer.pk]),
            reverse("market_fees", args=[market.pk]),
        ],
    }
    more()
    first = {}
    for user, urls in pages.items():
        client = signed_in(user)
        client.get(urls[0])
        first |= {(user.pk, url): count(client, url) for url in urls}
    for _ in range(5):
        more()
    for user, urls in pages.items():
        client = signed_in(user)
        client.get(urls[0])
        for url in urls:
            asked, queries = count(client, url)
            assert asked == first[(user.pk, url)][0], (url, queries)
            assert asked <= 12, (url, asked, queries)


def test_a_second_half_released_by_closing_is_told_in_the_market_s_file(cast, signed_in, quick_pdf):
    HouseFactory(invoicing=True)
    market = cast.commitment_a.market
    agreement = AgreementFactory(buyer=cast.buyer_a)
    quote = QuoteFactory(agreement=agreement, market=market, sent=True)
    services.answer_quote(quote=quote, accepted=True, on=dt.date(2026, 1, 10), by=None)
    client = signed_in(cast.facilitator)
    client.post(reverse("market_close", args=[market.pk]), {"on": f"{TODAY:%d/%m/%Y}"})
    text = client.get(reverse("market_fees", args=[market.pk])).content.decode()
    assert text.count("prête") == 2
