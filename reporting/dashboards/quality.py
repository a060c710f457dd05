"""What the data lacks, each with its number, its share and the list where it is mended; the fees of a year."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils.http import urlencode

from beneficiaries.anomalies import find_anomalies
from beneficiaries.completeness import unanswered, unvalidated
from beneficiaries.models import Assignment, Beneficiary, HoursEntry
from beneficiaries.outcomes import visible_outcomes
from clauses.models import Commitment
from core.dates import add_months
from markets.enums import InvoiceKind, InvoiceState, QuoteState
from markets.models import Company, Invoice, Quote
from reporting.indicators.facts import ZERO
from reporting.snapshot.material import Block, chart
from reporting.tables_of_figures import Column, Row, table

Lack = tuple[str, str, int, int, str]


def lacks(user: Any, year: int, today: dt.date) -> list[Lack]:
    """(key, words, how many, out of how many, where): six statements."""
    found = [*_of_people(user), *_of_hours(user, year), *_of_outcomes(user, year, today)]
    return [*found, *_of_commitments(user, today), *_of_companies(user)]


def _address(name: str, **query: Any) -> str:
    return f"{reverse(name)}?{urlencode(query)}"


def _of_people(user: Any) -> list[Lack]:
    rows = Beneficiary.objects.visible_to(user).order_by()
    sums = rows.aggregate(
        total=Count("pk"),
        commune=Count("pk", filter=Q(commune__isnull=True)),
        education=Count("pk", filter=Q(education__isnull=True)),
        prescriber=Count("pk", filter=Q(prescriber__isnull=True)),
        notice=Count("pk", filter=Q(informed_on__isnull=True)),
    )
    words = {
        "commune": "Personnes sans commune",
        "education": "Personnes sans niveau de formation",
        "prescriber": "Personnes sans prescripteur",
    }
    found = [
        (key, label, sums[key], sums["total"], _address("beneficiary_list", manque=key))
        for key, label in words.items()
    ]
    notice = ("notice", "Personnes à qui la notice n’est pas remise", sums["notice"], sums["total"])
    return [*found, (*notice, _address("beneficiary_list", informed="non"))]


def _of_hours(user: Any, year: int) -> list[Lack]:
    rows = HoursEntry.objects.visible_to(user)
    months = (dt.date(year, 1, 1), dt.date(year, 12, 31))
    total = rows.current().filter(month__range=months).count()
    waiting = unvalidated(rows, year).count()
    url = _address("entry_list", year=year, state="unvalidated")
    return [("entries", f"Relevés de {year} pas encore validés", waiting, total, url)]


def _of_outcomes(user: Any, year: int, today: dt.date) -> list[Lack]:
    rows = visible_outcomes(user)
    total = rows.filter(
        cancelled_on__isnull=True,
        due_on__lte=today,
        due_on__range=(dt.date(year, 1, 1), dt.date(year, 12, 31)),
    ).count()
    missing = unanswered(rows, year, today).count()
    url = _address("outcome_list", year=year, state="unanswered")
    return [("outcomes", f"Situations de {year} sans réponse", missing, total, url)]


def _of_commitments(user: Any, today: dt.date) -> list[Lack]:
    rows = Commitment.objects.visible_to(user).filter(market__closed_on__isnull=True)
    sums = rows.with_hours_engaged(today).order_by().aggregate(
        total=Count("pk"), without=Count("pk", filter=Q(hours_engaged__lte=0))
    )  # fmt: skip
    url = _address("market_list", life="open", forecast="no_target")
    return [("target", "Engagements en cours sans heures engagées", sums["without"], sums["total"], url)]


def _of_companies(user: Any) -> list[Lack]:
    sums = (
        Company.objects.visible_to(user)
        .order_by()
        .aggregate(total=Count("pk"), without=Count("pk", filter=Q(identifier="")))
    )
    url = _address("company_list", sans_siret="on")
    return [("siret", "Entreprises sans SIRET", sums["without"], sums["total"], url)]


def quality_blocks(found: Sequence[Lack]) -> list[Block]:
    """The largest shares drawn; every lack with its number, its share and its list."""
    shares = {key: Decimal(number) / total if total else None for key, _, number, total, _ in found}
    drawn = [
        (label, 100 * (shares[key] or 0), False)
        for key, label, number, _, _ in sorted(found, key=lambda row: -(shares[row[0]] or 0))
        if number
    ]
    columns = [
        Column("label", "Ce qui manque"),
        Column("number", "Nombre", "number"),
        Column("total", "Sur", "number"),
        Column("share", "Part", "rate"),
    ]
    rows = [
        Row(
            key,
            {"label": label, "number": number, "total": total, "share": shares[key]},
            url if number else "",
        )
        for key, label, number, total, url in found
    ]
    bars = [(label, Decimal(value).quantize(Decimal("0.1")), main) for label, value, main in drawn]
    first = [chart("quality_chart", "Part de ce qui manque", "bars", bars, "Part de ce qui manque.", "%")] if bars else []  # fmt: skip
    return [
        *first,
        table(
            "quality", "Ce qui manque aux données", columns, rows,
            base="Part = nombre ÷ nombre de lignes de même nature. Chaque ligne mène à la liste où cela se complète.",
        ),
    ]  # fmt: skip


def anomaly_blocks(user: Any, today: dt.date) -> list[Block]:
    """Open anomalies of the month that ended last, by kind, as « À vérifier » tells them: ten statements."""
    month = add_months(today.replace(day=1), -1)
    found = find_anomalies(
        Assignment.objects.visible_to(user), month, month, commitments=Commitment.objects.visible_to(user)
    )
    counts = Counter(anomaly.kind for anomaly in found.open)
    url = _address("anomaly_list", mois=f"{month:%Y-%m}")
    rows = [
        Row(str(kind), {"label": kind.label, "number": counts[kind]}, url)
        for kind in sorted(counts, key=lambda kind: (-counts[kind], kind.label))
    ]
    drawn = [(kind.label, Decimal(number), False) for kind, number in counts.most_common()]
    first = [chart("anomalies_chart", "Anomalies ouvertes, par nature", "bars", drawn, "Anomalies par nature.", "")] if drawn else []  # fmt: skip
    return [
        *first,
        table(
            "anomalies", "Anomalies ouvertes", [Column("label", "Nature"), Column("number", "Nombre", "number")], rows,
            totals={"label": "Ensemble", "number": sum(counts.values())} if rows else None,
            base="Base : ce qui attend la maison dans le dernier mois terminé, et les attributaires sans nouvelles.",
            empty="Aucune anomalie n’est ouverte.",
        ),
    ]  # fmt: skip


# --- fees ---------------------------------------------------------------------------------------------------------


def fee_blocks(user: Any, year: int, today: dt.date) -> list[Block]:
    """Quotes and invoices of a year by state, and by buyer what was issued, paid and is due: three statements."""
    quotes = Quote.objects.visible_to(user).filter(dated_on__year=year).order_by()
    by_state = {
        row["state"]: row for row in quotes.values("state").annotate(number=Count("pk"), net=Sum("amount"))
    }
    invoices = Invoice.objects.visible_to(user).filter(year=year).order_by()
    of_state = {
        row["state"]: row
        for row in invoices.exclude(kind=InvoiceKind.CREDIT)
        .values("state")
        .annotate(number=Count("pk"), net=Sum("total"))
    }
    columns = [
        Column("label", "État"),
        Column("number", "Nombre", "number"),
        Column("amount", "Montant", "amount"),
    ]

    def lines(choices: Any, found: dict[str, Any], url: str, **query: Any) -> list[Row]:
        return [
            Row(
                state,
                {
                    "label": label.capitalize(),
                    "number": found[state]["number"],
                    "amount": found[state]["net"],
                },
                _address(url, state=state, **query) if url else "",
            )
            for state, label in choices
            if state in found
        ]

    return [
        *_fees_by_buyer(invoices, today),
        table(
            "invoices", f"Factures émises en {year}, toutes taxes comprises", columns,
            lines(InvoiceState.choices, of_state, "fee_list", year=year),
            notes=["Les avoirs n’y sont pas : une facture reprise est « annulée par avoir »."],
            empty=f"Aucune facture n’a été émise en {year}.",
        ),
        table(
            "quotes", f"Devis établis en {year}, hors taxes", columns, lines(QuoteState.choices, by_state, ""),
            empty=f"Aucun devis n’a été établi en {year}.",
        ),
    ]  # fmt: skip


def _fees_by_buyer(invoices: Any, today: dt.date) -> list[Block]:
    standing = Q(state__in=(InvoiceState.ISSUED, InvoiceState.SENT))
    found = list(
        invoices.exclude(kind=InvoiceKind.CREDIT)
        .exclude(state=InvoiceState.CANCELLED)
        .values("quote__agreement__buyer", "quote__agreement__buyer__name")
        .annotate(
            number=Count("pk"),
            issued=Sum("total"),
            paid=Sum("total", filter=Q(state=InvoiceState.PAID)),
            due=Sum("total", filter=standing),
            late=Sum("total", filter=standing & Q(due_on__lt=today)),
        )
    )
    found.sort(
        key=lambda row: (
            -(row["late"] or 0),
            -(row["due"] or 0),
            -row["issued"],
            row["quote__agreement__buyer__name"],
        )
    )
    keys = ("issued", "paid", "due", "late")
    rows = [
        Row(
            str(row["quote__agreement__buyer"]),
            {"label": row["quote__agreement__buyer__name"], "number": row["number"]} | {key: row[key] or ZERO for key in keys},
            _address("fee_list", buyer=row["quote__agreement__buyer"]),
        )
        for row in found
    ]  # fmt: skip
    totals = {key: sum((row[key] or ZERO for row in found), ZERO) for key in keys}
    drawn = [
        (label, totals[key], key == "late")
        for key, label in (("paid", "Payé"), ("due", "À payer"), ("late", "dont en retard"))
        if totals[key]
    ]
    columns = [
        Column("label", "Donneur d’ordre"),
        Column("number", "Factures", "number"),
        Column("issued", "Facturé", "amount"),
        Column("paid", "Payé", "amount"),
        Column("due", "À payer", "amount"),
        Column("late", "dont en retard", "amount"),
    ]
    first = [chart("fees_chart", "Payé et à payer", "bars", drawn, "Payé et à payer.", "€")] if drawn else []
    return [
        *first,
        table(
            "fees_by_buyer", "Participation par donneur d’ordre", columns, rows,
            totals={"label": "Ensemble", "number": sum(row["number"] for row in found), **totals} if rows else None,
            base="Base : factures numérotées de l’année, toutes taxes comprises, celles qu’un avoir annule exceptées.",
            empty="Aucune facture.",
        ),
    ]  # fmt: skip
