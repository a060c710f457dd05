"""How the tables of an import are read: which line has the titles, what each column says, what a cell holds.

Writes nothing and asks no database. Sentences name the column; a line knows its sheet and its number.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from beneficiaries.import_cells import NAMED_MONTH, NUMBERED_MONTH, YEAR, find_month, plain
from beneficiaries.import_words import HOURS_COLUMNS, HOURS_OF_KIND, KIND_WORDS, wanted_for
from core import formats
from core.errors import DomainError
from core.spreadsheets import (
    Cell,
    Sheet,
    day_of,
    guess_header,
    is_blank,
    letters,
    match_columns,
    text_of,
    titles_of,
)
from core.text import normalise

# A file of a whole house's year; the reader of tables stops there too.
LINES_MAX = 20_000
_NOTHING = ("", "neant", "ras", "na", "n a", "nc", "aucune", "aucun", "null", "none", "vide", "non renseigne")
_CIVILITY = re.compile(r"^(m|mr|mme|mlle|monsieur|madame|mademoiselle)[.\s]+(?=\S)", re.I)
_TOTAL = re.compile(r"(sous )?tota(l|ux)\b|somme\b|cumul\b|ensemble\b")


# --- Columns ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file: its title, what it says (blank: it is not read), and the month that its title names."""

    index: int
    title: str
    says: str = ""
    month: dt.date | None = None
    # The title names a month but no year: January to December are left to the file's year.
    month_number: int = 0

    @property
    def letter(self) -> str:
        return letters(self.index)

    @property
    def where(self) -> str:
        return f"Colonne « {formats.short(self.title, 60)} » ({self.letter})"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is read. `month` and `year`: those of the lines that do not say theirs."""

    kind: str
    header: int
    columns: tuple[Column, ...]
    month: dt.date | None = None
    year: int | None = None
    _by_name: dict[str, Column] = field(init=False, default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        for column in reversed(self.columns):
            if column.says:
                self._by_name[column.says] = column

    def of(self, name: str) -> Column | None:
        return self._by_name.get(name)

    @property
    def says(self) -> set[str]:
        return {column.says for column in self.columns if column.says}

    @property
    def hours(self) -> list[Column]:
        return [column for column in self.columns if column.says in HOURS_COLUMNS]


def read_layout(
    *,
    kind: str,
    sheet: Sheet,
    file_name: str = "",
    header: int = 0,
    remembered: Mapping[str, str] | None = None,
    chosen: Mapping[int, str] | None = None,
    month: dt.date | None = None,
) -> Layout:
    """What the columns of a sheet say: as they were chosen, else as it was decided last time, else by their titles."""
    wanted = wanted_for(kind)
    header = header if 0 < header <= len(sheet.rows) else guess_header(sheet.rows, wanted)
    titles = titles_of(sheet.rows, header)[: max(1, _width(sheet.rows))]
    above = _months_above(sheet.rows, header, len(titles))
    cells = sheet.rows[header - 1] if header <= len(sheet.rows) else []
    found: dict[int, tuple[dt.date | None, int]] = {}
    for index in range(len(titles)):
        cell = cells[index] if index < len(cells) else None
        own = _month_of_title(cell)
        found[index] = own if own != (None, 0) else above.get(index, (None, 0))
    says = dict(chosen) if chosen is not None else _guess(kind, titles, found, remembered or {})
    columns = tuple(
        Column(index, title, says.get(index, ""), *found[index]) for index, title in enumerate(titles)
    )
    told, number = _month_around(sheet, header, file_name)
    known = month or told
    year = known.year if known else _year_around(sheet, header, file_name)
    if told is None and number and year:
        told = dt.date(year, number, 1)
    return Layout(kind, header, columns, month or told, year)


def _width(rows: Sequence[Sequence[Cell]]) -> int:
    """The last column that holds something."""
    return max((i + 1 for row in rows[:2_000] for i, cell in enumerate(row) if cell is not None), default=1)


def _guess(
    kind: str,
    titles: Sequence[str],
    months: Mapping[int, tuple[dt.date | None, int]],
    remembered: Mapping[str, str],
) -> dict[int, str]:
    says: dict[int, str] = {}
    known = {row.name for row in wanted_for(kind)} | {""}
    for index, title in enumerate(titles):
        name = remembered.get(title_key(title))
        if (
            name in known
            and name is not None
            and (name in HOURS_COLUMNS or name not in says.values() or not name)
        ):
            says[index] = name
    taken = set(says.values())
    wanted = [row for row in wanted_for(kind) if row.name not in taken]
    # A column of a month holds hours, whatever else its title says.
    monthly = {i for i, found in months.items() if found != (None, 0) and kind != "people" and i not in says}
    bare = ["" if i in says or i in monthly else title for i, title in enumerate(titles)]
    for name, index in match_columns(bare, wanted).items():
        says[index] = name
    for index in monthly:
        says[index] = HOURS_OF_KIND.get(kind_in(titles[index]) or "work", "hours_work")
        if not kind_in(titles[index]):
            says[index] = "hours"
    if kind != "people":
        for index, title in enumerate(titles):
            # « Formation interne (h) » beside « Heures »: a second column of hours.
            if index not in says and re.search(r"\bheures?\b|\(h\)", normalise(title)) and kind_in(title):
                says[index] = HOURS_OF_KIND[kind_in(title)]
    if "full_name" in says.values() and {"last_name", "first_name"} <= set(says.values()):
        says = {index: name for index, name in says.items() if name != "full_name"}
    elif (
        "last_name" in says.values()
        and "first_name" not in says.values()
        and "full_name" not in says.values()
    ):
        # A single column of names holds both.
        says = {index: "full_name" if name == "last_name" else name for index, name in says.items()}
    return {index: name for index, name in says.items() if name}


def title_key(title: str) -> str:
    """What stays of a title from a month to the next: « Heures mars 2026 » and « Heures avril 2026 » are one."""
    text = NUMBERED_MONTH.sub("mois", NAMED_MONTH.sub("mois", normalise(title)))
    return " ".join(re.sub(r"\b20\d\d\b", "", text).split())[:100]


def kind_in(text: str) -> str:
    """The kind of hours that words name, or nothing."""
    said = plain(text)
    return next((kind for kind, pattern in KIND_WORDS if re.search(pattern, said)), "")


def _month_of_title(cell: Cell) -> tuple[dt.date | None, int]:
    if isinstance(cell, dt.date):
        return dt.date(cell.year, cell.month, 1), 0
    if not isinstance(cell, str) or len(cell) > 60:
        return None, 0
    # « Né le 1 janvier » is no title; « Mai » alone is.
    return find_month(cell)


def _months_above(
    rows: Sequence[Sequence[Cell]], header: int, width: int
) -> dict[int, tuple[dt.date | None, int]]:
    """Months of a line of merged titles just above: each one covers the columns up to the next."""
    if header < 2:
        return {}
    row = rows[header - 2]
    told = {index: _month_of_title(cell) for index, cell in enumerate(row)}
    if sum(found != (None, 0) for found in told.values()) < 2:
        return {}
    spread: dict[int, tuple[dt.date | None, int]] = {}
    last: tuple[dt.date | None, int] = (None, 0)
    for index in range(width):
        if index < len(row) and row[index] is not None:
            last = told[index]
        if last != (None, 0):
            spread[index] = last
    return spread


def _around(sheet: Sheet, header: int, file_name: str) -> Iterable[str]:
    """Where the month of a whole file is written: above the titles, the sheet's name, the file's name."""
    for row in sheet.rows[: header - 1]:
        yield from (text_of(cell) for cell in row if cell is not None)
    yield sheet.name
    yield re.sub(r"\.[a-z]{3,4}$", "", file_name, flags=re.I)


def _month_around(sheet: Sheet, header: int, file_name: str) -> tuple[dt.date | None, int]:
    number = 0
    for text in _around(sheet, header, file_name):
        if len(text) > 200:
            continue
        month, bare = find_month(text)
        if month:
            return month, 0
        number = number or bare
    return None, number


def _year_around(sheet: Sheet, header: int, file_name: str) -> int | None:
    for text in _around(sheet, header, file_name):
        if found := YEAR.search(normalise(text[:200])):
            return int(found[1])
    return None


def missing_columns(layout: Layout) -> list[str]:
    """The sentences that say what the table lacks to be read; none when it can be."""
    says = layout.says
    found = []
    if not ("full_name" in says or {"last_name", "first_name"} <= says):
        found.append("Aucune colonne ne donne le nom et le prénom des personnes.")
    if layout.kind == "people":
        return found
    if not layout.hours:
        found.append("Aucune colonne ne donne les heures.")
    if layout.kind == "take_over" and "market" not in says:
        found.append("Aucune colonne ne donne la référence du marché.")
    dated = says & {"month", "starts_on"} or layout.month or (layout.kind == "take_over" and "year" in says)
    in_titles = bool(layout.hours) and all(
        column.month or (column.month_number and (layout.year or "year" in says)) for column in layout.hours
    )
    if not dated and not in_titles:
        found.append("Rien ne dit de quel mois sont les heures : donnez-le.")
    return found


def check_layout(layout: Layout, sheet: Sheet) -> None:
    """Refuse, naming the sheet and the line of the titles, a table that lacks what an import cannot do without."""
    if missing := missing_columns(layout):
        titles = ", ".join(f"« {formats.short(column.title, 30)} »" for column in layout.columns[:8])
        raise DomainError(
            f"{sheet_label(sheet)}, ligne {layout.header} : {' '.join(missing)} Colonnes lues : {titles}."
        )


def sheet_label(sheet: Sheet) -> str:
    return f"Feuille « {formats.short(sheet.name, 60)} »" if sheet.name else "Fichier"


# --- Lines --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as a file names them."""

    last_name: str
    first_name: str
    birth_date: dt.date | None = None
    person_id: str = ""

    @property
    def words(self) -> str:
        """The words of the name in a set order: inverted names are the same."""
        return words_of(f"{self.last_name} {self.first_name}")

    @property
    def key(self) -> str:
        """The same for the lines of one person; a digest, so that a decision kept with it holds no name."""
        birth = self.birth_date.isoformat() if self.birth_date else ""
        return hashlib.sha256(f"{self.words}|{birth}|{self.person_id}".encode()).hexdigest()[:24]

    def __str__(self) -> str:
        born = f", né·e le {formats.day(self.birth_date)}" if self.birth_date else ""
        return f"{self.last_name} {self.first_name}".strip() + born


