"""`manage.py make_bilan --buyer SIRET --year Y [--pdf F] [--json F] [--xlsx F]`: publish a bilan from the shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import DomainError
from core.files import read_file
from markets.models import Buyer
from reporting.enums import BilanFormat, BilanState
from reporting.models import Bilan
from reporting.services.drafts import start_bilan
from reporting.services.publication import freeze, make_files
from reporting.services.workflow import review_bilan


class Command(BaseCommand):
    help = (
        "Publie le bilan annuel d’un donneur d’ordre, ou reprend celui qui est publié, et écrit ses fichiers."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--buyer", required=True, metavar="SIRET", help="identifiant du donneur d’ordre")
        parser.add_argument("--year", required=True, type=int, help="année du bilan")
        for file_format in BilanFormat.values:
            parser.add_argument(f"--{file_format}", type=Path, metavar="FICHIER")

    def handle(self, *args: Any, **options: Any) -> None:
        identifier = options["buyer"].replace(" ", "")
        # The command line is the house's own: it has no user to narrow to.
        buyer = Buyer.objects.filter(identifier=identifier).first()
        if buyer is None:
            raise CommandError(f"Aucun donneur d’ordre ne porte l’identifiant {identifier}.")
        # Without Pango no PDF can be made: only what is asked for is, so that the others still are.
        formats = [name for name in BilanFormat.values if options[name]] or BilanFormat.values
        try:
            bilan = self.published(buyer, options["year"])
            files = {row.format: row for row in make_files(bilan=bilan, user=None, formats=formats)}
        except DomainError as error:
            raise CommandError(error.sentence) from error
        for file_format in BilanFormat.values:
            target: Path | None = options[file_format]
            if target is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(read_file(files[file_format].file))
                self.stdout.write(f"{bilan} : {target}")
        self.stdout.write(f"{bilan}, publié, version {bilan.version}.")

    def published(self, buyer: Buyer, year: int) -> Bilan:
        """The last published version, else the draft reviewed and published, else a new one."""
        bilans = Bilan.objects.filter(buyer=buyer, year=year)
        bilan = bilans.published().order_by("-version").first()
        if bilan is not None:
            return bilan
        bilan = bilans.first() or start_bilan(buyer=buyer, year=year, user=None)
        if bilan.state == BilanState.DRAFT:
            bilan = review_bilan(bilan=bilan, user=None)
        return freeze(bilan=bilan, user=None)
