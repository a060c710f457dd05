"""Positionnement of someone already validated: one gesture, dated, signed, on the contract that runs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from beneficiaries.models import Assignment
from beneficiaries.services.positioning import position_person
from core.errors import DomainError
from tests.factories import (
    AssignmentFactory,
    BeneficiaryFactory,
    CommitmentFactory,
    EligibilityReviewFactory,
    HoursEntryFactory,
    PlacementFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def working(cast):
    """At work on company A's commitment for a month."""
    return eligible_assignment(commitment=cast.commitment_a, starts_on=timezone.localdate() - 30 * DAY)


def test_one_gesture_from_the_person_puts_the_contract_on_the_commitment_today(cast, signed_in, working):
    person, today = working.placement.beneficiary, timezone.localdate()
    answer = signed_in(cast.facilitator).post(
        reverse("person_position", args=[person.pk]), {"commitment": f"BRAVO [{cast.commitment_b.pk}]"}
    )
    assert answer.status_code == 302
    made = Assignment.objects.get(commitment=cast.commitment_b)
    assert (made.placement, made.starts_on) == (working.placement, today)
    assert (made.positioned_on, made.positioned_by) == (today, cast.facilitator)
    entry = HoursEntryFactory(
        assignment=made, month=today.replace(day=1), validated=True, hours=Decimal("7.00"), first_day=today
    )
    from beneficiaries.services.counting import recount_people

    recount_people([person.pk], user=None, reason="")
    entry.refresh_from_db()
    assert (entry.counting_reason, entry.counted_hours) == ("counted", Decimal("7.00"))


def test_the_same_from_a_market(cast, signed_in, working):
    person = working.placement.beneficiary
    market = cast.commitment_b.market
    browser = signed_in(cast.facilitator)
    assert (
        reverse("market_position", args=[market.pk])
        in browser.get(reverse("market_people", args=[market.pk])).content.decode()
    )
    answer = browser.post(
        reverse("market_position", args=[market.pk]),
        {"person": f"{person} [{person.pk}]", "commitment": cast.commitment_b.pk},
        follow=True,
    )
    assert "est positionné·e aujourd’hui sur le marché BRAVO-1" in answer.content.decode()
    assert Assignment.objects.get(commitment=cast.commitment_b).positioned_by == cast.facilitator


def test_several_contracts_ask_which_one(cast, signed_in, working):
    person = working.placement.beneficiary
    other = PlacementFactory(beneficiary=person, starts_on=timezone.localdate() - 3 * DAY)
    browser = signed_in(cast.facilitator)
    answer = browser.post(
        reverse("market_position", args=[cast.commitment_b.market_id]),
        {"person": f"{person} [{person.pk}]", "commitment": cast.commitment_b.pk},
        follow=True,
    )
    assert "Plusieurs contrats courent" in answer.content.decode()
    assert str(cast.commitment_b.pk) in answer.context["form"]["commitment"].value()
    browser.post(
        reverse("person_position", args=[person.pk]),
        {"commitment": f"BRAVO [{cast.commitment_b.pk}]", "placement": other.pk},
    )
    assert Assignment.objects.get(commitment=cast.commitment_b).placement == other


def test_without_a_contract_the_new_one_opens_with_the_positionnement_filled(cast, signed_in):
    today = timezone.localdate()
    person = EligibilityReviewFactory(decided_on=today).beneficiary
    browser = signed_in(cast.facilitator)
    answer = browser.post(
        reverse("person_position", args=[person.pk]), {"commitment": f"BRAVO [{cast.commitment_b.pk}]"}
    )
    assert answer.status_code == 302 and not Assignment.objects.exists()
    form = browser.get(answer["Location"]).context["assignment_form"]
    assert form["positioned_on"].value() == f"{today:%d/%m/%Y}" or form["positioned_on"].value() == today
    assert str(cast.commitment_b.pk) in str(form["commitment"].value())


def test_someone_who_is_not_validated_is_refused_with_the_way_out(cast, signed_in):
    placement = PlacementFactory(starts_on=timezone.localdate())
    with pytest.raises(DomainError) as refusal:
        position_person(placement=placement, commitment=cast.commitment_b, user=cast.facilitator)
    assert "enregistrez d’abord une décision" in refusal.value.sentence
    page = signed_in(cast.facilitator).post(
        reverse("person_position", args=[BeneficiaryFactory().pk]),
        {"commitment": f"BRAVO [{cast.commitment_b.pk}]"},
    )
    assert "enregistrez d’abord une décision" in page.content.decode()
    assert not Assignment.objects.exists()


def test_twice_on_one_commitment_is_refused_and_an_assignment_to_come_receives_its_day(cast, working):
    placement, today = working.placement, timezone.localdate()
    with pytest.raises(DomainError) as refusal:
        position_person(placement=placement, commitment=cast.commitment_a, user=cast.facilitator)
    assert "déjà affecté à cet engagement" in refusal.value.sentence
    to_come = AssignmentFactory(
        placement=placement, commitment=cast.commitment_b, starts_on=today + 5 * DAY, review=working.review
    )
    position_person(placement=placement, commitment=cast.commitment_b, user=cast.facilitator)
    to_come.refresh_from_db()
    assert (to_come.positioned_on, to_come.positioned_by) == (today, cast.facilitator)
    assert Assignment.objects.filter(commitment=cast.commitment_b).count() == 1


def test_lent_out_work_names_the_holder_as_the_company_that_receives(cast):
    begun = timezone.localdate() - 10 * DAY
    lent = eligible_assignment(
        commitment=cast.commitment_a,
        employer=cast.company_b,
        user_company=cast.company_a,
        modality="ETTI",
        starts_on=begun,
    )
    commitment = CommitmentFactory()
    made = position_person(placement=lent.placement, commitment=commitment, user=cast.facilitator)
    assert made.assignment.user_company == commitment.holder


def test_a_closed_market_has_no_such_page(cast, signed_in):
    market = cast.commitment_b.market
    market.closed_on = timezone.localdate()
    market.save()
    assert signed_in(cast.facilitator).get(reverse("market_position", args=[market.pk])).status_code == 404
