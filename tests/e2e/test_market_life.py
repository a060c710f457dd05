"""One real market, from the buyer's list of purchases to the day it is closed with its two invoices issued.

Its facts are a line published in the données essentielles of 2024; what the line does not say (hours, people) is invented.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from accounts.enums import Role
from accounts.models import User
from clauses.models import Commitment
from core.dates import add_months
from core.models import Message
from markets.models import Buyer, Company
from tests.e2e.pages import Grid, plain, sign_in
from tests.e2e.territory import PASSWORD, Territory
from tests.factories import (
    BeneficiaryFactory,
    BuyerFactory,
    BuyerMembershipFactory,
    CompanyFactory,
    CompanyMembershipFactory,
    ContactFactory,
    CpvCodeFactory,
    LabourShareFactory,
    ResponsibilityFactory,
    UserFactory,
    eligible_assignment,
)

LINES = Path(__file__).parents[3] / "shared/data/decp/2024_travaux_aura.csv"
UID = "3998983450001820230418002"
# Its CPV label with its reference: the published line has no object.
OBJECT = "Travaux de construction de bâtiments (20230418002)"
PAPER = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


@dataclass(frozen=True)
class Life:
    """The line as it was published, its buyer, its holder, and the accounts that carry it through."""

    line: dict[str, str]
    facilitator: User
    admin: User
    buyer_user: User
    company_user: User
    buyer: Buyer
    holder: Company


def make_life(territory: Territory) -> Life:
    with LINES.open(encoding="utf-8", newline="") as file:
        line = next(row for row in csv.DictReader(file) if row["uid"] == UID)
    buyer = BuyerFactory(
        name="Grandlyon Habitat",
        identifier=line["acheteur_id"],
        kind="social_landlord",
        address="2 place de Francfort\n69003 Lyon",
    )
    ResponsibilityFactory(market=None, buyer=buyer, facilitator=territory.facilitator)
    buyer_user = _account("odile@habitat.example", Role.BUYER, "Odile", "Bailleuse")
    BuyerMembershipFactory(user=buyer_user, buyer=buyer)
    ContactFactory(buyer=buyer, name="Odile Bailleuse", email=buyer_user.email)
    holder = CompanyFactory(name="SAS Denis Deverchère", identifier=line["titulaire_id"])
    company_user = _account("denis@deverchere.example", Role.COMPANY, "Denis", "Plâtrier")
    CompanyMembershipFactory(user=company_user, company=holder)
    CpvCodeFactory()
    CpvCodeFactory(code=line["codeCPV"], label="Travaux de construction de bâtiments")
    LabourShareFactory(label="plâtrerie", share=Decimal(50))
    return Life(line, territory.facilitator, territory.admin, buyer_user, company_user, buyer, holder)


def _account(email: str, role: str, first_name: str, last_name: str) -> User:
    user = UserFactory.build(email=email, role=role, first_name=first_name, last_name=last_name)
    user.set_password(PASSWORD)
    user.save()
    return user


# --- Gestures -------------------------------------------------------------------------------------------------


def tab(page: Page, name: str) -> None:
    """A tab of the file that is open."""
    page.get_by_role("navigation", name="Rubriques").get_by_role("link", name=name, exact=True).click()


def section(page: Page, name: str) -> None:
    """A list among those of « Marchés »."""
    page.get_by_role("navigation", name="Principale").get_by_role("link", name="Marchés").click()
    expect(page).to_have_url(re.compile(r"/marches/(\?.*)?$"))
    tab(page, name)


def told(page: Page, words: str) -> None:
    expect(page.locator("#notices")).to_contain_text(words)


def main(page: Page) -> Locator:
    return page.get_by_role("main")


def press(page: Page, name: str) -> None:
    """A button of the page's own part, by its first words."""
    main(page).get_by_role("button", name=re.compile(f"^{re.escape(name)}")).first.click()


