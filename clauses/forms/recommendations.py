"""Forms of recommendations: the estimation of a whole draft on one page, its texts, its sending and its answer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from clauses.enums import ClauseKind, EstimationMethod, RecommendationState
from clauses.models import Clause, HourlyCost, LabourShare, Recommendation, Scenario, ScenarioLot
from clauses.recommendation_paper import ScenarioView, scenario_view
from clauses.services import recommendations as services
from core.errors import DomainError
from core.forms import DateFormField, Form, HoursFormField
from markets.forms.files import DATE_HELP, RowForm, positive_amount
from markets.models import Contact, Lot


class PercentFormField(HoursFormField):
    """A percentage: « 5 », « 12,5 », « 70 % »."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = re.sub(r"[\s\u00a0\u202f]*%\s*$", "", value)
            if value.strip() and not re.fullmatch(
                r"[\s\u00a0\u202f]*[+-]?[\d\s\u00a0\u202f]*[.,]?\d*\s*", value
            ):
                raise ValidationError("Écrivez un pourcentage, par exemple 5 ou 12,5.", code="invalid")
            if value.strip().startswith("-"):
                raise ValidationError("Un pourcentage va de 0 à 100.", code="invalid")
        found = super().to_python(value)
        if found is not None and found > 100:
            raise ValidationError("Un pourcentage va de 0 à 100.", code="invalid")
        return found


