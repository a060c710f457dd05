"""How figures, dates and names are written."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import formats

T = "\u202f"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("1204.50"), f"1{T}204,5{T}h"),
        (Decimal("0"), f"0{T}h"),
        (Decimal("-0.001"), f"0{T}h"),
        (Decimal("151.67"), f"151,67{T}h"),
        (Decimal("213036.00"), f"213{T}036{T}h"),
        (Decimal("25124684"), f"25{T}124{T}684{T}h"),
        (Decimal("-12.5"), f"−12,5{T}h"),
        (Decimal("0.005"), f"0,01{T}h"),
        (12, f"12{T}h"),
        (12.5, f"12,5{T}h"),
        (None, "–"),
        (Decimal("NaN"), "–"),
    ],
)
def test_hours_have_at_most_two_decimals_and_no_useless_zero(value, written):
    assert formats.hours(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("14700"), f"14{T}700{T}€"),
        (Decimal("14700.00"), f"14{T}700{T}€"),
        (Decimal("14700.5"), f"14{T}700,50{T}€"),
        (Decimal("229963340"), f"229{T}963{T}340{T}€"),
        (None, "–"),
    ],
)
def test_an_amount_shows_its_cents_only_where_there_are_some(value, written):
    assert formats.amount(value) == written


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        (Decimal("0.87"), 0, f"87{T}%"),
        (Decimal("0.875"), 0, f"88{T}%"),
        (Decimal("0.1234"), 1, f"12,3{T}%"),
        (1, 0, f"100{T}%"),
        (None, 0, "–"),
    ],
)
def test_a_rate_is_written_from_a_ratio(value, decimals, written):
    assert formats.rate(value, decimals) == written


@pytest.mark.parametrize(
    ("now", "before", "written"),
    [
        (33_000, 36_700, f"−10,1{T}%"),
        (110, 98, f"+12,2{T}%"),
        (5, 5, f"0{T}%"),
        (5, 0, "–"),
        (None, 5, "–"),
        (5, None, "–"),
    ],
)
def test_a_variation_is_signed_and_does_not_exist_on_a_base_of_zero(now, before, written):
    assert formats.variation(now, before) == written


def test_days_and_months_are_written_as_in_french():
    assert formats.day(dt.date(2026, 3, 12)) == "12/03/2026"
    assert formats.month(dt.date(2026, 3, 1)) == "mars 2026"
    assert formats.month(dt.date(2026, 8, 1)) == "août 2026"
    assert formats.day(None) == formats.month(None) == formats.moment(None) == "–"


def test_a_moment_is_told_in_paris_time():
    just_before_midnight = dt.datetime(2026, 3, 31, 22, 30, tzinfo=dt.UTC)
    assert formats.moment(just_before_midnight) == "01/04/2026 à 00:30"
    assert formats.day(just_before_midnight) == "01/04/2026"
    assert formats.month(just_before_midnight) == "avril 2026"


@pytest.mark.parametrize(
    ("quantity", "written"),
    [
        (0, "0 personne"),
        (1, "1 personne"),
        (Decimal("1.5"), "1,5 personne"),
        (2, "2 personnes"),
        (1204, f"1{T}204 personnes"),
    ],
)
def test_a_noun_agrees_as_french_does(quantity, written):
    assert formats.noun(quantity, "personne") == written


def test_a_noun_takes_the_plural_that_it_is_given():
    assert formats.noun(3, "filtre actif", "filtres actifs") == "3 filtres actifs"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("13000354400033", f"130{T}003{T}544{T}00033"),
        ("130003544", f"130{T}003{T}544"),
        ("FR 12 345", "FR 12 345"),
        ("", "–"),
        (None, "–"),
    ],
)
def test_a_siret_is_written_in_groups_and_anything_else_as_it_is(value, written):
    assert formats.siret(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, f"0{T}o"),
        (999, f"999{T}o"),
        (12_400, f"12{T}ko"),
        (999_499, f"999{T}ko"),
        (999_500, f"1{T}Mo"),
        (1_240_000, f"1,2{T}Mo"),
    ],
)
def test_a_size_is_written_in_the_unit_that_suits_it(value, written):
    assert formats.size(value) == written


def test_a_long_text_is_cut_at_a_word():
    assert formats.short("Réhabilitation du groupe scolaire", 40) == "Réhabilitation du groupe scolaire"
    assert formats.short("Réhabilitation du groupe scolaire", 26) == "Réhabilitation du groupe…"
    assert formats.short("x" * 300, 10) == "x" * 9 + "…"
    assert formats.short(None, 10) == ""


def test_punctuation_stays_with_its_word():
    assert formats.typeset("Comptée ? « oui » : 65 %") == f"Comptée{T}? «{T}oui{T}»{T}: 65{T}%"


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=2))
def test_a_number_reads_back_as_itself(value):
    read = formats.number(value).replace(T, "").replace(",", ".").replace("−", "-")
    assert Decimal(read) == value


@given(st.text(max_size=400), st.integers(min_value=2, max_value=60))
def test_a_shortened_text_is_never_longer_than_asked(text, length):
    assert len(formats.short(text, length)) <= length


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_thousands_are_parted_by_narrow_spaces_only(value):
    groups = formats.number(value).lstrip("−").split(T)
    assert all(len(group) == 3 for group in groups[1:])
    assert 1 <= len(groups[0]) <= 3


@pytest.mark.parametrize(
    ("month", "words"), [(3, "de mars 2026"), (4, "d’avril 2026"), (8, "d’août 2026"), (10, "d’octobre 2026")]
)
def test_of_a_month_drops_its_vowel(month, words):
    assert formats.of_month(dt.date(2026, month, 1)) == words
