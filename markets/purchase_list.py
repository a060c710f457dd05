"""The list of planned purchases: its columns, its filters, and what the duty of 22 August 2026 asks of it."""

from __future__ import annotations

from typing import Any

import django_filters
import django_tables2 as tables
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from core import formats
from core.access import HOUSE
from core.filters import FilterSet, scoped
from core.tables import AmountColumn, DayColumn, StateColumn, Table, TextColumn
from markets.duty import DUTY_LABELS, DUTY_TONES, DutyState
from markets.enums import Family, Targeting
from markets.filters import CheckFilter
from markets.models import Buyer, Department, PlannedPurchase, ProcurementThreshold, Responsibility
from markets.planning_waiting import to_target_soon

TARGETING_TONES = {Targeting.TO_STUDY: "watch", Targeting.KEPT: "good", Targeting.DISMISSED: "none"}
# Gathered in one choice: everything that the law asks something of.
CONCERNED = (DutyState.TO_DECIDE, DutyState.MET, DutyState.DEROGATED, DutyState.TO_JUSTIFY)


def duty_words(purchase: PlannedPurchase) -> str:
    """The words of a purchase loaded `with_duty()`."""
    return DUTY_LABELS[DutyState(purchase.duty_state)]  # type: ignore[attr-defined]


def request_words(purchase: PlannedPurchase) -> str:
    """Where the saisine stands, in a few words."""
    if purchase.answered_on:
        return f"répondu le {formats.day(purchase.answered_on)}"
    return f"reçue le {formats.day(purchase.asked_on)}" if purchase.asked_on else ""


class PurchaseTable(Table):
    object = TextColumn("Objet", order_by="search_key", linkify=("purchase_detail", {"pk": tables.A("pk")}))
    reference = TextColumn("Référence")
    buyer = TextColumn("Donneur d’ordre", accessor="buyer", order_by="buyer__search_key")
    planned_on = DayColumn("Lancement")
    family = TextColumn("Famille")
    amount = AmountColumn("Montant", total=True)
    targeting = StateColumn("Ciblage", tones=TARGETING_TONES)
    duty = StateColumn(
        "Obligation",
        accessor=duty_words,
        order_by="duty_state",
        tones={DUTY_LABELS[state]: tone for state, tone in DUTY_TONES.items()},
    )
    request = TextColumn("Saisine", accessor=request_words, order_by="asked_on")

    class Meta:
        model = PlannedPurchase
        fields = ()

    def render_object(self, value: str) -> str:
        return formats.short(value, 90)


class PurchaseFilter(FilterSet):
    search_label = "Référence ou objet"
    buyer = django_filters.ModelChoiceFilter(
        label="Donneur d’ordre", queryset=scoped(Buyer), empty_label="Tous"
    )
    department = django_filters.ModelChoiceFilter(
        label="Direction", queryset=scoped(Department), empty_label="Toutes"
    )
    year = django_filters.ChoiceFilter(label="Année", empty_label="Toutes")
    targeting = django_filters.ChoiceFilter(label="Ciblage", choices=Targeting.choices, empty_label="Tous")
    duty = django_filters.ChoiceFilter(
        label="Obligation",
        choices=[
            ("concerned", "concernés, tous"),
            *((state.value, label) for state, label in DUTY_LABELS.items()),
        ],
        empty_label="Toutes",
        method="in_duty",
    )
    family = django_filters.ChoiceFilter(label="Famille", choices=Family.choices, empty_label="Toutes")
    to_answer = CheckFilter(label="Saisine sans réponse", method="only_to_answer")
    soon = CheckFilter(label="À cibler bientôt", method="only_soon")
    mine = CheckFilter(label="Mon portefeuille", method="in_portfolio")

    class Meta:
        model = PlannedPurchase
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user = self.request.user
        years = PlannedPurchase.objects.visible_to(user).order_by("-year").values_list("year", flat=True)
        self.filters["year"].extra["choices"] = [(str(year), str(year)) for year in years.distinct()]
        if user.role in HOUSE:
            # A house has hundreds of departments: they are chosen on the buyer's own list.
            del self.filters["department"]
            return
        del self.filters["mine"]
        if Buyer.objects.visible_to(user).count() < 2:
            # One choice only is no choice.
            del self.filters["buyer"]
        if Department.objects.visible_to(user).count() < 2:
            del self.filters["department"]

    def in_duty(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(duty_state__in=CONCERNED if value == "concerned" else [value])

    def only_to_answer(self, queryset: Any, name: str, value: Any) -> Any:
        return queryset.to_answer() if value else queryset

    def only_soon(self, queryset: Any, name: str, value: Any) -> Any:
        return to_target_soon(queryset, timezone.localdate()) if value else queryset

    def in_portfolio(self, queryset: Any, name: str, value: Any) -> Any:
        if not value:
            return queryset
        held = Responsibility.objects.held_by(self.request.user, timezone.localdate())
        return queryset.filter(buyer__in=held.filter(buyer__isnull=False).values("buyer"))


def duty_counts(purchases: QuerySet) -> dict[str, int]:
    """How many of these purchases stand in each state of the duty, and `concerned`, those it asks something of."""
    rows = purchases.order_by().values("duty_state").annotate(count=Count("pk"))
    found = {row["duty_state"]: row["count"] for row in rows}
    counts = {state.value: found.get(state.value, 0) for state in DutyState}
    counts["concerned"] = sum(counts[state.value] for state in CONCERNED)
    return counts


def targeting_counts(purchases: QuerySet) -> dict[str, int]:
    """How many of these purchases are to be studied, kept, dismissed, and answered for."""
    return purchases.order_by().aggregate(
        to_study=Count("pk", filter=Q(targeting=Targeting.TO_STUDY)),
        kept=Count("pk", filter=Q(targeting=Targeting.KEPT)),
        dismissed=Count("pk", filter=Q(targeting=Targeting.DISMISSED)),
        to_answer=Count("pk", filter=Q(asked_on__isnull=False, answered_on__isnull=True)),
    )


class ThresholdTable(Table):
    label = TextColumn("Seuil")
    scope = TextColumn("Portée")
    buyer = TextColumn("Acheteurs")
    amount = AmountColumn("Montant hors taxes")
    valid_from = DayColumn("Depuis le")
    valid_to = DayColumn("Jusqu’au")

    class Meta:
        model = ProcurementThreshold
        fields = ()
