"""Declarations without names of ESAT and EA: written, corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from beneficiaries.aggregates import is_adapted
from beneficiaries.models import AggregateDeclaration
from beneficiaries.services.writing import save_by
from clauses.models import Commitment
from core import formats
from core.errors import DomainError
from core.models import StoredFile

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def save_declaration(
    *, row: AggregateDeclaration, document: StoredFile | None = None, user: User
) -> AggregateDeclaration:
    """Write what a structure declares without names, its attestation with it.

    Raises DomainError for a company that was no EA, EATT or ESAT then, months to come, out of order, of two years,
    already declared, or after the market closed.
    """
    Commitment.objects.select_for_update(of=("self",)).get(pk=row.commitment_id)
    if row.last_month < row.first_month:
        raise DomainError("Le dernier mois précède le premier.", field="last_month")
    if row.first_month.year != row.last_month.year:
        raise DomainError(
            "Une déclaration tient dans une année civile, pour que les bilans s’additionnent\u202f: faites-en deux.",
            field="last_month",
        )
    if row.last_month > timezone.localdate():
        raise DomainError("Ces mois ne sont pas encore passés.", field="last_month")
    if row.hours and not row.headcount:
        raise DomainError(
            "Des heures sans personne\u202f: indiquez combien de personnes les ont faites.", field="headcount"
        )
    if not is_adapted(row.company, row.first_month, row.last_month):
        raise DomainError(
            f"{row.company} n’était ni EA, ni EATT, ni ESAT en {formats.month(row.first_month)}\u202f: ses heures se "
            "déclarent par personne. Si c’est une erreur, complétez d’abord la fiche de l’entreprise.",
            field="company",
        )
    closed = row.commitment.market.closed_on
    if closed and row.first_month > closed:
        raise DomainError(f"Le marché est clos depuis le {formats.day(closed)}.", field="first_month")
    same = (
        AggregateDeclaration.objects.filter(
            company=row.company,
            commitment=row.commitment,
            first_month__lte=row.last_month,
            last_month__gte=row.first_month,
        )
        .exclude(pk=row.pk or 0)
        .order_by("first_month")
        .first()
    )
    if same is not None:
        raise DomainError(
            f"Une déclaration de cette structure couvre déjà {formats.month(same.first_month)} à "
            f"{formats.month(same.last_month)}\u202f: modifiez-la.",
            field="first_month",
        )
    if document is not None:
        row.document = document
    row.recorded_by = user
    save_by(row, user)
    return row
