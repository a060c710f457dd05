"""Small registries that the apps fill in AppConfig.ready(): how a lower room shows what a higher one knows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from core.access import EVERYONE


@dataclass(frozen=True)
class Tab:
    """A tab of a file: one label, one address (taking the file's pk), the roles that see it, its rank."""

    label: str
    url_name: str
    roles: tuple[str, ...] = EVERYONE
    position: int = 100
    # For what a role opens on some files only: whether this user opens that file's.
    opens: Callable[[Any, Any], bool] | None = None


@dataclass(frozen=True)
class Section:
    """A list or a board of a place (« Achats prévus » in « Marchés »): shown above each of the place's lists."""

    label: str
    url_name: str
    position: int = 100


@dataclass(frozen=True)
class WaitingItem:
    """Something that waits for a person on « Accueil »: what, how many, where, since when."""

    label: str
    count: int
    url: str
    since: dt.date | None = None


@dataclass(frozen=True)
class Link:
    """A label with its address."""

    label: str
    url: str


@dataclass(frozen=True)
class DailyWork:
    """What is done once a day: its words for the log, and a function of the day that says how many things it did."""

    label: str
    run: Callable[[dt.date], int]


_tabs: dict[str, list[Tab]] = {}
_daily: list[DailyWork] = []
_sections: dict[str, list[Section]] = {}
_waiting: list[Callable[[Any], Iterable[WaitingItem]]] = []
_house: list[Callable[[], Any]] = []


def register_tab(file: str, tab: Tab) -> None:
    """Add a tab to the pages of a kind of file (« market », « company », « person », « buyer », « bilan »)."""
    entries = _tabs.setdefault(file, [])
    if tab not in entries:
        entries.append(tab)


def tabs_of(file: str, user: Any, pk: Any) -> list[Link]:
    """The tabs of one file that this user may open, in order, with their addresses."""
    seen = [
        tab
        for tab in _tabs.get(file, [])
        if user.role in tab.roles and (tab.opens is None or tab.opens(user, pk))
    ]
    return [
        Link(tab.label, reverse(tab.url_name, args=[pk]))
        for tab in sorted(seen, key=lambda tab: tab.position)
    ]


def register_section(place: str, section: Section) -> None:
    """Add a list or a board to a place (the keys of `core.context.PLACES`)."""
    entries = _sections.setdefault(place, [])
    if section not in entries:
        entries.append(section)


def sections_by_place() -> dict[str, list[Section]]:
    """The sections of every place, in order."""
    return {
        place: sorted(entries, key=lambda section: section.position) for place, entries in _sections.items()
    }


def register_waiting(items: Callable[[Any], Iterable[WaitingItem]]) -> None:
    """Add a source of things that wait for a person."""
    if items not in _waiting:
        _waiting.append(items)


def waiting_for(user: Any) -> list[WaitingItem]:
    """What waits for this user, the oldest first; counts of zero are left out."""
    found = [item for source in _waiting for item in source(user) if item.count]
    return sorted(found, key=lambda item: (item.since or dt.date.max, item.label))


def register_daily(label: str, run: Callable[[dt.date], int], *, last: bool = False) -> None:
    """Have `run(today)` called each morning by Celery beat, or by `manage.py remind` from cron.

    It must bear being called twice a day (open_task with a key does), and says how many things it did. last: after
    the others, for what tells people of what the others opened.
    """
    work = DailyWork(label, run)
    if all(entry.run is not run for entry in _daily):
        _daily.insert(len(_daily) if last else 0, work)


def daily_works() -> list[DailyWork]:
    """What is to be done each day, in order."""
    return list(_daily)


def register_house(current: Callable[[], Any]) -> None:
    """Say how the house of this installation is found (`markets.models.House.current`)."""
    _house[:] = [current]


def current_house() -> Any:
    """The house of this installation, for the legal pages; None where no room knows it."""
    return _house[0]() if _house else None
