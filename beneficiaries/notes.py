"""The sentences under the figures of a market and of a commitment: hours credited by agreement, hours without names."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef

from beneficiaries.aggregates import aggregate_notes
from beneficiaries.models import AggregateDeclaration, MutualisationShare
from beneficiaries.mutualisation import credit_notes
from clauses.models import Commitment


def notes_of_market(market: Any, user: Any) -> list[str]:
    return _notes(Commitment.objects.visible_to(user).filter(market=market.pk), user)


def notes_of_commitment(commitment: Any, user: Any) -> list[str]:
    return _notes(Commitment.objects.visible_to(user).filter(pk=commitment.pk), user)


def _notes(commitments: Any, user: Any) -> list[str]:
    """One query says whether there is anything to say; most often, nothing."""
    declared = AggregateDeclaration.objects.visible_to(user)
    rows = list(
        commitments.order_by("pk")
        .annotate(
            is_shared=Exists(MutualisationShare.objects.filter(commitment=OuterRef("pk"))),
            has_declared=Exists(declared.filter(commitment=OuterRef("pk"))),
        )
        .values_list("pk", "is_shared", "has_declared")
    )
    shared = [pk for pk, is_shared, _ in rows if is_shared]
    without_names = [pk for pk, _, has_declared in rows if has_declared]
    notes = credit_notes(shared) if shared else []
    return notes + (aggregate_notes(declared.filter(commitment__in=without_names)) if without_names else [])
