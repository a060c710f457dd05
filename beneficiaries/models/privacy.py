"""Privacy: the notice that people are given, how long what is known of them is kept, and the runs that keep to it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from core.history import TrackedModel
from core.models import StoredFile
from core.querysets import ScopedQuerySet


class InformationNotice(TrackedModel):
    """The text given to people about their data (articles 13 and 14 of the RGPD), from a day on."""

    in_force_from = models.DateField("à partir du", unique=True)
    text = models.TextField("texte")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "notice d’information"
        verbose_name_plural = "notices d’information"
        ordering = ("-in_force_from",)

    def __str__(self) -> str:
        return f"notice du {self.in_force_from:%d/%m/%Y}"


class RetentionRulesQuerySet(ScopedQuerySet):
    def in_force(self, day: dt.date) -> Any:
        """The lengths that hold on that day; the model's own figures where none were written."""
        return self.filter(in_force_from__lte=day).order_by("-in_force_from").first() or RetentionRules(
            in_force_from=day
        )


class RetentionRules(TrackedModel):
    """How long what is known of a person is kept; dated, the latest in force holds (domain rule 10)."""

    in_force_from = models.DateField("à partir du", unique=True)
    active_months = models.PositiveSmallIntegerField(
        "base active", default=24, help_text="mois après le dernier contact"
    )
    proof_months = models.PositiveSmallIntegerField(
        "justificatifs", default=60, help_text="mois après la clôture du dernier marché"
    )
    anonymise_months = models.PositiveSmallIntegerField(
        "anonymisation", default=60, help_text="mois après la clôture du dernier marché"
    )
    note = models.CharField("source, précisions", max_length=300, blank=True)

    objects = RetentionRulesQuerySet.as_manager()

    class Meta:
        verbose_name = "durées de conservation"
        verbose_name_plural = "durées de conservation"
        ordering = ("-in_force_from",)
        constraints = [
            models.CheckConstraint(
                condition=Q(active_months__gte=1)
                & Q(proof_months__gte=1)
                & Q(anonymise_months__gte=models.F("proof_months")),
                name="retention_rules_in_order",
                violation_error_message="Les durées sont d’un mois au moins, et l’anonymisation ne précède pas "
                "l’effacement des justificatifs.",
            ),
        ]

    def __str__(self) -> str:
        return f"durées à partir du {self.in_force_from:%d/%m/%Y}"


class RetentionRun(models.Model):
    """One application of the retention rules: who, when, what it did to how many people, and why others stayed."""

    made_at = models.DateTimeField("le", auto_now_add=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )
    # Step → number of people; reason that kept a person active → number.
    counts = models.JSONField("comptes", default=dict, encoder=DjangoJSONEncoder)
    # Numbers of files and steps, never a name.
    details = models.JSONField("détail", default=list, encoder=DjangoJSONEncoder)
    report = models.ForeignKey(
        StoredFile, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="rapport"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "application des durées"
        verbose_name_plural = "applications des durées"
        ordering = ("-made_at", "-pk")

    def __str__(self) -> str:
        return f"durées appliquées le {self.made_at:%d/%m/%Y}"
