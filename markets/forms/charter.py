"""Forms of the Charte des 1000."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from core.forms import DateFormField, Form
from markets.enums import CharterAxis
from markets.forms.files import DATE_HELP, RowForm
from markets.models import CharterPledge


class PledgeForm(RowForm):
    """A pledge of a signatory company, and the day it was kept if it is."""

    beside = {"charter_done_after_signature": "done_on", "charter_due_after_signature": "due_on"}

    class Meta:
        model = CharterPledge
        fields = ("signed_on", "axis", "action", "due_on", "done_on", "note")
        help_texts = {
            "action": "Ce que l’entreprise fera, par exemple « accueillir deux stagiaires de troisième ».",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].widget.attrs["rows"] = 3
        self.fields["axis"].choices = [("", "Choisir…"), *CharterAxis.choices]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        today = timezone.localdate()
        for name, sentence in (
            ("signed_on", "La signature se date d’aujourd’hui au plus tard."),
            ("done_on", "Une action réalisée se date d’aujourd’hui au plus tard."),
        ):
            if (day := cleaned.get(name)) and day > today:
                self.add_error(name, sentence)
        return cleaned


class PledgeDoneForm(Form):
    """The day on which a pledge was kept."""

    on = DateFormField(label="Réalisée le", help_text=DATE_HELP)
