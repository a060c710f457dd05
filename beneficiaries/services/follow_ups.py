"""Notes about a person: written by the house, changed by their author the same day, never lost."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from beneficiaries.models import Beneficiary, FollowUp
from beneficiaries.services.writing import save_by
from core.errors import DomainError

if TYPE_CHECKING:
    from accounts.models import User


def may_change(note: FollowUp, user: User, today: dt.date | None = None) -> bool:
    """Its author, on the day of writing; an admin, any day. The history keeps what it said before."""
    if user.is_admin:
        return True
    written_on = timezone.localdate(note.created_at)
    return note.author_id == user.pk and written_on == (today or timezone.localdate())


@transaction.atomic
def save_follow_up(*, note: FollowUp, user: User) -> FollowUp:
    """Write a note, or change one. Raises DomainError when it is someone else's, of another day, or of a merged file."""
    person = Beneficiary.objects.select_for_update().get(pk=note.beneficiary_id)
    if person.merged_into_id is not None:
        raise DomainError(
            "Cette fiche a été réunie avec une autre\u202f: écrivez la note sur celle qui reste."
        )
    if note.pk is None:
        note.author = user
    else:
        _check(note, user)
    save_by(note, user)
    return note


@transaction.atomic
def delete_follow_up(*, note: FollowUp, user: User) -> None:
    """Take a note back. Raises DomainError when it is someone else's, or of another day."""
    _check(note, user)
    note._history_user = user  # type: ignore[attr-defined]
    note.delete()


def _check(note: FollowUp, user: User) -> None:
    stored = FollowUp.objects.select_for_update().filter(pk=note.pk).first()
    if stored is None:
        raise DomainError("Cette note n’existe plus.")
    if not may_change(stored, user):
        raise DomainError(
            "Une note se modifie le jour même, par qui l’a écrite\u202f: écrivez-en une autre qui la complète."
        )
