"""Privacy: how long files are kept, what a run applies, why a file comes back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from beneficiaries.models import RetentionRules
from beneficiaries.services.retention import FILES, Plan
from core import formats
from core.forms import Form, ModelForm

# Longer than a life of work: a figure typed with one digit too many.
MONTHS_MAX = 600


class RetentionRulesForm(ModelForm):
    """The lengths that hold from a day on."""

    class Meta:
        model = RetentionRules
        fields = ("in_force_from", "active_months", "proof_months", "anonymise_months", "note")
        help_texts = {
            "active_months": "mois après le dernier contact\u202f; ensuite, archive restreinte",
            "proof_months": "mois après la clôture du dernier marché de la personne, ou après le dernier contact sans marché",
            "anonymise_months": "mois après la même date\u202f; jamais avant l’effacement des justificatifs",
        }
        error_messages = {"in_force_from": {"required": "Indiquez le premier jour de ces durées."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("active_months", "proof_months", "anonymise_months"):
            self.fields[name].widget.attrs["max"] = MONTHS_MAX
            self.fields[name].label = f"{self.fields[name].label} (mois)"
        if self.instance.pk:
            self.fields["in_force_from"].disabled = True

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name in ("active_months", "proof_months", "anonymise_months"):
            months = data.get(name)
            if months is not None and not 1 <= months <= MONTHS_MAX:
                self.add_error(name, f"Donnez un nombre de mois entre 1 et {MONTHS_MAX}.")
        proofs, bare = data.get("proof_months"), data.get("anonymise_months")
        if proofs and bare and bare < proofs:
            self.add_error(
                "anonymise_months", "L’anonymisation ne précède pas l’effacement des justificatifs."
            )
        day = data.get("in_force_from")
        if day and not self.instance.pk and day < timezone.localdate():
            self.add_error(
                "in_force_from", "De nouvelles durées valent à partir d’aujourd’hui ou d’un jour à venir."
            )
        return data


class RunForm(Form):
    """Which steps are applied now; those with nothing to do are not offered."""

    parts = forms.MultipleChoiceField(
        label="Ce qui est fait maintenant",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choisissez au moins une étape à appliquer.",
            "invalid_choice": "Cette étape n’est plus à faire aujourd’hui\u202f: choisissez parmi celles qui restent.",
        },
    )

    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parts"].choices = [
            (part, f"{label} ({formats.noun(plan.count(part), 'fiche' if part != FILES else 'élément')})")
            for part, label in PART_LABELS.items()
            if plan.count(part)
        ]


PART_LABELS = {
    "archived": "mettre en archive restreinte",
    "proofs_erased": "effacer les justificatifs",
    "anonymised": "anonymiser",
    FILES: "effacer les fichiers d’import, les justificatifs d’heures et les candidatures sans fiche",
}


class RestoreForm(Form):
    """Why a file leaves the archive."""

    reason = forms.CharField(
        label="Pourquoi la fiche est rouverte",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="gardé comme note de suivi, à la date d’aujourd’hui",
        error_messages={"required": "Dites pourquoi la fiche est rouverte."},
    )
