"""« Engagements à justifier »: lines of the grids of every market that are kept and not proved yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

import django_filters
from django.db.models import Count
from django_tables2 import A

from clauses.models import QualitativeCommitment
from core.filters import FilterSet, scoped
from core.lists import ListPage
from core.tables import DayColumn, Table, TextColumn
from core.templatetags.maillon import state
from markets.models import Buyer


def due_in(lines: Any, year: int) -> Any:
    """Lines that were due by the end of a year."""
    return lines.filter(due_on__lte=dt.date(year, 12, 31))


def unproved_by_buyer(lines: Any, year: int, buyers: Collection[int]) -> dict[int, int]:
    """Buyer that leads the market → its lines due by the end of the year, kept and not proved: one query."""
    rows = due_in(lines, year).filter(market__buyer__in=buyers).unproved().order_by()
    return dict(rows.values_list("market__buyer").annotate(number=Count("pk")))


class UnprovedTable(Table):
    action = TextColumn("Action", linkify=("qualitative_detail", {"pk": A("pk")}))
    company = TextColumn("Entreprise", order_by="company__search_key")
    market = TextColumn("Marché", accessor="market__reference", order_by="market__reference")
    buyer = TextColumn("Donneur d’ordre", accessor="market__buyer", order_by="market__buyer__search_key")
    due_on = DayColumn("Échéance")
    evidence = TextColumn("Justificatif", accessor=lambda row: evidence_of(row), orderable=False)

    class Meta:
        model = QualitativeCommitment
        fields = ()
        caption = "Engagements tenus, sans justificatif accepté"

    def render_evidence(self, value: tuple[str, str]) -> Any:
        return state("", *value)

    def value_evidence(self, value: tuple[str, str]) -> str:
        return value[0]


def evidence_of(row: Any) -> tuple[str, str]:
    """What was sent: words and tone."""
    if row.evidence_waits:
        return "à examiner", "wait"
    return ("refusé", "late") if row.evidence_refused else ("attendu", "watch")


class UnprovedFilter(FilterSet):
    buyer = django_filters.ModelChoiceFilter(
        label="Donneur d’ordre", queryset=scoped(Buyer), empty_label="tous", field_name="market__buyer"
    )
    year = django_filters.NumberFilter(
        label="Échéance jusqu’en", method="due_by", min_value=2000, max_value=2100
    )

    class Meta:
        model = QualitativeCommitment
        fields: list[str] = []

    def due_by(self, queryset: Any, name: str, value: Any) -> Any:
        return due_in(queryset, int(value))


class UnprovedList(ListPage):
    """What was promised beside the hours, done, and not proved: where the proofs are asked for."""

    model, table_class, filterset_class = QualitativeCommitment, UnprovedTable, UnprovedFilter
    title, export_name = "Engagements à justifier", "engagements-a-justifier"
    intro = "Les actions des grilles de suivi dont l’objectif est atteint et le justificatif manque, ou attend d’être examiné."
    empty_message = "Chaque action tenue a son justificatif\u202f: rien ne manque."

    def prepare(self, queryset: Any) -> Any:
        return queryset.unproved().select_related("company", "market__buyer").order_by("due_on", "pk")
