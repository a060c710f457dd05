"""The secret address of a person's calendar: made, taken back, and what stands behind it."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from clauses import calendar
from clauses.turns import task_page
from markets.enums import TaskKind
from markets.models import Task

# Meetings that took place stay in the calendar for a while; so much is enough for any portfolio.
PAST_DAYS = 90
EVENTS_MAX = 1_000


def _fingerprint(token: str) -> str:
    # The token is 256 random bits: nothing to slow down for, no salt to add.
    return hashlib.sha256(token.encode()).hexdigest()


def make_calendar_address(user: User) -> str:
    """Give the person a new address, which replaces the former; it is told this once and kept nowhere."""
    token = secrets.token_urlsafe(32)
    user.calendar_hash, user.calendar_made_at = _fingerprint(token), timezone.now()
    user.save(update_fields=["calendar_hash", "calendar_made_at"])
    return calendar.absolute(reverse("calendar_feed", args=[token]))


def revoke_calendar_address(user: User) -> None:
    """The address answers no more."""
    user.calendar_hash, user.calendar_made_at = "", None
    user.save(update_fields=["calendar_hash", "calendar_made_at"])


def user_of_address(token: str) -> User | None:
    """Whose calendar it is: nobody's for an unknown or revoked address, or a closed account."""
    return User.objects.filter(calendar_hash=_fingerprint(token), is_active=True).first()


def feed_of(user: User) -> bytes:
    """The meetings and deadlines of the person: of their portfolio in the house, else what waits for them."""
    today = timezone.localdate()
    since = today - dt.timedelta(days=PAST_DAYS)
    rows: Any = Task.objects.visible_to(user)
    if user.is_house_staff:
        rows = rows.of_portfolio(user, today)
    wanted = Q(done_on__isnull=True, due_on__isnull=False) | Q(kind=TaskKind.MEETING, due_on__gte=since)
    rows = rows.filter(wanted).order_by("-due_on", "pk")[:EVENTS_MAX]
    tasks = [(task, calendar.absolute(task_page(task))) for task in rows]
    return calendar.feed(tasks, name="Maillon")
