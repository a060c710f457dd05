"""The grid filled in one gesture: the month before, the contract's proposal, several rows at once, stale cells."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from beneficiaries.enums import EntryState
from beneficiaries.grid import build_grid, rows_of
from beneficiaries.models import Assignment, HoursEntry
from beneficiaries.services.entry_days import set_entry_days
from beneficiaries.services.hours import validate_hours
from core.errors import DomainError
from tests.factories import (
    AssignmentFactory,
    CommitmentFactory,
    HoursEntryFactory,
    UserFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
FEBRUARY, MARCH = dt.date(2025, 2, 1), dt.date(2025, 3, 1)
START = dt.date(2025, 1, 6)


@pytest.fixture
def facilitator(client):
    user = UserFactory()
    client.force_login(user)
    return user


def plain(page: Any) -> str:
    return page.content.decode().replace("\u202f", " ").replace("\xa0", " ")


def grid_url(name: str = "hours", **kwargs: Any) -> str:
    return f"{reverse(name, kwargs=kwargs or None)}?mois=2025-03"


def cell(assignment: Assignment, text: str | None = None, version: int = 0, kind: str = "work") -> dict:
    typed = {f"v-{assignment.pk}-{kind}": str(version)}
    return typed if text is None else {**typed, f"h-{assignment.pk}-{kind}": text}


def hours_in_march() -> dict[int, Decimal]:
    return dict(HoursEntry.objects.current().filter(month=MARCH).values_list("assignment", "hours"))


# --- Proposal and month before --------------------------------------------------------------------------------


def test_a_contract_proposes_its_hours_in_grey_and_nothing_is_saved_by_itself(client, facilitator):
    eligible_assignment(starts_on=START)
    page = plain(client.get(grid_url()))
    assert 'placeholder="151,67"' in page and "Espace pour accepter" in page
    client.post(grid_url(), {"action": "save"})
    assert not HoursEntry.objects.exists()


def test_a_proposal_follows_the_days_and_the_nature_of_the_step():
    # From Monday 17 March 2025: 11 of the 21 working days. 151.6667 × 11 ÷ 21 = 79.44.
    eligible_assignment(starts_on=dt.date(2025, 3, 17))
    immersion = eligible_assignment(starts_on=START, weekly_hours=Decimal(21))
    immersion.placement.nature = "immersion"
    immersion.placement.save()
    eligible_assignment(starts_on=START, weekly_hours=None)
    grid = build_grid(list(rows_of(Assignment.objects.order_by("pk"), MARCH)), MARCH, all_kinds=True)
    proposals = {
        (row.assignment.pk, cell.kind): cell.proposal
        for row in grid.rows
        for cell in row.cells
        if cell.proposal
    }
    assert sorted(proposals.values()) == ["79,44", "91"]
    assert proposals[immersion.pk, "immersion"] == "91"


@pytest.mark.parametrize(("action", "expected"), [("previous", "100.00"), ("proposals", "151.67")])
def test_a_page_is_filled_in_one_gesture_without_scripts(client, facilitator, action, expected):
    empty, typed = eligible_assignment(starts_on=START), eligible_assignment(starts_on=START)
    for assignment in (empty, typed):
        HoursEntryFactory(assignment=assignment, month=FEBRUARY, hours=Decimal(100), counted=True)
    client.post(grid_url(), {**cell(empty, ""), **cell(typed, "77"), "action": action})
    assert hours_in_march() == {empty.pk: Decimal(expected), typed.pk: Decimal(77)}


def test_filling_with_nothing_says_so(client, facilitator):
    eligible_assignment(starts_on=START, weekly_hours=None)
    for action, words in (("previous", "le mois précédent"), ("proposals", "heures par semaine au contrat")):
        page = plain(client.post(grid_url(), {"action": action}, follow=True))
        assert "Aucune case vide" in page and words in page


def test_what_is_refused_when_a_page_is_filled_is_told_beside_its_cell(client, facilitator):
    assignment = eligible_assignment(starts_on=START)
    market = assignment.commitment.market
    HoursEntryFactory(assignment=assignment, month=FEBRUARY, hours=Decimal(100))
    market.starts_on = dt.date(2025, 4, 1)
    market.save()
    page = plain(client.post(grid_url(), {**cell(assignment, ""), "action": "previous"}))
    assert "1 saisie n’a pas été enregistrée" in page and "Le marché commence le 01/04/2025" in page
    assert hours_in_march() == {}


# --- Several rows at once -------------------------------------------------------------------------------------


def save_rows(client: Any, data: dict[str, str]) -> str:
    answer = client.post(
        f"{reverse('hours_rows')}?mois=2025-03",
        data,
        headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{grid_url()}"},
    )
    assert answer.status_code == 200
    return plain(answer)


def test_several_rows_are_saved_at_once_and_each_gets_its_parts(client, facilitator):
    rows = [eligible_assignment(starts_on=START) for _ in range(3)]
    page = save_rows(client, {**cell(rows[0], "100"), **cell(rows[1], "12h30"), **cell(rows[2], "beaucoup")})
    assert hours_in_march() == {rows[0].pk: Decimal(100), rows[1].pk: Decimal("12.50")}
    for row in rows:
        assert f'id="compte-{row.pk}"' in page and f'id="etat-{row.pk}"' in page
    assert "n’est pas un nombre d’heures" in page and "2 saisies enregistrées, 1 ligne refusée" in page
    assert "2 lignes à valider" in page


def test_rows_that_nobody_may_see_or_that_do_not_exist_are_left_out(client, facilitator):
    row = eligible_assignment(starts_on=START)
    data = {**cell(row, "100"), "h-999999-work": "50", "h-abc-work": "50", "h-²-work": "1", "x": "1"}
    save_rows(client, {**data, f"h-{'9' * 40}-work": "50"})
    assert hours_in_march() == {row.pk: Decimal(100)}


def test_rows_cost_the_same_queries_for_one_six_and_three_hundred(client, facilitator):
    commitment = CommitmentFactory()
    costs: dict[str, list[int]] = {}
    made: list[Assignment] = []
    for count in (1, 6, 300):
        while len(made) < count:
            made.append(AssignmentFactory(commitment=commitment, placement__starts_on=START, starts_on=START))
        url = f"{reverse('market_hours', args=[commitment.market_id])}?mois=2025-03"
        for name, send in (
            ("page", lambda url=url: client.get(url)),
            ("rows", lambda: save_rows(client, {k: v for a in made for k, v in cell(a, "").items()})),
        ):
            send()
            with CaptureQueriesContext(connection) as queries:
                send()
            costs.setdefault(name, []).append(len(queries))
    assert all(len(set(counts)) == 1 for counts in costs.values()), costs


def test_the_general_grid_shows_fifty_rows_or_three_hundred(client, facilitator):
    commitment = CommitmentFactory()
    for _ in range(51):
        eligible_assignment(commitment=commitment, starts_on=START)
    assert client.get(grid_url()).content.decode().count('class="grid-row') == 50
    assert client.get(f"{grid_url()}&lignes=300").content.decode().count('class="grid-row') == 51
    assert client.get(f"{grid_url()}&lignes=9999").content.decode().count('class="grid-row') == 50


# --- Cells that nobody touched --------------------------------------------------------------------------------


def written(assignment: Assignment, client: Any, text: str, version: int) -> None:
    client.post(f"{reverse('hours_row', args=[assignment.pk])}?mois=2025-03", cell(assignment, text, version))


@pytest.mark.parametrize(("first", "then"), [("100", "120"), ("", "120"), ("100", "")])
def test_a_whole_page_sent_with_an_untouched_stale_cell_is_no_conflict(client, facilitator, first, then):
    stale, mine = eligible_assignment(starts_on=START), eligible_assignment(starts_on=START)
    if first:
        written(stale, client, first, 0)
    seen = HoursEntry.objects.first().version if first else 0
    # A colleague writes in it after the page was shown.
    written(stale, client, then, seen)
    page = client.post(grid_url(), {**cell(stale, first, seen), **cell(mine, "77")})
    assert page.status_code == 302
    left = hours_in_march()
    assert left.pop(mine.pk) == Decimal(77)
    assert left == ({stale.pk: Decimal(then)} if then else {})


def test_a_touched_stale_cell_still_is_a_conflict(client, facilitator):
    stale = eligible_assignment(starts_on=START)
    written(stale, client, "100", 0)
    written(stale, client, "120", 1)
    page = client.post(grid_url(), cell(stale, "130", 1))
    assert page.status_code == 200 and "a saisi 120" in plain(page)
    assert hours_in_march() == {stale.pk: Decimal(120)}


# --- Days -----------------------------------------------------------------------------------------------------


def cut_by_its_period() -> HoursEntry:
    """24 months from 6 March 2023: the period ends on Wednesday 5 March 2025, three working days of 21."""
    assignment = eligible_assignment(starts_on=dt.date(2023, 3, 6))
    return HoursEntryFactory(assignment=assignment, month=MARCH, hours=Decimal(42))


def test_the_part_outside_a_period_is_proposed_and_days_said_change_it(client, facilitator):
    entry = cut_by_its_period()
    set_entry_days(entry=entry, first_day=None, last_day=dt.date(2025, 3, 31), user=facilitator)
    entry.refresh_from_db()
    assert entry.counted_hours == Decimal("6.00")  # 42 × 3 ÷ 21
    url = reverse("entry_days", args=[entry.pk])
    assert "6 h comptées" in plain(client.get(url))
    client.post(url, {"first_day": "3/3/25", "last_day": "5/3/25"})
    entry.refresh_from_db()
    assert (entry.first_day, entry.last_day) == (dt.date(2025, 3, 3), dt.date(2025, 3, 5))
    assert entry.counted_hours == Decimal(42)


def test_the_grid_offers_days_where_a_month_is_cut_and_validating_confirms_the_share(client, facilitator):
    entry = cut_by_its_period()
    whole = eligible_assignment(starts_on=START)
    HoursEntryFactory(assignment=whole, month=MARCH)
    client.post(grid_url(), {**cell(entry.assignment, "84", 1), **cell(whole, "120", 1)})
    page = plain(client.get(grid_url()))
    assert page.count("/jours/") == 1
    client.post(f"{reverse('hours_row', args=[entry.assignment_id])}?mois=2025-03", {"valider": "1"})
    entry.refresh_from_db()
    assert (entry.state, entry.counted_hours) == (EntryState.VALIDATED, Decimal(12))


@pytest.mark.parametrize(
    ("first_day", "last_day", "words"),
    [
        (dt.date(2025, 2, 28), None, "n’est pas en mars 2025"),
        (None, dt.date(2025, 4, 1), "n’est pas en mars 2025"),
        (dt.date(2025, 3, 5), dt.date(2025, 3, 4), "Le dernier jour précède le premier"),
    ],
)
def test_days_stay_in_their_month_and_in_order(client, facilitator, first_day, last_day, words):
    entry = cut_by_its_period()
    with pytest.raises(DomainError, match=words):
        set_entry_days(entry=entry, first_day=first_day, last_day=last_day, user=facilitator)
    typed = {"first_day": first_day or "", "last_day": last_day or ""}
    page = plain(client.post(reverse("entry_days", args=[entry.pk]), typed))
    assert words in page


def test_days_of_validated_hours_do_not_change(facilitator):
    entry = cut_by_its_period()
    validate_hours(entries=[entry], user=facilitator)
    with pytest.raises(DomainError, match="leurs jours ne changent plus"):
        set_entry_days(entry=entry, first_day=None, last_day=None, user=facilitator)
