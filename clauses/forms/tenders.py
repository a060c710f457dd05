"""Forms of the analysis of bids: its criteria, one bid with its points, its conclusion."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from clauses.models import OfferAssessment, OfferGrid
from clauses.services.tenders import MOST_CRITERIA, CriterionLine
from core import formats
from core.forms import Form, HoursFormField
from markets.fields import CompanyFormField

BLANK_LINES = 2


class PointsField(forms.CharField):
    """Points or percents: « 7,5 », « 7.5 », « 30 % »; empty for none."""

    def __init__(self, *, highest: Decimal | int, **kwargs: Any) -> None:
        self.highest = Decimal(highest)
        kwargs.setdefault("required", False)
        kwargs.setdefault("max_length", 12)
        super().__init__(**kwargs)
        self.widget.attrs |= {"inputmode": "decimal", "class": "short-number"}

    def prepare_value(self, value: Any) -> Any:
        return formats.number(value) if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        typed = "".join(str(super().clean(value) or "").split()).removesuffix("%").replace(",", ".")
        if not typed:
            return None
        try:
            number = Decimal(typed)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or number != round(number, 2):
            raise forms.ValidationError("Écrivez un nombre, par exemple 7,5.")
        if not 0 <= number <= self.highest:
            raise forms.ValidationError(f"Le nombre va de 0 à {formats.number(self.highest)}.")
        return number


class CriteriaForm(Form):
    """The scale, the weight of insertion, and the lines of the grid; a line without words goes."""

    scale = forms.IntegerField(
        label="Barème", min_value=1, max_value=100, help_text="La note la plus haute de chaque critère."
    )
    weight = PointsField(
        label="Poids de l’insertion dans la note de l’offre",
        highest=100,
        help_text="En %, tel que l’annonce le règlement de la consultation.",
    )

    def __init__(self, *args: Any, grid: OfferGrid, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = list(grid.criteria.all())
        self.fields["scale"].initial, self.fields["weight"].initial = grid.scale, grid.weight
        self.count = min(len(self.known) + BLANK_LINES, MOST_CRITERIA)
        if self.is_bound:
            self.count = max(self.count, min(self._posted(), MOST_CRITERIA))
        for index in range(self.count):
            row = self.known[index] if index < len(self.known) else None
            self.fields[f"label_{index}"] = forms.CharField(
                label=f"Critère {index + 1}",
                required=False,
                max_length=200,
                initial=row.label if row else "",
            )
            self.fields[f"expected_{index}"] = forms.CharField(
                label="Ce qui est attendu",
                required=False,
                max_length=500,
                initial=row.expected if row else "",
                widget=forms.Textarea(attrs={"rows": 2}),
            )
            self.fields[f"weight_{index}"] = PointsField(
                label="Poids (%)", highest=100, initial=row.weight if row else None
            )

    def _posted(self) -> int:
        numbers = [name.removeprefix("label_") for name in self.data if name.startswith("label_")]
        return max(
            (int(number) + 1 for number in numbers if number.isdecimal() and len(number) < 3), default=0
        )

    @property
    def lines(self) -> list[tuple[Any, Any, Any]]:
        """The fields of each line, for the page."""
        return [
            (self[f"label_{index}"], self[f"expected_{index}"], self[f"weight_{index}"])
            for index in range(self.count)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        lines = []
        for index in range(self.count):
            label, weight = cleaned.get(f"label_{index}", "").strip(), cleaned.get(f"weight_{index}")
            if not label:
                if weight:
                    self.add_error(f"label_{index}", "Donnez un nom à ce critère, ou retirez son poids.")
                continue
            if not weight and not self.errors.get(f"weight_{index}"):
                self.add_error(f"weight_{index}", "Donnez un poids à ce critère, en %.")
                continue
            pk = self.known[index].pk if index < len(self.known) else None
            lines.append(CriterionLine(label, weight or Decimal(0), cleaned.get(f"expected_{index}", ""), pk))
        cleaned["lines"] = lines
        return cleaned


class OfferForm(Form):
    """One bid: who, how many hours, and its points by criterion, each with its reason."""

    bidder = forms.CharField(label="Soumissionnaire", max_length=300)
    company = CompanyFormField(
        label="Sa fiche d’entreprise",
        required=False,
        help_text="Facultative : son nom ou son SIRET, si elle est déjà dans Maillon.",
    )
    hours_offered = HoursFormField(
        label="Heures proposées", required=False, help_text="En tout, minimum compris."
    )
    comment = forms.CharField(
        label="Appréciation d’ensemble", required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(
        self, *args: Any, grid: OfferGrid, assessment: OfferAssessment | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["company"].scope(self.user)  # type: ignore[attr-defined]
        self.criteria = list(grid.criteria.all())
        scores = {row.criterion_id: row for row in assessment.scores.all()} if assessment else {}
        for criterion in self.criteria:
            score = scores.get(criterion.pk)
            self.fields[f"points_{criterion.pk}"] = PointsField(
                label=f"{criterion.label} : points",
                highest=grid.scale,
                initial=score.points if score else None,
                help_text=f"De 0 à {grid.scale}. {criterion.expected}".strip(),
            )
            self.fields[f"reason_{criterion.pk}"] = forms.CharField(
                label=f"{criterion.label} : justification",
                required=False,
                max_length=500,
                initial=score.reason if score else "",
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    def points(self) -> dict[int, tuple[Decimal | None, str]]:
        """What was given on each criterion."""
        return {
            criterion.pk: (
                self.cleaned_data[f"points_{criterion.pk}"],
                self.cleaned_data[f"reason_{criterion.pk}"],
            )
            for criterion in self.criteria
        }


class CloseGridForm(Form):
    """The conclusion of the analysis, printed in its report."""

    notes = forms.CharField(label="Conclusion", required=False, widget=forms.Textarea(attrs={"rows": 5}))
