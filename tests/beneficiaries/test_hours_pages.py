"""The grid of hours as a page: what is typed is saved or kept, and said."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from beneficiaries.enums import EntryState, HourKind
from beneficiaries.models import HoursEntry
from beneficiaries.services.hours import validate_hours
from tests.factories import (
    AssignmentFactory,
    BeneficiaryFactory,
    CommitmentFactory,
    HoursEntryFactory,
    ResponsibilityFactory,
    UserFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
MARCH = dt.date(2025, 3, 1)


@pytest.fixture
def facilitator(client):
    user = UserFactory()
    client.force_login(user)
    return user


def grid_url(name="hours", **kwargs):
    return f"{reverse(name, kwargs=kwargs or None)}?mois=2025-03"


def cell(assignment, kind="work"):
    return f"h-{assignment.pk}-{kind}"


def version(assignment, kind="work"):
    return f"v-{assignment.pk}-{kind}"


@pytest.mark.parametrize("typed", ["148,5", "148.5", "148h30", " 148,50 "])
def test_hours_are_read_as_people_write_them(client, facilitator, typed):
    assignment = eligible_assignment()
    client.post(grid_url(), {cell(assignment): typed, version(assignment): "0"})
    assert HoursEntry.objects.get().hours == Decimal("148.50")


@pytest.mark.parametrize("typed", ["1e9", "beaucoup", "-3", "NaN", "412", "9" * 20, "12,345"])
def test_what_cannot_be_hours_is_kept_with_a_sentence_and_the_rest_is_saved(client, facilitator, typed):
    wrong, right = eligible_assignment(), eligible_assignment()
    response = client.post(
        grid_url(), {cell(wrong): typed, version(wrong): "0", cell(right): "100", version(right): "0"}
    )
    assert response.status_code == 200
    page = response.content.decode()
    assert f'value="{typed}"' in page and 'aria-invalid="true"' in page
    assert [entry.assignment_id for entry in HoursEntry.objects.all()] == [right.pk]


def test_one_post_of_300_rows_works_without_javascript(client, facilitator):
    commitment = CommitmentFactory()
    data = {}
    for _ in range(300):
        assignment = AssignmentFactory(commitment=commitment, placement__employer=commitment.holder)
        for kind in HourKind.values:
            data[cell(assignment, kind)] = "10" if kind == "work" else ""
            data[version(assignment, kind)] = "0"
    response = client.post(
        f"{reverse('market_hours', args=[commitment.market_id])}?mois=2025-03&natures=toutes", data
    )
    assert response.status_code == 302
    assert HoursEntry.objects.count() == 300


def test_the_row_answers_with_its_state_and_the_versions_to_use_next(client, facilitator):
    assignment = eligible_assignment()
    url = f"{reverse('hours_row', args=[assignment.pk])}?mois=2025-03"
    page = client.post(
        url, {cell(assignment): "100", version(assignment): "0"}, headers={"HX-Request": "true"}
    )
    entry = HoursEntry.objects.get()
    assert f'id="{version(assignment)}" value="1"' in page.content.decode()
    assert "brouillon" in page.content.decode()
    client.post(url, {cell(assignment): "100", version(assignment): "1", "valider": "1"})
    entry.refresh_from_db()
    assert entry.state == EntryState.VALIDATED and entry.validated_by == facilitator


def test_the_row_says_what_is_left_to_validate_on_its_page(client, facilitator):
    first, second = eligible_assignment(), eligible_assignment()
    for assignment in (first, second):
        client.post(grid_url(), {cell(assignment): "10", version(assignment): "0"})
    url = f"{reverse('hours_row', args=[first.pk])}?mois=2025-03"
    left = {}
    for name, page in {
        "house": grid_url(),
        "market": f"{reverse('market_hours', args=[first.commitment.market_id])}?mois=2025-03",
        "elsewhere": "/bilans/",
    }.items():
        headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"}
        left[name] = client.post(url, {}, headers=headers).content.decode()
    assert "2 lignes à valider" in left["house"].replace("\u202f", " ").replace("\xa0", " ")
    assert "1 ligne à valider" in left["market"].replace("\u202f", " ").replace("\xa0", " ")
    assert "grille-reste" not in left["elsewhere"]


def test_the_second_of_two_people_sees_what_the_first_wrote_beside_the_cell(client, facilitator):
    assignment = eligible_assignment()
    client.post(grid_url(), {cell(assignment): "120", version(assignment): "0"})
    response = client.post(grid_url(), {cell(assignment): "130", version(assignment): "0"})
    page = response.content.decode()
    assert "a saisi 120" in page and 'value="130"' in page
    assert HoursEntry.objects.get().hours == 120
    assert f'id="{version(assignment)}" value="1"' in page


def test_validating_all_validates_what_counts_in_full_only(client, facilitator):
    counts, does_not = eligible_assignment(), AssignmentFactory()
    data = {
        cell(counts): "100",
        version(counts): "0",
        cell(does_not): "80",
        version(does_not): "0",
        "action": "validate",
    }
    response = client.post(grid_url(), data, follow=True)
    states = dict(HoursEntry.objects.values_list("assignment", "state"))
    assert states == {counts.pk: EntryState.VALIDATED, does_not.pk: EntryState.DRAFT}
    assert "1 ligne validée" in response.content.decode().replace("\u202f", " ").replace("\xa0", " ")


def test_a_refused_cell_stops_the_validation_and_says_so(client, facilitator):
    right, wrong = eligible_assignment(), eligible_assignment()
    data = {cell(right): "100", version(right): "0", cell(wrong): "abc", version(wrong): "0"}
    page = client.post(grid_url(), {**data, "action": "validate"}).content.decode()
    assert "Rien n’a été validé" in page
    assert HoursEntry.objects.get().state == EntryState.DRAFT
    assert "Rien n’a été validé" not in client.post(grid_url(), {**data, "action": "save"}).content.decode()


def test_a_correction_keeps_the_old_row_and_asks_for_a_reason(client, facilitator):
    entry = HoursEntryFactory(assignment=eligible_assignment())
    validate_hours(entries=[entry], user=facilitator)
    url = reverse("entry_correct", args=[entry.pk])
    assert "Ce champ" in client.post(url, {"hours": "90", "reason": ""}).content.decode()
    assert client.post(url, {"hours": "90", "reason": "relevé rectifié"}).status_code == 302
    assert sorted(HoursEntry.objects.values_list("hours", "is_superseded")) == [
        (Decimal("90.00"), False),
        (Decimal("100.00"), True),
    ]


def test_a_session_that_ended_says_so_and_keeps_what_was_typed(client):
    assignment = eligible_assignment()
    typed = {cell(assignment): "133,7", version(assignment): "0"}
    response = client.post(grid_url(), typed, headers={"Origin": "http://testserver"})
    assert response.status_code == 403
    assert "133,7" in response.content.decode()
    fragment = client.post(
        f"{reverse('hours_row', args=[assignment.pk])}?mois=2025-03",
        {cell(assignment): "133,7"},
        headers={"HX-Request": "true"},
    )
    assert fragment.status_code == 403 and "session" in fragment.content.decode()
    assert not HoursEntry.objects.exists()


def test_my_portfolio_narrows_the_grid_to_my_markets(client, facilitator):
    mine, other = eligible_assignment(), eligible_assignment()
    ResponsibilityFactory(market=mine.commitment.market, facilitator=facilitator)
    page = client.get(f"{grid_url()}&mine=1").content.decode()
    assert str(mine.placement.beneficiary) in page and str(other.placement.beneficiary) not in page


@pytest.mark.parametrize("month", ["", "2025-13", "hier", "0001-01", "99999-01"])
def test_a_month_that_makes_no_sense_shows_the_last_full_one(client, facilitator, month):
    assert client.get(f"{reverse('hours')}?mois={month}").status_code == 200


def test_the_pages_of_hours_cost_the_same_with_one_row_and_with_six(client, facilitator):
    commitment = CommitmentFactory()
    urls = {
        "hours": grid_url(),
        "market": grid_url("market_hours", pk=commitment.market_id),
        "company": grid_url("company_hours", pk=commitment.holder_id),
        "entries": reverse("entry_list"),
    }
    costs = {}
    for rows in (1, 6):
        while HoursEntry.objects.count() < rows:
            HoursEntryFactory(assignment=eligible_assignment(commitment=commitment), counted=True)
        for name, url in urls.items():
            client.get(url)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(url).status_code == 200
            costs.setdefault(name, []).append(len(captured))
    assert all(first == second for first, second in costs.values()), costs
    assert all(first <= 12 for first, _ in costs.values()), costs


def test_a_company_reads_its_entries_without_knowing_why_they_count(client, cast):
    assignment = eligible_assignment(commitment=cast.commitment_a)
    HoursEntryFactory(assignment=assignment, counted=True)
    other = eligible_assignment(commitment=cast.commitment_b)
    HoursEntryFactory(assignment=other, counted=True)
    client.force_login(cast.company_user_a)
    page = client.get(reverse("company_entry_list"))
    text = page.content.decode()
    assert str(assignment.placement.beneficiary) in text and str(other.placement.beneficiary) not in text
    assert "Comptée" not in text
    assert client.get(reverse("entry_list")).status_code == 403
    assert client.get(reverse("hours")).status_code == 403
    assert reverse("company_declaration_list") in text


@pytest.mark.parametrize("typed", ["²", "9" * 30, "-1", ""])
def test_a_row_number_that_no_row_can_have_is_not_an_error_of_the_software(client, cast, typed):
    client.force_login(cast.facilitator)
    assert client.post(f"{reverse('hours')}?mois=2026-01", {"valider": typed}).status_code == 302
    person = BeneficiaryFactory()
    address = reverse("placement_create", args=[person.pk])
    assert client.get(f"{address}?engagement={typed}").status_code == 200
