"""A bilan that several people move at the same moment, on PostgreSQL: each passage once, no remark lost."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from reporting.models import BilanComment, BilanStep, SentDraft
from reporting.services.comments import comment_draft
from reporting.services.drafts import start_final_bilan
from reporting.services.publication import freeze
from reporting.services.sent_drafts import send_draft
from reporting.services.workflow import review_bilan, submit_bilan
from tests.factories import (
    BuyerFactory,
    BuyerMembershipFactory,
    ClosedYearFactory,
    CommitmentFactory,
    LotFactory,
    MarketFactory,
    UserFactory,
    make_bilan,
)
from tests.reporting.test_subtraction_side_by_side import commitment_of, tables, work
from tests.services.test_races import together

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def test_the_same_passage_by_four_people_at_once_writes_one_step() -> None:
    assert connection.vendor == "postgresql"
    user, bilan = UserFactory(), make_bilan(buyer=BuyerFactory())
    assert together(*[lambda: submit_bilan(bilan=bilan, reviewer=user, by=user)] * 4) == ["fait"] * 4
    assert together(*[lambda: review_bilan(bilan=bilan, user=user)] * 4) == ["fait"] * 4
    kinds = BilanStep.objects.filter(bilan=bilan).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["started", "submitted", "reviewed"]


def _sent() -> SentDraft:
    bilan = review_bilan(bilan=make_bilan(buyer=BuyerFactory()), user=None)
    return send_draft(bilan=bilan, comments_until=timezone.localdate() + dt.timedelta(days=20), user=None)


def test_a_remark_posted_while_the_house_publishes_is_kept_and_answered_first_or_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("reporting.services.sent_drafts.pdf_available", lambda: False)
    admin = UserFactory(admin=True)
    ClosedYearFactory(year=2025)
    for _ in range(3):
        draft = _sent()
        member = BuyerMembershipFactory(buyer=draft.bilan.buyer).user
        published, noted = together(
            lambda draft=draft: freeze(bilan=draft.bilan, user=admin),
            lambda draft=draft, member=member: comment_draft(
                draft=draft, chapter="hours", text="Et le lot 3 ?", by=member
            ),
        )
        draft.bilan.refresh_from_db()
        is_kept = BilanComment.objects.filter(draft=draft).exists()
        # Either the remark came first and the publication waits for its answer, or the buyer is told that it is too late.
        assert (noted == "fait") == is_kept == (not draft.bilan.is_published)
        assert (published == "fait") == draft.bilan.is_published
        said = noted if draft.bilan.is_published else published
        assert "plus d’observations" in said if draft.bilan.is_published else "attend une réponse" in said


def test_a_projet_asked_for_by_two_people_at_once_is_sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reporting.services.sent_drafts.pdf_available", lambda: False)
    bilan = review_bilan(bilan=make_bilan(buyer=BuyerFactory()), user=None)
    until = timezone.localdate() + dt.timedelta(days=20)
    answers = together(*[lambda: send_draft(bilan=bilan, comments_until=until, number=1, user=None)] * 3)
    assert answers == ["fait"] * 3
    assert SentDraft.objects.filter(bilan=bilan).count() == 1


def test_two_bilans_of_one_reader_published_at_once_do_not_tell_what_is_between_them() -> None:
    """Twenty people of the market, nine more of the buyer's year: the second published withholds its table."""
    buyer, admin = BuyerFactory(), UserFactory(admin=True)
    market = MarketFactory(buyer=buyer, closed=True)
    work(CommitmentFactory(lot=LotFactory(market=market), hours=1000), 20, gender="F")
    work(commitment_of(buyer), 9, gender="F")
    ClosedYearFactory(year=2025)
    bilans = [make_bilan(buyer=buyer), start_final_bilan(market=market, user=None)]
    for bilan in bilans:
        review_bilan(bilan=bilan, user=None)
    assert (
        together(*[lambda bilan=bilan: freeze(bilan=bilan, user=admin) for bilan in bilans]) == ["fait"] * 2
    )
    for bilan in bilans:
        bilan.refresh_from_db()
    assert sum("typology_gender" in tables(bilan.snapshot) for bilan in bilans) == 1
