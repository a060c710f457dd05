"""A market of several buyers: those that it is shared with see it, and nothing of what its leader decides or keeps."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from clauses.ladder import Stage
from clauses.models import OfferGrid, Recommendation
from clauses.services.tenders import start_grid, write_assessment
from markets.enums import Turn
from markets.models import MarketDocument, Task
from markets.services.documents import save_document
from tests.factories import (
    MarketPartyFactory,
    MeetingFactory,
    TaskFactory,
    make_escalation,
    make_recommendation,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def market(cast):
    """Led by A, shared with B."""
    market = cast.commitment_a.market
    MarketPartyFactory(market=market, buyer=cast.buyer_b, share=Decimal(40))
    return market


def statuses(client, addresses):
    found = set()
    for address in addresses:
        for ask in (client.get, client.post):
            response = ask(address)
            found.add(response.status_code)
            response.close()
    return found


def test_the_bids_are_read_by_the_leader_only(cast, market, signed_in):
    lot = cast.commitment_a.clause.lot
    grid = start_grid(lot=lot, by=None)
    write_assessment(grid=grid, bidder="Soumissionnaire secret", points={}, by=None)
    addresses = [reverse(name, args=[lot.pk]) for name in ("offer_grid", "offer_report")]
    assert signed_in(cast.buyer_user_a).get(addresses[0]).status_code == 200
    other = signed_in(cast.buyer_user_b)
    assert statuses(other, addresses) == {404}
    assert not OfferGrid.objects.visible_to(cast.buyer_user_b).exists()
    page = other.get(reverse("market_preparation", args=[market.pk])).text
    assert "lu par le donneur d’ordre qui le conduit, Ville d’Alpha" in page
    assert "offer" not in page and "analyse/" not in page


def test_the_papers_of_the_market_are_its_leader_s_to_read_and_to_give(cast, market, signed_in):
    document = save_document(
        document=MarketDocument(market=market, kind="technical"),
        file=SimpleUploadedFile("cctp.pdf", b"%PDF-1.7 cctp"),
        by=cast.facilitator,
    )
    addresses = [
        reverse("market_documents", args=[market.pk]),
        reverse("document_create", args=[market.pk]),
        reverse("document_edit", args=[document.pk]),
        reverse("file_download", args=[document.file_id]),
    ]
    assert statuses(signed_in(cast.buyer_user_b), addresses) == {404}
    response = signed_in(cast.buyer_user_a).get(addresses[-1])
    response.close()
    assert response.status_code == 200
    assert MarketDocument.objects.get().history.count() == document.history.count()


def test_the_house_s_advice_is_answered_by_the_leader(cast, market, signed_in):
    row = make_recommendation(market, cast.facilitator, sent=True)
    addresses = [reverse(f"recommendation_{name}", args=[row.pk]) for name in ("detail", "answer")]
    assert signed_in(cast.buyer_user_a).get(addresses[1]).status_code == 200
    assert statuses(signed_in(cast.buyer_user_b), addresses) == {404}
    assert Recommendation.objects.get().answered_on is None


def test_what_waits_for_the_leader_is_not_told_to_the_others_but_the_meetings_are(cast, market):
    escalation = make_escalation(cast.commitment_a, upto=Stage.TO_APPROVE)
    letter = TaskFactory(key=f"escalation:{escalation.pk}:to_approve", market=market, turn=Turn.BUYER)
    launch = MeetingFactory(key=f"market:{market.pk}:launch", market=market, turn=Turn.HOUSE)
    tripartite = MeetingFactory(key=f"escalation:{escalation.pk}:meeting", market=market, turn=Turn.HOUSE)
    for leader in (cast.buyer_user_a, cast.limited_a):
        assert set(Task.objects.visible_to(leader)) == {letter, launch, tripartite}
    assert set(Task.objects.visible_to(cast.buyer_user_b)) == {launch}
