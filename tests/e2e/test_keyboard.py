"""The pages without a mouse: every stop of Tab is seen, in sight, and the keys of the help do what it says."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.territory import Territory

# What has the focus, and whether a ring or a border shows it.
FOCUSED = """() => {
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    const style = getComputedStyle(one), box = one.getBoundingClientRect();
    const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    const seen = ring || style.boxShadow !== "none";
    const at = `${one.tagName} ${one.textContent.trim().slice(0, 30)} ${one.name || one.href || ""}`;
    return {at, seen, inSight: box.bottom > 0 && box.top < innerHeight && box.width > 0};
}"""


def test_tab_goes_through_the_main_pages_in_sight(
    open_browser: Callable[..., Page], territory: Territory
) -> None:
    page = open_browser(territory.facilitator)
    for address in ("/", "/marches/", territory.market_hours, "/personnes/", "/personnes/nouvelle/"):
        page.goto(address)
        stops = []
        for _ in range(45):
            page.keyboard.press("Tab")
            stop = page.evaluate(FOCUSED)
            if stop is None:
                break
            stops.append(stop)
            assert stop["seen"], f"{address}: no visible focus on {stop['at']}"
            assert stop["inSight"], f"{address}: the focus is out of sight on {stop['at']}"
        assert len(stops) > 10


def test_the_keys_of_the_help_do_what_it_says(
    open_browser: Callable[..., Page], territory: Territory
) -> None:
    page = open_browser(territory.facilitator)
    page.goto("/marches/")
    # The first stop jumps over the menus.
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("/")
    # The search of the whole house, from any page.
    expect(page.locator("#recherche")).to_be_focused()
    page.keyboard.type("Jean-Macé")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q=Jean-Mac"))
    expect(page.get_by_role("main")).to_contain_text(territory.market.reference)
    page.locator("summary", has_text="Fanny").press("Enter")
    expect(page.get_by_role("button", name="Se déconnecter")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Se déconnecter")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", level=1)).to_have_text("Aide au clavier")


def test_a_form_refused_leads_to_its_first_error(
    open_browser: Callable[..., Page], territory: Territory
) -> None:
    page = open_browser(territory.facilitator)
    page.goto("/personnes/nouvelle/")
    page.get_by_label("Prénom").fill("Nadia")
    page.keyboard.press("Enter")
    summary = page.locator("[data-error-summary]")
    expect(summary).to_be_focused()
    summary.get_by_role("link").first.press("Enter")
    expect(page.locator(":focus")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Prénom")).to_have_value("Nadia")
