"""Forms of a campaign: its year, its day, who writes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from core.forms import DateFormField, Form


class CampaignForm(Form):
    """Which year, until when."""

    year = forms.TypedChoiceField(label="Année", coerce=int)
    due_on = DateFormField(
        label="Bilans à remettre avant le",
        required=False,
        help_text="L’échéance de chaque brouillon, dans ce qui attend qui l’écrit. Par exemple 31/03/2026.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        year = timezone.localdate().year
        self.fields["year"].choices = [(y, str(y)) for y in range(year, year - 8, -1)]  # type: ignore[attr-defined]
        self.fields["year"].initial = year - 1


class DueDateForm(Form):
    """Until when."""

    due_on = DateFormField(
        label="Bilans à remettre avant le",
        required=False,
        help_text="Les brouillons que quelqu’un écrit déjà prennent aussi cette échéance.",
    )
