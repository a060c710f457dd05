"""Companies, what they are over time, and the accounts that belong to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models

from core.history import TrackedModel
from core.models import SearchableQuerySet
from core.querysets import ScopedQuerySet
from markets.enums import CompanyKindCode
from markets.models.organisations import Organisation, unique_identifier
from markets.models.sectors import Sector

if TYPE_CHECKING:
    from accounts.models import User


class CompanyQuerySet(SearchableQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        """The companies that hold something of the buyer's own markets."""
        from markets.models.markets import Award, Market

        return self.filter(
            pk__in=Award.objects.filter(lot__market__in=Market.objects.visible_to(user).values("pk")).values(
                "company"
            )
        )

    def visible_to_company(self, user: User) -> Any:
        return self.filter(pk__in=CompanyMembership.objects.filter(user=user).values("company"))

    def with_pledges(self) -> Any:
        """Each with `pledges_count`, what it pledged under the Charte des 1000, and `pledges_kept`."""
        return self.annotate(
            pledges_count=models.Count("pledges", distinct=True),
            pledges_kept=models.Count(
                "pledges", filter=models.Q(pledges__done_on__isnull=False), distinct=True
            ),
        )

    def of_kinds(self, kinds: Iterable[str], on: dt.date) -> Any:
        """Companies that are of one of these kinds on that day."""
        rows = CompanyKind.objects.filter(kind__in=tuple(kinds))
        rows = rows.filter(models.Q(starts_on__isnull=True) | models.Q(starts_on__lte=on))
        rows = rows.filter(models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=on))
        return self.filter(pk__in=rows.values("company"))


class Company(Organisation):
    """A titulaire, cotraitant, sous-traitant, user company, SIAE or GEIQ."""

    search_fields: ClassVar[tuple[str, ...]] = ("name", "short_name", "identifier", "sectors")

    sectors = models.CharField("secteurs d’activité", max_length=300, blank=True)
    email = models.EmailField("adresse électronique", blank=True)
    phone = models.CharField("téléphone", max_length=30, blank=True)
    # The closed list beside the free words above: what the directory sorts by and a CPV code is matched with.
    activities = models.ManyToManyField(
        Sector, blank=True, related_name="companies", verbose_name="secteurs de l’annuaire"
    )
    # Degrees (WGS 84); without them a distance rests on the commune.
    latitude = models.FloatField("latitude", null=True, blank=True)
    longitude = models.FloatField("longitude", null=True, blank=True)

    objects = CompanyQuerySet.as_manager()

    class Meta:
        verbose_name = "entreprise"
        verbose_name_plural = "entreprises"
        ordering = ("search_key", "pk")
        constraints = [
            unique_identifier(
                "company_identifier_unique", "Une entreprise porte déjà cet identifiant : ouvrez sa fiche."
            ),
            models.CheckConstraint(
                condition=models.Q(latitude__isnull=True, longitude__isnull=True)
                | models.Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
                name="company_place_on_earth",
                violation_error_message="La latitude et la longitude vont ensemble, en degrés.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["latitude", "longitude"],
                condition=models.Q(latitude__isnull=False),
                name="company_place",
            ),
        ]


class CompanyKind(TrackedModel):
    """What a company is, and since when: one company can hold two kinds at once (an EI that is also an ETTI)."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="kinds", verbose_name="entreprise")
    kind = models.CharField("nature", max_length=10, choices=CompanyKindCode)
    starts_on = models.DateField("depuis le", null=True, blank=True)
    ends_on = models.DateField("jusqu’au", null=True, blank=True)
    # The list that said so (« SIAE, ASP »): a newer list of the same name may no longer have it. Blank: a person.
    source = models.CharField("d’après", max_length=60, blank=True, editable=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "nature d’entreprise"
        verbose_name_plural = "natures d’entreprise"
        ordering = ("kind", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["company", "kind"],
                condition=models.Q(ends_on__isnull=True),
                name="company_kind_open_once",
                violation_error_message="Cette entreprise a déjà cette nature : fermez l’ancienne d’abord.",
            ),
            models.CheckConstraint(
                condition=models.Q(starts_on__isnull=True)
                | models.Q(ends_on__isnull=True)
                | models.Q(ends_on__gte=models.F("starts_on")),
                name="company_kind_dates",
                violation_error_message="La date de fin précède la date de début.",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class CompanyMembership(TrackedModel):
    """An account that works for a company."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="company_memberships", verbose_name="compte"
    )
    company = models.ForeignKey(
        Company, models.PROTECT, related_name="memberships", verbose_name="entreprise"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "accès d’une entreprise"
        verbose_name_plural = "accès des entreprises"
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["user", "company"],
                name="company_membership_unique",
                violation_error_message="Ce compte a déjà accès à cette entreprise.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.company}"
