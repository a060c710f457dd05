"""A commitment's figure: it grows by steps that never change, never below zero."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from clauses.enums import ChangeReason
from clauses.models import Commitment, CommitmentChange
from clauses.services import commitments as services
from core.errors import DomainError
from markets.enums import AwardRole
from tests.factories import AwardFactory, ClauseFactory, CommitmentFactory, LotFactory, UserFactory

pytestmark = pytest.mark.django_db
DAY = dt.date(2025, 6, 1)


def engaged(commitment, on=None):
    return Commitment.objects.with_hours_engaged(on).get(pk=commitment.pk).hours_engaged


def change(commitment, delta, on=DAY, reason=ChangeReason.AMENDMENT):
    return services.record_change(
        commitment=commitment, delta=Decimal(delta), effective_on=on, reason=reason, user=None
    )


def test_an_offer_above_the_minimum_binds():
    assert engaged(CommitmentFactory(hours=500, offer=300)) == Decimal("800")


def test_a_change_counts_from_the_day_it_takes_effect():
    commitment = CommitmentFactory(hours=500)
    change(commitment, 200, on=dt.date(2025, 7, 1))
    assert engaged(commitment, dt.date(2025, 6, 30)) == Decimal("500")
    assert engaged(commitment, dt.date(2025, 7, 1)) == Decimal("700")


def test_a_change_remembers_who_recorded_it():
    user = UserFactory()
    found = services.record_change(
        commitment=CommitmentFactory(),
        delta=Decimal("10"),
        effective_on=DAY,
        reason=ChangeReason.ORDER,
        note="  facture 12  ",
        user=user,
    )
    assert (found.recorded_by, found.note) == (user, "facture 12")


def test_a_discharge_may_take_everything_and_no_more():
    commitment = CommitmentFactory(hours=500)
    change(commitment, -500, reason=ChangeReason.DISCHARGE)
    assert engaged(commitment) == 0
    with pytest.raises(DomainError, match="on ne peut pas en retirer davantage") as refusal:
        change(commitment, -1, reason=ChangeReason.DISCHARGE)
    assert refusal.value.field == "delta"
    assert commitment.changes.count() == 2


def test_a_discharge_dated_before_the_minimum_is_refused():
    commitment = CommitmentFactory(hours=500)
    with pytest.raises(DomainError, match="31/01/2025"):
        change(commitment, -100, on=dt.date(2025, 1, 31))


def test_a_discharge_that_empties_a_later_day_is_refused():
    commitment = CommitmentFactory(hours=500)
    change(commitment, -400, on=dt.date(2025, 9, 1))
    with pytest.raises(DomainError, match="01/09/2025"):
        change(commitment, -200, on=DAY)


def test_a_change_of_zero_is_refused():
    with pytest.raises(DomainError, match="zéro heure"):
        change(CommitmentFactory(), 0)


def test_a_move_is_not_written_on_one_side_only():
    with pytest.raises(DomainError, match="Répartir dans le groupement"):
        change(CommitmentFactory(), 10, reason=ChangeReason.MOVE)


def test_the_database_refuses_to_change_or_delete_a_change():
    made = CommitmentFactory(hours=500).changes.get()
    with pytest.raises(DatabaseError), transaction.atomic():
        CommitmentChange.objects.filter(pk=made.pk).delete()
    made.delta = Decimal("1")
    with pytest.raises(DatabaseError), transaction.atomic():
        made.save()


def test_opening_writes_the_minimum_then_the_offer():
    lot = LotFactory()
    commitment = services.open_commitment(
        clause=ClauseFactory(lot=lot),
        award=AwardFactory(lot=lot),
        minimum=Decimal("500"),
        offer=Decimal("300"),
        effective_on=DAY,
        user=None,
    )
    steps = list(commitment.changes.order_by("pk").values_list("reason", "delta"))
    assert steps == [("minimum", Decimal("500")), ("offer", Decimal("300"))]
    assert commitment.market == lot.market


def test_a_subcontractor_does_not_bind_itself():
    lot = LotFactory()
    award = AwardFactory(lot=lot, role=AwardRole.SUBCONTRACTOR)
    clause = ClauseFactory(lot=lot)
    with pytest.raises(DomainError, match="titulaire ou le mandataire") as refusal:
        services.open_commitment(
            clause=clause, award=award, minimum=Decimal("5"), effective_on=DAY, user=None
        )
    assert refusal.value.field == "minimum"
    opened = services.open_commitment(clause=clause, award=award, effective_on=DAY, user=None)
    assert engaged(opened) == 0


def test_an_award_of_another_lot_is_refused():
    with pytest.raises(DomainError, match="n’est pas celle du lot"):
        services.open_commitment(clause=ClauseFactory(), award=AwardFactory(), effective_on=DAY, user=None)


def test_one_commitment_per_award_and_clause():
    commitment = CommitmentFactory()
    with pytest.raises(DomainError, match="porte déjà un engagement"):
        services.open_commitment(
            clause=commitment.clause, award=commitment.award, effective_on=DAY, user=None
        )


def test_steps_that_a_float_cannot_write_add_up_to_the_hundredth():
    # 1,000.10 − 999.90 is 0.20; as floats, 0.200000000000045.
    commitment = CommitmentFactory(hours="1000.10")
    change(commitment, "-999.90")
    assert engaged(commitment) == Decimal("0.20")
    other = CommitmentFactory(
        clause=commitment.clause, award=AwardFactory(lot=commitment.clause.lot), hours=0
    )
    # The group has 0.20 h: what the page shows is what it takes back, and nothing is missing.
    services.redistribute_hours(
        clause=commitment.clause,
        hours={commitment.pk: Decimal("0.15"), other.pk: Decimal("0.05")},
        effective_on=DAY,
        user=None,
    )
    assert (engaged(commitment), engaged(other)) == (Decimal("0.15"), Decimal("0.05"))
