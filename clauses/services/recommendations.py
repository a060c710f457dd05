"""A recommendation while it is a draft: begun, estimated, its scenarios, the text of its clauses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from clauses.enums import ClauseKind, EstimationMethod, RecommendationState
from clauses.models import (
    ClauseText,
    HourlyCost,
    LabourShare,
    Recommendation,
    Scenario,
    ScenarioLot,
)
from clauses.wording import LotFacts, TextFacts, clause_text
from core import formats
from core.errors import DomainError
from markets.models import House, Lot, Market, PlannedPurchase

if TYPE_CHECKING:
    from accounts.models import User

State = RecommendationState
SCENARIOS_MAX = 6
ROWS_MAX = 300
# CPV group of cleaning services: the staff is taken over from one company to the next.
CLEANING_CPV = "9091"
CLEANING_TRADE = "Nettoyage"

# What a copy of a lot keeps.
LOT_FIELDS = (
    "lot_id", "position", "number", "label", "kind", "trade", "method", "amount", "share", "cost", "rate", "months",
    "taken_over", "coefficient", "hours_computed", "hours_proposed", "reason",
)  # fmt: skip


class StaleEdition(DomainError):
    """Somebody saved meanwhile; `edition` is what a next save must name."""

    def __init__(self, edition: int) -> None:
        super().__init__(
            "Quelqu’un a enregistré cette préconisation pendant votre saisie. Votre saisie est gardée ci-dessous : "
            "vérifiez-la, puis enregistrez de nouveau pour qu’elle remplace l’autre."
        )
        self.edition = edition


def save_row(row: Any, by: User | None) -> None:
    row._history_user = by
    row.save()


def locked(recommendation: Recommendation) -> Recommendation:
    row = Recommendation.objects.select_for_update().filter(pk=recommendation.pk).first()
    if row is None:
        raise DomainError("Cette préconisation a été supprimée entre-temps.")
    return row


def locked_draft(recommendation: Recommendation) -> Recommendation:
    row = locked(recommendation)
    if not row.is_draft:
        raise DomainError(
            "Cette préconisation est envoyée : elle ne change plus. Faites une nouvelle version."
        )
    return row


def _count_edition(row: Recommendation, by: User | None) -> None:
    """A page that was open before shows other rows than there are now."""
    row.edition += 1
    save_row(row, by)


# --- Values of reference --------------------------------------------------------------------------------------


def values_in_force(on: dt.date) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """By trade, on that day: labour shares (%), and hourly costs (€) where "" holds for every other trade."""
    shares: dict[str, Decimal] = {}
    for row in LabourShare.objects.in_force(on):
        shares.setdefault(row.label, row.share)
    costs: dict[str, Decimal] = {}
    for row in HourlyCost.objects.in_force(on):
        costs.setdefault(row.label, row.cost)
    return shares, costs


@transaction.atomic
def save_value(*, row: LabourShare | HourlyCost, by: User | None) -> LabourShare | HourlyCost:
    """Keep a value that the house gives. Raises DomainError for one that comes from the project's file."""
    if not row.is_of_the_house:
        raise DomainError(
            "Cette valeur vient d’un fichier avec sa source : ajoutez la vôtre à partir d’une date."
        )
    row.label = " ".join(row.label.split())
    save_row(row, by)
    return row


# --- A draft --------------------------------------------------------------------------------------------------


