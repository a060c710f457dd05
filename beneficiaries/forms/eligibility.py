"""A decision on eligibility: the criteria held with their proofs, the decision, and what is frozen with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils import timezone

from beneficiaries.enums import Decision, Gender, Sufficiency, Unemployment
from beneficiaries.models import (
    Beneficiary,
    EducationLevel,
    EligibilityCriterion,
    EligibilityReview,
    Prescriber,
    Qpv,
)
from beneficiaries.services.eligibility import Held
from core.forms import DateFormField, Form
from markets.fields import CommuneFormField

GROUPS = (
    ("Suffit seul", lambda row: row.route == "individual" and row.sufficiency == Sufficiency.ALONE),
    ("À combiner, deux au moins", lambda row: row.sufficiency == Sufficiency.COMBINED),
    ("Voie automatique, décision à enregistrer", lambda row: row.route == "automatic"),
    ("Priorité seulement", lambda row: row.sufficiency == Sufficiency.PRIORITY),
)


FIRST = ("correction_reason", "decision", "decided_on")


@dataclass(frozen=True)
class CriterionRow:
    """One criterion of the form, with its three fields."""

    criterion: EligibilityCriterion
    held: Any
    proof_date: Any
    proof_label: Any

    @property
    def rule(self) -> str:
        months = self.criterion.proof_max_age_months
        age = f", {months} mois au plus" if months is not None else ""
        return f"{self.criterion.proof}{age}"


class CriteriaForm(Form):
    """Base: a checkbox, a day and a text for each criterion in force."""

    decision = forms.ChoiceField(
        label="Décision",
        choices=Decision.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Dites si la personne est éligible ou refusée."},
    )
    decided_on = DateFormField(
        label="Décidé le", error_messages={"required": "Indiquez la date de la décision."}
    )
    principal = forms.ModelChoiceField(
        label="Statut principal à l’entrée",
        queryset=EligibilityCriterion.objects.none(),
        required=False,
        empty_label="celui qui porte la décision",
        help_text="celui sous lequel la personne est comptée dans les bilans",
    )
    unemployment = forms.ChoiceField(
        label="Durée de chômage à l’entrée",
        choices=[("", "non renseignée"), *Unemployment.choices],
        required=False,
    )
    valid_until = DateFormField(
        label="À utiliser avant le",
        required=False,
        help_text="laissez vide pour le délai des règles de comptage",
    )
    refusal_reason = forms.CharField(
        label="Motif du refus",
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    note = forms.CharField(
        label="Remarques, avis motivé",
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.criteria = list(EligibilityCriterion.objects.filter(is_active=True))
        self.fields["principal"].queryset = EligibilityCriterion.objects.filter(is_active=True)
        for row in self.criteria:
            self.fields[f"held_{row.pk}"] = forms.BooleanField(label=row.label, required=False)
            self.fields[f"proof_date_{row.pk}"] = DateFormField(
                label=f"Date du justificatif, {row.label}", required=False
            )
            self.fields[f"proof_label_{row.pk}"] = forms.CharField(
                label=f"Justificatif vu, {row.label}", required=False, max_length=250
            )

    def groups(self) -> Iterator[tuple[str, list[CriterionRow]]]:
        """The criteria as the page shows them, by what they carry."""
        rest = list(self.criteria)
        for title, belongs in GROUPS:
            rows = [self.row_of(row) for row in rest if belongs(row)]
            rest = [row for row in rest if not belongs(row)]
            if rows:
                yield title, rows

    def row_of(self, criterion: EligibilityCriterion) -> CriterionRow:
        key = criterion.pk
        return CriterionRow(
            criterion, self[f"held_{key}"], self[f"proof_date_{key}"], self[f"proof_label_{key}"]
        )

    def first_fields(self) -> list[Any]:
        """The decision itself, above the criteria."""
        return [self[name] for name in FIRST if name in self.fields]

    def others(self) -> list[Any]:
        """What comes under the criteria."""
        apart = ("held_", "proof_date_", "proof_label_")
        return [self[name] for name in self.fields if name not in FIRST and not name.startswith(apart)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for row in self.criteria:
            wrote = data.get(f"proof_date_{row.pk}") or data.get(f"proof_label_{row.pk}")
            if wrote and not data.get(f"held_{row.pk}"):
                self.add_error(
                    f"held_{row.pk}",
                    f"Un justificatif est noté pour «\u202f{row.label}\u202f», sans que le critère soit coché.",
                )
        return data

    def held(self) -> list[Held]:
        """The criteria that are checked, with their proofs."""
        data = self.cleaned_data
        return [
            Held(row, data.get(f"proof_date_{row.pk}"), data.get(f"proof_label_{row.pk}", ""))
            for row in self.criteria
            if data.get(f"held_{row.pk}")
        ]


class ReviewForm(CriteriaForm):
    """A new decision; the situation at entry is read from the person's file, except what the form asks."""

    prescriber = forms.ModelChoiceField(
        label="Prescripteur à l’entrée",
        queryset=Prescriber.objects.none(),
        required=False,
        empty_label="non renseigné",
    )

    def __init__(self, *args: Any, beneficiary: Beneficiary, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "decided_on": timezone.localdate(),
            "prescriber": beneficiary.prescriber_id,
            **kwargs.get("initial", {}),
        }
        super().__init__(*args, **kwargs)
        self.scope_field("prescriber", Prescriber, lambda rows: rows.order_by("search_key", "pk"))

    def arguments(self) -> dict[str, Any]:
        """What `services.eligibility.record_review` takes."""
        data = self.cleaned_data
        return {
            "decision": data["decision"],
            "decided_on": data["decided_on"],
            "criteria": self.held(),
            "principal": data["principal"],
            "prescriber": data["prescriber"],
            "unemployment": data["unemployment"],
            "valid_until": data["valid_until"],
            "refusal_reason": data["refusal_reason"],
            "note": data["note"],
        }


