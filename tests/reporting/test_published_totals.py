"""Published totals of the field, found again: Haute-Vienne 2020 row by row, and sums that can be checked."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from beneficiaries.enums import CountingReason, EntrySource, EntryState, Modality
from beneficiaries.models import Assignment, Beneficiary, HoursEntry, Placement
from beneficiaries.services.counting import recount_people
from clauses.models import Clause, Commitment
from markets.models import Award, Buyer, Company, Lot, Market
from reporting import indicators
from reporting.indicators import Facts
from reporting.scope import Period, Scope
from reporting.snapshot import build_snapshot
from tests.factories import BuyerFactory, ClosedYearFactory, ContractTypeFactory

SHARED = Path(settings.BASE_DIR).parent / "shared" / "data" / "bilan"
MODALITIES = {
    "Embauche directe": Modality.DIRECT,
    "ACI": Modality.SIAE_CONTRACT,
    "EI": Modality.SIAE_CONTRACT,
    "AI": Modality.AI,
    "GEIQ": Modality.GEIQ,
    "ETTI": Modality.ETTI,
}


def haute_vienne(*, already_counted: bool, source: str = EntrySource.SCREEN) -> Buyer:
    """The synthetic people of Haute-Vienne 2020: a contract a line, its hours in its first month.

    A month holds at most 744 hours: what is beyond goes to the months that follow.
    """
    buyer = BuyerFactory(name="Département de la Haute-Vienne")
    commitments: dict[str, Commitment] = {}
    companies: dict[str, Company] = {}
    people: dict[str, Beneficiary] = {}
    types: dict[str, Any] = {}
    with (SHARED / "haute_vienne_2020_microdonnees_SYNTHETIQUES.csv").open(encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream))
    for line in lines:
        if line["marche"] not in commitments:
            market = Market.objects.create(
                buyer=buyer,
                reference=line["marche"],
                object=line["direction"],
                notified_on=dt.date(2020, 1, 1),
            )
            lot = Lot.objects.create(market=market)
            company = Company.objects.create(name=f"Titulaire {line['marche']}")
            commitments[line["marche"]] = Commitment.objects.create(
                clause=Clause.objects.create(lot=lot), award=Award.objects.create(lot=lot, company=company)
            )
        commitment = commitments[line["marche"]]
        employer = commitment.holder
        if line["structure_nom"]:
            name = line["structure_nom"]
            employer = companies.get(name) or companies.setdefault(name, Company.objects.create(name=name))
        if line["beneficiaire_id"] not in people:
            people[line["beneficiaire_id"]] = Beneficiary.objects.create(
                last_name=f"{line['nom']} {line['beneficiaire_id']}",
                first_name=line["prenom"],
                gender="F" if line["sexe"] == "F" else "M",
                birth_date=dt.date.fromisoformat(line["date_naissance"]),
            )
        code = line["type_contrat"][:20]
        types.setdefault(code, ContractTypeFactory(code=code, label=line["type_contrat"]))
        first = dt.date.fromisoformat(line["mois_debut"])
        placement = Placement.objects.create(
            beneficiary=people[line["beneficiaire_id"]],
            employer=employer,
            contract_type=types[code],
            modality=MODALITIES[line["mode_embauche"]],
            starts_on=first,
            ends_on=dt.date(2020, 12, 31),
        )
        assignment = Assignment.objects.create(placement=placement, commitment=commitment, starts_on=first)
        left, month = Decimal(line["heures"]), first
        while left:
            hours = min(left, Decimal(700)) if month.month < 12 else left
            HoursEntry.objects.create(
                assignment=assignment,
                month=month,
                hours=hours,
                state=EntryState.VALIDATED,
                source=source,
                counted_hours=hours if already_counted else Decimal(0),
                counting_reason=CountingReason.COUNTED if already_counted else "",
            )
            left, month = left - hours, (month + dt.timedelta(days=32)).replace(day=1)
    return buyer


@pytest.mark.shared
@pytest.mark.django_db
def test_haute_vienne_2020_gives_its_published_totals():
    buyer = haute_vienne(already_counted=True)
    ClosedYearFactory(year=2020)
    facts = Facts(Scope.of(buyer), Period((2020,)))
    assert indicators.markets(facts)[2020].count == 76
    assert indicators.people(facts)[2020] == 137
    assert indicators.contracts(facts, 2020).count == 157
    assert indicators.hours(facts)[2020] == Decimal("33000.00")
    snapshot = build_snapshot(
        buyer=buyer, year=2020, version=1, narrative={}, now=dt.datetime(2021, 2, 1, tzinfo=dt.UTC)
    )
    figures = snapshot["figures"]
    assert (figures["markets"], figures["people"], figures["contracts"]) == ("76", "137", "157")
    assert figures["hours"] == "33000.00" and figures["hours_per_person"] == "240.88"


@pytest.mark.shared
@pytest.mark.django_db
def test_haute_vienne_2020_counts_nothing_without_decisions():
    buyer = haute_vienne(already_counted=False)
    recount_people(Beneficiary.objects.order_by("pk").values_list("pk", flat=True), user=None, reason="essai")
    facts = Facts(Scope.of(buyer), Period((2020,)))
    assert indicators.hours(facts)[2020] == Decimal("0.00")
    assert indicators.people(facts)[2020] == indicators.contracts(facts, 2020).count == 0


@pytest.mark.shared
@pytest.mark.django_db
def test_haute_vienne_2020_taken_over_counts_whole_through_the_rules():
    buyer = haute_vienne(already_counted=False, source=EntrySource.TAKE_OVER)
    recount_people(Beneficiary.objects.order_by("pk").values_list("pk", flat=True), user=None, reason="essai")
    facts = Facts(Scope.of(buyer), Period((2020,)))
    assert indicators.hours(facts)[2020] == Decimal("33000.00")
    assert (indicators.people(facts)[2020], indicators.contracts(facts, 2020).count) == (137, 157)
    assert sum(line.hours for line in indicators.by_holder(facts)[2020].values()) == Decimal("33000.00")


@pytest.fixture(scope="module")
def published() -> dict[tuple[str, int, str], int]:
    with (SHARED / "chiffres_publies.csv").open(encoding="utf-8") as stream:
        return {
            (row["perimetre"], int(row["annee"]), row["indicateur"]): int(row["valeur"])
            for row in csv.DictReader(stream)
        }


@pytest.mark.shared
def test_averages_and_full_time_equivalents_that_were_published(published):
    france, department = "France (AVE)", "Haute-Vienne (CD87)"
    hours = Decimal(published[france, 2021, "heures_insertion"])
    assert round(indicators.full_time_equivalents(hours)) == published[france, 2021, "etp"] == 15_703
    people = published[department, 2020, "participants"]
    average = indicators.hours_per_person(Decimal(published[department, 2020, "heures_insertion"]), people)
    assert average == Decimal("240.88") and round(average) == 241
    average = indicators.hours_per_person(
        Decimal(published[france, 2015, "heures_insertion"]), published[france, 2015, "participants"]
    )
    assert int(average) == 395


@pytest.mark.shared
def test_variations_that_were_published(published):
    department = "Haute-Vienne (CD87)"
    found = indicators.variation(
        published[department, 2020, "heures_insertion"], published[department, 2019, "heures_insertion"]
    )
    assert found == Decimal("-0.1750")
    france = "France (AVE)"
    found = indicators.variation(
        published[france, 2015, "heures_insertion"], published[france, 2014, "heures_insertion"]
    )
    assert round(found * 100) == 10  # « +10 % / 2014 »
    # « 9 800 en 2013, +11,2 % ».
    assert indicators.variation(published[france, 2014, "entreprises"], 9_800) == Decimal("0.1122")
    for year, key, expected in ((2020, "operations", "0.0270"), (2020, "participants", "-0.0284")):
        found = indicators.variation(published[department, year, key], published[department, year - 1, key])
        assert found == Decimal(expected)
    # « 36 000 en 2018 ».
    assert indicators.variation(published[department, 2019, "heures_insertion"], 36_000) == Decimal("0.1111")


def test_there_is_no_variation_on_a_base_of_zero_or_unknown():
    assert indicators.variation(12, 0) is None
    assert indicators.variation(12, None) is None
    assert indicators.variation(None, 12) is None
    assert indicators.variation(90, 100) == Decimal("-0.1000")


def test_there_is_no_average_without_people():
    assert indicators.hours_per_person(Decimal(0), 0) is None
