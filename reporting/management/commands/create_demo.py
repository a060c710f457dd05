"""Creates the demonstration territory: invented people and companies, the same for the same arguments."""

from __future__ import annotations

import argparse
import datetime as dt
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from core import formats
from core.errors import DomainError
from reporting.demo.follow_up import tell_follow_up
from reporting.demo.load import describe, existing_territory, load_territory
from reporting.demo.sizes import SIZES
from reporting.demo.story_bilans import tell_bilans


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"« {text} » n’est pas un jour : écrivez 2026-11-22.") from None


def _years(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 10):
        raise argparse.ArgumentTypeError("Le nombre d’années se situe entre 1 et 10.")
    return int(text)


class Command(BaseCommand):
    help = "Crée le territoire de démonstration (personnes et entreprises inventées) dans une base vide."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--size", choices=list(SIZES), default="small", help="taille (par défaut : small)"
        )
        parser.add_argument("--years", type=_years, default=3, help="années d’heures, la dernière comprise")
        parser.add_argument("--seed", type=int, default=1, help="graine du hasard")
        parser.add_argument("--as-of", type=_day, help="jour du territoire (par défaut : aujourd’hui)")
        parser.add_argument("--quiet", action="store_true", help="ne rien afficher")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError(
                "La démonstration crée des personnes inventées : elle refuse de tourner en production."
            )
        arguments = {
            "size": options["size"],
            "years": options["years"],
            "seed": options["seed"],
            "as_of": (options["as_of"] or timezone.localdate()).isoformat(),
        }
        self.quiet = options["quiet"]
        started = self.last = time.monotonic()
        try:
            if existing_territory(arguments):
                self._write(f"Ce territoire est déjà là ({describe(arguments)}) : rien à faire.")
                return
            self._write(f"Territoire de démonstration : {describe(arguments)}")
            with transaction.atomic():
                written = load_territory(arguments, say=self._step)
                tell_follow_up(as_of=dt.date.fromisoformat(arguments["as_of"]), say=self._step)
                tell_bilans(as_of=dt.date.fromisoformat(arguments["as_of"]), say=self._step)
        except DomainError as error:
            raise CommandError(error.sentence) from error
        for name, count in written.items():
            self._write(f"  {formats.number(count):>9} {name}")
        self._write(f"Territoire créé en {_seconds(time.monotonic() - started)}.")

    def _step(self, what: str) -> None:
        now = time.monotonic()
        self._write(f"  {_seconds(now - self.last):>9} {what}")
        self.last = now

    def _write(self, text: str) -> None:
        if not self.quiet:
            self.stdout.write(text)


def _seconds(duration: float) -> str:
    return f"{duration:.1f}".replace(".", ",") + "\u202fs"
