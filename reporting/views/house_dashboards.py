"""The house's dashboards: a portfolio, the territory, the load of each, what the data lacks, the fees of the year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify

from accounts.models import User
from clauses.forecast import FORECAST_LABELS
from core import formats
from core.access import admin_required, house_required
from core.lists import EXPORT_FORMATS
from core.signals import list_exported
from markets.models import Market
from reporting import kept
from reporting.dashboards import load, portfolio, quality, territory
from reporting.dashboards.asked import OFFERED, SIDE_BY_SIDE, Asked, read
from reporting.dashboards.reading import Section
from reporting.snapshot.material import Block
from reporting.tables_of_figures import export_tables, for_page

ROWS_SHOWN = 15
TEMPLATE = "reporting/dashboard_house.html"
PORTFOLIO_PANELS = {"engagements": "Engagements et rythme", "annee": "Année", "mois": "Mois attendus"}
QUALITY_PANELS = {"donnees": "Données", "anomalies": "Anomalies"}
NO_SUCH_FILE = formats.typeset("Ce fichier n’existe pas : choisissez-en un sous un tableau.")


@dataclass
class Page:
    """What a dashboard of the house shows. `values` is its address: every link and file keeps it."""

    title: str
    facts: str
    values: dict[str, str]
    figures: Block | None = None
    parts: Sequence[Section] = ()
    said: list[str] = field(default_factory=list)
    panels: Mapping[str, str] = field(default_factory=dict)
    panel: str = ""
    years: Sequence[int] = ()
    selects: list[dict[str, Any]] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)

    def query(self, **changes: Any) -> str:
        """The address with these changes; a blank value takes a parameter away."""
        values = self.values | {name: str(value) for name, value in changes.items()}
        kept_values = {name: value for name, value in values.items() if value}
        return "?" + urlencode(kept_values)


def _answer(request: HttpRequest, page: Page) -> HttpResponseBase:
    """The page, or the file asked for with what the page shows."""
    name, key = request.GET.get("export", ""), request.GET.get("table", "")
    if name:
        blocks = [block for part in page.parts for block in part.blocks if block["type"] == "table"]
        chosen = [block for block in blocks if block["key"] == key] if key else blocks
        if not key and page.figures:
            chosen = [page.figures, *chosen]
        if name in EXPORT_FORMATS and chosen and (name != "csv" or len(chosen) == 1):
            return _export(request, page, name, chosen)
        page.said.append(NO_SUCH_FILE)
    return render(request, TEMPLATE, _context(request, page))


def _export(request: HttpRequest, page: Page, format: str, blocks: Sequence[Block]) -> HttpResponseBase:
    title = blocks[0]["title"] if len(blocks) == 1 else ""
    name = slugify("-".join(["tableau-de-bord", page.title, page.facts, title]))[:120]
    chosen = [f"{row['label']} : {row['shown']}" for row in page.selects if row["shown"]]
    head = [formats.typeset(row) for row in (f"{page.title}, {page.facts}", *chosen) if row]
    head.append(formats.typeset(f"Chiffres du {formats.day(timezone.localdate())}."))
    list_exported.send(sender=Market, user=request.user, name=name, format=format)
    return export_tables(name, format, blocks, head)


def _context(request: HttpRequest, page: Page) -> dict[str, Any]:
    whole = request.GET.get("tout", "")

    def shown(block: Block) -> Block:
        key = block["key"]
        files = [(label, page.query(export=name, table=key)) for name, label in EXPORT_FORMATS.items()]
        return for_page(
            block, shown=None if whole == key else ROWS_SHOWN, more_url=f"{page.query(tout=key)}#t-{key}", exports=files
        )  # fmt: skip

    return {
        "page": page,
        "parts": [
            Section(part.key, part.title, [shown(block) for block in part.blocks]) for part in page.parts
        ],
        "figures": page.figures,
        "panels": [(label, page.query(volet=key), key == page.panel) for key, label in page.panels.items()],
        "years": [
            (year, page.query(annee=year), str(year) == page.values.get("annee")) for year in page.years
        ],
        "hidden": [
            (name, value)
            for name, value in page.values.items()
            if value and name not in {row["name"] for row in page.selects}
        ],
        "workbook_url": page.query(export="xlsx"),
        "today": timezone.localdate(),
        "kept": None,
        "comparisons": [],
        "answers": {},
        **page.more,
    }


def _panel(request: HttpRequest, panels: Mapping[str, str], said: list[str]) -> str:
    asked = request.GET.get("volet", "")
    if asked and asked not in panels:
        said.append(formats.typeset(f"« {formats.short(asked, 30)} » n’est pas un volet de ce tableau."))
    return asked if asked in panels else next(iter(panels))


def _years(this_year: int, asked: int) -> list[int]:
    years = list(range(this_year, this_year - OFFERED, -1))
    return years if asked in years else [*years, asked]


def _year_asked(request: HttpRequest, today: dt.date) -> Asked:
    """Only the year of the address: nothing else of a buyer's dashboard is asked here."""
    return read({"annee": request.GET.get("annee", "")}, today)


