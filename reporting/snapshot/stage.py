"""A point d’étape: where a market stands, and what some months brought."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core import formats
from markets.models import Market
from reporting import indicators
from reporting.scope import Months, Period, Scope
from reporting.snapshot.document import (
    document,
    names_of,
    period_of,
    subject_of,
)
from reporting.snapshot.essential import essential_chapter
from reporting.snapshot.material import Material
from reporting.snapshot.method import method_chapter
from reporting.snapshot.persons import people_chapter
from reporting.snapshot.progress import progress_rates_chapter
from reporting.snapshot.purchase import (
    companies_chapter,
)
from reporting.snapshot.words import months_in_words
from reporting.snapshot.work import contracts_chapter, hours_chapter


def build_progress_snapshot(
    *, market: Market, first: dt.date, last: dt.date, now: dt.datetime
) -> dict[str, Any]:
    """A point d’étape: where a market stands, and what these months brought. No typology by ad-hoc months (rule 9)."""
    today = now.astimezone(formats.PARIS).date()
    span = Months(first, last)
    facts = indicators.Facts(Scope.whole_market(market), Period((span,)))
    material = Material(
        facts=facts,
        span=span,
        is_closed=False,
        previous=None,
        series=[],
        names=names_of(facts, span),
        when=months_in_words(span),
        no_typology="Un point d’étape ne porte pas la typologie des personnes : elle paraît dans les bilans annuels et "
        "dans le bilan final du marché.",
        today=today,
    )
    chapters = [
        hours_chapter(material),
        contracts_chapter(material),
        people_chapter(material),
        progress_rates_chapter(material, market),
        companies_chapter(material),
        method_chapter(material),
    ]
    chapters.insert(0, essential_chapter(material))
    return document(
        material,
        chapters,
        kind="progress",
        buyer=market.buyer,
        version=1,
        narrative={},
        now=now,
        year=None,
        subject=subject_of(market),
        period=period_of(span, today),
        previous=None,
    )
