"""People and prescribers: writing their files, without making the same person twice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Q

from beneficiaries.models import Beneficiary, Prescriber, Referrer, SeparatePeople
from beneficiaries.name_search import Match, likely_same
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
    others = Beneficiary.objects.filter(
        search_key=person.make_search_key(), birth_date=person.birth_date, merged_into__isnull=True
    )
    return others.exclude(pk=person.pk).order_by("pk").first()


def namesakes(person: Beneficiary) -> int:
    """How many other files bear the same name: they may be the same person when a birth date is missing."""
    others = Beneficiary.objects.filter(search_key=person.make_search_key(), merged_into__isnull=True)
    return others.exclude(pk=person.pk).count()


def likely_duplicates(person: Beneficiary, user: User) -> list[Match]:
    """The files that are likely this person's, likeliest first: those that the user may open, said apart before aside."""
    rows = Beneficiary.objects.visible_to(user).select_related("commune", "prescriber")
    if person.pk:
        apart = SeparatePeople.objects.filter(Q(first=person) | Q(second=person)).values_list(
            "first", "second"
        )
        rows = rows.exclude(pk__in={pk for pair in apart for pk in pair})
    return likely_same(
        person.last_name, person.first_name, person.birth_date, rows, birth_name=person.birth_name
    )


@transaction.atomic
def save_person(*, person: Beneficiary, user: User) -> Beneficiary:
    """Create or change a person's file. Raises SamePerson when it would be a second one.

    Decisions already taken keep the situation that they froze.
    """
    if (existing := same_person(person)) is not None:
        raise SamePerson(existing)
    if person.pk is not None:
        former = Beneficiary.objects.filter(pk=person.pk).values_list("qpv", flat=True).first()
        if former != person.qpv_id:
            # Someone who moves has the contours of today; nobody else's are touched.
            person.qpv_vintage = person.qpv.vintage if person.qpv else None
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
def create_apart(*, person: Beneficiary, others: Iterable[Beneficiary], user: User) -> Beneficiary:
    """Create a person told from those who look like them: the pairs are not proposed again."""
    save_person(person=person, user=user)
    for other in others:
        first, second = sorted((person, other), key=lambda row: row.pk)
        SeparatePeople.objects.get_or_create(first=first, second=second, defaults={"said_by": user})
    return person


@transaction.atomic
def save_referrer(*, referrer: Referrer, user: User) -> Referrer:
    """Create or change a référent de parcours."""
    save_by(referrer, user)
    return referrer


@transaction.atomic
def save_prescriber(*, prescriber: Prescriber, user: User) -> Prescriber:
    """Create or change a prescriber."""
    save_by(prescriber, user)
    return prescriber
