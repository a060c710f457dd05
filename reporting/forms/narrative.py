"""Form of one section of the text of a bilan."""

from __future__ import annotations

from typing import Any

from django import forms

from core.forms import Form
from reporting.models import Bilan
from reporting.narrative import SECTIONS, TEXT_MAX


class NarrativeForm(Form):
    """One section of the text."""

    text = forms.CharField(
        label="Texte",
        required=False,
        max_length=TEXT_MAX,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "true"}),
        help_text="**gras**, *italique*, « - » pour une liste, « ### » pour un intertitre. Jamais de nom de personne.",
    )
    seen_version = forms.IntegerField(widget=forms.HiddenInput)
    # Sentences that went through the editor, as they were signed.
    taken = forms.CharField(required=False, max_length=100_000, widget=forms.HiddenInput)

    def __init__(self, *args: Any, bilan: Bilan, section: str, **kwargs: Any) -> None:
        kwargs.setdefault(
            "initial", {"text": bilan.narrative.get(section, ""), "seen_version": bilan.edit_version}
        )
        super().__init__(*args, **kwargs)
        self.fields["text"].label = SECTIONS[section][0]

    def clean_taken(self) -> list[str]:
        return self.cleaned_data["taken"].split()