def follow(page: Page, name: str) -> None:
    """A link of the page's own part, by its first words: never the button of the same words on the next page."""
    main(page).get_by_role("link", name=re.compile(f"^{re.escape(name)}")).first.click()


def open_market(page: Page) -> None:
    page.get_by_role("navigation", name="Principale").get_by_role("link", name="Marchés").click()
    expect(page).to_have_url(re.compile(r"/marches/(\?.*)?$"))
    main(page).get_by_role("link", name=re.compile("20230418002")).first.click()


def paper(name: str) -> Any:
    return {"name": name, "mimeType": "application/pdf", "buffer": PAPER}


def download(page: Page, what: str) -> str:
    """The text of a PDF behind a link."""
    with page.expect_download() as caught:
        main(page).get_by_role("link", name=what, exact=True).click()
    pdf = PdfReader(io.BytesIO(Path(caught.value.path()).read_bytes()))
    return plain(" ".join(sheet.extract_text() for sheet in pdf.pages))


# --- Before the market ----------------------------------------------------------------------------------------


def say_who_invoices(page: Page) -> None:
    """What an invoice must say of the house."""
    page.get_by_role("navigation", name="Principale").get_by_role("link", name="Réglages").click()
    page.get_by_role("link", name="La maison").click()
    page.get_by_label("Adresse (facultatif)").fill("1 rue de l’Exemple\n69000 Lyon")
    page.get_by_label("IBAN").fill("FR76 3000 6000 0112 3456 7890 189")
    page.get_by_label("Mention quand la TVA").fill("TVA non applicable, article 293 B du CGI")
    page.get_by_role("button", name="Enregistrer").click()
    told(page, "enregistré")


def write_the_agreement(page: Page, life: Life) -> None:
    section(page, "Donneurs d’ordre")
    page.get_by_role("link", name=life.buyer.name).click()
    tab(page, "Convention")
    page.get_by_role("link", name="Inscrire la convention").click()
    page.get_by_label("Référence").fill("CONV-2024-07")
    page.get_by_label("Signée le").fill("15/12/2023")
    page.get_by_label("Prend effet le").fill("01/01/2024")
    page.get_by_label("Prend fin le").fill(f"31/12/{timezone.localdate().year + 1}")
    page.get_by_label("Référent·e du donneur d’ordre").select_option(label="Odile Bailleuse")
    page.get_by_label("Référent·e de la maison").select_option(label="Fanny Facile")
    page.get_by_role("button", name="Enregistrer").click()
    expect(main(page)).to_contain_text("en vigueur")


def load_the_list(page: Page, life: Life) -> None:
    """The published line as the one line of the buyer's list."""
    kept = ("id", "type", "codeCPV", "acheteur_id", "montant", "dateNotification", "procedure", "dureeMois")
    lines = [";".join(kept), ";".join(life.line[name] for name in kept)]
    section(page, "Achats prévus")
    page.get_by_role("link", name="Charger une liste").click()
    page.get_by_label("Donneur d’ordre").select_option(label=life.buyer.name)
    page.get_by_label("Année de programmation").fill("2024")
    page.get_by_label("Liste des achats").set_input_files(
        {"name": "achats-2024.csv", "mimeType": "text/csv", "buffer": "\r\n".join(lines).encode()}
    )
    page.get_by_role("button", name="Lire le fichier").click()

    # Every column is known by its title; only the price of a mistake is looked at again.
    expect(page.get_by_label("Montant prévu hors taxes")).to_have_value("4")
    expect(page.get_by_label("Donneur d’ordre, pour vérifier")).to_have_value("3")
    press(page, "Voir l’aperçu")
    expect(main(page)).to_contain_text("1 achat à ajouter")
    expect(main(page)).to_contain_text("596 582,70 €")
    press(page, "Charger la liste")
    follow(page, "Voir les achats prévus")
    main(page).get_by_role("link", name=OBJECT).click()


