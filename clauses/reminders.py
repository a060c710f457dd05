"""Reminders by e-mail: what is late, what comes, what waits for an answer; one message a day or a week at most."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse

from accounts.enums import AccountState, Digest
from accounts.models import User
from clauses.board import file_label
from clauses.calendar import absolute
from clauses.turns import ageing, who_acts
from core import formats
from core.models import Message
from core.outbox import write_message
from markets.enums import TaskKind, Turn
from markets.models import Task

SHOWN = 15
COMING_DAYS = 7


@dataclass(frozen=True)
class Section:
    """Some tasks of the message under one title."""

    title: str
    lines: list[str]
    more: int


def send_reminders(today: dt.date) -> int:
    """Write the reminders of the day; returns how many. Nobody is written to twice a day, nor for nothing."""
    monday = today - dt.timedelta(days=today.weekday())
    days = [monday + dt.timedelta(days=n) for n in range((today - monday).days + 1)]
    # The key of a message says to whom and which day: what went out this week is found by it.
    written = set(
        Message.objects.filter(key__startswith="digest:", created_at__date__gte=monday - dt.timedelta(days=1))
        .order_by()
        .values_list("key", flat=True)
    )
    readers = User.objects.in_state(AccountState.ACTIVE).exclude(digest=Digest.OFF).order_by("pk")
    count = 0
    for user in readers:
        since = [today] if user.digest == Digest.DAILY else days
        if user.digest == Digest.DAILY and today.weekday() > 4:
            continue
        if any(_key(user, day) in written for day in since):
            continue
        sections = digest_of(user, today)
        if sections:
            _write(user, today, sections)
            count += 1
    return count


def _key(user: User, day: dt.date) -> str:
    return f"digest:{user.pk}:{day:%Y-%m-%d}"


def _write(user: User, today: dt.date, sections: list[Section]) -> None:
    total = sum(len(section.lines) + section.more for section in sections)
    write_message(
        key=_key(user, today),
        recipients=[user.email],
        subject=f"Maillon : {formats.noun(total, 'échéance')} au {formats.day(today)}",
        body=render_to_string(
            "clauses/email/digest.txt",
            {
                "user": user,
                "sections": sections,
                "board_url": absolute(reverse("task_list")),
                "settings_url": absolute(reverse("reminders")),
            },
        ),
    )


def digest_of(user: User, today: dt.date) -> list[Section]:
    """What the message of that day says to `user`; nothing at all when nothing waits."""
    rows = (
        Task.objects.visible_to(user)
        .open()
        .select_related("market__buyer", "company", "buyer", "assignee")
        .order_by("due_on", "pk")
    )
    if user.is_house_staff:
        return _house_digest(
            user, list(rows.of_portfolio(user, today).filter(due_on__lte=_week(today))), today
        )
    return _outside_digest(user, list(rows), today)


def _week(today: dt.date) -> dt.date:
    return today + dt.timedelta(days=COMING_DAYS)


def _house_digest(user: User, tasks: list[Task], today: dt.date) -> list[Section]:
    meetings = [task for task in tasks if task.kind == TaskKind.MEETING]
    others = [task for task in tasks if task.kind != TaskKind.MEETING]
    late = [task for task in others if task.due_on and task.due_on < today]
    parts: tuple[tuple[str, Iterable[Task]], ...] = (
        ("En retard, à vous d’agir", [task for task in late if task.turn == Turn.HOUSE]),
        ("Sans réponse, à relancer", [task for task in late if task.turn != Turn.HOUSE]),
        ("Dans les sept jours", [task for task in others if task not in late]),
        ("Réunions à venir", [task for task in meetings if task.due_on and task.due_on >= today]),
        (
            "Réunions passées, compte rendu à noter",
            [task for task in meetings if task.due_on and task.due_on < today],
        ),
    )
    return _sections(user, parts, today) + _orphans(user, today)


def _orphans(user: User, today: dt.date) -> list[Section]:
    """For an admin: what is late on files that nobody answers for, as a number and where to read them."""
    if not user.is_admin:
        return []
    count = Task.objects.visible_to(user).overdue(today).of_nobody(today).count()
    if not count:
        return []
    where = absolute(f"{reverse('task_list')}?portee=personne&groupe=retard")
    return [Section("Sans responsable", [f"{formats.noun(count, 'échéance')} en retard : {where}"], 0)]


def _outside_digest(user: User, tasks: list[Task], today: dt.date) -> list[Section]:
    """What waits for a buyer or a company, and the meetings that they are asked to."""
    own = Turn.BUYER if user.is_buyer else Turn.COMPANY
    meetings = [
        task
        for task in tasks
        if task.kind == TaskKind.MEETING and task.due_on and today <= task.due_on <= _week(today)
    ]
    waits = [task for task in tasks if task.kind != TaskKind.MEETING and task.turn == own]
    return _sections(user, (("À vous d’agir", waits), ("Réunions à venir", meetings)), today)


def _sections(user: User, parts: Iterable[tuple[str, Iterable[Task]]], today: dt.date) -> list[Section]:
    line: Callable[[Task], str] = lambda task: _line(task, user, today)  # noqa: E731
    found = []
    for title, rows in parts:
        tasks = list(rows)
        if tasks:
            found.append(Section(title, [line(task) for task in tasks[:SHOWN]], max(0, len(tasks) - SHOWN)))
    return found


def _line(task: Task, user: Any, today: dt.date) -> str:
    """One task on one line: what, which file, until when, whose turn. Never its details."""
    words = [f"{task.title} ({formats.short(file_label(task), 90)})"]
    if task.kind == TaskKind.MEETING:
        words.append(f"le {formats.moment(task.starts_at)}" if task.starts_at else _until(task, today))
    else:
        if task.due_on:
            words.append(_until(task, today))
        elif task.since < today:
            words.append(f"depuis le {formats.day(task.since)}")
        if user.is_house_staff and task.turn != Turn.HOUSE:
            words.append(f"attendu de {who_acts(task, user)}")
    return ", ".join(words)


def _until(task: Task, today: dt.date) -> str:
    return f"avant le {formats.day(task.due_on)} ({ageing(task, today)[1]})"
