"""The house's dashboards: a portfolio and its pace, the territory, the load, what the data lacks, the fees."""

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from reporting import kept
from reporting.dashboards import load, portfolio, quality
from reporting.models import KeptFigures
from tests.factories import (
    BeneficiaryFactory,
    BuyerFactory,
    CommitmentFactory,
    CompanyFactory,
    HoursEntryFactory,
    InvoiceFactory,
    MarketFactory,
    ResponsibilityFactory,
    TaskFactory,
    UserFactory,
    eligible_assignment,
    make_bilan,
    make_cast,
)
from tests.reporting.test_buyer_dashboard import plain, rows_of

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 11, 22)


@pytest.fixture(autouse=True)
def a_sunday_in_november(monkeypatch):
    real = timezone.localdate
    # However busy the machine is.
    monkeypatch.setattr(kept, "AT_ONCE", 60.0)
    monkeypatch.setattr(
        timezone, "localdate", lambda value=None, zone=None: TODAY if value is None else real(value, zone)
    )


def vars_of(row):
    return {name: getattr(row, name) for name in ("state", "figures", "seconds", "computed_at")}


def held(user, *, hours=1200, reference="M-1", buyer=None, months=(), **market):
    """A market that a person answers for, with its commitment and (month, hours) counted."""
    values = {"starts_on": dt.date(2026, 1, 1), "planned_end": dt.date(2027, 2, 28)} | market
    row = MarketFactory(reference=reference, buyer=buyer or BuyerFactory(), **values)
    commitment = CommitmentFactory(
        market=row, hours=hours, starts_on=values["starts_on"], ends_on=values["planned_end"]
    )
    ResponsibilityFactory(market=row, facilitator=user, starts_on=dt.date(2026, 1, 1))
    if months:
        assignment = eligible_assignment(commitment=commitment, starts_on=dt.date(2026, 1, 5))
        for month, counted in months:
            HoursEntryFactory(assignment=assignment, month=month, hours=counted, counted=True)
    return commitment


def get(client, user, name, query="", status=200):
    client.force_login(user)
    response = client.get(reverse(name) + query)
    assert response.status_code == status
    return plain(response.content.decode())


# --- a portfolio ---------------------------------------------------------------------------------------------------


def test_a_market_has_its_pace_its_projected_end_and_what_it_takes():
    user = UserFactory()
    months = [(dt.date(2026, number, 1), 60) for number in (5, 6, 7)]
    months += [(dt.date(2026, number, 1), 90) for number in (8, 9, 10)]
    held(user, hours=1200, months=[*months, (dt.date(2026, 11, 1), 50)])

    (row,) = portfolio.forecasts(user, TODAY)

    # 500 h counted, 700 missing; 90 a month over August to October, 75 over May to October. Eight months of 90 from
    # November on: June 2027. Four months are left, November to February: 175 a month, 1.2 full-time.
    assert row.missing == Decimal(700)
    found = row.projection
    assert (found.monthly, found.ends, found.months_left) == (Decimal("90.00"), dt.date(2027, 6, 1), 4)
    assert (found.needed, found.full_time) == (Decimal("175.00"), Decimal("1.2"))
    assert row.last_long / 6 == Decimal(75)


def test_hours_above_one_commitment_do_not_quicken_another(client):
    user = UserFactory()
    first = held(user, hours=100, months=[(dt.date(2026, 9, 1), 150)])
    CommitmentFactory(market=first.market, hours=300, starts_on=dt.date(2026, 1, 1))

    (row,) = portfolio.forecasts(user, TODAY)

    assert row.missing == Decimal(300)
    assert row.projection.monthly == 0
    assert "Sans rythme" in get(client, user, "portfolio_dashboard")


def test_the_worst_comes_first_and_the_address_narrows(client):
    user = UserFactory()
    town = BuyerFactory(name="Ville d’Amont")
    held(user, reference="TENU", hours=50, months=[(dt.date(2026, 9, 1), 60)])
    held(user, reference="RETARD", hours=2000, buyer=town)
    held(user, reference="SANS", hours=0)

    rows = rows_of(get(client, user, "portfolio_dashboard"), "forecast")
    assert [row[0].split(" ·")[0] for row in rows] == ["RETARD", "TENU", "SANS"]
    late = rows_of(get(client, user, "portfolio_dashboard", "?etat=late"), "forecast")
    assert [row[0].split(" ·")[0] for row in late] == ["RETARD"]
    of_town = rows_of(get(client, user, "portfolio_dashboard", f"?acheteur={town.pk}"), "forecast")
    assert [row[0].split(" ·")[0] for row in of_town] == ["RETARD"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?etat=bleu", "« bleu » n’est pas un état"),
        ("?acheteur=²", "Ce donneur d’ordre n’a pas de marché ici"),
        ("?volet=lune", "« lune » n’est pas un volet"),
        ("?volet=annee&annee=abcd", "n’est pas une année"),
        ("?facilitateur=999", "Chacun lit son propre portefeuille"),
        ("?export=pdf", "Ce fichier n’existe pas"),
        ("?export=csv&table=rien", "Ce fichier n’existe pas"),
    ],
)
def test_what_the_address_says_wrong_is_said(client, query, said):
    assert said in get(client, UserFactory(), "portfolio_dashboard", query)


