"""Forms that open the bilan of the territory, or that of a reserved market: which year."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from core.forms import Form
from markets.models import Market

YEARS_BACK = 8


class YearlyBilanForm(Form):
    """A year, and why where its bilan is published already."""

    year = forms.TypedChoiceField(label="Année", coerce=int)
    rectification_reason = forms.CharField(
        label="Motif de la rectification",
        required=False,
        max_length=300,
        help_text="à remplir si le bilan de cette année est déjà publié : ce qui change, et pourquoi",
    )

    def __init__(self, *args: Any, market: Market | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate().year
        first, last = today - YEARS_BACK + 1, today
        if market is not None:
            # Only the years of its life; the service says why the others are not.
            first = market.begins_on.year if market.begins_on else first
            last = min(last, market.closed_on.year) if market.closed_on else last
        years = range(max(first, last) if last < first else last, min(first, last) - 1, -1)
        self.fields["year"].choices = [(year, str(year)) for year in years]  # type: ignore[attr-defined]
        self.fields["year"].initial = max(min(today - 1, last), min(first, last))
