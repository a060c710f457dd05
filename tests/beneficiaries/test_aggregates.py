"""What an ESAT or an EA declares without names: apart from everything that is counted."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from beneficiaries.aggregates import declared_without_names
from beneficiaries.models import AggregateDeclaration
from beneficiaries.services.aggregates import save_declaration
from clauses.progress import hours_counted
from core.errors import DomainError
from tests.factories import AggregateDeclarationFactory, CompanyFactory, CompanyKindFactory

pytestmark = pytest.mark.django_db
D = dt.date


@pytest.fixture
def esat(cast: Any) -> Any:
    company = CompanyFactory(name="Les Ateliers du Parc")
    CompanyKindFactory(company=company, kind="ESAT", starts_on=D(2020, 1, 1))
    return company


def declaration(esat: Any, commitment: Any, **changes: Any) -> AggregateDeclaration:
    return AggregateDeclaration(
        **{
            "company": esat,
            "commitment": commitment,
            "first_month": D(2026, 1, 1),
            "last_month": D(2026, 3, 1),
            "headcount": 8,
            "hours": Decimal("320"),
            **changes,
        }
    )


def test_it_is_a_footnote_of_the_market_and_of_its_hours_and_counts_nowhere(cast, signed_in, esat):
    save_declaration(row=declaration(esat, cast.commitment_a), user=cast.facilitator)
    line = "+ 320\u202fh déclarées sans noms par un ESAT, hors personnes"
    client = signed_in(cast.facilitator)
    for name in ("market_detail", "market_hours", "market_commitments"):
        page = client.get(reverse(name, args=[cast.commitment_a.market_id])).content.decode()
        assert line in page, name
    assert line in client.get(reverse("commitment_detail", args=[cast.commitment_a.pk])).content.decode()
    assert hours_counted([cast.commitment_a.pk]) == {cast.commitment_a.pk: Decimal("0.00")}
    # Its buyer reads the line, another buyer and another company do not.
    assert (
        line
        in signed_in(cast.buyer_user_a)
        .get(reverse("market_detail", args=[cast.commitment_a.market_id]))
        .content.decode()
    )
    for user in (cast.buyer_user_b, cast.company_user_b):
        assert not AggregateDeclaration.objects.visible_to(user).exists()
    assert AggregateDeclaration.objects.visible_to(cast.company_user_a).count() == 1


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"last_month": D(2025, 12, 1)}, "last_month", "précède le premier"),
        ({"first_month": D(2025, 12, 1)}, "last_month", "une année civile"),
        ({"first_month": D(2099, 1, 1), "last_month": D(2099, 2, 1)}, "last_month", "pas encore passés"),
        ({"headcount": 0}, "headcount", "Des heures sans personne"),
        (
            {"first_month": D(2019, 1, 1), "last_month": D(2019, 3, 1)},
            "company",
            "n’était ni EA, ni EATT, ni ESAT",
        ),
    ],
)
def test_what_cannot_be_true_is_refused_beside_its_field(cast, esat, changes, field, sentence):
    with pytest.raises(DomainError) as refusal:
        save_declaration(row=declaration(esat, cast.commitment_a, **changes), user=cast.facilitator)
    assert refusal.value.field == field and sentence in refusal.value.sentence
    assert not AggregateDeclaration.objects.exists()


def test_months_already_declared_are_not_declared_twice(cast, esat):
    save_declaration(row=declaration(esat, cast.commitment_a), user=cast.facilitator)
    again = declaration(esat, cast.commitment_a, first_month=D(2026, 3, 1), last_month=D(2026, 4, 1))
    with pytest.raises(DomainError, match="couvre déjà janvier 2026 à mars 2026"):
        save_declaration(row=again, user=cast.facilitator)
    save_declaration(row=declaration(esat, cast.commitment_b), user=cast.facilitator)


def test_an_ordinary_company_declares_its_people_by_name(cast):
    with pytest.raises(DomainError, match="ses heures se déclarent par personne"):
        save_declaration(row=declaration(cast.company_a, cast.commitment_a), user=cast.facilitator)


def test_people_of_several_declarations_of_one_structure_are_not_added_up(cast, esat):
    AggregateDeclarationFactory(company=esat, commitment=cast.commitment_a)
    AggregateDeclarationFactory(
        company=esat,
        commitment=cast.commitment_a,
        first_month=D(2026, 4, 1),
        last_month=D(2026, 4, 1),
        headcount=6,
        hours=Decimal("100.50"),
    )
    rows = AggregateDeclaration.objects.visible_to(cast.facilitator)
    (found,) = declared_without_names(rows).values()
    assert (found.hours, found.headcount, found.kinds) == (Decimal("420.50"), 8, {"ESAT"})
    (found,) = declared_without_names(rows, until=D(2026, 3, 31)).values()
    assert found.hours == Decimal("320.00")
    assert declared_without_names(rows, since=D(2026, 5, 1)) == {}


def test_it_is_declared_from_the_market_and_from_the_structure_and_corrected(cast, signed_in, esat):
    client = signed_in(cast.facilitator)
    form = {
        "commitment": cast.commitment_a.pk,
        "company": "Les Ateliers du Parc",
        "first_month": "01/2026",
        "last_month": "03/2026",
        "headcount": "8",
        "hours": "320",
    }
    address = reverse("market_aggregate", args=[cast.commitment_a.market_id])
    for changes, sentence in (
        ({"hours": "1e17"}, "n’est pas un nombre d’heures"),
        ({"hours": "-3"}, "ne peut pas être négatif"),
        ({"headcount": "-3"}, "n’est pas négatif"),
        ({"headcount": "99999999999"}, "n’est pas possible"),
        ({"company": "Alpha Bâtiment"}, "n’était ni EA"),
    ):
        assert sentence in client.post(address, {**form, **changes}).content.decode(), changes
    page = client.post(address, form, follow=True).content.decode()
    assert "Les Ateliers du Parc" in page and "320" in page
    row = AggregateDeclaration.objects.get()
    client.post(reverse("aggregate_edit", args=[row.pk]), {**form, "hours": "330"})
    row.refresh_from_db()
    assert row.hours == Decimal("330.00")
    client.post(
        reverse("company_aggregate", args=[esat.pk]),
        {**form, "commitment": f"Bravo [{cast.commitment_b.pk}]"},
    )
    assert AggregateDeclaration.objects.filter(commitment=cast.commitment_b, company=esat).exists()
    page = client.get(reverse("company_aggregates", args=[esat.pk])).content.decode()
    assert "ALPHA-1" in page and "BRAVO-1" in page
