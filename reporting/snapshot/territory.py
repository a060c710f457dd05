"""The house's own yearly report: the whole territory, every buyer, each shared market once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from core import formats
from reporting import indicators
from reporting.enums import BilanKind
from reporting.indicators.buyers import BuyerLine, buyer_names, by_buyer
from reporting.indicators.facts import ZERO
from reporting.models import Bilan
from reporting.scope import Period, Scope
from reporting.snapshot.actions import actions_chapter
from reporting.snapshot.advice import advice_chapter
from reporting.snapshot.beside import beside_territory
from reporting.snapshot.difficulties import difficulties_chapter
from reporting.snapshot.employers import employers_chapter
from reporting.snapshot.essential import essential_chapter
from reporting.snapshot.events import events_chapter
from reporting.snapshot.material import PRINTED_ROWS, Block, Column, Material, chapter, chart
from reporting.snapshot.method import method_chapter
from reporting.snapshot.partnership import partnership_chapter
from reporting.snapshot.persons import people_chapter
from reporting.snapshot.purchase import markets_chapter, rates_chapter, ratio, share
from reporting.snapshot.results import outcomes_chapter
from reporting.snapshot.words import agree, count, upper_first
from reporting.snapshot.work import FEW_PEOPLE, contracts_chapter, few, hours_chapter
from reporting.snapshot.yearly import document_of_year, material_of_year

# What the chapter on contracts holds of the purchase, told apart here.
OF_SECTORS = ("families", "cpv", "occupations")
SECTORS_DRAWN = 10


def build_territory_snapshot(
    *, year: int, version: int, narrative: Mapping[str, str], now: dt.datetime
) -> dict[str, Any]:
    """The report of the territory on a year as one JSON-ready dict: for the house, which hands it out itself."""
    facts = indicators.Facts(Scope.territory(), Period.of_year(year, back=1))
    material = material_of_year(
        facts,
        Bilan.objects.filter(kind=BilanKind.TERRITORY),
        version=version,
        now=now,
        beside=lambda: beside_territory(facts),
    )
    chapters = counted_chapters(material)
    followed = next(index for index, found in enumerate(chapters) if found["key"] == "outcomes")
    chapters.insert(followed, _companies_chapter(material))
    chapters += [
        advice_chapter(material),
        _events_chapter(material),
        _difficulties_chapter(material),
        *([partnership_chapter(narrative, str(year))] if _has_partnership(narrative) else []),
        method_chapter(material),
    ]
    chapters.insert(0, _essential_chapter(material))
    return document_of_year(
        material,
        chapters,
        kind=BilanKind.TERRITORY,
        buyer=None,
        version=version,
        narrative=narrative,
        now=now,
    )


def counted_chapters(m: Material) -> list[dict[str, Any]]:
    """What is counted of a territory's year, chapter by chapter: the report's, and the dashboard's of the house."""
    contracts = contracts_chapter(m)
    sectors = _sectors_chapter(m, [row for row in contracts["blocks"] if row["key"] in OF_SECTORS])
    contracts["blocks"] = [row for row in contracts["blocks"] if row["key"] not in OF_SECTORS]
    markets = markets_chapter(m)
    # A territory has hundreds of markets: they are told by buyer.
    markets["blocks"] = [row for row in markets["blocks"] if row["key"] != "market_list"]
    return [
        _buyers_chapter(m),
        markets,
        hours_chapter(m),
        sectors,
        contracts,
        employers_chapter(m),
        people_chapter(m),
        _rates_chapter(m),
        outcomes_chapter(m),
        actions_chapter(m),
    ]


def _events_chapter(m: Material) -> dict[str, Any]:
    """The events of the year by kind; of a whole territory nobody reads the list."""
    found = events_chapter(m)
    if any(block["key"] == "events_by_kind" for block in found["blocks"]):
        found["blocks"] = [block for block in found["blocks"] if block["key"] == "events_by_kind"]
    return found


def _difficulties_chapter(m: Material) -> dict[str, Any]:
    """Difficulties without the companies: a difficulty is between one buyer and its company."""
    found = difficulties_chapter(m)
    found["blocks"] = [block for block in found["blocks"] if block["key"] != "commitments_missed"]
    return found


