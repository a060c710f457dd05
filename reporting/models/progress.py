"""The points d’étape of a market, kept as they were made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core.models import StoredFile
from core.querysets import ScopedQuerySet
from markets.models import Market

if TYPE_CHECKING:
    from accounts.models import User


class ProgressReportQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(market__in=Market.objects.visible_to(user).values("pk"))


class ProgressReport(models.Model):
    """A point d’étape: where a market stood over some months, on the day it was made. Append-only (trigger)."""

    market = models.ForeignKey(Market, models.PROTECT, related_name="progress_reports", verbose_name="marché")
    first_month = models.DateField("premier mois")
    last_month = models.DateField("dernier mois")
    # What was computed then; the page and the PDF are made from it alone.
    snapshot = models.JSONField("chiffres", editable=False)
    file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, related_name="+", verbose_name="fichier", editable=False
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="fait par"
    )
    made_at = models.DateTimeField("fait le", auto_now_add=True)

    objects = ProgressReportQuerySet.as_manager()

    class Meta:
        verbose_name = "point d’étape"
        verbose_name_plural = "points d’étape"
        ordering = ("-made_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(last_month__gte=F("first_month")),
                name="progress_report_months",
                violation_error_message="Le dernier mois précède le premier : corrigez l’un des deux.",
            ),
        ]

    def __str__(self) -> str:
        return f"Point d’étape, {self.market.reference}"
