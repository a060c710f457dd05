"""Who sees which rows and which words: two organisations that share nothing, and limits to one department."""

import io

import pytest
from django.urls import reverse
from python_calamine import CalamineWorkbook

from clauses.models import Clause, Commitment, CommitmentChange
from markets.models import (
    Award,
    Buyer,
    BuyerMembership,
    Company,
    CompanyKind,
    CompanyMembership,
    Contact,
    Department,
    House,
    Lot,
    Market,
    Responsibility,
)
from tests.factories import (
    CompanyKindFactory,
    ContactFactory,
    HouseFactory,
    LotFactory,
    MarketFactory,
    ResponsibilityFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
MODELS = (
    Award,
    Buyer,
    BuyerMembership,
    Clause,
    Commitment,
    CommitmentChange,
    Company,
    CompanyKind,
    CompanyMembership,
    Contact,
    Department,
    House,
    Lot,
    Market,
    Responsibility,
)


@pytest.fixture
def full(cast):
    """The cast with a row of every model on either side."""
    HouseFactory()
    for side, commitment in (("Alpha", cast.commitment_a), ("Bravo", cast.commitment_b)):
        ContactFactory(buyer=commitment.market.buyer, name=f"Contact {side}")
        ContactFactory(buyer=None, company=commitment.holder, name=f"Contact {side} de l’entreprise")
        CompanyKindFactory(company=commitment.holder)
        ResponsibilityFactory(market=commitment.market, facilitator=cast.facilitator)
        ResponsibilityFactory(market=None, buyer=commitment.market.buyer, facilitator=cast.facilitator)
        ResponsibilityFactory(market=None, company=commitment.holder, facilitator=cast.facilitator)
    return cast


def seen(user):
    return {model.__name__: set(model.objects.visible_to(user)) for model in MODELS}


def test_the_house_sees_every_row(full):
    for user in (full.facilitator, full.admin):
        for model in MODELS:
            assert set(model.objects.visible_to(user)) == set(model.objects.order_by("pk")), model


def test_a_buyer_sees_its_own_and_nothing_of_the_other(full):
    rows = seen(full.buyer_user_a)
    both = {full.commitment_a, full.other_commitment_a}
    assert rows["Buyer"] == {full.buyer_a}
    assert rows["Department"] == {full.department_a, full.other_department_a}
    assert rows["Market"] == {row.market for row in both}
    assert rows["Lot"] == {row.clause.lot for row in both}
    assert rows["Award"] == {row.award for row in both}
    assert rows["Clause"] == {row.clause for row in both}
    assert rows["Commitment"] == both
    assert {change.commitment for change in rows["CommitmentChange"]} == both
    assert rows["Company"] == {full.company_a}
    assert {row.name for row in rows["Contact"]} == {"Contact Alpha"}
    assert {row.market or row.buyer for row in rows["Responsibility"]} == {
        full.commitment_a.market,
        full.buyer_a,
    }
    for hidden in ("BuyerMembership", "CompanyMembership", "CompanyKind", "House"):
        assert rows[hidden] == set(), hidden


def test_an_account_limited_to_a_department_sees_its_markets_only(full):
    rows = seen(full.limited_a)
    assert rows["Department"] == {full.department_a}
    assert rows["Market"] == {full.commitment_a.market}
    assert rows["Lot"] == {full.commitment_a.clause.lot}
    assert rows["Award"] == {full.commitment_a.award}
    assert rows["Clause"] == {full.commitment_a.clause}
    assert rows["Commitment"] == {full.commitment_a}
    assert {change.commitment for change in rows["CommitmentChange"]} == {full.commitment_a}
    assert not Buyer.objects.visible_as_a_whole_to(full.limited_a).exists()
    assert set(Buyer.objects.visible_as_a_whole_to(full.buyer_user_a)) == {full.buyer_a}


def test_a_company_sees_what_it_holds(full):
    rows = seen(full.company_user_a)
    assert rows["Company"] == {full.company_a}
    assert rows["Market"] == {full.commitment_a.market, full.other_commitment_a.market}
    assert rows["Award"] == {full.commitment_a.award, full.other_commitment_a.award}
    assert rows["Commitment"] == {full.commitment_a, full.other_commitment_a}
    for hidden in (
        "Buyer",
        "Department",
        "Contact",
        "Responsibility",
        "BuyerMembership",
        "CompanyMembership",
    ):
        assert rows[hidden] == set(), hidden


@pytest.mark.parametrize("trait", ["buyer", "company"])
def test_an_account_without_attachment_sees_nothing(full, trait):
    assert all(rows == set() for rows in seen(UserFactory(**{trait: True})).values())


def test_a_closed_account_sees_nothing(full):
    full.facilitator.is_active = False
    assert all(rows == set() for rows in seen(full.facilitator).values())


# Pages that a buyer or a company may open, with what they stand on.
OPEN_PAGES = ("market_list", "market_detail", "market_commitments", "commitment_detail")


def pages_of(commitment, role):
    yield reverse("market_list")
    yield reverse("market_detail", args=[commitment.market_id])
    if role == "buyer":
        yield reverse("market_commitments", args=[commitment.market_id])
    yield reverse("commitment_detail", args=[commitment.pk])


@pytest.mark.parametrize("name", ["buyer_user_a", "limited_a", "company_user_a"])
def test_no_word_of_the_other_organisation_is_on_any_page(full, signed_in, name):
    user = getattr(full, name)
    client = signed_in(user)
    for url in pages_of(full.commitment_a, user.role):
        html = client.get(url).content.decode()
        assert "Alpha" in html or "ALPHA" in html
        assert "bravo" not in html.casefold(), url
        # The hours of the other buyer, as the pages write them: the random token may hold the digits.
        assert "777 h" not in html and "777\u202fh" not in html, url


@pytest.mark.parametrize("name", ["buyer_user_a", "limited_a", "company_user_a"])
def test_the_rows_of_the_other_organisation_are_not_found(full, signed_in, name):
    user = getattr(full, name)
    client = signed_in(user)
    for url in list(pages_of(full.commitment_b, user.role))[1:]:
        assert client.get(url).status_code == 404, url


def test_a_limited_account_finds_no_word_of_the_other_department(full, signed_in):
    client = signed_in(full.limited_a)
    for url in pages_of(full.commitment_a, "buyer"):
        html = client.get(url).content.decode()
        assert "ALPHA-2" not in html and "voirie" not in html and "321" not in html, url
    assert client.get(reverse("market_detail", args=[full.other_commitment_a.market_id])).status_code == 404


def test_a_company_reads_only_its_own_commitments_on_a_shared_market(full, signed_in):
    from tests.factories import CommitmentFactory

    CommitmentFactory(lot=LotFactory(market=full.commitment_a.market), company=full.company_b, hours=456)
    client = signed_in(full.company_user_a)
    html = client.get(reverse("market_detail", args=[full.commitment_a.market_id])).content.decode()
    assert "456" not in html and "bravo" not in html.casefold()
    assert "sur 800\u202fh engagées" in html
    (row,) = client.get(reverse("market_list"), {"q": "ALPHA-1"}).context["table"].page.object_list
    assert row.record.hours_engaged == 800


def workbook(response):
    content = b"".join(response.streaming_content)
    response.close()
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


@pytest.mark.parametrize("name", ["buyer_user_a", "limited_a", "company_user_a"])
def test_no_word_of_the_other_organisation_is_in_an_export(full, signed_in, name):
    rows = workbook(signed_in(getattr(full, name)).get(reverse("market_list"), {"export": "xlsx"}))
    text = " ".join(str(cell) for row in rows for cell in row)
    assert "ALPHA-1" in text
    assert "bravo" not in text.casefold() and "777" not in text


def test_the_export_says_what_the_page_says(full, signed_in):
    client = signed_in(full.facilitator)
    header, *rows = workbook(client.get(reverse("market_list"), {"export": "xlsx", "q": "BRAVO"}))
    assert header == [
        "Référence",
        "Objet",
        "Donneur d’ordre",
        "Attributaires",
        "Engagées (h)",
        "Comptées (h)",
        "Taux",
        "État",
    ]
    assert rows == [
        [
            "BRAVO-1",
            "Gymnase Bravo, charpente",
            "Ville de Bravo",
            "Bravo Travaux",
            777.0,
            0.0,
            0.0,
            "en retard",
        ]
    ]


def test_lists_of_the_house_are_exported_as_csv(full, signed_in):
    client = signed_in(full.facilitator)
    for url_name, word in (("buyer_list", "Ville de Bravo"), ("company_list", "Bravo Travaux")):
        response = client.get(reverse(url_name), {"export": "csv"})
        assert word in b"".join(response.streaming_content).decode("utf-8-sig")


def test_filter_choices_show_what_one_may_see(full, signed_in):
    from tests.factories import BuyerMembershipFactory

    BuyerMembershipFactory(user=full.buyer_user_a)
    html = signed_in(full.buyer_user_a).get(reverse("market_list")).content.decode()
    assert "Ville d’Alpha" in html and "Ville de Bravo" not in html
    # With one buyer only, or none, there is nothing to choose.
    for user in (full.limited_a, full.company_user_a):
        assert 'name="buyer"' not in signed_in(user).get(reverse("market_list")).content.decode()


def test_the_buyer_of_another_is_no_filter(full, signed_in):
    from tests.factories import BuyerMembershipFactory

    BuyerMembershipFactory(user=full.buyer_user_a)
    response = signed_in(full.buyer_user_a).get(reverse("market_list"), {"buyer": full.buyer_b.pk})
    assert response.context["count"] == 0


def test_the_stock_of_markets_is_not_in_the_form_of_another(full):
    assert MarketFactory(buyer=full.buyer_a) not in Market.objects.visible_to(full.buyer_user_b)
