"""Counting rules: dated settings of the territory, a buyer or a market."""

from __future__ import annotations

from typing import Any

from beneficiaries.models import CountingRules
from core.forms import ModelForm
from markets.models import Buyer, Market


class CountingRulesForm(ModelForm):
    """What counts, for how long and up to how much, from a month on."""

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
            "chain_gap_days",
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
        if self.instance.pk:
            for name in ("buyer", "market"):
                self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        full, legal = data.get("full_time_month"), data.get("legal_max_month")
        if full is not None and legal is not None and full > legal:
            self.add_error("legal_max_month", "Le maximum légal est au moins égal au temps plein.")
        return data
