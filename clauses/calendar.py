"""Calendar files (RFC 5545): an invitation to one meeting, and the feed of a person's meetings and deadlines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from icalendar import Calendar, Event, vCalAddress, vText

from markets.enums import TaskKind

if TYPE_CHECKING:
    from accounts.models import User
    from markets.models import Task

PRODUCT = "-//Maillon//Suivi des clauses sociales//FR"
REQUEST, CANCEL, PUBLISH = "REQUEST", "CANCEL", "PUBLISH"


def absolute(path: str) -> str:
    """An address of the application for what is read outside it."""
    return settings.SITE_URL.rstrip("/") + path


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _event(task: Task, *, url: str = "", details: bool = True) -> Event:
    """A meeting with its hour; a deadline, or a meeting whose hour is not fixed, as a whole day that blocks nothing."""
    event = Event()
    host = urlsplit(settings.SITE_URL).hostname or "maillon.invalid"
    event.add("uid", f"task-{task.pk}@{host}")
    event.add("dtstamp", timezone.now().astimezone(dt.UTC).replace(microsecond=0))
    event.add("sequence", task.sequence)
    event.add("summary", task.title)
    if task.starts_at:
        start = task.starts_at.astimezone(dt.UTC)
        event.add("dtstart", start)
        event.add("dtend", start + dt.timedelta(minutes=task.duration))
        event.add("status", "CANCELLED" if task.cancelled else "CONFIRMED")
    elif task.due_on:
        event.add("dtstart", task.due_on)
        event.add("dtend", task.due_on + dt.timedelta(days=1))
        event.add("transp", "TRANSPARENT")
        event.add(
            "status", "CANCELLED" if task.cancelled else "TENTATIVE" if _is_meeting(task) else "CONFIRMED"
        )
    if task.place:
        event.add("location", task.place)
    if details and task.details:
        event.add("description", task.details)
    if url:
        event.add("url", url)
    return event


def _is_meeting(task: Task) -> bool:
    return task.kind == TaskKind.MEETING


def invitation(
    meeting: Task, *, method: str, organiser: User | None = None, addresses: Iterable[str] = ()
) -> bytes:
    """The file of one meeting. method: REQUEST to invite or move, CANCEL to call off, PUBLISH to keep for oneself."""
    calendar, event = _calendar(method), _event(meeting)
    if organiser is not None:
        event.add("organizer", _person(organiser.email, str(organiser)), encode=False)
    for address in addresses:
        guest = vCalAddress(f"mailto:{address}")
        guest.params["ROLE"] = vText("REQ-PARTICIPANT")
        guest.params["PARTSTAT"] = vText("NEEDS-ACTION")
        guest.params["RSVP"] = vText("TRUE")
        event.add("attendee", guest, encode=False)
    calendar.add_component(event)
    return calendar.to_ical()


def _person(email: str, name: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{email}")
    person.params["CN"] = vText(name)
    return person


def feed(tasks: Iterable[tuple[Task, str]], *, name: str) -> bytes:
    """The feed of tasks with the address where each is read; `name` is what calendars call it."""
    calendar = _calendar(PUBLISH)
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", settings.TIME_ZONE)
    # How often a calendar should ask again: every hour is plenty.
    calendar.add("refresh-interval", dt.timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for task, url in tasks:
        if task.starts_at or task.due_on:
            # Only an agenda is written for others to read: the details of a deadline stay where they are.
            calendar.add_component(_event(task, url=url, details=_is_meeting(task)))
    return calendar.to_ical()
