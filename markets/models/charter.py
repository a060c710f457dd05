"""Charte des 1000: what a signatory company pledged, and what it did."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from core.history import TrackedModel
from core.querysets import ScopedQuerySet
from markets.enums import CharterAxis
from markets.models.companies import Company


class CharterPledge(TrackedModel):
    """One action that a company pledged under an axis of the charter, since the day it signed; done on a day, or to do."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="pledges", verbose_name="entreprise")
    signed_on = models.DateField("charte signée le")
    axis = models.CharField("axe", max_length=10, choices=CharterAxis)
    action = models.CharField("action", max_length=300)
    due_on = models.DateField("prévue pour le", null=True, blank=True)
    done_on = models.DateField("réalisée le", null=True, blank=True)
    note = models.TextField("remarque", blank=True)
    created_at = models.DateTimeField("saisi le", auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "engagement de la Charte des 1000"
        verbose_name_plural = "engagements de la Charte des 1000"
        ordering = (F("done_on").asc(nulls_first=True), F("due_on").asc(nulls_last=True), "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(done_on__isnull=True) | Q(done_on__gte=F("signed_on")),
                name="charter_done_after_signature",
                violation_error_message="La réalisation précède la signature de la charte.",
            ),
            models.CheckConstraint(
                condition=Q(due_on__isnull=True) | Q(due_on__gte=F("signed_on")),
                name="charter_due_after_signature",
                violation_error_message="L’échéance précède la signature de la charte.",
            ),
        ]

    def __str__(self) -> str:
        return self.action
