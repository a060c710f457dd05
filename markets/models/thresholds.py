"""European thresholds of the public purchase: dated reference rows, revised every two years."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q

from core.fields import AmountField
from core.models import ReferenceRow
from markets.duty import Threshold
from markets.enums import ThresholdBuyer, ThresholdScope


class ProcurementThreshold(ReferenceRow):
    """A threshold of formal procedures, excluding tax (annex 2 of the code de la commande publique)."""

    scope = models.CharField("portée", max_length=20, choices=ThresholdScope)
    buyer = models.CharField("acheteurs", max_length=8, choices=ThresholdBuyer, blank=True)
    amount = AmountField("montant hors taxes")
    valid_from = models.DateField("depuis le")
    valid_to = models.DateField("jusqu’au", null=True, blank=True)

    class Meta(ReferenceRow.Meta):
        verbose_name = "seuil de la commande publique"
        verbose_name_plural = "seuils de la commande publique"
        ordering = ("-valid_from", "position", "code")  # type: ignore[assignment]  # the base orders by two
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0),
                name="threshold_amount_positive",
                violation_error_message="Un seuil est supérieur à zéro.",
            ),
        ]


def current_thresholds() -> list[Threshold]:
    """Every threshold in force or past, as `markets.duty` reads them: one query."""
    rows = ProcurementThreshold.objects.filter(is_active=True).order_by("valid_from", "code")
    return [as_threshold(row) for row in rows]


def as_threshold(row: ProcurementThreshold) -> Threshold:
    valid_from: dt.date = row.valid_from
    return Threshold(row.scope, row.buyer, row.amount, valid_from, row.valid_to)
