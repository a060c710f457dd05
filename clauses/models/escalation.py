"""A difficulty with a company, and the append-only steps of the convention's ladder (annexe 2.A)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery

from clauses.enums import StepKind
from clauses.models.commitments import Commitment
from core.history import TrackedModel
from core.models import StoredFile
from core.querysets import ScopedQuerySet
from markets.models import BuyerMembership, Company, CompanyMembership, Market

if TYPE_CHECKING:
    from accounts.models import User

# What happens once in an escalation; a letter can be proposed again after the buyer sent it back.
ONCE = (
    StepKind.OPENED,
    StepKind.LETTER_SENT,
    StepKind.NO_ANSWER,
    StepKind.ALERT,
    StepKind.DEFAULT,
    StepKind.DECISION,
    StepKind.CLOSED,
)


class EscalationQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        """Those of the markets that the buyer leads: who sees one may decide it.

        A member limited to a department has those of its department; a party to somebody else's market has none.
        """
        mine = BuyerMembership.objects.filter(user=user)
        return self.filter(
            Q(market__buyer__in=mine.filter(department__isnull=True).values("buyer"))
            | Q(market__department__in=mine.filter(department__isnull=False).values("department"))
        )

    def open(self) -> Any:
        return self.filter(closed_on__isnull=True)

    def with_last_step(self) -> Any:
        """Add `last_step`: the kind of the last step on the ladder, meetings left out."""
        steps = EscalationStep.objects.filter(escalation=OuterRef("pk")).exclude(kind=StepKind.MEETING)
        return self.annotate(last_step=Subquery(steps.order_by("-pk").values("kind")[:1]))


class Escalation(TrackedModel):
    """A difficulty with the holder of a commitment. Where it stands is told by its steps, never kept beside them."""

    commitment = models.ForeignKey(
        Commitment, models.PROTECT, related_name="escalations", verbose_name="engagement"
    )
    # Carried as in the commitment, for the scope and the lists.
    market = models.ForeignKey(
        Market, models.PROTECT, related_name="escalations", verbose_name="marché", editable=False
    )
    holder = models.ForeignKey(
        Company, models.PROTECT, related_name="escalations", verbose_name="entreprise", editable=False
    )
    opened_on = models.DateField("ouverte le")
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="ouverte par"
    )
    closed_on = models.DateField("close le", null=True, blank=True)
    closing_reason = models.CharField("motif de clôture", max_length=300, blank=True)

    objects = EscalationQuerySet.as_manager()

    class Meta:
        verbose_name = "difficulté"
        verbose_name_plural = "difficultés"
        ordering = ("-opened_on", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["commitment"],
                condition=Q(closed_on__isnull=True),
                name="escalation_open_once",
                violation_error_message="Une difficulté est déjà ouverte sur cet engagement.",
            ),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(closed_on__gte=models.F("opened_on")),
                name="escalation_dates",
                violation_error_message="La clôture précède l’ouverture.",
            ),
        ]

    def __str__(self) -> str:
        return f"Difficulté avec {self.holder} du {self.opened_on:%d/%m/%Y}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.market_id = self.commitment.market_id
        self.holder_id = self.commitment.holder_id
        super().save(*args, **kwargs)


class EscalationStepQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(escalation__in=Escalation.objects.visible_to(user).values("pk"))

    def visible_to_company(self, user: User) -> Any:
        """The letters that were sent to it, and nothing else of the file."""
        companies = CompanyMembership.objects.filter(user=user).values("company")
        return self.filter(kind=StepKind.LETTER_SENT, escalation__holder__in=companies)


class EscalationStep(models.Model):
    """One step: what, on which day, by whom, with which document and which figures. Append-only, by a trigger.

    `facts` freezes what the step rests on (hours, formula, amount, contacts, the letter's words) as it was that day.
    """

    escalation = models.ForeignKey(
        Escalation, models.PROTECT, related_name="steps", verbose_name="difficulté"
    )
    kind = models.CharField("étape", max_length=10, choices=StepKind)
    on = models.DateField("date")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )
    text = models.TextField("texte", blank=True)
    document = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="document"
    )
    facts = models.JSONField("données figées", default=dict, blank=True)
    recorded_at = models.DateTimeField("enregistrée le", auto_now_add=True)

    objects = EscalationStepQuerySet.as_manager()

    class Meta:
        verbose_name = "étape d’une difficulté"
        verbose_name_plural = "étapes d’une difficulté"
        ordering = ("escalation", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["escalation", "kind"],
                condition=Q(kind__in=[kind.value for kind in ONCE]),
                name="escalation_step_once",
                violation_error_message="Cette étape est déjà enregistrée.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} du {self.on:%d/%m/%Y}"

    def day_of(self, name: str) -> dt.date | None:
        """A day kept among the facts."""
        value = self.facts.get(name)
        return dt.date.fromisoformat(value) if value else None
