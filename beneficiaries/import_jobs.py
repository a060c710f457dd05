"""The long works of imports: trying, loading, validating or taking back a large file, step by step."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from beneficiaries.enums import ImportState
from beneficiaries.models import DataImport
from beneficiaries.services.import_endings import take_back_import, validate_import
from beneficiaries.services.imports import (
    check_import,
    forget_old_imports,
    load_import,
    people_to_recount,
    recount_import,
)
from core import formats
from core.errors import DomainError
from core.jobs import RunningJob, enqueue, job
from core.models import Job, StoredFile

if TYPE_CHECKING:
    from accounts.models import User

KIND = "data_import"
# Up to so many lines a page waits for the answer; beyond, the work is a job with its progress.
AT_ONCE = 1_500
DOING = {
    "check": "Essai à blanc de",
    "load": "Chargement de",
    "validate": "Validation de",
    "take_back": "Reprise en entier de",
}


def is_long(row: DataImport) -> bool:
    return row.counts.get("rows", 0) > AT_ONCE


def ask_for(row: DataImport, what: str, *, user: User) -> Job:
    """The job that does one of `DOING` on an import."""
    return enqueue(
        KIND,
        key=f"{KIND}:{row.pk}",
        label=f"{DOING[what]} {row.file_name}",
        payload={"import": row.pk, "do": what},
        user=user,
    )


def do(row: DataImport, what: str, *, user: User | None, progress: Any = None) -> dict[str, Any]:
    """Do it here; what is said of it. Taken up again after an interruption, it goes on from where it was."""
    if what == "check":
        return _said(check_import(row, user=user).counts())
    if what == "load":
        if row.state == ImportState.CHECKED:
            people = load_import(row, user=user)
            row.refresh_from_db()
        else:
            people = people_to_recount(row) if row.counts.get("to_recount") else set()
        recount_import(row, people, user=user, progress=progress)
        return _said(row.counts)
    if what == "validate":
        left = validate_import(row, user=user)
        return {"relevés à regarder": left}
    return {"lignes gardées, parce que d’autres en dépendent": take_back_import(row, user=user)}


def _said(counts: dict[str, Any]) -> dict[str, Any]:
    names = {
        "lines": "lignes",
        "accepted": "acceptées",
        "corrected": "corrigées",
        "doubtful": "à décider",
        "refused": "refusées",
        "unchanged": "déjà là",
        "entries": "relevés écrits",
    }
    return {label: counts[name] for name, label in names.items() if counts.get(name)} | {
        "heures": formats.hours(counts.get("hours", 0))
    }


@job(KIND)
def work_import(running: RunningJob) -> None:
    """Do one step of an import; run twice, it does it once."""
    user = running.user
    if user is None:
        raise DomainError("Le compte qui a demandé ce travail n’existe plus : rien n’est fait.")
    row = DataImport.objects.visible_to(user).filter(pk=running.payload["import"]).first()
    if row is None:
        raise DomainError("Cet import n’existe plus.")
    running.report(**do(row, running.payload["do"], user=user, progress=running.progress))


def link_to_import(row: Job) -> tuple[str, str] | None:
    return "Voir l’import", reverse("import_detail", args=[row.payload["import"]])


def may_open(user: Any, stored: StoredFile) -> bool:
    """Files of imports hold names: the house's alone."""
    return user.is_house_staff


def forget(today: dt.date) -> int:
    """Each day: imports that nobody loaded, contents of those that are over."""
    return forget_old_imports(today)
