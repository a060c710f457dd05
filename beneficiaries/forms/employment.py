"""Contracts and steps, assignments to commitments, and the end of a contract."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from beneficiaries.enums import (
    EndReason,
    ImmersionPurpose,
    Modality,
    PlacementNature,
    Qualification,
)
from beneficiaries.forms.fields import LookupField, bind_fields
from beneficiaries.models import (
    Assignment,
    Beneficiary,
    ContractType,
    ImmersionAgreement,
    Placement,
    Prescriber,
    TrainingCourse,
)
from beneficiaries.placement_checks import LENT_OUT, MODALITIES
from beneficiaries.services.immersions import CDDI
from clauses.models import Commitment
from core import formats
from core.forms import DateFormField, Form, HoursFormField, ModelForm
from markets.fields import CompanyFormField

# The contract type that a step without choice has.
TYPE_OF_MODALITY = {Modality.PMSMP: "pmsmp", Modality.STAGE: "stage", Modality.TRAINING: "formation"}
EMPLOYER_LABELS = {
    PlacementNature.EMPLOYMENT: ("Employeur", "Indiquez qui emploie la personne."),
    PlacementNature.IMMERSION: ("Structure d’accueil", "Indiquez qui accueille la personne."),
    PlacementNature.TRAINING: (
        "Employeur ou organisme",
        "Indiquez l’employeur pendant la formation, ou l’organisme qui la donne.",
    ),
}
AGREEMENT_FIELDS = ("purpose", "prescribed_by", "during", "amendment_on")
COURSE_FIELDS = ("title", "provider", "qualification_aimed", "qualification", "obtained_on")
FIELDS = {
    PlacementNature.EMPLOYMENT: (
        "nature",
        "employer",
        "modality",
        "contract_type",
        "starts_on",
        "ends_on",
        "weekly_hours",
        "occupation",
        "previous",
    ),
    PlacementNature.IMMERSION: (
        "nature",
        "employer",
        "modality",
        "purpose",
        "starts_on",
        "ends_on",
        "prescribed_by",
        "during",
        "amendment_on",
        "previous",
        "weekly_hours",
        "occupation",
    ),
    PlacementNature.TRAINING: (
        "nature",
        "title",
        "employer",
        "provider",
        "modality",
        "starts_on",
        "ends_on",
        "weekly_hours",
        "occupation",
        "qualification_aimed",
        "qualification",
        "obtained_on",
    ),
}


class PlacementForm(ModelForm):
    """A contract, an immersion or a training: the form asks what its nature needs, and nothing else."""

    employer = CompanyFormField(
        label="Employeur", help_text="Son nom ou son SIRET. Elle doit déjà avoir sa fiche."
    )
    weekly_hours = HoursFormField(label="Heures par semaine", required=False)
    occupation = LookupField(
        "occupation", label="Métier (ROME)", required=False, help_text="un mot de l’intitulé, ou le code"
    )
    # An immersion
    purpose = forms.ChoiceField(
        label="Objet de la PMSMP", choices=[("", "à choisir"), *ImmersionPurpose.choices], required=False
    )
    prescribed_by: Any = forms.ModelChoiceField(
        label="Prescripteur de la PMSMP",
        queryset=Prescriber.objects.none(),
        required=False,
        empty_label="non renseigné",
    )
    during: Any = forms.ModelChoiceField(
        label="Pendant un CDDI",
        queryset=Placement.objects.none(),
        required=False,
        empty_label="non",
        help_text="toutes les immersions d’un CDDI en prennent 25 % au plus",
    )
    amendment_on = DateFormField(label="Avenant au CDDI signé le", required=False)
    # A training
    title = forms.CharField(label="Intitulé de la formation", max_length=200, required=False)
    provider = forms.CharField(
        label="Organisme de formation",
        max_length=200,
        required=False,
        help_text="s’il n’est pas l’employeur ou l’organisme indiqué au-dessus",
    )
    qualification_aimed = forms.CharField(
        label="Qualification visée",
        max_length=200,
        required=False,
        help_text="diplôme, titre, CACES, habilitation…",
    )
    qualification = forms.ChoiceField(
        label="Résultat", choices=Qualification.choices, initial=Qualification.UNDER_WAY, required=False
    )
    obtained_on = DateFormField(label="Qualification obtenue le", required=False)

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
        widgets = {"nature": forms.HiddenInput}
        error_messages = {"starts_on": {"required": "Indiquez le début du contrat."}}

    def __init__(self, *args: Any, beneficiary: Beneficiary, nature: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bind_fields(self)
        self.instance.beneficiary = beneficiary
        self.nature = self._nature(nature)
        self.initial["nature"] = self.nature
        self._fit_nature(beneficiary)
        self.order_fields(FIELDS[self.nature])

    def _nature(self, asked: str) -> PlacementNature:
        """The one that was sent, else asked for by the address, else the contract's own."""
        sent = self.data.get(self.add_prefix("nature"), "") if self.is_bound else ""
        own = self.instance.nature if self.instance.pk else PlacementNature.EMPLOYMENT
        for value in (sent, asked, own):
            if value in PlacementNature.values:
                return PlacementNature(value)
        return PlacementNature.EMPLOYMENT

    def _fit_nature(self, beneficiary: Beneficiary) -> None:
        nature = self.nature
        for name in [name for name in self.fields if name not in FIELDS[nature]]:
            del self.fields[name]
        label, missing = EMPLOYER_LABELS[nature]
        if nature != PlacementNature.EMPLOYMENT:
            self.fields["starts_on"].label, self.fields["ends_on"].label = "Premier jour", "Dernier jour"
        self.fields["employer"].label = label
        self.fields["employer"].error_messages["required"] = missing
        # The refusal of a modality of another nature names both.
        allowed = MODALITIES[nature]
        self.fields["modality"].choices = [(value, Modality(value).label) for value in allowed]
        if self.initial.get("modality") not in allowed:
            self.initial["modality"] = allowed[0]
        if nature == PlacementNature.TRAINING:
            self.fields["modality"].widget = forms.HiddenInput()
        steps = Placement.objects.visible_to(self.user).filter(beneficiary=beneficiary)
        steps = steps.exclude(pk=self.instance.pk).select_related("employer", "contract_type")
        if nature == PlacementNature.EMPLOYMENT:
            kinds = ContractType.objects.filter(is_active=True, nature=nature)
            if self.instance.contract_type_id:
                kinds |= ContractType.objects.filter(pk=self.instance.contract_type_id, nature=nature)
            self.fields["contract_type"] = forms.ModelChoiceField(
                queryset=kinds, required=False, label="Type de contrat", empty_label="non renseigné"
            )
            self._previous(steps.exclude(nature=PlacementNature.IMMERSION), "Renouvelle ou continue")
        elif nature == PlacementNature.IMMERSION:
            self._fit_immersion(steps)
        else:
            self._fit_training()

    def _previous(self, steps: Any, label: str) -> None:
        self.fields["previous"] = PreviousField(
            queryset=steps,
            required=False,
            label=label,
            empty_label="proposé d’après l’employeur et les dates",
        )

    def _fit_immersion(self, steps: Any) -> None:
        self._previous(steps.filter(modality=Modality.PMSMP), "Renouvelle la convention")
        self.fields["previous"].help_text = "une fois au plus, pour le même objet"
        self.fields["previous"].empty_label = "aucune, ou proposée d’après la structure, l’objet et les dates"
        self.fields["ends_on"].help_text = "un mois au plus, de date à date, pour une PMSMP"
        sent = self.data.get(self.add_prefix("modality")) if self.is_bound else self.initial["modality"]
        for name, sentence in (
            ("purpose", "Indiquez l’objet de la PMSMP\u202f: elle n’en a qu’un."),
            ("ends_on", "Une convention de PMSMP a un dernier jour\u202f: indiquez-le."),
        ):
            # A stage has neither.
            self.fields[name].required = sent == Modality.PMSMP
            self.fields[name].error_messages["required"] = sentence
        self.scope_field(
            "prescribed_by", Prescriber, lambda rows: rows.filter(is_active=True).order_by("search_key", "pk")
        )
        self.fields["during"] = PreviousField(
            queryset=steps.filter(contract_type__code=CDDI),
            required=False,
            label=self.fields["during"].label,
            empty_label=self.fields["during"].empty_label,
            help_text=self.fields["during"].help_text,
        )
        agreement = self._own(ImmersionAgreement)
        if agreement is not None:
            self.initial.update(
                purpose=agreement.purpose,
                prescribed_by=agreement.prescribed_by_id,
                during=agreement.during_id,
                amendment_on=agreement.amendment_on,
            )
        if self.is_bound and self.add_prefix("accept_over_limit") in self.data:
            self.ask_to_accept()

    def _fit_training(self) -> None:
        self.fields["title"].required = True
        self.fields["title"].error_messages["required"] = "Indiquez l’intitulé de la formation."
        course = self._own(TrainingCourse)
        if course is not None:
            self.initial.update({name: getattr(course, name) for name in COURSE_FIELDS})

    def _own(self, model: Any) -> Any:
        return model.objects.filter(placement=self.instance.pk).first() if self.instance.pk else None

    def ask_to_accept(self) -> None:
        """Offer to record a PMSMP that is over its limits, knowingly."""
        self.fields["accept_over_limit"] = forms.BooleanField(
            label="Enregistrer quand même : la convention a été signée ainsi",
            required=False,
            help_text="le dépassement restera écrit sur le parcours",
        )
        # Beside what it is about.
        order = list(FIELDS[self.nature])
        self.order_fields([*order[:6], "accept_over_limit", *order[6:]])

    def clean_weekly_hours(self) -> Decimal | None:
        weekly = self.cleaned_data["weekly_hours"]
        if weekly is not None and not 0 < weekly <= 48:
            raise ValidationError("La durée hebdomadaire se situe entre 0 et 48 heures.")
        return weekly

    def _post_clean(self) -> None:
        kind = TYPE_OF_MODALITY.get(self.cleaned_data.get("modality", ""))  # type: ignore[call-overload]
        if kind:
            self.instance.contract_type = ContractType.objects.filter(code=kind).first()
        if self.nature == PlacementNature.TRAINING:
            self.instance.previous = None
        super()._post_clean()  # type: ignore[misc]

    @property
    def agreement(self) -> ImmersionAgreement | None:
        """The agreement of the PMSMP, to be recorded with it."""
        if self.cleaned_data.get("modality") != Modality.PMSMP:
            return None
        row = self._own(ImmersionAgreement) or ImmersionAgreement()
        for name in AGREEMENT_FIELDS:
            setattr(row, name, self.cleaned_data[name])
        return row

    @property
    def course(self) -> TrainingCourse | None:
        """What the training is, to be recorded with it."""
        if self.nature != PlacementNature.TRAINING:
            return None
        row = self._own(TrainingCourse) or TrainingCourse()
        for name in COURSE_FIELDS:
            setattr(row, name, self.cleaned_data[name])
        row.qualification = row.qualification or Qualification.UNDER_WAY
        return row


class TrainingResultForm(Form):
    """What became of the qualification that a training aimed at."""

    qualification = forms.ChoiceField(
        label="Résultat",
        choices=[choice for choice in Qualification.choices if choice[0] != Qualification.UNDER_WAY],
        widget=forms.RadioSelect,
        error_messages={"required": "Dites ce qu’il en est."},
    )
    obtained_on = DateFormField(label="Obtenue le", required=False)


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
        help_text="quand l’employeur met la personne à disposition\u202f: chez qui elle travaille",
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
        if placement.modality in LENT_OUT:
            self.fields["user_company"].required = True
            self.fields["user_company"].error_messages["required"] = (
                f"{placement.employer} met la personne à disposition\u202f: indiquez chez qui elle travaille."
            )
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
        help_text="quand l’employeur met la personne à disposition\u202f: chez qui elle travaille",
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
    """The last day of a contract, and why it ended."""

    ends_on = DateFormField(
        label="Dernier jour du contrat", error_messages={"required": "Indiquez le dernier jour du contrat."}
    )
    end_reason = forms.ChoiceField(
        label="Motif de fin",
        choices=[("", "à choisir"), *EndReason.choices],
        error_messages={"required": "Dites pourquoi le contrat finit."},
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
