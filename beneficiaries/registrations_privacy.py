"""What privacy tells the others when the application starts: tab, settings pages, jobs, files, daily works, rules of departure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from accounts.enums import Role
from accounts.registry import SettingsPage, register_settings_page
from beneficiaries.models import RetentionRules, RetentionRun
from beneficiaries.models.archive import archived_people
from beneficiaries.services import person_export, retention, retention_jobs
from core.files import register_file_kind
from core.jobs import register_job_link
from core.models import Job
from core.registry import Tab, WaitingItem, register_daily, register_tab, register_waiting
from markets.models.tasks import restricted_people

if TYPE_CHECKING:
    from accounts.models import User

ADMIN = (Role.ADMIN,)
# Before the first file of any house.
DEFAULT_RULES_FROM = dt.date(2000, 1, 1)


def register() -> None:
    register_tab("person", Tab("Données", "person_data", ADMIN, 80))
    register_settings_page(
        SettingsPage(
            "Conservation des données",
            "retention",
            "Archive, justificatifs effacés, anonymisation\u202f: ce qui est à faire, ce qui a été fait.",
            roles=ADMIN,
            position=57,
        )
    )
    register_file_kind(retention.REPORT_KIND, may_open=lambda user, stored: user.is_admin)
    register_file_kind(person_export.KIND, may_open=person_export.may_open)
    register_job_link(person_export.KIND, _export_link)
    register_job_link(retention.APPLY, lambda row: ("Conservation", reverse("retention")))
    register_daily("Données réunies à effacer", person_export.erase_old_exports)
    register_daily("Conservation à décider", retention_jobs.propose_run)
    register_waiting(retention_waiting)
    if archived_people not in restricted_people:
        restricted_people.append(archived_people)


def _export_link(row: Job) -> tuple[str, str]:
    return "Données de la personne", reverse("person_data", args=[row.payload["person"]])


def retention_waiting(user: User) -> Iterator[WaitingItem]:
    """For the admins: what the last count found, until the rules were applied."""
    if not user.is_admin:
        return
    row = Job.objects.filter(kind=retention_jobs.COUNT, state=Job.State.DONE).order_by("-pk").first()
    if row is None or RetentionRun.objects.filter(made_at__gt=row.created_at).exists():
        return
    count = sum(value for value in row.report.values() if isinstance(value, int))
    yield WaitingItem(
        "fiche ou fichier au terme de sa conservation"
        if count == 1
        else "fiches et fichiers au terme de leur conservation",
        count,
        reverse("retention"),
    )


def create_default_rules(using: str = "default", **kwargs: Any) -> None:
    """After a migration: the lengths of the model, when none were ever written."""
    from django.db import connections

    if RetentionRules._meta.db_table not in connections[using].introspection.table_names():
        return
    if RetentionRules.objects.using(using).exists():
        return
    RetentionRules(
        in_force_from=DEFAULT_RULES_FROM,
        note="Durées de départ\u202f: deux ans après le dernier contact, cinq ans après la clôture (prescription).",
    ).save(using=using)
