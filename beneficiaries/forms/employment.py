"""Contracts and steps, assignments to commitments, and the end of a contract."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from beneficiaries.enums import PlacementNature
from beneficiaries.forms.fields import LookupField, bind_fields
from beneficiaries.models import Assignment, Beneficiary, ContractType, Placement
from clauses.models import Commitment
from core import formats
from core.forms import DateFormField, Form, HoursFormField, ModelForm
from markets.fields import CompanyFormField


class PlacementForm(ModelForm):
    """A contract, an immersion or a training."""

    employer = CompanyFormField(
        label="Employeur ou structure d’accueil",
        help_text="Son nom ou son SIRET. Elle doit déjà avoir sa fiche.",
        error_messages={"required": "Indiquez qui emploie ou accueille la personne."},
    )
    weekly_hours = HoursFormField(label="Heures par semaine", required=False)
    occupation = LookupField(
        "occupation", label="Métier (ROME)", required=False, help_text="un mot de l’intitulé, ou le code"
    )

    class Meta:
        model = Placement
        fields = (
            "nature",
            "employer",
            "modality",
            "contract_type",
            "starts_on",
            "ends_on",
            "weekly_hours",
            "occupation",
            "previous",
        )
        error_messages = {"starts_on": {"required": "Indiquez le début du contrat."}}

    def __init__(self, *args: Any, beneficiary: Beneficiary, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bind_fields(self)
        self.instance.beneficiary = beneficiary
        kinds = ContractType.objects.filter(is_active=True)
        self.fields["contract_type"] = GroupedContractType(
            queryset=kinds, required=False, label="Type de contrat", empty_label="non renseigné"
        )
        earlier = Placement.objects.visible_to(self.user).filter(beneficiary=beneficiary)
        self.fields["previous"] = PreviousField(
            queryset=earlier.exclude(pk=self.instance.pk).select_related("employer", "contract_type"),
            required=False,
            label="Renouvelle ou continue",
            empty_label="proposé d’après l’employeur et les dates",
        )
        self.order_fields(self.Meta.fields)

    def clean_weekly_hours(self) -> Decimal | None:
        weekly = self.cleaned_data["weekly_hours"]
        if weekly is not None and not 0 < weekly <= 48:
            raise ValidationError("La durée hebdomadaire se situe entre 0 et 48 heures.")
        return weekly


class GroupedContractType(forms.ModelChoiceField):
    """Contract types under the nature that they go with."""

    def _get_choices(self) -> Any:
        kinds = list(self.queryset or ())
        yield ("", self.empty_label)
        for nature in PlacementNature:
            group = [(kind.pk, kind.label) for kind in kinds if kind.nature == nature]
            if group:
                yield (nature.label.capitalize(), group)

    choices = property(_get_choices, forms.ModelChoiceField.choices.fset)


class PreviousField(forms.ModelChoiceField):
    """An earlier contract of the same person."""

    def label_from_instance(self, obj: Placement) -> str:
        end = f" au {formats.day(obj.ends_on)}" if obj.ends_on else ", en cours"
        return f"{obj} du {formats.day(obj.starts_on)}{end}"


class AssignmentForm(ModelForm):
    """A contract put to work on a commitment."""

    commitment = LookupField(
        "commitment",
        label="Engagement",
        help_text="la référence du marché ou le nom du titulaire",
        error_messages={"required": "Indiquez sur quel engagement la personne travaille."},
    )
    user_company = CompanyFormField(
        label="Entreprise utilisatrice",
        required=False,
        help_text="quand l’employeur met la personne à disposition",
    )
    positioned_on = DateFormField(
        label="Positionnement enregistré le",
        required=False,
        help_text="pour une personne déjà validée\u202f: le jour où vous l’avez positionnée sur cet engagement",
    )

    class Meta:
        model = Assignment
        fields = ("commitment", "user_company", "starts_on", "ends_on", "positioned_on")
        error_messages = {"starts_on": {"required": "Indiquez le début de l’affectation."}}

    def __init__(self, *args: Any, placement: Placement, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bind_fields(self)
        self.instance.placement = placement
        if self.instance.pk:
            # Its commitment never changes once it carries hours; another one is another assignment.
            del self.fields["commitment"]

    def clean_positioned_on(self) -> Any:
        positioned = self.cleaned_data["positioned_on"]
        if positioned and positioned > timezone.localdate():
            raise ValidationError("Un positionnement s’enregistre une fois fait.")
        return positioned


class NewAssignmentForm(Form):
    """The assignment of a new contract, on the same page: empty when the contract is not yet put to work."""

    commitment = LookupField(
        "commitment",
        label="Engagement",
        required=False,
        help_text="la référence du marché ou le nom du titulaire\u202f; vide, le contrat est enregistré sans affectation",
    )
    user_company = CompanyFormField(
        label="Entreprise utilisatrice",
        required=False,
        help_text="quand l’employeur met la personne à disposition",
    )
    assigned_on = DateFormField(
        label="Début de l’affectation", required=False, help_text="vide, le début du contrat"
    )
    positioned_on = DateFormField(
        label="Positionnement enregistré le",
        required=False,
        help_text="pour une personne déjà validée\u202f: le jour où vous l’avez positionnée sur cet engagement",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bind_fields(self)

    def clean_positioned_on(self) -> Any:
        positioned = self.cleaned_data["positioned_on"]
        if positioned and positioned > timezone.localdate():
            raise ValidationError("Un positionnement s’enregistre une fois fait.")
        return positioned


class EndPlacementForm(Form):
    """The last day of a contract."""

    ends_on = DateFormField(
        label="Dernier jour du contrat", error_messages={"required": "Indiquez le dernier jour du contrat."}
    )


class ChoosePersonForm(Form):
    """Whom to assign, from a market."""

    person = LookupField(
        "person",
        label="Personne",
        help_text="le nom et le prénom, dans n’importe quel ordre",
        error_messages={"required": "Indiquez la personne."},
    )
    commitment: Any = forms.ModelChoiceField(
        label="Engagement", queryset=Commitment.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, commitments: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bind_fields(self)
        self.fields["commitment"].queryset = commitments
        self.fields["commitment"].label_from_instance = lambda row: (
            f"Lot {row.clause.lot.number}, {row.holder}, {row.clause}"
        )
