"""The list of bilans: drafts and published ones for the house, published ones for a buyer."""

from __future__ import annotations

from typing import Any

import django_filters
from django.urls import reverse
from django_tables2 import A

from accounts.enums import Role
from accounts.models import User
from core import formats
from core.access import HOUSE
from core.filters import FilterSet, scoped
from core.lists import ListPage
from core.tables import CountColumn, DayColumn, StateColumn, Table, TextColumn
from markets.models import Buyer
from reporting.enums import BilanKind, BilanState
from reporting.models import Bilan


class BilanTable(Table):
    # The territory’s has no buyer.
    buyer = TextColumn(
        linkify=("bilan_detail", {"pk": A("pk")}), order_by="buyer__search_key", empty_values=()
    )
    # A year is a name, not a quantity: no space between its thousands.
    year = TextColumn(verbose_name="Bilan", empty_values=())
    version = CountColumn()
    state = StateColumn(accessor="get_state_display", verbose_name="État", order_by="state")
    published_at = DayColumn(verbose_name="Publié le")

    class Meta:
        model = Bilan
        fields = ("buyer", "year", "version", "state", "published_at")
        caption = "Bilans"

    def render_buyer(self, record: Bilan) -> str:
        return str(record.buyer) if record.buyer is not None else "Le territoire"

    value_buyer = render_buyer

    def render_year(self, record: Bilan) -> str:
        if record.kind == BilanKind.RESERVED and record.market is not None:
            return f"{record.year}, marché réservé {record.market.reference}"
        if record.market is not None:
            return f"final, {record.market.reference}"
        if record.operation is not None:
            return f"final, {formats.short(record.operation.name, 60)}"
        return str(record.year)

    value_year = render_year


class BilanFilter(FilterSet):
    buyer = django_filters.ModelChoiceFilter(
        label="Donneur d’ordre", queryset=scoped(Buyer), empty_label="tous"
    )
    kind = django_filters.ChoiceFilter(label="Nature", choices=BilanKind.choices, empty_label="tous")
    year = django_filters.NumberFilter(label="Année")
    state = django_filters.ChoiceFilter(label="État", choices=BilanState.choices, empty_label="tous")
    writer = django_filters.ModelChoiceFilter(
        label="Rédigé par",
        queryset=scoped(User, lambda rows: rows.house_staff().filter(is_active=True)),
        empty_label="tous",
    )

    class Meta:
        model = Bilan
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A buyer sees published ones only: nothing to choose.
        if not self.request.user.is_house_staff:
            self.filters.pop("state")
            self.filters.pop("writer")
            # That of the territory is of the house.
            kinds = [choice for choice in BilanKind.choices if choice[0] != BilanKind.TERRITORY]
            self.filters["kind"].extra["choices"] = kinds


class BilanList(ListPage):
    """« Bilans »."""

    model, table_class, filterset_class = Bilan, BilanTable, BilanFilter
    title, export_name, roles = "Bilans", "bilans", (*HOUSE, Role.BUYER)
    template_name = "reporting/bilan_list.html"
    empty_message = "Les bilans annuels et finals apparaissent ici : brouillons, puis versions publiées."
    create_label = "Préparer un bilan"

    def get_create_url(self) -> str:
        user: Any = self.request.user
        return reverse("bilan_start") if user.is_house_staff else ""

    def extra_context(self) -> dict[str, Any]:
        user: Any = self.request.user
        # The territory’s is opened by an administrator.
        return {"territory_url": reverse("territory_bilan") if user.is_admin else ""}

    def prepare(self, queryset: Any) -> Any:
        return queryset.select_related("buyer", "market", "operation").defer("snapshot", "narrative")
