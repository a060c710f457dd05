"""What looks wrong in a month: each anomaly with its sentence and the gesture that settles it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from beneficiaries.anomalies import Found, find_anomalies, mark_rows
from beneficiaries.enums import AnomalyKind, EntryState
from beneficiaries.grid import build_grid, with_names
from beneficiaries.models import Assignment, Beneficiary, HoursEntry, SettledAnomaly
from beneficiaries.services.checks import (
    reopen_anomaly,
    settle_anomaly,
    validate_without_anomaly,
)
from beneficiaries.services.counting import recount_people
from clauses.models import Commitment
from core.errors import DomainError
from tests.factories import (
    AssignmentFactory,
    ClosedYearFactory,
    CommitmentChangeFactory,
    CommitmentFactory,
    HoursEntryFactory,
    LotFactory,
    MarketFactory,
    PlacementFactory,
    ResponsibilityFactory,
    SettledAnomalyFactory,
    UserFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
MARCH, APRIL, MAY = (dt.date(2025, month, 1) for month in (3, 4, 5))


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\xa0", " ")


def month_of(assignment: Assignment, month: dt.date, hours: Any, **more: Any) -> HoursEntry:
    """A draft, counted as the rules say."""
    entry = HoursEntryFactory(assignment=assignment, month=month, hours=Decimal(str(hours)), **more)
    recount()
    entry.refresh_from_db()
    return entry


def recount() -> None:
    recount_people(Beneficiary.objects.values_list("pk", flat=True), user=None, reason="")


def look(first: dt.date, last: dt.date | None = None, **more: Any) -> Found:
    return find_anomalies(Assignment.objects.all(), first, last or first, **more)


def second_job(first: Assignment, *, positioned: bool = True, weekly_hours: Any = None) -> Assignment:
    """The same person with another employer on another market, on the same validation."""
    placement = PlacementFactory(
        beneficiary=first.placement.beneficiary, starts_on=first.starts_on, weekly_hours=weekly_hours
    )
    return AssignmentFactory(
        placement=placement, review=first.review, positioned_on=first.starts_on if positioned else None
    )


def kinds(found: Found) -> list[str]:
    return [anomaly.kind.value for anomaly in found.open]


def test_a_month_as_it_should_be_has_no_anomaly():
    assignment = eligible_assignment()
    month_of(assignment, APRIL, "151.67")
    month_of(assignment, MAY, "140")
    assert look(MAY).open == []


def test_hours_without_prior_validation_are_told_with_the_way_to_the_file():
    assignment = AssignmentFactory(starts_on=dt.date(2025, 3, 3))
    entry = month_of(assignment, APRIL, 100)
    (found,) = look(APRIL).open
    assert (found.kind, found.entries) == (AnomalyKind.NO_VALIDATION, (entry.pk,))
    assert "Aucune validation d’éligibilité accordée" in found.sentence
    assert found.url == reverse("beneficiary_eligibility", args=[assignment.placement.beneficiary_id])


def test_hours_after_the_period_are_expired_even_in_part():
    # 24 months from 6 March 2023: the period ends on Wednesday 5 March 2025, three working days of 21.
    assignment = eligible_assignment(starts_on=dt.date(2023, 3, 6))
    entry = month_of(assignment, MARCH, 100)
    assert entry.counted_hours == Decimal("14.29")
    (found,) = look(MARCH).open
    assert found.kind == AnomalyKind.EXPIRED and found.entries == (entry.pk,)
    assert "Hors de la période d’éligibilité" in found.sentence


def test_over_the_legal_maximum_over_all_employers_is_told_once_for_both_lines():
    first = eligible_assignment()
    second = second_job(first)
    lines = {month_of(first, APRIL, 140).pk, month_of(second, APRIL, 100).pk}
    (found,) = look(APRIL).open
    assert found.kind == AnomalyKind.OVER_LEGAL and set(found.entries) == lines
    assert "240 h en avril 2025, tous contrats réunis" in plain(found.sentence)
    assert "maximum légal (220 h)" in plain(found.sentence)


def test_the_other_employer_counts_even_out_of_the_scope():
    first = eligible_assignment()
    second = second_job(first)
    month_of(first, APRIL, 140)
    mine = month_of(second, APRIL, 100)
    only_mine = Assignment.objects.filter(pk=second.pk)
    found = find_anomalies(only_mine, APRIL, APRIL)
    over = next(anomaly for anomaly in found.open if anomaly.kind == AnomalyKind.OVER_LEGAL)
    assert over.entries == (mine.pk,)


def test_more_than_full_time_with_two_contracts_is_told():
    first = eligible_assignment(weekly_hours=None)
    second = second_job(first)
    month_of(first, APRIL, 100)
    month_of(second, APRIL, 80)
    # 180 h, full time 151.67 h and a tenth: 166.84.
    (found,) = look(APRIL).open
    assert found.kind == AnomalyKind.OVER_CONTRACT and "temps plein (151,67 h)" in plain(found.sentence)


def test_more_than_the_contract_is_told_with_what_it_explains():
    assignment = eligible_assignment(weekly_hours=Decimal(24))
    month_of(assignment, APRIL, "114.40")
    assert look(APRIL).open == []
    HoursEntry.objects.all().delete()
    month_of(assignment, APRIL, 120)
    # 24 × 52 ÷ 12 = 104 h, a tenth more: 114.40 h.
    (found,) = look(APRIL).open
    assert found.kind == AnomalyKind.OVER_CONTRACT
    assert "un contrat de 24 h par semaine en explique 114,4 h au plus" in plain(found.sentence)


def test_the_same_hours_twice_in_a_month_are_a_duplicate():
    first = eligible_assignment(weekly_hours=None)
    second = second_job(first)
    lines = {month_of(first, APRIL, 70).pk, month_of(second, APRIL, 70).pk}
    (found,) = look(APRIL).open
    assert found.kind == AnomalyKind.DUPLICATE and set(found.entries) == lines


def test_hours_after_the_end_of_the_assignment_are_told():
    assignment = eligible_assignment(ends_on=dt.date(2025, 4, 30))
    month_of(assignment, MAY, 70)
    (found,) = look(MAY).open
    assert found.kind == AnomalyKind.AFTER_END
    assert found.url == reverse("assignment_edit", args=[assignment.pk])


def test_hours_after_the_planned_end_of_a_market_are_one_anomaly_for_all_its_lines():
    market = MarketFactory(planned_end=dt.date(2025, 4, 30))
    commitment = CommitmentFactory(lot=LotFactory(market=market))
    lines = {month_of(eligible_assignment(commitment=commitment), MAY, hours).pk for hours in (90, 100)}
    (found,) = look(MAY).open
    assert found.kind == AnomalyKind.AFTER_END and set(found.entries) == lines
    assert "2 lignes après la fin prévue du marché (30/04/2025)" in plain(found.sentence)


def test_half_the_month_before_is_sudden():
    assignment = eligible_assignment()
    month_of(assignment, APRIL, 147)
    month_of(assignment, MAY, 40)
    (found,) = look(MAY).open
    assert found.kind == AnomalyKind.SUDDEN
    assert plain(found.sentence) == "40 h en mai 2025 après 147 h en avril 2025."


def test_the_first_and_last_months_of_an_assignment_are_not_sudden():
    # From Thursday 24 April: five working days of 21; then a whole month.
    assignment = eligible_assignment(starts_on=dt.date(2025, 4, 24))
    month_of(assignment, APRIL, 35)
    month_of(assignment, MAY, 133)
    assert look(MAY).open == []


def test_a_month_missing_between_two_is_told_and_leads_to_its_line():
    assignment = eligible_assignment()
    month_of(assignment, MARCH, 140)
    month_of(assignment, MAY, 133)
    (found,) = look(MAY).open
    assert (found.kind, found.month) == (AnomalyKind.MISSING, APRIL)
    assert found.url == (
        f"{reverse('market_hours', args=[assignment.commitment.market_id])}"
        f"?mois=2025-04#ligne-{assignment.pk}"
    )
    # Seen from the month itself too, and no more once the year is closed.
    assert [anomaly.month for anomaly in look(APRIL).open] == [APRIL]
    ClosedYearFactory(year=2025)
    assert look(MAY).open == []


def test_an_awardee_who_owes_hours_and_says_nothing_is_told():
    market = MarketFactory(starts_on=dt.date(2025, 1, 1))
    commitment = CommitmentFactory(lot=LotFactory(market=market), hours=0, starts_on=dt.date(2025, 1, 1))
    CommitmentChangeFactory(commitment=commitment, delta=Decimal(500), effective_on=dt.date(2025, 1, 1))
    worker = eligible_assignment(commitment=commitment, starts_on=dt.date(2025, 1, 6))
    HoursEntryFactory(assignment=worker, month=dt.date(2025, 1, 1), counted=True)
    everyone = Commitment.objects.all()
    assert look(MARCH, commitments=everyone).open == []
    (found,) = look(APRIL, commitments=everyone).open
    assert found.kind == AnomalyKind.SILENT
    assert plain(found.sentence) == "Aucune heure depuis 3 mois, 400 h restent dues."
    assert found.url == reverse("market_interaction_create", args=[market.pk])
    market.closed_on = dt.date(2025, 4, 15)
    market.save()
    assert look(APRIL, commitments=everyone).open == []


def test_the_year_to_date_gathers_its_months():
    assignment = AssignmentFactory(starts_on=dt.date(2025, 3, 3))
    for month in (MARCH, APRIL, MAY):
        month_of(assignment, month, 100)
    assert kinds(look(dt.date(2025, 1, 1), MAY)) == ["no_validation"] * 3
    assert kinds(look(MAY)) == ["no_validation"]


def test_what_is_validated_sent_back_or_taken_over_is_not_looked_at():
    assignment = AssignmentFactory(starts_on=dt.date(2025, 3, 3))
    month_of(assignment, MARCH, 100, validated=True)
    month_of(assignment, APRIL, 100, source="take_over")
    month_of(assignment, MAY, 100, state="sent_back", sent_back_reason="à revoir")
    assert [look(month).open for month in (MARCH, APRIL, MAY)] == [[], [], []]
    assert kinds(look(MARCH, validated=True)) == ["no_validation"]


# --- Settling -------------------------------------------------------------------------------------------------


def test_an_anomaly_that_is_explained_stays_so_until_its_figures_change():
    assignment, user = eligible_assignment(), UserFactory()
    month_of(assignment, APRIL, 147)
    entry = month_of(assignment, MAY, 40)
    (found,) = look(MAY).open
    settle_anomaly(key=found.key, reason="arrêt de travail", user=user)
    again = look(MAY)
    assert again.open == [] and [row.settled.reason for row in again.settled] == ["arrêt de travail"]
    entry.hours = entry.counted_hours = Decimal(39)
    entry.save()
    assert kinds(look(MAY)) == ["sudden"]


def test_an_explanation_is_asked_for_and_can_be_taken_back():
    user = UserFactory()
    with pytest.raises(DomainError, match="Dites pourquoi"):
        settle_anomaly(key="sudden:a1:2025-05:1/2", reason="  ", user=user)
    for key in ("", "sudden", "rien:a1", "sudden:" + "9" * 200):
        with pytest.raises(DomainError, match="n’existe plus"):
            settle_anomaly(key=key, reason="vu", user=user)
    settled = settle_anomaly(key="sudden:a1:2025-05:1/2", reason="vu", user=user)
    assert settle_anomaly(key="sudden:a1:2025-05:1/2", reason="vu deux fois", user=user) == settled
    reopen_anomaly(settled=settled, user=user)
    assert not SettledAnomaly.objects.exists()
    assert SettledAnomaly.history.first().history_user == user


def test_one_gesture_validates_all_that_has_no_anomaly_and_what_was_explained():
    user = UserFactory()
    right = month_of(eligible_assignment(), APRIL, 100)
    wrong = month_of(AssignmentFactory(starts_on=dt.date(2025, 3, 3)), APRIL, 100)
    tutoring = month_of(eligible_assignment(), APRIL, 5, kind="tutoring")
    done = validate_without_anomaly(assignments=Assignment.objects.all(), month=APRIL, user=user)
    assert {entry.pk for entry in done.report.validated} == {right.pk, tutoring.pk} and done.left == 1
    (found,) = look(APRIL).open
    settle_anomaly(key=found.key, reason="gardées, non comptées", user=user)
    validate_without_anomaly(assignments=Assignment.objects.all(), month=APRIL, user=user)
    wrong.refresh_from_db()
    assert (wrong.state, wrong.counted_hours) == (EntryState.VALIDATED, 0)


def test_rows_of_the_grid_bear_the_same_anomalies():
    assignment = eligible_assignment()
    month_of(assignment, APRIL, 147)
    month_of(assignment, MAY, 40)
    month_of(AssignmentFactory(starts_on=dt.date(2025, 3, 3)), MAY, 100)
    rows = list(with_names(Assignment.objects.order_by("pk"), MAY))
    grid = build_grid(rows, MAY)
    mark_rows(grid)
    marked = sorted(anomaly.key for row in grid.rows for anomaly in row.anomalies)
    assert marked == sorted(anomaly.key for anomaly in look(MAY).open)


# --- The page -------------------------------------------------------------------------------------------------


def page_of(browser: Any, **query: str) -> str:
    answer = browser.get(reverse("anomaly_list"), {"mois": "2025-05", **query})
    assert answer.status_code == 200
    return plain(answer.content.decode())


def test_the_page_groups_counts_and_settles(cast, signed_in):
    assignment = eligible_assignment(commitment=cast.commitment_a)
    month_of(assignment, APRIL, 147)
    month_of(assignment, MAY, 40)
    month_of(eligible_assignment(commitment=cast.commitment_b), MAY, 100)
    browser = signed_in(cast.facilitator)
    page = page_of(browser)
    assert "Variation soudaine" in page and "40 h en mai 2025 après 147 h en avril 2025." in page
    assert "Valider 1 ligne sans anomalie" in page
    key = look(MAY).open[0].key
    answer = browser.post(
        reverse("anomaly_settle"),
        {"key": key, "reason": "arrêt de travail", "ici": "/heures/a-verifier/?mois=2025-05"},
    )
    assert answer.headers["Location"] == "/heures/a-verifier/?mois=2025-05"
    page = page_of(browser)
    assert "Variation soudaine" not in page and "« arrêt de travail »" in page
    browser.post(f"{reverse('anomaly_list')}?mois=2025-05")
    assert set(HoursEntry.objects.filter(month=MAY).values_list("state", flat=True)) == {"validated"}


def test_the_page_narrows_to_mine_and_to_a_company(cast, signed_in):
    mine = AssignmentFactory(commitment=cast.commitment_a, starts_on=dt.date(2025, 3, 3))
    other = AssignmentFactory(commitment=cast.commitment_b, starts_on=dt.date(2025, 3, 3))
    for assignment in (mine, other):
        month_of(assignment, MAY, 100)
    ResponsibilityFactory(market=mine.commitment.market, facilitator=cast.facilitator)
    browser = signed_in(cast.facilitator)
    names = [str(assignment.placement.beneficiary) for assignment in (mine, other)]
    assert [name in page_of(browser) for name in names] == [True, True]
    assert [name in page_of(browser, mine="1") for name in names] == [True, False]
    company = other.commitment.holder.name
    assert [name in page_of(browser, q=company) for name in names] == [False, True]


def test_a_settled_line_answers_htmx_with_its_end_or_with_a_sentence(cast, signed_in):
    browser = signed_in(cast.facilitator)
    url, headers = reverse("anomaly_settle"), {"HX-Request": "true"}
    key = "sudden:a1:2025-05:1/2"
    refused = browser.post(url, {"key": key, "reason": ""}, headers=headers).content.decode()
    assert "Dites pourquoi ces heures sont justes." in refused and "data-settled" not in refused
    done = browser.post(url, {"key": key, "reason": "vu"}, headers=headers).content.decode()
    assert "data-settled" in done and SettledAnomaly.objects.get().settled_by == cast.facilitator


@pytest.mark.parametrize("where", ["https://ailleurs.example/", "//ailleurs.example/", "javascript:1", ""])
def test_the_way_back_stays_in_the_house(cast, signed_in, where):
    row = SettledAnomalyFactory()
    answer = signed_in(cast.facilitator).post(reverse("anomaly_reopen", args=[row.pk]), {"ici": where})
    assert answer.headers["Location"] == reverse("anomaly_list")


def test_the_page_asks_the_same_queries_for_one_anomaly_of_each_kind_and_for_six(cast, signed_in):
    browser = signed_in(cast.facilitator)
    costs = []
    for more in (1, 5):
        for _ in range(more):
            late = eligible_assignment()
            for month, hours in ((MARCH, 147), (MAY, 40)):
                HoursEntryFactory(assignment=late, month=month, hours=Decimal(hours))
            unknown = AssignmentFactory(starts_on=dt.date(2025, 3, 3))
            HoursEntryFactory(assignment=unknown, month=MAY, hours=Decimal(230))
            silent = CommitmentFactory(hours=0, starts_on=dt.date(2025, 1, 1))
            CommitmentChangeFactory(commitment=silent, delta=Decimal(500), effective_on=dt.date(2025, 1, 1))
        recount()
        page_of(browser)
        with CaptureQueriesContext(connection) as queries:
            page = page_of(browser)
        assert all(words in page for words in ("Mois manquant", "Sans validation", "Attributaire silencieux"))
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 12, costs
