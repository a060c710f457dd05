"""Reads the tables that people send (CSV, XLSX, XLS, ODS) into sheets of plain values, within bounds.

Knows nothing of what the tables say: the imports of each room match the columns and read the cells
(`match_columns`, `guess_header`, `text_of`, `amount_of`, `day_of`).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from core import formats
from core.errors import DomainError
from core.files import FILE_TYPES, detect_type
from core.forms import parse_amount, parse_day
from core.text import normalise

# A cell: text, number, day, moment or truth; None when it is blank.
Cell = str | Decimal | dt.date | dt.datetime | bool | None

TABLE_TYPES = ("csv", "xlsx", "xls", "ods")
BYTES_MAX = 20_000_000
# A list of twenty thousand lines unpacks to some 15 MB: beyond this it is something else.
UNPACKED_MAX = 50 * 1024 * 1024
ROWS_MAX = 20_000
COLUMNS_MAX = 200
SHEETS_MAX = 30
CELL_MAX = 32_767  # what a spreadsheet's own cell holds
_MEMORY = 1024 * 1024 * 1024
_SECONDS = 30
# Lines among which the one with the columns' titles is looked for.
HEADER_WITHIN = 30
# « id » or « n » within a longer title say nothing; « cpv » does.
SHORTEST_WORD = 3

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DELIMITERS = (";", ",", "\t", "|")
_EXCEL_ZERO = dt.date(1899, 12, 30)
_PROTECTED = "Ce classeur est protégé par un mot de passe : enregistrez-le sans mot de passe, puis envoyez-le de nouveau."
_BROKEN = (
    "Ce classeur ne peut pas être lu : il est abîmé, ou bien plus grand qu’une liste ordinaire. "
    "Enregistrez-le de nouveau avec votre tableur, ou en CSV."
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its lines as they stand in the file, blank ones included, so that line n is `rows[n - 1]`."""

    name: str
    rows: list[list[Cell]]
    hidden: bool = False

    @property
    def is_empty(self) -> bool:
        return not any(cell is not None for row in self.rows for cell in row)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column that an import looks for: its name, its label, and the titles that it goes by."""

    name: str
    label: str
    titles: Sequence[str] = field(default_factory=tuple)
    required: bool = False
    help: str = ""


# --- Reading a file -----------------------------------------------------------------------------------------


def read_sheets(content: bytes) -> list[Sheet]:
    """The sheets that hold something, the hidden ones last. Content decides of the type, never the name.

    Raises DomainError, with a sentence to show, for a file that is empty, too big, protected, broken, of another
    type, or that holds more lines than `ROWS_MAX`.
    """
    if not content.strip():
        raise DomainError("Ce fichier est vide.")
    if len(content) > BYTES_MAX:
        raise DomainError(f"Ce fichier dépasse {formats.size(BYTES_MAX)}, la taille acceptée ici.")
    found = _type_of(content)
    sheets = [_read_csv(content)] if found == "csv" else _read_workbook(content)
    sheets = [sheet for sheet in sheets if not sheet.is_empty]
    if not sheets:
        raise DomainError("Ce fichier ne contient aucune ligne.")
    for sheet in sheets:
        _check_size(len(sheet.rows), sheet.name)
    return sorted(sheets, key=lambda sheet: sheet.hidden)


def _type_of(content: bytes) -> str:
    if content.startswith(_OLE) and "EncryptedPackage".encode("utf-16-le") in content:
        raise DomainError(_PROTECTED)
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "csv"  # « Texte Unicode » of a spreadsheet
    found = detect_type(io.BytesIO(content))
    if found == "txt":
        return "csv"
    if found in TABLE_TYPES:
        if content.startswith(b"PK"):
            _check_unpacked(content)
        return found
    if content.lstrip()[:1] == b"<":
        raise DomainError(
            "Ce fichier est une page web ou du XML, quel que soit son nom : ouvrez-le avec votre tableur, "
            "puis enregistrez-le au format XLSX ou CSV."
        )
    labels = ", ".join(FILE_TYPES[name].label for name in TABLE_TYPES)
    raise DomainError(f"Le contenu de ce fichier n’est pas un tableau. Types acceptés : {labels}.")


def _check_unpacked(content: bytes) -> None:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > UNPACKED_MAX:
        raise DomainError(
            f"Ce classeur compressé contient {formats.size(unpacked)} : c’est bien plus qu’une liste. "
            "Il n’est pas ouvert. Gardez la seule feuille utile, ou enregistrez-la en CSV."
        )


def _check_size(rows: int, name: str) -> None:
    if rows > ROWS_MAX:
        where = f" (feuille « {name} »)" if name else ""
        raise DomainError(
            f"Ce fichier a plus de {formats.number(ROWS_MAX, 0)} lignes{where} : coupez-le en plusieurs."
        )


def _read_workbook(content: bytes) -> list[Sheet]:
    arguments = [ROWS_MAX + 1, COLUMNS_MAX, SHEETS_MAX, _MEMORY, _SECONDS]
    script = Path(__file__).with_name("sheet_process.py")
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(script), *map(str, arguments)],
            input=content,
            capture_output=True,
            timeout=_SECONDS + 5,
            check=False,
        )
        answer = json.loads(done.stdout, parse_float=Decimal, parse_int=Decimal)
    except (subprocess.TimeoutExpired, ValueError, OSError) as error:
        # The reader was stopped by its bounds, or died: the file is to blame, and nothing else suffered.
        raise DomainError(_BROKEN) from error
    if answer.get("refused"):
        raise DomainError(_PROTECTED if answer["refused"] == "password" else _BROKEN)
    return [
        Sheet(entry["name"], [[_cell(value) for value in row] for row in entry["rows"]], entry["hidden"])
        for entry in answer["sheets"]
    ]


def _cell(value: Any) -> Cell:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        day = dt.date.fromisoformat(value[0])
        if len(value) == 2 and value[1] != "00:00:00":
            return dt.datetime.combine(day, dt.time.fromisoformat(value[1]))
        return day
    if isinstance(value, Decimal) and not value.is_finite():
        return None
    return value


def _text(value: str) -> str | None:
    kept = value.replace("\x00", "").strip(" \t\r\n\u00a0\u202f\ufeff\u200b")[:CELL_MAX]
    return kept or None


def _decode(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What a French spreadsheet writes when asked for « CSV ».
        return content.decode("cp1252", "replace")


def _read_csv(content: bytes) -> Sheet:
    text = _decode(content)
    csv.field_size_limit(BYTES_MAX)
    # « sep=; » on the first line tells a spreadsheet, and is no line of the table.
    told = re.match(r"sep=(.)\r?\n", text, re.I)
    delimiter = told[1] if told else _delimiter(text)
    rows: list[list[Cell]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            _check_size(len(rows), "")
            rows.append([_text(value) for value in record[:COLUMNS_MAX]])
    except csv.Error as error:
        raise DomainError(
            f"La ligne {len(rows) + 1} de ce CSV ne peut pas être lue : un guillemet ouvert n’est pas fermé, "
            "ou la ligne est coupée."
        ) from error
    if told:
        rows[0] = [None]
    return Sheet("", rows)


def _delimiter(text: str) -> str:
    """The sign that cuts most lines into the same number of cells, more than one."""
    sample = "\n".join(text[:65_536].splitlines()[:60])
    best, best_score = ";", (0, 0)
    for sign in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=sign) if row]
        except csv.Error:
            continue
        wide = [width for width in widths if width > 1]
        if not wide:
            continue
        usual = max(set(wide), key=lambda width: (wide.count(width), width))
        score = (wide.count(usual), usual)
        if score > best_score:
            best, best_score = sign, score
    return best


# --- Which line has the titles, which column is which --------------------------------------------------------


def guess_header(rows: Sequence[Sequence[Cell]], wanted: Iterable[Wanted]) -> int:
    """The number (from 1) of the line that holds the columns' titles.

    It is the one that names most of the wanted columns, else the first of the widest; a merged title above the table
    has one cell only.
    """
    wanted = tuple(wanted)
    best, best_score = 1, (-1, -1)
    for number, row in enumerate(rows[:HEADER_WITHIN], start=1):
        titles = [text_of(cell) if isinstance(cell, str) else "" for cell in row]
        score = (len(match_columns(titles, wanted)), sum(bool(title) for title in titles))
        if score > best_score:
            best, best_score = number, score
    return best


def match_columns(titles: Sequence[str], wanted: Iterable[Wanted]) -> dict[str, int]:
    """Name of a wanted column → index of the column that bears it; accents, case and spaces do not count.

    The same words come first, then a title that holds them all, the most words first; no column serves twice.
    """
    shown = [normalise(title) if title else "" for title in titles]
    found: dict[str, int] = {}
    taken: set[int] = set()
    wanted = tuple(wanted)
    for is_exact in (True, False):
        offers = []
        for order, entry in enumerate(wanted):
            if entry.name in found:
                continue
            for rank, title in enumerate((entry.label, *entry.titles)):
                words = normalise(title)
                for index, text in enumerate(shown):
                    if not text or index in taken:
                        continue
                    if is_exact and text == words:
                        offers.append((rank, order, index, entry.name))
                    elif not is_exact and len(words) >= SHORTEST_WORD and _holds(text, words):
                        offers.append((-len(words), order, index, entry.name))
        for *_, index, name in sorted(offers):
            if name not in found and index not in taken:
                found[name] = index
                taken.add(index)
    return found


def _holds(text: str, words: str) -> bool:
    return f" {words} " in f" {text} "


def titles_of(rows: Sequence[Sequence[Cell]], header: int) -> list[str]:
    """The columns' titles, on one line each; a column without one is « Colonne C »."""
    width = max((len(row) for row in rows), default=0)
    row = rows[header - 1] if 0 < header <= len(rows) else []
    titles = [" ".join(text_of(cell).split()) for cell in row] + [""] * (width - len(row))
    return [title or f"Colonne {letters(index)}" for index, title in enumerate(titles)]


