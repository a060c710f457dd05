"""What the story writes to people: nobody reads the invented addresses, so none of it leaves."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from core.models import Message
from reporting.demo.clock import on_day


def count_as_sent(as_of: dt.date) -> None:
    """Mark what waits to be sent as sent that day."""
    with on_day(as_of):
        for message in Message.objects.filter(state=Message.State.QUEUED).order_by("pk"):
            message.state, message.sent_at = Message.State.SENT, timezone.now()
            message.save(update_fields=["state", "sent_at"])
