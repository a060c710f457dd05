"""`manage.py make_bilan (--buyer SIRET [--market REF] | --territory) --year Y [--pdf F]…`: publish a bilan from the shell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import DomainError
from core.files import read_file
from markets.models import Buyer, Market
from reporting.enums import BilanFormat, BilanKind, BilanState
from reporting.models import Bilan
from reporting.services.drafts import start_bilan, start_reserved_bilan, start_territory_bilan
from reporting.services.publication import freeze, make_files
from reporting.services.workflow import review_bilan


class Command(BaseCommand):
    help = (
        "Publie le bilan d’une année (d’un donneur d’ordre, de l’un de ses marchés réservés, ou du territoire), ou reprend "
        "celui qui est publié, et écrit ses fichiers."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--buyer", metavar="SIRET", help="identifiant du donneur d’ordre")
        whose.add_argument("--territory", action="store_true", help="le bilan du territoire")
        parser.add_argument(
            "--market",
            metavar="RÉFÉRENCE",
            default="",
            help="le bilan annuel d’un marché réservé de ce donneur d’ordre",
        )
        parser.add_argument("--year", required=True, type=int, help="année du bilan")
        for file_format in BilanFormat.values:
            parser.add_argument(f"--{file_format}", type=Path, metavar="FICHIER")

    def handle(self, *args: Any, **options: Any) -> None:
        # Without Pango no PDF can be made: only what is asked for is, so that the others still are.
        formats = [name for name in BilanFormat.values if options[name]] or BilanFormat.values
        bilans, start = self.subject(options)
        try:
            bilan = self.published(bilans, start)
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

    def subject(self, options: dict[str, Any]) -> tuple[Any, Callable[[], Bilan]]:
        """The bilans of what is asked for, and how its first draft is opened."""
        year = options["year"]
        if options["territory"]:
            if options["market"]:
                raise CommandError("--market va avec --buyer : la référence est celle d’un donneur d’ordre.")
            rows = Bilan.objects.filter(kind=BilanKind.TERRITORY, year=year)
            return rows, lambda: start_territory_bilan(year=year, user=None)
        identifier = options["buyer"].replace(" ", "")
        # The command line is the house's own: it has no user to narrow to.
        buyer = Buyer.objects.filter(identifier=identifier).first()
        if buyer is None:
            raise CommandError(f"Aucun donneur d’ordre ne porte l’identifiant {identifier}.")
        if not options["market"]:
            rows = Bilan.objects.annual().filter(buyer=buyer, year=year)
            return rows, lambda: start_bilan(buyer=buyer, year=year, user=None)
        market = Market.objects.filter(buyer=buyer, reference=options["market"]).first()
        if market is None:
            raise CommandError(f"{buyer} n’a pas de marché de référence {options['market']}.")
        rows = Bilan.objects.filter(kind=BilanKind.RESERVED, market=market, year=year)
        return rows, lambda: start_reserved_bilan(market=market, year=year, user=None)

    def published(self, bilans: Any, start: Callable[[], Bilan]) -> Bilan:
        """The last published version, else the draft reviewed and published, else a new one."""
        bilan = bilans.published().order_by("-version").first()
        if bilan is not None:
            return bilan
        bilan = bilans.order_by("version").first() or start()
        if bilan.state == BilanState.DRAFT:
            bilan = review_bilan(bilan=bilan, user=None)
        return freeze(bilan=bilan, user=None)
