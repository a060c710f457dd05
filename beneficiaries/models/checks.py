"""What was looked at: anomalies found right as they are, and the recounts with what they changed."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from beneficiaries.enums import AnomalyKind
from core.fields import HoursField
from core.history import TrackedModel
from core.querysets import ScopedQuerySet


class SettledAnomaly(TrackedModel):
    """Something that looked wrong and is right, with the reason: no longer shown while the figures are the same."""

    kind = models.CharField("nature", max_length=14, choices=AnomalyKind)
    # The anomaly's own key: what it is about, and the figures that made it one.
    key = models.CharField(max_length=200, unique=True)
    reason = models.CharField("motif", max_length=300)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )
    settled_at = models.DateTimeField("le", auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "anomalie expliquée"
        verbose_name_plural = "anomalies expliquées"
        ordering = ("-settled_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="settled_anomaly_has_reason",
                violation_error_message="Dites pourquoi ces heures sont justes.",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class Recount(models.Model):
    """A recount that changed something: why, by whom, how many entries and hours, and which ones. Append-only."""

    reason = models.CharField("cause", max_length=200)
    made_at = models.DateTimeField("le", auto_now_add=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )
    entries = models.PositiveIntegerField("relevés changés")
    delta = HoursField("écart")
    # Year → [entries, hours]; and the entries with before, after and why, the first thousand.
    by_year = models.JSONField("par année", default=dict, encoder=DjangoJSONEncoder)
    details = models.JSONField("relevés", default=list, encoder=DjangoJSONEncoder)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "recomptage"
        verbose_name_plural = "recomptages"
        ordering = ("-made_at", "-pk")

    def __str__(self) -> str:
        return f"{self.entries} relevés, {self.delta} h"
