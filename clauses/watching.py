"""What the watch on published contracts tells the other rooms when it starts."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.signals import post_save

from clauses.coverage_jobs import FETCH, fetch_daily, link_to_list
from clauses.enums import CoverageState
from clauses.models import PublishedContract
from clauses.services.coverage import match_followed, match_followed_daily
from clauses.views.coverage import FILE_KIND
from core.files import register_file_kind
from core.jobs import register_job_link
from core.registry import Section, register_daily, register_section
from markets.models import Market


def register_watch() -> None:
    """Called once, in AppConfig.ready()."""
    register_section("markets", Section("Contrats publiés", "coverage_list", 50))
    register_file_kind(FILE_KIND, may_open=lambda user, stored: user.is_house_staff)
    for kind in ("coverage_watch", FETCH):
        register_job_link(kind, link_to_list)
    register_daily("Contrats publiés suivis depuis", match_followed_daily)
    register_daily("Contrats publiés du jour", fetch_daily)
    post_save.connect(_market_saved, sender=Market, dispatch_uid="coverage.market_saved")


def _market_saved(instance: Market, created: bool, raw: bool = False, **_: Any) -> None:
    """A market opened here may be a contract that waited: looked at once its lots are written too."""
    numbers = {instance.reference, instance.decp_id} - {""}
    if created and not raw and numbers:
        transaction.on_commit(lambda: _match(numbers), robust=True)


def _match(numbers: set[str]) -> None:
    # The first market of a load answers for all of them.
    waiting = PublishedContract.objects.filter(state=CoverageState.TO_LOOK, number__in=numbers)
    if waiting.exists():
        match_followed()
