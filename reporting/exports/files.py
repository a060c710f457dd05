"""The files that « Exports » makes: at once where little is read, in a job otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from beneficiaries.models import HoursEntry
from core.errors import DomainError
from core.exports import CSV_TYPE, XLSX_TYPE
from core.files import store_file
from core.jobs import RunningJob, enqueue, job
from core.models import Job, StoredFile
from reporting.exports import national, open_data

if TYPE_CHECKING:
    from accounts.models import User

KIND = "flat_export"
# Beyond, the file is made in a job: the page that asks would wait.
MANY_ENTRIES = 20_000
MANY_BILANS = 60
Step = Callable[[int], None]


@dataclass(frozen=True)
class Product:
    """One file: its name, its type, how it is made, how much there is to read (and how much is a lot)."""

    name: Callable[[int | None], str]
    extension: str
    content_type: str
    label: Callable[[int | None], str]
    make: Callable[[int | None, Step], bytes]
    size: Callable[[int | None], int]
    many: int
    needs_year: bool = True


def _national(write: Callable[[national.Consolidation], bytes]) -> Callable[[int | None, Step], bytes]:
    def make(year: int | None, step: Step) -> bytes:
        assert year is not None
        found = national.consolidation_of(year)
        step(1)
        return write(found)

    return make


def _entries(year: int | None) -> int:
    """Counted entries of the year: what the consolidation reads."""
    assert year is not None
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    return HoursEntry.objects.annual().filter(month__gte=first, month__lte=last).count()


def _archive(year: int | None, step: Step) -> bytes:
    return open_data.archive_of(year, made_on=timezone.localdate(), step=step)


PRODUCTS = {
    f"national_{extension}": Product(
        name=lambda year: f"consolidation-{year}",
        extension=extension,
        content_type=content_type,
        label=lambda year: f"Consolidation nationale {year}",
        make=_national(write),
        size=_entries,
        many=MANY_ENTRIES,
    )
    for extension, content_type, write in (
        ("csv", CSV_TYPE, national.csv_of),
        ("xlsx", XLSX_TYPE, national.xlsx_of),
    )
} | {
    "open_data": Product(
        name=lambda year: f"donnees-ouvertes-{year or 'toutes-annees'}",
        extension="zip",
        content_type="application/zip",
        label=lambda year: f"Données ouvertes, {year or 'toutes les années'}",
        make=_archive,
        size=lambda year: open_data.published(year).count(),
        many=MANY_BILANS,
        needs_year=False,
    )
}


def product_of(what: str, year: int | None) -> Product:
    """Raises DomainError for a file that is not made here, or a year that it needs."""
    product = PRODUCTS.get(what)
    if product is None:
        raise DomainError("Ce fichier n’existe pas.", field="what")
    if product.needs_year and year is None:
        raise DomainError("Choisissez une année pour la consolidation.", field="year")
    return product


def is_big(what: str, year: int | None) -> bool:
    """Whether the file is to be made in a job."""
    product = product_of(what, year)
    return product.size(year) > product.many


def ask_for(*, what: str, year: int | None, user: User) -> Job:
    """Have the file made in a job."""
    product = product_of(what, year)
    return enqueue(
        KIND,
        key=f"{KIND}:{what}:{year or 'all'}:{user.pk}",
        label=product.label(year),
        payload={"what": what, "year": year},
        user=user,
        total=product.size(year) if what == "open_data" else 2,
    )


@job(KIND)
def make_in_a_job(running: RunningJob) -> None:
    """Make the file and keep it; done twice, it is made twice and the last one is shown."""
    what, year = running.payload["what"], running.payload["year"]
    product = product_of(what, year)
    content = product.make(year, running.progress)
    stored = store_file(
        kind=KIND,
        name=f"{product.name(year)}.{product.extension}",
        content=content,
        user=running.user,
        **({"made_as": "zip"} if product.extension == "zip" else {"allowed_types": [product.extension]}),
    )
    running.result(stored)


def may_open(user: Any, stored: StoredFile) -> bool:
    """Of the admins only: whoever they give it to is theirs to choose."""
    return bool(user.is_admin)
