"""The convention between a buyer and the house, and its avenants."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from core.dates import add_months
from core.history import TrackedModel
from core.models import StoredFile
from core.querysets import ScopedQuerySet
from markets.enums import AgreementIndicator, AgreementState
from markets.models.buyers import Buyer
from markets.models.people import Contact

if TYPE_CHECKING:
    from accounts.models import User

# Days that a formal letter leaves to a company (convention, annexe 2.A).
LETTER_DELAY_DAYS = 15
# So long before the last day to give notice, the agreement says that its notice is near.
NOTICE_NEAR_DAYS = 90


class AgreementQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(buyer__in=Buyer.objects.visible_as_a_whole_to(user).values("pk"))

    def with_following(self) -> Any:
        """Add `is_followed`: the buyer has an agreement that takes effect after this one."""
        later = self.model._base_manager.filter(buyer=OuterRef("buyer"), starts_on__gt=OuterRef("starts_on"))
        return self.annotate(is_followed=Exists(later))

    def in_force(self, on: dt.date) -> Any:
        return self.filter(starts_on__lte=on, ends_on__gte=on).filter(
            Q(terminated_on__isnull=True) | Q(terminated_on__gt=on)
        )


class Agreement(TrackedModel):
    """A convention: what the buyer and the house do for each other, from when to when."""

    buyer = models.ForeignKey(
        Buyer, models.PROTECT, related_name="agreements", verbose_name="donneur d’ordre"
    )
    reference = models.CharField("référence", max_length=60, blank=True)
    signed_on = models.DateField("signée le", null=True, blank=True)
    starts_on = models.DateField("prend effet le")
    # The last day in force, avenants included: `record_amendment` moves it.
    ends_on = models.DateField("prend fin le")
    notice_months = models.PositiveSmallIntegerField("préavis", default=3, help_text="en mois")
    # The first day that is no longer in force; `termination_notified_on` is when the other side was told.
    terminated_on = models.DateField("dénoncée au", null=True, blank=True)
    termination_notified_on = models.DateField("dénonciation notifiée le", null=True, blank=True)
    termination_reason = models.CharField("motif de la dénonciation", max_length=300, blank=True)
    procedure = models.TextField("procédure de cadrage", blank=True)
    procedure_agreed_on = models.DateField("procédure arrêtée le", null=True, blank=True)
    # Codes of `markets.enums.AgreementIndicator`.
    indicators = models.JSONField("indicateurs validés", default=list, blank=True)
    letter_consent = models.BooleanField(
        "accord donné d’avance à l’envoi des courriers de rappel", default=False
    )
    letter_delay_days = models.PositiveSmallIntegerField(
        "délai laissé par le courrier", default=LETTER_DELAY_DAYS, help_text="en jours"
    )
    buyer_referent = models.ForeignKey(
        Contact,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="référent·e du donneur d’ordre",
    )
    house_referent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="référent·e de la maison",
    )
    document = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="convention signée"
    )
    notes = models.TextField("remarques", blank=True)
    created_at = models.DateTimeField("créée le", auto_now_add=True)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = "convention"
        verbose_name_plural = "conventions"
        ordering = ("-starts_on", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="agreement_dates",
                violation_error_message="La convention prend fin avant de prendre effet : corrigez l’une des deux dates.",
            ),
            models.CheckConstraint(
                condition=Q(terminated_on__isnull=True) | Q(terminated_on__gte=F("starts_on")),
                name="agreement_terminated_after_start",
                violation_error_message="La dénonciation précède la prise d’effet.",
            ),
            models.CheckConstraint(
                condition=Q(terminated_on__isnull=True) | Q(terminated_on__lte=F("ends_on")),
                name="agreement_terminated_before_end",
                violation_error_message="La dénonciation prend effet au plus tard le jour où la convention prend fin.",
            ),
            models.CheckConstraint(
                condition=Q(letter_delay_days__gte=1, letter_delay_days__lte=90),
                name="agreement_letter_delay",
                violation_error_message="Le délai laissé par le courrier va de 1 à 90 jours.",
            ),
            models.CheckConstraint(
                condition=Q(notice_months__lte=24),
                name="agreement_notice",
                violation_error_message="Le préavis ne dépasse pas 24 mois.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference or f"Convention du {self.starts_on:%d/%m/%Y}"

    @property
    def last_day(self) -> dt.date:
        """The last day in force, termination included."""
        if self.terminated_on:
            return min(self.ends_on, self.terminated_on - dt.timedelta(days=1))
        return self.ends_on

    @property
    def notice_on(self) -> dt.date:
        """Until that day, notice can be given before the end."""
        return max(add_months(self.ends_on, -self.notice_months), self.starts_on)

    def state_on(self, day: dt.date, *, is_followed: bool = False) -> AgreementState:
        """Where it stands on that day; one that another follows no longer waits for a notice."""
        if self.terminated_on and self.terminated_on <= day:
            return AgreementState.TERMINATED
        if day > self.ends_on:
            return AgreementState.ENDED
        if day < self.starts_on:
            return AgreementState.UPCOMING
        near = self.notice_on - dt.timedelta(days=NOTICE_NEAR_DAYS)
        if not (is_followed or self.terminated_on) and day >= near:
            return AgreementState.NOTICE_NEAR
        return AgreementState.IN_FORCE

    @property
    def indicator_labels(self) -> list[str]:
        """The validated indicators in the convention's words and order."""
        return [choice.label for choice in AgreementIndicator if choice.value in self.indicators]


class AmendmentQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(agreement__in=Agreement.objects.visible_to(user).values("pk"))


class AgreementAmendment(TrackedModel):
    """An avenant: what it changes, and the new end when it prolongs the convention."""

    agreement = models.ForeignKey(
        Agreement, models.PROTECT, related_name="amendments", verbose_name="convention"
    )
    number = models.PositiveSmallIntegerField("numéro")
    signed_on = models.DateField("signé le", null=True, blank=True)
    effective_on = models.DateField("prend effet le")
    subject = models.CharField("objet", max_length=300)
    new_ends_on = models.DateField("nouvelle fin", null=True, blank=True)
    document = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="avenant signé"
    )

    objects = AmendmentQuerySet.as_manager()

    class Meta:
        verbose_name = "avenant à la convention"
        verbose_name_plural = "avenants à la convention"
        ordering = ("agreement", "number")
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "number"],
                name="agreement_amendment_number",
                violation_error_message="Cette convention a déjà un avenant de ce numéro.",
            ),
        ]

    def __str__(self) -> str:
        return f"Avenant n° {self.number}"
