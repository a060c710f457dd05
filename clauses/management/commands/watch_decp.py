"""`manage.py watch_decp FILE…` or `--fetch`: read DECP files for the contracts of our buyers that nobody follows."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clauses.coverage_fetch import fetched
from clauses.coverage_jobs import facts_of
from clauses.services.coverage import watch_file
from core import formats
from core.errors import DomainError


class Command(BaseCommand):
    help = "Cherche dans des fichiers DECP les contrats de nos donneurs d’ordre. Relire un fichier ne change rien."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, metavar="FICHIER")
        parser.add_argument("--fetch", action="store_true", help="lire le fichier de l’adresse DECP_URL")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["files"]) == options["fetch"]:
            raise CommandError("Donnez un fichier ou plusieurs, ou bien --fetch.")
        if options["fetch"]:
            if not settings.DECP_URL:
                raise CommandError("Aucune adresse : dites-la dans DECP_URL.")
            try:
                with fetched(settings.DECP_URL) as (source, name):
                    stopped = self.watch(source, name)
            except DomainError as error:
                raise CommandError(error.sentence) from error
        else:
            stopped = sum([self.watch_path(path) for path in options["files"]])
        if stopped:
            raise CommandError(
                f"{formats.noun(stopped, 'fichier')} {'n’a' if stopped == 1 else 'n’ont'} pas pu être lu jusqu’au bout."
            )

    def watch_path(self, path: Path) -> int:
        try:
            if path.stat().st_size > settings.DECP_MAX_BYTES:
                size = formats.size(settings.DECP_MAX_BYTES)
                raise CommandError(f"{path.name} dépasse {size} : découpez-le ou relevez DECP_MAX_BYTES.")
            with path.open("rb") as source:
                return self.watch(source, path.name)
        except OSError as error:
            raise CommandError(f"{path} ne peut pas être lu : {error.strerror}.") from error

    def watch(self, source: IO[bytes], name: str) -> int:
        """Read one file and say what was found; 1 when reading it stopped."""
        report = watch_file(source, name=name)
        self.stdout.write(name)
        for label, value in facts_of(report).items():
            for one in value if isinstance(value, list) else [value]:
                self.stdout.write(f"  {label.replace('_', ' ')} : {one}")
        return bool(report.stopped)
