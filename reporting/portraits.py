"""Portraits of paths: whose they may be, the facts they may start from, and what their text may not hold."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from beneficiaries.enums import PlacementNature
from beneficiaries.models import Beneficiary, Outcome, Placement
from beneficiaries.naming import words_of
from beneficiaries.services.anonymisation import known_names
from core.errors import DomainError
from core.text import normalise
from markets.models import Market
from reporting.enums import BilanKind
from reporting.models import Bilan
from reporting.scope import Scope, within
from reporting.snapshot.words import count, listed, typeset, upper_first

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.models import User

FILE_KIND = "portrait_consent"
TEXT_MAX = 3_000
# Read to the person before they agree, and printed above the signature.
CONSENT_WORDS = (
    "Ce récit raconte mon parcours dans le bilan des clauses sociales. Il ne porte ni mon nom, ni mon prénom, ni "
    "mon année de naissance, ni le nom de mes employeurs : je suis « Parcours A », « Parcours B »…",
    "Je suis libre d’accepter ou de refuser ; cela ne change rien à mon accompagnement ni à mon emploi.",
    "Je peux retirer mon accord à tout moment, sans donner de raison. Avant la publication, le récit sort du bilan. Après la "
    "publication, le bilan déjà publié ne change plus et garde le récit ; il ne paraît dans aucune version suivante.",
)
_YEAR = re.compile(r"\d+")


def entries_of(bilan: Bilan) -> Any:
    """The counted hours that the bilan is about."""
    if bilan.kind == BilanKind.FINAL:
        subject = bilan.market or bilan.operation
        assert subject is not None
        scope = Scope.whole_market(subject) if isinstance(subject, Market) else Scope.of(subject)
        return scope.standing_entries()
    assert bilan.year is not None
    if bilan.kind == BilanKind.TERRITORY:
        scope = Scope.territory()
    elif bilan.market is not None:
        scope = Scope.whole_market(bilan.market)
    else:
        assert bilan.buyer is not None
        scope = Scope.of(bilan.buyer)
    return scope.annual_entries().filter(within(bilan.year))


def is_counted(bilan: Bilan, person: Beneficiary) -> bool:
    """Whether the person has a counted hour in what the bilan is about."""
    return entries_of(bilan).filter(assignment__placement__beneficiary=person).exists()


def people_of(bilan: Bilan, user: User) -> Any:
    """Those whose path may be told in the bilan: with a counted hour in it, and seen by this user."""
    counted = entries_of(bilan).order_by().values("assignment__placement__beneficiary")
    return Beneficiary.objects.visible_to(user).filter(pk__in=counted)


# --- What is proposed -------------------------------------------------------------------------------------------


def facts_of(person: Beneficiary, today: dt.date) -> list[str]:
    """What the path was made of, in a few facts: never a day, a place, an employer or a name."""
    rows = list(
        Placement.objects.filter(beneficiary=person)
        .order_by("starts_on", "pk")
        .values_list("nature", "employer", "starts_on", "ends_on")
    )
    if not rows:
        return []
    return [typeset(fact) for fact in _facts(person, rows, today)]


def _facts(person: Beneficiary, rows: list[tuple[Any, ...]], today: dt.date) -> Iterator[str]:
    natures = {
        PlacementNature.EMPLOYMENT: ("contrat de travail", "contrats de travail"),
        PlacementNature.IMMERSION: ("immersion", "immersions"),
        PlacementNature.TRAINING: ("formation", "formations"),
    }
    said = []
    for nature, words in natures.items():
        number = sum(row[0] == nature for row in rows)
        if number:
            said.append(count(number, *words))
    yield f"Étapes du parcours : {listed(said)}."
    first, last = rows[0][2], max(min(row[3] or today, today) for row in rows)
    months = max(1, round((last - first).days / 30.44))
    yield f"Durée, de la première à la dernière étape : environ {count(months, 'mois', 'mois')}."
    employers = {row[1] for row in rows if row[1] is not None and row[0] == PlacementNature.EMPLOYMENT}
    if employers:
        yield f"{upper_first(count(len(employers), 'employeur'))}."
    latest = Outcome.objects.filter(beneficiary=person).exclude(situation="").order_by("due_on", "pk").last()
    if latest is not None:
        yield f"Situation connue la plus récente : {latest.get_situation_display()}."


# --- What the text may not hold ---------------------------------------------------------------------------------


def check_text(text: str, person: Beneficiary) -> str:
    """The text of a portrait, stripped. Raises DomainError where it is empty, too long, or tells who the person is."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise DomainError("Écrivez le récit : quelques phrases suffisent.", field="text")
    if len(text) > TEXT_MAX:
        raise DomainError(
            f"Le récit tient en {TEXT_MAX // 1000} 000 caractères : raccourcissez-le.", field="text"
        )
    words = words_of(text)
    known = known_names([person.pk])[person.pk]
    for name in sorted(known.last_names | known.first_names):
        if _stands_in(name, words):
            raise DomainError(
                "Ce récit contient le nom ou le prénom de la personne : remplacez-le, un portrait ne nomme personne.",
                field="text",
            )
    years = {day.year for day in known.births}
    if any(int(found) in years for found in _YEAR.findall(text) if len(found) == 4):
        raise DomainError(
            "Ce récit contient l’année de naissance de la personne : dites plutôt « une trentaine d’années ».",
            field="text",
        )
    if any(mark and mark in text for mark in known.marks()) or known.emails & _emails(text):
        raise DomainError(
            "Ce récit contient une date de naissance, un téléphone ou une adresse de la personne : enlevez-les.",
            field="text",
        )
    for employer in _employers(person):
        if _stands_in(words_of(employer), words):
            raise DomainError(
                f"Ce récit nomme un employeur de la personne, {employer} : dites plutôt « une entreprise du bâtiment ».",
                field="text",
            )
    return text


def _stands_in(name: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether the words of a name follow one another in a text; a single letter is no name."""
    size = len(name)
    if not size or (size == 1 and len(name[0]) < 2):
        return False
    return any(words[at : at + size] == name for at in range(len(words) - size + 1))


def _emails(text: str) -> set[str]:
    return {normalise(word).strip(".,;:()<>") for word in text.split() if "@" in word}


def _employers(person: Beneficiary) -> list[str]:
    """Every name of those who employed or welcomed the person, user companies included."""
    rows = Placement.objects.filter(beneficiary=person).order_by("pk")
    found = [
        *rows.values_list("employer__name", "employer__short_name"),
        *rows.values_list("assignments__user_company__name", "assignments__user_company__short_name"),
    ]
    return sorted({name for pair in found for name in pair if name}, key=lambda name: (-len(name), name))
