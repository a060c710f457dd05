"""Where people stand on a day: their eligibility, their employer and their counted hours, as annotations."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Case, CharField, DateField, Exists, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, NullIf

from beneficiaries.enums import Decision, EligibilityState
from beneficiaries.models.eligibility import EligibilityPeriod, EligibilityReview
from beneficiaries.models.employment import Assignment, Placement
from core.fields import HoursField


def never_used(reviews: Any) -> Any:
    """Those that opened no period, nor served an assignment begun while the period of another one was open."""
    open_then = EligibilityPeriod.objects.filter(
        beneficiary=OuterRef("placement__beneficiary"),
        starts_on__lte=OuterRef("starts_on"),
        ends_on__gte=OuterRef("starts_on"),
    )
    served = Assignment.objects.filter(Exists(open_then), review=OuterRef("pk"))
    opened = EligibilityPeriod.objects.filter(review=OuterRef("pk"))
    return reviews.exclude(Exists(opened)).exclude(Exists(served))


def with_eligibility(people: Any, today: dt.date) -> Any:
    """Eligible by an open period, else by a validation that still waits to be used; refused, expired or to review."""
    reviews = EligibilityReview.objects.filter(
        beneficiary=OuterRef("pk"), superseded_by__isnull=True, decided_on__lte=today
    )
    unused = never_used(reviews.filter(decision=Decision.APPROVED, valid_until__gte=today))
    open_period = EligibilityPeriod.objects.filter(beneficiary=OuterRef("pk"), ends_on__gte=today)
    return people.annotate(
        eligible_until=Coalesce(
            Subquery(open_period.order_by("-ends_on").values("ends_on")[:1]),
            Subquery(unused.order_by("-valid_until").values("valid_until")[:1]),
            output_field=DateField(),
        ),
        last_decision=Subquery(reviews.order_by("-decided_on", "-pk").values("decision")[:1]),
        eligibility_state=Case(
            When(eligible_until__isnull=False, then=Value(EligibilityState.ELIGIBLE)),
            When(last_decision=Decision.REFUSED, then=Value(EligibilityState.REFUSED)),
            When(last_decision=Decision.APPROVED, then=Value(EligibilityState.EXPIRED)),
            default=Value(EligibilityState.TO_REVIEW),
            output_field=CharField(),
        ),
    )


def employed_on(day: dt.date) -> Any:
    """Contracts and steps under way on that day."""
    return Placement.objects.filter(starts_on__lte=day).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day))


def with_employer(people: Any, today: dt.date) -> Any:
    """The employer of the step begun last among those under way."""
    steps = employed_on(today).filter(beneficiary=OuterRef("pk")).order_by("-starts_on", "-pk")
    name = Coalesce(NullIf(F("employer__short_name"), Value("")), F("employer__name"))
    return people.annotate(employer_name=Subquery(steps.annotate(shown=name).values("shown")[:1]))


def with_hours_counted(people: Any, entries: Any) -> Any:
    """Hours counted over these entries; none is zero."""
    counted = (
        entries.counted()
        .filter(assignment__placement__beneficiary=OuterRef("pk"))
        .order_by()
        .values("assignment__placement__beneficiary")
        .annotate(counted_sum=Sum("counted_hours"))
        .values("counted_sum")
    )
    return people.annotate(hours_counted=Coalesce(Subquery(counted), 0, output_field=HoursField()))


def assigned_on(day: dt.date) -> Any:
    """Assignments under way on that day."""
    return Assignment.objects.filter(starts_on__lte=day).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day))
