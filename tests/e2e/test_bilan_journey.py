"""A bilan of the year, from its campaign to the referent who downloads it, through every hand; the writer's gestures counted."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from accounts.enums import Role
from accounts.models import User
from core import formats
from core.models import Message
from markets.enums import ContactKind
from markets.models import Buyer
from reporting.models import Bilan
from reporting.services.drafts import start_bilan
from reporting.services.workflow import review_bilan
from tests.e2e.gestures import Gestures
from tests.e2e.pages import plain, sign_in
from tests.e2e.territory import PASSWORD, Territory, make_territory
from tests.factories import (
    BuyerFactory,
    ClosedYearFactory,
    CommitmentFactory,
    ContactFactory,
    HoursEntryFactory,
    LotFactory,
    MarketFactory,
    ResponsibilityFactory,
    UserFactory,
    eligible_assignment,
)

# From the opening of the draft to its proposal for review, a word typed included.
MOST_GESTURES = 40
# PDFs are made on a machine that does other things.
LONG = 120_000
REFERENT = "regine@ville.example"
# By hand, beside the 100 h of Arnaud in March.
HOURS = {"Belkacem": (4, "140"), "Costa": (5, "70.5"), "Diallo": (6, "210.25"), "Evrard": (9, "35")}


@dataclass(frozen=True)
class Year:
    """The territory of every journey, a colleague, a second buyer, and a referent who has no account."""

    territory: Territory
    reviewer: User
    other: Buyer

    @property
    def number(self) -> int:
        return self.territory.year


def make_year() -> Year:
    territory = make_territory()
    year = territory.year
    for name, (month, hours) in HOURS.items():
        HoursEntryFactory(
            assignment=territory.assignments[name],
            month=dt.date(year, month, 1),
            hours=Decimal(hours),
            counted=True,
        )
    reviewer = UserFactory.build(
        email="remi@maison.example", role=Role.FACILITATOR, first_name="Rémi", last_name="Relecteur"
    )
    reviewer.set_password(PASSWORD)
    reviewer.save()
    ResponsibilityFactory(
        market=None, buyer=territory.buyer, facilitator=territory.facilitator, stand_in=reviewer
    )
    ContactFactory(buyer=territory.buyer, name="Régine Référente", email=REFERENT, kind=ContactKind.MAIN)
    other = BuyerFactory(name="Ville de Saint-Blaise")
    market = MarketFactory(buyer=other, reference=f"{year}-SER-002", object="Entretien des locaux")
    commitment = CommitmentFactory(lot=LotFactory(market=market, number="1"), hours=400)
    HoursEntryFactory(
        assignment=eligible_assignment(commitment=commitment, starts_on=dt.date(year, 3, 3)),
        month=dt.date(year, 4, 1),
        hours=Decimal(88),
        counted=True,
    )
    ResponsibilityFactory(market=None, buyer=other, facilitator=territory.facilitator)
    ClosedYearFactory(year=year)
    return Year(territory, reviewer, other)


def main(page: Page) -> Locator:
    return page.get_by_role("main")


def follow(page: Page, words: str) -> None:
    main(page).get_by_role("link", name=re.compile(f"^{re.escape(words)}")).first.click()


def press(page: Page, words: str) -> None:
    main(page).get_by_role("button", name=words, exact=True).first.click()


def told(page: Page, words: str) -> None:
    expect(page.locator("#notices")).to_contain_text(words)


def place(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Principale").get_by_role("link", name=name).click()


def figures(page: Page, block: str) -> dict[str, str]:
    """Label → value of the key figures of a chapter of the page."""
    cards = main(page).locator(f"#{block} .key-figure")
    expect(cards.first).to_be_visible(timeout=LONG)
    return {
        plain(card.locator(".key-label").inner_text()): plain(card.locator(".key-value").inner_text())
        for card in cards.all()
    }


def fetched(page: Page, link: Locator) -> bytes:
    with page.expect_download() as caught:
        link.click()
    return Path(caught.value.path()).read_bytes()


def words_of(content: bytes) -> str:
    reader = PdfReader(io.BytesIO(content))
    return plain(" ".join(sheet.extract_text() for sheet in reader.pages))


# --- What is in the database ---------------------------------------------------------------------------------


def in_sql(made: Year) -> dict[str, Any]:
    """Hours, people, contracts and markets of the buyer’s year, and its commitment, by hand."""
    year = made.number
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ROUND(SUM(e.counted_hours), 2), COUNT(DISTINCT p.beneficiary_id), COUNT(DISTINCT p.id)"
            " FROM beneficiaries_hoursentry e"
            " JOIN beneficiaries_assignment a ON a.id = e.assignment_id"
            " JOIN beneficiaries_placement p ON p.id = a.placement_id"
            " JOIN markets_market m ON m.id = e.market_id"
            " WHERE m.buyer_id = %s AND e.state = 'validated' AND NOT e.is_superseded"
            " AND e.month >= %s AND e.month < %s",
            [made.territory.buyer.pk, dt.date(year, 1, 1), dt.date(year + 1, 1, 1)],
        )
        hours, people, contracts = cursor.fetchone()
        cursor.execute(
            "SELECT SUM(ch.delta) FROM clauses_commitmentchange ch"
            " JOIN clauses_commitment c ON c.id = ch.commitment_id"
            " JOIN markets_market m ON m.id = c.market_id WHERE m.buyer_id = %s",
            [made.territory.buyer.pk],
        )
        committed = cursor.fetchone()[0]
    return {
        "hours": Decimal(str(hours)),
        "people": people,
        "contracts": contracts,
        "committed": Decimal(str(committed)),
    }


def check_figures(page: Page, sql: dict[str, Any]) -> None:
    """What « L’essentiel » and the rates of a page say is what the database holds."""
    shown = figures(page, "essential")
    assert shown["d’insertion réalisées"] == plain(f"{formats.number(sql['hours'])} h")
    people = next(value for label, value in shown.items() if label.startswith("personnes"))
    assert people == str(sql["people"])
    contracts = next(value for label, value in shown.items() if label.startswith("contrats de travail"))
    assert contracts == str(sql["contracts"])
    rates = figures(page, "rates")
    assert rates["heures engagées"] == plain(f"{formats.number(sql['committed'])} h")
    assert rates["heures comptées depuis le début"] == plain(f"{formats.number(sql['hours'])} h")


# --- The campaign, the text -----------------------------------------------------------------------------------


def open_the_campaign(page: Page, made: Year) -> None:
    page.goto("/")
    place(page, "Bilans")
    page.get_by_role("navigation", name="Rubriques").get_by_role("link", name="Campagnes").click()
    follow(page, "Ouvrir une campagne")
    page.get_by_label("Année").select_option(str(made.number))
    due = timezone.localdate() + dt.timedelta(days=30)
    page.get_by_label("Bilans à remettre avant le").fill(f"{due:%d/%m/%Y}")
    press(page, "Ouvrir la campagne")
    told(page, "La campagne est ouverte")
    expect(main(page)).to_contain_text("0 publié sur 2")


def write_the_text(hands: Gestures, made: Year) -> None:
    page = hands.page
    hands.begin("ouvrir le brouillon")
    page.goto("/")
    hands.click(page.get_by_role("navigation", name="Principale").get_by_role("link", name="Bilans"))
    hands.follow("Préparer un bilan")
    hands.select(page.get_by_label("Donneur d’ordre"), str(made.territory.buyer))
    # Last year is proposed.
    expect(page.get_by_label("Année")).to_have_value(str(made.number))
    hands.push("Ouvrir le brouillon")
    expect(page.locator(".title-line")).to_contain_text("brouillon")

    hands.begin("trois phrases : ajouter, modifier, écarter")
    hands.follow("Personnes et parcours")
    cards = page.locator(".phrase")
    expect(cards).to_have_count(3, timeout=LONG)
    new, mean, women = (cards.filter(has_text=words) for words in ("première fois", "en moyenne", "femmes"))
    hands.click(new.get_by_role("button", name="Ajouter au texte"))
    expect(page.locator("#editeur")).to_contain_text("La phrase est à la fin du texte, enregistré")
    hands.click(women.get_by_role("button", name="Écarter"))
    expect(page.locator("#phrases")).to_contain_text("Écartée")
    hands.click(mean.get_by_role("button", name="Modifier"))
    expect(page.locator("#editeur")).to_contain_text("La phrase est dans l’éditeur")
    editor = page.get_by_label("Personnes et parcours")
    expect(editor).to_have_value(re.compile("en moyenne"))
    hands.click(editor)
    hands.press("Control+End")
    hands.type(" Bravo.")
    hands.push("Enregistrer")
    told(page, "« Personnes et parcours » est enregistré")

    hands.begin("premier texte, relu")
    hands.push("Proposer un premier texte")
    told(page, "Un premier texte est proposé")
    for title in ("L’essentiel", "Marchés et clauses"):
        hands.follow(title)
        expect(page.locator("#editeur")).to_contain_text("Ce premier texte a été proposé")
        hands.push("Enregistrer")
        told(page, f"« {title} » est enregistré")

    hands.begin("proposer à la relecture")
    hands.follow("Proposer à la relecture")
    # The stand-in of who answers for the buyer is proposed.
    expect(page.get_by_label("Relu par")).to_have_value(str(made.reviewer.pk))
    hands.push("Proposer")
    told(page, "proposé à la relecture")
    hands.end()


def review_and_send_back(page: Page) -> None:
    page.goto("/")
    main(page).get_by_role("link", name=re.compile("bilan à relire")).first.click()
    main(page).get_by_role("link", name=re.compile("Roche-la-Claire")).first.click()
    follow(page, "Relire")
    chapter = page.locator("#people")
    chapter.get_by_text("Ajouter une observation").click()
    chapter.get_by_label(re.compile("Observation sur")).fill("« Bravo » est de trop dans un bilan.")
    chapter.get_by_role("button", name="Enregistrer l’observation").click()
    told(page, "La remarque est notée")
    expect(page.locator("#people")).to_contain_text("« Bravo » est de trop")
    follow(page, "Renvoyer à la rédaction")
    page.get_by_label("Ce qui est à reprendre").fill("Un mot à retirer dans « Personnes ».")
    press(page, "Renvoyer")
    told(page, "Le bilan est renvoyé à la rédaction")


def rewrite(page: Page) -> None:
    page.goto("/")
    main(page).get_by_role("link", name=re.compile("bilan à écrire")).first.click()
    main(page).get_by_role("link", name=re.compile("Roche-la-Claire")).first.click()
    expect(main(page)).to_contain_text("Un mot à retirer")
    follow(page, "Reprendre le texte")
    editor = page.get_by_label("Personnes et parcours")
    editor.fill(editor.input_value().replace(" Bravo.", ""))
    press(page, "Enregistrer")
    told(page, "est enregistré")
    follow(page, "Donner suite")
    page.get_by_label("pris en compte").check()
    press(page, "Enregistrer")
    told(page, "La réponse est enregistrée")
    follow(page, "Proposer à la relecture")
    press(page, "Proposer")
    told(page, "proposé à la relecture")


def review(page: Page, bilan: Bilan) -> None:
    page.goto(f"/bilans/{bilan.pk}/relecture/")
    expect(page.locator("#people")).not_to_contain_text("Bravo.")
    press(page, "Marquer comme relu")
    told(page, "Le bilan est relu")


# --- The projet, the meeting ----------------------------------------------------------------------------------


def send_the_projet(page: Page, bilan: Bilan) -> None:
    page.goto(f"/bilans/{bilan.pk}/")
    follow(page, "Transmettre le projet")
    expect(main(page)).to_contain_text(REFERENT)
    press(page, "Transmettre")
    main(page).get_by_role("link", name="Ouvrir le bilan").click(timeout=LONG)
    expect(page.locator(".title-line")).to_contain_text("projet transmis")


def comment(page: Page, made: Year, sql: dict[str, Any]) -> None:
    sign_in(page, made.territory.buyer_user.email, PASSWORD)
    main(page).get_by_role("link", name=re.compile("Lire le projet|projet", re.IGNORECASE)).first.click()
    if "/projets/" not in page.url:
        main(page).get_by_role("link", name=re.compile("Lire le projet|Projet n° 1")).first.click()
    check_figures(page, sql)
    text = words_of(fetched(page, main(page).get_by_role("link", name="Télécharger le projet en PDF")))
    assert "PROJET" in text and plain(formats.number(sql["hours"])) in text
    chapter = page.locator("#hours")
    chapter.get_by_text("Ajouter une observation").click()
    chapter.get_by_label(re.compile("Votre observation sur")).fill(
        "Juin paraît élevé : est-ce bien 210 heures ?"
    )
    chapter.get_by_role("button", name="Enregistrer l’observation").click()
    told(page, "L’observation est enregistrée")
    press(page, "J’ai terminé ma lecture")
    told(page, "vous avez terminé votre lecture")


def answer(page: Page, bilan: Bilan) -> None:
    page.goto(f"/bilans/{bilan.pk}/")
    follow(page, "Projet n° 1")
    follow(page, "Répondre")
    page.get_by_label("répondu").check()
    page.get_by_label("Réponse").fill("Oui : le relevé de juin porte 210,25 h.")
    press(page, "Enregistrer")
    told(page, "La réponse est enregistrée")


def note_the_meeting(page: Page, made: Year) -> None:
    page.goto(f"/acheteurs/{made.territory.buyer.pk}/partenariat/?annee={made.number}")
    follow(page, "Noter la réunion annuelle")
    page.get_by_label("Réunion annuelle tenue le").fill(f"{timezone.localdate():%d/%m/%Y}")
    page.get_by_label("Participant·es").fill("Adjointe à l’insertion, direction des achats")
    page.get_by_label("Compte rendu").fill("Le bilan est lu chapitre par chapitre.")
    press(page, "Enregistrer")
    follow(page, "Ajouter un axe")
    page.get_by_label("Axe d’amélioration").fill("Saisir la maison avant la rédaction des pièces")
    press(page, "Enregistrer")
    follow(page, "Partager avec le donneur d’ordre")
    press(page, "Partager")
    expect(main(page)).to_contain_text("partagée")


# --- Publishing, handing over ---------------------------------------------------------------------------------


def publish_in_bulk(page: Page, made: Year) -> None:
    page.goto(f"/bilans/campagnes/{made.number}/")
    press(page, "Publier ceux qui sont prêts")
    press(page, "Publier 2 bilans")
    expect(page.locator("#publication")).to_contain_text("publié")
    expect(page.locator("#publication")).to_contain_text("2 publiés sur 2", timeout=2 * LONG)
    link = main(page).get_by_role("link", name=re.compile(r"^Télécharger .*\.zip$"))
    expect(link).to_be_visible(timeout=LONG)
    with zipfile.ZipFile(io.BytesIO(fetched(page, link))) as archive:
        names = archive.namelist()
        assert sorted(Path(name).suffix for name in names) == [".pdf", ".pdf", ".xlsx", ".xlsx"], names
        assert archive.testzip() is None


def deliver(page: Page, bilan: Bilan) -> None:
    page.goto(f"/bilans/{bilan.pk}/")
    follow(page, "Remettre le bilan")
    page.get_by_label(re.compile(re.escape(REFERENT))).check()
    press(page, "Remettre le bilan")
    told(page, "Le bilan est remis à")


def download_without_account(page: Page, sql: dict[str, Any]) -> None:
    written = Message.objects.filter(key__startswith="bilan_delivery:")
    message = next(row for row in written if REFERENT in row.recipients)
    address = re.search(r"https?://\S+/bilans/lien/\S+", message.body)
    assert address is not None
    page.goto(address[0])
    expect(main(page)).to_contain_text("Version 1")
    text = words_of(fetched(page, main(page).get_by_role("link", name=re.compile("PDF|document")).first))
    assert plain(formats.number(sql["hours"])) in text
    assert "PROJET" not in text and "Saisir la maison avant la rédaction des pièces" in text
    assert not any(name in text for name in HOURS)


def test_a_bilan_goes_from_its_campaign_to_the_referent_who_downloads_it(
    open_browser: Callable[..., Page], transactional_db: None, capsys: Any
) -> None:
    made = make_year()
    sql = in_sql(made)
    # 100 + 140 + 70.5 + 210.25 + 35.
    assert sql == {"hours": Decimal("555.75"), "people": 5, "contracts": 5, "committed": Decimal(1850)}
    admin = open_browser(made.territory.admin)
    open_the_campaign(admin, made)
    other = start_bilan(buyer=made.other, year=made.number, user=made.territory.facilitator)
    review_bilan(bilan=other, user=made.reviewer)

    writer = Gestures(open_browser(made.territory.facilitator), "rédactrice")
    write_the_text(writer, made)
    with capsys.disabled():
        print(f"\n{writer.report()}")
    assert writer.total <= MOST_GESTURES, writer.report()
    bilan = Bilan.objects.get(buyer=made.territory.buyer)
    writer.page.goto(f"/bilans/{bilan.pk}/")
    check_figures(writer.page, sql)

    reviewer = open_browser(made.reviewer)
    review_and_send_back(reviewer)
    rewrite(writer.page)
    review(reviewer, bilan)
    send_the_projet(writer.page, bilan)
    buyer = open_browser()
    comment(buyer, made, sql)
    answer(writer.page, bilan)
    note_the_meeting(writer.page, made)
    buyer.reload()
    expect(buyer.locator("#hours")).to_contain_text("le relevé de juin porte 210,25 h")

    publish_in_bulk(admin, made)
    admin.goto(f"/bilans/{bilan.pk}/")
    check_figures(admin, sql)
    deliver(admin, bilan)
    download_without_account(open_browser(), sql)
    admin.goto(f"/bilans/{bilan.pk}/")
    row = admin.locator("tr", has_text=REFERENT)
    expect(row.locator("[data-label='Téléchargements']")).to_have_text("1")
    expect(row.locator("[data-label='Premier']")).not_to_have_text("–")
    buyer.goto(f"/bilans/{bilan.pk}/")
    check_figures(buyer, sql)
