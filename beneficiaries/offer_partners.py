"""To whom an offer may be sent: prescribers, and the insertion structures of the directory, around a place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils import timezone

from beneficiaries.models import Prescriber, Referrer
from markets.directory import Distance, distances, family_of, in_sectors, surroundings_of
from markets.directory_list import written_distance
from markets.enums import SIAE_KINDS
from markets.models import Commune, Company, Contact

if TYPE_CHECKING:
    from accounts.models import User

PRESCRIBERS = "prescribers"
FAMILIES = (
    (PRESCRIBERS, "Prescripteurs"),
    ("siae", "SIAE"),
    ("geiq", "GEIQ"),
    ("adapted", "EA, EATT, ESAT"),
    ("regie", "Régies de quartier"),
)
KINDS: dict[str, tuple[str, ...]] = {
    "siae": SIAE_KINDS,
    "geiq": ("GEIQ",),
    "adapted": ("EA", "EATT", "ESAT"),
    "regie": ("REGIE",),
}
# Beyond, it is no choice any more: the filters narrow it.
SHOWN_MAX = 150


@dataclass(frozen=True, slots=True)
class Partner:
    """A prescriber or a structure, and the address that an offer would go to ("" when none is known)."""

    key: str
    name: str
    kind: str
    commune: str
    email: str
    distance: str
    prescriber: Prescriber | None = None
    company: Company | None = None


def partners_for(
    user: User, *, families: Iterable[str], commune: Commune | None, within_km: int, sector: str = ""
) -> list[Partner]:
    """Partners whom `user` may see, prescribers first, structures by distance; at most `SHOWN_MAX` + 1.

    A prescriber has no coordinates: those of the same commune come first, then those of the department, and those
    without any place (France Travail's regional desk) always.
    """
    wanted = list(families)
    found = _prescribers(user, commune) if PRESCRIBERS in wanted else []
    kinds = [kind for family in wanted for kind in KINDS.get(family, ())]
    if kinds:
        found += _structures(user, kinds, commune, within_km, sector)
    return found[: SHOWN_MAX + 1]


def partners_by_key(user: User, keys: Sequence[str]) -> list[Partner]:
    """The partners that a form sent back, in a stable order; what is unknown or out of scope is left out."""
    prescribers = Prescriber.objects.visible_to(user).filter(pk__in=_numbers(keys, "p"), is_active=True)
    companies = Company.objects.visible_to(user).filter(pk__in=_numbers(keys, "c"))
    return [
        *_as_prescribers(prescribers.select_related("commune").order_by("search_key", "pk")),
        *_as_structures(_loaded(companies).order_by("search_key", "pk"), {}),
    ]


def _numbers(keys: Sequence[str], letter: str) -> list[int]:
    found = (key[2:] for key in keys if key.startswith(f"{letter}-"))
    return [int(text) for text in found if text.isdecimal() and len(text) <= 18]


def _prescribers(user: User, commune: Commune | None) -> list[Partner]:
    rows = Prescriber.objects.visible_to(user).filter(is_active=True).select_related("commune")
    near: set[str] = set()
    if commune is not None:
        near = family_of(commune)
        rows = rows.filter(
            Q(commune__isnull=True)
            | Q(commune__in=near)
            | Q(commune__department_code=commune.department_code, commune__department_code__gt="")
        )
    ordered = sorted(
        rows.order_by("search_key", "pk"),
        key=lambda row: (row.commune_id not in near, row.commune_id is None, row.search_key, row.pk),
    )
    return _as_prescribers(ordered)


def _as_prescribers(rows: Iterable[Prescriber]) -> list[Partner]:
    rows = list(rows)
    silent = [row.pk for row in rows if not row.email]
    referrers: dict[int, str] = {}
    # Without an address of its own, that of the first referrer who has one.
    for referrer in (
        Referrer.objects.filter(prescriber__in=silent, is_active=True).exclude(email="").order_by("pk")
    ):
        referrers.setdefault(referrer.prescriber_id, referrer.email)
    return [
        Partner(
            key=f"p-{row.pk}",
            name=row.name,
            kind=row.get_kind_display(),
            commune=row.commune.label if row.commune else "",
            email=(row.email or referrers.get(row.pk, "")).lower(),
            distance="",
            prescriber=row,
        )
        for row in rows
    ]


def _loaded(rows: Any) -> Any:
    return rows.select_related("commune").prefetch_related("kinds")


def _structures(
    user: User, kinds: Sequence[str], commune: Commune | None, within_km: int, sector: str
) -> list[Partner]:
    rows = Company.objects.visible_to(user).of_kinds(kinds, timezone.localdate())
    rows = in_sectors(rows, sector=sector)
    known: dict[int, Distance] = {}
    if commune is not None:
        known = distances(rows, surroundings_of(commune), within_km)
        nearest = list(known)[: SHOWN_MAX + 1]
        loaded = {row.pk: row for row in _loaded(rows.filter(pk__in=nearest)).order_by("pk")}
        return _as_structures([loaded[pk] for pk in nearest if pk in loaded], known)
    return _as_structures(_loaded(rows).order_by("search_key", "pk")[: SHOWN_MAX + 1], known)


def _as_structures(rows: Iterable[Company], known: dict[int, Distance]) -> list[Partner]:
    rows, today = list(rows), timezone.localdate()
    addresses = contact_addresses([row.pk for row in rows])
    codes = {kind for family in KINDS.values() for kind in family}
    return [
        Partner(
            key=f"c-{row.pk}",
            name=row.name,
            kind=", ".join(
                sorted(
                    {
                        kind.kind
                        for kind in row.kinds.all()
                        if kind.kind in codes and (kind.ends_on is None or kind.ends_on >= today)
                    }
                )
            ),
            commune=row.commune.label if row.commune else "",
            email=(row.email or next((email for email, _ in addresses[row.pk]), "")).lower(),
            distance=written_distance(known[row.pk]) if row.pk in known else "",
            company=row,
        )
        for row in rows
    ]


# The one in charge of insertion is whom to write to, else the main one.
_RANK = {"insertion": 0, "main": 1, "hierarchy": 2, "other": 3}


def contact_addresses(companies: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """(address, name) of the contacts of today of these companies, whom to write to first: one query."""
    today = timezone.localdate()
    rows = (
        Contact.objects.filter(company__in=companies)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today))
        .exclude(email="")
    )
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for row in sorted(rows.order_by("pk"), key=lambda row: (_RANK.get(row.kind, 9), row.pk)):
        found[row.company_id or 0].append((row.email, row.name))
    return found