def words_of(name: str) -> str:
    return " ".join(sorted(plain(name).split()))


@dataclass(slots=True)
class Line:
    """A line of the file: what was read of it, what was put right, what is wrong with it."""

    sheet: str
    number: int
    row: Sequence[Cell]
    identity: Identity | None = None
    values: dict[str, Any] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def cells(self) -> list[str]:
        """The cells as a person reads them."""
        return [text_of(cell) for cell in self.row]

    @property
    def where(self) -> str:
        sheet = f"feuille « {formats.short(self.sheet, 40)} », " if self.sheet else ""
        return f"{sheet}ligne {self.number}"


def body_of(sheet: Sheet, layout: Layout) -> Iterable[tuple[int, Sequence[Cell]]]:
    """The lines below the titles with their number: blank ones, totals and repeated titles are passed over."""
    heading = sheet.rows[layout.header - 1] if sheet.rows else []
    names = [
        column.index for column in layout.columns if column.says in ("last_name", "full_name", "first_name")
    ]
    for number, row in enumerate(sheet.rows[layout.header :], start=layout.header + 1):
        if is_blank(row) or _is_total(row, names):
            continue
        if row == heading:
            continue
        yield number, row


def _is_total(row: Sequence[Cell], names: Sequence[int]) -> bool:
    first = next((cell for cell in row if cell is not None), None)
    if not isinstance(first, str) or not _TOTAL.match(plain(first)):
        return False
    # « Ensemble, Marie »: someone whose name begins so has a first name too.
    others = [row[index] for index in names if index < len(row) and row[index] not in (None, first)]
    return not others


