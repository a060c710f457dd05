"""The passages of a bilan from one state to another, until its publication."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from core.errors import DomainError
from reporting.enums import BilanState
from reporting.models import Bilan

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def review_bilan(*, bilan: Bilan, user: User | None) -> Bilan:
    """Say that text and figures were read and are right."""
    bilan = Bilan.objects.select_for_update(of=("self",)).get(pk=bilan.pk)
    if bilan.state != BilanState.DRAFT:
        raise DomainError("Seul un brouillon se relit.")
    bilan.state, bilan.reviewed_by, bilan.reviewed_at = BilanState.REVIEWED, user, timezone.now()
    bilan.save()
    return bilan


@transaction.atomic
def send_back_to_draft(*, bilan: Bilan, user: User) -> Bilan:
    """Reopen a reviewed bilan for writing."""
    bilan = Bilan.objects.select_for_update(of=("self",)).get(pk=bilan.pk)
    if bilan.state != BilanState.REVIEWED:
        raise DomainError("Seul un bilan relu revient en brouillon.")
    bilan.state, bilan.reviewed_by, bilan.reviewed_at = BilanState.DRAFT, None, None
    bilan.save()
    return bilan
