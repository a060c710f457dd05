"""The whole snapshot around its chapters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from core import formats
from markets.models import Buyer, Market, Operation
from markets.paper import house_facts
from reporting import indicators
from reporting.narrative import SECTIONS
from reporting.scope import Months, Span, bounds
from reporting.snapshot.material import Material
from reporting.snapshot.pictures import logos_of
from reporting.snapshot.rectification import rectification_of
from reporting.snapshot.words import months_label

SCHEMA_VERSION = 3
SECTIONS_OF_CHAPTER = {
    "essential": ("essentiel",),
    "markets": ("marches",),
    "hours": ("heures",),
    "people": ("personnes",),
    "companies": ("relation",),
    "partnership": ("partenariat", "ameliorations"),
}


def document(
    m: Material,
    chapters: list[dict[str, Any]],
    *,
    kind: str,
    buyer: Buyer | None,
    version: int,
    narrative: Mapping[str, str],
    now: dt.datetime,
    **said: Any,
) -> dict[str, Any]:
    """The whole snapshot around its chapters; said: year, subject, period, previous."""
    for row in chapters:
        row["narrative"] = [
            {"key": key, "title": SECTIONS[key][0], "text": narrative[key]}
            for key in SECTIONS_OF_CHAPTER.get(row["key"], ())
            if narrative.get(key, "").strip()
        ]
    found = {
        "schema_version": SCHEMA_VERSION,
        "kind": str(kind),
        "computed_at": now.astimezone(formats.PARIS).isoformat(timespec="seconds"),
        "software": {"name": "Maillon", "version": settings.SOFTWARE_VERSION},
        "house": house_facts(),
        "buyer": buyer
        and {
            "id": buyer.pk,
            "name": buyer.name,
            "identifier": buyer.identifier,
            "identifier_kind": buyer.get_identifier_kind_display(),
            "kind": buyer.get_kind_display(),
        },
        "subject": said["subject"],
        "year": said["year"],
        "version": version,
        "period": said["period"],
        "previous": said["previous"],
        "series": m.series,
        "figures": dict(sorted(m.figures.items())),
        "cells": dict(sorted(m.cells.items())),
        "not_followed": m.not_recorded,
        "narrative": {key: narrative[key] for key in SECTIONS if narrative.get(key, "").strip()},
        "chapters": chapters,
    }
    # A point d’étape has neither cover nor versions.
    if kind != "progress":
        if logos := logos_of(buyer):
            found["logos"] = logos
        found["rectification"] = rectification_of(found)
    return found


def subject_of(subject: Market | Operation) -> dict[str, Any]:
    is_market = isinstance(subject, Market)
    return {
        "kind": "market" if is_market else "operation",
        "id": subject.pk,
        "reference": subject.reference,
        "name": subject.object if isinstance(subject, Market) else subject.name,
    }


def period_of(span: Months, today: dt.date) -> dict[str, Any]:
    first, last = bounds(span)
    return {
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "closed": last < today,
        "label": months_label(span),
    }


def names_of(facts: indicators.Facts, span: Span) -> dict[int, str]:
    ids = {work.holder for work in facts.works} | {work.employer for work in facts.works}
    ids |= {row.holder for row in indicators.rates(facts, span).rows}
    return indicators.company_names(ids)
