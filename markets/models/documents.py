"""The documents of a market that the house expects from the buyer, and those that it received."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from core.history import TrackedModel
from core.models import StoredFile
from core.querysets import ScopedQuerySet
from markets.enums import DocumentKind
from markets.models.markets import Lot, Market

if TYPE_CHECKING:
    from accounts.models import User


class MarketDocumentQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        """Those of the markets that the buyer leads: who reads the list writes it."""
        return self.filter(market__in=Market.objects.led_by(user).values("pk"))

    def expected(self) -> Any:
        return self.filter(received_on__isnull=True)


class MarketDocument(TrackedModel):
    """A document of a market: expected until the day it was received (convention, article 4). Companies don't see it."""

    market = models.ForeignKey(Market, models.CASCADE, related_name="documents", verbose_name="marché")
    lot = models.ForeignKey(
        Lot, models.CASCADE, null=True, blank=True, related_name="documents", verbose_name="lot"
    )
    kind = models.CharField("pièce", max_length=14, choices=DocumentKind)
    label = models.CharField("précisions", max_length=200, blank=True)
    received_on = models.DateField("reçue le", null=True, blank=True)
    file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="fichier"
    )
    created_at = models.DateTimeField("attendue depuis le", auto_now_add=True)

    objects = MarketDocumentQuerySet.as_manager()

    class Meta:
        verbose_name = "pièce du marché"
        verbose_name_plural = "pièces du marché"
        ordering = ("market", "pk")

    def __str__(self) -> str:
        return f"{self.get_kind_display()}{', ' + self.label if self.label else ''}"
