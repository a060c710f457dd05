"""« Situations »: the list of what people became after their path, and of what is still to be asked."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django.utils import timezone
from django.utils.safestring import SafeString

from beneficiaries.completeness import outcomes_of_buyer
from beneficiaries.enums import SITUATION_GROUPS, Milestone, SituationGroup
from beneficiaries.models import Outcome
from beneficiaries.outcomes import STATES, asked_now, group_of, in_state, state_of, visible_outcomes
from core.filters import FilterSet, scoped
from core.lists import ListPage
from core.tables import A, DayColumn, Table, TextColumn
from core.templatetags.maillon import state
from markets.models import Buyer

# Asked for by today, and nobody has said: awaited or late.
UNANSWERED = "unanswered"


class OutcomeFilter(FilterSet):
    """Awaited, late or known; which moment; which group."""

    state = django_filters.ChoiceFilter(
        label="État",
        choices=[
            (UNANSWERED, "sans réponse à ce jour"),
            *((code, words) for code, (_, words) in STATES.items()),
        ],
        method="by_state",
        empty_label="tous",
    )
    milestone = django_filters.ChoiceFilter(label="Moment", choices=Milestone.choices, empty_label="tous")
    group = django_filters.ChoiceFilter(
        label="Groupe", choices=SituationGroup.choices, method="by_group", empty_label="tous"
    )
    year = django_filters.NumberFilter(
        label="À recueillir en", method="by_year", min_value=2000, max_value=2100
    )
    buyer = django_filters.ModelChoiceFilter(
        label="Donneur d’ordre", queryset=scoped(Buyer), empty_label="tous", method="of_buyer"
    )

    class Meta:
        model = Outcome
        fields: list[str] = []

    def by_state(self, queryset: Any, name: str, value: str) -> Any:
        today = timezone.localdate()
        if value == UNANSWERED:
            return queryset.filter(situation="", cancelled_on__isnull=True, due_on__lte=today)
        return in_state(queryset, value, today)

    def by_year(self, queryset: Any, name: str, value: Any) -> Any:
        return queryset.filter(due_on__range=(dt.date(int(value), 1, 1), dt.date(int(value), 12, 31)))

    def of_buyer(self, queryset: Any, name: str, value: Buyer) -> Any:
        return outcomes_of_buyer(queryset, value)

    def by_group(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(situation__in=SITUATION_GROUPS[SituationGroup(value)])


class OutcomeTable(Table):
    person = TextColumn(
        accessor="beneficiary",
        verbose_name="Personne",
        order_by="beneficiary__search_key",
        linkify=("beneficiary_outcomes", [A("beneficiary_id")]),
    )
    milestone = TextColumn(accessor="get_milestone_display", verbose_name="Moment", order_by="milestone")
    exit_on = DayColumn(verbose_name="Sortie le")
    due_on = DayColumn(verbose_name="À recueillir le")
    state = TextColumn(accessor="pk", verbose_name="État", orderable=False)
    situation = TextColumn(accessor="get_situation_display", verbose_name="Situation", order_by="situation")
    group = TextColumn(accessor="pk", verbose_name="Groupe", orderable=False)
    hired = TextColumn(
        accessor="hired_by_awardee", verbose_name="Par l’attributaire", order_by="hired_by_awardee"
    )
    source = TextColumn(accessor="get_source_display", verbose_name="Origine", order_by="source")
    recorded_on = DayColumn(verbose_name="Recueillie le")

    class Meta:
        model = Outcome
        fields = (
            "person",
            "milestone",
            "exit_on",
            "due_on",
            "state",
            "situation",
            "group",
            "hired",
            "source",
            "recorded_on",
        )
        caption = "Situations après le parcours"

    def render_milestone(self, value: str) -> str:
        return str(value).replace(" ", "\u00a0")

    def render_state(self, record: Outcome) -> SafeString:
        return state(*STATES[state_of(record, timezone.localdate())])

    def value_state(self, record: Outcome) -> str:
        return STATES[state_of(record, timezone.localdate())][1]

    def render_group(self, record: Outcome) -> str:
        group = group_of(record.situation)
        return str(group.label) if group else "–"

    def value_group(self, record: Outcome) -> str:
        group = group_of(record.situation)
        return str(group.label) if group else ""

    def render_hired(self, value: bool) -> str:
        return "oui" if value else "non"

    def value_hired(self, value: bool | None) -> str:
        return "" if value is None else self.render_hired(value)


class OutcomeList(ListPage):
    """« Situations »: everyone who left their path, and what is still to be asked."""

    model, table_class, filterset_class = Outcome, OutcomeTable, OutcomeFilter
    title, export_name = "Situations", "situations"
    intro = (
        "Ce que deviennent les personnes à la sortie de leur parcours, puis à 6 et 12 mois. Une sortie se constate seule, "
        "après quelques mois sans affectation."
    )
    template_name = "beneficiaries/outcome_list.html"
    empty_message = (
        "Les situations à recueillir apparaîtront ici quand des personnes auront quitté leur parcours."
    )

    def get_queryset(self) -> Any:
        return visible_outcomes(self.request.user).select_related("beneficiary").order_by("due_on", "pk")

    def extra_context(self) -> dict[str, Any]:
        waiting = asked_now(visible_outcomes(self.request.user), timezone.localdate()).count()
        return {"waiting": waiting}
