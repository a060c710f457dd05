"""Take over past years from the export of a former tool: markets, contracts, people and hours in one flat file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from beneficiaries.enums import ImportKind, LineState
from beneficiaries.import_mapping import FileMapping, read_mapping
from beneficiaries.import_plan import NEW
from beneficiaries.import_reading import read_layout
from beneficiaries.models import ContractType, DataImport, ImportLine
from beneficiaries.services.import_endings import validate_import
from beneficiaries.services.imports import (
    check_import,
    choose_columns,
    decide_all,
    discard_import,
    layouts_of,
    load_import,
    receive_import,
    recount_import,
    sheets_of,
)
from core import formats
from core.errors import DomainError
from core.forms import parse_month
from core.text import normalise
from markets.models import Buyer, Company

SHOWN = 200
COUNTS = (
    ("lines", "lignes lues"),
    ("accepted", "acceptées"),
    ("corrected", "corrigées"),
    ("unchanged", "déjà là"),
    ("doubtful", "à décider"),
    ("refused", "refusées"),
    ("new_buyers", "donneurs d’ordre à créer"),
    ("new_markets", "marchés à créer"),
    ("new_people", "personnes à créer"),
    ("contracts", "contrats à créer"),
    ("entries", "relevés à écrire"),
)


class Command(BaseCommand):
    help = "Reprend des années passées depuis l’export d’un ancien outil (voir docs/take-over.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="XLSX, XLS, ODS ou CSV")
        parser.add_argument("--mapping", required=True, help="fichier TOML : quelle colonne dit quoi")
        parser.add_argument(
            "--dry-run", action="store_true", help="dire ce qui serait fait, sans rien écrire"
        )
        parser.add_argument(
            "--validate", action="store_true", help="valider aussitôt : l’import ne se reprend plus"
        )
        parser.add_argument(
            "--new",
            action="store_true",
            help="faire une nouvelle fiche quand une autre ne fait que ressembler",
        )
        parser.add_argument("--user", default="", help="adresse du compte au nom duquel c’est fait")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._take_over(options)
        except DomainError as error:
            raise CommandError(formats.typeset(error.sentence)) from error
        except OSError as error:
            raise CommandError(f"{error.filename} ne peut pas être lu : {error.strerror}.") from error

    def _take_over(self, options: dict[str, Any]) -> None:
        user = self._user(options["user"])
        types = set(ContractType.objects.order_by("pk").values_list("pk", flat=True))
        mapping = read_mapping(Path(options["mapping"]).read_text(encoding="utf-8"), contract_types=types)
        path = Path(options["file"])
        row = receive_import(
            kind=ImportKind.TAKE_OVER,
            name=path.name,
            content=path.read_bytes(),
            user=user,
            company=self._employer(mapping),
            month=parse_month(mapping.options.get("month", "")),
            options={
                **self._buyer(mapping),
                "granularity": mapping.options.get("granularity", ""),
                "modalities": mapping.modalities,
                "contract_types": mapping.contract_types,
            },
        )
        try:
            self._read(row, mapping, user)
            check_import(row, user=user)
            if options["new"] and decide_all(row=row, answer=NEW, user=user):
                check_import(row, user=user)
            row.refresh_from_db()
            self._tell(row)
        except DomainError:
            discard_import(row)
            raise
        if options["dry_run"]:
            discard_import(row)
            self.stdout.write("Essai à blanc : rien n’est écrit.")
            return
        people = load_import(row, user=user)
        recount_import(row, people, user=user)
        if options["validate"]:
            left = validate_import(row, user=user)
            if left:
                raise CommandError(f"{left} relevés restent à valider : voyez l’import {row.pk}.")
        state = "validé" if options["validate"] else "chargé, à valider sur sa page"
        self.stdout.write(self.style.SUCCESS(f"Import {row.pk} {state}."))

    def _user(self, email: str) -> User | None:
        if not email:
            return None
        user = User.objects.house_staff().filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError(f"{email} n’est pas l’adresse d’un compte de la maison.")
        return user

    def _buyer(self, mapping: FileMapping) -> dict[str, Any]:
        name = str(mapping.options.get("buyer", ""))
        wanted = normalise(name)
        known = next(
            (
                buyer.pk
                for buyer in Buyer.objects.order_by("pk")
                if name
                and (
                    name == buyer.identifier or wanted in (normalise(buyer.name), normalise(buyer.short_name))
                )
            ),
            None,
        )
        return {"buyer": known} if known else {"buyer": None, "buyer_name": name}

    def _employer(self, mapping: FileMapping) -> Company | None:
        name = str(mapping.options.get("employer", ""))
        if not name:
            return None
        found = (
            Company.objects.filter(identifier=name).first()
            or Company.objects.filter(name__iexact=name).first()
        )
        if found is None:
            raise DomainError(f"L’employeur « {name} » n’a pas de fiche.")
        return found

    def _read(self, row: DataImport, mapping: FileMapping, user: User | None) -> None:
        sheets = sheets_of(row)
        index = next((rank for rank, sheet in enumerate(sheets) if mapping.sheet == sheet.name), None)
        if mapping.sheet and index is None:
            raise DomainError(f"La feuille « {mapping.sheet} » n’est pas dans le fichier.")
        index = index if index is not None else int(row.options["sheet"])
        layout = read_layout(
            kind=row.kind, sheet=sheets[index], file_name=row.file_name, header=mapping.header or row.header
        )
        said = {normalise(column.title): column for column in layout.columns}
        for title in mapping.columns:
            if title not in said:
                raise DomainError(
                    f"La colonne « {title} » n’est pas à la ligne {layout.header} : "
                    f"{', '.join(column.title for column in layout.columns[:12])}."
                )
        # A mapping that names columns is the whole reading; without any, the titles speak for themselves.
        says = {said[title].index: name for title, name in mapping.columns.items()} or {
            column.index: column.says for column in layout.columns
        }
        choose_columns(
            row=row,
            sheet=index,
            header=layout.header,
            says=says,
            month=row.month,
            options={"all_sheets": bool(mapping.options.get("all_sheets", row.options.get("all_sheets")))},
            user=user,
        )
        row.refresh_from_db()
        layouts_of(row, sheets)

    def _tell(self, row: DataImport) -> None:
        for name, label in COUNTS:
            if row.counts.get(name):
                self.stdout.write(f"{formats.number(row.counts[name], 0)} {label}")
        if row.counts.get("hours"):
            self.stdout.write(f"{formats.hours(row.counts['hours'])} à reprendre")
        left = ImportLine.objects.filter(data_import=row, state__in=[LineState.REFUSED, LineState.DOUBTFUL])
        for line in left.order_by("number", "pk")[:SHOWN]:
            where = f"{line.sheet}, " if line.sheet else ""
            self.stdout.write(f"{where}ligne {line.number} : {line.sentence}")