def _choice(
    name: str, label: str, choices: Sequence[tuple[str, str]], value: str, blank: str
) -> dict[str, Any]:
    shown = dict(choices).get(value, "")
    return {"name": name, "label": label, "choices": choices, "value": value, "blank": blank, "shown": shown}


# --- a portfolio ---------------------------------------------------------------------------------------------------


@house_required
def portfolio_dashboard(request: HttpRequest) -> HttpResponseBase:
    """What a person of the house answers for: their own, or for an admin that of a colleague."""
    user: Any = request.user
    today = timezone.localdate()
    asked = _year_asked(request, today)
    said = list(asked.sentences)
    panel = _panel(request, PORTFOLIO_PANELS, said)
    holder, selects = _holder(request, said)
    values = {"volet": panel, "facilitateur": str(holder.pk) if holder != user else ""}
    page = Page(
        "Mon portefeuille" if holder == user else f"Portefeuille de {holder}",
        PORTFOLIO_PANELS[panel],
        values,
        said=said,
        panels=PORTFOLIO_PANELS,
        panel=panel,
        selects=selects,
    )
    if panel == "engagements":
        _show_forecasts(request, page, holder, today)
    elif panel == "annee":
        values["annee"] = str(asked.year)
        page.years = _years(today.year, asked.year)
        page.facts = f"année {asked.year}"
        reading = portfolio.reading_of(holder, asked, today)
        page.figures, page.parts = portfolio.year_figures(reading), portfolio.year_sections(reading)
        page.parts = [
            Section(part.key, part.title, [_plain(block, page) for block in part.blocks])
            for part in page.parts
        ]
    else:
        rows = portfolio.months_missing(holder, today)
        page.parts = [Section("mois", "Mois qui manquent", portfolio.month_blocks(rows))]
    return _answer(request, page)


def _plain(block: Block, page: Page) -> Block:
    """Rows that lead to another year of this page keep the rest of its address."""
    if block["type"] != "table" or block["key"] != "years":
        return block
    rows = [{**row, "url": page.query(annee=row["key"]) if row["url"] else ""} for row in block["rows"]]
    return {**block, "rows": rows}


def _holder(request: HttpRequest, said: list[str]) -> tuple[Any, list[dict[str, Any]]]:
    """Whose portfolio it is, and the choice that an admin has."""
    user: Any = request.user
    asked = request.GET.get("facilitateur", "")
    if not user.is_admin:
        if asked and asked != str(user.pk):
            said.append(formats.typeset("Chacun lit son propre portefeuille : voici le vôtre."))
        return user, []
    staff = list(User.objects.visible_to(user).house_staff().order_by("last_name", "first_name", "pk"))
    found = next((row for row in staff if str(row.pk) == asked), None)
    if asked and found is None:
        said.append(formats.typeset("Ce compte n’est pas de la maison : voici votre portefeuille."))
    choices = [(str(row.pk), str(row)) for row in staff]
    holder = found or user
    return holder, [_choice("facilitateur", "Facilitateur·rice", choices, str(holder.pk), "")]


def _show_forecasts(request: HttpRequest, page: Page, holder: Any, today: dt.date) -> None:
    rows = portfolio.forecasts(holder, today)
    state, buyer = request.GET.get("etat", ""), request.GET.get("acheteur", "")
    if state and state not in FORECAST_LABELS:
        page.said.append(
            formats.typeset(f"« {formats.short(state, 30)} » n’est pas un état : tous sont montrés.")
        )
        state = ""
    buyers = sorted({(str(row.market.buyer), str(row.market.buyer_id)) for row in rows})
    if buyer and buyer not in {pk for _, pk in buyers}:
        page.said.append(formats.typeset("Ce donneur d’ordre n’a pas de marché ici : tous sont montrés."))
        buyer = ""
    page.values |= {"etat": state, "acheteur": buyer}
    page.selects += [
        _choice(
            "etat", "État", [(code.value, label) for code, label in FORECAST_LABELS.items()], state, "tous"
        ),
        _choice("acheteur", "Donneur d’ordre", [(pk, name) for name, pk in buyers], buyer, "tous"),
    ]
    shown = portfolio.narrowed(rows, state, int(buyer) if buyer else None)
    page.figures = portfolio.forecast_figures(shown)
    page.parts = [Section("prevision", "Prévision de chaque marché", portfolio.forecast_blocks(shown, today))]


# --- the territory -------------------------------------------------------------------------------------------------


