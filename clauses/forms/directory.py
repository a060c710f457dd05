"""Forms of the sending of a list of structures: to which company, then to whom and with which words."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q
from django.utils import timezone

from core.forms import Form
from markets.fields import CompanyFormField
from markets.models import Company, Contact, Market

RECIPIENTS_MAX = 20


class ChooseCompanyForm(Form):
    """The company that the list is for."""

    entreprise = CompanyFormField(label="À quelle entreprise ?")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entreprise"].scope(self.user)


class SendListForm(Form):
    """Recipients, market and words of the e-mail."""

    recipients = forms.MultipleChoiceField(
        label="Destinataires", required=False, widget=forms.CheckboxSelectMultiple
    )
    others = forms.CharField(
        label="Autres adresses",
        required=False,
        max_length=1_000,
        help_text="Adresses électroniques séparées par des virgules.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    market = forms.ModelChoiceField(
        label="À propos du marché", queryset=Market.objects.none(), required=False
    )
    subject = forms.CharField(label="Objet", max_length=200)
    body = forms.CharField(label="Message", max_length=5_000, widget=forms.Textarea(attrs={"rows": 12}))

    def __init__(self, *args: Any, company: Company, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.company = company
        self.scope_field(
            "market",
            Market,
            lambda rows: rows.filter(lots__awards__company=company).select_related("buyer").distinct(),
        )
        self.fields["market"].empty_label = "–"
        self.fields["market"].label_from_instance = lambda row: f"{row.reference or row.pk}, {row.buyer}"
        choices = self.known_addresses()
        self.fields["recipients"].choices = choices
        if not choices:
            del self.fields["recipients"]
            self.fields["others"].label = "Adresses"
            self.fields["others"].required = True
            self.fields[
                "others"
            ].help_text = "Adresses électroniques séparées par des virgules : la fiche de cette entreprise n’en a aucune."
        elif len(choices) == 1:
            self.fields["recipients"].initial = [choices[0][0]]

    def known_addresses(self) -> list[tuple[str, str]]:
        """The company's own address and those of its contacts of today."""
        today = timezone.localdate()
        contacts = (
            Contact.objects.visible_to(self.user)
            .filter(company=self.company)
            .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today))
            .exclude(email="")
        )
        found = {row.email: f"{row.name}, {row.get_kind_display()} ({row.email})" for row in contacts}
        if self.company.email:
            found.setdefault(self.company.email, f"{self.company} ({self.company.email})")
        return list(found.items())

    def clean_others(self) -> list[str]:
        addresses = [part for part in re.split(r"[\s,;]+", self.cleaned_data["others"]) if part]
        for address in addresses:
            try:
                validate_email(address)
            except ValidationError as error:
                raise ValidationError(f"« {address[:60]} » n’est pas une adresse électronique.") from error
        return addresses

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        addresses = [*(cleaned.get("recipients") or []), *(cleaned.get("others") or [])]
        if not addresses and not self.errors:
            self.add_error(
                "recipients" if "recipients" in self.fields else "others",
                "Choisissez au moins un destinataire, ou écrivez une adresse.",
            )
        if len(addresses) > RECIPIENTS_MAX:
            self.add_error("others", f"Une liste part à {RECIPIENTS_MAX} adresses au plus.")
        cleaned["addresses"] = addresses
        return cleaned
