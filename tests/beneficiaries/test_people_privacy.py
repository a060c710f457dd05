"""What companies and buyers can never read: grounds, other people's people, identity beyond the name."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from beneficiaries.models import (
    Assignment,
    Beneficiary,
    CountingRules,
    EligibilityPeriod,
    EligibilityReview,
    HeldCriterion,
    HoursEntry,
    Placement,
    Prescriber,
)
from markets.models import Market
from tests.factories import (
    BeneficiaryFactory,
    CommuneFactory,
    CompanyFactory,
    CompanyMembershipFactory,
    EligibilityCriterionFactory,
    HoursEntryFactory,
    PrescriberFactory,
    QpvFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def worked(cast) -> dict[str, Any]:
    """One person of each company, with everything about them that must not be read."""
    found = {}
    for letter, commitment in (("Alpha", cast.commitment_a), ("Bravo", cast.commitment_b)):
        person = BeneficiaryFactory(
            last_name=f"Employée{letter}",
            first_name="Lou",
            birth_date=dt.date(1984, 7, 23) if letter == "Alpha" else dt.date(1993, 8, 21),
            address=f"17 impasse {letter}",
            commune=CommuneFactory(label=f"Commune{letter}"),
            qpv=QpvFactory(label=f"Quartier{letter}"),
            prescriber=PrescriberFactory(name=f"Prescripteur{letter}"),
            phone="0655443322",
            email="lou@exemple.example",
        )
        assignment = eligible_assignment(
            beneficiary=person,
            commitment=commitment,
            starts_on=dt.date(2026, 3, 2),
            criteria=[EligibilityCriterionFactory(sensitive_one=True), EligibilityCriterionFactory()],
        )
        HoursEntryFactory(
            assignment=assignment, month=dt.date(2026, 3, 1), hours=Decimal("111.25"), counted=True
        )
        found[letter] = assignment
    return found


GROUNDS = ("RQTH", "RSA", "handicap", "Attestation de")
IDENTITY = (
    "23/07/1984",
    "1984",
    "impasse",
    "CommuneAlpha",
    "QuartierAlpha",
    "PrescripteurAlpha",
    "0655443322",
)


def text_of(answer: Any) -> str:
    body = b"".join(answer) if answer.streaming else answer.content
    answer.close()
    return body.decode("utf-8-sig", errors="replace")


def test_a_company_reads_names_dates_eligibility_and_hours_of_its_own_people_only(cast, signed_in, worked):
    browser = signed_in(cast.company_user_a)
    answers = [
        browser.get(reverse("beneficiary_list")),
        browser.get(reverse("beneficiary_list"), {"export": "csv"}),
        browser.get(reverse("beneficiary_detail", args=[worked["Alpha"].placement.beneficiary_id])),
    ]
    for answer in answers:
        text = text_of(answer)
        assert "EmployéeAlpha" in text and "111,25" in text.replace(".", ",")
        for word in (*GROUNDS, *IDENTITY, "Bravo"):
            assert word not in text, word
    assert "01/03/2028" in text_of(answers[0])


def test_a_company_finds_no_page_of_another_one_and_no_page_of_the_house(cast, signed_in, worked):
    browser = signed_in(cast.company_user_a)
    stranger = worked["Bravo"].placement.beneficiary_id
    assert browser.get(reverse("beneficiary_detail", args=[stranger])).status_code == 404
    own = worked["Alpha"].placement.beneficiary_id
    for name in (
        "beneficiary_edit",
        "beneficiary_eligibility",
        "beneficiary_contracts",
        "beneficiary_hours",
        "beneficiary_history",
        "review_create",
        "placement_create",
    ):
        assert browser.get(reverse(name, args=[own])).status_code == 403
        assert browser.post(reverse(name, args=[own])).status_code == 403


def test_a_search_of_a_company_never_reaches_another_one(cast, signed_in, worked):
    answer = signed_in(cast.company_user_a).get(reverse("beneficiary_list"), {"q": "Bravo"})
    assert answer.context["count"] == 0


def test_hours_that_a_person_does_elsewhere_are_not_in_a_company_s_figures(cast, signed_in, worked):
    person = worked["Alpha"].placement.beneficiary
    elsewhere = eligible_assignment(
        beneficiary=person, commitment=cast.commitment_b, starts_on=dt.date(2025, 5, 5)
    )
    HoursEntryFactory(assignment=elsewhere, month=dt.date(2025, 5, 1), hours=Decimal("77.75"), counted=True)
    browser = signed_in(cast.company_user_a)
    for address in (reverse("beneficiary_list"), reverse("beneficiary_detail", args=[person.pk])):
        text = text_of(browser.get(address))
        assert "111,25" in text and "189" not in text and "77,75" not in text
        assert "BRAVO" not in text.upper()


def test_a_company_that_receives_or_employs_sees_the_market_it_works_on(cast, signed_in):
    host, employer = CompanyFactory(name="Charlie accueil"), CompanyFactory(name="Delta intérim")
    assignment = eligible_assignment(commitment=cast.commitment_b, employer=employer, user_company=host)
    for company in (host, employer):
        user = CompanyMembershipFactory(company=company).user
        assert list(Market.objects.visible_to(user)) == [cast.commitment_b.market]
        assert list(Beneficiary.objects.visible_to(user)) == [assignment.placement.beneficiary]


def test_a_buyer_sees_nobody(cast, signed_in, worked):
    for model in (
        Beneficiary,
        Prescriber,
        EligibilityReview,
        HeldCriterion,
        EligibilityPeriod,
        Placement,
        Assignment,
        HoursEntry,
        CountingRules,
    ):
        assert not model.objects.visible_to(cast.buyer_user_a).exists(), model
    browser = signed_in(cast.buyer_user_a)
    for name in ("beneficiary_list", "prescriber_list", "counting_rules_list"):
        assert browser.get(reverse(name)).status_code == 403
        assert browser.get(reverse(name), {"export": "csv"}).status_code == 403


def test_grounds_are_the_house_s_alone(cast, worked):
    for model in (EligibilityReview, HeldCriterion, EligibilityPeriod, Prescriber, CountingRules):
        assert not model.objects.visible_to(cast.company_user_a).exists(), model
        assert model.objects.visible_to(cast.facilitator).exists(), model


def test_an_account_that_may_no_longer_sign_in_sees_nobody(cast, worked):
    cast.company_user_a.is_active = False
    cast.company_user_a.save()
    assert not Beneficiary.objects.visible_to(cast.company_user_a).exists()


def test_filters_of_a_company_propose_nothing_of_the_house(cast, signed_in, worked):
    text = text_of(signed_in(cast.company_user_a).get(reverse("beneficiary_list")))
    assert "<select" not in text
