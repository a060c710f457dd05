"""The files of people and prescribers."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from beneficiaries.forms.fields import LookupField, bind_fields
from beneficiaries.models import Beneficiary, EducationLevel, Prescriber, Qpv, Referrer
from beneficiaries.services.people import same_person
from core import formats
from core.forms import Form, ModelForm
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
            "referrer",
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
        # A neighbourhood that is no more stays with those who live there, and is offered to nobody else.
        self.fields["qpv"].queryset = Qpv.objects.filter(Q(is_active=True) | Q(pk=self.instance.qpv_id))
        self.fields["qpv"].label_from_instance = self._qpv_label
        held = Q(pk=self.instance.referrer_id)
        active = Q(is_active=True, prescriber__is_active=True)
        self.scope_field(
            "referrer",
            Referrer,
            lambda rows: (
                rows.filter(active | held)
                .select_related("prescriber")
                .order_by("prescriber__search_key", "search_key", "pk")
            ),
        )
        self.fields["referrer"].label_from_instance = referrer_label
        self.fields[
            "referrer"
        ].help_text = "Parmi ceux du prescripteur choisi\u202f; sa page permet d’en ajouter."
        self.fields["prescriber"].widget.attrs |= {
            "hx-get": reverse("referrer_options"),
            "hx-target": "#id_referrer",
            "hx-include": "#id_referrer",
            "hx-trigger": "change",
        }
        self.fields["education"].queryset = EducationLevel.objects.filter(is_active=True)
        if self.instance.prescriber_id and not self.instance.prescriber.is_active:
            self.fields["prescriber"].queryset |= Prescriber.objects.visible_to(self.user).filter(
                pk=self.instance.prescriber_id
            )

    def _qpv_label(self, qpv: Qpv) -> str:
        mine = qpv.pk == self.instance.qpv_id and self.instance.qpv_vintage
        return f"{qpv.label} ({mine or qpv.vintage})"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        referrer, prescriber = data.get("referrer"), data.get("prescriber")
        if referrer and prescriber is None:
            data["prescriber"] = referrer.prescriber
        elif referrer and referrer.prescriber_id != prescriber.pk:
            self.add_error(
                "referrer",
                f"{referrer} suit des personnes pour {referrer.prescriber}, pas pour {prescriber}\u202f: "
                "choisissez l’un ou l’autre.",
            )
        return data

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
        """The refusal, with the way to the file that exists, where the user may open it."""
        if not Beneficiary.objects.visible_to(self.user).filter(pk=existing.pk).exists():
            return (
                f"Une personne de ce nom née le {formats.day(existing.birth_date)} a une fiche en archive restreinte\u202f: "
                "demandez à la rouvrir à un·e administrateur·rice de la maison."
            )
        return format_html(
            'Une personne de ce nom née le {} existe déjà\u202f: <a href="{}">ouvrez sa fiche</a>.',
            formats.day(existing.birth_date),
            reverse("beneficiary_detail", args=[existing.pk]),
        )


class OtherFileForm(Form):
    """The other file of the same person."""

    other = LookupField(
        "person", label="L’autre fiche", help_text="Nom et prénom\u202f; une faute de frappe ne gêne pas."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bind_fields(self)


def referrer_label(referrer: Referrer) -> str:
    return f"{referrer}, {referrer.prescriber}"


class ReferrerForm(ModelForm):
    """A référent de parcours of a prescriber."""

    class Meta:
        model = Referrer
        fields = ("last_name", "first_name", "email", "phone", "is_active")
        error_messages = {"last_name": {"required": "Indiquez le nom."}}

    def clean_last_name(self) -> str:
        return _name(self.cleaned_data["last_name"], "le nom")

    def clean_first_name(self) -> str:
        return _tidy(self.cleaned_data["first_name"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        same = Referrer(last_name=data.get("last_name", ""), first_name=data.get("first_name", ""))
        others = Referrer.objects.visible_to(self.user).filter(
            prescriber=self.instance.prescriber, search_key=same.make_search_key()
        )
        if data.get("last_name") and others.exclude(pk=self.instance.pk).exists():
            self.add_error("last_name", "Ce prescripteur a déjà un·e référent·e de ce nom.")
        return data


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
