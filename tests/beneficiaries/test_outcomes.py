"""What people become after their path: exits found, questions asked, called off, answered."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from beneficiaries.enums import SITUATION_GROUPS, Situation
from beneficiaries.models import CountingRules, Outcome
from beneficiaries.outcomes import group_of
from beneficiaries.services.employment import assign, update_assignment
from beneficiaries.services.outcomes import follow_outcomes, record_outcome
from core.errors import DomainError
from markets.models import Task
from markets.services.tasks import finish_tasks_of
from tests.beneficiaries.clock import on_day
from tests.factories import (
    AssignmentFactory,
    BeneficiaryFactory,
    CountingRulesFactory,
    OutcomeFactory,
    PlacementFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
D = dt.date
LEFT = D(2026, 1, 31)


def left(commitment: Any, on: dt.date = LEFT, **values: Any) -> Any:
    """Someone whose only assignment ended on that day."""
    return eligible_assignment(
        commitment=commitment, starts_on=D(2025, 9, 1), ends_on=on, **values
    ).placement.beneficiary


def rows(person: Any) -> list[tuple[str, dt.date, bool]]:
    return [
        (row.milestone, row.due_on, row.cancelled_on is not None)
        for row in Outcome.objects.filter(beneficiary=person).order_by("exit_on", "due_on", "pk")
    ]


# --- Exits ---------------------------------------------------------------------------------------------------


def test_three_months_without_assignment_are_an_exit_with_three_questions_and_their_tasks(cast):
    person = left(cast.commitment_a)
    assert follow_outcomes(D(2026, 4, 29)) == 0
    assert follow_outcomes(D(2026, 4, 30)) == 3
    assert rows(person) == [
        ("exit", D(2026, 4, 30), False),
        ("m6", D(2026, 7, 31), False),
        ("m12", D(2027, 1, 31), False),
    ]
    tasks = Task.objects.open().filter(person_number=person.pk).order_by("due_on")
    assert [task.due_on for task in tasks] == [D(2026, 4, 30), D(2026, 7, 31), D(2027, 1, 31)]
    assert {task.market_id for task in tasks} == {cast.commitment_a.market_id}
    # The next morning says nothing more.
    assert follow_outcomes(D(2026, 5, 1)) == 0


def test_the_delay_is_a_setting_of_the_territory(cast):
    person = left(cast.commitment_a)
    CountingRules.objects.all().delete()
    CountingRulesFactory(exit_months=6)
    assert follow_outcomes(D(2026, 7, 30)) == 0
    assert follow_outcomes(D(2026, 7, 31)) == 3
    assert rows(person)[0] == ("exit", D(2026, 7, 31), False)


def test_who_works_elsewhere_or_is_about_to_has_not_left(cast):
    for ends_on in (None, D(2026, 5, 29)):
        person = left(cast.commitment_a)
        AssignmentFactory(
            placement=PlacementFactory(beneficiary=person, starts_on=D(2026, 5, 4), ends_on=ends_on),
            commitment=cast.commitment_b,
        )
    assert follow_outcomes(D(2026, 4, 30)) == 0


def test_an_assignment_without_end_ends_with_its_contract_or_its_market(cast):
    by_contract = eligible_assignment(commitment=cast.commitment_a, starts_on=D(2025, 9, 1))
    by_contract.placement.ends_on = LEFT
    by_contract.placement.save()
    by_market = eligible_assignment(commitment=cast.commitment_b, starts_on=D(2025, 9, 1))
    market = cast.commitment_b.market
    market.closed_on = LEFT
    market.save()
    assert follow_outcomes(D(2026, 4, 30)) == 6
    assert {row.exit_on for row in Outcome.objects.all()} == {LEFT}
    assert by_market.placement.beneficiary.outcomes.count() == 3


def test_those_long_gone_and_those_archived_are_left_in_peace(cast):
    long_gone = eligible_assignment(starts_on=D(2024, 3, 4), ends_on=D(2025, 1, 29)).placement.beneficiary
    archived = left(cast.commitment_a)
    archived.archived_on = D(2026, 4, 1)
    archived.save()
    assert follow_outcomes(D(2026, 4, 30)) == 0
    assert not long_gone.outcomes.exists()


# --- A new assignment ----------------------------------------------------------------------------------------


def test_a_new_assignment_before_the_answer_calls_the_later_questions_off(cast):
    person = left(cast.commitment_a)
    follow_outcomes(D(2026, 4, 30))
    placement = PlacementFactory(beneficiary=person, starts_on=D(2026, 6, 1))
    assign(placement=placement, commitment=cast.commitment_b, starts_on=D(2026, 6, 1), user=cast.facilitator)
    assert rows(person) == [
        ("exit", D(2026, 4, 30), False),
        ("m6", D(2026, 7, 31), True),
        ("m12", D(2027, 1, 31), True),
    ]
    assert Task.objects.open().filter(person_number=person.pk).count() == 1


def test_an_assignment_learnt_of_late_shows_that_the_path_had_not_ended(cast):
    person = left(cast.commitment_a)
    follow_outcomes(D(2026, 4, 30))
    placement = PlacementFactory(beneficiary=person, starts_on=D(2026, 3, 2), ends_on=D(2026, 5, 29))
    done = assign(
        placement=placement,
        commitment=cast.commitment_b,
        starts_on=D(2026, 3, 2),
        ends_on=D(2026, 5, 29),
        user=cast.facilitator,
    )
    assert [cancelled for *_, cancelled in rows(person)] == [True, True, True]
    # Its own end is an exit like another.
    assert follow_outcomes(D(2026, 8, 29)) == 3
    assert {row.exit_on for row in Outcome.objects.filter(cancelled_on__isnull=True)} == {D(2026, 5, 29)}
    # It never took place: the first exit is asked again.
    done.assignment.delete()
    Outcome.objects.filter(exit_on=D(2026, 5, 29)).delete()
    assert follow_outcomes(D(2026, 8, 30)) == 3
    assert {row.exit_on for row in Outcome.objects.filter(cancelled_on__isnull=True)} == {LEFT}


def test_an_assignment_prolonged_after_the_exit_calls_everything_off_but_what_is_known(cast):
    person = left(cast.commitment_a)
    follow_outcomes(D(2026, 4, 30))
    with on_day(D(2026, 5, 4)):
        record_outcome(
            outcome=Outcome.objects.get(milestone="exit"), situation="seeking", user=cast.facilitator
        )
    assignment = person.placements.get().assignments.get()
    assignment.placement.ends_on = assignment.ends_on = D(2026, 6, 30)
    assignment.placement.save()
    update_assignment(assignment=assignment, user=cast.facilitator)
    assert [cancelled for *_, cancelled in rows(person)] == [False, True, True]


# --- Answers -------------------------------------------------------------------------------------------------


def test_every_situation_has_one_group():
    found = [situation for situations in SITUATION_GROUPS.values() for situation in situations]
    assert sorted(found) == sorted(Situation)
    assert [group_of(code).value for code in ("cdi", "siae", "training", "no_news")] == [  # type: ignore[union-attr]
        "durable",
        "transition",
        "positive",
        "other",
    ]
    assert group_of("") is None


@on_day(D(2026, 5, 4))
def test_an_answer_is_recorded_with_who_said_it_and_ends_the_waiting(cast, signed_in):
    person = left(cast.commitment_a)
    follow_outcomes(D(2026, 4, 30))
    row = Outcome.objects.get(milestone="exit")
    client = signed_in(cast.facilitator)
    address = reverse("outcome_record", args=[row.pk])
    assert "Choisissez une situation" in client.post(address, {"situation": ""}).content.decode()
    form = {"situation": "cdi", "hired_by_awardee": "oui", "employer": "Alpha Bâtiment", "source": "employer"}
    for changes, sentence in (
        ({"recorded_on": "5/5/26"}, "Ce jour n’est pas encore venu"),
        ({"recorded_on": "30/1/26"}, "La sortie date du 31/01/2026"),
        ({"situation": "ministre"}, "choix"),
    ):
        assert sentence in client.post(address, {**form, **changes}).content.decode(), changes
    page = client.post(address, form, follow=True).content.decode()
    assert "emploi durable" in page and "chez Alpha Bâtiment" in page and "dite par l’employeur" in page
    row.refresh_from_db()
    assert (row.situation, row.hired_by_awardee, row.recorded_on, row.recorded_by) == (
        "cdi",
        True,
        D(2026, 5, 4),
        cast.facilitator,
    )
    assert Task.objects.get(key=f"outcome:{row.pk}").done_on == D(2026, 5, 4)
    # The one of six months is asked in July.
    later = Outcome.objects.get(milestone="m6")
    with pytest.raises(DomainError, match="se recueille à partir du 01/07/2026"):
        record_outcome(outcome=later, situation="cdi", user=cast.facilitator)
    assert str(person) in page


def test_the_questions_outlive_the_market(cast):
    left(cast.commitment_a)
    follow_outcomes(D(2026, 4, 30))
    finish_tasks_of(market=cast.commitment_a.market, on=D(2026, 5, 29), by=None)
    assert Task.objects.open().filter(key__startswith="outcome:").count() == 3


@on_day(D(2026, 5, 4))
def test_the_list_shows_what_is_awaited_late_or_known(cast, signed_in):
    awaited = OutcomeFactory(beneficiary=BeneficiaryFactory(last_name="Attendue"))
    late = OutcomeFactory(
        beneficiary=BeneficiaryFactory(last_name="Tardive"), exit_on=D(2025, 11, 30), due_on=D(2026, 2, 28)
    )
    known = OutcomeFactory(beneficiary=BeneficiaryFactory(last_name="Connue"), known=True)
    merged = OutcomeFactory(
        beneficiary=BeneficiaryFactory(last_name="Réunie", merged_into=BeneficiaryFactory())
    )
    client, address = signed_in(cast.facilitator), reverse("outcome_list")
    names = {"Attendue", "Tardive", "Connue", "Réunie"}

    def shown(query: str) -> set[str]:
        page = client.get(f"{address}{query}").content.decode()
        return {name for name in names if name in page}

    assert shown("") == names - {"Réunie"}
    assert shown("?state=awaited") == {"Attendue"}
    assert shown("?state=late") == {"Tardive"}
    assert shown("?state=known&group=durable") == {"Connue"}
    assert shown("?group=other") == set()
    assert shown("?milestone=m12") == set()
    export = b"".join(client.get(f"{address}?export=csv")).decode()  # type: ignore[arg-type]
    assert "emploi durable" in export
    for row in (awaited, late, known):
        assert client.get(reverse("outcome_record", args=[row.pk])).status_code == 200
    assert client.get(reverse("outcome_record", args=[merged.pk])).status_code == 404


@on_day(D(2026, 5, 4))
def test_a_list_of_answers_is_saved_at_once_and_a_wrong_one_saves_none(cast, signed_in):
    first, second, third = (OutcomeFactory() for _ in range(3))
    OutcomeFactory(milestone="m12", due_on=D(2027, 1, 31))
    client, address = signed_in(cast.facilitator), reverse("outcome_entry")
    page = client.get(address).content.decode()
    assert page.count('<select name="situation-') == 3 and "1 · CDI" in page
    answers = {f"situation-{first.pk}": "cdi", f"hired-{first.pk}": "on", f"situation-{second.pk}": "xx"}
    page = client.post(address, answers).content.decode()
    assert "Choisissez une situation de la liste" in page
    assert not Outcome.objects.exclude(situation="").exists()
    page = client.post(address, {**answers, f"situation-{second.pk}": "siae"}, follow=True).content.decode()
    assert "2 situations enregistrées" in page
    first.refresh_from_db()
    second.refresh_from_db()
    third.refresh_from_db()
    assert [(row.situation, row.hired_by_awardee) for row in (first, second, third)] == [
        ("cdi", True),
        ("siae", None),
        ("", None),
    ]


@on_day(D(2026, 5, 4))
@pytest.mark.parametrize("name", ["outcome_list", "outcome_entry", "beneficiary_outcomes"])
def test_a_page_asks_as_much_for_six_rows_as_for_one(cast, signed_in, name):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    person = BeneficiaryFactory()
    args = [person.pk] if name == "beneficiary_outcomes" else []
    client, counts = signed_in(cast.facilitator), []
    for rank in range(6):
        OutcomeFactory(beneficiary=person, exit_on=LEFT - dt.timedelta(days=rank), due_on=D(2026, 4, 30))
        OutcomeFactory(known=True, employer=cast.company_a)
        if rank in (0, 5):
            client.get(reverse(name, args=args))
            with CaptureQueriesContext(connection) as asked:
                client.get(reverse(name, args=args))
            counts.append(len(asked))
    assert counts[0] == counts[1] <= 12


@on_day(D(2026, 5, 4))
def test_the_history_tells_what_was_answered(cast, signed_in):
    row = OutcomeFactory()
    record_outcome(outcome=row, situation="cdi", note="Chez un artisan", user=cast.facilitator)
    page = (
        signed_in(cast.facilitator)
        .get(reverse("beneficiary_history", args=[row.beneficiary_id]))
        .content.decode()
    )
    assert "situation à la sortie" in page and "Chez un artisan" in page
