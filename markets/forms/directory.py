"""Forms of the directory: the file to load, the closing of what vanished."""

from __future__ import annotations

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from core.forms import DateFormField, Form
from markets.forms.files import DATE_HELP


class DirectoryFileForm(Form):
    """A list of structures."""

    file = forms.FileField(
        label="Liste de structures (CSV, XLSX, ODS ou JSON)",
        help_text="Liste des SIAE de l’ASP, des GEIQ labellisés, des ESAT de FINESS, ou tout tableau avec les colonnes "
        "SIRET, Raison sociale, Type, et si possible Adresse, Code postal, Commune, Téléphone, Courriel, Secteurs.",
    )
    departments = forms.CharField(
        label="Départements à garder",
        required=False,
        max_length=200,
        help_text="Par exemple 69, 01, 38. Sans rien, toute la liste est prise.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_departments(self) -> list[str]:
        codes = [code for code in re.split(r"[\s,;]+", self.cleaned_data["departments"].upper()) if code]
        codes = [code.zfill(2) for code in codes]
        for code in codes:
            if not re.fullmatch(r"\d\d|2[AB]|97\d|98\d", code):
                raise ValidationError(f"« {code} » n’est pas un département. Écrivez par exemple 69, 01, 38.")
        return codes


class CloseMissingForm(Form):
    """Whether the kinds that a newer list no longer has are closed, and when."""

    close_missing = forms.BooleanField(
        label="Fermer les natures qui ne figurent plus dans cette liste", required=False
    )
    close_on = DateFormField(label="À la date du", required=False, help_text=DATE_HELP)

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("close_missing"):
            day = cleaned.get("close_on")
            if day is None and "close_on" not in self.errors:
                self.add_error("close_on", "Dites à quelle date ces natures se ferment.")
            elif day and day > timezone.localdate():
                self.add_error("close_on", "Une nature se ferme aujourd’hui au plus tard.")
        return cleaned
