"""The portfolio of one person of the house: what each market still owes and at what pace, the year, the months missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.urls import reverse

from beneficiaries.declaration_dates import written as month_in_address
from beneficiaries.declaration_list import CompanyMonth, months_of
from beneficiaries.models import Assignment
from clauses.figures import CommitmentFigures, Figures, figures_of_portfolio
from clauses.forecast import FORECAST_LABELS, LATE_BELOW, WATCH_BELOW, ForecastState
from clauses.pace import (
    FORMULA,
    LONG,
    SHORT,
    Projection,
    full_time_people,
    monthly_pace,
    project,
    whole_months,
)
from clauses.progress import hours_counted
from core import formats
from core.dates import add_months
from markets.models import Company, Market
from reporting import indicators
from reporting.dashboards import breakdowns
from reporting.dashboards.asked import Asked
from reporting.dashboards.reading import Reading, Section
from reporting.dashboards.through_time import series, series_chart
from reporting.indicators.facts import ZERO
from reporting.scope import Scope
from reporting.snapshot.material import Block, chart
from reporting.snapshot.words import agree, upper_first
from reporting.tables_of_figures import Column, Row, table

DRAWN = 10
ORDER = (
    ForecastState.LATE,
    ForecastState.TO_WATCH,
    ForecastState.ON_TRACK,
    ForecastState.MET,
    ForecastState.NO_TARGET,
)
# Full-time people to a tenth: under that, nothing to say.
NOTHING = "–"


@dataclass
class MarketForecast:
    """An open market of the portfolio: its commitments together, at what pace, and where that leads."""

    market: Market
    figures: Figures = field(default_factory=Figures)
    last_short: Decimal = ZERO
    last_long: Decimal = ZERO
    today: dt.date = dt.date.min

    @property
    def missing(self) -> Decimal:
        return sum((row.missing for row in self.figures.commitments), ZERO)

    @property
    def planned_end(self) -> dt.date | None:
        """The last end of the commitments that are not met yet."""
        ends = [row.commitment.ends_on or self.market.planned_end for row in self._open]
        known = [day for day in ends if day]
        return max(known) if known else self.market.planned_end

    @property
    def _open(self) -> list[CommitmentFigures]:
        return [row for row in self.figures.commitments if row.missing]

    @property
    def projection(self) -> Projection:
        return project(
            self.missing,
            monthly_pace(self.last_short, SHORT),
            self.planned_end,
            self.today,
            is_closed=self.market.closed_on is not None,
        )

    @property
    def state(self) -> ForecastState:
        return self.figures.state


def forecasts(user: Any, today: dt.date) -> list[MarketForecast]:
    """The open markets that a person answers for, what asks for the most first: six statements."""
    mine = Market.objects.visible_to(user).portfolio_of(user, today).filter(closed_on__isnull=True)
    found = {row.pk: MarketForecast(row, today=today) for row in mine.select_related("buyer").order_by("pk")}
    rows = figures_of_portfolio(user, today)
    # The pace of what is still owed: the hours of a commitment that is met do not help another one.
    keys = [row.commitment.pk for row in rows if row.missing]
    until, short, long = (add_months(today.replace(day=1), -back) for back in (1, 1 + SHORT, 1 + LONG))
    now, three, six = (hours_counted(keys, month) for month in (until, short, long))
    for row in rows:
        place = found.get(row.commitment.market_id)
        if place is None:
            continue
        place.figures.commitments.append(row)
        if row.missing:
            pk = row.commitment.pk
            place.last_short += now[pk] - three[pk]
            place.last_long += now[pk] - six[pk]
    return sorted(
        found.values(),
        key=lambda row: (ORDER.index(row.state), -row.missing, row.market.reference, row.market.pk),
    )


def narrowed(rows: Iterable[MarketForecast], state: str, buyer: int | None) -> list[MarketForecast]:
    """Those in a state, of a buyer."""
    return [
        row
        for row in rows
        if (not state or row.state == state) and (buyer is None or row.market.buyer_id == buyer)
    ]


def forecast_figures(rows: Sequence[MarketForecast]) -> Block:
    """What stands on top: the markets by state, what is missing, what it would take."""
    needed = sum((row.projection.needed or ZERO for row in rows), ZERO)
    monthly = sum((row.projection.monthly for row in rows), ZERO)
    items = [
        figure("markets", agree(len(rows), "marché en cours", "marchés en cours"), "number", len(rows)),
        *(
            figure(state.value, label, "number", sum(row.state == state for row in rows))
            for state, label in (
                (ForecastState.LATE, "en retard"),
                (ForecastState.TO_WATCH, "à surveiller"),
            )
        ),
        figure("missing", "heures qui manquent", "hours", sum((row.missing for row in rows), ZERO)),
        figure("monthly", "heures par mois, au rythme des trois derniers mois", "hours", monthly),
        figure(
            "needed", "heures par mois pour tout tenir à temps", "hours", needed,
            f"soit {formats.number(full_time_people(needed), 1)} temps plein" if needed else "",
        ),
    ]  # fmt: skip
    return {"type": "key_figures", "key": "portfolio_figures", "title": "Chiffres clés", "items": items}


def figure(key: str, label: str, kind: str, value: Decimal | int | None, note: str = "") -> dict[str, Any]:
    """One key figure, with nothing beside."""
    return {
        "key": key,
        "label": formats.typeset(label),
        "kind": kind,
        "value": None if value is None else str(value),
        "previous": None,
        "previous_year": None,
        "note": formats.typeset(note),
    }


def forecast_blocks(rows: Sequence[MarketForecast], today: dt.date) -> list[Block]:
    """What is missing, drawn; then each market with its pace and what it would take."""
    behind = sorted((row for row in rows if row.missing), key=lambda row: (-row.missing, row.market.pk))[
        :DRAWN
    ]
    drawn = [(row.market.reference, row.missing, row.state == ForecastState.LATE) for row in behind]
    blocks = [
        chart("missing_chart", "Heures qui manquent, par marché", "bars", drawn, "Heures qui manquent par marché.")
    ] if drawn else []  # fmt: skip
    months = whole_months(today, LONG)
    return [
        *blocks,
        _forecast_table(rows, today, f"{formats.month(months[-SHORT])} à {formats.month(months[-1])}"),
    ]


def _forecast_table(rows: Sequence[MarketForecast], today: dt.date, short: str) -> Block:
    columns = [
        Column("label", "Marché"),
        Column("state", "État", is_state=True),
        Column("end", "Fin prévue", "day"),
        Column("engaged", "Engagées", "hours"),
        Column("counted", "Comptées", "hours"),
        Column("due", "Dues à ce jour", "hours"),
        Column("missing", "Manquent", "hours"),
        Column("pace_short", f"Par mois, {SHORT} mois", "hours"),
        Column("pace_long", f"Par mois, {LONG} mois", "hours"),
        Column("projected", "Fin projetée", "text"),
        Column("needed", "Par mois pour tenir", "hours"),
        Column("full_time", "Temps plein"),
    ]
    lines = [
        Row(str(row.market.pk), _cells(row), reverse("market_detail", args=[row.market.pk])) for row in rows
    ]
    whole = [row.projection for row in rows]
    needed = sum((row.needed or ZERO for row in whole), ZERO)
    totals = {
        "label": "Ensemble",
        **{
            key: sum((getattr(row.figures, key) for row in rows), ZERO)
            for key in ("engaged", "counted", "due")
        },
        "missing": sum((row.missing for row in rows), ZERO),
        "pace_short": sum((row.monthly for row in whole), ZERO),
        "pace_long": sum((monthly_pace(row.last_long, LONG) for row in rows), ZERO),
        "needed": needed,
        "full_time": formats.number(full_time_people(needed), 1),
    }
    return table(
        "forecast", "Prévision par marché", columns, lines,
        totals=totals if rows else None,
        base=f"Chiffres du {formats.day(today)}, ce qui demande le plus en tête. Rythme des engagements qui ne sont pas "
        f"encore tenus, {short} pour {SHORT} mois.",
        formula=FORMULA,
        notes=[
            "Heures dues = heures engagées × jours écoulés ÷ jours d’intervention. À surveiller sous "
            f"{formats.rate(WATCH_BELOW)} des heures dues, en retard sous {formats.rate(LATE_BELOW)}. Ces prévisions servent à "
            "piloter ; elles ne figurent dans aucun bilan.",
        ],
        empty="Aucun marché en cours ne répond à ces filtres.",
    )  # fmt: skip


def _cells(row: MarketForecast) -> dict[str, Any]:
    found = row.projection
    return {
        "label": f"{row.market.reference} · {formats.short(row.market.object, 70)} · {row.market.buyer}",
        "state": FORECAST_LABELS[row.state],
        "end": row.planned_end,
        "engaged": row.figures.engaged,
        "counted": row.figures.counted,
        "due": row.figures.due,
        "missing": found.missing,
        "pace_short": found.monthly,
        "pace_long": monthly_pace(row.last_long, LONG),
        "projected": projected_words(found),
        "needed": found.needed,
        "full_time": None if found.full_time is None else formats.number(found.full_time, 1),
    }


def projected_words(found: Projection) -> str:
    """« mars 2027 », « aucune : rien n’arrive », « – » where nothing is missing."""
    if not found.missing:
        return NOTHING
    if found.ends is not None:
        return upper_first(formats.month(found.ends))
    return "Sans rythme" if not found.monthly else "Au-delà de dix ans"


# --- the year ---------------------------------------------------------------------------------------------------


def reading_of(user: Any, asked: Asked, today: dt.date) -> Reading:
    """The year of what a person answered for, month by month."""
    return Reading(Scope.facilitator(user), asked, today, kind="portefeuille", is_whole=False, is_house=True)


def year_figures(d: Reading) -> Block:
    span, facts = d.asked.span, d.facts
    people, made = indicators.people(facts)[span], indicators.contracts(facts, span)
    markets = {work.market for work in facts.works_of(span)}
    items = [
        figure("hours", "heures d’insertion réalisées", "hours", indicators.hours(facts)[span]),
        figure("people", agree(people, "personne", "personnes"), "number", people),
        figure(
            "contracts", agree(made.count, "contrat de travail", "contrats de travail"), "number", made.count,
            f"dont {made.started or 'aucun'} {agree(made.started, 'démarré', 'démarrés')} {d.asked.when}",
        ),
        figure("markets", agree(len(markets), "marché avec des heures", "marchés avec des heures"), "number", len(markets)),
    ]  # fmt: skip
    return {"type": "key_figures", "key": "year_figures", "title": "Chiffres clés", "items": items}


def year_sections(d: Reading) -> list[Section]:
    """The hours through the years, by market, company and kind of contract."""
    names = {row.id: f"{row.reference} · {formats.short(row.object, 90)}" for row in d.facts.markets}
    markets = d.breakdown(
        "hours_by_market", "Heures par marché", "Marché", indicators.by_market(d.facts), lambda pk: names.get(pk, NOTHING),
        url=lambda pk: reverse("market_detail", args=[pk]),
        base="Base : marchés dont la personne répondait dans le mois travaillé.",
    )  # fmt: skip
    return [
        Section("temps", "Au fil des années", [series_chart(d), series(d)]),
        Section("marches", "Marchés", markets),
        Section("entreprises", "Entreprises", [*breakdowns.holders_chart(d), *breakdowns.holders(d)]),
        Section("modalites", "Modalités de réalisation", breakdowns.modalities(d)),
    ]


# --- months missing ----------------------------------------------------------------------------------------------


def months_missing(user: Any, today: dt.date) -> list[CompanyMonth]:
    """The months that the employers of a portfolio's markets still have to send, late and oldest first."""
    mine = Market.objects.visible_to(user).portfolio_of(user, today).filter(closed_on__isnull=True)
    working = Assignment.objects.visible_to(user).filter(commitment__market__in=mine.order_by().values("pk"))
    companies = Company.objects.visible_to(user).filter(
        pk__in=working.order_by().values("placement__employer")
    )
    found = [row for row in months_of(list(companies.order_by("search_key", "pk")), today) if row.is_awaited]
    return sorted(
        found, key=lambda row: (row.code != "late", row.month, row.company.search_key, row.company.pk)
    )


