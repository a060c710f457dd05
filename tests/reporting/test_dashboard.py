"""A buyer's dashboard: its own hours, at once, and nothing of a person or of another buyer."""

import datetime as dt

import pytest
from django.urls import reverse

from beneficiaries.services.hours import validate_hours
from tests.factories import HoursEntryFactory, MarketPartyFactory, eligible_assignment, make_bilan

pytestmark = pytest.mark.django_db


def page(client, user, buyer, year=2025):
    client.force_login(user)
    response = client.get(reverse("buyer_dashboard", args=[buyer.pk]) + f"?annee={year}")
    assert response.status_code == 200
    return response.content.decode().replace("\u202f", " ").replace("\xa0", " ")


def test_the_dashboard_moves_by_exactly_the_hours_validated(client, cast):
    entry = HoursEntryFactory(assignment=eligible_assignment(commitment=cast.commitment_a), hours="123.50")
    assert "123,5 h" not in page(client, cast.buyer_user_a, cast.buyer_a)
    validate_hours(entries=[entry], user=cast.facilitator)
    assert "123,5 h" in page(client, cast.buyer_user_a, cast.buyer_a)


def test_no_word_of_another_buyer_and_no_name_of_a_person(client, cast):
    for commitment in (cast.commitment_a, cast.commitment_b):
        HoursEntryFactory(assignment=eligible_assignment(commitment=commitment), counted=True)
    mine = eligible_assignment(commitment=cast.commitment_a)
    HoursEntryFactory(assignment=mine, counted=True)
    text = page(client, cast.buyer_user_a, cast.buyer_a)
    assert "Bravo" not in text and mine.placement.beneficiary.last_name not in text
    assert "RSA" not in text
    client.force_login(cast.buyer_user_a)
    assert client.get(reverse("buyer_dashboard", args=[cast.buyer_b.pk])).status_code == 404


def test_an_account_limited_to_a_department_sees_its_hours_and_no_bilan(client, cast):
    HoursEntryFactory(assignment=eligible_assignment(commitment=cast.commitment_a), hours=11, counted=True)
    HoursEntryFactory(
        assignment=eligible_assignment(commitment=cast.other_commitment_a), hours=700, counted=True
    )
    make_bilan(buyer=cast.buyer_a, year=2024, published=True)
    text = page(client, cast.limited_a, cast.buyer_a)
    assert "11 h" in text and "711" not in text and "700" not in text
    assert "Bilans publiés" not in text and "ALPHA-2" not in text
    assert "711 h" in page(client, cast.buyer_user_a, cast.buyer_a)


def test_the_totals_stand_beside_the_last_published_year(client, cast):
    HoursEntryFactory(
        assignment=eligible_assignment(commitment=cast.commitment_a),
        month=dt.date(2025, 3, 1),
        hours=80,
        counted=True,
    )
    make_bilan(buyer=cast.buyer_a, year=2025, published=True)
    text = page(client, cast.buyer_user_a, cast.buyer_a, year=2026)
    assert "80 h en 2025" in text and "Bilan 2025" in text


@pytest.mark.parametrize("year", ["", "abcd", "1900", "99999", "²025"])
def test_a_year_that_makes_no_sense_shows_the_current_one(client, cast, year):
    client.force_login(cast.buyer_user_a)
    response = client.get(reverse("buyer_dashboard", args=[cast.buyer_a.pk]), {"annee": year})
    assert response.status_code == 200


def test_a_share_corrected_after_the_publication_is_told_beside_the_published_bilan(client, cast):
    HoursEntryFactory(
        assignment=eligible_assignment(commitment=cast.commitment_a),
        month=dt.date(2025, 3, 1),
        hours=80,
        counted=True,
    )
    make_bilan(buyer=cast.buyer_a, year=2025, published=True)
    assert "bilan publié de cette année :" not in page(client, cast.buyer_user_a, cast.buyer_a)
    MarketPartyFactory(market=cast.commitment_a.market, buyer=cast.buyer_b, share=40)
    # 60 % of 80 h, and of what is engaged; the people, the contracts and the markets are whole, and say nothing else.
    text = page(client, cast.buyer_user_a, cast.buyer_a)
    assert "48 h" in text and text.count("bilan publié de cette année :") == 3
    assert "bilan publié de cette année : 80 h" in text
