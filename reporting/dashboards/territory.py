"""The year of the whole territory: the chapters of its report, counted afresh, in the shape that is kept and shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse

from core import formats
from reporting import indicators
from reporting.indicators.facts import ZERO
from reporting.scope import Period, Scope
from reporting.snapshot.document import names_of
from reporting.snapshot.material import Block, Material, chart, written
from reporting.snapshot.territory import counted_chapters
from reporting.snapshot.words import agree, upper_first
from reporting.tables_of_figures import Column, Row, table

# Changes when what is kept has another shape: kept figures of before are then computed again.
SHAPE = 1
# Panels of the page and the chapters that each shows, in order.
PANELS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ensemble": ("Vue d’ensemble", ("months", "buyers", "rates")),
    "achats": ("Achats et secteurs", ("markets", "sectors")),
    "emploi": ("Entreprises et contrats", ("hours", "employers", "contracts")),
    "personnes": ("Personnes et parcours", ("people", "outcomes", "actions")),
}
# Tables that compared years show side by side: key, and the panel that they are in.
COMPARED = {
    "hours_by_buyer": "ensemble",
    "families": "achats",
    "cpv": "achats",
    "hours_by_holder": "emploi",
    "contract_types": "emploi",
    "modalities": "emploi",
}
MONTHS = ("janv", "févr", "mars", "avr", "mai", "juin", "juil", "août", "sept", "oct", "nov", "déc")
KEY_FIGURES = (
    ("hours", "Heures réalisées", "hours"),
    ("people", "Personnes", "number"),
    ("new_people", "dont nouvelles entrantes", "number"),
    ("contracts", "Contrats de travail", "number"),
    ("contracts_started", "dont démarrés dans l’année", "number"),
    ("buyers", "Donneurs d’ordre", "number"),
    ("markets", "Marchés avec clause", "number"),
    ("markets_reserved", "Marchés réservés", "number"),
    ("rate", "Taux de réalisation", "rate"),
)


def territory_year(year: int) -> dict[str, Any]:
    """Every figure of the territory's year, JSON-ready; from the rooms' rows alone, published bilans left aside.

    The typology of a year that is not closed is there too, through the mask: these figures stay in the house.
    """
    facts = indicators.Facts(Scope.territory(), Period.of_year(year, back=1))
    m = Material(
        facts=facts,
        span=year,
        is_closed=True,
        previous=None,
        series=[],
        names=names_of(facts, year),
        is_over=True,
        when=f"en {year}",
    )
    chapters = [_months(facts, year), *(_alone(found) for found in counted_chapters(m))]
    m.figures["hours"] = format(indicators.hours(facts)[year], "f")
    reserved = indicators.reserved(facts)[year]
    rates = indicators.rates(facts, year)
    m.figures.setdefault("markets_reserved", str(reserved.count))
    if rates.rate is not None:
        m.figures.setdefault("rate", format(rates.rate, ".4f"))
    return {"shape": SHAPE, "year": year, "figures": m.figures, "chapters": chapters}


def _alone(chapter: dict[str, Any]) -> dict[str, Any]:
    """The chapter without the columns of a published bilan: nothing stands beside kept figures."""
    blocks = [
        {**block, "columns": [column for column in block["columns"] if not column["previous"]]}
        if block["type"] == "table"
        else block
        for block in chapter["blocks"]
    ]
    return {**chapter, "blocks": blocks}


def _months(facts: indicators.Facts, year: int) -> dict[str, Any]:
    """The hours of each month, drawn and told."""
    found = indicators.by_month(facts, year)
    months = [dt.date(year, number, 1) for number in range(1, 13)]
    rows = [(MONTHS[month.month - 1], found.get(month, ZERO), False) for month in months]
    columns = [Column("label", "Mois"), Column("hours", f"Heures {year}", "hours")]
    lines = [
        Row(f"{month:%m}", {"label": upper_first(formats.month(month)), "hours": found.get(month, ZERO)})
        for month in months
    ]
    total = indicators.hours(facts)[year]
    blocks = [
        chart(
            "months_chart", f"Heures par mois en {year}", "columns", rows, "Heures comptées de chaque mois."
        ),
        table("months", "Heures par mois", columns, lines, totals={"label": "Ensemble", "hours": total}),
    ]
    return {"key": "months", "title": "Mois par mois", "answer": "", "narrative": [], "blocks": blocks}


# --- what the page makes of kept figures ----------------------------------------------------------------------


def key_figures(kept: Mapping[str, Any], before: Mapping[str, Any] | None) -> Block:
    """What stands on top, beside the kept figures of the year before where there are some."""
    figures, previous = kept["figures"], (before or {}).get("figures", {})
    words = {
        "hours": lambda n: "heures d’insertion réalisées",
        "people": lambda n: agree(n, "personne", "personnes"),
        "contracts": lambda n: agree(n, "contrat de travail", "contrats de travail"),
        "buyers": lambda n: agree(n, "donneur d’ordre", "donneurs d’ordre"),
        "markets": lambda n: agree(n, "marché avec clause", "marchés avec clause"),
        "markets_reserved": lambda n: agree(n, "marché réservé", "marchés réservés"),
        "rate": lambda n: "taux de réalisation",
    }
    kinds = {key: kind for key, _, kind in KEY_FIGURES}
    items = []
    for key, label in words.items():
        value = figures.get(key)
        number = int(float(value)) if value is not None else 0
        note = {"people": "new_people", "contracts": "contracts_started"}.get(key, "")
        said = {
            "new_people": ("nouvelle entrante", "nouvelles entrantes"),
            "contracts_started": ("démarré", "démarrés"),
        }
        count = int(figures.get(note) or 0) if note else 0
        items.append(
            {
                "key": key,
                "label": formats.typeset(label(number)),
                "kind": kinds[key],
                "value": value,
                "previous": previous.get(key),
                "previous_year": before["year"] if before and previous.get(key) is not None else None,
                "note": f"dont {formats.number(count, 0)} {agree(count, *said[note])}" if note else "",
                "in_progress": False,
            }
        )
    return {"type": "key_figures", "key": "territory_figures", "title": "Chiffres clés", "items": items}


def chapters_of(kept: Mapping[str, Any], panel: str) -> list[dict[str, Any]]:
    """The chapters of a panel, in its order."""
    by_key = {found["key"]: found for found in kept["chapters"]}
    return [by_key[key] for key in PANELS[panel][1] if key in by_key]


def with_links(block: Block, year: int) -> Block:
    """A buyer's row leads to its dashboard."""
    if block["type"] != "table" or block["key"] not in ("hours_by_buyer", "rates_by_buyer"):
        return block
    rows = [
        {**row, "url": f"{reverse('buyer_dashboard', args=[row['key']])}?annee={year}"}
        if row["key"].isdecimal()
        else row
        for row in block["rows"]
    ]
    return {**block, "rows": rows}


