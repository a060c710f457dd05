"""The search of the house: words by their beginnings, accents and order aside, within what the user may see."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.models import SearchWord
from core.search import index_rows, rows_are_found_by_their_words, search, words_asked
from markets.models import Buyer, Company, Market
from tests.factories import (
    BeneficiaryFactory,
    BuyerFactory,
    CompanyFactory,
    MarketFactory,
    OperationFactory,
    PlannedPurchaseFactory,
)

pytestmark = pytest.mark.django_db


def titles(user, text):
    return {str(row) for found in search(user, text) for row in found.rows}


@pytest.mark.parametrize(
    "text",
    ["École Jules-Ferry", "ecole jules ferry", "FERRY école", "jul eco", "  jules–ferry ", "ferry, ecole"],
)
def test_accents_case_hyphens_and_order_do_not_matter(cast, text):
    market = MarketFactory(reference="R1", object="Réhabilitation de l’école Jules-Ferry")
    assert str(market) in titles(cast.facilitator, text)


def test_a_word_is_found_by_its_beginning_not_by_its_middle(cast):
    company = CompanyFactory(name="Constructions Duchêne")
    assert str(company) in titles(cast.facilitator, "duch")
    assert str(company) not in titles(cast.facilitator, "chene")


def test_every_word_must_be_found(cast):
    company = CompanyFactory(name="Constructions Duchêne")
    assert str(company) not in titles(cast.facilitator, "duchene toiture")


def test_a_siret_is_found_as_it_is_typed(cast):
    company = CompanyFactory(name="Zinguerie Plume", identifier="35600000000048")
    for text in ("35600000000048", "356 000 000 00048", "356 000 000"):
        assert str(company) in titles(cast.facilitator, text)


def test_a_name_in_another_script_is_found(cast):
    company = CompanyFactory(name="Строитель")
    assert str(company) in titles(cast.facilitator, "строит")


def test_the_last_word_of_the_alphabet_has_an_end(cast):
    company = CompanyFactory(name="Zzz")
    assert str(company) in titles(cast.facilitator, "zz")
    assert titles(cast.facilitator, "zzzz") == set()


@pytest.mark.parametrize("text", ["", " ", "a", "é", "'", "%", "_", "\\", "*", "\x00", "-- ;", "’"])
def test_nothing_to_search_answers_nothing(cast, text):
    assert search(cast.facilitator, text) == []


def test_what_a_pattern_would_mean_is_only_letters(cast):
    CompanyFactory(name="Duchêne")
    assert titles(cast.facilitator, "du%ne") == set()
    assert titles(cast.facilitator, "d_chene") == set()


def test_a_word_that_begins_another_is_asked_once():
    assert words_asked("mar marché MARCHE") == ["marche"]
    assert len(words_asked("a1 b2 c3 d4 e5 f6 g7 h8 i9 j10")) == 8


def test_a_row_that_changes_is_found_by_its_new_words_only(cast):
    company = CompanyFactory(name="Ancienne raison")
    company.name = "Nouvelle raison"
    company.save()
    assert str(company) in titles(cast.facilitator, "nouvelle raison")
    assert titles(cast.facilitator, "ancienne") == set()


def test_a_row_that_goes_takes_its_words(cast):
    buyer = BuyerFactory(name="Syndicat éphémère")
    pk = buyer.pk
    buyer.delete()
    assert not SearchWord.objects.filter(source="buyer", object_id=pk).exists()


def test_a_buyer_finds_its_markets_and_nobody(cast, full_names):
    theirs, _, person = full_names
    assert titles(cast.buyer_user_a, "tamaris") == {str(theirs)}
    assert str(person) not in titles(cast.buyer_user_a, "tamaris")


def test_a_company_finds_what_it_works_on_and_its_own_people(cast, full_names):
    assert titles(cast.company_user_a, "tamaris") == set()


def test_a_buyer_finds_its_purchases_and_operations_a_company_none(cast):
    mine = PlannedPurchaseFactory(buyer=cast.buyer_a, object="Marché couvert Bellevue")
    works = OperationFactory(buyer=cast.buyer_a, name="Bellevue, tranche 2")
    PlannedPurchaseFactory(buyer=cast.buyer_b, object="Bellevue aussi")
    assert titles(cast.buyer_user_a, "bellevue") == {str(mine), str(works)}
    assert titles(cast.company_user_a, "bellevue") == set()


def test_the_house_finds_all(cast, full_names):
    assert titles(cast.facilitator, "tamaris") == {str(row) for row in full_names}


@pytest.fixture
def full_names(cast):
    return (
        MarketFactory(buyer=cast.buyer_a, object="Groupe scolaire Tamaris"),
        MarketFactory(buyer=cast.buyer_b, object="Gymnase Tamaris"),
        BeneficiaryFactory(last_name="Tamaris"),
    )


def test_the_page_shows_groups_with_links_and_the_rest(cast, signed_in):
    for number in range(10):
        MarketFactory(reference=f"T{number}", object="Toiture")
    company = CompanyFactory(name="Toitures du Rhône")
    html = signed_in(cast.facilitator).get(reverse("search"), {"q": "toiture"}).content.decode()
    assert reverse("company_detail", args=[company.pk]) in html
    assert html.count("/marches/") >= 8
    assert f"{reverse('market_list')}?q=toiture" in html


def test_the_page_says_that_nothing_was_found_and_keeps_the_words(cast, signed_in):
    html = signed_in(cast.buyer_user_a).get(reverse("search"), {"q": "<b>rien</b>"}).content.decode()
    assert "Rien ne correspond" in html and "&lt;b&gt;rien&lt;/b&gt;" in html


def test_every_page_offers_the_search(cast, signed_in):
    assert f'action="{reverse("search")}"' in signed_in(cast.facilitator).get("/").content.decode()


def test_words_that_very_many_rows_bear_are_found_in_order(cast, monkeypatch):
    """Two words of a row begin alike: counting rows instead of words would forget some."""
    monkeypatch.setattr("core.search.MOST_NAMED", 3)
    names = [f"Peinture Peintres {letter}" for letter in "abcdefgh"]
    for name in reversed(names):
        CompanyFactory(name=name)
    (found,) = search(cast.facilitator, "pein", shown=5)
    assert [str(row) for row in found.rows] == names[:5] and found.more
    (found,) = search(cast.facilitator, "peint h", shown=5)
    assert [str(row) for row in found.rows] == names[-1:] and not found.more


def queries(client):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        client.get(reverse("search"), {"q": "tamaris"})
    return len(captured)


def test_as_many_queries_with_one_row_as_with_six(cast, signed_in, full_names):
    client = signed_in(cast.facilitator)
    CompanyFactory(name="Tamaris")
    BuyerFactory(name="Tamaris")
    queries(client)
    one = queries(client)
    for number in range(5):
        MarketFactory(object=f"Tamaris {number}")
        CompanyFactory(name=f"Tamaris {number}")
        BuyerFactory(name=f"Tamaris {number}")
        BeneficiaryFactory(last_name="Tamaris", first_name=f"Personne {number}")
    assert queries(client) == one <= 12


def test_rows_loaded_in_bulk_are_indexed_and_a_check_says_who_is_not(cast):
    company = CompanyFactory(name="Plâtrerie")
    SearchWord.objects.filter(source="company").delete()
    assert len(list(rows_are_found_by_their_words())) == Company.objects.count()
    index_rows(Company, Company.objects.order_by("pk"))
    assert list(rows_are_found_by_their_words()) == []
    assert str(company) in titles(cast.facilitator, "platr")


def test_the_command_writes_the_words_again(cast, capsys):
    before = set(SearchWord.objects.values_list("source", "object_id", "word"))
    SearchWord.objects.filter(source="market").delete()
    SearchWord.objects.create(source="buyer", object_id=987654, word="fantome")
    call_command("rebuild_search")
    assert set(SearchWord.objects.values_list("source", "object_id", "word")) == before
    assert {word for source, _, word in before if source == "market"} == {
        word for market in Market.objects.order_by("pk") for word in market.make_search_key().split()
    }
    assert Buyer.objects.exists() and "Marchés : " in capsys.readouterr().out
