"""A purchase that becomes a market brings what its buyer accepted before."""

from __future__ import annotations

import pytest
from django.utils import timezone

from clauses.heads import market_head
from clauses.services import recommendation_answers as answers
from markets.models import Market, Task
from markets.services.planning import start_market
from tests.factories import PlannedPurchaseFactory, UserFactory, make_recommendation

pytestmark = pytest.mark.django_db


def started(answer: str) -> Market:
    fanny = UserFactory()
    purchase = PlannedPurchaseFactory(targeting="kept", targeted_on=timezone.localdate())
    row = make_recommendation(purchase, fanny, sent=True)
    answers.record_answer(
        recommendation=row,
        answer=answer,
        on=timezone.localdate(),
        chosen=row.scenarios.get(),
        text="trop d’heures",
        by=fanny,
    )
    return start_market(purchase=purchase, reference="2027-001", by=fanny)


def test_a_market_begins_with_the_scenario_accepted_on_its_purchase():
    market = started("accepted")
    task = Task.objects.get(key__endswith=":take_up")
    assert (task.market, task.turn, task.done_on) == (market, "house", None)
    step = market_head(market, UserFactory()).next_step
    assert step and (step.url, step.label) == (task.url, "Reprendre")


def test_a_refused_recommendation_leaves_the_clause_to_be_said():
    market = started("refused")
    assert not Task.objects.filter(key__endswith=":take_up").exists()
    step = market_head(market, UserFactory()).next_step
    assert step and "quelle clause" in step.what
