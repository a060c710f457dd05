"""What must be done next: opened by the gesture that makes one wait, closed by the one that ends the waiting."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from core.errors import DomainError
from markets.enums import TaskKind, Turn
from markets.models import Task

if TYPE_CHECKING:
    from accounts.models import User
    from markets.models import Buyer, Company, Market


@transaction.atomic
def open_task(
    *,
    title: str,
    market: Market | None = None,
    company: Company | None = None,
    buyer: Buyer | None = None,
    key: str = "",
    kind: str = TaskKind.TODO,
    turn: str = Turn.HOUSE,
    details: str = "",
    url: str = "",
    since: dt.date | None = None,
    due_on: dt.date | None = None,
    assignee: User | None = None,
    by: User | None,
    **meeting: Any,
) -> Task:
    """Open what someone must do about a market, a company or a buyer; with a key, bring the open one up to date.

    A task closed under the same key is opened again with its new dates. meeting: `channel`, `starts_at`, `duration`,
    `place`, `with_buyer`, `with_company`. Raises DomainError for a deadline before `since`.
    """
    since = since or timezone.localdate()
    if due_on and due_on < since:
        raise DomainError("L’échéance précède le jour où l’on commence à attendre.", field="due_on")
    task = (Task.objects.select_for_update().filter(key=key).first() if key else None) or Task(
        key=key, created_by=by
    )
    if task.pk is None or task.done_on:
        task.since = since
    values = {
        "title": title[:200],
        "market": market,
        "company": company,
        "buyer": buyer,
        "kind": kind,
        "turn": turn,
        "details": details,
        "url": url,
        "due_on": due_on,
        "assignee": assignee,
        "done_on": None,
        "done_by": None,
        "outcome": "",
        **meeting,
    }
    if task.pk is not None and all(getattr(task, name) == value for name, value in values.items()):
        return task
    for name, value in values.items():
        setattr(task, name, value)
    if task.due_on and task.due_on < task.since:
        task.since = task.due_on
    task._history_user = by  # type: ignore[attr-defined]
    task.save()
    return task


@transaction.atomic
def finish_task(
    *, task: Task | None = None, key: str = "", on: dt.date | None = None, outcome: str = "", by: User | None
) -> Task | None:
    """Close an open task, given or found by its key; nothing happens when there is none."""
    rows = Task.objects.select_for_update().open()
    found = rows.filter(pk=task.pk).first() if task else rows.filter(key=key).first() if key else None
    if found is None:
        return None
    found.done_on = on or timezone.localdate()
    found.done_by = by
    found.outcome = outcome[:300]
    found._history_user = by  # type: ignore[attr-defined]
    found.save()
    return found
