"""The reference and demonstration data files: unique codes, live links, and a source for every file."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "reference"
DEMO = ROOT / "demo_data"

COLUMNS = {
    "communes.csv": "code name kind parent_code department_code successor_code valid_from valid_to population",
    "communes_aura.csv": (
        "code name kind parent_code department_code successor_code valid_from valid_to population"
    ),
    "qpv.csv": "code name vintage commune_codes",
    "cpv.csv": "code label",
    "cpv_divisions.csv": "code label",
    "rome.csv": "code label",
    "labour_shares.csv": "code label share source valid_from valid_to",
    "hourly_costs.csv": "code label cost source valid_from valid_to",
    "sectors.csv": "code label cpv naf words position",
    "procurement_thresholds.csv": "code label scope buyer amount valid_from valid_to position",
    "contract_types.csv": "code label nature position",
    "education_levels.csv": "code label band",
    "eligibility_criteria.csv": (
        "code label proof proof_max_age_months route sufficiency sensitive public valid_from valid_to position"
    ),
}
AURA = {"01", "03", "07", "15", "26", "38", "42", "43", "63", "69", "73", "74"}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def reference(name: str) -> list[dict[str, str]]:
    return read(REFERENCE / name)


def all_communes() -> dict[str, dict[str, str]]:
    return {row["code"]: row for row in reference("communes.csv") + reference("communes_aura.csv")}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_table_has_its_columns_full_rows_and_unique_codes(name: str) -> None:
    rows = reference(name)
    assert list(rows[0]) == COLUMNS[name].split()
    assert all(None not in row and None not in row.values() for row in rows)
    assert all(value == value.strip() for row in rows for value in row.values())
    codes = [row["code"] for row in rows]
    assert all(codes)
    assert len(set(codes)) == len(codes)
    assert all(len(code) <= 20 for code in codes)
    assert all(0 < len(row.get("label") or row["name"]) <= 250 for row in rows)


def test_a_file_is_plain_utf8_without_bom_nor_carriage_return() -> None:
    for path in [*REFERENCE.glob("*.csv"), *DEMO.glob("*.csv")]:
        content = path.read_bytes()
        content.decode("utf-8")
        assert not content.startswith(b"\xef\xbb\xbf"), path.name
        assert b"\r" not in content, path.name


def test_the_metropole_has_its_58_communes_and_9_arrondissements() -> None:
    rows = reference("communes.csv")
    kinds = [row["kind"] for row in rows]
    assert kinds.count("commune") == 58
    assert kinds.count("arrondissement") == 9
    assert kinds.count("deleguee") == 2
    assert len(rows) == 69
    assert sum(int(row["population"]) for row in rows if row["kind"] == "commune") == 1_436_354
    assert sum(int(row["population"]) for row in rows if row["kind"] == "arrondissement") == 519_127
    arrondissements = [row for row in rows if row["kind"] == "arrondissement"]
    assert {row["code"] for row in arrondissements} == {f"6938{number}" for number in range(1, 10)}
    assert {row["parent_code"] for row in arrondissements} == {"69123"}


def test_oullins_and_pierre_benite_lead_to_the_commune_that_followed_them() -> None:
    communes = {row["code"]: row for row in reference("communes.csv")}
    assert communes["69149"]["name"] == "Oullins-Pierre-Bénite"
    assert communes["69149"]["valid_from"] == "2024-01-01"
    assert communes["69149"]["valid_to"] == ""
    for code, name in (("69149-2023", "Oullins"), ("69152", "Pierre-Bénite")):
        row = communes[code]
        assert (row["name"], row["kind"]) == (name, "deleguee")
        assert (row["parent_code"], row["successor_code"]) == ("69149", "69149")
        assert (row["valid_from"], row["valid_to"]) == ("", "2023-12-31")


def test_one_insee_code_names_one_commune_at_a_time() -> None:
    lives: dict[str, list[tuple[str, str]]] = {}
    for code, row in all_communes().items():
        life = (row["valid_from"] or "0001-01-01", row["valid_to"] or "9999-12-31")
        lives.setdefault(code.partition("-")[0], []).append(life)
    shared = {insee: sorted(rows) for insee, rows in lives.items() if len(rows) > 1}
    assert shared == {"69149": [("0001-01-01", "2023-12-31"), ("2024-01-01", "9999-12-31")]}


def test_a_commune_s_links_lead_somewhere_and_its_dates_are_dates() -> None:
    near, far = reference("communes.csv"), reference("communes_aura.csv")
    communes = all_communes()
    assert len(communes) == len(near) + len(far) == 69 + 3_967
    for row in communes.values():
        assert re.fullmatch(r"\d{5}(-\d{4})?", row["code"])
        assert row["kind"] in {"commune", "arrondissement", "deleguee"}
        assert row["department_code"] in AURA
        assert row["code"].startswith(row["department_code"])
        assert bool(row["parent_code"]) == (row["kind"] != "commune")
        assert not row["parent_code"] or row["parent_code"] in communes
        assert not row["successor_code"] or row["successor_code"] in communes
        assert bool(row["successor_code"]) == bool(row["valid_to"])
        assert row["population"] == "" or int(row["population"]) >= 0
        for column in ("valid_from", "valid_to"):
            assert row[column] == "" or dt.date.fromisoformat(row[column])


def test_the_rhone_has_48_priority_districts_of_which_43_in_the_metropole() -> None:
    metropole = {row["code"] for row in reference("communes.csv")}
    rhone = [row for row in reference("qpv.csv") if row["code"].startswith("QN069")]
    inside = [row for row in rhone if metropole & set(row["commune_codes"].split(";"))]
    assert len(rhone) == 48
    assert len(inside) == 43
    names = {row["name"] for row in rhone if row not in inside}
    assert names == {"Les Pérouses - Compassion", "Le Garet", "Béligny", "Belleroche", "Aiguerande"}


def test_a_priority_district_lies_in_communes_that_exist() -> None:
    rows = reference("qpv.csv")
    communes = all_communes()
    assert len(rows) == 145
    for row in rows:
        assert re.fullmatch(r"QN\d{3}\d{2}[A-Z]", row["code"])
        assert row["vintage"] == "2024"
        for code in row["commune_codes"].split(";"):
            assert communes[code]["kind"] == "commune"
            assert communes[code]["valid_to"] == ""


def test_cpv_holds_divisions_groups_and_classes_each_under_its_own_division() -> None:
    divisions = {row["code"]: row["label"] for row in reference("cpv_divisions.csv")}
    rows = {row["code"]: row["label"] for row in reference("cpv.csv")}
    assert len(divisions) == 45
    assert divisions["45"] == "Travaux de construction"
    assert all(re.fullmatch(r"\d{4}0000", code) for code in rows)
    assert {code[:2] for code in rows} == set(divisions)
    assert {code: rows[f"{code}000000"] for code in divisions} == divisions
    groups = [code for code in rows if code[2] != "0" and code[3] == "0"]
    classes = [code for code in rows if code[3] != "0"]
    assert (len(groups), len(classes)) == (272, 1_002)


def test_rome_codes_are_a_letter_and_four_digits() -> None:
    rows = reference("rome.csv")
    assert len(rows) == 532
    assert all(re.fullmatch(r"[A-N]\d{4}", row["code"]) for row in rows)


def test_contract_types_are_those_of_the_field_in_order() -> None:
    rows = reference("contract_types.csv")
    employment = [row["code"] for row in rows if row["nature"] == "employment"]
    assert employment == [
        "cdi",
        "cdi_inclusion",
        "cdi_interimaire",
        "cdd",
        "cdd_usage",
        "cddi",
        "cdd_tremplin",
        "apprentissage",
        "professionnalisation",
        "cdpi",
        "ctt",
        "cui_pec",
        "esat",
        "other",
    ]
    assert {row["code"]: row["nature"] for row in rows if row["nature"] != "employment"} == {
        "pmsmp": "immersion",
        "stage": "immersion",
        "formation": "training",
    }
    positions = [int(row["position"]) for row in rows]
    assert positions == sorted(set(positions))


def test_education_levels_are_the_asp_codes_in_four_bands() -> None:
    bands = {row["code"]: row["band"] for row in reference("education_levels.csv")}
    assert bands == {
        "00": "none",
        "01": "none",
        "10": "bac2plus",
        "20": "bac2plus",
        "30": "bac2plus",
        "40": "bac",
        "41": "bac",
        "50": "cap_bep",
        "51": "cap_bep",
        "60": "none",
        "70": "none",
    }


def test_criteria_use_the_known_words_and_feed_every_public() -> None:
    rows = reference("eligibility_criteria.csv")
    assert {row["route"] for row in rows} == {"automatic", "individual"}
    assert {row["sufficiency"] for row in rows} == {"alone", "combined", "priority"}
    assert {row["sensitive"] for row in rows} == {"0", "1"}
    assert {row["public"] for row in rows} - {""} == {
        "rsa",
        "other_minima",
        "deld",
        "under26",
        "over50",
        "rqth",
        "qpv",
        "ier",
        "plie",
        "justice",
    }
    positions = [int(row["position"]) for row in rows]
    assert positions == sorted(set(positions))
    assert all(row["proof"] for row in rows)


def test_criteria_ask_for_the_proofs_ages_and_company_that_the_territory_asks_for() -> None:
    rows = {row["code"]: row for row in reference("eligibility_criteria.csv")}
    ages = {
        code: int(row["proof_max_age_months"]) for code, row in rows.items() if row["proof_max_age_months"]
    }
    assert ages == {
        "rsa": 3,
        "ass": 3,
        "aah": 3,
        "deld": 3,
        "justice": 6,
        "isolated_parent": 3,
        "ase": 12,
        "no_shelter": 3,
        "qpv": 6,
        "pass_iae": 24,
    }
    combined = {code for code, row in rows.items() if row["sufficiency"] == "combined"}
    assert combined == {"isolated_parent", "ase", "no_shelter", "education_3"}
    assert {code for code, row in rows.items() if row["sufficiency"] == "priority"} == {"qpv"}
    automatic = {code for code, row in rows.items() if row["route"] == "automatic"}
    assert automatic == {"pass_iae", "geiq", "adapted", "regie"}


def test_health_justice_protection_and_hardship_are_sensitive() -> None:
    rows = reference("eligibility_criteria.csv")
    sensitive = {row["code"] for row in rows if row["sensitive"] == "1"}
    assert sensitive == {"aah", "rqth", "refugee", "justice", "ase", "no_shelter", "adapted", "other"}


def test_demonstration_names_are_distinct_and_gendered() -> None:
    first_names = read(DEMO / "first_names.csv")
    last_names = read(DEMO / "last_names.csv")
    assert list(first_names[0]) == ["name", "gender"]
    assert list(last_names[0]) == ["name"]
    assert [sum(row["gender"] == gender for row in first_names) for gender in "FM"] == [127, 88]
    assert len({row["name"] for row in first_names}) == 215
    assert len({row["name"] for row in last_names}) == 400


def test_the_decp_sample_carries_clauses_and_a_contract_carried_out_in_the_rhone() -> None:
    document = json.loads((DEMO / "decp_sample.json").read_text(encoding="utf-8"))["marches"]
    contracts = document["marche"]
    assert (len(contracts), len(document["contrat-concession"])) == (70, 1)
    considerations = [
        value for row in contracts for value in row["considerationsSociales"]["considerationSociale"]
    ]
    assert considerations.count("Clause sociale") == 14
    assert considerations.count("Critère social") == 1
    assert sum(str(row["lieuExecution"]["code"]).startswith("69") for row in contracts) == 3


def test_every_data_file_has_its_source_licence_and_true_number_of_rows() -> None:
    sources = {row["file"]: row for row in reference("SOURCES.csv")}
    shipped = {f"reference/{path.name}" for path in REFERENCE.glob("*.csv")} - {"reference/SOURCES.csv"}
    shipped |= {f"demo_data/{path.name}" for path in DEMO.iterdir() if path.suffix in {".csv", ".json"}}
    assert set(sources) == shipped
    for name, row in sources.items():
        assert row["source"] and row["licence"] and row["edition"], name
        assert dt.date.fromisoformat(row["retrieved"])
        if name.endswith(".csv"):
            count = len(read(ROOT / name))
        else:
            document = json.loads((ROOT / name).read_text(encoding="utf-8"))["marches"]
            count = len(document["marche"]) + len(document["contrat-concession"])
        assert int(row["rows"]) == count, name