@transaction.atomic
def start_recommendation(*, target: PlannedPurchase | Market, title: str, by: User | None) -> Recommendation:
    """Begin a draft on a planned purchase or a market, its lots proposed in a first scenario.

    Raises DomainError when a draft is open already, and for more lots than one page can hold.
    """
    # The lock of the purchase or of the market keeps two people from beginning the same version.
    target = type(target)._default_manager.select_for_update().get(pk=target.pk)
    siblings = versions_of(target)
    if siblings.filter(state=State.DRAFT).exists():
        raise DomainError("Un brouillon de préconisation est déjà ouvert : reprenez-le.")
    last = siblings.order_by("-number").first()
    recommendation = Recommendation(
        **_target_field(target),
        number=last.number + 1 if last else 1,
        title=title,
        created_by=by,
    )
    save_row(recommendation, by)
    scenario = Scenario(recommendation=recommendation, position=1, name="Scénario 1", is_advised=True)
    save_row(scenario, by)
    rows = _proposed_lots(target, scenario)
    if len(rows) > ROWS_MAX:
        raise DomainError(
            f"Une préconisation porte au plus {ROWS_MAX} lots : celle-ci en aurait {len(rows)}."
        )
    for row in rows:
        save_row(row, by)
    return recommendation


def versions_of(target: PlannedPurchase | Market) -> Any:
    return Recommendation.objects.filter(**_target_field(target))


def _target_field(target: PlannedPurchase | Market) -> dict[str, Any]:
    return {"market" if isinstance(target, Market) else "purchase": target}


def _proposed_lots(target: PlannedPurchase | Market, scenario: Scenario) -> list[ScenarioLot]:
    """The lots of the market, or as many as the purchase plans; cleaning is estimated by the PACT Propreté."""
    shares, costs = values_in_force(timezone.localdate())
    is_cleaning = target.cpv.startswith(CLEANING_CPV)
    common = {
        "scenario": scenario,
        "trade": CLEANING_TRADE if is_cleaning and CLEANING_TRADE in shares else "",
        "method": EstimationMethod.PACT if is_cleaning else EstimationMethod.STANDARD,
        "share": shares.get(CLEANING_TRADE) if is_cleaning else None,
        "cost": costs.get(CLEANING_TRADE, costs.get("")) if is_cleaning else costs.get(""),
    }
    if isinstance(target, Market):
        lots = list(Lot.objects.filter(market=target).order_by("pk"))
        return [
            ScenarioLot(
                **common,
                lot=lot,
                position=position,
                number=lot.number,
                label=formats.short(lot.object or target.object, 200),
                amount=lot.amount if lot.amount is not None or len(lots) > 1 else target.amount,
            )
            for position, lot in enumerate(lots, start=1)
        ]
    is_single = target.lots == 1
    return [
        ScenarioLot(
            **common,
            position=position,
            number=str(position),
            label=formats.short(target.object, 200) if is_single else "",
            amount=target.amount if is_single else None,
            months=target.months,
        )
        for position in range(1, target.lots + 1)
    ]


@transaction.atomic
def save_estimation(
    *,
    recommendation: Recommendation,
    edition: int,
    values: dict[str, Any],
    advised: int | None,
    scenarios: Iterable[Scenario],
    lots: Iterable[ScenarioLot],
    by: User | None,
) -> Recommendation:
    """Write a draft's values, its scenarios and lots as they were typed, and work their hours out again.

    edition: the one that was read; raises StaleEdition when somebody saved since, and DomainError once it is sent.
    """
    row = locked_draft(recommendation)
    if row.edition != edition:
        raise StaleEdition(row.edition)
    for name, value in values.items():
        setattr(row, name, value)
    row.edition += 1
    save_row(row, by)
    known = {scenario.pk: scenario for scenario in row.scenarios.order_by("pk")}
    if advised in known:
        for scenario in known.values():
            # The one advised before steps down first: the database allows one at a time.
            if scenario.is_advised and scenario.pk != advised:
                scenario.is_advised = False
                save_row(scenario, by)
    for scenario in scenarios:
        stored = known[scenario.pk]
        changed = (stored.name, stored.note, stored.is_advised) != (
            scenario.name,
            scenario.note,
            scenario.pk == advised,
        )
        if changed:
            stored.name, stored.note = scenario.name, scenario.note
            stored.is_advised = scenario.pk == advised
            save_row(stored, by)
    before = {lot.pk: lot for lot in ScenarioLot.objects.filter(scenario__in=known).order_by("pk")}
    for lot in lots:
        work_out(lot)
        if any(getattr(lot, name) != getattr(before[lot.pk], name) for name in LOT_FIELDS):
            save_row(lot, by)
    write_texts(recommendation=row, by=by)
    return row


