"""Who can do what, and how far away: the directory of insertion and adapted structures (ADR 0029).

A distance is measured from a company's own coordinates; without them, from the middle of what is known of its
commune; without that, « même département » stands for it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from core.text import normalise
from markets.distance import Place, box_around, kilometres, middle
from markets.enums import ANSWERING_KINDS
from markets.models import Commune, Company, Sector


def able_to_answer(
    *, cpv: str = "", sector: str = "", commune: Commune | None = None, within_km: int = 50
) -> QuerySet[Company]:
    """SIAE, adapted structures and régies that could hold a market of this sector around this commune, today.

    cpv: a code of 2 to 8 digits; sector: the code of a `Sector`. With neither, every sector; with a code that no
    sector knows, nobody. Without `commune`, everywhere. A GEIQ never comes: it lends its members people and holds no
    market. Reads the whole directory's: for pages and services of the house only.
    """
    rows = Company.objects.of_kinds(ANSWERING_KINDS, timezone.localdate())
    rows = in_sectors(rows, cpv=cpv, sector=sector)
    if commune is not None:
        near = distances(rows, surroundings_of(commune), within_km)
        rows = rows.filter(pk__in=list(near))
    return rows.order_by("search_key", "pk")


# --- Sectors ------------------------------------------------------------------------------------------------


def in_sectors(rows: Any, *, cpv: str = "", sector: str = "") -> Any:
    """The companies of a sector, or of those that a CPV code belongs to; all of them when neither is given."""
    if sector:
        return rows.filter(activities=sector)
    if cpv:
        codes = [found.code for found in sectors_of_cpv(cpv)]
        return rows.filter(
            pk__in=Company.activities.through.objects.filter(sector__in=codes).values("company")
        )
    return rows


def sectors_of_cpv(cpv: str, sectors: Iterable[Sector] | None = None) -> list[Sector]:
    """The sectors that a CPV code belongs to: those whose code is the longest beginning of it.

    A code wider than any sector's (« 45000000 », all works) belongs to all those inside it.
    """
    digits = re.sub(r"\D", "", cpv.split("-")[0])
    # 77310000 is group 773: its zeros say nothing.
    stem = digits[:2] + digits[2:].rstrip("0")
    if len(stem) < 2:
        return []
    known = _active_sectors() if sectors is None else list(sectors)
    found = _longest(known, stem, "cpv")
    return found or [
        sector for sector in known if any(prefix.startswith(stem) for prefix in sector.cpv.split())
    ]


def sectors_of_naf(naf: str, sectors: Iterable[Sector] | None = None) -> list[Sector]:
    """The sectors of a NAF code (« 81.30Z », « 8130Z »); social work and associations say nothing of a trade: none."""
    code = re.sub(r"[^0-9A-Z]", "", naf.upper())
    return _longest(_active_sectors() if sectors is None else list(sectors), code, "naf") if code else []


def sectors_of_words(text: str, sectors: Iterable[Sector] | None = None) -> list[Sector]:
    """The sectors that a label in plain words names (« Entretien d’espaces verts, propreté »)."""
    said = f" {normalise(text)} "
    return [
        sector
        for sector in (_active_sectors() if sectors is None else sectors)
        if normalise(sector.label) == said.strip() or any(f" {word} " in said for word in _words(sector))
    ]


def _words(sector: Sector) -> list[str]:
    return [normalise(word) for word in sector.words.split(",") if word.strip()]


def _active_sectors() -> list[Sector]:
    return list(Sector.objects.filter(is_active=True))


def _longest(sectors: list[Sector], code: str, field: str) -> list[Sector]:
    best = 0
    found: list[Sector] = []
    for sector in sectors:
        length = max(
            (len(prefix) for prefix in getattr(sector, field).split() if code.startswith(prefix)), default=0
        )
        if length and length >= best:
            found = [*found, sector] if length == best else [sector]
            best = length
    return found


# --- Distances ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a company is: kilometres, or None where only the department is known to be the same."""

    km: float | None
    # Measured from the middle of its commune, not from its own address.
    approximate: bool = False

    @property
    def rank(self) -> tuple[int, float]:
        """To sort by: unknown distances come last."""
        return (1, 0.0) if self.km is None else (0, self.km)


@dataclass(frozen=True)
class Surroundings:
    """What distances from a commune are measured with: its codes, its middle, the middle of every commune."""

    commune: Commune
    parts: frozenset[str]
    places: dict[str, Place]
    centre: Place | None


def surroundings_of(commune: Commune) -> Surroundings:
    """Two queries, whatever the number of companies that are measured then."""
    parts, places = frozenset(family_of(commune)), commune_places()
    centre = middle([places[code] for code in sorted(parts) if code in places])
    return Surroundings(commune, parts, places, centre)


def distances(rows: QuerySet[Company], around: Surroundings, within_km: float) -> dict[int, Distance]:
    """How far each company of `rows` is from a commune, for those within that distance, nearest first: one query.

    A company of the same commune is always there. One that no coordinates place is there when its department is
    the commune's.
    """
    commune, parts, centre = around.commune, around.parts, around.centre
    fields = ("pk", "latitude", "longitude", "commune_id", "commune__department_code")
    found: dict[int, Distance] = {}
    for pk, latitude, longitude, code, department in _around(rows, centre, within_km, parts).values_list(
        *fields
    ):
        own = Place(latitude, longitude) if latitude is not None and longitude is not None else None
        place = own or around.places.get(code)
        if centre is not None and place is not None:
            km = kilometres(centre, place)
            if km <= within_km or code in parts:
                found[pk] = Distance(km, approximate=own is None)
        elif code in parts or (department and department == commune.department_code):
            found[pk] = Distance(None)
    return dict(sorted(found.items(), key=lambda item: (item[1].rank, item[0])))


def _around(rows: Any, centre: Place | None, within_km: float, parts: frozenset[str]) -> Any:
    """What a rectangle of degrees keeps, beside the companies without coordinates: plain SQL on both databases."""
    rows = rows.order_by()
    if centre is None:
        return rows
    box = box_around(centre, within_km)
    inside = Q(latitude__gte=box.south, latitude__lte=box.north)
    inside &= Q(longitude__gte=box.west, longitude__lte=box.east)
    return rows.filter(inside | Q(latitude__isnull=True) | Q(commune__in=parts))


def family_of(commune: Commune) -> set[str]:
    """The codes that stand for one place: a commune, its arrondissements, what it became or comes from."""
    roots = {code for code in (commune.pk, commune.successor_id) if code}
    linked = Commune.objects.filter(
        Q(pk__in=roots) | Q(parent__in=roots) | Q(successor__in=roots)
    ).values_list("pk", flat=True)
    return roots | set(linked)


def commune_places() -> dict[str, Place]:
    """The middle of each commune as the companies that have coordinates there place it: one query."""
    found: dict[str, list[Place]] = defaultdict(list)
    rows = Company.objects.filter(latitude__isnull=False, commune__isnull=False).order_by()
    for code, latitude, longitude in rows.values_list("commune_id", "latitude", "longitude"):
        if latitude is not None and longitude is not None:
            found[code].append(Place(latitude, longitude))
    return {code: place for code, places in found.items() if (place := middle(places))}
