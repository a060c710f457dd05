"""Proofs of eligibility: the files that were seen, and those that are asked for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from beneficiaries.models.archive import OfPersonQuerySet
from beneficiaries.models.eligibility import EligibilityReview
from beneficiaries.models.people import Beneficiary
from beneficiaries.models.reference import EligibilityCriterion
from core.history import TrackedModel
from core.models import StoredFile


class ProofFile(TrackedModel):
    """A document that shows a status; erased when its retention ends, its row and its date stay."""

    beneficiary = models.ForeignKey(
        Beneficiary, models.PROTECT, related_name="proofs", verbose_name="personne"
    )
    criterion = models.ForeignKey(
        EligibilityCriterion, models.PROTECT, related_name="+", verbose_name="critère"
    )
    review = models.ForeignKey(
        EligibilityReview,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="proofs",
        verbose_name="décision",
    )
    dated = models.DateField("daté du", null=True, blank=True)
    stored = models.ForeignKey(
        StoredFile, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="fichier"
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )
    added_at = models.DateTimeField("ajouté le", auto_now_add=True)
    erased_on = models.DateField("effacé le", null=True, blank=True)

    objects = OfPersonQuerySet.as_manager()

    class Meta:
        verbose_name = "justificatif"
        verbose_name_plural = "justificatifs"
        ordering = ("-added_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(erased_on__isnull=True) | Q(stored__isnull=True),
                name="proof_file_erased_is_gone",
                violation_error_message="Un justificatif effacé ne garde pas son fichier.",
            ),
        ]

    def __str__(self) -> str:
        return f"justificatif de «\u202f{self.criterion}\u202f»"


class ProofRequestQuerySet(OfPersonQuerySet):
    def open(self) -> Any:
        """Those that still wait."""
        return self.filter(answered_on__isnull=True, closed_on__isnull=True)


class ProofRequest(TrackedModel):
    """A proof asked by e-mail, to the person or to the referrer; answered when the proof arrives."""

    beneficiary = models.ForeignKey(
        Beneficiary, models.PROTECT, related_name="proof_requests", verbose_name="personne"
    )
    criteria = models.ManyToManyField(EligibilityCriterion, related_name="+", verbose_name="critères")
    email = models.EmailField("demandé à")
    message = models.TextField("message", blank=True)
    asked_on = models.DateField("demandé le")
    due_on = models.DateField("attendu le")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )
    reminded_on = models.DateField("relancée le", null=True, blank=True)
    answered_on = models.DateField("reçu le", null=True, blank=True)
    closed_on = models.DateField("abandonnée le", null=True, blank=True)

    objects = ProofRequestQuerySet.as_manager()

    class Meta:
        verbose_name = "demande de justificatif"
        verbose_name_plural = "demandes de justificatif"
        ordering = ("-asked_on", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(due_on__gte=F("asked_on")),
                name="proof_request_dates",
                violation_error_message="L’échéance précède la demande.",
            ),
            models.CheckConstraint(
                condition=Q(answered_on__isnull=True) | Q(closed_on__isnull=True),
                name="proof_request_one_end",
                violation_error_message="Une demande est reçue ou abandonnée, pas les deux.",
            ),
        ]

    def __str__(self) -> str:
        return f"demande du {self.asked_on:%d/%m/%Y}"

    @property
    def is_open(self) -> bool:
        return self.answered_on is None and self.closed_on is None
