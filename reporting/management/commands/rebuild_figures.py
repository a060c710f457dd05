"""Computes the kept figures of the territory again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from reporting.kept import keep_year
from reporting.models import KeptFigures


class Command(BaseCommand):
    help = (
        "Recalcule les chiffres gardés du territoire : ceux d’une année, ou toutes celles qui sont gardées."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--year", type=int, help="une année seulement")

    def handle(self, *args: Any, **options: Any) -> None:
        today = timezone.localdate()
        if options["year"] is not None:
            if not 1990 <= options["year"] <= today.year:
                raise CommandError(f"L’année se situe entre 1990 et {today.year}.")
            years = {options["year"]}
        else:
            years = {today.year - 1, today.year, *KeptFigures.objects.values_list("year", flat=True)}
        for year in sorted(years):
            row = keep_year(year)
            self.stdout.write(f"{year} : recalculée en {row.seconds:.1f} s")
