"""Until when one person is eligible, and by which decision: what an attestation and a positionnement rest on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from beneficiaries.models import Beneficiary, EligibilityPeriod, EligibilityReview, Placement
from beneficiaries.models.standing import never_used
from markets.models import CompanyMembership

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Validity:
    """Until when a person is eligible, by which decision; `is_used` tells a period that runs from a validation that waits."""

    until: dt.date
    review: EligibilityReview
    is_used: bool

    @property
    def number(self) -> str:
        """The number of the attestation: that of the decision, so that the house finds it again."""
        return f"{self.review.decided_on:%Y}-{self.review.pk:05d}"


def validity_of(person: Beneficiary, today: dt.date) -> Validity | None:
    """What an attestation of that day says; the same rule as `standing.with_eligibility`. None when not eligible."""
    period = (
        EligibilityPeriod.objects.filter(beneficiary=person, ends_on__gte=today)
        .select_related("review")
        .order_by("-ends_on")
        .first()
    )
    if period is not None:
        return Validity(period.ends_on, period.review, True)
    waiting = EligibilityReview.objects.standing().approved()
    review = (
        never_used(waiting.filter(beneficiary=person, decided_on__lte=today, valid_until__gte=today))
        .order_by("-valid_until", "-pk")
        .first()
    )
    return Validity(review.valid_until, review, False) if review and review.valid_until else None


def employed_by(user: User) -> Any:
    """Numbers of the people whom the user's companies employ themselves: not those they receive, or count."""
    companies = CompanyMembership.objects.filter(user=user).values("company")
    return Placement.objects.filter(employer__in=companies).order_by().values("beneficiary")
