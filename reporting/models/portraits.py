"""Portraits of paths in a bilan: on consent, without a name, never an invented one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from beneficiaries.models import Beneficiary
from beneficiaries.models.archive import OfPersonQuerySet
from core.history import TrackedModel
from core.models import StoredFile
from reporting.models.bilans import Bilan


class PathPortraitQuerySet(OfPersonQuerySet):
    def agreed(self) -> Any:
        """Those that may be printed: the person agreed, has not withdrawn, and is not anonymised."""
        return self.filter(
            consent_on__isnull=False, withdrawn_on__isnull=True, beneficiary__isnull=False
        ).exclude(text="")


class PathPortrait(TrackedModel):
    """The path of one person, told in a bilan under a letter, because that person agreed. Of the house only."""

    bilan = models.ForeignKey(Bilan, models.PROTECT, related_name="portraits", verbose_name="bilan")
    # Nobody once the person is anonymised: what a published bilan tells leads to no file any more.
    beneficiary = models.ForeignKey(
        Beneficiary, models.PROTECT, null=True, related_name="portraits", verbose_name="personne"
    )
    text = models.TextField("récit", max_length=3000)
    consent_on = models.DateField("accord donné le", null=True, blank=True)
    consent_file = models.ForeignKey(
        StoredFile, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="accord signé"
    )
    withdrawn_on = models.DateField("accord retiré le", null=True, blank=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="écrit par"
    )
    created_at = models.DateTimeField("écrit le", auto_now_add=True)

    objects = PathPortraitQuerySet.as_manager()

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
            models.CheckConstraint(
                condition=Q(consent_file__isnull=True) | Q(consent_on__isnull=False),
                name="portrait_file_of_a_consent",
                violation_error_message="Un accord signé porte sa date.",
            ),
        ]

    def __str__(self) -> str:
        return f"Portrait {self.pk}, {self.bilan}"

    @property
    def is_agreed(self) -> bool:
        """Whether it may be printed: the person agreed, and has not withdrawn."""
        return self.consent_on is not None and self.withdrawn_on is None and self.beneficiary_id is not None
