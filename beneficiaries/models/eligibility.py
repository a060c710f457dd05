"""Eligibility: the decision taken before the hire, what it froze, and the period that it opened."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from beneficiaries.enums import Decision, Gender, Route, Unemployment
from beneficiaries.models.archive import OfPersonQuerySet, OfReviewQuerySet
from beneficiaries.models.people import Beneficiary, Prescriber
from beneficiaries.models.reference import EducationLevel, EligibilityCriterion, Qpv
from core.history import TrackedModel
from markets.models import Commune


class EligibilityReviewQuerySet(OfPersonQuerySet):
    """House staff only: a ground is never shown to a buyer or a company."""

    def standing(self) -> Any:
        """Decisions that no later one corrects."""
        return self.filter(superseded_by__isnull=True)

    def approved(self) -> Any:
        return self.filter(decision=Decision.APPROVED)


class EligibilityReview(models.Model):
    """A decision on a person's eligibility, with the situation at entry frozen in it.

    Append-only, by a trigger: a correction is a new review that supersedes this one, with a reason.
    """

    beneficiary = models.ForeignKey(
        Beneficiary, models.PROTECT, related_name="reviews", verbose_name="personne"
    )
    route = models.CharField("voie", max_length=12, choices=Route, default=Route.INDIVIDUAL)
    decision = models.CharField("décision", max_length=10, choices=Decision)
    decided_on = models.DateField("décidé le")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )
    recorded_at = models.DateTimeField("enregistré le", auto_now_add=True)
    valid_until = models.DateField(
        "à utiliser avant le",
        null=True,
        blank=True,
        help_text="une validation inutilisée s’éteint après ce jour",
    )
    refusal_reason = models.TextField("motif du refus", blank=True)
    note = models.TextField("remarques", blank=True)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by", verbose_name="corrige"
    )
    correction_reason = models.CharField("motif de la correction", max_length=300, blank=True)

    # The situation at entry, frozen: what the person was that day, whatever comes later.
    entry_age = models.PositiveSmallIntegerField("âge à l’entrée", null=True, blank=True)
    entry_gender = models.CharField("genre", max_length=1, choices=Gender, blank=True)
    entry_commune = models.ForeignKey(
        Commune, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="résidence à l’entrée"
    )
    entry_qpv = models.ForeignKey(
        Qpv, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="QPV à l’entrée"
    )
    entry_qpv_vintage = models.PositiveSmallIntegerField("millésime du QPV", null=True, blank=True)
    entry_education = models.ForeignKey(
        EducationLevel,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="formation à l’entrée",
    )
    entry_unemployment = models.CharField(
        "durée de chômage à l’entrée", max_length=6, choices=Unemployment, blank=True
    )
    entry_prescriber = models.ForeignKey(
        Prescriber,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="prescripteur à l’entrée",
    )
    principal = models.ForeignKey(
        EligibilityCriterion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="statut principal à l’entrée",
    )

    objects = EligibilityReviewQuerySet.as_manager()

    class Meta:
        verbose_name = "décision d’éligibilité"
        verbose_name_plural = "décisions d’éligibilité"
        ordering = ("-decided_on", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=~Q(decision=Decision.REFUSED) | ~Q(refusal_reason=""),
                name="review_refusal_has_reason",
                violation_error_message="Un refus se motive : dites pourquoi.",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("decided_on")),
                name="review_valid_after_decision",
                violation_error_message="La validation s’éteindrait avant d’avoir été décidée.",
            ),
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True) | ~Q(correction_reason=""),
                name="review_correction_has_reason",
                violation_error_message="Une correction se motive : dites pourquoi.",
            ),
        ]
        indexes = [models.Index(fields=["beneficiary", "decided_on"], name="review_person_decided")]

    def __str__(self) -> str:
        return f"{self.get_decision_display()} le {self.decided_on:%d/%m/%Y}"

    @property
    def is_approved(self) -> bool:
        return self.decision == Decision.APPROVED


class HeldCriterion(models.Model):
    """A status held at entry, with the proof seen and its date. Append-only with its review."""

    review = models.ForeignKey(
        EligibilityReview, models.PROTECT, related_name="held_criteria", verbose_name="décision"
    )
    criterion = models.ForeignKey(
        EligibilityCriterion, models.PROTECT, related_name="+", verbose_name="critère"
    )
    proof_date = models.DateField("date du justificatif", null=True, blank=True)
    proof_label = models.CharField("justificatif vu", max_length=250, blank=True)

    objects = OfReviewQuerySet.as_manager()

    class Meta:
        verbose_name = "critère tenu"
        verbose_name_plural = "critères tenus"
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["review", "criterion"],
                name="held_criterion_once",
                violation_error_message="Ce critère est déjà coché.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.criterion)


class EligibilityPeriod(TrackedModel):
    """The months during which a person's hours may count, from the first day of the first assignment.

    Opened and kept by `services.counting`, from the pure rules of `counting.py`.
    """

    beneficiary = models.ForeignKey(
        Beneficiary, models.PROTECT, related_name="periods", verbose_name="personne"
    )
    review = models.ForeignKey(
        EligibilityReview, models.PROTECT, related_name="periods", verbose_name="ouverte par"
    )
    starts_on = models.DateField("du")
    ends_on = models.DateField("au")

    objects = OfPersonQuerySet.as_manager()

    class Meta:
        verbose_name = "période d’éligibilité"
        verbose_name_plural = "périodes d’éligibilité"
        ordering = ("starts_on", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["beneficiary", "starts_on"],
                name="eligibility_period_unique_start",
                violation_error_message="Une période d’éligibilité commence déjà ce jour-là.",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="eligibility_period_dates",
                violation_error_message="La fin de la période précède son début.",
            ),
        ]

    def __str__(self) -> str:
        return f"éligible jusqu’au {self.ends_on:%d/%m/%Y}"

    def covers(self, day: dt.date) -> bool:
        return self.starts_on <= day <= self.ends_on
