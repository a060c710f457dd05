"""Collective actions: written, who was asked, who came."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from beneficiaries.models import Attendance, Beneficiary, CollectiveAction
from beneficiaries.services.writing import save_by
from core import formats
from core.errors import DomainError
from core.history import bulk_update_tracked

if TYPE_CHECKING:
    from accounts.models import User

LINKS = ("markets", "buyers", "companies", "prescribers")


@transaction.atomic
def save_action(*, action: CollectiveAction, links: dict[str, Any], by: User) -> CollectiveAction:
    """Write an action with its markets, buyers, companies and prescribers."""
    if action.pk is None:
        action.created_by = by
    save_by(action, by)
    for name in LINKS:
        getattr(action, name).set(links.get(name) or [])
    return action


@transaction.atomic
def add_attendance(*, action: CollectiveAction, person: Beneficiary, by: User) -> Attendance:
    """Put someone on the list of an action. Raises DomainError when they are on it."""
    action = CollectiveAction.objects.select_for_update().get(pk=action.pk)
    if action.attendances.filter(beneficiary=person).exists():
        raise DomainError(f"{person} est déjà sur la liste.", field="person")
    row = Attendance(action=action, beneficiary=person)
    try:
        with transaction.atomic():
            save_by(row, by)
    except IntegrityError:
        raise DomainError(f"{person} est déjà sur la liste.", field="person") from None
    return row


@transaction.atomic
def remove_attendance(*, attendance: Attendance, by: User) -> None:
    """Take someone off the list."""
    attendance._history_user = by  # type: ignore[attr-defined]
    attendance.delete()


@transaction.atomic
def record_attendance(
    *, action: CollectiveAction, shown: Collection[int], came: Collection[int], unnamed: int, by: User
) -> int:
    """Note who came among the lines that were shown, and how many came without giving a name; returns how many came.

    A line added meanwhile by someone else keeps what it says. Raises DomainError before the action takes place.
    """
    action = CollectiveAction.objects.select_for_update().get(pk=action.pk)
    if action.held_on > timezone.localdate():
        raise DomainError(
            f"L’action a lieu le {formats.day(action.held_on)}\u202f: les présences se notent ensuite."
        )
    changed = []
    for row in action.attendances.filter(pk__in=shown).order_by("pk"):
        is_there = row.pk in came
        if row.came is not is_there:
            row.came = is_there
            changed.append(row)
    bulk_update_tracked(Attendance, changed, ["came"], user=by, reason="présences")
    if action.unnamed_attendance != unnamed:
        action.unnamed_attendance = unnamed
        save_by(action, by, "présences")
    return action.attendances.filter(came=True).count() + unnamed
