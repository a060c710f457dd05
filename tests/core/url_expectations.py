"""What a GET of core's addresses answers to each role."""

from __future__ import annotations

import uuid
from typing import Any

from core.files import register_file_kind, store_file
from core.models import Job, Message
from tests.expectations import ADMIN_FORM, ADMIN_ONLY, PUBLIC, Expectations, Kwargs

EVERYONE_FORM = {"anonymous": 302, "others": 405}
OWN_OR_HOUSE = {"anonymous": 302, "facilitator": 200, "admin": 200, "others": 404}

EXPECTED: Expectations = {
    "health": PUBLIC,
    "robots": PUBLIC,
    "favicon": {"others": 302},
    "keyboard_help": PUBLIC,
    "legal_notice": PUBLIC,
    "privacy": PUBLIC,
    "accessibility": PUBLIC,
    "components": ADMIN_ONLY,
    "file_download": OWN_OR_HOUSE,
    "search": {"anonymous": 302, "others": 200},
    "job_list": {"anonymous": 302, "others": 200},
    "job_detail": OWN_OR_HOUSE,
    "job_progress": OWN_OR_HOUSE,
    "job_cancel": EVERYONE_FORM,
    "job_retry": EVERYONE_FORM,
    "message_list": ADMIN_ONLY,
    "message_detail": ADMIN_ONLY,
    "message_resend": ADMIN_FORM,
}


def _file(cast: Any) -> dict[str, Any]:
    register_file_kind("of_the_house", lambda user, stored: user.is_house_staff)
    stored = store_file(kind="of_the_house", name="note.txt", content=b"note", user=cast.admin)
    return {"pk": stored.pk}


def _job(cast: Any) -> dict[str, Any]:
    row = Job.objects.create(kind="any", key=uuid.uuid4().hex, label="Un travail", created_by=cast.admin)
    return {"pk": row.pk}


def _message(cast: Any) -> dict[str, Any]:
    return {
        "pk": Message.objects.create(
            key="any", recipients=["a@example.org"], subject="Objet", body="Texte"
        ).pk
    }


KWARGS: Kwargs = {
    "file_download": _file,
    "job_detail": _job,
    "job_progress": _job,
    "job_cancel": _job,
    "job_retry": _job,
    "message_detail": _message,
    "message_resend": _message,
}
