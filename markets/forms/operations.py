"""Forms of operations and of the buyers that share a market."""

from __future__ import annotations

from typing import Any

from django import forms

from core.forms import Form
from markets.enums import PartyRole
from markets.fields import CommuneFormField
from markets.forms.files import PercentFormField, RowForm
from markets.models import Buyer, Department, Market, MarketParty, Operation


class OperationForm(RowForm):
    beside = {"operation_target_positive": "target_hours", "operation_dates": "ends_on"}
    commune = CommuneFormField(label="Lieu")

    class Meta:
        model = Operation
        fields = (
            "buyer",
            "name",
            "reference",
            "kind",
            "target_hours",
            "commune",
            "place",
            "starts_on",
            "ends_on",
            "closed_on",
            "notes",
        )
        help_texts = {
            "kind": "Un site privé porte son propre objectif d’heures : ses marchés y puisent.",
            "target_hours": "Objectif propre, en heures. Il est suivi, et ne s’ajoute jamais aux engagements des marchés.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope_field("buyer", Buyer)
        if self.instance.pk:
            self.fields["buyer"].disabled = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        starts, closed = cleaned.get("starts_on"), cleaned.get("closed_on")
        if starts and closed and closed < starts:
            self.add_error("closed_on", "La clôture précède le début : corrigez l’une des deux dates.")
        return cleaned


class PartyForm(Form):
    """A buyer that shares a market."""

    buyer = forms.ModelChoiceField(Buyer.objects.none(), label="Donneur d’ordre", empty_label="Choisir…")
    department = forms.ModelChoiceField(
        Department.objects.none(),
        label="Direction, service",
        required=False,
        empty_label="–",
        help_text="Celle de ce donneur d’ordre qui suit le marché.",
    )
    role = forms.ChoiceField(label="Rôle", choices=PartyRole.choices)
    share = PercentFormField(
        label="Part des heures",
        help_text="En %, par exemple 40 ou 33,33. Celui qui conduit le marché a le reste.",
    )

    def __init__(self, *args: Any, market: Market, party: MarketParty | None = None, **kwargs: Any) -> None:
        if party is not None:
            kwargs["initial"] = {
                "buyer": party.buyer_id,
                "department": party.department_id,
                "role": party.role,
                "share": party.share,
            }
        super().__init__(*args, **kwargs)
        self.scope_field("buyer", Buyer, lambda rows: rows.exclude(pk=market.buyer_id))
        self.scope_field(
            "department",
            Department,
            lambda rows: (
                rows.exclude(buyer=market.buyer_id)
                .select_related("buyer")
                .order_by("buyer__search_key", "name", "pk")
            ),
        )
        self.fields["department"].label_from_instance = lambda row: f"{row.buyer} · {row.name}"  # type: ignore[attr-defined]
        if party is not None:
            self.fields["buyer"].disabled = True
