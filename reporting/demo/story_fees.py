"""Quotes in each state, and invoices from « à venir » to paid, in the order of their numbers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from accounts.models import User
from markets.enums import InvoiceChannel, InvoiceKind, ReleaseCause
from markets.models import Agreement, Buyer, Invoice, Market, Operation, Quote
from markets.services.fees import answer_quote, record_calibration, reference_fee, save_quote, send_quote
from markets.services.invoices import issue_invoice, record_payment, record_sending, release_second_invoice
from reporting.demo.cast import Cast
from reporting.demo.clock import on_day
from reporting.demo.papers import paper

if TYPE_CHECKING:
    from reporting.demo.story_markets import Files


def tell_fees(cast: Cast, files: Files) -> None:
    """Drafts only where no document can be made."""
    running = _running(cast, cast.oullins, files)
    building = _running(cast, cast.metropole, files)
    _quote(cast, files.site, "Suivi de la clause, îlot Les Tanneurs", on=cast.day(-5), by=cast.thomas)
    if not cast.has_pdf:
        return
    # Oldest first: numbers follow the days.
    followed = None
    if running:
        followed = _sent(
            cast, running, "Suivi de la clause sur la durée du marché", on=cast.day(-170), by=cast.nadia
        )
        _accept(followed, on=cast.day(-150), code="SERV-ACHATS", number="ENG-0457")
        with on_day(cast.day(-140)):
            record_calibration(quote=followed, on=cast.day(-140), by=cast.nadia)
        _invoice(cast, followed, InvoiceKind.CALIBRATION, issued=-120, sent=-118, paid=-91)
        with on_day(cast.day(-60)):
            release_second_invoice(
                quote=followed, on=cast.day(-60), cause=ReleaseCause.FINAL_BILAN, by=cast.nadia
            )
    if building:
        refused = _sent(
            cast, building, "Suivi de la clause et réunions de chantier", on=cast.day(-95), by=cast.thomas
        )
        with on_day(cast.day(-80)):
            answer_quote(
                quote=refused,
                accepted=False,
                on=cast.day(-80),
                reason="Le suivi de ce marché est déjà couvert par la convention.",
                by=cast.thomas,
            )
        ready = _sent(cast, building, "Suivi de la clause", on=cast.day(-70), by=cast.thomas)
        _accept(ready, on=cast.day(-55), code="BAT-01", number="2026-118")
    if followed:
        _invoice(cast, followed, InvoiceKind.COMPLETION, issued=-52, sent=-50)
    school = _sent(
        cast, files.school, "Suivi du groupe scolaire Les Charmilles", on=cast.day(-44), by=cast.nadia
    )
    _accept(school, on=cast.day(-30), code="SERV-ACHATS", number="ENG-0533")
    with on_day(cast.day(-16)):
        record_calibration(quote=school, on=cast.day(-16), by=cast.nadia)
    _invoice(cast, school, InvoiceKind.CALIBRATION, issued=-13)
    if building:
        with on_day(cast.day(-6)):
            record_calibration(quote=ready, on=cast.day(-6), by=cast.thomas)
    _sent(
        cast,
        files.operation,
        "Coordination des clauses de l’opération Les Charmilles",
        on=cast.day(-8),
        by=cast.nadia,
    )


def _running(cast: Cast, buyer: Buyer, files: Files) -> Market | None:
    """A market of the territory that has been running for a while."""
    rows = Market.objects.filter(
        buyer=buyer, notified_on__lte=cast.day(-200), closed_on__isnull=True, lots__clauses__isnull=False
    )
    if buyer == cast.metropole:
        rows = rows.filter(department=cast.department)
    return rows.exclude(pk=files.school.pk).order_by("pk").distinct().first()


def _quote(cast: Cast, target: Market | Operation, subject: str, *, on: dt.date, by: User) -> Quote:
    agreement = Agreement.objects.filter(buyer=target.buyer_id).order_by("-starts_on").first()
    assert agreement is not None
    review = reference_fee(agreement, on)
    with on_day(on):
        return save_quote(
            quote=Quote(
                agreement=agreement,
                market=target if isinstance(target, Market) else None,
                operation=target if isinstance(target, Operation) else None,
                subject=subject,
                details="Calibrage, suivi mensuel des heures, points avec les titulaires, bilan final synthétique.",
                amount=review.amount if review else Decimal(1200),
                dated_on=on,
            ),
            by=by,
        )


def _sent(cast: Cast, target: Market | Operation, subject: str, *, on: dt.date, by: User) -> Quote:
    quote = _quote(cast, target, subject, on=on, by=by)
    with on_day(on, 11):
        return send_quote(quote=quote, on=on, by=by)


def _accept(quote: Quote, *, on: dt.date, code: str, number: str) -> None:
    with on_day(on):
        answer_quote(
            quote=quote,
            accepted=True,
            on=on,
            service_code=code,
            engagement_number=number,
            upload=paper(f"{quote.number}-signe", f"Devis {quote.number}", "Bon pour accord."),
            by=quote.created_by,
        )


def _invoice(
    cast: Cast, quote: Quote, kind: str, *, issued: int, sent: int | None = None, paid: int | None = None
) -> None:
    invoice = Invoice.objects.get(quote=quote, kind=kind)
    with on_day(cast.day(issued)):
        invoice = issue_invoice(invoice=invoice, on=cast.day(issued), by=cast.admin)
    if sent is not None:
        with on_day(cast.day(sent)):
            invoice = record_sending(
                invoice=invoice, on=cast.day(sent), channel=InvoiceChannel.CHORUS, by=cast.admin
            )
    if paid is not None:
        with on_day(cast.day(paid)):
            record_payment(invoice=invoice, on=cast.day(paid), by=cast.admin)