def test_an_admin_reads_the_portfolio_of_a_colleague(client):
    colleague, admin = UserFactory(first_name="Nadia", last_name="Nord"), UserFactory(role="admin")
    held(colleague, reference="N-1")

    text = get(client, admin, "portfolio_dashboard", f"?facilitateur={colleague.pk}")
    assert "Portefeuille de Nadia Nord" in text
    assert "N-1" in text
    assert "N-1" not in get(client, admin, "portfolio_dashboard")


def test_a_table_is_exported_as_it_is_shown_with_its_filters(client):
    user = UserFactory()
    held(user, reference="TENU", hours=50, months=[(dt.date(2026, 9, 1), 60)])
    held(user, reference="RETARD", hours=2000)
    client.force_login(user)

    response = client.get(reverse("portfolio_dashboard") + "?etat=late&export=xlsx&table=forecast")
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(response)))
    rows = book.get_sheet_by_index(0).to_python()
    cells = [str(cell) for row in rows for cell in row if cell not in (None, "")]
    assert any(cell.startswith("RETARD") for cell in cells)
    assert not any(cell.startswith("TENU") for cell in cells)
    assert any("État : en retard" in plain(cell) for cell in cells)
    csv = b"".join(client.get(reverse("portfolio_dashboard") + "?etat=met&export=csv&table=forecast"))
    assert "TENU" in csv.decode("utf-8-sig")


def test_the_year_of_a_portfolio_counts_the_months_that_were_answered_for(client):
    user = UserFactory()
    held(user, reference="AN-1", months=[(dt.date(2026, 3, 1), 40), (dt.date(2026, 4, 1), 30)])

    text = get(client, user, "portfolio_dashboard", "?volet=annee&annee=2026")
    assert rows_of(text, "hours_by_market")[0][1] == "70"


def test_months_that_a_company_has_to_send_are_told_the_latest_first(client):
    user = UserFactory()
    commitment = held(user, reference="MOIS", months=[(dt.date(2026, 8, 1), 40)])

    rows = portfolio.months_missing(user, TODAY)
    assert rows
    assert all(row.company == commitment.holder for row in rows)
    ranks = [row.code != "late" for row in rows]
    assert ranks == sorted(ranks)
    assert dt.date(2026, 8, 1) not in {row.month for row in rows}
    text = get(client, user, "portfolio_dashboard", "?volet=mois")
    assert str(commitment.holder) in text
    assert len(rows_of(text, "months_by_company")) == 1


# --- the territory -------------------------------------------------------------------------------------------------


def test_the_territory_is_read_in_five_queries_once_it_is_kept(client):
    user = UserFactory()
    held(user, months=[(dt.date(2026, 3, 1), 40)])
    kept.keep_year(2026)
    assert "40" in get(client, user, "territory_dashboard")

    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("territory_dashboard"))

    assert len(queries) <= 5


def test_kept_years_stand_side_by_side(client, monkeypatch):
    user = UserFactory()
    held(user, buyer=BuyerFactory(name="Ville d’Amont"), months=[(dt.date(2026, 3, 1), 40)])
    for year in (2025, 2026):
        kept.keep_year(year)
    monkeypatch.setattr(kept, "FEW_ENTRIES", 0)

    text = get(client, user, "territory_dashboard", "?annee=2026&comparer=3")
    assert "Chiffres pas encore gardés pour 2024" in text
    figures = rows_of(text, "years")
    assert figures[0] == ["Heures réalisées", "0", "40"]
    # Where it is short, a year that is not kept is computed for the page.
    monkeypatch.setattr(kept, "FEW_ENTRIES", 5_000)
    text = get(client, user, "territory_dashboard", "?annee=2026&comparer=3")
    assert rows_of(text, "years")[0] == ["Heures réalisées", "0", "0", "40"]
    assert rows_of(text, "hours_by_buyer")[0][0] == "Ville d’Amont"


def test_a_buyers_row_leads_to_its_dashboard(client):
    user = UserFactory()
    commitment = held(user, months=[(dt.date(2026, 3, 1), 40)])
    url = reverse("buyer_dashboard", args=[commitment.market.buyer_id])

    assert f'href="{url}?annee=2026"' in get(client, user, "territory_dashboard")