def cell_at(row: Sequence[Cell], column: Column | None) -> Cell:
    if column is None or column.index >= len(row):
        return None
    cell = row[column.index]
    return None if isinstance(cell, str) and _is_nothing(cell) else cell


def _is_nothing(text: str) -> bool:
    return not text.strip("-–—./…? ") or (len(text) < 20 and plain(text) in _NOTHING)


def read_identity(line: Line, row: Sequence[Cell], layout: Layout) -> None:
    """The person of a line; what is wrong goes to its errors."""
    last, first = (
        " ".join(text_of(cell_at(row, layout.of(name))).split()) for name in ("last_name", "first_name")
    )
    column = layout.of("full_name") or layout.of("last_name")
    full = layout.of("full_name")
    if full is not None and not (last and first):
        last, first = split_name(
            text_of(cell_at(row, full)), first_comes_first=normalise(full.title).startswith("prenom")
        )
    where = column.where if column else "Nom"
    birth = None
    born = layout.of("birth_date")
    try:
        birth = day_of(cell_at(row, born))
    except ValueError as error:
        line.errors.append(f"{born.where if born else 'Naissance'} : {error}")
    if birth and not 1900 <= birth.year <= dt.date.today().year - 10:
        line.errors.append(f"{born.where if born else ''} : né·e le {formats.day(birth)}, vérifiez l’année.")
        birth = None
    if not last and not first:
        line.errors.append(f"{where} : le nom manque.")
        return
    if not last or not first:
        line.errors.append(
            f"{where} : il manque le nom ou le prénom de « {formats.short(last or first, 60)} »."
        )
    for text in (last, first):
        if text and not any(char.isalpha() for char in text):
            line.errors.append(f"{where} : « {formats.short(text, 40)} » n’est pas un nom.")
        elif len(text) > 300:
            line.errors.append(f"{where} : ce nom compte plus de 300 signes.")
    person_id = " ".join(text_of(cell_at(row, layout.of("person_id"))).split())[:80]
    line.identity = Identity(last[:300], first[:300], birth, person_id)


