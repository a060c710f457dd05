"""The dashboard of a buyer: its policy at a glance, by direction, operation or market. No name, no ground, no typology."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify

from accounts.enums import Role
from core import formats
from core.access import HOUSE, role_required
from core.lists import EXPORT_FORMATS
from core.readonly import read_only
from core.signals import list_exported
from markets.files import file_context
from markets.models import Buyer
from reporting.dashboards.asked import MOST_MONTHS, OFFERED, PANELS, SIDE_BY_SIDE, Asked, read
from reporting.dashboards.buyer import key_figures, sections, tables
from reporting.dashboards.place import Place, buyer_of, place_of
from reporting.dashboards.reading import Reading, Section
from reporting.enums import BilanKind
from reporting.models import Bilan
from reporting.snapshot.material import Block
from reporting.tables_of_figures import export_tables, for_page

ROWS_SHOWN = 15
NO_SUCH_FILE = formats.typeset(
    "Ce fichier n’existe pas : choisissez-en un sous un tableau, ou le classeur entier."
)
BILANS_READ = 8
# Chapters of a published bilan that alone tell who the people are, where they stand, and the actions.
TOLD_BY_BILANS = ("people", "outcomes", "actions")


@role_required(*HOUSE, Role.BUYER)
def buyer_dashboard(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Figures of one buyer, of a part of it, or of the department that the user is limited to."""
    user: Any = request.user
    format = request.GET.get("export", "")
    with read_only():
        asked = read(request.GET, timezone.localdate())
        buyer, department = buyer_of(user, pk, asked)
        place = place_of(user, buyer, department, asked)
        if place.subject is None and asked.place is not None:
            # What could not be shown is in no address either.
            asked = replace(asked, place=None)
        bilans = _bilans(user, place, asked)
        reading = _reading(user, place, asked, bilans)
        chosen = _chosen(reading, request.GET.get("table", "")) if format in EXPORT_FORMATS else []
        if not chosen or (format == "csv" and len(chosen) > 1):
            context = _page(request, place, reading, bilans)
            if format:
                context["said"].append(NO_SUCH_FILE)
            return render(request, "reporting/buyer_dashboard.html", context)
    # Who took which figures away is written down.
    return _export(request, place, reading, format, chosen)


def _reading(user: Any, place: Place, asked: Asked, bilans: Sequence[Bilan]) -> Reading:
    return Reading(
        place.scope,
        asked,
        timezone.localdate(),
        bilans if place.is_whole else (),
        kind=place.kind,
        is_whole=place.is_whole,
        is_limited=place.department is not None,
        is_house=user.is_house_staff,
    )


def _page(request: HttpRequest, place: Place, reading: Reading, bilans: list[Bilan]) -> dict[str, Any]:
    user: Any = request.user
    asked, today = reading.asked, reading.today
    return {
        **file_context("buyer", place.buyer, request, with_head=False),
        **_filters(asked, today.year),
        "place": place,
        "crumbs": _crumbs(place, asked),
        "asked": asked,
        "heading": _heading(place, asked),
        "said": [formats.typeset(sentence) for sentence in (*asked.sentences, *place.sentences)],
        "figures": key_figures(reading),
        "parts": [_shown(part, asked) for part in sections(reading)],
        "bilans": bilans,
        "told": _told(reading),
        "today": today,
        "workbook_url": asked.query(export="xlsx"),
        "is_house": user.is_house_staff,
        # What waits for a reader of a buyer is asked for apart: the figures do not wait for it.
        "asks_waiting": user.is_buyer and asked.place is None and asked.panel == "ensemble",
    }


def _bilans(user: Any, place: Place, asked: Asked) -> list[Bilan]:
    """Published bilans of exactly this place: the buyer's years, or the final ones of a market or an operation."""
    found = Bilan.objects.visible_to(user).published().filter(buyer=place.buyer).defer("narrative")
    if place.is_whole and asked.is_annual:
        latest: dict[int | None, Bilan] = {}
        for bilan in found.annual().order_by("-year", "-version")[:BILANS_READ]:
            latest.setdefault(bilan.year, bilan)
        return list(latest.values())
    if asked.panel == "ensemble" and place.kind in ("marche", "operation") and place.subject is not None:
        field = "market" if place.kind == "marche" else "operation"
        finals = Bilan.objects.visible_to(user).published().filter(kind=BilanKind.FINAL)
        return list(
            finals.filter(**{field: place.subject.pk}).defer("narrative", "snapshot").order_by("-version")[:1]
        )
    return []