def letters(index: int) -> str:
    """0 → A, 26 → AA: the name that spreadsheets give to a column."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


# --- What a cell says ---------------------------------------------------------------------------------------


def text_of(cell: Cell) -> str:
    """A cell as a person reads it: numbers without exponent (a SIRET typed as a number), days as 30/12/2024."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "oui" if cell else "non"
    if isinstance(cell, dt.datetime):
        return f"{cell:%d/%m/%Y %H:%M}"
    if isinstance(cell, dt.date):
        return f"{cell:%d/%m/%Y}"
    text = format(cell, "f")
    return (text.rstrip("0").rstrip(".") or "0").replace(".", ",") if "." in text else text


def amount_of(cell: Cell) -> Decimal | None:
    """Euros of a cell, rounded to the cent; None when blank. Raises ValueError with the sentence to show."""
    if isinstance(cell, Decimal):
        try:
            # A computed cell has as many decimals as a machine makes: they are rounded, not refused.
            return parse_amount(format(cell.quantize(Decimal("0.01")), "f"))
        except InvalidOperation:
            raise ValueError(f"« {text_of(cell)[:40]} » dépasse tout montant possible.") from None
    if isinstance(cell, dt.date | bool):
        raise ValueError(f"« {text_of(cell)} » n’est pas un montant.")
    text = re.sub(r"(?i)\b(eur|euros?|h\.?t\.?)(?=\s|$)|€\s*h\.?t\.?", "€", cell or "").replace("'", "")
    return parse_amount(text.rstrip("€ \u00a0\u202f") if text.count("€") > 1 else text)