class CorrectionForm(CriteriaForm):
    """The full new value of a decision, its frozen situation included, and why it is corrected."""

    correction_reason = forms.CharField(
        label="Motif de la correction",
        max_length=300,
        error_messages={"required": "Une correction se motive\u202f: dites pourquoi."},
    )
    entry_gender = forms.ChoiceField(
        label="Genre à l’entrée", choices=[("", "non renseigné"), *Gender.choices], required=False
    )
    entry_commune = CommuneFormField(label="Résidence à l’entrée")
    entry_qpv = forms.ModelChoiceField(
        label="QPV à l’entrée", queryset=Qpv.objects.none(), required=False, empty_label="hors QPV"
    )
    entry_education = forms.ModelChoiceField(
        label="Niveau de formation à l’entrée",
        queryset=EducationLevel.objects.none(),
        required=False,
        empty_label="non renseigné",
    )
    entry_prescriber = forms.ModelChoiceField(
        label="Prescripteur à l’entrée",
        queryset=Prescriber.objects.none(),
        required=False,
        empty_label="non renseigné",
    )

    def __init__(self, *args: Any, review: EligibilityReview, **kwargs: Any) -> None:
        kwargs["initial"] = {**_initial_of(review), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.order_fields(["correction_reason", "decision", "decided_on"])
        self.fields["entry_qpv"].queryset = Qpv.objects.all()
        self.fields["entry_education"].queryset = EducationLevel.objects.all()
        self.scope_field("entry_prescriber", Prescriber, lambda rows: rows.order_by("search_key", "pk"))

    def arguments(self) -> dict[str, Any]:
        """What `services.eligibility.correct_review` takes."""
        data = self.cleaned_data
        return {
            "correction_reason": data["correction_reason"],
            "decision": data["decision"],
            "decided_on": data["decided_on"],
            "criteria": self.held(),
            "principal": data["principal"],
            "valid_until": data["valid_until"],
            "refusal_reason": data["refusal_reason"],
            "note": data["note"],
            "entry": {
                "entry_gender": data["entry_gender"],
                "entry_commune": data["entry_commune"],
                "entry_qpv": data["entry_qpv"],
                "entry_education": data["entry_education"],
                "entry_unemployment": data["unemployment"],
                "entry_prescriber": data["entry_prescriber"],
            },
        }


def _initial_of(review: EligibilityReview) -> dict[str, Any]:
    initial: dict[str, Any] = {
        "decision": review.decision,
        "decided_on": review.decided_on,
        "principal": review.principal_id,
        "unemployment": review.entry_unemployment,
        "valid_until": review.valid_until,
        "refusal_reason": review.refusal_reason,
        "note": review.note,
        "entry_gender": review.entry_gender,
        "entry_commune": review.entry_commune,
        "entry_qpv": review.entry_qpv_id,
        "entry_education": review.entry_education_id,
        "entry_prescriber": review.entry_prescriber_id,
    }
    for held in review.held_criteria.all():
        initial[f"held_{held.criterion_id}"] = True
        initial[f"proof_date_{held.criterion_id}"] = held.proof_date
        initial[f"proof_label_{held.criterion_id}"] = held.proof_label
    return initial


def frozen_preview(beneficiary: Beneficiary, today: dt.date) -> list[tuple[str, str]]:
    """What a decision taken today would freeze, as the file has it: label and value."""
    from beneficiaries.services.eligibility import age_on
    from core import formats

    age = age_on(today, beneficiary.birth_date)
    missing = "non renseigné"
    return [
        ("Âge", formats.noun(age, "an") if age is not None else missing),
        ("Genre", beneficiary.get_gender_display() or missing),
        ("Résidence", str(beneficiary.commune or missing)),
        (
            "QPV",
            f"{beneficiary.qpv} ({beneficiary.qpv.vintage})"
            if beneficiary.qpv
            else "hors QPV ou non renseigné",
        ),
        ("Niveau de formation", str(beneficiary.education or missing)),
    ]
