"""Figures kept as they were computed, where computing them again for each reader would take seconds."""

from __future__ import annotations

from django.db import models

from core.querysets import ScopedQuerySet


class KeptFigures(models.Model):
    """The year of the whole territory, as the indicators gave it; derived, rebuilt by `manage.py rebuild_figures`.

    `state` tells which rows it was computed from: where it has moved, the figures are older than the data. Of the
    house only.
    """

    year = models.PositiveSmallIntegerField("année", unique=True)
    state = models.CharField(max_length=64, editable=False)
    figures = models.JSONField("chiffres", editable=False)
    # Seconds of computing: where they are few, a reader gets them made again at once.
    seconds = models.FloatField("durée du calcul", editable=False)
    computed_at = models.DateTimeField("calculés le", editable=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "chiffres gardés"
        verbose_name_plural = "chiffres gardés"
        ordering = ("-year",)

    def __str__(self) -> str:
        return f"Territoire {self.year}"
