"""E-mails: one per key, sent after the commit, and never twice without a person deciding it."""

from __future__ import annotations

from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction

from core.errors import DomainError
from core.files import store_file
from core.models import Job, Message
from core.outbox import resend_message, write_message
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
State = Message.State


def write(key: str = "k", **options: Any) -> Message:
    options.setdefault("recipients", ["Elise@Example.org "])
    message = write_message(key=key, subject="Vos heures\nde mars", body="Bonjour", **options)
    message.refresh_from_db()
    return message


def test_a_message_leaves_after_the_commit() -> None:
    with transaction.atomic():
        write_message(key="k", recipients=["a@example.org"], subject="Objet", body="Texte")
        assert mail.outbox == []
    (sent,) = mail.outbox
    assert (sent.to, sent.subject, sent.body) == (["a@example.org"], "Objet", "Texte")


def test_a_message_that_is_undone_never_leaves() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        write()
        raise ZeroDivisionError
    assert mail.outbox == []


def test_addresses_are_cleaned_and_the_subject_is_one_line() -> None:
    message = write(recipients=["Elise@Example.org ", "elise@example.org", ""])
    assert message.recipients == ["elise@example.org"]
    assert message.subject == "Vos heures de mars"
    assert (message.state, message.error) == (State.SENT, "")
    assert message.sent_at is not None


def test_the_same_key_is_written_and_sent_once() -> None:
    assert write() == write()
    assert len(mail.outbox) == 1


def test_a_message_to_nobody_is_refused() -> None:
    with pytest.raises(DomainError, match="pas de destinataire"):
        write(recipients=["", " "])


def test_its_files_go_with_it() -> None:
    stored = store_file(kind="own", name="bilan.txt", content=b"bilan", user=None)
    write(attachments=[stored])
    assert mail.outbox[0].attachments[0][:2] == ("bilan.txt", "bilan")


def test_a_server_that_does_not_answer_means_nothing_left(monkeypatch: Any) -> None:
    def closed(self: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(EmailBackend, "open", closed)
    message = write()
    assert message.state == State.FAILED
    assert "rien n’est parti" in message.error
    assert Job.objects.get().state == Job.State.FAILED


def test_a_refused_address_means_nothing_left(monkeypatch: Any) -> None:
    def refuse(self: Any, messages: Any) -> None:
        raise SMTPRecipientsRefused({})

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    assert write().state == State.FAILED


def test_a_cut_during_the_sending_is_unsure_and_is_not_repeated(monkeypatch: Any) -> None:
    def cut(self: Any, messages: Any) -> None:
        raise SMTPServerDisconnected("cut")

    monkeypatch.setattr(EmailBackend, "send_messages", cut)
    message = write()
    assert message.state == State.UNSURE
    assert "peut-être parti" in message.error
    monkeypatch.undo()
    assert write().state == State.UNSURE
    assert mail.outbox == []


def test_a_process_that_died_while_sending_leaves_it_unsure(monkeypatch: Any) -> None:
    from core import outbox
    from core.jobs import enqueue

    message = Message.objects.create(
        key="k", recipients=["a@example.org"], subject="s", body="b", state=State.SENDING
    )
    assert outbox.send_message
    enqueue("send_message", key="again", label="?", payload={"message": message.pk})
    message.refresh_from_db()
    assert message.state == State.UNSURE
    assert mail.outbox == []


def test_a_person_sends_again_what_is_unsure_and_nothing_else(monkeypatch: Any) -> None:
    user = UserFactory(admin=True)
    sent = write()
    with pytest.raises(DomainError, match="deuxième fois"):
        resend_message(message=sent, user=user)
    unsure = Message.objects.create(
        key="u", recipients=["a@example.org"], subject="s", body="b", state=State.UNSURE
    )
    resend_message(message=unsure, user=user)
    unsure.refresh_from_db()
    assert unsure.state == State.SENT
    assert len(mail.outbox) == 2


def test_the_admin_sees_messages_and_their_text_in_the_demo_only(signed_in: Any, settings: Any) -> None:
    client, message = signed_in(UserFactory(admin=True)), write()
    assert "elise@example.org" in client.get("/messages/").content.decode()
    assert "Bonjour" not in client.get(f"/messages/{message.pk}/").content.decode()
    settings.DEMO = True
    assert "Bonjour" in client.get(f"/messages/{message.pk}/").content.decode()


def test_the_admin_sends_again_from_the_page(signed_in: Any) -> None:
    client = signed_in(UserFactory(admin=True))
    unsure = Message.objects.create(
        key="u", recipients=["a@example.org"], subject="s", body="b", state=State.UNSURE
    )
    assert "/renvoyer/" in client.get(f"/messages/{unsure.pk}/").content.decode()
    page = client.post(f"/messages/{unsure.pk}/renvoyer/", follow=True).content.decode()
    assert "va être envoyé de nouveau" in page
    assert "/renvoyer/" not in page
    assert "deuxième fois" in client.post(f"/messages/{unsure.pk}/renvoyer/", follow=True).content.decode()
