"""Sentences on the hours: the total beside N-1, companies, contracts and modalities, commitments. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from core import formats
from reporting.drafting.reading import GONE, Figure, Line, Reading, Table
from reporting.drafting.wording import (
    Proposal,
    beside_last_year,
    counted,
    enumerated,
    evolution,
    largest,
    newcomers,
    proposal,
    rate,
    share_of,
)
from reporting.snapshot.words import agree, count, listed

SECTION = "heures"
COMPANIES = ("autre entreprise", "autres entreprises")
REACHED = ("a atteint son objectif", "ont atteint leur objectif")
# Years of the series below which a highest or a lowest one says nothing.
YEARS = 3


def sentences(reading: Reading) -> Iterator[Proposal]:
    yield from _total(reading)
    yield from _series(reading)
    holders = reading.table("hours_by_holder")
    if holders is not None:
        yield from largest_changes(reading, holders, SECTION)
        yield from _gone(reading, holders)
    buyers = reading.table("hours_by_buyer")
    if buyers is not None:
        yield from largest_change(reading, buyers, SECTION, key="buyer_change")
    yield from _siae(reading)
    yield from _moved(reading, "modalities", "La modalité")
    yield from _moved(reading, "contract_types", "Le type de contrat")
    yield from _first_occupation(reading)
    yield from _commitments(reading)
    yield from _regularisation(reading)


def _total(reading: Reading) -> Iterator[Proposal]:
    table = reading.table("hours_by_holder")
    line = table and table.totals
    if not table or not line:
        return
    now, before = line.value("hours"), line.before("hours")
    if now is not None and before is not None and (now or before):
        figures = beside_last_year(table, line, "hours")
        yield proposal(
            SECTION, "total", evolution(reading, "Les heures réalisées", now, before, "hours"), *figures
        )


def _series(reading: Reading) -> Iterator[Proposal]:
    """The year with the most or the fewest hours of those known."""
    known = [
        (row["year"], Decimal(row["hours"])) for row in reading.snapshot.get("series", ()) if row["hours"]
    ]
    if len(known) < YEARS or not reading.is_over:
        return
    figures = [Figure(f"Heures {year}", "hours", format(hours, "f"), "series") for year, hours in known]
    hours = [value for _, value in known]
    for key, most, words in (("highest", max(hours), "le plus"), ("lowest", min(hours), "le moins")):
        years = [year for year, value in known if value == most]
        # An annual bilan is about its own year; that of a whole life, about the highest one.
        if len(years) == 1 and (years[0] == reading.year or (reading.year is None and key == "highest")):
            sentence = f"De {known[0][0]} à {known[-1][0]}, {years[0]} est l’année où {words} d’heures sont réalisées ({formats.hours(most)})."
            yield proposal(SECTION, key, sentence, *figures)


def largest_changes(reading: Reading, table: Table, section: str) -> Iterator[Proposal]:
    """The company whose hours rose most, the one whose hours fell most."""
    if len(table.lines) < 2:
        # One company: its hours are the total.
        return
    for key, rise, words in (("rise", True, "hausse"), ("fall", False, "baisse")):
        found = largest(table, "hours", rise=rise)
        if found is None:
            continue
        line, now, before = found
        # « portée par » meets any name, whatever letter it begins with.
        subject = f"La plus forte {words} en heures est portée par {line.label}, dont les heures"
        sentence = evolution(reading, subject, now, before, "hours")
        yield proposal(section, key, sentence, *beside_last_year(table, line, "hours"))


def largest_change(reading: Reading, table: Table, section: str, key: str = "change") -> Iterator[Proposal]:
    """The largest change of all, a rise or a fall."""
    found = [
        row for rise in (True, False) if len(table.lines) > 1 and (row := largest(table, "hours", rise=rise))
    ]
    if found:
        line, now, before = max(found, key=lambda row: abs(row[1] - row[2]))
        subject = f"Le plus grand changement est porté par {line.label}, dont les heures"
        sentence = evolution(reading, subject, now, before, "hours")
        yield proposal(section, key, sentence, *beside_last_year(table, line, "hours"))


def first_time(reading: Reading, table: Table, section: str) -> Iterator[Proposal]:
    """Companies with hours that the bilan N-1 did not have."""
    found = newcomers(table, "hours")
    if not found:
        return
    hours = [table.figure(line, "hours") for line in found]
    if len(found) == 1:
        line = found[0]
        sentence = f"{line.label}, sans heure au bilan {reading.last_year}, en porte {_hours(line)} en {reading.year}."
        yield proposal(section, "first_time", sentence, *hours)
        return
    names, more = enumerated(
        found, lambda line: f"{line.label} ({_hours(line)})", others=COMPANIES, where=table.key
    )
    sentence = f"{len(found)} entreprises sans heure au bilan {reading.last_year} en portent en {reading.year} : {names}."
    number = counted("Entreprises sans heure au bilan précédent", len(found), table.key)
    shown = hours[: len(found) if not more else 4]
    yield proposal(section, "first_time", sentence, number, *shown, *more)


def _hours(line: Line, column: str = "hours") -> str:
    return formats.hours(line.value(column))


def _gone(reading: Reading, table: Table) -> Iterator[Proposal]:
    line = table.line(GONE)
    before = line and line.before("hours")
    if line and before:
        sentence = (
            f"Les entreprises qui portaient des heures en {reading.last_year} et n’en portent plus en {reading.year} en "
            f"avaient réalisé {formats.hours(before)}."
        )
        yield proposal(SECTION, "gone", sentence, table.figure(line, "hours_previous"))


def _siae(reading: Reading) -> Iterator[Proposal]:
    table = reading.table("hours_by_employer")
    totals = table and table.totals
    if not table or not totals:
        return
    siae, whole = totals.value("siae"), totals.value("hours")
    if siae and whole:
        part = share_of(siae, whole, "Part des heures", table.key)
        sentence = (
            f"{formats.hours(siae)} {agree(siae, 'est réalisée', 'sont réalisées')} par des structures de l’insertion par l’activité économique comme "
            f"employeurs, soit {rate(part)} des heures."
        )
        yield proposal(
            SECTION, "siae", sentence, table.figure(totals, "siae"), table.figure(totals, "hours"), part
        )


def _moved(reading: Reading, key: str, words: str) -> Iterator[Proposal]:
    """The type of contract or the modality whose hours changed most, up or down."""
    table = reading.table(key)
    if table is None or len(table.lines) < 2:
        return
    found = [row for rise in (True, False) if (row := largest(table, "hours", rise=rise, skip=("unknown",)))]
    if not found:
        return
    line, now, before = max(found, key=lambda row: abs(row[1] - row[2]))
    subject = f"{words} dont les heures changent le plus est « {line.label} » : elles"
    yield proposal(
        SECTION,
        key,
        evolution(reading, subject, now, before, "hours"),
        *beside_last_year(table, line, "hours"),
    )


def _first_occupation(reading: Reading) -> Iterator[Proposal]:
    table = reading.table("occupations")
    if table is None or table.totals is None or not (whole := table.totals.value("hours")):
        return
    named = [line for line in table if line.key != "unknown" and line.value("hours")]
    if not named:
        return
    first = max(named, key=lambda line: line.value("hours") or 0)
    hours = first.value("hours")
    assert hours is not None
    part = share_of(hours, whole, "Part des heures", table.key)
    # « F1703 · Maçonnerie » : the code is for the table.
    name = first.label.partition(" · ")[2] or first.label
    sentence = f"Le métier qui réunit le plus d’heures est « {name} » : {formats.hours(hours)}, soit {rate(part)} des heures."
    figures = (table.figure(first, "hours"), table.figure(table.totals, "hours"), part)
    yield proposal(SECTION, "occupation", sentence, *figures)


# --- commitments ------------------------------------------------------------------------------------------------


def _commitments(reading: Reading) -> Iterator[Proposal]:
    """Commitments met, exceeded, and those whose time is over that the hours did not reach."""
    table = reading.table("rates_by_commitment")
    rows = [line for line in table if line.value("rate") is not None] if table else []
    if table and rows:
        yield from _met(reading, table, rows)
        exceeded = [line for line in rows if line.value("surplus")]
        if exceeded:
            yield _exceeded(table, sorted(exceeded, key=lambda line: -(line.value("surplus") or 0)))
    elif table is None:
        # A territory has no table of commitments: each is its buyer's.
        line = reading.item("rates_figures", "commitments_met")
        met = line and line.value("value")
        if line and met:
            sentence = f"{reading.at_end}, {count(met, 'engagement chiffré', 'engagements chiffrés')} {agree(met, *REACHED)}."
            figure = Figure("Engagements tenus", "number", line.cells["value"], line.block)
            yield proposal(SECTION, "met", sentence, figure)
    missed = reading.table("commitments_missed")
    if missed is not None and missed.lines:
        yield _missed(missed)


def _met(reading: Reading, table: Table, rows: list[Line]) -> Iterator[Proposal]:
    number = sum((line.value("rate") or 0) >= 1 for line in rows)
    if not number or len(rows) < 2:
        return
    if number == len(rows):
        sentence = f"{reading.at_end}, les {number} engagements chiffrés ont atteint leur objectif."
    else:
        met = agree(number, "engagement chiffré", "engagements chiffrés")
        sentence = f"{reading.at_end}, {number} {met} sur {len(rows)} {agree(number, *REACHED)}."
    figures = (
        counted("Engagements tenus", number, table.key),
        counted("Engagements chiffrés", len(rows), table.key),
    )
    yield proposal(SECTION, "met", sentence, *figures)


def _exceeded(table: Table, rows: list[Line]) -> Proposal:
    first = rows[0]
    figures = (table.figure(first, "surplus"), table.figure(first, "engaged"))
    surplus, engaged = formats.hours(first.value("surplus")), formats.hours(first.value("engaged"))
    about = f"{_about(first)}, pour {engaged} engagées"
    if len(rows) == 1:
        return proposal(SECTION, "exceeded", f"Un engagement est dépassé de {surplus} : {about}.", *figures)
    number = counted("Engagements dépassés", len(rows), table.key)
    sentence = (
        f"{len(rows)} engagements sont dépassés ; le plus grand dépassement est de {surplus} : {about}."
    )
    return proposal(SECTION, "exceeded", sentence, number, *figures)


def _missed(table: Table) -> Proposal:
    rows = list(table)
    lowest = min(rows, key=lambda line: line.value("rate") or Decimal(0))
    figures = (table.figure(lowest, "counted"), table.figure(lowest, "engaged"), table.figure(lowest, "rate"))
    where = (
        f"{_about(lowest)}, {formats.hours(lowest.value('counted'))} comptées sur "
        f"{formats.hours(lowest.value('engaged'))} engagées ({formats.rate(lowest.value('rate'))})"
    )
    if len(rows) == 1:
        sentence = f"Un engagement arrivé à terme n’a pas atteint son objectif : {where}."
        return proposal(SECTION, "missed", sentence, *figures)
    number = counted("Engagements arrivés à terme sans être tenus", len(rows), table.key)
    sentence = (
        f"{len(rows)} engagements arrivés à terme n’ont pas atteint leur objectif ; le taux le plus bas est celui du marché "
        f"{where}."
    )
    return proposal(SECTION, "missed", sentence, number, *figures)


def _about(line: Line) -> str:
    """« V25-014 (Alpha) »: the market's reference and who holds the commitment."""
    reference = line.label.partition(" · ")[0]
    company = line.cells.get("company", "")
    return f"{reference} ({company})" if company else reference


def _regularisation(reading: Reading) -> Iterator[Proposal]:
    table = reading.table("regularisation")
    totals = table and table.totals
    if not table or not totals or not (hours := totals.value("hours")):
        return
    years = [line.label for line in table if line.value("hours")]
    if hours > 0 and years:
        sentence = (
            f"{formats.hours(hours)} de {listed(years)}, {agree(hours, 'validée ou corrigée', 'validées ou corrigées')} après la "
            f"clôture, {agree(hours, 's’ajoute', 's’ajoutent')} aux heures cumulées sans être dans celles de l’année."
        )
        yield proposal(SECTION, "regularisation", sentence, table.figure(totals, "hours"))
