"""Donneurs d’ordre, their departments, and the accounts that belong to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models

from core.history import TrackedModel
from core.models import SearchableQuerySet, StoredFile
from core.querysets import ScopedQuerySet
from markets.enums import BuyerKind
from markets.models.organisations import Organisation, unique_identifier

if TYPE_CHECKING:
    from accounts.models import User


class BuyerQuerySet(SearchableQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(pk__in=BuyerMembership.objects.filter(user=user).values("buyer"))

    def visible_as_a_whole_to(self, user: User) -> Any:
        """Buyers whose whole scope the user may see: a member limited to one department sees none here."""
        if user.is_authenticated and user.is_active and user.is_buyer:
            whole = BuyerMembership.objects.filter(user=user, department__isnull=True)
            return self.filter(pk__in=whole.values("buyer"))
        return self.visible_to(user)


class Buyer(Organisation):
    """A donneur d’ordre: who writes a social clause into its contracts."""

    kind = models.CharField("nature", max_length=20, choices=BuyerKind, default=BuyerKind.OTHER)
    agreement_since = models.DateField("conventionné depuis", null=True, blank=True)
    logo = models.ForeignKey(
        StoredFile, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="logo"
    )

    objects = BuyerQuerySet.as_manager()

    class Meta:
        verbose_name = "donneur d’ordre"
        verbose_name_plural = "donneurs d’ordre"
        ordering = ("search_key", "pk")
        constraints = [
            unique_identifier(
                "buyer_identifier_unique", "Un donneur d’ordre porte déjà cet identifiant : ouvrez sa fiche."
            ),
        ]


class DepartmentQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        mine = BuyerMembership.objects.filter(user=user)
        return self.filter(
            models.Q(buyer__in=mine.filter(department__isnull=True).values("buyer"))
            | models.Q(pk__in=mine.values("department"))
        )


class Department(TrackedModel):
    """A direction or service of a buyer."""

    buyer = models.ForeignKey(
        Buyer, models.PROTECT, related_name="departments", verbose_name="donneur d’ordre"
    )
    name = models.CharField("nom", max_length=200)
    is_active = models.BooleanField("en activité", default=True)

    objects = DepartmentQuerySet.as_manager()

    class Meta:
        verbose_name = "direction, service"
        verbose_name_plural = "directions, services"
        ordering = ("name", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["buyer", "name"],
                name="department_unique_name",
                violation_error_message="Ce donneur d’ordre a déjà une direction de ce nom.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BuyerMembership(TrackedModel):
    """An account that sees a buyer's figures, or those of one of its departments only."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="buyer_memberships", verbose_name="compte"
    )
    buyer = models.ForeignKey(
        Buyer, models.PROTECT, related_name="memberships", verbose_name="donneur d’ordre"
    )
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="memberships", verbose_name="limité à"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "accès d’un donneur d’ordre"
        verbose_name_plural = "accès des donneurs d’ordre"
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["user", "buyer"],
                name="buyer_membership_unique",
                violation_error_message="Ce compte a déjà accès à ce donneur d’ordre.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.buyer}"
