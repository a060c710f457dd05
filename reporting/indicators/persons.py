"""Who the people of a year were when they entered: typology and publics, before any masking.

Nothing here may be shown to a buyer: `reporting.masking` comes between.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any

from beneficiaries.enums import Decision, Gender, PrescriberKind, Unemployment
from reporting.indicators.facts import ZERO, Facts, Review, once
from reporting.indicators.helpers import ratio
from reporting.indicators.work import contracts
from reporting.masking import Merge, Row, Table
from reporting.scope import Span

UNKNOWN = "unknown"
UNKNOWN_LABEL = "Non renseigné"
# Lower bounds of the age bands, youngest first.
AGE_BOUNDS = (26, 40, 50)
EDUCATION_BANDS = {
    "none": "Sans diplôme",
    "cap_bep": "CAP, BEP",
    "bac": "Bac",
    "bac2plus": "Bac+2 et plus",
}
# Non-exclusive publics: code of `reference/eligibility_criteria.csv` → label.
PUBLICS = {
    "rsa": "Bénéficiaires du RSA",
    "other_minima": "Autres minima sociaux (ASS, AAH)",
    "deld": "Demandeurs d’emploi de longue durée (12 mois et plus)",
    "under26": "Moins de 26 ans",
    "over50": "50 ans et plus",
    "rqth": "Travailleurs handicapés (RQTH)",
    "qpv": "Résidents d’un QPV",
    "ier": "Itinéraire Emploi Renforcé (IER)",
    "plie": "Participants au PLIE",
    "justice": "Personnes sous main de justice",
}
LONG_UNEMPLOYMENT = (Unemployment.FROM_12, Unemployment.FROM_24)


@dataclass(frozen=True)
class Profile:
    """One person in one span: the situation at entry, hours and contracts. Never leaves the server."""

    person: int
    review: Review | None
    hours: Decimal = ZERO
    contracts: int = 0
    publics: frozenset[str] = field(default_factory=frozenset)


@once
def profiles(facts: Facts, span: Span) -> list[Profile]:
    """Each person of the span with the decision on which the first counted hour of the span rests.

    That decision is the assignment's, or the one that corrected it; where a positionnement stands on no decision of
    its own, the last one approved on or before the first day of the assignment.
    """
    hours: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for work in facts.works_of(span):
        hours[work.person] += work.hours[span]
    number = contracts(facts, span).by(lambda contract: contract.person)
    reviews = {review.id: review for review in facts.reviews(span)}
    replaced_by = {row.supersedes: row.id for row in reviews.values() if row.supersedes}
    by_person: dict[int, list[Review]] = defaultdict(list)
    for row in reviews.values():
        if row.id not in replaced_by and row.decision == Decision.APPROVED:
            by_person[row.person].append(row)
    publics: dict[int, set[str]] = defaultdict(set)
    for review_id, public in facts.held_publics(span):
        publics[review_id].add(public)
    found = []
    for person, _, own_review, starts_on in facts.first_assignments(span):
        last = own_review
        while last in replaced_by:
            last = replaced_by[last]
        review = reviews.get(last) if last else None
        if review is None:
            prior = [row for row in by_person[person] if row.decided_on <= starts_on]
            review = max(prior, key=lambda row: (row.decided_on, row.id), default=None)
        found.append(
            Profile(
                person,
                review,
                hours[person],
                number.get(person, 0),
                _publics(review, publics[review.id]) if review else frozenset(),
            )
        )
    return found


def _publics(review: Review, held: Iterable[str]) -> frozenset[str]:
    found = set(held)
    if review.principal_public:
        found.add(review.principal_public)
    if review.unemployment in LONG_UNEMPLOYMENT:
        found.add("deld")
    if review.age is not None:
        # What the frozen age says goes before the status that was ticked.
        found -= {"under26", "over50"}
        found |= {"under26"} if review.age < AGE_BOUNDS[0] else set()
        found |= {"over50"} if review.age >= AGE_BOUNDS[-1] else set()
    if review.qpv:
        found.add("qpv")
    return frozenset(found)


# --- typology ---------------------------------------------------------------------------------------------------


def age_band_label(low: int | None, high: int | None) -> str:
    """« moins de 26 ans », « de 26 à 39 ans », « 50 ans et plus »; `high` is the first age outside."""
    if low is None and high is None:
        return "Tous les âges"
    if low is None:
        return f"Moins de {high} ans"
    if high is None:
        return f"{low} ans et plus"
    return f"De {low} à {high - 1} ans"


def typology(facts: Facts, span: Span) -> list[Table]:
    """Exclusive tables, one line a person each; « Non renseigné » is always a row. Not masked yet."""
    people = profiles(facts, span)
    edges = (None, *AGE_BOUNDS, None)
    ages = [(f"{low or 0}", age_band_label(low, high), (low, high)) for low, high in pairwise(edges)]
    genders = [(value, label.capitalize(), None) for value, label in Gender.choices]
    qpv = [("yes", "En quartier prioritaire (QPV)", None), ("no", "Hors quartier prioritaire", None)]
    bands = [(key, label, None) for key, label in EDUCATION_BANDS.items()]
    prescribers = [(value, label[:1].upper() + label[1:], None) for value, label in PrescriberKind.choices]
    communes = {
        review.successor or review.commune: review.successor_label or review.commune_label
        for review in (row.review for row in people)
        if review and review.commune
    }
    statuses = {
        row.review.principal: row.review.principal_label
        for row in people
        if row.review and row.review.principal
    }
    return [
        _table("age", "Âge à l’entrée", ages, people, _age_key, Merge.ORDERED),
        _table("gender", "Genre", genders, people, lambda row: row.gender or None, Merge.NONE),
        _table(
            "residence", "Commune ou arrondissement de résidence à l’entrée", _by_label(communes), people,
            lambda row: row.successor or row.commune, Merge.OPEN, other="Autres communes",
        ),
        _table("qpv", "Quartier de résidence à l’entrée", qpv, people, _qpv_key, Merge.NONE),
        _table(
            "status", "Statut principal à l’entrée", _by_label(statuses), people,
            lambda row: row.principal, Merge.OPEN, other="Autres statuts",
        ),
        _table(
            "education", "Niveau de formation à l’entrée", bands, people,
            lambda row: row.education_band, Merge.ORDERED,
        ),
        _table(
            "prescriber", "Prescripteur à l’entrée", prescribers, people,
            lambda row: row.prescriber_kind, Merge.OPEN, other="Autres prescripteurs (regroupés)",
        ),
    ]  # fmt: skip


def _by_label(labels: Mapping[Any, Any]) -> list[tuple[Any, Any, None]]:
    return sorted(((key, label, None) for key, label in labels.items()), key=lambda row: (row[1], row[0]))


def _age_key(review: Review) -> str | None:
    if review.age is None:
        return None
    return f"{max((bound for bound in AGE_BOUNDS if review.age >= bound), default=0)}"


def _qpv_key(review: Review) -> str | None:
    if review.qpv:
        return "yes"
    return "no" if review.commune else None


def _table(
    key: str,
    title: str,
    labels: Sequence[tuple[str, str, Any]],
    people: Sequence[Profile],
    key_of: Callable[[Review], str | None],
    merge: Merge,
    other: str = "",
) -> Table:
    sums: dict[str, list[Any]] = {row[0]: [0, ZERO, 0] for row in (*labels, (UNKNOWN, UNKNOWN_LABEL, None))}
    for profile in people:
        found = key_of(profile.review) if profile.review else None
        line = sums[found if found in sums else UNKNOWN]
        line[0] += 1
        line[1] += profile.hours
        line[2] += profile.contracts
    rows = [
        Row(value, label, *(*sums[value], bounds, age_band_label if bounds else None))
        for value, label, bounds in labels
    ]
    return Table(key, title, rows, Row(UNKNOWN, UNKNOWN_LABEL, *sums[UNKNOWN]), merge, other)


def publics(facts: Facts, span: Span) -> list[Row]:
    """People and hours by public; one person may be of several: it does not add up. Not masked yet."""
    people = profiles(facts, span)
    rows = []
    for key, label in PUBLICS.items():
        mine = [row for row in people if key in row.publics]
        rows.append(
            Row(
                key,
                label,
                len(mine),
                sum((row.hours for row in mine), ZERO),
                sum(row.contracts for row in mine),
            )
        )
    return rows


def principal_publics(facts: Facts, span: Span) -> dict[str, int]:
    """People by public of their principal status: what the status table lets one add up."""
    found: dict[str, int] = defaultdict(int)
    for row in profiles(facts, span):
        if row.review and row.review.principal_public:
            found[row.review.principal_public] += 1
    return dict(found)


# --- women, QPV ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """People of a span who were something when they entered, and their hours; of how many that is known."""

    people: int
    hours: Decimal
    known_people: int
    all_people: int
    all_hours: Decimal

    @property
    def share_of_people(self) -> Decimal | None:
        """Of everyone, those not known included: as the base is printed."""
        return ratio(self.people, self.all_people)

    @property
    def share_of_hours(self) -> Decimal | None:
        return ratio(self.hours, self.all_hours)


def women(facts: Facts, span: Span) -> Group:
    """Women, by the gender frozen at entry. Not masked yet: the house and the territory only."""
    return _group(facts, span, lambda row: row.gender == Gender.FEMALE, lambda row: bool(row.gender))


def residents_of_qpv(facts: Facts, span: Span) -> Group:
    """People who lived in a QPV when they entered. Not masked yet: the house and the territory only."""
    return _group(facts, span, lambda row: bool(row.qpv), lambda row: _qpv_key(row) is not None)


def _group(
    facts: Facts, span: Span, belongs: Callable[[Review], bool], is_known: Callable[[Review], bool]
) -> Group:
    every = profiles(facts, span)
    mine = [row for row in every if row.review and belongs(row.review)]
    return Group(
        people=len(mine),
        hours=sum((row.hours for row in mine), ZERO),
        known_people=sum(1 for row in every if row.review and is_known(row.review)),
        all_people=len(every),
        all_hours=sum((row.hours for row in every), ZERO),
    )
