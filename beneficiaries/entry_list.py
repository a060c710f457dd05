"""The list of hours entries: what the house validates and what a company may read of its own."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters

from accounts.enums import Role
from beneficiaries.enums import CountingReason, EntryState, HourKind
from beneficiaries.models import HoursEntry, Placement
from core.filters import FilterSet, scoped
from core.forms import parse_month
from core.lists import ListPage
from core.tables import HoursColumn, MonthColumn, StateColumn, Table, TextColumn
from core.text import typed_words
from markets.models import Buyer, Company

# Every state but one: what a year still waits for.
UNVALIDATED = "unvalidated"


class EntryTable(Table):
    """Entries as the house reads them."""

    month = MonthColumn()
    person = TextColumn(
        accessor="assignment__placement__beneficiary",
        verbose_name="Personne",
        order_by="assignment__placement__beneficiary__search_key",
    )
    employer = TextColumn(
        accessor="assignment__placement__employer",
        verbose_name="Employeur",
        order_by="assignment__placement__employer__search_key",
    )
    market = TextColumn(
        accessor="market__reference", verbose_name="Marché", attrs={"td": {"class": "nowrap"}}
    )
    kind = TextColumn(accessor="get_kind_display", verbose_name="Nature", order_by="kind")
    hours = HoursColumn(total=True)
    counted_hours = HoursColumn(total=True)
    state = StateColumn(accessor="get_state_display", verbose_name="État", order_by="state")
    counting_reason = TextColumn(
        accessor="get_counting_reason_display", verbose_name="Comptée ?", order_by="counting_reason"
    )

    class Meta:
        model = HoursEntry
        fields = (
            "month",
            "person",
            "employer",
            "market",
            "kind",
            "hours",
            "counted_hours",
            "state",
            "counting_reason",
        )
        caption = "Relevés d’heures"


class CompanyEntryTable(EntryTable):
    """Entries as a company reads them: never why they count or not."""

    class Meta:
        exclude = ("counting_reason", "counted_hours")


class EntryFilter(FilterSet):
    """Month, state, kind, counted or not, buyer, employer, words of the person's name."""

    q = django_filters.CharFilter(label="Personne", method="by_words")
    month = django_filters.CharFilter(label="Mois", method="by_month")
    year = django_filters.NumberFilter(label="Année", method="by_year", min_value=2000, max_value=2100)
    state = django_filters.ChoiceFilter(
        label="État",
        choices=[(UNVALIDATED, "pas encore validé"), *EntryState.choices],
        method="by_state",
        empty_label="tous",
    )
    counting_reason = django_filters.ChoiceFilter(
        label="Comptée ?", choices=[row for row in CountingReason.choices if row[0]], empty_label="toutes"
    )
    kind = django_filters.ChoiceFilter(label="Nature", choices=HourKind.choices, empty_label="toutes")
    buyer = django_filters.ModelChoiceFilter(
        label="Donneur d’ordre", queryset=scoped(Buyer), field_name="market__buyer", empty_label="tous"
    )
    employer = django_filters.ModelChoiceFilter(
        label="Employeur",
        queryset=scoped(
            Company, lambda rows: rows.filter(pk__in=Placement.objects.order_by().values("employer"))
        ),
        field_name="assignment__placement__employer",
        empty_label="tous",
    )

    class Meta:
        model = HoursEntry
        fields: list[str] = []

    def by_words(self, queryset: Any, name: str, value: str) -> Any:
        for word in typed_words(value):
            queryset = queryset.filter(assignment__placement__beneficiary__search_key__contains=word)
        return queryset

    def by_month(self, queryset: Any, name: str, value: str) -> Any:
        try:
            month = parse_month(value)
        except ValueError:
            return queryset.none()
        return queryset.filter(month=month) if month else queryset

    def by_year(self, queryset: Any, name: str, value: Any) -> Any:
        return queryset.filter(month__range=(dt.date(int(value), 1, 1), dt.date(int(value), 12, 31)))

    def by_state(self, queryset: Any, name: str, value: str) -> Any:
        if value == UNVALIDATED:
            return queryset.exclude(state=EntryState.VALIDATED)
        return queryset.filter(state=value)


class CompanyEntryFilter(EntryFilter):
    """The same without what is the house's."""

    buyer = None
    employer = None
    counting_reason = None


class EntryList(ListPage):
    """« Relevés »: every entry in force, for the house."""

    model, table_class, filterset_class = HoursEntry, EntryTable, EntryFilter
    title, export_name = "Relevés d’heures", "releves"
    empty_message = "Les relevés d’heures apparaissent ici dès la première saisie."

    def prepare(self, queryset: Any) -> Any:
        return queryset.current().select_related(
            "market", "assignment__placement__beneficiary", "assignment__placement__employer"
        )


class CompanyEntryList(EntryList):
    """The entries of a company: where it employs, receives, or holds the commitment."""

    table_class, filterset_class = CompanyEntryTable, CompanyEntryFilter
    title = "Heures de vos salarié·e·s"
    roles = (Role.COMPANY,)
    empty_message = "Les heures de vos salarié·e·s en insertion apparaîtront ici."