# --- load, data, fees ----------------------------------------------------------------------------------------------


def test_the_load_of_each_is_counted_by_hand():
    admin, nadia, omar = UserFactory(role="admin"), UserFactory(), UserFactory()
    commitment = held(nadia, months=[(dt.date(2026, 10, 1), 40)])
    held(nadia, closed_on=dt.date(2026, 10, 1))
    ResponsibilityFactory(market=None, company=CompanyFactory(), facilitator=nadia, stand_in=omar)
    TaskFactory(market=commitment.market, due_on=dt.date(2026, 11, 1))
    TaskFactory(market=commitment.market, due_on=dt.date(2026, 12, 1), assignee=omar)
    make_bilan(buyer=commitment.market.buyer).__class__.objects.update(writer=omar)

    found = load.loads(admin, TODAY)
    keys = ("markets", "companies", "people", "tasks", "overdue", "bilans")
    assert [found[nadia.pk][key] for key in keys] == [1, 1, 1, 1, 1, 0]
    assert [found[omar.pk][key] for key in keys] == [0, 1, 0, 1, 0, 1]


def test_what_the_data_lacks_is_the_list_that_it_leads_to(client):
    user = UserFactory(role="admin")
    held(user, hours=0)
    BeneficiaryFactory(prescriber=None)
    CompanyFactory(identifier="")
    for key, _label, number, total, url in quality.lacks(user, 2026, TODAY):
        assert 0 <= number <= total
        client.force_login(user)
        assert client.get(url).status_code == 200
        if key in ("commune", "education", "prescriber", "siret"):
            csv = b"".join(client.get(f"{url}&export=csv")).decode("utf-8-sig")
            assert len(csv.strip().splitlines()) - 1 == number, key
    found = {row[0]: row[2] for row in quality.lacks(user, 2026, TODAY)}
    assert (found["siret"], found["target"]) == (1, 1)
    assert found["prescriber"] >= 1


def test_the_fees_of_a_year_are_told_by_state_and_by_buyer(client):
    admin = UserFactory(role="admin")
    InvoiceFactory(issued=True, net=Decimal(1000), due_on=dt.date(2026, 2, 14))
    InvoiceFactory(
        issued=True,
        net=Decimal(400),
        state="paid",
        sent_on=dt.date(2026, 1, 16),
        paid_on=dt.date(2026, 2, 1),
        channel="chorus",
    )

    text = get(client, admin, "fees_dashboard", "?annee=2026")
    rows = rows_of(text, "fees_by_buyer")
    assert [row[1:] for row in rows] == [
        ["1", "1 000 €", "0 €", "1 000 €", "1 000 €"],
        ["1", "400 €", "400 €", "0 €", "0 €"],
    ]


PAGES = [
    ("portfolio_dashboard", ""),
    ("portfolio_dashboard", "?volet=annee&annee=2026"),
    ("portfolio_dashboard", "?volet=mois"),
    ("territory_dashboard", "?annee=2026"),
    ("load_dashboard", ""),
    ("quality_dashboard", ""),
    ("quality_dashboard", "?volet=anomalies"),
    ("fees_dashboard", "?annee=2026"),
]


@pytest.mark.parametrize(("name", "query"), PAGES)
def test_a_page_has_the_same_queries_with_one_and_with_six(client, name, query):
    user = UserFactory(role="admin")

    def some(number):
        for index in range(number):
            held(user, reference=f"Q-{number}-{index}", months=[(dt.date(2026, 9, 1), 10)])
            InvoiceFactory(issued=True)

    def queries():
        if name == "territory_dashboard":
            # Slow to make: the page shows them as they are kept.
            KeptFigures.objects.get_or_create(year=2026, defaults=vars_of(kept.computed_year(2026)))
            KeptFigures.objects.update(seconds=600)
        with CaptureQueriesContext(connection) as found:
            assert client.get(reverse(name) + query).status_code == 200
        return len(found)

    some(1)
    get(client, user, name, query)
    one = queries()
    some(5)
    assert queries() == one <= 12


@pytest.mark.parametrize(
    "name",
    ["portfolio_dashboard", "territory_dashboard", "load_dashboard", "quality_dashboard", "fees_dashboard"],
)
def test_these_pages_are_the_houses(client, name):
    cast = make_cast()
    for user in (cast.buyer_user_a, cast.company_user_a):
        get(client, user, name, status=403)
    get(client, cast.facilitator, name, status=403 if name in ("load_dashboard", "fees_dashboard") else 200)
    get(client, cast.admin, name)
