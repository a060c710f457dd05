"""Sentences on the purchase: markets beside N-1, kinds of clause that moved, reserved markets, amounts. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from core import formats
from reporting.drafting.reading import Reading
from reporting.drafting.wording import (
    Proposal,
    beside_last_year,
    evolution,
    key_figures,
    largest,
    proposal,
    rate,
    share_of,
)
from reporting.snapshot.words import agree, count

SECTION = "marches"
AWARDED = {
    "siae": "des structures de l’insertion par l’activité économique",
    "adapted": "des entreprises adaptées et des ESAT",
}


def sentences(reading: Reading) -> Iterator[Proposal]:
    yield from _number(reading, "markets", "Le nombre de marchés avec clause", "Marchés avec clause")
    yield from _notified(reading)
    yield from _number(reading, "markets_reserved", "Le nombre de marchés réservés", "Marchés réservés")
    yield from _kind(reading)
    yield from _lots(reading)
    yield from _awarded(reading)
    yield from _first_market(reading)


def _number(reading: Reading, key: str, subject: str, label: str) -> Iterator[Proposal]:
    line = reading.item("markets_figures", key)
    if line is None:
        return
    now, before = line.value("value"), line.before("value")
    if now is None or before is None or not (now or before):
        return
    sentence = evolution(reading, subject, now, before, "number", plural=False)
    yield proposal(SECTION, key, sentence, *key_figures(reading, line, label, "number"))


def _notified(reading: Reading) -> Iterator[Proposal]:
    line = reading.item("markets_figures", "markets_notified")
    now = line and line.value("value")
    if line and now:
        before = line.before("value")
        sentence = f"{count(now, 'marché')} avec clause {agree(now, 'a été notifié', 'ont été notifiés')} en {reading.year}"
        if before is not None and before != now:
            sentence += f", contre {formats.number(before, 0) if before else 'aucun'} en {reading.last_year}"
        figures = key_figures(reading, line, "Marchés notifiés", "number")
        # Without a percentage: a few markets more or less.
        quoted = figures[:1] if before in (None, now) else figures[:2]
        yield proposal(SECTION, "notified", f"{sentence}.", *quoted)


def _kind(reading: Reading) -> Iterator[Proposal]:
    """The kind of clause whose number of markets changed most."""
    table = reading.table("markets_by_clause_kind")
    if table is None:
        return
    found = [row for rise in (True, False) if (row := largest(table, "markets", rise=rise))]
    if not found:
        return
    line, now, before = max(found, key=lambda row: abs(row[1] - row[2]))
    sentence = evolution(
        reading,
        f"La nature de clause qui change le plus est « {line.label} » : elle",
        now,
        before,
        "number",
        plural=False,
    ).replace(
        f" en {reading.last_year} à", f" {agree(before, 'marché', 'marchés')} en {reading.last_year} à", 1
    )
    yield proposal(SECTION, "clause_kind", sentence, *beside_last_year(table, line, "markets"))


def _lots(reading: Reading) -> Iterator[Proposal]:
    """Each ground of reservation with its lots."""
    table = reading.table("markets_reserved_by_ground")
    if table is None:
        return
    rows = [line for line in table if line.value("lots")]
    if not rows:
        return
    said = [f"« {line.label} » {count(line.value('lots') or 0, 'lot')}" for line in rows]
    figures = [table.figure(line, "lots") for line in rows]
    yield proposal(
        SECTION, "reserved_lots", f"Lots réservés des marchés en cours : {', '.join(said)}.", *figures
    )


def _awarded(reading: Reading) -> Iterator[Proposal]:
    table = reading.table("awarded")
    if table is None:
        return
    for key, who in AWARDED.items():
        line = table.line(key)
        if line is None or (now := line.value("amount")) is None:
            continue
        before = line.before("amount")
        if before:
            sentence = evolution(reading, f"Les montants hors taxes attribués à {who}", now, before, "amount")
            yield proposal(SECTION, f"awarded_{key}", sentence, *beside_last_year(table, line, "amount"))
        elif now:
            sentence = f"{formats.amount(now)} hors taxes ont été attribués à {who} {reading.when}."
            yield proposal(SECTION, f"awarded_{key}", sentence, table.figure(line, "amount"))


def _first_market(reading: Reading) -> Iterator[Proposal]:
    """The market with the most hours, and its part of them."""
    table = reading.table("market_list")
    if table is None or len(table.lines) < 2:
        return
    totals = reading.table("hours_by_holder")
    whole = totals.totals.value("hours") if totals and totals.totals else None
    lines = [line for line in table if line.value("hours")]
    if not lines or not totals or not totals.totals or not whole:
        return
    first = max(lines, key=lambda line: line.value("hours") or 0)
    hours = first.value("hours")
    assert hours is not None
    part = share_of(hours, whole, "Part des heures", table.key)
    sentence = (
        f"Le marché qui réunit le plus d’heures {reading.when} est {first.label} : {formats.hours(hours)}, soit {rate(part)} "
        "des heures."
    )
    yield proposal(
        SECTION,
        "first_market",
        sentence,
        table.figure(first, "hours"),
        totals.figure(totals.totals, "hours"),
        part,
    )
