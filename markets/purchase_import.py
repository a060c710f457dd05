"""Reads the lines of a buyer's yearly list into planned purchases; writes nothing and asks no database.

What stands in the way of a purchase refuses its line; what only describes it less well is left out, said, and kept in
the remarks, so that nothing of the list is lost.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core import formats
from core.forms import parse_month
from core.spreadsheets import (
    Cell,
    Sheet,
    amount_of,
    day_of,
    is_blank,
    is_total,
    text_of,
    titles_of,
    values_of,
    whole_of,
)
from core.text import normalise
from markets.purchase_words import FAMILIES, FAMILY_WORDS, LABELS, MISSING, NATURES, PROCEDURES, TECHNIQUES

# A house's whole year holds some hundreds of purchases.
LINES_MAX = 5_000
LOTS_MAX = 500
# Beyond so many years from the list's own, a date is a slip more often than a plan.
FAR_YEARS = 5


@dataclass(frozen=True)
class Known:
    """What reading needs to know of the buyer and of the reference lists.

    departments: normalised name → key; cpv: code → label; commune: function of what is written → its code, or None.
    """

    buyer_name: str
    buyer_names: frozenset[str]
    buyer_identifier: str
    year: int
    default_family: str = ""
    departments: Mapping[str, int] = field(default_factory=dict)
    cpv: Mapping[str, str] = field(default_factory=dict)
    commune: Callable[[str], str | None] = lambda text: None


@dataclass
class Line:
    """A line of the file: its number there, what was read of it, what was wrong with it."""

    number: int
    cells: list[str]
    values: dict[str, Any] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    # The list gives no object: this one was made from the CPV label and the reference.
    object_made: bool = False

    @property
    def is_right(self) -> bool:
        return not self.errors

    @property
    def family_words(self) -> str:
        return FAMILY_WORDS.get(self.values.get("family", ""), "")

    @property
    def label(self) -> str:
        """What a person recognises the line by."""
        named = self.values.get("object") or self.values.get("reference")
        return formats.short(named or " ".join(cell for cell in self.cells if cell), 90)


@dataclass
class Reading:
    """What a sheet holds: its lines, and what was passed over."""

    titles: list[str]
    lines: list[Line] = field(default_factory=list)
    totals: int = 0
    cut: bool = False

    @property
    def right(self) -> list[Line]:
        return [line for line in self.lines if line.is_right]

    @property
    def refused(self) -> list[Line]:
        return [line for line in self.lines if not line.is_right]


def read_lines(sheet: Sheet, *, header: int, columns: Mapping[str, int], known: Known) -> Reading:
    """The purchases below the line of titles (numbered from 1). columns: name of WANTED → index of the column."""
    reading = Reading(titles=titles_of(sheet.rows, header))
    first_line: dict[str, int] = {}
    for number, row in enumerate(sheet.rows[header:], start=header + 1):
        if is_blank(row):
            continue
        if is_total(row):
            reading.totals += 1
            continue
        if len(reading.lines) >= LINES_MAX:
            reading.cut = True
            break
        line = Line(number, [text_of(cell) for cell in row])
        _read(line, values_of(row, columns), known)
        _refuse_twins(line, first_line)
        reading.lines.append(line)
    return reading


def _refuse_twins(line: Line, first_line: dict[str, int]) -> None:
    if not line.is_right:
        return
    key = identity(line.values["reference"], line.values["object"])
    former = first_line.setdefault(key, line.number)
    if former != line.number and line.values["reference"]:
        line.errors.append(f"La référence « {line.values['reference']} » est déjà à la ligne {former}.")
    elif former != line.number:
        line.errors.append(
            f"Même objet qu’à la ligne {former}, et pas de référence pour les distinguer : donnez-en une à chacune."
        )


def identity(reference: str, object_: str) -> str:
    """What makes two lines of one list the same purchase: the reference, or the object where there is none."""
    return f"r:{reference}" if reference else f"o:{normalise(object_)}"


# --- One line -----------------------------------------------------------------------------------------------


def _read(line: Line, cells: Mapping[str, Cell], known: Known) -> None:
    given = {name: cell for name, cell in cells.items() if not _is_missing(cell)}
    values = line.values
    values["amount"] = values["planned_on"] = None
    _check_buyer(line, given.get("buyer"), known)
    values["reference"] = " ".join(text_of(given.get("reference")).split())
    if len(values["reference"]) > 60:
        line.errors.append(f"La référence compte {len(values['reference'])} signes ; 60 au plus.")
    values["cpv"] = _cpv(line, given.get("cpv"))
    values["object"] = _object(line, given.get("object"), known)
    values["family"] = _family(line, given.get("family"), known)
    for name, reader in _READERS.items():
        if name in given:
            reader(line, given[name], known)
    if "notes" in given:
        values["notes"] = text_of(given["notes"])[:5_000]


def _is_missing(cell: Cell) -> bool:
    return cell is None or (
        isinstance(cell, str) and (normalise(cell) in MISSING or not cell.strip("-–—./…? "))
    )


def _left_out(line: Line, name: str, text: str, why: str) -> None:
    """Say that a cell was not taken over, and keep its words for the remarks."""
    shown = formats.short(text, 60)
    line.warnings.append(f"{LABELS[name]} « {shown} » : {why}.")
    line.values.setdefault("left_out", []).append(f"{LABELS[name]} : {formats.short(text, 200)}")


def _check_buyer(line: Line, cell: Cell, known: Known) -> None:
    text = text_of(cell)
    if not text:
        return
    digits = re.sub(r"\D", "", text)
    if len(digits) in (9, 14) and not re.search(r"[A-Za-z]{3}", text):
        own = known.buyer_identifier
        # Two establishments of one buyer share the first nine digits.
        if own[:9].isdigit() and own[:9] != digits[:9]:
            line.errors.append(f"Cette ligne est du donneur d’ordre {text}, pas de {known.buyer_name}.")
    elif normalise(text) not in known.buyer_names:
        line.errors.append(f"Cette ligne est de « {formats.short(text, 60)} », pas de {known.buyer_name}.")


def _cpv(line: Line, cell: Cell) -> str:
    text = text_of(cell)
    if not text:
        return ""
    found = re.match(r"\s*(\d{8})(?:\s*-\s*\d)?(?!\d)", text)
    if found:
        return found[1]
    _left_out(line, "cpv", text, "un code CPV compte huit chiffres, il est laissé de côté")
    return ""


def _object(line: Line, cell: Cell, known: Known) -> str:
    text = " ".join(text_of(cell).split())
    if len(text) > 1_000:
        line.warnings.append("Objet de plus de 1 000 signes : la fin est coupée.")
        return text[:1_000]
    if text:
        return text
    reference, cpv = line.values["reference"], line.values["cpv"]
    label = next((known.cpv[code] for code in _wider(cpv) if code in known.cpv), "")
    if label and reference:
        made = f"{label} ({reference})"
    elif label or reference:
        made = label or f"Achat {reference}"
    else:
        line.errors.append("Cette ligne n’a ni objet ni référence.")
        return ""
    line.object_made = True
    line.warnings.append(f"Sans objet : l’achat s’appellera « {formats.short(made, 80)} ».")
    return made[:1_000]


def _wider(cpv: str) -> list[str]:
    """« 45212221 » → itself, its class, its group and its division, as the nomenclature writes them."""
    return [*(cpv[:size].ljust(8, "0") for size in (8, 5, 4, 3)), cpv[:2]] if cpv else []


def _matched(text: str, choices: Sequence[tuple[str, str]]) -> str:
    said = normalise(text)
    return next((code for code, pattern in choices if re.match(pattern, said)), "")


def _family(line: Line, cell: Cell, known: Known) -> str:
    text = text_of(cell)
    if text:
        found = _matched(text, FAMILIES)
        if not found:
            line.errors.append(
                f"Famille d’achat « {formats.short(text, 40)} » : écrivez travaux, services, fournitures ou "
                "prestations intellectuelles."
            )
        return found
    from_cpv = family_of_cpv(line.values["cpv"])
    if from_cpv or known.default_family:
        return from_cpv or known.default_family
    line.errors.append("La famille d’achat manque, et aucun code CPV ne la dit.")
    return ""


def family_of_cpv(cpv: str) -> str:
    """The family that a CPV division tells (2008 vocabulary): 45 works, 03 to 44 and 48 supplies, the rest services."""
    if len(cpv) < 2:
        return ""
    division = int(cpv[:2])
    if division == 45:
        return "works"
    if division == 71:
        return "intellectual"
    return "supplies" if division <= 44 or division == 48 else "services"


def _read_nature(line: Line, cell: Cell, known: Known) -> None:
    found = _matched(text_of(cell), NATURES)
    if found:
        line.values["nature"] = found
    else:
        _left_out(
            line, "nature", text_of(cell), "ce n’est pas une nature connue, l’achat est inscrit comme marché"
        )


def _read_amount(line: Line, cell: Cell, known: Known) -> None:
    try:
        amount = amount_of(cell)
    except ValueError as error:
        line.errors.append(f"Montant : {error}")
        return
    if amount is None:
        return
    if amount < 0:
        line.errors.append(f"Montant : {formats.amount(amount)} est négatif.")
    elif amount > Decimal("9999999999.99"):
        line.errors.append(f"Montant : {formats.amount(amount)} dépasse tout achat possible.")
    elif amount == 0:
        line.warnings.append("Montant de 0 € : il est inscrit comme inconnu.")
    else:
        line.values["amount"] = amount


def _read_day(line: Line, cell: Cell, known: Known) -> None:
    text = text_of(cell)
    try:
        day = day_of(cell)
    except ValueError as error:
        day = _first_day(text)
        if day is None and re.fullmatch(r"(19|20)\d\d", text.strip()):
            _left_out(line, "planned_on", text, "une année ne dit pas quand l’achat est lancé")
            return
        if day is None:
            line.errors.append(f"Lancement prévu : {error}")
            return
    if day is None:
        return
    if abs(day.year - known.year) > FAR_YEARS:
        line.errors.append(
            f"Lancement prévu le {formats.day(day)} : c’est loin de la liste de {known.year}, vérifiez l’année."
        )
        return
    line.values["planned_on"] = day


def _first_day(text: str) -> dt.date | None:
    """First day of a month, a quarter or a half-year, as lists write them."""
    try:
        month = parse_month(text)
    except ValueError:
        month = None
    if month:
        return month
    said = normalise(text)
    patterns = (
        (3, r"(?:t|trim|trimestre)\s?([1-4])\s+(20\d\d)"),
        (3, r"([1-4])\s?(?:er|e|eme)?\s?(?:t|trim|trimestre)\s+(20\d\d)"),
        (6, r"(?:s|sem|semestre)\s?([12])\s+(20\d\d)"),
        (6, r"([12])\s?(?:er|e|eme)?\s?(?:s|sem|semestre)\s+(20\d\d)"),
    )
    for length, pattern in patterns:
        found = re.fullmatch(pattern, said)
        if found:
            return dt.date(int(found[2]), (int(found[1]) - 1) * length + 1, 1)
    return None


def _read_months(line: Line, cell: Cell, known: Known) -> None:
    text = text_of(cell)
    years = re.fullmatch(r"(\d{1,2})\s*ans?", text.strip(), re.I)
    try:
        months = int(years[1]) * 12 if years else whole_of(cell)
    except ValueError:
        _left_out(line, "months", text, "ce n’est pas un nombre de mois")
        return
    if months is not None and 1 <= months <= 1_200:
        line.values["months"] = months
    elif months:
        _left_out(line, "months", text, "ce n’est pas une durée possible")


def _read_lots(line: Line, cell: Cell, known: Known) -> None:
    text = text_of(cell)
    said = normalise(text)
    if said in ("non", "0", "unique", "lot unique", "non alloti", "marche unique", "marche non alloti"):
        line.values["lots"] = 1
        return
    try:
        lots = whole_of(cell)
    except ValueError:
        _left_out(line, "lots", text, "ce n’est pas un nombre de lots")
        return
    if lots and lots <= LOTS_MAX:
        line.values["lots"] = lots
    elif lots:
        _left_out(line, "lots", text, f"{LOTS_MAX} lots au plus")


def _read_choice(name: str, choices: Sequence[tuple[str, str]]) -> Callable[[Line, Cell, Known], None]:
    def read(line: Line, cell: Cell, known: Known) -> None:
        found = _matched(text_of(cell), choices)
        if found:
            line.values[name] = found
        else:
            _left_out(line, name, text_of(cell), "cela n’est pas reconnu")

    return read


def _read_commune(line: Line, cell: Cell, known: Known) -> None:
    text = text_of(cell)
    code = known.commune(text)
    if code:
        line.values["commune_id"] = code
    else:
        _left_out(line, "commune", text, "ce n’est pas une commune connue, ou il y en a plusieurs")


def _read_department(line: Line, cell: Cell, known: Known) -> None:
    text = text_of(cell)
    key = known.departments.get(normalise(text))
    if key:
        line.values["department_id"] = key
    else:
        _left_out(line, "department", text, f"ce n’est pas une direction inscrite chez {known.buyer_name}")


_READERS: dict[str, Callable[[Line, Cell, Known], None]] = {
    "nature": _read_nature,
    "amount": _read_amount,
    "planned_on": _read_day,
    "months": _read_months,
    "lots": _read_lots,
    "procedure": _read_choice("procedure", PROCEDURES),
    "technique": _read_choice("technique", TECHNIQUES),
    "commune": _read_commune,
    "department": _read_department,
}
