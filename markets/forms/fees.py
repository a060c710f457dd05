"""Forms of the participation financière: amounts of reference, quotes, answers, invoices and avoirs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from core.dates import add_months
from core.forms import DateFormField, Form
from markets.enums import InvoiceChannel, ReleaseCause
from markets.forms.agreements import document_field
from markets.forms.files import AMOUNT_HELP, DATE_HELP, PercentFormField, RowForm
from markets.models import Agreement, Buyer, FeeReview, Invoice, Market, Operation, Quote
from markets.services.fees import QUOTE_VALID_MONTHS, reference_fee


class FeeReviewForm(RowForm):
    beside = {"fee_review_once_a_year": "year", "fee_review_amount": "amount"}
    given = ("agreement",)

    class Meta:
        model = FeeReview
        fields = ("year", "amount", "reason")
        help_texts = {
            "amount": f"{AMOUNT_HELP} Le prochain devis est proposé à ce montant.",
            "reason": "Par exemple : deux marchés de plus suivis en 2026.",
        }


class QuoteForm(RowForm):
    beside = {
        "quote_of_one_thing": "market",
        "quote_amount": "amount",
        "quote_vat_rate": "vat_rate",
        "quote_valid_after_dated": "valid_until",
    }
    given = ("agreement",)
    vat_rate = PercentFormField(label="Taux de TVA", help_text="En %. 0 si elle ne s’applique pas.")

    class Meta:
        model = Quote
        fields = (
            "agreement",
            "market",
            "operation",
            "subject",
            "details",
            "amount",
            "vat_rate",
            "dated_on",
            "valid_until",
            "service_code",
            "engagement_number",
        )
        widgets = {"details": forms.Textarea(attrs={"rows": 4})}
        help_texts = {
            "market": "Un devis porte sur un marché…",
            "operation": "… ou sur une opération entière.",
            "amount": AMOUNT_HELP,
            "valid_until": f"Vide : {QUOTE_VALID_MONTHS} mois.",
            "service_code": "S’il est connu ; il peut venir avec l’acceptation.",
            "engagement_number": "S’il est connu ; il peut venir avec l’acceptation.",
        }

    def __init__(self, *args: Any, buyer: Buyer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope_field(
            "agreement", Agreement, lambda rows: rows.filter(buyer=buyer).order_by("-starts_on", "-pk")
        )
        self.fields["agreement"].label_from_instance = (  # type: ignore[attr-defined]
            lambda row: f"{row} (du {row.starts_on:%d/%m/%Y} au {row.last_day:%d/%m/%Y})"
        )
        self.scope_field("market", Market, lambda rows: _markets_of(rows, buyer, self.instance.market_id))
        self.scope_field("operation", Operation, lambda rows: rows.filter(buyer=buyer))
        if not self.fields["operation"].queryset.exists():  # type: ignore[attr-defined]
            # Without operations there is nothing to choose between.
            del self.fields["operation"]
            self.fields["market"].required = True
            self.fields["market"].help_text = ""


def _markets_of(rows: Any, buyer: Buyer, kept: int | None) -> Any:
    """The buyer's own markets and those it has a share of, the open ones and the quote's own."""
    ids = set(rows.filter(buyer=buyer, closed_on__isnull=True).values_list("pk", flat=True))
    ids |= set(rows.filter(parties__buyer=buyer, closed_on__isnull=True).values_list("pk", flat=True))
    # A market closed lately may still be quoted: a year leaves time for it.
    since = add_months(timezone.localdate(), -12)
    ids |= set(rows.filter(buyer=buyer, closed_on__gte=since).values_list("pk", flat=True))
    return rows.filter(pk__in=ids | ({kept} if kept else set())).order_by("-notified_on", "reference", "pk")


def quote_proposal(agreement: Agreement | None, vat_rate: Any, market: Market | None) -> dict[str, Any]:
    """What a new quote starts from: the reference amount of the agreement, the house's rate, the market's words."""
    today = timezone.localdate()
    review = reference_fee(agreement, today) if agreement else None
    return {
        "agreement": agreement,
        "market": market,
        "amount": review.amount if review else None,
        "vat_rate": vat_rate,
        "dated_on": today,
        "subject": "Participation à la mission d’appui à la mise en œuvre des clauses sociales",
    }


class OnForm(Form):
    """The day on which something was done, today by default."""

    on = DateFormField(label="Le", help_text=DATE_HELP)

    def __init__(self, *args: Any, label: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = timezone.localdate()
        if label:
            self.fields["on"].label = label


class AnswerForm(OnForm):
    """The buyer's answer to a quote."""

    accepted = forms.ChoiceField(
        label="Réponse", choices=(("oui", "Accepté"), ("non", "Refusé")), widget=forms.RadioSelect
    )
    service_code = forms.CharField(label="Code service Chorus Pro", max_length=100, required=False)
    engagement_number = forms.CharField(label="Numéro d’engagement", max_length=50, required=False)
    reason = forms.CharField(label="Motif, si le devis est refusé", max_length=300, required=False)
    upload = document_field("Devis signé ou bon de commande")

    field_order = ("accepted", "on", "service_code", "engagement_number", "reason", "upload")

    def clean_accepted(self) -> bool:
        return self.cleaned_data["accepted"] == "oui"


class ReferencesForm(Form):
    """The Chorus Pro references, for the invoices to come."""

    service_code = forms.CharField(label="Code service Chorus Pro", max_length=100, required=False)
    engagement_number = forms.CharField(label="Numéro d’engagement", max_length=50, required=False)


class CompletionForm(OnForm):
    """What made the second half due, outside the application."""

    cause = forms.ChoiceField(
        label="Pourquoi",
        choices=[
            (ReleaseCause.FINAL_BILAN.value, "Le bilan final synthétique est remis"),
            (ReleaseCause.CLOSING.value, "Le marché ou l’opération est clos"),
        ],
        widget=forms.RadioSelect,
    )
    field_order = ("cause", "on")


class SendingForm(OnForm):
    """How an invoice went to the buyer."""

    channel = forms.ChoiceField(label="Comment", choices=InvoiceChannel.choices, widget=forms.RadioSelect)
    field_order = ("channel", "on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].initial = InvoiceChannel.CHORUS


class CreditForm(OnForm):
    """Why an invoice is taken back, and whether another takes its place."""

    reason = forms.CharField(
        label="Motif", max_length=300, help_text="Imprimé sur l’avoir, par exemple : code service erroné."
    )
    replace = forms.BooleanField(
        label="Préparer une facture de remplacement",
        required=False,
        initial=True,
        help_text="Elle sera prête à émettre, avec les références du devis telles qu’elles sont alors.",
    )
    field_order = ("reason", "on", "replace")


class DropForm(Form):
    """Why a half will not be invoiced."""

    reason = forms.CharField(label="Motif", max_length=300, help_text="Par exemple : opération abandonnée.")


def facts_of(invoice: Invoice) -> str:
    """One line that says which invoice a form is about."""
    return f"{invoice} · {invoice.quote.agreement.buyer} · {invoice.quote.target_label}"
