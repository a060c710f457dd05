"""Proofs: a file added, documents asked by e-mail, a reminder."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from beneficiaries.forms.eligibility import not_to_come
from beneficiaries.models import Beneficiary, EligibilityCriterion
from beneficiaries.services.criteria import criteria_on
from beneficiaries.services.proofs import DAYS_LEFT, recipients_of
from core import uploads
from core.forms import DateFormField, Form


class ProofForm(Form):
    """A file, what it proves and its date."""

    criterion: Any = forms.ModelChoiceField(
        label="Ce qu’il justifie",
        queryset=EligibilityCriterion.objects.none(),
        empty_label="choisissez un statut",
        error_messages={"required": "Dites quel statut ce document justifie."},
    )
    dated = DateFormField(label="Daté du", required=False, help_text="la date écrite sur le document")
    upload = forms.FileField(
        label="Fichier",
        max_length=200,
        help_text=uploads.HELP,
        error_messages={"required": "Choisissez le fichier.", "empty": "Ce fichier est vide."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = [row.pk for row, _ in criteria_on(timezone.localdate())]
        self.fields["criterion"].queryset = EligibilityCriterion.objects.filter(pk__in=codes)

    def clean_dated(self) -> Any:
        return not_to_come(self.cleaned_data["dated"])


class ProofRequestForm(Form):
    """Which documents, from whom, until when."""

    criteria: Any = forms.ModelMultipleChoiceField(
        label="Documents à demander",
        queryset=EligibilityCriterion.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text="le message nomme ces documents, jamais le statut",
        error_messages={"required": "Choisissez au moins un document à demander."},
    )
    to = forms.ChoiceField(
        label="À qui",
        widget=forms.RadioSelect,
        help_text="un document sensible n’est jamais demandé à un employeur",
        error_messages={"required": "Dites à qui écrire."},
    )
    due_on = DateFormField(
        label="Attendu le", error_messages={"required": "Indiquez jusqu’à quand attendre."}
    )
    message = forms.CharField(
        label="Un mot de plus",
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="lu par la personne ou par qui l’accompagne\u202f: n’y écrivez pas de motif sensible",
    )

    def __init__(self, *args: Any, beneficiary: Beneficiary, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "due_on": timezone.localdate() + dt.timedelta(days=DAYS_LEFT),
            **(kwargs.get("initial") or {}),
        }
        super().__init__(*args, **kwargs)
        found = criteria_on(timezone.localdate())
        documents = {row.pk: terms.proof or row.label for row, terms in found}
        field = self.fields["criteria"]
        field.queryset = EligibilityCriterion.objects.filter(pk__in=documents)  # type: ignore[attr-defined]
        field.label_from_instance = lambda row: f"{row.label}\u202f: {documents[row.pk]}"  # type: ignore[attr-defined]
        self.recipients = recipients_of(beneficiary)
        self.fields["to"].choices = [(row.key, row.label) for row in self.recipients]  # type: ignore[attr-defined]
        if len(self.recipients) == 1:
            self.fields["to"].initial = self.recipients[0].key

    def arguments(self) -> dict[str, Any]:
        """What `services.proofs.request_proofs` takes."""
        data = self.cleaned_data
        return {
            "criteria": list(data["criteria"]),
            "to": data["to"],
            "due_on": data["due_on"],
            "message": data["message"],
        }


class ReminderForm(Form):
    """Until when to wait again."""

    due_on = DateFormField(
        label="Attendu le", error_messages={"required": "Indiquez jusqu’à quand attendre de nouveau."}
    )
