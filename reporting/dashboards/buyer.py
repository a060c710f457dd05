"""The dashboard of a buyer: its policy at a glance, from the same indicators as its bilans.

No typology here, whatever the address: rule 9 gives it one place, the published bilans, which are linked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from beneficiaries.enums import Modality
from clauses.enums import ClauseKind
from clauses.forecast import FORECAST_LABELS, LATE_BELOW, WATCH_BELOW, forecast, worst
from core import formats
from markets.enums import Family, Reservation
from markets.models import CpvCode
from reporting import indicators
from reporting.dashboards.asked import Asked
from reporting.dashboards.place import Place
from reporting.indicators import places
from reporting.indicators.facts import ZERO, MarketRow
from reporting.indicators.purchase import CommitmentRate, Rates
from reporting.indicators.work import Line
from reporting.models import Bilan
from reporting.scope import Months, Span, bounds
from reporting.snapshot.material import Block, chart
from reporting.snapshot.purchase import NOT_ADDED, ratio
from reporting.snapshot.words import agree, count, upper_first
from reporting.snapshot.work import FEW_PEOPLE, PEOPLE_NOT_ADDED, few
from reporting.tables_of_figures import (
    CONTRACTS,
    HOURS,
    PEOPLE,
    Breakdown,
    Column,
    Measure,
    Published,
    Row,
    blocks_of,
    table,
)

UNKNOWN = "Non renseigné"
BARS, PARTS, MONTHS_DRAWN = 10, 5, 12


@dataclass(frozen=True)
class Section:
    """A part of the dashboard: a heading, its charts and tables."""

    key: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class _Amount:
    """A row of a breakdown that is not made of hours: markets, lots, euros."""

    markets: int = 0
    wholly: int = 0
    lots: int = 0
    amount: Decimal = ZERO


@dataclass
class BuyerDashboard:
    """What one address of the dashboard shows, section by section. `bilans`: published, last first."""

    place: Place
    asked: Asked
    today: dt.date
    bilans: Sequence[Bilan] = ()
    # Whether the reader is of the house: it reads people by any months; a buyer does not.
    is_house: bool = False
    facts: indicators.Facts = field(init=False)

    def __post_init__(self) -> None:
        self.facts = indicators.Facts(self.place.scope, self.asked.period)

    # --- what stands beside ----------------------------------------------------------------------------------

    @property
    def in_progress(self) -> bool:
        return bounds(self.asked.span)[1] >= self.today

    def _bilan(self, year: int) -> Bilan | None:
        return next((row for row in self.bilans if row.year == year and row.snapshot), None)

    @property
    def before(self) -> Bilan | None:
        """The last published bilan of a year before the one shown."""
        if not self.asked.is_annual:
            return None
        return next((row for row in self.bilans if (row.year or 0) < self.asked.year and row.snapshot), None)

    @property
    def published(self) -> Published | None:
        """The published figures that stand beside the tables: N-1, or in a comparison the last of its years."""
        found = self.before
        if self.asked.compared:
            found = self._bilan(self.asked.year) or found
        if found is None or found.snapshot is None or found.year is None:
            return None
        return Published(found.year, found.snapshot["cells"])

    @property
    def told_by(self) -> Bilan | None:
        """The published bilan that tells who the people are, their situation and the actions."""
        return self._bilan(self.asked.year) or self.before if self.asked.is_annual else None

    # --- key figures --------------------------------------------------------------------------------------------

    def key_figures(self) -> Block:
        span, facts = self.asked.span, self.facts
        made, found = indicators.contracts(facts, span), indicators.markets(facts)[span]
        people, rates = indicators.people(facts)[span], self._rates
        holders = sum(1 for line in indicators.by_holder(facts)[span].values() if line.hours)
        reserved = places.reserved_count(facts)[span]
        items = [
            self._figure("hours", "heures d’insertion réalisées", "hours", indicators.hours(facts)[span]),
            *self._people(people),
            self._figure(
                "contracts", agree(made.count, "contrat de travail", "contrats de travail"), "number", made.count,
                f"dont {made.started or 'aucun'} {agree(made.started, 'démarré', 'démarrés')} {self.asked.when}",
            ),
            self._figure(
                "companies", agree(holders, "entreprise avec des heures", "entreprises avec des heures"), "number", holders
            ),
            self._figure(
                "markets", agree(found.count, "marché avec clause", "marchés avec clause"), "number", found.count,
                f"dont {found.with_hours or 'aucun'} avec des heures",
            ),
            self._figure(
                "markets_reserved", agree(reserved, "marché réservé", "marchés réservés"), "number", reserved
            ),
            self._figure(
                "rate", "taux de réalisation", "rate", ratio(rates.rate),
                "sans objet : aucun engagement chiffré" if rates.rate is None else "depuis le début, chaque engagement plafonné à 100 %",
            ),
            self._figure("hours_engaged", "heures engagées", "hours", rates.engaged),
        ]  # fmt: skip
        return {
            "type": "key_figures",
            "key": "dashboard_figures",
            "title": "Chiffres clés",
            "items": [item for item in items if item],
        }

    def _people(self, people: int) -> list[dict[str, Any]]:
        """A buyer reads them for its whole scope and by year; elsewhere few are withheld, and ad-hoc months say none."""
        if not self.asked.is_annual and not self.is_house:
            return []
        label = agree(people, "personne", "personnes")
        if not self.place.is_whole and few(people) and not self.is_house:
            return [self._figure("", "personnes", "number", None, FEW_PEOPLE)]
        return [self._figure("people", label, "number", people)]

    def _figure(
        self, key: str, label: str, kind: str, value: Decimal | int | None, note: str = ""
    ) -> dict[str, Any]:
        before, own = self.before, self._bilan(self.asked.year) if self.asked.is_annual else None
        beside = before.snapshot["figures"].get(key) if before is not None and before.snapshot else None
        mine = own.snapshot["figures"].get(key) if own is not None and own.snapshot else None
        notes = [note] if note else []
        if mine is not None and value is not None and Decimal(mine) != value:
            # What was corrected since moves what a published year adds up to: both are said.
            notes.append(f"bilan publié de cette année : {_written(mine, kind)}")
        return {
            "key": key,
            "label": formats.typeset(label),
            "kind": kind,
            "value": None if value is None else str(value),
            "previous": beside,
            "previous_year": before.year if before is not None and beside is not None else None,
            "note": formats.typeset(" ; ".join(notes)),
            "in_progress": self.in_progress,
        }

    # --- sections ---------------------------------------------------------------------------------------------

    def sections(self) -> list[Section]:
        """The panel asked for."""
        return self.overview() if self.asked.panel == "ensemble" else self.purchase()

    def overview(self) -> list[Section]:
        return [
            self._through_time(),
            *self._where(),
            Section("entreprises", "Entreprises", [*self._holders_chart(), *self._holders()]),
            Section("contrats", "Types de contrat", self._contract_types()),
            Section("modalites", "Modalités de réalisation", self._modalities()),
            Section("familles", "Familles d’achat", self._families()),
        ]

    def purchase(self) -> list[Section]:
        return [
            Section("clauses", "Clauses", self._clause_kinds()),
            Section("reserves", "Marchés réservés", self._reserved()),
            Section("cpv", "Secteurs d’achat", self._cpv()),
            Section("metiers", "Métiers", self._occupations()),
        ]

    def tables(self) -> list[Block]:
        """Every table of both panels, key figures first: what the workbook holds."""
        both = [*self.overview(), *self.purchase()]
        return [
            self.key_figures(),
            *(block for part in both for block in part.blocks if block["type"] == "table"),
        ]

    # --- through time -------------------------------------------------------------------------------------------

    def _through_time(self) -> Section:
        if self.asked.months:
            return Section("temps", "Mois par mois", self._by_month(self.asked.months))
        if self.asked.compared:
            return Section("temps", "Années côte à côte", [self._series_chart(), self._years()])
        return Section("temps", "Au fil des années", [self._series_chart(), self._series()])

    def _by_month(self, span: Months) -> list[Block]:
        found = indicators.by_month(self.facts, span)
        months = _months_of(span)
        blocks: list[Block] = []
        if 1 < len(months) <= MONTHS_DRAWN:
            rows = [(formats.month(month)[:3], found.get(month, ZERO), False) for month in months]
            blocks.append(
                chart("months_chart", "Heures par mois", "columns", rows, "Heures comptées de chaque mois.")
            )
        columns = [Column("label", "Mois"), Column("hours", "Heures", "hours")]
        rows_of = [
            Row(
                f"{month:%Y-%m}",
                {"label": upper_first(formats.month(month)), "hours": found.get(month, ZERO)},
            )
            for month in months
        ]
        total = indicators.hours(self.facts)[span]
        blocks.append(
            table(
                "months", "Heures par mois", columns, rows_of, totals={"label": "Ensemble", "hours": total},
                base="Base : heures comptées telles qu’elles sont aujourd’hui, corrections et heures tardives comprises.",
            )
        )  # fmt: skip
        return blocks

    def _series_years(self) -> list[int]:
        """The years of the series, without those before the first hour."""
        found = indicators.hours(self.facts)
        years = list(self.asked.period.years)
        while len(years) > 1 and not found[years[0]] and years[0] < self.asked.year:
            years.pop(0)
        return years

    def _series_chart(self) -> Block:
        found = indicators.hours(self.facts)
        rows = [(str(year), found[year], year == self.asked.year) for year in self._series_years()]
        return chart("years_chart", "Heures par année", "columns", rows, "Heures comptées de chaque année.")

    def _series(self) -> Block:
        """The years of the chart, beside what their bilans published."""
        found, people = indicators.hours(self.facts), indicators.people(self.facts)
        columns = [
            Column("label", "Année"),
            Column("hours", "Heures", "hours"),
            *([Column("published", "Bilan publié", "hours", previous=True)] if self.place.is_whole else []),
            Column("contracts", "Contrats", "number"),
            *([Column("people", "Personnes", "number")] if self.place.is_whole else []),
        ]
        rows = []
        for year in reversed(self._series_years()):
            bilan = self._bilan(year)
            figures = bilan.snapshot["figures"] if bilan is not None and bilan.snapshot else {}
            cells = {
                "label": str(year),
                "hours": found[year],
                "published": figures.get("hours"),
                "contracts": indicators.contracts(self.facts, year).count,
                "people": people[year],
            }
            rows.append(
                Row(str(year), cells, "" if year == self.asked.year else self.asked.query(annee=year))
            )
        return table("years", "Heures par année", columns, rows, base=_BASE_OF_YEARS)

    def _years(self) -> Block:
        """The figures of the years compared, one a line, the years as headers."""
        facts, years = self.facts, [span for span in self.asked.shown if isinstance(span, int)]
        markets, reserved = indicators.markets(facts), places.reserved_count(facts)
        made = {year: indicators.contracts(facts, year) for year in years}
        holders = {
            year: sum(1 for line in indicators.by_holder(facts)[year].values() if line.hours)
            for year in years
        }
        rates = {
            year: ratio(self._rates.rate) if year == self.asked.year else self._published_figure(year, "rate")
            for year in years
        }
        lines: list[tuple[str, str, str, Mapping[int, Any]]] = [
            ("hours", "Heures réalisées (h)", "hours", indicators.hours(facts)),
            ("contracts", "Contrats de travail", "number", {year: row.count for year, row in made.items()}),
            ("contracts_started", "dont démarrés dans l’année", "number", {year: row.started for year, row in made.items()}),
            ("companies", "Entreprises avec des heures", "number", holders),
            ("markets", "Marchés avec clause", "number", {year: markets[year].count for year in years}),
            ("markets_notified", "dont notifiés dans l’année", "number", {year: markets[year].notified for year in years}),
            ("markets_reserved", "Marchés réservés", "number", {year: reserved[year] for year in years}),
            ("rate", "Taux de réalisation", "rate", rates),
        ]  # fmt: skip
        if self.place.is_whole:
            new = indicators.new_people(facts)
            lines[1:1] = [
                ("people", "Personnes", "number", indicators.people(facts)),
                ("new_people", "dont nouvelles entrantes", "number", new),
            ]
        published = self.published
        of_bilan = self._bilan(published.year) if published else None
        figures = of_bilan.snapshot["figures"] if of_bilan is not None and of_bilan.snapshot else {}
        shows_change = not self.in_progress
        columns = [
            Column("label", "Chiffre"),
            *(Column(f"y{year}", str(year), "number", previous=year != self.asked.year) for year in years),
            *([Column("published", f"bilan {published.year}", "number", previous=True)] if published else []),
            *([Column("change", f"Évolution {years[0]}–{years[-1]}")] if shows_change else []),
        ]
        rows = []
        for key, label, kind, values in lines:
            cells: dict[str, Any] = {"label": label} | {f"y{year}": values.get(year) for year in years}
            cells["published"] = figures.get(key)
            first, last = values.get(years[0]), values.get(years[-1])
            comparable = kind != "rate" and first is not None and last is not None
            cells["change"] = formats.variation(Decimal(last), Decimal(first)) if comparable else None  # type: ignore[arg-type]
            rows.append(Row(key, cells, kind=kind))
        notes = [
            "Taux : celui de la dernière année est calculé aujourd’hui, les autres sont ceux des bilans publiés."
        ]
        if shows_change:
            notes.append(
                f"Évolution = ({years[-1]} − {years[0]}) ÷ {years[0]} ; sans objet sur une base de zéro."
            )
        else:
            notes.append(f"{self.asked.year} n’est pas finie : aucune évolution n’est calculée.")
        return table("years", "Les années côte à côte", columns, rows, base=_BASE_OF_YEARS, notes=notes)

    def _published_figure(self, year: int, key: str) -> Decimal | None:
        bilan = self._bilan(year)
        value = bilan.snapshot["figures"].get(key) if bilan is not None and bilan.snapshot else None
        return None if value is None else Decimal(value)

    # --- where: directions, operations, markets -----------------------------------------------------------------

    def _where(self) -> list[Section]:
        found = []
        is_all = self.place.kind == "acheteur" and self.place.department is None
        if is_all and (blocks := self._departments()):
            found.append(Section("directions", "Directions et services", blocks))
        if self.place.kind in ("acheteur", "direction") and (blocks := self._operations()):
            found.append(Section("operations", "Opérations", blocks))
        title = "Le marché" if self.place.kind == "marche" else "Marchés"
        return [*found, Section("marches", title, self._markets())]

    def _departments(self) -> list[Block]:
        names: dict[Any, str] = {}
        for row in self.facts.markets:
            key = places.department_of(self.facts, row)
            if isinstance(key, int):
                part = self.facts.scope.parts.get(row.id)
                is_led = part is None or part.own is None
                names[key] = (row.department_name if is_led else part.department_name) or names.get(key, "")
        if not names:
            return []
        names |= {None: "Sans direction", places.ELSEWHERE: "Marchés menés par un autre donneur d’ordre"}
        return self._breakdown(
            "departments", "Heures par direction ou service", "Direction ou service", places.by_department(self.facts),
            names.__getitem__, url=lambda key: self.asked.query(direction=key) if isinstance(key, int) else "",
        )  # fmt: skip

    def _operations(self) -> list[Block]:
        names: dict[Any, str] = {
            row.operation: row.operation_name or "" for row in self.facts.markets if row.operation
        }
        if not names:
            return []
        names[None] = "Hors opération"
        # A member limited to a direction sees no operation that others share.
        is_limited = self.place.department is not None
        return self._breakdown(
            "operations", "Heures par opération", "Opération", places.by_operation(self.facts), names.__getitem__,
            url=lambda key: self.asked.query(operation=key) if key and not is_limited else "",
        )  # fmt: skip

    def _markets(self) -> list[Block]:
        by_id = {row.id: row for row in self.facts.markets}
        lines = places.by_framework(self.facts)

        def name(key: Any) -> str:
            row = by_id.get(key)
            return f"{row.reference} · {formats.short(row.object, 90)}" if row else UNKNOWN

        def url(key: Any) -> str:
            return "" if self.place.kind == "marche" else self.asked.query(marche=key)

        if self.asked.compared:
            return self._breakdown("market_list", "Heures par marché", "Marché", lines, name, url=url)
        return [self._market_table(by_id, lines[self.asked.span], name, url)]

    def _market_table(
        self, by_id: Mapping[int, MarketRow], lines: Mapping[Any, Line], name: Any, url: Any
    ) -> Block:
        span, published = self.asked.span, self.published
        year = f" {span}" if isinstance(span, int) else ""
        rates: dict[int, list[CommitmentRate]] = {}
        for rate in self._rates.rows:
            rates.setdefault(by_id[rate.market].root if rate.market in by_id else rate.market, []).append(
                rate
            )
        alive = indicators.markets(self.facts)[span].roots
        if self.place.kind == "marche":
            alive = alive | set(rates)
        keys = sorted(
            (alive | set(lines)) & {row.root for row in by_id.values()},
            key=lambda key: (-(lines[key].hours if key in lines else ZERO), name(key), key),
        )
        with_state = self.in_progress
        columns = [
            Column("label", "Marché"),
            Column("hours", f"Heures{year}", "hours"),
            *(
                [Column("hours_previous", f"bilan {published.year}", "hours", previous=True)]
                if published
                else []
            ),
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
            part = self.facts.scope.parts.get(key)
            shared = f", part de {formats.rate(part.share / 100, 2)}" if part is not None else ""
            cells = {
                "label": f"{name(key)}{end}{shared}",
                "hours": lines[key].hours if key in lines else ZERO,
                "hours_previous": published.cell("market_list", str(key), "hours") if published else None,
                "engaged": mine.engaged,
                "counted": mine.counted,
                "rate": ratio(mine.rate),
                "state": FORECAST_LABELS[worst(self._state(rate) for rate in mine.rows)],
            }
            rows.append(Row(str(key), cells, url(key)))
        gone = published.gone("market_list", [row.key for row in rows], "hours") if published else ZERO
        if published and gone:
            words = f"Marchés du bilan {published.year} sans heure ni clause en cours {self.asked.when}"
            rows.append(Row("gone", {"label": words, "hours_previous": gone}))
        whole = self._rates
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
                "hours": indicators.hours(self.facts)[span],
                "hours_previous": published.cell("market_list", "total", "hours") if published else None,
                "engaged": whole.engaged,
                "counted": whole.counted,
                "rate": ratio(whole.rate),
            }
            if rows
            else None,
            base=f"Base : marchés avec clause en cours {self.asked.when}, et ceux qui ont des heures comptées.",
            formula="Taux = heures comptées depuis le début ÷ heures engagées, chaque engagement plafonné à 100 % dans un ensemble.",
            notes=notes,
            empty="Aucun marché n’est en cours.",
        )

    def _state(self, rate: CommitmentRate) -> Any:
        day = min(self.today, rate.closed_on) if rate.closed_on else self.today
        return forecast(rate.whole_engaged, rate.whole_counted, rate.starts_on, rate.ends_on, day).state

    @property
    def _rates(self) -> Rates:
        return indicators.rates(self.facts, self.asked.span)

    # --- breakdowns ---------------------------------------------------------------------------------------------

    def _totals(self) -> dict[Span, dict[str, Any]]:
        hours, people = indicators.hours(self.facts), indicators.people(self.facts)
        return {
            span: {
                "hours": hours[span],
                "contracts": indicators.contracts(self.facts, span).count,
                "people": people[span],
            }
            for span in self.asked.shown
        }

    def _breakdown(
        self,
        key: str,
        title: str,
        first: str,
        lines: Mapping[Span, Mapping[Any, Any]],
        name: Any,
        measures: Sequence[Measure] = (HOURS,),
        **more: Any,
    ) -> list[Block]:
        more.setdefault("empty", f"Aucune heure n’est comptée {self.asked.when}.")
        more.setdefault("totals", self._totals() if measures is not _COUNTS else {})
        found = Breakdown(key, title, first, lines, name=name, measures=measures, **more)
        return blocks_of(found, self.asked.shown, self.published)

    def _holders(self) -> list[Block]:
        names = self.facts.holder_names()
        lines = indicators.by_holder(self.facts)
        # As in a bilan: the whole buyer and a year; hours and contracts by company are never withheld.
        with_people = self.place.is_whole and self.asked.is_annual and not self.asked.compared
        notes = [
            "Un contrat partagé entre deux entreprises compte dans chacune, et une fois dans l’ensemble."
        ]
        if with_people:
            notes.append(PEOPLE_NOT_ADDED)
            if any(few(line.people) for line in lines[self.asked.span].values()):
                notes.append(FEW_PEOPLE)
        return self._breakdown(
            "hours_by_holder", "Heures et contrats par entreprise", "Entreprise", lines, names.__getitem__,
            (HOURS, CONTRACTS, PEOPLE) if with_people else (HOURS, CONTRACTS),
            masked=lambda line: few(line.people), base="Base : entreprises qui portent l’engagement.", notes=notes,
        )  # fmt: skip

    def _holders_chart(self) -> list[Block]:
        names = self.facts.holder_names()
        rows = sorted(
            (-line.hours, names[pk])
            for pk, line in indicators.by_holder(self.facts)[self.asked.span].items()
            if line.hours
        )
        if not rows:
            return []
        shown = [(label, -value, index == 0) for index, (value, label) in enumerate(rows[:BARS])]
        title = (
            "Entreprises qui ont réalisé le plus d’heures" if len(rows) > BARS else "Heures par entreprise"
        )
        return [chart("holders_chart", f"{title} {self.asked.when}", "bars", shown, "Heures par entreprise.")]

    def _contract_types(self) -> list[Block]:
        labels = {work.contract_type: work.contract_label for work in self.facts.works}
        return self._breakdown(
            "contract_types", "Heures et contrats par type de contrat", "Type de contrat",
            indicators.by_contract_type(self.facts), lambda code: labels.get(code) or UNKNOWN, (HOURS, CONTRACTS),
        )  # fmt: skip

    def _modalities(self) -> list[Block]:
        lines = indicators.by_modality(self.facts)
        rows = sorted(
            (-line.hours, _modality(code)) for code, line in lines[self.asked.span].items() if line.hours
        )
        bars = [(label, -value, index == 0) for index, (value, label) in enumerate(rows)]
        drawn = chart(
            "modalities_chart", f"Heures par modalité {self.asked.when}", "bars", bars, "Heures par modalité."
        )
        return [
            *([drawn] if bars else []),
            *self._breakdown(
                "modalities", "Heures et contrats par modalité", "Modalité", lines, _modality, (HOURS, CONTRACTS),
                base="Les immersions et les formations ont des heures, sans contrat de travail.",
            ),
        ]  # fmt: skip

    def _families(self) -> list[Block]:
        lines = indicators.by_family(self.facts)
        rows = sorted(
            (-line.hours, _family(code)) for code, line in lines[self.asked.span].items() if line.hours
        )
        parts = [(label, -value, False) for value, label in rows[:PARTS]]
        drawn = chart(
            "families_chart",
            f"Part des familles d’achat {self.asked.when}",
            "share",
            parts,
            "Part des heures.",
        )
        blocks = self._breakdown("families", "Heures par famille d’achat", "Famille", lines, _family)
        return [*([drawn] if parts else []), *blocks]

    # --- the second panel ---------------------------------------------------------------------------------------

    def _clause_kinds(self) -> list[Block]:
        found = indicators.markets_by_clause_kind(self.facts)
        lines = {
            span: {kind: _Amount(markets=n) for kind, n in kinds.items()} for span, kinds in found.items()
        }
        return self._breakdown(
            "markets_by_clause_kind", "Marchés par nature de clause", "Nature de la clause", lines,
            lambda kind: upper_first(ClauseKind(kind).label), _COUNTS, notes=[NOT_ADDED],
            empty="Aucune clause n’est en cours.",
        )  # fmt: skip

    def _reserved(self) -> list[Block]:
        found = indicators.reserved(self.facts)
        grounds = {
            span: {
                ground: _Amount(row.markets[ground], row.wholly.get(ground, 0), row.lots.get(ground, 0))
                for ground in row.markets
            }
            for span, row in found.items()
        }
        euros = {
            span: {
                "siae": _Amount(amount=row.awarded_to_siae),
                "adapted": _Amount(amount=row.awarded_to_adapted),
            }
            for span, row in found.items()
        }
        labels = {
            "siae": "Structures de l’insertion par l’activité économique (SIAE)",
            "adapted": "Entreprises adaptées et ESAT",
        }
        unknown = sum(found[span].awards_without_amount for span in self.asked.shown)
        return [
            *self._breakdown(
                "markets_reserved_by_ground", "Marchés et lots réservés, par fondement", "Fondement", grounds,
                lambda ground: upper_first(Reservation(ground).label),
                (_MARKETS, Measure("wholly", "dont en totalité", "number", published=False), Measure("lots", "Lots", "number")),
                base=f"Base : marchés en cours {self.asked.when}, avec ou sans clause.", notes=[NOT_ADDED], totals={},
                empty="Aucun marché ni lot réservé n’est en cours.",
            ),
            *self._breakdown(
                "awarded", "Montants attribués aux structures d’insertion et du travail adapté", "Attributaires", euros,
                labels.__getitem__, (Measure("amount", "Montant hors taxes", "amount"),), totals={},
                base=f"Base : attributions {self.asked.when}, selon la nature de l’entreprise le jour de l’attribution.",
                notes=[f"{upper_first(count(unknown, 'attribution', none='aucune'))} sans montant connu."] if unknown else [],
            ),
        ]  # fmt: skip

    def _cpv(self) -> list[Block]:
        lines = indicators.by_cpv_division(self.facts)
        codes = {code for rows in lines.values() for code in rows if code}
        labels = dict(CpvCode.objects.filter(code__in=codes).order_by("code").values_list("code", "label"))
        return self._breakdown(
            "cpv", "Heures par division CPV", "Division CPV", lines,
            lambda code: f"{code} · {labels[code]}" if code in labels else (code or UNKNOWN),
        )  # fmt: skip

    def _occupations(self) -> list[Block]:
        labels = {work.occupation: work.occupation_label for work in self.facts.works}
        return self._breakdown(
            "occupations", "Heures par métier", "Métier (ROME)", indicators.by_occupation(self.facts),
            lambda code: f"{code} · {labels[code]}" if code else UNKNOWN,
        )  # fmt: skip


_MARKETS = Measure("markets", "Marchés", "number")
_COUNTS = (_MARKETS,)
_BASE_OF_YEARS = (
    "Base : heures validées et comptées, comme au bilan ; ce qui est validé après la clôture d’une année est dans les taux "
    "seulement. Les chiffres d’une année en cours bougent ; ceux d’un bilan publié ne changent plus."
)


def _written(value: str, kind: str) -> str:
    if kind == "hours":
        return formats.hours(Decimal(value))
    return formats.rate(Decimal(value)) if kind == "rate" else formats.number(Decimal(value), 0)


def _modality(code: Any) -> str:
    return upper_first(Modality(str(code)).label)


def _family(code: Any) -> str:
    return upper_first(Family(code).label) if code else UNKNOWN


def _months_of(span: Months) -> list[dt.date]:
    found, month = [], span.first
    while month <= span.last:
        found.append(month)
        month = (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    return found
