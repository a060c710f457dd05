"""A buyer's list is read line by line: what is wrong is refused with its reason, what is doubtful is said and kept."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from core.files import store_file
from core.spreadsheets import Sheet, guess_header, match_columns, read_sheets, titles_of
from core.text import normalise
from markets.enums import Family, MarketNature, Procedure, Technique
from markets.models import PlannedPurchase
from markets.purchase_files import lines_to_correct
from markets.purchase_import import Known, family_of_cpv, read_lines
from markets.purchase_words import FAMILIES, FAMILY_WORDS, NATURES, PROCEDURES, TECHNIQUES, WANTED
from markets.services.planning import decide_targeting, known_for, load_plan, plan_load
from tests.factories import (
    BuyerFactory,
    BuyerMembershipFactory,
    CommuneFactory,
    CpvCodeFactory,
    DepartmentFactory,
    PlannedPurchaseFactory,
    siret,
)

KNOWN = Known(
    buyer_name="Ville d’Alpha",
    buyer_names=frozenset({"ville d alpha", "alpha"}),
    buyer_identifier="21690149600010",
    year=2027,
    departments={"voirie": 7},
    cpv={"45": "Travaux de construction", "45210000": "Travaux de construction de bâtiments"},
    commune={"Bron": "69029"}.get,
)


def read(*rows, known=KNOWN, titles=None):
    """Lines read below these titles (those of WANTED that the first row gives)."""
    sheet = Sheet("", [list(row) for row in rows])
    header = guess_header(sheet.rows, WANTED)
    columns = match_columns(titles_of(sheet.rows, header), WANTED)
    return read_lines(sheet, header=header, columns=columns, known=known)


def one(titles, *cells, known=KNOWN):
    return read(titles, cells, known=known).lines[0]


# --- A whole list -------------------------------------------------------------------------------------------


def test_a_list_as_a_french_spreadsheet_leaves_it_is_read_whole() -> None:
    reading = read(
        ["VILLE D’ALPHA – Direction de la commande publique", None, None, None, None],
        [],
        ["N° MARCHE\n", "Intitulé ", "Montant HT", "Date de lancement", "Type de marché"],
        ["26-01", "  Réfection de l’école ", "1 234,56 €", "30/03/2027", "Travaux"],
        [Decimal("2602.0"), "Nettoyage", Decimal("45371.94"), Decimal("46112"), "S"],
        [],
        ["26-03", "Mobilier", "96\u202f136,60€", dt.date(2027, 5, 4), "Fournitures"],
        ["TOTAL", None, Decimal("142743.10"), None, None],
    )
    assert [(line.number, line.errors, line.warnings) for line in reading.lines] == [
        (4, [], []),
        (5, [], []),
        (7, [], []),
    ]
    assert reading.totals == 1
    names = ("reference", "object", "amount", "planned_on", "family")
    assert [tuple(line.values[name] for name in names) for line in reading.lines] == [
        ("26-01", "Réfection de l’école", Decimal("1234.56"), dt.date(2027, 3, 30), "works"),
        ("2602", "Nettoyage", Decimal("45371.94"), dt.date(2026, 3, 31), "services"),
        ("26-03", "Mobilier", Decimal("96136.60"), dt.date(2027, 5, 4), "supplies"),
    ]


def test_a_list_in_cp1252_with_semicolons_is_read_from_its_bytes() -> None:
    content = "Référence;Objet;Montant prévu HT;Famille\r\nA1;Étanchéité;1 234,50 €;travaux\r\n".encode(
        "cp1252"
    )
    (sheet,) = read_sheets(content)
    columns = match_columns(titles_of(sheet.rows, 1), WANTED)
    (line,) = read_lines(sheet, header=1, columns=columns, known=KNOWN).lines
    assert (line.values["object"], line.values["amount"]) == ("Étanchéité", Decimal("1234.50"))


def test_titles_of_the_decp_files_are_recognised() -> None:
    titles = [
        "uid", "id", "type", "codeCPV", "acheteur_id", "acheteur_nom", "titulaire_id", "montant", "dateNotification",
        "procedure", "dureeMois",
    ]  # fmt: skip
    assert match_columns(titles, WANTED) == {
        "reference": 1,
        "family": 2,
        "cpv": 3,
        "buyer": 4,
        "amount": 7,
        "planned_on": 8,
        "procedure": 9,
        "months": 10,
    }


# --- What refuses a line ------------------------------------------------------------------------------------

TITLES = ["Référence", "Objet", "Montant", "Lancement", "Famille", "SIRET acheteur"]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (("A", "Objet", "-5", None, "travaux"), "est négatif"),
        (("A", "Objet", "1e17", None, "travaux"), "n’est pas un montant"),
        (("A", "Objet", Decimal("1e17"), None, "travaux"), "dépasse"),
        (("A", "Objet", "entre 10 et 20", None, "travaux"), "n’est pas un montant"),
        (("A", "Objet", "12", "31/02/2027", "travaux"), "Lancement prévu"),
        (("A", "Objet", "12", "bientôt", "travaux"), "n’est pas une date"),
        (("A", "Objet", "12", "01/03/2072", "travaux"), "loin de la liste de 2027"),
        (("A", "Objet", "12", None, "divers"), "écrivez travaux, services"),
        (("A", "Objet", "12", None, None), "La famille d’achat manque"),
        ((None, None, "12", None, "travaux"), "ni objet ni référence"),
        (("x" * 61, "Objet", "12", None, "travaux"), "61 signes"),
        (("A", "Objet", "12", None, "travaux", "39989834500018"), "du donneur d’ordre 39989834500018"),
        (("A", "Objet", "12", None, "travaux", "Ville de Bravo"), "de « Ville de Bravo »"),
    ],
)
def test_a_line_is_refused_with_its_reason(cells, words) -> None:
    line = one(TITLES, *cells)
    assert not line.is_right
    assert words in " ".join(line.errors)


def test_the_buyer_s_own_lines_pass_by_number_establishment_or_name() -> None:
    for cell in (
        "21690149600010",
        "216 901 496 00028",
        Decimal("21690149600010.0"),
        "VILLE D'ALPHA",
        "Alpha",
        None,
    ):
        assert one(TITLES, "A", "Objet", "12", None, "travaux", cell).errors == []


def test_the_same_reference_twice_is_refused_the_second_time() -> None:
    reading = read(TITLES, ["A", "Un", "1", None, "travaux"], ["A", "Deux", "2", None, "travaux"])
    assert [line.errors for line in reading.lines] == [[], ["La référence « A » est déjà à la ligne 2."]]


def test_the_same_object_without_reference_is_refused_the_second_time() -> None:
    reading = read(TITLES, [None, "Nettoyage", "1", None, "s"], [None, "NETTOYAGE ", "2", None, "s"])
    assert "Même objet qu’à la ligne 2" in reading.lines[1].errors[0]


# --- What is said and kept ----------------------------------------------------------------------------------


def test_what_describes_a_purchase_badly_is_left_out_said_and_kept() -> None:
    titles = ["Objet", "Famille", "CPV", "Durée", "Lots", "Procédure", "Lieu", "Service", "Montant"]
    line = one(
        titles,
        "Objet",
        "travaux",
        "4521",
        "1 an renouvelable",
        "à voir",
        "sur mesure",
        "Ailleurs",
        "Pôle X",
        "0",
    )
    assert line.errors == []
    assert len(line.warnings) == 7
    assert "Durée (mois) : 1 an renouvelable" in line.values["left_out"]
    assert line.values["amount"] is None
    assert not {"months", "lots", "procedure", "commune_id", "department_id"} & set(line.values)


def test_what_is_not_known_yet_is_blank() -> None:
    titles = ["Objet", "Famille", "Montant", "Lancement", "CPV"]
    for word in ("NC", "à définir", "-", "N/A", "…", "?", "Non renseigné"):
        line = one(titles, "Objet", "travaux", word, word, word)
        assert (line.errors, line.warnings, line.values["amount"]) == ([], [], None), word


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("mars 2027", dt.date(2027, 3, 1)),
        ("03/2027", dt.date(2027, 3, 1)),
        ("2e trimestre 2027", dt.date(2027, 4, 1)),
        ("T3 2027", dt.date(2027, 7, 1)),
        ("1er semestre 2027", dt.date(2027, 1, 1)),
        ("S2 2027", dt.date(2027, 7, 1)),
        ("3/2/27", dt.date(2027, 2, 3)),
        ("2027-02-03", dt.date(2027, 2, 3)),
    ],
)
def test_a_launch_is_a_day_a_month_a_quarter_or_a_half_year(text, day) -> None:
    assert one(["Objet", "Famille", "Lancement"], "Objet", "travaux", text).values["planned_on"] == day


def test_a_year_alone_says_no_day() -> None:
    line = one(["Objet", "Famille", "Lancement"], "Objet", "travaux", "2027")
    assert (line.errors, line.values["planned_on"]) == ([], None)
    assert "une année ne dit pas quand" in line.warnings[0]


@pytest.mark.parametrize(
    ("title", "text", "name", "value"),
    [
        ("Durée", "2 ans", "months", 24),
        ("Durée", "18 mois", "months", 18),
        ("Durée", Decimal("5.0"), "months", 5),
        ("Lots", "non alloti", "lots", 1),
        ("Lots", "3 lots", "lots", 3),
        ("Procédure", "MAPA", "procedure", "adapted"),
        ("Procédure", "Procédure adaptée", "procedure", "adapted"),
        ("Procédure", "AOO", "procedure", "open_tender"),
        ("Procédure", "Appel d'offres ouvert", "procedure", "open_tender"),
        ("Procédure", "Appel d’offres restreint", "procedure", "restricted_tender"),
        ("Procédure", "Procédure avec négociation", "procedure", "negotiated"),
        ("Procédure", "Dialogue compétitif", "procedure", "dialogue"),
        ("Procédure", "Sans publicité ni mise en concurrence", "procedure", "direct"),
        ("Technique d’achat", "Accord-cadre à bons de commande", "technique", "framework"),
        ("Technique d’achat", "Marché subséquent", "technique", "subsequent"),
        ("Technique d’achat", "SAD", "technique", "dynamic"),
        ("Technique d’achat", "Marché ordinaire", "technique", "none"),
        ("Nature du contrat", "Concession de service", "nature", "concession"),
        ("Nature du contrat", "Délégation de service public", "nature", "concession"),
        ("Nature du contrat", "Marché d’insertion", "nature", "insertion"),
        ("Nature du contrat", "Marché public", "nature", "market"),
        ("Lieu", "Bron", "commune_id", "69029"),
        ("Service", "VOIRIE", "department_id", 7),
        ("CPV", "45210000-2", "cpv", "45210000"),
        ("CPV", Decimal("45210000.0"), "cpv", "45210000"),
    ],
)
def test_the_words_of_the_trade_are_understood(title, text, name, value) -> None:
    line = one(["Objet", "Famille", title], "Objet", "travaux", text)
    assert (line.errors, line.warnings, line.values[name]) == ([], [], value)


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("Travaux", "works"),
        ("TX", "works"),
        ("Marché de travaux", "works"),
        ("Fournitures courantes", "supplies"),
        ("F", "supplies"),
        ("Services", "services"),
        ("Prestations", "services"),
        ("Prestations intellectuelles", "intellectual"),
        ("PI", "intellectual"),
        ("Maîtrise d’œuvre", "intellectual"),
    ],
)
def test_the_family_is_read_as_it_is_written(text, family) -> None:
    assert one(["Objet", "Famille"], "Objet", text).values["family"] == family


@pytest.mark.parametrize(
    ("cpv", "family"),
    [
        ("45210000", "works"),
        ("03000000", "supplies"),
        ("44000000", "supplies"),
        ("48000000", "supplies"),
        ("50000000", "services"),
        ("90910000", "services"),
        ("71000000", "intellectual"),
        ("", ""),
    ],
)
def test_the_cpv_tells_the_family_that_the_list_does_not(cpv, family) -> None:
    assert family_of_cpv(cpv) == family


def test_a_list_without_objects_names_its_purchases_by_cpv_and_reference() -> None:
    line = one(["N° marché", "CPV"], "2024-005", "45311200")
    assert line.values["object"] == "Travaux de construction (2024-005)"
    assert line.values["family"] == "works"
    line = one(["N° marché", "CPV"], "2024-006", "45210000")
    assert line.values["object"] == "Travaux de construction de bâtiments (2024-006)"
    line = one(["N° marché", "Famille"], "2024-007", "services")
    assert line.values["object"] == "Achat 2024-007"


def test_the_closed_lists_are_those_of_the_models() -> None:
    assert dict(Family.choices) == FAMILY_WORDS
    for choices, model in (
        (FAMILIES, Family),
        (NATURES, MarketNature),
        (PROCEDURES, Procedure),
        (TECHNIQUES, Technique),
    ):
        assert {code for code, _ in choices} <= set(model.values)
    names = {field.name for field in PlannedPurchase._meta.get_fields()}
    assert {entry.name for entry in WANTED} <= names


def test_the_labels_of_the_models_are_understood_too() -> None:
    titles = ["Objet", "Famille", "Procédure", "Technique d’achat", "Nature du contrat"]
    for name, model in (("procedure", Procedure), ("technique", Technique), ("nature", MarketNature)):
        for code, label in model.choices:
            cells = [label if wanted == name else None for wanted in ("procedure", "technique", "nature")]
            line = one(titles, "Objet", "travaux", *cells)
            assert line.values[name] == code, label


# --- Loading ------------------------------------------------------------------------------------------------


@pytest.fixture
def buyer(db):
    CpvCodeFactory(code="45210000", label="Travaux de construction de bâtiments")
    return BuyerFactory(name="Ville d’Alpha")


def load(buyer, user, *rows, year=2027):
    known = known_for(buyer, year=year)
    return load_plan(buyer=buyer, year=year, reading=read(*rows, known=known), by=user)


def counts(plan):
    return len(plan.added), len(plan.changed), len(plan.unchanged), len(plan.refused)


ROWS = (
    ["Référence", "Objet", "Montant", "Famille", "Durée", "Observations"],
    ["A1", "École", "1 000", "travaux", "1 an renouvelable", "À revoir"],
    ["A2", "Crèche", "2 000", "travaux", "12", None],
    [None, "Nettoyage", "3 000", "services", "?", None],
)


def test_the_same_list_twice_changes_nothing(buyer, cast) -> None:
    assert counts(load(buyer, cast.facilitator, *ROWS)) == (3, 0, 0, 0)
    history = PlannedPurchase.history.count()
    assert counts(load(buyer, cast.facilitator, *ROWS)) == (0, 0, 3, 0)
    assert PlannedPurchase.objects.filter(buyer=buyer).count() == 3
    assert PlannedPurchase.history.count() == history
    first = PlannedPurchase.objects.get(reference="A1")
    assert first.notes == "À revoir\nLu dans la liste sans être repris : Durée (mois) : 1 an renouvelable."
    assert PlannedPurchase.history.filter(id=first.pk).get().history_user == cast.facilitator


def test_a_reference_already_there_is_brought_up_to_date_and_a_blank_changes_nothing(buyer, cast) -> None:
    load(buyer, cast.facilitator, *ROWS)
    decide_targeting(
        purchase=PlannedPurchase.objects.get(reference="A1"), targeting="kept", by=cast.facilitator
    )
    plan = load(buyer, cast.facilitator, ROWS[0], ["A1", "École agrandie", None, "travaux", None, None])
    assert counts(plan) == (0, 1, 0, 0)
    found = PlannedPurchase.objects.get(reference="A1")
    assert (found.object, found.amount, found.targeting) == ("École agrandie", Decimal("1000"), "kept")
    assert found.notes.startswith("À revoir")


def test_another_year_and_another_buyer_are_other_lists(buyer, cast) -> None:
    load(buyer, cast.facilitator, *ROWS)
    assert counts(load(buyer, cast.facilitator, *ROWS, year=2028)) == (3, 0, 0, 0)
    assert counts(load(cast.buyer_b, cast.facilitator, *ROWS)) == (3, 0, 0, 0)


def test_wrong_lines_leave_the_right_ones_alone(buyer, cast) -> None:
    plan = load(buyer, cast.facilitator, *ROWS, ["A9", "Gymnase", "-5", "travaux", None, None])
    assert counts(plan) == (3, 0, 0, 1)
    assert not PlannedPurchase.objects.filter(reference="A9").exists()


def test_a_buyer_does_not_change_by_a_list_what_is_targeted(buyer, cast) -> None:
    user = BuyerMembershipFactory(buyer=buyer).user
    load(buyer, user, *ROWS)
    decide_targeting(
        purchase=PlannedPurchase.objects.get(reference="A1"), targeting="kept", by=cast.facilitator
    )
    plan = load(buyer, user, ROWS[0], ["A1", "École", "9 000", "travaux", None, None], ROWS[2])
    assert counts(plan) == (0, 0, 1, 1)
    assert "Le ciblage de cet achat est décidé" in plan.refused[0].errors[0]
    assert PlannedPurchase.objects.get(reference="A1").amount == Decimal("1000")


def test_a_limited_account_loads_into_its_department_and_touches_no_other(buyer, cast) -> None:
    own, other = DepartmentFactory(buyer=buyer), DepartmentFactory(buyer=buyer)
    user = BuyerMembershipFactory(buyer=buyer, department=own).user
    taken = PlannedPurchaseFactory(buyer=buyer, department=other, reference="A1", amount=Decimal("7"))
    plan = load(buyer, user, *ROWS)
    assert counts(plan) == (2, 0, 0, 1)
    assert "autre direction" in plan.refused[0].errors[0]
    taken.refresh_from_db()
    assert taken.amount == Decimal("7")
    rows = PlannedPurchase.objects.filter(buyer=buyer).exclude(pk=taken.pk)
    assert {row.department for row in rows} == {own}
    assert set(PlannedPurchase.objects.visible_to(user)) == set(rows)


def test_communes_are_found_by_name_code_and_postal_code(buyer) -> None:
    CommuneFactory(code="69029", label="Bron", department_code="69")
    CommuneFactory(code="01001", label="Saint-Just", department_code="01")
    CommuneFactory(code="07259", label="Saint-Just", department_code="07")
    find = known_for(buyer, year=2027).commune
    assert [find(text) for text in ("BRON", "Bron (69)", "69500 Bron", "69029")] == ["69029"] * 4
    assert [find(text) for text in ("Saint-Just (07)", "01250 Saint-Just")] == ["07259", "01001"]
    assert [find(text) for text in ("Saint-Just", "Ailleurs", "")] == [None, None, None]


def test_planning_a_load_writes_nothing_and_asks_little(buyer, cast, django_assert_max_num_queries) -> None:
    known = known_for(buyer, year=2027)
    reading = read(*ROWS, known=known)
    with django_assert_max_num_queries(4):
        plan = plan_load(buyer=buyer, year=2027, reading=reading, by=cast.facilitator)
    assert counts(plan) == (3, 0, 0, 0)
    assert not PlannedPurchase.objects.filter(buyer=buyer).exists()


def test_the_lines_to_correct_come_back_as_they_were_and_load_once_corrected(buyer, cast) -> None:
    rows = [*ROWS, ["A9", "=1+1", "-5", "travaux", None, "deux\nlignes"]]
    plan = load(buyer, cast.facilitator, *rows)
    content = lines_to_correct(ROWS[0], plan.refused)
    assert content.decode("utf-8-sig").splitlines()[0] == (
        "Motif du refus;Référence;Objet;Montant;Famille;Durée;Observations"
    )
    (sheet,) = read_sheets(content)
    assert sheet.rows[1][2] == "'=1+1"
    assert "est négatif" in sheet.rows[1][0]
    corrected = [sheet.rows[0], [*sheet.rows[1][:3], "5", *sheet.rows[1][4:]]]
    again = load(buyer, cast.facilitator, *corrected)
    assert counts(again) == (1, 0, 0, 0)
    # Refused a second time, a line has its reason once.
    twice = lines_to_correct(sheet.rows[0], plan.refused).decode("utf-8-sig").splitlines()[0]
    assert twice.count("Motif du refus") == 1


@pytest.mark.parametrize("title", ["<Objet>", "{objet}", "[objet]", "BEGIN:VCALENDAR", "%PDF"])
def test_the_lines_to_correct_are_a_csv_whatever_the_titles_are(buyer, cast, title) -> None:
    plan = load(buyer, cast.facilitator, *ROWS, ["A9", "Mobilier", "-5", "travaux"])
    content = lines_to_correct([title, *ROWS[0][1:]], plan.refused)
    kept = store_file(kind="essai", name="l.csv", content=content, user=None, allowed_types=["csv"])
    assert kept.content_type == "text/csv"


def test_the_buyer_s_identifier_is_known_only_when_it_is_sound(db) -> None:
    sound, doubtful = (
        BuyerFactory(identifier=siret(42)),
        BuyerFactory(identifier="123", identifier_kind="unknown"),
    )
    assert known_for(sound, year=2027).buyer_identifier == siret(42)
    assert known_for(doubtful, year=2027).buyer_identifier == ""
    assert normalise(sound.name) in known_for(sound, year=2027).buyer_names
