"""Two people at the same moment, on PostgreSQL: the parent's row makes the second wait, and see what the first wrote."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection

from clauses import services as clauses_services
from clauses.enums import ChangeReason
from clauses.models import Commitment
from core.errors import DomainError
from markets import services as markets_services
from tests.factories import CommitmentFactory, MarketFactory, UserFactory

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
DAY = dt.date(2025, 6, 1)


def together(*gestures: Callable[[], object]) -> list[str]:
    """Run the gestures at once, each on its own connection; « fait » or the sentence of the refusal for each."""
    start, answers = threading.Barrier(len(gestures)), [""] * len(gestures)

    def run(index: int) -> None:
        try:
            start.wait(timeout=10)
            gestures[index]()
            answers[index] = "fait"
        except DomainError as error:
            answers[index] = error.sentence
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(gestures))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return answers


def test_two_discharges_at_once_never_take_more_than_there_is() -> None:
    assert connection.vendor == "postgresql"
    commitment = CommitmentFactory(hours=500)

    def discharge() -> None:
        clauses_services.record_change(
            commitment=commitment,
            delta=Decimal("-300"),
            effective_on=DAY,
            reason=ChangeReason.DISCHARGE,
            user=None,
        )

    answers = together(*[discharge] * 4)
    assert answers.count("fait") == 1
    assert sum("on ne peut pas en retirer davantage" in answer for answer in answers) == 3
    assert Commitment.objects.with_hours_engaged().get(pk=commitment.pk).hours_engaged == Decimal("200")


def test_two_relays_at_once_leave_one_responsible() -> None:
    market = MarketFactory()
    people = [UserFactory() for _ in range(3)]
    answers = together(
        *[
            lambda person=person: markets_services.hand_over(target=market, to=person, on=DAY, by=None)
            for person in people
        ]
    )
    assert answers.count("fait") == 1
    assert sum("plus tardif" in answer for answer in answers) == 2
    assert market.responsibilities.count() == 1
