"""The notice on personal data: a new text from a day on, and its hand-over to a person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from beneficiaries.forms.eligibility import not_to_come
from core.forms import DateFormField, Form


class NoticeForm(Form):
    """The text of the notice, from a day on."""

    in_force_from = DateFormField(
        label="À partir du", error_messages={"required": "Indiquez à partir de quel jour."}
    )
    text = forms.CharField(
        label="Texte",
        max_length=20_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 24}),
        help_text="une ligne qui commence par # est un titre, une ligne vide sépare deux paragraphes\u202f; "
        "{maison}, {adresse} et {contact} prennent les valeurs de la maison",
        error_messages={"required": "Écrivez le texte de la notice."},
    )


class HandOverForm(Form):
    """The day on which a person was given the notice."""

    informed_on = DateFormField(
        label="Remise le", error_messages={"required": "Indiquez le jour de la remise."}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"informed_on": timezone.localdate(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)

    def clean_informed_on(self) -> Any:
        return not_to_come(self.cleaned_data["informed_on"])
