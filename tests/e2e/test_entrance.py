"""The doors: an invitation becomes an account, and the demonstration's picker opens in one click."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as project_settings
from django.core import mail
from django.urls import clear_url_caches, set_urlconf
from playwright.sync_api import Page, expect

import accounts.urls
from accounts import services
from accounts.enums import Role
from accounts.models import User
from tests.e2e.pages import sign_in
from tests.e2e.territory import Territory

CHOSEN = "un phare sous la neige 29"


def test_an_invitation_becomes_an_account(open_browser: Callable[..., Page], territory: Territory) -> None:
    admin = open_browser(territory.admin)
    admin.goto("/reglages/")
    admin.get_by_role("main").get_by_role("link", name="Comptes").click()
    admin.get_by_role("link", name=re.compile("Inviter")).first.click()
    admin.get_by_label("Adresse électronique").fill("nour@maison.example")
    admin.get_by_label("Prénom").fill("Nour")
    admin.get_by_label("Nom", exact=True).fill("Benali")
    admin.get_by_role("main").get_by_role("button").last.click()
    expect(admin.get_by_role("main")).to_contain_text("nour@maison.example")

    link = re.search(r"http://\S+/invitation/\S+", str(mail.outbox[-1].body))
    assert link, "the message holds the link"
    newcomer = open_browser()
    newcomer.goto(link[0])
    expect(newcomer).to_have_url(re.compile(r"/invitation/$"))
    newcomer.get_by_label("Mot de passe", exact=True).fill("court")
    newcomer.get_by_label("Mot de passe, à nouveau").fill("court")
    newcomer.get_by_role("button", name="Enregistrer et entrer").click()
    expect(newcomer.locator("[data-error-summary], .invalid-feedback, .field-error").first).to_be_visible()
    newcomer.get_by_label("Mot de passe", exact=True).fill(CHOSEN)
    newcomer.get_by_label("Mot de passe, à nouveau").fill(CHOSEN)
    newcomer.get_by_role("button", name="Enregistrer et entrer").click()
    expect(newcomer.get_by_role("heading", level=1)).to_have_text("Accueil")

    # The link is spent; the password opens.
    other = open_browser()
    sign_in(other, "nour@maison.example", CHOSEN)
    assert User.objects.get(email="nour@maison.example").is_facilitator


def test_a_spent_invitation_says_what_to_do(
    open_browser: Callable[..., Page], territory: Territory, watch: Any
) -> None:
    watch.expect(410, "/invitation/")
    page = open_browser()
    page.goto("/invitation/ce-n-est-pas-un-lien/")
    expect(page.get_by_role("main")).to_contain_text("Ce lien d’invitation n’est plus valable")


@pytest.fixture
def _demo(settings: Any) -> Iterator[None]:
    """The project with MAILLON_DEMO=1: the picker's address is decided when the addresses are read."""

    def read_again() -> None:
        importlib.reload(accounts.urls)
        importlib.reload(importlib.import_module(project_settings.ROOT_URLCONF))
        clear_url_caches()
        set_urlconf(None)

    settings.DEMO = True
    read_again()
    yield
    settings.DEMO = False
    read_again()


@pytest.mark.usefixtures("_demo")
def test_the_demonstration_opens_in_one_click(open_browser: Callable[..., Page]) -> None:
    services.ensure_demo_account(name="zoe", role=Role.FACILITATOR, first_name="Zoé", last_name="Démo")
    page = open_browser()
    page.goto("/")
    page.get_by_role("button", name="Zoé Démo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Accueil")
    expect(page.locator(".demo-strip")).to_contain_text("personnes et entreprises inventées")
