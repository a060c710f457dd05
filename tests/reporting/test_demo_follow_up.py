"""The follow-up that the demonstration tells: each list and tab of a file has rows, for each role."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from beneficiaries.actions import figures_of_actions
from beneficiaries.models import (
    Application,
    CollectiveAction,
    JobOffer,
    ReferrerFeedback,
    TrainingNeed,
)
from clauses.enums import ReviewState
from clauses.ladder import Stage
from clauses.models import (
    Commitment,
    CommitmentChange,
    Escalation,
    EscalationStep,
    Evidence,
    Interaction,
    OfferGrid,
    QualitativeCommitment,
    Recommendation,
)
from clauses.qualitative_state import LineState, state_of
from clauses.services.qualitative import line_of
from clauses.standings import standings_of
from core.consistency import run_checks
from core.models import Message
from markets.models import (
    Agreement,
    AgreementAmendment,
    Invoice,
    Market,
    MarketDocument,
    MarketParty,
    Operation,
    PlannedPurchase,
    Quote,
    Task,
)
from markets.services.invoices import numbers_follow
from reporting.demo import clock, follow_up
from reporting.demo.cast import Cast
from reporting.demo.load import load_territory
from reporting.demo.papers import paper
from reporting.models import Bilan, ProgressReport

ARGUMENTS = {"size": "small", "years": 2, "seed": 1, "as_of": "2026-11-22"}
AS_OF = dt.date(2026, 11, 22)
pytestmark = pytest.mark.django_db
# What a machine without Pango tells, looked at before the whole story is.
WITHOUT_DOCUMENTS: dict[str, object] = {}


@pytest.fixture(scope="module", autouse=True)
def told(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[None]:
    """The territory and its follow-up, told once for this module and taken back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_territory(ARGUMENTS, say=lambda text: None)
        with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
            patch.setattr("reporting.demo.cast.pdf_available", lambda: False)
            follow_up.tell_follow_up(as_of=AS_OF, say=lambda text: None)
            WITHOUT_DOCUMENTS.update(
                recommendations=values(Recommendation.objects, "state"),
                quotes=values(Quote.objects, "state"),
                steps=values(EscalationStep.objects, "kind"),
                markets=Commitment.objects.filter(market__reference="2026-CH-101").exists(),
                # Those of recruitment, of declarations and to people carry no document.
                messages=Message.objects.exclude(
                    key__regex="^(offer|presentation|feedback|declaration|proof-request|outcome)"
                ).count(),
            )
            transaction.set_rollback(True)
        follow_up.tell_follow_up(as_of=AS_OF, say=lambda text: None)
        yield
        transaction.set_rollback(True)


def account(name: str) -> User:
    return User.objects.get(email=f"{name}@demo.maillon.invalid")


def values(rows, field: str) -> set:
    return set(rows.order_by().values_list(field, flat=True))


# --- What was told ------------------------------------------------------------------------------------------


def test_every_check_of_consistency_is_clean():
    assert [(title, found) for title, found in run_checks() if found] == []


def test_a_convention_is_near_its_notice_another_consents_to_letters_and_one_was_ended():
    states = {row.state_on(AS_OF).value for row in Agreement.objects.all()}
    assert states == {"notice_near", "in_force", "terminated"}
    assert Agreement.objects.filter(letter_consent=True).count() == 1
    assert AgreementAmendment.objects.count() == 1


def test_eight_purchases_stand_in_every_state_of_the_targeting():
    rows = PlannedPurchase.objects.all()
    assert rows.count() == 8
    assert values(rows, "targeting") == {"to_study", "kept", "dismissed"}
    assert rows.filter(derogation="no_link").count() == 1
    assert rows.to_answer().count() == 1
    assert rows.filter(market__isnull=False).count() == 1


def test_recommendations_are_a_draft_of_two_scenarios_one_sent_one_accepted():
    assert values(Recommendation.objects, "state") == {"draft", "sent", "accepted"}
    assert Recommendation.objects.get(state="draft").scenarios.count() == 2
    assert Recommendation.objects.get(state="accepted").taken_up_on is not None