def _companies_chapter(m: Material) -> dict[str, Any]:
    """How companies were followed, all together: what is told of one is its buyer’s."""
    found = indicators.relations(m.facts, m.span)
    followed = indicators.follow_up(m.facts, m.span).values()
    number, silent = len(found), sum(row.last_month is None for row in found.values())
    contacts, kept = sum(row.contacts for row in followed), sum(row.kept for row in followed)
    if number:
        answer = (
            f"{upper_first(count(number, 'entreprise', none='aucune'))} {agree(number, 'porte', 'portent')} un engagement en "
            f"cours {m.when} ; {count(contacts, 'échange', 'échanges')} {agree(contacts, 'est inscrit', 'sont inscrits')} au journal."
        ).replace("aucun échange est inscrit", "aucun échange n’est inscrit")
    else:
        answer = "Aucune entreprise ne porte d’engagement en cours."
    late, unproved = sum(row.late for row in followed), sum(row.evidence_missing for row in followed)
    figures = [
        m.figure("companies", agree(number, "entreprise qui porte un engagement", "entreprises qui portent un engagement"), "number", number),
        m.figure("companies_silent", "dont sans aucune heure validée", "number", silent),
        m.figure("contacts", agree(contacts, "échange au journal", "échanges au journal"), "number", contacts),
        m.figure("qualitative_kept", agree(kept, "engagement qualitatif tenu", "engagements qualitatifs tenus"), "number", kept,
                 f"{late} en retard, {unproved} sans la preuve attendue" if late or unproved else ""),
    ]  # fmt: skip
    return chapter(
        "companies", "Relation avec les entreprises", answer, [m.key_figures("companies_figures", figures)]
    )


def _has_partnership(narrative: Mapping[str, str]) -> bool:
    return any(narrative.get(key, "").strip() for key in ("partenariat", "ameliorations"))


def _essential_chapter(m: Material) -> dict[str, Any]:
    """The essentials of any bilan, and how many buyers there are."""
    found = essential_chapter(m)
    for block in found["blocks"]:
        if block["type"] == "key_figures":
            buyers = int(m.figures["buyers"])
            label = agree(buyers, "donneur d’ordre", "donneurs d’ordre")
            block["items"].append(m.figure("buyers", label, "number", buyers))
            break
    return found


# --- buyers -----------------------------------------------------------------------------------------------------


def _buyers_chapter(m: Material) -> dict[str, Any]:
    lines = by_buyer(m.facts)[m.span]
    names = buyer_names(set(lines))
    ordered = sorted(lines, key=lambda pk: (-lines[pk].hours, names[pk][0], pk))
    total = indicators.hours(m.facts)[m.span]
    with_hours = sum(bool(line.hours) for line in lines.values())
    number = len(lines)
    if number:
        answer = (
            f"{upper_first(count(number, 'donneur d’ordre', 'donneurs d’ordre'))} {agree(number, 'a eu', 'ont eu')} un marché avec "
            f"clause en cours {m.when}, dont {with_hours or 'aucun'} avec des heures réalisées"
        )
        if total:
            first = ordered[0]
            answer += f" ; {formats.short(names[first][0], 90)} en porte {share(lines[first].hours / total)}"
        answer += "."
    else:
        answer = f"Aucun donneur d’ordre n’a eu de marché avec clause en cours {m.when}."
    figures = [
        m.figure("buyers", agree(number, "donneur d’ordre", "donneurs d’ordre"), "number", number),
        m.figure("buyers_with_hours", "dont avec des heures réalisées", "number", with_hours),
    ]
    blocks = [
        m.key_figures("buyers_figures", figures),
        _buyers_chart(m, [(names[pk][0], lines[pk]) for pk in ordered if lines[pk].hours]),
        _buyers_table(m, ordered, lines, names),
        _by_kind(m, lines, names),
    ]
    return chapter("buyers", "Donneurs d’ordre", answer, blocks)


def _buyers_chart(m: Material, lines: list[tuple[str, BuyerLine]]) -> Block:
    first = lines[:SECTORS_DRAWN]
    said = ", ".join(f"{name} {formats.hours(line.hours)}" for name, line in first)
    return chart(
        "hours_by_buyer_chart",
        "Les donneurs d’ordre qui ont le plus d’heures",
        "bars",
        [(name, line.hours, index == 0) for index, (name, line) in enumerate(first)],
        f"{said}." if said else "Aucune heure.",
    )


def _buyers_table(
    m: Material, ordered: list[int], lines: Mapping[int, BuyerLine], names: Mapping[int, tuple[str, str]]
) -> Block:
    is_shared = bool(any(part for pk in ordered for part in (row.part for row in lines[pk].rates.rows)))
    notes = [
        "Une personne, un marché comptent chez chacun de leurs donneurs d’ordre, et une fois dans l’ensemble : ces deux "
        "colonnes ne s’additionnent pas.",
    ]
    if is_shared:
        notes.append(
            "D’un marché partagé, chaque donneur d’ordre a sa part des heures : leur somme est exacte."
        )
    if any(few(lines[pk].people) for pk in ordered):
        notes.append(FEW_PEOPLE)
    return m.table(
        "hours_by_buyer",
        "Marchés, heures et personnes par donneur d’ordre",
        [
            Column("label", "Donneur d’ordre"),
            Column("markets", m.column("Marchés"), "number"),
            Column("hours", m.column("Heures"), "hours", True),
            Column("people", "Personnes", "number"),
        ],
        [
            (
                str(pk),
                {
                    "label": names[pk][0],
                    "markets": lines[pk].markets,
                    "hours": lines[pk].hours,
                    "people": lines[pk].people,
                },
                few(lines[pk].people),
            )
            for pk in ordered
        ],
        totals={
            "label": "Ensemble du territoire",
            "markets": indicators.markets(m.facts)[m.span].count,
            "hours": indicators.hours(m.facts)[m.span],
            "people": indicators.people(m.facts)[m.span],
        },
        base=f"Base : marchés avec clause en cours {m.when}, heures comptées et personnes d’au moins une heure comptée.",
        notes=notes,
        empty=f"Aucun donneur d’ordre n’a de marché avec clause en cours {m.when}.",
        gone="Donneurs d’ordre",
    )


