"""How figures, dates and names are written in French, on the screen, on paper and in exports."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

# Narrow no-break space: between thousands and before a unit, never at a line's end.
THIN = "\u202f"
MINUS = "\u2212"
ABSENT = "–"
PARIS = ZoneInfo("Europe/Paris")
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip

Numeric = Decimal | int | float | None


def _decimal(value: Numeric | str) -> Decimal | None:
    if value is None or value == "":
        return None
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    return number if number.is_finite() else None


def _rounded(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def number(value: Numeric | str, decimals: int = 2, *, keep_zeros: bool = False) -> str:
    """A number with at most `decimals` decimals: 1204.50 → « 1 204,5 »; nothing known → « – »."""
    exact = _decimal(value)
    if exact is None:
        return ABSENT
    rounded = _rounded(exact, decimals)
    if rounded == 0:
        rounded = abs(rounded)
    text = f"{abs(rounded):,f}"
    whole, _, fraction = text.partition(".")
    if not keep_zeros:
        fraction = fraction.rstrip("0")
    sign = MINUS if rounded < 0 else ""
    return sign + whole.replace(",", THIN) + (f",{fraction}" if fraction else "")


def hours(value: Numeric | str) -> str:
    """Hours with at most two decimals: « 1 204,5 h »."""
    text = number(value)
    return text if text == ABSENT else f"{text}{THIN}h"


def money(value: Numeric | str) -> str:
    """What `amount` writes, without the sign that its column's title gives: both cents or none."""
    exact = _decimal(value)
    if exact is None:
        return ABSENT
    cents = _rounded(exact, 2)
    return number(cents, 0) if cents == cents.to_integral_value() else number(cents, 2, keep_zeros=True)


def amount(value: Numeric | str) -> str:
    """Euros, cents only where there are some: « 14 700 € », « 14 700,50 € »."""
    text = money(value)
    return text if text == ABSENT else f"{text}{THIN}€"


def rate(value: Numeric | str, decimals: int = 0) -> str:
    """A ratio as a percentage: 0.87 → « 87 % »; what is short of the whole never reads « 100 % »."""
    exact = _decimal(value)
    if exact is None:
        return ABSENT
    percent = exact * 100
    if percent < 100 <= _rounded(percent, decimals):
        percent = 100 - Decimal(1).scaleb(-decimals)
    return f"{number(percent, decimals)}{THIN}%"


def variation(current: Numeric | str, previous: Numeric | str) -> str:
    """Change since `previous`, signed, one decimal: « +12,3 % »; none on a base of zero or unknown."""
    now, before = _decimal(current), _decimal(previous)
    if now is None or before is None or before == 0:
        return ABSENT
    change = _rounded((now - before) * 100 / abs(before), 1)
    text = f"{number(change, 1)}{THIN}%"
    return f"+{text}" if change > 0 else text


def noun(quantity: Numeric | str, singular: str, plural: str | None = None) -> str:
    """A quantity and its noun, agreed as French does (below two is singular): « 1 204 personnes »."""
    exact = _decimal(quantity) or Decimal(0)
    word = singular if abs(exact) < 2 else (plural or f"{singular}s")
    return f"{number(exact)} {word}"


def _local(value: dt.date | dt.datetime) -> dt.date | dt.datetime:
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(PARIS)
    return value


def day(value: dt.date | dt.datetime | None) -> str:
    """« 12/03/2026 », of the day it was in Paris."""
    return f"{_local(value):%d/%m/%Y}" if value else ABSENT


def long_day(value: dt.date) -> str:
    """« 1er mars 2026 », as a letter is dated."""
    return f"{'1er' if value.day == 1 else value.day} {month(value)}"


def moment(value: dt.datetime | None) -> str:
    """« 12/03/2026 à 14:05 », Paris time."""
    return f"{_local(value):%d/%m/%Y à %H:%M}" if value else ABSENT


def month(value: dt.date | None) -> str:
    """« mars 2026 »."""
    if not value:
        return ABSENT
    local = _local(value)
    return f"{MONTHS[local.month - 1]} {local.year}"


def of_month(value: dt.date | None) -> str:
    """« de mars 2026 », « d’octobre 2026 »."""
    words = month(value)
    return f"d’{words}" if words[0] in "ao" else f"de {words}"


def siret(value: str | None) -> str:
    """A SIRET or SIREN in groups: « 130 003 544 00033 »; anything else as it is."""
    digits = (value or "").replace(" ", "")
    if digits.isdigit() and len(digits) in (9, 14):
        groups = [digits[:3], digits[3:6], digits[6:9], digits[9:]]
        return THIN.join(group for group in groups if group)
    return value or ABSENT


def size(value: int | None) -> str:
    """A file's size in octets, ko or Mo: « 1,2 Mo »."""
    if value is None:
        return ABSENT
    if value < 1_000:
        return f"{value}{THIN}o"
    if value < 999_500:
        return f"{number(Decimal(value) / 1_000, 0)}{THIN}ko"
    return f"{number(Decimal(value) / 1_000_000, 1)}{THIN}Mo"


def typeset(text: str) -> str:
    """French punctuation that cannot fall at a line's start: narrow no-break spaces before ; : ! ? % »."""
    for mark in (";", ":", "!", "?", "%", "»"):
        text = text.replace(f" {mark}", f"{THIN}{mark}")
    return text.replace("« ", f"«{THIN}")


def short(text: str | None, length: int) -> str:
    """At most `length` characters, cut at the last word with an ellipsis."""
    words = " ".join((text or "").split())
    if len(words) <= length:
        return words
    cut = words[: max(1, length - 1)]
    space = cut.rfind(" ")
    # A cut at a word must not throw away half of what would fit.
    if space > length // 2:
        cut = cut[:space]
    return cut.rstrip(" ,;:.–-") + "…"
