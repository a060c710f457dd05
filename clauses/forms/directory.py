"""Forms of the sending of a list of structures: to which company, then to whom and with which words."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone

from core.forms import Form
from core.recipients import RecipientsForm
from markets.fields import CompanyFormField
from markets.models import Company, Contact, Market


class ChooseCompanyForm(Form):
    """The company that the list is for."""

    entreprise = CompanyFormField(label="À quelle entreprise ?")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entreprise"].scope(self.user)


class SendListForm(RecipientsForm):
    """Recipients, market and words of the e-mail."""

    recipients_max, parcel = 20, "Une liste"

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
        self.offer_addresses(choices)
        if not choices:
            self.fields["others"].required = True
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
