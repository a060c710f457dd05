"""Hours that stand apart from people's own: those credited elsewhere by agreement, those declared without names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clauses.models import Commitment
from core.fields import HoursField, MonthField
from core.history import TrackedModel
from core.models import StoredFile
from core.querysets import ScopedQuerySet
from markets.models import Company, CompanyMembership

if TYPE_CHECKING:
    from accounts.models import User


class Mutualisation(TrackedModel):
    """A signed agreement by which hours worked on one operation are credited to commitments of others."""

    label = models.CharField("intitulé", max_length=200)
    signed_on = models.DateField("signée le")
    starts_on = MonthField("du mois de")
    ends_on = MonthField("au mois de")
    document = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="document signé"
    )
    note = models.TextField("clé de répartition, précisions", blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )
    created_at = models.DateTimeField("créée le", auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "globalisation d’heures"
        verbose_name_plural = "globalisations d’heures"
        ordering = ("-signed_on", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="mutualisation_dates",
                violation_error_message="La fin de la globalisation précède son début.",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class MutualisationShare(TrackedModel):
    """A commitment that takes part: the share (%) of the hours worked together that is credited to it."""

    mutualisation = models.ForeignKey(
        Mutualisation, models.CASCADE, related_name="shares", verbose_name="globalisation"
    )
    commitment = models.ForeignKey(
        Commitment, models.PROTECT, related_name="mutualisation_shares", verbose_name="engagement"
    )
    share = models.DecimalField("part", max_digits=5, decimal_places=2, help_text="en % des heures réunies")
    agreed_on = models.DateField("accord du donneur d’ordre le", null=True, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "part d’une globalisation"
        verbose_name_plural = "parts des globalisations"
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["mutualisation", "commitment"],
                name="mutualisation_share_once",
                violation_error_message="Cet engagement y a déjà une part.",
            ),
            models.CheckConstraint(
                condition=Q(share__gte=0) & Q(share__lte=100),
                name="mutualisation_share_percent",
                violation_error_message="Une part se situe entre 0 et 100 %.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.share} % pour {self.commitment}"


class AggregateDeclarationQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(commitment__in=Commitment.objects.visible_to(user).values("pk"))

    def visible_to_company(self, user: User) -> Any:
        """The structure's own, and those on the commitments that the user's companies hold."""
        companies = CompanyMembership.objects.filter(user=user).values("company")
        return self.filter(Q(company__in=companies) | Q(commitment__holder__in=companies))


class AggregateDeclaration(TrackedModel):
    """What an ESAT or an EA declares without names: how many people, how many hours. Outside « personnes »."""

    company = models.ForeignKey(
        Company, models.PROTECT, related_name="aggregate_declarations", verbose_name="structure"
    )
    commitment = models.ForeignKey(
        Commitment, models.PROTECT, related_name="aggregate_declarations", verbose_name="engagement"
    )
    first_month = MonthField("du mois de")
    last_month = MonthField("au mois de")
    headcount = models.PositiveIntegerField("nombre de personnes")
    hours = HoursField("heures")
    document = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="attestation"
    )
    note = models.CharField("précisions", max_length=300, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )
    recorded_at = models.DateTimeField("enregistrée le", auto_now_add=True)

    objects = AggregateDeclarationQuerySet.as_manager()

    class Meta:
        verbose_name = "déclaration sans noms"
        verbose_name_plural = "déclarations sans noms"
        ordering = ("-last_month", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(last_month__gte=F("first_month")),
                name="aggregate_declaration_dates",
                violation_error_message="Le dernier mois précède le premier.",
            ),
            models.CheckConstraint(
                condition=Q(hours__gte=0) & (Q(headcount__gt=0) | Q(hours=0)),
                name="aggregate_declaration_has_people",
                violation_error_message="Des heures sans personne : indiquez combien de personnes les ont faites.",
            ),
            models.UniqueConstraint(
                fields=["company", "commitment", "first_month"],
                name="aggregate_declaration_once",
                violation_error_message="Une déclaration de cette structure commence déjà ce mois-là.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.headcount} personnes, {self.hours} h"
