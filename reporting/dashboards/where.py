"""Where the hours of a dashboard are: directions, operations, markets with their engagements; each leads further."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from clauses.forecast import FORECAST_LABELS, LATE_BELOW, WATCH_BELOW, forecast, worst
from core import formats
from reporting import indicators
from reporting.dashboards.reading import UNKNOWN, Reading, Section
from reporting.indicators import places
from reporting.indicators.facts import ZERO, MarketRow
from reporting.indicators.purchase import CommitmentRate, Rates
from reporting.indicators.work import Line
from reporting.scope import Span
from reporting.snapshot.material import Block
from reporting.snapshot.purchase import ratio
from reporting.tables_of_figures import Column, Row, table


def where(d: Reading) -> list[Section]:
    """From the widest to the narrowest."""
    found = []
    if d.kind == "acheteur" and not d.is_limited and (blocks := departments(d)):
        found.append(Section("directions", "Directions et services", blocks))
    if d.kind in ("acheteur", "direction") and (blocks := operations(d)):
        found.append(Section("operations", "Opérations", blocks))
    return [*found, Section("marches", "Le marché" if d.kind == "marche" else "Marchés", markets(d))]


def departments(d: Reading) -> list[Block]:
    names: dict[Any, str] = {}
    for row in d.facts.markets:
        key = places.department_of(d.facts, row)
        if isinstance(key, int):
            part = d.facts.scope.parts.get(row.id)
            own = part.department_name if part is not None and part.own is not None else row.department_name
            names[key] = own or names.get(key, "")
    if not names:
        return []
    names |= {None: "Sans direction", places.ELSEWHERE: "Marchés menés par un autre donneur d’ordre"}
    return d.breakdown(
        "departments", "Heures par direction ou service", "Direction ou service",
        with_all(d, places.by_department(d.facts), lambda row: places.department_of(d.facts, row)),
        names.__getitem__, url=lambda key: d.asked.query(direction=key) if isinstance(key, int) else "",
    )  # fmt: skip


def operations(d: Reading) -> list[Block]:
    names: dict[Any, str] = {
        row.operation: row.operation_name or "" for row in d.facts.markets if row.operation
    }
    if not names:
        return []
    names[None] = "Hors opération"
    # A member limited to a direction sees no operation that others share.
    is_limited = d.is_limited
    return d.breakdown(
        "operations", "Heures par opération", "Opération",
        with_all(d, places.by_operation(d.facts), lambda row: row.operation), names.__getitem__,
        url=lambda key: d.asked.query(operation=key) if key and not is_limited else "",
    )  # fmt: skip


def with_all(
    d: Reading, lines: Mapping[Span, Mapping[Any, Line]], place_of: Callable[[MarketRow], Any]
) -> dict[Span, dict[Any, Line]]:
    """The places without hours too, where a market of theirs is alive: they are looked into as the others."""
    last = d.asked.span
    without = {place_of(row) for row in d.facts.markets if row.has_clause and row.is_alive_in(last)}
    named = {place for place in without if isinstance(place, int)}
    return {
        span: dict(rows) | ({place: Line() for place in named - set(rows)} if span == last else {})
        for span, rows in lines.items()
    }


def markets(d: Reading) -> list[Block]:
    by_id = {row.id: row for row in d.facts.markets}
    lines = places.by_framework(d.facts)

    def name(key: Any) -> str:
        row = by_id.get(key)
        return f"{row.reference} · {formats.short(row.object, 90)}" if row else UNKNOWN

    def url(key: Any) -> str:
        return "" if d.kind == "marche" else d.asked.query(marche=key)

    if d.asked.compared:
        return d.breakdown("market_list", "Heures par marché", "Marché", lines, name, url=url)
    return [market_table(d, by_id, lines[d.asked.span], name, url)]


def market_table(
    d: Reading, by_id: Mapping[int, MarketRow], lines: Mapping[Any, Line], name: Any, url: Any
) -> Block:
    span, published = d.asked.span, d.published
    year = f" {span}" if isinstance(span, int) else ""
    rates: dict[int, list[CommitmentRate]] = {}
    for rate in d.rates.rows:
        rates.setdefault(by_id[rate.market].root if rate.market in by_id else rate.market, []).append(rate)
    alive = indicators.markets(d.facts)[span].roots
    if d.kind == "marche":
        alive = alive | set(rates)
    keys = sorted(
        (alive | set(lines)) & {row.root for row in by_id.values()},
        key=lambda key: (-(lines[key].hours if key in lines else ZERO), name(key), key),
    )
    with_state = d.in_progress
    columns = [
        Column("label", "Marché"),
        Column("hours", f"Heures{year}", "hours"),
        *([Column("hours_previous", f"bilan {published.year}", "hours", previous=True)] if published else []),
        Column("engaged", "Engagées", "hours"),
        Column("counted", "Comptées depuis le début", "hours"),
        Column("rate", "Taux", "rate"),
        *([Column("state", "État à ce jour", is_state=True)] if with_state else []),
    ]
    rows = []
    for key in keys:
        mine = Rates(rates.get(key, []))
        row = by_id.get(key)
        end = f", jusqu’au {formats.day(row.planned_end)}" if row and row.planned_end else ""
        part = d.facts.scope.parts.get(key)
        shared = f", marché partagé, part de {formats.rate(part.share / 100, 2)}" if part is not None else ""
        cells = {
            "label": f"{name(key)}{end}{shared}",
            "hours": lines[key].hours if key in lines else ZERO,
            "hours_previous": published.cell("market_list", str(key), "hours") if published else None,
            "engaged": mine.engaged,
            "counted": mine.counted,
            "rate": ratio(mine.rate),
            "state": FORECAST_LABELS[worst(state_of(d, rate) for rate in mine.rows)],
        }
        rows.append(Row(str(key), cells, url(key)))
    gone = published.gone("market_list", [row.key for row in rows], "hours") if published else ZERO
    if published and gone:
        words = f"Marchés du bilan {published.year} sans heure ni clause en cours {d.asked.when}"
        rows.append(Row("gone", {"label": words, "hours_previous": gone}))
    whole = d.rates
    notes = ["Les marchés subséquents sont réunis à leur accord-cadre."]
    if with_state:
        notes.append(
            "État : heures comptées comparées aux heures dues à ce jour, au prorata de la durée de l’intervention. À "
            f"surveiller sous {formats.rate(WATCH_BELOW)} des heures dues, en retard sous {formats.rate(LATE_BELOW)} ; il "
            "sert à piloter et ne figure dans aucun bilan."
        )
    return table(
        "market_list",
        "Marchés, heures et engagements",
        columns,
        rows,
        totals={
            "label": "Ensemble",
            "hours": indicators.hours(d.facts)[span],
            "hours_previous": published.cell("market_list", "total", "hours") if published else None,
            "engaged": whole.engaged,
            "counted": whole.counted,
            "rate": ratio(whole.rate),
        }
        if rows
        else None,
        base=f"Base : marchés avec clause en cours {d.asked.when}, et ceux qui ont des heures comptées.",
        formula="Taux = heures comptées depuis le début ÷ heures engagées, chaque engagement plafonné à 100 % dans un ensemble.",
        notes=notes,
        empty="Aucun marché n’est en cours.",
    )


def state_of(d: Reading, rate: CommitmentRate) -> Any:
    day = min(d.today, rate.closed_on) if rate.closed_on else d.today
    return forecast(rate.whole_engaged, rate.whole_counted, rate.starts_on, rate.ends_on, day).state
