"""The bilan of a buyer’s year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from beneficiaries.models import ClosedYear
from core import formats
from markets.models import Buyer
from reporting import indicators
from reporting.enums import BilanKind
from reporting.models import Bilan
from reporting.scope import Period, Scope, year_bounds
from reporting.snapshot.actions import actions_chapter
from reporting.snapshot.beside import beside_year
from reporting.snapshot.difficulties import difficulties_chapter
from reporting.snapshot.document import (
    document,
    names_of,
)
from reporting.snapshot.essential import essential_chapter
from reporting.snapshot.events import events_chapter
from reporting.snapshot.material import Material
from reporting.snapshot.method import method_chapter
from reporting.snapshot.partnership import partnership_chapter
from reporting.snapshot.persons import people_chapter
from reporting.snapshot.previous import differences, earlier_tables, previous_bilan, series_of
from reporting.snapshot.purchase import (
    companies_chapter,
    markets_chapter,
    rates_chapter,
)
from reporting.snapshot.results import outcomes_chapter
from reporting.snapshot.work import contracts_chapter, hours_chapter


def build_snapshot(
    *, buyer: Buyer, year: int, version: int, narrative: Mapping[str, str], now: dt.datetime
) -> dict[str, Any]:
    """The bilan of a buyer's year as one JSON-ready dict; `buyer` is one that the caller may see as a whole."""
    facts = indicators.Facts(Scope.of(buyer), Period.of_year(year, back=1))
    is_closed = ClosedYear.objects.is_closed(year)
    bilans = Bilan.objects.annual().filter(buyer=buyer)
    previous = previous_bilan(bilans, year - 1)
    if previous is not None:
        previous["differences"] = differences(facts, previous)
    versions = bilans.filter(year=year, version__lte=version)
    material = Material(
        facts=facts,
        span=year,
        is_closed=is_closed,
        previous=previous,
        series=series_of(facts, bilans, year),
        names=names_of(facts, year),
        is_over=now.astimezone(formats.PARIS).date() > year_bounds(year)[1],
        earlier=earlier_tables(versions),
        beside=beside_year(facts, buyer) if is_closed else (),
        when=f"en {year}",
    )
    # The essentials quote the figures of the other chapters: they are written last and stand first.
    chapters = [
        markets_chapter(material),
        hours_chapter(material),
        contracts_chapter(material),
        people_chapter(material),
        rates_chapter(material),
        companies_chapter(material),
        outcomes_chapter(material),
        actions_chapter(material),
        events_chapter(material),
        difficulties_chapter(material),
        partnership_chapter(narrative, str(year), buyer=buyer, year=year),
        method_chapter(material),
    ]
    chapters.insert(0, essential_chapter(material))
    first, last = year_bounds(year)
    return document(
        material,
        chapters,
        kind=BilanKind.ANNUAL,
        buyer=buyer,
        version=version,
        narrative=narrative,
        now=now,
        year=year,
        subject=None,
        period={
            "first_day": first.isoformat(),
            "last_day": last.isoformat(),
            "closed": is_closed,
            "label": f"année {year}",
        },
        previous=previous
        and {key: previous[key] for key in ("year", "version", "published_on", "differences")},
    )
