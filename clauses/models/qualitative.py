"""Promises that are not in hours: the action, what was done of it and when, and the proof."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from clauses.enums import EvidenceKind, QualitativeOrigin, ReviewState
from clauses.models.commitments import Commitment
from core.history import TrackedModel
from core.models import StoredFile
from core.querysets import ScopedQuerySet
from markets.models import Company, CompanyMembership, Market

if TYPE_CHECKING:
    from accounts.models import User

QUANTITY = models.DecimalField(max_digits=11, decimal_places=2)


class QualitativeCommitmentQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(market__in=Market.objects.visible_to(user).values("pk"))

    def visible_to_company(self, user: User) -> Any:
        return self.filter(company__in=CompanyMembership.objects.filter(user=user).values("company"))

    def with_progress(self) -> Any:
        """Add what `clauses.qualitative_state` reads: quantity done, and what was sent, accepted and refused."""
        achieved = Achievement.objects.filter(qualitative=OuterRef("pk")).order_by()
        accepted = achieved.filter(state=ReviewState.ACCEPTED)
        given = accepted.filter(quantity__isnull=False).values("qualitative").annotate(sum=Sum("quantity"))
        files = Evidence.objects.filter(qualitative=OuterRef("pk")).order_by()
        return self.annotate(
            done=Coalesce(Subquery(given.values("sum")), Decimal("0"), output_field=QUANTITY),
            has_begun=Exists(accepted),
            is_completed=Exists(accepted.filter(completes=True)),
            achievement_waits=Exists(achieved.filter(state=ReviewState.SUBMITTED)),
            evidence_accepted=Exists(files.filter(state=ReviewState.ACCEPTED)),
            evidence_waits=Exists(files.filter(state=ReviewState.SUBMITTED)),
            evidence_refused=Exists(files.filter(state=ReviewState.REFUSED)),
        )

    def unproved(self) -> Any:
        """Lines whose objective is reached and whose proof is missing: `LineState.UNPROVED`, said in SQL."""
        reached = Q(target_number__isnull=True, is_completed=True) | Q(done__gte=F("target_number"))
        return self.with_progress().filter(
            reached, abandoned_on__isnull=True, needs_evidence=True, evidence_accepted=False
        )


class QualitativeCommitment(TrackedModel):
    """One line of the grid: an action that a company promised on a market. Never about a person."""

    market = models.ForeignKey(
        Market, models.PROTECT, related_name="qualitative", verbose_name="marché", editable=False
    )
    company = models.ForeignKey(
        Company, models.PROTECT, related_name="qualitative", verbose_name="entreprise"
    )
    # The commitment in hours that it goes with, where there is one: same market and company, set by `save`.
    commitment = models.ForeignKey(
        Commitment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="qualitative",
        verbose_name="engagement d’heures",
    )
    origin = models.CharField(
        "origine", max_length=14, choices=QualitativeOrigin, default=QualitativeOrigin.OFFER
    )
    action = models.CharField("action", max_length=300)
    target_number = models.DecimalField("objectif", max_digits=9, decimal_places=2, null=True, blank=True)
    unit = models.CharField("unité", max_length=60, blank=True)
    target_text = models.CharField("objectif en mots", max_length=300, blank=True)
    due_on = models.DateField("échéance")
    needs_evidence = models.BooleanField("un justificatif est attendu", default=True)
    abandoned_on = models.DateField("abandonné le", null=True, blank=True, editable=False)
    abandon_reason = models.CharField("motif de l’abandon", max_length=300, blank=True, editable=False)

    objects = QualitativeCommitmentQuerySet.as_manager()

    class Meta:
        verbose_name = "engagement qualitatif"
        verbose_name_plural = "engagements qualitatifs"
        ordering = ("market", "due_on", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(target_number__isnull=False) | ~Q(target_text=""),
                name="qualitative_has_a_target",
                violation_error_message="Donnez un objectif : un nombre, ou des mots.",
            ),
            models.CheckConstraint(
                condition=Q(target_number__isnull=True) | Q(target_number__gt=0),
                name="qualitative_target_positive",
                violation_error_message="L’objectif doit être supérieur à zéro.",
            ),
            models.CheckConstraint(
                condition=Q(abandoned_on__isnull=True, abandon_reason="")
                | (Q(abandoned_on__isnull=False) & ~Q(abandon_reason="")),
                name="qualitative_abandon_has_a_reason",
                violation_error_message="Un abandon se date et se motive.",
            ),
        ]
        indexes = [models.Index(fields=["market", "company"], name="qualitative_market_company")]

    def __str__(self) -> str:
        return self.action

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.commitment is not None:
            self.market_id, self.company_id = self.commitment.market_id, self.commitment.holder_id
        super().save(*args, **kwargs)


class OfLineQuerySet(ScopedQuerySet):
    """What hangs on a line of the grid is seen by those who see the line."""

    def visible_to_buyer(self, user: User) -> Any:
        """Buyers read what the house accepted; what is still examined or was refused is not theirs."""
        return self.filter(
            qualitative__in=QualitativeCommitment.objects.visible_to(user).values("pk"),
            state=ReviewState.ACCEPTED,
        )

    def visible_to_company(self, user: User) -> Any:
        return self.filter(qualitative__in=QualitativeCommitment.objects.visible_to(user).values("pk"))


class Examined(models.Model):
    """Sent by someone, then accepted or refused by the house."""

    state = models.CharField(
        "état", max_length=10, choices=ReviewState, default=ReviewState.SUBMITTED, editable=False
    )
    reason = models.CharField("motif du refus", max_length=300, blank=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="transmis par"
    )
    sent_at = models.DateTimeField("transmis le", auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="examiné par"
    )
    decided_at = models.DateTimeField("examiné le", null=True, editable=False)

    class Meta:
        abstract = True


def refusal_has_a_reason(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=~Q(state=ReviewState.REFUSED) | ~Q(reason=""),
        name=name,
        violation_error_message="Un refus se motive : l’entreprise doit savoir quoi corriger.",
    )


class Achievement(Examined, TrackedModel):
    """Something done towards a line of the grid, on a day."""

    qualitative = models.ForeignKey(
        QualitativeCommitment, models.PROTECT, related_name="achievements", verbose_name="action"
    )
    on = models.DateField("date")
    quantity = models.DecimalField("quantité", max_digits=9, decimal_places=2, null=True, blank=True)
    # Only the house and the company can tell that an objective in words is reached.
    completes = models.BooleanField("l’objectif est atteint", default=False)
    note = models.CharField("précisions", max_length=300, blank=True)

    objects = OfLineQuerySet.as_manager()

    class Meta:
        verbose_name = "réalisation"
        verbose_name_plural = "réalisations"
        ordering = ("on", "pk")
        constraints = [
            refusal_has_a_reason("achievement_refusal_has_a_reason"),
            models.CheckConstraint(
                condition=Q(quantity__isnull=True) | Q(quantity__gt=0),
                name="achievement_quantity_positive",
                violation_error_message="La quantité réalisée doit être supérieure à zéro.",
            ),
        ]
        indexes = [models.Index(fields=["qualitative", "state"], name="achievement_line_state")]

    def __str__(self) -> str:
        return f"{self.qualitative} ({self.on:%d/%m/%Y})"


class Evidence(Examined, TrackedModel):
    """A document that proves a line of the grid. It may name people: buyers read that it exists, never what it holds."""

    qualitative = models.ForeignKey(
        QualitativeCommitment, models.PROTECT, related_name="evidence", verbose_name="action"
    )
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", verbose_name="fichier")
    kind = models.CharField("nature", max_length=12, choices=EvidenceKind, default=EvidenceKind.CERTIFICATE)
    on = models.DateField("date du document")
    note = models.CharField("précisions", max_length=300, blank=True)

    objects = OfLineQuerySet.as_manager()

    class Meta:
        verbose_name = "justificatif"
        verbose_name_plural = "justificatifs"
        ordering = ("on", "pk")
        constraints = [refusal_has_a_reason("evidence_refusal_has_a_reason")]
        indexes = [models.Index(fields=["qualitative", "state"], name="evidence_line_state")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} du {self.on:%d/%m/%Y}"