@house_required
def territory_dashboard(request: HttpRequest) -> HttpResponseBase:
    """The kept year of the whole territory; POST has it computed again."""
    user: Any = request.user
    today = timezone.localdate()
    asked = read({name: request.GET.get(name, "") for name in ("annee", "comparer")}, today)
    if request.method == "POST":
        return redirect("job_detail", pk=kept.ask_for_year(asked.year, user=user).pk)
    said = list(asked.sentences)
    panels = {key: label for key, (label, _) in territory.PANELS.items()}
    panel = _panel(request, panels, said)
    years = [year for year in asked.shown if isinstance(year, int)]
    rows, fresh = kept.kept_years(sorted({*years, asked.year - 1}))
    row, is_fresh = rows.get(asked.year), asked.year in fresh
    if not is_fresh:
        row, is_fresh = kept.make_if_quick(asked.year, row)
    values = {
        "annee": str(asked.year),
        "comparer": str(asked.compared or ""),
        "volet": "" if panel == "ensemble" else panel,
    }
    page = Page(
        "Territoire",
        asked.label,
        values,
        said=said,
        panels=panels,
        panel=panel,
        years=_years(today.year, asked.year),
    )
    page.more = {
        "kept": {"row": row, "is_fresh": is_fresh, "year": asked.year, "asked": row is None},
        "comparisons": [
            (n, page.query(comparer=n), n == asked.compared)
            for n in range(SIDE_BY_SIDE[0], SIDE_BY_SIDE[1] + 1)
        ],
        "alone_url": page.query(comparer="") if asked.compared else "",
    }
    if row is not None:
        rows[asked.year] = row
        before = rows.get(asked.year - 1)
        # A year that is not over is beside no whole one.
        is_over = asked.year < today.year
        page.figures = territory.key_figures(row.figures, before.figures if before and is_over else None)
        if asked.compared:
            for year in years:
                if year not in fresh and year != asked.year:
                    made, _ = kept.make_if_quick(year, rows.get(year))
                    rows |= {year: made} if made is not None else {}
            _compare(page, [rows.get(year) for year in years], years)
        else:
            page.parts = _chapters(row.figures, panel, page)
    return _answer(request, page)


def _chapters(figures: Mapping[str, Any], panel: str, page: Page) -> list[Section]:
    found = territory.chapters_of(figures, panel)
    page.more["answers"] = {row["key"]: row["answer"] for row in found}
    return [
        Section(
            row["key"],
            row["title"],
            [territory.with_links(block, figures["year"]) for block in row["blocks"]],
        )
        for row in found
    ]


def _compare(page: Page, rows: Sequence[Any], years: Sequence[int]) -> None:
    missing = [str(year) for year, row in zip(years, rows, strict=True) if row is None]
    if missing:
        page.said.append(
            formats.typeset(
                f"Chiffres pas encore gardés pour {', '.join(missing)} : ouvrez l’année pour les faire calculer."
            )
        )
    blocks = territory.side_by_side([row.figures for row in rows if row is not None], page.panel)
    page.parts = [Section("compare", "Les années côte à côte", blocks)]


# --- the load, the data, the fees ----------------------------------------------------------------------------------


@admin_required
def load_dashboard(request: HttpRequest) -> HttpResponseBase:
    """What each person of the house carries today."""
    today = timezone.localdate()
    found = load.loads(request.user, today)
    page = Page("Charge par personne", f"au {formats.day(today)}", {})
    page.parts = [Section("charge", "Qui porte quoi", load.load_blocks(found))]
    return _answer(request, page)


@house_required
def quality_dashboard(request: HttpRequest) -> HttpResponseBase:
    """What the data lacks, and where it is mended."""
    today = timezone.localdate()
    asked = _year_asked(request, today)
    said = list(asked.sentences)
    panel = _panel(request, QUALITY_PANELS, said)
    page = Page(
        "Qualité des données",
        f"année {asked.year}",
        {"volet": panel},
        said=said,
        panels=QUALITY_PANELS,
        panel=panel,
    )
    if panel == "donnees":
        page.values["annee"] = str(asked.year)
        page.years = _years(today.year, asked.year)
        blocks = quality.quality_blocks(quality.lacks(request.user, asked.year, today))
    else:
        page.facts = f"au {formats.day(today)}"
        blocks = quality.anomaly_blocks(request.user, today)
    page.parts = [Section("manques", QUALITY_PANELS[panel], blocks)]
    return _answer(request, page)


@admin_required
def fees_dashboard(request: HttpRequest) -> HttpResponseBase:
    """Quotes and invoices of a year: issued, paid, due."""
    today = timezone.localdate()
    asked = _year_asked(request, today)
    page = Page(
        "Participation financière", f"année {asked.year}", {"annee": str(asked.year)}, said=list(asked.sentences),
        years=_years(today.year, asked.year),
    )  # fmt: skip
    page.parts = [
        Section("frais", "Facturé, payé, à payer", quality.fee_blocks(request.user, asked.year, today))
    ]
    return _answer(request, page)
