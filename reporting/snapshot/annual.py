"""The bilan of a buyer’s year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from markets.models import Buyer
from reporting import indicators
from reporting.enums import BilanKind
from reporting.models import Bilan
from reporting.scope import Period, Scope
from reporting.snapshot.actions import actions_chapter
from reporting.snapshot.beside import beside_year
from reporting.snapshot.difficulties import difficulties_chapter
from reporting.snapshot.essential import essential_chapter
from reporting.snapshot.events import events_chapter
from reporting.snapshot.method import method_chapter
from reporting.snapshot.partnership import partnership_chapter
from reporting.snapshot.persons import people_chapter
from reporting.snapshot.purchase import (
    companies_chapter,
    markets_chapter,
    rates_chapter,
)
from reporting.snapshot.results import outcomes_chapter
from reporting.snapshot.work import contracts_chapter, hours_chapter
from reporting.snapshot.yearly import document_of_year, material_of_year


def build_snapshot(
    *, buyer: Buyer, year: int, version: int, narrative: Mapping[str, str], now: dt.datetime
) -> dict[str, Any]:
    """The bilan of a buyer's year as one JSON-ready dict; `buyer` is one that the caller may see as a whole."""
    facts = indicators.Facts(Scope.of(buyer), Period.of_year(year, back=1))
    material = material_of_year(
        facts,
        Bilan.objects.annual().filter(buyer=buyer),
        version=version,
        now=now,
        beside=lambda: beside_year(facts, buyer),
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
    return document_of_year(
        material,
        chapters,
        kind=BilanKind.ANNUAL,
        buyer=buyer,
        version=version,
        narrative=narrative,
        now=now,
    )
