"""The list of partnership notes: the year, the meeting, what is still to be improved."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Count, Q
from django.urls import reverse

from core.access import BUYER, HOUSE
from core.filters import FilterSet, scoped
from core.lists import ListPage
from core.tables import CountColumn, DayColumn, Table, TextColumn
from markets.models import Buyer
from reporting.enums import ActionState
from reporting.models import PartnershipNote


class NoteTable(Table):
    buyer = TextColumn(order_by="buyer__search_key")
    # A year is a name, not a quantity: no space between its thousands.
    year = TextColumn(verbose_name="Année", accessor="year")
    meeting_on = DayColumn(verbose_name="Réunion annuelle")
    actions_open = CountColumn(verbose_name="Axes ouverts")
    actions_done = CountColumn(verbose_name="Axes réalisés")
    shared = TextColumn(verbose_name="Partage", accessor="shared_at", empty_values=(), order_by="shared_at")

    class Meta:
        model = PartnershipNote
        fields = ("buyer", "year", "meeting_on", "actions_open", "actions_done", "shared")
        caption = "Notes de partenariat"

    def render_buyer(self, record: PartnershipNote) -> Any:
        from django.utils.html import format_html

        url = f"{reverse('buyer_partnership', args=[record.buyer_id])}?annee={record.year}"
        return format_html('<a href="{}">{}</a>', url, record.buyer)

    def value_buyer(self, record: PartnershipNote) -> str:
        return str(record.buyer)

    def render_year(self, record: PartnershipNote) -> str:
        return str(record.year)

    def render_shared(self, record: PartnershipNote) -> str:
        return "partagée" if record.shared_at else "non partagée"

    value_shared = render_shared


class NoteFilter(FilterSet):
    buyer = django_filters.ModelChoiceFilter(
        label="Donneur d’ordre", queryset=scoped(Buyer), empty_label="tous"
    )
    year = django_filters.NumberFilter(label="Année")
    reunion = django_filters.ChoiceFilter(
        label="Réunion annuelle",
        choices=(("tenue", "tenue"), ("non", "non notée")),
        empty_label="toutes",
        method="of_meeting",
    )

    class Meta:
        model = PartnershipNote
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A buyer's own notes are those of one buyer, nearly always.
        if not self.request.user.is_house_staff:
            self.filters.pop("buyer")

    def of_meeting(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(meeting_on__isnull=value == "non")


class PartnershipList(ListPage):
    """« Partenariat »: the yearly points, of every buyer for the house, those shared for a buyer."""

    model, table_class, filterset_class = PartnershipNote, NoteTable, NoteFilter
    title, export_name, roles = "Partenariat", "partenariat", (*HOUSE, BUYER)
    intro = "La convention prévoit une réunion par an avec chaque donneur d’ordre, et des axes d’amélioration suivis d’une année à l’autre."
    create_label = "Noter une réunion annuelle"

    @property
    def empty_message(self) -> str:  # type: ignore[override]
        user: Any = self.request.user
        if user.role == BUYER:
            return "Les notes que la maison partage avec vous après la réunion annuelle seront ici."
        return "Les notes de partenariat seront ici : une par donneur d’ordre et par année."

    def get_create_url(self) -> str:
        user: Any = self.request.user
        return reverse("partnership_start") if user.is_house_staff else ""

    def prepare(self, queryset: Any) -> Any:
        still = Q(actions__state__in=[ActionState.TO_DO, ActionState.ONGOING])
        return queryset.select_related("buyer").annotate(
            actions_open=Count("actions", filter=still),
            actions_done=Count("actions", filter=Q(actions__state=ActionState.DONE)),
        )
