"""What a recommendation shows, worked out once: the page, the live estimation, the PDF and the DOCX all read this."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from clauses import estimation
from clauses.enums import EstimationMethod, RecommendationState
from clauses.models import Recommendation, Scenario, ScenarioLot
from clauses.services.recommendations import kinds_of
from clauses.wording import Block, blocks_of
from core import formats
from core.errors import DomainError
from markets.models import House

FORMULA = "Heures = montant hors taxes × part de main d’œuvre ÷ coût horaire × taux d’effort, à l’heure entière inférieure."
PACT_FORMULA = (
    "PACT Propreté : P = 1 − (S × C) ÷ (A ÷ N), puis I = P × A ÷ C × T ; A montant hors taxes sur N mois, S heures "
    "reprises par mois, C chiffre d’affaires par heure, T taux d’effort."
)


@dataclass(frozen=True)
class LotLine:
    """One lot of a scenario, with its reasoning."""

    row: ScenarioLot
    name: str
    clause: str
    reasoning: str
    # Why no clause is advised, what is missing, or what is out of bounds.
    warning: str
    computed: Decimal | None
    hours: Decimal
    reason: str

    @property
    def is_adjusted(self) -> bool:
        return self.row.hours_proposed is not None and self.row.hours_proposed != self.computed


@dataclass(frozen=True)
class ScenarioView:
    """One scenario, its lots and what they add up to."""

    row: Scenario
    lots: list[LotLine]
    total: estimation.Total
    is_chosen: bool = False

    @property
    def clause_count(self) -> int:
        return sum(1 for lot in self.lots if lot.hours > 0)

    @property
    def caption(self) -> str:
        return f"heures d’insertion, scénario {'retenu' if self.is_chosen else 'préconisé'}"


@dataclass(frozen=True)
class Comparison:
    """Scenarios side by side: one row per lot number, one cell per scenario (None: the scenario has no such lot)."""

    rows: list[tuple[str, list[Decimal | None]]]


@dataclass(frozen=True)
class TextView:
    """A clause text with its pieces."""

    title: str
    blocks: list[Block]
    body: str


@dataclass(frozen=True)
class Paper:
    """The whole recommendation, as it is printed."""

    row: Recommendation
    house: House
    buyer: str
    reference: str
    object: str
    author: str
    scenarios: list[ScenarioView]
    texts: list[TextView]
    on: dt.date | None
    formulas: list[str] = field(default_factory=list)

    @property
    def comparison(self) -> Comparison:
        return compare(self.scenarios)

    @property
    def shown(self) -> ScenarioView | None:
        """The scenario whose figures stand on top: the one chosen, else the one advised."""
        return next((scenario for scenario in self.scenarios if scenario.is_chosen), self.advised)

    @property
    def advised(self) -> ScenarioView | None:
        return next((scenario for scenario in self.scenarios if scenario.row.is_advised), None)

    @property
    def is_draft(self) -> bool:
        return self.row.state == RecommendationState.DRAFT


def lot_line(lot: ScenarioLot) -> LotLine:
    """A lot's line from its values, saved or not; the hours of a saved one are those that were kept."""
    reasoning = warning = ""
    try:
        found = lot.estimate()
    except DomainError as error:
        found, warning = None, error.sentence
    if found:
        reasoning, warning = found.reasoning, found.warning
    elif not warning:
        warning = "Il manque une valeur pour calculer."
    if not lot.kind:
        warning = "Ce scénario laisse ce lot sans clause."
    elif lot.hours_proposed is not None:
        # The facilitator decided: the computation is only the reasoning.
        warning = ""
    return LotLine(
        row=lot,
        name=str(lot),
        clause=lot.get_kind_display() if lot.kind else "sans clause",
        reasoning=reasoning,
        warning=warning,
        computed=lot.hours_computed,
        hours=lot.hours,
        reason=lot.reason,
    )


def scenario_view(
    scenario: Scenario, lots: Iterable[ScenarioLot], hours_per_person: Decimal, *, is_chosen: bool = False
) -> ScenarioView:
    """A scenario from its lots, saved or not."""
    lines = [lot_line(lot) for lot in lots]
    base = hours_per_person if hours_per_person > 0 else estimation.HOURS_PER_PERSON
    return ScenarioView(scenario, lines, estimation.add_up((line.hours for line in lines), base), is_chosen)


def compare(scenarios: Sequence[ScenarioView]) -> Comparison:
    """The scenarios side by side, lots in the order in which they first come."""
    names: dict[str, str] = {}
    for scenario in scenarios:
        for line in scenario.lots:
            if not names.get(line.row.number) or not line.row.label:
                names.setdefault(line.row.number, line.name)
    rows: list[tuple[str, list[Decimal | None]]] = []
    for number, name in names.items():
        cells: list[Decimal | None] = []
        for scenario in scenarios:
            lines = [line.hours for line in scenario.lots if line.row.number == number]
            cells.append(sum(lines, Decimal(0)) if lines else None)
        rows.append((name, cells))
    return Comparison(rows)


def paper_of(recommendation: Recommendation, *, on: dt.date | None = None) -> Paper:
    """A saved recommendation as it is shown: five queries, whatever the number of scenarios and lots."""
    by_scenario: dict[int, list[ScenarioLot]] = {}
    lots = ScenarioLot.objects.filter(scenario__recommendation=recommendation)
    for lot in lots.order_by("position", "pk"):
        by_scenario.setdefault(lot.scenario_id, []).append(lot)
    scenarios = [
        scenario_view(
            scenario,
            by_scenario.get(scenario.pk, []),
            recommendation.hours_per_person,
            is_chosen=scenario.pk == recommendation.chosen_id,
        )
        for scenario in recommendation.scenarios.order_by("position", "pk")
    ]
    advised = next((scenario for scenario in scenarios if scenario.row.is_advised), None)
    used = kinds_of(line.row for line in advised.lots) if advised else []
    texts = {text.kind: text for text in recommendation.texts.order_by("pk")}
    target: Any = recommendation.target
    methods = {lot.row.method for scenario in scenarios for lot in scenario.lots}
    formulas = [FORMULA] if EstimationMethod.STANDARD in methods else []
    if EstimationMethod.PACT in methods:
        formulas.append(PACT_FORMULA)
    return Paper(
        row=recommendation,
        house=House.current(),
        buyer=str(target.buyer),
        reference=target.reference,
        object=target.object,
        author=str(recommendation.sent_by or recommendation.created_by or ""),
        scenarios=scenarios,
        texts=[
            TextView(texts[kind].get_kind_display(), blocks_of(texts[kind].body), texts[kind].body)
            for kind in used
            if kind in texts
        ],
        on=recommendation.sent_on or on,
        formulas=[
            *formulas,
            f"ETP = heures ÷ {formats.number(estimation.FTE_HOURS)}. Personnes = heures ÷ "
            f"{formats.number(recommendation.hours_per_person)}, à l’unité la plus proche.",
            f"Moins de {formats.hours(estimation.MINIMUM_HOURS)} sur un lot : aucune clause n’est conseillée.",
        ],
    )
