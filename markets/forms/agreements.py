"""Forms of agreements: their terms, their avenants, their termination."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from accounts.models import User
from core.forms import DateFormField, Form
from markets.enums import AgreementIndicator
from markets.forms.files import DATE_HELP, RowForm
from markets.models import Agreement, Buyer, Contact
from markets.services.agreements import DOCUMENT_WORDS


def document_field(label: str) -> forms.FileField:
    """A signed document, always optional: it often comes back later."""
    return forms.FileField(label=label, required=False, help_text=DOCUMENT_WORDS, max_length=200)


class AgreementForm(RowForm):
    beside = {
        "agreement_dates": "ends_on",
        "agreement_letter_delay": "letter_delay_days",
        "agreement_notice": "notice_months",
    }
    indicators = forms.MultipleChoiceField(
        label="Indicateurs validés",
        choices=AgreementIndicator.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Ceux de l’article 5 de la convention, que le bilan reprend.",
    )
    upload = document_field("Convention signée")

    class Meta:
        model = Agreement
        fields = (
            "reference",
            "signed_on",
            "starts_on",
            "ends_on",
            "notice_months",
            "buyer_referent",
            "house_referent",
            "indicators",
            "letter_consent",
            "letter_delay_days",
            "procedure",
            "procedure_agreed_on",
            "notes",
        )
        widgets = {"procedure": forms.Textarea(attrs={"rows": 6})}
        labels = {
            "notice_months": "Préavis (mois)",
            "letter_delay_days": "Délai laissé par le courrier de rappel (jours)",
            "letter_consent": "Le donneur d’ordre accepte d’avance l’envoi des courriers de rappel",
        }
        help_texts = {
            "ends_on": "Dernier jour de la convention, avenants compris.",
            "notice_months": "Un rappel s’ouvre avant ce délai, un autre avant la fin.",
            "buyer_referent": "Parmi les contacts de la fiche.",
            "letter_delay_days": "Quinze jours d’ordinaire.",
            "letter_consent": "Sinon, il approuve chaque courrier dans l’application.",
            "procedure": "Ce que les deux parties ont arrêté en cas de difficulté avec une entreprise.",
            "notes": "Pour la maison : le donneur d’ordre ne les voit pas.",
        }

    def __init__(self, *args: Any, buyer: Buyer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope_field("buyer_referent", Contact, lambda rows: rows.filter(buyer=buyer))
        self.scope_field("house_referent", User, lambda rows: rows.house_staff().filter(is_active=True))
        self.instance.buyer = buyer
        if self.instance.pk is None:
            self.fields["indicators"].initial = AgreementIndicator.values
        else:
            self.fields["upload"].label = (
                "Remplacer la convention signée" if self.instance.document_id else "Convention signée"
            )
            if self.instance.amendments.filter(new_ends_on__isnull=False).exists():
                self.fields["ends_on"].disabled = True
                self.fields["ends_on"].help_text = "Fixée par un avenant."


class AmendmentForm(Form):
    """An avenant: from when, what it changes, and the new end when it prolongs the convention."""

    subject = forms.CharField(label="Objet", max_length=300, help_text="Par exemple : prolongation d’un an.")
    signed_on = DateFormField(label="Signé le", required=False, help_text=DATE_HELP)
    effective_on = DateFormField(label="Prend effet le", help_text=DATE_HELP)
    new_ends_on = DateFormField(
        label="Nouvelle fin de la convention",
        required=False,
        help_text="Vide si l’avenant ne change pas la fin. Les rappels suivent la nouvelle date.",
    )
    upload = document_field("Avenant signé")


class AmendmentDocumentForm(Form):
    """An avenant that came back signed."""

    signed_on = DateFormField(label="Signé le", required=False, help_text=DATE_HELP)
    upload = document_field("Avenant signé")


class TerminationForm(Form):
    """When notice was given, and the first day without agreement."""

    notified_on = DateFormField(label="Dénonciation notifiée le", help_text=DATE_HELP)
    on = DateFormField(label="La convention cesse le", help_text="Premier jour sans convention.")
    reason = forms.CharField(
        label="Motif",
        max_length=300,
        help_text="La convention se dénonce en cas de manquement de l’une des parties (article 6).",
    )
    short_notice = forms.BooleanField(
        label="Les deux parties conviennent d’un préavis plus court",
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["notified_on"].initial = timezone.localdate()
