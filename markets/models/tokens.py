"""Keys of programs: what a company's or a buyer's software may do in their name, and what it already did."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.history import TrackedModel
from core.querysets import ScopedQuerySet
from markets.models.buyers import Buyer
from markets.models.companies import Company, CompanyMembership
from markets.models.people import exactly_one

if TYPE_CHECKING:
    from accounts.models import User


class ApiTokenQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        """Those of the buyers that the user sees as a whole: a department has no key of its own."""
        return self.filter(buyer__in=Buyer.objects.visible_as_a_whole_to(user).values("pk"))

    def visible_to_company(self, user: User) -> Any:
        return self.filter(company__in=CompanyMembership.objects.filter(user=user).values("company"))

    def in_use(self, on: dt.date) -> Any:
        """Those that open something on that day."""
        return self.filter(revoked_at__isnull=True).filter(Q(expires_on__isnull=True) | Q(expires_on__gte=on))


class ApiToken(TrackedModel):
    """The key of a program, for one company or one buyer. Only its digest is kept: the key is shown once."""

    name = models.CharField("logiciel", max_length=120)
    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="api_tokens", verbose_name="entreprise"
    )
    buyer = models.ForeignKey(
        Buyer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="api_tokens",
        verbose_name="donneur d’ordre",
    )
    # The first letters of the key, by which people tell two of them apart.
    prefix = models.CharField("début de la clé", max_length=12)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField("créée le", auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )
    expires_on = models.DateField("expire le", null=True, blank=True)
    last_used_at = models.DateTimeField("dernier appel", null=True, blank=True)
    revoked_at = models.DateTimeField("retirée le", null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "clé d’interface"
        verbose_name_plural = "clés d’interface"
        ordering = ("-created_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=exactly_one("company", "buyer"),
                name="api_token_of_one_organisation",
                violation_error_message="Une clé est celle d’une entreprise ou d’un donneur d’ordre.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class ApiAnswer(models.Model):
    """What a program was answered under an idempotency key: asking again gives the same, and writes nothing twice."""

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="answers", verbose_name="clé")
    key = models.CharField("clé d’idempotence", max_length=200)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField("code")
    answer = models.JSONField("réponse", default=dict)
    created_at = models.DateTimeField("le", auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "réponse d’interface"
        verbose_name_plural = "réponses d’interface"
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["token", "key"],
                name="api_answer_once",
                violation_error_message="Cette clé d’idempotence a déjà servi.",
            ),
        ]

    def __str__(self) -> str:
        return self.key
