"""To whom an e-mail goes: the addresses that are known of a company, and those typed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from core import formats
from core.forms import Form


class RecipientsForm(Form):
    """Known addresses to tick, others to type; `cleaned_data["addresses"]` holds them all."""

    recipients = forms.MultipleChoiceField(
        label="Destinataires", required=False, widget=forms.CheckboxSelectMultiple
    )
    others = forms.CharField(
        label="Autres adresses",
        required=False,
        max_length=1_000,
        help_text="adresses électroniques séparées par des virgules",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    # How many addresses, and what is sent to them (« Une liste »).
    recipients_max: int
    parcel: str

    def offer_addresses(self, known: Sequence[tuple[str, str]]) -> None:
        """Let the known addresses be ticked; where there is none, one must be typed."""
        if known:
            self.fields["recipients"].choices = known  # type: ignore[attr-defined]
            return
        del self.fields["recipients"]
        self.fields["others"].label = "Adresses"
        self.fields[
            "others"
        ].help_text = "Adresses électroniques séparées par des virgules\u202f: la fiche de cette entreprise n’en a aucune."

    def clean_others(self) -> list[str]:
        addresses = [part for part in re.split(r"[\s,;]+", self.cleaned_data["others"]) if part]
        for address in addresses:
            try:
                validate_email(address)
            except ValidationError as error:
                raise ValidationError(
                    f"«\u202f{formats.short(address, 60)}\u202f» n’est pas une adresse électronique."
                ) from error
        return addresses

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        addresses = [*(cleaned.get("recipients") or []), *(cleaned.get("others") or [])]
        if not addresses and not self.errors:
            self.add_error(
                "recipients" if "recipients" in self.fields else "others",
                "Choisissez au moins un destinataire, ou écrivez une adresse.",
            )
        if len(addresses) > self.recipients_max:
            self.add_error("others", f"{self.parcel} part à {self.recipients_max} adresses au plus.")
        cleaned["addresses"] = addresses
        return cleaned
