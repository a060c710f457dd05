"""Operations, and the buyers that share one market: who sees it, with which share, and what is refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.errors import DomainError
from markets.enums import PartyRole, Technique
from markets.models import Market, MarketParty, Operation
from markets.services.operations import remove_party, save_party
from tests.factories import (
    BuyerFactory,
    CommitmentFactory,
    DepartmentFactory,
    HoursEntryFactory,
    MarketFactory,
    MarketPartyFactory,
    OperationFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db


def add(market, buyer, share, **kwargs):
    return save_party(
        market=market, buyer=buyer, role=PartyRole.MEMBER, share=Decimal(share), by=None, **kwargs
    )


# --- shares -----------------------------------------------------------------------------------------------------


def test_shares_go_up_to_a_hundred_and_the_leader_has_the_rest():
    market = MarketFactory()
    add(market, BuyerFactory(), "33.33")
    second = add(market, BuyerFactory(), "66.67")
    with pytest.raises(DomainError, match="il reste 0\u202f% à répartir"):
        add(market, BuyerFactory(), "0.01")
    add(market, second.buyer, "60", party=second)
    with pytest.raises(DomainError, match="les autres associés ont déjà 93,33\u202f%, il reste 6,67\u202f%"):
        add(market, BuyerFactory(), "10")
    assert sorted(MarketParty.objects.values_list("share", flat=True)) == [Decimal("33.33"), Decimal("60")]


@pytest.mark.parametrize("share", ["-1", "100.01"])
def test_a_share_outside_a_percentage_is_refused(share):
    with pytest.raises(DomainError, match="entre 0 et 100"):
        add(MarketFactory(), BuyerFactory(), share)


def test_the_leader_a_buyer_twice_and_a_department_of_another_are_refused():
    market, member = MarketFactory(), BuyerFactory()
    with pytest.raises(DomainError, match="conduit ce marché"):
        add(market, market.buyer, "10")
    with pytest.raises(DomainError, match="n’est pas de"):
        add(market, member, "10", department=DepartmentFactory())
    add(market, member, "10")
    with pytest.raises(DomainError, match="déjà associé"):
        add(market, member, "10")


def test_the_form_keeps_what_was_typed_and_says_what_is_wrong(cast, signed_in):
    client, market = signed_in(cast.facilitator), cast.commitment_a.market
    url = reverse("party_create", args=[market.pk])
    for share, sentence in (
        ("beaucoup", "n’est pas un montant"),
        ("1e17", "n’est pas un montant"),
        ("120 %", "entre 0 et 100"),
        ("-5", "entre 0 et 100"),
        ("33,333", "deux décimales"),
    ):
        page = client.post(url, {"buyer": cast.buyer_b.pk, "role": "member", "share": share}).text
        assert sentence in page and f'value="{share}"' in page
    client.post(url, {"buyer": cast.buyer_b.pk, "role": "member", "share": "33,33 %"})
    party = MarketParty.objects.get()
    assert (party.market, party.buyer, party.share) == (market, cast.buyer_b, Decimal("33.33"))
    page = client.get(reverse("market_lots", args=[market.pk])).text.replace("\u202f", " ")
    assert "33,33 %" in page and "66,67 %" in page and "conduit le marché" in page


def test_a_share_is_changed_and_taken_back_with_its_history(cast, signed_in):
    client = signed_in(cast.facilitator)
    party = MarketPartyFactory(market=cast.commitment_a.market, buyer=cast.buyer_b)
    client.post(reverse("party_edit", args=[party.pk]), {"role": "funder", "share": "25"})
    party.refresh_from_db()
    assert (party.role, party.share, party.buyer) == ("funder", 25, cast.buyer_b)
    page = client.get(reverse("party_remove", args=[party.pk])).text
    assert "sa part, 25\u202f%, revient à Ville d’Alpha" in page
    client.post(reverse("party_remove", args=[party.pk]))
    assert not MarketParty.objects.exists()
    history = client.get(reverse("market_history", args=[cast.commitment_a.market_id])).text
    assert "donneur d’ordre associé Ville de Bravo" in history


# --- who sees it ------------------------------------------------------------------------------------------------


def test_an_associated_buyer_sees_that_market_and_nothing_else_of_the_leader(cast, signed_in):
    party = MarketPartyFactory(market=cast.commitment_a.market, buyer=cast.buyer_b)
    seen = set(Market.objects.visible_to(cast.buyer_user_b))
    assert seen == {cast.commitment_a.market, cast.commitment_b.market}
    client = signed_in(cast.buyer_user_b)
    for name in ("market_detail", "market_commitments"):
        assert client.get(reverse(name, args=[cast.commitment_a.market_id])).status_code == 200
    page = client.get(reverse("market_detail", args=[cast.commitment_a.market_id])).text.replace(
        "\u202f", " "
    )
    assert "Ville de Bravo, membre du groupement de commandes (40 % des heures)" in page
    assert client.get(reverse("market_detail", args=[cast.other_commitment_a.market_id])).status_code == 404
    assert "ALPHA-2" not in client.get(reverse("market_list")).text
    remove_party(party=party, by=None)
    assert client.get(reverse("market_detail", args=[cast.commitment_a.market_id])).status_code == 404


def test_a_company_reads_nothing_of_the_shares(cast, signed_in):
    MarketPartyFactory(market=cast.commitment_a.market, buyer=cast.buyer_b)
    page = (
        signed_in(cast.company_user_a).get(reverse("market_detail", args=[cast.commitment_a.market_id])).text
    )
    assert "Bravo" not in page
    assert not MarketParty.objects.visible_to(cast.company_user_a).exists()


# --- marchés subséquents ------------------------------------------------------------------------------------------


def test_a_marche_subsequent_takes_what_is_not_given_from_its_framework():
    department = DepartmentFactory()
    operation = OperationFactory(buyer=department.buyer)
    framework = MarketFactory(
        buyer=department.buyer, department=department, operation=operation, technique=Technique.FRAMEWORK
    )
    order = Market.objects.create(parent=framework, reference="MS-1", object="Lot de travaux")
    assert (order.buyer, order.department, order.operation) == (department.buyer, department, operation)
    other = MarketFactory(parent=framework, buyer=BuyerFactory())
    assert other.department is None and other.operation == operation
    order.department = None
    order.save()
    order.refresh_from_db()
    assert order.department is None


def test_the_page_of_a_framework_lists_them_and_proposes_one_more(cast, signed_in):
    market = cast.commitment_a.market
    market.technique = Technique.FRAMEWORK
    market.save()
    MarketFactory(parent=market, buyer=market.buyer, reference="MS-1", object="Peinture du préau")
    client = signed_in(cast.facilitator)
    page = client.get(reverse("market_detail", args=[market.pk])).text
    assert "MS-1" in page and "Peinture du préau" in page and "comptent pour un seul marché" in page
    form = client.get(reverse("market_create"), {"accord-cadre": market.pk}).text
    assert "Ajouter un marché subséquent" in form
    assert f'<option value="{market.pk}" selected>' in form
    assert (
        "Peinture du préau"
        in signed_in(cast.buyer_user_a).get(reverse("market_detail", args=[market.pk])).text
    )


def test_a_framework_shared_with_a_buyer_is_its_own_too(cast, signed_in):
    client, framework = signed_in(cast.facilitator), cast.commitment_a.market
    framework.technique = Technique.FRAMEWORK
    framework.save()
    data = {
        "buyer": cast.buyer_b.pk,
        "reference": "MS-B",
        "object": "Marché subséquent de Bravo",
        "family": "works",
        "nature": "market",
        "procedure": "other",
        "technique": "none",
        "parent": framework.pk,
    }
    assert "n’est pas partagé avec lui" in client.post(reverse("market_create"), data).text
    MarketPartyFactory(market=framework, buyer=cast.buyer_b)
    client.post(reverse("market_create"), data)
    assert Market.objects.get(reference="MS-B").parent == framework


# --- operations ---------------------------------------------------------------------------------------------------


def test_an_operation_is_added_with_its_target_and_chosen_on_a_market(cast, signed_in):
    client = signed_in(cast.facilitator)
    data = {
        "buyer": cast.buyer_a.pk,
        "name": "Îlot de la Saulaie",
        "kind": "private",
        "target_hours": "1 000",
        "starts_on": "3/2/25",
        "ends_on": "31/12/2027",
    }
    client.post(reverse("operation_create"), data)
    operation = Operation.objects.get()
    assert (operation.target_hours, operation.starts_on) == (1000, dt.date(2025, 2, 3))
    market = cast.commitment_a.market
    form = client.get(reverse("market_edit", args=[market.pk]))
    assert "Îlot de la Saulaie" in form.text
    market.operation = operation
    market.save()
    entry = HoursEntryFactory(
        assignment=eligible_assignment(commitment=cast.commitment_a), hours=150, counted=True
    )
    assert entry.counted_hours == 150
    page = client.get(reverse("operation_detail", args=[operation.pk])).text.replace("\u202f", " ")
    assert "150 h" in page and "objectif propre" in page and "15 %" in page
    assert "Il ne s’ajoute jamais aux 800 h engagées" in page


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"target_hours": "0"}, "supérieur à zéro"),
        ({"target_hours": "-5"}, "négatif"),
        ({"target_hours": "1e17"}, "n’est pas un nombre d’heures"),
        ({"ends_on": "01/01/2024"}, "précède son début"),
        ({"closed_on": "01/01/2024"}, "précède le début"),
    ],
)
def test_what_makes_no_sense_on_an_operation_gets_a_sentence(cast, signed_in, values, sentence):
    data = {"buyer": cast.buyer_a.pk, "name": "Îlot", "kind": "public", "starts_on": "03/02/2025", **values}
    page = signed_in(cast.facilitator).post(reverse("operation_create"), data).text
    assert sentence in page and not Operation.objects.exists()
    assert all(f'value="{typed}"' in page for typed in values.values())


def test_an_operation_of_another_buyer_is_no_choice_for_a_market(cast, signed_in):
    operation = OperationFactory(buyer=cast.buyer_b, name="Opération Bravo")
    market = cast.commitment_a.market
    client = signed_in(cast.facilitator)
    assert "Opération Bravo" not in client.get(reverse("market_edit", args=[market.pk])).text
    form = {
        "buyer": cast.buyer_a.pk,
        "reference": "N-1",
        "object": "Objet",
        "family": "works",
        "nature": "market",
    }
    form |= {"procedure": "other", "technique": "none", "operation": operation.pk}
    assert "Cette opération n’est pas de Ville d’Alpha" in client.post(reverse("market_create"), form).text


def test_a_buyer_reads_its_operations_and_no_word_of_the_others(cast, signed_in):
    mine = OperationFactory(buyer=cast.buyer_a, name="Îlot Alpha", target_hours=900)
    theirs = OperationFactory(buyer=cast.buyer_b, name="Îlot Bravo")
    for operation, commitment in ((mine, cast.commitment_a), (theirs, cast.commitment_b)):
        commitment.market.operation = operation
        commitment.market.save()
    client = signed_in(cast.buyer_user_a)
    listed = client.get(reverse("operation_list")).text
    assert "Îlot Alpha" in listed and "Bravo" not in listed and "Ajouter" not in listed
    page = client.get(reverse("operation_detail", args=[mine.pk])).text
    assert "900" in page and "Modifier" not in page
    assert client.get(reverse("operation_detail", args=[theirs.pk])).status_code == 404
    # Limited to a department: its market is there, the progress of the whole operation is not.
    limited = signed_in(cast.limited_a).get(reverse("operation_detail", args=[mine.pk])).text
    assert "ALPHA-1" in limited and "objectif propre" not in limited
    assert signed_in(cast.company_user_a).get(reverse("operation_list")).status_code == 403


def test_lists_and_pages_make_as_many_queries_with_one_market_as_with_six(cast, signed_in):
    client = signed_in(cast.facilitator)
    operation = OperationFactory(buyer=cast.buyer_a)
    urls = [reverse("operation_list"), reverse("operation_detail", args=[operation.pk])]

    def count():
        found = []
        for url in urls:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(url).status_code == 200
            found.append(len(captured))
        return found

    def add_markets(number):
        for _ in range(number):
            market = MarketFactory(buyer=cast.buyer_a, operation=operation)
            CommitmentFactory(market=market)
            OperationFactory()

    add_markets(1)
    one = count()
    add_markets(5)
    assert count() == one and max(one) <= 12


def test_marches_subsequents_never_add_to_the_number_of_markets_of_an_operation(cast, signed_in):
    operation = OperationFactory(buyer=cast.buyer_a)
    framework = MarketFactory(buyer=cast.buyer_a, operation=operation)
    for _ in range(3):
        MarketFactory(buyer=cast.buyer_a, parent=framework)
    client = signed_in(cast.facilitator)
    (row,) = client.get(reverse("operation_list")).context["table"].page.object_list
    assert row.record.markets_count == 1
    assert client.get(reverse("operation_detail", args=[operation.pk])).context["number"] == 1
