"""Tables of markets with their hours."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clauses.forecast import FORECAST_LABELS, ForecastState
from core import formats
from core.tables import HoursColumn, RateColumn, Table, TextColumn
from core.templatetags.maillon import state
from markets.models import Market


def market_state(market: Market) -> str:
    """One state for a market loaded with its `figures`: clos, else its forecast."""
    return "closed" if market.closed_on else market.figures.state  # type: ignore[attr-defined]


def market_state_words(code: str) -> str:
    return "clos" if code == "closed" else FORECAST_LABELS[ForecastState(code)]


class MarketStateColumn(TextColumn):
    """State as text and shape; its words in an export."""

    def render(self, value: Any) -> SafeString:
        return state(value)

    def value(self, value: Any) -> str:
        return market_state_words(value)


class MarketTable(Table):
    """Markets, each with the `figures` and `holders` that the reader may see (set by the list's `finish`)."""

    reference = TextColumn(
        "Référence", linkify=("market_detail", {"pk": tables.A("pk")}), attrs={"td": {"class": "nowrap"}}
    )
    object = TextColumn("Objet", orderable=False)
    buyer = TextColumn("Donneur d’ordre", order_by="buyer__search_key")
    holders = TextColumn("Attributaires", orderable=False)
    hours_engaged = HoursColumn("Engagées", total=True)
    hours_counted = HoursColumn("Comptées", accessor="figures.counted", orderable=False)
    rate = RateColumn("Taux", accessor="figures.rate", orderable=False)
    state = MarketStateColumn("État", accessor=market_state, orderable=False)

    class Meta:
        model = Market
        fields = ()

    def render_object(self, record: Market, value: str) -> str:
        turn = getattr(record, "turn", None)
        if turn is None:
            return formats.short(value, 90)
        # Whose turn it is, under what the market is about: a column more would leave no room for either.
        who = "" if turn.is_meeting else f"À {formats.short(turn.who, 40)} d’agir\u202f: "
        return format_html(
            "{}<small>{}{}, {}</small>",
            formats.short(value, 90),
            who,
            formats.short(turn.task.title, 60),
            turn.words,
        )

    def render_holders(self, value: list[str]) -> str:
        return formats.short(", ".join(value), 60)

    def value_object(self, value: str) -> str:
        return value

    def value_holders(self, value: list[str]) -> str:
        return ", ".join(value)
