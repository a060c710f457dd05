"""What the bids of a lot promise for insertion, and how it is marked: for the house and the buyer of the market only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from core.fields import HoursField
from core.history import TrackedModel
from core.querysets import ScopedQuerySet
from markets.models import Company, Lot, Market

if TYPE_CHECKING:
    from accounts.models import User


class OfferGridQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        """The buyer that leads the market: a bid is no business of those that it is shared with."""
        return self.filter(lot__market__in=Market.objects.led_by(user).values("pk"))


class OfferGrid(TrackedModel):
    """How the insertion part of a lot's bids is marked. A company never sees it: bids are secret."""

    lot = models.OneToOneField(Lot, models.CASCADE, related_name="offer_grid", verbose_name="lot")
    scale = models.PositiveSmallIntegerField(
        "barème", default=10, help_text="note la plus haute de chaque critère"
    )
    weight = models.DecimalField(
        "poids de l’insertion dans la note de l’offre",
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="en %, tel que l’annonce le règlement de la consultation",
    )
    closed_on = models.DateField("analyse close le", null=True, blank=True)
    notes = models.TextField("conclusion", blank=True)

    objects = OfferGridQuerySet.as_manager()

    class Meta:
        verbose_name = "grille d’analyse des offres"
        verbose_name_plural = "grilles d’analyse des offres"
        ordering = ("lot", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(scale__gte=1, scale__lte=100),
                name="offer_grid_scale",
                violation_error_message="Le barème va de 1 à 100 points.",
            ),
            models.CheckConstraint(
                condition=Q(weight__isnull=True) | Q(weight__gt=0, weight__lte=100),
                name="offer_grid_weight",
                violation_error_message="Le poids se donne en pourcentage, entre 0 et 100.",
            ),
        ]

    def __str__(self) -> str:
        return f"Analyse des offres, {self.lot}"

    @property
    def is_open(self) -> bool:
        return self.closed_on is None


class OfGridQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(grid__in=OfferGrid.objects.visible_to(user).values("pk"))


class OfferCriterion(TrackedModel):
    """One criterion of a grid; the weights of a grid add up to 100."""

    grid = models.ForeignKey(OfferGrid, models.CASCADE, related_name="criteria", verbose_name="grille")
    position = models.PositiveSmallIntegerField("rang", default=0)
    label = models.CharField("critère", max_length=200)
    expected = models.CharField("ce qui est attendu", max_length=500, blank=True)
    weight = models.DecimalField("poids", max_digits=5, decimal_places=2, help_text="en %")

    objects = OfGridQuerySet.as_manager()

    class Meta:
        verbose_name = "critère d’analyse"
        verbose_name_plural = "critères d’analyse"
        ordering = ("grid", "position", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(weight__gt=0, weight__lte=100),
                name="offer_criterion_weight",
                violation_error_message="Le poids d’un critère va de plus de 0 à 100 %.",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class OfferAssessment(TrackedModel):
    """What one bidder promises, and what is thought of it."""

    grid = models.ForeignKey(OfferGrid, models.CASCADE, related_name="assessments", verbose_name="grille")
    bidder = models.CharField("soumissionnaire", max_length=300)
    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="entreprise"
    )
    # The whole of what is offered, the minimum included.
    hours_offered = HoursField("heures proposées", null=True, blank=True, help_text="minimum compris")
    comment = models.TextField("appréciation", blank=True)

    objects = OfGridQuerySet.as_manager()

    class Meta:
        verbose_name = "offre analysée"
        verbose_name_plural = "offres analysées"
        ordering = ("grid", "bidder", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["grid", "bidder"],
                name="offer_assessment_once",
                violation_error_message="Une offre de ce soumissionnaire est déjà dans la grille.",
            ),
            models.CheckConstraint(
                condition=Q(hours_offered__isnull=True) | Q(hours_offered__gte=0),
                name="offer_assessment_hours_positive",
                violation_error_message="Un nombre d’heures ne peut pas être négatif.",
            ),
        ]

    def __str__(self) -> str:
        return self.bidder


class OfAssessmentQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(assessment__in=OfferAssessment.objects.visible_to(user).values("pk"))


class OfferScore(TrackedModel):
    """The points of one bid on one criterion, and why."""

    assessment = models.ForeignKey(
        OfferAssessment, models.CASCADE, related_name="scores", verbose_name="offre"
    )
    criterion = models.ForeignKey(
        OfferCriterion, models.CASCADE, related_name="scores", verbose_name="critère"
    )
    points = models.DecimalField("points", max_digits=5, decimal_places=2)
    reason = models.CharField("justification", max_length=500, blank=True)

    objects = OfAssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = "note"
        verbose_name_plural = "notes"
        ordering = ("assessment", "criterion", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "criterion"],
                name="offer_score_once",
                violation_error_message="Ce critère est déjà noté pour cette offre.",
            ),
            models.CheckConstraint(
                condition=Q(points__gte=0),
                name="offer_score_positive",
                violation_error_message="Une note ne peut pas être négative.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assessment}, {self.criterion} : {self.points}"
