"""The list of operations: its columns and filters."""

from __future__ import annotations

from typing import Any

import django_filters
import django_tables2 as tables
from django.db.models import Count, Q

from core.access import BUYER, HOUSE
from core.filters import FilterSet, scoped
from core.lists import ListPage
from core.tables import CountColumn, DayColumn, HoursColumn, Table, TextColumn
from markets.enums import OperationKind
from markets.models import Buyer, Market, Operation

READERS = (*HOUSE, BUYER)
LIFE = (("open", "En cours"), ("closed", "Closes"))


class OperationTable(Table):
    name = TextColumn(
        "Opération", order_by="search_key", linkify=("operation_detail", {"pk": tables.A("pk")})
    )
    reference = TextColumn("Référence")
    buyer = TextColumn("Donneur d’ordre", order_by="buyer__search_key")
    kind = TextColumn("Nature")
    target_hours = HoursColumn("Objectif propre")
    markets_count = CountColumn("Marchés", total=True)
    starts_on = DayColumn("Début")
    ends_on = DayColumn("Fin prévue")
    closed_on = DayColumn("Close le")

    class Meta:
        model = Operation
        fields = ()


class OperationFilter(FilterSet):
    search_label = "Nom ou référence"
    buyer = django_filters.ModelChoiceFilter(
        label="Donneur d’ordre", queryset=scoped(Buyer), empty_label="Tous"
    )
    kind = django_filters.ChoiceFilter(label="Nature", choices=OperationKind.choices, empty_label="Toutes")
    life = django_filters.ChoiceFilter(
        label="Vie", choices=LIFE, empty_label="En cours et closes", method="in_life"
    )

    class Meta:
        model = Operation
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user = self.request.user
        if user.role == BUYER and Buyer.objects.visible_to(user).count() < 2:
            # One choice only is no choice.
            del self.filters["buyer"]

    def in_life(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(closed_on__isnull=value == "open")


class OperationList(ListPage):
    """« Opérations »."""

    model = Operation
    table_class = OperationTable
    filterset_class = OperationFilter
    title = "Opérations"
    roles = READERS
    export_name = "operations"
    create_label = "Ajouter une opération"

    @property
    def user(self) -> Any:
        return self.request.user

    @property
    def empty_message(self) -> str:  # type: ignore[override]
        if self.user.role == BUYER:
            return "Les opérations dont vos marchés font partie seront ici."
        return "Une opération réunit plusieurs marchés ; un site privé y porte son propre objectif d’heures."

    def get_create_url(self) -> str:
        from core.context import address

        return address("operation_create") if self.user.role in HOUSE else ""

    def prepare(self, queryset: Any) -> Any:
        seen = Market.objects.visible_to(self.user).order_by().values("pk")
        # The marchés subséquents are their framework's: they never add to the number of markets.
        mine = Q(markets__parent__isnull=True, markets__in=seen)
        return queryset.select_related("buyer").annotate(markets_count=Count("markets", filter=mine))