def target(page: Page) -> None:
    """Whether it is concerned, who could answer, and what is decided."""
    expect(main(page)).to_contain_text("avant l’entrée en vigueur de l’obligation, le 22/08/2026")
    expect(main(page)).to_contain_text("Pas de clause à ce stade")
    follow(page, "Noter la décision")
    page.get_by_label("retenu").check()
    page.get_by_label("Motif").fill("Second œuvre sur plus d’un an")
    page.get_by_label("Décidé le").fill("12/01/2024")
    press(page, "Enregistrer")
    told(page, "Le ciblage est enregistré")


def ask_for_advice(page: Page) -> None:
    """The saisine, under the buyer's account."""
    section(page, "Achats prévus")
    main(page).get_by_role("link", name=OBJECT).click()
    follow(page, "Demander l’avis de la maison")
    press(page, "Saisir la maison")
    told(page, "La maison est saisie")


def recommend(page: Page) -> None:
    section(page, "Achats prévus")
    main(page).get_by_role("link", name=OBJECT).click()
    tab(page, "Préconisation")
    follow(page, "Préparer une préconisation")
    press(page, "Commencer le chiffrage")
    # The values of the trade come by script: it has run when the page is loaded.
    expect(page.get_by_role("heading", level=1)).to_have_text("Chiffrage de la préconisation")
    page.wait_for_load_state()
    page.get_by_label("Métier, lot 1").select_option(label="plâtrerie")
    expect(page.get_by_label("Part de main d’œuvre")).to_have_value("50")
    page.get_by_label("Coût horaire").fill("30")
    page.get_by_label("Taux d’effort").fill("8")
    # 596 582,70 × 50 % = 298 291,35 €; ÷ 30 = 9 943,045 h; × 8 % = 795,44 h, of which the whole hours.
    page.get_by_label("Taux d’effort").press("Tab")
    expect(main(page)).to_contain_text("596 582,70 € × 50 % ÷ 30 €/h × 8 % = 795 h")
    main(page).get_by_role("button", name="Enregistrer", exact=True).click()
    told(page, "La préconisation est enregistrée")
    expect(main(page)).to_contain_text("795 h au moins")
    follow(page, "Envoyer")
    page.get_by_label("Odile Bailleuse").check()
    press(page, "Envoyer")
    told(page, "réponse du donneur d’ordre est attendue")
    sent = Message.objects.get(subject__startswith="Préconisation")
    assert sent.recipients == ["odile@habitat.example"] and "795" in sent.body


def accept(page: Page) -> None:
    """From what waits on the buyer's first page to its answer."""
    page.goto("/")
    main(page).get_by_role("link", name="demande attend votre réponse").click()
    follow(page, "Répondre à la préconisation")
    main(page).get_by_role("link", name="Répondre", exact=True).click()
    page.get_by_label("Accepter un scénario").check()
    main(page).get_by_role("button", name="Répondre").click()
    told(page, "La réponse est enregistrée")


# --- The market -----------------------------------------------------------------------------------------------


def start_the_market(page: Page, life: Life) -> None:
    section(page, "Achats prévus")
    main(page).get_by_role("link", name=OBJECT).click()
    follow(page, "Passer le marché")
    press(page, "Passer le marché")
    # What the buyer accepted says which clause it bears.
    expect(main(page)).to_contain_text("reprendre dans le marché la préconisation acceptée")
    main(page).get_by_role("link", name="Reprendre", exact=True).click()
    press(page, "Écrire les clauses")
    told(page, "Les clauses sont écrites")
    expect(main(page)).to_contain_text("Minimum 795 h")

    tab(page, "Synthèse")
    follow(page, "Modifier")
    notified = dt.date.fromisoformat(life.line["dateNotification"])
    page.get_by_label("Notifié le").fill(f"{notified:%d/%m/%Y}")
    page.get_by_label("Fin prévue").fill(f"{add_months(notified, int(life.line['dureeMois'])):%d/%m/%Y}")
    press(page, "Enregistrer")
    expect(main(page)).to_contain_text("10/12/2025")


