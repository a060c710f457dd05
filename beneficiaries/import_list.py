"""The list of imports: what was received, tried, loaded, validated or taken back."""

from __future__ import annotations

from typing import Any

import django_filters
from django_tables2 import A

from beneficiaries.enums import ImportKind, ImportState
from beneficiaries.models import DataImport
from core import formats
from core.filters import FilterSet
from core.lists import ListPage
from core.tables import HoursColumn, StateColumn, Table, TextColumn

# By the words that are shown.
TONES = {
    ImportState.RECEIVED.label: "watch",
    ImportState.CHECKED.label: "watch",
    ImportState.LOADED.label: "wait",
    ImportState.VALIDATED.label: "done",
    ImportState.TAKEN_BACK.label: "none",
}


class ImportTable(Table):
    """Imports, the newest first."""

    file_name = TextColumn("Fichier", linkify=("import_detail", {"pk": A("pk")}))
    kind = TextColumn(accessor="get_kind_display", verbose_name="Contenu", order_by="kind")
    company = TextColumn("Employeur", order_by="company__search_key")
    lines = TextColumn(accessor="pk", verbose_name="Lignes", orderable=False)
    hours = HoursColumn(accessor="pk", verbose_name="Heures", orderable=False)
    state = StateColumn(accessor="get_state_display", verbose_name="État", order_by="state", tones=TONES)
    created_by = TextColumn("Par", order_by="created_by__last_name")
    created_at = TextColumn("Reçu le")

    class Meta:
        model = DataImport
        fields = ("file_name", "kind", "company", "lines", "hours", "state", "created_by", "created_at")
        caption = "Imports"

    def render_lines(self, record: DataImport) -> str:
        return self.value_lines(record)

    def value_lines(self, record: DataImport) -> str:
        """How many lines, and how many of them wait or were refused."""
        counts = record.counts
        if "lines" not in counts:
            return "–"
        said = [formats.number(counts["lines"], 0)]
        for name, one, many in (("doubtful", "à décider", "à décider"), ("refused", "refusée", "refusées")):
            if counts.get(name):
                said.append(formats.noun(counts[name], one, many))
        return ", ".join(said)

    def render_hours(self, record: DataImport) -> str:
        hours = record.counts.get("hours")
        return formats.number(hours) if hours else "–"

    def value_hours(self, record: DataImport) -> Any:
        return record.counts.get("hours")


class ImportFilter(FilterSet):
    """Content and state."""

    kind = django_filters.ChoiceFilter(label="Contenu", choices=ImportKind.choices, empty_label="tous")
    state = django_filters.ChoiceFilter(label="État", choices=ImportState.choices, empty_label="tous")

    class Meta:
        model = DataImport
        fields: list[str] = []


class ImportList(ListPage):
    """« Imports » of « Heures »."""

    model, table_class, filterset_class = DataImport, ImportTable, ImportFilter
    title = "Imports"
    intro = (
        "Les tableaux des employeurs, des partenaires ou d’un ancien outil : essayés à blanc, chargés d’un coup, "
        "repris en entier tant qu’ils ne sont pas validés."
    )
    create_url_name, create_label = "import_create", "Importer un fichier"
    empty_message = "Les fichiers que vous importerez apparaîtront ici, avec ce que chacun a écrit."

    def prepare(self, queryset: Any) -> Any:
        return queryset.select_related("company", "created_by")