def split_name(text: str, *, first_comes_first: bool = False) -> tuple[str, str]:
    """(last name, first name) of « DUPONT Jean », « Jean DUPONT », « Dupont, Jean » or « Mme Dupont Jean »."""
    said = _CIVILITY.sub("", " ".join(text.split()))
    if said.count(",") == 1:
        last, first = (part.strip() for part in said.split(","))
        return last, first
    words = said.split()
    if len(words) < 2:
        return said, ""
    upper = [
        word for word in words if len(word) > 1 and word.upper() == word and any(c.isalpha() for c in word)
    ]
    others = [word for word in words if word not in upper]
    if upper and others:
        return " ".join(upper), " ".join(others)
    return (" ".join(words[1:]), words[0]) if first_comes_first else (words[0], " ".join(words[1:]))


def same_shape(sheets: Sequence[Sheet], index: int, layout: Layout) -> list[Sheet]:
    """The sheets that bear the same titles on the same line as this one: a workbook of one sheet a month."""
    wanted = [title_key(column.title) for column in layout.columns]
    found = []
    for rank, sheet in enumerate(sheets):
        if rank == index:
            found.append(sheet)
        elif not sheet.hidden and layout.header <= len(sheet.rows):
            titles = [title_key(title) for title in titles_of(sheet.rows, layout.header)]
            if titles[: len(wanted)] == wanted and not any(
                not title.startswith("colonne ") for title in titles[len(wanted) :]
            ):
                found.append(sheet)
    return found


def labels_of(kind: str) -> list[tuple[str, str]]:
    """What a column may say, as choices."""
    return [("", "–"), *((row.name, row.label) for row in wanted_for(kind))]
