"""The slot by which a higher room says which names must stay out of a file's journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from core.text import normalise

if TYPE_CHECKING:
    from markets.models import Company, Market

_sources: list[Callable[[Any, Any], Iterable[tuple[str, str]]]] = []


def register_names(source: Callable[[Market | None, Company | None], Iterable[tuple[str, str]]]) -> None:
    """Give, in AppConfig.ready(), a function of a market and a company to (first name, last name) of their people."""
    if source not in _sources:
        _sources.append(source)


def names_cited(text: str, *, market: Market | None = None, company: Company | None = None) -> list[str]:
    """The people of these files whose first and last names both stand in the text, whatever their writing."""
    words = f" {normalise(text)} "
    found = []
    for source in _sources:
        for first, last in source(market, company):
            if first and last and all(f" {normalise(name)} " in words for name in (first, last)):
                found.append(f"{first} {last}")
    return sorted(set(found))
