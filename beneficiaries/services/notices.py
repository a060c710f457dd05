"""The notice on personal data: its dated text, and the day on which each person was given it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from beneficiaries.models import Beneficiary, InformationNotice
from beneficiaries.services.writing import save_by
from core import formats
from core.errors import DomainError

if TYPE_CHECKING:
    from accounts.models import User


def notice_on(day: dt.date) -> InformationNotice | None:
    """The notice in force on that day."""
    return InformationNotice.objects.filter(in_force_from__lte=day).order_by("-in_force_from").first()


@transaction.atomic
def save_notice(*, text: str, in_force_from: dt.date, user: User) -> InformationNotice:
    """Write the text given to people from a day on; what was handed over before keeps its own.

    A text that begins on the same day is replaced while that day has not passed.
    Raises DomainError for a day gone by and an empty text.
    """
    if in_force_from < timezone.localdate():
        raise DomainError(
            "Une notice vaut à partir d’aujourd’hui ou d’un jour à venir\u202f: celles qui ont été remises ne changent pas.",
            field="in_force_from",
        )
    if not text.strip():
        raise DomainError("Écrivez le texte de la notice.", field="text")
    notice = InformationNotice.objects.select_for_update().filter(in_force_from=in_force_from).first()
    notice = notice or InformationNotice(in_force_from=in_force_from)
    notice.text = text.strip()
    notice.created_by = user
    save_by(notice, user)
    return notice


@transaction.atomic
def record_informed(*, beneficiary: Beneficiary, on: dt.date, by: User) -> Beneficiary:
    """Record the day on which the notice was handed over. Raises DomainError for a day to come."""
    if on > timezone.localdate():
        raise DomainError(
            f"Le {formats.day(on)} est à venir\u202f: la remise s’enregistre une fois faite.",
            field="informed_on",
        )
    person = Beneficiary.objects.select_for_update().get(pk=beneficiary.pk)
    person.informed_on = on
    save_by(person, by, "notice remise")
    return person