class RecommendationForm(RowForm):
    """What a draft says beside its lots."""

    beside = {"recommendation_hours_per_person": "hours_per_person"}

    class Meta:
        model = Recommendation
        fields = ("title", "context", "hours_per_person", "penalty_text")
        labels = {"hours_per_person": "Heures comptées par personne"}
        help_texts = {
            "context": "Ce que chaque lot permet, les métiers, les structures qui peuvent répondre. "
            "Cette analyse figure en tête du document.",
            "hours_per_person": "Pour dire combien de personnes environ : 400 h, soit 800 000 h pour "
            "2 000 personnes par an sur le territoire.",
            "penalty_text": "Reprise dans le texte des clauses, par exemple « 40 € par heure non réalisée ».",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["context"].widget.attrs["rows"] = 4

    def clean_hours_per_person(self) -> Decimal:
        hours = self.cleaned_data["hours_per_person"]
        if hours is not None and hours <= 0:
            raise ValidationError("Le nombre d’heures par personne est supérieur à zéro.")
        return hours


class StartForm(Form):
    """The name of a new recommendation."""

    title = forms.CharField(label="Intitulé", max_length=200)


class ScenarioForm(RowForm):
    class Meta:
        model = Scenario
        fields = ("name", "note")
        widgets = {"note": forms.TextInput}


class LotForm(RowForm):
    """One lot of a scenario, in a row of its table: each field bears its own name and lot for who cannot see it."""

    beside = {
        "scenario_lot_amount_positive": "amount",
        "scenario_lot_percents": "rate",
        "scenario_lot_cost_positive": "cost",
        "scenario_lot_hours_positive": "hours_proposed",
        "scenario_lot_reason": "reason",
    }
    trade = forms.ChoiceField(required=False)
    share = PercentFormField(required=False)
    rate = PercentFormField(required=False)

    class Meta:
        model = ScenarioLot
        fields = (
            "number",
            "label",
            "kind",
            "trade",
            "method",
            "amount",
            "share",
            "cost",
            "rate",
            "months",
            "taken_over",
            "coefficient",
            "hours_proposed",
            "reason",
        )

    names = {
        "number": "Numéro",
        "label": "Objet",
        "kind": "Clause",
        "trade": "Métier",
        "method": "Méthode",
        "amount": "Montant hors taxes, en €",
        "share": "Part de main d’œuvre, en %",
        "cost": "Coût horaire, en €",
        "rate": "Taux d’effort, en %",
        "months": "Durée, en mois",
        "taken_over": "Heures reprises par mois",
        "coefficient": "Chiffre d’affaires par heure, en €",
        "hours_proposed": "Heures proposées",
        "reason": "Motif de l’écart",
    }

    def __init__(
        self, *args: Any, shares: dict[str, Decimal], costs: dict[str, Decimal], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.shares, self.costs = shares, costs
        trade = self.instance.trade
        trades = sorted({*shares, *(name for name in costs if name), *([trade] if trade else [])})
        self.fields["trade"].choices = [("", "autre métier"), *((name, name) for name in trades)]
        self.fields["kind"].choices = [*ClauseKind.choices, ("", "sans clause")]
        self.fields["kind"].required = False
        self.fields["coefficient"].required = False
        self.fields["label"].widget.attrs["placeholder"] = "objet du lot"
        self.fields["hours_proposed"].widget.attrs["placeholder"] = "celles du calcul"
        self.fields["reason"].widget.attrs["placeholder"] = "motif de l’écart"
        for name, label in self.names.items():
            self.fields[name].label = label
            self.fields[name].help_text = ""
            self.fields[name].widget.attrs["aria-label"] = f"{label}, lot {self.instance.number}"

    def clean_amount(self) -> Decimal | None:
        positive_amount(self, "amount")
        return self.cleaned_data.get("amount")

    def clean_coefficient(self) -> Decimal:
        typed = self.cleaned_data["coefficient"]
        return self.instance.coefficient if typed is None else typed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        # What is left empty comes from the reference of the trade.
        trade = cleaned.get("trade", "")
        if cleaned.get("share") is None and "share" not in self.errors:
            cleaned["share"] = self.shares.get(trade)
        if cleaned.get("cost") is None and "cost" not in self.errors:
            cleaned["cost"] = self.costs.get(trade, self.costs.get(""))
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.errors:
            return
        row = self.instance
        try:
            services.work_out(row)
        except DomainError as error:
            self.add_domain_error(error)
            return
        if row.hours_proposed is not None and row.hours_proposed != row.hours_computed and not row.reason:
            self.add_error("reason", "Les heures proposées s’écartent du calcul : dites pourquoi.")

    @property
    def is_pact(self) -> bool:
        method = self["method"].value()
        return method == EstimationMethod.PACT

    def complaints(self) -> list[tuple[str, str]]:
        """(id of the field, sentence) of each error."""
        return [
            (self[name].id_for_label if name in self.fields else "", f"{self.names.get(name, '')} : {error}")
            for name, errors in self.errors.items()
            for error in errors
        ]


class EstimationBoard:
    """The whole page of an estimation: the draft's own form, then each scenario with its lots."""

    def __init__(
        self, data: Any, *, user: Any, recommendation: Recommendation, without: Iterable[str] = ()
    ) -> None:
        """without: prefixes of the rows about to be removed, which are read and not checked."""
        self.recommendation = recommendation
        self.is_bound = data is not None
        self.without = set(without)
        self.shares, self.costs = services.values_in_force(timezone.localdate())
        self.head = RecommendationForm(data, user=user, instance=recommendation)
        self.advised = self._advised(data)
        by_scenario: dict[int, list[ScenarioLot]] = {}
        lots = ScenarioLot.objects.visible_to(user).filter(scenario__recommendation=recommendation)
        for lot in lots.order_by("position", "pk"):
            by_scenario.setdefault(lot.scenario_id, []).append(lot)
        self.scenarios: list[tuple[ScenarioForm, list[LotForm]]] = []
        rows = Scenario.objects.visible_to(user).filter(recommendation=recommendation)
        for scenario in rows.order_by("position", "pk"):
            prefix = f"scenario{scenario.pk}"
            # A row added meanwhile is not in what was posted: it shows as it is.
            posted = data if data is not None and f"{prefix}-name" in data else None
            form = ScenarioForm(posted, user=user, instance=scenario, prefix=prefix)
            self.scenarios.append(
                (form, [self._lot_form(data, user, lot) for lot in by_scenario.get(scenario.pk, [])])
            )

    def _lot_form(self, data: Any, user: Any, lot: ScenarioLot) -> LotForm:
        prefix = f"lot{lot.pk}"
        posted = data if data is not None and f"{prefix}-number" in data else None
        return LotForm(posted, user=user, instance=lot, prefix=prefix, shares=self.shares, costs=self.costs)

    def _advised(self, data: Any) -> int | None:
        typed = (data or {}).get("advised", "")
        return int(typed) if str(typed).isdigit() else None

    def checked(self) -> list[Any]:
        """The forms that a save reads."""
        found: list[Any] = [self.head]
        for form, lots in self.scenarios:
            if form.prefix not in self.without:
                found += [form, *(lot for lot in lots if lot.prefix not in self.without)]
        return [form for form in found if form.is_bound]

    def is_valid(self) -> bool:
        # Every form says what it has to say, not only the first that is wrong.
        return not [form for form in self.checked() if not form.is_valid()]

    def values(self) -> dict[str, Any]:
        return {name: self.head.cleaned_data[name] for name in self.head.Meta.fields}

    def scenario_rows(self) -> list[Scenario]:
        return [form.instance for form in self.checked() if isinstance(form, ScenarioForm)]

    def lot_rows(self) -> list[ScenarioLot]:
        return [form.instance for form in self.checked() if isinstance(form, LotForm)]

    def complaints(self) -> list[tuple[str, str]]:
        """(id of the field, sentence) of every error, for the summary on top."""
        found = []
        for form in self.checked():
            if isinstance(form, LotForm):
                lot = form.instance
                found += [
                    (target, f"Lot {lot.number}, {words[0].lower()}{words[1:]}")
                    for target, words in form.complaints()
                ]
            else:
                found += [
                    (form[name].id_for_label if name in form.fields else "", str(error))
                    for name, errors in form.errors.items()
                    for error in errors
                ]
        return found

    def views(self) -> list[tuple[ScenarioForm, ScenarioView, list[tuple[LotForm, Any]]]]:
        """Each scenario as it stands with what was typed, saved or not."""
        hours_per_person = self.recommendation.hours_per_person
        if self.is_bound and self.head.is_valid():
            hours_per_person = self.head.cleaned_data["hours_per_person"]
        found = []
        for form, lots in self.scenarios:
            for lot in lots:
                if lot.is_bound and not lot.is_valid():
                    # A sentence stands beside the field; a figure of before would lie.
                    lot.instance.hours_computed = None
            if form.is_bound:
                form.is_valid()
            if self.advised is not None:
                form.instance.is_advised = form.instance.pk == self.advised
            view = scenario_view(form.instance, (lot.instance for lot in lots), hours_per_person)
            found.append((form, view, list(zip(lots, view.lots, strict=True))))
        return found


class TextForm(Form):
    """The wording of a clause."""

    body = forms.CharField(
        label="Texte", widget=forms.Textarea(attrs={"rows": 28}), strip=True, max_length=40_000
    )


class SendForm(Form):
    """To whom a recommendation goes, with which words."""

    contacts = forms.MultipleChoiceField(
        label="Contacts du donneur d’ordre", required=False, widget=forms.CheckboxSelectMultiple
    )
    others = forms.CharField(
        label="Autres adresses",
        required=False,
        max_length=1000,
        help_text="Séparées par une virgule ou une espace.",
    )
    subject = forms.CharField(label="Objet du message", max_length=200)
    body = forms.CharField(label="Message", widget=forms.Textarea(attrs={"rows": 8}), max_length=10_000)
    due_on = DateFormField(label="Réponse attendue avant le", help_text=DATE_HELP)

    def __init__(self, *args: Any, buyer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        contacts = Contact.objects.visible_to(self.user).filter(buyer=buyer).exclude(email="")
        current = [
            row for row in contacts.order_by("name", "pk") if row.ends_on is None or row.ends_on >= today
        ]
        self.fields["contacts"].choices = [
            (row.email.lower(), f"{row.name}, {row.get_kind_display()} ({row.email})") for row in current
        ]
        if not current:
            del self.fields["contacts"]

    def clean_others(self) -> list[str]:
        found = []
        for address in re.split(r"[\s,;]+", self.cleaned_data["others"]):
            if address:
                try:
                    validate_email(address)
                except ValidationError:
                    raise ValidationError(f"« {address} » n’est pas une adresse électronique.") from None
                found.append(address)
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        cleaned["recipients"] = [*cleaned.get("contacts", []), *cleaned.get("others", [])]
        if not cleaned["recipients"] and not self.errors:
            self.add_error(
                "contacts" if "contacts" in self.fields else "others",
                "Choisissez au moins un destinataire, ou écrivez une adresse.",
            )
        return cleaned


class AnswerForm(Form):
    """The buyer's answer; the house says on which day it was given."""

    answer = forms.ChoiceField(
        label="Réponse",
        widget=forms.RadioSelect,
        choices=[
            (RecommendationState.ACCEPTED, "Accepter un scénario"),
            (RecommendationState.AMENDED, "Demander une modification"),
            (RecommendationState.REFUSED, "Refuser"),
        ],
    )
    chosen = forms.ModelChoiceField(
        label="Scénario retenu",
        queryset=Scenario.objects.none(),
        required=False,
        empty_label=None,
        widget=forms.RadioSelect,
        help_text="Seulement pour une acceptation.",
    )
    text = forms.CharField(
        label="Précisions",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Ce qui doit changer, ou le motif du refus ; facultatif pour une acceptation.",
    )
    on = DateFormField(label="Réponse donnée le", help_text=DATE_HELP)

    def __init__(self, *args: Any, recommendation: Recommendation, is_house: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope_field(
            "chosen",
            Scenario,
            lambda rows: rows.filter(recommendation=recommendation).order_by("position", "pk"),
        )
        self.fields["chosen"].label_from_instance = lambda row: (
            f"{row.name}{' (préconisé)' if row.is_advised else ''}"
        )
        advised = next((row.pk for row in recommendation.scenarios.all() if row.is_advised), None)
        self.fields["chosen"].initial = advised
        if not is_house:
            del self.fields["on"]


class TakeUpForm(Form):
    """For each lot of the chosen scenario, the lot of the market that bears its clause."""

    def __init__(self, *args: Any, parts: list[ScenarioLot], market: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parts = parts
        lots = Lot.objects.visible_to(self.user).filter(market=market).order_by("pk")
        by_number = {lot.number: lot.pk for lot in lots}
        written = set(
            Clause.objects.visible_to(self.user).filter(lot__market=market).values_list("lot", "kind")
        )
        for part in parts:
            proposed = part.lot_id or by_number.get(part.number)
            self.fields[f"lot{part.pk}"] = forms.ModelChoiceField(
                label=f"{part} : {part.get_kind_display()}",
                queryset=lots,
                required=False,
                # A lot that has a clause of this kind already is left aside.
                initial=None if (proposed, part.kind) in written else proposed,
                empty_label="ne pas reprendre",
            )

    def chosen(self) -> list[tuple[ScenarioLot, Lot]]:
        found = ((part, self.cleaned_data[f"lot{part.pk}"]) for part in self.parts)
        return [(part, lot) for part, lot in found if lot is not None]


class DatedValueForm(RowForm):
    """What the values of reference have in common: a source, and from when they hold."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["valid_from"].required = True
        self.fields["source"].help_text = "D’où vient cette valeur : étude, branche, bilan de vos marchés…"


class LabourShareForm(DatedValueForm):
    beside = {
        "labour_share_percent": "share",
        "labour_share_once_a_day": "valid_from",
        "labour_share_dates": "valid_to",
    }
    share = PercentFormField(label="Part de main d’œuvre", help_text="En %, par exemple 70.")

    class Meta:
        model = LabourShare
        fields = ("label", "share", "source", "valid_from", "valid_to")


class HourlyCostForm(DatedValueForm):
    beside = {
        "hourly_cost_positive": "cost",
        "hourly_cost_once_a_day": "valid_from",
        "hourly_cost_dates": "valid_to",
    }

    class Meta:
        model = HourlyCost
        fields = ("label", "cost", "source", "valid_from", "valid_to")
        help_texts = {
            "label": "Laissez vide pour tous les métiers qui n’ont pas le leur.",
            "cost": "En €, charges comprises, par exemple 30.",
        }
