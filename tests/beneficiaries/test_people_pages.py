"""The pages of people: what they show, and that they ask as much for six rows as for one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from beneficiaries.services.employment import end_placement
from beneficiaries.services.people import save_person
from beneficiaries.waiting_people import people_waiting
from tests.factories import (
    AssignmentFactory,
    BeneficiaryFactory,
    CommitmentFactory,
    CommuneFactory,
    CompanyMembershipFactory,
    CountingRulesFactory,
    EligibilityCriterionFactory,
    EligibilityPeriodFactory,
    EligibilityReviewFactory,
    HoursEntryFactory,
    MarketFactory,
    PlacementFactory,
    PrescriberFactory,
    QpvFactory,
    ResponsibilityFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
MOST = 12


def person_with_a_path(number: int, *, commitment: Any = None, prescriber: Any = None) -> Any:
    """A person who works, moved, is sent by someone, with hours: everything that a row may look up."""
    assignment = eligible_assignment(
        beneficiary=BeneficiaryFactory(
            commune=CommuneFactory(), qpv=QpvFactory(), prescriber=prescriber or PrescriberFactory()
        ),
        commitment=commitment,
        criteria=[EligibilityCriterionFactory(), EligibilityCriterionFactory(sensitive_one=True)],
    )
    HoursEntryFactory(assignment=assignment, counted=True)
    return assignment


def queries(browser: Any, address: str, **query: str) -> int:
    # The first request of a process fills caches that a second finds full.
    browser.get(address, query).close()
    with CaptureQueriesContext(connection) as captured:
        answer = browser.get(address, query)
        if answer.streaming:
            b"".join(answer)
        answer.close()
    assert answer.status_code == 200
    return len(captured)


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("beneficiary_list", {}),
        ("beneficiary_list", {"state": "eligible", "tri": "-hours"}),
        ("beneficiary_list", {"export": "csv"}),
        ("beneficiary_list", {"export": "xlsx"}),
        ("prescriber_list", {}),
        ("prescriber_list", {"export": "csv"}),
    ],
)
def test_a_list_asks_as_much_for_six_rows_as_for_one(cast, signed_in, name, query):
    browser = signed_in(cast.facilitator)
    person_with_a_path(0)
    one = queries(browser, reverse(name), **query)
    for number in range(1, 6):
        person_with_a_path(number)
    assert queries(browser, reverse(name), **query) == one <= MOST


@pytest.mark.parametrize("query", [{}, {"export": "csv"}])
def test_the_list_of_a_company_too(cast, signed_in, query):
    browser, address = signed_in(cast.company_user_a), reverse("beneficiary_list")
    person_with_a_path(0, commitment=cast.commitment_a)
    one = queries(browser, address, **query)
    for number in range(1, 6):
        person_with_a_path(number, commitment=cast.commitment_a)
    assert queries(browser, address, **query) == one <= MOST


def test_the_tabs_of_markets_and_companies_and_the_prescriber_too(cast, signed_in):
    browser, prescriber = signed_in(cast.facilitator), PrescriberFactory()
    addresses = [
        reverse("market_people", args=[cast.commitment_a.market_id]),
        reverse("company_people", args=[cast.company_a.pk]),
        reverse("prescriber_detail", args=[prescriber.pk]),
    ]
    person_with_a_path(0, commitment=cast.commitment_a, prescriber=prescriber)
    one = [queries(browser, address) for address in addresses]
    for number in range(1, 6):
        person_with_a_path(number, commitment=cast.commitment_a, prescriber=prescriber)
    assert [queries(browser, address) for address in addresses] == one
    assert max(one) <= MOST


@pytest.mark.parametrize(
    "name",
    [
        "beneficiary_detail",
        "beneficiary_eligibility",
        "beneficiary_contracts",
        "beneficiary_hours",
        "beneficiary_history",
        "person_follow_up",
    ],
)
def test_a_tab_of_a_person_asks_as_much_for_six_contracts_as_for_one(cast, signed_in, name):
    browser = signed_in(cast.facilitator)
    person = person_with_a_path(0).placement.beneficiary
    address = reverse(name, args=[person.pk])
    one = queries(browser, address)
    for year in range(2015, 2020):
        review = EligibilityReviewFactory(
            beneficiary=person,
            decided_on=dt.date(year, 1, 5),
            criteria=[EligibilityCriterionFactory(), EligibilityCriterionFactory(sensitive_one=True)],
        )
        placement = PlacementFactory(beneficiary=person, starts_on=dt.date(year, 2, 2))
        EligibilityPeriodFactory(review=review, starts_on=dt.date(year, 2, 2), ends_on=dt.date(year, 9, 1))
        assignment = AssignmentFactory(placement=placement, review=review)
        HoursEntryFactory(assignment=assignment, month=dt.date(year, 3, 1), counted=True)
    assert queries(browser, address) == one <= MOST


def test_the_page_of_an_employee_asks_as_much_for_six_assignments_as_for_one(cast, signed_in):
    browser = signed_in(cast.company_user_a)
    assignment = person_with_a_path(0, commitment=cast.commitment_a)
    address = reverse("beneficiary_detail", args=[assignment.placement.beneficiary_id])
    one = queries(browser, address)
    for _ in range(5):
        AssignmentFactory(placement=assignment.placement, commitment=CommitmentFactory())
    assert queries(browser, address) == one <= MOST


def test_the_lists_of_rules_and_years_too(cast, signed_in):
    browser = signed_in(cast.admin)
    HoursEntryFactory(assignment=eligible_assignment())
    CountingRulesFactory(in_force_from=dt.date(2025, 1, 1), market=MarketFactory())
    addresses = [
        reverse(name)
        for name in ("counting_rules_list", "closed_year_list", "criterion_list", "contract_type_list")
    ]
    one = [queries(browser, address) for address in addresses]
    for year in range(2015, 2020):
        CountingRulesFactory(in_force_from=dt.date(year, 1, 1), market=MarketFactory())
        HoursEntryFactory(month=dt.date(year, 3, 1))
    EligibilityCriterionFactory(combined=True)
    assert [queries(browser, address) for address in addresses] == one
    assert max(one) <= MOST


# --- What the file shows -------------------------------------------------------------------------------------


def test_the_synthesis_shows_hours_counted_not_counted_and_why(cast, signed_in):
    assignment = eligible_assignment(commitment=cast.commitment_a)
    HoursEntryFactory(assignment=assignment, hours=Decimal("120.50"), counted=True)
    HoursEntryFactory(
        assignment=assignment,
        month=dt.date(2025, 4, 1),
        kind="tutoring",
        hours=Decimal("7"),
        validated=True,
        counting_reason="kind_not_counted",
    )
    HoursEntryFactory(assignment=assignment, month=dt.date(2025, 5, 1), hours=Decimal("30"))
    answer = signed_in(cast.facilitator).get(
        reverse("beneficiary_detail", args=[assignment.placement.beneficiary_id])
    )
    whole = answer.context["whole"]
    assert (whole.counted, whole.not_counted, whole.pending) == (
        Decimal("120.50"),
        Decimal("7.00"),
        Decimal("30.00"),
    )
    page = answer.content.decode()
    assert "nature d’heures non comptée" in page and "ALPHA-1" in page


def test_a_person_to_validate_says_so_and_leads_to_the_decision(cast, signed_in):
    person = BeneficiaryFactory()
    page = signed_in(cast.facilitator).get(reverse("beneficiary_detail", args=[person.pk])).content.decode()
    assert "à valider" in page and reverse("review_create", args=[person.pk]) in page


def test_a_validated_person_without_contract_is_to_be_placed_before_a_day(cast, signed_in):
    today = timezone.localdate()
    review = EligibilityReviewFactory(decided_on=today)
    page = signed_in(cast.facilitator).get(reverse("beneficiary_detail", args=[review.beneficiary_id]))
    assert f"à placer avant le {review.valid_until:%d/%m/%Y}" in page.content.decode()


def test_someone_at_work_beyond_the_period_is_said(cast, signed_in):
    assignment = eligible_assignment(starts_on=dt.date(2020, 3, 2))
    page = signed_in(cast.facilitator).get(
        reverse("beneficiary_detail", args=[assignment.placement.beneficiary_id])
    )
    assert "n’est plus éligible" in page.content.decode()


def test_people_at_work_without_validation_wait_for_their_facilitator_and_for_the_admin(cast):
    today = timezone.localdate()
    ResponsibilityFactory(market=cast.commitment_a.market, facilitator=cast.facilitator)
    for commitment in (cast.commitment_a, cast.commitment_b):
        AssignmentFactory(placement=PlacementFactory(starts_on=today), commitment=commitment)
    eligible_assignment(commitment=cast.commitment_a, starts_on=dt.date(2020, 3, 2))

    def counts(user: Any) -> list[int]:
        return [item.count for item in people_waiting(user)]

    assert counts(cast.facilitator) == [1, 1]
    assert counts(cast.admin) == [2, 1]
    assert counts(cast.buyer_user_a) == counts(cast.company_user_a) == []


def test_the_hours_tab_shows_corrections(cast, signed_in):
    assignment = eligible_assignment()
    first = HoursEntryFactory(assignment=assignment, counted=True, is_superseded=True)
    HoursEntryFactory(
        assignment=assignment,
        hours=Decimal("90"),
        counted=True,
        supersedes=first,
        correction_reason="Relevé relu.",
    )
    answer = signed_in(cast.facilitator).get(
        reverse("beneficiary_hours", args=[assignment.placement.beneficiary_id])
    )
    assert answer.context["hours"] == Decimal("90.00")
    page = answer.content.decode()
    assert "remplacé" in page and "Correction\u202f: Relevé relu." in page


def test_the_history_tells_who_changed_the_file_and_the_contracts(cast, signed_in):
    assignment = eligible_assignment(commitment=cast.commitment_a, starts_on=dt.date(2026, 3, 2))
    person = assignment.placement.beneficiary
    person.phone = "0611111111"
    save_person(person=person, user=cast.admin)
    end_placement(placement=assignment.placement, ends_on=dt.date(2026, 6, 30), user=cast.facilitator)
    page = signed_in(cast.facilitator).get(reverse("beneficiary_history", args=[person.pk])).content.decode()
    for words in (
        "Adam Ministre",
        "0611111111",
        "contrat chez Alpha Bâtiment",
        "30/06/2026",
        "marché ALPHA-1",
    ):
        assert words in page, words


def test_someone_received_by_two_companies_of_one_account_is_listed_once(cast, signed_in):
    assignment = eligible_assignment(commitment=cast.commitment_a, user_company=cast.company_b)
    CompanyMembershipFactory(user=cast.company_user_a, company=cast.company_b)
    answer = signed_in(cast.company_user_a).get(reverse("beneficiary_list"))
    assert [row.record.pk for row in answer.context["page"].object_list] == [
        assignment.placement.beneficiary_id
    ]
