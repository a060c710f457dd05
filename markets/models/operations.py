"""Operations that gather markets, and the buyers that share one market."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import F, Q

from core.fields import HoursField
from core.history import TrackedModel
from core.models import Searchable, SearchableQuerySet
from core.querysets import ScopedQuerySet
from markets.enums import OperationKind, PartyRole
from markets.models.buyers import Buyer, BuyerMembership, Department
from markets.models.reference import Commune
from markets.sharing import Part

if TYPE_CHECKING:
    from accounts.models import User


class OperationQuerySet(SearchableQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(
            Q(buyer__in=Buyer.objects.visible_as_a_whole_to(user).values("pk"))
            | Q(pk__in=_markets_of(user).filter(operation__isnull=False).values("operation"))
        )


def _markets_of(user: User) -> Any:
    from markets.models.markets import Market

    return Market.objects.visible_to(user)


class Operation(Searchable, TrackedModel):
    """Works or a programme that several markets serve; a private site bears its own target of hours.

    The markets of a private site draw on its target: it is never added to their commitments.
    """

    search_fields: ClassVar[tuple[str, ...]] = ("name", "reference")

    buyer = models.ForeignKey(
        Buyer, models.PROTECT, related_name="operations", verbose_name="donneur d’ordre"
    )
    reference = models.CharField("référence", max_length=60, blank=True)
    name = models.CharField("nom", max_length=300)
    kind = models.CharField("nature", max_length=8, choices=OperationKind, default=OperationKind.PUBLIC)
    commune = models.ForeignKey(
        Commune, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="lieu"
    )
    place = models.CharField("lieu, précisions", max_length=200, blank=True)
    target_hours = HoursField("objectif propre", null=True, blank=True, help_text="en heures")
    starts_on = models.DateField("début", null=True, blank=True)
    ends_on = models.DateField("fin prévue", null=True, blank=True)
    closed_on = models.DateField("close le", null=True, blank=True)
    notes = models.TextField("remarques", blank=True)
    created_at = models.DateTimeField("créée le", auto_now_add=True)

    objects = OperationQuerySet.as_manager()

    class Meta:
        verbose_name = "opération"
        verbose_name_plural = "opérations"
        ordering = ("search_key", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(target_hours__isnull=True) | Q(target_hours__gt=0),
                name="operation_target_positive",
                violation_error_message="L’objectif d’une opération est supérieur à zéro.",
            ),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True)
                | Q(ends_on__isnull=True)
                | Q(ends_on__gte=F("starts_on")),
                name="operation_dates",
                violation_error_message="La fin de l’opération précède son début.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MarketPartyQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(market__in=_markets_of(user).values("pk"))

    def parts_of(self, *, buyer: int | None = None, department: int | None = None) -> dict[int, Part]:
        """By market, what a buyer or a department has of the markets that several buyers share (one query)."""
        name, owner = ("buyer", buyer) if department is None else ("department", department)
        rows = (
            self.filter(Q(**{name: owner}) | Q(**{f"market__{name}": owner}))
            .order_by("market", "pk")
            .values_list("market", name, "share", "department", "department__name")
        )
        own: dict[int, Decimal] = {}
        others: dict[int, list[Decimal]] = {}
        departments: dict[int, tuple[int | None, str]] = {}
        for market, party, share, department_id, department_name in rows:
            if party == owner:
                own[market], departments[market] = share, (department_id, department_name or "")
            else:
                others.setdefault(market, []).append(share)
        return {pk: Part(others=tuple(shares)) for pk, shares in others.items()} | {
            pk: Part(share, (), *departments[pk]) for pk, share in own.items()
        }

    def reaching(self, user: User) -> Any:
        """Rows by which a buyer's account sees a market: of its buyer, or of the department it is limited to."""
        mine = BuyerMembership.objects.filter(user=user)
        return self.filter(
            Q(buyer__in=mine.filter(department__isnull=True).values("buyer"))
            | Q(department__in=mine.filter(department__isnull=False).values("department"))
        )


class MarketParty(TrackedModel):
    """A buyer that shares a market with the one that leads it, and its share of the hours.

    The leading buyer (`Market.buyer`) has no row: its share is what the others leave. A buyer's figures use its
    share; the territory counts the market once.
    """

    market = models.ForeignKey(
        "markets.Market", models.CASCADE, related_name="parties", verbose_name="marché"
    )
    buyer = models.ForeignKey(
        Buyer, models.PROTECT, related_name="party_rows", verbose_name="donneur d’ordre"
    )
    department = models.ForeignKey(
        Department,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="party_rows",
        verbose_name="direction, service",
    )
    role = models.CharField("rôle", max_length=10, choices=PartyRole, default=PartyRole.MEMBER)
    share = models.DecimalField(
        "part des heures", max_digits=5, decimal_places=2, default=Decimal("0"), help_text="en %"
    )

    objects = MarketPartyQuerySet.as_manager()

    class Meta:
        verbose_name = "donneur d’ordre associé"
        verbose_name_plural = "donneurs d’ordre associés"
        ordering = ("market", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["market", "buyer"],
                name="market_party_once",
                violation_error_message="Ce donneur d’ordre est déjà associé à ce marché.",
            ),
            models.CheckConstraint(
                condition=Q(share__gte=0) & Q(share__lte=100),
                name="market_party_share",
                violation_error_message="La part se donne en pourcentage, entre 0 et 100.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.buyer} ({self.share.normalize():f} %)"