def test_bids_are_marked_the_lots_awarded_alone_and_in_a_group_that_shares_its_hours():
    assert sorted(grid.is_open for grid in OfferGrid.objects.all()) == [False, True]
    assert OfferGrid.objects.get(closed_on__isnull=False).assessments.count() == 3
    moved = CommitmentChange.objects.filter(
        reason="move", commitment__market__reference="2026-CH-101"
    ).order_by("delta")
    assert list(moved.values_list("delta", flat=True)) == [Decimal(-500), Decimal(500)]
    assert MarketDocument.objects.expected().exists()
    assert MarketDocument.objects.filter(file__isnull=False).count() >= 2


def test_recruitment_has_offers_candidates_in_every_state_actions_and_needs():
    assert values(JobOffer.objects, "state") == {"draft", "open"}
    assert values(Application.objects, "state") == {"proposed", "met", "presented", "hired", "rejected"}
    assert Application.objects.filter(beneficiary=None).count() == 3
    # Its company reads the one that was sent, and who was presented.
    andrea = account("titulaire")
    assert JobOffer.objects.visible_to(andrea).count() == 1
    assert Application.objects.visible_to(andrea).count() == 3
    assert ReferrerFeedback.objects.count() == 2
    figures = figures_of_actions(CollectiveAction.objects.all())
    assert figures.actions == 2
    assert figures.participations == figures.people + 4
    assert figures.hired >= 1
    assert [row.notices.count() for row in TrainingNeed.objects.order_by("pk")] == [3, 2, 0]
    assert CollectiveAction.objects.visible_to(account("oullins")).exists()


def test_orders_add_what_their_sum_asks_for():
    # 84,000 + 36,500 − 4,500 = 116,000 €, at 400 € an hour: 290 h.
    orders = CommitmentChange.objects.filter(amount__isnull=False)
    assert sum(orders.values_list("delta", flat=True)) == Decimal(290)


def test_a_market_is_shared_an_operation_has_two_and_a_private_site_its_own_target():
    party = MarketParty.objects.get()
    assert (party.share, party.buyer.identifier) == (Decimal(40), "20004697700019")
    assert sorted((row.kind, row.target_hours, row.markets.count()) for row in Operation.objects.all()) == [
        ("private", Decimal(1200), 1),
        ("public", None, 2),
    ]


def test_lines_of_the_grid_are_kept_late_waiting_and_refused():
    lines = QualitativeCommitment.objects.with_progress()
    found = {state_of(line_of(row), AS_OF) for row in lines}
    assert {LineState.MET, LineState.LATE, LineState.UNPROVED} <= found
    assert values(Evidence.objects, "state") == set(ReviewState.values)


def test_quotes_stand_in_each_state_and_invoices_follow_their_numbers():
    assert values(Quote.objects, "state") == {"draft", "sent", "accepted", "refused"}
    assert values(Invoice.objects, "state") == {"upcoming", "ready", "issued", "sent", "paid"}
    assert numbers_follow("F") == []


def test_three_difficulties_stand_at_three_rungs():
    found = {one.stage for one in standings_of(Escalation.objects.order_by("pk"), AS_OF)}
    assert found == {Stage.TO_APPROVE, Stage.WAITING, Stage.DECIDED}
    decision = EscalationStep.objects.get(kind="decision")
    # By the market's formula: 35 € for each hour missing.
    assert Decimal(decision.facts["amount"]) == Decimal(decision.facts["missing"]) * 35


def test_the_journal_and_the_deadlines_of_each_facilitator_are_told():
    assert 15 <= Interaction.objects.count() <= 40
    for name in ("nadia", "thomas", "ines"):
        mine = Task.objects.open().filter(assignee=account(name)).order_by("due_on")
        days = [(day - AS_OF).days for day in mine.values_list("due_on", flat=True)]
        assert days[0] < 0 and any(0 <= day <= 7 for day in days) and days[-1] > 7, name
    # The steering committee, the school's launch, and the launch and kick-off of three other markets.
    assert Task.objects.filter(kind="meeting", done_on__isnull=False).count() == 2 + 3 * 2
    assert Task.objects.open().filter(kind="meeting", due_on__gt=AS_OF, starts_at__isnull=False).count() >= 4
    assert values(Task.objects.open(), "turn") == {"house", "buyer", "company", "partner"}
    assert ProgressReport.objects.count() == 1
    assert Bilan.objects.filter(kind="final").count() == 1


