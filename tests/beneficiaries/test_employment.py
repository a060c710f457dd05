"""Contracts and assignments: what is recorded, what rests on which decision, and what is said of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from beneficiaries.models import Assignment, Placement
from beneficiaries.services.employment import (
    assign,
    create_placement,
    end_placement,
    update_assignment,
    update_placement,
)
from core.errors import DomainError
from tests.factories import (
    BeneficiaryFactory,
    CommitmentFactory,
    CompanyFactory,
    ContractTypeFactory,
    EligibilityReviewFactory,
    HoursEntryFactory,
    MarketFactory,
    OccupationFactory,
    PlacementFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
START = dt.date(2026, 3, 2)


def hired(**changes: Any) -> Placement:
    return PlacementFactory(**{"starts_on": START, "modality": "siae_contract", **changes})


# --- The decision that an assignment rests on ----------------------------------------------------------------


def test_an_assignment_rests_on_the_latest_approved_decision_by_its_first_day(cast):
    placement = hired()
    for day in (dt.date(2026, 1, 5), dt.date(2026, 2, 16), dt.date(2026, 3, 3)):
        EligibilityReviewFactory(beneficiary=placement.beneficiary, decided_on=day)
    EligibilityReviewFactory(beneficiary=placement.beneficiary, decided_on=dt.date(2026, 2, 20), refused=True)
    done = assign(placement=placement, commitment=cast.commitment_a, starts_on=START, user=cast.facilitator)
    assert done.assignment.review.decided_on == dt.date(2026, 2, 16)
    assert done.warnings == []
    assert placement.beneficiary.periods.get().starts_on == START


def test_without_decision_the_assignment_is_recorded_and_it_is_said_that_hours_will_not_count(cast):
    done = assign(placement=hired(), commitment=cast.commitment_a, starts_on=START, user=cast.facilitator)
    assert done.assignment.review is None
    assert "les heures ne seront pas comptées tant que" in done.warnings[0]


def test_a_decision_of_after_the_start_is_named_with_both_dates(cast):
    placement = hired()
    EligibilityReviewFactory(beneficiary=placement.beneficiary, decided_on=dt.date(2026, 3, 12))
    done = assign(placement=placement, commitment=cast.commitment_a, starts_on=START, user=cast.facilitator)
    assert "date du 12/03/2026" in done.warnings[0] and "le 02/03/2026" in done.warnings[0]


def test_a_direct_hire_validated_on_the_day_of_the_contract_is_warned_of(cast):
    placement = hired(modality="direct")
    EligibilityReviewFactory(beneficiary=placement.beneficiary, decided_on=START)
    done = assign(placement=placement, commitment=cast.commitment_a, starts_on=START, user=cast.facilitator)
    assert "pour une embauche directe elle précède le contrat" in done.warnings[0]


def test_a_lapsed_validation_is_warned_of(cast):
    placement = hired()
    EligibilityReviewFactory(beneficiary=placement.beneficiary, decided_on=dt.date(2025, 10, 1))
    done = assign(placement=placement, commitment=cast.commitment_a, starts_on=START, user=cast.facilitator)
    assert "devait servir au plus tard le 01/01/2026" in done.warnings[0]


def second_assignment(cast: Any, positioned_on: dt.date | None) -> Any:
    first = eligible_assignment(commitment=cast.commitment_a, starts_on=dt.date(2026, 1, 5))
    placement = hired(beneficiary=first.placement.beneficiary)
    return assign(
        placement=placement,
        commitment=cast.commitment_b,
        starts_on=START,
        positioned_on=positioned_on,
        user=cast.facilitator,
    )


def test_someone_already_validated_is_positioned_in_the_same_gesture(cast):
    done = second_assignment(cast, dt.date(2026, 2, 27))
    assert done.warnings == []
    assert done.assignment.positioned_by == cast.facilitator
    entry = HoursEntryFactory(assignment=done.assignment, month=dt.date(2026, 3, 1), validated=True)
    update_assignment(assignment=done.assignment, user=cast.facilitator)
    entry.refresh_from_db()
    assert entry.counted_hours == Decimal("100.00")


@pytest.mark.parametrize(
    ("positioned_on", "sentence"),
    [
        (None, "aucun positionnement n’est enregistré sur cet engagement"),
        (dt.date(2026, 3, 9), "Le positionnement date du 09/03/2026, après le début de l’affectation"),
    ],
)
def test_a_missing_or_late_positionnement_is_warned_of(cast, positioned_on, sentence):
    assert sentence in second_assignment(cast, positioned_on).warnings[0]


# --- Refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "sentence"),
    [
        (dt.date(2026, 3, 1), None, "Le contrat commence le 02/03/2026"),
        (START, dt.date(2026, 3, 1), "La fin de l’affectation précède son début."),
        (START, dt.date(2026, 7, 1), "Le contrat finit le 30/06/2026"),
        (dt.date(2026, 7, 1), None, "Le contrat finit le 30/06/2026"),
    ],
)
def test_an_assignment_stays_inside_its_contract(cast, starts_on, ends_on, sentence):
    placement = hired(ends_on=dt.date(2026, 6, 30))
    with pytest.raises(DomainError) as refusal:
        assign(
            placement=placement,
            commitment=cast.commitment_a,
            starts_on=starts_on,
            ends_on=ends_on,
            user=cast.facilitator,
        )
    assert sentence in refusal.value.sentence
    assert not Assignment.objects.exists()


def test_no_assignment_begins_on_a_closed_market(cast):
    commitment = CommitmentFactory(market=MarketFactory(closed=True))
    with pytest.raises(DomainError) as refusal:
        assign(
            placement=hired(),
            commitment=commitment,
            starts_on=dt.date(2026, 7, 1),
            user=cast.facilitator,
        )
    assert "Le marché est clos depuis le 30/06/2026" in refusal.value.sentence


def test_the_same_assignment_twice_is_refused(cast):
    placement = hired()
    assign(placement=placement, commitment=cast.commitment_a, starts_on=START, user=cast.facilitator)
    with pytest.raises(DomainError) as refusal:
        assign(placement=placement, commitment=cast.commitment_a, starts_on=START, user=cast.facilitator)
    assert refusal.value.sentence == "Cette affectation existe déjà."


def test_a_contract_type_goes_with_the_nature_of_the_step(cast):
    pmsmp = ContractTypeFactory(code="pmsmp", label="Convention de PMSMP", nature="immersion")
    with pytest.raises(DomainError) as refusal:
        create_placement(placement=hired_unsaved(contract_type=pmsmp), user=cast.facilitator)
    assert "ne va pas avec une étape de nature" in refusal.value.sentence


def hired_unsaved(**changes: Any) -> Placement:
    return Placement(
        **{
            "beneficiary": BeneficiaryFactory(),
            "employer": CompanyFactory(),
            "starts_on": START,
            "modality": "direct",
            **changes,
        }
    )


# --- Renewals, changes, ends ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("gap", "is_renewal"), [(1, True), (30, True), (31, True), (32, False)])
def test_a_contract_with_the_same_employer_within_thirty_days_continues_the_last(cast, gap, is_renewal):
    # 30 days without a contract lie between an end and a start 31 days later.
    last = hired(starts_on=dt.date(2025, 6, 2), ends_on=START - dt.timedelta(days=gap))
    made = create_placement(
        placement=hired_unsaved(beneficiary=last.beneficiary, employer=last.employer), user=cast.facilitator
    )
    assert made.previous == (last if is_renewal else None)


def test_a_contract_with_another_employer_continues_nothing(cast):
    last = hired(starts_on=dt.date(2025, 6, 2), ends_on=dt.date(2026, 3, 1))
    made = create_placement(placement=hired_unsaved(beneficiary=last.beneficiary), user=cast.facilitator)
    assert made.previous is None


def test_the_end_of_a_contract_closes_its_open_assignments(cast):
    assignment = eligible_assignment(starts_on=START)
    end_placement(placement=assignment.placement, ends_on=dt.date(2026, 5, 29), user=cast.facilitator)
    assignment.refresh_from_db()
    assert (assignment.ends_on, assignment.placement.ends_on) == (dt.date(2026, 5, 29), dt.date(2026, 5, 29))


def test_a_contract_does_not_end_before_its_start_its_assignments_or_its_hours(cast):
    assignment = eligible_assignment(starts_on=START)
    HoursEntryFactory(assignment=assignment, month=dt.date(2026, 6, 1))
    for day, sentence in (
        (dt.date(2026, 3, 1), "sa fin ne peut pas le précéder"),
        (dt.date(2026, 5, 29), "Des heures sont saisies en juin 2026"),
    ):
        with pytest.raises(DomainError) as refusal:
            end_placement(placement=assignment.placement, ends_on=day, user=cast.facilitator)
        assert sentence in refusal.value.sentence
    end_placement(placement=assignment.placement, ends_on=dt.date(2026, 6, 12), user=cast.facilitator)


def test_a_contract_keeps_holding_its_assignments_when_it_changes(cast):
    assignment = eligible_assignment(starts_on=START)
    placement = assignment.placement
    placement.starts_on = dt.date(2026, 3, 9)
    with pytest.raises(DomainError) as refusal:
        update_placement(placement=placement, user=cast.facilitator)
    assert "Une affectation commence le 02/03/2026" in refusal.value.sentence


def test_an_assignment_with_hours_never_changes_its_commitment(cast):
    assignment = eligible_assignment(commitment=cast.commitment_a)
    HoursEntryFactory(assignment=assignment)
    with pytest.raises(DatabaseError, match="ne changent plus"), transaction.atomic():
        connection.cursor().execute(
            "UPDATE beneficiaries_assignment SET commitment_id = %s", [cast.commitment_b.pk]
        )


# --- Pages ---------------------------------------------------------------------------------------------------


def contract_form(cast: Any, **changes: Any) -> dict[str, Any]:
    return {
        "nature": "employment",
        "employer": "Alpha Bâtiment",
        "modality": "siae_contract",
        "contract_type": ContractTypeFactory().pk,
        "starts_on": "2/3/26",
        "weekly_hours": "35",
        **changes,
    }


def test_one_form_writes_the_contract_and_its_assignment(cast, signed_in):
    person = EligibilityReviewFactory(decided_on=dt.date(2026, 2, 16)).beneficiary
    OccupationFactory()
    answer = signed_in(cast.facilitator).post(
        reverse("placement_create", args=[person.pk]),
        contract_form(cast, **{"affectation-commitment": "alpha-1", "occupation": "maçonnerie"}),
        follow=True,
    )
    placement = person.placements.get()
    assignment = placement.assignments.get()
    assert (placement.employer, placement.weekly_hours) == (cast.company_a, Decimal("35.00"))
    assert placement.occupation_id == "F1703"
    assert (assignment.commitment, assignment.starts_on) == (cast.commitment_a, START)
    assert "Elle repose sur la validation du 16/02/2026" in answer.content.decode()


def test_an_assignment_without_validation_is_warned_of_on_the_page(cast, signed_in):
    person = BeneficiaryFactory()
    answer = signed_in(cast.facilitator).post(
        reverse("placement_create", args=[person.pk]),
        contract_form(cast, **{"affectation-commitment": f"x [{cast.commitment_a.pk}]"}),
        follow=True,
    )
    assert "les heures ne seront pas comptées tant que" in answer.content.decode()


def test_nothing_is_written_when_the_assignment_is_refused(cast, signed_in):
    person = BeneficiaryFactory()
    data = {"affectation-commitment": "alpha-1", "affectation-assigned_on": "1/2/26"}
    answer = signed_in(cast.facilitator).post(
        reverse("placement_create", args=[person.pk]), contract_form(cast, **data)
    )
    assert answer.status_code == 200
    assert "Le contrat commence le 02/03/2026" in answer.content.decode()
    assert not person.placements.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"employer": "Inconnue SARL"}, "n’a pas de fiche"),
        ({"weekly_hours": "60"}, "entre 0 et 48 heures"),
        ({"weekly_hours": "trente-cinq"}, "n’est pas un nombre d’heures"),
        ({"starts_on": ""}, "Indiquez le début du contrat."),
        ({"ends_on": "1/3/26"}, "La fin du contrat précède son début."),
        ({"affectation-commitment": "zulu"}, "aucun engagement d’un marché ouvert ne correspond"),
        ({"affectation-commitment": "alpha"}, "plusieurs engagements correspondent"),
        ({"affectation-positioned_on": "1/1/2099"}, "s’enregistre une fois fait"),
    ],
)
def test_a_wrong_field_gets_a_sentence(cast, signed_in, changes, sentence):
    person = BeneficiaryFactory()
    answer = signed_in(cast.facilitator).post(
        reverse("placement_create", args=[person.pk]), contract_form(cast, **changes)
    )
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not person.placements.exists()


def test_contracts_and_assignments_are_edited_ended_and_added_from_their_pages(cast, signed_in):
    assignment = eligible_assignment(commitment=cast.commitment_a, starts_on=START)
    placement, browser = assignment.placement, signed_in(cast.facilitator)
    answer = browser.post(
        reverse("placement_edit", args=[placement.pk]), contract_form(cast, weekly_hours="24,5")
    )
    placement.refresh_from_db()
    assert (answer.status_code, placement.weekly_hours) == (302, Decimal("24.50"))

    answer = browser.post(
        reverse("assignment_edit", args=[assignment.pk]),
        {"starts_on": "9/3/26", "user_company": "Bravo Travaux"},
    )
    assignment.refresh_from_db()
    assert (assignment.starts_on, assignment.user_company) == (dt.date(2026, 3, 9), cast.company_b)

    answer = browser.post(
        reverse("assignment_create", args=[placement.pk]),
        {"commitment": f"[{cast.commitment_b.pk}]", "starts_on": "16/3/26", "positioned_on": "13/3/26"},
    )
    assert placement.assignments.count() == 2

    answer = browser.post(
        reverse("placement_end", args=[placement.pk]), {"ends_on": "30/6/26", "end_reason": "resignation"}
    )
    assert answer.status_code == 302
    assert set(placement.assignments.values_list("ends_on", flat=True)) == {dt.date(2026, 6, 30)}


def test_a_market_leads_to_the_contract_of_the_person_to_assign(cast, signed_in):
    person = BeneficiaryFactory(last_name="Kaci", first_name="Lina")
    browser = signed_in(cast.facilitator)
    answer = browser.post(
        reverse("market_assign", args=[cast.commitment_a.market_id]),
        {"person": "lina kaci", "commitment": cast.commitment_a.pk},
    )
    address = answer.headers["Location"]
    assert address == f"{reverse('placement_create', args=[person.pk])}?engagement={cast.commitment_a.pk}"
    assert f"[{cast.commitment_a.pk}]" in browser.get(address).content.decode()


def test_the_tabs_of_a_market_and_a_company_list_their_people_with_hours(cast, signed_in):
    assignment = eligible_assignment(
        beneficiary=BeneficiaryFactory(last_name="Kaci"), commitment=cast.commitment_a
    )
    HoursEntryFactory(assignment=assignment, hours=Decimal("80.50"), counted=True)
    HoursEntryFactory(assignment=assignment, month=dt.date(2025, 4, 1), hours=Decimal("20"))
    eligible_assignment(beneficiary=BeneficiaryFactory(last_name="Autre"), commitment=cast.commitment_b)
    browser = signed_in(cast.facilitator)
    for name, pk in (("market_people", cast.commitment_a.market_id), ("company_people", cast.company_a.pk)):
        page = browser.get(reverse(name, args=[pk])).content.decode()
        assert "Kaci" in page and "Autre" not in page
        assert "100,5" in page and "80,5" in page


def test_suggestions_hold_what_reads_back(cast, signed_in):
    person = BeneficiaryFactory(last_name="Kaci", first_name="Lina", birth_date=dt.date(1999, 9, 9))
    browser = signed_in(cast.facilitator)
    found = browser.get(reverse("lookup", args=["person"]), {"q": "kaci"}).json()["suggestions"]
    assert found == [f"Kaci Lina, né·e le 09/09/1999 [{person.pk}]"]
    assert browser.get(reverse("lookup", args=["person"]), {"q": " "}).json()["suggestions"] == []
    found = browser.get(reverse("lookup", args=["commitment"]), {"q": "bravo"}).json()["suggestions"]
    assert len(found) == 1 and found[0].endswith(f"[{cast.commitment_b.pk}]")
    assert browser.get(reverse("lookup", args=["planete"]), {"q": "x"}).status_code == 404
