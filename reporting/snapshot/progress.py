"""What a point d’étape says of the commitments: their rate, and where they stand beside the hours due by then."""

from __future__ import annotations

import datetime as dt
from typing import Any

from clauses.forecast import FORECAST_LABELS, LATE_BELOW, WATCH_BELOW, forecast, worst
from clauses.models import Commitment
from core import formats
from markets.models import Market
from reporting import indicators
from reporting.snapshot.material import Block, Column, Material
from reporting.snapshot.purchase import rates_chapter


def progress_rates_chapter(m: Material, market: Market) -> dict[str, Any]:
    """The taux de réalisation, then the forecast: it steers the work and is in no bilan (rule 12)."""
    found = rates_chapter(m)
    found["blocks"].append(_forecast(m, market))
    return found


def _forecast(m: Material, market: Market) -> Block:
    day = min(m.last_day, m.today or m.last_day)
    if market.closed_on:
        day = min(day, market.closed_on)
    windows = _windows([row.id for row in indicators.rates(m.facts, m.span).rows])
    lines, states = [], []
    for row in indicators.rates(m.facts, m.span).with_target:
        where = forecast(row.engaged, row.counted, *windows[row.id], day)
        states.append(where.state)
        lines.append(
            (
                str(row.id),
                {
                    "label": m.names[row.holder],
                    "engaged": row.engaged,
                    "due": where.due,
                    "counted": row.counted,
                    "state": where.label,
                },
                (),
            )
        )
    return m.table(
        "forecast",
        f"Où en sont les engagements au {formats.day(day)}",
        [
            Column("label", "Entreprise"),
            Column("engaged", "Engagées", "hours"),
            Column("due", "Dues à ce jour", "hours"),
            Column("counted", "Comptées", "hours"),
            Column("state", "État"),
        ],
        lines,
        totals={"label": "Ensemble", "state": forecast_words(states)} if len(states) > 1 else None,
        formula=f"Dues à ce jour : heures engagées au prorata de la durée de l’intervention. À surveiller sous "
        f"{formats.rate(WATCH_BELOW)} des heures dues, en retard sous {formats.rate(LATE_BELOW)}.",
        empty="Aucun engagement chiffré.",
    )


def forecast_words(states: list[Any]) -> str:
    return FORECAST_LABELS[worst(states)]


def _windows(commitments: list[int]) -> dict[int, tuple[dt.date | None, dt.date | None]]:
    """First and last day of each intervention; the market's own where the commitment has none."""
    rows = Commitment.objects.filter(pk__in=commitments).select_related("market").order_by("pk")
    return {
        row.pk: (row.starts_on or row.market.begins_on, row.ends_on or row.market.planned_end) for row in rows
    }
