"""Contacts of buyers and companies, and which facilitator is responsible for what, dated."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core.history import TrackedModel
from core.querysets import ScopedQuerySet
from markets.enums import ContactKind
from markets.models.buyers import Buyer
from markets.models.companies import Company
from markets.models.markets import Market

if TYPE_CHECKING:
    from accounts.models import User


def exactly_one(*fields: str) -> Q:
    """A condition: one of these foreign keys is set and the others are not."""
    condition = Q()
    for chosen in fields:
        condition |= Q(
            **{f"{chosen}__isnull": False},
            **{f"{other}__isnull": True for other in fields if other != chosen},
        )
    return condition


class ContactQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(buyer__in=Buyer.objects.visible_to(user).values("pk"))


class Contact(TrackedModel):
    """Whom to call at a buyer's or a company's; dated, because people change."""

    buyer = models.ForeignKey(
        Buyer, models.CASCADE, null=True, blank=True, related_name="contacts", verbose_name="donneur d’ordre"
    )
    company = models.ForeignKey(
        Company, models.CASCADE, null=True, blank=True, related_name="contacts", verbose_name="entreprise"
    )
    kind = models.CharField("qualité", max_length=10, choices=ContactKind, default=ContactKind.MAIN)
    name = models.CharField("nom", max_length=200)
    function = models.CharField("fonction", max_length=200, blank=True)
    email = models.EmailField("adresse électronique", blank=True)
    phone = models.CharField("téléphone", max_length=30, blank=True)
    starts_on = models.DateField("depuis le", null=True, blank=True)
    ends_on = models.DateField("jusqu’au", null=True, blank=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = "contact"
        verbose_name_plural = "contacts"
        ordering = ("name", "pk")
        constraints = [
            models.CheckConstraint(
                condition=exactly_one("buyer", "company"),
                name="contact_of_one_organisation",
                violation_error_message="Un contact appartient à un donneur d’ordre ou à une entreprise.",
            ),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True)
                | Q(ends_on__isnull=True)
                | Q(ends_on__gte=F("starts_on")),
                name="contact_dates",
                violation_error_message="La date de fin précède la date de début.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ResponsibilityQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(
            Q(market__in=Market.objects.visible_to(user).values("pk"))
            | Q(buyer__in=Buyer.objects.visible_to(user).values("pk"))
        )

    def on(self, day: dt.date) -> Any:
        return self.filter(starts_on__lte=day).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day))

    def held_by(self, user: User, on: dt.date) -> Any:
        return self.on(on).filter(Q(facilitator=user) | Q(stand_in=user))


class Responsibility(TrackedModel):
    """The facilitator who answers for a market, a company or a buyer, and from when to when."""

    market = models.ForeignKey(
        Market, models.CASCADE, null=True, blank=True, related_name="responsibilities", verbose_name="marché"
    )
    company = models.ForeignKey(
        Company,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="responsibilities",
        verbose_name="entreprise",
    )
    buyer = models.ForeignKey(
        Buyer,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="responsibilities",
        verbose_name="donneur d’ordre",
    )
    facilitator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="responsibilities",
        verbose_name="facilitateur·rice",
    )
    stand_in = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="stand_in_responsibilities",
        verbose_name="suppléant·e",
    )
    starts_on = models.DateField("depuis le")
    ends_on = models.DateField("jusqu’au", null=True, blank=True)

    objects = ResponsibilityQuerySet.as_manager()

    class Meta:
        verbose_name = "responsabilité"
        verbose_name_plural = "responsabilités"
        ordering = ("-starts_on", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=exactly_one("market", "company", "buyer"),
                name="responsibility_of_one_thing",
                violation_error_message="Une responsabilité porte sur un marché, une entreprise ou un donneur d’ordre.",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="responsibility_dates",
                violation_error_message="La date de fin précède la date de début.",
            ),
            *(
                models.UniqueConstraint(
                    fields=[target],
                    condition=Q(ends_on__isnull=True) & Q(**{f"{target}__isnull": False}),
                    name=f"responsibility_open_once_{target}",
                    violation_error_message="Quelqu’un en est déjà responsable : passez le relais plutôt.",
                )
                for target in ("market", "company", "buyer")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.facilitator} depuis le {self.starts_on:%d/%m/%Y}"
