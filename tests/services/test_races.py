"""Two people at the same moment, on PostgreSQL: the parent's row makes the second wait, and see what the first wrote."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection

from accounts.models import User
from beneficiaries.enums import EntryState, HourKind
from beneficiaries.models import Assignment, HoursEntry
from beneficiaries.services.hours import Cell, save_cells, validate_hours
from clauses.enums import ChangeReason
from clauses.models import Commitment
from clauses.services import commitments as clauses_services
from core.errors import DomainError
from markets.models import Invoice
from markets.services import agreements as agreements_services
from markets.services import files as markets_services
from markets.services.invoices import issue_invoice
from tests.factories import (
    AgreementFactory,
    AssignmentFactory,
    AwardFactory,
    BuyerFactory,
    CommitmentFactory,
    HoursEntryFactory,
    HouseFactory,
    InvoiceFactory,
    MarketFactory,
    QuoteFactory,
    UserFactory,
    eligible_assignment,
)

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


def test_orders_recorded_at_once_are_all_kept_and_owe_the_hours_of_their_sum() -> None:
    commitment = CommitmentFactory(hours=0)
    commitment.clause.euros_per_hour = Decimal(2000)
    commitment.clause.save()

    def order() -> None:
        clauses_services.record_order(
            commitment=commitment, amount=Decimal("33.33"), effective_on=DAY, user=None
        )

    assert together(*[order] * 6) == ["fait"] * 6
    # 6 × 33.33 € = 199.98 €, that is 0.09999 h; each by itself would be 0.02 h, 0.12 h in all.
    assert Commitment.objects.with_hours_engaged().get(pk=commitment.pk).hours_engaged == Decimal("0.10")
    assert commitment.changes.count() == 6


def test_two_redistributions_at_once_leave_one_and_one_sentence() -> None:
    leader = CommitmentFactory(hours=500)
    partner = CommitmentFactory(clause=leader.clause, award=AwardFactory(lot=leader.clause.lot), hours=0)
    seen = clauses_services.newest_change(leader.clause)

    def share(hours: int) -> None:
        clauses_services.redistribute_hours(
            clause=leader.clause,
            hours={leader.pk: Decimal(500 - hours), partner.pk: Decimal(hours)},
            effective_on=DAY,
            seen=seen,
            user=None,
        )

    answers = together(lambda: share(100), lambda: share(200))
    assert answers.count("fait") == 1
    assert sum("entre-temps" in answer for answer in answers) == 1
    rows = Commitment.objects.with_hours_engaged().filter(clause=leader.clause)
    assert sum(row.hours_engaged for row in rows) == Decimal("500")


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


def test_two_people_who_save_one_cell_at_once_leave_one_value_and_one_sentence() -> None:
    assignment = eligible_assignment()
    people = [UserFactory(), UserFactory()]
    found = []

    def save(person: User, hours: int) -> None:
        cell = Cell(assignment, dt.date(2025, 3, 1), HourKind.WORK, Decimal(hours), 0)
        found.extend(save_cells([cell], user=person, today=DAY))

    answers = together(lambda: save(people[0], 100), lambda: save(people[1], 110))
    assert answers == ["fait", "fait"]
    assert sorted((row.saved, row.conflict) for row in found) == [(False, True), (True, False)]
    written = next(row.cell.hours for row in found if row.saved)
    assert [entry.hours for entry in HoursEntry.objects.all()] == [written]


def test_two_assignments_of_one_person_saved_at_once_never_pass_the_legal_maximum() -> None:
    first = eligible_assignment()
    second = AssignmentFactory(
        placement__beneficiary=first.placement.beneficiary, review=first.review, positioned_on=first.starts_on
    )
    user, found = UserFactory(), []

    def save(assignment: Assignment) -> None:
        cell = Cell(assignment, dt.date(2025, 3, 1), HourKind.WORK, Decimal(150), 0)
        found.extend(save_cells([cell], user=user, today=DAY))

    together(lambda: save(first), lambda: save(second))
    assert sorted(row.saved for row in found) == [False, True]
    assert HoursEntry.objects.get().hours == Decimal(150)


def test_validating_twice_at_once_validates_once() -> None:
    entry = HoursEntryFactory(assignment=eligible_assignment())
    user, reports = UserFactory(), []
    together(*[lambda: reports.append(validate_hours(entries=[entry], user=user))] * 3)
    assert sorted(len(report.validated) for report in reports) == [0, 0, 1]
    entry.refresh_from_db()
    assert (entry.state, entry.counted_hours) == (EntryState.VALIDATED, Decimal("100.00"))


def test_invoices_issued_at_once_take_numbers_that_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("markets.services.invoices.fee_pdf", lambda *_, **__: b"%PDF-1.7\n%%EOF\n")
    HouseFactory(invoicing=True)
    agreement = AgreementFactory(buyer=BuyerFactory(address="Place de la Mairie"))
    invoices = [InvoiceFactory(quote=QuoteFactory(agreement=agreement, accepted=True)) for _ in range(4)]
    day = invoices[0].ready_on
    answers = together(*[lambda row=row: issue_invoice(invoice=row, on=day, by=None) for row in invoices])
    assert answers == ["fait"] * 4
    numbers = sorted(Invoice.objects.values_list("number", flat=True))
    assert numbers == [f"F{day.year}-000{rank}" for rank in (1, 2, 3, 4)]


def test_one_invoice_issued_twice_at_once_takes_one_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("markets.services.invoices.fee_pdf", lambda *_, **__: b"%PDF-1.7\n%%EOF\n")
    HouseFactory(invoicing=True)
    agreement = AgreementFactory(buyer=BuyerFactory(address="Place de la Mairie"))
    invoice = InvoiceFactory(quote=QuoteFactory(agreement=agreement, accepted=True))
    day = invoice.ready_on
    answers = together(*[lambda: issue_invoice(invoice=invoice, on=day, by=None)] * 3)
    assert answers.count("fait") == 1
    assert sum("est déjà émise" in answer for answer in answers) == 2
    assert [row.number for row in Invoice.objects.all()] == [f"F{day.year}-0001"]


def test_two_agreements_entered_at_once_never_share_a_day() -> None:
    buyer = BuyerFactory()

    def enter() -> None:
        row = AgreementFactory.build(buyer=buyer)
        agreements_services.save_agreement(agreement=row, by=None)

    answers = together(*[enter] * 3)
    assert answers.count("fait") == 1
    assert sum("deux conventions ne courent pas le même jour" in answer for answer in answers) == 2