def day_of(cell: Cell) -> dt.date | None:
    """The day of a cell: a date, a text, or the number of a date whose format was lost; None when blank.

    Raises ValueError with the sentence to show.
    """
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    if isinstance(cell, bool):
        raise ValueError(f"« {text_of(cell)} » n’est pas une date.")
    if isinstance(cell, Decimal):
        if cell == cell.to_integral_value() and 20_000 <= cell <= 80_000:
            return _EXCEL_ZERO + dt.timedelta(days=int(cell))
        raise ValueError(f"« {text_of(cell)} » n’est pas une date.")
    return parse_day(re.sub(r"\s+\d{1,2}:\d{2}(:\d{2})?$|T\d{2}:\d{2}.*$", "", cell or ""))


def whole_of(cell: Cell) -> int | None:
    """A whole number, with or without a word after it (« 12 mois »); None when blank. Raises ValueError."""
    text = text_of(cell)
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,9})(?:[.,]0*)?\s*[^\W\d]*\.?", text.strip())
    if not found:
        raise ValueError(f"« {text[:40]} » n’est pas un nombre entier.")
    return int(found[1])


def is_blank(row: Sequence[Cell]) -> bool:
    return all(cell is None for cell in row)


def is_total(row: Sequence[Cell]) -> bool:
    """A line of totals: its first words say so, and most of its cells are blank."""
    given = [cell for cell in row if cell is not None]
    first = next((normalise(cell) for cell in given if isinstance(cell, str)), "")
    return bool(re.match(r"(sous )?total\b|somme\b|totaux\b", first)) and len(given) <= max(1, len(row) // 2)


def values_of(row: Sequence[Cell], columns: Mapping[str, int]) -> dict[str, Cell]:
    """The cells of a line by the name of the wanted column; None for one that the line is too short for."""
    return {name: row[index] if index < len(row) else None for name, index in columns.items()}
