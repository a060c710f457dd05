"""French sentences made from figures: agreement, zero, comparison with N-1, typography."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from core import formats

if TYPE_CHECKING:
    from reporting.scope import Months


def typeset(text: str) -> str:
    """Narrow no-break spaces before the signs that ask for one and before a unit."""
    return re.sub(r" (?=[;:!?%»€])|(?<=«) |(?<=\d) (?=h\b)", formats.THIN, text)


def count(number: int | Decimal, singular: str, plural: str | None = None, *, none: str = "aucun") -> str:
    """« aucune personne », « 1 personne », « 1 204 personnes »."""
    return formats.noun(number, singular, plural) if number else f"{none} {singular}"


def hours(value: Decimal) -> str:
    """« aucune heure », « 1 heure », « 1 204,5 heures »."""
    return count(value, "heure", none="aucune")


def agree(number: int | Decimal, singular: str, plural: str) -> str:
    """The form of a verb or participle that goes with the number; below two is singular in French."""
    return singular if -2 < number < 2 else plural


def compared(now: Decimal, before: Decimal | None, year: int) -> str:
    """A sentence that compares hours with N-1 as published; says so when there is nothing to compare with."""
    if before is None:
        return f"Aucun bilan {year} n’est publié dans l’outil : il n’y a pas de comparaison."
    if before == 0:
        return f"Le bilan {year} ne comptait aucune heure : l’évolution est sans objet."
    if now == before:
        return f"C’est autant qu’en {year}."
    change = formats.variation(now, before).lstrip("+" + formats.MINUS)
    direction = "plus" if now > before else "moins"
    if change.startswith("0" + formats.THIN):
        return f"C’est presque autant qu’en {year} ({formats.hours(before)})."
    return f"C’est {change} de {direction} qu’en {year} ({formats.hours(before)})."


def listed(words: list[str]) -> str:
    """« a », « a et b », « a, b et c »."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} et {words[-1]}"


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def months_label(span: Months) -> str:
    """« mars 2025 », « mars – juin 2025 », « mars 2025 – juin 2026 »."""
    first, last = formats.month(span.first), formats.month(span.last)
    if first == last:
        return first
    if span.first.year == span.last.year:
        first = first.removesuffix(f" {span.first.year}")
    return f"{first} – {last}"


def months_in_words(span: Months) -> str:
    """« en mars 2025 », « de mars à juin 2025 », « d’avril 2025 à juin 2026 »."""
    first, last = formats.month(span.first), formats.month(span.last)
    if first == last:
        return f"en {first}"
    if span.first.year == span.last.year:
        first = first.removesuffix(f" {span.first.year}")
    return f"{'d’' if first[0] in 'ao' else 'de '}{first} à {last}"
