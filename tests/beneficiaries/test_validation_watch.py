"""Validations to follow: the ends of periods at 60, 30 and 0 days, what lapses, and the second period."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from beneficiaries.models import Beneficiary
from beneficiaries.services.counting import recount_people
from beneficiaries.services.eligibility import record_review
from beneficiaries.services.employment import assign, end_placement
from beneficiaries.services.validation_watch import keep_validation_watch
from beneficiaries.validation_list import watched
from beneficiaries.validity import validity_of
from core.dates import add_months
from markets.models import Task
from tests.factories import (
    AssignmentFactory,
    BeneficiaryFactory,
    CommitmentFactory,
    ContractTypeFactory,
    CountingRulesFactory,
    EligibilityCriterionFactory,
    EligibilityReviewFactory,
    HoursEntryFactory,
    PlacementFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def validate(cast: Any, person: Any, on: dt.date, **changes: Any) -> Any:
    return record_review(
        beneficiary=person,
        decision="approved",
        decided_on=on,
        criteria=[(EligibilityCriterionFactory(), on, "attestation")],
        user=cast.facilitator,
        **changes,
    )


def the_task() -> Task:
    return Task.objects.get(key__startswith="eligibility-end:")


# --- The task of a person and period ------------------------------------------------------------------------


def test_one_task_opens_60_days_before_the_end_and_its_words_change_at_30_and_0():
    assignment = eligible_assignment(starts_on=dt.date(2024, 3, 4))
    person = assignment.placement.beneficiary
    end = dt.date(2026, 3, 3)
    assert person.periods.get().ends_on == end
    assert keep_validation_watch(end - 61 * DAY) == 0
    assert keep_validation_watch(end - 60 * DAY) == 1
    task = the_task()
    assert task.title == f"{person}\u202f: l’éligibilité finit dans 60 jours au plus, le 03/03/2026"
    assert (task.due_on, task.person_number, task.market_id) == (
        end,
        person.pk,
        assignment.commitment.market_id,
    )
    # Nothing changes in between, nor when it runs twice.
    assert keep_validation_watch(end - 45 * DAY) == 0
    for left, words in (
        (30, "l’éligibilité finit dans 30 jours au plus, le 03/03/2026"),
        (0, "l’éligibilité finit aujourd’hui, 03/03/2026"),
        (-1, "éligibilité finie le 03/03/2026, au travail sans nouvelle validation"),
    ):
        assert keep_validation_watch(end - left * DAY) == 1
        assert keep_validation_watch(end - left * DAY) == 0
        assert the_task().title == f"{person}\u202f: {words}"
    assert the_task().done_on is None


def test_the_task_is_the_house_s_alone(cast):
    assignment = eligible_assignment(commitment=cast.commitment_a, starts_on=dt.date(2024, 3, 4))
    keep_validation_watch(dt.date(2026, 2, 1))
    task = the_task()
    assert task.market == assignment.commitment.market
    for user, sees in ((cast.facilitator, True), (cast.buyer_user_a, False), (cast.company_user_a, False)):
        assert Task.objects.visible_to(user).filter(pk=task.pk).exists() is sees


@pytest.mark.parametrize(
    "ends_on", [dt.date(2026, 2, 20), dt.date(2026, 3, 3)], ids=["before the end", "on its last day"]
)
def test_no_task_for_a_contract_that_does_not_go_beyond_the_period(ends_on):
    eligible_assignment(starts_on=dt.date(2024, 3, 4), ends_on=ends_on)
    assert keep_validation_watch(dt.date(2026, 2, 1)) == 0


def test_the_task_closes_when_the_work_ends(cast):
    assignment = eligible_assignment(starts_on=dt.date(2024, 3, 4))
    keep_validation_watch(dt.date(2026, 2, 1))
    end_placement(placement=assignment.placement, ends_on=dt.date(2026, 2, 15), user=cast.facilitator)
    assert keep_validation_watch(dt.date(2026, 2, 16)) == 1
    task = the_task()
    assert (task.done_on, task.outcome) == (dt.date(2026, 2, 16), "plus d’heures à venir au-delà")


def test_the_task_closes_at_once_when_a_new_validation_is_recorded(cast):
    today = timezone.localdate()
    # The period ends in 20 days.
    start = add_months(today + 21 * DAY, -24)
    person = eligible_assignment(starts_on=start).placement.beneficiary
    keep_validation_watch(today)
    assert the_task().done_on is None
    refused = record_review(
        beneficiary=person,
        decision="refused",
        decided_on=today,
        refusal_reason="Emploi.",
        user=cast.facilitator,
    )
    assert refused and the_task().done_on is None
    validate(cast, person, today)
    task = the_task()
    assert (task.done_on, task.outcome) == (today, f"validation du {today:%d/%m/%Y}")
    assert keep_validation_watch(today + 5 * DAY) == 0


def test_a_validation_that_lapses_before_the_end_does_not_close_the_task(cast):
    today = timezone.localdate()
    start = add_months(today + 51 * DAY, -24)
    person = eligible_assignment(starts_on=start).placement.beneficiary
    keep_validation_watch(today)
    validate(cast, person, today, valid_until=today + 10 * DAY)
    assert the_task().done_on is None


def test_a_validation_used_within_the_period_renews_nothing(cast):
    """It served an assignment while the first period was open: counting opens no second one with it."""
    # No direct hire: there the decision would have to come before the contract itself.
    first = eligible_assignment(starts_on=dt.date(2024, 3, 4), modality="siae_contract")
    person, placement = first.placement.beneficiary, first.placement
    review = EligibilityReviewFactory(beneficiary=person, decided_on=dt.date(2026, 1, 20))
    before = dt.date(2026, 2, 10)
    assert keep_validation_watch(before) == 0
    assign(
        placement=placement,
        commitment=CommitmentFactory(company=placement.employer),
        starts_on=dt.date(2026, 2, 9),
        positioned_on=dt.date(2026, 2, 9),
        user=cast.facilitator,
    )
    assert review.valid_until == dt.date(2026, 4, 20)
    assert keep_validation_watch(before) == 1 and the_task().done_on is None
    after = dt.date(2026, 3, 10)
    found = Beneficiary.objects.with_eligibility(after).get(pk=person.pk)
    assert (found.eligibility_state, found.eligible_until) == ("expired", None)
    assert validity_of(person, after) is None
    again = assign(
        placement=placement, commitment=CommitmentFactory(), starts_on=after, user=cast.facilitator
    ).assignment
    entry = HoursEntryFactory(assignment=again, month=dt.date(2026, 3, 1), validated=True)
    recount_people([person.pk], user=None, reason="")
    entry.refresh_from_db()
    assert (entry.counting_reason, entry.counted_hours) == ("period_used_up", Decimal("0.00"))


def test_archived_and_merged_files_are_not_watched():
    for changes in ({"archived_on": dt.date(2026, 1, 1)}, {"merged_into": BeneficiaryFactory()}):
        person = BeneficiaryFactory(**changes)
        eligible_assignment(beneficiary=person, starts_on=dt.date(2024, 3, 4))
    assert keep_validation_watch(dt.date(2026, 2, 1)) == 0


# --- The whole cycle ----------------------------------------------------------------------------------------


def hours_in(assignment: Any, month: dt.date) -> Any:
    return HoursEntryFactory(assignment=assignment, month=month, validated=True)


def test_24_months_then_a_new_validation_opens_a_second_period(cast):
    person = BeneficiaryFactory()
    placement = PlacementFactory(beneficiary=person, starts_on=dt.date(2023, 3, 6))
    commitment = CommitmentFactory(company=placement.employer)
    validate(cast, person, dt.date(2023, 2, 20))
    first = assign(
        placement=placement, commitment=commitment, starts_on=dt.date(2023, 3, 6), user=cast.facilitator
    ).assignment
    assert [(row.starts_on, row.ends_on) for row in person.periods.all()] == [
        (dt.date(2023, 3, 6), dt.date(2025, 3, 5))
    ]
    before, after = hours_in(first, dt.date(2025, 2, 1)), hours_in(first, dt.date(2025, 4, 1))
    recount_people([person.pk], user=None, reason="")
    before.refresh_from_db()
    after.refresh_from_db()
    assert (before.counted_hours, after.counted_hours) == (Decimal("100.00"), Decimal("0.00"))
    assert after.counting_reason == "period_used_up"

    # A second review alone counts nothing: the hours of the first assignment stay out.
    second_review = validate(cast, person, dt.date(2025, 2, 10))
    after.refresh_from_db()
    assert after.counted_hours == 0 and person.periods.count() == 1
    # An assignment that begins after the end uses it, and opens the second period.
    first.ends_on = dt.date(2025, 3, 5)
    first.save()
    renewed = PlacementFactory(beneficiary=person, employer=placement.employer, starts_on=dt.date(2025, 3, 6))
    again = assign(
        placement=renewed, commitment=commitment, starts_on=dt.date(2025, 3, 6), user=cast.facilitator
    ).assignment
    assert again.review == second_review
    assert [(row.starts_on, row.ends_on, row.review) for row in person.periods.order_by("starts_on")][1] == (
        dt.date(2025, 3, 6),
        dt.date(2027, 3, 5),
        second_review,
    )
    entry = hours_in(again, dt.date(2025, 4, 1))
    recount_people([person.pk], user=None, reason="")
    entry.refresh_from_db()
    assert (entry.counted_hours, entry.counting_reason) == (Decimal("100.00"), "counted")


def test_the_period_is_longer_by_the_type_of_contract_and_the_watch_follows(cast):
    rules = CountingRulesFactory()
    rules.extension_months = {"apprentissage": 12}
    rules.save()
    person = BeneficiaryFactory()
    kind = ContractTypeFactory(code="apprentissage", label="Apprentissage")
    placement = PlacementFactory(beneficiary=person, starts_on=dt.date(2023, 3, 6), contract_type=kind)
    validate(cast, person, dt.date(2023, 2, 20))
    assign(
        placement=placement,
        commitment=CommitmentFactory(company=placement.employer),
        starts_on=dt.date(2023, 3, 6),
        user=cast.facilitator,
    )
    assert person.periods.get().ends_on == dt.date(2026, 3, 5)
    assert keep_validation_watch(dt.date(2025, 3, 5)) == 0
    assert keep_validation_watch(dt.date(2026, 1, 4)) == 1


def test_a_validation_that_did_not_serve_within_its_months_opens_nothing(cast):
    person = BeneficiaryFactory()
    review = validate(cast, person, dt.date(2025, 1, 15))
    assert review.valid_until == dt.date(2025, 4, 15)
    placement = PlacementFactory(beneficiary=person, starts_on=dt.date(2025, 4, 16))
    commitment = CommitmentFactory(company=placement.employer)
    late = assign(
        placement=placement, commitment=commitment, starts_on=dt.date(2025, 4, 16), user=cast.facilitator
    )
    assert not person.periods.exists()
    assert "devait servir au plus tard le 15/04/2025" in late.warnings[0]


# --- The list -----------------------------------------------------------------------------------------------


def kinds(today: dt.date, user: Any) -> dict[str, str]:
    rows = watched(Beneficiary.objects.visible_to(user), today).order_by("watch_rank", "pk")
    return {row.last_name: row.watch for row in rows}


def test_each_situation_stands_under_its_own_name(cast):
    today = dt.date(2026, 2, 1)
    eligible_assignment(beneficiary=BeneficiaryFactory(last_name="Finit"), starts_on=dt.date(2024, 3, 4))
    eligible_assignment(beneficiary=BeneficiaryFactory(last_name="Tranquille"), starts_on=dt.date(2025, 3, 4))
    AssignmentFactory(placement__beneficiary__last_name="Sans")
    EligibilityReviewFactory(beneficiary__last_name="Bientôt", decided_on=dt.date(2025, 11, 20))
    EligibilityReviewFactory(beneficiary__last_name="Éteinte", decided_on=dt.date(2025, 9, 1))
    EligibilityReviewFactory(beneficiary__last_name="Récente", decided_on=dt.date(2026, 1, 20))
    EligibilityReviewFactory(beneficiary__last_name="Ancienne", decided_on=dt.date(2024, 9, 1))
    again = eligible_assignment(
        beneficiary=BeneficiaryFactory(last_name="Renouvelée"), starts_on=dt.date(2024, 1, 8)
    )
    EligibilityReviewFactory(beneficiary=again.placement.beneficiary, decided_on=dt.date(2025, 12, 20))
    assert kinds(today, cast.facilitator) == {
        "Sans": "without",
        "Finit": "ending",
        "Renouvelée": "reassign",
        "Bientôt": "lapsing",
        "Éteinte": "lapsed",
    }


def test_the_page_says_what_happens_and_gives_the_gesture(cast, signed_in):
    person = AssignmentFactory(placement__beneficiary__last_name="Sans").placement.beneficiary
    browser = signed_in(cast.facilitator)
    page = browser.get(reverse("validation_watch")).content.decode()
    assert "au travail sans validation" in page and "Les heures ne comptent pas." in page
    assert reverse("review_create", args=[person.pk]) in page
    page = browser.get(reverse("validation_watch"), {"kind": "lapsed"}).content.decode()
    assert "Sans Sacha" not in page
    exported = b"".join(browser.get(reverse("validation_watch"), {"export": "csv"}))
    assert "Sans Sacha" in exported.decode("utf-8-sig")


def test_the_list_asks_as_many_queries_for_six_as_for_one(cast, signed_in, django_assert_max_num_queries):
    browser = signed_in(cast.facilitator)
    address = reverse("validation_watch")
    AssignmentFactory()
    browser.get(address)
    with django_assert_max_num_queries(12) as few:
        browser.get(address)
    for _ in range(5):
        AssignmentFactory()
        EligibilityReviewFactory(decided_on=timezone.localdate() - 80 * DAY)
    with django_assert_max_num_queries(len(few)):
        browser.get(address)
