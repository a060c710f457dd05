"""The board of what must be done: its ageing groups, its filters, its table."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import django_filters
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from clauses.turns import ageing, task_address, task_page, who_acts
from core import formats
from core.filters import FilterSet, scoped
from core.tables import DayColumn, Table, TextColumn
from core.templatetags.maillon import state
from markets.enums import TaskKind, Turn
from markets.models import Responsibility, Task

MINE, TEAM, ALL, NOBODY = "moi", "equipe", "tous", "personne"
SCOPES = {
    MINE: "Mon portefeuille",
    TEAM: "Mon équipe (suppléances)",
    ALL: "Toute la maison",
    NOBODY: "Sans responsable",
}


@dataclass(frozen=True)
class Group:
    """Open tasks by the age of their deadline."""

    code: str
    label: str

    def condition(self, today: dt.date) -> Q:
        week = today + dt.timedelta(days=7)
        return {
            "retard": Q(due_on__lt=today),
            "semaine": Q(due_on__gte=today, due_on__lt=week),
            "plus-tard": Q(due_on__gte=week),
            "sans-date": Q(due_on__isnull=True),
        }[self.code]


GROUPS = (
    Group("retard", "En retard"),
    Group("semaine", "Dans les sept jours"),
    Group("plus-tard", "Plus tard"),
    Group("sans-date", "Sans date"),
)


def team_of(user: User, on: dt.date) -> list[int]:
    """The reader and those who stand in for them or for whom they stand in, that day."""
    pairs = (
        Responsibility.objects.held_by(user, on).order_by().values_list("facilitator", "stand_in").distinct()
    )
    return sorted({user.pk, *(pk for pair in pairs for pk in pair if pk)})


def default_scope(user: Any) -> str:
    return MINE if user.is_facilitator else ALL


def in_scope(rows: Any, scope: str, user: Any) -> Any:
    """Narrow the house's tasks to a scope of SCOPES."""
    today = timezone.localdate()
    if scope == MINE:
        return rows.of_portfolio(user, today)
    if scope == TEAM:
        return rows.of_portfolios(team_of(user, today), today)
    if scope == NOBODY:
        return rows.of_nobody(today)
    return rows


def group_counts(rows: Any) -> dict[str, int]:
    """How many tasks stand in each group: one query."""
    today = timezone.localdate()
    counts = {group.code.replace("-", "_"): Count("pk", filter=group.condition(today)) for group in GROUPS}
    found = rows.order_by().aggregate(**counts)
    return {group.code: found[group.code.replace("-", "_")] for group in GROUPS}


class TaskFilter(FilterSet):
    """The house filters by scope and person; everyone by whose turn it is and by kind."""

    portee = django_filters.ChoiceFilter(label="Portée", choices=tuple(SCOPES.items()), method="in_scope")
    facilitator = django_filters.ModelChoiceFilter(
        label="Facilitateur·rice",
        queryset=scoped(User, lambda rows: rows.house_staff().filter(is_active=True)),
        empty_label="Tous",
        method="of_facilitator",
    )
    turn = django_filters.ChoiceFilter(label="À qui d’agir", choices=Turn.choices, empty_label="Tous")
    kind = django_filters.ChoiceFilter(label="Nature", choices=TaskKind.choices, empty_label="Toutes")
    vie = django_filters.ChoiceFilter(
        label="État", choices=(("faites", "closes"),), empty_label="à faire", method="in_life"
    )

    class Meta:
        model = Task
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user = self.request.user
        if user.is_house_staff:
            usual = default_scope(user)
            scope = self.filters["portee"]
            # The usual one first: it is what an address without scope shows, and it may be named too.
            scope.extra["empty_label"] = None
            scope.extra["choices"] = sorted(SCOPES.items(), key=lambda choice: choice[0] != usual)
        else:
            for name in ("portee", "facilitator", "turn"):
                del self.filters[name]

    def in_scope(self, queryset: Any, name: str, value: str) -> Any:
        return in_scope(queryset, value, self.request.user)

    def of_facilitator(self, queryset: Any, name: str, value: User) -> Any:
        return queryset.of_portfolio(value, timezone.localdate())

    def in_life(self, queryset: Any, name: str, value: str) -> Any:
        # The view opens the list with what is open; this only names the choice in the form.
        return queryset


def file_label(task: Task) -> str:
    """The file of a task, as lists name it."""
    if task.market:
        return f"{task.market.reference}, {task.market.buyer}" + (f", {task.company}" if task.company else "")
    return str(task.company or task.buyer)


class AgeColumn(TextColumn):
    """The deadline and how far it is, in words and shape."""

    def render(self, record: Task) -> SafeString:
        code, words = ageing(record, timezone.localdate())
        day = formats.day(record.due_on) if record.due_on else ""
        return format_html("{} {}", day, state(code, words))

    def value(self, record: Task) -> Any:
        return record.due_on


class TaskTable(Table):
    """Tasks with their files, loaded with `follower` (who answers for the file) by the list's `finish`."""

    due_on = AgeColumn("Échéance", order_by=("due_on", "pk"), empty_values=(), attrs={"td": {"class": "due"}})
    title = TextColumn("Quoi", orderable=False)
    file = TextColumn("Dossier", accessor=file_label)
    turn = TextColumn("À qui d’agir", orderable=True)
    follower = TextColumn("Suivi par", orderable=False)
    since = DayColumn("Depuis le")
    act = TextColumn("Agir", accessor=lambda task: task.pk, exclude_from_export=True)

    class Meta:
        model = Task
        fields = ()
        sequence = ("title", "file", "due_on", "turn", "follower", "since", "act")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def render_title(self, record: Task) -> SafeString:
        return format_html('<a href="{}">{}</a>', task_address(record, self.user), record.title)

    def render_file(self, record: Task, value: str) -> SafeString:
        return format_html("{}", formats.short(value, 90))

    def render_turn(self, record: Task) -> str:
        return formats.short(who_acts(record, self.user), 60)

    def value_title(self, record: Task) -> str:
        return record.title

    def value_turn(self, record: Task) -> str:
        return who_acts(record, self.user)

    def render_act(self, record: Task) -> SafeString | str:
        if record.done_on:
            return formats.ABSENT
        if record.kind == TaskKind.MEETING:
            return format_html('<a class="button quiet small" href="{}">Ouvrir</a>', task_page(record))
        return format_html(
            '<a class="button quiet small" href="{}" data-row-panel>Traiter'
            '<span class="visually-hidden"> : {}</span></a>',
            task_page(record),
            record.title,
        )