def side_by_side(years: Sequence[Mapping[str, Any]], panel: str) -> list[Block]:
    """Kept years beside each other: the key figures, and the hours of each row of the panel's tables."""
    blocks = [_figures_by_year(years)] if panel == "ensemble" else []
    for key, place in COMPARED.items():
        found = [_block(kept, key) for kept in years]
        if place == panel and any(found):
            blocks.append(_hours_by_year(key, years, found))
    return blocks


def _columns(first: str, years: Sequence[Mapping[str, Any]], kind: str) -> list[Column]:
    last = years[-1]["year"]
    return [
        Column("label", first),
        *(
            Column(f"y{kept['year']}", str(kept["year"]), kind, previous=kept["year"] != last)
            for kept in years
        ),
    ]


def _figures_by_year(years: Sequence[Mapping[str, Any]]) -> Block:
    rows = [
        Row(
            key,
            {"label": label} | {f"y{kept['year']}": kept["figures"].get(key) for kept in years},
            kind=kind,
        )
        for key, label, kind in KEY_FIGURES
    ]
    return table(
        "years", "Les années côte à côte", _columns("Chiffre", years, "number"), rows,
        notes=["Chaque année telle que ses chiffres gardés la disent."],
    )  # fmt: skip


def _block(kept: Mapping[str, Any], key: str) -> Block | None:
    every = (block for found in kept["chapters"] for block in found["blocks"])
    return next((block for block in every if block["type"] == "table" and block["key"] == key), None)


def _hours_by_year(key: str, years: Sequence[Mapping[str, Any]], found: Sequence[Block | None]) -> Block:
    names: dict[str, str] = {}
    values: dict[str, dict[str, Any]] = {}
    totals: dict[str, Any] = {"label": "Ensemble"}
    # The last year says the order and the names; what only earlier years have follows.
    for kept, block in reversed(list(zip(years, found, strict=True))):
        for row in block["rows"] if block else ():
            names.setdefault(row["key"], row["cells"]["label"])
            values.setdefault(row["key"], {})[f"y{kept['year']}"] = row["cells"].get("hours")
        totals[f"y{kept['year']}"] = ((block or {}).get("totals") or {}).get("hours") or written(ZERO)
    last = next(block for block in reversed(found) if block)
    rows = [Row(row, {"label": names[row]} | values[row]) for row in names]
    return table(
        key, last["title"], _columns(last["columns"][0]["label"], years, "hours"), rows, totals=totals
    )
