"""The snapshot of a bilan: the same data give the same document, figures stand in sentences, nothing is revealed."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from beneficiaries.models import Beneficiary
from reporting.enums import BilanState
from reporting.models import Bilan
from reporting.snapshot import build_snapshot
from reporting.snapshot.paper import for_paper
from tests.factories import (
    BeneficiaryFactory,
    BuyerFactory,
    ClosedYearFactory,
    CommitmentFactory,
    CompanyFactory,
    EligibilityCriterionFactory,
    HoursEntryFactory,
    HouseFactory,
    MarketFactory,
    eligible_assignment,
)
from tests.reporting.territory import Territory

NOW = dt.datetime(2026, 2, 2, 9, 15, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


def snapshot_of(buyer: Any, year: int = 2025, version: int = 1, narrative: Any = None) -> dict[str, Any]:
    return build_snapshot(buyer=buyer, year=year, version=version, narrative=narrative or {}, now=NOW)


def block(snapshot: dict[str, Any], key: str) -> dict[str, Any]:
    return next(b for c in snapshot["chapters"] for b in c["blocks"] if b["key"] == key)


def chapter(snapshot: dict[str, Any], key: str) -> dict[str, Any]:
    return next(c for c in snapshot["chapters"] if c["key"] == key)


def cells(snapshot: dict[str, Any], key: str) -> list[list[str | None]]:
    return [list(row["cells"].values()) for row in block(snapshot, key)["rows"]]


def publish(buyer: Any, year: int, snapshot: dict[str, Any]) -> Bilan:
    return Bilan.objects.create(
        buyer=buyer, year=year, state=BilanState.PUBLISHED, snapshot=snapshot, published_at=NOW
    )


def worked(
    commitment: Any, hours: str, month: dt.date = dt.date(2025, 3, 1), late: bool = False, **kwargs: Any
) -> Any:
    assignment = eligible_assignment(commitment=commitment, **kwargs)
    return HoursEntryFactory(
        assignment=assignment, month=month, hours=Decimal(hours), counted=True, is_late=late
    )


def team(buyer: Any, people: int, commitment: Any = None, **kwargs: Any) -> Any:
    """As many people, 100 hours each, on one commitment of 500 hours."""
    commitment = commitment or CommitmentFactory(buyer=buyer, company=CompanyFactory(name="Alpha Bâtiment"))
    for _ in range(people):
        worked(commitment, "100.00", **kwargs)
    return commitment


# --- figures by hand -----------------------------------------------------------------------------------------


def test_the_essentials_of_a_small_year():
    buyer = BuyerFactory(name="Ville d’Alpha")
    team(buyer, 6)
    snapshot = snapshot_of(buyer)
    assert snapshot["figures"]["hours"] == "600.00"
    assert snapshot["figures"]["people"] == snapshot["figures"]["new_people"] == "6"
    assert snapshot["figures"]["contracts"] == "6" and snapshot["figures"]["markets"] == "1"
    assert snapshot["figures"]["rate"] == "1.0000" and snapshot["figures"]["surplus"] == "100.00"
    assert chapter(snapshot, "essential")["answer"] == (
        "En 2025, 6 personnes ont réalisé 600 heures d’insertion. Aucun bilan 2024 n’est publié dans l’outil\u202f: il "
        "n’y a pas de comparaison. Fin 2025, 100\u202f% des heures engagées sont réalisées, chaque engagement étant "
        "plafonné à 100\u202f%\u202f; l’unique engagement chiffré est tenu."
    )
    assert len(block(snapshot, "essential_figures")["items"]) == 6
    assert cells(snapshot, "hours_by_holder") == [["Alpha Bâtiment", "600.00", None, "6", None, "6", "6"]]


def test_one_person_and_one_hour_are_singular():
    buyer = BuyerFactory()
    worked(CommitmentFactory(buyer=buyer, hours=0), "1.00")
    snapshot = snapshot_of(buyer)
    assert chapter(snapshot, "essential")["answer"].startswith(
        "En 2025, 1 personne a réalisé 1 heure d’insertion."
    )
    assert "sans objet" in chapter(snapshot, "rates")["answer"]
    assert snapshot["figures"]["commitments_met"] == "0" and "rate" not in snapshot["figures"]


def test_a_year_without_anything_says_so_and_invents_nothing():
    snapshot = snapshot_of(BuyerFactory())
    answers = [row["answer"] for row in snapshot["chapters"]]
    assert answers[0].startswith("En 2025, aucune heure d’insertion n’est comptée.")
    assert "Aucun marché avec clause n’a été en cours en 2025" in chapter(snapshot, "markets")["answer"]
    assert chapter(snapshot, "people")["answer"] == "Aucune personne n’a d’heure comptée en 2025."
    assert all(answers)
    assert [row["hours"] for row in snapshot["series"]] == [None, None, None, None, "0.00"]


def test_what_nobody_recorded_is_said_and_never_zero():
    buyer = BuyerFactory()
    team(buyer, 6)
    ClosedYearFactory(year=2025)
    snapshot = snapshot_of(buyer)
    assert {row["key"] for row in snapshot["not_followed"]} == {
        "outcomes_m6",
        "outcomes_m12",
        "trainings",
        "actions",
    }
    assert not {"actions", "participations", "positive_m6", "positive_m12"} & snapshot["figures"].keys()
    assert "non renseignées" in chapter(snapshot, "actions")["answer"]
    said = block(snapshot, "not_known")["paragraphs"]
    assert any("Formations et qualifications" in paragraph for paragraph in said)


def test_chapters_stand_in_the_order_of_the_document_with_their_text():
    snapshot = snapshot_of(
        BuyerFactory(), narrative={"essentiel": "**Bonne** année.", "marches": "  ", "partenariat": "Bien."}
    )
    assert [row["key"] for row in snapshot["chapters"]] == [
        "essential", "markets", "hours", "contracts", "people", "rates", "companies", "outcomes", "actions",
        "events", "difficulties", "partnership", "method",
    ]  # fmt: skip
    assert chapter(snapshot, "essential")["narrative"] == [
        {"key": "essentiel", "title": "L’essentiel", "text": "**Bonne** année."}
    ]
    assert chapter(snapshot, "markets")["narrative"] == []
    assert snapshot["narrative"] == {"essentiel": "**Bonne** année.", "partenariat": "Bien."}


def test_house_buyer_and_software_are_named():
    HouseFactory()
    snapshot = snapshot_of(BuyerFactory(name="Ville d’Alpha"), version=2)
    assert snapshot["house"]["name"] == "Maison de l’emploi d’exemple"
    assert snapshot["buyer"]["name"] == "Ville d’Alpha" and snapshot["buyer"]["kind"] == "commune"
    assert snapshot["version"] == 2 and snapshot["schema_version"] == 3
    assert snapshot["computed_at"] == "2026-02-02T10:15:00+01:00"
    assert snapshot["software"]["name"] == "Maillon"


# --- N-1 -----------------------------------------------------------------------------------------------------


def test_n_minus_1_is_the_published_bilan_and_what_would_be_recomputed_stands_beside():
    buyer = BuyerFactory()
    market = MarketFactory(buyer=buyer, notified_on=dt.date(2024, 1, 5), starts_on=None)
    commitment = team(
        buyer, 5, CommitmentFactory(market=market), month=dt.date(2024, 6, 1), starts_on=dt.date(2024, 6, 3)
    )
    publish(buyer, 2024, snapshot_of(buyer, 2024))
    assert snapshot_of(buyer)["previous"]["differences"] == []
    worked(commitment, "50.00", dt.date(2024, 7, 1), starts_on=dt.date(2024, 7, 1))
    team(buyer, 6, commitment)

    snapshot = snapshot_of(buyer)
    assert snapshot["previous"]["year"] == 2024 and snapshot["previous"]["published_on"] == "2026-02-02"
    hours, people, *_ = snapshot["previous"]["differences"]
    assert (hours["key"], hours["published"], hours["recomputed"]) == ("hours", "500.00", "550.00")
    assert (people["published"], people["recomputed"]) == ("5", "6")
    assert block(snapshot, "previous_differences")["rows"][0]["cells"]["published"] == "500\u202fh"
    item = block(snapshot, "essential_figures")["items"][0]
    assert (item["value"], item["previous"], item["previous_year"]) == ("600.00", "500.00", 2024)
    assert "C’est 20\u202f% de plus qu’en 2024 (500\u202fh)." in chapter(snapshot, "essential")["answer"]
    assert cells(snapshot, "hours_by_holder")[0][1:3] == ["600.00", "500.00"]
    assert snapshot["series"][-2:] == [
        {"year": 2024, "hours": "500.00", "source": "published"},
        {"year": 2025, "hours": "600.00", "source": "computed"},
    ]


def test_the_last_version_published_is_the_one_beside():
    buyer = BuyerFactory()
    first, second = snapshot_of(buyer, 2024), snapshot_of(buyer, 2024, version=2)
    first["figures"]["hours"], second["figures"]["hours"] = "10.00", "20.00"
    publish(buyer, 2024, first)
    Bilan.objects.create(
        buyer=buyer, year=2024, version=2, rectification_reason="Oubli.", state=BilanState.PUBLISHED,
        snapshot=second, published_at=NOW,
    )  # fmt: skip
    snapshot = snapshot_of(buyer)
    assert snapshot["previous"]["version"] == 2
    assert snapshot["series"][-2]["hours"] == "20.00"
    assert chapter(snapshot, "essential")["answer"].count("C’est 100\u202f% de moins qu’en 2024") == 1


def test_there_is_no_comparison_on_a_base_of_zero():
    buyer = BuyerFactory()
    publish(buyer, 2024, snapshot_of(buyer, 2024))
    team(buyer, 2)
    assert "ne comptait aucune heure" in chapter(snapshot_of(buyer), "essential")["answer"]


# --- privacy -------------------------------------------------------------------------------------------------


def test_no_name_of_a_person_is_anywhere():
    territory = Territory(5, people=22)
    ClosedYearFactory(year=2025)
    said = json.dumps(snapshot_of(territory.buyer), ensure_ascii=False)
    for person in Beneficiary.objects.order_by("pk"):
        assert person.last_name not in said


def test_small_rows_are_nowhere_in_the_snapshot_nor_what_next_year_reads():
    ClosedYearFactory(year=2025)
    buyer = BuyerFactory()
    commitment = team(buyer, 17, beneficiary=None)
    for _ in range(3):
        worked(commitment, "7.77", beneficiary=BeneficiaryFactory(gender="M"))
    snapshot = snapshot_of(buyer)
    rows = {row["key"]: row for row in block(snapshot, "typology_gender")["rows"]}
    for key in ("F", "M"):
        assert rows[key]["masked"] == ["contracts", "hours", "people"]
        assert rows[key]["cells"] == {
            "label": rows[key]["cells"]["label"],
            "people": None,
            "people_previous": None,
            "hours": None,
            "contracts": None,
        }
    assert block(snapshot, "typology_gender")["totals"]["people"] == "20"
    assert not any(key.startswith(("typology_gender.F.", "typology_gender.M.")) for key in snapshot["cells"])
    assert '"23.31"' not in json.dumps(snapshot)


def test_two_versions_of_a_bilan_do_not_tell_by_subtraction_who_came_between():
    buyer = BuyerFactory()
    team(buyer, 20)
    ClosedYearFactory(year=2025)
    first = snapshot_of(buyer)
    publish(buyer, 2025, first)
    again = snapshot_of(buyer, version=2)
    assert block(again, "typology_gender")["rows"] == block(first, "typology_gender")["rows"]
    team(buyer, 1)
    second = snapshot_of(buyer, version=2)
    assert second["figures"]["people"] == "21"
    keys = [row["key"] for row in chapter(second, "people")["blocks"]]
    assert "typology_told" in keys and not {"typology_gender", "typology_age", "typology_gender_chart"} & set(
        keys
    )
    assert not any(key.startswith(("typology", "publics.under26")) for key in second["cells"])
    assert "Genre (version 1)" in block(second, "typology_told")["paragraphs"][0]
    team(buyer, 5)
    third = snapshot_of(buyer, version=2)
    assert third["figures"]["people"] == "26"
    assert block(third, "typology_gender")["totals"]["people"] == "26"


def test_typology_waits_for_the_year_to_be_closed():
    buyer = BuyerFactory()
    team(buyer, 20)
    open_year = snapshot_of(buyer)
    assert not any(
        b["key"].startswith(("typology_age", "publics")) for b in chapter(open_year, "people")["blocks"]
    )
    assert "n’est pas close" in block(open_year, "typology_withheld")["paragraphs"][0]
    ClosedYearFactory(year=2025)
    assert block(snapshot_of(buyer), "typology_age")["totals"]["people"] == "20"


def test_below_ten_people_only_what_shows_no_small_row_is_shown():
    ClosedYearFactory(year=2025)
    buyer = BuyerFactory()
    team(buyer, 7)
    snapshot = snapshot_of(buyer)
    keys = {b["key"] for b in chapter(snapshot, "people")["blocks"] if b["type"] == "table"}
    assert keys == {"typology_age", "typology_gender"}
    ages = [row["cells"]["label"] for row in block(snapshot, "typology_age")["rows"]]
    assert ages == ["Moins de 40 ans", "40 ans et plus", "Non renseigné"]


def test_hours_and_contracts_by_company_are_never_masked_and_few_people_are():
    buyer = BuyerFactory()
    worked(CommitmentFactory(buyer=buyer), "12.50")
    [row] = block(snapshot_of(buyer), "hours_by_holder")["rows"]
    assert (row["cells"]["hours"], row["cells"]["contracts"], row["cells"]["people"]) == ("12.50", "1", None)
    assert row["masked"] == ["people"]


def test_nothing_of_another_buyer_is_in_it():
    territory = Territory(7, people=22)
    before = snapshot_of(territory.buyer)
    stranger = CommitmentFactory(buyer=territory.other, company=CompanyFactory(name="Bravo Travaux"))
    team(territory.other, 9, stranger)
    assert snapshot_of(territory.buyer) == before
    assert "Bravo" not in json.dumps(before)


# --- the same, quickly ---------------------------------------------------------------------------------------


def test_the_same_data_give_the_same_snapshot_and_it_survives_json():
    territory = Territory(4, people=22)
    ClosedYearFactory(year=2025)
    publish(territory.buyer, 2024, snapshot_of(territory.buyer, 2024))
    one, two = snapshot_of(territory.buyer), snapshot_of(territory.buyer)
    assert one == two == json.loads(json.dumps(one))


def test_every_figure_is_a_plain_decimal_and_every_key_is_there_once():
    territory = Territory(6, people=22)
    ClosedYearFactory(year=2025)
    snapshot = snapshot_of(territory.buyer)
    keys = [b["key"] for c in snapshot["chapters"] for b in c["blocks"]]
    assert len(keys) == len(set(keys))
    for value in (*snapshot["figures"].values(), *snapshot["cells"].values()):
        if value.count("-") < 2:
            assert Decimal(value).is_finite() and "E" not in value
    for c in snapshot["chapters"]:
        for b in c["blocks"]:
            for row in b["rows"] if b["type"] == "table" else ():
                assert set(row["cells"]) == {column["key"] for column in b["columns"]}
                assert all(row["cells"][key] is None for key in row["masked"])


def test_tables_add_up_to_the_figures():
    territory = Territory(8, people=22)
    snapshot = snapshot_of(territory.buyer)
    hours = Decimal(snapshot["figures"]["hours"])
    tables = (
        "hours_by_holder",
        "hours_by_employer",
        "contract_types",
        "modalities",
        "families",
        "cpv",
        "occupations",
        "market_list",
    )
    for key in tables:
        assert sum(Decimal(row["cells"]["hours"]) for row in block(snapshot, key)["rows"]) == hours, key
    for key in ("contract_types", "modalities"):
        total = sum(int(row["cells"]["contracts"]) for row in block(snapshot, key)["rows"])
        assert total == int(snapshot["figures"]["contracts"])


def test_as_many_queries_for_one_market_company_and_person_as_for_six():
    ClosedYearFactory(year=2025)
    small, large = BuyerFactory(), BuyerFactory()
    EligibilityCriterionFactory()
    team(small, 1)
    for _ in range(6):
        team(large, 6, CommitmentFactory(buyer=large))
    with CaptureQueriesContext(connection) as one:
        snapshot_of(small)
    with CaptureQueriesContext(connection) as six:
        snapshot_of(large)
    assert len(one) == len(six) <= 60


# --- paper ---------------------------------------------------------------------------------------------------


def test_paper_cuts_the_longest_lists_and_says_where_the_rest_is():
    buyer = BuyerFactory()
    for _ in range(42):
        CommitmentFactory(buyer=buyer)
    snapshot = snapshot_of(buyer)
    whole = block(snapshot, "rates_by_commitment")
    assert len(whole["rows"]) == 42 and whole["print_rows"] == 40
    cut = block(for_paper(snapshot), "rates_by_commitment")
    assert cut["rows"] == whole["rows"][:40] and cut["totals"] == whole["totals"]
    assert cut["notes"][-1] == "2 autres lignes sont dans l’annexe XLSX."
    assert len(block(snapshot, "rates_by_commitment")["rows"]) == 42
    paper, awarded = block(for_paper(snapshot), "awarded"), block(snapshot, "awarded")
    # Paper adds how wide the columns are and that a short table is in one piece; a year before that is not known goes.
    known = [{**column, "width": 0} for column in awarded["columns"] if not column["previous"]]
    assert {**paper, "columns": [{**column, "width": 0} for column in paper["columns"]]} == {
        **awarded, "size": "", "is_kept_whole": True, "columns": known,
    }  # fmt: skip
    assert not cut["is_kept_whole"] and len(known) < len(awarded["columns"])
