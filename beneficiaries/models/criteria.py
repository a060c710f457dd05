"""What is asked for a status, from a day on: the house's own dated changes beside the reference file."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from beneficiaries.enums import Sufficiency
from beneficiaries.models.reference import EligibilityCriterion
from core.history import TrackedModel
from core.querysets import ScopedQuerySet


class CriterionTerms(TrackedModel):
    """The proof, its maximum age and the reach of a criterion from a day on, or that it is held no more.

    Before the first row of a criterion hold the values of the reference file, which no row changes (ADR 0036).
    """

    criterion = models.ForeignKey(
        EligibilityCriterion, models.PROTECT, related_name="terms", verbose_name="critère"
    )
    in_force_from = models.DateField("à partir du")
    is_open = models.BooleanField("retenu", default=True)
    proof = models.CharField("justificatif", max_length=250, blank=True)
    proof_max_age_months = models.PositiveSmallIntegerField(
        "âge maximal du justificatif",
        null=True,
        blank=True,
        help_text="en mois\u202f; vide\u202f: valable à l’embauche",
    )
    sufficiency = models.CharField("portée", max_length=12, choices=Sufficiency, default=Sufficiency.ALONE)
    reason = models.CharField("motif, source", max_length=300)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "conditions d’un critère"
        verbose_name_plural = "conditions des critères"
        ordering = ("criterion", "in_force_from")
        constraints = [
            models.UniqueConstraint(
                fields=["criterion", "in_force_from"],
                name="criterion_terms_once_a_day",
                violation_error_message="Un changement de ce critère commence déjà ce jour-là.",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="criterion_terms_have_a_reason",
                violation_error_message="Dites pourquoi, ou d’après quel texte.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}, à partir du {self.in_force_from:%d/%m/%Y}"
