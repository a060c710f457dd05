"""Charte des 1000: recording what a company pledges, and marking it done; its due date is a task of the house."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from core import formats
from core.errors import DomainError
from markets.models import CharterPledge
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from accounts.models import User


def task_key(pledge: CharterPledge) -> str:
    return f"charter:{pledge.pk}:due"


@transaction.atomic
def save_pledge(*, pledge: CharterPledge, by: User | None) -> CharterPledge:
    """Keep a new or changed pledge; while it is not done and has a due date, someone of the house looks after it."""
    pledge._history_user = by  # type: ignore[attr-defined]
    pledge.save()
    key = task_key(pledge)
    if pledge.done_on:
        finish_task(key=key, on=pledge.done_on, outcome="action réalisée", by=by)
    elif pledge.due_on is None:
        finish_task(key=key, outcome="sans échéance", by=by)
    else:
        open_task(
            key=key,
            title=f"Charte des 1000 : {pledge.action}",
            company=pledge.company,
            url=reverse("company_charter", args=[pledge.company_id]),
            since=min(pledge.signed_on, pledge.due_on),
            due_on=pledge.due_on,
            by=by,
        )
    return pledge


@transaction.atomic
def mark_pledge_done(*, pledge: CharterPledge, on: dt.date, by: User | None) -> CharterPledge:
    """Say that a pledge was kept on that day; two people at once write it once.

    Raises DomainError for a day to come, one before the signature, and a pledge that is done already.
    """
    pledge = CharterPledge.objects.select_for_update().select_related("company").get(pk=pledge.pk)
    if pledge.done_on:
        raise DomainError(
            f"Cette action est déjà notée réalisée le {formats.day(pledge.done_on)}.", field="on"
        )
    if on > timezone.localdate():
        raise DomainError("Une action réalisée se date d’aujourd’hui au plus tard.", field="on")
    if on < pledge.signed_on:
        raise DomainError(
            f"La charte a été signée le {formats.day(pledge.signed_on)} : la réalisation ne peut pas la précéder.",
            field="on",
        )
    pledge.done_on = on
    return save_pledge(pledge=pledge, by=by)
