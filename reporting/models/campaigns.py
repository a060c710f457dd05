"""The campaign of a year’s bilans, and their publication by batches."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from core.history import TrackedModel
from core.models import StoredFile
from core.querysets import ScopedQuerySet
from reporting.models.bilans import Bilan


class Campaign(TrackedModel):
    """The bilans of a year, of every buyer: when they are owed. Of the house only."""

    year = models.PositiveSmallIntegerField("année", unique=True)
    due_on = models.DateField("bilans à remettre avant le", null=True, blank=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="ouverte par"
    )
    opened_at = models.DateTimeField("ouverte le", auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "campagne de bilans"
        verbose_name_plural = "campagnes de bilans"
        ordering = ("-year",)

    def __str__(self) -> str:
        return f"Campagne {self.year}"


class PublicationBatch(models.Model):
    """Bilans published in one gesture: each is its own `core.Job`, then a ZIP gathers their files."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="batches", verbose_name="campagne")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="demandée par"
    )
    created_at = models.DateTimeField("demandée le", auto_now_add=True)
    cancelled_at = models.DateTimeField("annulée le", null=True, blank=True)
    archive = models.ForeignKey(
        StoredFile, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="archive ZIP"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "publication groupée"
        verbose_name_plural = "publications groupées"
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"Publication groupée {self.pk}"


class PublicationItem(models.Model):
    """One bilan of a batch; where its publication stands is told by its job."""

    batch = models.ForeignKey(PublicationBatch, models.CASCADE, related_name="items", verbose_name="lot")
    bilan = models.ForeignKey(Bilan, models.PROTECT, related_name="+", verbose_name="bilan")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "bilan d’une publication groupée"
        verbose_name_plural = "bilans d’une publication groupée"
        ordering = ("batch", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "bilan"],
                name="publication_item_once",
                violation_error_message="Ce bilan est déjà dans cette publication.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch}, {self.bilan}"
