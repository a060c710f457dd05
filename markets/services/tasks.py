"""What must be done next: opened by the gesture that makes one wait, closed by the one that ends the waiting."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from core import formats
from core.errors import DomainError
from core.history import bulk_update_tracked
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
    person: int | None = None,
    by: User | None,
    **meeting: Any,
) -> Task:
    """Open what someone must do about a market, a company, a buyer or a person (the number of their file).

    With a key, the open one is brought up to date. What is about a person is seen by the house alone.
    A task closed under the same key is opened again with its new dates. meeting: `channel`, `starts_at`, `duration`,
    `place`, `participants`, `with_buyer`, `with_company`; its day is its deadline. An open task
    that someone was given stays theirs.
    Raises DomainError for a deadline before `since`.
    """
    since = since or timezone.localdate()
    if meeting.get("starts_at") and due_on is None:
        due_on = timezone.localdate(meeting["starts_at"])
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
        "person_number": person,
        "kind": kind,
        "turn": turn,
        "details": details,
        "url": url,
        "due_on": due_on,
        "assignee": assignee,
        "done_on": None,
        "done_by": None,
        "outcome": "",
        "cancelled": False,
        **meeting,
    }
    if task.pk is not None and task.done_on is None and assignee is None:
        del values["assignee"]
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


def _open_row(task: Task) -> Task:
    """The task, locked; raises DomainError when it is closed."""
    row = Task.objects.select_for_update().get(pk=task.pk)
    if row.done_on:
        raise DomainError(f"Cette échéance est close depuis le {formats.day(row.done_on)}.")
    return row


def _save(task: Task, by: User | None, reason: str = "") -> Task:
    task._history_user = by  # type: ignore[attr-defined]
    task._change_reason = reason[:100] or None  # type: ignore[attr-defined]
    task.save()
    return task


@transaction.atomic
def complete_task(*, task: Task, outcome: str = "", by: User) -> Task:
    """Say that it is done. Raises DomainError when it is closed already."""
    row = _open_row(task)
    row.done_on, row.done_by, row.outcome = timezone.localdate(), by, outcome[:300]
    return _save(row, by)


@transaction.atomic
def postpone_task(*, task: Task, due_on: dt.date, reason: str, by: User) -> Task:
    """Give another deadline, with its reason; the history keeps both.

    Raises DomainError for a closed task, a meeting (which moves with its invitations), a day that has passed, a
    deadline that does not change.
    """
    row = _open_row(task)
    if row.kind == TaskKind.MEETING:
        raise DomainError("Une réunion se déplace depuis sa page, pour que les invités le sachent.")
    if due_on < timezone.localdate():
        raise DomainError("Choisissez un jour à venir.", field="due_on")
    if due_on == row.due_on:
        raise DomainError("C’est déjà l’échéance : choisissez un autre jour.", field="due_on")
    row.due_on = due_on
    return _save(row, by, reason)


@transaction.atomic
def assign_task(*, task: Task, to: User | None, by: User) -> Task:
    """Give a task to a colleague; to nobody, it is again the one's who answers for the file.

    Raises DomainError for a closed task and for someone outside the house.
    """
    row = _open_row(task)
    if to and not (to.is_house_staff and to.is_active):
        raise DomainError(f"{to} n’a pas de compte en service dans la maison.", field="to")
    row.assignee = to
    return _save(row, by)


@transaction.atomic
def leave_tasks(*, former: User, by: User | None, to: User | None = None, **where: Any) -> int:
    """Take the open tasks of `former` (under conditions) off them; returns how many.

    Given to nobody, they are the one's who answers for the file, from the day of the hand-over on.
    """
    rows = list(Task.objects.select_for_update().open().filter(assignee=former, **where).order_by("pk"))
    for row in rows:
        row.assignee = to
    return bulk_update_tracked(Task, rows, ["assignee"], user=by, reason="relais")


# What outlives its market: a dispute, which the buyer still has to decide; where people stand months later.
OUTLIVING = ("escalation:", "outcome:", "training:")


@transaction.atomic
def finish_tasks_of(*, market: Market, on: dt.date, by: User | None) -> int:
    """Close what was still to be done about a market that closes, save what outlives it; returns how many."""
    tasks = Task.objects.open().filter(market=market)
    for prefix in OUTLIVING:
        tasks = tasks.exclude(key__startswith=prefix)
    finished = [finish_task(task=task, on=on, outcome="marché clos", by=by) for task in tasks.order_by("pk")]
    return len(finished)
