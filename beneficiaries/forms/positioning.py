"""Positionnement: the commitment, and the contract when several run."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from beneficiaries.forms.employment import ChoosePersonForm
from beneficiaries.forms.fields import LookupField, bind_fields
from beneficiaries.models import Beneficiary, Placement
from beneficiaries.services.positioning import running_placements
from core.forms import Form


def placement_label(row: Placement) -> str:
    kind = f", {row.contract_type}" if row.contract_type else ""
    return f"{row.employer}{kind}, depuis le {row.starts_on:%d/%m/%Y}"


class PositionForm(Form):
    """For one person: on which commitment; with which contract, where several run."""

    commitment = LookupField(
        "commitment",
        label="Engagement",
        help_text="la référence du marché ou le nom du titulaire",
        error_messages={"required": "Indiquez sur quel engagement positionner la personne."},
    )
    placement = forms.ChoiceField(
        label="Contrat", error_messages={"required": "Dites avec quel contrat elle travaille."}
    )

    def __init__(self, *args: Any, beneficiary: Beneficiary, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bind_fields(self)
        visible = Placement.objects.visible_to(self.user).values("pk")
        rows = running_placements(beneficiary, timezone.localdate()).filter(pk__in=visible)
        self.placements = list(rows)
        if len(self.placements) > 1:
            self.fields["placement"].choices = [  # type: ignore[attr-defined]
                (str(row.pk), placement_label(row)) for row in self.placements
            ]
        else:
            del self.fields["placement"]

    def placement_chosen(self) -> Placement | None:
        """The contract chosen, the only one that runs, or none."""
        if "placement" in self.fields:
            return next(row for row in self.placements if str(row.pk) == self.cleaned_data["placement"])
        return self.placements[0] if self.placements else None


class MarketPositionForm(ChoosePersonForm):
    """From a market: who, already validated, and on which of its commitments."""

    person = LookupField(
        "person",
        label="Personne déjà validée",
        help_text="le nom et le prénom, dans n’importe quel ordre",
        error_messages={"required": "Indiquez la personne."},
    )
