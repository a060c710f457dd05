"""What higher rooms add to the accounts: pages of « Réglages », ways to invite, and what an account is attached to.

Filled in `AppConfig.ready()`; `accounts` never imports the rooms above it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from accounts.enums import Role
from accounts.models import User

EVERYONE = tuple(Role.values)


@dataclass(frozen=True)
class SettingsPage:
    """One line of « Réglages »: what it is called, where it stands, who may open it, what it is for."""

    label: str
    url_name: str
    description: str
    roles: tuple[str, ...] = ("admin",)
    position: int = 100
    section: str = "La maison"


@dataclass(frozen=True)
class InvitationWay:
    """A form that invites people of one role, for instance « Inviter un donneur d’ordre » in `markets`."""

    label: str
    url_name: str
    roles: tuple[str, ...] = ("admin",)


# The first sections of « Réglages »; the others follow by the position of their first page.
SECTIONS = ("Vous", "La maison")

_pages: dict[str, SettingsPage] = {}
_ways: dict[str, InvitationWay] = {}
_attachments: list[Callable[[Iterable[User]], dict[int, str]]] = []


def register_settings_page(page: SettingsPage) -> None:
    """Add a line to « Réglages »; the same url_name twice replaces the first."""
    _pages[page.url_name] = page


def settings_pages_of(user: User) -> list[SettingsPage]:
    """The lines that `user` may open, in order."""
    pages = [page for page in _pages.values() if user.role in page.roles]
    return sorted(pages, key=lambda page: (page.position, page.label))


def settings_sections_of(user: User) -> list[tuple[str, list[SettingsPage]]]:
    """The same lines by section."""
    pages = settings_pages_of(user)
    names = dict.fromkeys([*SECTIONS, *(page.section for page in pages)])
    sections = [(name, [page for page in pages if page.section == name]) for name in names]
    return [(name, found) for name, found in sections if found]


def register_invitation_way(way: InvitationWay) -> None:
    """Add a button above the list of accounts."""
    _ways[way.url_name] = way


def invitation_ways_of(user: User) -> list[InvitationWay]:
    return [way for way in _ways.values() if user.role in way.roles]


def register_attachment(attached: Callable[[Iterable[User]], dict[int, str]]) -> None:
    """Say what accounts belong to: a function from a page of users to {user pk: « Métropole …, direction … »}.

    It is called once per page, so that a list of fifty accounts costs one query more, not fifty.
    """
    if attached not in _attachments:
        _attachments.append(attached)


def attachments_of(users: Iterable[User]) -> dict[int, str]:
    """What each of these accounts is attached to; accounts of the house are in no entry."""
    users = list(users)
    found: dict[int, str] = {}
    for attached in _attachments:
        for pk, label in attached(users).items():
            found[pk] = f"{found[pk]}, {label}" if pk in found else label
    return found
