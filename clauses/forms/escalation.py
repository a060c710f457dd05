"""Forms of an escalation, one for each gesture of the house and of the buyer."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from clauses.enums import LetterWay, PenaltyDecision
from clauses.models import Commitment
from clauses.standings import Computation, Standing
from core import formats
from core.forms import AmountFormField, DateFormField, Form
from markets.forms.files import AMOUNT_HELP, DATE_HELP

READ_BY_BUYER = "Le donneur d’ordre lit ce texte."
FILE_HELP = "PDF, image, Word, LibreOffice ou tableur, 20 Mo au plus."
TEXT_MAX = 5_000


def _text(label: str, *, rows: int = 4, required: bool = True, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=TEXT_MAX,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


def _file(label: str, *, required: bool = False, help_text: str = FILE_HELP) -> forms.FileField:
    # An empty file gets the sentence of the private storage, as any other that is not a document.
    return forms.FileField(label=label, required=required, help_text=help_text, allow_empty_file=True)


def _day(label: str) -> DateFormField:
    return DateFormField(label=label, help_text=DATE_HELP)


def _shown_when(form: Form, **when: str) -> None:
    """Have `static/js/shown.js` show these fields under some answers only: `reason="decision=reduced waived"`."""
    for name, answers in when.items():
        if name in form.fields:
            form.fields[name].widget.attrs |= {"data-shown-when": answers, "data-needed": ""}


class OpenForm(Form):
    """A difficulty with one of the holders of the market."""

    commitment = forms.ModelChoiceField(
        label="Engagement concerné", queryset=Commitment.objects.none(), empty_label=None
    )
    on = _day("Depuis le")
    text = _text("Ce qui pose difficulté", help_text=READ_BY_BUYER)

    def __init__(self, *args: Any, market: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope_field(
            "commitment",
            Commitment,
            lambda rows: (
                rows.filter(market=market)
                .exclude(escalations__in=market.escalations.filter(closed_on__isnull=True))
                .select_related("holder", "clause__lot")
                .order_by("pk")
            ),
        )
        self.fields["commitment"].label_from_instance = lambda row: f"{row.holder} · {row.clause.lot}"  # type: ignore[attr-defined]
        self.fields["on"].initial = timezone.localdate()


class RefusalForm(Form):
    on = _day("Refus exprimé le")
    text = _text(
        "En quels termes, et par qui",
        help_text=f"La fonction suffit (« le conducteur de travaux »). {READ_BY_BUYER}",
    )
    document = _file("Pièce")


class LetterForm(Form):
    """What the facilitator adds to the letter; its figures and obligations come from the file."""

    recipient = forms.CharField(label="À l’attention de", required=False, max_length=200)
    address = forms.CharField(
        label="Adresse de l’entreprise",
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Telle qu’elle figure en tête du courrier.",
    )
    text = _text(
        "Paragraphe propre à cette situation",
        required=False,
        help_text="Ajouté au courrier, après le rappel des contacts. L’entreprise et le donneur d’ordre le lisent.",
    )


class LetterDecisionForm(Form):
    """The buyer's answer to a proposed letter."""

    APPROVE, SEND_BACK = "approve", "send_back"
    answer = forms.ChoiceField(
        label="Votre réponse",
        choices=(
            (APPROVE, "J’approuve l’envoi de ce courrier"),
            (SEND_BACK, "Je le renvoie à la maison pour correction"),
        ),
        widget=forms.RadioSelect,
    )
    reason = _text(
        "Ce qui ne convient pas", required=False, rows=3, help_text="Seulement si vous le renvoyez."
    )


