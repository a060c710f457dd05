"""The files of people and prescribers."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from beneficiaries.models import Beneficiary, EducationLevel, Prescriber, Qpv
from beneficiaries.services.people import same_person
from core import formats
from core.forms import ModelForm
from core.text import normalise
from markets.fields import CommuneFormField


class PersonForm(ModelForm):
    """Identity, residence and situation of a person."""

    commune = CommuneFormField(
        label="Commune ou arrondissement",
        help_text="Son nom ou son code INSEE\u202f; à Lyon, l’arrondissement.",
    )

    class Meta:
        model = Beneficiary
        fields = (
            "last_name",
            "first_name",
            "birth_name",
            "birth_date",
            "gender",
            "address",
            "commune",
            "qpv",
            "education",
            "prescriber",
            "email",
            "phone",
            "informed_on",
        )
        error_messages = {
            "last_name": {"required": "Indiquez le nom."},
            "first_name": {"required": "Indiquez le prénom."},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope_field(
            "prescriber", Prescriber, lambda rows: rows.filter(is_active=True).order_by("search_key", "pk")
        )
        self.fields["qpv"].queryset = Qpv.objects.filter(is_active=True)
        self.fields["education"].queryset = EducationLevel.objects.filter(is_active=True)
        if self.instance.prescriber_id and not self.instance.prescriber.is_active:
            self.fields["prescriber"].queryset |= Prescriber.objects.visible_to(self.user).filter(
                pk=self.instance.prescriber_id
            )

    def clean_last_name(self) -> str:
        return _name(self.cleaned_data["last_name"], "le nom")

    def clean_first_name(self) -> str:
        return _name(self.cleaned_data["first_name"], "le prénom")

    def clean_birth_name(self) -> str:
        return _tidy(self.cleaned_data["birth_name"])

    def clean_birth_date(self) -> Any:
        born = self.cleaned_data["birth_date"]
        if born and born > timezone.localdate():
            raise forms.ValidationError(
                f"Le {formats.day(born)} est à venir\u202f: écrivez l’année de naissance en quatre chiffres."
            )
        return born

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.errors:
            return
        existing = same_person(self.instance)
        if existing is not None:
            self.add_error(None, self.duplicate_sentence(existing))

    def duplicate_sentence(self, existing: Beneficiary) -> Any:
        """The refusal, with the way to the file that exists."""
        return format_html(
            'Une personne de ce nom née le {} existe déjà\u202f: <a href="{}">ouvrez sa fiche</a>.',
            formats.day(existing.birth_date),
            reverse("beneficiary_detail", args=[existing.pk]),
        )


class PrescriberForm(ModelForm):
    """An organisation that sends people."""

    commune = CommuneFormField()

    class Meta:
        model = Prescriber
        fields = ("name", "kind", "commune", "email", "phone", "is_active")
        error_messages = {"name": {"required": "Indiquez le nom du prescripteur."}}

    def clean_name(self) -> str:
        return _tidy(self.cleaned_data["name"])


def _tidy(text: str) -> str:
    """One writing for what looks the same: composed accents, single spaces, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _name(text: str, what: str) -> str:
    tidy = _tidy(text)
    if not normalise(tidy):
        raise forms.ValidationError(f"Indiquez {what}.")
    return tidy
