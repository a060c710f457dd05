"""Situations after a path: one answer, the answers of a list, the question of a link."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from beneficiaries.enums import SITUATION_GROUPS, OutcomeSource, Situation
from beneficiaries.services.outcome_links import NOT_FOR_LINKS
from core.forms import DateFormField, Form
from markets.fields import CompanyFormField

# One key chooses each: a select box goes to the words that begin with it.
KEYS = "123456789abc"
KEYED = [(value, f"{key} · {label}") for key, (value, label) in zip(KEYS, Situation.choices, strict=True)]
YES_NO = [("", "non renseigné"), ("oui", "oui"), ("non", "non")]
# What a person reads of themselves, in their own words.
OWN_WORDS = {
    Situation.CDI: "Je travaille, en CDI",
    Situation.CDD_LONG: "Je travaille, en CDD de 6 mois ou plus",
    Situation.CDD_SHORT: "Je travaille, en CDD de moins de 6 mois",
    Situation.INTERIM: "Je travaille en intérim",
    Situation.SIAE: "Je travaille dans une structure d’insertion",
    Situation.BUSINESS: "J’ai créé mon activité",
    Situation.ALTERNANCE: "Je suis en apprentissage ou en contrat de professionnalisation",
    Situation.TRAINING: "Je suis en formation",
    Situation.SEEKING: "Je cherche un emploi",
    Situation.INACTIVE: "Je ne travaille pas et je ne cherche pas d’emploi",
}


def grouped_situations() -> list[Any]:
    return [
        ("", "à choisir"),
        *(
            (str(group.label).capitalize(), [(value.value, value.label) for value in situations])
            for group, situations in SITUATION_GROUPS.items()
        ),
    ]


class OutcomeForm(Form):
    """Where someone stands, who said it, and when."""

    situation = forms.ChoiceField(
        label="Situation",
        choices=grouped_situations,
        error_messages={"required": "Choisissez une situation."},
    )
    hired_by_awardee = forms.ChoiceField(
        label="Embauche par l’attributaire du marché", choices=YES_NO, required=False
    )
    employer = CompanyFormField(
        label="Employeur",
        required=False,
        help_text="s’il a sa fiche dans Maillon\u202f: son nom ou son SIRET",
    )
    source = forms.ChoiceField(label="Dite par", choices=OutcomeSource.choices, initial=OutcomeSource.HOUSE)
    recorded_on = DateFormField(label="Recueillie le", required=False, help_text="vide, aujourd’hui")
    note = forms.CharField(label="Précisions", max_length=300, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["employer"].scope(self.user)  # type: ignore[attr-defined]

    def clean_hired_by_awardee(self) -> bool | None:
        return {"oui": True, "non": False}.get(self.cleaned_data["hired_by_awardee"])

    def clean_recorded_on(self) -> Any:
        return self.cleaned_data["recorded_on"] or timezone.localdate()


class OutcomeAnswerForm(forms.Form):
    """The one question of a link."""

    def __init__(self, *args: Any, is_person: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = OWN_WORDS if is_person else {value: value.label for value in OWN_WORDS}
        self.fields["situation"] = forms.ChoiceField(
            label="Votre situation aujourd’hui" if is_person else "Sa situation aujourd’hui",
            choices=[(value.value, label) for value, label in words.items() if value not in NOT_FOR_LINKS],
            widget=forms.RadioSelect,
            error_messages={
                "required": "Choisissez une réponse.",
                "invalid_choice": "Choisissez une réponse de la liste.",
            },
        )