def test_what_is_told_bears_its_own_days_and_nothing_leaves():
    assert not Task.objects.filter(since__gt=AS_OF).exists()
    assert not Interaction.objects.filter(on__gt=AS_OF).exists()
    school = Market.objects.get(reference="2026-CH-101")
    first = school.history.order_by("history_date").first()
    # Opened 128 days before, on a working day: 22 November 2026 less 128 days is 17 July, a Friday.
    assert timezone.localdate(first.history_date) == dt.date(2026, 7, 17)
    assert first.history_user == account("nadia")
    assert values(Message.objects, "state") == {"sent"}


# --- Who sees it --------------------------------------------------------------------------------------------

EVERY = (
    Agreement,
    PlannedPurchase,
    Recommendation,
    OfferGrid,
    MarketDocument,
    Operation,
    Commitment,
    QualitativeCommitment,
    Quote,
    Invoice,
    Escalation,
    Interaction,
    Task,
    ProgressReport,
)
LISTS = (
    "/echeances/",
    "/marches/achats/",
    "/marches/conventions/",
    "/marches/difficultes/",
    "/operations/",
)


@pytest.mark.parametrize("model", EVERY, ids=lambda model: model.__name__)
def test_the_house_sees_rows_of_everything(model):
    assert model.objects.visible_to(account("nadia")).exists()


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("name", ["nadia", "oullins"])
def test_the_lists_of_the_house_and_of_the_town_have_rows(client, name, path):
    client.force_login(account(name))
    response = client.get(path)
    assert response.status_code == 200
    assert "<tbody" in response.content.decode()


@pytest.mark.parametrize(
    ("name", "models"),
    [
        (
            "oullins",
            (Agreement, PlannedPurchase, Recommendation, MarketDocument, Quote, Invoice, Escalation, Task),
        ),
        (
            "metropole",
            (PlannedPurchase, MarketDocument, Escalation, QualitativeCommitment, MarketParty, Task),
        ),
        ("titulaire", (Commitment, QualitativeCommitment, EscalationStep, Task)),
    ],
)
def test_the_accounts_of_buyers_and_companies_see_theirs(name, models):
    assert [model.__name__ for model in models if not model.objects.visible_to(account(name)).exists()] == []


# --- The tools of the story ---------------------------------------------------------------------------------


def test_days_fall_on_working_days_away_from_today():
    # 22 November 2026 is a Sunday.
    cast = Cast(AS_OF, *[account("admin")] * 7)
    assert cast.day(-1) == dt.date(2026, 11, 20)
    assert cast.day(1) == dt.date(2026, 11, 23)
    assert cast.day(6) == dt.date(2026, 11, 30)


def test_the_clock_ticks_on_the_given_day_and_goes_back():
    real = timezone.now
    with pytest.raises(ZeroDivisionError), clock.on_day(dt.date(2026, 3, 2)):
        assert timezone.localdate() == dt.date(2026, 3, 2)
        assert timezone.now() < timezone.now()
        raise ZeroDivisionError
    assert timezone.now is real


def test_a_paper_is_a_pdf_that_says_it_is_invented():
    content = paper("essai", "Titre (é)", "Ligne").read()
    assert content.startswith(b"%PDF-1.4") and content.endswith(b"%%EOF\n")
    assert "Document inventé".encode("cp1252") in content
    assert b"Titre \\(\xe9\\)" in content


def test_without_documents_the_story_stops_at_drafts():
    assert {
        "recommendations": {"draft"},
        "quotes": {"draft"},
        "steps": {"opened"},
        "markets": True,
        "messages": 0,
    } == WITHOUT_DOCUMENTS
