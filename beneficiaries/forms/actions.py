"""Collective actions: what they are, whom they concern, who came."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from beneficiaries import recruitment_lookups  # noqa: F401  fills LOOKUPS
from beneficiaries.forms.fields import LookupField, bind_fields
from beneficiaries.models import CollectiveAction
from core.forms import Form, ModelForm

SUMMARY_MAX = 6_000
UNNAMED_MAX = 2_000
# One of each is asked with the action itself; the others are added on its page.
CONCERNED = {
    "market": "Marché",
    "buyer": "Donneur d’ordre",
    "company": "Entreprise",
    "prescriber": "Prescripteur",
}


def lookup_field(kind: str, **kwargs: Any) -> LookupField:
    return LookupField(kind, label=CONCERNED[kind], required=False, **kwargs)


class ActionForm(ModelForm):
    """An action; when it is new, one market, buyer, company and prescriber that it concerns."""

    market = lookup_field("market", help_text="sa référence ou un mot de son objet")
    buyer = lookup_field("buyer")
    company = lookup_field("company")
    prescriber = lookup_field("prescriber")

    class Meta:
        model = CollectiveAction
        fields = ("kind", "title", "held_on", "ended_on", "place", "summary")
        widgets = {"summary": forms.Textarea(attrs={"rows": 6, "maxlength": SUMMARY_MAX})}
        labels = {"held_on": "Date", "ended_on": "Dernier jour"}
        help_texts = {"ended_on": "quand elle dure plus d’un jour"}
        error_messages = {
            "title": {"required": "Donnez un intitulé."},
            "held_on": {"required": "Indiquez la date."},
            "kind": {"required": "Choisissez la nature."},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bind_fields(self)
        if self.instance.pk:
            for name in CONCERNED:
                del self.fields[name]

    def clean_summary(self) -> str:
        text = self.cleaned_data["summary"]
        if len(text) > SUMMARY_MAX:
            raise ValidationError(f"Ce texte dépasse {SUMMARY_MAX} caractères\u202f: raccourcissez-le.")
        return text

    def links(self) -> dict[str, list[Any]]:
        """What the action concerns, by the names of its relations."""
        data = self.cleaned_data
        given = {"markets": "market", "buyers": "buyer", "companies": "company", "prescribers": "prescriber"}
        return {relation: [data[name]] if data.get(name) else [] for relation, name in given.items()}


class ConcernedForm(Form):
    """One more market, buyer, company or prescriber that an action concerns."""

    row = LookupField("market", label="", error_messages={"required": "Indiquez qui l’action concerne."})

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["row"] = LookupField(
            kind,
            label=f"Ajouter\u202f: {CONCERNED[kind].lower()}",
            error_messages={"required": "Indiquez qui l’action concerne."},
        )
        bind_fields(self)


class AddAttendeeForm(Form):
    """One more person on the list."""

    person = LookupField(
        "person",
        label="Ajouter une personne, par son nom",
        error_messages={"required": "Indiquez la personne."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bind_fields(self)


class UnnamedForm(Form):
    """Those who came without giving a name."""

    unnamed = forms.IntegerField(
        label="Présents sans nom",
        min_value=0,
        max_value=UNNAMED_MAX,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "short", "autocomplete": "off"}),
        error_messages={
            "invalid": "Écrivez un nombre entier.",
            "min_value": "Ce nombre ne peut pas être négatif.",
            "max_value": f"Une action réunit {UNNAMED_MAX} personnes au plus\u202f: vérifiez ce nombre.",
        },
    )

    def clean_unnamed(self) -> int:
        return self.cleaned_data["unnamed"] or 0
