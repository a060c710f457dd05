"""What a bilan stands beside: the published bilan of N-1, the earlier versions, the series of years."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models.fields.json import KT

from core import formats
from reporting import indicators
from reporting.models import SentDraft
from reporting.scope import Period
from reporting.snapshot.beside import tables_of_people
from reporting.snapshot.material import written

YEARS_OF_SERIES = 5
# What is compared with the published bilan N-1: key, label, kind.
COMPARED = (
    ("hours", "Heures réalisées", "hours"),
    ("people", "Personnes", "number"),
    ("new_people", "Nouvelles entrantes", "number"),
    ("contracts", "Contrats", "number"),
    ("contracts_started", "Contrats démarrés dans l’année", "number"),
    ("missions", "Missions d’intérim", "number"),
    ("markets", "Marchés avec clause", "number"),
    ("markets_notified", "Marchés notifiés dans l’année", "number"),
    ("markets_reserved", "Marchés réservés", "number"),
    ("operations", "Opérations", "number"),
)


def previous_bilan(bilans: Any, year: int) -> dict[str, Any] | None:
    """Of the bilans of one subject, the last published version of a year: its figures and cells, its version and day."""
    rows = bilans.published().filter(year=year).order_by("-version")
    found = rows.values_list("version", "published_at", "snapshot").first()
    if found is None:
        return None
    version, published_at, snapshot = found
    day = published_at.astimezone(formats.PARIS).date()
    return {
        "year": year,
        "version": version,
        "published_on": day.isoformat(),
        "published_day": day,
        "figures": snapshot.get("figures", {}),
        "cells": snapshot.get("cells", {}),
        "masked": withheld(snapshot),
    }


def withheld(snapshot: Mapping[str, Any]) -> set[str]:
    """Cells that a published bilan does not show, named as its `cells` are."""
    return {
        f"{block['key']}.{row['key']}.{column}"
        for chapter_ in snapshot.get("chapters", ())
        for block in chapter_["blocks"]
        if block["type"] == "table"
        for row in block["rows"]
        for column in row["masked"]
    }


def earlier_tables(versions: Any) -> dict[str, dict[str, Any]]:
    """The tables of people of a bilan’s published versions and projets transmis, by name.

    They were read already: beside them, those of this version must not tell a person.
    """
    published = versions.published().order_by("version").values_list("version", "snapshot")
    found = {f"version {number}": tables_of_people(snapshot) for number, snapshot in published}
    sent = SentDraft.objects.filter(bilan__in=versions.order_by().values("pk")).order_by("sent_at", "pk")
    for number, sent_at, snapshot in sent.values_list("number", "sent_at", "snapshot"):
        day = formats.day(sent_at.astimezone(formats.PARIS).date())
        found[f"projet {number} transmis le {day}"] = tables_of_people(snapshot)
    return found


def differences(facts: indicators.Facts, previous: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where the same computation gives today another figure than the published one."""
    year = previous["year"]
    made, found = indicators.contracts(facts, year), indicators.markets(facts)[year]
    recomputed: dict[str, Decimal | int] = {
        "hours": indicators.hours(facts)[year],
        "people": indicators.people(facts)[year],
        "new_people": indicators.new_people(facts)[year],
        "contracts": made.count,
        "contracts_started": made.started,
        "missions": made.missions,
        "markets": found.count,
        "markets_notified": found.notified,
        "markets_reserved": indicators.reserved(facts)[year].count,
        "operations": found.operations,
    }
    rows = []
    for key, label, kind in COMPARED:
        published = previous["figures"].get(key)
        if published is not None and Decimal(published) != Decimal(recomputed[key]):
            rows.append(
                {
                    "key": key,
                    "label": label,
                    "kind": kind,
                    "published": published,
                    "recomputed": written(recomputed[key]),
                }
            )
    return rows


def series_of(facts: indicators.Facts, bilans: Any, year: int) -> list[dict[str, Any]]:
    """Hours of five years: as published, else as computed; a year without any hour before the first is unknown."""
    years = range(year - YEARS_OF_SERIES + 1, year + 1)
    published = dict(
        bilans.published()
        .filter(year__in=years[:-1])
        .order_by("year", "version")
        .annotate(hours=KT("snapshot__figures__hours"))
        .values_list("year", "hours")
    )
    computed = indicators.hours(indicators.Facts(facts.scope, Period(tuple(years[:-2])))) | indicators.hours(
        facts
    )
    found = []
    for past in years:
        if published.get(past) is not None:
            found.append({"year": past, "hours": published[past], "source": "published"})
        elif computed[past] or past == year or any(row["hours"] for row in found):
            found.append({"year": past, "hours": written(computed[past]), "source": "computed"})
        else:
            found.append({"year": past, "hours": None, "source": "unknown"})
    return found