def month_blocks(rows: Sequence[CompanyMonth]) -> list[Block]:
    """By company: how many months, since when; then each month."""
    by_company: dict[int, list[CompanyMonth]] = {}
    for row in rows:
        by_company.setdefault(row.company.pk, []).append(row)
    late = {pk: sum(row.code == "late" for row in mine) for pk, mine in by_company.items()}
    ordered = sorted(
        by_company, key=lambda pk: (-late[pk], -len(by_company[pk]), by_company[pk][0].company.search_key)
    )
    columns = [
        Column("label", "Entreprise"),
        Column("months", "Mois attendus", "number"),
        Column("late", "dont en retard", "number"),
        Column("since", "Le plus ancien", "month"),
    ]
    lines = [
        Row(
            str(pk),
            {
                "label": str(by_company[pk][0].company),
                "months": len(by_company[pk]),
                "late": late[pk],
                "since": min(row.month for row in by_company[pk]),
            },
            reverse("company_hours", args=[pk]),
        )
        for pk in ordered
    ]
    drawn = [(str(by_company[pk][0].company), Decimal(late[pk]), False) for pk in ordered if late[pk]][:DRAWN]
    first = [
        chart("late_chart", "Mois en retard, par entreprise", "bars", drawn, "Mois en retard par entreprise.", "")
    ] if drawn else []  # fmt: skip
    return [
        *first,
        table(
            "months_by_company", "Entreprises dont des mois manquent", columns, lines,
            totals={"label": "Ensemble", "months": len(rows), "late": sum(late.values())} if rows else None,
            empty="Aucun mois ne manque : toutes les déclarations sont arrivées.",
        ),
        table(
            "months_missing", "Mois attendus", [Column("label", "Mois et entreprise"), Column("state", "État", is_state=True),
             Column("due", "Attendu le", "day"), Column("people", "Personnes", "number"), Column("hours", "Heures saisies", "hours")],
            [
                Row(
                    f"{row.company.pk}-{row.month:%Y-%m}",
                    {"label": f"{upper_first(formats.month(row.month))} · {row.company}", "state": row.words, "due": row.due_on,
                     "people": row.people, "hours": row.hours or ZERO},
                    reverse("declaration_review", args=[row.company.pk, month_in_address(row.month)]),
                )
                for row in rows
            ],
            base="Base : employeurs qui ont quelqu’un sur un marché en cours du portefeuille, douze derniers mois.",
            empty="Aucun mois n’est attendu.",
        ),
    ]  # fmt: skip
