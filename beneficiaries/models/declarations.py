"""What an employer declares: the month of its own people, with its proofs, accepted or sent back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from beneficiaries.enums import DeclarationState
from core.fields import MonthField
from core.history import TrackedModel
from core.models import StoredFile
from core.querysets import ScopedQuerySet
from markets.models import Company, CompanyMembership

if TYPE_CHECKING:
    from accounts.models import User


class MonthDeclarationQuerySet(ScopedQuerySet):
    def visible_to_company(self, user: User) -> Any:
        """An employer's own; the titulaire and the user company read the hours, not the declaration."""
        return self.filter(company__in=CompanyMembership.objects.filter(user=user).values("company"))

    def awaited(self) -> Any:
        """Those that the company still has to send."""
        return self.filter(state__in=[DeclarationState.DRAFT, DeclarationState.SENT_BACK])


class MonthDeclaration(TrackedModel):
    """The month of an employer's people, as the employer says it. Its hours are the entries that name it."""

    company = models.ForeignKey(
        Company, models.PROTECT, related_name="declarations", verbose_name="employeur"
    )
    month = MonthField("mois")
    state = models.CharField("état", max_length=9, choices=DeclarationState, default=DeclarationState.DRAFT)
    note = models.TextField("message à la maison", blank=True)
    # Said, not guessed: a month without a line may also be a month that nobody filled in.
    no_hours = models.BooleanField("aucune heure ce mois", default=False)
    submitted_at = models.DateTimeField("soumise le", null=True, blank=True)
    # Empty when it came by a link sent to the company.
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="soumise par",
    )
    submitted_name = models.CharField("nom de qui soumet", max_length=150, blank=True)
    sent_back_reason = models.CharField("à corriger", max_length=500, blank=True)
    decided_at = models.DateTimeField("acceptée ou renvoyée le", null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="par"
    )
    reminded_on = models.DateField("dernier rappel", null=True, blank=True)
    reminders = models.PositiveSmallIntegerField("rappels", default=0)
    version = models.PositiveIntegerField("version", default=1)
    created_at = models.DateTimeField("ouverte le", auto_now_add=True)

    objects = MonthDeclarationQuerySet.as_manager()

    class Meta:
        verbose_name = "déclaration du mois"
        verbose_name_plural = "déclarations du mois"
        ordering = ("-month", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["company", "month"],
                name="declaration_once_a_month",
                violation_error_message="Ce mois est déjà ouvert pour cette entreprise.",
            ),
            models.CheckConstraint(
                condition=~Q(state=DeclarationState.SENT_BACK) | ~Q(sent_back_reason=""),
                name="declaration_sent_back_has_reason",
                violation_error_message="Un renvoi se motive : dites à l’entreprise ce qui est à corriger.",
            ),
        ]
        indexes = [models.Index(fields=["month", "state"], name="declaration_month_state")]

    def __str__(self) -> str:
        return f"{self.company}, {self.month:%m/%Y}"

    @property
    def is_open(self) -> bool:
        """Whether the company may write in it."""
        return self.state in (DeclarationState.DRAFT, DeclarationState.SENT_BACK)


class DeclarationProofQuerySet(ScopedQuerySet):
    def visible_to_company(self, user: User) -> Any:
        return self.filter(declaration__in=MonthDeclaration.objects.visible_to(user).values("pk"))


class DeclarationProof(TrackedModel):
    """A document sent with a declaration: payslip summary, time sheet."""

    declaration = models.ForeignKey(
        MonthDeclaration, models.CASCADE, related_name="proofs", verbose_name="déclaration"
    )
    stored = models.ForeignKey(
        StoredFile, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="fichier"
    )
    label = models.CharField("intitulé", max_length=150, blank=True)
    added_at = models.DateTimeField("ajouté le", auto_now_add=True)

    objects = DeclarationProofQuerySet.as_manager()

    class Meta:
        verbose_name = "justificatif d’heures"
        verbose_name_plural = "justificatifs d’heures"
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.label or "justificatif"
