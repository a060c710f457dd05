"""The snapshot of a bilan: every figure and sentence of the document, computed once, masked, ready for JSON.

The schema is in `docs/snapshot.md`. The same data give the same snapshot, `computed_at` apart.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Max, Min
from django.db.models.fields.json import KT

from beneficiaries.models import ClosedYear
from core import formats
from markets.models import Buyer, Market, Operation
from markets.paper import house_facts
from reporting import indicators
from reporting.enums import BilanKind
from reporting.models import Bilan
from reporting.narrative import SECTIONS
from reporting.scope import Months, Period, Scope, Span, bounds, year_bounds
from reporting.snapshot.beside import beside_whole_life, beside_year, tables_of_people
from reporting.snapshot.material import Material, chapter, chart, text, written
from reporting.snapshot.method import method_chapter
from reporting.snapshot.persons import people_chapter
from reporting.snapshot.progress import progress_rates_chapter
from reporting.snapshot.purchase import (
    companies_chapter,
    markets_chapter,
    rate_sentence,
    rates_chapter,
    ratio,
)
from reporting.snapshot.subject import hours_by_year, months_chart, subject_chapter
from reporting.snapshot.words import agree, compared, count, hours, months_in_words, months_label, upper_first
from reporting.snapshot.work import contracts_chapter, hours_chapter

SCHEMA_VERSION = 2
YEARS_OF_SERIES = 5
SECTIONS_OF_CHAPTER = {
    "essential": ("essentiel",),
    "markets": ("marches",),
    "hours": ("heures",),
    "people": ("personnes",),
    "companies": ("relation",),
    "partnership": ("partenariat", "ameliorations"),
}
# What is compared with the published bilan N-1: key, label, kind.
COMPARED = (
    ("hours", "Heures réalisées", "hours"),
    ("people", "Personnes", "number"),
    ("new_people", "Nouvelles entrantes", "number"),
    ("contracts", "Contrats", "number"),
    ("contracts_started", "Contrats démarrés dans l’année", "number"),
    ("missions", "Missions d’intérim", "number"),
    ("markets", "Marchés avec clause", "number"),
    ("markets_notified", "Marchés notifiés dans l’année", "number"),
    ("markets_reserved", "Marchés réservés", "number"),
    ("operations", "Opérations", "number"),
)


NOT_OVER = "L’année {} n’est pas finie : elle ne se compare pas encore."


def build_snapshot(
    *, buyer: Buyer, year: int, version: int, narrative: Mapping[str, str], now: dt.datetime
) -> dict[str, Any]:
    """The bilan of a buyer's year as one JSON-ready dict; `buyer` is one that the caller may see as a whole."""
    facts = indicators.Facts(Scope.of(buyer), Period.of_year(year, back=1))
    is_closed = ClosedYear.objects.is_closed(year)
    previous = _previous(buyer, year - 1)
    if previous is not None:
        previous["differences"] = _differences(facts, previous)
    versions = Bilan.objects.annual().filter(buyer=buyer, year=year, version__lt=version)
    material = Material(
        facts=facts,
        span=year,
        is_closed=is_closed,
        previous=previous,
        series=_series(facts, buyer, year),
        names=_names(facts, year),
        is_over=now.astimezone(formats.PARIS).date() > year_bounds(year)[1],
        earlier=_earlier(versions),
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
        _outcomes_chapter(),
        _actions_chapter(),
        _partnership_chapter(narrative, str(year)),
        method_chapter(material),
    ]
    chapters.insert(0, _essential_chapter(material))
    first, last = year_bounds(year)
    return _document(
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
        not_followed=[dict(row) for row in indicators.NOT_FOLLOWED],
    )


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
        names=_names(facts, span),
        earlier=_earlier(Bilan.objects.filter(**owner, version__lt=version)),
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
        _outcomes_chapter(),
        _partnership_chapter(narrative, "ce marché" if isinstance(subject, Market) else "cette opération"),
        method_chapter(material),
    ]
    chapters.insert(0, _essential_chapter(material))
    return _document(
        material,
        chapters,
        kind=BilanKind.FINAL,
        buyer=subject.buyer,
        version=version,
        narrative=narrative,
        now=now,
        year=None,
        subject=_subject(subject),
        period=_months(span, today),
        previous=None,
        not_followed=[dict(row) for row in indicators.NOT_FOLLOWED],
    )


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
        names=_names(facts, span),
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
    chapters.insert(0, _essential_chapter(material))
    return _document(
        material,
        chapters,
        kind="progress",
        buyer=market.buyer,
        version=1,
        narrative={},
        now=now,
        year=None,
        subject=_subject(market),
        period=_months(span, today),
        previous=None,
        not_followed=[],
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


def _document(
    m: Material,
    chapters: list[dict[str, Any]],
    *,
    kind: str,
    buyer: Buyer,
    version: int,
    narrative: Mapping[str, str],
    now: dt.datetime,
    **said: Any,
) -> dict[str, Any]:
    """The whole snapshot around its chapters; said: year, subject, period, previous, not_followed."""
    for row in chapters:
        row["narrative"] = [
            {"key": key, "title": SECTIONS[key][0], "text": narrative[key]}
            for key in SECTIONS_OF_CHAPTER.get(row["key"], ())
            if narrative.get(key, "").strip()
        ]
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": str(kind),
        "computed_at": now.astimezone(formats.PARIS).isoformat(timespec="seconds"),
        "software": {"name": "Maillon", "version": settings.SOFTWARE_VERSION},
        "house": house_facts(),
        "buyer": {
            "id": buyer.pk,
            "name": buyer.name,
            "identifier": buyer.identifier,
            "identifier_kind": buyer.get_identifier_kind_display(),
            "kind": buyer.get_kind_display(),
        },
        "subject": said["subject"],
        "year": said["year"],
        "version": version,
        "period": said["period"],
        "previous": said["previous"],
        "series": m.series,
        "figures": dict(sorted(m.figures.items())),
        "cells": dict(sorted(m.cells.items())),
        "not_followed": said["not_followed"],
        "narrative": {key: narrative[key] for key in SECTIONS if narrative.get(key, "").strip()},
        "chapters": chapters,
    }


