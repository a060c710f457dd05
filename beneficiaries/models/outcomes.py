"""Where people stand once their path is over: at the exit, six and twelve months later."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from beneficiaries.enums import Milestone, OutcomeSource, Situation
from beneficiaries.models.archive import OfPersonQuerySet
from beneficiaries.models.people import Beneficiary
from core.history import TrackedModel
from markets.models import Company


class Outcome(TrackedModel):
    """The situation of someone who left their path, awaited or known; one row for each milestone of each exit."""

    beneficiary = models.ForeignKey(
        Beneficiary, models.PROTECT, related_name="outcomes", verbose_name="personne"
    )
    milestone = models.CharField("moment", max_length=4, choices=Milestone)
    # The last day of the last assignment: the path ended there.
    exit_on = models.DateField("sortie le")
    due_on = models.DateField("à recueillir le")
    # Empty: nobody has said yet.
    situation = models.CharField("situation", max_length=10, choices=Situation, blank=True)
    hired_by_awardee = models.BooleanField("embauche par l’attributaire", null=True, blank=True)
    employer = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="employeur"
    )
    note = models.CharField("précisions", max_length=300, blank=True)
    source = models.CharField("dite par", max_length=10, choices=OutcomeSource, blank=True)
    recorded_on = models.DateField("recueillie le", null=True, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="par"
    )
    # The person took up a path again before the answer: nothing is asked any more.
    cancelled_on = models.DateField("sans objet depuis le", null=True, blank=True)
    created_at = models.DateTimeField("créée le", auto_now_add=True)

    objects = OfPersonQuerySet.as_manager()

    class Meta:
        verbose_name = "situation après le parcours"
        verbose_name_plural = "situations après le parcours"
        ordering = ("-exit_on", "due_on", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["beneficiary", "exit_on", "milestone"],
                name="outcome_once_a_milestone",
                violation_error_message="Cette situation est déjà suivie.",
            ),
            models.CheckConstraint(
                condition=Q(due_on__gte=F("exit_on")),
                name="outcome_after_exit",
                violation_error_message="La situation se recueille après la sortie.",
            ),
            models.CheckConstraint(
                condition=Q(situation="", recorded_on__isnull=True)
                | (~Q(situation="") & Q(recorded_on__isnull=False)),
                name="outcome_known_has_a_day",
                violation_error_message="Une situation connue dit quand elle a été recueillie.",
            ),
        ]
        indexes = [models.Index(fields=["due_on"], condition=Q(situation=""), name="outcome_awaited")]

    def __str__(self) -> str:
        return f"situation {self.get_milestone_display()}"
