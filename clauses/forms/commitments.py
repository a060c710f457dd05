"""Forms of clauses, commitments and their evolution."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from clauses.enums import AllowanceUnit, CapUnit, ChangeReason, PenaltyKind
from clauses.models import Clause, Commitment
from clauses.penalties import PenaltyError, check_formula
from core import uploads
from core.forms import AmountFormField, DateFormField, Form, HoursFormField
from markets.forms.files import AMOUNT_HELP, DATE_HELP, RowForm
from markets.models import Award

HOURS_HELP = "Par exemple 500 ou 12,5."

PENALTY_FIGURES = (
    "penalty_rate",
    "penalty_coefficient",
    "penalty_reference",
    "penalty_reference_on",
    "penalty_allowance",
    "penalty_cap",
)
PENALTY_CHECKED = ("penalty_kind", *PENALTY_FIGURES, "penalty_allowance_unit", "penalty_cap_unit")
PENALTY_OF_THE_OTHER = {
    "rate": ("penalty_coefficient", "penalty_reference", "penalty_reference_label", "penalty_reference_on"),
    "coefficient": ("penalty_rate",),
}
PENALTY_FIELDS = (
    "penalty_text",
    "penalty_kind",
    "penalty_rate",
    "penalty_coefficient",
    "penalty_reference",
    "penalty_reference_label",
    "penalty_reference_on",
    "penalty_allowance",
    "penalty_allowance_unit",
    "penalty_cap",
    "penalty_cap_unit",
)


class ClauseForm(RowForm):
    beside = {
        "clause_once_per_kind": "kind",
        "clause_minimum_positive": "minimum_hours",
        "clause_effort_rate_percent": "effort_rate",
        "clause_euros_per_hour_positive": "euros_per_hour",
        "clause_penalty_rate": "penalty_rate",
        "clause_penalty_coefficient": "penalty_coefficient",
        "clause_penalty_allowance": "penalty_allowance",
        "clause_penalty_cap": "penalty_cap",
    }
    given = ("lot",)
    effort_rate = HoursFormField(
        label="Taux d’effort", required=False, help_text="En pourcentage des heures du lot, par exemple 5."
    )
    penalty_coefficient = forms.DecimalField(
        label="Coefficient",
        required=False,
        max_digits=7,
        decimal_places=3,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text="Par exemple 1,5 pour une fois et demie le montant de référence.",
        error_messages={"invalid": "Écrivez un nombre, par exemple 1,5."},
    )
    penalty_allowance = HoursFormField(
        label="Franchise",
        required=False,
        help_text="Heures manquantes qui ne sont pas pénalisées, s’il y en a.",
    )

    class Meta:
        model = Clause
        fields = ("kind", "minimum_hours", "effort_rate", "euros_per_hour", *PENALTY_FIELDS, "notes")
        help_texts = {
            "minimum_hours": HOURS_HELP,
            "penalty_text": "Telle que le marché l’écrit.",
            "penalty_kind": "Pour que la pénalité se calcule ; vide si le marché n’en donne que le texte.",
            "penalty_rate": f"Pour un montant par heure manquante. {AMOUNT_HELP}",
            "penalty_reference": f"Le SMIC horaire brut, par exemple. {AMOUNT_HELP}",
            "penalty_reference_label": "Par exemple : SMIC horaire brut.",
            "penalty_cap": "S’il y en a un.",
            "euros_per_hour": f"Accords-cadres : une heure due par tranche de ce montant facturé. {AMOUNT_HELP}",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds: Any = self.fields["penalty_kind"]
        kinds.choices = [("", "le texte seulement"), *PenaltyKind.choices]
        for name in PENALTY_FIELDS[2:]:
            shown = [kind for kind in PenaltyKind.values if name not in PENALTY_OF_THE_OTHER[kind]]
            self.fields[name].widget.attrs["data-shown-when"] = f"penalty_kind={' '.join(shown)}"
        # Without an allowance or a cap there is nothing to say of their unit.
        for name in ("penalty_allowance_unit", "penalty_cap_unit"):
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        """The formula says what it needs and no more: what belongs to the other one is left out."""
        cleaned = super().clean() or self.cleaned_data
        if any(name in self.errors for name in PENALTY_FIELDS):
            return cleaned
        cleaned["penalty_allowance_unit"] = cleaned.get("penalty_allowance_unit") or AllowanceUnit.HOURS
        cleaned["penalty_cap_unit"] = cleaned.get("penalty_cap_unit") or CapUnit.EUROS
        kind = cleaned.get("penalty_kind")
        if not kind:
            given = [name for name in PENALTY_FIGURES if cleaned.get(name) is not None]
            if given:
                self.add_error("penalty_kind", "Choisissez la formule à laquelle ces chiffres se rapportent.")
            return cleaned
        for name in PENALTY_OF_THE_OTHER[kind]:
            cleaned[name] = "" if name == "penalty_reference_label" else None
        try:
            check_formula(**{name.removeprefix("penalty_"): cleaned.get(name) for name in PENALTY_CHECKED})  # type: ignore[arg-type]
        except PenaltyError as error:
            self.add_error(error.field, str(error))
        return cleaned

    def clean_effort_rate(self) -> Decimal | None:
        rate = self.cleaned_data["effort_rate"]
        if rate is not None and rate > 100:
            raise forms.ValidationError("Le taux d’effort se donne en pourcentage, entre 0 et 100.")
        return rate

    def clean_euros_per_hour(self) -> Decimal | None:
        amount = self.cleaned_data["euros_per_hour"]
        if amount is not None and amount <= 0:
            raise forms.ValidationError("Le montant facturé par heure due doit être supérieur à zéro.")
        return amount


class CommitmentForm(RowForm):
    """The dates and notes of a commitment; its figure has forms of its own."""

    beside = {"commitment_dates": "ends_on"}

    class Meta:
        model = Commitment
        fields = ("starts_on", "ends_on", "notes")
        labels = {"starts_on": "Début de l’intervention", "ends_on": "Fin de l’intervention"}


class OpenCommitmentForm(Form):
    """A company's commitment on a clause, with its first hours."""

    award = forms.ModelChoiceField(label="Porteur", queryset=Award.objects.none(), empty_label=None)
    minimum = HoursFormField(
        label="Heures au titre du minimum",
        required=False,
        help_text="Le minimum de la clause, sauf autre partage.",
    )
    offer = HoursFormField(
        label="Heures offertes au-dessus du minimum",
        required=False,
        help_text="L’offre engage : elle s’ajoute au minimum.",
    )
    effective_on = DateFormField(label="L’engagement prend effet le", help_text=DATE_HELP)
    starts_on = DateFormField(label="Début de l’intervention", required=False, help_text=DATE_HELP)
    ends_on = DateFormField(label="Fin de l’intervention", required=False, help_text=DATE_HELP)
    notes = forms.CharField(label="Remarques", required=False, widget=forms.Textarea)

    def __init__(self, *args: Any, clause: Clause, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope_field(
            "award",
            Award,
            lambda rows: (
                rows.filter(lot=clause.lot_id).exclude(commitments__clause=clause).select_related("company")
            ),
        )
        market = clause.lot.market
        self.fields["minimum"].initial = clause.minimum_hours
        self.fields["effective_on"].initial = market.notified_on or market.begins_on or timezone.localdate()
        self.fields["starts_on"].initial = market.begins_on
        self.fields["ends_on"].initial = market.planned_end

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        starts, ends = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", "La fin de l’intervention précède son début.")
        return cleaned


class SignedHoursField(HoursFormField):
    """Hours that may be taken away: « -120 » or « − 120 »."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            typed = re.sub(r"[\s\u00a0\u202f]", "", value).replace("\u2212", "-").replace("\u2013", "-")
            if typed.startswith(("-", "+")):
                hours = super().to_python(typed[1:])
                return -hours if hours is not None and typed[0] == "-" else hours
        return super().to_python(value)


# A move is written on every side by « Répartir dans le groupement ».
TYPED_REASONS = [choice for choice in ChangeReason.choices if choice[0] != ChangeReason.MOVE]
GRANTED = (ChangeReason.DISCHARGE, ChangeReason.SUSPENSION)


class DocumentForm(Form):
    """What every change of a figure is recorded with."""

    effective_on = DateFormField(label="Prend effet le", help_text=DATE_HELP)
    note = forms.CharField(label="Précisions", required=False, max_length=300)
    document = forms.FileField(label="Document", required=False, help_text=uploads.HELP)


class ChangeForm(DocumentForm):
    """One step of a commitment's figure."""

    reason = forms.ChoiceField(label="Motif", choices=TYPED_REASONS)
    delta = SignedHoursField(
        label="Variation",
        help_text="En heures : 300 pour ajouter, -120 pour une décharge.",
    )
    field_order = ("reason", "delta", "effective_on", "note", "document")

    def __init__(self, *args: Any, clause: Clause, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[
            "document"
        ].help_text = f"Avenant, ordre d’affermissement, décision du donneur d’ordre. {uploads.HELP}"
        if clause.euros_per_hour is not None:
            # Its hours are worked out from its amount, on a page of its own.
            self.fields["reason"].choices = [  # type: ignore[attr-defined]
                choice for choice in TYPED_REASONS if choice[0] != ChangeReason.ORDER
            ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        delta, reason = cleaned.get("delta"), cleaned.get("reason")
        if delta is not None and delta > 0 and reason == ChangeReason.DISCHARGE:
            self.add_error(
                "delta", "Une décharge retire des heures : écrivez un nombre négatif, par exemple -120."
            )
        if delta is not None and delta < 0 and reason == ChangeReason.TRANCHE:
            self.add_error(
                "delta", "L’affermissement d’une tranche ajoute des heures : écrivez-les sans signe."
            )
        if reason in GRANTED and not cleaned.get("document") and not cleaned.get("note"):
            self.add_error(
                "document",
                "Le donneur d’ordre l’accorde : joignez sa décision, ou dites dans les précisions où elle se trouve.",
            )
        return cleaned


class OrderForm(DocumentForm):
    """An order or invoice of a framework agreement: its amount gives the hours."""

    amount = AmountFormField(
        label="Montant hors taxes de la commande ou de la facture",
        help_text=f"{AMOUNT_HELP} Un avoir s’écrit avec un signe moins.",
    )
    field_order = ("amount", "effective_on", "note", "document")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].help_text = "Par exemple le numéro du bon de commande."

    def clean_amount(self) -> Decimal:
        amount = self.cleaned_data["amount"]
        if amount == 0:
            raise forms.ValidationError("Indiquez le montant de la commande ou de la facture.")
        return amount


class ShareForm(DocumentForm):
    """The new figure of each holder of a clause; one field each, named after its commitment."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, holders: list[Commitment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.holders = holders
        for row in holders:
            self.fields[f"hours_{row.pk}"] = HoursFormField(
                label=f"Heures de {row.holder}",
                initial=row.hours_engaged,  # type: ignore[attr-defined]
            )

    def rows(self) -> list[tuple[Commitment, Any]]:
        """Each holder with its field, for the table."""
        return [(row, self[f"hours_{row.pk}"]) for row in self.holders]

    def hours(self) -> dict[int, Decimal]:
        return {row.pk: self.cleaned_data[f"hours_{row.pk}"] for row in self.holders}
