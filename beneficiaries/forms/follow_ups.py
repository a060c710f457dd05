"""Notes about a person, and which of two files' values stay when they are made one."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.utils import timezone

from beneficiaries.enums import FollowUpKind
from beneficiaries.models import Beneficiary, FollowUp
from beneficiaries.services.merging import CHOICES, Choice, differing, is_blank, values_of
from core import formats
from core.forms import Form, ModelForm

# Longer than anyone writes; a pasted file is refused with a sentence.
LONGEST_NOTE = 10_000


class FollowUpForm(ModelForm):
    """A note: its nature, its day, its text."""

    text = forms.CharField(
        label="Note",
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "required": "Écrivez la note.",
            "max_length": "Cette note est trop longue\u202f: 10 000 signes au plus.",
        },
    )

    class Meta:
        model = FollowUp
        fields = ("kind", "happened_on", "text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = FollowUpKind.choices
        if self.instance.pk is None:
            self.initial["happened_on"] = timezone.localdate()

    def clean_happened_on(self) -> Any:
        day = self.cleaned_data["happened_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(
                f"Le {formats.day(day)} est à venir\u202f: une note dit ce qui a eu lieu. "
                "Ce qui reste à faire se note en échéance."
            )
        return day


def written(person: Beneficiary, choice: Choice) -> str:
    """A value as the merge screen shows it."""
    if choice.name == "birth_date":
        return formats.day(person.birth_date) if person.birth_date else ""
    if choice.name == "informed_on":
        return formats.day(person.informed_on) if person.informed_on else ""
    if choice.name == "gender":
        return person.get_gender_display()
    if choice.name == "residence":
        qpv = f"QPV {person.qpv} ({person.residence_vintage})" if person.qpv else ""
        return ", ".join(part for part in (person.address, str(person.commune or ""), qpv) if part)
    if choice.name == "prescriber":
        return ", ".join(str(part) for part in (person.prescriber, person.referrer) if part)
    return str(getattr(person, choice.fields[0]) or "")


class MergeForm(Form):
    """For each thing that two files say differently, which of the two is kept."""

    def __init__(self, *args: Any, kept: Beneficiary, merged: Beneficiary, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept, self.merged = kept, merged
        self.choices = differing(kept, merged)
        for choice in self.choices:
            self.fields[choice.name] = forms.ChoiceField(
                label=choice.label,
                choices=[("kept", written(kept, choice)), ("merged", written(merged, choice))],
                initial="merged" if is_blank(kept, choice) else "kept",
                error_messages={
                    "required": "Choisissez ce qui reste.",
                    "invalid_choice": "Choisissez ce qui reste.",
                },
            )
        self.fields["reason"] = forms.CharField(
            label="Motif",
            required=False,
            max_length=300,
            help_text="Par exemple\u202f: faute de frappe à la saisie.",
        )
        self.fields["seen"] = forms.CharField(widget=forms.HiddenInput, initial=self.seen())

    def seen(self) -> str:
        """What the two files said when the screen was opened, in short."""
        said = repr([(values_of(self.kept, choice), values_of(self.merged, choice)) for choice in CHOICES])
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def clean_seen(self) -> str:
        if self.cleaned_data["seen"] != self.seen():
            self.data = {**self.data.dict(), "seen": self.seen()}
            raise forms.ValidationError(
                "L’une des deux fiches a été modifiée entre-temps\u202f: relisez les choix avant de réunir."
            )
        return self.cleaned_data["seen"]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Every line of the screen: what the two files say, and the field to choose where they differ."""
        rows = []
        for choice in CHOICES:
            kept, merged = written(self.kept, choice), written(self.merged, choice)
            if choice in self.choices:
                bound = self[choice.name]
                rows.append(
                    {
                        "label": choice.label,
                        "field": bound,
                        "kept": kept,
                        "merged": merged,
                        "value": bound.value(),
                    }
                )
            elif kept or merged:
                rows.append(
                    {"label": choice.label, "field": None, "kept": kept, "merged": merged, "value": ""}
                )
        return rows

    @property
    def taken(self) -> list[str]:
        return [choice.name for choice in self.choices if self.cleaned_data[choice.name] == "merged"]
