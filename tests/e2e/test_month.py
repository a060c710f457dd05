"""A facilitator closes a month of 300 lines of hours from 25 companies, its gestures counted: portal, file and grid at once."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.db import connection
from playwright.sync_api import Locator, Page, expect

from beneficiaries.models import MonthDeclaration, SettledAnomaly
from core import formats
from tests.e2e.gestures import Gestures, named
from tests.e2e.month_territory import (
    COMPANIES,
    IN_BROWSER,
    IN_FILE,
    LEFT,
    MISSING,
    NO_VALIDATION,
    ON_PAPER,
    SUDDEN,
    SUDDEN_LEFT,
    TWICE,
    Month,
    make_month,
)
from tests.e2e.pages import Grid

LINES, MOST_GESTURES = 300, 150
PAPER = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


def workbook(made: Month) -> bytes:
    """What a group of four companies sends: a merged title, dates in words, hours in three writings, a total."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Relevé")
        sheet.merge_range(0, 0, 0, 5, f"Heures d’insertion du groupement, {formats.month(made.month)}")
        sheet.write_row(2, 0, ["Employeur", "NOM", "Prénom", "Né(e) le", "Mois", "Nb heures"])
        line, total = 3, Decimal(0)
        for name in IN_FILE:
            for place, assignment in enumerate(made.teams[name]):
                person = assignment.placement.beneficiary
                last_name, hours = person.last_name.upper(), Decimal("130.5")
                if name == IN_FILE[0] and person.last_name == "Lefèvre":
                    last_name = "LEFEBRE"
                if name == IN_FILE[1] and place == 0:
                    hours = Decimal(45)
                written: Any = (float(hours), "130h30", "130,5")[place % 3] if hours != 45 else 45
                born = f"{person.birth_date.day} {formats.month(person.birth_date)}"
                sheet.write_row(
                    line, 0, [name, last_name, person.first_name, born, formats.month(made.month), written]
                )
                line, total = line + 1, total + hours
        sheet.write_row(line + 1, 0, ["TOTAL", "", "", "", "", float(total)])
    return stream.getvalue()


# --- The company ---------------------------------------------------------------------------------------------


def company_writes(hands: Gestures, made: Month) -> None:
    """Its twelve people by the space bar."""
    hands.begin("ouvrir le mois")
    hands.page.goto("/")
    hands.hours()
    hands.follow(named(formats.month(made.month), "déclarer"))
    grid = Grid(hands.page)
    team = [str(assignment.placement.beneficiary) for assignment in made.teams[IN_BROWSER]]
    expect(hands.page.locator(".grid-row")).to_have_count(12)
    hands.begin("accepter les propositions")
    hands.click(grid.cell(team[0]))
    hands.press("Space", 12)
    for name in team:
        grid.is_saved(name)
    expect(hands.page.locator("#sans-heures")).to_contain_text("Chaque personne a ses heures")


def company_submits(hands: Gestures, made: Month) -> None:
    hands.begin("joindre, soumettre")
    hands.click(hands.page.get_by_text("Joindre un document"))
    hands.choose(hands.page.locator("input[type=file]"), "recapitulatif.pdf", PAPER, "application/pdf")
    hands.push("Joindre")
    expect(hands.page.locator("#notices")).to_contain_text("Le document est joint")
    hands.push(f"Soumettre {formats.month(made.month)}")
    expect(hands.page.locator("#notices")).to_contain_text("sont soumises à la maison")
    hands.end()


# --- The facilitator -----------------------------------------------------------------------------------------


