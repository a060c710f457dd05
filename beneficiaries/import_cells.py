"""What a cell of an import says: hours, a month, a year, in every writing of people and of spreadsheets."""

from __future__ import annotations

import datetime as dt
import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

from core import formats
from core.forms import parse_hours
from core.spreadsheets import Cell, day_of, text_of
from core.text import normalise

CENT = Decimal("0.01")
MONTHS = {
    "janvier": 1, "janv": 1, "jan": 1, "fevrier": 2, "fevr": 2, "fev": 2, "mars": 3, "avril": 4, "avr": 4, "mai": 5,
    "juin": 6, "juillet": 7, "juil": 7, "aout": 8, "septembre": 9, "sept": 9, "octobre": 10, "oct": 10,
    "novembre": 11, "nov": 11, "decembre": 12, "dec": 12,
}  # fmt: skip
_MONTH_WORDS = "|".join(sorted(MONTHS, key=len, reverse=True))
NAMED_MONTH = re.compile(rf"\b({_MONTH_WORDS})(?: ?(20\d\d|\d\d))?\b")
NUMBERED_MONTH = re.compile(
    r"\b(0?[1-9]|1[0-2]) (20\d\d)\b|\b(20\d\d) ?(0[1-9]|1[0-2])\b|\b(0[1-9]|1[0-2])(20\d\d)\b"
)
YEAR = re.compile(r"\b(20[0-4]\d)\b")
_DURATION = re.compile(r"(?:(\d+) days?, )?(\d+):(\d{2})(?::(\d{2})(?:\.\d+)?)?")


@lru_cache(maxsize=4_096)
def plain(text: str) -> str:
    """`normalise`, for the words that a file repeats on every line."""
    return normalise(text)


def find_month(text: str) -> tuple[dt.date | None, int]:
    """(month, 0), or (None, its number) where the year is not said, or (None, 0)."""
    said = normalise(text)
    numbered = NUMBERED_MONTH.search(said)
    if numbered:
        month = next(part for part in (numbered[1], numbered[4], numbered[5]) if part)
        year = next(part for part in (numbered[2], numbered[3], numbered[6]) if part)
        return dt.date(int(year), int(month), 1), 0
    named = NAMED_MONTH.search(said)
    if not named:
        return None, 0
    number = MONTHS[named[1]]
    if not named[2]:
        years = YEAR.findall(said)
        return (dt.date(int(years[0]), number, 1), 0) if len(set(years)) == 1 else (None, number)
    year = int(named[2])
    return dt.date(year if year > 99 else 2000 + year, number, 1), 0


def hours_of(cell: Cell) -> Decimal | None:
    """Hours as people and spreadsheets write them: 12,5 · 12h30 · 12:30 · a time, a duration of more than a day.

    Raises ValueError with the sentence to show.
    """
    if cell is None:
        return None
    if isinstance(cell, bool):
        raise ValueError(f"« {text_of(cell)} » n’est pas un nombre d’heures.")
    if isinstance(cell, dt.date):
        return _hours_of_moment(cell)
    if isinstance(cell, Decimal):
        return _sound(cell, text_of(cell))
    text = re.sub(r"(?i)\s*(heures?|hrs?)\b\.?", "h", cell).strip()
    if "%" in text:
        raise ValueError(f"« {formats.short(cell, 40)} » est un pourcentage, pas un nombre d’heures.")
    if found := _DURATION.fullmatch(text):
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        if minutes > 59 or seconds > 59:
            raise ValueError(f"« {formats.short(cell, 40)} » : une heure compte 60 minutes.")
        return _sound(Decimal(days * 24 + hours) + Decimal(minutes * 60 + seconds) / 3600, text)
    bare = re.sub(r"[\s\u00a0\u202f]", "", text).rstrip("hH").replace(",", ".")
    if re.fullmatch(r"-?\d+\.\d{3,}", bare):
        return _sound(Decimal(bare), text)
    return parse_hours(text)


def figure_of(cell: Cell) -> Decimal | None:
    """The figure that a cell says, before any rounding: « 1,234 » may have been meant otherwise, and is told."""
    if isinstance(cell, Decimal):
        return cell
    if isinstance(cell, str) and re.fullmatch(r"\d+[.,]\d{3,}", cell.strip()):
        return Decimal(cell.strip().replace(",", "."))
    return None


def _sound(hours: Decimal, text: str) -> Decimal:
    if hours < 0:
        raise ValueError(f"« {formats.short(text, 40)} » : un nombre d’heures ne peut pas être négatif.")
    try:
        if hours > 100_000:
            raise InvalidOperation
        return hours.quantize(CENT, rounding=ROUND_HALF_UP)
    except InvalidOperation:
        raise ValueError(f"« {formats.short(text, 40)} » dépasse tout nombre d’heures possible.") from None


def _hours_of_moment(cell: dt.date) -> Decimal:
    """A duration that a spreadsheet keeps as a day of the beginning of its calendar (1900, or 1904)."""
    moment = cell if isinstance(cell, dt.datetime) else dt.datetime.combine(cell, dt.time())
    for zero in (dt.datetime(1899, 12, 30), dt.datetime(1904, 1, 1)):
        past = moment - zero
        if dt.timedelta() <= past <= dt.timedelta(days=366):
            return _sound(Decimal(int(past.total_seconds())) / 3600, text_of(cell))
    raise ValueError(f"« {text_of(cell)} » est une date, pas un nombre d’heures.")


def month_of_cell(cell: Cell, year: int | None) -> dt.date | None:
    """The month that a cell names, with the year of its line where it says none. Raises ValueError."""
    if cell is None:
        return None
    if isinstance(cell, dt.date):
        return _plausible(dt.date(cell.year, cell.month, 1), text_of(cell))
    if isinstance(cell, Decimal) and cell == cell.to_integral_value():
        value = int(cell)
        if 1 <= value <= 12:
            if year is None:
                raise ValueError(f"mois {value} sans année.")
            return dt.date(year, value, 1)
        if 200_000 < value < 205_000 and 1 <= value % 100 <= 12:
            return dt.date(value // 100, value % 100, 1)
    if isinstance(cell, str):
        month, number = find_month(cell)
        if month:
            return _plausible(month, cell)
        bare = cell.strip()
        if not number and re.fullmatch(r"0?[1-9]|1[0-2]", bare):
            number = int(bare)
        if number:
            if year is None:
                raise ValueError(f"« {formats.short(cell, 40)} » ne dit pas l’année.")
            return dt.date(year, number, 1)
    try:
        day = day_of(cell)
    except ValueError:
        raise ValueError(f"« {formats.short(text_of(cell), 40)} » n’est pas un mois.") from None
    return _plausible(day.replace(day=1), text_of(cell)) if day else None


def _plausible(month: dt.date, text: str) -> dt.date:
    if not 2000 <= month.year <= 2100:
        raise ValueError(f"« {formats.short(text, 40)} » : vérifiez l’année.")
    return month


def year_of_cell(cell: Cell) -> int | None:
    if cell is None:
        return None
    if isinstance(cell, dt.date):
        return cell.year
    found = re.fullmatch(r"\s*(20[0-4]\d)(?:[.,]0+)?\s*", text_of(cell))
    if not found:
        raise ValueError(f"« {formats.short(text_of(cell), 40)} » n’est pas une année.")
    return int(found[1])
