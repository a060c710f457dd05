"""Sectors of the directory: found by CPV, by NAF and by plain words, in the project's own list."""

from __future__ import annotations

import csv

import pytest
from django.conf import settings

from markets.directory import sectors_of_cpv, sectors_of_naf, sectors_of_words
from markets.models import Sector


@pytest.fixture(scope="module")
def sectors() -> list[Sector]:
    with (settings.REFERENCE_DIR / "sectors.csv").open(encoding="utf-8", newline="") as stream:
        return [Sector(**{**row, "position": int(row["position"])}) for row in csv.DictReader(stream)]


def _codes(found: list[Sector]) -> set[str]:
    return {sector.code for sector in found}


@pytest.mark.parametrize(
    ("cpv", "expected"),
    [
        ("77310000", {"green"}),
        ("45112700", {"green"}),  # landscaping stands under works
        ("45112500", {"roads"}),
        ("45262522", {"structure"}),
        ("45442100-8", {"finishing"}),
        ("90911200", {"cleaning"}),
        ("90511000", {"waste"}),
        ("90514000", {"reuse"}),
        ("79620000", {"staffing"}),
        ("33000000", set()),
        ("4", set()),
        ("", set()),
        ("abc", set()),
    ],
)
def test_a_cpv_code_belongs_to_the_sector_with_the_longest_beginning(
    sectors: list[Sector], cpv: str, expected: set[str]
) -> None:
    assert _codes(sectors_of_cpv(cpv, sectors)) == expected


def test_all_works_are_all_the_sectors_of_works(sectors: list[Sector]) -> None:
    found = _codes(sectors_of_cpv("45000000", sectors))
    assert found == {"green", "structure", "roofing", "finishing", "equipment", "roads", "upkeep"}


@pytest.mark.parametrize(
    ("naf", "expected"),
    [
        ("8130Z", {"green"}),
        ("81.21Z", {"cleaning"}),
        ("43.34Z", {"finishing"}),
        ("3832Z", {"reuse"}),
        ("8899B", set()),  # social work: says nothing of a trade
        ("9499Z", set()),
        ("", set()),
    ],
)
def test_a_naf_code_says_the_sector_or_nothing(sectors: list[Sector], naf: str, expected: set[str]) -> None:
    assert _codes(sectors_of_naf(naf, sectors)) == expected


def test_plain_words_say_sectors_whatever_their_accents(sectors: list[Sector]) -> None:
    assert _codes(sectors_of_words("Entretien d'ESPACES VERTS, Maçonnerie", sectors)) == {
        "green",
        "structure",
    }
    assert _codes(sectors_of_words("Blanchisserie", sectors)) == {"laundry"}
    assert _codes(sectors_of_words("insertion sociale", sectors)) == set()


def test_no_two_sectors_claim_the_same_code(sectors: list[Sector]) -> None:
    for field in ("cpv", "naf"):
        claimed = [code for sector in sectors for code in getattr(sector, field).split()]
        assert len(claimed) == len(set(claimed)), field
