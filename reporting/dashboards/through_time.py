"""A dashboard through time: the months, the series of years, the years side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core import formats
from reporting import indicators
from reporting.dashboards.reading import Reading, Section
from reporting.indicators import places
from reporting.indicators.facts import ZERO
from reporting.scope import Months
from reporting.snapshot.material import Block, chart
from reporting.snapshot.purchase import ratio
from reporting.snapshot.words import upper_first
from reporting.tables_of_figures import Column, Row, table

MONTHS_DRAWN = 12
BASE_OF_YEARS = (
    "Base : heures validées et comptées, comme au bilan ; ce qui est validé après la clôture d’une année est dans les taux "
    "seulement. Les chiffres d’une année en cours bougent ; ceux d’un bilan publié ne changent plus."
)


def through_time(d: Reading) -> Section:
    """What the span is made of, or what stands around it."""
    if d.asked.months:
        return Section("temps", "Mois par mois", by_month(d, d.asked.months))
    if d.asked.compared:
        return Section("temps", "Années côte à côte", [series_chart(d), years(d)])
    return Section("temps", "Au fil des années", [series_chart(d), series(d)])


def by_month(d: Reading, span: Months) -> list[Block]:
    found = indicators.by_month(d.facts, span)
    months = months_of(span)
    blocks: list[Block] = []
    if 1 < len(months) <= MONTHS_DRAWN:
        rows = [(formats.month(month)[:3], found.get(month, ZERO), False) for month in months]
        blocks.append(
            chart("months_chart", "Heures par mois", "columns", rows, "Heures comptées de chaque mois.")
        )
    columns = [Column("label", "Mois"), Column("hours", "Heures", "hours")]
    rows_of = [
        Row(
            f"{month:%Y-%m}",
            {"label": upper_first(formats.month(month)), "hours": found.get(month, ZERO)},
        )
        for month in months
    ]
    total = indicators.hours(d.facts)[span]
    blocks.append(
        table(
            "months", "Heures par mois", columns, rows_of, totals={"label": "Ensemble", "hours": total},
            base="Base : heures comptées telles qu’elles sont aujourd’hui, corrections et heures tardives comprises.",
        )
    )  # fmt: skip
    return blocks


def series_years(d: Reading) -> list[int]:
    """The years of the series, without those before the first hour."""
    found = indicators.hours(d.facts)
    years = list(d.asked.period.years)
    while len(years) > 1 and not found[years[0]] and years[0] < d.asked.year:
        years.pop(0)
    return years


def series_chart(d: Reading) -> Block:
    found = indicators.hours(d.facts)
    rows = [(str(year), found[year], year == d.asked.year) for year in series_years(d)]
    return chart("years_chart", "Heures par année", "columns", rows, "Heures comptées de chaque année.")


def series(d: Reading) -> Block:
    """The years of the chart, beside what their bilans published."""
    found, people = indicators.hours(d.facts), indicators.people(d.facts)
    columns = [
        Column("label", "Année"),
        Column("hours", "Heures", "hours"),
        *([Column("published", "Bilan publié", "hours", previous=True)] if d.is_whole else []),
        Column("contracts", "Contrats", "number"),
        *([Column("people", "Personnes", "number")] if d.is_whole else []),
    ]
    rows = []
    for year in reversed(series_years(d)):
        bilan = d.bilan(year)
        figures = bilan.snapshot["figures"] if bilan is not None and bilan.snapshot else {}
        cells = {
            "label": str(year),
            "hours": found[year],
            "published": figures.get("hours"),
            "contracts": indicators.contracts(d.facts, year).count,
            "people": people[year],
        }
        rows.append(Row(str(year), cells, "" if year == d.asked.year else d.asked.query(annee=year)))
    return table("years", "Heures par année", columns, rows, base=BASE_OF_YEARS)


def years(d: Reading) -> Block:
    """The figures of the years compared, one a line, the years as headers."""
    facts, years = d.facts, [span for span in d.asked.shown if isinstance(span, int)]
    markets, reserved = indicators.markets(facts), places.reserved_count(facts)
    made = {year: indicators.contracts(facts, year) for year in years}
    holders = {
        year: sum(1 for line in indicators.by_holder(facts)[year].values() if line.hours) for year in years
    }
    rates = {
        year: ratio(d.rates.rate) if year == d.asked.year else d.published_figure(year, "rate")
        for year in years
    }
    lines: list[tuple[str, str, str, Mapping[Any, Any]]] = [
        ("hours", "Heures réalisées (h)", "hours", indicators.hours(facts)),
        ("contracts", "Contrats de travail", "number", {year: row.count for year, row in made.items()}),
        ("contracts_started", "dont démarrés dans l’année", "number", {year: row.started for year, row in made.items()}),
        ("companies", "Entreprises avec des heures", "number", holders),
        ("markets", "Marchés avec clause", "number", {year: markets[year].count for year in years}),
        ("markets_notified", "dont notifiés dans l’année", "number", {year: markets[year].notified for year in years}),
        ("markets_reserved", "Marchés réservés", "number", {year: reserved[year] for year in years}),
        ("rate", "Taux de réalisation", "rate", rates),
    ]  # fmt: skip
    if d.is_whole:
        new = indicators.new_people(facts)
        lines[1:1] = [
            ("people", "Personnes", "number", indicators.people(facts)),
            ("new_people", "dont nouvelles entrantes", "number", new),
        ]
    published = d.published
    of_bilan = d.bilan(published.year) if published else None
    figures = of_bilan.snapshot["figures"] if of_bilan is not None and of_bilan.snapshot else {}
    shows_change = not d.in_progress
    columns = [
        Column("label", "Chiffre"),
        *(Column(f"y{year}", str(year), "number", previous=year != d.asked.year) for year in years),
        *([Column("published", f"bilan {published.year}", "number", previous=True)] if published else []),
        *([Column("change", f"Évolution {years[0]}–{years[-1]}")] if shows_change else []),
    ]
    rows = []
    for key, label, kind, values in lines:
        cells: dict[str, Any] = {"label": label} | {f"y{year}": values.get(year) for year in years}
        cells["published"] = figures.get(key)
        first, last = values.get(years[0]), values.get(years[-1])
        comparable = kind != "rate" and first is not None and last is not None
        cells["change"] = formats.variation(Decimal(last), Decimal(first)) if comparable else None  # type: ignore[arg-type]
        rows.append(Row(key, cells, kind=kind))
    notes = [
        "Taux : celui de la dernière année est calculé aujourd’hui, les autres sont ceux des bilans publiés."
    ]
    if shows_change:
        notes.append(
            f"Évolution = ({years[-1]} − {years[0]}) ÷ {years[0]} ; sans objet sur une base de zéro."
        )
    else:
        notes.append(f"{d.asked.year} n’est pas finie : aucune évolution n’est calculée.")
    return table("years", "Les années côte à côte", columns, rows, base=BASE_OF_YEARS, notes=notes)


def months_of(span: Months) -> list[dt.date]:
    found, month = [], span.first
    while month <= span.last:
        found.append(month)
        month = (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    return found
