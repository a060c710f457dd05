"""People and prescribers: writing their files, without making the same person twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from beneficiaries.models import Beneficiary, Prescriber
from beneficiaries.services.writing import save_by
from core import formats
from core.errors import DomainError

if TYPE_CHECKING:
    from accounts.models import User


class SamePerson(DomainError):
    """A file of that name and birth date exists; `existing` is it."""

    def __init__(self, existing: Beneficiary) -> None:
        super().__init__(
            f"Une personne de ce nom née le {formats.day(existing.birth_date)} existe déjà\u202f: "
            "ouvrez sa fiche plutôt que d’en créer une seconde."
        )
        self.existing = existing


def same_person(person: Beneficiary) -> Beneficiary | None:
    """The other file with the same name (whatever its accents, case or hyphens) and the same birth date."""
    if person.birth_date is None:
        return None
    others = Beneficiary.objects.filter(search_key=person.make_search_key(), birth_date=person.birth_date)
    return others.exclude(pk=person.pk).order_by("pk").first()


def namesakes(person: Beneficiary) -> int:
    """How many other files bear the same name: they may be the same person when a birth date is missing."""
    return Beneficiary.objects.filter(search_key=person.make_search_key()).exclude(pk=person.pk).count()


@transaction.atomic
def save_person(*, person: Beneficiary, user: User) -> Beneficiary:
    """Create or change a person's file. Raises SamePerson when it would be a second one.

    Decisions already taken keep the situation that they froze.
    """
    if (existing := same_person(person)) is not None:
        raise SamePerson(existing)
    try:
        with transaction.atomic():
            save_by(person, user)
    except IntegrityError:
        # Two people wrote the same file at the same time: the constraint let the first one in.
        existing = same_person(person)
        if existing is None:
            raise
        raise SamePerson(existing) from None
    return person


@transaction.atomic
def save_prescriber(*, prescriber: Prescriber, user: User) -> Prescriber:
    """Create or change a prescriber."""
    save_by(prescriber, user)
    return prescriber
