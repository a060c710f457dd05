"""What a dashboard reads: a scope, the spans asked for, and the published bilans that stand beside. Any dashboard starts here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from core import formats
from reporting import indicators
from reporting.dashboards.asked import Asked
from reporting.indicators.purchase import Rates
from reporting.models import Bilan
from reporting.scope import Scope, Span, bounds
from reporting.snapshot.material import Block
from reporting.tables_of_figures import HOURS, Breakdown, Measure, Published, blocks_of

UNKNOWN = "Non renseigné"


@dataclass(frozen=True)
class Section:
    """A part of a dashboard: a heading, its charts and tables."""

    key: str
    title: str
    blocks: Sequence[Block]


@dataclass
class Reading:
    """A scope over what an address asks for. `bilans`: published ones of exactly this scope, last first."""

    scope: Scope
    asked: Asked
    today: dt.date
    bilans: Sequence[Bilan] = ()
    # Whether it is the whole of a buyer, which has bilans; else « direction », « operation » or « marche ».
    kind: str = "acheteur"
    is_whole: bool = True
    # Whether the reader's account is limited to one direction, and whether the reader is of the house.
    is_limited: bool = False
    is_house: bool = False
    facts: indicators.Facts = field(init=False)

    def __post_init__(self) -> None:
        self.facts = indicators.Facts(self.scope, self.asked.period)

    @property
    def in_progress(self) -> bool:
        return bounds(self.asked.span)[1] >= self.today

    def bilan(self, year: int) -> Bilan | None:
        return next((row for row in self.bilans if row.year == year and row.snapshot), None)

    @property
    def before(self) -> Bilan | None:
        """The last published bilan of a year before the one shown."""
        if not self.asked.is_annual:
            return None
        return next((row for row in self.bilans if (row.year or 0) < self.asked.year and row.snapshot), None)

    @property
    def published(self) -> Published | None:
        """The published figures that stand beside the tables: N-1, or in a comparison the last of its years."""
        found = self.before
        if self.asked.compared:
            found = self.bilan(self.asked.year) or found
        if found is None or found.snapshot is None or found.year is None:
            return None
        return Published(found.year, found.snapshot["cells"])

    @property
    def told_by(self) -> Bilan | None:
        """The published bilan that tells who the people are, their situation and the actions."""
        return self.bilan(self.asked.year) or self.before if self.asked.is_annual else None

    def figure(
        self, key: str, label: str, kind: str, value: Decimal | int | None, note: str = ""
    ) -> dict[str, Any]:
        before, own = self.before, self.bilan(self.asked.year) if self.asked.is_annual else None
        beside = before.snapshot["figures"].get(key) if before is not None and before.snapshot else None
        mine = own.snapshot["figures"].get(key) if own is not None and own.snapshot else None
        notes = [note] if note else []
        if mine is not None and value is not None and Decimal(mine) != value:
            # What was corrected since moves what a published year adds up to: both are said.
            notes.append(f"bilan publié de cette année : {written_figure(mine, kind)}")
        return {
            "key": key,
            "label": formats.typeset(label),
            "kind": kind,
            "value": None if value is None else str(value),
            "previous": beside,
            "previous_year": before.year if before is not None and beside is not None else None,
            "note": formats.typeset(" ; ".join(notes)),
            "in_progress": self.in_progress,
        }

    def totals(self, measures: Sequence[Measure]) -> dict[Span, dict[str, Any]]:
        """The whole of each measure; contracts are worked out where they are shown only."""
        whole: dict[str, Any] = {
            "hours": lambda span: indicators.hours(self.facts)[span],
            "contracts": lambda span: indicators.contracts(self.facts, span).count,
            "people": lambda span: indicators.people(self.facts)[span],
        }
        return {
            span: {measure.key: whole[measure.key](span) for measure in measures if measure.key in whole}
            for span in self.asked.shown
        }

    def breakdown(
        self,
        key: str,
        title: str,
        first: str,
        lines: Mapping[Span, Mapping[Any, Any]],
        name: Any,
        measures: Sequence[Measure] = (HOURS,),
        **more: Any,
    ) -> list[Block]:
        more.setdefault("empty", f"Aucune heure n’est comptée {self.asked.when}.")
        more.setdefault("totals", self.totals(measures))
        found = Breakdown(key, title, first, lines, name=name, measures=measures, **more)
        return blocks_of(found, self.asked.shown, self.published)

    @property
    def rates(self) -> Rates:
        return indicators.rates(self.facts, self.asked.span)

    @cached_property
    def reserved(self) -> dict[Span, indicators.Reserved]:
        return indicators.reserved(self.facts)

    def published_figure(self, year: int, key: str) -> Decimal | None:
        bilan = self.bilan(year)
        value = bilan.snapshot["figures"].get(key) if bilan is not None and bilan.snapshot else None
        return None if value is None else Decimal(value)


def written_figure(value: str, kind: str) -> str:
    if kind == "hours":
        return formats.hours(Decimal(value))
    return formats.rate(Decimal(value)) if kind == "rate" else formats.number(Decimal(value), 0)
