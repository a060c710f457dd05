"""How far companies are: the globe's arithmetic, and what stands for a place when an address has none."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.directory import able_to_answer, distances, surroundings_of
from markets.directory_list import order_by_distance
from markets.distance import EARTH_KM, Place, box_around, kilometres, middle
from markets.models import Company
from tests.factories import CommuneFactory, CompanyFactory, CompanyKindFactory, SectorFactory

LYON, PARIS = Place(45.7578, 4.8320), Place(48.8566, 2.3522)
latitudes = st.floats(-89, 89)
longitudes = st.floats(-179.9, 179.9)
places = st.builds(Place, latitudes, longitudes)


def test_a_degree_of_latitude_is_a_360th_of_the_globe() -> None:
    # 2 × π × 6371.0088 ÷ 360 = 111.195 km
    assert kilometres(Place(45, 4), Place(46, 4)) == pytest.approx(111.195, abs=0.001)


def test_a_degree_of_longitude_at_60_degrees_north_is_half_of_that() -> None:
    # The chord of a small circle: 55.597 km along the parallel, a little less on the great circle.
    assert kilometres(Place(60, 4), Place(60, 5)) == pytest.approx(55.597, abs=0.01)


def test_lyon_is_some_392_km_from_paris() -> None:
    assert kilometres(LYON, PARIS) == pytest.approx(391.5, abs=1.5)


def test_antipodes_are_half_the_way_round() -> None:
    assert kilometres(Place(0, 0), Place(0, 180)) == pytest.approx(math.pi * EARTH_KM)


@given(places, places)
def test_a_distance_is_the_same_both_ways_and_never_negative(a: Place, b: Place) -> None:
    assert kilometres(a, b) == pytest.approx(kilometres(b, a))
    assert 0 <= kilometres(a, b) <= math.pi * EARTH_KM + 1e-6


@given(places, st.floats(-1.5, 1.5), st.floats(-3, 3), st.floats(0.1, 100))
def test_no_point_within_a_distance_falls_out_of_its_box(
    centre: Place, dlat: float, dlon: float, km: float
) -> None:
    point = Place(max(-90.0, min(90.0, centre.latitude + dlat)), centre.longitude + dlon)
    if kilometres(centre, point) > km:
        return
    box = box_around(centre, km)
    slack = 1e-9
    assert box.south - slack <= point.latitude <= box.north + slack
    assert box.west - slack <= point.longitude <= box.east + slack


def test_a_box_that_holds_a_pole_holds_every_longitude() -> None:
    assert box_around(Place(89.9, 10), 50)[2:] == (-180.0, 180.0)


def test_a_negative_distance_is_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        box_around(LYON, -1)


def test_the_middle_of_nothing_is_nowhere() -> None:
    assert middle([]) is None
    assert middle([Place(45, 4), Place(46, 6)]) == Place(45.5, 5.0)


# --- Around a commune ---------------------------------------------------------------------------------------


def _siae(
    name: str, latitude: float | None = None, longitude: float | None = None, **fields: object
) -> Company:
    company = CompanyFactory(name=name, latitude=latitude, longitude=longitude, **fields)
    CompanyKindFactory(company=company, kind="EI")
    return company


@pytest.mark.django_db
def test_companies_are_found_by_distance_the_nearest_first() -> None:
    here, there = CommuneFactory(code="69266"), CommuneFactory(code="69029")
    near = _siae("Proche", 45.0, 4.0, commune=here)
    # A tenth of a degree of latitude is 11.12 km, half a degree is 55.6 km.
    middle_one = _siae("Moyenne", 45.1, 4.0, commune=there)
    far = _siae("Loin", 45.5, 4.0, commune=there)
    rows = Company.objects.filter(pk__in=[near.pk, middle_one.pk, far.pk])

    found = distances(rows, surroundings_of(here), 50)

    assert list(found) == [near.pk, middle_one.pk]
    assert found[middle_one.pk].km == pytest.approx(11.12, abs=0.01)
    assert list(distances(rows, surroundings_of(here), 10)) == [near.pk]
    assert list(distances(rows, surroundings_of(here), 60)) == [near.pk, middle_one.pk, far.pk]


@pytest.mark.django_db
def test_without_coordinates_the_commune_then_the_department_stand_for_the_address() -> None:
    here, there = CommuneFactory(code="69266"), CommuneFactory(code="69029")
    unplaced = CommuneFactory(code="69199")
    elsewhere = CommuneFactory(code="38185", department_code="38")
    _siae("Repère ici", 45.0, 4.0, commune=here)
    _siae("Repère là", 45.1, 4.0, commune=there)
    by_commune = _siae("Sans adresse", commune=there)
    by_department = _siae("Même département", commune=unplaced)
    outside = _siae("Autre département", commune=elsewhere)
    nowhere = _siae("Nulle part")
    rows = Company.objects.filter(pk__in=[by_commune.pk, by_department.pk, outside.pk, nowhere.pk])

    found = distances(rows, surroundings_of(here), 50)

    assert list(found) == [by_commune.pk, by_department.pk]
    assert found[by_commune.pk].km == pytest.approx(11.12, abs=0.01)
    assert found[by_commune.pk].approximate
    assert found[by_department.pk].km is None


@pytest.mark.django_db
def test_a_commune_is_its_arrondissements_and_what_it_was() -> None:
    lyon = CommuneFactory(code="69123", label="Lyon")
    third = CommuneFactory(code="69383", label="Lyon 3e Arrondissement", parent=lyon)
    old = CommuneFactory(code="69149-2023", label="Oullins", successor=CommuneFactory(code="69149"))
    in_third = _siae("Au troisième", 45.75, 4.86, commune=third)
    in_new = _siae("À Oullins-Pierre-Bénite", 45.71, 4.80, commune_id="69149")
    rows = Company.objects.filter(pk__in=[in_third.pk, in_new.pk])

    assert list(distances(rows, surroundings_of(lyon), 0)) == [in_third.pk]
    assert list(distances(rows, surroundings_of(old), 0)) == [in_new.pk]


@pytest.mark.django_db
def test_the_order_of_the_database_is_the_order_of_the_arithmetic() -> None:
    here, there = CommuneFactory(code="69266"), CommuneFactory(code="69029")
    spots = [(45.0, 4.0), (45.3, 4.9), (45.31, 4.2), (44.2, 3.5), (45.9, 5.5), (46.4, 4.0)]
    for number, (latitude, longitude) in enumerate(spots):
        _siae(f"Structure {number}", latitude, longitude, commune=here if not number else there)
    _siae("Par sa commune", commune=there)
    _siae("Sans lieu")
    around = surroundings_of(here)
    assert around.centre is not None

    rows = list(order_by_distance(Company.objects.filter(kinds__kind="EI"), around.centre))

    known = distances(Company.objects.filter(kinds__kind="EI"), around, 20_100)
    assert [row.pk for row in rows if row.pk in known] == list(known)
    assert rows[-1].name == "Sans lieu"


# --- Who can answer -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_geiq_is_no_bidder_and_a_closed_kind_no_longer_answers(django_assert_max_num_queries) -> None:
    green, cleaning = (
        SectorFactory(),
        SectorFactory(code="cleaning", label="Propreté", cpv="909", naf="812", words=""),
    )
    here = CommuneFactory(code="69266")
    siae = _siae("Jardins", 45.0, 4.0, commune=here)
    geiq = CompanyFactory(name="GEIQ", latitude=45.0, longitude=4.0, geiq=True)
    esat = CompanyFactory(name="ESAT", latitude=45.0, longitude=4.0)
    CompanyKindFactory(company=esat, kind="ESAT")
    ended = CompanyFactory(name="Ancienne", latitude=45.0, longitude=4.0)
    CompanyKindFactory(company=ended, kind="ACI", ends_on="2024-12-31")
    ordinary = CompanyFactory(name="Entreprise", latitude=45.0, longitude=4.0)
    for company in (siae, geiq, ended, ordinary):
        company.activities.add(green)
    esat.activities.add(cleaning)

    with django_assert_max_num_queries(6):
        assert [row.name for row in able_to_answer(cpv="77310000", commune=here)] == ["Jardins"]
    assert [row.name for row in able_to_answer(sector="cleaning", commune=here)] == ["ESAT"]
    assert [row.name for row in able_to_answer(commune=here)] == ["ESAT", "Jardins"]
    assert [row.name for row in able_to_answer()] == ["ESAT", "Jardins"]
    # A code that belongs to no sector: nobody is known to answer.
    assert list(able_to_answer(cpv="33000000")) == []


@pytest.mark.django_db
def test_the_distance_bounds_who_can_answer() -> None:
    here, there = CommuneFactory(code="69266"), CommuneFactory(code="69029")
    _siae("Repère", 45.0, 4.0, commune=here)
    _siae("À 55,6 km", 45.5, 4.0, commune=there)

    assert [row.name for row in able_to_answer(commune=here)] == ["Repère"]
    assert [row.name for row in able_to_answer(commune=here, within_km=56)] == ["À 55,6 km", "Repère"]
