"""What statuses open: the route, the proofs asked and their age, whether they carry a validation. Without Django.

Every date is a whole day. The sentences are those that the assistant shows and that a refusal of the rules gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from core import formats
from core.dates import add_months

# The criterion « autre situation »: it holds by the reasoned opinion of a prescriber, which is written down.
OPINION = "other"
AUTOMATIC, INDIVIDUAL = "automatic", "individual"
ALONE, COMBINED, PRIORITY = "alone", "combined", "priority"


class ProofState(StrEnum):
    """Where the proof of one status stands on the day of the decision."""

    GOOD = "good"
    NO_DATE = "no_date"
    TOO_OLD = "too_old"
    AFTER = "after"
    NOT_IN_FORCE = "not_in_force"


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked for a status on a day; `in_force` tells whether the status is held at all on that day."""

    code: str
    label: str
    route: str = INDIVIDUAL
    sufficiency: str = ALONE
    proof: str = ""
    max_age_months: int | None = None
    sensitive: bool = False
    in_force: bool = True
    position: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One status held, with its proof: what is asked, until what age, what was brought, what is wrong."""

    terms: Terms
    proof_date: date | None
    has_file: bool
    state: ProofState
    problem: str
    oldest: date | None

    @property
    def is_missing(self) -> bool:
        """Whether a proof is still to be asked for: nothing dated, or nothing recent enough."""
        return self.state in (ProofState.NO_DATE, ProofState.TOO_OLD)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the statuses open on a day, taken together."""

    day: date
    lines: tuple[Line, ...]
    route: str
    # « seul », « à deux »: how the statuses carry a validation; empty when they do not.
    carried_by: tuple[str, ...]
    problem: str

    @property
    def missing(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.is_missing)

    @property
    def is_complete(self) -> bool:
        """Whether a validation can be recorded as it stands."""
        return (
            bool(self.lines)
            and not self.problem
            and all(line.state is ProofState.GOOD for line in self.lines)
        )


def oldest_accepted(day: date, months: int | None) -> date | None:
    """The earliest day that a proof may bear to be `months` old at most on `day`; None where its age is free."""
    if months is None:
        return None
    found = add_months(day, -months) - timedelta(days=4)
    while add_months(found, months) < day:
        found += timedelta(days=1)
    return found


def proof_state(terms: Terms, proof_date: date | None, day: date) -> tuple[ProofState, str]:
    """The state of a proof on the day of the decision, and the sentence when it is refused (else nothing)."""
    name, limit = f"«\u202f{terms.label}\u202f»", terms.max_age_months
    if not terms.in_force:
        return (
            ProofState.NOT_IN_FORCE,
            f"{name} n’est pas un critère en vigueur le {formats.day(day)}.",
        )
    if proof_date is None:
        if limit is None:
            return ProofState.GOOD, ""
        return (
            ProofState.NO_DATE,
            f"{name}\u202f: indiquez la date du justificatif, qui doit avoir {formats.number(limit)} mois au plus "
            "au jour de la décision.",
        )
    if proof_date > day:
        return (
            ProofState.AFTER,
            f"{name}\u202f: le justificatif du {formats.day(proof_date)} est postérieur à la décision "
            f"du {formats.day(day)}.",
        )
    if limit is not None and add_months(proof_date, limit) < day:
        return (
            ProofState.TOO_OLD,
            f"{name}\u202f: le justificatif du {formats.day(proof_date)} a {age_of(proof_date, day)} au jour "
            f"de la décision, le {formats.day(day)}\u202f; il doit avoir {limit} mois au plus. "
            "Demandez un justificatif plus récent.",
        )
    return ProofState.GOOD, ""


def carried_by(held: Sequence[Terms]) -> tuple[str, ...]:
    """The codes that carry a validation: one that suffices alone (automatic ones do), or all those to be combined."""
    alone = [terms for terms in held if terms.sufficiency == ALONE or terms.route == AUTOMATIC]
    if alone:
        return (min(alone, key=lambda terms: (terms.position, terms.code)).code,)
    combined = [terms.code for terms in held if terms.sufficiency == COMBINED]
    return tuple(combined) if len(combined) >= 2 else ()


def reach_problem(held: Sequence[Terms]) -> str:
    """Why these statuses do not carry a validation; nothing when they do."""
    if not held:
        return "Cochez au moins un critère\u202f: une validation repose sur un statut tenu."
    if carried_by(held):
        return ""
    combined = [terms for terms in held if terms.sufficiency == COMBINED]
    if combined:
        return (
            f"«\u202f{combined[0].label}\u202f» ne suffit pas seul\u202f: il faut un second critère à combiner, "
            "ou un critère qui suffit seul."
        )
    return (
        f"«\u202f{held[0].label}\u202f» donne une priorité mais ne rend pas éligible\u202f: "
        "il faut un critère qui suffit seul, ou deux critères à combiner."
    )


def opinion_problem(held: Iterable[Terms], note: str) -> str:
    """Why « autre situation » does not hold: the reasoned opinion is not written."""
    if any(terms.code == OPINION for terms in held) and not note.strip():
        return (
            "Une autre situation se valide sur l’avis motivé d’un prescripteur\u202f: "
            "écrivez cet avis dans les remarques."
        )
    return ""


def assess(held: Iterable[tuple[Terms, date | None, bool]], *, day: date, note: str = "") -> Assessment:
    """Say what the statuses held open on that day. held: `(terms, date of the proof, whether a file is kept)`."""
    lines = []
    for terms, proof_date, has_file in held:
        state, problem = proof_state(terms, proof_date, day)
        oldest = oldest_accepted(day, terms.max_age_months)
        lines.append(Line(terms, proof_date, has_file, state, problem, oldest))
    every = [line.terms for line in lines]
    automatic = any(terms.route == AUTOMATIC for terms in every)
    return Assessment(
        day,
        tuple(lines),
        AUTOMATIC if automatic else INDIVIDUAL,
        carried_by(every),
        reach_problem(every) or opinion_problem(every, note),
    )


def age_of(proof_date: date, day: date) -> str:
    """« 4 mois », « 3 mois et 5 jours »."""
    months = 0
    while add_months(proof_date, months + 1) <= day:
        months += 1
    days = (day - add_months(proof_date, months)).days
    parts = [f"{months} mois"] if months else []
    if days or not parts:
        parts.append(formats.noun(days, "jour"))
    return " et ".join(parts)