def _subject(subject: Market | Operation) -> dict[str, Any]:
    is_market = isinstance(subject, Market)
    return {
        "kind": "market" if is_market else "operation",
        "id": subject.pk,
        "reference": subject.reference,
        "name": subject.object if isinstance(subject, Market) else subject.name,
    }


def _months(span: Months, today: dt.date) -> dict[str, Any]:
    first, last = bounds(span)
    return {
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "closed": last < today,
        "label": months_label(span),
    }


def _previous(buyer: Buyer, year: int) -> dict[str, Any] | None:
    """The last published version of a year: its figures and cells, its version and its day."""
    rows = Bilan.objects.published().annual().filter(buyer=buyer, year=year).order_by("-version")
    found = rows.values_list("version", "published_at", "snapshot").first()
    if found is None:
        return None
    version, published_at, snapshot = found
    day = published_at.astimezone(formats.PARIS).date()
    return {
        "year": year,
        "version": version,
        "published_on": day.isoformat(),
        "published_day": day,
        "figures": snapshot.get("figures", {}),
        "cells": snapshot.get("cells", {}),
        "masked": _withheld(snapshot),
    }


def _withheld(snapshot: Mapping[str, Any]) -> set[str]:
    """Cells that a published bilan does not show, named as its `cells` are."""
    return {
        f"{block['key']}.{row['key']}.{column}"
        for chapter_ in snapshot.get("chapters", ())
        for block in chapter_["blocks"]
        if block["type"] == "table"
        for row in block["rows"]
        for column in row["masked"]
    }


def _earlier(versions: Any) -> dict[int, dict[str, Any]]:
    """The tables of people of the versions already published: read beside this one, they must not tell a person."""
    return {
        number: tables_of_people(snapshot)
        for number, snapshot in versions.published().order_by("version").values_list("version", "snapshot")
    }


