"""Forms of the monthly declarations: what a company submits, what the house sends back, links."""

from __future__ import annotations

from typing import Any

from django import forms

from core import uploads
from core.forms import Form


class SubmitForm(Form):
    """What goes with the hours when a month is submitted; its fields belong to the grid's own form."""

    name = forms.CharField(label="Votre nom", max_length=150, required=False)
    note = forms.CharField(
        label="Message à la maison",
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    no_hours = forms.BooleanField(label="Aucune heure ce mois", required=False)

    def __init__(self, *args: Any, by_link: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if by_link:
            self.fields["name"].required = True
        else:
            del self.fields["name"]
        for field in self.fields.values():
            field.widget.attrs["form"] = "grille"


class ProofForm(Form):
    """A document that goes with the month."""

    upload = forms.FileField(label="Document", help_text=uploads.HELP, allow_empty_file=True)
    label = forms.CharField(
        label="Ce que c’est",
        max_length=150,
        required=False,
        help_text="récapitulatif de paie, feuille de pointage…",
    )


class ReturnForm(Form):
    """Why a month goes back to the company."""

    reason = forms.CharField(
        label="Ce qui est à corriger",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="pour tout le mois, ou pour les lignes cochées qui n’ont pas leur propre motif",
    )


class LinkForm(Form):
    """To which address a link goes."""

    email = forms.EmailField(label="Adresse électronique de la personne qui déclare")
