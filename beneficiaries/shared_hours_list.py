"""Lists of globalisations and of declarations without names."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.html import format_html

from beneficiaries.models import AggregateDeclaration, Mutualisation
from core.lists import ListPage
from core.tables import A, CountColumn, DayColumn, HoursColumn, MonthColumn, Table, TextColumn
from core.templatetags.maillon import state


class MutualisationTable(Table):
    label = TextColumn(verbose_name="Globalisation", linkify=("mutualisation_detail", [A("pk")]))
    starts_on = MonthColumn(verbose_name="De")
    ends_on = MonthColumn(verbose_name="À")
    commitments = CountColumn(accessor="shares_count", verbose_name="Engagements", order_by="shares_count")
    signed_on = DayColumn(verbose_name="Signée le")
    state = TextColumn(accessor="pk", verbose_name="État", orderable=False)

    class Meta:
        model = Mutualisation
        fields = ("label", "starts_on", "ends_on", "commitments", "signed_on", "state")
        caption = "Globalisations"

    def render_state(self, record: Any) -> Any:
        return state("active", "s’applique") if _in_effect(record) else state("draft", "en préparation")

    def value_state(self, record: Any) -> str:
        return "s’applique" if _in_effect(record) else "en préparation"


def _in_effect(record: Any) -> bool:
    return bool(record.document_id and record.shares_count and not record.waiting_count)


class MutualisationList(ListPage):
    """« Globalisations »."""

    model, table_class = Mutualisation, MutualisationTable
    title, export_name = "Globalisations", "globalisations"
    intro = "Des heures travaillées sur un marché, créditées à d’autres engagements par un accord signé."
    create_url_name, create_label = "mutualisation_create", "Ajouter une globalisation"
    empty_message = "Les globalisations signées avec des donneurs d’ordre apparaîtront ici."

    def prepare(self, queryset: Any) -> Any:
        return queryset.annotate(
            shares_count=Count("shares"),
            waiting_count=Count("shares", filter=Q(shares__agreed_on__isnull=True)),
        )


class AggregateTable(Table):
    company = TextColumn(
        verbose_name="Structure",
        order_by="company__search_key",
        linkify=("company_detail", [A("company_id")]),
    )
    market = TextColumn(
        accessor="commitment__market__reference",
        verbose_name="Marché",
        order_by="commitment__market__reference",
        linkify=("market_detail", [A("commitment__market_id")]),
    )
    first_month = MonthColumn(verbose_name="De", linkify=("aggregate_edit", [A("pk")]))
    last_month = MonthColumn(verbose_name="À")
    headcount = CountColumn(verbose_name="Personnes")
    hours = HoursColumn(verbose_name="Heures", total=True)
    document = TextColumn(verbose_name="Attestation", orderable=False)
    note = TextColumn(verbose_name="Précisions", orderable=False)

    class Meta:
        model = AggregateDeclaration
        fields = ("company", "market", "first_month", "last_month", "headcount", "hours", "document", "note")
        caption = "Heures déclarées sans noms"

    def render_document(self, value: Any) -> Any:
        return format_html('<a href="{}">{}</a>', reverse("file_download", args=[value.pk]), value.name)

    def value_document(self, value: Any) -> str:
        return value.name if value else ""
