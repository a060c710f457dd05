"""Every hostile or odd file of the shared data through the three importers: loaded right or refused with a sentence."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from beneficiaries.enums import ImportKind, LineState
from beneficiaries.models import Beneficiary, DataImport, HoursEntry, ImportLine
from beneficiaries.services.imports import check_import, load_import, receive_import
from core.errors import DomainError
from markets.models import Market
from tests.factories import CommuneFactory, EducationLevelFactory, UserFactory

SHARED = Path(settings.BASE_DIR).parent / "shared" / "data"
FOLDERS = ("adversaire", "imports_beneficiaires", "identites")
FILES = sorted(path for folder in FOLDERS for path in (SHARED / folder).rglob("*") if path.is_file())
# Files whose content is a table of people, as those who made them know.
PEOPLE_FILES = {
    "import_beneficiaires.csv": 4,
    "import_beneficiaires_with_all_date_formats.csv": 4,
    "noms_cas_limites.csv": 37,
    "rdvi_fichier_contact_test.csv": 1,
}
pytestmark = [pytest.mark.shared, pytest.mark.django_db]


def title(path: Path) -> str:
    return path.relative_to(SHARED).as_posix()


def test_the_folders_are_there():
    assert len(FILES) > 90


@pytest.mark.parametrize("kind", ImportKind.values)
@pytest.mark.parametrize("path", FILES, ids=title)
def test_a_file_is_loaded_right_or_refused_with_a_sentence(path: Path, kind: str):
    started = time.monotonic()
    before = (Beneficiary.objects.count(), HoursEntry.objects.count(), Market.objects.count())
    try:
        row = receive_import(kind=kind, name=path.name, content=path.read_bytes(), user=None)
        check_import(row, user=None)
    except DomainError as refused:
        assert refused.sentence[0].isupper() and refused.sentence.rstrip().endswith((".", "»"))
        # A table that lacks a column says in which sheet and on which line that was looked for.
        if DataImport.objects.exists():
            assert re.match(r"(Feuille « .+ »|Fichier), ligne \d+ : ", refused.sentence)
        assert (Beneficiary.objects.count(), HoursEntry.objects.count(), Market.objects.count()) == before
        return
    lines = list(ImportLine.objects.filter(data_import=row).order_by("number"))
    for line in lines:
        assert line.number >= 1
        if line.state in (LineState.REFUSED, LineState.DOUBTFUL):
            assert line.sentence
    load_import(row, user=None)
    right = sum(line.state in (LineState.ACCEPTED, LineState.CORRECTED) for line in lines)
    if kind == ImportKind.PEOPLE:
        assert Beneficiary.objects.count() == before[0] + right
    # Nobody is employed here: no hours can be placed.
    assert HoursEntry.objects.count() == (0 if kind == ImportKind.HOURS else HoursEntry.objects.count())
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(("name", "people"), PEOPLE_FILES.items())
def test_the_tables_of_people_are_read_line_by_line(name, people):
    [path] = [path for path in FILES if path.name == name]
    row = receive_import(kind="people", name=name, content=path.read_bytes(), user=None)
    check_import(row, user=None)
    row.refresh_from_db()
    assert row.counts["lines"] == people


def test_a_partner_s_table_of_people_makes_their_files():
    CommuneFactory(code="61076", label="Camembert", department_code="61")
    EducationLevelFactory(code="51")
    [path] = [path for path in FILES if path.name == "import_beneficiaires.csv"]
    row = receive_import(kind="people", name=path.name, content=path.read_bytes(), user=None)
    check_import(row, user=None)
    states = dict(ImportLine.objects.values_list("number", "state"))
    # « charlie fondue », born the same day as « Charlie Fondue », is the same person.
    assert states[4] == LineState.REFUSED
    load_import(row, user=None)
    charlotte = Beneficiary.objects.get(first_name="Charlotte")
    assert (charlotte.last_name, charlotte.birth_date) == ("Fondue", dt.date(1998, 5, 25))
    assert (charlotte.phone, charlotte.email) == ("0601234567", "charlotte@laposte.fr")
    assert charlotte.commune_id == "61076" and charlotte.education_id == "51"
    assert charlotte.address == '11 rue du Fromage, Lieu-dit "Le sandwich"'
    assert set(Beneficiary.objects.values_list("first_name", flat=True)) == {
        "Charlotte",
        "Charlie",
        "charlot",
    }


def test_the_same_people_in_capitals_without_accents_or_decomposed_are_one():
    [path] = [path for path in FILES if path.name == "noms_cas_limites.csv"]
    row = receive_import(kind="people", name=path.name, content=path.read_bytes(), user=None)
    check_import(row, user=None)
    same = ImportLine.objects.filter(
        data_import=row, sentence__contains="La même personne est déjà à la ligne"
    )
    assert {3 + 1, 4 + 1, 6 + 1, 9 + 1} <= set(same.values_list("number", flat=True))


def test_a_table_of_structures_is_no_table_of_people():
    [path] = [path for path in FILES if path.name == "import_structures_missing_key.csv"]
    row = receive_import(kind="take_over", name=path.name, content=path.read_bytes(), user=None)
    with pytest.raises(DomainError, match=r"Fichier, ligne 1 : .*Aucune colonne ne donne"):
        check_import(row, user=None)


PAGE_FILES = (
    "bombe_60Mo.xlsx", "faux_xlsx_html.xlsx", "vide_0_octet.csv", "vide_0_octet.xlsx", "xmlbomb.xml",
    "pass_protected.xlsx", "date_1904.xlsx", "merged_range.xlsx", "errors.xlsx", "too_small.xls",
    "blns.txt", "csv-payload.txt", "defective-rows.csv", "multiline-headers.xlsx", "sheet_visibility.xlsx",
    "Formate.xls", "sample.ods", "import_charges_orientation.xls", "rdvi_fichier_usager_test.xlsx",
    "import_beneficiaires.csv", "noms_cas_limites.csv", "siret_cas.csv", "quotes_and_newlines.csv",
)  # fmt: skip


@pytest.mark.parametrize("kind", ImportKind.values)
@pytest.mark.parametrize("name", PAGE_FILES)
def test_a_page_answers_whatever_is_sent(signed_in, name, kind):
    [path] = [path for path in FILES if path.name == name]
    client = signed_in(UserFactory())
    upload = SimpleUploadedFile(name.replace(".xlsx", ".pdf"), path.read_bytes())
    page = client.post(reverse("import_create"), {"kind": kind, "file": upload}, follow=True)
    assert page.status_code == 200
    for row in DataImport.objects.all():
        for url_name in ("import_detail", "import_columns", "import_refused"):
            assert client.get(reverse(url_name, args=[row.pk]), follow=True).status_code == 200
        assert client.post(reverse("import_do", args=[row.pk, "load"]), follow=True).status_code == 200


MEASURED = """
import os, resource, sys
import django
django.setup()
from beneficiaries.import_reading import read_layout, check_layout
from beneficiaries.hours_import import read_hours
from core.errors import DomainError
from core.spreadsheets import read_sheets
try:
    sheets = read_sheets(open(sys.argv[1], "rb").read())
    layout = read_layout(kind="hours", sheet=sheets[0], file_name=sys.argv[1])
    check_layout(layout, sheets[0])
    print(len(read_hours([(sheets[0], layout)]).lines))
