"""The whole file of an escalation as one PDF, made beside the request."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from clauses import escalation_documents as documents
from clauses.models import Escalation
from core.errors import DomainError
from core.files import store_file
from core.jobs import RunningJob, job
from core.models import Job, StoredFile

FILE_KIND = "escalation_file"


@job("escalation_file")
def make_file(running: RunningJob) -> None:
    """Set the file as its asker may read it: the house's holds every contact, the buyer's what it was handed."""
    user = User.objects.get(pk=running.payload["user"])
    escalation = (
        Escalation.objects.visible_to(user)
        .filter(pk=running.payload["escalation"])
        .select_related(
            "market__buyer",
            "market__department",
            "holder",
            "commitment__clause__lot",
            "commitment__award",
            "commitment__market",
        )
        .first()
    )
    if escalation is None:
        raise DomainError("Cette difficulté n’est plus dans ce que vous pouvez lire.")
    today = timezone.localdate()
    running.result(
        store_file(
            kind=FILE_KIND,
            name=documents.file_name("dossier-de-difficulte", escalation, today),
            content=documents.file_pdf(escalation, user=user, dated=today),
            user=user,
            max_bytes=2 * documents.ATTACHED_MAX_BYTES,
            allowed_types=["pdf"],
        )
    )


def may_open(user: Any, stored: StoredFile) -> bool:
    """The house opens any of them, and whoever asked for it the own one, while the escalation is in sight."""
    row = Job.objects.visible_to(user).filter(kind="escalation_file", result_file=stored).first()
    return (
        row is not None
        and (user.is_house_staff or row.created_by_id == user.pk)
        and Escalation.objects.visible_to(user).filter(pk=row.payload["escalation"]).exists()
    )


def link_to_escalation(row: Job) -> tuple[str, str] | None:
    return "Revenir à la difficulté", reverse("escalation_detail", args=[row.payload["escalation"]])
