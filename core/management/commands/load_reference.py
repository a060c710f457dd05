"""Loads the reference lists of `reference/`; running it again changes nothing."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import DomainError
from core.reference import load_reference_lists


class Command(BaseCommand):
    help = "Charge les listes de référence ; un code disparu est désactivé, jamais supprimé."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--directory", type=Path, help="dossier des fichiers (par défaut : reference/)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counts = load_reference_lists(options["directory"])
        except (DomainError, OSError) as error:
            raise CommandError(str(error)) from error
        for count in counts:
            self.stdout.write(
                f"{count.file} : {count.created} créés, {count.changed} modifiés, "
                f"{count.unchanged} inchangés, {count.deactivated} désactivés"
            )
