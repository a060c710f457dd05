"""Recounts: told before they are made, kept once they are, never in a closed year."""

from __future__ import annotations

import copy
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from beneficiaries.models import Assignment, CountingRules, EligibilityReview, HoursEntry, Recount
from beneficiaries.services.counting import recount_people
from beneficiaries.services.eligibility import correct_review
from beneficiaries.services.employment import update_assignment
from beneficiaries.services.hours import Cell, save_cells, validate_hours
from beneficiaries.services.recounts import (
    RecountReport,
    preview_recount,
    record_recount,
    recount_sentence,
)
from beneficiaries.services.rules import preview_rules, rules_in_place
from tests.factories import (
    ClosedYearFactory,
    CountingRulesFactory,
    HoursEntryFactory,
    RecountFactory,
    UserFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db


def months_of(assignment: Assignment, year: int, months: range, hours: int = 100) -> list[HoursEntry]:
    return [
        HoursEntryFactory(
            assignment=assignment, month=dt.date(year, month, 1), hours=Decimal(hours), counted=True
        )
        for month in months
    ]


def moved_to(assignment: Assignment, day: dt.date) -> Assignment:
    changed = Assignment.objects.select_related("placement", "commitment__market").get(pk=assignment.pk)
    changed.starts_on = day
    return changed


def test_a_change_is_told_before_it_is_made_and_leaves_no_trace():
    assignment = eligible_assignment()
    months_of(assignment, 2025, range(3, 7))
    user = UserFactory()
    before = list(HoursEntry.objects.order_by("pk").values())
    report = preview_recount(
        lambda: update_assignment(assignment=moved_to(assignment, dt.date(2025, 5, 2)), user=user)
    )
    assert {change.month.month for change in report.changes} == {3, 4}
    assert report.hours == Decimal("-200.00")
    assert recount_sentence(report).replace("\u202f", " ") == "Ceci changera 2 lignes de 2025, −200 h."
    assert list(HoursEntry.objects.order_by("pk").values()) == before
    assignment.refresh_from_db()
    assert assignment.starts_on == dt.date(2025, 3, 3)
    assert not Recount.objects.exists()


def test_what_was_told_is_what_is_made_and_kept_with_its_cause():
    assignment = eligible_assignment()
    months_of(assignment, 2025, range(3, 7))
    user = UserFactory()
    told = preview_recount(
        lambda: update_assignment(assignment=moved_to(assignment, dt.date(2025, 5, 2)), user=user)
    )
    update_assignment(assignment=moved_to(assignment, dt.date(2025, 5, 2)), user=user)
    kept = Recount.objects.get()
    assert (kept.entries, kept.delta, kept.reason) == (2, told.hours, "affectation modifiée")
    assert kept.by_year == {"2025": [2, "-200.00"]}
    assert {row["month"] for row in kept.details} == {"2025-03", "2025-04"}
    assert {(row["before"], row["after"]) for row in kept.details} == {("100.00", "0.00")}
    # Once more changes nothing more.
    update_assignment(assignment=moved_to(assignment, dt.date(2025, 5, 2)), user=user)
    assert Recount.objects.count() == 1


def test_a_closed_year_keeps_its_count():
    assignment = eligible_assignment(starts_on=dt.date(2024, 3, 4))
    months_of(assignment, 2024, range(11, 13))
    months_of(assignment, 2025, range(1, 3))
    ClosedYearFactory(year=2024)
    report = preview_recount(
        lambda: update_assignment(assignment=moved_to(assignment, dt.date(2025, 6, 2)), user=UserFactory())
    )
    assert report.by_year == {2025: (2, Decimal("-200.00"))}


def test_several_years_are_told_one_by_one():
    assignment = eligible_assignment(starts_on=dt.date(2024, 3, 4))
    months_of(assignment, 2024, range(12, 13), hours=12)
    months_of(assignment, 2025, range(1, 3))
    report = preview_recount(
        lambda: update_assignment(assignment=moved_to(assignment, dt.date(2025, 6, 2)), user=UserFactory())
    )
    assert (
        recount_sentence(report).replace("\u202f", " ")
        == "Ceci changera 3 lignes, −212 h : 1 de 2024 (−12 h) et 2 de 2025 (−200 h)."
    )


def test_hours_that_are_simply_typed_are_no_recount():
    assignment, user = eligible_assignment(), UserFactory()
    for hours, version in ((100, 0), (120, 1)):
        save_cells([Cell(assignment, dt.date(2025, 3, 1), "work", Decimal(hours), version)], user=user)
    validate_hours(entries=HoursEntry.objects.all(), user=user)
    assert not Recount.objects.exists()


def test_entries_counted_for_the_first_time_are_no_change():
    assignment = eligible_assignment()
    HoursEntryFactory(assignment=assignment)
    report = recount_people([assignment.placement.beneficiary_id], user=None, reason="décision")
    assert len(report.changed) == 1 and report.changes == [] and not Recount.objects.exists()


def test_an_entry_that_moves_twice_is_told_once_and_one_that_comes_back_not_at_all():
    assignment = eligible_assignment()
    months_of(assignment, 2025, range(3, 5))
    user = UserFactory()

    def there(day: dt.date) -> None:
        update_assignment(assignment=moved_to(assignment, day), user=user)

    def twice() -> None:
        there(dt.date(2025, 4, 2))
        there(dt.date(2025, 5, 2))

    report = preview_recount(twice)
    assert (
        sorted((change.before, change.after) for change in report.changes)
        == [(Decimal("100.00"), Decimal("0.00"))] * 2
    )

    def and_back() -> None:
        twice()
        there(dt.date(2025, 3, 3))

    assert preview_recount(and_back).changes == []


def test_new_rules_are_looked_at_without_being_written(cast):
    assignment = eligible_assignment(commitment=cast.commitment_a, starts_on=dt.date(2026, 3, 2))
    months_of(assignment, 2026, range(3, 5), hours=160)
    other = eligible_assignment(commitment=cast.commitment_b, starts_on=dt.date(2026, 3, 2))
    months_of(other, 2026, range(3, 5), hours=160)
    rules = CountingRules(
        market=cast.commitment_a.market, in_force_from=dt.date(2026, 4, 1), month_cap=Decimal(140)
    )
    report = preview_rules(rules)
    assert [(change.month.month, change.delta) for change in report.changes] == [(4, Decimal("-20.00"))]
    assert rules.pk is None and not CountingRules.objects.filter(market__isnull=False).exists()


def test_the_same_rules_changed_take_the_place_of_what_they_were(cast):
    assignment = eligible_assignment(starts_on=dt.date(2026, 3, 2))
    months_of(assignment, 2026, range(3, 4), hours=160)
    rules = copy.copy(CountingRules.objects.get())
    rules.counts_work = False
    report = preview_rules(rules)
    assert report.by_year == {2026: (1, Decimal("-160.00"))}
    assert CountingRules.objects.get().counts_work


def test_the_nearest_rules_win_in_the_month_asked(cast):
    market = cast.commitment_a.market
    ours = CountingRulesFactory(buyer=market.buyer, in_force_from=dt.date(2025, 1, 1))
    nearest = CountingRulesFactory(market=market, in_force_from=dt.date(2026, 1, 1))

    def winner(month: dt.date) -> Any:
        return next(line.rules for line in rules_in_place(market, month) if line.wins)

    assert winner(dt.date(2024, 12, 1)) == CountingRules.objects.get(buyer=None, market=None)
    assert winner(dt.date(2025, 12, 1)) == ours
    assert winner(dt.date(2026, 1, 1)) == nearest
    assert [line.wins for line in rules_in_place(None, dt.date(2026, 1, 1))] == [True]


def test_the_list_and_the_page_of_a_recount_say_what_changed(cast, signed_in):
    assignment = eligible_assignment(commitment=cast.commitment_a)
    months_of(assignment, 2025, range(3, 5))
    update_assignment(assignment=moved_to(assignment, dt.date(2025, 5, 2)), user=cast.facilitator)
    recount = Recount.objects.get()
    browser = signed_in(cast.facilitator)
    listed = browser.get(reverse("recount_list")).content.decode()
    assert "affectation modifiée" in listed and reverse("recount_detail", args=[recount.pk]) in listed
    page = browser.get(reverse("recount_detail", args=[recount.pk])).content.decode()
    assert str(assignment.placement.beneficiary) in page and "Hors de l’affectation" in page
    assert "−200" in page


def test_the_page_of_a_recount_costs_the_same_with_one_line_and_with_six(cast, signed_in):
    browser = signed_in(cast.facilitator)
    costs = []
    for lines in (1, 6):
        report = RecountReport()
        for _ in range(lines):
            entry = HoursEntryFactory(assignment=eligible_assignment(), counted=True)
            CountingRules.objects.update_or_create(
                in_force_from=dt.date(2000, 1, 1), defaults={"counts_work": False}
            )
            person = entry.assignment.placement.beneficiary_id
            report.add(recount_people([person], user=None, reason="", listed=False))
        recount = record_recount(report, reason="mesure", user=None)
        assert recount is not None and recount.entries == lines
        for url in (reverse("recount_detail", args=[recount.pk]), reverse("recount_list")):
            browser.get(url)
            with CaptureQueriesContext(connection) as queries:
                browser.get(url)
            costs.append(len(queries))
    assert costs[:2] == costs[2:] and max(costs) <= 12


def test_a_person_whose_file_is_gone_stays_nameless_in_a_recount(cast, signed_in):
    recount = RecountFactory(
        details=[
            {
                "entry": 1, "person": 0, "market": 0, "month": "2026-03", "kind": "work", "hours": "100",
                "before": "12.00", "after": "0.00", "reason_before": "counted", "reason": "not_validated",
                "detail": "",
            }
        ]
    )  # fmt: skip
    page = signed_in(cast.facilitator).get(reverse("recount_detail", args=[recount.pk])).content.decode()
    assert "fiche archivée ou réunie" in page


# --- Asked before, on the pages that change what counts --------------------------------------------------------


def plain(answer: Any) -> str:
    return answer.content.decode().replace("\u202f", " ").replace("\xa0", " ")


def test_an_assignment_that_moves_hours_is_asked_once_with_what_it_changes(cast, signed_in):
    assignment = eligible_assignment(commitment=cast.commitment_a)
    months_of(assignment, 2025, range(3, 7))
    browser = signed_in(cast.facilitator)
    url = reverse("assignment_edit", args=[assignment.pk])
    typed = {"commitment": assignment.commitment_id, "starts_on": "02/05/2025"}
    asked = plain(browser.post(url, typed))
    assert "Ceci changera 2 lignes de 2025, −200 h." in asked
    assert 'name="starts_on" value="02/05/2025"' in asked and 'name="recomptage_lu" value="1"' in asked
    assignment.refresh_from_db()
    assert assignment.starts_on == dt.date(2025, 3, 3) and not Recount.objects.exists()
    assert browser.post(url, {**typed, "recomptage_lu": "1"}).status_code == 302
    assignment.refresh_from_db()
    assert assignment.starts_on == dt.date(2025, 5, 2)
    assert Recount.objects.get().made_by == cast.facilitator


def test_a_change_that_moves_no_hour_is_made_at_once(cast, signed_in):
    assignment = eligible_assignment(commitment=cast.commitment_a)
    months_of(assignment, 2025, range(5, 7))
    url = reverse("assignment_edit", args=[assignment.pk])
    typed = {"commitment": assignment.commitment_id, "starts_on": "02/04/2025"}
    assert signed_in(cast.facilitator).post(url, typed).status_code == 302
    assignment.refresh_from_db()
    assert assignment.starts_on == dt.date(2025, 4, 2) and not Recount.objects.exists()


def test_a_correction_of_a_decision_is_told_before_it_is_made(cast):
    assignment = eligible_assignment(commitment=cast.commitment_a)
    months_of(assignment, 2025, range(3, 7), hours=53)
    report = preview_recount(
        lambda: correct_review(
            review=assignment.review,
            correction_reason="justificatif d’une autre personne",
            decision="refused",
            decided_on=assignment.review.decided_on,
            refusal_reason="ne remplit aucun critère",
            user=cast.facilitator,
        )
    )
    assert recount_sentence(report).replace("\u202f", " ") == "Ceci changera 4 lignes de 2025, −212 h."
    assert EligibilityReview.objects.count() == 1
