"""The chapter on one market or operation: its file, its buyers and shares, its lots, its markets, its hours by year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from clauses.models import Clause
from core import formats
from markets.enums import OperationKind, Reservation
from markets.models import Award, Market, MarketParty, Operation
from reporting import indicators
from reporting.indicators.facts import ZERO
from reporting.snapshot.material import PRINTED_ROWS, Block, Column, Material, chapter, chart, definitions
from reporting.snapshot.purchase import market_list
from reporting.snapshot.words import agree, count, listed, upper_first


def subject_chapter(m: Material, subject: Market | Operation) -> dict[str, Any]:
    """What the document is about, before its figures."""
    if isinstance(subject, Operation):
        return _operation(m, subject)
    return _market(m, subject)


def _market(m: Material, market: Market) -> dict[str, Any]:
    holders = sorted({m.names[pk] for pk in _holders(m)})
    answer = f"« {formats.short(market.object, 200)} », marché de {market.buyer.name}"
    if holders:
        answer += f", {agree(len(holders), 'confié à', 'confié à')} {listed(holders[:6])}"
        if len(holders) > 6:
            answer += f" et {len(holders) - 6} autres"
    blocks = [definitions("market_file", "Fiche", list(_market_facts(market))), _lots(m)]
    if len(m.facts.markets) > 1:
        blocks.append(_subsequent(m))
    return chapter("markets", "Le marché", f"{answer}.", blocks)


def _holders(m: Material) -> set[int]:
    return {row.holder for row in indicators.rates(m.facts, m.span).rows}


def _market_facts(market: Market) -> Iterator[tuple[str, str]]:
    yield "Référence", market.reference
    yield "Objet", market.object
    yield "Donneur d’ordre", market.buyer.name
    parties = MarketParty.objects.filter(market=market).select_related("buyer").order_by("pk")
    if parties:
        shared = [
            f"{row.buyer.name}, {row.get_role_display()} ({formats.rate(row.share / 100, 2)} des heures)"
            for row in parties
        ]
        yield "Donneurs d’ordre associés", " ; ".join(shared)
    if market.operation:
        yield "Opération", market.operation.name
    yield "Famille d’achat", upper_first(market.get_family_display())
    if market.amount is not None:
        yield "Montant hors taxes", formats.amount(market.amount)
    for label, day in (
        ("Notifié le", market.notified_on),
        ("Ordre de service", market.starts_on),
        ("Fin prévue", market.planned_end),
        ("Réception le", market.received_on),
        ("Clos le", market.closed_on),
    ):
        if day:
            yield label, formats.day(day)


def _lots(m: Material) -> Block:
    """Each lot with who was awarded it and what it asks for."""
    companies: dict[int, list[str]] = defaultdict(list)
    awards = (
        Award.objects.filter(lot__in=m.facts.scope.lots())
        .order_by("pk")
        .values_list("lot", "company__short_name", "company__name")
    )
    for lot, short_name, name in awards:
        companies[lot].append(short_name or name)
    kinds: dict[int, list[str]] = defaultdict(list)
    for row in Clause.objects.filter(lot__in=m.facts.scope.lots()).order_by("pk"):
        minimum = f", {formats.hours(row.minimum_hours)} au moins" if row.minimum_hours else ""
        kinds[row.lot_id].append(f"{row.get_kind_display()}{minimum}")
    rows = m.facts.scope.lots().order_by("market", "pk").select_related("market")
    several = len(m.facts.markets) > 1
    return m.table(
        "lots",
        "Lots, attributaires et clauses",
        [
            Column("label", "Lot"),
            Column("companies", "Attributaires"),
            Column("clauses", "Clauses"),
            Column("amount", "Montant hors taxes", "amount"),
        ],
        [
            (
                str(lot.pk),
                {
                    "label": (f"{lot.market.reference} · " if several else "")
                    + formats.short(str(lot), 90)
                    + (f" ({lot.get_reservation_display()})" if lot.reservation != Reservation.NONE else ""),
                    "companies": ", ".join(dict.fromkeys(companies[lot.pk])) or "–",
                    "clauses": " ; ".join(kinds[lot.pk]) or "–",
                    "amount": lot.amount,
                },
                (),
            )
            for lot in rows
        ],
        empty="Aucun lot n’est décrit.",
    )


def _subsequent(m: Material) -> Block:
    """The accord-cadre and its marchés subséquents, each with its own hours."""
    hours = indicators.by_market(m.facts)[m.span]
    rows = sorted(m.facts.markets, key=lambda row: (row.parent is not None, row.reference, row.id))
    return m.table(
        "market_list",
        "Accord-cadre et marchés subséquents",
        [
            Column("label", "Marché"),
            Column("notified_on", "Notifié le", "day"),
            Column("hours", "Heures", "hours"),
        ],
        [
            (
                str(row.id),
                {
                    "label": f"{row.reference} · {formats.short(row.object, 90)}",
                    "notified_on": row.notified_on,
                    "hours": hours[row.id].hours if row.id in hours else ZERO,
                },
                (),
            )
            for row in rows
        ],
        totals={"label": "Ensemble", "hours": indicators.hours(m.facts)[m.span]},
        print_rows=PRINTED_ROWS,
    )


def _operation(m: Material, operation: Operation) -> dict[str, Any]:
    number = len({row.root for row in m.facts.markets})
    answer = f"« {operation.name} », {operation.get_kind_display()} de {operation.buyer.name}, {count(number, 'marché')}."
    return chapter(
        "markets",
        "L’opération",
        answer,
        [
            definitions("operation_file", "Fiche", list(_operation_facts(m, operation))),
            market_list(m),
        ],
    )


def _operation_facts(m: Material, operation: Operation) -> Iterator[tuple[str, str]]:
    yield "Nature", upper_first(operation.get_kind_display())
    yield "Donneur d’ordre", operation.buyer.name
    if operation.reference:
        yield "Référence", operation.reference
    for label, day in (
        ("Début", operation.starts_on),
        ("Fin prévue", operation.ends_on),
        ("Close le", operation.closed_on),
    ):
        if day:
            yield label, formats.day(day)
    if operation.target_hours:
        done = indicators.hours(m.facts)[m.span]
        said = f"{formats.hours(operation.target_hours)} ; {formats.hours(done)} comptées par ses marchés"
        yield "Objectif propre", f"{said}, soit {formats.rate(done / operation.target_hours)}"
        if operation.kind == OperationKind.PRIVATE:
            yield "À savoir", "L’objectif d’un site privé ne s’ajoute jamais aux engagements de ses marchés."


def hours_by_year(m: Material) -> list[dict[str, Any]]:
    """Hours of each year of the period, as they stand: the series of a document on one market."""
    years: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for month, value in indicators.by_month(m.facts, m.span).items():
        years[month.year] += value
    span = range(min(years, default=m.year), max(years, default=m.year) + 1)
    return [{"year": year, "hours": format(years[year], "f"), "source": "computed"} for year in span]


def months_chart(m: Material) -> Block:
    """Hours of each month of a short period."""
    months = indicators.by_month(m.facts, m.span)
    # The month with the most hours stands out.
    most = max(months, key=lambda month: months[month], default=None)
    rows = [(formats.month(month), value, month == most) for month, value in months.items()]
    said = ", ".join(f"{label} {formats.hours(value)}" for label, value, _ in rows)
    return chart(
        "hours_by_month", "Heures réalisées, par mois", "bars", rows, f"{said}." if said else "Aucune heure."
    )
