"""Arithmetic on published figures, and the list of what is not followed yet."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

# A full-time year of insertion, as the field counts it (Alliance Villes Emploi).
HOURS_OF_A_FULL_TIME_YEAR = Decimal(1600)

# Indicators of the bilan that no screen records yet: said so, never shown as zero.
NOT_FOLLOWED = (
    {
        "key": "outcomes",
        "title": "Situation des personnes à la sortie, à 6 mois et à 12 mois",
        "sentence": "La situation des personnes après leur parcours n’est pas encore suivie dans l’outil.",
    },
    {
        "key": "trainings",
        "title": "Formations et qualifications obtenues",
        "sentence": "Les formations suivies et les qualifications obtenues ne sont pas encore suivies dans l’outil.",
    },
    {
        "key": "actions",
        "title": "Actions collectives",
        "sentence": "Les actions collectives, leurs participants et les embauches qui suivent ne sont pas encore "
        "suivis dans l’outil.",
    },
    {
        "key": "aggregates",
        "title": "Déclarations sans nom des ESAT et des EA",
        "sentence": "Les déclarations globales des ESAT et des EA, sans liste de personnes, ne sont pas encore suivies "
        "dans l’outil.",
    },
)


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
