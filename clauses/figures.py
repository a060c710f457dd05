"""Hours engaged, counted and due, by commitment and by market: the one place where they meet for a page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from clauses.forecast import Forecast, ForecastState, forecast, worst
from clauses.models import Commitment
from clauses.progress import hours_counted
from markets.models import Market
from markets.sharing import Part

if TYPE_CHECKING:
    from accounts.models import User

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class CommitmentFigures:
    """One commitment on a day (hours)."""

    commitment: Commitment
    engaged: Decimal
    counted: Decimal
    forecast: Forecast

    @property
    def rate(self) -> Decimal | None:
        """Taux de réalisation, not capped: counted ÷ engaged; None without hours engaged."""
        return self.counted / self.engaged if self.engaged > 0 else None

    @property
    def missing(self) -> Decimal:
        return max(self.engaged - self.counted, ZERO)

    @property
    def surplus(self) -> Decimal:
        return max(self.counted - self.engaged, ZERO)


@dataclass
class Figures:
    """Several commitments together, each capped at 100 % in the rate; the surplus stands apart (hours)."""

    commitments: list[CommitmentFigures] = field(default_factory=list)

    @property
    def engaged(self) -> Decimal:
        return sum((row.engaged for row in self.commitments), ZERO)

    @property
    def counted(self) -> Decimal:
        return sum((row.counted for row in self.commitments), ZERO)

    @property
    def capped(self) -> Decimal:
        """Hours counted, those above each commitment left out."""
        return self.counted - self.surplus

    @property
    def surplus(self) -> Decimal:
        return sum((row.surplus for row in self.commitments), ZERO)

    @property
    def due(self) -> Decimal:
        """Hours due that can be worked out; those of a commitment without dates are not in it."""
        return sum((row.forecast.due or ZERO for row in self.commitments), ZERO)

    @property
    def rate(self) -> Decimal | None:
        """Taux de réalisation of several commitments: each capped at 100 %; None without hours engaged."""
        if self.engaged <= 0:
            return None
        return self.capped / self.engaged

    @property
    def met(self) -> int:
        return sum(row.forecast.state == ForecastState.MET for row in self.commitments)

    @property
    def with_target(self) -> int:
        return sum(row.forecast.state != ForecastState.NO_TARGET for row in self.commitments)

    @property
    def state(self) -> ForecastState:
        return worst(row.forecast.state for row in self.commitments)


def of_parts(figures: Figures, parts: Mapping[int, Part]) -> Figures:
    """The same commitments with the hours that one buyer has of the markets that it shares; the forecast is whole."""
    return Figures([_told(row, parts.get(row.commitment.market_id)) for row in figures.commitments])


def _told(row: CommitmentFigures, part: Part | None) -> CommitmentFigures:
    if part is None:
        return row
    # What is within the commitment and what is above, told apart: a commitment met is met by each buyer.
    counted = part.of(row.counted - row.surplus) + part.of(row.surplus)
    return replace(row, engaged=part.of(row.engaged), counted=counted)


def figures_of(commitments: Iterable[Commitment], on: dt.date) -> list[CommitmentFigures]:
    """Figures of commitments loaded `with_hours_engaged(on)` and their market; one more query for all of them."""
    rows = list(commitments)
    counted = hours_counted([row.pk for row in rows])
    found = []
    for row in rows:
        market = row.market
        engaged = row.hours_engaged  # type: ignore[attr-defined]
        day = min(on, market.closed_on) if market.closed_on else on
        found.append(
            CommitmentFigures(
                commitment=row,
                engaged=engaged,
                counted=counted[row.pk],
                forecast=forecast(
                    engaged,
                    counted[row.pk],
                    row.starts_on or market.begins_on,
                    row.ends_on or market.planned_end,
                    day,
                ),
            )
        )
    return found


def figures_by_market(
    market_ids: Iterable[int], user: User, on: dt.date, loaded: dict[int, Market] | None = None
) -> dict[int, Figures]:
    """What `user` may see of each market's commitments: two queries whatever the number of markets.

    A list that has its markets gives them by id in `loaded`: their commitments come without holder, clause and buyer.
    """
    ids = list(market_ids)
    found = {pk: Figures() for pk in ids}
    commitments = (
        Commitment.objects.visible_to(user).filter(market__in=ids).with_hours_engaged(on).order_by("pk")
    )
    if loaded is None:
        commitments = commitments.select_related("market__buyer", "holder", "clause")
    rows = list(commitments)
    if loaded is not None:
        for row in rows:
            row.market = loaded[row.market_id]
    for figures in figures_of(rows, on):
        found[figures.commitment.market_id].commitments.append(figures)
    return found


def figures_of_portfolio(user: User, on: dt.date) -> list[CommitmentFigures]:
    """Figures of the open markets that `user` answers for; two queries, asked once for a page."""
    cache: dict[dt.date, list[CommitmentFigures]] = user.__dict__.setdefault("_portfolio_figures", {})
    if on not in cache:
        mine = Market.objects.visible_to(user).portfolio_of(user, on).filter(closed_on__isnull=True)
        commitments = (
            Commitment.objects.visible_to(user)
            .filter(market__in=mine.values("pk"))
            .select_related("market")
            .with_hours_engaged(on)
            .order_by("pk")
        )
        cache[on] = figures_of(commitments, on)
    return cache[on]
