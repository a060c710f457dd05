"""Contracts published elsewhere (DECP) by the buyers of the house, and what is thought of each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from clauses.enums import CoverageState
from core.history import TrackedModel
from core.querysets import ScopedQuerySet
from markets.models import Buyer, Market


class PublishedContract(TrackedModel):
    """A contract of one of our buyers, as the DECP tell it: followed here, to look at, or left with a reason.

    Of the house only.
    """

    buyer = models.ForeignKey(
        Buyer, models.PROTECT, related_name="published_contracts", verbose_name="donneur d’ordre"
    )
    # The number that the buyer gave it, and what tells two lots of one number apart.
    number = models.CharField("numéro", max_length=100)
    lot_key = models.CharField(max_length=200, editable=False)
    object = models.TextField("objet")
    cpv = models.CharField("code CPV", max_length=10, blank=True)
    amount = models.DecimalField("montant hors taxes", max_digits=14, decimal_places=2, null=True, blank=True)
    notified_on = models.DateField("notifié le", null=True, blank=True)
    published_on = models.DateField("publié le", null=True, blank=True)
    months = models.PositiveSmallIntegerField("durée en mois", null=True, blank=True)
    holders = models.CharField("titulaires", max_length=500, blank=True)
    considerations = models.JSONField("considérations sociales", default=list)
    # Whether the duty in force on that day asks for a clause (`markets.duty`); None where it cannot be said.
    is_due = models.BooleanField("soumis à l’obligation", null=True, blank=True)
    source = models.CharField("fichier", max_length=200)
    seen_at = models.DateTimeField("vu le", auto_now_add=True)
    state = models.CharField(
        "état", max_length=8, choices=CoverageState, default=CoverageState.TO_LOOK, db_index=True
    )
    market = models.ForeignKey(
        Market,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="published_contracts",
        verbose_name="marché suivi ici",
    )
    reason = models.CharField("motif", max_length=300, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="par"
    )
    decided_at = models.DateTimeField("décidé le", null=True, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "contrat publié"
        verbose_name_plural = "contrats publiés"
        ordering = ("-notified_on", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["buyer", "number", "lot_key"],
                name="published_contract_once",
                violation_error_message="Ce contrat publié est déjà connu.",
            ),
            models.CheckConstraint(
                condition=~Q(state="left") | ~Q(reason=""),
                name="published_contract_left_has_reason",
                violation_error_message="Dites pourquoi ce contrat n’est pas suivi.",
            ),
            models.CheckConstraint(
                condition=~Q(state="followed") | Q(market__isnull=False),
                name="published_contract_followed_has_market",
                violation_error_message="Dites quel marché suivi ici est ce contrat.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}, {self.buyer}"
