"""What a quote and an invoice say on paper: frozen when they are sent or issued, and printed from that alone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from core import formats
from core.errors import DomainError
from core.pdf import render_pdf
from markets.enums import BuyerKind, InvoiceKind
from markets.fee_amounts import Amounts, with_vat
from markets.models import Buyer, House, Invoice, Quote
from markets.paper import house_facts, logo_address, sheets

# Days to pay: public buyers 30, health establishments 50 (R2192-10 and R2192-11 of the code de la commande
# publique); private ones 30 unless agreed otherwise (L441-10 of the code de commerce).
PAYMENT_DAYS = 30
PAYMENT_DAYS_BY_KIND = {BuyerKind.HOSPITAL: 50}
PRIVATE_LATE_TERMS = (
    "En cas de retard : pénalités au taux d’intérêt de la Banque centrale européenne majoré de dix points, et "
    "indemnité forfaitaire pour frais de recouvrement de 40 € (articles L441-10 et D441-5 du code de commerce). "
    "Pas d’escompte pour paiement anticipé."
)
PUBLIC_LATE_TERMS = (
    "En cas de retard : intérêts moratoires au taux d’intérêt de la Banque centrale européenne majoré de huit points, "
    "et indemnité forfaitaire pour frais de recouvrement de 40 € (articles R2192-31 et D2192-35 du code de la commande "
    "publique). Pas d’escompte pour paiement anticipé."
)


def payment_days(buyer: Buyer) -> int:
    """Days that this buyer has to pay an invoice."""
    return PAYMENT_DAYS_BY_KIND.get(BuyerKind(buyer.kind), PAYMENT_DAYS)


def check_parties(house: House, buyer: Buyer, vat_rate: Decimal) -> None:
    """Raise DomainError, with where to mend it, when a mention that the law asks for is missing."""
    lacking = [
        words
        for words, value in (
            ("le nom", house.pk and house.name),
            ("le SIRET", house.siret),
            ("l’adresse", house.address),
        )
        if not value
    ]
    if lacking:
        raise DomainError(
            f"Il manque {_joined(lacking)} de la maison : complétez Réglages, « La maison », avant d’établir ce document."
        )
    if not vat_rate and not house.vat_note:
        raise DomainError(
            "Sans TVA, le document dit pourquoi : écrivez la mention dans Réglages, « La maison » "
            "(par exemple « TVA non applicable, article 293 B du code général des impôts »)."
        )
    lacking = [
        words
        for words, value in (
            ("le SIRET", buyer.identifier),
            ("l’adresse", buyer.address or buyer.commune_id),
        )
        if not value
    ]
    if lacking:
        raise DomainError(
            f"Il manque {_joined(lacking)} de {buyer} : complétez sa fiche avant d’établir ce document."
        )


def _joined(words: list[str]) -> str:
    return " et ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def quote_snapshot(quote: Quote, house: House) -> dict[str, Any]:
    """Everything that the PDF of a quote says, as plain values (amounts in euros, as text)."""
    whole = with_vat(quote.amount, quote.vat_rate)
    return {
        **_common(quote, house, whole, quote.vat_rate),
        "title": "Devis",
        "number": quote.number,
        "dated_on": quote.dated_on.isoformat(),
        "valid_until": quote.valid_until.isoformat() if quote.valid_until else "",
        "lines": [{"label": quote.subject, "details": quote.details, "net": str(quote.amount)}],
        "terms": [
            "Règlement en deux factures de 50 % : la première au calibrage des dispositions sociales, la seconde à la "
            "remise du bilan final synthétique ou à la clôture, la première de ces deux dates (article 7 de la "
            "convention)."
        ],
    }


def invoice_snapshot(invoice: Invoice, house: House) -> dict[str, Any]:
    """Everything that the PDF of an invoice or of an avoir says."""
    quote = invoice.quote
    buyer = quote.agreement.buyer
    amounts = Amounts(invoice.net, invoice.vat)
    label = {
        InvoiceKind.CALIBRATION: "Première moitié (50 %), au calibrage des dispositions sociales",
        InvoiceKind.COMPLETION: "Seconde moitié (50 %), à la remise du bilan final synthétique ou à la clôture",
    }.get(InvoiceKind(invoice.kind), "")
    is_private = buyer.kind == BuyerKind.PRIVATE
    days = payment_days(buyer)
    article = (
        "article L441-10 du code de commerce"
        if is_private
        else f"article R2192-{11 if days != PAYMENT_DAYS else 10} du code de la commande publique"
    )
    terms = [
        f"Règlement sous {days} jours à compter de la réception de la facture ({article}).",
        PRIVATE_LATE_TERMS if is_private else PUBLIC_LATE_TERMS,
    ]
    original = invoice.cancels
    if original:
        terms = [
            f"Cet avoir annule en totalité la facture {original.number} du {formats.day(original.issued_on)}. "
            f"Motif : {invoice.reason}"
        ]
        label = f"Annulation de la facture {original.number}"
    return {
        **_common(quote, house, amounts, invoice.vat_rate),
        "title": "Avoir" if original else "Facture",
        "number": invoice.number,
        "dated_on": invoice.issued_on.isoformat() if invoice.issued_on else "",
        "due_on": invoice.due_on.isoformat() if invoice.due_on else "",
        "service_on": invoice.ready_on.isoformat() if invoice.ready_on else "",
        "quote": f"{quote.number} du {formats.day(quote.dated_on)}",
        "lines": [{"label": f"{quote.subject}", "details": label, "net": str(invoice.net)}],
        "terms": terms,
    }


def _common(quote: Quote, house: House, amounts: Amounts, rate: Decimal) -> dict[str, Any]:
    agreement, buyer = quote.agreement, quote.agreement.buyer
    referent = agreement.buyer_referent
    place = buyer.commune.label if buyer.commune else ""
    return {
        "schema": 1,
        "house": {
            **house_facts(house),
            "vat_number": house.vat_number,
            "bank_name": house.bank_name,
            "iban": house.iban,
            "bic": house.bic,
        },
        "buyer": {
            "name": buyer.name,
            "identifier_kind": buyer.get_identifier_kind_display(),
            "identifier": buyer.identifier,
            "address": buyer.address or place,
            "referent": f"{referent.name}{f', {referent.function}' if referent.function else ''}"
            if referent
            else "",
        },
        "agreement": str(agreement),
        "agreement_signed_on": agreement.signed_on.isoformat() if agreement.signed_on else "",
        "target": quote.target_label,
        "target_kind": "Marché" if quote.market_id else "Opération",
        "service_code": quote.service_code,
        "engagement_number": quote.engagement_number,
        "net": str(amounts.net),
        "vat_rate": str(rate),
        "vat": str(amounts.vat),
        "total": str(amounts.total),
        "vat_note": "" if rate else house.vat_note,
    }


def fee_pdf(snapshot: dict[str, Any], house: House, *, made_on: dt.date, is_draft: bool = False) -> bytes:
    """The PDF of a snapshot, one A4 page; `is_draft` marks it as a project."""
    seller = snapshot["house"]
    days = {
        name: formats.day(dt.date.fromisoformat(snapshot[name])) if snapshot.get(name) else ""
        for name in ("dated_on", "valid_until", "due_on", "service_on", "agreement_signed_on")
    }
    context = {
        "paper": {**snapshot, **days, "due_on": days["due_on"], "quote": snapshot.get("quote", "")},
        "net": Decimal(snapshot["net"]),
        "vat": Decimal(snapshot["vat"]),
        "vat_rate": Decimal(snapshot["vat_rate"]) / 100,
        "total": Decimal(snapshot["total"]),
        "lines": [{**line, "net": Decimal(line["net"])} for line in snapshot["lines"]],
        "iban": " ".join(seller["iban"][start : start + 4] for start in range(0, len(seller["iban"]), 4)),
        "logo": logo_address(house),
        "is_draft": is_draft,
        "is_quote": snapshot["title"] == "Devis",
        "is_credit": snapshot["title"] == "Avoir",
    }
    return render_pdf("markets/fee_document.html", context, stylesheets=sheets("fee"), made_on=made_on)
