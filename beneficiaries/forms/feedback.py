"""A feedback to the referrer: progress, obstacles, next steps."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from beneficiaries.models import ReferrerFeedback
from core.forms import ModelForm

TEXT_MAX = 4_000
TEXTS = ("progress", "obstacles", "next_steps")


class FeedbackForm(ModelForm):
    class Meta:
        model = ReferrerFeedback
        fields = ("moment", *TEXTS, "email")
        widgets = {name: forms.Textarea(attrs={"rows": 4, "maxlength": TEXT_MAX}) for name in TEXTS}
        help_texts = {
            "email": "sans adresse, le retour est gardé dans la fiche et ne part pas",
            "obstacles": "ce qui peut être travaillé\u202f: mobilité, garde, savoir de base…",
        }
        error_messages = {"moment": {"required": "Dites à quel moment du parcours."}}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in TEXTS:
            if len(cleaned.get(name) or "") > TEXT_MAX:
                self.add_error(name, f"Ce texte dépasse {TEXT_MAX} caractères\u202f: raccourcissez-le.")
        if not self.errors and not any((cleaned.get(name) or "").strip() for name in TEXTS):
            raise ValidationError("Écrivez au moins un progrès, un frein ou une suite.")
        return cleaned
