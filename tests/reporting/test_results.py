"""Results of the paths: who left and for what, 6 and 12 months later, trainings, paths over several markets."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from beneficiaries.enums import Milestone, PlacementNature, Qualification, SituationGroup
from beneficiaries.models import MonthDeclaration, Outcome, TrainingCourse
from core.dates import add_months
from reporting import indicators
from reporting.indicators import Facts
from reporting.scope import Months, Period, Scope
from tests.factories import (
    AggregateDeclarationFactory,
    BuyerFactory,
    CommitmentFactory,
    CompanyFactory,
    CompanyKindFactory,
    HoursEntryFactory,
    LotFactory,
    MarketFactory,
    MarketPartyFactory,
    OperationFactory,
    OutcomeFactory,
    ResponsibilityFactory,
    UserFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
D = dt.date
MARCH = D(2025, 3, 3)
DUE = {"exit": 3, "m6": 6, "m12": 12}


def works(
    commitment: Any,
    starts: dt.date,
    ends: dt.date | None,
    *months: dt.date,
    person: Any = None,
    hours: str = "50.00",
) -> Any:
    """Someone assigned from one day to another, with counted hours in these months; gives the person."""
    assignment = eligible_assignment(
        commitment=commitment, beneficiary=person, starts_on=starts, ends_on=ends
    )
    for month in months:
        HoursEntryFactory(assignment=assignment, month=month, hours=Decimal(hours), counted=True)
    return assignment.placement.beneficiary


def told(person: Any, exit_on: dt.date, **situations: str) -> None:
    """The rows of an exit: exit="cdi", m6="" (asked, nobody answered)…"""
    for milestone, situation in situations.items():
        due = add_months(exit_on, DUE[milestone])
        OutcomeFactory(
            beneficiary=person, milestone=milestone, exit_on=exit_on, due_on=due,
            situation=situation, recorded_on=due if situation else None,
        )  # fmt: skip


def facts_of(owner: Any, *years: int) -> Facts:
    return Facts(owner if isinstance(owner, Scope) else Scope.of(owner), Period(years or (2025,)))


@pytest.fixture
def commitment() -> Any:
    return CommitmentFactory(buyer=BuyerFactory(), company=CompanyFactory(name="Alpha Bâtiment"))


# --- situations ---------------------------------------------------------------------------------------------------


def test_people_of_the_year_are_in_their_path_or_gone_by_their_latest_situation(commitment):
    may = D(2025, 5, 1)
    seeking = works(commitment, D(2025, 3, 3), D(2025, 5, 31), may)
    told(seeking, D(2025, 5, 31), exit="cdi", m6="seeking", m12="")
    durable = works(commitment, D(2025, 3, 3), D(2025, 6, 30), may)
    told(durable, D(2025, 6, 30), exit="cdd_long", m6="")
    silent = works(commitment, D(2025, 3, 3), D(2025, 4, 30), D(2025, 4, 1))
    told(silent, D(2025, 4, 30), exit="no_news")
    # Left long ago by what the assignments say, and nobody ever followed it.
    forgotten = works(commitment, D(2025, 3, 3), D(2025, 4, 30), D(2025, 4, 1))
    asked = works(commitment, D(2025, 3, 3), D(2025, 4, 30), D(2025, 4, 1))
    told(asked, D(2025, 4, 30), exit="")
    running = works(commitment, D(2025, 3, 3), None, may)
    next_year = works(commitment, D(2025, 3, 3), D(2026, 2, 28), may)
    told(next_year, D(2026, 2, 28), exit="training")
    # Went on with another buyer less than three months later.
    went_on = works(commitment, D(2025, 3, 3), D(2025, 5, 31), may)
    works(CommitmentFactory(), D(2025, 8, 1), D(2026, 3, 31), D(2025, 9, 1), person=went_on)
    # Left, then began another path: it goes on.
    came_back = works(commitment, D(2025, 2, 3), D(2025, 3, 31), D(2025, 3, 1))
    told(came_back, D(2025, 3, 31), exit="interim")
    works(commitment, D(2025, 10, 1), None, D(2025, 10, 1), person=came_back)
    found = indicators.situations(facts_of(commitment.market.buyer))[2025]
    assert found.ongoing == {running.pk, next_year.pk, went_on.pk, came_back.pk}
    assert found.by_group[SituationGroup.OTHER] == {seeking.pk, silent.pk}
    assert found.by_group[SituationGroup.DURABLE] == {durable.pk}
    assert found.unknown == {forgotten.pk, asked.pk}
    assert len(found.people) == 9 and len(found.left) == 5
    # One of the three whose situation is recorded.
    assert found.share(SituationGroup.DURABLE) == Decimal("0.3333")
    assert found.share(SituationGroup.POSITIVE) == Decimal("0.0000")


def test_someone_who_leaves_is_in_the_year_of_the_exit_only(commitment):
    person = works(commitment, D(2025, 3, 3), D(2026, 5, 29), D(2025, 5, 1), D(2026, 5, 1))
    told(person, D(2026, 5, 29), exit="business")
    found = indicators.situations(facts_of(commitment.market.buyer, 2025, 2026))
    assert found[2025].ongoing == {person.pk} and not found[2025].left
    assert found[2026].by_group[SituationGroup.DURABLE] == {person.pk}
    assert found[2025].share(SituationGroup.DURABLE) is None


def test_a_situation_called_off_is_none(commitment):
    person = works(commitment, D(2025, 3, 3), D(2025, 5, 31), D(2025, 5, 1))
    told(person, D(2025, 5, 31), exit="siae")
    Outcome.objects.filter(beneficiary=person).update(cancelled_on=D(2025, 9, 1))
    found = indicators.situations(facts_of(commitment.market.buyer))[2025]
    assert found.unknown == {person.pk}


def test_hired_by_the_awardee_yes_no_or_not_known(commitment):
    may = D(2025, 5, 1)
    people = [works(commitment, D(2025, 3, 3), D(2025, 5, 31), may) for _ in range(3)]
    for person in people:
        told(person, D(2025, 5, 31), exit="cdi", m6="cdi")
    Outcome.objects.filter(beneficiary=people[0], milestone="exit").update(hired_by_awardee=True)
    Outcome.objects.filter(beneficiary=people[1], milestone="exit").update(hired_by_awardee=True)
    # What was said last.
    Outcome.objects.filter(beneficiary=people[1], milestone="m6").update(hired_by_awardee=False)
    found = indicators.situations(facts_of(commitment.market.buyer))[2025]
    assert (found.hired, found.not_hired) == ({people[0].pk}, {people[1].pk})
    assert found.hired_unknown == {people[2].pk}


def test_every_scope_has_the_situations_of_its_own_people(commitment):
    holder, market = commitment.holder, commitment.market
    operation = OperationFactory(buyer=market.buyer)
    market.operation = operation
    market.save()
    CompanyKindFactory(company=holder, kind="AI", starts_on=D(2024, 1, 1))
    facilitator = UserFactory()
    ResponsibilityFactory(market=market, facilitator=facilitator, starts_on=D(2025, 1, 1))
    person = works(commitment, D(2025, 3, 3), D(2025, 5, 31), D(2025, 5, 1))
    told(person, D(2025, 5, 31), exit="cdi", m6="cdi")
    works(CommitmentFactory(), D(2025, 3, 3), D(2025, 5, 31), D(2025, 5, 1))
    scopes = [
        Scope.of(market.buyer), Scope.of(operation), Scope.of(market), Scope.whole_market(market), Scope.of(holder),
        Scope.employer(holder), Scope.siae(holder), Scope.siae(), Scope.facilitator(facilitator),
    ]  # fmt: skip
    for scope in scopes:
        facts = facts_of(scope)
        assert indicators.situations(facts)[2025].left == {person.pk}, scope
        assert indicators.cohorts(facts)[2025][Milestone.MONTHS_6].people == {person.pk}, scope
    territory = indicators.situations(facts_of(Scope.territory()))[2025]
    assert (len(territory.left), len(territory.unknown)) == (2, 1)
    life = Facts(Scope.of(market), Period.of_months(D(2025, 1, 1), D(2026, 6, 1)))
    assert indicators.situations(life)[life.period.span].by_group[SituationGroup.DURABLE] == {person.pk}
    assert life.period.span == Months(D(2025, 1, 1), D(2026, 6, 1))


# --- 6 and 12 months ----------------------------------------------------------------------------------------------


def test_a_cohort_is_those_whose_six_months_fall_in_the_year_and_the_rate_is_of_those_who_answered(
    commitment,
):
    def left(exit_on, **situations):
        person = works(commitment, D(2024, 2, 1), exit_on, exit_on.replace(day=1))
        told(person, exit_on, **situations)
        return person.pk

    # 31/07/2024 → 31/01/2025; 30/06/2025 → 30/12/2025.
    durable = [left(D(2024, 7, 31), m6="cdi", m12="seeking"), left(D(2025, 6, 30), m6="business", m12="")]
    other = left(D(2024, 9, 30), m6="seeking", m12="cdi")
    training = left(D(2024, 10, 31), m6="training", m12="training")
    no_answer = [
        left(D(2024, 10, 31), m6=""),
        left(D(2024, 10, 31), m6="no_news"),
        left(D(2024, 10, 31), m6="unknown"),
    ]
    # Six months that fall in 2024, in 2026.
    left(D(2024, 6, 30), m6="cdi")
    left(D(2025, 7, 31), m6="cdi")
    # Took up a path again: nothing is asked any more.
    called_off = left(D(2024, 8, 31), m6="")
    Outcome.objects.filter(beneficiary=called_off).update(cancelled_on=D(2025, 1, 10))
    found = indicators.cohorts(facts_of(commitment.market.buyer))[2025]
    six, twelve = found[Milestone.MONTHS_6], found[Milestone.MONTHS_12]
    assert six.people == {*durable, other, training, *no_answer} and len(six.people) == 7
    assert len(six.respondents) == 4 and six.silent == set(no_answer)
    assert six.rate(SituationGroup.DURABLE) == Decimal("0.5000")
    assert six.rate(SituationGroup.DURABLE, SituationGroup.TRANSITION, SituationGroup.POSITIVE) == Decimal(
        "0.7500"
    )
    # Left between 01/01/2024 and 31/12/2024 and was asked at 12 months.
    assert twelve.people == {durable[0], other, training}
    assert twelve.rate(SituationGroup.DURABLE) == Decimal("0.3333")


def test_nobody_who_answers_gives_no_rate(commitment):
    person = works(commitment, D(2024, 2, 1), D(2024, 9, 30), D(2024, 9, 1))
    told(person, D(2024, 9, 30), m6="")
    found = indicators.cohorts(facts_of(commitment.market.buyer))[2025][Milestone.MONTHS_6]
    assert len(found.people) == 1 and found.rate(SituationGroup.DURABLE) is None


def test_a_path_belongs_to_the_scope_where_it_had_hours_since_the_exit_before(commitment):
    person = works(commitment, D(2022, 2, 1), D(2022, 6, 30), D(2022, 6, 1))
    told(person, D(2022, 6, 30), exit="no_news")
    other = CommitmentFactory()
    works(other, D(2024, 2, 1), D(2024, 9, 30), D(2024, 9, 1), person=person)
    told(person, D(2024, 9, 30), m6="cdi")
    assert not indicators.cohorts(facts_of(commitment.market.buyer))[2025][Milestone.MONTHS_6].people
    theirs = indicators.cohorts(facts_of(other.market.buyer))[2025][Milestone.MONTHS_6]
    assert theirs.people == {person.pk}


# --- trainings ----------------------------------------------------------------------------------------------------


def trained(
    commitment,
    aimed="",
    result=Qualification.UNDER_WAY,
    hours="70.00",
    person=None,
    course=True,
    starts_on=MARCH,
):
    assignment = eligible_assignment(commitment=commitment, beneficiary=person, starts_on=starts_on)
    placement = assignment.placement
    placement.nature = PlacementNature.TRAINING
    placement.save()
    HoursEntryFactory(assignment=assignment, month=D(2025, 5, 1), hours=Decimal(hours), counted=True)
    if course:
        TrainingCourse.objects.create(
            placement=placement, title="CACES R489", qualification_aimed=aimed, qualification=result,
            obtained_on=D(2025, 9, 1) if result == Qualification.OBTAINED else None,
        )  # fmt: skip
    return placement.beneficiary


def test_trainings_their_hours_and_what_became_of_the_qualification(commitment):
    twice = trained(commitment, "CACES", Qualification.OBTAINED)
    trained(commitment, "Titre pro", Qualification.FAILED, "30.50", person=twice, starts_on=D(2025, 4, 1))
    trained(commitment, "CACES", Qualification.UNDER_WAY)
    trained(commitment, "", Qualification.NONE)
    trained(commitment, course=False)
    # A month of work is no training.
    works(commitment, D(2025, 3, 3), None, D(2025, 5, 1))
    found = indicators.trainings(facts_of(commitment.market.buyer, 2024, 2025))
    assert found[2024] is None
    row = found[2025]
    assert (row.count, row.hours, len(row.people)) == (5, Decimal("310.50"), 4)
    assert (row.aimed_at, len(row.aiming)) == (3, 2)
    assert (row.qualifications, row.obtained) == (1, {twice.pk})
    assert row.by_result == {"obtained": 1, "failed": 1, "under_way": 1, "none": 1}


# --- long paths ---------------------------------------------------------------------------------------------------


def test_long_paths_are_over_two_markets_of_the_scope_whatever_the_year(commitment):
    buyer = commitment.market.buyer
    second = CommitmentFactory(buyer=buyer)
    elsewhere = CommitmentFactory()
    long = works(commitment, D(2024, 3, 4), D(2024, 6, 30), D(2024, 5, 1))
    works(second, D(2025, 3, 3), None, D(2025, 5, 1), D(2025, 6, 1), person=long)
    # Two markets, one of another buyer; and one market twice.
    mixed = works(commitment, D(2025, 3, 3), None, D(2025, 5, 1))
    works(elsewhere, D(2024, 3, 4), D(2024, 6, 30), D(2024, 5, 1), person=mixed)
    same = works(commitment, D(2025, 3, 3), D(2025, 5, 31), D(2025, 5, 1))
    works(commitment, D(2025, 9, 1), None, D(2025, 9, 1), person=same)
    found = indicators.long_paths(facts_of(buyer, 2024, 2025))
    assert found[2024].people == set() and found[2024].hours == 0
    assert found[2025].people == {long.pk} and found[2025].hours == Decimal("150.00")
    assert indicators.long_paths(facts_of(Scope.territory()))[2025].people == {long.pk, mixed.pk}
    assert indicators.long_paths(facts_of(commitment.market))[2025] is None
    assert indicators.long_paths(facts_of(elsewhere.market.buyer, 2024))[2024].people == set()


def test_a_framework_and_its_marches_subsequents_are_one_market(commitment):
    market = commitment.market
    child = MarketFactory(buyer=market.buyer, parent=market)
    person = works(commitment, D(2025, 3, 3), D(2025, 5, 31), D(2025, 5, 1))
    works(CommitmentFactory(lot=LotFactory(market=child)), D(2025, 6, 2), None, D(2025, 6, 1), person=person)
    assert indicators.long_paths(facts_of(market.buyer))[2025].people == set()


def test_the_hours_of_a_long_path_are_the_part_of_a_buyer_that_shares_a_market(commitment):
    member = BuyerFactory()
    MarketPartyFactory(market=commitment.market, buyer=member, share=40)
    person = works(commitment, D(2025, 3, 3), D(2025, 5, 31), D(2025, 5, 1))
    works(CommitmentFactory(buyer=member), D(2025, 6, 2), None, D(2025, 6, 1), person=person)
    found = indicators.long_paths(facts_of(member))[2025]
    # 40 % of 50 h, and 50 h.
    assert (found.people, found.hours) == ({person.pk}, Decimal("70.00"))


# --- hours without names, late declarations -------------------------------------------------------------------------


def test_hours_without_names_are_of_their_year_and_in_no_figure_of_people(commitment):
    AggregateDeclarationFactory(commitment=commitment)
    AggregateDeclarationFactory(
        commitment=commitment, first_month=D(2025, 10, 1), last_month=D(2025, 12, 1), hours="80"
    )
    AggregateDeclarationFactory()
    facts = facts_of(commitment.market.buyer, 2024, 2025, 2026)
    found = indicators.without_names(facts)
    assert found[2024] is None
    assert (found[2025].hours, found[2026].hours) == (Decimal("80.00"), Decimal("320.00"))
    assert indicators.hours(facts)[2025] == 0 and indicators.people(facts)[2025] == 0
    life = Facts(Scope.of(commitment.market), Period.of_months(D(2025, 1, 1), D(2026, 6, 1)))
    assert indicators.without_names(life)[life.period.span].hours == Decimal("400.00")


def test_a_buyer_that_shares_a_market_has_its_part_of_the_hours_without_names(commitment):
    member = BuyerFactory()
    MarketPartyFactory(market=commitment.market, buyer=member, share=40)
    AggregateDeclarationFactory(commitment=commitment)
    parts = [
        indicators.without_names(facts_of(buyer, 2026))[2026].hours
        for buyer in (commitment.market.buyer, member)
    ]
    assert parts == [Decimal("192.00"), Decimal("128.00")]


def declared(company: Any, month: dt.date, *sent: dt.date, state: str = "accepted") -> None:
    row = MonthDeclaration.objects.create(company=company, month=month)
    for day in sent:
        row.state, row.submitted_at = "submitted", dt.datetime.combine(day, dt.time(9), dt.UTC)
        row.save()
    if sent:
        row.state = state
        row.save()


def test_late_declarations_are_the_months_sent_after_their_day_or_not_at_all(commitment):
    employer = commitment.holder
    works(commitment, D(2025, 3, 3), D(2025, 8, 31), D(2025, 3, 1))
    declared(employer, D(2025, 3, 1), D(2025, 4, 10))
    declared(employer, D(2025, 4, 1), D(2025, 5, 11))
    # In time, then sent again after a correction.
    declared(employer, D(2025, 5, 1), D(2025, 6, 10), D(2025, 6, 20))
    declared(employer, D(2025, 6, 1))
    # Nobody of this scope any more, and another year.
    declared(employer, D(2025, 9, 1))
    declared(employer, D(2024, 12, 1))
    facts = facts_of(commitment.market.buyer)
    assert indicators.follow_up(facts, 2025)[employer.pk].late_declarations == 2
    # Another buyer's market, where the same company works in April only.
    other = CommitmentFactory(company=employer)
    works(other, D(2025, 4, 1), D(2025, 4, 30), D(2025, 4, 1))
    assert indicators.follow_up(facts_of(other.market.buyer), 2025)[employer.pk].late_declarations == 1


def test_a_company_without_any_month_opened_is_not_said_to_be_in_time(commitment):
    works(commitment, D(2025, 3, 3), None, D(2025, 3, 1))
    assert commitment.holder_id not in indicators.follow_up(facts_of(commitment.market.buyer), 2025)


# --- the price ----------------------------------------------------------------------------------------------------


def queries(scope: Scope, *years: int) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        facts = Facts(scope, Period(years))
        indicators.situations(facts)
        indicators.cohorts(facts)
        indicators.trainings(facts)
        indicators.long_paths(facts)
        indicators.without_names(facts)
        indicators.actions(facts)
    return len(captured)


def test_as_many_queries_for_one_year_and_five_for_one_person_and_six(commitment):
    buyer = commitment.market.buyer
    works(commitment, D(2025, 3, 3), D(2025, 5, 31), D(2025, 5, 1))
    trained(commitment, "CACES")
    AggregateDeclarationFactory(commitment=commitment, first_month=D(2025, 10, 1), last_month=D(2025, 12, 1))
    one = queries(Scope.of(buyer), 2025)
    assert one == queries(Scope.of(buyer), 2021, 2022, 2023, 2024, 2025)
    for year in (2024, 2025):
        for _ in range(6):
            person = works(CommitmentFactory(buyer=buyer), D(year, 3, 3), D(year, 5, 31), D(year, 5, 1))
            told(person, D(year, 5, 31), exit="cdi", m6="cdi")
    assert one == queries(Scope.of(buyer), 2024, 2025) <= 14


def test_what_the_indicators_find_is_what_plain_sql_finds(commitment):
    """Trainings and cohorts again, by statements that know nothing of the code."""
    for exit_on in (D(2024, 7, 31), D(2024, 11, 30), D(2025, 2, 28)):
        person = works(commitment, D(2024, 2, 1), exit_on, exit_on.replace(day=1))
        told(person, exit_on, m6="cdi" if exit_on.year == 2024 else "seeking")
    trained(commitment, "CACES", Qualification.OBTAINED)
    trained(commitment, hours="12.25")
    buyer = commitment.market.buyer
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(DISTINCT o.beneficiary_id), SUM(CASE WHEN o.situation IN ('cdi', 'cdd_long', 'business') "
            "THEN 1 ELSE 0 END) FROM beneficiaries_outcome o WHERE o.milestone = 'm6' AND o.cancelled_on IS NULL "
            "AND o.due_on BETWEEN '2025-01-01' AND '2025-12-31' AND EXISTS (SELECT 1 FROM beneficiaries_hoursentry h "
            "JOIN beneficiaries_assignment a ON a.id = h.assignment_id JOIN beneficiaries_placement p ON p.id = "
            "a.placement_id JOIN markets_market m ON m.id = h.market_id WHERE p.beneficiary_id = o.beneficiary_id "
            "AND m.buyer_id = %s AND h.counted_hours > 0 AND h.month <= o.exit_on)",
            [buyer.pk],
        )
        cohort, durable = cursor.fetchone()
        cursor.execute(
            "SELECT COUNT(DISTINCT p.id), SUM(h.counted_hours) FROM beneficiaries_hoursentry h JOIN "
            "beneficiaries_assignment a ON a.id = h.assignment_id JOIN beneficiaries_placement p ON p.id = a.placement_id "
            "JOIN markets_market m ON m.id = h.market_id WHERE p.nature = 'training' AND m.buyer_id = %s AND h.month "
            "BETWEEN '2025-01-01' AND '2025-12-31'",
            [buyer.pk],
        )
        count, hours = cursor.fetchone()
    facts = facts_of(buyer)
    six = indicators.cohorts(facts)[2025][Milestone.MONTHS_6]
    assert (len(six.people), len(six.by_group[SituationGroup.DURABLE])) == (cohort, durable) == (3, 2)
    row = indicators.trainings(facts)[2025]
    assert (
        (row.count, row.hours)
        == (count, Decimal(str(hours)).quantize(Decimal("0.01")))
        == (2, Decimal("82.25"))
    )
