"""The yearly list of a buyer's purchases to come, and what was decided for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce

from core.fields import AmountField
from core.history import TrackedModel
from core.models import Searchable, SearchableQuerySet
from markets import duty
from markets.duty import DutyState, Reach, Threshold
from markets.enums import BuyerKind, Derogation, Family, MarketNature, Procedure, Targeting, Technique
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

    def to_answer(self) -> Any:
        """The saisines that the house has not answered."""
        return self.filter(asked_on__isnull=False, answered_on__isnull=True)

    def with_duty(self, thresholds: Sequence[Threshold]) -> Any:
        """Add `duty_state` (a value of `markets.duty.DutyState`): what `duty_of` and `state_of` say, in SQL.

        A test holds the two equal over every case.
        """
        is_dated = Q(planned_on__isnull=False)
        begun = Q(planned_on__gte=duty.DUTY_FROM) | (~is_dated & Q(year__gte=duty.DUTY_FROM.year))
        is_private = Q(nature=MarketNature.PRIVATE) | Q(buyer__kind=BuyerKind.PRIVATE)
        no_day = ~is_dated & Q(year=duty.DUTY_FROM.year)
        return (
            self.alias(
                _limit=_limit(thresholds, {BuyerKind.STATE: duty.STATE}),
                _low=_limit(thresholds, {BuyerKind.STATE: duty.STATE, BuyerKind.PUBLIC_BODY: duty.STATE}),
            )
            .alias(
                _reach=Case(
                    When(is_private | ~begun, then=Value(Reach.NOT_CONCERNED.value)),
                    When(_limit__isnull=True, then=Value(Reach.UNKNOWN.value)),
                    When(amount__isnull=True, then=Value(Reach.UNKNOWN.value)),
                    When(
                        Q(amount__lt=F("_limit")) & Q(amount__lt=Coalesce("_low", "_limit")),
                        then=Value(Reach.NOT_CONCERNED.value),
                    ),
                    When(Q(amount__lt=F("_limit")) | no_day, then=Value(Reach.UNKNOWN.value)),
                    default=Value(Reach.CONCERNED.value),
                    output_field=models.CharField(),
                )
            )
            .annotate(
                duty_state=Case(
                    When(_reach=Reach.NOT_CONCERNED.value, then=Value(DutyState.NOT_CONCERNED.value)),
                    When(_reach=Reach.UNKNOWN.value, then=Value(DutyState.UNKNOWN.value)),
                    When(targeting=Targeting.KEPT, then=Value(DutyState.MET.value)),
                    When(targeting=Targeting.TO_STUDY, then=Value(DutyState.TO_DECIDE.value)),
                    When(derogation="", then=Value(DutyState.TO_JUSTIFY.value)),
                    default=Value(DutyState.DEROGATED.value),
                    output_field=models.CharField(),
                )
            )
        )


def _limit(thresholds: Sequence[Threshold], own: dict[str, str]) -> Any:
    """The threshold of each row: the latest begun on its day; `own` says which kinds have another than « other »."""
    cases = []
    for row in sorted(thresholds, key=lambda found: found.valid_from, reverse=True):
        fits = {
            duty.CONCESSION: Q(nature=MarketNature.CONCESSION),
            duty.WORKS: ~Q(nature=MarketNature.CONCESSION) & Q(family=Family.WORKS),
            duty.SUPPLIES_SERVICES: ~Q(nature=MarketNature.CONCESSION) & ~Q(family=Family.WORKS),
        }[row.scope]
        kinds = [kind for kind, buyer in own.items() if buyer == row.buyer]
        if row.buyer == duty.OTHER:
            fits &= ~Q(buyer__kind__in=list(own))
        elif row.buyer:
            fits &= Q(buyer__kind__in=kinds)
        # Without a day, the last one of the year: it had begun when its year had.
        begun = Q(planned_on__gte=row.valid_from) | Q(planned_on__isnull=True, year__gte=row.valid_from.year)
        cases.append(When(fits & begun, then=Value(row.amount)))
    empty = Value(None, output_field=AmountField())
    return Case(*cases, default=empty, output_field=AmountField()) if cases else empty


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
    nature = models.CharField("nature", max_length=12, choices=MarketNature, default=MarketNature.MARKET)
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
                condition=Q(year__gte=2000) & Q(year__lte=2100),
                name="purchase_year",
                violation_error_message="L’année de programmation s’écrit en quatre chiffres, par exemple 2027.",
            ),
            models.CheckConstraint(
                condition=Q(months__isnull=True) | (Q(months__gte=1) & Q(months__lte=1200)),
                name="purchase_months",
                violation_error_message="La durée se compte en mois, à partir de 1.",
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
            models.CheckConstraint(
                condition=Q(derogation="") | Q(targeting="dismissed"),
                name="purchase_derogation_when_dismissed",
                violation_error_message="Un motif de dérogation ne se donne qu’à un achat écarté.",
            ),
            models.CheckConstraint(
                condition=~Q(derogation="other") | ~Q(derogation_note=""),
                name="purchase_other_ground_is_told",
                violation_error_message="Un autre motif de dérogation se précise : écrivez lequel.",
            ),
        ]

    def __str__(self) -> str:
        return self.object

    def duty_under(self, thresholds: Sequence[Threshold]) -> duty.Duty:
        """What the law says of this purchase; reads its buyer."""
        return duty.duty_of(
            nature=self.nature,
            family=self.family,
            buyer_kind=self.buyer.kind,
            amount=self.amount,
            planned_on=self.planned_on,
            year=self.year,
            thresholds=thresholds,
        )