def _differences(facts: indicators.Facts, previous: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where the same computation gives today another figure than the published one."""
    year = previous["year"]
    made, found = indicators.contracts(facts, year), indicators.markets(facts)[year]
    recomputed: dict[str, Decimal | int] = {
        "hours": indicators.hours(facts)[year],
        "people": indicators.people(facts)[year],
        "new_people": indicators.new_people(facts)[year],
        "contracts": made.count,
        "contracts_started": made.started,
        "missions": made.missions,
        "markets": found.count,
        "markets_notified": found.notified,
        "markets_reserved": indicators.reserved(facts)[year].count,
        "operations": found.operations,
    }
    rows = []
    for key, label, kind in COMPARED:
        published = previous["figures"].get(key)
        if published is not None and Decimal(published) != Decimal(recomputed[key]):
            rows.append(
                {
                    "key": key,
                    "label": label,
                    "kind": kind,
                    "published": published,
                    "recomputed": written(recomputed[key]),
                }
            )
    return rows


def _series(facts: indicators.Facts, buyer: Buyer, year: int) -> list[dict[str, Any]]:
    """Hours of five years: as published, else as computed; a year without any hour before the first is unknown."""
    years = range(year - YEARS_OF_SERIES + 1, year + 1)
    published = dict(
        Bilan.objects.published()
        .annual()
        .filter(buyer=buyer, year__in=years[:-1])
        .order_by("year", "version")
        .annotate(hours=KT("snapshot__figures__hours"))
        .values_list("year", "hours")
    )
    computed = indicators.hours(indicators.Facts(facts.scope, Period(tuple(years[:-2])))) | indicators.hours(
        facts
    )
    found = []
    for past in years:
        if published.get(past) is not None:
            found.append({"year": past, "hours": published[past], "source": "published"})
        elif computed[past] or past == year or any(row["hours"] for row in found):
            found.append({"year": past, "hours": written(computed[past]), "source": "computed"})
        else:
            found.append({"year": past, "hours": None, "source": "unknown"})
    return found


def _names(facts: indicators.Facts, span: Span) -> dict[int, str]:
    ids = {work.holder for work in facts.works} | {work.employer for work in facts.works}
    ids |= {row.holder for row in indicators.rates(facts, span).rows}
    return indicators.company_names(ids)


def _essential_chapter(m: Material) -> dict[str, Any]:
    figures = m.figures
    total, people = indicators.hours(m.facts)[m.span], int(figures["people"])
    found = indicators.rates(m.facts, m.span)
    if total:
        first = f"{upper_first(m.when)}, {count(people, 'personne')} {agree(people, 'a réalisé', 'ont réalisé')} {hours(total)} d’insertion."
    else:
        first = f"{upper_first(m.when)}, aucune heure d’insertion n’est comptée."
    if m.is_annual:
        beside = compared(total, m.before("hours"), m.year - 1) if m.is_over else NOT_OVER.format(m.year)
        answer = " ".join([first, beside, rate_sentence(m, found)])
    else:
        answer = " ".join([first, rate_sentence(m, found)])
    new = int(figures["new_people"])
    started = (
        ""
        if m.is_whole_life
        else f", dont {count(int(figures['contracts_started']), 'démarré', 'démarrés')} dans {m.the_period}"
    )
    entered = (
        ""
        if m.is_whole_life
        else f", dont {count(new, 'nouvelle entrante', 'nouvelles entrantes', none='aucune')}"
    )
    targets = len(found.with_target)
    items = [
        m.figure("hours", agree(total, "d’insertion réalisée", "d’insertion réalisées"), "hours", total),
        m.figure("people", f"{agree(people, 'personne', 'personnes')}{entered}", "number", people),
        m.figure("contracts", f"{agree(int(figures['contracts']), 'contrat de travail', 'contrats de travail')}{started}", "number", int(figures["contracts"])),
        *_markets_figures(m),
        m.figure("rate", "des heures engagées réalisées", "rate", ratio(found.rate), "chaque engagement plafonné à 100 %"),
        m.figure("commitments_met", agree(found.met, "engagement tenu", "engagements tenus"), "number", found.met, f"sur {count(targets, 'engagement chiffré', 'engagements chiffrés')}"),
    ]  # fmt: skip
    blocks = [m.key_figures("essential_figures", items)]
    blocks.append(_series_chart(m) if m.series else months_chart(m))
    return chapter("essential", "L’essentiel", answer, blocks)


def _markets_figures(m: Material) -> list[dict[str, Any]]:
    """Markets of a year; hours engaged where the document is on one market or operation."""
    if not m.is_annual:
        engaged = indicators.rates(m.facts, m.span).engaged
        return [m.figure("hours_engaged", "heures engagées", "hours", engaged, m.at_end)]
    reserved, markets = int(m.figures["markets_reserved"]), int(m.figures["markets"])
    label = f"{agree(markets, 'marché', 'marchés')} avec clause"
    note = f"et {count(reserved, 'marché réservé', 'marchés réservés')}"
    return [m.figure("markets", label, "number", markets, note)]


def _series_chart(m: Material) -> dict[str, Any]:
    known = [row for row in m.series if row["hours"] is not None]
    said = ", ".join(f"{row['year']} {formats.hours(row['hours'])}" for row in known)
    return chart(
        "series",
        "Heures réalisées, par année",
        "columns",
        [
            (
                str(row["year"]),
                Decimal(row["hours"]) if row["hours"] is not None else None,
                m.is_annual and row["year"] == m.year,
            )
            for row in m.series
        ],
        f"{said}.",
    )


def _sentence(key: str) -> str:
    return next(row["sentence"] for row in indicators.NOT_FOLLOWED if row["key"] == key)


def _outcomes_chapter() -> dict[str, Any]:
    blocks = [text("outcomes_not_followed", "", [_sentence("trainings")])]
    return chapter("outcomes", "Situation des personnes", _sentence("outcomes"), blocks)


def _actions_chapter() -> dict[str, Any]:
    return chapter("actions", "Actions", _sentence("actions"), [])


def _partnership_chapter(narrative: Mapping[str, str], of: str) -> dict[str, Any]:
    written_keys = [key for key in SECTIONS_OF_CHAPTER["partnership"] if narrative.get(key, "").strip()]
    if written_keys:
        answer = f"Ce que {of} dit du partenariat, et ce qui sera amélioré."
    else:
        answer = f"La note sur le partenariat n’est pas rédigée pour {of}."
    return chapter("partnership", "Partenariat", answer, [])
