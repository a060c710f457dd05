"""Forms of imports: the file, which column says what, the answers of a former tool's take-over."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from beneficiaries.enums import ImportKind
from beneficiaries.forms.fields import bind_fields
from beneficiaries.history_import import GRANULARITIES
from beneficiaries.import_reading import Layout, labels_of
from beneficiaries.import_words import HOURS_COLUMNS, label_of
from core.forms import Form, MonthFormField
from core.spreadsheets import SHEETS_MAX, Sheet
from markets.fields import CompanyFormField
from markets.models import Buyer

FILE_HELP = "XLSX, XLS, ODS ou CSV, 20 Mo au plus, dans la présentation de l’entreprise : vous direz ensuite quelle colonne dit quoi."


class ImportForm(Form):
    """What is in the file, whose it is."""

    kind = forms.ChoiceField(
        label="Ce que contient le fichier",
        choices=[
            (ImportKind.HOURS, "Des heures"),
            (ImportKind.PEOPLE, "Des personnes"),
            (ImportKind.TAKE_OVER, "Des années passées, reprises d’un ancien outil"),
        ],
        initial=ImportKind.HOURS,
        widget=forms.RadioSelect,
    )
    file = forms.FileField(label="Fichier", help_text=FILE_HELP)
    company = CompanyFormField(
        label="Employeur",
        required=False,
        help_text="Celui des heures : ses colonnes sont retenues pour le mois suivant. Vide : le fichier en réunit plusieurs.",
    )
    month = MonthFormField(
        label="Mois",
        required=False,
        help_text="Si ni les colonnes, ni le titre, ni le nom du fichier ne le disent.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bind_fields(self)


class SheetForm(Form):
    """Which sheet, and which line has the titles."""

    sheet = forms.TypedChoiceField(label="Feuille", coerce=int)
    header = forms.IntegerField(
        label="Ligne des titres", min_value=1, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )

    def __init__(self, *args: Any, sheets: list[Sheet], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [
            (
                index,
                f"{sheet.name or 'Fichier'}{' (masquée)' if sheet.hidden else ''}, {len(sheet.rows)} lignes",
            )
            for index, sheet in enumerate(sheets[:SHEETS_MAX])
        ]
        self.fields["sheet"].choices = names  # type: ignore[attr-defined]
        if len(sheets) == 1:
            self.fields["sheet"].widget = forms.HiddenInput()


class ColumnsForm(Form):
    """What each column of the file says."""

    all_sheets = forms.BooleanField(label="Lire toutes les feuilles qui ont ces titres", required=False)
    month = MonthFormField(label="Mois des heures qui ne le disent pas", required=False)
    buyer = forms.ModelChoiceField(
        label="Donneur d’ordre des lignes qui ne le disent pas", queryset=Buyer.objects.none(), required=False
    )
    granularity = forms.ChoiceField(
        label="Les heures de l’ancien outil sont celles",
        required=False,
        choices=[
            ("", "ce que disent les colonnes"),
            *(
                (code, f"d’un {label}" if code != "year" else "d’une année")
                for code, label in GRANULARITIES.items()
            ),
        ],
        help_text="Elles gardent cette finesse : celles d’un contrat ou d’une année sont inscrites à son premier mois.",
    )

    def __init__(self, *args: Any, layout: Layout, several: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.layout = layout
        choices = labels_of(layout.kind)
        for column in layout.columns:
            self.fields[self.name_of(column.index)] = forms.ChoiceField(
                label=column.title[:80], required=False, choices=choices, initial=column.says
            )
        if not several:
            del self.fields["all_sheets"]
        if layout.kind == ImportKind.PEOPLE:
            del self.fields["month"]
        if layout.kind == ImportKind.TAKE_OVER:
            self.scope_field("buyer", Buyer)
        else:
            del self.fields["buyer"], self.fields["granularity"]

    @staticmethod
    def name_of(index: int) -> str:
        return f"c_{index}"

    @property
    def others(self) -> list[Any]:
        """The fields that are no column's."""
        return [self[name] for name in self.fields if not name.startswith("c_")]

    @property
    def says(self) -> dict[int, str]:
        return {
            column.index: self.cleaned_data[self.name_of(column.index)]
            for column in self.layout.columns
            if self.cleaned_data.get(self.name_of(column.index))
        }

    @property
    def options(self) -> dict[str, Any]:
        found: dict[str, Any] = {"all_sheets": self.cleaned_data.get("all_sheets", False)}
        if self.layout.kind == ImportKind.TAKE_OVER:
            buyer = self.cleaned_data.get("buyer")
            found |= {
                "buyer": buyer.pk if buyer else None,
                "granularity": self.cleaned_data.get("granularity", ""),
            }
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        used: dict[str, str] = {}
        for column in self.layout.columns:
            name = cleaned.get(self.name_of(column.index))
            # Several columns may hold hours: one a month, one a kind.
            if not name or name in HOURS_COLUMNS:
                continue
            if name in used:
                self.add_error(
                    self.name_of(column.index),
                    ValidationError(
                        f"« {label_of(self.layout.kind, name)} » est déjà la colonne « {used[name]} »."
                    ),
                )
            used[name] = column.title[:40]
        return cleaned
