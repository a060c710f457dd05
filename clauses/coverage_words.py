"""The words of the watch on published contracts: what a contract announces, and why it stands in the list."""

from __future__ import annotations

from typing import Any

from clauses.enums import CoverageState
from core import formats
from markets.duty import DUTY_FROM

# Our code of a consideration: its normalised words in the DECP, and how it is written.
CONSIDERATIONS = {
    "clause": ("clause sociale", "Clause sociale"),
    "criterion": ("critere social", "Critère social"),
    "reserved": ("marche reserve", "Marché réservé"),
    "concession_reserved": ("concession reservee", "Concession réservée"),
}
NOTHING_SOCIAL = "aucune"


def announced(codes: list[str]) -> str:
    """« Clause sociale, Critère social », or « aucune »."""
    return ", ".join(CONSIDERATIONS[code][1] for code in codes if code in CONSIDERATIONS) or NOTHING_SOCIAL


def why(row: Any) -> str:
    """Why a contract stands in the list, in a sentence; reads its market."""
    if row.state == CoverageState.FOLLOWED:
        return f"Suivi ici : marché {row.market.reference}."
    if row.state == CoverageState.LEFT:
        return f"Laissé de côté : {row.reason}"
    if row.considerations:
        verb = "annoncées" if len(row.considerations) > 1 else "annoncé"
        words = announced(row.considerations)
        what = f"« {words} » {verb}" if len(row.considerations) == 1 else f"Considérations {verb} : {words}"
        return f"{what}, et personne ne suit ce contrat ici."
    if row.is_due:
        return (
            f"Notifié le {formats.day(row.notified_on)}, au-dessus du seuil européen, sans considération sociale publiée. "
            f"Une condition sociale est obligatoire si la consultation a été engagée depuis le {formats.day(DUTY_FROM)}, "
            "sauf dérogation motivée."
        )
    return "La dernière publication n’annonce plus de considération sociale."