def compare_the_bids(page: Page, life: Life) -> None:
    tab(page, "Préparation")
    follow(page, "Analyser")
    press(page, "Ouvrir la grille")
    page.get_by_label("Poids de l’insertion").fill("10")
    press(page, "Enregistrer")
    bids: tuple[tuple[str, str, str, tuple[int, ...]], ...] = (
        ("Cloisons du Rhône", "", "900", (5, 8, 5, 6)),
        (life.holder.name, life.holder.identifier, "950", (8, 7, 6, 9)),
    )
    for bidder, company, hours, points in bids:
        follow(page, "Ajouter une offre")
        page.get_by_label("Soumissionnaire").fill(bidder)
        page.get_by_label("Sa fiche d’entreprise").fill(company)
        page.get_by_label("Heures proposées").fill(hours)
        for field, given in zip(page.get_by_label(": points").all(), points, strict=True):
            field.fill(str(given))
        press(page, "Enregistrer")
    # 8 × 30 % + 7 × 25 % + 6 × 20 % + 9 × 25 % = 7,6 out of 10; the other 5, 8, 5, 6 = 6.
    note = main(page).get_by_role("row").filter(has_text="Note sur 100")
    expect(note.get_by_role("cell")).to_have_text(["100", "76", "60"])
    follow(page, "Clore l’analyse")
    page.get_by_label("Conclusion").fill("L’offre la mieux accompagnée.")
    press(page, "Clore l’analyse")
    expect(main(page)).to_contain_text("analyse close")


def award(page: Page) -> None:
    follow(page, "Attribuer")
    expect(page.get_by_label("heures du minimum")).to_have_value("795")
    expect(page.get_by_label("Heures offertes au-dessus du minimum")).to_have_value("155")
    press(page, "Enregistrer l’attribution")
    told(page, "L’attribution est enregistrée")
    row = main(page).get_by_role("row").filter(has_text="Deverchère")
    expect(row).to_contain_text("950")


def give_the_papers(page: Page) -> None:
    """The buyer sends the acte d'engagement that its market waits for."""
    open_market(page)
    tab(page, "Préparation")
    follow(page, "Voir les pièces du marché")
    follow(page, "Déposer : acte d’engagement")
    page.get_by_label("Fichier").set_input_files(paper("acte-engagement.pdf"))
    press(page, "Enregistrer")
    expect(main(page).get_by_role("row").filter(has_text="acte d’engagement")).to_contain_text("reçue")


def hold_the_meetings(page: Page) -> None:
    """The launch with the buyer is given a date, then told; the kick-off with the holder is told."""
    open_market(page)
    tab(page, "Journal")
    follow(page, "Réunion de lancement")
    follow(page, "Fixer la date")
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    page.get_by_label("Jour", exact=True).fill(f"{tomorrow:%d/%m/%Y}")
    page.get_by_label("Heure", exact=True).fill("9h30")
    page.get_by_label("Lieu").fill("Salle des marchés")
    press(page, "Enregistrer")
    expect(main(page)).to_contain_text("Salle des marchés")
    follow(page, "Noter le compte rendu")
    page.get_by_label("Compte rendu").fill("Engagement de 950 h présenté au titulaire.")
    press(page, "Enregistrer")
    told(page, "la réunion est close")
    open_market(page)
    tab(page, "Journal")
    follow(page, "Mise au point")
    follow(page, "Noter le compte rendu")
    page.get_by_label("Compte rendu").fill("Tutorat et calendrier des entrées arrêtés.")
    press(page, "Enregistrer")
    told(page, "la réunion est close")
    open_market(page)
    tab(page, "Journal")
    expect(main(page)).to_contain_text("2 échanges")


# --- Its fees -------------------------------------------------------------------------------------------------


def open_fees(page: Page) -> None:
    open_market(page)
    tab(page, "Facturation")


