"""What a partner writes without an account: up to three people at once, or that there is nobody."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from beneficiaries.services.offer_replies import AT_ONCE, Candidate
from core import formats
from core.forms import DateFormField
from core.text import normalise

NAME_MAX, TEXT_MAX, NOTE_MAX = 100, 1_000, 300


class CandidateForm(forms.Form):
    """Someone whom a partner proposes."""

    last_name = forms.CharField(
        label="Nom", max_length=NAME_MAX, error_messages={"required": "Indiquez le nom."}
    )
    first_name = forms.CharField(
        label="Prénom", max_length=NAME_MAX, error_messages={"required": "Indiquez le prénom."}
    )
    birth_date = DateFormField(label="Date de naissance", required=False)
    phone = forms.CharField(label="Téléphone", max_length=30, required=False)
    email = forms.EmailField(label="Adresse électronique", max_length=254, required=False)
    message = forms.CharField(
        label="Expérience, disponibilité, mobilité",
        required=False,
        max_length=TEXT_MAX,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": TEXT_MAX}),
        help_text="Pas de donnée de santé ni de justice\u202f: la maison en parlera avec la personne.",
    )
    referrer_name = forms.CharField(label="Son référent ou sa référente", max_length=200, required=False)
    referrer_email = forms.EmailField(label="Adresse du référent", max_length=254, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # Whoever answers types about someone else.
            field.widget.attrs["autocomplete"] = "off"

    def clean_last_name(self) -> str:
        return _name(self.cleaned_data["last_name"], "le nom")

    def clean_first_name(self) -> str:
        return _name(self.cleaned_data["first_name"], "le prénom")

    def clean_birth_date(self) -> Any:
        born = self.cleaned_data["birth_date"]
        if born and born > timezone.localdate():
            raise ValidationError(
                f"Le {formats.day(born)} est à venir\u202f: écrivez l’année de naissance en quatre chiffres."
            )
        return born

    def candidate(self) -> Candidate:
        data = self.cleaned_data
        return Candidate(**{name: data[name] for name in self.fields})


def _name(text: str, what: str) -> str:
    tidy = " ".join(text.split())
    if not any(letter.isalpha() for letter in normalise(tidy)):
        raise ValidationError(f"Indiquez {what}.")
    return tidy


class InformedForm(forms.Form):
    """Those who are proposed know it: nothing is sent without."""

    informed = forms.BooleanField(
        label="Chaque personne proposée sait que je transmets ces informations et l’accepte.",
        error_messages={
            "required": "Cochez cette case\u202f: une personne ne peut pas être proposée sans le savoir."
        },
    )


class NobodyForm(forms.Form):
    """« Pas de candidat »."""

    note = forms.CharField(
        label="Une précision pour la maison",
        required=False,
        max_length=NOTE_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ReplyForms:
    """The forms of one answer: one person is asked, the others may stay empty."""

    def __init__(self, data: Any = None) -> None:
        self.candidates = [
            CandidateForm(
                data,
                prefix=f"p{number}",
                empty_permitted=number > 0,
                use_required_attribute=False,
            )
            for number in range(AT_ONCE)
        ]
        self.informed = InformedForm(data, use_required_attribute=False)

    @property
    def first(self) -> CandidateForm:
        return self.candidates[0]

    @property
    def others(self) -> list[CandidateForm]:
        return self.candidates[1:]

    @property
    def others_are_used(self) -> bool:
        return any(form.is_bound and form.has_changed() for form in self.others)

    def is_valid(self) -> bool:
        # Each one says what is wrong: no short cut.
        answers = [form.is_valid() for form in (*self.candidates, self.informed)]
        return all(answers)

    def given(self) -> list[Candidate]:
        return [form.candidate() for form in self.candidates if form.has_changed()]
