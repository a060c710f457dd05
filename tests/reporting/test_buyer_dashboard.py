"""A buyer's policy at a glance: by place, by years side by side, by whole months; never who the people are."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from markets.enums import Reservation
from reporting import indicators
from reporting.dashboards.asked import read
from reporting.indicators import places
from reporting.scope import Period, Scope
from tests.factories import (
    BuyerMembershipFactory,
    CommitmentFactory,
    CompanyFactory,
    DepartmentFactory,
    HoursEntryFactory,
    LotFactory,
    MarketFactory,
    MarketPartyFactory,
    OperationFactory,
    TaskFactory,
    eligible_assignment,
    make_bilan,
)

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 11, 22)


def worked(commitment, month, hours):
    return HoursEntryFactory(
        assignment=eligible_assignment(commitment=commitment), month=month, hours=hours, counted=True
    )


def plain(content):
    return content.replace("\u202f", " ").replace("\xa0", " ")


def page(client, user, buyer, query="", status=200):
    client.force_login(user)
    response = client.get(reverse("buyer_dashboard", args=[buyer.pk]) + query)
    assert response.status_code == status
    return plain(response.content.decode())


def rows_of(text, key):
    """The rows of the table that stands under this title: lists of the words of their cells."""
    part = text.split(f'id="t-{key}"', 1)[1].split("</tbody>", 1)[0].split("<tbody>", 1)[1]
    return [
        [
            " ".join(re.sub("<[^>]+>", " ", cell).split())
            for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)
        ]
        for row in part.split("</tr>")
        if "<td" in row
    ]


# --- what the address asks for ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"annee": "abcd"}, "« abcd » n’est pas une année que l’on puisse montrer : voici 2026."),
        ({"annee": "²025"}, "n’est pas une année"),
        ({"annee": "2030"}, "n’est pas une année"),
        ({"de": "13/2026"}, "Les mois se donnent ainsi : 03/2026, ou mars 2026."),
        ({"a": "03/2026"}, "Dites aussi le premier mois."),
        ({"de": "06/2026", "a": "03/2026"}, "Le dernier mois vient avant le premier"),
        ({"de": "01/2010", "a": "03/2026"}, "60 mois au plus"),
        ({"de": "01/2027"}, "Ces mois ne sont pas de ceux que l’on puisse montrer"),
        ({"comparer": "9"}, "De 2 à 5 années se comparent"),
        ({"comparer": "3", "de": "01/2026", "a": "02/2026"}, "Seules des années entières se comparent"),
        ({"marche": "abc"}, "ne désigne ni marché, ni opération, ni direction"),
        ({"operation": "9" * 30}, "ne désigne ni marché"),
        ({"volet": "caché"}, "n’est pas un volet"),
    ],
)
def test_a_bad_value_in_the_address_gets_a_sentence(query, said):
    asked = read(query, TODAY)
    assert any(said in plain(sentence) for sentence in asked.sentences)
    assert (asked.year, asked.panel, asked.place) == (2026, "ensemble", None)


def test_an_address_says_again_what_was_asked():
    asked = read({"annee": "2025", "comparer": "3", "marche": "12", "volet": "achats"}, TODAY)
    assert asked.shown == (2023, 2024, 2025) and not asked.sentences
    assert asked.query() == "?annee=2025&comparer=3&marche=12&volet=achats"
    # Another place takes the place of the first; months give way to a year.
    assert asked.query(operation=4) == "?annee=2025&comparer=3&volet=achats&operation=4"
    months = read({"de": "mars 2026", "a": "06/2026"}, TODAY)
    assert months.query() == "?de=2026-03&a=2026-06"
    assert months.query(annee=2024) == "?annee=2024"
    assert plain(months.label) == "mars – juin 2026"
    # What is to come holds nothing.
    assert read({"de": "09/2026", "a": "12/2026"}, TODAY).months.last == dt.date(2026, 11, 1)


@pytest.mark.parametrize(
    "query",
    ["?annee=zzz", "?de=x&a=y", "?comparer=-1", "?marche=%00", "?direction=1e9", "?volet=../..", "?export=exe", "?export=csv&table=%3Cscript%3E", "?tout=rien"],
)  # fmt: skip
def test_no_address_breaks_the_page(client, cast, query):
    text = page(client, cast.buyer_user_a, cast.buyer_a, query)
    assert "<script>" not in text
    if query != "?tout=rien":
        assert 'class="notice notice-warning"' in text


# --- figures -------------------------------------------------------------------------------------------------


def test_years_stand_side_by_side_beside_the_last_published_one(client, cast):
    worked(cast.commitment_a, dt.date(2024, 3, 1), 100)
    worked(cast.commitment_a, dt.date(2025, 3, 1), 150)
    make_bilan(buyer=cast.buyer_a, year=2025, published=True)
    worked(cast.other_commitment_a, dt.date(2026, 3, 1), 30)
    text = page(client, cast.buyer_user_a, cast.buyer_a, "?annee=2026&comparer=3")
    header = text.split('id="t-years"', 1)[1].split("</thead>", 1)[0]
    assert re.findall(r">(\d{4}|bilan \d{4})<", header) == ["2024", "2025", "2026", "bilan 2025"]
    years = {row[0]: row[1:] for row in rows_of(text, "years")}
    assert years["Heures réalisées (h)"] == ["100", "150", "30", "150"]
    assert years["Personnes"] == ["1", "1", "1", "1"]
    assert years["dont nouvelles entrantes"] == ["1", "1", "1", "1"]
    # The year is not over: no change is worked out.
    assert "aucune évolution n’est calculée" in text
    assert rows_of(text, "hours_by_holder") == [["Alpha Bâtiment", "100", "150", "30", "150"]]
    assert rows_of(text, "hours_by_holder_contracts") == [["Alpha Bâtiment", "1", "1", "1", "1"]]
    assert [row[0][:7] for row in rows_of(text, "market_list")] == ["ALPHA-2", "ALPHA-1"]
    assert ">Heures par entreprise</h3>" in text and ">Contrats par entreprise</h3>" in text
    over = page(client, cast.buyer_user_a, cast.buyer_a, "?annee=2025&comparer=2")
    assert {row[0]: row[-1] for row in rows_of(over, "years")}["Heures réalisées (h)"] == "+50 %"


def test_the_dashboard_of_a_published_year_says_its_bilan_s_figures(client, cast):
    worked(cast.commitment_a, dt.date(2025, 3, 1), "120.50")
    worked(cast.other_commitment_a, dt.date(2025, 4, 1), 40)
    LotFactory(market=cast.commitment_a.market, reservation=Reservation.SIAE)
    snapshot = make_bilan(buyer=cast.buyer_a, year=2025, published=True).snapshot
    text = page(client, cast.buyer_user_a, cast.buyer_a, "?annee=2025")
    # Nothing differs from what was published, or the page would say it beside the figure.
    assert "bilan publié de cette année" not in text
    assert f"{snapshot['figures']['hours'].replace('.', ',').rstrip('0')} h" in text
    tables = {
        block["key"]: block
        for chapter in snapshot["chapters"]
        for block in chapter["blocks"]
        if block["type"] == "table"
    }
    for key in ("hours_by_holder", "contract_types", "modalities", "families"):
        shown = {row[0]: row[1] for row in rows_of(text, key)}
        assert len(shown) == len(tables[key]["rows"]) > 0
        for row in tables[key]["rows"]:
            written = f"{Decimal(row['cells']['hours']).normalize():f}".replace(".", ",")
            assert shown[plain(row["cells"]["label"])] == written
    second = page(client, cast.buyer_user_a, cast.buyer_a, "?annee=2025&volet=achats")
    for key in ("markets_by_clause_kind", "markets_reserved_by_ground", "awarded", "cpv", "occupations"):
        assert len(rows_of(second, key)) == len(tables[key]["rows"]) > 0


def test_whole_months_show_hours_and_contracts_and_nothing_of_the_people(client, cast):
    worked(cast.commitment_a, dt.date(2026, 2, 1), 70)
    worked(cast.commitment_a, dt.date(2026, 3, 1), 11)
    worked(cast.commitment_a, dt.date(2026, 4, 1), 12)
    text = page(client, cast.buyer_user_a, cast.buyer_a, "?de=03/2026&a=04/2026")
    assert "Mars – avril 2026" in text
    assert rows_of(text, "months") == [["Mars 2026", "11"], ["Avril 2026", "12"]]
    assert rows_of(text, "hours_by_holder") == [["Alpha Bâtiment", "23", "2"]]
    assert ">personnes<" not in text and ">Personnes<" not in text and "Bilans publiés" not in text
    # The house counts them; who they are is in no dashboard.
    house = page(client, cast.facilitator, cast.buyer_a, "?de=03/2026&a=04/2026")
    assert ">personnes<" in house


@pytest.mark.parametrize("query", ["", "?annee=2025", "?annee=2025&comparer=5", "?de=01/2025&a=03/2026", "?annee=2025&volet=achats"])  # fmt: skip
def test_no_address_tells_who_the_people_are(client, cast, query):
    for month in range(1, 7):
        worked(cast.commitment_a, dt.date(2025, month, 1), 20)
    make_bilan(buyer=cast.buyer_a, year=2025, published=True)
    for user in (cast.buyer_user_a, cast.facilitator):
        text = page(client, user, cast.buyer_a, query)
        for word in (
            "RSA",
            "Femme",
            "Homme",
            "26 ans",
            "QPV",
            "Prescripteur",
            "Niveau de formation",
            "Statut",
        ):
            assert word not in text, word


def test_the_people_of_a_small_part_are_not_counted_to_a_buyer(client, cast):
    worked(cast.commitment_a, dt.date(2025, 3, 1), 10)
    market = cast.commitment_a.market_id
    text = page(client, cast.buyer_user_a, cast.buyer_a, f"?annee=2025&marche={market}")
    assert "Moins de 5 personnes : nombre masqué." in text
    assert "Moins de 5 personnes" not in page(
        client, cast.facilitator, cast.buyer_a, f"?annee=2025&marche={market}"
    )


def test_situations_and_actions_are_told_by_the_published_bilan_and_linked(client, cast):
    worked(cast.commitment_a, dt.date(2025, 3, 1), 10)
    bilan = make_bilan(buyer=cast.buyer_a, year=2025, published=True)
    text = page(client, cast.buyer_user_a, cast.buyer_a, "?annee=2026")
    for chapter in ("people", "outcomes", "actions"):
        assert f'href="/bilans/{bilan.pk}/#{chapter}"' in text
    draft = make_bilan(buyer=cast.buyer_b, year=2025)
    assert f"/bilans/{draft.pk}/" not in page(client, cast.buyer_user_b, cast.buyer_b, "?annee=2026")


def test_a_line_of_the_published_bilan_that_is_gone_is_still_in_its_column(client, cast):
    other = CommitmentFactory(
        lot=LotFactory(market=cast.commitment_a.market),
        company=CompanyFactory(name="Alpha Peinture"),
        hours=100,
    )
    worked(other, dt.date(2024, 3, 1), 60)
    worked(cast.commitment_a, dt.date(2024, 3, 1), 40)
    make_bilan(buyer=cast.buyer_a, year=2024, published=True)
    worked(cast.commitment_a, dt.date(2025, 3, 1), 10)
    rows = rows_of(page(client, cast.buyer_user_a, cast.buyer_a, "?annee=2025"), "hours_by_holder")
    assert [row[:3] for row in rows] == [
        ["Alpha Bâtiment", "10", "40"],
        ["Autres lignes du bilan 2024", "–", "60"],
    ]


def test_the_number_of_reserved_markets_is_that_of_the_indicator(cast):
    LotFactory(market=cast.commitment_a.market, reservation=Reservation.SIAE)
    MarketFactory(buyer=cast.buyer_a, parent=cast.commitment_a.market)
    facts = indicators.Facts(Scope.of(cast.buyer_a), Period.of_year(2025))
    assert places.reserved_count(facts)[2025] == indicators.reserved(facts)[2025].count == 1


# --- drill-down --------------------------------------------------------------------------------------------------


def test_from_the_whole_to_a_direction_an_operation_and_a_market(client, cast):
    market = cast.commitment_a.market
    market.operation = OperationFactory(buyer=cast.buyer_a, name="Opération Alpha du parc")
    market.save()
    worked(cast.commitment_a, dt.date(2025, 3, 1), 100)
    worked(cast.other_commitment_a, dt.date(2025, 3, 1), 7)
    whole = page(client, cast.buyer_user_a, cast.buyer_a, "?annee=2025")
    assert [row[:2] for row in rows_of(whole, "departments")] == [
        ["Direction Alpha des bâtiments", "100"],
        ["Direction Alpha de la voirie", "7"],
    ]
    assert [row[:2] for row in rows_of(whole, "operations")] == [
        ["Opération Alpha du parc", "100"],
        ["Hors opération", "7"],
    ]
    for query, heading in (
        (f"direction={cast.department_a.pk}", "Direction Alpha des bâtiments, année 2025"),
        (f"operation={market.operation_id}", "Opération Alpha du parc, année 2025"),
        (f"marche={market.pk}", "ALPHA-1 · École Alpha, gros œuvre, année 2025"),
    ):
        assert f"?annee=2025&amp;{query}" in whole
        text = page(client, cast.buyer_user_a, cast.buyer_a, f"?annee=2025&{query}")
        assert heading in text and ">100 h<" in text and "ALPHA-2" not in text
        assert [row[1] for row in rows_of(text, "market_list")] == ["100"]
        # Its addresses keep the place, and lead back to the whole.
        assert f"?annee=2024&amp;{query}" in text and 'href="?annee=2025"' in text


def test_a_place_of_another_buyer_is_not_found(client, cast):
    theirs = cast.commitment_b.market
    operation = OperationFactory(buyer=cast.buyer_b)
    department = DepartmentFactory(buyer=cast.buyer_b)
    for query in (
        f"?marche={theirs.pk}",
        f"?operation={operation.pk}",
        f"?direction={department.pk}",
        "?marche=999999",
    ):
        page(client, cast.buyer_user_a, cast.buyer_a, query, status=404)
        # The house sees them, but not under this buyer.
        page(client, cast.facilitator, cast.buyer_a, query, status=404)


def test_a_limited_account_opens_its_own_direction_only(client, cast):
    operation = OperationFactory(buyer=cast.buyer_a, name="Opération Alpha du parc")
    for commitment in (cast.commitment_a, cast.other_commitment_a):
        commitment.market.operation = operation
        commitment.market.save()
    worked(cast.commitment_a, dt.date(2025, 3, 1), 11)
    worked(cast.other_commitment_a, dt.date(2025, 3, 1), 700)
    make_bilan(buyer=cast.buyer_a, year=2025, published=True)
    for query in ("?annee=2025", f"?annee=2025&direction={cast.department_a.pk}", f"?annee=2025&marche={cast.commitment_a.market_id}"):  # fmt: skip
        text = page(client, cast.limited_a, cast.buyer_a, query)
        assert ">11 h<" in text
        for hidden in ("700", "711", "ALPHA-2", "voirie", "Bilans publiés", "bilan 2025", "Bilan publié"):
            assert hidden not in text, (query, hidden)
    page(client, cast.limited_a, cast.buyer_a, f"?direction={cast.other_department_a.pk}", status=404)
    page(client, cast.limited_a, cast.buyer_a, f"?marche={cast.other_commitment_a.market_id}", status=404)
    # An operation that other directions share would tell their hours: the sentence, and the own direction.
    text = page(client, cast.limited_a, cast.buyer_a, f"?annee=2025&operation={operation.pk}")
    assert "réunit des marchés d’une autre direction" in text and ">11 h<" in text and "711" not in text


def test_a_shared_market_is_the_buyer_s_part_in_the_whole_and_is_said_whole_in_its_own_page(client, cast):
    own = DepartmentFactory(buyer=cast.buyer_b, name="Direction Bravo de l’énergie")
    MarketPartyFactory(market=cast.commitment_a.market, buyer=cast.buyer_b, department=own, share=40)
    worked(cast.commitment_a, dt.date(2025, 3, 1), 100)
    text = page(client, cast.buyer_user_b, cast.buyer_b, "?annee=2025")
    assert rows_of(text, "departments")[0][:2] == ["Direction Bravo de l’énergie", "40"]
    assert "part de 40 %" in text and "Direction Alpha" not in text
    assert ">40 h<" in page(client, cast.buyer_user_b, cast.buyer_b, f"?annee=2025&direction={own.pk}")
    one = page(client, cast.buyer_user_b, cast.buyer_b, f"?annee=2025&marche={cast.commitment_a.market_id}")
    assert ">100 h<" in one and "compté en entier" in one and "Direction Alpha" not in one


# --- home -----------------------------------------------------------------------------------------------------


def test_what_waits_for_a_buyer_is_asked_for_by_its_dashboard(client, cast):
    TaskFactory(
        market=cast.commitment_a.market,
        turn="buyer",
        since=timezone.localdate(),
        due_on=None,
        title="Répondre",
    )
    text = page(client, cast.buyer_user_a, cast.buyer_a)
    assert 'hx-get="/?attente=1"' in text
    part = client.get("/?attente=1", headers={"HX-Request": "true"}).content.decode()
    assert "Ce qui vous attend" in part and "<html" not in part
    # Without a script the same link opens a page.
    whole = client.get("/?attente=1")
    assert whole.status_code == 200 and "Ce qui vous attend" in whole.content.decode()
    client.force_login(cast.buyer_user_b)
    assert (
        "Ce qui vous attend" not in client.get("/?attente=1", headers={"HX-Request": "true"}).content.decode()
    )


# --- cost -------------------------------------------------------------------------------------------------------


def queries(client, url):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize("is_shared", [False, True])
def test_every_mode_costs_at_most_twelve_queries_with_one_market_and_with_six(client, cast, is_shared):
    market = cast.commitment_a.market
    market.operation = OperationFactory(buyer=cast.buyer_a)
    market.save()
    if is_shared:
        MarketPartyFactory(market=market, buyer=cast.buyer_b, share=40)
    worked(cast.commitment_a, dt.date(2025, 3, 1), 10)
    make_bilan(buyer=cast.buyer_a, year=2024, published=True)
    base = reverse("buyer_dashboard", args=[cast.buyer_a.pk])
    places_of = (
        "",
        f"&direction={cast.department_a.pk}",
        f"&operation={market.operation_id}",
        f"&marche={market.pk}",
    )
    addresses = [
        *(f"{base}?annee=2025{place}{panel}" for place in places_of for panel in ("", "&volet=achats")),
        *(f"{base}?annee=2026&comparer=5{place}" for place in places_of[:2]),
        *(f"{base}?de=01/2025&a=06/2025{place}" for place in places_of[:2]),
    ]
    costs = {}
    for more in (0, 5):
        for n in range(more):
            commitment = CommitmentFactory(
                lot=LotFactory(
                    market=MarketFactory(
                        buyer=cast.buyer_a, department=cast.department_a, operation=market.operation
                    )
                ),
                company=CompanyFactory(name=f"Alpha {n}"),
                hours=100,
            )
            worked(commitment, dt.date(2025, 3, 1), 10)
            worked(commitment, dt.date(2024, 3, 1), 10)
        for user in (cast.buyer_user_a, cast.limited_a, cast.facilitator):
            client.force_login(user)
            # What a process reads once only.
            client.get(base)
            for address in addresses:
                if user == cast.limited_a and "operation=" in address:
                    continue
                costs.setdefault((user.first_name, address), []).append(queries(client, address))
    assert {name: cost for name, cost in costs.items() if cost[0] != cost[1] or max(cost) > 12} == {}


def test_an_account_of_two_buyers_reads_each_apart(client, cast):
    user = cast.buyer_user_a
    BuyerMembershipFactory(user=user, buyer=cast.buyer_b)
    worked(cast.commitment_a, dt.date(2025, 3, 1), 100)
    worked(cast.commitment_b, dt.date(2025, 3, 1), 33)
    text = page(client, user, cast.buyer_a, "?annee=2025")
    assert ">100 h<" in text and "Bravo Travaux" not in text
    assert page(client, user, cast.buyer_a, f"?marche={cast.commitment_b.market_id}", status=404)
