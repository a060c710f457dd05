"""Logging, validating and correcting hours, and what they count for."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from beneficiaries.enums import CountingReason, EntrySource, EntryState, HourKind
from beneficiaries.grid import with_names
from beneficiaries.models import Assignment, EligibilityPeriod, HoursEntry
from beneficiaries.services.counting import recount_people, rules_of_market
from beneficiaries.services.hours import (
    Cell,
    close_year,
    correct_hours,
    save_cells,
    send_back_hours,
    validate_hours,
)
from clauses.progress import hours_counted
from core.errors import DomainError
from tests.factories import (
    AssignmentFactory,
    BeneficiaryFactory,
    ClosedYearFactory,
    CommitmentFactory,
    CountingRulesFactory,
    EligibilityReviewFactory,
    HoursEntryFactory,
    PlacementFactory,
    UserFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
MARCH = dt.date(2025, 3, 1)
TODAY = dt.date(2025, 6, 15)


def save(assignment, hours, *, month=MARCH, kind=HourKind.WORK, version=0, user=None):
    hours = None if hours is None else Decimal(hours)
    cell = Cell(assignment, month, kind, hours, version)
    return save_cells([cell], user=user or UserFactory(), today=TODAY)[0]


def test_hours_of_an_eligible_person_are_recorded_as_a_draft_that_would_count():
    outcome = save(eligible_assignment(), "148.50")
    assert outcome.saved and not outcome.error
    assert (outcome.entry.state, outcome.entry.hours, outcome.entry.counted_hours) == (
        EntryState.DRAFT,
        Decimal("148.50"),
        Decimal("148.50"),
    )


def test_a_draft_never_counts_against_a_commitment_and_a_validated_entry_does():
    assignment, user = eligible_assignment(), UserFactory()
    entry = save(assignment, "100").entry
    assert hours_counted([assignment.commitment_id]) == {assignment.commitment_id: Decimal("0.00")}
    validate_hours(entries=[entry], user=user)
    assert hours_counted([assignment.commitment_id]) == {assignment.commitment_id: Decimal("100.00")}
    assert hours_counted([assignment.commitment_id], until=dt.date(2025, 2, 28)) == {
        assignment.commitment_id: Decimal("0.00")
    }


def test_hours_without_any_review_are_kept_validated_and_do_not_count():
    outcome = save(AssignmentFactory(), "100")
    assert outcome.entry.counting_reason == CountingReason.NOT_VALIDATED
    validate_hours(entries=[outcome.entry], user=UserFactory())
    outcome.entry.refresh_from_db()
    assert outcome.entry.state == EntryState.VALIDATED
    assert outcome.entry.counted_hours == 0
    assert "Aucune validation" in outcome.entry.counting_detail


def test_a_review_decided_after_the_first_day_does_not_count_and_says_both_dates():
    person = BeneficiaryFactory()
    review = EligibilityReviewFactory(beneficiary=person, decided_on=dt.date(2025, 3, 12))
    placement = PlacementFactory(beneficiary=person, agency=True, starts_on=dt.date(2025, 3, 4))
    outcome = save(AssignmentFactory(placement=placement, review=review), "100")
    assert outcome.entry.counting_reason == CountingReason.NO_PRIOR_VALIDATION
    assert "12/03/2025" in outcome.entry.counting_detail and "04/03/2025" in outcome.entry.counting_detail


def test_the_first_assignment_opens_a_period_of_24_months():
    assignment = eligible_assignment(starts_on=dt.date(2025, 3, 3))
    EligibilityPeriod.objects.all().delete()
    recount_people([assignment.placement.beneficiary_id], user=None, reason="essai")
    period = EligibilityPeriod.objects.get()
    assert (period.starts_on, period.ends_on) == (dt.date(2025, 3, 3), dt.date(2027, 3, 2))


def test_recounting_twice_changes_nothing_and_is_recorded_once():
    entry = save(eligible_assignment(), "100").entry
    person = entry.assignment.placement.beneficiary_id
    before = entry.history.count()
    report = recount_people([person], user=None, reason="essai")
    assert report.changed == [] and entry.history.count() == before


def test_a_correction_of_the_review_takes_the_hours_back_and_is_listed():
    assignment = eligible_assignment()
    entry = save(assignment, "100").entry
    validate_hours(entries=[entry], user=UserFactory())
    EligibilityReviewFactory(
        beneficiary=assignment.placement.beneficiary,
        refused=True,
        supersedes=assignment.review,
        correction_reason="justificatif faux",
    )
    dry = recount_people([assignment.placement.beneficiary_id], user=None, reason="essai", write=False)
    assert (len(dry.changed), dry.delta) == (1, Decimal("-100.00"))
    entry.refresh_from_db()
    assert entry.counted_hours == Decimal("100.00")
    recount_people([assignment.placement.beneficiary_id], user=None, reason="décision corrigée")
    entry.refresh_from_db()
    assert (entry.counted_hours, entry.counting_reason) == (0, CountingReason.NOT_VALIDATED)


@pytest.mark.parametrize(
    ("month", "words"),
    [(dt.date(2025, 7, 1), "n’a pas commencé"), (dt.date(2024, 12, 1), "Le marché commence le 01/02/2025")],
)
def test_a_month_in_the_future_or_before_the_market_is_refused_with_a_sentence(month, words):
    outcome = save(eligible_assignment(), "10", month=month)
    assert words in outcome.error
    assert not HoursEntry.objects.exists()


def test_more_than_the_legal_maximum_over_all_placements_is_refused_and_the_rest_saved():
    person = BeneficiaryFactory()
    first = eligible_assignment(beneficiary=person)
    second = AssignmentFactory(
        placement__beneficiary=person, review=first.review, positioned_on=dt.date(2025, 3, 3)
    )
    assert save(first, "120").saved
    refused = save(second, "100.01")
    assert (
        not refused.saved
        and "220,01\u202fh" in refused.error
        and "maximum légal de 220\u202fh" in refused.error
    )
    assert save(second, "100").saved


def test_two_cells_of_one_person_in_one_save_share_the_month():
    assignment = eligible_assignment()
    cells = [
        Cell(assignment, MARCH, HourKind.WORK, Decimal(200), 0),
        Cell(assignment, MARCH, HourKind.TRAINING, Decimal(21), 0),
    ]
    first, second = save_cells(cells, user=UserFactory(), today=TODAY)
    assert first.saved and not second.saved and "221\u202fh" in second.error


def test_the_second_of_two_people_is_told_what_the_first_wrote_and_nothing_is_overwritten():
    assignment = eligible_assignment()
    nadia = UserFactory(first_name="Nadia", last_name="Benali")
    save(assignment, "120", user=nadia)
    outcome = save(assignment, "130", version=0)
    assert outcome.conflict and "Nadia Benali a saisi 120\u202fh" in outcome.error
    assert HoursEntry.objects.get().hours == 120
    assert save(assignment, "130", version=outcome.entry.version).saved
    assert HoursEntry.objects.get().hours == 130


def test_an_emptied_cell_removes_the_draft_and_leaves_its_history():
    assignment = eligible_assignment()
    entry = save(assignment, "120").entry
    assert save(assignment, None, version=entry.version).saved
    assert not HoursEntry.objects.exists()
    assert HoursEntry.history.filter(id=entry.pk, history_type="-").exists()


@pytest.mark.parametrize("hours", ["70", "0"])
def test_a_draft_whose_hours_count_may_be_lowered(hours):
    assignment = eligible_assignment()
    first = save(assignment, "100").entry
    outcome = save(assignment, hours, version=first.version)
    assert outcome.saved and not outcome.error
    assert (outcome.entry.hours, outcome.entry.counted_hours) == (Decimal(hours), Decimal(hours))


def test_validated_hours_cannot_be_typed_over():
    assignment = eligible_assignment()
    entry = save(assignment, "120").entry
    validate_hours(entries=[entry], user=UserFactory())
    entry.refresh_from_db()
    outcome = save(assignment, "130", version=entry.version)
    assert "déjà validées" in outcome.error
    assert HoursEntry.objects.get().hours == 120


@pytest.mark.parametrize(
    "sql", ["UPDATE beneficiaries_hoursentry SET hours = 1", "DELETE FROM beneficiaries_hoursentry"]
)
def test_the_database_itself_refuses_to_touch_validated_facts(sql):
    HoursEntryFactory(counted=True)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert HoursEntry.objects.get().hours == 100


def test_the_counting_result_of_validated_hours_may_still_change():
    HoursEntryFactory(counted=True)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE beneficiaries_hoursentry SET counted_hours = 50")
    assert HoursEntry.objects.get().counted_hours == 50


def test_validating_all_that_pass_leaves_what_does_not_count_in_full_with_its_reason():
    counts = save(eligible_assignment(), "100").entry
    does_not = save(AssignmentFactory(), "80").entry
    report = validate_hours(entries=[counts, does_not], user=UserFactory(), only_those_that_count=True)
    assert [entry.pk for entry in report.validated] == [counts.pk]
    assert [entry.pk for entry, _ in report.left] == [does_not.pk]
    assert "Aucune validation" in report.left[0][1]


def test_hours_sent_back_need_a_reason_and_wait_for_the_company():
    entry = HoursEntryFactory(state=EntryState.SUBMITTED)
    with pytest.raises(DomainError, match="à corriger"):
        send_back_hours(entry=entry, reason=" ", user=UserFactory())
    send_back_hours(entry=entry, reason="relevé illisible", user=UserFactory())
    entry.refresh_from_db()
    assert (entry.state, entry.sent_back_reason) == (EntryState.SENT_BACK, "relevé illisible")
    report = validate_hours(entries=[entry], user=UserFactory())
    assert report.validated == [] and "renvoyée" in report.left[0][1]


def test_a_correction_is_a_new_row_and_the_old_one_stays_marked_as_replaced():
    entry = save(eligible_assignment(), "100").entry
    validate_hours(entries=[entry], user=UserFactory())
    new = correct_hours(entry=entry, hours=Decimal("90"), reason="relevé rectifié", user=UserFactory())
    entry.refresh_from_db()
    assert entry.is_superseded and entry.hours == 100 and not new.is_late
    assert (new.supersedes_id, new.state, new.counted_hours) == (
        entry.pk,
        EntryState.VALIDATED,
        Decimal("90.00"),
    )
    commitment = entry.assignment.commitment_id
    assert hours_counted([commitment]) == {commitment: Decimal("90.00")}


def test_a_correction_in_a_closed_year_is_out_of_the_published_bilan_and_in_the_cumulated_figures():
    entry = save(eligible_assignment(), "100").entry
    validate_hours(entries=[entry], user=UserFactory())
    ClosedYearFactory(year=2025)
    new = correct_hours(entry=entry, hours=Decimal("90"), reason="relevé rectifié", user=UserFactory())
    assert new.is_late and new.counted_hours == 90
    assert [row.pk for row in HoursEntry.objects.annual().in_year(2025)] == [entry.pk]
    assert [row.pk for row in HoursEntry.objects.late()] == [new.pk]
    assert hours_counted([entry.assignment.commitment_id])[entry.assignment.commitment_id] == 90


def test_hours_validated_after_the_closing_are_counted_once_and_marked_late():
    entry = save(eligible_assignment(), "100").entry
    ClosedYearFactory(year=2025)
    validate_hours(entries=[entry], user=UserFactory())
    entry.refresh_from_db()
    assert entry.is_late and entry.counted_hours == 100
    assert not HoursEntry.objects.annual().in_year(2025).exists()


def test_a_recount_never_changes_a_closed_year():
    assignment = eligible_assignment()
    entry = save(assignment, "100").entry
    validate_hours(entries=[entry], user=UserFactory())
    ClosedYearFactory(year=2025)
    CountingRulesFactory(in_force_from=dt.date(2000, 1, 1), counts_work=False)
    report = recount_people([assignment.placement.beneficiary_id], user=None, reason="règles")
    entry.refresh_from_db()
    assert report.changed == [] and entry.counted_hours == 100


def test_the_nearest_rules_win_and_only_from_their_month_on():
    commitment = CommitmentFactory()
    market = commitment.market
    CountingRulesFactory(in_force_from=dt.date(2020, 1, 1), legal_max_month=Decimal(210))
    CountingRulesFactory(in_force_from=dt.date(2021, 1, 1), buyer=market.buyer, legal_max_month=Decimal(200))
    CountingRulesFactory(in_force_from=dt.date(2022, 1, 1), market=market, legal_max_month=Decimal(190))
    caps = [rules_of_market(market, dt.date(year, 1, 1)).legal_max_month for year in (2019, 2020, 2021, 2022)]
    assert caps == [Decimal(220), Decimal(210), Decimal(200), Decimal(190)]


def test_hours_taken_over_count_as_they_are():
    HoursEntryFactory(source=EntrySource.TAKE_OVER, validated=True)
    entry = HoursEntry.objects.get()
    recount_people([entry.assignment.placement.beneficiary_id], user=None, reason="reprise")
    entry.refresh_from_db()
    assert (entry.counted_hours, entry.counting_reason) == (Decimal("100.00"), CountingReason.COUNTED)


def test_a_year_that_is_not_over_cannot_be_closed():
    with pytest.raises(DomainError, match="n’est pas finie"):
        close_year(year=2999, user=UserFactory())


def test_saving_costs_the_same_number_of_queries_for_one_row_and_for_six():
    user = UserFactory()
    counts = []
    for rows in (1, 6):
        made = [eligible_assignment().pk for _ in range(rows)]
        assignments = with_names(Assignment.objects.filter(pk__in=made), MARCH)
        cells = [Cell(assignment, MARCH, HourKind.WORK, Decimal(100), 0) for assignment in assignments]
        with CaptureQueriesContext(connection) as captured:
            save_cells(cells, user=user, today=TODAY)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_monthly_cap_of_the_rules_leaves_the_rest_uncounted_and_says_so():
    CountingRulesFactory().delete()
    CountingRulesFactory(in_force_from=dt.date(2020, 1, 1), month_cap=Decimal(100))
    entry = save(eligible_assignment(), "120").entry
    assert (entry.counted_hours, entry.counting_reason) == (Decimal("100.00"), CountingReason.OVER_CAP)


def test_a_contract_type_may_make_the_period_longer():
    CountingRulesFactory().delete()
    CountingRulesFactory(in_force_from=dt.date(2020, 1, 1), extension_months={"cddi": 12})
    assignment = eligible_assignment(starts_on=dt.date(2025, 3, 3))
    recount_people([assignment.placement.beneficiary_id], user=None, reason="essai")
    assert EligibilityPeriod.objects.get().ends_on == dt.date(2028, 3, 2)