def quote_and_first_half(page: Page) -> None:
    open_fees(page)
    follow(page, "Préparer un devis")
    page.get_by_label("Montant hors taxes").fill("2 001,01 €")
    press(page, "Enregistrer le brouillon")
    follow(page, "Envoyer")
    press(page, "Numéroter et envoyer")
    told(page, "Le devis est numéroté")
    follow(page, "Noter la réponse")
    page.get_by_label("Accepté").check()
    page.get_by_label("Code service Chorus Pro").fill("DIR-TRAVAUX")
    page.get_by_label("Numéro d’engagement").fill("EJ-4471")
    press(page, "Enregistrer la réponse")
    follow(page, "Noter le calibrage")
    press(page, "Noter le calibrage")
    year = timezone.localdate().year
    follow(page, "Voir la facture")
    follow(page, "Émettre")
    press(page, "Numéroter et émettre")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Facture F{year}-0001")
    text = download(page, "Télécharger le PDF")
    # Half of 2 001,01 € is 1 000,505 €: the first half takes the cent that the second one leaves.
    for words in (f"F{year}-0001", "1 000,51 €", "Grandlyon Habitat", "EJ-4471", "DIR-TRAVAUX"):
        assert words in text, words


def second_half(page: Page) -> None:
    """Closing has made it ready; with the first one it makes the whole of the quote."""
    open_fees(page)
    expect(main(page)).to_contain_text("1 000,50 € à facturer")
    follow(page, "2e moitié")
    follow(page, "Émettre")
    press(page, "Numéroter et émettre")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Facture F{timezone.localdate().year}-0002")
    assert "1 000,50 €" in download(page, "Télécharger le PDF")
    open_fees(page)
    invoiced = page.locator(".figures > *", has_text="facturés")
    expect(invoiced).to_contain_text("2 001,01 €")


# --- Its life, and its end ------------------------------------------------------------------------------------


def count_hours(page: Page) -> None:
    """An avenant of 50 hours, then a month of one person."""
    open_market(page)
    tab(page, "Engagements")
    main(page).get_by_role("link", name="SAS Denis Deverchère").click()
    follow(page, "Enregistrer une évolution")
    page.get_by_label("Variation").fill("50")
    page.get_by_label("Prend effet le").fill("01/05/2025")
    page.get_by_label("Précisions").fill("Avenant n° 1")
    press(page, "Enregistrer")
    told(page, "L’évolution est enregistrée")
    # 795 of the clause, 155 of the offer, 50 of the avenant.
    expect(main(page)).to_contain_text("comptées sur 1 000 h engagées")

    commitment = Commitment.objects.get(clause__lot__market__reference="20230418002")
    person = BeneficiaryFactory(last_name="Garnier", first_name="Sacha")
    eligible_assignment(beneficiary=person, commitment=commitment, starts_on=dt.date(2025, 3, 3))
    page.goto(f"/marches/{commitment.clause.lot.market_id}/heures/?mois=2025-03")
    grid = Grid(page)
    grid.cell("Garnier").fill("120,5")
    page.keyboard.press("Enter")
    grid.is_saved("Garnier")
    grid.row("Garnier").get_by_role("button", name="Valider").press("Enter")
    expect(grid.state("Garnier")).to_contain_text("validé")


def promise(page: Page) -> None:
    open_market(page)
    tab(page, "Grille de suivi")
    follow(page, "Ajouter une action")
    page.get_by_label("Action").fill("Accueillir deux apprenti·e·s")
    page.get_by_label("Objectif, en nombre").fill("2")
    page.get_by_label("Unité").fill("apprenti·e·s")
    page.get_by_label("Échéance").fill("30/06/2025")
    press(page, "Enregistrer")
    expect(main(page)).to_contain_text("en retard")


