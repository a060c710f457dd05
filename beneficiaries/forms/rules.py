"""Counting rules: dated settings of the territory, a buyer or a market."""

from __future__ import annotations

from typing import Any

from django import forms

from beneficiaries.models import ContractType, CountingRules
from core.forms import ModelForm
from markets.models import Buyer, Market


class CountingRulesForm(ModelForm):
    """What counts, for how long and up to how much, from a month on."""

    extensions = forms.CharField(
        label="Prolongations par type de contrat",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="une par ligne : code du type de contrat, deux-points, mois ajoutés à la période (apprentissage : 12)",
    )

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
        self.fields["extensions"].initial = "\n".join(f"{code} : {months}" for code, months in given.items())
        if self.instance.pk:
            for name in ("buyer", "market"):
                self.fields[name].disabled = True

    def clean_extensions(self) -> dict[str, int]:
        """« apprentissage : 12 » by line, into {code: months}."""
        known = set(ContractType.objects.values_list("code", flat=True))
        found: dict[str, int] = {}
        for line in self.cleaned_data["extensions"].splitlines():
            code, _, months = (part.strip() for part in line.partition(":"))
            if not code and not months:
                continue
            if code not in known:
                raise forms.ValidationError(
                    f"« {code} » n’est pas le code d’un type de contrat : voyez leur liste."
                )
            if not months.isdecimal() or not 1 <= int(months) <= 60:
                raise forms.ValidationError(f"« {line.strip()} » : donnez un nombre de mois entre 1 et 60.")
            found[code] = int(months)
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        full, legal = data.get("full_time_month"), data.get("legal_max_month")
        if full is not None and legal is not None and full > legal:
            self.add_error("legal_max_month", "Le maximum légal est au moins égal au temps plein.")
        # What was refused beside the field keeps the former value.
        self.instance.extension_months = data.get("extensions", self.instance.extension_months)
        return data
