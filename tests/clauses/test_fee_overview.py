"""What a buyer paid and what it has of the hours: an avoir paid back, a half given up, a market shared by several."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from markets.models import Invoice, Operation
from tests.factories import (
    AgreementFactory,
    CommitmentFactory,
    InvoiceFactory,
    MarketFactory,
    MarketPartyFactory,
    QuoteFactory,
)

pytestmark = pytest.mark.django_db
T = "\u202f"


def avoir_of(invoice, **values):
    """The credit note of an invoice, which it cancels."""
    Invoice.objects.filter(pk=invoice.pk).update(state="cancelled")
    more = {"kind": "credit", "cancels": invoice, "net": -invoice.net, "issued": True, "series": "A"}
    return InvoiceFactory(quote=invoice.quote, number=f"A2026-{invoice.pk:04d}", **{**more, **values})


def sums(client, agreement):
    shown = client.get(reverse("buyer_fees", args=[agreement.buyer_id])).context["sums"]
    overview = client.get(reverse("agreement_fees", args=[agreement.pk])).context["totals"]
    return [(figure, note) for figure, _, note in shown[1:]], overview["invoiced"], overview["paid"]


def test_an_avoir_paid_back_leaves_nothing_paid_and_never_less(cast, signed_in):
    agreement = AgreementFactory(buyer=cast.buyer_a)
    quote = QuoteFactory(
        agreement=agreement, market=cast.commitment_a.market, accepted=True, amount=Decimal(1250)
    )
    half = {"quote": quote, "net": Decimal(625)}
    paid = {"state": "paid", "paid_on": dt.date(2026, 2, 1)}
    first = InvoiceFactory(issued=True, **half, **paid)
    InvoiceFactory(kind="completion", state="upcoming", ready_on=None, **half)
    client = signed_in(cast.facilitator)
    to_come = f"625{T}€ à facturer"
    assert sums(client, agreement) == (
        [(f"625{T}€", to_come), (f"625{T}€", f"0{T}€ attendus")], 625, 625,
    )  # fmt: skip
    credit = avoir_of(first)
    # 625 € were paid for nothing: the house owes them.
    assert sums(client, agreement) == (
        [(f"0{T}€", to_come), (f"625{T}€", f"625{T}€ à rembourser")], 0, 625,
    )  # fmt: skip
    Invoice.objects.filter(pk=credit.pk).update(**paid)
    assert sums(client, agreement) == ([(f"0{T}€", to_come), (f"0{T}€", f"0{T}€ attendus")], 0, 0)


def test_the_avoir_of_an_invoice_that_was_never_paid_gives_nothing_back(cast, signed_in):
    agreement = AgreementFactory(buyer=cast.buyer_a)
    quote = QuoteFactory(agreement=agreement, market=cast.commitment_a.market, accepted=True)
    avoir_of(InvoiceFactory(quote=quote, issued=True), state="paid", paid_on=dt.date(2026, 2, 1))
    found, invoiced, paid = sums(signed_in(cast.facilitator), agreement)
    assert (invoiced, paid, found[1]) == (0, 0, (f"0{T}€", f"0{T}€ attendus"))


def test_a_half_that_is_given_up_is_not_to_be_invoiced(cast, signed_in):
    agreement = AgreementFactory(buyer=cast.buyer_a)
    quote = QuoteFactory(
        agreement=agreement, market=cast.commitment_a.market, accepted=True, amount=Decimal(2000)
    )
    InvoiceFactory(quote=quote, issued=True)
    InvoiceFactory(quote=quote, kind="completion", state="dropped", ready_on=None)
    found, invoiced, _ = sums(signed_in(cast.facilitator), agreement)
    assert (invoiced, found[0]) == (1000, (f"1{T}000{T}€", f"0{T}€ à facturer"))
    # A buyer reads what was sent to it: it is not told what is to come.
    page = signed_in(cast.buyer_user_a).get(reverse("buyer_fees", args=[agreement.buyer_id]))
    assert "à facturer" not in page.text


def test_of_a_shared_market_a_buyer_s_participation_stands_beside_its_own_hours(cast, signed_in):
    # 500 h engaged on a market of A, 40 % for B: 300 h and 200 h, as on their dashboards.
    market = MarketFactory(buyer=cast.buyer_a, reference="GC-2026")
    CommitmentFactory(market=market, hours=500)
    MarketPartyFactory(market=market, buyer=cast.buyer_b, share=Decimal(40))
    client = signed_in(cast.facilitator)
    for buyer, engaged, part in ((cast.buyer_a, 300, "60"), (cast.buyer_b, 200, "40")):
        agreement = AgreementFactory(buyer=buyer)
        page = client.get(reverse("agreement_fees", args=[agreement.pk]))
        (line,) = [line for line in page.context["lines"] if line.market == market]
        assert line.figures.engaged == engaged
        assert f"marché partagé, part de {part}{T}%" in page.text


def test_the_hours_of_an_operation_are_those_of_its_marches_subsequents_too(cast, signed_in):
    agreement = AgreementFactory(buyer=cast.buyer_a)
    operation = Operation.objects.create(buyer=cast.buyer_a, name="Quartier neuf")
    framework = MarketFactory(buyer=cast.buyer_a, operation=operation)
    CommitmentFactory(market=MarketFactory(buyer=cast.buyer_a, parent=framework), hours=120)
    QuoteFactory(agreement=agreement, operation=operation, accepted=True)
    page = signed_in(cast.facilitator).get(reverse("agreement_fees", args=[agreement.pk]))
    lines = {line.label: line for line in page.context["lines"]}
    assert lines["Opération Quartier neuf"].figures.engaged == 120
