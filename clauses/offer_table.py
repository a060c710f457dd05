"""The comparison of the bids of a lot: one reading for the page, the award and the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone

from clauses.models import OfferAssessment, OfferCriterion, OfferGrid, OfferScore
from clauses.scoring import Mark, ranked, weighted
from core.pdf import render_pdf
from markets.models import Lot
from markets.paper import house_facts, sheets


@dataclass
class Column:
    """One bid: its points in the order of the criteria, its mark and its rank."""

    assessment: OfferAssessment
    criteria: list[OfferCriterion]
    scores: list[OfferScore | None]
    mark: Mark
    rank: int | None = None

    @property
    def lines(self) -> list[tuple[OfferCriterion, OfferScore | None]]:
        return list(zip(self.criteria, self.scores, strict=True))


@dataclass
class Comparison:
    """The bids of a grid, side by side, the best first."""

    grid: OfferGrid
    criteria: list[OfferCriterion]
    columns: list[Column] = field(default_factory=list)

    @property
    def rows(self) -> list[tuple[OfferCriterion, list[OfferScore | None]]]:
        """One row for each criterion, with the score of each bid."""
        return [
            (criterion, [column.scores[place] for column in self.columns])
            for place, criterion in enumerate(self.criteria)
        ]

    @property
    def best(self) -> Column | None:
        return self.columns[0] if self.columns and self.columns[0].rank == 1 else None

    @property
    def complete(self) -> bool:
        return bool(self.columns) and not any(column.mark.missing for column in self.columns)


def comparison_of(grid: OfferGrid) -> Comparison:
    """The whole comparison: three queries, whatever the number of bids."""
    criteria = list(grid.criteria.all())
    weights = {criterion.pk: criterion.weight for criterion in criteria}
    scores: dict[int, dict[int, OfferScore]] = {}
    for score in OfferScore.objects.filter(assessment__grid=grid).order_by("pk"):
        scores.setdefault(score.assessment_id, {})[score.criterion_id] = score
    columns = []
    for assessment in grid.assessments.select_related("company"):
        mine = scores.get(assessment.pk, {})
        points = {pk: score.points for pk, score in mine.items()}
        mark = weighted(points, weights, Decimal(grid.scale), grid.weight)
        columns.append(Column(assessment, criteria, [mine.get(criterion.pk) for criterion in criteria], mark))
    for column, rank in zip(columns, ranked([column.mark for column in columns]), strict=True):
        column.rank = rank
    columns.sort(key=_best_first)
    return Comparison(grid, criteria, columns)


def _best_first(column: Column) -> tuple[Any, ...]:
    return (column.rank is None, column.rank or 0, column.assessment.bidder.casefold(), column.assessment.pk)


def report_pdf(lot: Lot, grid: OfferGrid) -> bytes:
    """The report of the analysis, handed to the buyer."""
    context = {
        "lot": lot,
        "market": lot.market,
        "grid": grid,
        "comparison": comparison_of(grid),
        "house": house_facts(),
        "on": grid.closed_on or timezone.localdate(),
    }
    return render_pdf("clauses/offer_report.html", context, stylesheets=sheets("escalation"))
