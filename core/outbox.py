"""E-mails: written in the transaction that decides them, sent by a job, never repeated silently."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from email.utils import parseaddr
from smtplib import SMTPRecipientsRefused, SMTPSenderRefused

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.errors import DomainError
from core.files import read_file
from core.jobs import RunningJob, enqueue, job
from core.models import Message, StoredFile

State = Message.State


def write_message(
    *,
    key: str,
    recipients: Sequence[str],
    subject: str,
    body: str,
    attachments: Iterable[StoredFile] = (),
    person: int | None = None,
) -> Message:
    """Write an e-mail; it leaves after the commit. The same key is written, and sent, once.

    person: the number of the file of whom it is about; its words go when that person is anonymised.

    Raises DomainError when nobody is written to.
    """
    addresses = sorted({address.strip().lower() for address in recipients if address and address.strip()})
    if not addresses:
        raise DomainError("Ce message n’a pas de destinataire : renseignez une adresse électronique.")
    files = list(attachments)
    # Found before it is made: one gesture may write to many, and most keys are new.
    written = Message.objects.filter(key=key).first()
    if written is not None:
        return written
    try:
        with transaction.atomic():
            message = Message.objects.create(
                key=key,
                recipients=addresses,
                subject=" ".join(subject.split())[:250],
                body=body,
                person_number=person,
            )
            if files:
                message.attachments.set(files)
            _ask_to_send(message, user=None)
    except IntegrityError:
        # Somebody wrote it in the meantime.
        return Message.objects.get(key=key)
    return message


def resend_message(*, message: Message, user: object) -> Message:
    """Send once more what was not sent, or what may not have been; a person decided it.

    Raises DomainError when the message left or is about to.
    """
    taken = Message.objects.filter(pk=message.pk, state__in=[State.UNSURE, State.FAILED]).update(
        state=State.QUEUED, error=""
    )
    if not taken:
        raise DomainError("Ce message est déjà parti ou va partir : il n’est pas envoyé une deuxième fois.")
    message.refresh_from_db()
    _ask_to_send(message, user=user)
    return message


def _ask_to_send(message: Message, *, user: object) -> None:
    enqueue(
        "send_message",
        key=f"message:{message.pk}",
        label=f"Envoyer le message n° {message.pk}",
        payload={"message": message.pk},
        user=user,
    )


@job("send_message")
def send_message(running: RunningJob) -> None:
    """Hand one message over. What happens after the handing over is not known: « envoi incertain »."""
    pk = running.payload["message"]
    if not Message.objects.filter(pk=pk, state=State.QUEUED).update(state=State.SENDING):
        # A process died between handing over and writing it down.
        if Message.objects.filter(pk=pk, state=State.SENDING).update(
            state=State.UNSURE, error="L’envoi a été interrompu : le message est peut-être parti."
        ):
            raise DomainError("L’envoi a été interrompu : le message est peut-être parti.")
        return
    message = Message.objects.get(pk=pk)
    try:
        email = _email(message)
        connection = get_connection()
        connection.open()
    except Exception as error:
        _settle(message, State.FAILED, "Le serveur de messagerie n’a pas répondu : rien n’est parti.")
        raise DomainError("Le serveur de messagerie n’a pas répondu : rien n’est parti.") from error
    try:
        connection.send_messages([email])
    except (SMTPRecipientsRefused, SMTPSenderRefused) as error:
        sentence = "Le serveur de messagerie a refusé l’adresse : rien n’est parti."
        _settle(message, State.FAILED, sentence)
        raise DomainError(sentence) from error
    except Exception as error:
        sentence = "La liaison s’est coupée pendant l’envoi : le message est peut-être parti."
        _settle(message, State.UNSURE, sentence)
        raise DomainError(sentence) from error
    else:
        _settle(message, State.SENT, "")
    finally:
        connection.close()


def _email(message: Message) -> EmailMessage:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "maillon.invalid"
    # The same message keeps its identity: a server that saw it already can tell.
    identity = hashlib.sha256(message.key.encode()).hexdigest()[:40]
    email = EmailMessage(
        message.subject,
        message.body,
        to=message.recipients,
        headers={"Message-ID": f"<{identity}@{domain}>", "Auto-Submitted": "auto-generated"},
    )
    for stored in message.attachments.order_by("pk"):
        email.attach(stored.name, read_file(stored), stored.content_type)
    return email


def _settle(message: Message, state: str, error: str) -> None:
    message.state, message.error = state, error
    message.sent_at = timezone.now() if state == State.SENT else None
    message.save(update_fields=["state", "error", "sent_at"])
