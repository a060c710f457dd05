"""Pages ask the database as often for one row as for six, and at most twelve times."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import (
    AssignmentFactory,
    AwardFactory,
    BuyerFactory,
    BuyerMembershipFactory,
    ClauseFactory,
    CommitmentChangeFactory,
    CommitmentFactory,
    CommuneFactory,
    CompanyFactory,
    CompanyKindFactory,
    CompanyMembershipFactory,
    ContactFactory,
    CpvCodeFactory,
    DepartmentFactory,
    HoursEntryFactory,
    LotFactory,
    MarketFactory,
    ResponsibilityFactory,
)

pytestmark = pytest.mark.django_db
MOST = 12


def count(client, url):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = client.get(url)
        if response.streaming:
            b"".join(response.streaming_content)
            response.close()
    assert response.status_code == 200, url
    return len(queries), [query["sql"][:200] for query in queries.captured_queries]


@pytest.fixture
def world(cast):
    """Everything the pages hang on, and a function that adds one more of everything."""
    buyer = BuyerFactory(commune=CommuneFactory())
    company = CompanyFactory(commune=CommuneFactory())
    market = MarketFactory(buyer=buyer, commune=CommuneFactory())
    lot = LotFactory(market=market)
    clause = ClauseFactory(lot=lot, kind="voluntary")
    commitment = CommitmentFactory(market=market, company=company)
    kinds = iter(("EI", "ETTI", "ACI", "AI", "GEIQ", "EA", "ESAT"))
    member, employee = (
        BuyerMembershipFactory(buyer=buyer).user,
        CompanyMembershipFactory(company=company).user,
    )

    def more():
        other = MarketFactory(buyer=buyer, department=DepartmentFactory(buyer=buyer))
        ResponsibilityFactory(market=other, facilitator=cast.facilitator)
        added = CommitmentFactory(market=other, company=company)
        HoursEntryFactory(assignment=AssignmentFactory(commitment=added), counted=True)
        CommitmentFactory(lot=LotFactory(market=market), company=CompanyFactory())
        AwardFactory(lot=lot)
        CommitmentFactory(clause=clause, award=AwardFactory(lot=lot))
        CommitmentChangeFactory(commitment=commitment, delta=Decimal("10"), recorded_by=cast.admin)
        ContactFactory(buyer=buyer)
        ContactFactory(buyer=None, company=company)
        BuyerMembershipFactory(buyer=buyer, department=DepartmentFactory(buyer=buyer))
        CompanyMembershipFactory(company=company)
        CompanyKindFactory(company=company, kind=next(kinds))
        ResponsibilityFactory(
            market=None, buyer=BuyerFactory(commune=CommuneFactory()), facilitator=cast.facilitator
        )
        ResponsibilityFactory(
            market=None, company=CompanyFactory(commune=CommuneFactory(), etti=True), facilitator=cast.admin
        )
        CommuneFactory(parent=CommuneFactory(), successor=CommuneFactory())
        CpvCodeFactory(code=f"{50 + CompanyFactory().pk % 40}")
        for row in (buyer, company, market):
            row.notes = f"{row.notes} encore"
            row.save()

    more()
    urls = {
        "admin": [
            reverse("market_list"),
            reverse("market_list") + "?forecast=late&reserved=&q=reha",
            reverse("market_list") + "?export=xlsx",
            reverse("market_list") + "?export=csv",
            reverse("market_detail", args=[market.pk]),
            reverse("market_commitments", args=[market.pk]),
            reverse("market_lots", args=[market.pk]),
            reverse("market_history", args=[market.pk]),
            reverse("market_hand_over", args=[market.pk]),
            reverse("commitment_detail", args=[commitment.pk]),
            reverse("buyer_list"),
            reverse("buyer_list") + "?export=xlsx",
            reverse("buyer_detail", args=[buyer.pk]),
            reverse("buyer_markets", args=[buyer.pk]),
            reverse("buyer_contacts", args=[buyer.pk]),
            reverse("buyer_access", args=[buyer.pk]),
            reverse("buyer_history", args=[buyer.pk]),
            reverse("company_list"),
            reverse("company_list") + "?export=xlsx",
            reverse("company_detail", args=[company.pk]),
            reverse("company_commitments", args=[company.pk]),
            reverse("company_contacts", args=[company.pk]),
            reverse("company_access", args=[company.pk]),
            reverse("company_history", args=[company.pk]),
            reverse("commune_list"),
            reverse("cpv_list"),
        ],
        "buyer": [
            reverse("market_list"),
            reverse("market_detail", args=[market.pk]),
            reverse("market_commitments", args=[market.pk]),
            reverse("commitment_detail", args=[commitment.pk]),
        ],
        "company": [
            reverse("market_list"),
            reverse("market_detail", args=[market.pk]),
            reverse("commitment_detail", args=[commitment.pk]),
        ],
    }
    return {"admin": cast.admin, "buyer": member, "company": employee}, urls, more


@pytest.mark.slow
@pytest.mark.parametrize("role", ["admin", "buyer", "company"])
def test_one_row_or_six_the_same_number_of_queries(world, signed_in, role):
    users, urls, more = world
    client = signed_in(users[role])
    for url in urls[role]:
        client.get(url).close()  # what is asked once per process is asked now
    few = {url: count(client, url) for url in urls[role]}
    for _ in range(5):
        more()
    many = {url: count(client, url) for url in urls[role]}
    grown = {url: (few[url][0], many[url][0]) for url in urls[role] if few[url][0] != many[url][0]}
    assert grown == {}
    heavy = {url: (asked, sqls) for url, (asked, sqls) in many.items() if asked > MOST}
    assert heavy == {}
