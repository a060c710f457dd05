"""The final bilan of a market or an operation, over its whole life."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Max, Min

from core import formats
from markets.models import Market, Operation
from reporting import indicators
from reporting.enums import BilanKind
from reporting.models import Bilan
from reporting.scope import Months, Period, Scope
from reporting.snapshot.actions import actions_chapter
from reporting.snapshot.beside import beside_whole_life
from reporting.snapshot.difficulties import difficulties_chapter
from reporting.snapshot.document import (
    document,
    names_of,
    period_of,
    subject_of,
)
from reporting.snapshot.essential import essential_chapter
from reporting.snapshot.events import events_chapter
from reporting.snapshot.material import Material
from reporting.snapshot.method import method_chapter
from reporting.snapshot.partnership import partnership_chapter
from reporting.snapshot.persons import people_chapter
from reporting.snapshot.previous import earlier_tables
from reporting.snapshot.purchase import (
    companies_chapter,
    rates_chapter,
)
from reporting.snapshot.results import outcomes_chapter
from reporting.snapshot.subject import hours_by_year, subject_chapter
from reporting.snapshot.work import contracts_chapter, hours_chapter


def build_final_snapshot(
    *, subject: Market | Operation, version: int, narrative: Mapping[str, str], now: dt.datetime
) -> dict[str, Any]:
    """The final bilan of a market (with its marchés subséquents) or of an operation, over its whole life."""
    today = now.astimezone(formats.PARIS).date()
    scope = Scope.whole_market(subject) if isinstance(subject, Market) else Scope.of(subject)
    span = whole_life(scope, subject, today)
    facts = indicators.Facts(scope, Period((span,)))
    life_of = "du marché" if isinstance(subject, Market) else "de l’opération"
    owner = {"market" if isinstance(subject, Market) else "operation": subject}
    material = Material(
        facts=facts,
        span=span,
        is_closed=True,
        previous=None,
        series=[],
        names=names_of(facts, span),
        earlier=earlier_tables(Bilan.objects.filter(kind=BilanKind.FINAL, **owner, version__lte=version)),
        beside=beside_whole_life(facts, subject),
        when=f"sur toute la durée {life_of}",
        life_of=life_of,
        today=today,
    )
    material.series = hours_by_year(material)
    chapters = [
        subject_chapter(material, subject),
        hours_chapter(material),
        contracts_chapter(material),
        people_chapter(material),
        rates_chapter(material),
        companies_chapter(material),
        outcomes_chapter(material),
        actions_chapter(material),
        events_chapter(material),
        difficulties_chapter(material),
        partnership_chapter(narrative, "ce marché" if isinstance(subject, Market) else "cette opération"),
        method_chapter(material),
    ]
    chapters.insert(0, essential_chapter(material))
    return document(
        material,
        chapters,
        kind=BilanKind.FINAL,
        buyer=subject.buyer,
        version=version,
        narrative=narrative,
        now=now,
        year=None,
        subject=subject_of(subject),
        period=period_of(span, today),
        previous=None,
    )


def whole_life(scope: Scope, subject: Market | Operation, today: dt.date) -> Months:
    """The months from the beginning of a market or an operation to its closing (today while it is open).

    Hours counted before or after those days are in it: nothing of its life is left out.
    """
    if isinstance(subject, Market):
        begins = [subject.begins_on]
    else:
        rows = scope.markets().order_by("pk").values_list("starts_on", "notified_on")
        begins = [subject.starts_on, *(starts or notified for starts, notified in rows)]
    worked = scope.standing_entries().order_by().aggregate(first=Min("month"), last=Max("month"))
    days = [day for day in (*begins, worked["first"]) if day]
    first = min(days, default=subject.closed_on or today)
    last = max(day for day in (subject.closed_on or today, worked["last"], first) if day)
    return Months(first, last)
