"""A decision on eligibility: the criteria held with their proofs, the decision, and what is frozen with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils import timezone

from beneficiaries.assessment import (
    ALONE,
    AUTOMATIC,
    COMBINED,
    INDIVIDUAL,
    PRIORITY,
    Assessment,
    Terms,
    assess,
    oldest_accepted,
)
from beneficiaries.enums import Decision, Gender, Unemployment
from beneficiaries.models import (
    Beneficiary,
    EducationLevel,
    EligibilityCriterion,
    EligibilityReview,
    Prescriber,
    ProofFile,
    Qpv,
)
from beneficiaries.services.criteria import terms_of
from beneficiaries.services.eligibility import Held, age_on
from core import formats
from core.forms import DateFormField, Form, parse_day
from markets.fields import CommuneFormField

GROUPS = (
    ("Suffit seul", lambda terms: terms.route == INDIVIDUAL and terms.sufficiency == ALONE),
    ("À combiner, deux au moins", lambda terms: terms.route == INDIVIDUAL and terms.sufficiency == COMBINED),
    ("Voie automatique, décision à enregistrer", lambda terms: terms.route == AUTOMATIC),
    ("Priorité seulement", lambda terms: terms.sufficiency == PRIORITY),
)

FIRST = ("correction_reason", "decided_on")
OF_A_CRITERION = ("held_", "proof_date_", "proof_label_", "proof_file_")


@dataclass(frozen=True)
class CriterionRow:
    """One criterion of the form, with its four fields and the files that the person's file holds for it."""

    criterion: EligibilityCriterion
    terms: Terms
    day: dt.date
    held: Any
    proof_date: Any
    proof_label: Any
    proof_file: Any
    kept: list[ProofFile]

    @property
    def rule(self) -> str:
        oldest = oldest_accepted(self.day, self.terms.max_age_months)
        age = (
            f", {self.terms.max_age_months} mois au plus (du {formats.day(oldest)} au plus tôt)"
            if oldest
            else ""
        )
        return f"{self.terms.proof}{age}"

    @property
    def errors(self) -> list[str]:
        fields = (self.held, self.proof_date, self.proof_label, self.proof_file)
        return [error for field in fields for error in field.errors]


