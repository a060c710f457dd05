"""Tables of hours in every layout that employers send, read into pieces whose values were worked out by hand."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter

from beneficiaries.hours_import import read_hours
from beneficiaries.import_cells import find_month, hours_of, month_of_cell
from beneficiaries.import_reading import check_layout, read_layout, same_shape, split_name, title_key
from core.errors import DomainError
from core.spreadsheets import Sheet, read_sheets

MARCH, APRIL = dt.date(2026, 3, 1), dt.date(2026, 4, 1)


def sheet(rows: list[list[Any]], name: str = "") -> Sheet:
    return Sheet(name, [[Decimal(str(c)) if isinstance(c, int | float) else c for c in row] for row in rows])


def pieces(found: Sheet, **kwargs: Any) -> list[tuple[str, dt.date, str, Decimal]]:
    layout = read_layout(kind="hours", sheet=found, **kwargs)
    check_layout(layout, found)
    lines = read_hours([(found, layout)]).lines
    assert [line.errors for line in lines] == [[] for _ in lines]
    return [
        (f"{line.identity.last_name} {line.identity.first_name}", p.month, p.kind, p.hours)
        for line in lines
        for p in line.values["pieces"]
    ]


def test_one_line_per_person_and_month():
    found = sheet(
        [
            ["Nom", "Prénom", "Né(e) le", "Mois", "Heures"],
            ["DUPONT", "Jean", "12/05/1990", "03/2026", "120,5"],
            ["MARTIN", "Léa", "01/02/1985", "avril 2026", "12h30"],
        ]
    )
    assert pieces(found) == [
        ("DUPONT Jean", MARCH, "work", Decimal("120.50")),
        ("MARTIN Léa", APRIL, "work", Decimal("12.50")),
    ]


def test_one_column_per_month_with_a_line_of_totals_and_merged_titles():
    found = sheet(
        [
            ["Relevé des heures d’insertion 2026", None, None, None, None],
            [None, None, None, None, None],
            ["Nom et prénom", "Date de naissance", "mars", "avril", "Total"],
            ["DUPONT Jean", dt.date(1990, 5, 12), 120, 100, 220],
            ["MARTIN Léa", dt.date(1985, 2, 1), 80, None, 80],
            ["TOTAL", None, 200, 100, 300],
        ]
    )
    assert pieces(found) == [
        ("DUPONT Jean", MARCH, "work", Decimal("120.00")),
        ("DUPONT Jean", APRIL, "work", Decimal("100.00")),
        ("MARTIN Léa", MARCH, "work", Decimal("80.00")),
    ]


def test_one_column_per_kind_and_the_month_in_the_file_name():
    found = sheet(
        [
            ["Salarié", "Travail", "Formation", "Tutorat"],
            ["Mme DUPONT Jeanne", 100, 7, 3.5],
        ]
    )
    assert pieces(found, file_name="releve_heures_2026-03.xlsx") == [
        ("DUPONT Jeanne", MARCH, "work", Decimal("100.00")),
        ("DUPONT Jeanne", MARCH, "training", Decimal("7.00")),
        ("DUPONT Jeanne", MARCH, "tutoring", Decimal("3.50")),
    ]


def test_kinds_under_merged_months():
    found = sheet(
        [
            [None, "mars 2026", None, "avril 2026", None],
            ["Nom Prénom", "Travail", "Formation", "Travail", "Formation"],
            ["DUPONT Jean", 100, 7, 90, 0],
        ]
    )
    assert [(m, k, h) for _, m, k, h in pieces(found)] == [
        (MARCH, "work", Decimal("100.00")),
        (MARCH, "training", Decimal("7.00")),
        (APRIL, "work", Decimal("90.00")),
    ]


def test_months_as_dates_in_the_titles_and_a_nature_in_a_column():
    found = sheet(
        [
            ["NOM", "PRENOM", "Nature", dt.date(2026, 3, 1), dt.date(2026, 4, 1)],
            ["Dupont", "Jean", "Heures de formation", 7, 14],
        ]
    )
    assert [(m, k, h) for _, m, k, h in pieces(found)] == [
        (MARCH, "training", Decimal("7.00")),
        (APRIL, "training", Decimal("14.00")),
    ]


def test_one_sheet_a_month_reads_them_all_and_the_hidden_one_is_left():
    titles = ["Nom", "Prénom", "Heures"]
    sheets = [
        sheet([titles, ["Dupont", "Jean", 100]], "Mars 2026"),
        sheet([titles, ["Dupont", "Jean", 90]], "Avril 2026"),
        Sheet("Janvier 2026", [titles, ["Dupont", "Jean", Decimal(5)]], hidden=True),
    ]
    layout = read_layout(kind="hours", sheet=sheets[0])
    same = same_shape(sheets, 0, layout)
    read = read_hours([(one, read_layout(kind="hours", sheet=one)) for one in same])
    assert [(line.sheet, p.month, p.hours) for line in read.lines for p in line.values["pieces"]] == [
        ("Mars 2026", MARCH, Decimal("100.00")),
        ("Avril 2026", APRIL, Decimal("90.00")),
    ]


def test_the_titles_chosen_last_time_are_read_again_whatever_the_month():
    found = sheet([["Qui", "Vol. mars 2026"], ["DUPONT Jean", 12]])
    layout = read_layout(
        kind="hours", sheet=found, header=1, remembered={"qui": "full_name", "vol mois": "hours_training"}
    )
    assert [(column.says, column.month) for column in layout.columns] == [
        ("full_name", None),
        ("hours_training", MARCH),
    ]
    assert title_key("Heures mars 2026") == title_key("Heures avril 2027") == "heures mois"


@pytest.mark.parametrize(
    ("cell", "hours"),
    [
        ("12,5", "12.50"),
        ("12h30", "12.50"),
        ("12:30", "12.50"),
        ("12 h", "12.00"),
        ("151,67 heures", "151.67"),
        ("1 day, 2:30:00", "26.50"),
        ("26:45:00", "26.75"),
        (Decimal("33.333333"), "33.33"),
        ("33,3333", "33.33"),
        (dt.datetime(1899, 12, 31, 2, 30), "26.50"),
        (dt.datetime(1904, 1, 2, 2, 30), "26.50"),
        (dt.date(1899, 12, 31), "24.00"),
    ],
)
def test_hours_in_every_writing(cell, hours):
    assert hours_of(cell) == Decimal(hours)


@pytest.mark.parametrize(
    "cell",
    [
        "abc",
        "50 %",
        "-3",
        Decimal(-3),
        "12h75",
        "12:75",
        Decimal("1e17"),
        "1e17",
        True,
        dt.date(2026, 3, 1),
        "CP",
    ],
)
def test_what_is_no_number_of_hours_is_said(cell):
    with pytest.raises(ValueError, match=r"«|négatif"):
        hours_of(cell)


@pytest.mark.parametrize(
    ("cell", "year"),
    [
        ("mars 2026", None), ("Mars-26", None), ("03/2026", None), ("2026-03", None), ("202603", None),
        (Decimal(202603), None), (Decimal(3), 2026), ("3", 2026), ("mars", 2026), (dt.date(2026, 3, 17), None),
        (Decimal(46082), None), ("17/03/2026", None), ("Paie de mars 2026", None), ("01.03.2026", None),
    ],
)  # fmt: skip
def test_months_in_every_writing(cell, year):
    assert month_of_cell(cell, year) == MARCH


@pytest.mark.parametrize("cell", ["mars", Decimal(3), "13/2026", "bientôt", dt.date(1926, 3, 1)])
def test_a_month_that_is_none_is_said(cell):
    with pytest.raises(ValueError, match=r"."):
        month_of_cell(cell, None)


def test_names_are_split_by_capitals_commas_or_the_order_of_the_title():
    assert split_name("DE LA TOUR Marie-Ève") == ("DE LA TOUR", "Marie-Ève")
    assert split_name("Marie-Ève DE LA TOUR") == ("DE LA TOUR", "Marie-Ève")
    assert split_name("Dupont, Jean") == ("Dupont", "Jean")
    assert split_name("M. Dupont Jean") == ("Dupont", "Jean")
    assert split_name("Jean Dupont", first_comes_first=True) == ("Dupont", "Jean")
    assert split_name("Dupont") == ("Dupont", "")


def test_a_month_is_found_in_words_and_never_invented():
    assert find_month("Relevé_mars_2026") == (MARCH, 0)
    assert find_month("heures mars") == (None, 3)
    assert find_month("Contrat 2026/12345") == (None, 0)


def test_a_table_without_names_is_refused_with_its_sheet_and_line():
    found = sheet([["Montant", "Heures mars 2026"], [1, 2]], "Compta")
    with pytest.raises(DomainError) as refused:
        check_layout(read_layout(kind="hours", sheet=found), found)
    assert refused.value.sentence.startswith(
        "Feuille « Compta », ligne 1 : Aucune colonne ne donne le nom et le prénom"
    )


def test_what_cannot_be_read_names_its_column():
    found = sheet(
        [
            ["Nom", "Prénom", "Naissance", "Mois", "Heures"],
            ["Dupont", "Jean", "31/02/1990", "03/2026", "beaucoup"],
        ]
    )
    [line] = read_hours([(found, read_layout(kind="hours", sheet=found))]).lines
    assert line.errors[0].startswith("Colonne « Heures » (E) : « beaucoup » n’est pas un nombre d’heures")
    assert line.errors[1].startswith("Colonne « Naissance » (C) : « 31/02/1990 » n’existe pas")


@pytest.mark.parametrize("date_1904", [False, True])
def test_durations_times_and_dates_of_a_real_workbook_in_both_calendars(date_1904):
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"date_1904": date_1904, "in_memory": True}) as book:
        page = book.add_worksheet("Mars")
        long_hours, clock = (
            book.add_format({"num_format": "[h]:mm"}),
            book.add_format({"num_format": "hh:mm"}),
        )
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        page.write_row(0, 0, ["Nom", "Prénom", "Date de naissance", "Mois", "Heures"])
        for rank, (hours, shape) in enumerate([(151.5 / 24, long_hours), (7.25 / 24, clock)], start=1):
            page.write_row(rank, 0, [f"Dupont{'ab'[rank - 1]}", "Jean"])
            page.write_datetime(rank, 2, dt.datetime(1990, 5, 12), day)
            page.write_datetime(rank, 3, dt.datetime(2026, 3, 1), day)
            page.write_number(rank, 4, hours, shape)
    [found] = read_sheets(stream.getvalue())
    layout = read_layout(kind="hours", sheet=found)
    lines = read_hours([(found, layout)]).lines
    assert [line.errors for line in lines] == [[], []]
    assert [line.identity.birth_date for line in lines] == [dt.date(1990, 5, 12)] * 2
    assert [line.values["pieces"][0].hours for line in lines] == [Decimal("151.50"), Decimal("7.25")]
    assert [line.values["pieces"][0].month for line in lines] == [MARCH, MARCH]
