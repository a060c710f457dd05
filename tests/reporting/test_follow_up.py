"""How each company was followed: contacts, promises beside the hours, difficulties, of the scope's markets only."""

from __future__ import annotations

import datetime as dt

import pytest

from clauses.enums import StepKind
from clauses.models import Escalation, EscalationStep
from reporting import indicators
from reporting.indicators import Facts
from reporting.scope import Period, Scope
from reporting.snapshot import build_snapshot
from tests.factories import InteractionFactory, QualitativeCommitmentFactory

pytestmark = pytest.mark.django_db


def facts_of(buyer):
    return Facts(Scope.of(buyer), Period((2025,)))


def test_contacts_are_those_of_the_year_about_the_markets_of_the_scope(cast):
    market, company = cast.commitment_a.market, cast.company_a
    for day in (dt.date(2024, 12, 31), dt.date(2025, 2, 3), dt.date(2025, 9, 1), dt.date(2026, 1, 1)):
        InteractionFactory(market=market, company=company, on=day)
    # About the company alone, or about another buyer's market: in no figure of this one.
    InteractionFactory(market=None, company=company, on=dt.date(2025, 10, 1))
    InteractionFactory(market=cast.commitment_b.market, company=company, on=dt.date(2025, 11, 1))
    found = indicators.follow_up(facts_of(cast.buyer_a), 2025)
    assert set(found) == {company.pk}
    assert (found[company.pk].contacts, found[company.pk].last_contact) == (2, dt.date(2025, 9, 1))


def test_promises_and_the_open_difficulty_stand_as_on_the_last_day(cast):
    QualitativeCommitmentFactory(award=cast.commitment_a.award, due_on=dt.date(2025, 6, 30))
    difficulty = Escalation.objects.create(commitment=cast.commitment_a, opened_on=dt.date(2025, 5, 2))
    for kind, day in (
        (StepKind.OPENED, dt.date(2025, 5, 2)),
        (StepKind.LETTER_PROPOSED, dt.date(2025, 6, 2)),
        (StepKind.LETTER_APPROVED, dt.date(2026, 1, 5)),
    ):
        EscalationStep.objects.create(escalation=difficulty, kind=kind, on=day)
    row = indicators.follow_up(facts_of(cast.buyer_a), 2025)[cast.company_a.pk]
    assert (row.kept, row.late, row.evidence_missing) == (0, 1, 0)
    assert row.difficulty_since == dt.date(2025, 5, 2)
    assert row.difficulty_step == "courrier proposé au donneur d’ordre"
    now = dt.datetime(2026, 2, 2, 9, 15, tzinfo=dt.UTC)
    snapshot = build_snapshot(buyer=cast.buyer_a, year=2025, version=1, narrative={}, now=now)
    (block,) = [b for c in snapshot["chapters"] for b in c["blocks"] if b["key"] == "follow_up"]
    (line,) = block["rows"]
    assert line["cells"]["late"] == "1"
    assert line["cells"]["difficulty"] == "depuis le 02/05/2025 : courrier proposé au donneur d’ordre"
    difficulty.closed_on = dt.date(2025, 12, 1)
    difficulty.save()
    assert not indicators.follow_up(facts_of(cast.buyer_a), 2025)[cast.company_a.pk].difficulty_since