class CriteriaForm(Form):
    """Base: a checkbox, a day, a text and a file for each criterion in force on the day of the decision."""

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

    def __init__(self, *args: Any, beneficiary: Beneficiary, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.beneficiary = beneficiary
        self.day = self._day_of_decision()
        rows = list(EligibilityCriterion.objects.order_by("position", "code"))
        self.terms = terms_of(rows, self.day)
        # One that is held no more stays on the page of the decision that held it, and where it was just checked.
        self.criteria = [row for row in rows if self.terms[row.pk].in_force or self._is_checked(row)]
        self.fields["principal"].queryset = EligibilityCriterion.objects.filter(
            pk__in=[row.pk for row in self.criteria]
        )
        self.read_kept_files()
        for row in self.criteria:
            self.fields[f"held_{row.pk}"] = forms.BooleanField(label=row.label, required=False)
            self.fields[f"proof_date_{row.pk}"] = DateFormField(
                label=f"Date du justificatif, {row.label}", required=False
            )
            self.fields[f"proof_label_{row.pk}"] = forms.CharField(
                label=f"Justificatif vu, {row.label}", required=False, max_length=250
            )
            self.fields[f"proof_file_{row.pk}"] = forms.FileField(
                label=f"Fichier, {row.label}", required=False, max_length=200
            )

    def _day_of_decision(self) -> dt.date:
        """The day whose rules hold: the one typed, when it can be read."""
        typed = self.data.get("decided_on") if self.is_bound else self.initial.get("decided_on")
        return _day_of(typed) or timezone.localdate()

    def _is_checked(self, row: EligibilityCriterion) -> bool:
        name = f"held_{row.pk}"
        return bool(self.data.get(name) if self.is_bound else self.initial.get(name))

    def read_kept_files(self) -> None:
        """Read the files that the person's file holds, by criterion, the latest first."""
        self.kept: dict[str, list[ProofFile]] = {}
        rows = ProofFile.objects.visible_to(self.user).filter(
            beneficiary=self.beneficiary, stored__isnull=False
        )
        for row in rows.select_related("stored"):
            self.kept.setdefault(row.criterion_id, []).append(row)

    def groups(self) -> Iterator[tuple[str, list[CriterionRow]]]:
        """The criteria as the page shows them, by what they carry."""
        rest = list(self.criteria)
        for title, belongs in GROUPS:
            rows = [self.row_of(row) for row in rest if belongs(self.terms[row.pk])]
            rest = [row for row in rest if not belongs(self.terms[row.pk])]
            if rows:
                yield title, rows

    def row_of(self, criterion: EligibilityCriterion) -> CriterionRow:
        key = criterion.pk
        return CriterionRow(
            criterion,
            self.terms[key],
            self.day,
            held=self[f"held_{key}"],
            proof_date=self[f"proof_date_{key}"],
            proof_label=self[f"proof_label_{key}"],
            proof_file=self[f"proof_file_{key}"],
            kept=self.kept.get(key, []),
        )

    def first_fields(self) -> list[Any]:
        """The day of the decision (and why it is corrected), above the criteria."""
        return [self[name] for name in FIRST if name in self.fields]

    def others(self) -> list[Any]:
        """What comes under the criteria: the decision itself first."""
        return [
            self[name] for name in self.fields if name not in FIRST and not name.startswith(OF_A_CRITERION)
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for row in self.criteria:
            wrote = any(data.get(f"{name}{row.pk}") for name in OF_A_CRITERION[1:])
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

    def uploads(self) -> list[tuple[EligibilityCriterion, Any, dt.date | None]]:
        """The files that were sent with the criteria that are checked, with their dates."""
        data = self.cleaned_data
        return [
            (row, data[f"proof_file_{row.pk}"], data.get(f"proof_date_{row.pk}"))
            for row in self.criteria
            if data.get(f"held_{row.pk}") and data.get(f"proof_file_{row.pk}")
        ]

    def assessment(self) -> Assessment:
        """What the criteria checked so far open, by what can be read of the form."""
        if self.is_bound:
            self.errors  # noqa: B018  read once: a second reading would forget the refusals added since
            held, note = self.held(), self.cleaned_data.get("note", "")
        else:
            held = [
                Held(row, _day_of(self.initial.get(f"proof_date_{row.pk}")))
                for row in self.criteria
                if self._is_checked(row)
            ]
            note = self.initial.get("note") or ""
        return assess(
            [
                (self.terms[row.criterion.pk], row.proof_date, bool(self.kept.get(row.criterion.pk)))
                for row in held
            ],
            day=self.day,
            note=note,
        )

    def as_typed(self) -> dict[str, Any]:
        """What was typed, as the initial values of a form that is shown again without judging it."""
        return {name: self.data.get(name) for name in self.fields if name in self.data}


class ReviewForm(CriteriaForm):
    """A new decision; the situation at entry is read from the person's file, except what the form asks."""

    prescriber = forms.ModelChoiceField(
        label="Prescripteur à l’entrée",
        queryset=Prescriber.objects.none(),
        required=False,
        empty_label="non renseigné",
    )
    informed_on = DateFormField(
        label="Notice d’information remise le",
        required=False,
        help_text="le jour où la personne a reçu la notice sur ses données",
    )

    def __init__(self, *args: Any, beneficiary: Beneficiary, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "decided_on": timezone.localdate(),
            "prescriber": beneficiary.prescriber_id,
            "informed_on": beneficiary.informed_on,
            **_brought(beneficiary),
            **(kwargs.get("initial") or {}),
        }
        super().__init__(*args, beneficiary=beneficiary, **kwargs)
        self.scope_field("prescriber", Prescriber, lambda rows: rows.order_by("search_key", "pk"))

    def clean_informed_on(self) -> Any:
        return not_to_come(self.cleaned_data["informed_on"])

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
        kwargs["initial"] = {**_initial_of(review), **(kwargs.get("initial") or {})}
        super().__init__(*args, beneficiary=review.beneficiary, **kwargs)
        self.order_fields(["correction_reason", "decided_on", "decision"])
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


def not_to_come(day: dt.date | None) -> dt.date | None:
    """Refuse a day to come: a hand-over is recorded once done."""
    if day and day > timezone.localdate():
        raise forms.ValidationError(
            f"Le {formats.day(day)} est à venir\u202f: la remise s’enregistre une fois faite."
        )
    return day


def _day_of(typed: Any) -> dt.date | None:
    """A day as it was typed, when it can be read."""
    if isinstance(typed, dt.date):
        return typed
    try:
        return parse_day(typed or "")
    except ValueError:
        return None


def _brought(beneficiary: Beneficiary) -> dict[str, Any]:
    """The criteria whose proofs were added since the last decision, checked beforehand with their dates."""
    waiting = ProofFile.objects.filter(
        beneficiary=beneficiary, review__isnull=True, erased_on__isnull=True, stored__isnull=False
    )
    initial: dict[str, Any] = {}
    for row in waiting.order_by("added_at", "pk"):
        initial[f"held_{row.criterion_id}"] = True
        initial[f"proof_date_{row.criterion_id}"] = row.dated
    return initial


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
    age = age_on(today, beneficiary.birth_date)
    missing = "non renseigné"
    return [
        ("Âge", formats.noun(age, "an") if age is not None else missing),
        ("Genre", beneficiary.get_gender_display() or missing),
        ("Résidence", str(beneficiary.commune or missing)),
        (
            "QPV",
            f"{beneficiary.qpv} ({beneficiary.residence_vintage})"
            if beneficiary.qpv
            else "hors QPV ou non renseigné",
        ),
        ("Niveau de formation", str(beneficiary.education or missing)),
    ]
