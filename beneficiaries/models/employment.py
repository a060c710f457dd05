"""Employment: the steps of a path, and the hours' home — a step assigned to a commitment."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from beneficiaries.enums import EndReason, ImmersionPurpose, Modality, PlacementNature, Qualification
from beneficiaries.models.archive import OfPersonQuerySet, OfPlacementQuerySet
from beneficiaries.models.eligibility import EligibilityReview
from beneficiaries.models.people import Beneficiary, Prescriber
from beneficiaries.models.reference import ContractType, Occupation
from clauses.models import Commitment
from core.history import TrackedModel
from markets.models import Company, CompanyMembership

if TYPE_CHECKING:
    from accounts.models import User


class PlacementQuerySet(OfPersonQuerySet):
    def visible_to_company(self, user: User) -> Any:
        return self.filter(pk__in=Assignment.objects.visible_to(user).values("placement"))


class Placement(TrackedModel):
    """A step of a person's path: an employment, an immersion or a training, with an employer or host."""

    beneficiary = models.ForeignKey(
        Beneficiary, models.PROTECT, related_name="placements", verbose_name="personne"
    )
    nature = models.CharField(
        "nature", max_length=12, choices=PlacementNature, default=PlacementNature.EMPLOYMENT
    )
    employer = models.ForeignKey(
        Company, models.PROTECT, related_name="placements", verbose_name="employeur ou structure d’accueil"
    )
    contract_type = models.ForeignKey(
        ContractType, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="type de contrat"
    )
    modality = models.CharField("modalité", max_length=14, choices=Modality, default=Modality.DIRECT)
    starts_on = models.DateField("début du contrat")
    ends_on = models.DateField("fin du contrat", null=True, blank=True)
    weekly_hours = models.DecimalField(
        "heures par semaine", max_digits=4, decimal_places=2, null=True, blank=True
    )
    occupation = models.ForeignKey(
        Occupation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="métier (ROME)"
    )
    previous = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="renewals",
        verbose_name="renouvelle ou continue",
    )
    end_reason = models.CharField("motif de fin", max_length=16, choices=EndReason, blank=True)
    created_at = models.DateTimeField("créé le", auto_now_add=True)

    objects = PlacementQuerySet.as_manager()

    class Meta:
        verbose_name = "contrat ou étape"
        verbose_name_plural = "contrats et étapes"
        ordering = ("-starts_on", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="placement_dates",
                violation_error_message="La fin du contrat précède son début.",
            ),
            models.CheckConstraint(
                condition=Q(weekly_hours__isnull=True) | (Q(weekly_hours__gt=0) & Q(weekly_hours__lte=48)),
                name="placement_weekly_hours",
                violation_error_message="La durée hebdomadaire se situe entre 0 et 48 heures.",
            ),
        ]
        indexes = [models.Index(fields=["beneficiary", "employer", "starts_on"], name="placement_chain")]

    def __str__(self) -> str:
        return f"{self.contract_type or self.get_nature_display()} · {self.employer}"


class ImmersionAgreement(TrackedModel):
    """What makes an immersion a PMSMP: its object, who prescribed it, the CDDI that it takes place in."""

    placement = models.OneToOneField(
        Placement, models.CASCADE, related_name="immersion_agreement", verbose_name="immersion"
    )
    purpose = models.CharField("objet de la PMSMP", max_length=10, choices=ImmersionPurpose)
    prescribed_by = models.ForeignKey(
        Prescriber, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="prescripteur"
    )
    during = models.ForeignKey(
        Placement,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="immersions",
        verbose_name="CDDI pendant lequel elle a lieu",
    )
    amendment_on = models.DateField("avenant au CDDI signé le", null=True, blank=True)

    objects = OfPlacementQuerySet.as_manager()

    class Meta:
        verbose_name = "convention de PMSMP"
        verbose_name_plural = "conventions de PMSMP"
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.get_purpose_display()


class TrainingCourse(TrackedModel):
    """What a training step is: its title, who gives it, the qualification aimed at and what became of it."""

    placement = models.OneToOneField(
        Placement, models.CASCADE, related_name="training_course", verbose_name="formation"
    )
    title = models.CharField("intitulé", max_length=200)
    provider = models.CharField("organisme de formation", max_length=200, blank=True)
    qualification_aimed = models.CharField("qualification visée", max_length=200, blank=True)
    qualification = models.CharField(
        "qualification", max_length=10, choices=Qualification, default=Qualification.UNDER_WAY
    )
    obtained_on = models.DateField("obtenue le", null=True, blank=True)

    objects = OfPlacementQuerySet.as_manager()

    class Meta:
        verbose_name = "formation suivie"
        verbose_name_plural = "formations suivies"
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.title


class AssignmentQuerySet(OfPersonQuerySet):
    person = "placement__beneficiary"

    def visible_to_company(self, user: User) -> Any:
        companies = CompanyMembership.objects.filter(user=user).values("company")
        return self.outside_archive().filter(
            Q(placement__employer__in=companies)
            | Q(user_company__in=companies)
            | Q(commitment__holder__in=companies)
        )

    def employed_by(self, company: Company) -> Any:
        """Those of an employer's own people: what it declares, whoever holds the commitment."""
        return self.filter(placement__employer=company)

    def active_in(self, month: dt.date) -> Any:
        """Assignments of which at least one day falls in that month."""
        following = (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
        return self.filter(starts_on__lt=following).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=month))


class Assignment(TrackedModel):
    """A placement put to work on a commitment. Its commitment never changes once it has entries (trigger)."""

    placement = models.ForeignKey(
        Placement, models.PROTECT, related_name="assignments", verbose_name="contrat ou étape"
    )
    commitment = models.ForeignKey(
        Commitment, models.PROTECT, related_name="assignments", verbose_name="engagement"
    )
    user_company = models.ForeignKey(
        Company,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="entreprise utilisatrice",
    )
    starts_on = models.DateField("début de l’affectation")
    ends_on = models.DateField("fin de l’affectation", null=True, blank=True)
    review = models.ForeignKey(
        EligibilityReview,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assignments",
        verbose_name="décision d’éligibilité",
    )
    positioned_on = models.DateField("positionnement enregistré le", null=True, blank=True)
    positioned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="par"
    )
    created_at = models.DateTimeField("créé le", auto_now_add=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = "affectation"
        verbose_name_plural = "affectations"
        ordering = ("-starts_on", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="assignment_dates",
                violation_error_message="La fin de l’affectation précède son début.",
            ),
            models.UniqueConstraint(
                fields=["placement", "commitment", "starts_on"],
                name="assignment_unique",
                violation_error_message="Cette affectation existe déjà.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.placement.beneficiary} · {self.commitment.market.reference}"
