"""Globalisations and declarations without names."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from beneficiaries.forms.fields import LookupField, bind_fields
from beneficiaries.models import AggregateDeclaration, Mutualisation
from clauses.models import Commitment
from core.forms import DateFormField, Form, ModelForm, MonthFormField, parse_hours
from core.uploads import HELP
from markets.fields import CompanyFormField
from markets.models import Company, Market

MOST_SHARES = 12
SPARE_ROWS = 2
LEAST_SHARES = 2


class ShareField(forms.CharField):
    """A percentage with two decimals at most: « 33,33 », « 33,33 % »."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 20)
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "inputmode": "decimal", "autocomplete": "off"}

    def prepare_value(self, value: Any) -> Any:
        return f"{value.normalize():f}".replace(".", ",") if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Any:
        text = str(super().to_python(self.prepare_value(value)) or "").replace("%", "").strip()
        if not text:
            return None
        try:
            share = parse_hours(text) if not set(text.lower()) & set("h:") else None
        except ValueError:
            share = None
        if share is None or not 0 <= share <= 100:
            raise ValidationError(
                f"« {text[:20]} » n’est pas une part entre 0 et 100 %, avec deux décimales au plus."
            )
        return share

    def run_validators(self, value: Any) -> None:
        """The value was checked when it was read."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (self.prepare_value(initial) or "") != (data or "")


class MutualisationForm(ModelForm):
    """What is agreed: the months, and the share of each commitment."""

    class Meta:
        model = Mutualisation
        fields = ("label", "signed_on", "starts_on", "ends_on", "note")
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}
        labels = {"note": "Précisions"}
        error_messages = {
            "label": {"required": "Donnez-lui un intitulé."},
            "signed_on": {"required": "Indiquez le jour de la signature."},
            "starts_on": {"required": "Indiquez le premier mois."},
            "ends_on": {"required": "Indiquez le dernier mois."},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = (
            list(self.instance.shares.select_related("commitment").order_by("pk")) if self.instance.pk else []
        )
        self.rows_shown = min(MOST_SHARES, max(4, len(known) + SPARE_ROWS, self._rows_sent()))
        for rank in range(1, self.rows_shown + 1):
            share = known[rank - 1] if rank <= len(known) else None
            self.fields[f"commitment_{rank}"] = LookupField(
                "commitment",
                label=f"Engagement {rank}",
                required=rank <= LEAST_SHARES,
                error_messages={"required": "Indiquez deux engagements au moins."},
                help_text="la référence du marché ou le nom du titulaire",
                initial=share.commitment_id if share else None,
            )
            self.fields[f"share_{rank}"] = ShareField(
                label=f"Part {rank} (%)",
                required=rank <= LEAST_SHARES,
                error_messages={"required": "Indiquez la part de cet engagement, 0 s’il ne reçoit rien."},
                initial=share.share if share else None,
            )
        bind_fields(self)

    @property
    def plain_fields(self) -> list[Any]:
        return [self[name] for name in self.Meta.fields]

    @property
    def share_rows(self) -> list[tuple[Any, Any]]:
        """Each commitment with its share, for the page."""
        return [(self[f"commitment_{rank}"], self[f"share_{rank}"]) for rank in range(1, self.rows_shown + 1)]

    def _rows_sent(self) -> int:
        sent = [name for name in self.data if name.startswith("commitment_")]
        return min(MOST_SHARES, len(sent))

    def clean_signed_on(self) -> Any:
        signed = self.cleaned_data["signed_on"]
        if signed and signed > timezone.localdate():
            raise ValidationError("Une signature s’enregistre une fois donnée.")
        return signed

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self.shares: dict[Commitment, Decimal] = {}
        for rank in range(1, self.rows_shown + 1):
            commitment, share = data.get(f"commitment_{rank}"), data.get(f"share_{rank}")
            if commitment is None and share is not None and f"commitment_{rank}" not in self.errors:
                self.add_error(f"commitment_{rank}", "Indiquez de quel engagement est cette part.")
            if commitment is None:
                continue
            if share is None and f"share_{rank}" not in self.errors and rank > LEAST_SHARES:
                self.add_error(f"share_{rank}", "Indiquez la part de cet engagement, 0 s’il ne reçoit rien.")
            if commitment in self.shares:
                self.add_error(f"commitment_{rank}", "Cet engagement y a déjà une part.")
            elif share is not None:
                self.shares[commitment] = share
        return data


class AgreementForm(Form):
    """The day on which a buyer agreed."""

    agreed_on = DateFormField(
        label="Accord du donneur d’ordre le", error_messages={"required": "Indiquez le jour de l’accord."}
    )


class SignedDocumentForm(Form):
    """The signed paper."""

    upload = forms.FileField(
        label="Document signé",
        max_length=200,
        help_text=HELP,
        error_messages={"required": "Choisissez le document signé.", "empty": "Ce fichier est vide."},
    )


class StopForm(Form):
    """The last month, earlier than agreed."""

    ends_on = MonthFormField(label="Dernier mois", error_messages={"required": "Indiquez le dernier mois."})


class AggregateForm(ModelForm):
    """What an ESAT or an EA declares without names."""

    company = CompanyFormField(
        label="Structure",
        help_text="un ESAT, une EA ou une EATT\u202f: son nom ou son SIRET",
        error_messages={"required": "Indiquez la structure."},
    )
    upload = forms.FileField(
        label="Attestation",
        required=False,
        max_length=200,
        help_text=HELP,
        error_messages={"empty": "Ce fichier est vide."},
    )

    class Meta:
        model = AggregateDeclaration
        fields = ("company", "commitment", "first_month", "last_month", "headcount", "hours", "note")
        error_messages = {
            "first_month": {"required": "Indiquez le premier mois."},
            "last_month": {"required": "Indiquez le dernier mois."},
            "headcount": {
                "required": "Indiquez combien de personnes.",
                "invalid": "Un nombre de personnes s’écrit en chiffres.",
                "min_value": "Un nombre de personnes n’est pas négatif.",
                "max_value": "Ce nombre de personnes n’est pas possible.",
            },
            "hours": {"required": "Indiquez les heures."},
        }

    def __init__(
        self, *args: Any, market: Market | None = None, company: Company | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if company is not None:
            self.instance.company = company
            del self.fields["company"]
        if market is not None:
            self.fields["commitment"] = CommitmentOfMarket(
                label="Engagement",
                queryset=Commitment.objects.visible_to(self.user)
                .filter(market=market)
                .select_related("holder", "clause__lot"),
                empty_label=None,
            )
        else:
            self.fields["commitment"] = LookupField(
                "commitment",
                label="Engagement",
                help_text="la référence du marché ou le nom du titulaire",
                error_messages={"required": "Indiquez sur quel engagement ces heures ont été faites."},
            )
        bind_fields(self)

    def clean_headcount(self) -> Any:
        count = self.cleaned_data["headcount"]
        if count is not None and count > 9_999:
            raise ValidationError("Ce nombre de personnes n’est pas possible.")
        return count


class CommitmentOfMarket(forms.ModelChoiceField):
    """One of a market's commitments: its lot and who holds it."""

    def label_from_instance(self, obj: Commitment) -> str:
        return f"Lot {obj.clause.lot.number}, {obj.holder}"
