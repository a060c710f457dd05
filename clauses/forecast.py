"""Whether a commitment is on its way: hours counted against hours due today. Steers the work, never in a bilan.

The rule is `domain.md` §3.12; the thresholds are the house's habit, shown with the formula on the screen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from core import formats

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
# Share of the hours due today under which a commitment is to be watched, and under which it is late.
WATCH_BELOW = Decimal("0.95")
LATE_BELOW = Decimal("0.75")


class ForecastState(StrEnum):
    """The codes that the tag `state` knows; their words are `FORECAST_LABELS`."""

    ON_TRACK = "on_track"
    TO_WATCH = "to_watch"
    LATE = "late"
    MET = "met"
    NO_TARGET = "no_target"


FORECAST_LABELS = {
    ForecastState.ON_TRACK: "en bonne voie",
    ForecastState.TO_WATCH: "à surveiller",
    ForecastState.LATE: "en retard",
    ForecastState.MET: "tenu",
    ForecastState.NO_TARGET: "sans objet",
}
# From what must be seen first to what asks for nothing.
_BY_URGENCY = (
    ForecastState.LATE,
    ForecastState.TO_WATCH,
    ForecastState.ON_TRACK,
    ForecastState.MET,
    ForecastState.NO_TARGET,
)


@dataclass(frozen=True)
class Forecast:
    """Where a commitment stands on a day. `due` is None where the dates of the intervention are not known."""

    state: ForecastState
    due: Decimal | None
    formula: str

    @property
    def label(self) -> str:
        return FORECAST_LABELS[self.state]


def hours_due(engaged: Decimal, starts_on: dt.date, ends_on: dt.date, on: dt.date) -> Decimal:
    """Hours due by the evening of `on`, pro rata of the days of the intervention, first and last day included.

    Raises ValueError when the intervention ends before it starts.
    """
    if ends_on < starts_on:
        raise ValueError("L’intervention finit avant de commencer.")
    elapsed = min(max((on - starts_on).days + 1, 0), _days(starts_on, ends_on))
    return (engaged * elapsed / _days(starts_on, ends_on)).quantize(CENT, rounding=ROUND_HALF_UP)


def forecast(
    engaged: Decimal, counted: Decimal, starts_on: dt.date | None, ends_on: dt.date | None, on: dt.date
) -> Forecast:
    """Compare hours counted with hours due on that day, and say how (hours)."""
    if engaged <= 0:
        return Forecast(ForecastState.NO_TARGET, ZERO, "Aucune heure engagée : il n’y a rien à comparer.")
    if counted >= engaged:
        due = _due_if_known(engaged, starts_on, ends_on, on)
        return Forecast(
            ForecastState.MET,
            due,
            f"{formats.hours(counted)} comptées pour {formats.hours(engaged)} engagées : l’engagement est tenu.",
        )
    if not (starts_on and ends_on and starts_on <= ends_on):
        return Forecast(
            ForecastState.TO_WATCH,
            None,
            "Les dates d’intervention manquent : les heures dues à ce jour ne peuvent pas être calculées. "
            "Renseignez-les sur l’engagement ou sur le marché.",
        )
    due = hours_due(engaged, starts_on, ends_on, on)
    total = _days(starts_on, ends_on)
    elapsed = min(max((on - starts_on).days + 1, 0), total)
    formula = (
        f"Heures dues au {formats.day(on)} = {formats.hours(engaged)} engagées × "
        f"{formats.noun(elapsed, 'jour écoulé', 'jours écoulés')} ÷ {formats.noun(total, 'jour')} d’intervention "
        f"= {formats.hours(due)}. "
    )
    if due == 0:
        return Forecast(ForecastState.ON_TRACK, due, formula + "L’intervention n’a pas commencé.")
    if on >= ends_on:
        return Forecast(
            ForecastState.LATE,
            due,
            formula + f"L’intervention est finie et il manque {formats.hours(engaged - counted)}.",
        )
    share = counted / due
    formula += (
        f"Comptées : {formats.hours(counted)}, soit {formats.rate(share)} des heures dues "
        f"(à surveiller sous {formats.rate(WATCH_BELOW)}, en retard sous {formats.rate(LATE_BELOW)})."
    )
    if share < LATE_BELOW:
        return Forecast(ForecastState.LATE, due, formula)
    if share < WATCH_BELOW:
        return Forecast(ForecastState.TO_WATCH, due, formula)
    return Forecast(ForecastState.ON_TRACK, due, formula)


def worst(states: Iterable[ForecastState]) -> ForecastState:
    """The state of several commitments together: the one that asks for the most."""
    return min(states, key=_BY_URGENCY.index, default=ForecastState.NO_TARGET)


def _due_if_known(
    engaged: Decimal, starts_on: dt.date | None, ends_on: dt.date | None, on: dt.date
) -> Decimal | None:
    return (
        hours_due(engaged, starts_on, ends_on, on) if starts_on and ends_on and starts_on <= ends_on else None
    )


def _days(starts_on: dt.date, ends_on: dt.date) -> int:
    return (ends_on - starts_on).days + 1
