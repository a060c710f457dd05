"""The export of one person's data: JSON and PDF, made by a job, opened by who asked, erased after a week."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.access_log import record_access
from accounts.models import AccessKind
from beneficiaries.models import Beneficiary
from beneficiaries.person_data import as_json, as_paper, data_of
from core.errors import DomainError
from core.files import delete_file, store_file
from core.jobs import RunningJob, enqueue, job
from core.models import Job, StoredFile
from core.pdf import PdfUnavailable, render_pdf
from markets.paper import house_facts, sheets

if TYPE_CHECKING:
    from accounts.models import User

KIND = "person_export"
# How long the two files stay after they were made.
DAYS_KEPT = 7


def exports_of(people: list[int]) -> Any:
    """The files made of these people, by the number in their names, the newest first."""
    if not people:
        return StoredFile.objects.none()
    names = Q()
    for pk in people:
        names |= Q(name__startswith=f"{_prefix(pk)}-")
    return StoredFile.objects.filter(names, kind=KIND).order_by("-created_at", "name")


def _prefix(pk: int) -> str:
    return f"donnees-fiche-{pk}"


def may_open(user: User, stored: StoredFile) -> bool:
    """Only who asked, and while they are an admin."""
    return user.is_admin and stored.created_by_id == user.pk


def ask_for_export(*, person: Beneficiary, user: User) -> Job:
    """Have the data of a person put together. Raises DomainError for a file that no longer designates anybody."""
    if person.anonymised_on:
        raise DomainError("Cette fiche est anonymisée\u202f: elle ne désigne plus personne.")
    return enqueue(
        KIND,
        key=f"{KIND}:{person.pk}:{user.pk}",
        label=f"Réunir les données de la fiche n°\u202f{person.pk}",
        payload={"person": person.pk},
        user=user,
        total=2,
    )


@job(KIND)
def make_export(running: RunningJob) -> None:
    """Read everything once, write it twice; that the sensitive part was read is in the log of accesses."""
    user = running.user
    if user is None or not user.is_admin:
        raise DomainError("Seul un compte d’administration réunit les données d’une personne.")
    person = get_object_or_404(Beneficiary.objects.visible_to(user), pk=running.payload["person"])
    data = data_of(person)
    record_access(user=user, kind=AccessKind.SENSITIVE, subject=f"person {person.pk}")
    now = timezone.localtime()
    name = f"{_prefix(person.pk)}-{now:%Y-%m-%d-%H%M%S}"
    told = {"maison": house_facts()["name"], "fait_le": now, **as_json(data)}
    content = json.dumps(told, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1).encode()
    stored = store_file(kind=KIND, name=f"{name}.json", content=content, user=user, allowed_types=["json"])
    running.result(stored)
    running.progress(1, 2)
    try:
        paper = make_paper(person, data, now)
    except PdfUnavailable as error:
        running.report(**{"sans PDF": error.sentence})
        return
    stored = store_file(kind=KIND, name=f"{name}.pdf", content=paper, user=user, allowed_types=["pdf"])
    running.result(stored)


def make_paper(person: Beneficiary, data: dict[str, Any], now: dt.datetime) -> bytes:
    """The PDF that is given to the person."""
    context = {
        "person": str(person),
        "number": person.pk,
        "house": house_facts(),
        "on": now,
        **as_paper(data),
    }
    return render_pdf(
        "beneficiaries/privacy/person_paper.html", context, stylesheets=sheets("person_data"), made_on=now
    )


def erase_old_exports(today: dt.date) -> int:
    """Each day: the files of a week ago go. Returns how many."""
    before = timezone.now() - dt.timedelta(days=DAYS_KEPT)
    rows = list(StoredFile.objects.filter(kind=KIND, created_at__lt=before).order_by("pk"))
    for row in rows:
        delete_file(row)
    return len(rows)
