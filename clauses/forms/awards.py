"""The form of an award: the holder or the leader, the others of the group, and the hours of the offer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from clauses.models import OfferAssessment
from clauses.services.awards import Member, Promise
from core import formats
from core.forms import AmountFormField, DateFormField, Form, HoursFormField
from markets.enums import AwardRole
from markets.fields import CompanyFormField
from markets.forms.files import AMOUNT_HELP, DATE_HELP
from markets.models import Lot

ALONE, JOINT, SEVERAL = "alone", "joint", "several"
OTHERS = 5


def _sentence(words: str) -> str:
    """With a capital, and the others as they are: « L2112-2 » keeps its own."""
    return words[:1].upper() + words[1:]


class AwardLotForm(Form):
    """A lot goes to one company or to a group; its holder takes the clauses of the lot with the hours that it offers."""

    form_of_award = forms.ChoiceField(
        label="Forme",
        choices=(
            (ALONE, "une entreprise seule"),
            (JOINT, "un groupement conjoint"),
            (SEVERAL, "un groupement solidaire"),
        ),
        widget=forms.RadioSelect,
        initial=ALONE,
    )
    company = CompanyFormField(
        label="Titulaire, ou mandataire du groupement",
        help_text="Son nom ou son SIRET. C’est l’entreprise qui porte l’engagement d’heures.",
    )
    amount = AmountFormField(
        label="Montant qu’elle exécute, hors taxes", required=False, help_text=AMOUNT_HELP
    )
    awarded_on = DateFormField(label="Attribué le", help_text=DATE_HELP)
    starts_on = DateFormField(label="Début de l’intervention", required=False, help_text=DATE_HELP)
    ends_on = DateFormField(label="Fin de l’intervention", required=False, help_text=DATE_HELP)

    def __init__(self, *args: Any, lot: Lot, offer: OfferAssessment | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lot = lot
        market = lot.market
        self.clauses = list(lot.clauses.all())
        self.fields["company"].scope(self.user)  # type: ignore[attr-defined]
        self.fields["company"].initial = offer.company if offer else None
        self.fields["amount"].initial = lot.amount
        self.fields["awarded_on"].initial = market.notified_on or timezone.localdate()
        self.fields["starts_on"].initial = market.begins_on
        self.fields["ends_on"].initial = market.planned_end
        for clause in self.clauses:
            minimum = clause.minimum_hours
            above = offer.hours_offered - (minimum or Decimal(0)) if offer and offer.hours_offered else None
            self.fields[f"minimum_{clause.pk}"] = HoursFormField(
                label=f"{_sentence(str(clause))} : heures du minimum",
                required=False,
                initial=minimum,
            )
            self.fields[f"offer_{clause.pk}"] = HoursFormField(
                label="Heures offertes au-dessus du minimum",
                required=False,
                initial=above if above and above > 0 and len(self.clauses) == 1 else None,
                help_text="L’offre engage : elle s’ajoute au minimum.",
            )
        for index in range(OTHERS):
            self.fields[f"other_{index}"] = CompanyFormField(
                label=f"Entreprise {index + 2}", required=False, help_text=""
            )
            self.fields[f"other_{index}"].scope(self.user)
            self.fields[f"role_{index}"] = forms.ChoiceField(
                label="Rôle",
                choices=[
                    (role.value, role.label) for role in (AwardRole.CO_CONTRACTOR, AwardRole.SUBCONTRACTOR)
                ],
                required=False,
            )
            self.fields[f"amount_{index}"] = AmountFormField(label="Montant hors taxes", required=False)

    @property
    def main_fields(self) -> list[Any]:
        return [self[name] for name in ("form_of_award", "company", "amount", "awarded_on")]

    @property
    def other_rows(self) -> list[tuple[Any, Any, Any]]:
        return [
            (self[f"other_{index}"], self[f"role_{index}"], self[f"amount_{index}"])
            for index in range(OTHERS)
        ]

    @property
    def clause_fields(self) -> list[Any]:
        return [self[f"{name}_{clause.pk}"] for clause in self.clauses for name in ("minimum", "offer")]

    @property
    def window_fields(self) -> list[Any]:
        return [self["starts_on"], self["ends_on"]]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        starts, ends = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", "La fin de l’intervention précède son début.")
        shares = [cleaned.get("amount"), *(cleaned.get(f"amount_{index}") for index in range(OTHERS))]
        roles = [AwardRole.HOLDER, *(cleaned.get(f"role_{index}") for index in range(OTHERS))]
        # What a sous-traitant does is a part of what its principal holds.
        total = sum(
            (
                share
                for share, role in zip(shares, roles, strict=True)
                if share and role != AwardRole.SUBCONTRACTOR
            ),
            Decimal(0),
        )
        if self.lot.amount is not None and total > self.lot.amount:
            self.add_error(
                "amount",
                ValidationError(
                    f"Les montants font {formats.amount(total)}, plus que le lot ({formats.amount(self.lot.amount)}) : "
                    "corrigez l’un d’eux, ou le montant du lot."
                ),
            )
        return cleaned

    def members(self) -> list[Member]:
        """Who is awarded, the one who answers first."""
        data = self.cleaned_data
        others = [
            Member(
                data[f"other_{index}"],
                data.get(f"role_{index}") or AwardRole.CO_CONTRACTOR,
                data.get(f"amount_{index}"),
            )
            for index in range(OTHERS)
            if data.get(f"other_{index}")
        ]
        role = AwardRole.HOLDER if data["form_of_award"] == ALONE else AwardRole.LEADER
        return [Member(data["company"], role, data.get("amount")), *others]

    def promises(self) -> list[Promise]:
        data = self.cleaned_data
        return [
            Promise(clause, data.get(f"minimum_{clause.pk}"), data.get(f"offer_{clause.pk}"))
            for clause in self.clauses
        ]
