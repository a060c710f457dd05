"""L’essentiel: one page that a deputy mayor reads, written last and standing first."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from core import formats
from reporting import indicators
from reporting.snapshot.material import Material, chapter, chart
from reporting.snapshot.purchase import (
    rate_sentence,
    ratio,
)
from reporting.snapshot.subject import months_chart
from reporting.snapshot.words import agree, compared, count, hours, upper_first

MONTHS = ("janv.", "févr.", "mars", "avril", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")
NOT_OVER = "L’année {} n’est pas finie : elle ne se compare pas encore."


def essential_chapter(m: Material) -> dict[str, Any]:
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
    blocks.append(hours_chart(m))
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


def hours_chart(m: Material) -> dict[str, Any]:
    """The line of the years; while a single one is known, its months."""
    if not m.series:
        return months_chart(m)
    if sum(row["hours"] is not None for row in m.series) < 2 and m.is_annual:
        return _months_of_year(m)
    return _series_chart(m)


def _months_of_year(m: Material) -> dict[str, Any]:
    months = indicators.by_month(m.facts, m.span)
    values = [months.get(dt.date(m.year, month, 1), Decimal(0)) for month in range(1, 13)]
    # The month with the most hours stands out.
    rows = [
        (label, value, index == values.index(max(values)))
        for index, (label, value) in enumerate(zip(MONTHS, values, strict=True))
    ]
    said = ", ".join(f"{label} {formats.hours(value)}" for label, value, _ in rows)
    return chart("hours_by_month", f"Heures réalisées en {m.year}, par mois", "columns", rows, f"{said}.")


def _series_chart(m: Material) -> dict[str, Any]:
    known = [row for row in m.series if row["hours"] is not None]
    # A line begins with the first year that is known.
    series = m.series[m.series.index(known[0]) :] if known else m.series
    said = ", ".join(f"{row['year']} {formats.hours(row['hours'])}" for row in known)
    return chart(
        "series",
        "Heures réalisées, par année",
        "line",
        [
            (
                str(row["year"]),
                Decimal(row["hours"]) if row["hours"] is not None else None,
                m.is_annual and row["year"] == m.year,
            )
            for row in series
        ],
        f"{said}.",
    )
