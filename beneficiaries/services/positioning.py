"""Positionnement: someone already validated, put on one more commitment in one gesture, with its day and its author."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from beneficiaries.models import Assignment, Beneficiary, Placement
from beneficiaries.placement_checks import LENT_OUT
from beneficiaries.services.employment import Assigned, assign, update_assignment
from beneficiaries.validity import validity_of
from clauses.models import Commitment
from core import formats
from core.errors import DomainError

if TYPE_CHECKING:
    from accounts.models import User


def running_placements(person: Beneficiary, today: dt.date) -> Any:
    """Contracts and steps under way or to come: what a positionnement puts to work, the latest first."""
    return (
        Placement.objects.filter(beneficiary=person)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today))
        .select_related("employer", "contract_type")
        .order_by("-starts_on", "-pk")
    )


def check_validated(person: Beneficiary, today: dt.date) -> None:
    """Raises DomainError for someone who is not validated today: a decision comes first."""
    if validity_of(person, today) is None:
        raise DomainError(
            f"{person} n’est pas validé·e aujourd’hui\u202f: enregistrez d’abord une décision d’éligibilité."
        )


@transaction.atomic
def position_person(*, placement: Placement, commitment: Commitment, user: User) -> Assigned:
    """Put a contract that runs (or is to come) on a commitment from today, by a positionnement of today.

    An assignment to come that lacks its positionnement receives it. Raises DomainError for someone who is not
    validated, a contract that is over, and a commitment on which the contract works already.
    """
    person = Beneficiary.objects.select_for_update().get(pk=placement.beneficiary_id)
    today = timezone.localdate()
    check_validated(person, today)
    if placement.ends_on and placement.ends_on < today:
        raise DomainError(
            f"Ce contrat est fini depuis le {formats.day(placement.ends_on)}\u202f: ajoutez d’abord le nouveau contrat."
        )
    former = (
        Assignment.objects.filter(placement=placement, commitment=commitment)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today))
        .select_related("placement__beneficiary", "commitment__market")
        .order_by("-starts_on", "-pk")
        .first()
    )
    if former is not None and former.positioned_on is None and former.starts_on >= today:
        former.positioned_on = today
        return update_assignment(assignment=former, user=user)
    if former is not None:
        raise DomainError(
            f"Ce contrat est déjà affecté à cet engagement depuis le {formats.day(former.starts_on)}"
            + (
                "."
                if former.positioned_on
                else ", sans positionnement\u202f: finissez cette affectation la veille, puis positionnez de nouveau."
            )
        )
    lends = placement.modality in LENT_OUT and commitment.holder_id != placement.employer_id
    return assign(
        placement=placement,
        commitment=commitment,
        starts_on=max(today, placement.starts_on),
        ends_on=placement.ends_on,
        user_company=commitment.holder if lends else None,
        positioned_on=today,
        user=user,
    )
