"""« Actions collectives »: what was done, how many came, how many were hired after."""

from __future__ import annotations

from typing import Any

import django_filters
from django_tables2 import A

from beneficiaries.actions import figures_by_action
from beneficiaries.enums import ActionKind
from beneficiaries.models import CollectiveAction
from core.filters import FilterSet
from core.lists import ListPage
from core.tables import CountColumn, DayColumn, Table, TextColumn
from core.text import normalise


class ActionFilter(FilterSet):
    words = django_filters.CharFilter(label="Intitulé, lieu", method="by_words", max_length=100)
    kind = django_filters.ChoiceFilter(label="Nature", choices=ActionKind.choices, empty_label="toutes")
    year = django_filters.NumberFilter(
        label="Année", field_name="held_on__year", min_value=1900, max_value=2100
    )

    class Meta:
        model = CollectiveAction
        fields: list[str] = []

    def by_words(self, queryset: Any, name: str, value: str) -> Any:
        """A house leads some dozens of actions a year: their titles are read, accents and case aside."""
        wanted = normalise(value).split()
        titles = queryset.order_by().values_list("pk", "title", "place")
        kept = [
            pk for pk, title, place in titles if all(word in normalise(f"{title} {place}") for word in wanted)
        ]
        return queryset.filter(pk__in=kept)


class ActionTable(Table):
    title = TextColumn(verbose_name="Action", order_by="title", linkify=("action_detail", [A("pk")]))
    kind = TextColumn(accessor="get_kind_display", verbose_name="Nature", order_by="kind")
    held_on = DayColumn(verbose_name="Date")
    place = TextColumn(verbose_name="Lieu")
    participations = CountColumn(accessor="figures__participations", verbose_name="Présents", orderable=False)
    hired = CountColumn(accessor="figures__hired", verbose_name="Embauches ensuite", orderable=False)

    class Meta:
        model = CollectiveAction
        fields = ("title", "kind", "held_on", "place", "participations", "hired")
        caption = "Actions collectives"


class ActionList(ListPage):
    model, table_class, filterset_class = CollectiveAction, ActionTable, ActionFilter
    title, export_name = "Actions collectives", "actions-collectives"
    intro = "Embauches ensuite : personnes présentes dont un contrat a commencé dans les six mois."
    create_url_name, create_label = "action_create", "Ajouter une action"
    empty_message = "Informations collectives, visites de chantier, simulations d’entretiens : les actions menées seront ici."

    def finish(self, rows: list[Any]) -> list[Any]:
        found = figures_by_action(rows)
        for row in rows:
            row.figures = found[row.pk]
        return rows
