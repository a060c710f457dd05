"""Forms of the portraits of paths."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from beneficiaries.forms.fields import LookupField, bind_fields
from core.forms import DateFormField, Form
from reporting.portraits import TEXT_MAX


class PersonForm(Form):
    """Whose path is told."""

    person = LookupField(
        "person",
        label="Personne",
        help_text="le nom et le prénom, dans n’importe quel ordre ; une personne qui a des heures dans ce bilan",
        error_messages={"required": "Indiquez la personne."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bind_fields(self)


class PortraitForm(Form):
    """The text of a portrait."""

    text = forms.CharField(
        label="Récit",
        max_length=TEXT_MAX,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "true"}),
        help_text="Ni nom, ni prénom, ni année de naissance, ni nom d’employeur, ni lieu ni date qui ferait reconnaître la personne.",
        error_messages={"required": "Écrivez le récit : quelques phrases suffisent."},
    )


class ConsentForm(Form):
    """The day on which the person agreed, and the paper that was signed."""

    on = DateFormField(label="Accord donné le", error_messages={"required": "Indiquez le jour de l’accord."})
    upload = forms.FileField(
        label="Accord signé",
        required=False,
        max_length=200,
        help_text="PDF, JPEG ou PNG, 20 Mo au plus.",
        error_messages={"empty": "Ce fichier est vide."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"on": timezone.localdate()})
        super().__init__(*args, **kwargs)


class WithdrawForm(Form):
    """The day on which the person withdrew."""

    on = DateFormField(label="Accord retiré le", error_messages={"required": "Indiquez le jour du retrait."})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"on": timezone.localdate()})
        super().__init__(*args, **kwargs)
