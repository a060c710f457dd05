"""The path of the house, walked with three roles: from hours typed in the grid to the buyer's bilan in three files."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from playwright.sync_api import Page, expect
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from tests.e2e.pages import Grid, plain, sign_in
from tests.e2e.territory import PASSWORD, Territory


def key_figure(page: Page, label: str) -> str:
    item = page.locator(".key-figure", has=page.get_by_text(label, exact=True))
    return plain(item.locator(".key-value").inner_text())


def log_the_month(page: Page, territory: Territory) -> None:
    page.get_by_role("navigation", name="Principale").get_by_role("link", name="Marchés").click()
    page.get_by_role("link", name=territory.market.reference).click()
    page.get_by_role("link", name="Heures", exact=True).last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Jean-Macé")
    page.goto(territory.market_hours)
    grid = Grid(page)

    # Enter saves and goes down; arrows move without saving anything.
    grid.cell("Arnaud").focus()
    page.keyboard.type("148,5")
    page.keyboard.press("Enter")
    expect(grid.cell("Belkacem")).to_be_focused()
    grid.is_saved("Arnaud")
    expect(grid.counted("Arnaud")).to_contain_text("oui")
    expect(grid.state("Arnaud")).to_contain_text("brouillon")
    page.keyboard.press("ArrowDown")
    expect(grid.cell("Costa")).to_be_focused()
    page.keyboard.press("ArrowUp")

    # What can't be true is refused beside its cell, and what was typed stays.
    page.keyboard.type("412")
    page.keyboard.press("Tab")
    expect(grid.error("Belkacem")).to_contain_text("maximum légal")
    expect(grid.cell("Belkacem")).to_have_value("412")
    expect(grid.cell("Belkacem")).to_have_attribute("aria-invalid", "true")
    grid.cell("Belkacem").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("120")
    page.keyboard.press("Enter")
    grid.is_saved("Belkacem")
    expect(grid.error("Belkacem")).to_have_count(0)

    # A column copied from a spreadsheet, in its own ways of writing.
    expect(grid.cell("Costa")).to_be_focused()
    grid.paste("151,67\n90.00\n77h30\n")
    for name in ("Costa", "Diallo", "Evrard"):
        grid.is_saved(name)
        expect(grid.counted(name)).to_contain_text("oui")

    expect(grid.cell("Evrard")).to_have_value("77,5")
    expect(page.locator("tfoot")).to_contain_text("587,67 h comptées")

    # A person who was never validated: recorded, not counted, said so.
    grid.cell("Faure").focus()
    page.keyboard.type("60")
    page.keyboard.press("Enter")
    grid.is_saved("Faure")
    expect(grid.counted("Faure")).to_contain_text("non")
    expect(grid.counted("Faure")).to_contain_text("Aucune validation d’éligibilité")


def validate(page: Page) -> None:
    grid = Grid(page)
    grid.row("Arnaud").get_by_role("button", name="Valider").press("Enter")
    expect(grid.state("Arnaud")).to_contain_text("validé")
    expect(grid.cell("Arnaud")).to_have_count(0)
    expect(page.locator(".grid-commitment")).to_contain_text("248,5")

    page.get_by_role("button", name="Valider ce qui n’a pas d’anomalie").press("Enter")
    notices = page.locator("#notices")
    expect(notices).to_contain_text("4 lignes validées")
    expect(notices).to_contain_text("1 reste à regarder")
    expect(grid.state("Evrard")).to_contain_text("validé")
    expect(grid.state("Faure")).to_contain_text("brouillon")


def close_the_year(page: Page, territory: Territory) -> None:
    page.get_by_role("navigation", name="Principale").get_by_role("link", name="Réglages").click()
    page.get_by_role("link", name="Années closes").click()
    page.get_by_role("link", name=f"Clore {territory.year}").click()
    page.get_by_role("button", name=f"Clore {territory.year}").click()
    expect(page.get_by_role("main")).to_contain_text("close")


def publish_the_bilan(page: Page, territory: Territory) -> None:
    page.get_by_role("navigation", name="Principale").get_by_role("link", name="Bilans").click()
    page.get_by_role("link", name="Préparer un bilan").first.click()
    page.get_by_label("Donneur d’ordre").select_option(label=territory.buyer.name)
    page.get_by_label("Année").select_option(str(territory.year))
    page.get_by_role("button", name="Ouvrir le brouillon").click()

    page.get_by_role("link", name="L’essentiel").first.click()
    page.get_by_role("textbox").last.fill("Une année **pleine** : le chantier de l’école a porté les heures.")
    page.get_by_role("button", name="Voir l’aperçu").click()
    expect(page.locator("#apercu strong")).to_have_text("pleine")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator("#notices")).to_contain_text("est enregistré")

    page.get_by_role("button", name="Marquer comme relu").click()
    page.get_by_role("link", name="Publier").click()
    expect(page.get_by_role("main")).to_contain_text("arrêtés pour toujours")
    page.get_by_role("button", name="Publier le bilan").click()
    # The page of the job follows it by itself.
    page.get_by_role("link", name="Ouvrir le bilan").click(timeout=90_000)
    expect(page.get_by_role("main")).to_contain_text("publié")


def download(page: Page, what: str) -> bytes:
    with page.expect_download() as caught:
        page.get_by_role("link", name=what, exact=True).click()
    return Path(caught.value.path()).read_bytes()


def test_hours_typed_in_the_grid_become_the_buyers_bilan(
    open_browser: Callable[..., Page], territory: Territory
) -> None:
    buyer = open_browser()
    sign_in(buyer, territory.buyer_user.email, PASSWORD)
    years = buyer.get_by_role("navigation", name="Années", exact=True)
    years.get_by_role("link", name=str(territory.year), exact=True).click()
    assert key_figure(buyer, "heures d’insertion réalisées") == "100 h"
    assert key_figure(buyer, "personne") == "1"

    facilitator = open_browser()
    sign_in(facilitator, territory.facilitator.email, PASSWORD)
    log_the_month(facilitator, territory)
    buyer.reload()
    assert key_figure(buyer, "heures d’insertion réalisées") == "100 h", "drafts are not figures"
    validate(facilitator)

    # 100 + 148,5 + 120 + 151,67 + 90 + 77,5, and none of Faure's 60.
    buyer.reload()
    assert key_figure(buyer, "heures d’insertion réalisées") == "687,67 h"
    assert key_figure(buyer, "personnes") == "5"
    assert key_figure(buyer, "contrats de travail") == "5"
    assert "Faure" not in buyer.content() and "Arnaud" not in buyer.content()

    admin = open_browser()
    sign_in(admin, territory.admin.email, PASSWORD)
    close_the_year(admin, territory)
    publish_the_bilan(admin, territory)

    buyer.get_by_role("navigation", name="Principale").get_by_role("link", name="Bilans").click()
    buyer.get_by_role("link", name=territory.buyer.name).click()
    snapshot = json.loads(download(buyer, "Télécharger JSON"))
    figures = {key: snapshot["figures"][key] for key in ("hours", "people", "contracts")}
    assert {key: Decimal(value) for key, value in figures.items()} == {
        "hours": Decimal("687.67"),
        "people": Decimal(5),
        "contracts": Decimal(5),
    }
    book = CalamineWorkbook.from_filelike(io.BytesIO(download(buyer, "Télécharger XLSX")))
    lines = book.get_sheet_by_index(0).to_python()
    found = {str(line[1]): line[2] for line in lines if len(line) > 2}
    assert found["heures d’insertion réalisées"] == 687.67
    assert found["personnes, dont 5 nouvelles entrantes"] == 5
    assert found["contrats de travail, dont 5 démarrés dans l’année"] == 5
    pdf = PdfReader(io.BytesIO(download(buyer, "Télécharger PDF")))
    text = plain(" ".join(page.extract_text() for page in pdf.pages))
    assert "687,67 h" in text
    assert "Une année pleine" in text
    assert "Arnaud" not in text
