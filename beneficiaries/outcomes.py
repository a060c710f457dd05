"""Situations after a path, read: what is awaited, what is known, in which group."""

from __future__ import annotations

import datetime as dt
from typing import Any

from beneficiaries.enums import SITUATION_GROUPS, Situation, SituationGroup
from beneficiaries.models import Beneficiary, Outcome

GROUP_OF = {situation: group for group, situations in SITUATION_GROUPS.items() for situation in situations}
# The state of a row, as its page says it: code of the shape, words.
AWAITED, LATE, KNOWN, UPCOMING, CANCELLED = "awaited", "late", "known", "upcoming", "cancelled"
STATES = {
    AWAITED: ("to_watch", "à recueillir"),
    LATE: ("late", "en retard"),
    KNOWN: ("done", "connue"),
    UPCOMING: ("upcoming", "à venir"),
    CANCELLED: ("cancelled", "sans objet"),
}
# Asked for this long without answer: late.
LATE_DAYS = 30
# Asked from this long before its day on.
SOON_DAYS = 14


def group_of(situation: str) -> SituationGroup | None:
    """The group of a situation; None while nobody has said."""
    return GROUP_OF.get(Situation(situation)) if situation else None


def state_of(outcome: Outcome, today: dt.date) -> str:
    if outcome.situation:
        return KNOWN
    if outcome.cancelled_on:
        return CANCELLED
    if outcome.due_on < today - dt.timedelta(days=LATE_DAYS):
        return LATE
    return AWAITED if outcome.due_on <= today + dt.timedelta(days=SOON_DAYS) else UPCOMING


def in_state(rows: Any, state: str, today: dt.date) -> Any:
    """The rows in one of these states; the same rule as `state_of`."""
    late, soon = today - dt.timedelta(days=LATE_DAYS), today + dt.timedelta(days=SOON_DAYS)
    open_rows = rows.filter(situation="", cancelled_on__isnull=True)
    if state == KNOWN:
        return rows.exclude(situation="")
    if state == CANCELLED:
        return rows.filter(situation="", cancelled_on__isnull=False)
    if state == LATE:
        return open_rows.filter(due_on__lt=late)
    if state == AWAITED:
        return open_rows.filter(due_on__gte=late, due_on__lte=soon)
    return open_rows.filter(due_on__gt=soon)


def asked_now(rows: Any, today: dt.date) -> Any:
    """What can be answered today, the oldest first."""
    soon = today + dt.timedelta(days=SOON_DAYS)
    return rows.filter(situation="", cancelled_on__isnull=True, due_on__lte=soon).order_by("due_on", "pk")


def visible_outcomes(user: Any) -> Any:
    """The rows of the people whom the user may see: nobody's once archived or merged."""
    return Outcome.objects.visible_to(user).filter(
        beneficiary__in=Beneficiary.objects.visible_to(user).values("pk")
    )
