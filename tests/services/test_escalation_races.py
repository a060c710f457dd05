"""Two people of the buyer, or of the house, at the same moment on one escalation, on PostgreSQL: one gesture is kept."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection

from clauses.enums import StepKind
from clauses.ladder import Stage
from clauses.models import Escalation
from clauses.services import escalation as services
from tests.factories import BuyerMembershipFactory, CommitmentFactory, UserFactory, make_escalation
from tests.services.test_races import together

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def test_two_users_of_a_buyer_who_decide_at_once_leave_one_decision() -> None:
    assert connection.vendor == "postgresql"
    escalation = make_escalation(upto=Stage.TO_DECIDE)
    users = [BuyerMembershipFactory(buyer=escalation.market.buyer).user for _ in range(4)]

    def waive(by: object) -> object:
        return lambda: services.decide_penalty(
            escalation=escalation, decision="waived", reason="Accord trouvé.", seen=Decimal(0), by=by
        )

    answers = together(*[waive(user) for user in users])
    assert answers.count("fait") == 1
    assert sum("le donneur d’ordre a déjà décidé" in answer for answer in answers) == 3
    assert escalation.steps.filter(kind=StepKind.DECISION).count() == 1


def test_a_difficulty_opened_twice_at_once_is_opened_once() -> None:
    commitment, by = CommitmentFactory(), UserFactory()

    def begin() -> None:
        services.open_escalation(
            commitment=commitment, on=dt.date(2026, 3, 1), text="Aucune nouvelle.", by=by
        )

    answers = together(*[begin] * 4)
    assert answers.count("fait") == 1
    assert sum("déjà ouverte sur cet engagement" in answer for answer in answers) == 3
    assert Escalation.objects.filter(commitment=commitment).count() == 1
