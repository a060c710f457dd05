"""The campaign of a year: who is concerned, what each bilan lacks, and the gestures on many."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from beneficiaries.completeness import anomalies_by_buyer, unanswered_by_buyer, unvalidated_by_buyer
from beneficiaries.enums import EntryState
from beneficiaries.models import Assignment, HoursEntry, Outcome
from clauses.models import Commitment, QualitativeCommitment
from clauses.qualitative_list import unproved_by_buyer
from clauses.qualitative_state import LineState, state_of
from clauses.services.qualitative import line_of
from core.errors import DomainError
from core.models import Job
from markets.models import Buyer, Responsibility, Task
from reporting.campaign_figures import concerned
from reporting.enums import BilanState
from reporting.models import Bilan, BilanDelivery, Campaign
from reporting.services.campaigns import ask_for_drafts, change_due_date, open_campaign, open_drafts
from reporting.services.workflow import review_bilan
from tests.factories import (
    AchievementFactory,
    AgreementFactory,
    AssignmentFactory,
    BuyerFactory,
    ClosedYearFactory,
    CommitmentFactory,
    EvidenceFactory,
    HoursEntryFactory,
    MarketFactory,
    MarketPartyFactory,
    OutcomeFactory,
    QualitativeCommitmentFactory,
    UserFactory,
    eligible_assignment,
    make_bilan,
)

pytestmark = pytest.mark.django_db
YEAR = 2025


@pytest.fixture
def campaign(cast):
    return open_campaign(year=YEAR, due_on=None, user=cast.admin)


def text_of(response):
    assert response.status_code == 200
    return response.content.decode().replace("\u202f", " ").replace("\xa0", " ")


# --- Opening --------------------------------------------------------------------------------------------------


def test_a_campaign_is_opened_once_by_the_admin_for_a_year_that_has_begun(cast):
    with pytest.raises(DomainError, match="administrateur"):
        open_campaign(year=YEAR, due_on=None, user=cast.facilitator)
    open_campaign(year=YEAR, due_on=dt.date(2026, 3, 31), user=cast.admin)
    with pytest.raises(DomainError, match="déjà ouverte"):
        open_campaign(year=YEAR, due_on=None, user=cast.admin)
    with pytest.raises(DomainError, match="n’a pas commencé"):
        open_campaign(year=timezone.localdate().year + 1, due_on=None, user=cast.admin)
    with pytest.raises(DomainError, match="vérifiez l’année"):
        open_campaign(year=2024, due_on=dt.date(2042, 3, 31), user=cast.admin)


def test_the_form_keeps_what_was_typed_and_says_what_is_wrong(client, cast):
    client.force_login(cast.admin)
    text = text_of(client.post(reverse("campaign_open"), {"year": "2025", "due_on": "32/01/2026"}))
    assert "32/01/2026" in text and Campaign.objects.count() == 0
    response = client.post(reverse("campaign_open"), {"year": "2025", "due_on": "31/3/26"})
    assert response.url == reverse("campaign_detail", args=[2025])
    assert Campaign.objects.get().due_on == dt.date(2026, 3, 31)


def test_a_new_day_reaches_the_tasks_of_who_writes(cast, campaign):
    Responsibility.objects.create(
        buyer=cast.buyer_a, facilitator=cast.facilitator, starts_on=dt.date(2025, 1, 1)
    )
    bilan = make_bilan(buyer=cast.buyer_a)
    day = timezone.localdate() + dt.timedelta(days=30)
    change_due_date(campaign=Campaign.objects.get(year=YEAR), due_on=day, user=cast.admin)
    assert bilan.writer == cast.facilitator
    assert Task.objects.get(key=f"bilan:{bilan.pk}:draft").due_on == day


# --- Who is concerned -----------------------------------------------------------------------------------------


def test_concerned_are_those_with_a_market_alive_a_share_hours_an_agreement_or_a_bilan():
    led, shared, agreed, before, after, drafted, nothing = (BuyerFactory() for _ in range(7))
    market = MarketFactory(buyer=led, notified_on=dt.date(2025, 12, 31), starts_on=None)
    MarketPartyFactory(market=market, buyer=shared)
    MarketFactory(
        buyer=before, notified_on=dt.date(2020, 1, 1), starts_on=None, closed_on=dt.date(2024, 12, 31)
    )
    MarketFactory(buyer=after, notified_on=dt.date(2026, 1, 1), starts_on=None)
    AgreementFactory(buyer=agreed, starts_on=dt.date(2024, 1, 1), ends_on=dt.date(2025, 1, 1))
    AgreementFactory(
        buyer=nothing,
        starts_on=dt.date(2023, 1, 1),
        ends_on=dt.date(2026, 1, 1),
        terminated_on=dt.date(2025, 1, 1),
    )
    make_bilan(buyer=drafted)
    found = concerned(
        Buyer.objects.filter(pk__in=[b.pk for b in (led, shared, agreed, before, after, drafted, nothing)]),
        YEAR,
    )
    assert set(found) == {led, shared, agreed, drafted}


def test_hours_concern_a_buyer_whose_market_was_closed_before():
    commitment = CommitmentFactory()
    market = commitment.market
    HoursEntryFactory(
        assignment=eligible_assignment(commitment=commitment), month=dt.date(2025, 3, 1), counted=True
    )
    market.notified_on = market.starts_on = dt.date(2023, 1, 1)
    market.closed_on = dt.date(2024, 12, 31)
    market.save()
    assert list(concerned(Buyer.objects.filter(pk=market.buyer_id), YEAR)) == [market.buyer]
    assert not concerned(Buyer.objects.filter(pk=market.buyer_id), 2026).exists()


# --- What is missing ------------------------------------------------------------------------------------------


def test_hours_not_validated_are_those_of_the_year_in_force(cast):
    assignment = eligible_assignment(commitment=cast.commitment_a)
    HoursEntryFactory(assignment=assignment, month=dt.date(2025, 3, 1), state=EntryState.SUBMITTED)
    HoursEntryFactory(assignment=assignment, month=dt.date(2025, 4, 1), state=EntryState.DRAFT)
    HoursEntryFactory(assignment=assignment, month=dt.date(2026, 1, 1), state=EntryState.DRAFT)
    HoursEntryFactory(assignment=assignment, month=dt.date(2025, 5, 1), counted=True)
    keys = [cast.buyer_a.pk, cast.buyer_b.pk]
    assert unvalidated_by_buyer(HoursEntry.objects.visible_to(cast.admin), YEAR, keys) == {cast.buyer_a.pk: 2}


def test_situations_unknown_are_those_due_in_the_year_of_who_worked_for_the_buyer(cast):
    mine = eligible_assignment(commitment=cast.commitment_a)
    # A second market of the same buyer: still one person to ask.
    AssignmentFactory(
        placement=mine.placement,
        commitment=cast.other_commitment_a,
        review=mine.review,
        starts_on=mine.starts_on,
    )
    theirs = eligible_assignment(commitment=cast.commitment_b)
    for assignment, exit_on, due_on in (
        (mine, dt.date(2025, 6, 30), dt.date(2025, 6, 30)),
        (mine, dt.date(2025, 7, 31), dt.date(2026, 1, 31)),
        (theirs, dt.date(2025, 9, 30), dt.date(2025, 9, 30)),
    ):
        OutcomeFactory(
            beneficiary=assignment.placement.beneficiary,
            exit_on=exit_on,
            due_on=due_on,
            situation="",
            recorded_on=None,
        )
    today = dt.date(2026, 11, 22)
    rows = Outcome.objects.visible_to(cast.admin)
    found = unanswered_by_buyer(rows, YEAR, today, [cast.buyer_a.pk, cast.buyer_b.pk])
    assert found == {cast.buyer_a.pk: 1, cast.buyer_b.pk: 1}
    assert unanswered_by_buyer(rows, 2026, today, [cast.buyer_a.pk]) == {cast.buyer_a.pk: 1}


def test_lines_without_proof_are_the_ones_whose_state_says_so(cast):
    lines = []
    for number, (done, proof) in enumerate(
        ((None, None), (2, None), (2, "accepted"), (1, None), (2, "refused"))
    ):
        line = QualitativeCommitmentFactory(
            commitment=cast.commitment_a,
            target_number=2,
            due_on=dt.date(2025, 6, 1),
            action=f"Action {number}",
        )
        if done:
            AchievementFactory(qualitative=line, quantity=done, state="accepted")
        if proof:
            EvidenceFactory(qualitative=line, state=proof, reason="illisible" if proof == "refused" else "")
        lines.append(line)
    rows = QualitativeCommitment.objects.with_progress().order_by("pk")
    said = {row.pk for row in rows if state_of(line_of(row), dt.date(2026, 1, 1)) == LineState.UNPROVED}
    assert said == set(QualitativeCommitment.objects.unproved().values_list("pk", flat=True))
    assert said == {lines[1].pk, lines[4].pk}
    every = QualitativeCommitment.objects.visible_to(cast.admin)
    assert unproved_by_buyer(every, YEAR, [cast.buyer_a.pk, cast.buyer_b.pk]) == {cast.buyer_a.pk: 2}
    assert unproved_by_buyer(every, 2024, [cast.buyer_a.pk]) == {}


def test_each_figure_is_the_number_of_lines_of_the_list_that_it_leads_to(client, cast, campaign):
    assignment = eligible_assignment(commitment=cast.commitment_a, weekly_hours=10)
    HoursEntryFactory(assignment=assignment, month=dt.date(2025, 4, 1), hours=160, state=EntryState.SUBMITTED)
    theirs = eligible_assignment(commitment=cast.commitment_b)
    HoursEntryFactory(assignment=theirs, month=dt.date(2025, 4, 1), hours=10, state=EntryState.SUBMITTED)
    OutcomeFactory(
        beneficiary=assignment.placement.beneficiary,
        exit_on=dt.date(2025, 6, 30),
        due_on=dt.date(2025, 6, 30),
        situation="",
        recorded_on=None,
    )
    client.force_login(cast.facilitator)
    response = client.get(reverse("campaign_detail", args=[YEAR]), {"anomalies": "1"})
    row = next(row for row in response.context["table"].page.object_list.data if row.pk == cast.buyer_a.pk)
    assert (row.standing.hours, row.standing.outcomes) == (1, 1)
    entries = client.get(f"{reverse('entry_list')}?buyer={row.pk}&year=2025&state=unvalidated")
    assert entries.context["count"] == 1
    outcomes = client.get(f"{reverse('outcome_list')}?buyer={row.pk}&year=2025&state=unanswered")
    assert outcomes.context["count"] == 1
    checks = client.get(f"{reverse('anomaly_list')}?mois=2025-12&periode=annee&buyer={row.pk}")
    assert checks.context["count"] == row.standing.anomalies > 0
    text = text_of(response)
    for url in ("entry_list", "outcome_list", "anomaly_list"):
        assert reverse(url) in text


def test_anomalies_are_those_of_each_buyer_alone(cast):
    for commitment, hours in ((cast.commitment_a, 160), (cast.commitment_b, 30)):
        HoursEntryFactory(
            assignment=eligible_assignment(commitment=commitment, weekly_hours=10),
            month=dt.date(2025, 4, 1),
            hours=hours,
            state=EntryState.SUBMITTED,
        )
    found = anomalies_by_buyer(
        Assignment.objects.visible_to(cast.admin),
        Commitment.objects.none(),
        YEAR,
        dt.date(2026, 11, 22),
        [cast.buyer_a.pk, cast.buyer_b.pk],
    )
    assert found == {cast.buyer_a.pk: 1}


# --- The list -------------------------------------------------------------------------------------------------


def row_of(client, buyer, **query):
    response = client.get(reverse("campaign_detail", args=[YEAR]), query)
    rows = [row for row in response.context["table"].page.object_list.data if row.pk == buyer.pk]
    return (rows[0] if rows else None), text_of(response)


def test_the_progress_counts_who_is_published(client, cast, campaign):
    make_bilan(buyer=cast.buyer_a, published=True)
    client.force_login(cast.facilitator)
    _, text = row_of(client, cast.buyer_a)
    assert "1 publié sur 2" in text and "sont closes" in text


def test_a_rectified_version_in_writing_leaves_the_buyer_published(client, cast, campaign):
    make_bilan(buyer=cast.buyer_a, published=True)
    from reporting.services.drafts import start_bilan

    start_bilan(buyer=cast.buyer_a, year=YEAR, user=cast.admin, rectification_reason="erreur d’addition")
    client.force_login(cast.admin)
    row, text = row_of(client, cast.buyer_a)
    assert "1 publié sur 2" in text and "brouillon, version 2" in text
    assert row.published_at is not None


def test_the_writer_is_who_answers_for_the_buyer_until_another_is_named(client, cast, campaign):
    Responsibility.objects.create(
        buyer=cast.buyer_a, facilitator=cast.facilitator, starts_on=dt.date(2025, 1, 1)
    )
    client.force_login(cast.admin)
    row, _ = row_of(client, cast.buyer_a)
    assert row.standing.writer == str(cast.facilitator) and row.standing.is_proposed
    bilan = make_bilan(buyer=cast.buyer_a)
    other = UserFactory(first_name="Olga", last_name="Autre")
    url = f"{reverse('campaign_writers', args=[YEAR])}?ligne={cast.buyer_a.pk}"
    assert client.post(url, {"writer": other.pk}).status_code == 302
    bilan.refresh_from_db()
    assert bilan.writer == other
    assert row_of(client, cast.buyer_a, redacteur=other.pk)[0] is not None
    assert row_of(client, cast.buyer_a, redacteur=cast.facilitator.pk)[0] is None


def test_filters_by_state_and_by_what_is_missing(client, cast, campaign):
    HoursEntryFactory(
        assignment=eligible_assignment(commitment=cast.commitment_a),
        month=dt.date(2025, 4, 1),
        state=EntryState.SUBMITTED,
    )
    make_bilan(buyer=cast.buyer_b, published=True)
    client.force_login(cast.facilitator)
    for query, shown in (
        ({"etat": "aucun"}, "a"),
        ({"etat": "published"}, "b"),
        ({"manque": "heures"}, "a"),
        ({"manque": "remise"}, "b"),
        ({"manque": "situations"}, ""),
        ({"manque": "preuves"}, ""),
        ({"manque": "observations"}, ""),
        ({"etat": "published", "manque": "heures"}, ""),
    ):
        assert (row_of(client, cast.buyer_a, **query)[0] is not None) == (shown == "a"), query
        assert (row_of(client, cast.buyer_b, **query)[0] is not None) == (shown == "b"), query
    bilan = Bilan.objects.get()
    BilanDelivery.objects.create(bilan=bilan, email="a@b.invalid", first_download_at=timezone.now())
    _, text = row_of(client, cast.buyer_b)
    assert ", téléchargé" in text and "1 remis" in text
    assert row_of(client, cast.buyer_b, manque="remise")[0] is None


def test_an_export_has_the_same_lines_and_figures_with_their_anomalies(client, cast, campaign):
    HoursEntryFactory(
        assignment=eligible_assignment(commitment=cast.commitment_a, weekly_hours=10),
        month=dt.date(2025, 4, 1),
        hours=160,
        state=EntryState.SUBMITTED,
    )
    client.force_login(cast.facilitator)
    response = client.get(reverse("campaign_detail", args=[YEAR]), {"export": "csv", "manque": "heures"})
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    # Too many hours for the contract, and two engagements of whom nothing was heard since.
    assert lines[0].startswith("Donneur d’ordre;Bilan;Rédigé par;Heures à valider")
    assert len(lines) == 2 and lines[1].startswith("Ville d’Alpha;pas ouvert;;1;0;3;0;;0")


def counted(client, url):
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
        assert response.status_code == 200
        if response.streaming:
            b"".join(response.streaming_content)
    return len(queries)


def test_as_many_queries_for_two_buyers_and_for_eight_and_twelve_at_most(client, cast, campaign):
    client.force_login(cast.admin)
    make_bilan(buyer=cast.buyer_a)
    make_bilan(buyer=cast.buyer_b, published=True)
    page = reverse("campaign_detail", args=[YEAR])
    first = [counted(client, page + query) for query in ("", "?export=csv", "?manque=situations&etat=draft")]
    for _ in range(6):
        assignment = eligible_assignment()
        HoursEntryFactory(assignment=assignment, month=dt.date(2025, 4, 1), state=EntryState.SUBMITTED)
        make_bilan(buyer=assignment.commitment.market.buyer)
    assert [
        counted(client, page + query) for query in ("", "?export=csv", "?manque=situations&etat=draft")
    ] == first
    assert first[0] <= 12


def test_anomalies_come_by_themselves_in_their_cells(client, cast, campaign):
    HoursEntryFactory(
        assignment=eligible_assignment(commitment=cast.commitment_a, weekly_hours=10),
        month=dt.date(2025, 4, 1),
        hours=160,
        state=EntryState.SUBMITTED,
    )
    client.force_login(cast.facilitator)
    address = reverse("campaign_anomalies", args=[YEAR])
    assert address in text_of(client.get(reverse("campaign_detail", args=[YEAR])))
    text = text_of(client.get(address, {"buyer": [cast.buyer_a.pk, cast.buyer_b.pk, "x", "9" * 30]}))
    assert f'id="anomalies-{cast.buyer_a.pk}" hx-swap-oob="true">3<' in text
    assert f'id="anomalies-{cast.buyer_b.pk}" hx-swap-oob="true">1<' in text


# --- Drafts ---------------------------------------------------------------------------------------------------


def test_drafts_are_opened_for_those_who_have_none_and_no_other(client, cast, campaign):
    existing = make_bilan(buyer=cast.buyer_a)
    client.force_login(cast.facilitator)
    url = reverse("campaign_drafts", args=[YEAR])
    assert "Ouvrir 1 brouillon" in text_of(client.get(url))
    response = client.post(url)
    job = Job.objects.get(kind="open_bilans")
    assert response.url == reverse("job_detail", args=[job.pk])
    assert job.state == Job.State.DONE and job.report["brouillons ouverts"] == 1
    assert Bilan.objects.get(buyer=cast.buyer_a) == existing
    assert Bilan.objects.get(buyer=cast.buyer_b).state == BilanState.DRAFT
    assert client.get(url).status_code == 302


def test_opening_again_after_a_failure_goes_on_where_it_was(cast, campaign):
    keys = [cast.buyer_a.pk, cast.buyer_b.pk]
    seen = []

    def stop(number):
        seen.append(number)
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        open_drafts(campaign, keys, step=stop, user=cast.admin)
    assert Bilan.objects.count() == 1
    report = open_drafts(campaign, keys, step=seen.append, user=cast.admin)
    assert report == {"brouillons ouverts": 1, "déjà là": 1} and Bilan.objects.count() == 2


def test_nobody_chosen_is_said(cast, campaign):
    with pytest.raises(DomainError, match="cochez"):
        ask_for_drafts(campaign=campaign, buyers=[], user=cast.admin)


def test_ticked_lines_win_over_the_filters(client, cast, campaign):
    client.force_login(cast.facilitator)
    url = reverse("campaign_drafts", args=[YEAR])
    client.post(f"{url}?ligne={cast.buyer_b.pk}&ligne=zz")
    assert [bilan.buyer for bilan in Bilan.objects.all()] == [cast.buyer_b]
    client.post(f"{url}?q=alpha")
    assert Bilan.objects.filter(buyer=cast.buyer_a).exists()


def test_writing_is_given_for_a_selection_and_published_ones_stay(client, cast, campaign):
    draft, published = make_bilan(buyer=cast.buyer_a), make_bilan(buyer=cast.buyer_b, published=True)
    client.force_login(cast.facilitator)
    response = client.post(reverse("campaign_writers", args=[YEAR]), {"writer": cast.admin.pk})
    assert response.url == reverse("campaign_detail", args=[YEAR])
    draft.refresh_from_db()
    published.refresh_from_db()
    assert draft.writer == cast.admin and published.writer != cast.admin


def test_a_year_that_is_not_closed_is_said_with_where_to_close_it(client, cast, campaign):
    client.force_login(cast.admin)
    text = text_of(client.get(reverse("campaign_detail", args=[YEAR])))
    assert "clore les heures de 2025" in text and reverse("closed_year_list") in text
    # Only the admin closes a year: nobody else is led to a page that refuses them.
    client.force_login(cast.facilitator)
    text = text_of(client.get(reverse("campaign_detail", args=[YEAR])))
    assert "clore les heures de 2025" in text and reverse("closed_year_list") not in text
    ClosedYearFactory(year=YEAR)
    assert "sont closes" in text_of(client.get(reverse("campaign_detail", args=[YEAR])))


def test_a_campaign_that_nobody_opened_does_not_exist(client, cast):
    client.force_login(cast.admin)
    for year in (2025, 99999999999999999999):
        assert client.get(f"/bilans/campagnes/{year}/").status_code == 404
        assert client.get(f"/bilans/campagnes/{year}/publier/").status_code == 404


def test_bilans_that_are_not_ready_say_why_before_anything_starts(client, cast, campaign):
    make_bilan(buyer=cast.buyer_a)
    review_bilan(bilan=make_bilan(buyer=cast.buyer_b), user=cast.admin)
    client.force_login(cast.admin)
    text = text_of(client.get(reverse("campaign_publish", args=[YEAR])))
    assert "Aucun bilan n’est prêt" in text
    assert "Un bilan se publie une fois relu" in text and "L’année 2025 n’est pas close" in text
    assert Job.objects.filter(kind__startswith="publish").count() == 0
