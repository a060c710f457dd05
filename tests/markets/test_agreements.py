"""Conventions: one at a time, avenants that move the end, notices, reminders that stay true."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from core.errors import DomainError
from markets.consistency import one_agreement_at_a_time
from markets.enums import AgreementIndicator, AgreementState
from markets.models import Agreement, Task
from markets.services import agreements as services
from tests.factories import AgreementFactory, BuyerFactory, ContactFactory, MarketFactory, UserFactory

pytestmark = pytest.mark.django_db
TODAY = dt.date(2025, 3, 10)


@pytest.fixture(autouse=True)
def _on_a_day(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_: TODAY)


def agreement(buyer, starts_on=dt.date(2022, 7, 25), ends_on=dt.date(2026, 7, 24), **values):
    made = Agreement(buyer=buyer, starts_on=starts_on, ends_on=ends_on, **values)
    return services.save_agreement(agreement=made, by=None)


def reminders(row):
    tasks = Task.objects.filter(key__startswith=f"agreement:{row.pk}:").order_by("key")
    return {task.key.rsplit(":", 1)[1]: (task.due_on if task.is_open else task.outcome) for task in tasks}


def refused(field=None):
    return pytest.raises(DomainError, check=lambda error: field is None or error.field == field)


# --- One at a time -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "field"),
    [
        (dt.date(2026, 7, 24), dt.date(2030, 7, 23), "starts_on"),
        (dt.date(2020, 1, 1), dt.date(2022, 7, 25), "ends_on"),
        (dt.date(2023, 1, 1), dt.date(2023, 12, 31), "starts_on"),
        (dt.date(2020, 1, 1), dt.date(2030, 1, 1), "ends_on"),
    ],
)
def test_two_agreements_of_one_buyer_never_share_a_day(starts_on, ends_on, field):
    buyer = BuyerFactory()
    agreement(buyer)
    with refused(field) as caught:
        agreement(buyer, starts_on, ends_on)
    assert "du 25/07/2022 au 24/07/2026" in caught.value.sentence
    assert Agreement.objects.count() == 1


def test_the_next_agreement_may_begin_the_day_after_and_another_buyer_s_any_day():
    buyer = BuyerFactory()
    agreement(buyer)
    agreement(buyer, dt.date(2026, 7, 25), dt.date(2030, 7, 24))
    agreement(BuyerFactory())
    assert Agreement.objects.count() == 3
    assert list(one_agreement_at_a_time()) == []


def test_an_overlap_that_came_in_by_another_door_is_told_by_the_check():
    buyer = BuyerFactory(name="Ville double")
    AgreementFactory(buyer=buyer)
    AgreementFactory(buyer=buyer, starts_on=dt.date(2025, 1, 1))
    assert list(one_agreement_at_a_time()) == ["Ville double a deux conventions en vigueur le 01/01/2025."]


def test_an_agreement_that_ends_before_it_begins_is_refused():
    with refused("ends_on"):
        agreement(BuyerFactory(), dt.date(2024, 1, 1), dt.date(2023, 1, 1))


def test_a_contact_of_another_buyer_is_refused():
    with refused("buyer_referent"):
        agreement(BuyerFactory(), buyer_referent=ContactFactory())


def test_a_buyer_is_conventionné_since_its_first_agreement():
    buyer = BuyerFactory()
    agreement(buyer)
    agreement(buyer, dt.date(2018, 1, 1), dt.date(2021, 12, 31))
    agreement(buyer, dt.date(2027, 1, 1), dt.date(2029, 12, 31))
    buyer.refresh_from_db()
    assert buyer.agreement_since == dt.date(2018, 1, 1)


# --- In force, states ----------------------------------------------------------------------------------------


def test_the_agreement_of_a_market_is_its_buyer_s_in_force_that_day():
    market = MarketFactory()
    row = agreement(market.buyer)
    assert services.agreement_for(market, dt.date(2022, 7, 25)) == row
    assert services.agreement_for(market.buyer, dt.date(2026, 7, 24)) == row
    assert services.agreement_for(market, dt.date(2022, 7, 24)) is None
    assert services.agreement_for(market, dt.date(2026, 7, 25)) is None
    assert row.letter_delay_days == 15
    assert row.letter_consent is False


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (dt.date(2022, 7, 24), AgreementState.UPCOMING),
        (dt.date(2022, 7, 25), AgreementState.IN_FORCE),
        # Notice until 24/04/2026; near from ninety days before, 24/01/2026.
        (dt.date(2026, 1, 23), AgreementState.IN_FORCE),
        (dt.date(2026, 1, 24), AgreementState.NOTICE_NEAR),
        (dt.date(2026, 7, 24), AgreementState.NOTICE_NEAR),
        (dt.date(2026, 7, 25), AgreementState.ENDED),
    ],
)
def test_the_state_comes_from_the_dates(day, state):
    row = AgreementFactory(starts_on=dt.date(2022, 7, 25), ends_on=dt.date(2026, 7, 24))
    assert row.notice_on == dt.date(2026, 4, 24)
    assert row.state_on(day) == state


def test_the_notice_of_an_agreement_that_another_follows_is_not_near():
    row = AgreementFactory(starts_on=dt.date(2022, 7, 25), ends_on=dt.date(2026, 7, 24))
    assert row.state_on(dt.date(2026, 5, 1), is_followed=True) == AgreementState.IN_FORCE


def test_indicators_are_told_in_the_words_and_order_of_the_convention():
    row = AgreementFactory(indicators=[AgreementIndicator.PEOPLE, AgreementIndicator.MARKETS])
    assert row.indicator_labels == [AgreementIndicator.MARKETS.label, AgreementIndicator.PEOPLE.label]


# --- Avenants ------------------------------------------------------------------------------------------------


def test_avenants_are_numbered_and_move_the_end_with_its_reminders():
    row = agreement(BuyerFactory())
    assert reminders(row) == {"notice": dt.date(2026, 4, 24), "end": dt.date(2026, 7, 24)}
    services.record_amendment(
        agreement=row, effective_on=dt.date(2024, 1, 1), subject="Changement de référente", by=None
    )
    assert reminders(row)["end"] == dt.date(2026, 7, 24)
    amendment = services.record_amendment(
        agreement=row,
        effective_on=dt.date(2026, 7, 25),
        subject="Prolongation d’un an",
        new_ends_on=dt.date(2027, 7, 24),
        by=None,
    )
    row.refresh_from_db()
    assert amendment.number == 2
    assert row.ends_on == dt.date(2027, 7, 24)
    assert reminders(row) == {"notice": dt.date(2027, 4, 24), "end": dt.date(2027, 7, 24)}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"effective_on": dt.date(2022, 7, 24)}, "effective_on"),
        ({"effective_on": dt.date(2026, 7, 26)}, "effective_on"),
        ({"effective_on": dt.date(2023, 5, 31)}, "effective_on"),
        ({"effective_on": dt.date(2024, 1, 1), "signed_on": dt.date(2022, 6, 30)}, "signed_on"),
        ({"effective_on": dt.date(2024, 1, 1), "new_ends_on": dt.date(2023, 12, 31)}, "new_ends_on"),
        ({"effective_on": dt.date(2026, 1, 1), "new_ends_on": dt.date(2027, 1, 1)}, "new_ends_on"),
    ],
)
def test_an_avenant_out_of_order_is_refused_and_writes_nothing(values, field):
    buyer = BuyerFactory()
    row = agreement(buyer, signed_on=dt.date(2022, 7, 1))
    agreement(buyer, dt.date(2027, 1, 1), dt.date(2029, 1, 1))
    services.record_amendment(agreement=row, effective_on=dt.date(2023, 6, 1), subject="Un", by=None)
    with refused(field):
        services.record_amendment(agreement=row, subject="Deux", by=None, **values)
    row.refresh_from_db()
    assert row.amendments.count() == 1
    assert row.ends_on == dt.date(2026, 7, 24)


def test_the_end_that_an_avenant_fixed_changes_by_an_avenant_only():
    row = agreement(BuyerFactory())
    services.record_amendment(
        agreement=row,
        effective_on=dt.date(2026, 1, 1),
        subject="Prolongation",
        new_ends_on=dt.date(2027, 1, 1),
        by=None,
    )
    row.refresh_from_db()
    row.ends_on = dt.date(2028, 1, 1)
    with refused("ends_on"):
        services.save_agreement(agreement=row, by=None)


# --- Termination ---------------------------------------------------------------------------------------------


def test_a_termination_that_respects_its_notice_closes_the_reminders():
    row = agreement(BuyerFactory())
    services.terminate_agreement(
        agreement=row,
        notified_on=dt.date(2025, 3, 1),
        on=dt.date(2025, 6, 1),
        reason="Manquement aux engagements",
        by=None,
    )
    row.refresh_from_db()
    assert reminders(row) == {"notice": "Convention dénoncée.", "end": "Convention dénoncée."}
    assert services.agreement_for(row.buyer, dt.date(2025, 5, 31)) == row
    assert services.agreement_for(row.buyer, dt.date(2025, 6, 1)) is None
    assert row.state_on(dt.date(2025, 6, 1)) == AgreementState.TERMINATED
    # The place is free for another agreement from that day.
    agreement(row.buyer, dt.date(2025, 6, 1), dt.date(2028, 5, 31))


def test_a_shorter_notice_is_told_then_allowed_when_both_agree():
    row = agreement(BuyerFactory())
    gesture = {
        "agreement": row,
        "notified_on": dt.date(2025, 3, 10),
        "on": dt.date(2025, 6, 9),
        "reason": "Manquement",
        "by": None,
    }
    with refused("on") as caught:
        services.terminate_agreement(**gesture)
    assert "10/06/2025 au plus tôt" in caught.value.sentence
    services.terminate_agreement(**gesture, short_notice=True)
    row.refresh_from_db()
    assert row.terminated_on == dt.date(2025, 6, 9)
    with refused():
        services.terminate_agreement(**gesture, short_notice=True)


@pytest.mark.parametrize(
    ("notified_on", "on", "field"),
    [
        (dt.date(2025, 3, 11), dt.date(2025, 12, 1), "notified_on"),
        (dt.date(2025, 3, 1), dt.date(2025, 2, 28), "on"),
        (dt.date(2025, 3, 1), dt.date(2026, 7, 25), "on"),
    ],
)
def test_a_termination_out_of_order_is_refused(notified_on, on, field):
    row = agreement(BuyerFactory())
    with refused(field):
        services.terminate_agreement(
            agreement=row, notified_on=notified_on, on=on, reason="x", short_notice=True, by=None
        )


# --- Reminders -----------------------------------------------------------------------------------------------


def test_reminders_close_when_another_agreement_follows():
    buyer = BuyerFactory()
    row = agreement(buyer)
    later = agreement(buyer, dt.date(2026, 7, 25), dt.date(2030, 7, 24))
    assert reminders(row) == {"notice": "Une convention suit.", "end": "Une convention suit."}
    assert reminders(later) == {"notice": dt.date(2030, 4, 24), "end": dt.date(2030, 7, 24)}


def test_reminders_go_to_the_referent_of_the_house():
    someone = UserFactory()
    row = agreement(BuyerFactory(), house_referent=someone)
    assert {task.assignee for task in Task.objects.filter(key__startswith=f"agreement:{row.pk}:")} == {
        someone
    }


def test_an_old_agreement_entered_for_the_record_waits_for_nobody():
    row = agreement(BuyerFactory(), dt.date(2015, 1, 1), dt.date(2018, 12, 31))
    assert reminders(row) == {}


def test_a_reminder_that_someone_dealt_with_stays_closed_until_its_date_moves():
    row = agreement(BuyerFactory())
    services.finish_task(key=f"agreement:{row.pk}:notice", outcome="Renouvelée en commission.", by=None)
    row.notes = "Vu avec la Ville."
    services.save_agreement(agreement=row, by=None)
    assert reminders(row) == {"notice": "Renouvelée en commission.", "end": dt.date(2026, 7, 24)}
    services.record_amendment(
        agreement=row,
        effective_on=dt.date(2026, 1, 1),
        subject="Prolongation",
        new_ends_on=dt.date(2026, 12, 31),
        by=None,
    )
    assert reminders(row) == {"notice": dt.date(2026, 9, 30), "end": dt.date(2026, 12, 31)}


# --- Documents -----------------------------------------------------------------------------------------------

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def upload(content, name="convention.pdf"):
    return SimpleUploadedFile(name, content)


def odt():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    return stream.getvalue()


@pytest.mark.parametrize("content", [PDF, odt()], ids=["pdf", "odt"])
def test_a_signed_document_is_kept(content):
    row = services.save_agreement(
        agreement=AgreementFactory.build(buyer=BuyerFactory()), upload=upload(content), by=UserFactory()
    )
    assert row.document.kind == services.AGREEMENT_FILE


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "vide"),
        (b"MZ\x90\x00" + b"\x00" * 200, "type accepté"),
        (b"a;b\n1;2\n", "type accepté"),
        (PDF + b"x" * (20 * 1024 * 1024), "dépasse"),
    ],
    ids=["empty", "a program called pdf", "csv called pdf", "over 20 MB"],
)
def test_a_document_that_is_not_one_is_refused_beside_its_field_and_nothing_is_written(content, words):
    with refused("upload") as caught:
        services.save_agreement(
            agreement=AgreementFactory.build(buyer=BuyerFactory()), upload=upload(content), by=None
        )
    assert words in caught.value.sentence
    assert not Agreement.objects.exists()
