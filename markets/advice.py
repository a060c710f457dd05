"""What to advise to a buyer from the number of structures able to answer: pure, with its reasoning.

Source of the thresholds: the practice of the houses of employment, as the project's issue 3 gives it (more than 30,
more than 10, more than 1). They steer the talk with the buyer and decide nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core import formats

# Above so many structures able to answer (strictly).
RESERVE_ABOVE = 30
RESERVED_LOT_ABOVE = 10
CLAUSE_ABOVE = 1

RULE = (
    f"Plus de {RESERVE_ABOVE} structures : marché réservé ; plus de {RESERVED_LOT_ABOVE} : lot réservé ; "
    f"plus de {CLAUSE_ABOVE} : clause d’exécution ; sinon, pas de clause à ce stade."
)


class AdviceKind(StrEnum):
    """From the strongest to none."""

    RESERVE = "reserve"
    RESERVED_LOT = "reserved_lot"
    CLAUSE = "clause"
    NONE = "none"


@dataclass(frozen=True)
class Advice:
    """What to advise, and why: sentences to show as they are."""

    kind: AdviceKind
    label: str
    reasoning: str
    next_step: str


def advise(count: int) -> Advice:
    """The advice for so many structures able to answer."""
    able = f"{formats.noun(count, 'structure')} {'peut' if count < 2 else 'peuvent'} répondre"
    if count > RESERVE_ABOVE:
        return Advice(
            AdviceKind.RESERVE,
            "Réserver le marché",
            f"{able}, plus de {RESERVE_ABOVE} : la concurrence est assurée entre elles.",
            "Choisissez le fondement (SIAE, EA et ESAT) et annoncez la réservation dans l’avis de publicité.",
        )
    if count > RESERVED_LOT_ABOVE:
        return Advice(
            AdviceKind.RESERVED_LOT,
            "Réserver un lot",
            f"{able}, plus de {RESERVED_LOT_ABOVE} : un lot à leur mesure trouvera des offres.",
            "Découpez un lot de leur taille et de leur métier, et posez une clause d’exécution sur les autres.",
        )
    if count > CLAUSE_ABOVE:
        return Advice(
            AdviceKind.CLAUSE,
            "Poser une clause d’exécution",
            f"{able}, plus de {CLAUSE_ABOVE} : les titulaires trouveront à qui confier des heures.",
            "Chiffrez les heures lot par lot, puis remettez la préconisation à l’acheteur.",
        )
    return Advice(
        AdviceKind.NONE,
        "Pas de clause à ce stade",
        f"{able if count else 'Aucune structure connue ne peut répondre'} : une clause resterait sans réponse.",
        "Élargissez la distance ou le secteur, interrogez GEIQ et ETTI, ou proposez une clause de formation ou de stage. "
        "Si l’achat est soumis à l’obligation, gardez ce constat : il peut appuyer une dérogation.",
    )
