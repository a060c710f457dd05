"""Markets, their lots and who was awarded them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from core.fields import AmountField
from core.history import TrackedModel
from core.models import Searchable, SearchableQuerySet
from core.querysets import ScopedQuerySet
from markets.enums import AwardRole, Family, MarketNature, Procedure, Reservation, Source, Technique
from markets.models.buyers import Buyer, BuyerMembership, Department
from markets.models.companies import Company, CompanyMembership
from markets.models.operations import MarketParty, Operation
from markets.models.reference import Commune
from markets.scopes import company_market_sources

if TYPE_CHECKING:
    from accounts.models import User


def _led_by(user: User) -> Q:
    mine = BuyerMembership.objects.filter(user=user)
    return Q(buyer__in=mine.filter(department__isnull=True).values("buyer")) | Q(
        department__in=mine.filter(department__isnull=False).values("department")
    )


class MarketQuerySet(SearchableQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        shared = MarketParty.objects.reaching(user).order_by().values("market")
        return self.filter(_led_by(user) | Q(pk__in=shared))

    def led_by(self, user: User) -> Any:
        """Those of the account's own donneur d'ordre, or of its department: what an associated buyer sees is left out.

        The bids, the papers, the advice and the decisions of a market belong to who leads it.
        """
        return self.filter(_led_by(user))

    def of_buyer(self, buyer: Buyer) -> Any:
        """Markets that a buyer leads or shares."""
        shared = MarketParty.objects.filter(buyer=buyer).order_by().values("market")
        return self.filter(Q(buyer=buyer) | Q(pk__in=shared))

    def of_operation(self, operation: Operation) -> Any:
        """Markets of an operation, with the marchés subséquents whose framework is of it."""
        return self.filter(Q(operation=operation) | Q(operation=None, parent__operation=operation))

    def visible_to_company(self, user: User) -> Any:
        companies = CompanyMembership.objects.filter(user=user).values("company")
        scope = Q(pk__in=Award.objects.filter(company__in=companies).values("lot__market"))
        for source in company_market_sources:
            scope |= Q(pk__in=source(user))
        return self.filter(scope)

    def alive_between(self, first: dt.date, last: dt.date) -> Any:
        """Markets whose life (ordre de service or notification → closing) overlaps [first, last]."""
        return self.alias(_begins=Coalesce("starts_on", "notified_on")).filter(
            Q(_begins__lte=last) & (Q(closed_on__isnull=True) | Q(closed_on__gte=first))
        )

    def portfolio_of(self, user: User, on: dt.date) -> Any:
        """Markets that `user` is responsible for (holder or stand-in) on that day."""
        from markets.models.people import Responsibility

        return self.filter(pk__in=Responsibility.objects.held_by(user, on).values("market"))


class Market(Searchable, TrackedModel):
    """A contract of a buyer: market, concession, private voluntary market or marché d’insertion."""

    search_fields: ClassVar[tuple[str, ...]] = ("reference", "object", "decp_id")

    buyer = models.ForeignKey(Buyer, models.PROTECT, related_name="markets", verbose_name="donneur d’ordre")
    department = models.ForeignKey(
        Department,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="markets",
        verbose_name="direction, service",
    )
    reference = models.CharField("référence", max_length=60, help_text="celle du donneur d’ordre")
    decp_id = models.CharField("identifiant DECP", max_length=60, blank=True)
    object = models.CharField("objet", max_length=1000)
    cpv = models.CharField("CPV", max_length=10, blank=True)
    family = models.CharField("famille d’achat", max_length=12, choices=Family, default=Family.WORKS)
    nature = models.CharField("nature", max_length=10, choices=MarketNature, default=MarketNature.MARKET)
    procedure = models.CharField("procédure", max_length=20, choices=Procedure, default=Procedure.OTHER)
    technique = models.CharField(
        "technique d’achat", max_length=12, choices=Technique, default=Technique.NONE
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="subsequent", verbose_name="accord-cadre"
    )
    operation = models.ForeignKey(
        Operation, models.PROTECT, null=True, blank=True, related_name="markets", verbose_name="opération"
    )
    amount = AmountField("montant hors taxes", null=True, blank=True)
    commune = models.ForeignKey(
        Commune, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="lieu d’exécution"
    )
    place = models.CharField("lieu d’exécution, précisions", max_length=200, blank=True)
    notified_on = models.DateField("notifié le", null=True, blank=True)
    starts_on = models.DateField("ordre de service", null=True, blank=True)
    planned_end = models.DateField("fin prévue", null=True, blank=True)
    received_on = models.DateField("réception le", null=True, blank=True)
    closed_on = models.DateField("clos le", null=True, blank=True)
    notes = models.TextField("remarques", blank=True)
    source = models.CharField("origine", max_length=12, choices=Source, default=Source.SCREEN, editable=False)
    created_at = models.DateTimeField("créé le", auto_now_add=True)

    objects = MarketQuerySet.as_manager()

    class Meta:
        verbose_name = "marché"
        verbose_name_plural = "marchés"
        ordering = ("-notified_on", "reference", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["buyer", "reference"],
                name="market_reference_unique",
                violation_error_message="Ce donneur d’ordre a déjà un marché de cette référence.",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0),
                name="market_amount_positive",
                violation_error_message="Le montant ne peut pas être négatif.",
            ),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True)
                | Q(planned_end__isnull=True)
                | Q(planned_end__gte=F("starts_on")),
                name="market_end_after_start",
                violation_error_message="La fin prévue précède l’ordre de service : corrigez l’une des deux dates.",
            ),
            models.CheckConstraint(
                condition=Q(notified_on__isnull=True)
                | Q(planned_end__isnull=True)
                | Q(planned_end__gte=F("notified_on")),
                name="market_end_after_notification",
                violation_error_message="La fin prévue précède la notification : corrigez l’une des deux dates.",
            ),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True)
                | Q(notified_on__isnull=True)
                | Q(closed_on__gte=F("notified_on")),
                name="market_closed_after_notification",
                violation_error_message="La clôture précède la notification : corrigez l’une des deux dates.",
            ),
        ]
        indexes = [
            models.Index(fields=["buyer", "notified_on"], name="market_buyer_notified"),
            models.Index(fields=["buyer", "decp_id"], name="market_buyer_decp"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} · {self.object}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding and self.parent is not None:
            self._inherit(self.parent)
        super().save(*args, **kwargs)

    def _inherit(self, framework: Market) -> None:
        """A new marché subséquent takes from its accord-cadre the buyer, department and operation not given."""
        if self.buyer_id is None:
            self.buyer_id = framework.buyer_id
        if self.department_id is None and self.buyer_id == framework.buyer_id:
            self.department_id = framework.department_id
        if self.operation_id is None:
            self.operation_id = framework.operation_id

    @property
    def begins_on(self) -> dt.date | None:
        """First day of the market's life: ordre de service, else notification."""
        return self.starts_on or self.notified_on

    @property
    def is_open(self) -> bool:
        return self.closed_on is None


class LotQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(market__in=Market.objects.visible_to(user).values("pk"))

    def visible_to_company(self, user: User) -> Any:
        return self.filter(market__in=Market.objects.visible_to(user).values("pk"))

    def reserved(self) -> Any:
        return self.exclude(reservation=Reservation.NONE)


class Lot(TrackedModel):
    """A lot of a market; a market without lots has one, numbered 1."""

    market = models.ForeignKey(Market, models.PROTECT, related_name="lots", verbose_name="marché")
    number = models.CharField("numéro", max_length=20, default="1")
    object = models.CharField("objet", max_length=1000, blank=True)
    amount = AmountField("montant hors taxes", null=True, blank=True)
    reservation = models.CharField(
        "réservation", max_length=12, choices=Reservation, default=Reservation.NONE
    )
    decp_key = models.CharField(max_length=200, blank=True, editable=False)
    decp_published_on = models.DateField("publié dans les DECP le", null=True, blank=True, editable=False)

    objects = LotQuerySet.as_manager()

    class Meta:
        verbose_name = "lot"
        verbose_name_plural = "lots"
        ordering = ("market", "number", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["market", "number"],
                name="lot_number_unique",
                violation_error_message="Ce marché a déjà un lot de ce numéro.",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0),
                name="lot_amount_positive",
                violation_error_message="Le montant ne peut pas être négatif.",
            ),
        ]

    def __str__(self) -> str:
        return f"Lot {self.number}" + (f", {self.object}" if self.object else "")


class AwardQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(lot__market__in=Market.objects.visible_to(user).values("pk"))

    def visible_to_company(self, user: User) -> Any:
        return self.filter(company__in=CompanyMembership.objects.filter(user=user).values("company"))


class Award(TrackedModel):
    """The attribution of a lot to a company."""

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="awards", verbose_name="lot")
    company = models.ForeignKey(Company, models.PROTECT, related_name="awards", verbose_name="entreprise")
    role = models.CharField("rôle", max_length=14, choices=AwardRole, default=AwardRole.HOLDER)
    amount = AmountField("montant hors taxes", null=True, blank=True)
    joint_and_several = models.BooleanField("solidaire", default=False)
    awarded_on = models.DateField("attribué le", null=True, blank=True)

    objects = AwardQuerySet.as_manager()

    class Meta:
        verbose_name = "attribution"
        verbose_name_plural = "attributions"
        ordering = ("lot", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["lot", "company"],
                name="award_once_per_company",
                violation_error_message="Cette entreprise est déjà attributaire de ce lot.",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0),
                name="award_amount_positive",
                violation_error_message="Le montant ne peut pas être négatif.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company} ({self.get_role_display()})"
