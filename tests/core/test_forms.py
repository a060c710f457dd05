"""What people type is read as they mean it, and refused with a sentence when it can't be."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import formats
from core.forms import (
    AmountFormField,
    DateFormField,
    HoursFormField,
    MonthFormField,
    SiretFormField,
    clean_siren,
    clean_siret,
    parse_amount,
    parse_day,
    parse_hours,
    parse_month,
)


@pytest.mark.parametrize(
    ("typed", "hours"),
    [
        ("12,5", "12.50"),
        ("12.5", "12.50"),
        ("12h30", "12.50"),
        ("12 h 30", "12.50"),
        ("12H", "12.00"),
        ("7:15", "7.25"),
        ("0h20", "0.33"),
        ("1 204,5", "1204.50"),
        ("1\u202f204,5 h", "1204.50"),
        ("0", "0.00"),
        (",5", "0.50"),
    ],
)
def test_hours_are_read_as_people_write_them(typed: str, hours: str) -> None:
    assert parse_hours(typed) == Decimal(hours)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("1e9", "n’est pas un nombre d’heures"),
        ("NaN", "n’est pas un nombre d’heures"),
        ("Infinity", "n’est pas un nombre d’heures"),
        ("douze", "n’est pas un nombre d’heures"),
        ("12,5,5", "n’est pas un nombre d’heures"),
        ("1000000000", "dépasse tout nombre d’heures"),
        ("-3", "ne peut pas être négatif"),
        ("1,005", "plus de deux décimales"),
        ("12h75", "60 minutes"),
        ("٣", "dépasse"),
    ],
)
def test_hours_that_cannot_be_read_get_a_sentence(typed: str, words: str) -> None:
    if typed == "٣":
        # An Arabic digit is a digit: it is read, as three.
        assert parse_hours(typed) == 3
        return
    with pytest.raises(ValueError, match=words):
        parse_hours(typed)


def test_nothing_typed_is_nothing_and_not_zero() -> None:
    assert parse_hours("  ") is None
    assert parse_amount("") is None
    assert parse_day("") is None
    assert parse_month("") is None
    assert clean_siret(" ") == ""


@pytest.mark.parametrize(
    "typed",
    ["3/2/26", "03/02/2026", "3 février 2026", "3 fevrier 2026", "3 févr. 26", "2026-02-03", "03.02.2026"],
)
def test_a_day_is_read_in_several_writings(typed: str) -> None:
    assert parse_day(typed) == dt.date(2026, 2, 3)


def test_the_first_of_a_month_is_written_1er() -> None:
    assert parse_day("1er mars 2026") == dt.date(2026, 3, 1)


@pytest.mark.parametrize(
    "typed", ["30/02/2026", "demain", "12", "32/1/2026", "3 brumaire 2026", "01/01/0026"]
)
def test_a_day_that_does_not_exist_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="« "):
        parse_day(typed)


@pytest.mark.parametrize("typed", ["03/2026", "3/26", "mars 2026", "2026-03", "17/03/2026"])
def test_a_month_is_its_first_day(typed: str) -> None:
    assert parse_month(typed) == dt.date(2026, 3, 1)


@pytest.mark.parametrize("typed", ["13/2026", "mars", "2026", "00/2026"])
def test_a_month_that_does_not_exist_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="n’est pas un mois"):
        parse_month(typed)


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("14 700 €", "14700.00"),
        ("14 700,50", "14700.50"),
        ("14.700,50 €", "14700.50"),
        ("-20", "-20.00"),
        ("1200.5", "1200.50"),
    ],
)
def test_an_amount_is_read_with_its_spaces_and_sign(typed: str, amount: str) -> None:
    assert parse_amount(typed) == Decimal(amount)


@pytest.mark.parametrize("typed", ["beaucoup", "1e9", "12,345", "1" * 20])
def test_an_amount_that_cannot_be_read_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="« "):
        parse_amount(typed)


def test_a_siret_is_read_with_spaces_and_la_poste_counts_as_it_does() -> None:
    assert clean_siret("732 829 320 00074") == "73282932000074"
    # La Poste: the digits add up to a multiple of five.
    assert clean_siret("356 000 000 49837") == "35600000049837"
    assert clean_siren("732 829 320") == "732829320"


@pytest.mark.parametrize(
    ("typed", "words"),
    [("123", "14 chiffres"), ("73282932000075", "clé de ce SIRET"), ("7328293200007A", "14 chiffres")],
)
def test_a_malformed_siret_is_refused_with_a_sentence(typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        clean_siret(typed)


@given(st.decimals(min_value=0, max_value=Decimal("9999999.99"), places=2))
def test_hours_written_are_hours_read(hours: Decimal) -> None:
    assert parse_hours(formats.hours(hours)) == hours
    assert HoursFormField().clean(HoursFormField().prepare_value(hours)) == hours


@given(st.integers(0, 5_000), st.integers(0, 59))
def test_minutes_are_hundredths_to_the_nearest(hours: int, minutes: int) -> None:
    read = parse_hours(f"{hours}h{minutes:02d}")
    assert read is not None
    assert abs(read - (hours + Decimal(minutes) / 60)) <= Decimal("0.005")


@given(st.decimals(min_value=Decimal("-9999999999"), max_value=Decimal("9999999999999"), places=2))
def test_amounts_shown_in_a_field_are_amounts_read(amount: Decimal) -> None:
    assert AmountFormField().clean(AmountFormField().prepare_value(amount)) == amount


@given(st.dates(min_value=dt.date(1970, 1, 1), max_value=dt.date(2069, 12, 31)))
def test_days_and_months_written_are_read(day: dt.date) -> None:
    assert parse_day(formats.day(day)) == day
    assert parse_day(day.isoformat()) == day
    assert parse_day(f"{day.day}/{day.month}/{day.year % 100:02d}") == day
    assert parse_day(f"{day.day} {formats.MONTHS[day.month - 1]} {day.year}") == day
    assert parse_month(formats.month(day)) == day.replace(day=1)
    assert DateFormField().clean(DateFormField().prepare_value(day)) == day
    assert MonthFormField().clean(MonthFormField().prepare_value(day)) == day.replace(day=1)


@given(st.text(max_size=80))
def test_no_text_whatever_breaks_a_field(text: str) -> None:
    for read in (parse_hours, parse_amount, parse_day, parse_month, clean_siret, clean_siren):
        try:
            read(text)
        except ValueError as error:
            assert str(error).strip().endswith((".", "SIRET.", "SIREN."))


def test_a_field_says_nothing_changed_for_the_same_value_written_otherwise() -> None:
    assert not HoursFormField().has_changed(Decimal("12.50"), "12h30")
    assert HoursFormField().has_changed(Decimal("12.50"), "13")
    assert HoursFormField().has_changed(Decimal("12.50"), "douze")
    assert not DateFormField(required=False).has_changed(None, "")
    assert not SiretFormField().has_changed("73282932000074", "732 829 320 00074")


def test_model_forms_read_hours_months_and_days_as_people_write_them() -> None:
    from core.fields import AmountField, HoursField, MonthField
    from core.forms import typed_field_for

    assert isinstance(typed_field_for(HoursField(verbose_name="heures")), HoursFormField)
    assert isinstance(typed_field_for(AmountField(verbose_name="montant")), AmountFormField)
    assert isinstance(typed_field_for(MonthField(verbose_name="mois")), MonthFormField)
