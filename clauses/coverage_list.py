"""« Contrats publiés »: contracts of our buyers in the DECP, followed here, to look at, or left with a reason."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import django_filters
from django import forms
from django.db.models import Case, Count, IntegerField, Sum, TextField, Value, When
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from clauses.coverage_words import CONSIDERATIONS, announced, why
from clauses.decp import family_of
from clauses.enums import CoverageState
from clauses.models import PublishedContract
from core import formats
from core.dates import add_months
from core.filters import FilterSet, scoped
from core.lists import ListPage
from core.tables import AmountColumn, DayColumn, StateColumn, Table, TextColumn
from markets.models import Buyer, Market, Responsibility

TONES = {CoverageState.TO_LOOK: "wait", CoverageState.FOLLOWED: "good", CoverageState.LEFT: "done"}
NONE = "none"


class CoverageTable(Table):
    number = TextColumn("Contrat")
    buyer = TextColumn("Donneur d’ordre", order_by="buyer__search_key")
    object = TextColumn("Objet", orderable=False)
    notified_on = DayColumn("Notifié le")
    amount = AmountColumn("Montant", total=True)
    considerations = TextColumn("Considérations", accessor=lambda row: announced(row.considerations))
    state = StateColumn("État", tones=TONES)
    why = TextColumn("Pourquoi il est là", accessor=why)
    gestures = TextColumn("Agir", accessor=lambda row: row.pk, exclude_from_export=True)

    class Meta:
        model = PublishedContract
        fields = ()
        caption = "Contrats publiés par nos donneurs d’ordre"

    def render_object(self, value: str) -> str:
        return formats.short(value, 90)

    def render_gestures(self, record: Any) -> Any:
        lines = format_html_join(mark_safe("<br>"), '<a href="{}">{}</a>', gestures_of(record))
        return format_html("<span>{}</span>", lines)


def gestures_of(row: Any) -> list[tuple[str, str]]:
    """The address and the words of each gesture that a contract waits for."""
    if row.state != CoverageState.TO_LOOK:
        if row.decided_at:
            return [(reverse("coverage_undo", args=[row.pk]), "Revenir en arrière")]
        return [(reverse("market_detail", args=[row.market_id]), "Voir le marché")] if row.market_id else []
    return [
        (reverse("coverage_match", args=[row.pk]), "C’est ce marché"),
        (open_url(row), "L’ouvrir ici"),
        (reverse("coverage_leave", args=[row.pk]), "Laisser de côté"),
    ]


def open_url(row: Any) -> str:
    """The lots of the market that has this number here, else the form of a market, filled with what is published."""
    if getattr(row, "same_number", None):
        return reverse("market_lots", args=[row.same_number])
    is_concession = "concession_reserved" in row.considerations
    known = {
        "acheteur": row.buyer_id,
        "reference": row.number,
        "decp": row.number,
        "objet": row.object,
        "cpv": row.cpv,
        "famille": family_of(row.cpv, "concession" if is_concession else "market"),
        "nature": "concession" if is_concession else "",
        "montant": row.amount,
        "notifie": row.notified_on,
        "fin": add_months(row.notified_on, row.months) if row.notified_on and row.months else None,
    }
    return f"{reverse('market_create')}?{urlencode({key: value for key, value in known.items() if value})}"


class CoverageFilter(FilterSet):
    buyer = django_filters.ModelChoiceFilter(
        label="Donneur d’ordre", queryset=scoped(Buyer), empty_label="tous"
    )
    state = django_filters.ChoiceFilter(label="État", choices=CoverageState.choices, empty_label="tous")
    consideration = django_filters.ChoiceFilter(
        label="Considération",
        method="announcing",
        empty_label="toutes",
        choices=[(code, label) for code, (_words, label) in CONSIDERATIONS.items()] + [(NONE, "Aucune")],
    )
    year = django_filters.NumberFilter(
        label="Notifié en", field_name="notified_on", lookup_expr="year", min_value=1950, max_value=2100
    )
    due = django_filters.BooleanFilter(
        label="Obligation sans considération", method="due_without", widget=forms.CheckboxInput
    )
    mine = django_filters.BooleanFilter(
        label="Mes donneurs d’ordre", method="of_mine", widget=forms.CheckboxInput
    )

    class Meta:
        model = PublishedContract
        fields: list[str] = []

    def announcing(self, queryset: Any, name: str, value: str) -> Any:
        if value == NONE:
            return queryset.filter(considerations=[])
        # The codes are plain words, which every database writes alike.
        return queryset.annotate(codes=Cast("considerations", TextField())).filter(
            codes__contains=f'"{value}"'
        )

    def due_without(self, queryset: Any, name: str, value: bool) -> Any:
        return queryset.filter(is_due=True, considerations=[]) if value else queryset

    def of_mine(self, queryset: Any, name: str, value: bool) -> Any:
        return queryset.filter(buyer__in=buyers_of(self.request.user)) if value else queryset


def buyers_of(user: Any) -> Any:
    """The buyers that `user` answers for today, holder or stand-in."""
    held = Responsibility.objects.held_by(user, timezone.localdate())
    return held.filter(buyer__isnull=False).values("buyer")


class CoverageList(ListPage):
    """What waits for a look first, the latest notified first."""

    model, table_class, filterset_class = PublishedContract, CoverageTable, CoverageFilter
    title, export_name = "Contrats publiés", "contrats-publies"
    intro = (
        "Les contrats de nos donneurs d’ordre publiés dans les données essentielles (DECP) avec une considération sociale, "
        "ou au-dessus du seuil de l’obligation sans en porter."
    )
    template_name = "clauses/coverage_list.html"
    empty_message = "Déposez un fichier DECP : les contrats de vos donneurs d’ordre seront ici."

    def prepare(self, queryset: Any) -> Any:
        first = Case(
            When(state=CoverageState.TO_LOOK, then=Value(0)), default=Value(1), output_field=IntegerField()
        )
        rows = queryset.select_related("buyer", "market").annotate(rank=first)
        return rows.order_by("rank", "-notified_on", "pk")

    def finish(self, rows: list[Any]) -> list[Any]:
        """The market that already has the number of a contract here, though not its lot: one query."""
        user: Any = self.request.user
        found = Market.objects.visible_to(user).filter(
            buyer__in={row.buyer_id for row in rows}, reference__in={row.number for row in rows}
        )
        markets = {(buyer, number): pk for pk, buyer, number in found.values_list("pk", "buyer", "reference")}
        for row in rows:
            row.same_number = markets.get((row.buyer_id, row.number))
        return rows

    def extra_context(self) -> dict[str, Any]:
        rows = self.filterset.qs if self.filterset and self.filterset.is_valid() else self.get_queryset()
        found = (
            rows.exclude(state=CoverageState.FOLLOWED)
            .order_by()
            .aggregate(number=Count("pk"), amount=Sum("amount"))
        )
        return {
            "unfollowed": found["number"],
            "unfollowed_amount": found["amount"] or Decimal(0),
            "drop_url": reverse("coverage_drop"),
        }
