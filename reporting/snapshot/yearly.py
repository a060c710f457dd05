"""What the bilans of a year share (a buyer's, the territory's, a reserved market's): their material, and their document."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from beneficiaries.models import ClosedYear
from core import formats
from reporting.indicators import Facts
from reporting.scope import year_bounds
from reporting.snapshot.beside import Other
from reporting.snapshot.document import document, names_of
from reporting.snapshot.material import Material
from reporting.snapshot.previous import differences, earlier_tables, previous_bilan, series_of


def material_of_year(
    facts: Facts,
    bilans: Any,
    *,
    version: int,
    now: dt.datetime,
    beside: Callable[[], Sequence[Other]],
    **options: Any,
) -> Material:
    """What the chapters of the year of `facts` are written from.

    bilans: every year and version of this same bilan. beside: finds what is read beside it, which is asked of a year that
    is closed. options: those of `Material` that one kind of bilan alone has.
    """
    year = facts.period.year
    is_closed = ClosedYear.objects.is_closed(year)
    previous = previous_bilan(bilans, year - 1)
    if previous is not None:
        previous["differences"] = differences(facts, previous)
    return Material(
        facts=facts,
        span=year,
        is_closed=is_closed,
        previous=previous,
        series=series_of(facts, bilans, year),
        names=names_of(facts, year),
        is_over=now.astimezone(formats.PARIS).date() > year_bounds(year)[1],
        earlier=earlier_tables(bilans.filter(year=year, version__lte=version)),
        beside=beside() if is_closed else (),
        when=f"en {year}",
        **options,
    )


def document_of_year(
    m: Material, chapters: list[dict[str, Any]], *, subject: dict[str, Any] | None = None, **head: Any
) -> dict[str, Any]:
    """The whole snapshot, its period the year of the material and its N-1 the last published one.

    head: kind, buyer, version, narrative and now, as `document` takes them.
    """
    year = m.facts.period.year
    first, last = year_bounds(year)
    kept = ("year", "version", "published_on", "differences")
    return document(
        m,
        chapters,
        **head,
        year=year,
        subject=subject,
        period={
            "first_day": first.isoformat(),
            "last_day": last.isoformat(),
            "closed": m.is_closed,
            "label": f"année {year}",
        },
        previous=m.previous and {key: m.previous[key] for key in kept},
    )
