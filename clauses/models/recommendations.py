"""What the house recommends before a market is written: scenarios of hours, lot by lot, and the text of the clauses."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clauses import estimation
from clauses.enums import ClauseKind, EstimationMethod, RecommendationState
from core.fields import AmountField, HoursField
from core.history import TrackedModel
from core.models import StoredFile
from core.querysets import ScopedQuerySet
from markets.models import Lot, Market, PlannedPurchase
from markets.models.people import exactly_one

if TYPE_CHECKING:
    from accounts.models import User

State = RecommendationState


class DatedValueQuerySet(ScopedQuerySet):
    """Nobody but the house estimates."""

    def in_force(self, on: dt.date) -> Any:
        """Values of that day, the most recent first: the first of a trade is the one that holds."""
        return (
            self.filter(Q(valid_from__isnull=True) | Q(valid_from__lte=on))
            .filter(Q(valid_to__isnull=True) | Q(valid_to__gte=on))
            .order_by("label", F("valid_from").desc(nulls_last=True), "pk")
        )


def house_code() -> str:
    """The code of a value that the house adds: no file of the project bears it, so that no load touches it."""
    return f"maison-{uuid.uuid4().hex[:12]}"


class DatedValue(TrackedModel):
    """A value with its source, from a day to another; without a day there is no bound on that side.

    The project's file brings values without a first day; a value that the house adds has one, and prevails from it.
    """

    code = models.CharField(max_length=40, primary_key=True, default=house_code, editable=False)
    source = models.CharField("source", max_length=300)
    valid_from = models.DateField("à partir du", null=True, blank=True)
    valid_to = models.DateField("jusqu’au", null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_of_the_house(self) -> bool:
        return self.code.startswith("maison-")


def valid_dates(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
        name=name,
        violation_error_message="La fin de validité précède son début.",
    )


class LabourShare(DatedValue):
    """The part of labour in the price of a trade."""

    label = models.CharField("métier", max_length=120)
    share = models.DecimalField("part de main d’œuvre", max_digits=5, decimal_places=2, help_text="en %")

    objects = DatedValueQuerySet.as_manager()

    class Meta:
        verbose_name = "part de main d’œuvre"
        verbose_name_plural = "parts de main d’œuvre"
        ordering = ("label", "-valid_from", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(share__gt=0, share__lte=100),
                name="labour_share_percent",
                violation_error_message="La part de main d’œuvre se donne en pourcentage, entre 0 et 100.",
            ),
            models.UniqueConstraint(
                fields=["label", "valid_from"],
                name="labour_share_once_a_day",
                violation_error_message="Ce métier a déjà une part de main d’œuvre à partir de ce jour.",
            ),
            valid_dates("labour_share_dates"),
        ]

    def __str__(self) -> str:
        return f"{self.label} : {estimation.percent(self.share)}"


class HourlyCost(DatedValue):
    """The cost of an hour of work, charges included; without a trade it holds for all."""

    label = models.CharField("métier", max_length=120, blank=True, help_text="vide : tous les métiers")
    cost = AmountField("coût horaire", help_text="en €, charges comprises")

    objects = DatedValueQuerySet.as_manager()

    class Meta:
        verbose_name = "coût horaire"
        verbose_name_plural = "coûts horaires"
        ordering = ("label", "-valid_from", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(cost__gt=0, cost__lte=1000),
                name="hourly_cost_positive",
                violation_error_message="Le coût horaire est supérieur à zéro, et ne dépasse pas 1 000 €.",
            ),
            models.UniqueConstraint(
                fields=["label", "valid_from"],
                name="hourly_cost_once_a_day",
                violation_error_message="Ce métier a déjà un coût horaire à partir de ce jour.",
            ),
            valid_dates("hourly_cost_dates"),
        ]

    def __str__(self) -> str:
        return f"{self.label or 'tous métiers'} : {estimation.euros_per_hour(self.cost)}"


class RecommendationQuerySet(ScopedQuerySet):
    """A buyer reads what it was sent, and answers it; companies never read what prepares a tender."""

    def visible_to_buyer(self, user: User) -> Any:
        return self.exclude(state=State.DRAFT).filter(
            Q(purchase__in=PlannedPurchase.objects.visible_to(user).values("pk"))
            | Q(market__in=Market.objects.led_by(user).values("pk"))
        )


class Recommendation(TrackedModel):
    """The house's advice on a planned purchase or a market. Once sent it never changes: a new version is a copy."""

    purchase = models.ForeignKey(
        PlannedPurchase,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="recommendations",
        verbose_name="achat prévu",
    )
    market = models.ForeignKey(
        Market,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="recommendations",
        verbose_name="marché",
    )
    number = models.PositiveSmallIntegerField("version", default=1)
    title = models.CharField("intitulé", max_length=200)
    context = models.TextField("analyse", blank=True, help_text="pourquoi ce calibrage, ce que le lot permet")
    hours_per_person = HoursField("heures par personne", default=estimation.HOURS_PER_PERSON)
    penalty_text = models.CharField("pénalité prévue", max_length=300, blank=True)
    state = models.CharField("état", max_length=10, choices=State, default=State.DRAFT)
    # Counts the saves, so that nobody writes over what somebody else saved meanwhile.
    edition = models.PositiveIntegerField(default=0, editable=False)
    sent_on = models.DateField("envoyée le", null=True, blank=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="par"
    )
    recipients = models.JSONField("destinataires", default=list, blank=True)
    pdf = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="PDF"
    )
    docx = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="DOCX"
    )
    answered_on = models.DateField("réponse du", null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="enregistrée par",
    )
    answer_text = models.TextField("réponse", blank=True)
    chosen = models.ForeignKey(
        "clauses.Scenario",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="scénario retenu",
    )
    taken_up_on = models.DateField("repris dans le marché le", null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="créée par"
    )
    created_at = models.DateTimeField("créée le", auto_now_add=True)

    objects = RecommendationQuerySet.as_manager()

    class Meta:
        verbose_name = "préconisation"
        verbose_name_plural = "préconisations"
        ordering = ("-number", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=exactly_one("purchase", "market"),
                name="recommendation_of_one_thing",
                violation_error_message="Une préconisation porte sur un achat prévu ou sur un marché.",
            ),
            models.UniqueConstraint(
                fields=["purchase", "number"],
                condition=Q(purchase__isnull=False),
                name="recommendation_version_of_purchase",
                violation_error_message="Cet achat a déjà une préconisation de cette version.",
            ),
            models.UniqueConstraint(
                fields=["market", "number"],
                condition=Q(market__isnull=False),
                name="recommendation_version_of_market",
                violation_error_message="Ce marché a déjà une préconisation de cette version.",
            ),
            models.CheckConstraint(
                condition=Q(hours_per_person__gt=0),
                name="recommendation_hours_per_person",
                violation_error_message="Le nombre d’heures par personne est supérieur à zéro.",
            ),
            models.CheckConstraint(
                condition=(Q(state="draft") & Q(sent_on__isnull=True))
                | (~Q(state="draft") & Q(sent_on__isnull=False)),
                name="recommendation_sent_has_a_day",
                violation_error_message="Une préconisation envoyée a une date d’envoi.",
            ),
            models.CheckConstraint(
                condition=Q(answered_on__isnull=True) | Q(answered_on__gte=F("sent_on")),
                name="recommendation_answer_after_sending",
                violation_error_message="La réponse précède l’envoi : corrigez la date.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "sent"]) | Q(answered_on__isnull=False),
                name="recommendation_answer_has_a_day",
                violation_error_message="Une réponse a une date.",
            ),
        ]

    def __str__(self) -> str:
        return self.title if self.number == 1 else f"{self.title} (version {self.number})"

    @property
    def target(self) -> PlannedPurchase | Market:
        """The purchase or the market that it is about."""
        found = self.purchase or self.market
        assert found is not None  # by the constraint
        return found

    @property
    def is_draft(self) -> bool:
        return self.state == State.DRAFT

    @property
    def waits_for_answer(self) -> bool:
        return self.state == State.SENT


class OfRecommendationQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(recommendation__in=Recommendation.objects.visible_to(user).values("pk"))


class Scenario(TrackedModel):
    """One way of clausing the lots; the house advises one of them."""

    recommendation = models.ForeignKey(
        Recommendation, models.CASCADE, related_name="scenarios", verbose_name="préconisation"
    )
    position = models.PositiveSmallIntegerField("rang", default=1)
    name = models.CharField("nom", max_length=80)
    note = models.CharField("remarque", max_length=500, blank=True)
    is_advised = models.BooleanField("préconisé", default=False)
    # Set when the recommendation is sent: the database then refuses any change (a trigger reads its own row only).
    is_frozen = models.BooleanField(default=False, editable=False)

    objects = OfRecommendationQuerySet.as_manager()

    class Meta:
        verbose_name = "scénario"
        verbose_name_plural = "scénarios"
        ordering = ("recommendation", "position", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["recommendation"],
                condition=Q(is_advised=True),
                name="scenario_one_advised",
                violation_error_message="Un seul scénario est préconisé.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class OfScenarioQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(scenario__in=Scenario.objects.visible_to(user).values("pk"))


class ScenarioLot(TrackedModel):
    """A lot in a scenario: what the estimation takes in, what it gives, and what the facilitator proposes."""

    scenario = models.ForeignKey(Scenario, models.CASCADE, related_name="lots", verbose_name="scénario")
    lot = models.ForeignKey(
        Lot, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="lot du marché"
    )
    position = models.PositiveSmallIntegerField("rang", default=1)
    number = models.CharField("lot", max_length=20, default="1")
    label = models.CharField("objet", max_length=200, blank=True)
    # Blank: the scenario leaves this lot without a clause.
    kind = models.CharField(
        "clause", max_length=20, choices=ClauseKind, blank=True, default=ClauseKind.EXECUTION
    )
    trade = models.CharField("métier", max_length=120, blank=True)
    method = models.CharField(
        "méthode", max_length=10, choices=EstimationMethod, default=EstimationMethod.STANDARD
    )
    amount = AmountField("montant hors taxes", null=True, blank=True)
    share = models.DecimalField(
        "part de main d’œuvre", max_digits=5, decimal_places=2, null=True, blank=True, help_text="en %"
    )
    cost = AmountField("coût horaire", null=True, blank=True)
    rate = models.DecimalField(
        "taux d’effort", max_digits=5, decimal_places=2, null=True, blank=True, help_text="en %"
    )
    months = models.PositiveSmallIntegerField("durée en mois", null=True, blank=True)
    taken_over = HoursField("heures reprises par mois", null=True, blank=True)
    coefficient = AmountField("coefficient", default=estimation.PACT_COEFFICIENT)
    # None while something is missing.
    hours_computed = HoursField("heures calculées", null=True, blank=True, editable=False)
    # None: the computed hours are proposed as they are.
    hours_proposed = HoursField("heures proposées", null=True, blank=True)
    reason = models.CharField("motif de l’écart", max_length=300, blank=True)
    is_frozen = models.BooleanField(default=False, editable=False)

    objects = OfScenarioQuerySet.as_manager()

    class Meta:
        verbose_name = "lot chiffré"
        verbose_name_plural = "lots chiffrés"
        ordering = ("scenario", "position", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0),
                name="scenario_lot_amount_positive",
                violation_error_message="Le montant ne peut pas être négatif.",
            ),
            models.CheckConstraint(
                condition=(Q(share__isnull=True) | (Q(share__gte=0) & Q(share__lte=100)))
                & (Q(rate__isnull=True) | (Q(rate__gte=0) & Q(rate__lte=100))),
                name="scenario_lot_percents",
                violation_error_message="Parts et taux se donnent en pourcentage, entre 0 et 100.",
            ),
            models.CheckConstraint(
                condition=(Q(cost__isnull=True) | Q(cost__gt=0)) & Q(coefficient__gt=0),
                name="scenario_lot_cost_positive",
                violation_error_message="Le coût horaire est supérieur à zéro.",
            ),
            models.CheckConstraint(
                condition=(Q(hours_proposed__isnull=True) | Q(hours_proposed__gte=0))
                & (Q(taken_over__isnull=True) | Q(taken_over__gte=0)),
                name="scenario_lot_hours_positive",
                violation_error_message="Un nombre d’heures ne peut pas être négatif.",
            ),
            models.CheckConstraint(
                condition=Q(hours_proposed__isnull=True)
                | (Q(hours_computed__isnull=False) & Q(hours_proposed=F("hours_computed")))
                | ~Q(reason=""),
                name="scenario_lot_reason",
                violation_error_message="Les heures proposées s’écartent du calcul : dites pourquoi.",
            ),
        ]

    def __str__(self) -> str:
        return f"Lot {self.number}" + (f", {self.label}" if self.label else "")

    def estimate(self) -> estimation.Estimate | None:
        """What the formula gives from these values; None while one is missing. Raises DomainError out of bounds."""
        if self.amount is None or self.rate is None:
            return None
        if self.method == EstimationMethod.PACT:
            if self.months is None or self.taken_over is None:
                return None
            return estimation.estimate_pact(
                amount=self.amount,
                months=self.months,
                taken_over=self.taken_over,
                rate=self.rate,
                coefficient=self.coefficient,
            )
        if self.share is None or self.cost is None:
            return None
        return estimation.estimate_standard(
            amount=self.amount, share=self.share, cost=self.cost, rate=self.rate
        )

    @property
    def hours(self) -> Decimal:
        """Hours that the clause asks for: those proposed, else those computed when a clause is advised (hours)."""
        if not self.kind:
            return Decimal(0)
        if self.hours_proposed is not None:
            return self.hours_proposed
        computed = self.hours_computed or Decimal(0)
        return computed if computed >= estimation.MINIMUM_HOURS else Decimal(0)


class ClauseText(TrackedModel):
    """The wording of one kind of clause, ready to paste, as the facilitator left it."""

    recommendation = models.ForeignKey(
        Recommendation, models.CASCADE, related_name="texts", verbose_name="préconisation"
    )
    kind = models.CharField("nature", max_length=20, choices=ClauseKind)
    body = models.TextField("texte")
    # What the file gave when the text was last made from it: tells whether a hand wrote since, and what moved.
    made = models.TextField(editable=False, default="")
    is_frozen = models.BooleanField(default=False, editable=False)

    objects = OfRecommendationQuerySet.as_manager()

    class Meta:
        verbose_name = "texte de clause"
        verbose_name_plural = "textes de clause"
        ordering = ("recommendation", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["recommendation", "kind"],
                name="clause_text_once_per_kind",
                violation_error_message="Cette préconisation a déjà un texte pour cette nature de clause.",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def is_handwritten(self) -> bool:
        return self.body != self.made
