"""Whose turn it is: who must act on a file, since when, until when, and where."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.urls import Resolver404, resolve, reverse
from django.utils import timezone

from core import formats
from markets.enums import TaskKind, Turn
from markets.files import NextStep
from markets.models import Task

# A deadline this near comes before what the file lacks.
PRESSING_DAYS = 30
SOON_DAYS = 7


@lru_cache(maxsize=4096)
def _roles_of(path: str) -> tuple[str, ...] | None:
    """The roles that a path lets in; none at all for one that leads nowhere."""
    try:
        return getattr(resolve(path.partition("?")[0].partition("#")[0]).func, "roles", None)
    except Resolver404:
        return ()


def task_page(task: Task) -> str:
    """The page of the task itself."""
    return reverse("meeting_detail" if task.kind == TaskKind.MEETING else "task_detail", args=[task.pk])


def task_address(task: Task, user: Any) -> str:
    """Where the thing is done, as far as the reader's role may open it; else the page of the task."""
    if task.kind == TaskKind.MEETING or not task.url:
        return task_page(task)
    roles = _roles_of(task.url)
    return task.url if roles is None or user.role in roles else task_page(task)


def who_acts(task: Task, user: Any) -> str:
    """« À vous », or whose turn it is; reads the task's market, company, buyer and assignee."""
    if task.turn == Turn.HOUSE:
        if user.is_house_staff and task.assignee_id == user.pk:
            return "vous"
        return str(task.assignee) if task.assignee else "la maison"
    if task.turn == Turn.BUYER:
        if user.is_buyer:
            return "vous"
        buyer = task.buyer or (task.market.buyer if task.market else None)
        return str(buyer or "le donneur d’ordre")
    if task.turn == Turn.COMPANY:
        if user.is_company:
            return "vous"
        return str(task.company or "l’entreprise")
    return "un partenaire"


@dataclass(frozen=True)
class TurnLine:
    """One open task as a file's page shows it."""

    task: Task
    who: str
    url: str
    page: str
    code: str
    words: str
    is_meeting: bool


def ageing(task: Task, today: dt.date) -> tuple[str, str]:
    """The state of a deadline: its code and its words (« 12 jours de retard »)."""
    if task.done_on:
        return ("cancelled", "annulée") if task.cancelled else ("done", "fait")
    if task.due_on is None:
        return "upcoming", "sans date"
    late = task.days_late(today)
    if late:
        return "late", f"{formats.noun(late, 'jour')} de retard"
    left = (task.due_on - today).days
    if left == 0:
        return "to_watch", "aujourd’hui"
    if left == 1:
        return "to_watch", "demain"
    code = "to_watch" if left <= SOON_DAYS else "upcoming"
    return code, f"dans {formats.noun(left, 'jour')}"


def turn_line(task: Task, user: Any, today: dt.date) -> TurnLine:
    code, words = ageing(task, today)
    return TurnLine(
        task=task,
        who=who_acts(task, user),
        url=task_address(task, user),
        page=task_page(task),
        code=code,
        words=words,
        is_meeting=task.kind == TaskKind.MEETING,
    )


def open_tasks(user: Any, **where: Any) -> Any:
    """The open tasks that the user may see under a condition, the most pressing first, ready to be shown."""
    rows = Task.objects.visible_to(user).open().filter(**where)
    return rows.select_related("market__buyer", "company", "buyer", "assignee")


def turn_lines(user: Any, *, limit: int = 30, **where: Any) -> list[TurnLine]:
    """What is open on a file, in one query.

    What is about a person stands on the person's page and on the board: the people of a market would hide the market.
    """
    today = timezone.localdate()
    rows = open_tasks(user, **where)
    if "person_number" not in where:
        rows = rows.about_no_person()
    return [turn_line(task, user, today) for task in rows[:limit]]


def task_step(task: Task, user: Any) -> NextStep:
    """The most pressing task as the head of a file says it."""
    today = timezone.localdate()
    code, words = ageing(task, today)
    who = who_acts(task, user)
    if task.kind == TaskKind.MEETING and task.starts_at:
        what = f"{task.title}, le {formats.moment(task.starts_at)}."
        return NextStep("À venir :", what, tone="none", url=task_page(task), label="Voir la réunion")
    until = f" avant le {formats.day(task.due_on)} ({words})" if task.due_on else ""
    since = f", attendu depuis le {formats.day(task.since)}" if task.since < today else ""
    return NextStep(
        f"À {who} d’agir :" if who[:3] not in ("le ", "la ") else f"{_to(who)} d’agir :",
        f"{task.title}{until}{since}.",
        tone={"late": "late", "to_watch": "watch"}.get(code, "none"),
        url=task_address(task, user),
        label="Ouvrir",
    )


def _to(who: str) -> str:
    return f"Au {who[3:]}" if who.startswith("le ") else f"À {who}"


def is_pressing(task: Task, today: dt.date) -> bool:
    """Overdue, or due so soon that it comes before what the file lacks."""
    return task.due_on is not None and task.due_on <= today + dt.timedelta(days=PRESSING_DAYS)
