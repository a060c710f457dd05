"""Reads a table of people: who they are, where they live, how to reach them. Asks no database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from beneficiaries.import_reading import Layout, Line, body_of, cell_at, read_identity
from beneficiaries.import_words import EDUCATION_WORDS, GENDER_WORDS
from core import formats
from core.spreadsheets import Cell, Sheet, text_of
from core.text import normalise

PHONE_MAX = 30


@dataclass(slots=True)
class PeopleReading:
    """The people of a file, line by line."""

    lines: list[Line] = field(default_factory=list)


def read_people(sheets: Sequence[tuple[Sheet, Layout]]) -> PeopleReading:
    """Every line of every sheet."""
    reading = PeopleReading()
    for sheet, layout in sheets:
        for number, row in body_of(sheet, layout):
            line = Line(sheet.name, number, row)
            read_identity(line, row, layout)
            read_person(line, row, layout)
            reading.lines.append(line)
    return reading


def read_person(line: Line, row: Sequence[Cell], layout: Layout) -> None:
    """What a file says of the person beside the name; what is not understood is left out, and said."""

    def given(name: str) -> str:
        return " ".join(text_of(cell_at(row, layout.of(name))).split())

    values = line.values
    values["birth_name"] = given("birth_name")[:300]
    values["gender"] = gender_of(given("gender"))
    if given("gender") and not values["gender"]:
        _left_out(line, layout, "gender", given("gender"), "n’est pas un genre")
    address = ", ".join(part for part in (given("address"), given("address_more")) if part)
    if len(address) > 300:
        line.notes.append("L’adresse compte plus de 300 signes : la fin est coupée.")
    values["address"] = address[:300]
    values["place"] = (given("commune_code"), given("postcode"), given("city"))
    values["phone"] = _phone(line, layout, given("phone"))
    values["email"] = _email(line, layout, given("email"))
    said = given("education")
    values["education"] = education_of(said)
    if said and not values["education"]:
        _left_out(line, layout, "education", said, "n’est pas un niveau connu")
    values["prescriber"] = given("prescriber")[:250]


def _left_out(line: Line, layout: Layout, name: str, text: str, why: str) -> None:
    column = layout.of(name)
    where = column.where if column else name
    line.notes.append(f"{where} : « {formats.short(text, 40)} » {why}, c’est laissé de côté.")


def gender_of(text: str) -> str:
    said = normalise(text).replace(" e", "") if text else ""
    return next((code for code, words in GENDER_WORDS.items() if said in words), "")


def education_of(text: str) -> str:
    said = normalise(text)
    if re.fullmatch(r"[0-7][01]", text.strip()):
        return text.strip()
    return next((code for code, pattern in EDUCATION_WORDS if said and re.search(pattern, said)), "")


def _phone(line: Line, layout: Layout, text: str) -> str:
    """The first of several numbers; the zero that a spreadsheet took away is given back."""
    if not text:
        return ""
    first = re.split(r"[,;/]| ou ", text)[0].strip()
    digits = re.sub(r"\D", "", first)
    if not 6 <= len(digits) <= 15:
        _left_out(line, layout, "phone", text, "n’est pas un numéro de téléphone")
        return ""
    if first != text:
        line.notes.append(f"De plusieurs numéros, le premier est gardé : {first}.")
    return (f"0{digits}" if len(digits) == 9 and digits[0] != "0" and "+" not in first else first)[:PHONE_MAX]


def _email(line: Line, layout: Layout, text: str) -> str:
    first = re.split(r"[,;\s]", text)[0].strip() if text else ""
    try:
        if first:
            validate_email(first)
        return first[:254]
    except ValidationError:
        _left_out(line, layout, "email", text, "n’est pas une adresse électronique")
        return ""