def _by_kind(m: Material, lines: Mapping[int, BuyerLine], names: Mapping[int, tuple[str, str]]) -> Block:
    """Hours by what buyers are (communes, landlords…): sums of their parts."""
    found: dict[str, list[Any]] = {}
    for pk, line in lines.items():
        row = found.setdefault(names[pk][1], [0, ZERO])
        row[0] += 1
        row[1] += line.hours
    ordered = sorted(found.items(), key=lambda row: (-row[1][1], row[0]))
    return m.table(
        "hours_by_buyer_kind",
        "Heures par nature de donneur d’ordre",
        [
            Column("label", "Nature"),
            Column("buyers", "Donneurs d’ordre", "number"),
            Column("hours", m.column("Heures"), "hours", True),
        ],
        [
            (kind, {"label": upper_first(kind), "buyers": number, "hours": hours}, ())
            for kind, (number, hours) in ordered
        ],
        totals={
            "label": "Ensemble",
            "buyers": len(lines),
            "hours": sum((row[1] for row in found.values()), ZERO),
        },
        empty="Aucun donneur d’ordre.",
        gone="Natures de donneur d’ordre",
    )


# --- sectors ----------------------------------------------------------------------------------------------------


def _sectors_chapter(m: Material, blocks: list[Block]) -> dict[str, Any]:
    """Families, CPV divisions and occupations, the first of them drawn."""
    total = indicators.hours(m.facts)[m.span]
    by_key = {block["key"]: block for block in blocks}
    divisions = [
        (row["cells"]["label"], row["cells"]["hours"])
        for row in by_key["cpv"]["rows"]
        if row["key"] not in ("unknown", "gone") and row["cells"]["hours"] not in (None, "0", "0.00")
    ][:SECTORS_DRAWN]
    if not total:
        return chapter("sectors", "Secteurs", f"Aucune heure n’est comptée {m.when}.", blocks)
    if divisions:
        name, hours = divisions[0]
        answer = f"Première division d’achat : {name}, {formats.hours(hours)}."
    else:
        answer = "La division CPV des marchés n’est pas renseignée."
    said = ", ".join(f"{name} {formats.hours(hours)}" for name, hours in divisions)
    drawn = chart(
        "cpv_chart",
        "Les secteurs qui ont le plus d’heures (divisions CPV)",
        "bars",
        [(name, hours, index == 0) for index, (name, hours) in enumerate(divisions)],
        f"{said}." if said else "Aucune division n’est renseignée.",
    )
    return chapter("sectors", "Secteurs", answer, [*([drawn] if divisions else []), *blocks])


# --- rates ------------------------------------------------------------------------------------------------------


def _rates_chapter(m: Material) -> dict[str, Any]:
    """The rates of any bilan, by buyer: how far each company is, is for the buyer that it works for."""
    found = rates_chapter(m)
    left_out = ("rates_by_commitment", "rates_by_holder")
    found["blocks"] = [block for block in found["blocks"] if block["key"] not in left_out]
    found["blocks"].append(_rates_by_buyer(m))
    return found


def _rates_by_buyer(m: Material) -> Block:
    lines = {pk: line.rates for pk, line in by_buyer(m.facts)[m.span].items() if line.rates.with_target}
    names = buyer_names(set(lines))
    whole = indicators.rates(m.facts, m.span)
    return m.table(
        "rates_by_buyer",
        "Par donneur d’ordre",
        [
            Column("label", "Donneur d’ordre"),
            Column("engaged", "Engagées", "hours"),
            Column("counted", "Comptées", "hours"),
            Column("rate", "Taux", "rate"),
            Column("surplus", "Au-delà", "hours"),
        ],
        [
            (
                str(pk),
                {
                    "label": names[pk][0],
                    "engaged": rates.engaged,
                    "counted": rates.counted,
                    "rate": ratio(rates.rate),
                    "surplus": rates.surplus,
                },
                (),
            )
            for pk, rates in sorted(
                lines.items(), key=lambda row: (-row[1].engaged, names[row[0]][0], row[0])
            )
        ],
        totals={
            "label": "Ensemble du territoire",
            "engaged": whole.engaged,
            "counted": whole.counted,
            "rate": ratio(whole.rate),
            "surplus": whole.surplus,
        },
        empty="Aucun engagement chiffré n’est en cours.",
        print_rows=PRINTED_ROWS * 2,
    )
