"""What a document is called, on its cover, its pages and its files: read from its snapshot, whatever its version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core import formats
from core.text import slug


@dataclass(frozen=True)
class Labels:
    """title: of the cover, over `mark`, the large one (a year, a period). about: whom or what it is about."""

    title: str
    mark: str
    about: str
    # The PDF's own title, and the line that runs above its pages.
    document: str
    running: str
    # « Ville, bilan 2025, version 1 », and the name of the file without its extension.
    head: str
    file: str
    # Headers of the columns of figures: this period, and N-1 where there is one.
    columns: tuple[str, str]


def labels_of(snapshot: dict[str, Any]) -> Labels:
    """Labels of a snapshot; those of before version 2 have no `kind` and are annual bilans."""
    version = snapshot["version"]
    if snapshot.get("kind") == "territory":
        return _of_territory(snapshot["house"]["name"], snapshot["year"], version)
    buyer = snapshot["buyer"]["name"]
    if snapshot.get("kind", "annual") == "annual":
        year = snapshot["year"]
        return Labels(
            title="Bilan des clauses sociales",
            mark=str(year),
            about=buyer,
            document=f"Bilan {year} des clauses sociales — {buyer}",
            running=f"{formats.short(buyer, 70)} — bilan {year} des clauses sociales",
            head=f"{buyer}, bilan {year}, version {version}",
            file=f"bilan-{year}-{slug(buyer)}-v{version}",
            columns=(str(year), str(year - 1)),
        )
    subject, period = snapshot["subject"], snapshot["period"]["label"]
    name = " · ".join(part for part in (subject["reference"], formats.short(subject["name"], 120)) if part)
    short = formats.short(subject["reference"] or subject["name"], 60)
    if snapshot["kind"] == "reserved":
        year = snapshot["year"]
        return Labels(
            title="Bilan annuel d’un marché réservé"
            if subject.get("nature") != "insertion"
            else "Bilan annuel d’un marché d’insertion",
            mark=str(year),
            about=f"{name} — {buyer}",
            document=f"Bilan {year} du marché réservé — {name}",
            running=f"{short} — bilan {year} du marché réservé",
            head=f"{buyer}, {short}, bilan {year}, version {version}",
            file=f"bilan-{year}-marche-{slug(short)}-v{version}",
            columns=(str(year), str(year - 1)),
        )
    if snapshot["kind"] == "final":
        return Labels(
            title="Bilan final synthétique",
            mark=period,
            about=f"{name} — {buyer}",
            document=f"Bilan final des clauses sociales — {name}",
            running=f"{short} — bilan final des clauses sociales",
            head=f"{buyer}, {short}, bilan final, version {version}",
            file=f"bilan-final-{slug(short)}-v{version}",
            columns=(period, ""),
        )
    return Labels(
        title="Point d’étape",
        mark=period,
        about=f"{name} — {buyer}",
        document=f"Point d’étape, {period} — {name}",
        running=f"{short} — point d’étape, {period}",
        head=f"{buyer}, {short}, point d’étape, {period}",
        file=f"point-d-etape-{slug(short)}-{snapshot['period']['last_day'][:7]}",
        columns=(period, ""),
    )


def _of_territory(house: str, year: int, version: int) -> Labels:
    return Labels(
        title="Bilan des clauses sociales du territoire",
        mark=str(year),
        about="Tous les donneurs d’ordre",
        document=f"Bilan {year} des clauses sociales du territoire — {house}",
        running=f"{formats.short(house, 70)} — bilan {year} du territoire",
        head=f"{house}, bilan {year} du territoire, version {version}",
        file=f"bilan-{year}-territoire-v{version}",
        columns=(str(year), str(year - 1)),
    )


def figure_name(figure: dict[str, Any]) -> str:
    """What a key figure is, alone: on a page its unit or its rate says the beginning."""
    label: str = figure["label"]
    if figure["kind"] == "hours" and not label.startswith("heures"):
        return f"heures {label}"
    if figure["kind"] == "rate" and label.startswith("des "):
        return f"part {label}"
    return label
