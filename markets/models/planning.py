"""The yearly list of a buyer's purchases to come, and what was decided for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core.fields import AmountField
from core.history import TrackedModel
from core.models import Searchable, SearchableQuerySet
from markets.enums import Derogation, Family, Procedure, Targeting, Technique
from markets.models.buyers import Buyer, BuyerMembership, Department
from markets.models.markets import Market
from markets.models.reference import Commune

if TYPE_CHECKING:
    from accounts.models import User


class PlannedPurchaseQuerySet(SearchableQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        mine = BuyerMembership.objects.filter(user=user)
        return self.filter(
            Q(buyer__in=mine.filter(department__isnull=True).values("buyer"))
            | Q(department__in=mine.filter(department__isnull=False).values("department"))
        )


class PlannedPurchase(Searchable, TrackedModel):
    """A purchase that a buyer plans: whether it bears a clause is decided here, with its reason."""

    search_fields: ClassVar[tuple[str, ...]] = ("reference", "object")

    buyer = models.ForeignKey(Buyer, models.PROTECT, related_name="purchases", verbose_name="donneur d’ordre")
    department = models.ForeignKey(
        Department,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="purchases",
        verbose_name="direction, service",
    )
    year = models.PositiveSmallIntegerField("année de programmation")
    reference = models.CharField("référence", max_length=60, blank=True)
    object = models.CharField("objet", max_length=1000)
    family = models.CharField("famille d’achat", max_length=12, choices=Family, default=Family.WORKS)
    cpv = models.CharField("CPV", max_length=10, blank=True)
    amount = AmountField("montant prévu hors taxes", null=True, blank=True)
    lots = models.PositiveSmallIntegerField("nombre de lots", default=1)
    months = models.PositiveSmallIntegerField("durée", null=True, blank=True, help_text="en mois")
    procedure = models.CharField("procédure", max_length=20, choices=Procedure, default=Procedure.OTHER)
    technique = models.CharField(
        "technique d’achat", max_length=12, choices=Technique, default=Technique.NONE
    )
    commune = models.ForeignKey(
        Commune, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="lieu d’exécution"
    )
    planned_on = models.DateField("lancement prévu le", null=True, blank=True)
    # The saisine: the buyer asks the house what it advises, and the house answers.
    asked_on = models.DateField("saisine reçue le", null=True, blank=True)
    answered_on = models.DateField("réponse donnée le", null=True, blank=True)
    targeting = models.CharField("ciblage", max_length=12, choices=Targeting, default=Targeting.TO_STUDY)
    targeting_reason = models.CharField("motif du ciblage", max_length=300, blank=True)
    targeted_on = models.DateField("décidé le", null=True, blank=True)
    targeted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="par"
    )
    derogation = models.CharField("motif de dérogation", max_length=20, choices=Derogation, blank=True)
    derogation_note = models.CharField("précisions sur la dérogation", max_length=300, blank=True)
    # The market that came of it.
    market = models.ForeignKey(
        Market, models.PROTECT, null=True, blank=True, related_name="purchases", verbose_name="marché passé"
    )
    notes = models.TextField("remarques", blank=True)
    created_at = models.DateTimeField("créé le", auto_now_add=True)

    objects = PlannedPurchaseQuerySet.as_manager()

    class Meta:
        verbose_name = "achat prévu"
        verbose_name_plural = "achats prévus"
        ordering = ("-year", "planned_on", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["buyer", "year", "reference"],
                condition=~Q(reference=""),
                name="purchase_reference_unique",
                violation_error_message="Ce donneur d’ordre a déjà un achat prévu de cette référence cette année-là.",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0),
                name="purchase_amount_positive",
                violation_error_message="Le montant ne peut pas être négatif.",
            ),
            models.CheckConstraint(
                condition=Q(lots__gte=1),
                name="purchase_has_a_lot",
                violation_error_message="Un achat a au moins un lot.",
            ),
            models.CheckConstraint(
                condition=Q(answered_on__isnull=True)
                | (Q(asked_on__isnull=False) & Q(answered_on__gte=F("asked_on"))),
                name="purchase_answer_after_asking",
                violation_error_message="La réponse précède la saisine : corrigez l’une des deux dates.",
            ),
            models.CheckConstraint(
                condition=Q(targeting__in=["to_study", "kept"]) | ~Q(targeting_reason=""),
                name="purchase_refusal_has_reason",
                violation_error_message="Un achat écarté se motive : dites pourquoi.",
            ),
        ]

    def __str__(self) -> str:
        return self.object
