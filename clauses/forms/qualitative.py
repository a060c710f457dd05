"""Forms of the grid: a line, what was done, a proof, and the house's decision."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from clauses.enums import EvidenceKind, ReviewState
from clauses.forms.interactions import NamesMixin, companies_of
from clauses.models import Commitment, QualitativeCommitment
from core import formats, uploads
from core.forms import DateFormField, Form, parse_amount
from markets.forms.files import DATE_HELP, RowForm

NEVER_A_PERSON = "Jamais le nom ni la situation d’une personne."
QUANTITY_MAX = Decimal("9999999.99")


class QuantityFormField(forms.CharField):
    """A number of things, above zero: `12`, `2,5`."""

    def __init__(self, **kwargs: Any) -> None:
        for name in ("max_digits", "decimal_places"):
            kwargs.pop(name, None)
        kwargs.setdefault("max_length", 40)
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "inputmode": "decimal", "autocomplete": "off"}

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Decimal):
            return f"{value:f}".rstrip("0").rstrip(".").replace(".", ",") if value % 1 else f"{value:.0f}"
        return value

    def clean(self, value: Any) -> Decimal | None:  # type: ignore[override]
        typed = super().clean(value)
        if not typed:
            return None
        shown = formats.short(typed, 40)
        try:
            if not re.fullmatch(r"[\d\s\u00a0\u202f.,+-]+", typed):
                raise ValueError
            number = parse_amount(typed)
        except ValueError:
            raise forms.ValidationError(
                f"« {shown} » n’est pas un nombre. Écrivez par exemple 12 ou 2,5."
            ) from None
        if number is None or number <= 0:
            raise forms.ValidationError("Écrivez un nombre supérieur à zéro.")
        if number > QUANTITY_MAX:
            raise forms.ValidationError(f"« {shown} » dépasse toute quantité possible. Vérifiez la saisie.")
        return number


class LineForm(NamesMixin, RowForm):
    """A line of the grid."""

    names_fields = ("action", "target_text", "unit")
    names_place = "la grille"
    beside = {
        "qualitative_has_a_target": "target_number",
        "qualitative_target_positive": "target_number",
    }
    given = ("market",)
    target_number = QuantityFormField(
        label="Objectif, en nombre",
        required=False,
        help_text="Par exemple 2. Laissez vide si l’objectif se dit en mots.",
    )

    class Meta:
        model = QualitativeCommitment
        fields = (
            "company",
            "commitment",
            "origin",
            "action",
            "target_number",
            "unit",
            "target_text",
            "due_on",
            "needs_evidence",
        )
        widgets = {
            "action": forms.Textarea(attrs={"rows": 2}),
            "target_text": forms.Textarea(attrs={"rows": 2}),
        }
        help_texts = {
            "action": f"Ce que l’entreprise a promis, avec ses mots. {NEVER_A_PERSON}",
            "unit": "Par exemple visites de chantier, heures de tutorat.",
            "target_text": "Si l’objectif n’est pas un nombre, ou pour le préciser.",
            "due_on": DATE_HELP,
            "needs_evidence": "Sans justificatif accepté, l’action faite reste « preuve manquante ».",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        market = self.instance.market
        self.fields["company"].queryset = companies_of(market, self.user)  # type: ignore[attr-defined]
        self.scope_field(
            "commitment",
            Commitment,
            lambda rows: (
                rows.filter(market=market)
                .select_related("holder", "clause", "market")
                .order_by("holder__name", "pk")
            ),
        )
        self.fields["commitment"].label_from_instance = lambda row: f"{row.holder}, {row.clause}"  # type: ignore[attr-defined]
        if self.instance.pk:
            # What was sent about it is its company's own.
            self.fields["company"].disabled = True
            return
        self.initial["due_on"] = market.planned_end
        only = list(self.fields["company"].queryset[:2])  # type: ignore[attr-defined]
        if len(only) == 1:
            self.initial["company"] = only[0].pk

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        company, commitment = cleaned.get("company"), cleaned.get("commitment")
        if company and commitment and commitment.holder_id != company.pk:
            self.add_error("commitment", f"Cet engagement n’est pas celui de {company}.")
        begins = self.instance.market.begins_on
        due = cleaned.get("due_on")
        if due and begins and due < begins:
            self.add_error("due_on", f"L’échéance précède le début du marché, le {formats.day(begins)}.")
        self.check_names(self.instance.market, company)
        return cleaned


class SentForm(NamesMixin, Form):
    """What a company or the house sends about a line: a day, and words."""

    names_fields = ("note",)
    names_place = "la grille"
    on = DateFormField(label="Date", help_text=DATE_HELP)
    note = forms.CharField(label="Précisions", required=False, max_length=300, help_text=NEVER_A_PERSON)

    def __init__(self, *args: Any, row: QualitativeCommitment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = row

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        day = cleaned.get("on")
        if day and day > timezone.localdate():
            self.add_error(
                "on", "Cette date est dans l’avenir : écrivez celle d’un jour passé ou d’aujourd’hui."
            )
        # Only the house learns that a name is that of somebody who is followed.
        if self.user.is_house_staff:
            self.check_names(self.row.market, self.row.company)
        return cleaned

    def sent(self) -> dict[str, Any]:
        """What the service takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "homonym"}


class AchievementForm(SentForm):
    """Something done: how much, or that the objective in words is reached."""

    quantity = QuantityFormField(label="Quantité réalisée")
    completes = forms.BooleanField(label="L’objectif est atteint", required=False)
    field_order = ("on", "quantity", "completes", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.row.target_number is None:
            del self.fields["quantity"]
            self.fields["completes"].help_text = f"Objectif : {self.row.target_text}"
        else:
            del self.fields["completes"]
            self.fields["quantity"].help_text = (
                f"En {self.row.unit}." if self.row.unit else "Dans l’unité de l’objectif."
            )


class EvidenceForm(SentForm):
    """A proof."""

    file = forms.FileField(
        label="Fichier",
        help_text=f"{uploads.HELP} La maison et l’entreprise l’ouvrent ; le donneur d’ordre n’en voit que l’état.",
    )
    kind = forms.ChoiceField(label="Nature", choices=EvidenceKind.choices)
    field_order = ("file", "kind", "on", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].label = "Date du document"

    def sent(self) -> dict[str, Any]:
        values = super().sent()
        values["upload"] = values.pop("file")
        return values


class DecisionForm(Form):
    """The house accepts or refuses what a company sent; a refusal says why."""

    decision = forms.ChoiceField(
        label="Décision",
        choices=[(ReviewState.ACCEPTED, "Accepter"), (ReviewState.REFUSED, "Refuser")],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label="Motif du refus",
        required=False,
        max_length=300,
        help_text=f"L’entreprise le lit : dites quoi corriger. {NEVER_A_PERSON}",
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("decision") == ReviewState.REFUSED and not cleaned.get("reason"):
            self.add_error("reason", "Dites pourquoi : l’entreprise doit savoir quoi corriger.")
        return cleaned


class AbandonForm(Form):
    """Why an action is given up."""

    reason = forms.CharField(label="Motif", max_length=300, help_text=NEVER_A_PERSON)