def work_out(lot: ScenarioLot) -> None:
    """Put the computed hours into a lot, from its values; nothing is saved. Raises DomainError out of bounds."""
    found = lot.estimate()
    lot.hours_computed = found.hours if found else None


@transaction.atomic
def add_scenario(*, recommendation: Recommendation, by: User | None) -> Scenario:
    """Add a scenario beside the others, with the lots of the last one. Raises DomainError past six."""
    row = locked_draft(recommendation)
    _count_edition(row, by)
    scenarios = list(row.scenarios.order_by("position", "pk"))
    if len(scenarios) >= SCENARIOS_MAX:
        raise DomainError(f"Une préconisation compare au plus {SCENARIOS_MAX} scénarios.")
    model = scenarios[-1] if scenarios else None
    lots = list(model.lots.order_by("position", "pk")) if model else []
    if ScenarioLot.objects.filter(scenario__recommendation=row).count() + len(lots) > ROWS_MAX:
        raise DomainError(
            f"Une préconisation porte au plus {ROWS_MAX} lots chiffrés, tous scénarios ensemble."
        )
    position = (model.position if model else 0) + 1
    scenario = Scenario(
        recommendation=row, position=position, name=f"Scénario {position}", is_advised=model is None
    )
    save_row(scenario, by)
    for lot in lots:
        save_row(ScenarioLot(scenario=scenario, **{name: getattr(lot, name) for name in LOT_FIELDS}), by)
    return scenario


@transaction.atomic
def remove_scenario(*, scenario: Scenario, by: User | None) -> None:
    """Take a scenario away. Raises DomainError for the last one."""
    row = locked_draft(scenario.recommendation)
    others = list(row.scenarios.exclude(pk=scenario.pk).order_by("position", "pk"))
    if not others:
        raise DomainError("Une préconisation garde au moins un scénario.")
    _count_edition(row, by)
    was_advised = scenario.is_advised
    scenario.delete()
    if was_advised:
        others[0].is_advised = True
        save_row(others[0], by)
    write_texts(recommendation=row, by=by)


@transaction.atomic
def add_lot(*, scenario: Scenario, by: User | None) -> ScenarioLot:
    """Add an empty lot at the end of a scenario."""
    row = locked_draft(scenario.recommendation)
    _count_edition(row, by)
    if ScenarioLot.objects.filter(scenario__recommendation=row).count() >= ROWS_MAX:
        raise DomainError(
            f"Une préconisation porte au plus {ROWS_MAX} lots chiffrés, tous scénarios ensemble."
        )
    last = scenario.lots.order_by("-position", "-pk").first()
    position = last.position + 1 if last else 1
    _, costs = values_in_force(timezone.localdate())
    lot = ScenarioLot(scenario=scenario, position=position, number=str(position), cost=costs.get(""))
    save_row(lot, by)
    return lot


@transaction.atomic
def remove_lot(*, lot: ScenarioLot, by: User | None) -> None:
    """Take a lot out of a scenario."""
    row = locked_draft(lot.scenario.recommendation)
    _count_edition(row, by)
    lot._history_user = by  # type: ignore[attr-defined]
    lot.delete()
    write_texts(recommendation=row, by=by)


@transaction.atomic
def delete_draft(*, recommendation: Recommendation, by: User | None) -> None:
    """Throw a draft away. Raises DomainError once it is sent."""
    row = locked_draft(recommendation)
    row._history_user = by  # type: ignore[attr-defined]
    row.delete()


# --- The text of the clauses ----------------------------------------------------------------------------------


def kinds_of(lots: Iterable[ScenarioLot]) -> list[str]:
    """The kinds of clauses that these lots ask for, in the order of ClauseKind."""
    found = {lot.kind for lot in lots if lot.hours > 0}
    return [kind for kind in ClauseKind.values if kind in found]


