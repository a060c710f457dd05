"""The social clause of a lot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from clauses.enums import ClauseKind
from core.fields import AmountField, HoursField
from core.history import TrackedModel
from core.querysets import ScopedQuerySet
from markets.enums import Source
from markets.models import Lot, Market

if TYPE_CHECKING:
    from accounts.models import User


class ClauseQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(lot__market__in=Market.objects.visible_to(user).values("pk"))

    def visible_to_company(self, user: User) -> Any:
        return self.filter(lot__market__in=Market.objects.visible_to(user).values("pk"))


class Clause(TrackedModel):
    """What a lot asks of its holder for people far from employment."""

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="clauses", verbose_name="lot")
    kind = models.CharField("nature", max_length=20, choices=ClauseKind, default=ClauseKind.EXECUTION)
    minimum_hours = HoursField("minimum d’heures", null=True, blank=True)
    effort_rate = models.DecimalField(
        "taux d’effort",
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="en % des heures du lot",
    )
    euros_per_hour = AmountField(
        "euros facturés par heure due",
        null=True,
        blank=True,
        help_text="accords-cadres : 1 h par tranche de … €",
    )
    penalty_text = models.CharField("pénalité prévue", max_length=300, blank=True)
    notes = models.TextField("remarques", blank=True)
    source = models.CharField("origine", max_length=12, choices=Source, default=Source.SCREEN, editable=False)

    objects = ClauseQuerySet.as_manager()

    class Meta:
        verbose_name = "clause"
        verbose_name_plural = "clauses"
        ordering = ("lot", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["lot", "kind"],
                name="clause_once_per_kind",
                violation_error_message="Ce lot a déjà une clause de cette nature.",
            ),
            models.CheckConstraint(
                condition=Q(minimum_hours__isnull=True) | Q(minimum_hours__gte=0),
                name="clause_minimum_positive",
                violation_error_message="Le minimum d’heures ne peut pas être négatif.",
            ),
            models.CheckConstraint(
                condition=Q(effort_rate__isnull=True) | (Q(effort_rate__gte=0) & Q(effort_rate__lte=100)),
                name="clause_effort_rate_percent",
                violation_error_message="Le taux d’effort se donne en pourcentage, entre 0 et 100.",
            ),
            models.CheckConstraint(
                condition=Q(euros_per_hour__isnull=True) | Q(euros_per_hour__gt=0),
                name="clause_euros_per_hour_positive",
                violation_error_message="Le montant facturé par heure due doit être supérieur à zéro.",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
