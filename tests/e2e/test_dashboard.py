"""A buyer reads its dashboard: without a mouse, on a phone, on paper; axe finds nothing in any of its modes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NARROW
from tests.e2e.territory import Territory
from tests.factories import BuyerMembershipFactory, HoursEntryFactory, eligible_assignment

MODES = ("", "?comparer=3", "?de=01/2026&a=02/2026", "?volet=achats", "?annee=abcd")


@pytest.fixture
def dashboard(territory: Territory) -> tuple[object, str]:
    """The account of a buyer that has hours, and the address of its dashboard."""
    market = territory.market
    commitment = market.commitments.order_by("pk").first()
    HoursEntryFactory(assignment=eligible_assignment(commitment=commitment), hours=70, counted=True)
    user = BuyerMembershipFactory(buyer=market.buyer).user
    return user, f"/acheteurs/{market.buyer_id}/tableau-de-bord/"


def test_a_chart_is_read_with_the_keyboard(
    open_browser: Callable[..., Page], dashboard: tuple[object, str]
) -> None:
    user, address = dashboard
    page = open_browser(user)
    page.goto(f"{address}?annee=2025")
    bar = page.locator("#entreprises .chart-item").first
    tip = page.locator("#entreprises .chart-tip").first
    expect(tip).to_be_hidden()
    bar.focus()
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("70")
    expect(bar).to_have_attribute("aria-label", tip.text_content() or "")
    page.keyboard.press("Tab")
    expect(tip).to_be_hidden()
    bar.hover()
    expect(tip).to_be_visible()
    # On paper the drawing says its values by itself, and what is asked for is not printed.
    page.emulate_media(media="print")
    expect(tip).to_be_hidden()
    expect(page.locator(".dashboard-filters")).to_be_hidden()
    expect(page.get_by_text("Chiffres du").first).to_be_visible()


def test_axe_finds_nothing_in_any_mode_and_a_phone_shows_it(
    open_browser: Callable[..., Page], dashboard: tuple[object, str]
) -> None:
    user, address = dashboard
    page, phone = open_browser(user), open_browser(user, size=NARROW)
    for mode in MODES:
        page.goto(address + mode)
        page.wait_for_load_state("networkidle")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{mode}\n{found.generate_report()}"
        phone.goto(address + mode)
        assert phone.evaluate("document.documentElement.scrollWidth") <= NARROW[0], mode
