"""Portraits of paths in a bilan: on consent, without a name, never an invented one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from beneficiaries.models import Beneficiary
from core.history import TrackedModel
from core.models import StoredFile
from core.querysets import ScopedQuerySet
from reporting.models.bilans import Bilan


class PathPortrait(TrackedModel):
    """The path of one person, told in a bilan under a letter, because that person agreed. Of the house only."""

    bilan = models.ForeignKey(Bilan, models.PROTECT, related_name="portraits", verbose_name="bilan")
    beneficiary = models.ForeignKey(
        Beneficiary, models.PROTECT, related_name="portraits", verbose_name="personne"
    )
    text = models.TextField("récit", max_length=3000)
    consent_on = models.DateField("accord donné le", null=True, blank=True)
    consent_file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="accord signé"
    )
    withdrawn_on = models.DateField("accord retiré le", null=True, blank=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="écrit par"
    )
    created_at = models.DateTimeField("écrit le", auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "portrait de parcours"
        verbose_name_plural = "portraits de parcours"
        ordering = ("bilan", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["bilan", "beneficiary"],
                name="portrait_once_in_a_bilan",
                violation_error_message="Cette personne a déjà un portrait dans ce bilan.",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_on__isnull=True) | Q(consent_on__isnull=False),
                name="portrait_withdrawn_after_consent",
                violation_error_message="Seul un accord donné se retire.",
            ),
        ]

    def __str__(self) -> str:
        return f"Portrait {self.pk}, {self.bilan}"
