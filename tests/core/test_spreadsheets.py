"""Tables that people send are read whatever their type, and refused with a sentence when they are not tables."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal

import pytest

from core import spreadsheets
from core.errors import DomainError
from core.exports import Column, Sheet, write_xlsx
from core.spreadsheets import (
    Wanted,
    amount_of,
    day_of,
    guess_header,
    is_total,
    letters,
    match_columns,
    read_sheets,
    text_of,
    titles_of,
    values_of,
    whole_of,
)

WANTED = (
    Wanted("reference", "Référence", ("n° de marché", "numéro")),
    Wanted("amount", "Montant HT", ("montant", "montant prévu")),
    Wanted("planned", "Date de lancement", ("date",)),
)


def workbook(*cells: tuple[str, int]) -> bytes:
    """An XLSX made by hand, with a number in each of these cells."""
    rows = "".join(f'<row r="{row}"><c r="{column}{row}"><v>1</v></c></row>' for column, row in cells)
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        'officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
        '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
        'relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{rows}</sheetData></worksheet>",
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, '<?xml version="1.0"?>' + text)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a,b,c\n1,2,3\n", [["a", "b", "c"], ["1", "2", "3"]]),
        ("a;b\n1 234,50 €;é\n".encode("cp1252"), [["a", "b"], ["1 234,50 €", "é"]]),
        ("\ufeffa;b\n1;é\n".encode(), [["a", "b"], ["1", "é"]]),
        ("a\tb\n1\té\n".encode("utf-16"), [["a", "b"], ["1", "é"]]),
        (b"sep=;\na;b\n1;2\n", [[None], ["a", "b"], ["1", "2"]]),
        # The comma of an amount does not cut the lines: the semicolon does.
        (b"a;b\n1,5;2,5\n3,5;4,5\n", [["a", "b"], ["1,5", "2,5"], ["3,5", "4,5"]]),
        # What stands in quotation marks keeps its commas, its marks and its line ends.
        (b'a,b\n1,"ha ""x"", y\nz"\n', [["a", "b"], ["1", 'ha "x", y\nz']]),
        (b'a,b,c\r\n1,"",""\r\n\r\n2,3,4\r\n', [["a", "b", "c"], ["1", None, None], [], ["2", "3", "4"]]),
    ],
)
def test_a_csv_is_read_whatever_its_sign_and_its_encoding(content: bytes, rows: list) -> None:
    assert read_sheets(content)[0].rows == rows


def test_a_workbook_gives_numbers_days_and_text_at_their_own_line() -> None:
    columns = [
        Column("Référence", "text", lambda row: row[0]),
        Column("Montant", "amount", lambda row: row[1]),
        Column("Date", "day", lambda row: row[2]),
    ]
    stream = io.BytesIO()
    write_xlsx([Sheet("Achats", columns, [("A1", Decimal("1234.5"), dt.date(2026, 9, 1))])], stream)

    sheet = read_sheets(stream.getvalue())[0]

    assert sheet.name == "Achats"
    assert sheet.rows[:2] == [
        ["Référence", "Montant (€)" if sheet.rows[0][1] == "Montant (€)" else "Montant", "Date"],
        ["A1", Decimal("1234.5"), dt.date(2026, 9, 1)],
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Ce fichier est vide."),
        (b" \r\n \n", "Ce fichier est vide."),
        (b";;\n;;\n", "Ce fichier ne contient aucune ligne."),
        (b"<html><table><tr><td>1</td></tr></table></html>", "page web"),
        (b"%PDF-1.7 whatever", "n’est pas un tableau"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "n’est pas un tableau"),
        (b'{"a": 1}', "n’est pas un tableau"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "mot de passe"),
        (b"PK\x03\x04 broken", "n’est pas un tableau"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(content: bytes, words: str) -> None:
    with pytest.raises(DomainError, match=words):
        read_sheets(content)


def test_a_file_of_more_than_twenty_megabytes_is_not_read() -> None:
    with pytest.raises(DomainError, match="dépasse 20"):
        read_sheets(b"a;b\n" + b"1;2\n" * (spreadsheets.BYTES_MAX // 4))


def test_a_sheet_of_two_far_cells_is_refused_and_the_process_lives() -> None:
    # 17 billion cells in 1 500 bytes: read in this process, it would end it.
    with pytest.raises(DomainError, match="bien plus grand qu’une liste"):
        read_sheets(workbook(("A", 1), ("XFD", 1_048_576)))


def test_a_compressed_bomb_is_not_opened(monkeypatch) -> None:
    content = workbook(("A", 1))
    monkeypatch.setattr(spreadsheets, "UNPACKED_MAX", 1_000)
    with pytest.raises(DomainError, match="bien plus qu’une liste"):
        read_sheets(content)


def test_too_many_lines_are_refused_in_both_kinds_of_file(monkeypatch) -> None:
    monkeypatch.setattr(spreadsheets, "ROWS_MAX", 3)
    assert len(read_sheets(b"a;b\n" * 3)[0].rows) == 3
    for content in (b"a;b\n" * 4, workbook(*(("A", row) for row in range(1, 5)))):
        with pytest.raises(DomainError, match="plus de 3 lignes"):
            read_sheets(content)


def test_the_line_of_titles_is_found_under_a_merged_title_and_a_blank_line() -> None:
    rows = [
        ["VILLE – Direction de la commande publique", None, None],
        [],
        ["N° marché\n", "MONTANT  HT ", "Date de notification"],
        ["l", Decimal("45371.94"), dt.date(2024, 12, 30)],
    ]
    assert guess_header(rows, WANTED) == 3
    assert titles_of(rows, 3) == ["N° marché", "MONTANT HT", "Date de notification"]
    assert match_columns(titles_of(rows, 3), WANTED) == {"amount": 1, "planned": 2}


def test_the_same_words_win_over_a_title_that_holds_them() -> None:
    titles = ["Montant prévu TTC", "montant", "Référence interne", "REFERENCE"]
    assert match_columns(titles, WANTED) == {"amount": 1, "reference": 3}


def test_a_column_without_a_title_has_a_letter() -> None:
    assert titles_of([["a", None], ["1", "2", "3"]], 1) == ["a", "Colonne B", "Colonne C"]
    assert [letters(index) for index in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (Decimal("39989834500018.0"), "39989834500018"),
        (Decimal("2.1690054800019E+13"), "21690054800019"),
        (Decimal("12.50"), "12,5"),
        (Decimal("0"), "0"),
        (Decimal("100"), "100"),
        (dt.date(2024, 12, 30), "30/12/2024"),
        (dt.datetime(2024, 12, 30, 8, 5), "30/12/2024 08:05"),
        (True, "oui"),
        (None, ""),
    ],
)
def test_a_cell_is_read_as_a_person_reads_it(cell: object, text: str) -> None:
    assert text_of(cell) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("45\u00a0371,94€", "45371.94"),
        ("96\u202f136,60 € HT", "96136.60"),
        ("1 234,56 €", "1234.56"),
        ("1.234.567,89", "1234567.89"),
        ("12000 euros HT", "12000"),
        ("15 000 EUR", "15000"),
        (Decimal("194493.340000001"), "194493.34"),
        ("-5", "-5"),
    ],
)
def test_an_amount_is_read_as_it_is_written(cell: object, amount: str) -> None:
    assert amount_of(cell) == Decimal(amount)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "cell", ["abc", Decimal("1e17"), "1e17", "10 - 20", dt.date(2024, 1, 1), Decimal("1e400")]
)
def test_what_is_no_amount_is_refused(cell: object) -> None:
    with pytest.raises(ValueError, match="«"):
        amount_of(cell)  # type: ignore[arg-type]


def test_a_day_may_have_lost_its_format() -> None:
    expected = dt.date(2024, 12, 30)
    cells = (Decimal("45656"), "30/12/2024", "2024-12-30T00:00:00", dt.datetime(2024, 12, 30, 9), expected)
    assert [day_of(cell) for cell in cells] == [expected] * 5
    for cell in (Decimal("12"), Decimal("45656.5"), "demain", True):
        with pytest.raises(ValueError, match="n’est pas une date"):
            day_of(cell)


def test_whole_numbers_bear_their_unit() -> None:
    assert [whole_of(cell) for cell in (Decimal("5.0"), "12 mois", "3", None)] == [5, 12, 3, None]
    for cell in ("2,5", "-1", "douze", Decimal("2.5")):
        with pytest.raises(ValueError, match="nombre entier"):
            whole_of(cell)


def test_a_line_of_totals_is_told_from_an_object_that_begins_with_total() -> None:
    assert is_total(["TOTAL", None, None, Decimal("12")])
    assert is_total([None, "Sous-total travaux", None, None])
    assert not is_total(["Totalement neuf", "A", "B", "C"])
    assert not is_total(["Total rénovation du gymnase", "T-1", "45000000", "12"])


def test_a_short_line_has_blank_cells() -> None:
    assert values_of(["a"], {"reference": 0, "amount": 4}) == {"reference": "a", "amount": None}
