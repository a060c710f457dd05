"""The pages of imports, as a facilitator uses them: a file, its columns, the dry run, one gesture for each decision."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.enums import Role
from beneficiaries.enums import EntryState, ImportState, LineState
from beneficiaries.models import Beneficiary, DataImport, HoursEntry, ImportLine
from tests.beneficiaries.test_imports import FILE, load, receive, team  # noqa: F401
from tests.factories import BuyerFactory, UserFactory

pytestmark = pytest.mark.django_db


def upload(client: Any, content: bytes, *, name: str = "heures.csv", **data: Any) -> Any:
    return client.post(
        reverse("import_create"),
        {"kind": "hours", "file": SimpleUploadedFile(name, content), **data},
        follow=True,
    )


def test_a_file_with_known_titles_is_tried_at_once_loaded_and_validated_in_three_gestures(team, signed_in):  # noqa: F811
    client = signed_in(UserFactory())
    employer = team[0].placement.employer
    page = upload(client, FILE.encode(), company=employer.name)
    row = DataImport.objects.get()
    assert page.redirect_chain[-1][0] == reverse("import_detail", args=[row.pk])
    assert "Charger 2 lignes" in page.content.decode()
    page = client.post(reverse("import_do", args=[row.pk, "load"]), follow=True)
    assert "C’est chargé" in page.content.decode()
    assert HoursEntry.objects.filter(state=EntryState.SUBMITTED).count() == 2
    page = client.post(reverse("import_do", args=[row.pk, "validate"]), follow=True)
    assert "Import validé" in page.content.decode()
    assert HoursEntry.objects.filter(state=EntryState.VALIDATED).count() == 2


def test_unknown_titles_lead_to_the_columns_which_are_remembered(team, signed_in):  # noqa: F811
    client = signed_in(UserFactory())
    employer = team[0].placement.employer
    text = "Qui;Quand;Combien\nDUPONT Jean;03/2025;100\n"
    page = upload(client, text.encode("cp1252"), company=employer.name)
    row = DataImport.objects.get()
    assert page.redirect_chain[-1][0] == reverse("import_columns", args=[row.pk])
    url = f"{reverse('import_columns', args=[row.pk])}?sheet=0&header=1"
    refused = client.post(url, {"c_0": "full_name", "c_1": "month", "c_2": ""})
    assert "Aucune colonne ne donne les heures" in refused.content.decode()
    page = client.post(url, {"c_0": "full_name", "c_1": "month", "c_2": "hours"}, follow=True)
    assert "Charger 1 ligne" in page.content.decode()
    page = upload(client, text.replace("03/", "04/").encode("utf-16"), company=employer.name, name="x.csv")
    assert "Charger 1 ligne" in page.content.decode()


def test_the_same_thing_in_two_columns_is_refused_beside_the_second(team, signed_in):  # noqa: F811
    client = signed_in(UserFactory())
    row = receive(team, FILE)
    url = f"{reverse('import_columns', args=[row.pk])}?sheet=0&header=1"
    page = client.post(url, {"c_0": "last_name", "c_1": "last_name", "c_3": "month", "c_4": "hours"})
    assert "est déjà la colonne" in page.content.decode()


def test_a_doubtful_line_is_decided_with_one_click(team, signed_in):  # noqa: F811
    client = signed_in(UserFactory())
    page = upload(client, FILE.replace("DUPONT", "DUPOND").encode(), company=team[0].placement.employer.name)
    assert "une lui ressemble" in page.content.decode()
    line = ImportLine.objects.get(state=LineState.DOUBTFUL)
    choice = line.proposals[0][0]
    client.post(reverse("import_decide", args=[line.pk]), {"choix": choice})
    line = ImportLine.objects.get(number=2)
    assert (line.state, line.choice) == (LineState.CORRECTED, choice)
    client.post(reverse("import_decide", args=[line.pk]), {"choix": ""})
    assert ImportLine.objects.get(number=2).state == LineState.DOUBTFUL
    line = ImportLine.objects.get(number=2)
    page = client.post(reverse("import_decide", args=[line.pk]), {"choix": "p:999999"}, follow=True)
    assert "n’est pas proposé" in page.content.decode()


def test_what_was_left_undecided_is_gone_on_with_in_one_gesture(team, signed_in):  # noqa: F811
    client = signed_in(UserFactory())
    upload(client, FILE.replace("DUPONT", "DUPOND").encode(), company=team[0].placement.employer.name)
    row = DataImport.objects.get()
    page = client.post(reverse("import_do", args=[row.pk, "load"]), follow=True)
    assert "Décider 1 ligne laissée" in page.content.decode()
    page = client.post(reverse("import_do", args=[row.pk, "again"]), follow=True)
    text = page.content.decode()
    assert "est déjà chargé depuis" in text and "une lui ressemble" in text
    again = DataImport.objects.latest("pk")
    assert (again.counts["unchanged"], again.counts["doubtful"]) == (1, 1)


def test_refused_lines_are_given_back_with_their_reason_and_load_once_corrected(team, signed_in):  # noqa: F811
    client = signed_in(UserFactory())
    upload(
        client,
        (FILE + "Martin;LEA;01/02/1985;04/2025;beaucoup\n").encode(),
        company=team[0].placement.employer.name,
    )
    row = DataImport.objects.get()
    response = client.get(reverse("import_refused", args=[row.pk]))
    text = response.content.decode("utf-8-sig")
    assert "beaucoup" in text and "n’est pas un nombre d’heures" in text and "DUPONT" not in text
    page = upload(
        client,
        text.replace("beaucoup", "50").encode(),
        company=team[0].placement.employer.name,
        name="bis.csv",
    )
    assert "Charger 1 ligne" in page.content.decode()


def test_taking_back_and_forgetting(team, signed_in):  # noqa: F811
    client = signed_in(UserFactory())
    row = load(receive(team, FILE))
    page = client.post(reverse("import_do", args=[row.pk, "take_back"]), follow=True)
    assert "repris en entier" in page.content.decode() and not HoursEntry.objects.exists()
    other = receive(team, FILE)
    client.post(reverse("import_do", args=[other.pk, "discard"]))
    assert list(DataImport.objects.values_list("state", flat=True)) == [ImportState.TAKEN_BACK]


def test_a_long_file_is_a_job(team, signed_in, monkeypatch):  # noqa: F811
    monkeypatch.setattr("beneficiaries.import_jobs.AT_ONCE", 1)
    client = signed_in(UserFactory())
    page = upload(client, FILE.encode(), company=team[0].placement.employer.name)
    assert "Essai à blanc de heures.csv" in page.content.decode()
    row = DataImport.objects.get()
    assert row.state == ImportState.CHECKED
    page = client.post(reverse("import_do", args=[row.pk, "load"]), follow=True)
    assert "Voir l’import" in page.content.decode()
    assert HoursEntry.objects.count() == 2 and HoursEntry.objects.first().counted_hours > 0


@pytest.mark.parametrize("role", [Role.BUYER, Role.COMPANY])
def test_imports_are_the_house_s_alone(team, signed_in, role):  # noqa: F811
    row = load(receive(team, FILE))
    client = signed_in(UserFactory(role=role))
    for name in ("import_detail", "import_columns", "import_refused"):
        assert client.get(reverse(name, args=[row.pk])).status_code == 403
    assert client.post(reverse("import_do", args=[row.pk, "take_back"])).status_code == 403
    assert client.get(reverse("file_download", args=[row.stored_id])).status_code == 404
    assert DataImport.objects.visible_to(UserFactory(role=role)).count() == 0


def test_the_page_and_the_list_ask_as_much_with_one_row_as_with_six(team, signed_in):  # noqa: F811
    client = signed_in(UserFactory())
    first = receive(team, FILE.replace("DUPONT", "DUPOND"))
    from beneficiaries.services.imports import check_import

    check_import(first, user=None)
    url = reverse("import_detail", args=[first.pk])
    client.get(url)

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    one, one_list = queries(url), queries(reverse("import_list"))
    many = FILE + "".join(f"DUPOND;Jean;12/05/1990;{month:02d}/2025;80\n" for month in range(4, 9))
    second = receive(team, many, name="b.csv")
    check_import(second, user=None)
    for rank in range(4):
        receive(team, many, name=f"c{rank}.csv")
    assert queries(reverse("import_detail", args=[second.pk])) == one <= 12
    assert queries(reverse("import_list")) == one_list <= 12


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "heures<script>.csv",
        "x" * 300 + ".csv",
        "\u202egnp.csv",
        "COM1.xlsx",
        "a\x00b.csv",
        "é\u200b.csv",
        ".csv",
    ],
)
def test_the_name_of_a_file_may_be_anything(team, signed_in, name):  # noqa: F811
    client = signed_in(UserFactory())
    page = upload(client, FILE.encode(), name=name, company=team[0].placement.employer.name)
    assert page.status_code == 200
    row = DataImport.objects.first()
    if row is not None:
        assert client.get(reverse("import_detail", args=[row.pk])).status_code == 200
        assert "/" not in row.file_name and len(row.file_name) <= 200
        assert client.get(reverse("import_refused", args=[row.pk])).status_code == 200


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "vide"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "page web"),
        (b"%PDF-1.7 rien", "n’est pas un tableau"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 900, "tableau"),
        (b"a;b\n" + b"1;2\n" * 20_500, "20\u202f000 lignes"),
        (b"x" * 20_000_001, "dépasse"),
    ],
)
def test_what_is_no_table_is_refused_beside_the_file(team, signed_in, content, sentence):  # noqa: F811
    page = upload(signed_in(UserFactory()), content)
    assert page.status_code == 200
    assert sentence in page.content.decode()
    assert not DataImport.objects.exists()


def test_what_was_typed_in_the_form_is_kept_when_the_file_is_refused(signed_in):
    page = upload(signed_in(UserFactory()), b"", month="mars 2025")
    assert 'value="mars 2025"' in page.content.decode()


def test_hours_are_those_of_the_file_whatever_the_page(team, signed_in):  # noqa: F811
    client = signed_in(UserFactory())
    upload(client, FILE.encode(), company=team[0].placement.employer.name)
    row = DataImport.objects.get()
    client.post(reverse("import_do", args=[row.pk, "load"]))
    rows = HoursEntry.objects.order_by("hours").values_list("hours", "month")
    assert list(rows) == [(Decimal("100.00"), dt.date(2025, 3, 1)), (Decimal("120.50"), dt.date(2025, 3, 1))]


def test_a_list_of_people_is_loaded_on_the_page(signed_in):
    client = signed_in(UserFactory())
    content = "Nom;Prénom;Date de naissance;Courriel\nDurand;Paul;1/2/1980;paul@example.org\n".encode(
        "cp1252"
    )
    page = upload(client, content, kind="people")
    assert "Charger 1 ligne" in page.content.decode() and "Nouvelle fiche" in page.content.decode()
    row = DataImport.objects.get()
    client.post(reverse("import_do", args=[row.pk, "load"]))
    assert Beneficiary.objects.get().email == "paul@example.org"
    page = upload(client, content, kind="people", name="bis.csv")
    assert "Déjà connue" in page.content.decode() and "est déjà chargé depuis" in page.content.decode()
    client.post(reverse("import_do", args=[row.pk, "take_back"]))
    assert not Beneficiary.objects.exists()


def test_past_years_are_taken_over_on_the_page_for_the_buyer_that_is_chosen(signed_in):
    client, buyer = signed_in(UserFactory()), BuyerFactory()
    content = "Marché;Nom;Prénom;Né le;Année;Heures\n2019-1;Durand;Paul;1/2/1980;2019;300\n".encode()
    page = upload(client, content, kind="take_over")
    assert "Le donneur d’ordre de ce marché n’est pas dit" in page.content.decode().replace("\u202f", " ")
    row = DataImport.objects.get()
    page = client.post(
        f"{reverse('import_columns', args=[row.pk])}?sheet=0&header=1",
        {"c_0": "market", "c_1": "last_name", "c_2": "first_name", "c_3": "birth_date", "c_4": "year", "c_5": "hours",
         "buyer": buyer.pk, "granularity": "year"},
        follow=True,
    )  # fmt: skip
    assert "Charger 1 ligne" in page.content.decode()
    client.post(reverse("import_do", args=[row.pk, "load"]))
    page = client.post(reverse("import_do", args=[row.pk, "validate"]), follow=True)
    assert "Import validé" in page.content.decode()
    entry = HoursEntry.objects.get()
    assert (entry.hours, entry.counted_hours, entry.source) == (
        Decimal("300.00"),
        Decimal("300.00"),
        "take_over",
    )
    assert entry.market.buyer == buyer


def test_a_file_may_be_started_from_its_employer(team, signed_in):  # noqa: F811
    employer = team[0].placement.employer
    page = signed_in(UserFactory()).get(f"{reverse('import_create')}?employeur={employer.pk}")
    assert f'value="{employer.name}"' in page.content.decode()
