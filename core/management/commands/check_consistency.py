"""Say which rows do not agree with each other; changes nothing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.consistency import run_checks


class Command(BaseCommand):
    help = "Vérifie que les données recopiées sont celles de leur source ; ne change rien."

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        for title, sentences in run_checks():
            self.stdout.write(f"{'à corriger' if sentences else 'bon'} : {title}")
            for sentence in sentences:
                self.stdout.write(f"  {sentence}")
            found += len(sentences)
        if found:
            raise CommandError(f"Incohérences trouvées : {found}.")
