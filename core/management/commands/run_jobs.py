"""Works the queue of jobs in this process, for cron or a shell."""

from typing import Any

from django.core.management.base import BaseCommand

from core.jobs import run_waiting


class Command(BaseCommand):
    help = "Fait les travaux en attente et ceux d’un processus mort, puis s’arrête."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{run_waiting()} travaux faits.")
