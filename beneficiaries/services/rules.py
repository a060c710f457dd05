"""Counting rules: writing them, and recounting the people whose hours they touch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from beneficiaries.models import CountingRules, HoursEntry
from beneficiaries.services.counting import PEOPLE_AT_ONCE, recount_people
from beneficiaries.services.writing import save_by
from core.jobs import RunningJob, enqueue, job
from core.models import Job

if TYPE_CHECKING:
    from accounts.models import User

RECOUNT = "recount_rules"


def people_touched(rules: CountingRules) -> Any:
    """The people with hours in the scope of these rules, as ids in order.

    Not only since their first month: the length of a period is decided in the month in which it opens.
    """
    entries = HoursEntry.objects.current()
    if rules.market_id:
        entries = entries.filter(market=rules.market_id)
    elif rules.buyer_id:
        entries = entries.filter(market__buyer=rules.buyer_id)
    return (
        entries.order_by("assignment__placement__beneficiary")
        .values_list("assignment__placement__beneficiary", flat=True)
        .distinct()
    )


@transaction.atomic
def save_rules(*, rules: CountingRules, user: User) -> Job | None:
    """Write rules and ask for the recount of the people whom they touch; None when they touch nobody."""
    save_by(rules, user)
    total = people_touched(rules).count()
    if not total:
        return None
    return enqueue(
        RECOUNT,
        key=f"{RECOUNT}:{rules.pk}",
        label=f"Recompter les heures\u202f: règles {rules}",
        payload={"rules": rules.pk},
        user=user,
        total=total,
    )


@job(RECOUNT)
def recount(running: RunningJob) -> None:
    """Recount everyone touched, by small groups; doing it twice changes nothing more."""
    rules = CountingRules.objects.get(pk=running.payload["rules"])
    people = list(people_touched(rules))
    changed = 0
    for first in range(0, len(people), PEOPLE_AT_ONCE):
        group = people[first : first + PEOPLE_AT_ONCE]
        report = recount_people(group, user=running.user, reason="règles de comptage")
        changed += len(report.changed)
        running.progress(first + len(group), len(people))
    running.report(personnes=len(people), releves_changes=changed)
