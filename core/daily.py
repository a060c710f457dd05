"""What is done once a day: registered by the rooms, called by Celery beat or by `manage.py remind` from cron."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from django.utils import timezone

from core.registry import daily_works

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DailyResult:
    """What one work did: how many things, or that it failed (the log has the traceback)."""

    label: str
    done: int = 0
    failed: bool = False


def run_daily(today: dt.date | None = None) -> list[DailyResult]:
    """Do every daily work; one that fails is logged and the others are done all the same."""
    day = today or timezone.localdate()
    results = []
    for work in daily_works():
        try:
            results.append(DailyResult(work.label, work.run(day)))
        except Exception:
            logger.exception("Daily work failed: %s", work.label)
            results.append(DailyResult(work.label, failed=True))
    return results
