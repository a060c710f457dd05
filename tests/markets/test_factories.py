"""The factories of this suite make what they say."""

import datetime as dt
from decimal import Decimal

import pytest
from stdnum.fr import siret as siret_rule

from clauses.models import Commitment
from tests.factories import CommitmentFactory, CompanyFactory, make_cast, siret

pytestmark = pytest.mark.django_db


def test_an_invented_siret_passes_the_check():
    assert siret_rule.is_valid(siret(1)) and siret_rule.is_valid(siret(500_000))


def test_a_commitment_comes_with_its_chain():
    made = CommitmentFactory(hours=500, offer=300)
    found = Commitment.objects.with_hours_engaged().get(pk=made.pk)
    assert found.hours_engaged == Decimal("800")
    assert found.market == found.clause.lot.market
    assert found.holder == found.award.company
    assert found.starts_on == dt.date(2025, 2, 1)


def test_a_commitment_without_hours_has_no_change():
    assert CommitmentFactory(hours=0).changes.count() == 0


def test_a_company_can_hold_a_kind():
    assert [row.kind for row in CompanyFactory(etti=True).kinds.all()] == ["ETTI"]


def test_the_two_halves_of_the_cast_share_nothing():
    cast = make_cast()
    assert cast.commitment_a.market.buyer == cast.buyer_a
    assert cast.commitment_b.holder == cast.company_b
    assert cast.limited_a.buyer_memberships.get().department == cast.department_a
