"""Whether a contract agrees with what its employer is: natures, modalities, contract types, kinds. No Django."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from core import formats

# Which modalities go with which nature of step, the usual one first.
MODALITIES = {
    "employment": ("direct", "ETTI", "AI", "GEIQ", "ETT", "adapted", "regie", "siae_contract"),
    "immersion": ("pmsmp", "stage"),
    "training": ("training",),
}
# The employer lends the person to another company (articles L5132-6, L5132-9, L1253-1 and L1251-1 du code du travail).
LENT_OUT = ("ETTI", "AI", "GEIQ", "ETT")

INSERTION = ("EI", "ETTI", "ACI", "AI", "EITI")
ADAPTED = ("EA", "EATT", "ESAT")
# What the employer has to be, one of these, for a modality or a type of contract.
KINDS_OF_MODALITY = {
    "ETTI": ("ETTI",),
    "AI": ("AI",),
    "GEIQ": ("GEIQ",),
    "ETT": ("ETT",),
    "adapted": ADAPTED,
    "regie": ("REGIE",),
    "siae_contract": INSERTION,
}
KINDS_OF_CONTRACT = {
    "cddi": ("EI", "ACI", "AI"),
    "cdi_inclusion": INSERTION,
    "cdi_interimaire": ("ETT", "ETTI", "EATT"),
    "ctt": ("ETT", "ETTI", "EATT"),
    "cdpi": ("ETT", "ETTI"),
    "cdd_tremplin": ("EA", "EATT"),
    "esat": ("ESAT",),
}
NAMES = {"ordinary": "entreprise ordinaire", "REGIE": "régie de quartier"}


def fitting_modality(nature: str, modality: str) -> bool:
    return modality in MODALITIES.get(nature, ())


def kind_warnings(
    *,
    modality: str,
    modality_label: str,
    contract_code: str,
    contract_label: str,
    kinds: Collection[str],
    employer: str,
    day: dt.date,
) -> list[str]:
    """What does not agree on the first day of a contract; each a sentence. `kinds`: what the employer is on that day."""
    found = []
    expected = KINDS_OF_MODALITY.get(modality, ())
    if expected and not set(expected) & set(kinds):
        found.append(
            f"La modalité « {modality_label} » suppose que l’employeur soit {_words(expected)} ; "
            f"{employer} {_is(kinds)} au {formats.day(day)}. Vérifiez la modalité, ou la fiche de l’entreprise."
        )
    expected = KINDS_OF_CONTRACT.get(contract_code, ())
    if expected and not set(expected) & set(kinds):
        found.append(
            f"Un contrat « {contract_label} » se signe avec {_words(expected)} ; "
            f"{employer} {_is(kinds)} au {formats.day(day)}. Vérifiez le type de contrat, ou la fiche de l’entreprise."
        )
    if modality == "direct" and kinds and not set(kinds) - {"ETTI", "AI", "GEIQ", "ETT"}:
        found.append(
            f"{employer} est {_words(kinds)} : ses salariés sont d’ordinaire mis à disposition, et la modalité dit "
            "« embauche directe »."
        )
    return found


def _words(kinds: Collection[str]) -> str:
    names = [NAMES.get(kind, kind) for kind in sorted(kinds)]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} ou {names[-1]}"


def _is(kinds: Collection[str]) -> str:
    return f"est {_words(kinds)}" if kinds else "n’a pas de nature d’insertion enregistrée"
