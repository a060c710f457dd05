"""Write the words of the search again."""

from typing import Any

from django.core.management.base import BaseCommand

from core.formats import number
from core.search import rebuild


class Command(BaseCommand):
    help = "Réécrit les mots de la recherche, source par source."

    def handle(self, *args: Any, **options: Any) -> None:
        for label, count in rebuild().items():
            self.stdout.write(f"{label} : {number(count, 0)} mots")
