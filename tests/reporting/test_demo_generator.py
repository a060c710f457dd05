"""The demonstration territory as it is drawn, without a database: the same again, big enough, and plausible."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import pytest
from django.db.models import Model

from beneficiaries.models import Beneficiary, EligibilityReview, HoursEntry, Placement
from core.forms import clean_siret
from markets.models import Buyer, Company, Market
from reporting.demo.draw import commune_siret, invented_siret
from reporting.demo.generate import Part, generate, make_territory
from reporting.demo.sizes import SIZES
from reporting.demo.territory import Territory

pytestmark = pytest.mark.slow

AS_OF = dt.date(2026, 11, 22)
# Days that may lie ahead: what is planned, and until when something holds.
AHEAD = {"planned_end", "ends_on", "valid_until", "last_day", "starts_on"}


def territory(*, seed: int = 1, years: int = 1, as_of: dt.date = AS_OF) -> Territory:
    return make_territory(years=years, seed=seed, as_of=as_of)


def fingerprint(part: Part) -> str:
    """One number for all the values of all the rows, in their order."""
    digest = hashlib.sha256()
    for model, rows in part.rows:
        names = [field.attname for field in model._meta.concrete_fields]
        for row in rows:
            digest.update(repr([model.__name__, *(str(getattr(row, name)) for name in names)]).encode())
    return digest.hexdigest()


def rows_of(part: Part, model: type[Model]) -> list[Any]:
    return dict(part.rows)[model]


@pytest.fixture(scope="module")
def mmie() -> tuple[Territory, Part]:
    drawn = territory(years=3)
    (part,) = generate(drawn, "mmie")
    return drawn, part


def test_the_same_arguments_draw_the_same_rows_in_the_same_order():
    (one,) = generate(territory(years=3), "small")
    (again,) = generate(territory(years=3), "small")
    (other,) = generate(territory(years=3, seed=2), "small")
    assert fingerprint(one) == fingerprint(again)
    assert fingerprint(one) != fingerprint(other)


def test_france_begins_with_the_very_rows_of_mmie_and_goes_on_after_them():
    (alone,) = generate(territory(), "mmie")
    blocks = generate(territory(), "france")
    first, second = next(blocks), next(blocks)
    assert fingerprint(first) == fingerprint(alone)
    for model in (Buyer, Company, Market, Beneficiary, HoursEntry):
        assert rows_of(second, model)[0].pk == rows_of(first, model)[-1].pk + 1
    sirets = {row.identifier for part in (first, second) for row in rows_of(part, Buyer) if row.identifier}
    assert len(sirets) == sum(
        bool(row.identifier) for part in (first, second) for row in rows_of(part, Buyer)
    )


def test_the_sizes_are_those_of_the_house_and_of_the_country():
    (mmie_block,) = SIZES["mmie"]
    assert (mmie_block.buyers, mmie_block.markets, mmie_block.companies) == (80, 600, 250)
    assert (mmie_block.people, mmie_block.hours) == (2_000, 800_000)
    france = SIZES["france"]
    assert sum(block.buyers for block in france) == 3_600
    assert sum(block.markets for block in france) == pytest.approx(58_000, rel=0.001)
    assert sum(block.people for block in france) == 57_000
    assert sum(block.hours for block in france) == pytest.approx(25_000_000, rel=0.001)


def test_mmie_has_the_size_of_the_house(mmie):
    drawn, part = mmie
    assert len(rows_of(part, Buyer)) == 80
    assert len(rows_of(part, Company)) == 250
    # Exactly in the reference year, within a twelfth in the whole year before it.
    assert drawn.counted_people[2025] == 2_000
    assert drawn.counted_people[2024] == pytest.approx(2_000, rel=1 / 12)
    for year in (2024, 2025):
        assert drawn.counted_hours[year] == pytest.approx(800_000, rel=1 / 12)
    # Ten months of 2026 have been worked.
    assert drawn.counted_hours[2026] == pytest.approx(800_000 * 10 / 12, rel=1 / 8)


def test_about_600_markets_of_mmie_are_alive_in_each_year(mmie):
    _, part = mmie
    for year in (2024, 2025):
        first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
        alive = [
            row
            for row in rows_of(part, Market)
            if row.begins_on <= last and (row.closed_on is None or row.closed_on >= first)
        ]
        assert len(alive) == pytest.approx(620, rel=0.1)


def test_the_totals_are_those_of_the_entries(mmie):
    drawn, part = mmie
    counted = [
        row
        for row in rows_of(part, HoursEntry)
        if row.state == "validated" and not row.is_superseded and row.counted_hours > 0
    ]
    assert sum(float(row.counted_hours) for row in counted if row.month.year == 2025) == pytest.approx(
        drawn.counted_hours[2025], abs=0.01
    )


@pytest.mark.parametrize(
    ("as_of", "years", "seed"),
    [("2026-01-10", 1, 1), ("2026-01-31", 1, 2), ("2024-02-29", 2, 1), ("2027-12-31", 3, 2)],
)
def test_nothing_has_happened_after_the_day_of_the_territory(as_of, years, seed):
    day = dt.date.fromisoformat(as_of)
    drawn = territory(years=years, seed=seed, as_of=day)
    (part,) = generate(drawn, "small")
    late = {
        (model.__name__, field.name)
        for model, rows in part.rows
        for field in model._meta.concrete_fields
        if field.name not in AHEAD
        for row in rows
        if isinstance(value := getattr(row, field.attname), dt.date)
        and (value.date() if isinstance(value, dt.datetime) else value) > day
    }
    assert late == set()
    months = {row.month for row in rows_of(part, HoursEntry)}
    assert min(months) >= drawn.first_day
    assert {row.starts_on <= day for row in rows_of(part, Placement)} == {True}


def test_every_identifier_said_to_be_a_siret_is_one(mmie):
    _, part = mmie
    for model in (Buyer, Company):
        sirets = [row.identifier for row in rows_of(part, model) if row.identifier_kind == "siret"]
        assert [clean_siret(siret) for siret in sirets] == sirets
        assert len(set(sirets)) == len(sirets)


def test_town_halls_bear_their_own_siret_and_companies_an_invented_one():
    assert commune_siret("69149") == "21690149600010"  # the convention's
    assert invented_siret(1).startswith("00")


def test_oullins_comes_first_in_every_size(mmie):
    for part in (mmie[1], next(generate(territory(), "small"))):
        first = rows_of(part, Buyer)[0]
        assert (first.pk, first.identifier) == (1, "21690149600010")
        assert first.name == "Ville d’Oullins-Pierre-Bénite"


def test_no_two_people_bear_the_same_name_and_birth_date(mmie):
    people = rows_of(mmie[1], Beneficiary)
    known = [(row.search_key, row.birth_date) for row in people if row.birth_date]
    assert len(set(known)) == len(known)


def test_a_direct_hire_that_counts_was_decided_before_the_contract(mmie):
    hires = [
        row
        for row in rows_of(mmie[1], HoursEntry)
        if row.counted_hours > 0
        and row.source != "take_over"
        and row.assignment.placement.modality == "direct"
        and row.assignment.review
    ]
    assert len(hires) > 1_000
    assert all(row.assignment.review.decided_on < row.assignment.placement.starts_on for row in hires)


def test_the_situation_at_entry_is_the_one_of_the_person_on_that_day(mmie):
    for review in rows_of(mmie[1], EligibilityReview):
        person = review.beneficiary
        if review.entry_age is not None:
            years = (review.decided_on - person.birth_date).days / 365.25
            assert review.entry_age == pytest.approx(years - 0.5, abs=0.51)
        assert review.entry_gender == person.gender
        assert (review.entry_qpv_vintage is None) == (review.entry_qpv_id is None)
