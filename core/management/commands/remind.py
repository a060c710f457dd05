"""Do the daily works (reminders by e-mail among them), for installations whose cron calls it instead of Celery beat."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import jobs
from core.daily import run_daily


class Command(BaseCommand):
    help = "Fait le travail du jour : rappels par courriel, échéances à ouvrir. Peut être lancé plusieurs fois par jour."

    def handle(self, *args: Any, **options: Any) -> None:
        # Without a broker the messages leave here: a thread would be cut short by the end of the command.
        with jobs.worked_here():
            results = run_daily()
        for result in results:
            self.stdout.write(f"{result.label} : {'en échec' if result.failed else result.done}")
        if any(result.failed for result in results):
            raise CommandError("Une partie du travail du jour a échoué : le journal du serveur dit pourquoi.")
