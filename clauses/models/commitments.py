"""The commitment of a company on a clause, and the append-only changes that make its figure."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, Round

from clauses.enums import ChangeReason
from clauses.models.clauses import Clause
from core.fields import AmountField, HoursField
from core.history import TrackedModel
from core.models import StoredFile
from core.querysets import ScopedQuerySet
from markets.models import Award, Company, CompanyMembership, Market

if TYPE_CHECKING:
    from accounts.models import User

ZERO = Decimal("0")


class CommitmentQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(market__in=Market.objects.visible_to(user).values("pk"))

    def visible_to_company(self, user: User) -> Any:
        return self.filter(holder__in=CompanyMembership.objects.filter(user=user).values("company"))

    def with_hours_engaged(self, on: dt.date | None = None) -> Any:
        """Add `hours_engaged`: the sum of the changes effective on that day or before (all of them without a day)."""
        changes = CommitmentChange.objects.filter(commitment=OuterRef("pk"))
        if on:
            changes = changes.filter(effective_on__lte=on)
        # A look-up for each row by its index: grouping would sort all the columns of the joined tables.
        total = changes.order_by().values("commitment").annotate(hours=Sum("delta")).values("hours")
        # SQLite sums decimals as floats: 1,000.10 − 999.90 would not be 0.20, nor met by 0.20 h.
        return self.annotate(
            hours_engaged=Round(Coalesce(Subquery(total), ZERO, output_field=HoursField()), precision=2)
        )


class Commitment(TrackedModel):
    """Hours that a company owes on a clause; the holder (titulaire or mandataire) answers for them."""

    clause = models.ForeignKey(Clause, models.PROTECT, related_name="commitments", verbose_name="clause")
    award = models.ForeignKey(Award, models.PROTECT, related_name="commitments", verbose_name="attribution")
    # Carried so that a buyer's year needs no join; `check_consistency` proves both.
    market = models.ForeignKey(
        Market, models.PROTECT, related_name="commitments", verbose_name="marché", editable=False
    )
    holder = models.ForeignKey(
        Company,
        models.PROTECT,
        related_name="commitments",
        verbose_name="porteur de l’engagement",
        editable=False,
    )
    starts_on = models.DateField("intervention du", null=True, blank=True)
    ends_on = models.DateField("au", null=True, blank=True)
    notes = models.TextField("remarques", blank=True)

    objects = CommitmentQuerySet.as_manager()

    class Meta:
        verbose_name = "engagement"
        verbose_name_plural = "engagements"
        ordering = ("market", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["clause", "award"],
                name="commitment_once_per_award",
                violation_error_message="Cette attribution porte déjà un engagement sur cette clause.",
            ),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True)
                | Q(ends_on__isnull=True)
                | Q(ends_on__gte=F("starts_on")),
                name="commitment_dates",
                violation_error_message="La fin de l’intervention précède son début.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holder} · {self.market.reference}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.market_id = self.clause.lot.market_id
        self.holder_id = self.award.company_id
        super().save(*args, **kwargs)


class CommitmentChangeQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(commitment__in=Commitment.objects.visible_to(user).values("pk"))

    def visible_to_company(self, user: User) -> Any:
        return self.filter(commitment__in=Commitment.objects.visible_to(user).values("pk"))


class CommitmentChange(models.Model):
    """One step of a commitment's figure. Append-only, by a trigger: a mistake is corrected by another change.

    Its rows are its own history. An offer of 800 h over a minimum of 500 h is two rows, +500 and +300.
    """

    commitment = models.ForeignKey(
        Commitment, models.PROTECT, related_name="changes", verbose_name="engagement"
    )
    effective_on = models.DateField("prend effet le")
    recorded_at = models.DateTimeField("enregistré le", auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )
    delta = HoursField("variation", help_text="en heures, négative pour une décharge")
    reason = models.CharField("motif", max_length=10, choices=ChangeReason)
    note = models.CharField("précisions", max_length=300, blank=True)
    # An order or invoice of a framework agreement: its amount and the clause's rate of that day, from which `delta`
    # was worked out (`clauses/orders.py`).
    amount = AmountField("montant hors taxes", null=True, blank=True)
    euros_per_hour = AmountField("euros par heure due", null=True, blank=True)
    document = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="document"
    )

    objects = CommitmentChangeQuerySet.as_manager()

    class Meta:
        verbose_name = "évolution de l’engagement"
        verbose_name_plural = "évolutions de l’engagement"
        ordering = ("effective_on", "pk")
        constraints = [
            # A small order may add no hundredth of an hour by itself: it counts with the following ones.
            models.CheckConstraint(
                condition=~Q(delta=0) | Q(amount__isnull=False),
                name="commitment_change_not_zero",
                violation_error_message="Une évolution de zéro heure n’en est pas une.",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True, euros_per_hour__isnull=True)
                | Q(amount__isnull=False, euros_per_hour__gt=0, reason=ChangeReason.ORDER),
                name="commitment_change_order_has_a_rate",
                violation_error_message="Le montant d’une commande va avec le montant facturé par heure due.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delta:+} h, {self.get_reason_display()}"
