"""Counting rules: dated settings of the territory, a buyer or a market; and the question « lesquelles valent ici ? »."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from beneficiaries.models import ContractType, CountingRules
from core.forms import Form, ModelForm, MonthFormField
from markets.models import Buyer, Market

EXTENSION = "prolongation_"
MOST_MONTHS = 60
MOST_MARKETS = 5


class CountingRulesForm(ModelForm):
    """What counts, for how long and up to how much, from a month on; one field for each contract type."""

    class Meta:
        model = CountingRules
        fields = (
            "buyer",
            "market",
            "in_force_from",
            "counts_work",
            "counts_training",
            "counts_tutoring",
            "counts_immersion",
            "period_months",
            "review_validity_months",
            "full_time_month",
            "legal_max_month",
            "month_cap",
            "chain_gap_days",
            "exit_months",
            "note",
        )
        error_messages = {"in_force_from": {"required": "Indiquez le premier mois de ces règles."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope_field("buyer", Buyer)
        self.scope_field(
            "market", Market, lambda rows: rows.filter(closed_on__isnull=True).order_by("reference", "pk")
        )
        self.fields["buyer"].empty_label = self.fields["market"].empty_label = "tout le territoire"
        given = self.instance.extension_months or {}
        # A code that is no longer in use keeps its field while rules still name it.
        self.contract_types = [
            row
            for row in ContractType.objects.order_by("position", "code")
            if row.is_active or row.code in given
        ]
        for row in self.contract_types:
            self.fields[f"{EXTENSION}{row.code}"] = forms.IntegerField(
                label=row.label,
                required=False,
                min_value=0,
                max_value=MOST_MONTHS,
                initial=given.get(row.code),
                widget=forms.NumberInput(attrs={"inputmode": "numeric", "size": 3}),
                error_messages={
                    "invalid": "Donnez un nombre entier de mois.",
                    "min_value": f"Donnez un nombre de mois entre 0 et {MOST_MONTHS}.",
                    "max_value": f"Donnez un nombre de mois entre 0 et {MOST_MONTHS}.",
                },
            )
        if self.instance.pk:
            for name in ("buyer", "market"):
                self.fields[name].disabled = True

    @property
    def main_fields(self) -> list[Any]:
        """The fields of the rules themselves."""
        return [self[name] for name in self.fields if not name.startswith(EXTENSION)]

    @property
    def extension_fields(self) -> list[Any]:
        """One field for each contract type: months added to the period."""
        return [self[f"{EXTENSION}{row.code}"] for row in self.contract_types]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        full, legal = data.get("full_time_month"), data.get("legal_max_month")
        if full is not None and legal is not None and full > legal:
            self.add_error("legal_max_month", "Le maximum légal est au moins égal au temps plein.")
        self.instance.extension_months = {
            row.code: months for row in self.contract_types if (months := data.get(f"{EXTENSION}{row.code}"))
        }
        return data


class RulesQuestionForm(Form):
    """« Lesquelles valent ici ? »: the reference of a market (none: the territory) and a month (none: this one)."""

    marche = forms.CharField(
        label="Référence du marché", required=False, max_length=60, help_text="vide\u202f: le territoire"
    )
    mois = MonthFormField(label="Mois", required=False)

    def clean_marche(self) -> list[Market]:
        """The markets of that reference: two buyers may have given the same one."""
        typed = self.cleaned_data["marche"].strip()
        if not typed:
            return []
        rows = Market.objects.visible_to(self.user).filter(reference__iexact=typed)
        found = list(rows.select_related("buyer").order_by("pk")[:MOST_MARKETS])
        if not found:
            raise forms.ValidationError(f"Aucun marché ne porte la référence «\u202f{typed}\u202f».")
        return found

    @property
    def question(self) -> tuple[list[Market], dt.date]:
        """The markets asked about (none: the territory) and the month."""
        values = self.cleaned_data if self.is_bound and self.is_valid() else {}
        return values.get("marche") or [], values.get("mois") or timezone.localdate().replace(day=1)
