"""PMSMP: the agreement of an immersion, and the limits that it must keep to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from beneficiaries.enums import Modality, PlacementNature
from beneficiaries.immersion_rules import Breach, Contract, Immersion, check_immersion
from beneficiaries.models import ImmersionAgreement, Placement
from beneficiaries.services.writing import save_by
from core.errors import DomainError

if TYPE_CHECKING:
    from accounts.models import User

CDDI = "cddi"


class OverLimit(DomainError):
    """A PMSMP over its limits: each is said, and what was signed may be recorded knowingly."""

    def __init__(self, breaches: list[Breach]) -> None:
        super().__init__(" ".join(breach.sentence for breach in breaches))
        self.breaches = breaches


def immersion_of(placement: Placement, agreement: ImmersionAgreement) -> Immersion | None:
    """The agreement as the rules see it; None without an end."""
    if placement.ends_on is None:
        return None
    return Immersion(
        key=placement.pk or 0,
        host=placement.employer_id,
        purpose=agreement.purpose,
        starts_on=placement.starts_on,
        ends_on=placement.ends_on,
        renews=placement.previous_id,
        during=agreement.during_id,
    )


def breaches_of(placement: Placement, agreement: ImmersionAgreement) -> list[Breach]:
    """The limits that an immersion passes among the person's others: one query."""
    new = immersion_of(placement, agreement)
    if new is None:
        return []
    rows = ImmersionAgreement.objects.filter(
        placement__beneficiary=placement.beneficiary_id, placement__modality=Modality.PMSMP
    ).select_related("placement")
    others = [found for row in rows if (found := immersion_of(row.placement, row))]
    return check_immersion(new, others, contract_of(agreement.during))


def contract_of(placement: Placement | None) -> Contract | None:
    return Contract(placement.pk, placement.starts_on, placement.ends_on) if placement else None


@transaction.atomic
def record_agreement(
    *, placement: Placement, agreement: ImmersionAgreement, accepted: bool, user: User
) -> ImmersionAgreement:
    """Write the agreement of a PMSMP. Raises OverLimit unless what is over was accepted, DomainError for what is missing."""
    if placement.nature != PlacementNature.IMMERSION or placement.modality != Modality.PMSMP:
        raise DomainError(
            "Une convention de PMSMP va avec une immersion de modalité PMSMP.", field="modality"
        )
    if placement.ends_on is None:
        raise DomainError("Une convention de PMSMP a un dernier jour\u202f: indiquez-le.", field="ends_on")
    during = agreement.during
    if during is not None and (
        during.beneficiary_id != placement.beneficiary_id
        or during.contract_type is None
        or during.contract_type.code != CDDI
    ):
        raise DomainError("Choisissez un CDDI de la même personne.", field="during")
    if during is None:
        agreement.amendment_on = None
    breaches = breaches_of(placement, agreement)
    if breaches and not accepted:
        raise OverLimit(breaches)
    agreement.placement = placement
    save_by(agreement, user)
    return agreement