def advised_lots(recommendation: Recommendation) -> list[ScenarioLot]:
    """The lots of the scenario that the house advises."""
    return list(
        ScenarioLot.objects.filter(
            scenario__recommendation=recommendation, scenario__is_advised=True
        ).order_by("position", "pk")
    )


def text_facts(recommendation: Recommendation, lots: Sequence[ScenarioLot], kind: str) -> TextFacts:
    """What the file knows that the text of one kind of clause needs."""
    target = recommendation.target
    house = House.current()
    author = recommendation.created_by
    contact = ", ".join(
        word
        for word in (
            str(author) if author else "",
            (author.email if author else "") or house.email,
            ((author.phone if author else "") or house.phone).replace(" ", "\u00a0"),
        )
        if word
    )
    return TextFacts(
        buyer=str(target.buyer),
        object=formats.short(target.object, 300),
        lots=tuple(
            LotFacts(str(lot), lot.hours, lot.rate) for lot in lots if lot.kind == kind and lot.hours > 0
        ),
        house=house.name,
        contact=contact,
        penalty=recommendation.penalty_text,
    )


@transaction.atomic
def write_texts(*, recommendation: Recommendation, by: User | None) -> list[ClauseText]:
    """Make the texts of the advised scenario from the file; those that a hand wrote are left as they are."""
    row = locked_draft(recommendation)
    lots = advised_lots(row)
    kinds = kinds_of(lots)
    known = {text.kind: text for text in row.texts.order_by("pk")}
    for kind, text in known.items():
        if kind not in kinds and not text.is_handwritten:
            text.delete()
    found = []
    for kind in kinds:
        made = clause_text(kind, text_facts(row, lots, kind))
        text = known.get(kind) or ClauseText(recommendation=row, kind=kind, body=made, made=made)
        if text.pk is None or (not text.is_handwritten and text.made != made):
            text.body = text.made = made
            save_row(text, by)
        found.append(text)
    return found


def has_moved(text: ClauseText, lots: Sequence[ScenarioLot]) -> bool:
    """Whether the file says something else since this text was written by hand."""
    facts = text_facts(text.recommendation, lots, text.kind)
    return text.is_handwritten and text.made != clause_text(text.kind, facts)


@transaction.atomic
def save_text(*, text: ClauseText, body: str, by: User | None) -> None:
    """Keep the facilitator's own wording. Raises DomainError for an empty text, and once it is sent."""
    row = locked_draft(text.recommendation)
    body = body.replace("\r\n", "\n").strip()
    if not body:
        raise DomainError(
            "Le texte de la clause est vide : écrivez-le, ou refaites-le depuis le dossier.", field="body"
        )
    if body != text.body:
        text.body = body
        # From now on it answers to the file as it is.
        text.made = clause_text(text.kind, text_facts(row, advised_lots(row), text.kind))
        save_row(text, by)


@transaction.atomic
def remake_text(*, text: ClauseText, by: User | None) -> None:
    """Make a text again from the file; the hand's own words are lost (its history keeps them)."""
    row = locked_draft(text.recommendation)
    text.body = text.made = clause_text(text.kind, text_facts(row, advised_lots(row), text.kind))
    save_row(text, by)


def what_is_missing(recommendation: Recommendation) -> str:
    """Why a draft cannot be sent yet, in one sentence; empty when it can."""
    lots = advised_lots(recommendation)
    if not lots:
        return "Le scénario préconisé n’a pas de lot : ajoutez-en un avant d’envoyer."
    missing = [
        lot.number for lot in lots if lot.kind and lot.hours_computed is None and lot.hours_proposed is None
    ]
    if missing:
        words = "du lot" if len(missing) == 1 else "des lots"
        return f"Le chiffrage {words} {', '.join(missing)} n’est pas complet dans le scénario préconisé."
    return ""
