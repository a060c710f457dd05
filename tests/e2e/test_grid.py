"""The grid when things go wrong: two people at once, a session that ends, a browser without scripts, by the keyboard."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.conf import settings
from playwright.sync_api import Page, expect

from accounts.enums import Role
from beneficiaries.models import HoursEntry, SettledAnomaly
from beneficiaries.services.counting import recount_people
from tests.e2e.pages import Grid, sign_in
from tests.e2e.territory import PASSWORD, Territory
from tests.factories import AssignmentFactory, HoursEntryFactory, UserFactory


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


def previous_month(territory: Territory) -> Any:
    return (territory.month.replace(day=1) - dt.timedelta(days=1)).replace(day=1)


def test_filling_down_pasting_and_undoing_are_saved_without_leaving_the_page(
    open_browser: Callable[..., Page], territory: Territory
) -> None:
    page = open_browser(territory.facilitator)
    page.goto(territory.market_hours)
    # A full reload would lose it.
    page.evaluate("window.stayed = true")
    grid = Grid(page)
    grid.cell("Arnaud").fill("120")
    page.keyboard.press("Enter")
    grid.is_saved("Arnaud")
    # Enter went down to Belkacem: Ctrl+D takes what is above and goes on.
    page.keyboard.press("Control+d")
    expect(grid.cell("Costa")).to_be_focused()
    page.keyboard.press("Control+d")
    grid.is_saved("Belkacem")
    grid.is_saved("Costa")
    for name in ("Belkacem", "Costa"):
        assert hours_of(territory, name) == [Decimal(120)]

    # Everything that is empty below, in one gesture, and back again.
    grid.cell("Costa").focus()
    page.get_by_role("button", name="Recopier vers le bas").click()
    for name in ("Diallo", "Evrard", "Faure"):
        grid.is_saved(name)
    assert [hours_of(territory, name) for name in ("Diallo", "Evrard", "Faure")] == [[Decimal(120)]] * 3
    grid.cell("Arnaud").focus()
    page.keyboard.press("Control+z")
    for name in ("Diallo", "Evrard", "Faure"):
        expect(grid.cell(name)).to_have_value("")
        expect(grid.state(name)).to_contain_text("non saisi")
    assert hours_of(territory, "Diallo") == []
    # Three more: Costa, Belkacem, and Arnaud's own 120.
    for _ in range(3):
        page.keyboard.press("Control+z")
    for name in ("Arnaud", "Belkacem", "Costa"):
        expect(grid.state(name)).to_contain_text("non saisi")
    assert HoursEntry.objects.filter(month=territory.month).count() == 0
    page.keyboard.press("Control+y")
    expect(grid.state("Arnaud")).to_contain_text("brouillon")
    assert hours_of(territory, "Arnaud") == [Decimal(120)]
    assert page.evaluate("window.stayed") is True


def test_the_month_before_and_the_contract_fill_what_is_empty(
    open_browser: Callable[..., Page], territory: Territory
) -> None:
    for name, hours in (("Arnaud", 130), ("Belkacem", 90)):
        HoursEntryFactory(
            assignment=territory.assignments[name],
            month=previous_month(territory),
            hours=Decimal(hours),
            counted=True,
        )
    page = open_browser(territory.facilitator)
    page.goto(territory.market_hours)
    grid = Grid(page)
    # Belkacem alone, by one key; then all those that the month before knows.
    grid.cell("Belkacem").focus()
    page.keyboard.press("p")
    grid.is_saved("Belkacem")
    expect(grid.cell("Costa")).to_be_focused()
    page.get_by_role("button", name="Reprendre le mois précédent").click()
    grid.is_saved("Arnaud")
    assert hours_of(territory, "Arnaud") == [Decimal(130)] and hours_of(territory, "Belkacem") == [
        Decimal(90)
    ]
    # 35 h a week: 151.67 h in grey, taken by the space bar, for one then for all.
    expect(grid.cell("Costa")).to_have_attribute("placeholder", "151,67")
    grid.cell("Costa").focus()
    page.keyboard.press("Space")
    grid.is_saved("Costa")
    expect(grid.cell("Costa")).to_have_value("151,67")
    page.get_by_role("button", name="Accepter les propositions").click()
    grid.is_saved("Faure")
    assert hours_of(territory, "Costa") == hours_of(territory, "Faure") == [Decimal("151.67")]
    expect(page.locator("#grille-reste")).to_contain_text("6 lignes à valider")


def test_one_key_validates_a_line_and_goes_on_to_the_next_that_needs_a_look(
    open_browser: Callable[..., Page], territory: Territory
) -> None:
    for name, hours in (("Arnaud", 100), ("Costa", 110), ("Faure", 120)):
        HoursEntryFactory(assignment=territory.assignments[name], month=territory.month, hours=Decimal(hours))
    people = [row.placement.beneficiary_id for row in territory.assignments.values()]
    recount_people(people, user=None, reason="")
    page = open_browser(territory.facilitator)
    page.goto(territory.market_hours)
    grid = Grid(page)
    # All that has no anomaly goes by one gesture; Faure was never validated and stays, told why.
    page.get_by_role("button", name="Valider ce qui n’a pas d’anomalie").click()
    expect(page.locator("#notices")).to_contain_text("2 lignes validées")
    expect(grid.counted("Faure")).to_contain_text("Aucune validation")
    # The lines without hours are next; V types nothing where there is nothing to validate.
    page.get_by_role("button", name="Suivant à vérifier").click()
    expect(grid.cell("Belkacem")).to_be_focused()
    page.keyboard.type("90")
    page.keyboard.press("v")
    expect(grid.cell("Diallo")).to_be_focused()
    expect(grid.state("Belkacem")).to_contain_text("validé")
    assert hours_of(territory, "Belkacem") == [Decimal(90)]
    page.keyboard.press("s")
    expect(grid.cell("Evrard")).to_be_focused()
    page.keyboard.press("s")
    expect(grid.cell("Faure")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(grid.state("Faure")).to_contain_text("validé")
    expect(grid.cell("Diallo")).to_be_focused()
    states = HoursEntry.objects.filter(month=territory.month).values_list("state", flat=True)
    assert list(states) == ["validated"] * 4


def test_an_anomaly_is_settled_by_one_key_and_the_next_line_is_ready(
    open_browser: Callable[..., Page], territory: Territory
) -> None:
    before = previous_month(territory)
    for name in ("Arnaud", "Belkacem"):
        for month, hours in ((before, 140), (territory.month, 30)):
            HoursEntryFactory(assignment=territory.assignments[name], month=month, hours=Decimal(hours))
    people = [row.placement.beneficiary_id for row in territory.assignments.values()]
    recount_people(people, user=None, reason="")
    page = open_browser(territory.facilitator)
    page.goto(f"/heures/a-verifier/?mois={territory.month:%Y-%m}")
    expect(page.get_by_role("heading", name="Variation soudaine")).to_be_visible()
    page.get_by_label("Motif gardé avec").fill("Arrêt de travail")
    buttons = page.locator("section", has_text="Variation soudaine").get_by_role("button", name="C’est exact")
    buttons.first.focus()
    page.keyboard.press("Enter")
    expect(buttons).to_have_count(1)
    expect(buttons.first).to_be_focused()
    page.keyboard.press("Enter")
    expect(buttons).to_have_count(0)
    assert set(SettledAnomaly.objects.values_list("reason", flat=True)) == {"Arrêt de travail"}
