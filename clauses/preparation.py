"""The tab « Préparation » of a market: sections that the modules of this room add, each with its own template."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from markets.models import Market


@dataclass(frozen=True)
class Part:
    """A section of the tab: its template reads `part` (this context), `market` and `is_house`."""

    title: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)
    position: int = 100


_parts: list[Callable[[Market, Any], Part | None]] = []


def register_preparation(part: Callable[[Market, Any], Part | None]) -> None:
    """Add a section, in AppConfig.ready(): a function of the market and of who reads; None shows nothing."""
    if part not in _parts:
        _parts.append(part)


def preparation_of(market: Market, user: Any) -> list[Part]:
    """The sections that this user sees, in order: none for a buyer that the market is only shared with."""
    if user.is_buyer and not Market.objects.led_by(user).filter(pk=market.pk).exists():
        return []
    found = [part for source in _parts if (part := source(market, user)) is not None]
    return sorted(found, key=lambda part: part.position)
