"""A published DECP file becomes markets: read first, loaded once it was seen what that does."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from playwright.sync_api import Page, expect

from markets.models import Market
from tests.e2e.territory import Territory

SAMPLE = settings.DEMO_DATA_DIR / "decp_sample.json"


def test_a_file_is_rehearsed_then_loaded(open_browser: Callable[..., Page], territory: Territory) -> None:
    page = open_browser(territory.facilitator)
    page.goto("/marches/decp/")

    # Not a DECP file: said beside the field, nothing lost.
    broken = {
        "name": "achats.json",
        "mimeType": "application/json",
        "buffer": b'{"marches": {"marche": [{"id"',
    }
    page.get_by_label("Fichier DECP (JSON ou XML)").set_input_files(broken)  # type: ignore[arg-type]
    page.get_by_role("button", name="Lire le fichier").click()
    expect(page.get_by_role("main")).to_contain_text("achats.json")
    page.get_by_role("link", name="Voir ce que contient le fichier").click()
    expect(page.locator(".notice-error")).to_be_visible()
    expect(page.get_by_role("button", name="Charger ces marchés")).to_have_count(0)
    assert Market.objects.count() == 1

    page.goto("/marches/decp/")
    page.get_by_label("Fichier DECP (JSON ou XML)").set_input_files(SAMPLE)
    page.get_by_role("button", name="Lire le fichier").click()
    page.get_by_role("link", name="Voir ce que contient le fichier").click(timeout=60_000)
    expect(page.get_by_role("main")).to_contain_text("Rien n’est encore écrit")
    assert Market.objects.count() == 1
    page.get_by_role("button", name="Charger ces marchés").click()
    page.get_by_role("link", name="Voir ce que contient le fichier").click(timeout=60_000)
    expect(page.get_by_role("main")).to_contain_text("Le fichier est chargé")
    assert Market.objects.count() > 1
    page.get_by_role("link", name="Voir les marchés").click()
    expect(page.locator(".grid-row, tbody tr").first).to_be_visible()
