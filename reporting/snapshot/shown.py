"""A value of a snapshot as French readers write it, the same on the page, on paper and where its width is measured."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from core import formats

MASKED = "masqué"


def written(value: str | None, kind: str, *, unit: bool = False) -> str:
    """« – » for what is not known."""
    if value is None:
        return "–"
    if kind == "text":
        return value
    if kind == "day":
        return formats.day(dt.date.fromisoformat(value))
    if kind == "month":
        return formats.month(dt.date.fromisoformat(value))
    figure = Decimal(value)
    if kind == "rate":
        return formats.rate(figure)
    if kind == "amount":
        return formats.amount(figure)
    if kind == "hours" and unit:
        return formats.hours(figure)
    return formats.number(figure, 2 if kind == "hours" else 0)
