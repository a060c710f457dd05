"""Loads lists of insertion and adapted structures into the companies: complete, open kinds, close those that vanished.

Idempotent by SIRET and kind. What a person typed is completed where it is blank, never replaced (ADR 0029).
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, transaction
from django.utils import timezone

from core import formats
from core.errors import DomainError
from core.loading import LINES_SHOWN, LoadReport
from core.text import normalise
from markets.directory import sectors_of_naf, sectors_of_words
from markets.directory_files import Entry, Refused, Shape, read_list
from markets.enums import CompanyKindCode, IdentifierKind, Source
from markets.models import Commune, Company, CompanyKind, Sector

if TYPE_CHECKING:
    from accounts.models import User


@dataclass
class DirectoryReport(LoadReport):
    """A list loaded; `missing` are its open kinds that the file no longer has."""

    list_name: str = ""
    lines: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)
    missing_count: int = 0

    def miss(self, sentence: str) -> None:
        self.missing_count += 1
        if len(self.missing) < LINES_SHOWN:
            self.missing.append(sentence)

    def as_json(self) -> dict[str, Any]:
        return {
            **super().as_json(),
            "list_name": self.list_name,
            "lines": self.lines,
            "kinds": dict(self.kinds.most_common()),
            "missing": self.missing,
            "missing_count": self.missing_count,
        }


class _Rehearsal(Exception):
    """Raised to take everything back."""


def load_directory(
    content: bytes,
    *,
    name: str,
    user: User | None = None,
    dry_run: bool = False,
    close_missing_on: dt.date | None = None,
    departments: Collection[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> DirectoryReport:
    """Load a list of structures in one transaction; a line that fails is reported and the others load.

    `dry_run` says what would be done and writes nothing. `close_missing_on`: the day on which the kinds that an
    earlier file of the same list gave and that this one no longer has end, in the departments that it covers.
    `departments`: the only ones to load (« 69 »); all of them when it is empty.
    Raises DomainError for a file that cannot be read, and for a day to come.
    """
    if close_missing_on and close_missing_on > timezone.localdate():
        raise DomainError("Une nature se ferme aujourd’hui au plus tard.", field="close_on")
    shape, lines = read_list(content)
    loader = _Loader(DirectoryReport(file=name, list_name=shape.label), shape, user, frozenset(departments))
    try:
        with transaction.atomic():
            loader.load(lines, progress)
            loader.close_missing(close_missing_on)
            if dry_run:
                raise _Rehearsal
    except _Rehearsal:
        pass
    return loader.report


class _Loader:
    """One load: the report that it fills, and what it keeps at hand."""

    def __init__(
        self, report: DirectoryReport, shape: Shape, user: User | None, wanted: frozenset[str]
    ) -> None:
        self.report, self.shape, self.user, self.wanted = report, shape, user, wanted
        self.communes = _Communes()
        self.sectors = list(Sector.objects.filter(is_active=True))
        self.seen: set[tuple[int, str]] = set()
        self.departments: set[str] = set()

    def load(self, lines: list[Entry | Refused], progress: Callable[[int, int], None] | None) -> None:
        for number, line in enumerate(lines, start=1):
            self.report.lines += 1
            where = f"{self.report.file}, ligne {line.position}"
            if self.wanted and line.department not in self.wanted:
                self.report.made["lignes d’autres départements, laissées"] += 1
            elif isinstance(line, Refused):
                self.report.refuse(where, line.sentence)
            else:
                self.take(line, where)
            if progress and number % 50 == 0:
                progress(number, len(lines))

    def take(self, line: Entry, where: str) -> None:
        where = f"{where} ({line.name or line.identifier})"
        self.report.kinds[line.kind] += 1
        if line.department:
            self.departments.add(line.department)
        try:
            # A savepoint a line: what the database refuses leaves the others alone.
            with transaction.atomic():
                self.store(line, where)
        except DomainError as error:
            self.report.refuse(where, error.sentence)
        except DatabaseError as error:
            self.report.refuse(where, f"la base de données la refuse ({str(error)[:120]})")
        for sentence in line.warnings:
            self.report.warn(where, sentence)

    def store(self, line: Entry, where: str) -> None:
        made = self.report.made
        code = self.communes.find(line)
        if code is None and (line.city or line.insee):
            line.warnings.append(f"commune « {line.city or line.insee} » inconnue, à préciser sur la fiche")
        company = self.company(line, code)
        is_new = company is None
        if company is None and not line.name:
            raise DomainError(
                "sa liste ne dit pas son nom et son SIRET n’a pas de fiche : chargez d’abord une liste qui la nomme"
            )
        if company is None:
            company = self.create(line, code)
            made["fiches créées"] += 1
        elif self.complete(company, line, code):
            made["fiches complétées"] += 1
            is_new = True
        sectors = self.add_sectors(company, line)
        opened = self.open_kind(company, line)
        self.seen.add((company.pk, line.kind))
        if not (is_new or sectors or opened):
            made["lignes sans changement"] += 1

    # --- The company --------------------------------------------------------------------------------------------

    def company(self, line: Entry, code: str | None) -> Company | None:
        rows = Company.objects.order_by("pk").prefetch_related("kinds", "activities")
        if not line.identifier:
            wanted = normalise(line.name)
            near = rows.filter(identifier="", commune=code).matching(line.name)
            return next((row for row in near if normalise(row.name) == wanted), None)
        row = rows.filter(identifier=line.identifier).first()
        is_sound = line.identifier_kind == IdentifierKind.SIRET
        if row and not is_sound and line.name and normalise(row.name) != normalise(line.name):
            raise DomainError(
                f"son identifiant à vérifier, {line.identifier}, est déjà celui de « {row.name} » : elle n’est pas chargée"
            )
        return row

    def create(self, line: Entry, code: str | None) -> Company:
        company = Company(
            name=line.name,
            short_name=line.short_name,
            identifier=line.identifier,
            identifier_kind=IdentifierKind(line.identifier_kind),
            address=line.address,
            commune_id=code,
            latitude=line.latitude,
            longitude=line.longitude,
            sectors=line.activities,
            email=line.email,
            phone=line.phone,
            source=Source.DIRECTORY,
        )
        return self.save(company)

    def complete(self, company: Company, line: Entry, code: str | None) -> bool:
        """Fill what is blank; say what differs. True when something was written."""
        given: dict[str, Any] = {
            "short_name": line.short_name,
            "address": line.address,
            "commune_id": code,
            "sectors": line.activities,
            "email": line.email,
            "phone": line.phone,
        }
        new = {name: value for name, value in given.items() if value and not getattr(company, name)}
        if line.latitude is not None and company.latitude is None and company.commune_id in (None, code):
            new |= {"latitude": line.latitude, "longitude": line.longitude}
        if line.name and _is_placeholder(company):
            new |= {"name": line.name, "notes": ""}
        if code and company.commune_id and company.commune_id not in self.communes.same_place(code):
            line.warnings.append(
                f"la fiche la situe à {self.communes.labels.get(company.commune_id, company.commune_id)}, "
                f"la liste à {self.communes.labels[code]} : la fiche est gardée"
            )
        for name, value in new.items():
            setattr(company, name, value)
        if new:
            self.save(company)
        return bool(new)

    def save(self, row: Any) -> Any:
        row._history_user = self.user
        row.save()
        return row

    def add_sectors(self, company: Company, line: Entry) -> bool:
        """The sectors that the file says; those that a person chose are left alone."""
        known = {row.pk for row in company.activities.all()}
        if known:
            return False
        found = sectors_of_naf(line.naf, self.sectors) + sectors_of_words(line.activities, self.sectors)
        if found:
            company.activities.add(*found)
            self.report.made["structures avec un secteur reconnu"] += 1
        return bool(found)

    # --- Its kinds ----------------------------------------------------------------------------------------------

    def open_kind(self, company: Company, line: Entry) -> bool:
        today = timezone.localdate()
        rows = [row for row in company.kinds.all() if row.kind == line.kind]
        if any(row.ends_on is None or row.ends_on >= today for row in rows):
            return False
        if (company.pk, line.kind) in self.seen:
            return False
        starts_on = line.starts_on
        ended = max((row.ends_on for row in rows if row.ends_on), default=None)
        if ended and (starts_on is None or starts_on <= ended):
            # It comes back: the former life stays closed and this one begins after it.
            starts_on = ended + dt.timedelta(days=1)
        self.save(CompanyKind(company=company, kind=line.kind, starts_on=starts_on, source=self.shape.label))
        self.report.made["natures ouvertes"] += 1
        return True

    def close_missing(self, on: dt.date | None) -> None:
        """Kinds that an earlier file of this list opened and that this one, over the same departments, lacks."""
        codes = {
            code for code in self.communes.departments if self.communes.departments[code] in self.departments
        }
        rows = (
            CompanyKind.objects.filter(source=self.shape.label, ends_on__isnull=True)
            .exclude(kind=CompanyKindCode.ORDINARY)
            .select_related("company")
            .order_by("company__search_key", "pk")
        )
        for row in rows:
            # Without a commune nothing says that this file should have had it.
            if (row.company_id, row.kind) in self.seen or row.company.commune_id not in codes:
                continue
            if on and row.starts_on and row.starts_on > on:
                self.report.warn(
                    self.report.file,
                    f"{row.company}, {row.kind} : commencée le {formats.day(row.starts_on)}, elle n’est pas fermée",
                )
                continue
            self.report.miss(f"{row.company} ({row.kind})")
            if on:
                row.ends_on = on
                self.save(row)
                self.report.made["natures fermées"] += 1


def _is_placeholder(company: Company) -> bool:
    """Whether the name is only the identifier, as the DECP leaves it."""
    return company.notes.startswith("Nom à compléter") and company.name.endswith(company.identifier)


class _Communes:
    """Every commune, found by its code, or by its name inside a department: two queries for a whole file."""

    def __init__(self) -> None:
        self.labels: dict[str, str] = {}
        self.departments: dict[str, str] = {}
        self.successors: dict[str, str] = {}
        self.parents: dict[str, str] = {}
        self.by_name: dict[tuple[str, str], str] = {}
        rows = Commune.objects.order_by("-valid_to", "pk").values_list(
            "pk", "label", "department_code", "successor_id", "parent_id", "valid_to"
        )
        # Today's communes last: where a former one bears the same name, they are meant.
        for code, label, department, successor, parent, valid_to in sorted(
            rows, key=lambda row: row[5] is None
        ):
            self.labels[code], self.departments[code] = label, department
            if successor:
                self.successors[code] = successor
            if parent:
                self.parents[code] = parent
            self.by_name[department, _place_name(label)] = (
                self.successors.get(code, code) if valid_to else code
            )

    def find(self, line: Entry) -> str | None:
        if line.insee and line.insee in self.labels:
            return self.successors.get(line.insee, line.insee)
        department = line.department
        name = _place_name(line.city)
        if not name or not department:
            return None
        number = re.fullmatch(r"(?:69)0(0[1-9])", line.postcode)
        if name.startswith("lyon") and number:
            return self.by_name.get(("69", _place_name(f"Lyon {int(number[1])}e Arrondissement"))) or (
                f"6938{int(number[1])}" if f"6938{int(number[1])}" in self.labels else None
            )
        return self.by_name.get((department, name))

    def same_place(self, code: str) -> set[str]:
        """The code, the commune of which it is a part, and the arrondissements that it has."""
        root = self.parents.get(code, code)
        return {code, root} | {part for part, parent in self.parents.items() if parent == root}


def _place_name(text: str) -> str:
    """« ST LAURENT BLANGY CEDEX 3 » → « saint laurent blangy »."""
    words = normalise(re.sub(r"(?i)\bcedex\b.*$", "", text)).split()
    full = {"st": "saint", "ste": "sainte", "s": "sur"}
    return " ".join(full.get(word, word) for word in words)
