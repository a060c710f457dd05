"""Arithmetic on published figures."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

# A full-time year of insertion, as the field counts it (Alliance Villes Emploi).
HOURS_OF_A_FULL_TIME_YEAR = Decimal(1600)


def variation(current: Decimal | int | None, previous: Decimal | int | None) -> Decimal | None:
    """Change since N-1 as a ratio with four decimals; None on a base of zero or unknown."""
    if current is None or not previous:
        return None
    change = (Decimal(current) - Decimal(previous)) / abs(Decimal(previous))
    return change.quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def ratio(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """A part of a whole, four decimals; None where there is no whole."""
    return (
        (Decimal(part) / Decimal(whole)).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
        if whole
        else None
    )


def hours_per_person(hours: Decimal, people: int) -> Decimal | None:
    """Average hours of a person; None without people."""
    return (Decimal(hours) / people).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP) if people else None


def full_time_equivalents(hours: Decimal) -> Decimal:
    """Full-time equivalents at 1,600 hours a year, two decimals."""
    return (Decimal(hours) / HOURS_OF_A_FULL_TIME_YEAR).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
