"""The analysis of a lot's bids: a grid with its criteria, the bids, their marks; closed once the report is given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from clauses.models import OfferAssessment, OfferCriterion, OfferGrid, OfferScore
from core import formats
from core.errors import DomainError

if TYPE_CHECKING:
    from accounts.models import User
    from markets.models import Company, Lot

WHOLE = Decimal(100)
MOST_CRITERIA = 12


@dataclass(frozen=True)
class CriterionLine:
    """A criterion as it is written; `pk` of the one that it replaces."""

    label: str
    weight: Decimal
    expected: str = ""
    pk: int | None = None


# Our own starting point; the rules of the tender decide, and every line can be changed.
DEFAULT_CRITERIA = (
    CriterionLine(
        "Volume d’heures proposé",
        Decimal(30),
        "Heures d’insertion au-dessus du minimum, et leur réalisme au vu du planning.",
    ),
    CriterionLine(
        "Accueil et tutorat",
        Decimal(25),
        "Tuteur nommé et disponible, accueil sur site, postes confiés, prévention.",
    ),
    CriterionLine(
        "Formation et montée en compétences",
        Decimal(20),
        "Formations prévues, contrats en alternance, habilitations, temps qui leur est donné.",
    ),
    CriterionLine(
        "Partenaires et suite donnée",
        Decimal(25),
        "SIAE, GEIQ et prescripteurs mobilisés, accompagnement, embauches envisagées au terme.",
    ),
)


def _locked(grid: OfferGrid) -> OfferGrid:
    row = OfferGrid.objects.select_for_update().get(pk=grid.pk)
    if row.closed_on:
        raise DomainError(
            f"L’analyse est close depuis le {formats.day(row.closed_on)} : rouvrez-la pour la modifier."
        )
    return row


@transaction.atomic
def start_grid(*, lot: Lot, by: User | None) -> OfferGrid:
    """Open the grid of a lot with our usual criteria; the one that exists is given back."""
    grid, made = OfferGrid.objects.get_or_create(lot=lot)
    if made:
        for position, line in enumerate(DEFAULT_CRITERIA):
            _save(
                OfferCriterion(
                    grid=grid,
                    position=position,
                    label=line.label,
                    expected=line.expected,
                    weight=line.weight,
                ),
                by,
            )
    return grid


def _save(row: Any, by: User | None) -> None:
    row._history_user = by
    row.save()


@transaction.atomic
def write_criteria(
    *, grid: OfferGrid, lines: Sequence[CriterionLine], scale: int, weight: Decimal | None, by: User | None
) -> None:
    """Write the criteria of a grid again; those that are left out go with their marks.

    Raises DomainError when the weights do not add up to 100, when a mark already given would pass the scale, and on
    a closed grid.
    """
    grid = _locked(grid)
    if not lines:
        raise DomainError("Gardez au moins un critère.")
    if len(lines) > MOST_CRITERIA:
        raise DomainError(f"Une grille a {MOST_CRITERIA} critères au plus.")
    total = sum(line.weight for line in lines)
    if total != WHOLE:
        raise DomainError(
            f"Les poids totalisent {formats.number(total)} % : ils doivent faire 100 %. "
            f"{'Retirez' if total > WHOLE else 'Ajoutez'} {formats.number(abs(WHOLE - total))} %."
        )
    kept = {line.pk for line in lines if line.pk}
    highest = (
        OfferScore.objects.filter(criterion__in=kept, criterion__grid=grid, points__gt=scale)
        .select_related("criterion", "assessment")
        .order_by("pk")
        .first()
    )
    if highest:
        raise DomainError(
            f"« {highest.assessment} » a déjà {formats.number(highest.points)} points sur « {highest.criterion} » : "
            f"un barème de {scale} ne suffit pas.",
            field="scale",
        )
    grid.scale, grid.weight = scale, weight
    _save(grid, by)
    existing = {row.pk: row for row in grid.criteria.all()}
    for pk, row in existing.items():
        if pk not in kept:
            row.delete()
    for position, line in enumerate(lines):
        row = existing.get(line.pk or 0) or OfferCriterion(grid=grid)
        row.position, row.label, row.expected, row.weight = position, line.label, line.expected, line.weight
        _save(row, by)


@transaction.atomic
def write_assessment(
    *,
    grid: OfferGrid,
    bidder: str,
    company: Company | None = None,
    hours_offered: Decimal | None = None,
    comment: str = "",
    points: Mapping[int, tuple[Decimal | None, str]],
    assessment: OfferAssessment | None = None,
    by: User | None,
) -> OfferAssessment:
    """Write what a bidder promises and its points by criterion, each with its reason; None takes a mark away.

    Raises DomainError for points outside the scale, for a bidder who is in the grid already, and on a closed grid.
    """
    grid = _locked(grid)
    bidder = bidder.strip()
    same = OfferAssessment.objects.filter(grid=grid, bidder__iexact=bidder)
    if assessment:
        same = same.exclude(pk=assessment.pk)
    if same.exists():
        raise DomainError("Une offre de ce soumissionnaire est déjà dans la grille.", field="bidder")
    row = assessment or OfferAssessment(grid=grid)
    row.bidder, row.company, row.hours_offered, row.comment = bidder, company, hours_offered, comment.strip()
    _save(row, by)
    scores = {score.criterion_id: score for score in row.scores.all()}
    for criterion in grid.criteria.all():
        if criterion.pk not in points:
            continue
        given, reason = points[criterion.pk]
        score = scores.get(criterion.pk)
        if given is None:
            if score:
                score.delete()
            continue
        if not 0 <= given <= grid.scale:
            raise DomainError(
                f"« {criterion} » : la note va de 0 à {grid.scale}.", field=f"points_{criterion.pk}"
            )
        score = score or OfferScore(assessment=row, criterion=criterion)
        score.points, score.reason = given, reason.strip()
        _save(score, by)
    return row


@transaction.atomic
def remove_assessment(*, assessment: OfferAssessment, by: User | None) -> None:
    """Take a bid out of its grid, with its marks; the history keeps them."""
    _locked(assessment.grid)
    assessment._history_user = by  # type: ignore[attr-defined]
    assessment.delete()


@transaction.atomic
def close_grid(*, grid: OfferGrid, notes: str, on: dt.date | None = None, by: User | None) -> OfferGrid:
    """Close the analysis with its conclusion: nothing changes any more. Raises DomainError when a mark is missing."""
    grid = _locked(grid)
    criteria = grid.criteria.count()
    for assessment in grid.assessments.all():
        missing = criteria - assessment.scores.count()
        if missing:
            raise DomainError(
                f"Il manque {formats.noun(missing, 'note', 'notes')} à l’offre de « {assessment} » : "
                "notez chaque critère, ou retirez l’offre."
            )
    if not grid.assessments.exists():
        raise DomainError("Aucune offre n’est dans la grille : ajoutez-en une avant de clore.")
    grid.closed_on, grid.notes = on or timezone.localdate(), notes.strip()
    _save(grid, by)
    return grid


@transaction.atomic
def reopen_grid(*, grid: OfferGrid, by: User | None) -> OfferGrid:
    """Open a closed analysis again; the history says who did."""
    row = OfferGrid.objects.select_for_update().get(pk=grid.pk)
    row.closed_on = None
    _save(row, by)
    return row
