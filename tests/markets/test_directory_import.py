"""Lists of structures: what each known file says, loaded once, and a bad one gets a sentence."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections import Counter
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DomainError
from core.models import Job
from markets.directory_files import Entry, Refused, kind_of, read_list
from markets.enums import IdentifierKind, Source
from markets.models import Company, CompanyKind
from markets.services.directory import load_directory
from tests.factories import CommuneFactory, CompanyFactory, CompanyKindFactory, SectorFactory, siret

SHARED = Path(__file__).parents[3] / "shared/data"
HEADER = (
    "SIRET;Raison sociale;Type;Adresse;Code postal;Commune;Téléphone;Courriel;Secteurs;Latitude;Longitude"
)
A, B, C = siret(1), siret(2), siret(3)


def table(*lines: str, header: str = HEADER) -> bytes:
    return "\r\n".join((header, *lines)).encode()


def read(content: bytes) -> tuple[list[Entry], list[Refused]]:
    _, found = read_list(content)
    return [row for row in found if isinstance(row, Entry)], [
        row for row in found if isinstance(row, Refused)
    ]


# --- Reading ------------------------------------------------------------------------------------------------


def test_a_table_under_usual_headers_is_read() -> None:
    entries, refused = read(
        table(
            f"{A};Les Jardins;ACI;2 rue des Lilas;69200;Vénissieux;04 72 00 00 01;a@jardins.example;Maraîchage;45,7;4,88"
        )
    )
    assert not refused
    (entry,) = entries
    assert (entry.identifier, entry.identifier_kind, entry.kind) == (A, "siret", "ACI")
    assert (entry.name, entry.postcode, entry.city, entry.department) == (
        "Les Jardins",
        "69200",
        "Vénissieux",
        "69",
    )
    assert (entry.latitude, entry.longitude) == (45.7, 4.88)
    assert (entry.email, entry.phone) == ("a@jardins.example", "04 72 00 00 01")
    assert entry.position == 2


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ei", "EI"),
        ("Entreprise d’insertion", "EI"),
        ("Entreprise d’insertion (EI)", "EI"),
        ("ACI – Ateliers et chantiers d’insertion", "ACI"),
        ("Régie de quartier", "REGIE"),
        ("", ""),
    ],
)
def test_a_kind_is_a_code_or_its_words(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_another_kind_of_organisation_is_refused_with_its_line() -> None:
    entries, refused = read(table(f"{A};Agence de l’emploi;FT;;;;;;;;"))
    assert not entries
    assert refused[0].position == 2
    assert "« FT »" in refused[0].sentence


def test_a_malformed_siret_is_kept_and_flagged() -> None:
    entries, _ = read(
        table("12345678901234;Fausse clé;EI;;;;;;;;", "ABC;Pas un SIRET;EI;;;;;;;;", ";Sans SIRET;EI;;;;;;;;")
    )
    assert [entry.identifier_kind for entry in entries] == ["unknown", "unknown", "none"]
    assert [len(entry.warnings) for entry in entries] == [1, 1, 1]


def test_a_siret_that_a_spreadsheet_rounded_is_refused() -> None:
    _, refused = read(table("3,02937E+13;Rounded;EI;;;;;;;;"))
    assert "a perdu ses chiffres" in refused[0].sentence


def test_the_leading_zero_of_a_postal_code_comes_back() -> None:
    (entry,), _ = read(table(f"{A};Ain;EI;;1150;Blyes;;;;;"))
    assert (entry.postcode, entry.department) == ("01150", "01")


@pytest.mark.parametrize("place", ["95;4", "0;0", "abc;4"])
def test_coordinates_off_the_globe_are_left_out_and_said(place: str) -> None:
    (entry,), _ = read(table(f"{A};X;EI;;;;;;;{place}"))
    assert entry.latitude is None
    assert entry.warnings


def test_a_point_gives_its_longitude_first() -> None:
    (entry,), _ = read(
        table(f'{A},EI,X,"SRID=4326;POINT (4.86773 45.756729)"', header="siret,kind,name,coords")
    )
    assert (entry.latitude, entry.longitude) == (45.756729, 4.86773)


def test_labelled_geiq_come_with_their_branches_that_have_a_siret() -> None:
    branches = [
        {"nom": "Antenne A", "siret": B, "cp": "69100", "ville": "Villeurbanne"},
        {"nom": "Sans", "siret": ""},
    ]
    content = json.dumps(
        [{"nom": "GEIQ X", "siret": A, "cp": "69007", "ville": "Lyon", "antennes": branches}]
    )
    entries, refused = read(content.encode())
    assert [(entry.name, entry.identifier, entry.kind) for entry in entries] == [
        ("GEIQ X", A, "GEIQ"),
        ("GEIQ X, Antenne A", B, "GEIQ"),
    ]
    assert len(refused) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "vide"),
        (b"   \r\n", "vide"),
        (b"<html><body>", "page web"),
        (b"%PDF-1.4 nothing", "pas un tableau"),
        (b"[1, 2]", "pas une liste de structures"),
        (b"[]", "vide"),
        (b'[{"a": 1}]', "pas une liste de structures"),
        (b'[{"siret": "', "pas du JSON complet"),
        (b"nom;ville\r\nX;Lyon", "SIRET"),
        (b"SIRET;Nom\r\n1;X", "Type"),
        (b"[" * 100_000, "pas du JSON complet"),
    ],
)
def test_a_file_that_is_no_list_gets_a_sentence(content: bytes, words: str) -> None:
    with pytest.raises(DomainError, match=words):
        read_list(content)


@given(st.lists(st.text(max_size=30), min_size=11, max_size=11))
def test_no_line_breaks_the_reader(cells: list[str]) -> None:
    text = io.StringIO()
    import csv

    csv.writer(text, delimiter=";").writerows([HEADER.split(";"), cells])
    try:
        _, lines = read_list(text.getvalue().encode("utf-8", "replace"))
    except DomainError:
        return
    assert all(isinstance(line, Entry | Refused) for line in lines)


@pytest.mark.parametrize(
    "name", ["bombe_60Mo.xlsx", "faux_xlsx_html.xlsx", "vide_0_octet.csv", "vide_0_octet.xlsx"]
)
@pytest.mark.shared
def test_hostile_files_get_a_sentence(name: str) -> None:
    with pytest.raises(DomainError):
        read_list((SHARED / "adversaire" / name).read_bytes())


@pytest.mark.shared
def test_the_real_lists_say_what_their_notes_say() -> None:
    entries, refused = read((SHARED / "siae/siae_aura.csv").read_bytes())
    assert (len(entries), refused) == (458, [])
    # Department 69 of the notes: 23 EI, 21 ACI, 11 GEIQ, 10 AI, 7 ETTI.
    assert Counter(row.kind for row in entries if row.department == "69") == {
        "EI": 23,
        "ACI": 21,
        "GEIQ": 11,
        "AI": 10,
        "ETTI": 7,
    }
    assert sum(row.latitude is not None for row in entries) == 453
    esat, _ = read((SHARED / "siae/esat_aura.csv").read_bytes())
    assert len(esat) == 194
    assert sum(row.identifier == "" for row in esat) == 12


# --- Loading ------------------------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


def load(content: bytes, **options: object):
    return load_directory(content, name="liste.csv", **options)


def test_loading_twice_changes_nothing() -> None:
    CommuneFactory(code="69259", label="Vénissieux")
    SectorFactory(code="food", label="Maraîchage", words="maraichage", cpv="", naf="")
    content = table(f"{A};Les Jardins;ACI;2 rue des Lilas;69200;VENISSIEUX CEDEX;;;Maraîchage;45,7;4,88")

    first = load(content)
    company = Company.objects.get(identifier=A)
    history = company.history.count()
    second = load(content)

    assert first.made["fiches créées"] == 1
    assert company.commune_id == "69259"
    assert (company.latitude, company.longitude, company.source) == (45.7, 4.88, Source.DIRECTORY)
    assert [row.code for row in company.activities.all()] == ["food"]
    assert dict(second.made) == {"lignes sans changement": 1}
    assert company.history.count() == history
    assert CompanyKind.objects.count() == 1


def test_a_rehearsal_says_the_same_and_writes_nothing() -> None:
    report = load(table(f"{A};X;EI;;;;;;;;"), dry_run=True)
    assert report.made["fiches créées"] == 1
    assert not Company.objects.exists()


def test_a_siret_with_two_kinds_is_one_company_with_two_kinds() -> None:
    content = table(
        f"{A};Deux;EI;;;;;;;;;01/01/2020", f"{A};Deux;ETTI;;;;;;;;;01/03/2022", header=f"{HEADER};Depuis le"
    )
    load(content)
    company = Company.objects.get()
    assert [(row.kind, row.starts_on) for row in company.kinds.order_by("kind")] == [
        ("EI", dt.date(2020, 1, 1)),
        ("ETTI", dt.date(2022, 3, 1)),
    ]
    assert load(content).made == {"lignes sans changement": 2}


def test_what_a_person_typed_is_completed_never_replaced() -> None:
    bron = CommuneFactory(code="69029", label="Bron")
    CommuneFactory(code="69259", label="Vénissieux")
    typed = CompanyFactory(name="Nom saisi", identifier=A, address="1 place saisie", commune=bron)
    green = SectorFactory()
    typed.activities.add(green)

    report = load(table(f"{A};Autre nom;EI;Ailleurs;69200;Vénissieux;0472000001;;Nettoyage;;"))

    typed.refresh_from_db()
    assert (typed.name, typed.address, typed.commune_id, typed.phone) == (
        "Nom saisi",
        "1 place saisie",
        "69029",
        "0472000001",
    )
    assert list(typed.activities.all()) == [green]
    assert any("la fiche la situe à Bron" in sentence for sentence in report.warnings)
    assert report.made["fiches complétées"] == 1


def test_a_company_that_only_had_its_number_gets_its_name() -> None:
    known = CompanyFactory(
        name=f"Entreprise {A}", identifier=A, notes="Nom à compléter : les DECP ne donnent que l’identifiant."
    )
    load(table(f"{A};Les Jardins;ACI;;;;;;;;"))
    known.refresh_from_db()
    assert (known.name, known.notes) == ("Les Jardins", "")


def test_a_structure_without_siret_is_known_again_by_its_name_and_commune() -> None:
    CommuneFactory(code="69259", label="Vénissieux")
    content = table(";ESAT du Parc;ESAT;;69200;Vénissieux;;;;;")
    load(content)
    assert Company.objects.get().identifier_kind == IdentifierKind.NONE
    assert load(content).made == {"lignes sans changement": 1}


def test_two_names_on_one_malformed_number_are_not_mixed_up() -> None:
    report = load(table("123;Première;EI;;;;;;;;", "123;Seconde;EI;;;;;;;;"))
    assert [row.name for row in Company.objects.all().order_by("pk")] == ["Première"]
    assert "déjà celui de « Première »" in report.refused[0]


def test_an_arrondissement_is_found_by_its_postal_code_and_a_former_commune_by_its_successor() -> None:
    lyon = CommuneFactory(code="69123", label="Lyon")
    CommuneFactory(code="69387", label="Lyon 7e Arrondissement", parent=lyon)
    new = CommuneFactory(code="69149", label="Oullins-Pierre-Bénite")
    CommuneFactory(code="69149-2023", label="Oullins", valid_to="2023-12-31", successor=new)
    load(
        table(
            f"{A};Sept;EI;;69007;LYON;;;;;",
            f"{B};Oullins;EI;;69600;OULLINS;;;;;",
            f"{C};Lyon;EI;;69123;Lyon;;;;;",
        )
    )
    assert list(Company.objects.order_by("pk").values_list("commune", flat=True)) == [
        "69387",
        "69149",
        "69123",
    ]


def test_an_unknown_commune_is_flagged_and_the_structure_kept() -> None:
    report = load(table(f"{A};X;EI;;69999;Nulle-Part;;;;;"))
    assert Company.objects.get().commune is None
    assert "Nulle-Part" in report.warnings[0]


def test_a_kind_that_vanished_is_closed_only_when_asked_and_in_the_departments_of_the_file() -> None:
    CommuneFactory(code="69259", label="Vénissieux")
    CommuneFactory(code="38185", label="Grenoble", department_code="38")
    full = table(
        f"{A};Une;EI;;69200;Vénissieux;;;;;",
        f"{B};Deux;ACI;;69200;Vénissieux;;;;;",
        f"{C};Trois;EI;;38000;Grenoble;;;;;",
    )
    load(full)
    by_hand = CompanyKindFactory(company=Company.objects.get(identifier=B), kind="EI")
    shorter = table(f"{A};Une;EI;;69200;Vénissieux;;;;;")

    said = load(shorter)
    assert said.missing == ["Deux (ACI)"]
    assert not CompanyKind.objects.exclude(ends_on=None).exists()

    closed = load(shorter, close_missing_on=dt.date(2026, 6, 30))
    assert closed.made["natures fermées"] == 1
    ended = CompanyKind.objects.get(ends_on=dt.date(2026, 6, 30))
    assert (ended.company.identifier, ended.kind) == (B, "ACI")
    by_hand.refresh_from_db()
    assert by_hand.ends_on is None
    # It comes back later: a second life begins, the first one stays.
    again = load(full)
    assert again.made["natures ouvertes"] == 1
    assert [
        (row.starts_on, row.ends_on)
        for row in CompanyKind.objects.filter(company__identifier=B, kind="ACI").order_by("pk")
    ] == [
        (None, dt.date(2026, 6, 30)),
        (dt.date(2026, 7, 1), None),
    ]


def test_a_day_to_come_closes_nothing() -> None:
    with pytest.raises(DomainError, match="aujourd’hui au plus tard"):
        load(table(f"{A};X;EI;;;;;;;;"), close_missing_on=dt.date(2100, 1, 1))


def test_only_the_departments_asked_for_are_loaded() -> None:
    report = load(table(f"{A};Rhône;EI;;69200;X;;;;;", f"{B};Isère;EI;;38000;Y;;;;;"), departments=["69"])
    assert [row.name for row in Company.objects.all().order_by("pk")] == ["Rhône"]
    assert report.made["lignes d’autres départements, laissées"] == 1


def test_an_annex_without_names_completes_known_companies_only() -> None:
    CompanyFactory(identifier=A)
    header = "siret_signature,kind,asp_id,is_active,annexe,debut,fin,etat"
    report = load(
        table(f"{A},EI,1,True,X,2021-01-01,2021-12-31,VALIDE", f"{B},EI,2,True,Y,,,", header=header)
    )
    assert CompanyKind.objects.get().starts_on == dt.date(2021, 1, 1)
    assert Company.objects.count() == 1
    assert "chargez d’abord une liste qui la nomme" in report.refused[0]


@pytest.mark.shared
def test_the_real_siae_load_once() -> None:
    content = (SHARED / "siae/siae_lyon_69_django_fixture.json").read_bytes()
    assert load(content).made["fiches créées"] == 72
    assert load(content).made == {"lignes sans changement": 72}


# --- Pages and command --------------------------------------------------------------------------------------


def test_a_list_is_rehearsed_on_a_page_then_loaded(cast, signed_in) -> None:
    CommuneFactory(code="69259", label="Vénissieux")
    load(table(f"{B};Disparue;EI;;69200;Vénissieux;;;;;"))
    client = signed_in(cast.facilitator)
    upload = SimpleUploadedFile("liste.csv", table(f"{A};Les Jardins;ACI;;69200;Vénissieux;;;;;"))

    response = client.post(reverse("directory_import"), {"file": upload, "departments": "69, 1"}, follow=True)
    assert response.status_code == 200
    check = Job.objects.get(kind="directory_check")
    assert check.payload["departments"] == ["69", "01"]
    page = client.get(reverse("directory_report", args=[check.pk]))
    assert "Rien n’est encore écrit" in page.content.decode()
    assert "Disparue (EI)" in page.content.decode()
    assert not Company.objects.filter(identifier=A).exists()

    refused = client.post(
        reverse("directory_report", args=[check.pk]), {"close_missing": "on", "close_on": ""}
    )
    assert "Dites à quelle date" in refused.content.decode()
    client.post(reverse("directory_report", args=[check.pk]), {"close_missing": "on", "close_on": "30/6/26"})

    assert Company.objects.get(identifier=A).name == "Les Jardins"
    assert CompanyKind.objects.get(company__identifier=B).ends_on == dt.date(2026, 6, 30)
    done = Job.objects.get(kind="directory_load")
    assert "La liste est chargée" in client.get(reverse("directory_report", args=[done.pk])).content.decode()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("liste.csv", b"", "vide"),
        ("liste.xlsx", b"<html></html>", "type accepté"),
        ("liste.csv", b"a;b\r\n" * 4_200_000, "dépasse"),
    ],
    ids=["empty", "lying", "21 MB"],
)
def test_a_bad_upload_is_told_beside_its_field(
    cast, signed_in, name: str, content: bytes, words: str
) -> None:
    response = signed_in(cast.facilitator).post(
        reverse("directory_import"), {"file": SimpleUploadedFile(name, content), "departments": ""}
    )
    assert response.status_code == 200
    assert words in " ".join(response.context["form"].errors["file"])
    assert not Job.objects.exists()


def test_a_department_that_is_none_is_told(cast, signed_in) -> None:
    response = signed_in(cast.facilitator).post(
        reverse("directory_import"), {"file": SimpleUploadedFile("l.csv", b"a;b"), "departments": "Rhône"}
    )
    assert "n’est pas un département" in response.content.decode()


def test_a_file_without_structures_fails_its_job_with_a_sentence(cast, signed_in) -> None:
    client = signed_in(cast.facilitator)
    client.post(reverse("directory_import"), {"file": SimpleUploadedFile("l.csv", b"nom;ville\r\nX;Lyon")})
    job = Job.objects.get()
    assert job.state == Job.State.FAILED
    assert "SIRET" in job.error


def test_the_command_loads_and_says_what_it_did(tmp_path, capsys) -> None:
    path = tmp_path / "liste.csv"
    path.write_bytes(table(f"{A};X;EI;;;;;;;;"))
    call_command("import_directory", str(path), "--dry-run")
    assert not Company.objects.exists()
    call_command("import_directory", str(path))
    assert Company.objects.get().name == "X"
    assert "1 fiches créées" in capsys.readouterr().out
    path.write_bytes(b"")
    with pytest.raises(CommandError, match="vide"):
        call_command("import_directory", str(path))
    with pytest.raises(CommandError, match="ne peut pas être lu"):
        call_command("import_directory", str(tmp_path / "absent.csv"))
    with pytest.raises(CommandError, match="n’est pas une date"):
        call_command("import_directory", str(path), "--close-missing-on", "hier")
