"""What is told of a person: the house's own notes, what is said to the referrer, and the files made one."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from beneficiaries.enums import FeedbackMoment, FollowUpKind
from beneficiaries.models.archive import OfMergeQuerySet, OfPersonQuerySet
from beneficiaries.models.employment import Placement
from beneficiaries.models.people import Beneficiary, Prescriber, Referrer
from core.history import TrackedModel
from core.querysets import ScopedQuerySet


class FollowUp(TrackedModel):
    """A note about a person, read by the house alone; never in the journal of a market or a company."""

    beneficiary = models.ForeignKey(
        Beneficiary, models.PROTECT, related_name="follow_ups", verbose_name="personne"
    )
    kind = models.CharField("nature", max_length=10, choices=FollowUpKind, default=FollowUpKind.NOTE)
    happened_on = models.DateField("le")
    text = models.TextField("note")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )
    created_at = models.DateTimeField("écrite le", auto_now_add=True)

    objects = OfPersonQuerySet.as_manager()

    class Meta:
        verbose_name = "note de suivi"
        verbose_name_plural = "notes de suivi"
        ordering = ("-happened_on", "-pk")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} du {self.happened_on:%d/%m/%Y}"


class ReferrerFeedback(TrackedModel):
    """What the house says to the référent de parcours: how it goes, what stands in the way."""

    beneficiary = models.ForeignKey(
        Beneficiary, models.PROTECT, related_name="feedbacks", verbose_name="personne"
    )
    moment = models.CharField("moment", max_length=6, choices=FeedbackMoment)
    # The application or the contract that it is about.
    application = models.ForeignKey(
        "beneficiaries.Application",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="feedbacks",
        verbose_name="candidature",
    )
    placement = models.ForeignKey(
        Placement, models.PROTECT, null=True, blank=True, related_name="feedbacks", verbose_name="contrat"
    )
    prescriber = models.ForeignKey(
        Prescriber, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="prescripteur"
    )
    referrer = models.ForeignKey(
        Referrer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="référent·e"
    )
    email = models.EmailField("envoyé à", blank=True)
    progress = models.TextField("progrès, points d’appui", blank=True)
    obstacles = models.TextField("freins, limites", blank=True)
    next_steps = models.TextField("suites proposées", blank=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )
    written_at = models.DateTimeField("écrit le", auto_now_add=True)
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)

    objects = OfPersonQuerySet.as_manager()

    class Meta:
        verbose_name = "retour au référent"
        verbose_name_plural = "retours aux référents"
        ordering = ("-written_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=~Q(progress="") | ~Q(obstacles="") | ~Q(next_steps=""),
                name="feedback_says_something",
                violation_error_message="Écrivez au moins un progrès, un frein ou une suite.",
            ),
        ]

    def __str__(self) -> str:
        return f"retour {self.get_moment_display()}"


class PersonMerge(models.Model):
    """Two files made one: which stays, what the other one held word for word, who did it and why. Append-only."""

    kept = models.ForeignKey(Beneficiary, models.PROTECT, related_name="merges", verbose_name="fiche gardée")
    merged = models.ForeignKey(Beneficiary, models.PROTECT, related_name="+", verbose_name="fiche réunie")
    # Field → value of the merged file as it stood, and the ids of the rows that moved.
    former = models.JSONField("ce que portait la fiche", default=dict, encoder=DjangoJSONEncoder)
    moved = models.JSONField("ce qui a été déplacé", default=dict)
    reason = models.CharField("motif", max_length=300)
    merged_at = models.DateTimeField("le", auto_now_add=True)
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )

    objects = OfMergeQuerySet.as_manager()

    class Meta:
        verbose_name = "réunion de fiches"
        verbose_name_plural = "réunions de fiches"
        ordering = ("-merged_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=~Q(kept=F("merged")),
                name="merge_of_two_files",
                violation_error_message="Une fiche ne se réunit pas avec elle-même.",
            ),
        ]

    def __str__(self) -> str:
        return f"fiche {self.merged_id} réunie avec {self.kept_id}"


class SeparatePeople(models.Model):
    """Two files that look alike and are two people: said once, no longer proposed."""

    first = models.ForeignKey(Beneficiary, models.CASCADE, related_name="+")
    second = models.ForeignKey(Beneficiary, models.CASCADE, related_name="+")
    said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )
    said_at = models.DateTimeField("le", auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "personnes distinctes"
        verbose_name_plural = "personnes distinctes"
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="separate_people_in_order"),
            models.UniqueConstraint(fields=["first", "second"], name="separate_people_once"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} et {self.second_id}"
