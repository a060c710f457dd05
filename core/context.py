"""What every page needs around its content: places, account links, demo flag, version."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, get_urlconf, resolve, reverse

from core.access import ADMIN, BUYER, COMPANY, EVERYONE, HOUSE
from core.registry import sections_by_place


@dataclass(frozen=True)
class Link:
    """An entry of a menu."""

    label: str
    url: str
    active: bool = False


@dataclass(frozen=True)
class Place:
    """One of the places of `interface.md`: who may open it, where it leads, which addresses belong to it.

    It leads to the first of its pages that lets the role in.
    """

    key: str
    label: str
    roles: tuple[str, ...]
    url_names: tuple[str, ...]
    prefixes: tuple[str, ...] = ()

    def url_for(self, role: str) -> str:
        if role not in self.roles:
            return ""
        for url_name in self.url_names:
            roles = open_to(url_name)
            if (roles is None or role in roles) and address(url_name):
                return address(url_name)
        return ""


PLACES = (
    Place("home", "Accueil", EVERYONE, ("home",), ("/tableau-de-bord/",)),
    Place("markets", "Marchés", EVERYONE, ("market_list",), ("/marches/", "/acheteurs/")),
    Place(
        "companies",
        "Entreprises et partenaires",
        HOUSE,
        ("company_list",),
        ("/entreprises/",),
    ),
    Place(
        "people",
        "Personnes",
        (*HOUSE, COMPANY),
        ("beneficiary_list", "employee_list"),
        ("/personnes/", "/prescripteurs/"),
    ),
    Place("hours", "Heures", (*HOUSE, COMPANY), ("hours", "company_declaration_list"), ("/heures/",)),
    Place("bilans", "Bilans", (*HOUSE, BUYER), ("bilan_list",), ("/bilans/",)),
    Place("settings", "Réglages", EVERYONE, ("settings", "account"), ("/reglages/", "/mon-compte/")),
)
ACCOUNT = (
    ("Mon compte", "account"),
    ("Mot de passe", "account_change_password"),
    ("Aide au clavier", "keyboard_help"),
)
FOOTER = (
    ("Mentions légales", "legal_notice"),
    ("Données personnelles", "privacy"),
    ("Accessibilité\u202f: non conforme", "accessibility"),
    ("Aide au clavier", "keyboard_help"),
)


def address(url_name: str) -> str:
    """The address of a page without arguments, or nothing where no room offers it."""
    return _found(url_name, get_urlconf() or settings.ROOT_URLCONF)[0]


def open_to(url_name: str) -> tuple[str, ...] | None:
    """The roles that the page lets in, as its view says them; None where it says nothing."""
    return _found(url_name, get_urlconf() or settings.ROOT_URLCONF)[1]


@lru_cache(maxsize=256)
def _found(url_name: str, urlconf: str) -> tuple[str, tuple[str, ...] | None]:
    try:
        url = reverse(url_name, urlconf=urlconf)
    except NoReverseMatch:
        return "", None
    return url, getattr(resolve(url, urlconf).func, "roles", None)


class Page:
    """Worked out only when a template asks: a fragment for htmx pays nothing."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def demo(self) -> bool:
        return settings.DEMO

    @property
    def version(self) -> str:
        return settings.SOFTWARE_VERSION

    @cached_property
    def places(self) -> list[Link]:
        user = getattr(self._request, "user", None)
        if user is None or not user.is_authenticated:
            return []
        found = [(place, place.url_for(user.role)) for place in PLACES]
        return [Link(place.label, url, self._is_here(place, url)) for place, url in found if url]

    def _is_here(self, place: Place, url: str) -> bool:
        # A view whose address does not tell its place says it: `request.place = "markets"`.
        told = getattr(self._request, "place", None)
        if told:
            return told == place.key
        path = self._request.path
        return path == url or (url != "/" and path.startswith((url, *place.prefixes)))

    @cached_property
    def sections(self) -> list[Link]:
        """The lists and boards of the place, when the page is one of them; those that the role may open."""
        user = getattr(self._request, "user", None)
        if user is None or not user.is_authenticated:
            return []
        for entries in sections_by_place().values():
            if all(address(entry.url_name) != self._request.path for entry in entries):
                continue
            found = [(entry.label, address(entry.url_name), open_to(entry.url_name)) for entry in entries]
            links = [
                Link(label, url, url == self._request.path)
                for label, url, roles in found
                if url and (roles is None or user.role in roles)
            ]
            return links if len(links) > 1 else []
        return []

    @cached_property
    def account_links(self) -> list[Link]:
        return self._links(ACCOUNT)

    @cached_property
    def footer_links(self) -> list[Link]:
        return self._links(FOOTER)

    @cached_property
    def search_url(self) -> str:
        return address("search")

    @cached_property
    def keyboard_help_url(self) -> str:
        return address("keyboard_help")

    @cached_property
    def home_url(self) -> str:
        return address("home") or "/"

    @cached_property
    def sign_in_url(self) -> str:
        url = address("account_login")
        return "" if url == self._request.path else url

    @cached_property
    def sign_out_url(self) -> str:
        return address("account_logout")

    @cached_property
    def messages_url(self) -> str:
        user = getattr(self._request, "user", None)
        may_open = user is not None and user.is_authenticated and user.role == ADMIN
        return address("message_list") if self.demo and may_open else ""

    def _links(self, entries: tuple[tuple[str, str], ...]) -> list[Link]:
        found = [(label, address(url_name)) for label, url_name in entries]
        return [Link(label, url, url == self._request.path) for label, url in found if url]


def page(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `site` in every template (`page` is left to paginators)."""
    return {"site": Page(request)}
