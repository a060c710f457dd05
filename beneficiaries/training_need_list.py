"""« Besoins de formation »: those that come back most first."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Count, Max, Sum
from django.urls import reverse
from django_tables2 import A

from beneficiaries.enums import NeedState
from beneficiaries.models import TrainingNeed
from core.filters import FilterSet
from core.lists import ListPage
from core.tables import CountColumn, DayColumn, Table, TextColumn
from core.templatetags.maillon import state

NEED_TONES = {
    NeedState.NOTICED: "watch",
    NeedState.PLANNED: "wait",
    NeedState.ANSWERED: "done",
    NeedState.DROPPED: "none",
}


def need_state(need: TrainingNeed) -> Any:
    return state(need.state, need.get_state_display(), NEED_TONES[NeedState(need.state)])


class NeedFilter(FilterSet):
    words = django_filters.CharFilter(
        label="Savoir-faire, savoir-être", field_name="skill", lookup_expr="icontains", max_length=100
    )
    state = django_filters.ChoiceFilter(label="État", choices=NeedState.choices, empty_label="tous")

    class Meta:
        model = TrainingNeed
        fields: list[str] = []


class NeedTable(Table):
    skill = TextColumn(verbose_name="Besoin", linkify=("need_detail", [A("pk")]))
    occupation = TextColumn(accessor="occupation__label", verbose_name="Métier", order_by="occupation__label")
    notices = CountColumn(accessor="notices_count", verbose_name="Constats", order_by="notices_count")
    people = CountColumn(accessor="people_sum", verbose_name="Personnes", order_by="people_sum")
    last = DayColumn(accessor="last_noticed_on", verbose_name="Dernier constat", order_by="last_noticed_on")
    state = TextColumn(verbose_name="État", order_by="state")
    action = TextColumn(
        accessor="action__title",
        verbose_name="Action qui y répond",
        order_by="action__title",
        linkify=lambda record: reverse("action_detail", args=[record.action_id]),
    )

    class Meta:
        model = TrainingNeed
        fields = ("skill", "occupation", "notices", "people", "last", "state", "action")
        caption = "Besoins de formation, les plus fréquents d’abord"

    def render_state(self, record: TrainingNeed) -> Any:
        return need_state(record)

    def value_state(self, record: TrainingNeed) -> str:
        return record.get_state_display()


class NeedList(ListPage):
    model, table_class, filterset_class = TrainingNeed, NeedTable, NeedFilter
    title, export_name = "Besoins de formation", "besoins-de-formation"
    intro = "Les savoir-faire et savoir-être qui manquent souvent, et ce qui y répond. Les plus fréquents d’abord."
    create_url_name, create_label = "need_create", "Noter un besoin"
    empty_message = "Un besoin se note quand il revient : habilitation, français écrit, ponctualité…"

    def prepare(self, queryset: Any) -> Any:
        return (
            queryset.select_related("occupation", "action")
            .annotate(
                notices_count=Count("notices"),
                people_sum=Sum("notices__people", default=0),
                last_noticed_on=Max("notices__noticed_on"),
            )
            .order_by("-notices_count", "-people_sum", "-first_noticed_on", "pk")
        )
