"""Past years taken over from a former tool: by the command and on the page, with their totals, taken back or validated."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from beneficiaries.enums import EntrySource, EntryState, ImportState, LineState, Modality
from beneficiaries.history_import import spread
from beneficiaries.models import (
    Assignment,
    Beneficiary,
    DataImport,
    EligibilityReview,
    HoursEntry,
    ImportLine,
    Placement,
)
from beneficiaries.services.import_endings import take_back_import, validate_import
from beneficiaries.services.imports import check_import, load_import, receive_import, recount_import
from clauses.models import Clause, Commitment, CommitmentChange
from core.errors import DomainError
from markets.models import Award, Buyer, Company, Lot, Market
from reporting import indicators
from reporting.indicators import Facts
from reporting.scope import Period, Scope
from tests.factories import (
    AwardFactory,
    BeneficiaryFactory,
    BuyerFactory,
    ClosedYearFactory,
    ContractTypeFactory,
)

SHARED = Path(settings.BASE_DIR).parent / "shared" / "data" / "bilan"
FILE = """Acheteur;Marché;Objet;Titulaire;Heures engagées;Nom;Prénom;Sexe;Né le;Employeur;Modalité;Type de contrat;Date de début;Date de fin;Validation;Mois;Heures
Ville de Brume;2019-01;Réfection de l’école;Maçons Réunis;500;DUPONT;Jean;H;12/05/1990;Insert’Pro;ETTI;Intérim;04/02/2019;31/05/2019;20/01/2019;02/2019;120
Ville de Brume;2019-01;Réfection de l’école;Maçons Réunis;500;DUPONT;Jean;H;12/05/1990;Insert’Pro;ETTI;Intérim;04/02/2019;31/05/2019;20/01/2019;03/2019;151,67
Ville de Brume;2019-02;Voirie;Routes SA;;MARTIN;Léa;F;01/02/1985;;Embauche directe;CDD;01/03/2019;;;03/2019;100
"""
MADE = (
    Buyer,
    Market,
    Lot,
    Clause,
    Award,
    Commitment,
    Company,
    Beneficiary,
    Placement,
    Assignment,
    HoursEntry,
)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def types() -> None:
    for code in ("ctt", "cdd"):
        ContractTypeFactory(code=code, label=code)


def taken(text: str, **options: Any) -> DataImport:
    row = receive_import(
        kind="take_over", name="reprise.csv", content=text.encode(), user=None, options=options
    )
    check_import(row, user=None)
    recount_import(row, load_import(row, user=None), user=None)
    row.refresh_from_db()
    return row


def counts() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in MADE}


def test_what_is_missing_is_made_from_the_buyer_down_to_the_hours():
    row = taken(FILE)
    assert counts() == {
        "Buyer": 1, "Market": 2, "Lot": 2, "Clause": 2, "Award": 2, "Commitment": 2, "Company": 3,
        "Beneficiary": 2, "Placement": 2, "Assignment": 2, "HoursEntry": 3,
    }  # fmt: skip
    entry = HoursEntry.objects.get(month=dt.date(2019, 2, 1))
    assert (entry.hours, entry.source, entry.state) == (
        Decimal("120.00"), EntrySource.TAKE_OVER, EntryState.SUBMITTED,
    )  # fmt: skip
    placement = entry.assignment.placement
    assert (placement.modality, placement.contract_type_id) == (Modality.ETTI, "ctt")
    assert (placement.starts_on, placement.ends_on) == (dt.date(2019, 2, 4), dt.date(2019, 5, 31))
    assert (
        str(placement.employer) == "Insert’Pro" and str(entry.assignment.commitment.holder) == "Maçons Réunis"
    )
    direct = Placement.objects.get(modality=Modality.DIRECT)
    assert str(direct.employer) == "Routes SA" and direct.ends_on == dt.date(2019, 3, 31)
    assert Beneficiary.objects.get(last_name="MARTIN").gender == "F"
    assert (row.counts["hours"], row.counts["contracts"], row.counts["by_month"]) == (371.67, 2, 2)


def test_the_same_file_twice_changes_nothing():
    taken(FILE)
    before = counts()
    row = taken(FILE)
    assert counts() == before
    assert (row.counts["unchanged"], row.counts["entries"]) == (3, 0)


def test_validating_keeps_the_legacy_decisions_and_the_engaged_hours():
    row = taken(FILE)
    assert validate_import(row, user=None) == 0
    assert set(HoursEntry.objects.values_list("state", "counting_reason")) == {("validated", "counted")}
    assert sum(HoursEntry.objects.values_list("counted_hours", flat=True)) == Decimal("371.67")
    dated, undated = EligibilityReview.objects.order_by("decided_on")
    assert (dated.decided_on, dated.entry_age, dated.entry_gender) == (dt.date(2019, 1, 20), 28, "M")
    assert undated.decided_on == dt.date(2019, 3, 1) and "ne donne pas la date" in undated.note
    assert not Assignment.objects.filter(review__isnull=True).exists()
    [change] = CommitmentChange.objects.all()
    assert (change.delta, change.effective_on) == (Decimal("500.00"), dt.date(2019, 2, 1))
    row.refresh_from_db()
    assert (row.state, row.stored) == (ImportState.VALIDATED, None)
    with pytest.raises(DomainError, match="Seul un import chargé"):
        take_back_import(row, user=None)


def test_everything_that_was_made_is_taken_back():
    before = counts()
    row = taken(FILE)
    assert take_back_import(row, user=None) == 0
    assert counts() == before == dict.fromkeys(before, 0)


def test_what_others_lean_on_by_now_stays():
    row = taken(FILE)
    AwardFactory(company=Company.objects.get(name="Insert’Pro"))
    assert take_back_import(row, user=None) == 1
    assert Company.objects.filter(name="Insert’Pro").exists() and not HoursEntry.objects.exists()


def test_what_is_here_already_is_not_made_again():
    buyer = BuyerFactory(name="Ville de BRUME")
    person = BeneficiaryFactory(last_name="Dupont", first_name="Jean", birth_date=dt.date(1990, 5, 12))
    taken(FILE)
    assert Market.objects.filter(buyer=buyer).count() == 2 and Buyer.objects.count() == 1
    assert Beneficiary.objects.count() == 2 and person.placements.count() == 1


def test_a_person_who_only_looks_like_another_is_asked():
    BeneficiaryFactory(last_name="Dupond", first_name="Jean", birth_date=dt.date(1990, 5, 12))
    row = receive_import(kind="take_over", name="r.csv", content=FILE.encode(), user=None)
    check_import(row, user=None)
    line = ImportLine.objects.get(data_import=row, number=2)
    assert line.state == LineState.DOUBTFUL and [value for value, _ in line.proposals][1:] == ["new", "leave"]


def test_a_closed_year_takes_no_hours_over():
    ClosedYearFactory(year=2019)
    row = taken(FILE)
    assert set(ImportLine.objects.filter(data_import=row).values_list("state", "sentence")) == {
        ("refused", "2019 est close\u202f: ses heures ne se reprennent plus, son bilan est arrêté.")
    }
    assert not HoursEntry.objects.exists()


def test_a_year_closed_since_the_load_refuses_the_validation():
    row = taken(FILE)
    ClosedYearFactory(year=2019)
    with pytest.raises(DomainError, match="a été close depuis le chargement"):
        validate_import(row, user=None)
    assert not EligibilityReview.objects.exists()


def test_hours_of_a_contract_or_a_year_stand_at_its_month_within_what_a_month_holds():
    assert spread(dt.date(2019, 11, 1), Decimal("1600")) == [
        (dt.date(2019, 11, 1), Decimal(744)),
        (dt.date(2019, 12, 1), Decimal(744)),
        (dt.date(2019, 10, 1), Decimal(112)),
    ]
    text = "Acheteur;Marché;Nom;Prénom;Né le;Année;Heures\nVille;M1;DUPONT;Jean;12/05/1990;2019;1000\n"
    row = taken(text)
    assert list(HoursEntry.objects.order_by("month").values_list("month", "hours")) == [
        (dt.date(2019, 1, 1), Decimal("744.00")),
        (dt.date(2019, 2, 1), Decimal("256.00")),
    ]
    assert row.counts["by_year"] == 1
    assert "non repris" in Company.objects.get().name


def test_a_month_of_more_than_744_hours_is_refused_unless_it_is_a_contract_s():
    text = FILE.replace("02/2019;120", "02/2019;900")
    row = taken(text)
    assert "744" in ImportLine.objects.get(data_import=row, number=2).sentence
    assert taken(text, granularity="contract").counts["refused"] == 0


def write(tmp_path: Path, text: str, name: str = "m.toml") -> str:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


MAPPING = """
header = 1
[columns]
"annee" = "year"
"direction" = "department"
"marche" = "market"
"contrat" = "contract"
"beneficiaire_id" = "person_id"
"nom" = "last_name"
"prenom" = "first_name"
"sexe" = "gender"
"date_naissance" = "birth_date"
"mode_embauche" = "modality"
"structure_siret" = "employer_siret"
"structure_nom" = "employer"
"type_contrat" = "contract_type"
"mois_debut" = "month"
"heures" = "hours"
[options]
buyer = "Département de la Haute-Vienne"
granularity = "contract"
[modalities]
"ACI" = "siae_contract"
"EI" = "siae_contract"
"""


@pytest.mark.shared
def test_haute_vienne_2020_loads_by_the_command_and_gives_its_published_totals(tmp_path, capsys):
    file = str(SHARED / "haute_vienne_2020_microdonnees_SYNTHETIQUES.csv")
    mapping = write(tmp_path, MAPPING)
    call_command("import_history", file, mapping=mapping, dry_run=True)
    said = capsys.readouterr().out
    assert "157 lignes lues" in said and "137 personnes à créer" in said and "rien n’est écrit" in said
    assert counts() == dict.fromkeys(counts(), 0) and not DataImport.objects.exists()
    call_command("import_history", file, mapping=mapping, validate=True)
    buyer = Buyer.objects.get(name="Département de la Haute-Vienne")
    facts = Facts(Scope.of(buyer), Period((2020,)))
    assert indicators.hours(facts)[2020] == Decimal("33000.00")
    assert indicators.people(facts)[2020] == 137
    assert indicators.contracts(facts, 2020).count == 157
    assert indicators.markets(facts)[2020].count == 76
    assert indicators.hours_per_person(Decimal("33000.00"), 137) == Decimal("240.88")
    assert EligibilityReview.objects.count() == 137
    before = counts()
    call_command("import_history", file, mapping=mapping)
    assert counts() == before


@pytest.mark.shared
def test_haute_vienne_2020_is_read_by_its_titles_alone_too():
    content = (SHARED / "haute_vienne_2020_microdonnees_SYNTHETIQUES.csv").read_bytes()
    buyer = BuyerFactory(name="Département de la Haute-Vienne")
    row = receive_import(
        kind="take_over", name="hv.csv", content=content, user=None,
        options={"buyer": buyer.pk, "granularity": "contract"},
    )  # fmt: skip
    check_import(row, user=None)
    row.refresh_from_db()
    assert (row.counts["lines"], row.counts["refused"], row.counts["hours"]) == (157, 0, 33000.0)
    assert (row.counts["people"], row.counts["contracts"], row.counts["markets"]) == (137, 157, 76)


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ("columns = 3", "« columns » est une table"),
        ('[columns]\n"nom" = "zorro"', "« zorro » n’est pas l’un de"),
        ('[columns]\n"absente" = "last_name"', "La colonne « absente » n’est pas à la ligne 1"),
        ("nothing = [", "n’est pas du TOML"),
        ('sheet = "Autre"', "La feuille « Autre » n’est pas dans le fichier"),
        ('[options]\ngranularity = "day"', "La granularité est l’une de"),
        ('[colonnes]\n"a" = "b"', "« colonnes » n’est pas connu"),
    ],
)
def test_a_wrong_mapping_is_refused_with_a_sentence_and_leaves_nothing(tmp_path, mapping, sentence):
    file = write(tmp_path, FILE, "f.csv")
    with pytest.raises(CommandError, match=r".") as refused:
        call_command("import_history", file, mapping=write(tmp_path, mapping))
    assert sentence in str(refused.value).replace("\u202f", " ")
    assert not DataImport.objects.exists()


def test_a_file_that_is_missing_is_said(tmp_path):
    with pytest.raises(CommandError, match="ne peut pas être lu"):
        call_command("import_history", str(tmp_path / "rien.csv"), mapping=write(tmp_path, ""))
