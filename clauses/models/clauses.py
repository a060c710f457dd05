"""The social clause of a lot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from clauses.enums import AllowanceUnit, CapUnit, ClauseKind, PenaltyKind
from clauses.penalties import Formula, PenaltyFormula, Unit
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
    # The wording of the market; the figures that it gives follow, so that a penalty can be worked out.
    penalty_text = models.CharField("pénalité prévue", max_length=300, blank=True)
    penalty_kind = models.CharField("formule de la pénalité", max_length=12, choices=PenaltyKind, blank=True)
    penalty_rate = AmountField("montant par heure manquante", null=True, blank=True)
    penalty_coefficient = models.DecimalField(
        "coefficient", max_digits=7, decimal_places=3, null=True, blank=True
    )
    penalty_reference = AmountField("montant de référence", null=True, blank=True)
    penalty_reference_label = models.CharField("nature du montant de référence", max_length=80, blank=True)
    penalty_reference_on = models.DateField("valeur au", null=True, blank=True)
    penalty_allowance = models.DecimalField(
        "franchise", max_digits=9, decimal_places=2, null=True, blank=True
    )
    penalty_allowance_unit = models.CharField(
        "unité de la franchise", max_length=8, choices=AllowanceUnit, default=AllowanceUnit.HOURS
    )
    penalty_cap = AmountField("plafond", null=True, blank=True)
    penalty_cap_unit = models.CharField(
        "unité du plafond", max_length=8, choices=CapUnit, default=CapUnit.EUROS
    )
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
            # What `clauses.penalties` refuses, so that a formula kept can always be worked out.
            models.CheckConstraint(
                condition=~Q(penalty_kind=PenaltyKind.RATE)
                | Q(penalty_rate__isnull=False, penalty_rate__gt=0, penalty_rate__lte=10_000),
                name="clause_penalty_rate",
                violation_error_message="Indiquez le montant dû par heure manquante, au-dessus de zéro.",
            ),
            models.CheckConstraint(
                condition=~Q(penalty_kind=PenaltyKind.COEFFICIENT)
                | Q(
                    penalty_coefficient__isnull=False,
                    penalty_coefficient__gt=0,
                    penalty_coefficient__lte=1_000,
                    penalty_reference__isnull=False,
                    penalty_reference__gt=0,
                    penalty_reference__lte=1_000,
                    penalty_reference_on__isnull=False,
                ),
                name="clause_penalty_coefficient",
                violation_error_message="Indiquez le coefficient, le montant de référence et sa date.",
            ),
            models.CheckConstraint(
                condition=Q(penalty_allowance__isnull=True)
                | Q(penalty_allowance__gte=0, penalty_allowance_unit=AllowanceUnit.HOURS)
                | Q(
                    penalty_allowance__gte=0,
                    penalty_allowance__lte=100,
                    penalty_allowance_unit=AllowanceUnit.PERCENT,
                ),
                name="clause_penalty_allowance",
                violation_error_message="La franchise se donne en heures, ou en pourcentage entre 0 et 100.",
            ),
            models.CheckConstraint(
                condition=Q(penalty_cap__isnull=True)
                | Q(penalty_cap__gt=0, penalty_cap_unit=CapUnit.EUROS)
                | Q(penalty_cap__gt=0, penalty_cap__lte=100, penalty_cap_unit=CapUnit.PERCENT),
                name="clause_penalty_cap",
                violation_error_message="Le plafond se donne en euros, ou en pourcentage entre 0 et 100.",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def penalty_formula(self) -> PenaltyFormula | None:
        """The market's formula; None where only words, or nothing, say what is due."""
        if not self.penalty_kind:
            return None
        return PenaltyFormula(
            kind=Formula(self.penalty_kind),
            rate=self.penalty_rate,
            coefficient=self.penalty_coefficient,
            reference=self.penalty_reference,
            reference_label=self.penalty_reference_label,
            reference_on=self.penalty_reference_on,
            allowance=self.penalty_allowance,
            allowance_unit=Unit(self.penalty_allowance_unit),
            cap=self.penalty_cap,
            cap_unit=Unit(self.penalty_cap_unit),
        )

    @property
    def penalty_words(self) -> str:
        """The penalty in a line: its formula, else the market's own wording, else nothing."""
        formula = self.penalty_formula
        return formula.words if formula else self.penalty_text