def _filters(asked: Asked, this_year: int) -> dict[str, Any]:
    years = list(range(this_year, this_year - OFFERED, -1))
    if asked.year not in years:
        years.append(asked.year)
    kept = [(name, value) for name, value in [asked.place or ("", "")] if name]
    if asked.panel != "ensemble":
        kept.append(("volet", asked.panel))
    return {
        "years": [
            (year, asked.query(annee=year), asked.is_annual and not asked.compared and year == asked.year)
            for year in years
        ],
        "comparisons": [
            (n, asked.query(annee=asked.year, comparer=n), n == asked.compared)
            for n in range(SIDE_BY_SIDE[0], SIDE_BY_SIDE[1] + 1)
        ],
        "panels": [(label, asked.query(volet="" if key == "ensemble" else key), key == asked.panel) for key, label in PANELS.items()],
        "kept": kept,
        "first_month": asked.months.first if asked.months else None,
        "last_month": asked.months.last if asked.months else None,
        "most_months": MOST_MONTHS,
        "back_to_year": asked.query(annee=asked.year) if asked.months or asked.compared else "",
    }  # fmt: skip


def _heading(place: Place, asked: Asked) -> str:
    """« Direction de l’eau, année 2026 »."""
    label = asked.label
    return f"{formats.short(place.title, 120)}, {label}" if place.title else label[:1].upper() + label[1:]


def _crumbs(place: Place, asked: Asked) -> list[tuple[str, str]]:
    """From the whole to this place; nothing on the whole."""
    if place.subject is None:
        return []
    whole = str(place.department) if place.department is not None else "Ensemble"
    found = [(whole, asked.query(marche=""))]
    return found + [(formats.short(name, 60), asked.query(**{kind: pk})) for kind, pk, name in place.above]


def _shown(part: Section, asked: Asked) -> Section:
    blocks = []
    for block in part.blocks:
        key = block["key"]
        files = [(label, asked.query(export=name, table=key)) for name, label in EXPORT_FORMATS.items()]
        shown = None if asked.whole == key else ROWS_SHOWN
        blocks.append(
            for_page(block, shown=shown, more_url=f"{asked.query(tout=key)}#t-{key}", exports=files)
        )
    return Section(part.key, part.title, blocks)


def _told(reading: Reading) -> dict[str, Any] | None:
    """What only a published bilan tells, in the words of its own snapshot."""
    bilan = reading.told_by
    if bilan is None or not bilan.snapshot:
        return None
    chapters = [row for row in bilan.snapshot["chapters"] if row["key"] in TOLD_BY_BILANS]
    return {"bilan": bilan, "chapters": chapters}


def _chosen(reading: Reading, key: str) -> list[Block]:
    """The table asked for, or every table."""
    if not key:
        return tables(reading)
    return [block for part in sections(reading) for block in part.blocks if block["type"] == "table" and block["key"] == key]  # fmt: skip


def _export(
    request: HttpRequest, place: Place, reading: Reading, format: str, blocks: list[Block]
) -> HttpResponseBase:
    asked = reading.asked
    about = [place.buyer.short_name or place.buyer.name, place.title, asked.label]
    name = slugify(
        "-".join(["tableau-de-bord", *about, *([blocks[0]["title"]] if len(blocks) == 1 else [])])
    )[:120]
    head = [
        formats.typeset(f"{place.buyer.name} : {_heading(place, asked)}"),
        formats.typeset(f"Chiffres du {formats.day(reading.today)}, heures validées et comptées."),
        *place.sentences,
    ]
    list_exported.send(sender=Buyer, user=request.user, name=name, format=format)
    return export_tables(name, format, blocks, head)