def keep_the_promise(page: Page) -> None:
    """The company says what it did, and gives the proof."""
    open_market(page)
    tab(page, "Grille de suivi")
    expect(main(page)).to_contain_text("Ce que vous avez promis")
    page.wait_for_load_state()
    follow(page, "Réalisation")
    page.get_by_label("Date", exact=True).fill("01/04/2025")
    page.get_by_label("Quantité réalisée").fill("2")
    press(page, "Transmettre")
    expect(page.get_by_label("Quantité réalisée")).to_have_count(0)
    follow(page, "Justificatif")
    page.get_by_label("Fichier").set_input_files(paper("attestation.pdf"))
    page.get_by_label("Date du document").fill("02/04/2025")
    press(page, "Transmettre")
    expect(page.get_by_label("Date du document")).to_have_count(0)


def accept_the_proof(page: Page) -> None:
    open_market(page)
    tab(page, "Grille de suivi")
    follow(page, "Accueillir deux apprenti")
    for _ in range(2):
        follow(page, "Examiner")
        page.get_by_label("Accepter").check()
        press(page, "Enregistrer")
    expect(main(page)).to_contain_text("tenu")


def close(page: Page) -> None:
    """A last point d'étape, then the end; the file is found again by its words, whatever their order."""
    open_market(page)
    tab(page, "Points d’étape")
    follow(page, "Faire un point d’étape")
    page.get_by_label("Dernier mois").fill("12/2025")
    press(page, "Faire le point")
    told(page, "Le point d’étape est fait")
    expect(main(page)).to_contain_text("120,5 h")
    open_market(page)
    follow(page, "Clore")
    page.get_by_label("Clos le").fill("15/12/2025")
    press(page, "Clore le marché")
    expect(page.locator(".title-line")).to_contain_text("clos le 15/12/2025")
    page.get_by_role("searchbox", name="Rechercher un marché").fill("batiment construct")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Recherche")
    main(page).get_by_role("link", name=re.compile("20230418002")).first.click()
    expect(page.locator(".title-line")).to_contain_text("clos")


def publish_the_final_bilan(page: Page) -> None:
    open_market(page)
    tab(page, "Points d’étape")
    follow(page, "Préparer le bilan final")
    press(page, "Ouvrir le brouillon")
    press(page, "Marquer comme relu")
    follow(page, "Publier")
    press(page, "Publier le bilan")
    main(page).get_by_role("link", name="Ouvrir le bilan").click(timeout=90_000)
    expect(main(page)).to_contain_text("publié")


def read_the_final_bilan(page: Page) -> None:
    page.get_by_role("navigation", name="Principale").get_by_role("link", name="Bilans").click()
    main(page).get_by_role("link", name=re.compile("Grandlyon|20230418002")).first.click()
    text = download(page, "Télécharger PDF")
    assert "120,5 h" in text and "1 000 h" in text
    assert "Garnier" not in text


@pytest.mark.shared
def test_a_published_market_lives_from_the_list_of_purchases_to_its_last_invoice(
    open_browser: Callable[..., Page], territory: Territory
) -> None:
    life = make_life(territory)
    admin, facilitator = open_browser(life.admin), open_browser(life.facilitator)
    buyer = open_browser()
    sign_in(buyer, life.buyer_user.email, PASSWORD)
    admin.goto("/")
    facilitator.goto("/")
    say_who_invoices(admin)
    write_the_agreement(admin, life)
    load_the_list(facilitator, life)
    target(facilitator)
    ask_for_advice(buyer)
    recommend(facilitator)
    accept(buyer)

    start_the_market(facilitator, life)
    compare_the_bids(facilitator, life)
    award(facilitator)
    give_the_papers(buyer)
    hold_the_meetings(facilitator)
    quote_and_first_half(admin)

    company = open_browser(life.company_user)
    company.goto("/")
    promise(facilitator)
    keep_the_promise(company)
    accept_the_proof(facilitator)
    count_hours(facilitator)
    close(facilitator)
    second_half(admin)
    publish_the_final_bilan(admin)
    read_the_final_bilan(buyer)
