"""`manage.py import_directory FILE…`: load lists of SIAE, GEIQ and adapted structures into the directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import formats
from core.errors import DomainError
from core.forms import parse_day
from markets.services.directory import DirectoryReport, load_directory


class Command(BaseCommand):
    help = "Charge des listes de structures d’insertion (CSV, XLSX, ODS, JSON). Recharger une liste ne change rien."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FICHIER")
        parser.add_argument("--dry-run", action="store_true", help="dire ce qui serait fait, ne rien écrire")
        parser.add_argument("--departments", nargs="+", default=[], metavar="CODE", help="par exemple 69 01")
        parser.add_argument(
            "--close-missing-on", metavar="DATE", help="fermer à cette date ce que la liste ne contient plus"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            close_on = parse_day(options["close_missing_on"] or "")
        except ValueError as error:
            raise CommandError(str(error)) from error
        for path in options["files"]:
            try:
                if path.stat().st_size > settings.UPLOAD_MAX_BYTES:
                    raise CommandError(f"{path.name} dépasse {formats.size(settings.UPLOAD_MAX_BYTES)}.")
                report = load_directory(
                    path.read_bytes(),
                    name=path.name,
                    dry_run=options["dry_run"],
                    close_missing_on=close_on,
                    departments=options["departments"],
                )
            except OSError as error:
                raise CommandError(f"{path} ne peut pas être lu : {error.strerror}.") from error
            except DomainError as error:
                raise CommandError(f"{path.name} : {error.sentence}") from error
            self.say(report)

    def say(self, report: DirectoryReport) -> None:
        self.stdout.write(f"{report.file} ({report.list_name}) : {formats.noun(report.lines, 'ligne')}")
        for name, count in report.made.items():
            self.stdout.write(f"  {count} {name}")
        for sentence in report.refused:
            self.stdout.write(f"  refusée : {sentence}")
        self.stdout.write(f"  {formats.noun(report.warning_count, 'point')} à vérifier")
        if report.missing_count:
            self.stdout.write(f"  {formats.noun(report.missing_count, 'nature')} en moins dans cette liste")
