"""Counting rules: writing them, and recounting the people whose hours they touch."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q

from beneficiaries.models import Assignment, CountingRules, HoursEntry
from beneficiaries.services.counting import PEOPLE_AT_ONCE, recount_people
from beneficiaries.services.recounts import RecountReport, gathering, record_recount
from beneficiaries.services.writing import save_by
from core.jobs import RunningJob, enqueue, job
from core.models import Job
from markets.models import Market

if TYPE_CHECKING:
    from accounts.models import User

RECOUNT = "recount_rules"


@dataclass(frozen=True, slots=True)
class RulesInPlace:
    """The rules of one scope in force in a month, if any, and whether they are the ones that count there."""

    scope: str
    rules: CountingRules | None
    wins: bool


def rules_in_place(market: Market | None, month: dt.date) -> list[RulesInPlace]:
    """What each scope says of a month, the nearest first; the first that says something wins. One query."""
    rows = (
        CountingRules.objects.filter(in_force_from__lte=month)
        .filter(
            Q(buyer__isnull=True, market__isnull=True)
            | (Q(market=market) | Q(buyer=market.buyer_id) if market else Q(pk__in=[]))
        )
        .select_related("buyer", "market")
        .order_by("-in_force_from")
    )
    found: dict[str, CountingRules] = {}
    for row in rows:
        found.setdefault("market" if row.market_id else "buyer" if row.buyer_id else "territory", row)
    scopes = {"territory": "Territoire"}
    if market:
        scopes = {
            "market": f"Marché {market.reference}",
            "buyer": f"Donneur d’ordre {market.buyer}",
            **scopes,
        }
    winner = next((scope for scope in scopes if scope in found), "")
    return [RulesInPlace(label, found.get(scope), scope == winner) for scope, label in scopes.items()]


def people_touched(rules: CountingRules) -> Any:
    """The people with hours who were ever assigned in the scope of these rules, as ids in order.

    Not only since their first month: the length of a period is decided in the month in which it opens. Nor only those
    with hours there: the period that an assignment opens holds for their hours anywhere.
    """
    entries = HoursEntry.objects.current()
    there = Assignment.objects.order_by()
    if rules.market_id:
        there = there.filter(commitment__market=rules.market_id)
    elif rules.buyer_id:
        there = there.filter(commitment__market__buyer=rules.buyer_id)
    if rules.market_id or rules.buyer_id:
        people = there.values("placement__beneficiary")
        entries = entries.filter(assignment__placement__beneficiary__in=people)
    return (
        entries.order_by("assignment__placement__beneficiary")
        .values_list("assignment__placement__beneficiary", flat=True)
        .distinct()
    )


def preview_rules(rules: CountingRules) -> RecountReport:
    """What these rules would change if they were saved as they are; nothing is written."""
    return recount_people(people_touched(rules), user=None, reason="", write=False, proposed=rules)


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
    """Recount everyone touched, by small groups; doing it twice changes nothing more.

    What changed is one line of « Recomptages », even when the job is cancelled half-way.
    """
    rules = CountingRules.objects.select_related("buyer", "market").get(pk=running.payload["rules"])
    people = list(people_touched(rules))
    with gathering() as whole:
        try:
            for first in range(0, len(people), PEOPLE_AT_ONCE):
                group = people[first : first + PEOPLE_AT_ONCE]
                recount_people(group, user=running.user, reason="règles de comptage")
                running.progress(first + len(group), len(people))
        finally:
            record_recount(whole, reason=f"Règles de comptage\u202f: {rules}", user=running.user)
    running.report(personnes=len(people), releves_changes=len(whole.changed))
