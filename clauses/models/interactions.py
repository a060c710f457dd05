"""The journal of a market, a company and a buyer: contacts and meetings, never about a person."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from clauses.enums import Channel
from core.history import TrackedModel
from core.models import StoredFile
from core.querysets import ScopedQuerySet
from markets.models import Buyer, Company, Market, Task


class InteractionQuerySet(ScopedQuerySet):
    """The house's own notebook: neither buyers nor companies read it."""


class Interaction(TrackedModel):
    """A contact that took place, with a company, about a market, or about the agreement with a buyer."""

    market = models.ForeignKey(
        Market, models.PROTECT, null=True, blank=True, related_name="interactions", verbose_name="marché"
    )
    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="interactions", verbose_name="entreprise"
    )
    buyer = models.ForeignKey(
        Buyer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="interactions",
        verbose_name="donneur d’ordre",
    )
    on = models.DateField("date")
    channel = models.CharField("moyen", max_length=14, choices=Channel, default=Channel.CALL)
    # A contact that the company answered: an attempt without an answer counts towards the escalation.
    reached = models.BooleanField("l’interlocuteur a répondu", default=True)
    participants = models.CharField("participants", max_length=300, blank=True)
    summary = models.TextField("compte rendu")
    document = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="pièce jointe"
    )
    # The meeting that it is the report of.
    meeting = models.OneToOneField(
        Task, models.SET_NULL, null=True, blank=True, related_name="report", verbose_name="réunion"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="auteur·rice"
    )
    created_at = models.DateTimeField("saisi le", auto_now_add=True)

    objects = InteractionQuerySet.as_manager()

    class Meta:
        verbose_name = "échange"
        verbose_name_plural = "échanges"
        ordering = ("-on", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(buyer__isnull=True, market__isnull=False)
                | Q(buyer__isnull=True, company__isnull=False)
                | Q(buyer__isnull=False, market__isnull=True, company__isnull=True),
                name="interaction_of_a_file",
                violation_error_message="Un échange porte sur un marché, une entreprise ou un donneur d’ordre.",
            ),
        ]
        indexes = [
            models.Index(fields=["market", "-on"], name="interaction_market_on"),
            models.Index(fields=["company", "-on"], name="interaction_company_on"),
            models.Index(fields=["buyer", "-on"], name="interaction_buyer_on"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} du {self.on:%d/%m/%Y}"

    @property
    def is_written(self) -> bool:
        return self.channel in (Channel.MAIL, Channel.LETTER)