def load_the_file(hands: Gestures, made: Month) -> None:
    page = hands.page
    hands.begin("importer 48 lignes")
    page.goto("/")
    hands.hours()
    hands.section("Imports")
    hands.follow("Importer un fichier")
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    hands.choose(page.get_by_label("Fichier"), "releve groupement.xlsx", workbook(made), sheet)
    hands.push("Lire le fichier")
    # The columns are known by their titles; one name is asked, the right one is the first answer, under the focus.
    lefevre = made.teams[IN_FILE[0]][9].placement.beneficiary
    asked = page.locator("tr[data-decide]")
    expect(asked).to_have_count(1)
    expect(asked.get_by_role("button").first).to_contain_text(str(lefevre))
    expect(asked.get_by_role("button").first).to_be_focused()
    hands.picture("la question")
    hands.press("1")
    expect(asked).to_have_count(0)
    hands.picture("l’essai")
    # The last answer given, the key that loads is under the hand.
    expect(page.get_by_role("button", name="Charger 48 lignes")).to_be_focused()
    hands.press("Enter")
    expect(page.locator("#notices")).to_contain_text("48 relevés écrits")


def type_the_last_company(hands: Gestures, made: Month) -> None:
    page = hands.page
    hands.begin("saisir 12 lignes dans la grille")
    hands.hours()
    hands.section("Déclarations")
    hands.picture("le tableau")
    hands.follow(ON_PAPER)
    hands.follow("Ouvrir la grille")
    grid = Grid(page)
    team = [str(assignment.placement.beneficiary) for assignment in made.teams[ON_PAPER]]
    hands.click(grid.cell(team[0]))
    hands.press("Space", 5)
    hands.type("120")
    hands.press("Control+Shift+d")
    hands.press("Enter")
    for name in team:
        grid.is_saved(name)
    expect(grid.cell(team[4])).to_have_value("151,67")
    expect(grid.cell(team[5])).to_have_value("120")
    expect(grid.cell(team[11])).to_have_value("120")


def settle_what_looks_wrong(hands: Gestures, made: Month) -> None:
    page = hands.page
    hands.begin("regarder les anomalies")
    hands.hours()
    hands.section("À vérifier")
    expect(page.locator("[data-check-line]")).to_have_count(8)
    hands.picture("les anomalies")
    right = page.locator("[data-settle]")

    def of(group: str, who: str) -> Locator:
        return page.locator("section", has_text=group).get_by_role("button", name=named("C’est exact", who))

    def name(company: int) -> str:
        return str(made.planted(company).placement.beneficiary)

    hands.click(of("Sans validation préalable", name(NO_VALIDATION)))
    # Over the contract; then one key for the month twice, one for the sudden change: the next line has the focus.
    hands.click(page.locator("section", has_text="Plus que le contrat").get_by_role("button"))
    expect(of("Mois en double", name(TWICE))).to_be_focused()
    hands.press("Enter")
    expect(of("Variation soudaine", name(SUDDEN))).to_be_focused()
    hands.press("Enter")
    expect(right).to_have_count(4)
    # The month that is missing, by its link: the cell is ready, P takes the month before it, V validates.
    hands.click(page.locator("section", has_text="Mois manquant").get_by_role("link"))
    grid = Grid(page)
    expect(grid.cell(name(MISSING))).to_be_focused()
    hands.press("p")
    grid.is_saved(name(MISSING))
    hands.press("ArrowUp")
    hands.press("v")
    expect(grid.state(name(MISSING))).to_contain_text("validé")


def accept_what_was_declared(hands: Gestures) -> None:
    hands.begin("accepter 20 déclarations")
    hands.hours()
    hands.section("Déclarations")
    hands.follow("Accepter ce qui est soumis (20)")
    hands.push("Accepter")
    # The two without validation and the sudden one that nobody explained wait.
    expect(hands.page.locator("#notices")).to_contain_text("237 lignes validées. 3 restent à regarder.")


def validate_the_rest(hands: Gestures, made: Month) -> None:
    page = hands.page
    hands.begin("valider le reste")
    hands.section("À vérifier")
    hands.picture("ce qui reste")
    # 47 lines of the file, 12 of the grid, and the one without validation that was explained.
    hands.push("Valider 60 lignes sans anomalie")
    expect(page.locator("#notices")).to_contain_text("60 lignes validées")
    hands.follow("Grille")
    hands.follow("300 lignes par page")
    expect(page.locator(".grid-row")).to_have_count(LINES)
    expect(page.locator("#grille-reste")).to_contain_text("3 lignes à valider")
    hands.push("Suivant à vérifier")
    for left in (2, 1, 0):
        hands.press("v")
        expect(page.locator("#grille-reste")).to_contain_text(f"{left} ligne")
    hands.end()


