"""« Difficultés » of the place « Marchés »: every escalation with its stage, and whose turn it is."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import F
from django_tables2 import A

from clauses import ladder
from clauses.ladder import Stage
from clauses.models import Escalation
from clauses.standings import standings_of
from core.access import BUYER, HOUSE
from core.filters import FilterSet, scoped
from core.lists import ListPage
from core.tables import DayColumn, Table, TextColumn
from core.templatetags.maillon import state
from markets.models import Buyer

LIFE = (("open", "ouvertes"), ("closed", "closes"))


class EscalationTable(Table):
    """Escalations, each with its `standing` (set by the list's `finish`)."""

    holder = TextColumn(
        "Entreprise", linkify=("escalation_detail", {"pk": A("pk")}), order_by="holder__search_key"
    )
    market = TextColumn("Marché", accessor="market__reference", order_by="market__reference")
    buyer = TextColumn("Donneur d’ordre", accessor="market__buyer", order_by="market__buyer__search_key")
    opened_on = DayColumn("Ouverte le")
    stage = TextColumn("Étape", accessor=lambda row: row.standing.stage, orderable=False)
    turn = TextColumn("À qui d’agir", accessor=lambda row: row.standing.turn_words, orderable=False)
    since = DayColumn("Depuis le", accessor=lambda row: row.standing.since, orderable=False)
    due_on = DayColumn("Réponse avant le", accessor=lambda row: row.standing.due_on, orderable=False)

    class Meta:
        model = Escalation
        fields = ()

    def render_stage(self, value: Any, record: Any) -> Any:
        return state("", record.standing.label, record.standing.tone)

    def value_stage(self, value: Any, record: Any) -> str:
        return record.standing.label


class EscalationFilter(FilterSet):
    buyer = django_filters.ModelChoiceFilter(
        label="Donneur d’ordre", queryset=scoped(Buyer), empty_label="Tous", field_name="market__buyer"
    )
    life = django_filters.ChoiceFilter(label="Vie", choices=LIFE, empty_label="Toutes", method="in_life")
    stage = django_filters.ChoiceFilter(
        label="Étape",
        choices=[(stage.value, label) for stage, label in ladder.STAGE_LABELS.items()],
        empty_label="Toutes",
        method="at_stage",
    )

    class Meta:
        model = Escalation
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user = self.request.user
        if user.is_buyer and Buyer.objects.visible_to(user).count() < 2:
            # One choice only is no choice.
            del self.filters["buyer"]

    def in_life(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(closed_on__isnull=value == "open")

    def at_stage(self, queryset: Any, name: str, value: str) -> Any:
        is_over = value in (Stage.DECIDED, Stage.CLOSED)
        rows = queryset.filter(closed_on__isnull=not is_over)
        found = [standing.escalation.pk for standing in standings_of(rows) if standing.stage == value]
        return queryset.filter(pk__in=found)


class EscalationList(ListPage):
    """« Difficultés »: open ones first."""

    model, table_class, filterset_class = Escalation, EscalationTable, EscalationFilter
    title = "Difficultés"
    roles = (*HOUSE, BUYER)
    export_name = "difficultes"
    empty_message = (
        "Aucune difficulté. Une difficulté s’ouvre depuis un marché, onglet « Difficultés », "
        "quand une entreprise ne répond pas ou refuse d’honorer son engagement."
    )

    def prepare(self, queryset: Any) -> Any:
        return queryset.select_related("holder", "market__buyer").order_by(
            F("closed_on").desc(nulls_first=True), "-opened_on", "pk"
        )

    def finish(self, rows: list[Any]) -> list[Any]:
        for standing in standings_of(rows):
            standing.escalation.standing = standing  # type: ignore[attr-defined]
        return rows

    def table_kwargs(self) -> dict[str, Any]:
        user: Any = self.request.user
        one = user.is_buyer and Buyer.objects.visible_to(user).count() < 2
        return {"exclude": ("buyer",) if one else ()}
