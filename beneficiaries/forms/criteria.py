"""Criteria of the house: a change from a day on, the last day of one, one more."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from beneficiaries.enums import Route, Sufficiency
from core.forms import DateFormField, Form


class DayForm(Form):
    """The day on which the list is read."""

    jour = DateFormField(label="Critères en vigueur le", required=False)


class TermsForm(Form):
    """What a criterion asks from a day on."""

    in_force_from = DateFormField(
        label="À partir du", error_messages={"required": "Indiquez à partir de quel jour."}
    )
    proof = forms.CharField(
        label="Justificatif demandé",
        max_length=250,
        error_messages={"required": "Nommez le document demandé."},
    )
    proof_max_age_months = forms.IntegerField(
        label="Âge maximal du justificatif",
        required=False,
        min_value=1,
        max_value=120,
        help_text="en mois, au jour de la décision\u202f; vide\u202f: valable à l’embauche",
        error_messages={"invalid": "Donnez un nombre de mois."},
    )
    sufficiency = forms.ChoiceField(label="Portée", choices=Sufficiency.choices)
    reason = forms.CharField(
        label="Motif, source",
        max_length=300,
        help_text="le texte ou la décision qui le demande",
        error_messages={"required": "Dites pourquoi, ou d’après quel texte."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"in_force_from": timezone.localdate(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)


class NewCriterionForm(TermsForm):
    """A criterion of the house's own."""

    label = forms.CharField(
        label="Statut", max_length=250, error_messages={"required": "Nommez le statut, tel qu’il sera coché."}
    )
    route = forms.ChoiceField(label="Voie", choices=Route.choices, initial=Route.INDIVIDUAL)
    sensitive = forms.BooleanField(
        label="Critère sensible",
        required=False,
        help_text="santé, justice, protection\u202f: chaque lecture est journalisée, aucun employeur ne le lit",
    )
    field_order = (
        "label",
        "in_force_from",
        "proof",
        "proof_max_age_months",
        "sufficiency",
        "route",
        "sensitive",
    )


class CloseCriterionForm(Form):
    """The last day of a criterion."""

    last_day = DateFormField(
        label="Dernier jour",
        help_text="les décisions de ce jour peuvent encore le retenir",
        error_messages={"required": "Indiquez le dernier jour."},
    )
    reason = forms.CharField(
        label="Motif, source",
        max_length=300,
        error_messages={"required": "Dites pourquoi, ou d’après quel texte."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"last_day": timezone.localdate(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)

    def add_domain_error(self, error: Any) -> None:
        if error.field == "in_force_from":
            error.field = "last_day"
        super().add_domain_error(error)

    def clean_last_day(self) -> dt.date:
        day = self.cleaned_data["last_day"]
        if day < timezone.localdate() - dt.timedelta(days=1):
            raise forms.ValidationError(
                "Un critère se ferme à partir d’hier\u202f: les décisions déjà prises gardent ce qui était demandé."
            )
        return day
