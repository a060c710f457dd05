"""Forms of hours: what the grid shows, a correction, a return to the company."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone

from core.forms import DateFormField, Form, HoursFormField
from core.text import typed_words
from markets.models import Buyer, Market


class GridFilterForm(Form):
    """Which assignments « Heures » shows; unknown values show everything rather than an error page."""

    q = forms.CharField(
        label="Personne, entreprise, marché ou donneur d’ordre", required=False, max_length=100
    )
    buyer = forms.ModelChoiceField(
        Buyer.objects.none(), label="Donneur d’ordre", required=False, empty_label="tous"
    )
    mine = forms.ChoiceField(
        label="Portefeuille", required=False, choices=[("", "tous les marchés"), ("1", "mon portefeuille")]
    )
    mois = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.fields.get("buyer"), forms.ModelChoiceField):
            self.fields["buyer"].queryset = Buyer.objects.visible_to(self.user)  # type: ignore[attr-defined]

    def narrow(self, assignments: Any) -> Any:
        values = self.cleaned_data if self.is_bound and self.is_valid() else {}
        for word in typed_words(values.get("q") or ""):
            assignments = assignments.filter(_any_of(word))
        if values.get("buyer"):
            assignments = assignments.filter(commitment__market__buyer=values["buyer"])
        if values.get("mine"):
            markets = Market.objects.visible_to(self.user).portfolio_of(self.user, timezone.localdate())
            assignments = assignments.filter(commitment__market__in=markets.values("pk"))
        return assignments

    @property
    def active(self) -> int:
        if not (self.is_bound and self.is_valid()):
            return 0
        return sum(bool(self.cleaned_data.get(name)) for name in ("q", "buyer", "mine"))


def _any_of(word: str) -> Q:
    return (
        Q(placement__beneficiary__search_key__contains=word)
        | Q(placement__employer__search_key__contains=word)
        | Q(commitment__market__search_key__contains=word)
        | Q(commitment__holder__search_key__contains=word)
        | Q(commitment__market__buyer__search_key__contains=word)
    )


class CorrectionForm(Form):
    """The full new value of a validated entry, and why."""

    hours = HoursFormField(label="Heures, nouvelle valeur")
    reason = forms.CharField(
        label="Motif de la correction",
        max_length=300,
        help_text="il reste au dossier\u202f: relevé rectifié, erreur de mois…",
    )


class SendBackForm(Form):
    """What the company has to correct."""

    reason = forms.CharField(
        label="Ce qui est à corriger", max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )


class EntryDaysForm(Form):
    """The days of the month on which the hours were worked; without them, those of the assignment."""

    first_day = DateFormField(label="Premier jour", required=False)
    last_day = DateFormField(label="Dernier jour", required=False)


class ChecksFilterForm(GridFilterForm):
    """What « À vérifier » looks at: the same scope as the grid, a month or the year up to it."""

    # By its name in the words: one choice less to load, on a page that reads much already. A link may give its number.
    buyer = forms.IntegerField(required=False, widget=forms.HiddenInput)  # type: ignore[assignment]

    periode = forms.ChoiceField(
        label="Période", required=False, choices=[("", "le mois"), ("annee", "l’année jusqu’à ce mois")]
    )
    tout = forms.BooleanField(label="aussi les heures déjà validées", required=False)

    def narrow_commitments(self, commitments: Any) -> Any:
        """The engagements of the same scope, whether or not anybody works on them."""
        values = self.cleaned_data if self.is_bound and self.is_valid() else {}
        for word in typed_words(values.get("q") or ""):
            commitments = commitments.filter(
                Q(holder__search_key__contains=word)
                | Q(market__search_key__contains=word)
                | Q(market__buyer__search_key__contains=word)
            )
        if values.get("buyer"):
            commitments = commitments.filter(market__buyer=values["buyer"])
        if values.get("mine"):
            markets = Market.objects.visible_to(self.user).portfolio_of(self.user, timezone.localdate())
            commitments = commitments.filter(market__in=markets.values("pk"))
        return commitments


class SettleForm(Form):
    """Why what looked wrong is right."""

    reason = forms.CharField(label="Motif", max_length=300)
