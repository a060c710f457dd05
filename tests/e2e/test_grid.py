"""The grid when things go wrong: two people at once, a session that ends, a browser without scripts, by the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.conf import settings
from playwright.sync_api import Page, expect

from accounts.enums import Role
from beneficiaries.models import HoursEntry
from tests.e2e.pages import Grid, sign_in
from tests.e2e.territory import PASSWORD, Territory
from tests.factories import AssignmentFactory, UserFactory


def hours_of(territory: Territory, name: str) -> list[Decimal]:
    entries = HoursEntry.objects.current().filter(
        assignment=territory.assignments[name], month=territory.month, kind="work"
    )
    return list(entries.values_list("hours", flat=True))


def test_the_second_of_two_people_on_a_cell_is_told_what_the_first_wrote(
    open_browser: Callable[..., Page], territory: Territory
) -> None:
    first = open_browser(territory.facilitator)
    second = open_browser(UserFactory(role=Role.FACILITATOR, first_name="Olga", last_name="Autre"))
    for page in (first, second):
        page.goto(territory.market_hours)
    Grid(first).cell("Arnaud").fill("120")
    first.keyboard.press("Enter")
    Grid(first).is_saved("Arnaud")

    theirs = Grid(second)
    theirs.cell("Arnaud").fill("130")
    second.keyboard.press("Enter")
    expect(theirs.error("Arnaud")).to_contain_text("Fanny Facile a saisi 120")
    expect(theirs.cell("Arnaud")).to_have_value("130")
    assert hours_of(territory, "Arnaud") == [Decimal(120)]

    # Knowing it, Enter on the same value is a decision.
    theirs.cell("Arnaud").focus()
    second.keyboard.press("Enter")
    theirs.is_saved("Arnaud")
    assert hours_of(territory, "Arnaud") == [Decimal(130)]


def test_a_cell_that_nobody_touched_is_no_conflict(
    open_browser: Callable[..., Page], territory: Territory
) -> None:
    first = open_browser(territory.facilitator)
    second = open_browser(UserFactory(role=Role.FACILITATOR, first_name="Olga", last_name="Autre"))
    for page in (first, second):
        page.goto(territory.market_hours)
    Grid(first).cell("Costa").fill("120")
    first.keyboard.press("Enter")
    Grid(first).is_saved("Costa")

    theirs = Grid(second)
    theirs.cell("Costa", "training").fill("7")
    second.keyboard.press("Enter")
    theirs.is_saved("Costa")
    # What the colleague wrote meanwhile comes with the answer.
    expect(theirs.cell("Costa")).to_have_value("120")
    assert hours_of(territory, "Costa") == [Decimal(120)]


def test_validating_line_after_line_keeps_the_keyboard_and_the_count(
    open_browser: Callable[..., Page], territory: Territory
) -> None:
    page = open_browser(territory.facilitator)
    page.goto(territory.market_hours)
    grid = Grid(page)
    for name in ("Arnaud", "Belkacem"):
        grid.cell(name).fill("100")
        page.keyboard.press("Enter")
        grid.is_saved(name)
        # What was not sent has no answer, and stays as it was.
        expect(grid.cell(name, "training")).to_have_value("")
    expect(page.locator("#grille-reste")).to_contain_text("2 lignes à valider")
    buttons = page.locator("button[name=valider]")
    buttons.first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#grille-reste")).to_contain_text("1 ligne à valider")
    expect(buttons).to_have_count(1)
    expect(buttons.first).to_be_focused()

    # A value pasted on what is validated changes nothing, and a blank leaves what stands there.
    grid.cell("Belkacem").focus()
    grid.paste("\n90")
    expect(grid.cell("Belkacem")).to_have_value("100")


def test_a_session_that_ends_while_typing_loses_nothing(
    open_browser: Callable[..., Page], territory: Territory, watch: Any
) -> None:
    watch.expect(403, "/heures/ligne/")
    page = open_browser(territory.facilitator)
    page.goto(territory.market_hours)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    grid = Grid(page)
    grid.cell("Arnaud").fill("101")
    page.keyboard.press("Enter")
    expect(grid.counted("Arnaud")).to_contain_text("Votre session a pris fin")
    expect(grid.cell("Arnaud")).to_have_value("101")
    grid.cell("Belkacem").fill("102")
    page.keyboard.press("Enter")
    expect(page.locator("#grille-en-attente")).to_contain_text("2 lignes ne sont pas enregistrées")

    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Se reconnecter dans un autre onglet").click()
    sign_in(opened.value, territory.facilitator.email, PASSWORD)
    opened.value.close()
    page.bring_to_front()
    # A headless browser gives its pages no change of visibility: say it, as the return to the tab would.
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    for name, hours in (("Arnaud", 101), ("Belkacem", 102)):
        grid.is_saved(name)
        assert hours_of(territory, name) == [Decimal(hours)]
    expect(page.locator("#grille-en-attente")).to_be_hidden()


def test_three_hundred_rows_are_one_post_without_scripts(
    open_browser: Callable[..., Page], territory: Territory, watch: Any
) -> None:
    for _ in range(294):
        AssignmentFactory(
            commitment=territory.commitment, starts_on=territory.month, placement__starts_on=territory.month
        )
    page = open_browser(territory.facilitator, javascript=False)
    page.goto(territory.market_hours)
    cells = page.locator(".hours-input[data-kind=work]")
    expect(cells).to_have_count(300)
    cells.evaluate_all("inputs => inputs.forEach(input => { input.value = '10,5'; })")
    cells.first.fill("beaucoup")
    watch.expect(422, f"/marches/{territory.market.pk}/heures/")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator("#notices")).to_contain_text("299 saisies enregistrées")
    expect(page.locator(".cell-error:not(:empty)")).to_have_count(1)
    expect(cells.first).to_have_value("beaucoup")

    # The session ends before the second sending: what was typed waits for the new one.
    cells.first.fill("8")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    watch.expect(403, f"/marches/{territory.market.pk}/heures/")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre session a pris fin")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Reconnectez-vous dans un autre onglet").click()
    sign_in(opened.value, territory.facilitator.email, PASSWORD)
    page.get_by_role("button", name="Envoyer de nouveau").click()
    # Without scripts the page's token is still that of before: it asks once more, and keeps everything.
    page.get_by_role("button", name="Envoyer de nouveau").click()
    expect(page.locator("#notices")).to_contain_text("1 saisie enregistrée")
    assert HoursEntry.objects.filter(month=territory.month).count() == 300


def test_a_column_longer_than_the_grid_says_what_it_left(
    open_browser: Callable[..., Page], territory: Territory
) -> None:
    page = open_browser(territory.facilitator)
    page.goto(territory.market_hours)
    grid = Grid(page)
    grid.cell("Evrard").focus()
    grid.paste("70\n80\n90\n100")
    grid.is_saved("Evrard")
    grid.is_saved("Faure")
    expect(page.locator("#grille-en-attente")).to_contain_text("2 valeurs collées n’ont pas trouvé de case")
    assert hours_of(territory, "Evrard") == [Decimal(70)] and hours_of(territory, "Faure") == [Decimal(80)]

    # Two columns at once, and Escape gives back what was saved.
    grid.cell("Costa").focus()
    grid.paste("50\t7\n60\t")
    grid.is_saved("Costa")
    grid.is_saved("Diallo")
    assert HoursEntry.objects.filter(kind="training").get().hours == 7
    grid.cell("Costa").focus()
    page.keyboard.type("99")
    page.keyboard.press("Escape")
    expect(grid.cell("Costa")).to_have_value("50")