class SendForm(Form):
    on = _day("Envoyé le")
    way = forms.ChoiceField(label="Moyen", choices=LetterWay.choices, widget=forms.RadioSelect)
    tracking = forms.CharField(
        label="Numéro du recommandé", required=False, max_length=60, widget=forms.TextInput()
    )
    email = forms.EmailField(
        label="Adresse électronique de l’entreprise",
        required=False,
        help_text="Le courrier y part d’ici, en pièce jointe.",
    )
    signed_copy = _file(
        "Exemplaire signé",
        help_text=f"Le courrier numérisé une fois signé, s’il diffère de celui de Maillon. {FILE_HELP}",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _shown_when(self, tracking="way=registered both", email="way=email both")


class AlertForm(Form):
    """Which contacts the buyer reads, and a word of the facilitator."""

    contacts = forms.MultipleChoiceField(
        label="Contacts remis au donneur d’ordre",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Leur compte rendu est joint tel que vous l’avez écrit. Décochez ceux qui ne regardent que la maison.",
    )
    text = _text("Votre mot au donneur d’ordre", required=False)

    def __init__(self, *args: Any, standing: Standing, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            (
                str(contact.pk),
                f"{formats.day(contact.on)}, {contact.channel}, {contact.outcome} : {formats.short(contact.summary, 90)}",
            )
            for contact in standing.contacts
        ]
        field: Any = self.fields["contacts"]
        field.choices = choices
        field.initial = [pk for pk, _ in choices]
        if not choices:
            del self.fields["contacts"]

    def clean_contacts(self) -> list[int]:
        return [int(pk) for pk in self.cleaned_data["contacts"]]


class DefaultForm(Form):
    on = _day("Notifiée à l’entreprise le")
    document = _file("Notification adressée à l’entreprise", required=True)
    text = _text("Précisions", required=False)


class PenaltyForm(Form):
    """The buyer's decision; the amount that was on the screen comes back with it."""

    decision = forms.ChoiceField(
        label="Votre décision", choices=PenaltyDecision.choices, widget=forms.RadioSelect
    )
    amount = AmountFormField(
        label="Montant réduit", required=False, help_text=f"Seulement pour un montant réduit. {AMOUNT_HELP}"
    )
    reason = _text(
        "Motif",
        required=False,
        help_text="Demandé pour réduire la pénalité ou y renoncer. Il figure au dossier.",
    )
    seen = AmountFormField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, computation: Computation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            (PenaltyDecision.APPLIED.value, f"Appliquer la pénalité : {formats.amount(computation.amount)}"),
            (PenaltyDecision.REDUCED.value, "Appliquer un montant réduit"),
            (PenaltyDecision.WAIVED.value, "Renoncer à la pénalité"),
        ]
        if not computation.amount:
            # Nothing to apply: what remains is to end the escalation.
            choices = choices[2:]
            del self.fields["amount"]
        field: Any = self.fields["decision"]
        field.choices = choices
        self.fields["seen"].initial = computation.amount
        _shown_when(self, amount="decision=reduced", reason="decision=reduced waived")

    def clean_seen(self) -> Decimal:
        return self.cleaned_data["seen"] or Decimal("0.00")


class PlanMeetingForm(Form):
    on = _day("Jour")
    at = forms.TimeField(
        label="Heure",
        input_formats=["%H:%M", "%Hh%M", "%Hh", "%H"],
        help_text="Par exemple 14:30 ou 14h30.",
        error_messages={"invalid": "Écrivez l’heure ainsi : 14:30 ou 14h30."},
        widget=forms.TextInput(attrs={"class": "short", "autocomplete": "off"}),
    )
    place = forms.CharField(label="Lieu", required=False, max_length=200)

    def starts_at(self) -> dt.datetime:
        """The moment typed, in Paris."""
        return timezone.make_aware(dt.datetime.combine(self.cleaned_data["on"], self.cleaned_data["at"]))


class MeetingForm(Form):
    on = _day("Rencontre tenue le")
    participants = forms.CharField(
        label="Participants",
        max_length=300,
        help_text="Qui représentait l’entreprise, le donneur d’ordre et la maison.",
    )
    text = _text("Compte rendu", rows=6, help_text=READ_BY_BUYER)
    document = _file("Pièce")


class CloseForm(Form):
    on = _day("Close le")
    reason = forms.CharField(
        label="Pourquoi la difficulté prend fin",
        max_length=300,
        help_text=f"Par exemple : l’entreprise a repris contact et embauche en mai. {READ_BY_BUYER}",
    )
