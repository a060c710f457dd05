"""Open data: what published bilans say, word for word, masked as they are, and nothing of private buyers."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from beneficiaries.models import Beneficiary
from reporting.enums import BilanKind, BilanState
from reporting.exports import open_data
from reporting.models import Bilan
from reporting.snapshot import build_snapshot
from reporting.snapshot.beside import tables_of_people
from reporting.snapshot.territory import build_territory_snapshot
from tests.factories import HouseFactory
from tests.reporting.territory import Territory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 2, 2, 9, 15, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 22)


def publish(buyer: Any, year: int = 2024, version: int = 1) -> Bilan:
    snapshot = build_snapshot(
        buyer=buyer, year=year, version=version, narrative={"essentiel": "Mot."}, now=NOW
    )
    return Bilan.objects.create(
        buyer=buyer,
        year=year,
        version=version,
        state=BilanState.PUBLISHED,
        snapshot=snapshot,
        published_at=NOW,
    )


def publish_territory(year: int = 2024) -> Bilan:
    snapshot = build_territory_snapshot(year=year, version=1, narrative={}, now=NOW)
    return Bilan.objects.create(
        kind=BilanKind.TERRITORY, year=year, state=BilanState.PUBLISHED, snapshot=snapshot, published_at=NOW
    )


def read(year: int | None = None) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(open_data.archive_of(year, made_on=DAY))) as archive:
        return {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}


def rows(text: str) -> list[dict[str, str]]:
    import csv

    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


@pytest.fixture(params=[3, 7])
def territory(request: pytest.FixtureRequest) -> Territory:
    HouseFactory()
    return Territory(request.param, people=60)


def test_figures_and_companies_are_those_of_the_snapshot(territory):
    bilan = publish(territory.buyer)
    found = read()
    told = {row["indicateur"]: row["valeur"] for row in rows(found["chiffres.csv"])}
    expected = {key: value.replace(".", ",") for key, value in bilan.snapshot["figures"].items()}
    assert told == {key: expected[key] for key in told}
    # Nothing of how companies are followed; one label for one indicator, whatever the bilan.
    assert set(told) == set(open_data.INDICATORS) & set(expected) and "entries_waiting" not in told
    assert {"hours", "people", "rate", "markets"} <= set(told)
    holders = next(
        b for c in bilan.snapshot["chapters"] for b in c["blocks"] if b["key"] == "hours_by_holder"
    )
    by_company = {row["entreprise"]: row for row in rows(found["heures_par_entreprise.csv"])}
    for row in holders["rows"]:
        if row["key"] != "gone":
            assert by_company[row["cells"]["label"]]["heures"] == row["cells"]["hours"].replace(".", ",")
            assert by_company[row["cells"]["label"]]["contrats"] == row["cells"]["contracts"]


def test_people_are_those_of_the_territory_alone(territory):
    publish(territory.buyer), publish(territory.other)
    assert rows(read()["personnes.csv"]) == []
    bilan = publish_territory()
    lines = rows(read()["personnes.csv"])
    assert {row["donneur_ordre"] for row in lines} == {"Ensemble du territoire"}
    people = {(row["tableau"], row["code"]): row for row in lines}
    for key, block in tables_of_people(bilan.snapshot).items():
        if not key.startswith("typology_") and key != "publics":
            continue
        for row in block["rows"]:
            line = people[key.removeprefix("typology_"), row["key"]]
            for column, name in open_data.MEASURES.items():
                value = row["cells"].get(column)
                assert line[name] == (value or "").replace(".", ",")
                assert (name in line["masque"]) == (column in row["masked"])


def test_a_masked_cell_is_empty_and_no_number_of_people_is_small(territory):
    publish_territory(), publish_territory(2023)
    lines = rows(read()["personnes.csv"])
    assert any(line["masque"] for line in lines)
    for line in lines:
        assert line["personnes"] == "" or int(line["personnes"]) == 0 or int(line["personnes"]) >= 5
        if "personnes" in line["masque"]:
            assert line["personnes"] == line["heures"] == "" and not line["contrats"]


def test_what_is_published_is_never_worked_out_again(territory):
    bilan = publish(territory.buyer)
    changed = json.loads(json.dumps(bilan.snapshot))
    changed["figures"]["hours"] = "777777.77"
    Bilan.objects.create(
        buyer=territory.buyer, year=2024, version=2, state=BilanState.PUBLISHED, snapshot=changed, published_at=NOW,
        rectification_reason="Erreur.",
    )  # fmt: skip
    lines = [row for row in rows(read()["chiffres.csv"]) if row["indicateur"] == "hours"]
    # The last version alone.
    assert [(row["valeur"], row["version"]) for row in lines] == [("777777,77", "2")]


def test_drafts_and_private_buyers_are_left_out(territory):
    publish(territory.buyer)
    publish(territory.other)
    Bilan.objects.create(buyer=territory.buyer, year=2025, state=BilanState.SENT)
    type(territory.other).objects.filter(pk=territory.other.pk).update(kind="private")
    found = read()
    assert {row["donneur_ordre"] for row in rows(found["chiffres.csv"])} == {territory.buyer.name}
    assert {row["annee"] for row in rows(found["chiffres.csv"])} == {"2024"}
    assert territory.other.name not in "".join(found.values())


def test_every_column_is_in_both_dictionaries_and_the_licence_is_said(territory):
    publish(territory.buyer), publish_territory()
    found = read()
    words = json.loads(found["dictionnaire.json"])
    explained = {(file["nom"], column["nom"]) for file in words["fichiers"] for column in file["colonnes"]}
    assert explained == {(row["fichier"], row["colonne"]) for row in rows(found["dictionnaire.csv"])}
    for name in ("chiffres.csv", "heures_par_entreprise.csv", "personnes.csv"):
        for column in rows(found[name])[0]:
            assert (name, column) in explained
    assert "Licence Ouverte" in words["licence"] and "Licence Ouverte" in found["LISEZMOI.txt"]
    assert "Maison de l’emploi d’exemple" in found["LISEZMOI.txt"]


def test_no_name_no_narrative(territory):
    publish(territory.buyer)
    text = "".join(read().values())
    assert not any(person.last_name in text for person in Beneficiary.objects.all())
    assert "Mot." not in text


def test_an_archive_without_any_bilan_still_says_what_it_is():
    HouseFactory()
    found = read(2019)
    assert rows(found["chiffres.csv"]) == [] and found["chiffres.csv"].startswith("donneur_ordre;identifiant")
    assert "0 bilan publié" in found["LISEZMOI.txt"].replace("\u202f", " ").replace("\xa0", " ")


def test_a_year_is_asked_for_alone_and_the_same_day_gives_the_same_bytes(territory):
    publish(territory.buyer), publish(territory.buyer, 2023)
    assert {row["annee"] for row in rows(read(2023)["chiffres.csv"])} == {"2023"}
    assert open_data.archive_of(None, made_on=DAY) == open_data.archive_of(None, made_on=DAY)


def test_many_bilans_take_no_more_queries_than_one(territory):
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            open_data.archive_of(None, made_on=DAY)
        return len(found)

    publish(territory.buyer)
    before = queries()
    publish(territory.other), publish(territory.buyer, 2023), publish(territory.other, 2023)
    assert queries() == before


def test_the_admin_takes_the_archive_from_the_page(client, cast):
    publish(cast.buyer_a)
    client.force_login(cast.admin)
    answer = client.post(reverse("exports"), {"what": "open_data", "year": "2024"})
    assert answer["Content-Type"] == "application/zip" and answer.content[:2] == b"PK"
    assert 'filename="donnees-ouvertes-2024.zip"' in answer["Content-Disposition"]
    answer = client.post(reverse("exports"), {"what": "open_data"})
    assert "donnees-ouvertes-toutes-annees.zip" in answer["Content-Disposition"]
    assert Decimal(len(answer.content)) > 500
