"""Counting rules: dated settings for the territory, a buyer or a market; the nearest wins."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import models
from django.db.models import Q

from beneficiaries.enums import HourKind
from core.fields import HoursField, MonthField
from core.history import TrackedModel
from core.querysets import ScopedQuerySet
from markets.models import Buyer, Market


class CountingRules(TrackedModel):
    """What counts, for how long and up to how much, from a month on."""

    buyer = models.ForeignKey(
        Buyer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="counting_rules",
        verbose_name="donneur d’ordre",
    )
    market = models.ForeignKey(
        Market, models.PROTECT, null=True, blank=True, related_name="counting_rules", verbose_name="marché"
    )
    in_force_from = MonthField("à partir de")
    counts_work = models.BooleanField("le travail compte", default=True)
    counts_training = models.BooleanField("la formation compte", default=True)
    counts_tutoring = models.BooleanField("le tutorat compte", default=False)
    counts_immersion = models.BooleanField("l’immersion compte", default=False)
    period_months = models.PositiveSmallIntegerField("période d’éligibilité", default=24, help_text="en mois")
    review_validity_months = models.PositiveSmallIntegerField(
        "une validation inutilisée s’éteint après", default=3, help_text="en mois"
    )
    full_time_month = HoursField(
        "temps plein", default=Decimal("151.67"), help_text="heures par mois : alerte"
    )
    legal_max_month = HoursField("maximum légal", default=Decimal("220"), help_text="heures par mois : refus")
    month_cap = HoursField(
        "plafond mensuel",
        null=True,
        blank=True,
        help_text="heures comptées par personne et par mois ; vide : le maximum légal",
    )
    # Contract type → months added to the period (rule 2).
    extension_months = models.JSONField("prolongations par type de contrat", default=dict, blank=True)
    chain_gap_days = models.PositiveSmallIntegerField(
        "écart entre deux contrats qui n’en font qu’un", default=30, help_text="en jours"
    )
    # The territory's alone: a person leaves the path, not one market.
    exit_months = models.PositiveSmallIntegerField(
        "sortie du parcours après", default=3, help_text="mois sans affectation"
    )
    note = models.CharField("source, précisions", max_length=300, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "règles de comptage"
        verbose_name_plural = "règles de comptage"
        ordering = ("-in_force_from", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(buyer__isnull=True) | Q(market__isnull=True),
                name="counting_rules_one_scope",
                violation_error_message="Ces règles valent pour un donneur d’ordre ou pour un marché, pas les deux.",
            ),
            models.UniqueConstraint(
                fields=["in_force_from"],
                condition=Q(buyer__isnull=True, market__isnull=True),
                name="counting_rules_territory_month",
                violation_error_message="Des règles du territoire commencent déjà ce mois-là.",
            ),
            models.UniqueConstraint(
                fields=["buyer", "in_force_from"],
                condition=Q(buyer__isnull=False),
                name="counting_rules_buyer_month",
                violation_error_message="Des règles de ce donneur d’ordre commencent déjà ce mois-là.",
            ),
            models.UniqueConstraint(
                fields=["market", "in_force_from"],
                condition=Q(market__isnull=False),
                name="counting_rules_market_month",
                violation_error_message="Des règles de ce marché commencent déjà ce mois-là.",
            ),
            models.CheckConstraint(
                condition=Q(period_months__gte=1)
                & Q(legal_max_month__gt=0)
                & Q(exit_months__gte=1)
                & (Q(month_cap__isnull=True) | Q(month_cap__gt=0)),
                name="counting_rules_positive",
                violation_error_message="La période, le maximum mensuel et le délai de sortie doivent être supérieurs à zéro.",
            ),
        ]

    def __str__(self) -> str:
        scope = self.market or self.buyer or "territoire"
        return f"{scope}, à partir de {self.in_force_from:%m/%Y}"

    @classmethod
    def of_territory(cls, day: dt.date) -> CountingRules:
        """The territory's rules in force on that day: for what is about a person, not one buyer or one market."""
        rows = cls.objects.filter(buyer__isnull=True, market__isnull=True, in_force_from__lte=day)
        return rows.order_by("-in_force_from").first() or cls()

    @property
    def cap(self) -> Decimal:
        """The most hours of one person that may count in a month."""
        return self.legal_max_month if self.month_cap is None else min(self.month_cap, self.legal_max_month)

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(kind for kind in HourKind.values if getattr(self, f"counts_{kind}"))
