"""What every page needs around its content: places, account links, demo flag, version."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

FACILITATOR, ADMIN, BUYER, COMPANY = "facilitator", "admin", "buyer", "company"
HOUSE = (FACILITATOR, ADMIN)


@dataclass(frozen=True)
class Link:
    """An entry of a menu."""

    label: str
    url: str
    active: bool = False


@dataclass(frozen=True)
class Place:
    """One of the places of `interface.md`: who may open it, where it leads, which addresses belong to it."""

    key: str
    label: str
    roles: tuple[str, ...]
    url_name: str
    prefixes: tuple[str, ...] = ()


PLACES = (
    Place("home", "Accueil", (FACILITATOR, ADMIN, BUYER, COMPANY), "home"),
    Place(
        "markets",
        "Marchés",
        (FACILITATOR, ADMIN, BUYER, COMPANY),
        "market_list",
        ("/marches/", "/acheteurs/"),
    ),
    Place(
        "companies", "Entreprises et partenaires", HOUSE, "company_list", ("/entreprises/", "/prescripteurs/")
    ),
    Place("people", "Personnes", (FACILITATOR, ADMIN, COMPANY), "beneficiary_list", ("/personnes/",)),
    Place("hours", "Heures", (FACILITATOR, ADMIN, COMPANY), "hours_grid", ("/heures/",)),
    Place("bilans", "Bilans", (FACILITATOR, ADMIN, BUYER), "bilan_list", ("/bilans/",)),
    Place("settings", "Réglages", (FACILITATOR, ADMIN, BUYER, COMPANY), "settings", ("/reglages/", "/mon-compte/")),
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
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


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
        found = [(place, address(place.url_name)) for place in PLACES if user.role in place.roles]
        return [Link(place.label, url, self._is_here(place, url)) for place, url in found if url]

    def _is_here(self, place: Place, url: str) -> bool:
        # A view whose address does not tell its place says it: `request.place = "markets"`.
        told = getattr(self._request, "place", None)
        if told:
            return told == place.key
        path = self._request.path
        return path == url or (url != "/" and path.startswith((url, *place.prefixes)))

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
        return address("account_login")

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
