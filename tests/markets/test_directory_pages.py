"""The list of structures: its filters, its order, its exports, and who may open it."""

from __future__ import annotations

import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from markets.models import Company
from tests.factories import (
    AwardFactory,
    CommuneFactory,
    CompanyFactory,
    CompanyKindFactory,
    ContactFactory,
    SectorFactory,
)

pytestmark = pytest.mark.django_db
MOST = 12


@pytest.fixture
def structures(cast):
    here, there = (
        CommuneFactory(code="69266", label="Villeurbanne"),
        CommuneFactory(code="69029", label="Bron"),
    )
    made = {}
    for name, kind, latitude, commune in (
        ("Alpha EI", "EI", 45.0, here),
        ("Bravo ESAT", "ESAT", 45.2, there),
        ("Charlie GEIQ", "GEIQ", 45.1, there),
    ):
        made[kind] = CompanyFactory(name=name, commune=commune, latitude=latitude, longitude=4.0)
        CompanyKindFactory(company=made[kind], kind=kind)
    made["old"] = CompanyFactory(name="Delta ancienne", commune=here)
    CompanyKindFactory(company=made["old"], kind="ACI", ends_on="2024-12-31")
    made["ordinary"] = CompanyFactory(name="Écho ordinaire")
    return made


def names(response) -> list[str]:
    return [row.record.name for row in response.context["table"].page.object_list]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Alpha EI", "Bravo ESAT", "Charlie GEIQ"]),
        ("kind=siae", ["Alpha EI"]),
        ("kind=adapted", ["Bravo ESAT"]),
        ("kind=GEIQ", ["Charlie GEIQ"]),
        ("closed=on", ["Alpha EI", "Bravo ESAT", "Charlie GEIQ", "Delta ancienne"]),
        ("kind=ACI", []),
        ("kind=ACI&closed=on", ["Delta ancienne"]),
        ("q=charlie", ["Charlie GEIQ"]),
        # A tenth of a degree of latitude is 11.1 km.
        ("commune=Villeurbanne&within=10", ["Alpha EI"]),
        ("commune=Villeurbanne&within=25", ["Alpha EI", "Charlie GEIQ", "Bravo ESAT"]),
        ("commune=69266&within=0", ["Alpha EI"]),
        ("commune=Villeurbanne", ["Alpha EI", "Charlie GEIQ", "Bravo ESAT"]),
        ("commune=Villeurbanne&within=25&tri=-distance", ["Bravo ESAT", "Charlie GEIQ", "Alpha EI"]),
        ("tri=distance", ["Alpha EI", "Bravo ESAT", "Charlie GEIQ"]),
        ("commune=Nullepart", []),
        ("within=10", ["Alpha EI", "Bravo ESAT", "Charlie GEIQ"]),
    ],
)
def test_filters_keep_what_they_say(cast, signed_in, structures, query: str, expected: list[str]) -> None:
    assert names(signed_in(cast.facilitator).get(f"{reverse('directory_list')}?{query}")) == expected


def test_an_unknown_commune_is_told(cast, signed_in, structures) -> None:
    page = (
        signed_in(cast.facilitator).get(reverse("directory_list"), {"commune": "Nullepart"}).content.decode()
    )
    assert "n’est pas une commune connue" in page


def test_a_sector_narrows_the_list(cast, signed_in, structures) -> None:
    structures["ESAT"].activities.add(SectorFactory())
    response = signed_in(cast.facilitator).get(reverse("directory_list"), {"sector": "green"})
    assert names(response) == ["Bravo ESAT"]
    assert "Espaces verts" in response.content.decode()


def test_rows_lead_to_the_company_and_give_their_distance(cast, signed_in, structures) -> None:
    page = (
        signed_in(cast.facilitator)
        .get(reverse("directory_list"), {"commune": "69266", "within": "25"})
        .content.decode()
    )
    assert reverse("company_detail", args=[structures["EI"].pk]) in page
    assert "11,1" in page  # Charlie
    assert "22,2" in page  # Bravo
    assert reverse("directory_send") in page


def test_the_list_asks_as_often_for_one_row_as_for_six_and_twelve_times_at_most(
    cast, signed_in, structures
) -> None:
    client = signed_in(cast.facilitator)

    def count(url: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    url = f"{reverse('directory_list')}?commune=69266&within=100"
    Company.objects.filter(pk__in=[structures["ESAT"].pk, structures["GEIQ"].pk]).delete()
    one = count(url)
    sector = SectorFactory()
    for number in range(5):
        company = CompanyFactory(name=f"Structure {number}", commune_id="69266", latitude=45.0, longitude=4.1)
        CompanyKindFactory(company=company, kind="EI")
        company.activities.add(sector)
        ContactFactory(buyer=None, company=company)
        AwardFactory(company=company)
    assert count(url) == one <= MOST
    plain = count(reverse("directory_list"))
    assert plain <= MOST


def test_exports_hold_every_row_with_how_to_reach_it_and_run_no_formula(cast, signed_in, structures) -> None:
    structures["EI"].name, structures["EI"].phone = '=HYPERLINK("http://x")', "0472000001"
    structures["EI"].email, structures["EI"].address = "a@alpha.example", "+cmd|' /C calc'!A0"
    structures["EI"].save()
    client = signed_in(cast.facilitator)
    url = f"{reverse('directory_list')}?kind=EI&commune=69266"

    csv = b"".join(client.get(f"{url}&export=csv").streaming_content).decode("utf-8-sig")
    header, line = csv.strip().split("\r\n")
    assert (
        header == "Structure;Nature;Secteurs;Adresse;Commune;Distance (km);Téléphone;Courriel;SIRET;Marchés"
    )
    assert line.startswith("\"'=HYPERLINK")
    assert "'+cmd" in line
    assert "a@alpha.example" in line

    response = client.get(f"{url}&export=xlsx")
    rows = CalamineWorkbook.from_filelike(
        io.BytesIO(b"".join(response.streaming_content))
    ).get_sheet_by_index(0)
    assert rows.to_python()[1][0] == '=HYPERLINK("http://x")'


def test_the_place_of_companies_shows_the_directory(cast, signed_in) -> None:
    page = signed_in(cast.facilitator).get(reverse("company_list")).content.decode()
    assert reverse("directory_list") in page


def test_buyers_and_companies_have_no_directory(cast, signed_in, structures) -> None:
    for user in (cast.buyer_user_a, cast.company_user_a):
        for name in ("directory_list", "directory_import", "directory_send", "directory_pdf"):
            assert signed_in(user).get(reverse(name)).status_code == 403


def test_a_company_is_given_its_sectors_on_its_form(cast, signed_in) -> None:
    sector = SectorFactory()
    client = signed_in(cast.facilitator)
    client.post(
        reverse("company_edit", args=[cast.company_a.pk]),
        {"name": "Alpha Bâtiment", "identifier_kind": "none", "activities": [sector.pk]},
    )
    assert list(cast.company_a.activities.all()) == [sector]
    assert "Espaces verts" in client.get(reverse("company_detail", args=[cast.company_a.pk])).content.decode()
