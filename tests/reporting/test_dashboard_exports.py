"""What leaves a dashboard: every table as it is shown, with its filters; one workbook of them all; nobody else's words."""

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from django.urls import reverse
from python_calamine import CalamineWorkbook

from accounts.models import AccessRecord
from reporting import tables_of_figures as tof
from tests.factories import (
    CompanyFactory,
    HoursEntryFactory,
    LotFactory,
    OperationFactory,
    eligible_assignment,
    make_bilan,
)

pytestmark = pytest.mark.django_db


def worked(commitment, month, hours):
    return HoursEntryFactory(
        assignment=eligible_assignment(commitment=commitment), month=month, hours=hours, counted=True
    )


def fetched(client, user, buyer, query):
    client.force_login(user)
    response = client.get(reverse("buyer_dashboard", args=[buyer.pk]) + query)
    assert response.status_code == 200
    return response


def body(response):
    return b"".join(response.streaming_content)


def as_csv(response):
    assert response["Content-Type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(body(response).decode("utf-8-sig")), delimiter=";"))


def as_workbook(response):
    """Sheet → rows, in order."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(body(response)))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def words_of(book):
    return [str(cell) for rows in book.values() for row in rows for cell in row]


@pytest.fixture
def territory(cast):
    market = cast.commitment_a.market
    market.operation = OperationFactory(buyer=cast.buyer_a, name="Opération Alpha du parc")
    market.save()
    worked(cast.commitment_a, dt.date(2024, 3, 1), 60)
    worked(cast.commitment_a, dt.date(2025, 3, 1), "80.50")
    worked(cast.other_commitment_a, dt.date(2025, 4, 1), 20)
    worked(cast.commitment_b, dt.date(2025, 4, 1), 199)
    return cast


def test_a_table_leaves_with_what_it_shows_and_with_its_filters(client, territory):
    cast = territory
    rows = as_csv(
        fetched(client, cast.buyer_user_a, cast.buyer_a, "?annee=2025&export=csv&table=market_list")
    )
    assert rows[0][:4] == ["Marché", "Heures 2025 (h)", "Engagées (h)", "Comptées depuis le début (h)"]
    # Engaged: 500 h and the 300 h offered above them; counted since the start: 60 h of 2024 and 80.5 h.
    assert rows[1][1:4] == ["80,50", "800,00", "140,50"]
    assert rows[2][1:4] == ["20,00", "321,00", "20,00"]
    assert rows[3][:4] == ["Ensemble", "100,50", "1121,00", "160,50"]
    one = as_csv(
        fetched(client, cast.buyer_user_a, cast.buyer_a,
                f"?annee=2024&direction={cast.department_a.pk}&export=csv&table=market_list")
    )  # fmt: skip
    assert [row[1] for row in one[1:]] == ["60,00", "60,00"]
    compared = as_csv(
        fetched(
            client, cast.buyer_user_a, cast.buyer_a, "?annee=2025&comparer=2&export=csv&table=hours_by_holder"
        )
    )
    assert compared == [
        ["Entreprise", "2024 (h)", "2025 (h)"],
        ["Alpha Bâtiment", "60,00", "100,50"],
        ["Ensemble", "60,00", "100,50"],
    ]


def test_the_rows_left_out_of_the_page_are_in_the_file(client, cast):
    from tests.factories import CommitmentFactory

    for n in range(18):
        commitment = CommitmentFactory(
            lot=LotFactory(market=cast.commitment_a.market),
            company=CompanyFactory(name=f"Alpha {n:02}"),
            hours=10,
        )
        worked(commitment, dt.date(2025, 3, 1), 1)
    text = fetched(client, cast.buyer_user_a, cast.buyer_a, "?annee=2025").content.decode()
    assert "Alpha 14" in text and "Alpha 15" not in text and "Voir les 3 autres lignes" in text
    whole = fetched(
        client, cast.buyer_user_a, cast.buyer_a, "?annee=2025&tout=hours_by_holder"
    ).content.decode()
    assert "Alpha 17" in whole
    rows = as_csv(
        fetched(client, cast.buyer_user_a, cast.buyer_a, "?annee=2025&export=csv&table=hours_by_holder")
    )
    assert len(rows) == 1 + 18 + 1


def test_the_workbook_holds_every_table_under_its_scope_and_its_day(client, territory):
    cast = territory
    make_bilan(buyer=cast.buyer_a, year=2024, published=True)
    book = as_workbook(fetched(client, cast.buyer_user_a, cast.buyer_a, "?annee=2025&export=xlsx"))
    assert list(book) == [
        "Chiffres clés", "Heures par année", "Heures par direction ou service", "Heures par opération",
        "Marchés, heures et engagements", "Heures et contrats par entrepri", "Heures et contrats par type de",
        "Heures et contrats par modalité", "Heures par famille d’achat", "Marchés par nature de clause",
        "Marchés et lots réservés, par f", "Montants attribués aux structur", "Heures par division CPV",
        "Heures par métier",
    ]  # fmt: skip
    sheet = book["Chiffres clés"]
    assert "Ville d’Alpha" in sheet[0][0] and "nnée 2025" in sheet[0][0]
    figures = {row[0]: row for row in sheet}
    assert figures["heures d’insertion réalisées"][1:3] == [100.5, 60]
    rows = [
        row for row in book["Heures et contrats par entrepri"] if row[0] in ("Entreprise", "Alpha Bâtiment")
    ]
    assert rows[0][:3] == ["Entreprise", "Heures 2025 (h)", "bilan 2024 (h)"]
    # Two people: their number is withheld, hours and contracts are not.
    assert rows[1] == ["Alpha Bâtiment", 100.5, 60, 2, 1, "masqué"]


@pytest.mark.parametrize("query", ["annee=2025", "annee=2025&comparer=3", "de=01/2025&a=12/2025", "annee=2025&volet=achats"])  # fmt: skip
def test_no_file_holds_a_word_of_another_buyer_nor_who_the_people_are(client, territory, query):
    cast = territory
    for user, hidden in (
        (cast.buyer_user_a, ("Bravo", "199")),
        (cast.limited_a, ("Bravo", "199", "ALPHA-2", "voirie", "100.5", "160.5")),
    ):
        words = words_of(as_workbook(fetched(client, user, cast.buyer_a, f"?{query}&export=xlsx")))
        for word in (*hidden, "RSA", "Femme", "QPV", "26 ans"):
            assert not [found for found in words if word in found], (word, query)
        people = [row.placement.beneficiary.last_name for row in _assignments()]
        assert people and not [found for found in words for name in people if name and name in found]
    client.force_login(cast.buyer_user_b)
    assert (
        client.get(reverse("buyer_dashboard", args=[cast.buyer_a.pk]) + f"?{query}&export=xlsx").status_code
        == 404
    )


def _assignments():
    from beneficiaries.models import Assignment

    return list(Assignment.objects.select_related("placement__beneficiary").order_by("pk"))


def test_whole_months_tell_a_buyer_no_number_of_people(client, territory):
    cast = territory
    words = words_of(
        as_workbook(fetched(client, cast.buyer_user_a, cast.buyer_a, "?de=01/2025&a=06/2025&export=xlsx"))
    )
    assert not [word for word in words if "ersonne" in word and "insertion" not in word]


def test_a_download_is_written_down(client, territory):
    cast = territory
    fetched(client, cast.buyer_user_a, cast.buyer_a, "?annee=2025&export=csv&table=families")
    record = AccessRecord.objects.get(subject__startswith="export")
    assert record.user == cast.buyer_user_a
    assert record.subject == "export tableau-de-bord-ville-dalpha-annee-2025-heures-par-famille-dachat csv"


def test_a_file_that_does_not_exist_gets_a_sentence(client, cast):
    for query in (
        "?export=csv",
        "?export=pdf",
        "?export=xlsx&table=people",
        "?export=csv&table=typology_age",
    ):
        text = fetched(client, cast.buyer_user_a, cast.buyer_a, query).content.decode()
        assert "Ce fichier n’existe pas" in text


def test_a_name_that_a_spreadsheet_would_run_stays_text(client, cast):
    from tests.factories import CommitmentFactory

    commitment = CommitmentFactory(
        lot=LotFactory(market=cast.commitment_a.market),
        company=CompanyFactory(name="=HYPERLINK(1)"),
        hours=10,
    )
    worked(commitment, dt.date(2025, 3, 1), 1)
    rows = as_csv(
        fetched(client, cast.buyer_user_a, cast.buyer_a, "?annee=2025&export=csv&table=hours_by_holder")
    )
    assert rows[1][0] == "'=HYPERLINK(1)"


def test_a_masked_cell_is_nowhere_in_the_table():
    block = tof.table(
        "t", "Titre", [tof.Column("label", "Nom"), tof.Column("people", "Personnes", "number")],
        [tof.Row("1", {"label": "Alpha", "people": 3}, masked=("people",)), tof.Row("2", {"label": "Béta", "people": Decimal(7)})],
    )  # fmt: skip
    assert block["rows"][0]["cells"] == {"label": "Alpha", "people": None}
    assert block["rows"][0]["masked"] == ["people"]
    response = tof.export_tables("t", "csv", [block], ["Alpha"])
    assert as_csv(response)[1:] == [["Alpha", "masqué"], ["Béta", "7"]]


def test_a_table_is_cut_only_where_it_spares_reading():
    block = tof.table(
        "t", "", [tof.Column("label", "Nom")], [tof.Row(str(n), {"label": str(n)}) for n in range(12)]
    )
    assert tof.for_page(block, shown=10, more_url="", exports=[])["more"] == 0
    cut = tof.for_page(block, shown=9, more_url="?tout=t", exports=[("CSV", "?export=csv")])
    assert (
        cut["more"] == 3
        and len(cut["rows"]) == 9
        and cut["exports"] == [{"label": "CSV", "url": "?export=csv"}]
    )
    assert len(block["rows"]) == 12
