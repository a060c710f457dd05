"""Globalisations: prepared, agreed by each buyer, signed; from then on they credit hours, and change no more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from beneficiaries.models import Mutualisation, MutualisationShare
from beneficiaries.services.writing import save_by
from clauses.models import Commitment
from core import formats
from core.errors import DomainError
from core.models import StoredFile

if TYPE_CHECKING:
    from accounts.models import User

HUNDRED = Decimal(100)


def is_in_effect(row: Mutualisation, shares: Sequence[MutualisationShare]) -> bool:
    """The same rule as `beneficiaries.mutualisation.in_effect`, for a row with its shares loaded."""
    return bool(row.document_id and shares and all(share.agreed_on for share in shares))


def what_is_missing(row: Mutualisation, shares: Sequence[MutualisationShare]) -> list[str]:
    """What must still be done before it takes effect; each a sentence."""
    missing = []
    if not row.document_id:
        missing.append("Joignez le document signé.")
    for share in shares:
        if share.agreed_on is None:
            market = share.commitment.market
            missing.append(f"Enregistrez l’accord de {market.buyer} pour le marché {market.reference}.")
    return missing


@transaction.atomic
def save_mutualisation(
    *, row: Mutualisation, shares: Mapping[Commitment, Decimal], user: User
) -> Mutualisation:
    """Write what is agreed: the months, and the share (%) of each commitment.

    Agreements already dated stay while months and key are those that the buyers agreed to; else they are asked again.

    Raises DomainError when it is in effect, when the key does not make 100 %, or when a commitment takes part in
    another one in the same months.
    """
    # Two people writing at once: the second waits for the first, commitment by commitment.
    commitments = list(
        Commitment.objects.select_for_update(of=("self",))
        .filter(pk__in=[commitment.pk for commitment in shares])
        .order_by("pk")
    )
    stored = _refuse_in_effect(row) if row.pk else None
    if row.ends_on < row.starts_on:
        raise DomainError("La fin de la globalisation précède son début.", field="ends_on")
    if len(commitments) < 2:
        raise DomainError("Une globalisation réunit au moins deux engagements.", field="shares")
    total = sum(shares.values(), Decimal(0))
    if total != HUNDRED:
        raise DomainError(
            f"Les parts font {formats.number(total)} %\u202f: la clé de répartition fait 100 %.",
            field="shares",
        )
    _refuse_overlap(row, [commitment.pk for commitment in commitments])
    if row.pk is None:
        row.created_by = user
    save_by(row, user)
    former = {share.commitment_id: share for share in row.shares.order_by("pk")}
    # Other months, or another key, is another agreement for every buyer.
    is_other = stored is not None and (
        (stored.starts_on, stored.ends_on) != (row.starts_on, row.ends_on)
        or {pk: share.share for pk, share in former.items()}
        != {commitment.pk: part for commitment, part in shares.items()}
    )
    for commitment, part in shares.items():
        share = former.pop(commitment.pk, None) or MutualisationShare(
            mutualisation=row, commitment=commitment
        )
        if share.pk is None or is_other:
            share.share, share.agreed_on = part, None
            save_by(share, user)
    for gone in former.values():
        gone._history_user = user  # type: ignore[attr-defined]
        gone.delete()
    return row


@transaction.atomic
def record_agreement(*, share: MutualisationShare, agreed_on: dt.date, user: User) -> MutualisationShare:
    """Date the agreement of a participating market's buyer."""
    share = (
        MutualisationShare.objects.select_for_update(of=("self",))
        .select_related("mutualisation")
        .get(pk=share.pk)
    )
    _refuse_in_effect(share.mutualisation)
    if agreed_on > timezone.localdate():
        raise DomainError("Un accord s’enregistre une fois donné.", field="agreed_on")
    share.agreed_on = agreed_on
    save_by(share, user)
    return share


@transaction.atomic
def attach_document(*, row: Mutualisation, document: StoredFile, user: User) -> Mutualisation:
    """Attach the signed document: without it, the globalisation changes nothing."""
    row = Mutualisation.objects.select_for_update(of=("self",)).get(pk=row.pk)
    _refuse_in_effect(row)
    row.document = document
    save_by(row, user, "document signé")
    return row


@transaction.atomic
def stop_mutualisation(*, row: Mutualisation, ends_on: dt.date, user: User) -> Mutualisation:
    """End it earlier than agreed; what it credited until then stays."""
    row = Mutualisation.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if ends_on >= row.ends_on:
        raise DomainError(
            f"Elle va jusqu’en {formats.month(row.ends_on)}\u202f: choisissez un mois plus tôt, ou faites-en signer une autre.",
            field="ends_on",
        )
    if ends_on < row.starts_on:
        raise DomainError(f"Elle commence en {formats.month(row.starts_on)}.", field="ends_on")
    row.ends_on = ends_on
    save_by(row, user, "fin avancée")
    return row


def _refuse_in_effect(row: Mutualisation) -> Mutualisation:
    stored = Mutualisation.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if is_in_effect(stored, list(stored.shares.order_by("pk"))):
        raise DomainError(
            "Cette globalisation est signée et s’applique\u202f: elle ne change plus. "
            "Mettez-y fin, et faites-en signer une autre."
        )
    return stored


def _refuse_overlap(row: Mutualisation, commitments: Sequence[int]) -> None:
    """Hours are put together once: a commitment is in one globalisation at a time."""
    other = (
        MutualisationShare.objects.filter(
            commitment__in=commitments,
            mutualisation__starts_on__lte=row.ends_on,
            mutualisation__ends_on__gte=row.starts_on,
        )
        .exclude(mutualisation=row.pk or 0)
        .select_related("mutualisation", "commitment__market", "commitment__holder")
        .order_by("pk")
        .first()
    )
    if other is not None:
        raise DomainError(
            f"L’engagement de {other.commitment.holder} ({other.commitment.market.reference}) est déjà dans la globalisation "
            f"«\u202f{formats.short(other.mutualisation.label, 60)}\u202f» sur ces mois.",
            field="shares",
        )
