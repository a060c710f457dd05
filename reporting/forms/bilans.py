"""Forms of the bilans."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from core.forms import Form, MonthFormField
from markets.models import Buyer


class StartBilanForm(Form):
    """Whose bilan, of which year."""

    buyer = forms.ModelChoiceField(Buyer.objects.none(), label="Donneur d’ordre")
    year = forms.TypedChoiceField(label="Année", coerce=int)
    rectification_reason = forms.CharField(
        label="Motif de la rectification",
        required=False,
        max_length=300,
        help_text="à remplir si un bilan de cette année est déjà publié : ce qui change, et pourquoi",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope_field("buyer", Buyer)
        year = timezone.localdate().year
        self.fields["year"].choices = [(y, str(y)) for y in range(year, year - 8, -1)]  # type: ignore[attr-defined]
        self.fields["year"].initial = year - 1


class FinalBilanForm(Form):
    """The reason of a rectified version of a final bilan."""

    rectification_reason = forms.CharField(
        label="Motif de la rectification", max_length=300, help_text="Ce qui change, et pourquoi."
    )


class ProgressForm(Form):
    """Which months a point d’étape looks at."""

    first = MonthFormField(label="Premier mois", help_text="Par exemple 03/2025 ou mars 2025.")
    last = MonthFormField(label="Dernier mois", help_text="Compris : tout le mois est compté.")
