"""Forms of the watch on published contracts: which market it is, why it is left, the file to read."""

from __future__ import annotations

from typing import Any

from django import forms

from core.forms import Form
from markets.models import Market


class WatchFileForm(Form):
    """A DECP file to read for our buyers."""

    file = forms.FileField(
        label="Fichier DECP (JSON ou XML)",
        help_text="données essentielles de la commande publique, au format de l’arrêté de 2022 ou de 2019",
        allow_empty_file=True,
    )


class MatchForm(Form):
    """The market followed here that a published contract is."""

    market = forms.ModelChoiceField(label="Marché suivi ici", queryset=Market.objects.none())

    def __init__(self, *args: Any, markets: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["market"]
        field.queryset = markets
        field.label_from_instance = lambda row: f"{row.reference} · {row.object[:90]}"


class LeaveForm(Form):
    """Why nobody will follow a contract."""

    reason = forms.CharField(
        label="Pourquoi le laisser de côté",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="par exemple : suivi par un autre facilitateur, ou clause sans heures d’insertion",
    )
