"""`manage.py import_decp FILE…`: load DECP files; what could not be read is said with file, position and reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clauses.decp import Report, load_decp
from core import formats


class Command(BaseCommand):
    help = "Charge des fichiers DECP (format 2022 ou 2019). Recharger un fichier ne change rien."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FICHIER")
        parser.add_argument("--dry-run", action="store_true", help="dire ce qui serait fait, ne rien écrire")

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = 0
        for path in options["files"]:
            try:
                if path.stat().st_size > settings.DECP_MAX_BYTES:
                    size = formats.size(settings.DECP_MAX_BYTES)
                    raise CommandError(f"{path.name} dépasse {size} : découpez-le ou relevez DECP_MAX_BYTES.")
                with path.open("rb") as source:
                    report = load_decp(source, name=path.name, dry_run=options["dry_run"])
            except OSError as error:
                raise CommandError(f"{path} ne peut pas être lu : {error.strerror}.") from error
            self.say(report)
            stopped += bool(report.stopped)
        if stopped:
            raise CommandError(
                f"{formats.noun(stopped, 'fichier')} {'n’a' if stopped == 1 else 'n’ont'} pas pu être lu jusqu’au bout."
            )

    def say(self, report: Report) -> None:
        lines = ", ".join(formats.noun(count, *_LINES[kind]) for kind, count in sorted(report.lines.items()))
        self.stdout.write(
            f"{report.file} : {lines or 'aucune ligne'}, {formats.amount(report.amount)} publiés"
        )
        for name, count in sorted(report.made.items()):
            self.stdout.write(f"  {count} {name}")
        for sentence in report.refused:
            self.stdout.write(f"  refusée : {sentence}")
        self.stdout.write(f"  {formats.noun(report.warning_count, 'point')} à vérifier")
        if report.stopped:
            self.stdout.write(f"  {report.stopped}")


_LINES = {
    "market": ("ligne de marché", "lignes de marché"),
    "concession": ("ligne de concession", "lignes de concession"),
}