except DomainError as error:
    print(error.sentence)
# Its own peak since it was started: `ru_maxrss` would be that of the tests, which started it.
own = int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
print(own // 1024, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


def far_cells(path: Path) -> None:
    """Two cells at the far ends of a sheet: some hundred bytes that ask for all the memory there is."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("Loin")
        page.write(0, 0, "Nom")
        page.write(1_048_575, 16_383, "Prénom")


def wide_and_long(path: Path) -> None:
    """As many lines and columns as are read."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write(";".join(["Nom", "Prénom", "Mois", "Heures", *(f"c{n}" for n in range(40))]) + "\n")
        for number in range(19_990):
            stream.write(";".join([f"Nom{number}", "Jean", "03/2025", "12,5", *(["x" * 8] * 40)]) + "\n")


@pytest.mark.parametrize(
    "make", [None, far_cells, wide_and_long], ids=["bombe_60Mo", "far_cells", "wide_and_long"]
)
def test_no_file_takes_more_than_300_megabytes_or_a_minute(tmp_path, make):
    path = next(path for path in FILES if path.name == "bombe_60Mo.xlsx")
    if make:
        path = tmp_path / "f.dat"
        make(path)
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path)],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    said, megabytes = done.stdout.strip().rsplit("\n", 1)
    assert said and max(map(int, megabytes.split())) <= 300, done.stdout
    assert time.monotonic() - started < 60


def test_names_that_carry_a_formula_are_given_back_harmless(signed_in):
    row = receive_import(
        kind="people",
        name="f.csv",
        content="Nom;Prénom;Né le\n=cmd|'/C calc'!A0;Jean;hier\n".encode(),
        user=None,
    )
    check_import(row, user=None)
    text = signed_in(UserFactory()).get(reverse("import_refused", args=[row.pk])).content.decode("utf-8-sig")
    assert "'=cmd" in text and "« hier » n’est pas une date" in text.replace("\u202f", " ")
