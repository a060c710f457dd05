"""Until when one person is eligible, and by which decision: what an attestation and a positionnement rest on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from beneficiaries.models import Assignment, Beneficiary, EligibilityPeriod, EligibilityReview, Placement
from beneficiaries.models.standing import never_used
from core.dates import add_months
from markets.models import CompanyMembership

if TYPE_CHECKING:
    from accounts.models import User

# An employer renews, or sends someone out again, within these months of an end; after them, what the house decides
# about someone who left is no longer its business.
AFTER_END_MONTHS = 3


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


def _not_over(ends_on: str, today: dt.date) -> Q:
    since = add_months(today, -AFTER_END_MONTHS)
    return Q(**{f"{ends_on}__isnull": True}) | Q(**{f"{ends_on}__gte": since})


def employed_by(user: User, today: dt.date) -> Any:
    """Numbers of the people whom the user's companies employ themselves: not those they receive, count, or employed once."""
    companies = CompanyMembership.objects.filter(user=user).values("company")
    rows = Placement.objects.filter(_not_over("ends_on", today), employer__in=companies)
    return rows.order_by().values("beneficiary")


def followed_by(user: User, today: dt.date) -> Any:
    """Numbers of the people whose eligibility a company reads: at work with it, or for it, or until lately."""
    rows = Assignment.objects.visible_to(user).filter(
        _not_over("ends_on", today), _not_over("placement__ends_on", today)
    )
    return rows.order_by().values("placement__beneficiary")
