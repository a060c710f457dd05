"""Names stand in the order of a French directory, on both databases."""

import pytest
from django.urls import reverse

from beneficiaries.models import Beneficiary
from markets.models import Company
from tests.factories import BeneficiaryFactory, CompanyFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_accents_do_not_move_a_name_after_the_alphabet():
    for last_name, first_name in (
        ("Zola", "Ana"),
        ("Élan", "Bo"),
        ("Bouchet", "Margot"),
        ("Bouchet", "Élise"),
    ):
        BeneficiaryFactory(last_name=last_name, first_name=first_name)
    names = [str(person) for person in Beneficiary.objects.all()]
    assert names == ["Bouchet Élise", "Bouchet Margot", "Élan Bo", "Zola Ana"]


def test_the_list_of_companies_sorts_by_name_both_ways(client):
    for name in ("Zinc", "Écluse", "atout"):
        CompanyFactory(name=name)
    assert [str(company) for company in Company.objects.all()] == ["atout", "Écluse", "Zinc"]
    client.force_login(UserFactory())
    page = client.get(reverse("company_list"), {"tri": "-name"}).content.decode()
    assert page.index("Zinc") < page.index("Écluse") < page.index("atout")
