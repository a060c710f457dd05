"""A difficulty walked by three roles: two contacts without an answer, and at the end the penalty that the buyer decides."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from clauses.enums import StepKind
from clauses.ladder import Stage
from clauses.models import Commitment, Escalation
from core.models import Message
from markets.models import Task
from tests.e2e.pages import plain, sign_in
from tests.e2e.territory import PASSWORD, Territory
from tests.factories import (
    ClauseFactory,
    CommitmentChangeFactory,
    CommitmentFactory,
    LotFactory,
    make_escalation,
)

NOTEBOOK = "Répondeur plein, message laissé au conducteur de travaux."
TRACKING = "1A 204 118 7731 2"


def day(value: dt.date) -> str:
    return f"{value:%d/%m/%Y}"


def owing(territory: Territory) -> Commitment:
    """420 h engaged by the company on a lot of its own, none of them counted; the market asks 35 € for each."""
    clause = ClauseFactory(
        lot=LotFactory(market=territory.market, number="2", object="Menuiseries"),
        minimum_hours=Decimal(420),
        penalty_kind="rate",
        penalty_rate=Decimal(35),
    )
    begins = dt.date(territory.year, 2, 1)
    commitment = CommitmentFactory(
        clause=clause,
        company=territory.commitment.holder,
        hours=0,
        starts_on=begins,
        ends_on=dt.date(territory.year, 12, 31),
    )
    CommitmentChangeFactory(commitment=commitment, delta=Decimal(420), effective_on=begins)
    return commitment


def words_of(content: bytes) -> str:
    return plain(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def read_pdf(page: Page, link: Locator) -> str:
    """What a downloaded PDF says."""
    with page.expect_download() as caught:
        link.click()
    return words_of(Path(caught.value.path()).read_bytes())


def notices(page: Page) -> Locator:
    return page.locator("#notices")


def open_market(page: Page, territory: Territory) -> None:
    page.get_by_role("navigation", name="Principale").get_by_role("link", name="Marchés").click()
    page.get_by_role("link", name=territory.market.reference).first.click()


def open_ladder(page: Page, territory: Territory) -> None:
    """« Difficultés » of the market, where the open ones are shown whole."""
    open_market(page, territory)
    page.get_by_role("navigation", name="Rubriques").get_by_role("link", name="Difficultés").click()


def note_attempt(page: Page, on: dt.date, channel: str, summary: str) -> None:
    page.get_by_role("link", name="Noter un échange").first.click()
    page.get_by_label("Date", exact=True).fill(day(on))
    page.get_by_label("Moyen").select_option(label=channel)
    page.get_by_label("L’interlocuteur a répondu").uncheck()
    page.get_by_role("combobox", name="Entreprise").select_option(label="Bâtir Ensemble")
    page.get_by_label("Compte rendu").fill(summary)
    page.get_by_role("button", name="Enregistrer").click()
    expect(notices(page)).to_contain_text("L’échange est noté")


def post(page: Page, address: str, typed: dict[str, str]) -> str:
    """What a request made by hand is answered, with the session and the token of this browser."""
    token = page.context.cookies()
    value = next(cookie["value"] for cookie in token if cookie["name"].endswith("csrftoken"))
    answer = page.request.post(
        address, form={"csrfmiddlewaretoken": value, **typed}, headers={"Referer": page.url}
    )
    assert answer.status == 200, answer.status
    return plain(answer.text())


def test_a_difficulty_climbs_to_the_penalty_that_the_buyer_decides(
    open_browser: Callable[..., Page], territory: Territory
) -> None:
    owing(territory)
    today = timezone.localdate()
    house, buyer, company = open_browser(), open_browser(), open_browser()
    sign_in(house, territory.facilitator.email, PASSWORD)
    sign_in(buyer, territory.buyer_user.email, PASSWORD)
    sign_in(company, territory.company_user.email, PASSWORD)

    # Two attempts in the journal, one of them in writing.
    open_market(house, territory)
    house.get_by_role("navigation", name="Rubriques").get_by_role("link", name="Journal").click()
    note_attempt(house, today - dt.timedelta(days=20), "appel", NOTEBOOK)
    note_attempt(house, today - dt.timedelta(days=9), "courriel", "Relance écrite, restée sans suite.")

    house.get_by_role("navigation", name="Rubriques").get_by_role("link", name="Difficultés").click()
    house.get_by_role("link", name="Ouvrir une difficulté").click()
    house.get_by_label("Engagement concerné").select_option(label="Bâtir Ensemble · Lot 2, Menuiseries")
    house.get_by_label("Depuis le").fill(day(today - dt.timedelta(days=5)))
    house.get_by_label("Ce qui pose difficulté").fill("Aucune embauche depuis le début du chantier.")
    house.get_by_role("button", name="Ouvrir la difficulté").click()
    expect(notices(house)).to_contain_text("La difficulté est ouverte")
    ladder = house.url

    # A step before its time, posted by hand: a sentence, and nothing is written.
    refused = post(
        house, f"{ladder}courrier/envoi/", {"on": day(today), "way": "registered", "tracking": TRACKING}
    )
    assert "le courrier de rappel n’a pas été proposé au donneur d’ordre" in refused
    escalation = Escalation.objects.get()
    assert [step.kind for step in escalation.steps.order_by("pk")] == [StepKind.OPENED]

    house.get_by_role("link", name="Proposer le courrier de rappel").click()
    expect(house.get_by_role("main")).to_contain_text("420 h")
    house.get_by_label("Adresse de l’entreprise").fill("12 rue des Artisans\n42000 Saint-Étienne")
    house.get_by_role("button", name="Proposer au donneur d’ordre").click()
    expect(notices(house)).to_contain_text("le donneur d’ordre en est prévenu")

    # The company is told nothing before the letter leaves.
    company.goto("/marches/courriers/")
    expect(company.get_by_role("main")).to_contain_text("Aucun courrier")

    # The first of the buyer's two decisions.
    open_ladder(buyer, territory)
    expect(buyer.get_by_role("main")).not_to_contain_text("Répondeur")
    buyer.get_by_role("link", name="Lire et approuver le courrier").click()
    draft = read_pdf_of(buyer, buyer.get_by_role("link", name="Lire le courrier (PDF)"))
    assert "420 h" in draft and "Répondeur" not in draft
    buyer.get_by_label("J’approuve l’envoi de ce courrier").check()
    buyer.get_by_role("button", name="Enregistrer ma réponse").click()
    expect(notices(buyer)).to_contain_text("Votre réponse est enregistrée")

    # The letter as it leaves is read, then its sending recorded.
    house.goto(ladder)
    house.get_by_role("link", name="Enregistrer l’envoi").click()
    letter = read_pdf(house, house.get_by_role("link", name=re.compile("^courrier-de-rappel")))
    assert "Bâtir Ensemble" in letter and "12 rue des Artisans" in letter
    assert "420 h" in letter and "15 jours" in letter and "35 €" in letter
    assert "Répondeur" not in letter
    house.get_by_label("Numéro du recommandé").fill(TRACKING)
    house.get_by_role("button", name="Enregistrer").click()
    expect(notices(house)).to_contain_text("le délai court")
    last_day = day(today + dt.timedelta(days=15))
    expect(house.get_by_role("main")).to_contain_text(f"réponse attendue jusqu’au {last_day}")

    # While the delay runs there is no alert, even by hand.
    refused = post(house, f"{ladder}alerte/", {"text": ""})
    assert f"le délai laissé à l’entreprise court jusqu’au {last_day} et elle n’a pas refusé" in refused

    # The company reads its letter, and nothing of the file.
    company.reload()
    expect(company.get_by_role("main")).to_contain_text(last_day)
    expect(company.get_by_role("main")).not_to_contain_text("Répondeur")
    assert "420 h" in read_pdf(company, company.get_by_role("link", name="Lire le courrier"))

    # A meeting of the three, in the middle: nobody's predecessor.
    house.get_by_role("link", name="Compte rendu de rencontre").click()
    house.get_by_label("Participants").fill("le gérant, la cheffe de projet, la facilitatrice")
    house.get_by_label("Compte rendu", exact=True).fill("Le gérant annonce une embauche, sans date.")
    house.get_by_role("button", name="Enregistrer").click()
    expect(notices(house)).to_contain_text("La rencontre est enregistrée")
    expect(house.get_by_role("main")).to_contain_text("réponse attendue")
    house.get_by_role("link", name="Noter un refus de l’entreprise").click()
    house.get_by_label("En quels termes, et par qui").fill("« Nous n’embaucherons pas », écrit le gérant.")
    house.get_by_role("button", name="Enregistrer").click()
    expect(notices(house)).to_contain_text("Le refus est noté")

    alert_and_decide(house, buyer, territory, escalation, ladder)

    # The company was written one letter, and has seen nothing else.
    company.goto("/marches/courriers/")
    for hidden in ("Répondeur", "14 700", "gérant"):
        assert hidden not in plain(company.get_by_role("main").inner_text())
    steps = {step.kind: step.author for step in escalation.steps.order_by("pk").select_related("author")}
    for kind in (StepKind.LETTER_APPROVED, StepKind.DEFAULT, StepKind.DECISION):
        assert steps[kind] == territory.buyer_user
    for kind in (StepKind.LETTER_PROPOSED, StepKind.LETTER_SENT, StepKind.ALERT, StepKind.MEETING):
        assert steps[kind] == territory.facilitator
    assert not Task.objects.open().filter(key__startswith=f"escalation:{escalation.pk}:").exists()


def read_pdf_of(page: Page, link: Locator) -> str:
    """What a PDF that opens in the browser says."""
    answer = page.request.get(link.get_attribute("href") or "")
    assert answer.headers["content-type"] == "application/pdf"
    return words_of(answer.body())


def alert_and_decide(
    house: Page, buyer: Page, territory: Territory, escalation: Escalation, ladder: str
) -> None:
    """From the end of the delay to the buyer's second decision, and the whole file."""
    today = timezone.localdate()
    house.goto(ladder)
    house.get_by_role("link", name="Alerter le donneur d’ordre").click()
    expect(house.get_by_role("main")).to_contain_text(str(territory.buyer_user))
    house.get_by_label("Votre mot au donneur d’ordre").fill("Le chantier avance sans insertion.")
    house.get_by_role("button", name="Transmettre l’alerte").click()
    expect(notices(house)).to_contain_text("L’alerte est transmise")
    written = Message.objects.get(key=f"escalation:{escalation.pk}:alert")
    assert written.recipients == [territory.buyer_user.email]
    assert written.attachments.count() == 1

    # Neither decision is the house's.
    for address in ("defaillance/", "penalite/"):
        answer = house.request.get(f"{ladder}{address}")
        assert answer.status == 403

    open_ladder(buyer, territory)
    alert = read_pdf(buyer, buyer.get_by_role("link", name=re.compile("^alerte")))
    assert "420 h" in alert and "Le chantier avance sans insertion" in alert
    # Before the notification there is no penalty to decide.
    typed = {"decision": "applied", "seen": "14700"}
    refused = post(buyer, f"{ladder}penalite/", typed)
    assert "n’a pas encore notifié sa défaillance" in refused

    buyer.get_by_role("link", name="Enregistrer la notification").click()
    buyer.get_by_label("Notification adressée à l’entreprise").set_input_files(
        {"name": "notification.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 notification"}
    )
    buyer.get_by_label("Notifiée à l’entreprise le").fill(day(today))
    buyer.get_by_role("button", name="Enregistrer").click()
    buyer.get_by_role("link", name="Décider de la pénalité").click()
    assert "420 h × 35 €/h = 14 700 €" in plain(buyer.get_by_role("main").inner_text())
    buyer.get_by_label(re.compile("Appliquer la pénalité")).check()
    buyer.get_by_role("button", name="Enregistrer ma décision").click()
    expect(notices(buyer)).to_contain_text("Votre décision est enregistrée")
    assert "Pénalité appliquée : 14 700 €" in plain(buyer.get_by_role("main").inner_text())

    # The whole file, made beside the request.
    buyer.get_by_role("button", name="Le dossier entier en PDF").click()
    file = read_pdf(buyer, buyer.get_by_role("link", name=re.compile("^Télécharger dossier-de-difficulte")))
    for part in ("420 h × 35 €/h = 14 700 €", "Pénalité appliquée : 14 700 €", "Bâtir Ensemble"):
        assert part in file
    assert str(territory.buyer_user) in file
    # Twice decided is once too many.
    refused = post(buyer, f"{ladder}penalite/", typed)
    assert "le donneur d’ordre a déjà décidé" in refused


def test_a_delay_that_passed_without_an_answer_becomes_an_alert(
    open_browser: Callable[..., Page], territory: Territory
) -> None:
    """The letter left 22 days ago and gave 15: nothing was recorded since."""
    commitment = owing(territory)
    today = timezone.localdate()
    escalation = make_escalation(commitment, upto=Stage.WAITING, opened_on=today - dt.timedelta(days=43))
    due_on = today - dt.timedelta(days=7)
    house, buyer = open_browser(territory.facilitator), open_browser(territory.buyer_user)
    house.goto("/")
    buyer.goto("/")
    open_ladder(house, territory)
    expect(house.get_by_role("main")).to_contain_text(f"le délai s’est achevé le {day(due_on)}")
    house.goto(f"/marches/difficultes/{escalation.pk}/")
    alert_and_decide(house, buyer, territory, escalation, house.url)
    passed = escalation.steps.get(kind=StepKind.NO_ANSWER)
    assert passed.on == due_on + dt.timedelta(days=1)