# --- What is in the database ---------------------------------------------------------------------------------

# By hand: 220 lines of 140 h, then 180 over the contract, 40 and 30 sudden, 140 after the missing month, 70 and 70 of
# one person; two lines of 140 h without validation count for nothing.
PORTAL = Decimal(220 * 140 + 180 + 40 + 30 + 140 + 70 + 70)
NOT_COUNTED = Decimal(2 * 140)
# 35 h a week: 151.67 h, twelve times by the company and five times in the grid, then seven times 120 h.
BROWSER = Decimal("151.67") * 12
GRID = Decimal("151.67") * 5 + 120 * 7
FILE = Decimal("130.5") * 47 + 45


def in_sql(made: Month) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state, COUNT(*), ROUND(SUM(hours), 2), ROUND(SUM(counted_hours), 2) FROM beneficiaries_hoursentry"
            " WHERE month = %s AND NOT is_superseded GROUP BY state",
            [made.month],
        )
        states = cursor.fetchall()
        cursor.execute(
            "SELECT source, COUNT(*), ROUND(SUM(hours), 2) FROM beneficiaries_hoursentry"
            " WHERE month = %s AND NOT is_superseded GROUP BY source ORDER BY source",
            [made.month],
        )
        return states, cursor.fetchall()


def same(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Sums of SQL as decimals of two places."""
    cents = Decimal("0.01")
    return [
        tuple(Decimal(str(v)).quantize(cents) if isinstance(v, float | Decimal) else v for v in row)
        for row in rows
    ]


def test_a_month_of_three_hundred_lines_is_closed_in_less_than_a_hundred_and_fifty_gestures(
    open_browser: Callable[..., Page], transactional_db: None, capsys: Any
) -> None:
    made = make_month()
    company = Gestures(open_browser(made.users[IN_BROWSER]), "entreprise")
    facilitator = Gestures(open_browser(made.facilitator), "facilitatrice")
    began = time.monotonic()
    company_writes(company, made)
    load_the_file(facilitator, made)
    company_submits(company, made)
    type_the_last_company(facilitator, made)
    settle_what_looks_wrong(facilitator, made)
    accept_what_was_declared(facilitator)
    validate_the_rest(facilitator, made)
    seconds = time.monotonic() - began
    with capsys.disabled():
        print(f"\n{facilitator.report()}\n{company.report()}\nEnsemble : {seconds:.1f} s")

    # Every line is validated, none is lost, all three ways are there, and what counts is what the paper says.
    counted = PORTAL + BROWSER + FILE + GRID
    assert counted == Decimal("40926.89")
    states, sources = in_sql(made)
    assert same(states) == [("validated", LINES, counted + NOT_COUNTED, counted)]
    assert same(sources) == [
        ("import", 48, FILE),
        ("portal", 240, PORTAL + NOT_COUNTED + BROWSER),
        ("screen", 12, GRID),
    ]
    assert MonthDeclaration.objects.filter(month=made.month, state="accepted").count() == 20
    # What was explained keeps its reason; what was left to the grid was told there.
    assert sorted(SettledAnomaly.objects.values_list("kind", flat=True)) == [
        "duplicate", "no_validation", "over_contract", "sudden",
    ]  # fmt: skip
    for left, hours in ((LEFT, 0), (SUDDEN_LEFT, 30)):
        entry = made.planted(left).entries.get(month=made.month)
        assert (entry.counted_hours, entry.validated_by) == (hours, made.facilitator), COMPANIES[left]

    # One gesture for a line at most; the month in a hundred and fifty.
    assert facilitator.total <= MOST_GESTURES, facilitator.report()
    assert company.total <= 12 + 10, company.report()
