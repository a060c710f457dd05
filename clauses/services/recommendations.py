"""What happens to a recommendation: begun, estimated, written, sent, answered, taken up in the market."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from clauses.enums import ClauseKind, EstimationMethod, RecommendationState
from clauses.models import (
    Clause,
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
from core.outbox import write_message
from markets.enums import TaskKind, Turn
from markets.models import House, Lot, Market, PlannedPurchase
from markets.services.planning import record_request
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from accounts.models import User

State = RecommendationState
# Days that the buyer is given to answer, unless the sender says otherwise.
ANSWER_DAYS = 15
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


def answer_key(recommendation: Recommendation) -> str:
    """The key of the task that waits for the buyer's answer."""
    return f"recommendation:{recommendation.pk}:answer"


def take_up_key(recommendation: Recommendation) -> str:
    """The key of the task that waits for the accepted scenario to be written in the market."""
    return f"recommendation:{recommendation.pk}:take_up"


def rework_key(recommendation: Recommendation) -> str:
    """The key of the task that waits for the house's next version."""
    return f"recommendation:{recommendation.pk}:rework"


def _save(row: Any, by: User | None) -> None:
    row._history_user = by
    row.save()


def _locked(recommendation: Recommendation) -> Recommendation:
    row = Recommendation.objects.select_for_update().filter(pk=recommendation.pk).first()
    if row is None:
        raise DomainError("Cette préconisation a été supprimée entre-temps.")
    return row


def _locked_draft(recommendation: Recommendation) -> Recommendation:
    row = _locked(recommendation)
    if not row.is_draft:
        raise DomainError(
            "Cette préconisation est envoyée : elle ne change plus. Faites une nouvelle version."
        )
    return row


def _count_edition(row: Recommendation, by: User | None) -> None:
    """A page that was open before shows other rows than there are now."""
    row.edition += 1
    _save(row, by)


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
    _save(row, by)
    return row


# --- A draft --------------------------------------------------------------------------------------------------


@transaction.atomic
def start_recommendation(*, target: PlannedPurchase | Market, title: str, by: User | None) -> Recommendation:
    """Begin a draft on a planned purchase or a market, its lots proposed in a first scenario.

    Raises DomainError when a draft is open already, and for more lots than one page can hold.
    """
    # The lock of the purchase or of the market keeps two people from beginning the same version.
    target = type(target)._default_manager.select_for_update().get(pk=target.pk)
    siblings = _siblings(target)
    if siblings.filter(state=State.DRAFT).exists():
        raise DomainError("Un brouillon de préconisation est déjà ouvert : reprenez-le.")
    last = siblings.order_by("-number").first()
    recommendation = Recommendation(
        **_target_field(target),
        number=last.number + 1 if last else 1,
        title=title,
        created_by=by,
    )
    _save(recommendation, by)
    scenario = Scenario(recommendation=recommendation, position=1, name="Scénario 1", is_advised=True)
    _save(scenario, by)
    rows = _proposed_lots(target, scenario)
    if len(rows) > ROWS_MAX:
        raise DomainError(
            f"Une préconisation porte au plus {ROWS_MAX} lots : celle-ci en aurait {len(rows)}."
        )
    for row in rows:
        _save(row, by)
    return recommendation


def _siblings(target: PlannedPurchase | Market) -> Any:
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
    row = _locked_draft(recommendation)
    if row.edition != edition:
        raise StaleEdition(row.edition)
    for name, value in values.items():
        setattr(row, name, value)
    row.edition += 1
    _save(row, by)
    known = {scenario.pk: scenario for scenario in row.scenarios.order_by("pk")}
    if advised in known:
        for scenario in known.values():
            # The one advised before steps down first: the database allows one at a time.
            if scenario.is_advised and scenario.pk != advised:
                scenario.is_advised = False
                _save(scenario, by)
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
            _save(stored, by)
    before = {lot.pk: lot for lot in ScenarioLot.objects.filter(scenario__in=known).order_by("pk")}
    for lot in lots:
        work_out(lot)
        if any(getattr(lot, name) != getattr(before[lot.pk], name) for name in LOT_FIELDS):
            _save(lot, by)
    write_texts(recommendation=row, by=by)
    return row


def work_out(lot: ScenarioLot) -> None:
    """Put the computed hours into a lot, from its values; nothing is saved. Raises DomainError out of bounds."""
    found = lot.estimate()
    lot.hours_computed = found.hours if found else None


@transaction.atomic
def add_scenario(*, recommendation: Recommendation, by: User | None) -> Scenario:
    """Add a scenario beside the others, with the lots of the last one. Raises DomainError past six."""
    row = _locked_draft(recommendation)
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
    _save(scenario, by)
    for lot in lots:
        _save(ScenarioLot(scenario=scenario, **{name: getattr(lot, name) for name in LOT_FIELDS}), by)
    return scenario


@transaction.atomic
def remove_scenario(*, scenario: Scenario, by: User | None) -> None:
    """Take a scenario away. Raises DomainError for the last one."""
    row = _locked_draft(scenario.recommendation)
    others = list(row.scenarios.exclude(pk=scenario.pk).order_by("position", "pk"))
    if not others:
        raise DomainError("Une préconisation garde au moins un scénario.")
    _count_edition(row, by)
    was_advised = scenario.is_advised
    scenario.delete()
    if was_advised:
        others[0].is_advised = True
        _save(others[0], by)
    write_texts(recommendation=row, by=by)


@transaction.atomic
def add_lot(*, scenario: Scenario, by: User | None) -> ScenarioLot:
    """Add an empty lot at the end of a scenario."""
    row = _locked_draft(scenario.recommendation)
    _count_edition(row, by)
    if ScenarioLot.objects.filter(scenario__recommendation=row).count() >= ROWS_MAX:
        raise DomainError(
            f"Une préconisation porte au plus {ROWS_MAX} lots chiffrés, tous scénarios ensemble."
        )
    last = scenario.lots.order_by("-position", "-pk").first()
    position = last.position + 1 if last else 1
    _, costs = values_in_force(timezone.localdate())
    lot = ScenarioLot(scenario=scenario, position=position, number=str(position), cost=costs.get(""))
    _save(lot, by)
    return lot


@transaction.atomic
def remove_lot(*, lot: ScenarioLot, by: User | None) -> None:
    """Take a lot out of a scenario."""
    row = _locked_draft(lot.scenario.recommendation)
    _count_edition(row, by)
    lot._history_user = by  # type: ignore[attr-defined]
    lot.delete()
    write_texts(recommendation=row, by=by)


@transaction.atomic
def delete_draft(*, recommendation: Recommendation, by: User | None) -> None:
    """Throw a draft away. Raises DomainError once it is sent."""
    row = _locked_draft(recommendation)
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
    row = _locked_draft(recommendation)
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
            _save(text, by)
        found.append(text)
    return found


def has_moved(text: ClauseText, lots: Sequence[ScenarioLot]) -> bool:
    """Whether the file says something else since this text was written by hand."""
    facts = text_facts(text.recommendation, lots, text.kind)
    return text.is_handwritten and text.made != clause_text(text.kind, facts)


@transaction.atomic
def save_text(*, text: ClauseText, body: str, by: User | None) -> None:
    """Keep the facilitator's own wording. Raises DomainError for an empty text, and once it is sent."""
    row = _locked_draft(text.recommendation)
    body = body.replace("\r\n", "\n").strip()
    if not body:
        raise DomainError(
            "Le texte de la clause est vide : écrivez-le, ou refaites-le depuis le dossier.", field="body"
        )
    if body != text.body:
        text.body = body
        # From now on it answers to the file as it is.
        text.made = clause_text(text.kind, text_facts(row, advised_lots(row), text.kind))
        _save(text, by)


@transaction.atomic
def remake_text(*, text: ClauseText, by: User | None) -> None:
    """Make a text again from the file; the hand's own words are lost (its history keeps them)."""
    row = _locked_draft(text.recommendation)
    text.body = text.made = clause_text(text.kind, text_facts(row, advised_lots(row), text.kind))
    _save(text, by)


# --- Sent and answered ----------------------------------------------------------------------------------------


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


@transaction.atomic
def send_recommendation(
    *,
    recommendation: Recommendation,
    recipients: Sequence[str],
    subject: str,
    body: str,
    due_on: dt.date | None = None,
    by: User,
) -> Recommendation:
    """Freeze a draft, make its PDF and DOCX, write the e-mail, and wait for the buyer's answer.

    The saisine of the purchase is answered by it. Raises DomainError for an estimation that is not complete, for
    nobody to write to, and where documents cannot be made; then nothing is sent.
    """
    from clauses.recommendation_documents import make_documents

    row = _locked_draft(recommendation)
    today = timezone.localdate()
    missing = what_is_missing(row)
    if missing:
        raise DomainError(missing)
    due_on = due_on or today + dt.timedelta(days=ANSWER_DAYS)
    if due_on < today:
        raise DomainError("La réponse est attendue avant aujourd’hui : corrigez la date.", field="due_on")
    write_texts(recommendation=row, by=by)
    row.state, row.sent_on, row.sent_by = State.SENT, today, by
    row.recipients = sorted({address.strip().lower() for address in recipients if address.strip()})
    row.pdf, row.docx = make_documents(recommendation=row, user=by)
    _freeze(row, by)
    _save(row, by)
    url = reverse("recommendation_detail", args=[row.pk])
    write_message(
        key=f"recommendation:{row.pk}:sent",
        recipients=row.recipients,
        subject=subject,
        body=f"{body.rstrip()}\n\n{settings.SITE_URL.rstrip('/')}{url}\n",
        attachments=[row.pdf, row.docx],
    )
    _close_former(row, by)
    open_task(
        key=answer_key(row),
        title=f"Répondre à la préconisation « {formats.short(row.title, 120)} »",
        **_task_file(row),
        kind=TaskKind.ANSWER,
        turn=Turn.BUYER,
        url=url,
        since=today,
        due_on=due_on,
        by=by,
    )
    if row.purchase:
        _answer_request(row.purchase, today, by)
    return row


def _freeze(row: Recommendation, by: User) -> None:
    """What hangs on a sent recommendation refuses any change from here on (a trigger)."""
    scenarios = list(row.scenarios.order_by("pk"))
    lots = list(ScenarioLot.objects.filter(scenario__recommendation=row).order_by("pk"))
    used = kinds_of(advised_lots(row))
    for text in row.texts.order_by("pk"):
        if text.kind in used:
            text.is_frozen = True
            _save(text, by)
        else:
            # Of a kind that the advised scenario no longer asks for.
            text.delete()
    parts: list[Scenario | ScenarioLot] = [*scenarios, *lots]
    for part in parts:
        part.is_frozen = True
        _save(part, by)


def _task_file(row: Recommendation) -> dict[str, Any]:
    return {"market": row.market} if row.market else {"buyer": row.target.buyer}


def _close_former(row: Recommendation, by: User) -> None:
    """A version that waited for an answer no longer does: this one replaces it."""
    for former in _siblings(row.target).filter(number__lt=row.number).order_by("pk"):
        outcome = f"Remplacée par la version {row.number}."
        finish_task(key=answer_key(former), outcome=outcome, by=by)
        finish_task(key=rework_key(former), outcome=outcome, by=by)


def _answer_request(purchase: PlannedPurchase, on: dt.date, by: User) -> None:
    """The buyer's saisine is answered by the recommendation."""
    if purchase.asked_on and purchase.answered_on is None and on >= purchase.asked_on:
        record_request(purchase=purchase, asked_on=purchase.asked_on, answered_on=on, by=by)




@transaction.atomic
def record_answer(
    *,
    recommendation: Recommendation,
    answer: str,
    on: dt.date,
    text: str = "",
    chosen: Scenario | None = None,
    by: User,
) -> Recommendation:
    """Keep the buyer's answer, given by the buyer or recorded by the house, and close what waited for it.

    answer: accepted (with the scenario chosen), amended or refused (with a reason). Raises DomainError when it was
    not sent, was answered or replaced, for a date before the sending or to come, and for a missing reason.
    """
    row = _locked(recommendation)
    today = timezone.localdate()
    if row.is_draft:
        raise DomainError("Cette préconisation n’est pas envoyée : elle n’attend pas de réponse.")
    if not row.waits_for_answer:
        raise DomainError(
            f"Une réponse est déjà enregistrée : {row.get_state_display()} le {formats.day(row.answered_on)}."
        )
    if is_replaced(row):
        raise DomainError("Une version plus récente a été envoyée : c’est à elle qu’il faut répondre.")
    assert row.sent_on is not None  # by the constraint
    if not row.sent_on <= on <= today:
        raise DomainError(
            f"La réponse se place entre l’envoi ({formats.day(row.sent_on)}) et aujourd’hui.", field="on"
        )
    if answer == State.ACCEPTED:
        if chosen is None or chosen.recommendation_id != row.pk:
            raise DomainError("Indiquez le scénario retenu.", field="chosen")
    elif answer in (State.AMENDED, State.REFUSED):
        chosen = None
        if not text.strip():
            raise DomainError(
                "Dites ce qui doit changer, ou pourquoi la préconisation est refusée.", field="text"
            )
    else:
        raise DomainError("Choisissez une réponse.", field="answer")
    row.state, row.answered_on, row.answered_by = answer, on, by
    row.answer_text, row.chosen = text.strip(), chosen
    _save(row, by)
    finish_task(key=answer_key(row), on=today, outcome=row.get_state_display(), by=by)
    if answer == State.ACCEPTED and market_of(row):
        open_task(
            key=take_up_key(row),
            title=f"Reprendre dans le marché : « {formats.short(row.title, 120)} »",
            market=market_of(row),
            kind=TaskKind.TODO,
            turn=Turn.HOUSE,
            url=reverse("recommendation_take_up", args=[row.pk]),
            since=today,
            by=by,
        )
    if by.is_buyer and row.sent_by:
        _tell_the_house(row)
    if answer == State.AMENDED:
        open_task(
            key=rework_key(row),
            title=f"Reprendre la préconisation « {formats.short(row.title, 120)} »",
            **_task_file(row),
            kind=TaskKind.TODO,
            turn=Turn.HOUSE,
            url=reverse("recommendation_detail", args=[row.pk]),
            details=row.answer_text,
            since=today,
            due_on=today + dt.timedelta(days=ANSWER_DAYS),
            by=by,
        )
    return row


def _tell_the_house(row: Recommendation) -> None:
    """Who sent it learns what the buyer answered under its own account."""
    assert row.sent_by is not None
    words = row.get_state_display()
    url = f"{settings.SITE_URL.rstrip('/')}{reverse('recommendation_detail', args=[row.pk])}"
    chosen = f"Scénario retenu : {row.chosen}.\n\n" if row.chosen else ""
    text = f"{row.answer_text}\n\n" if row.answer_text else ""
    write_message(
        key=f"recommendation:{row.pk}:answered",
        recipients=[row.sent_by.email],
        subject=formats.typeset(f"Préconisation {words} : {formats.short(row.title, 150)}"),
        body=formats.typeset(f"{row.target.buyer} a répondu à « {row} » : {words}.\n\n{chosen}{text}")
        + f"{url}\n",
    )


def is_replaced(recommendation: Recommendation) -> bool:
    """Whether a later version was sent."""
    return (
        _siblings(recommendation.target)
        .filter(number__gt=recommendation.number)
        .exclude(state=State.DRAFT)
        .exists()
    )


@transaction.atomic
def start_new_version(*, recommendation: Recommendation, by: User | None) -> Recommendation:
    """Copy a sent recommendation into a draft, version n+1. Raises DomainError when a draft is open already."""
    target: Any = recommendation.target
    type(target)._default_manager.select_for_update().get(pk=target.pk)
    siblings = _siblings(target)
    if siblings.filter(state=State.DRAFT).exists():
        raise DomainError("Un brouillon de préconisation est déjà ouvert : reprenez-le.")
    last = siblings.order_by("-number").first()
    copy = Recommendation(
        purchase=recommendation.purchase,
        market=recommendation.market,
        number=last.number + 1,
        title=recommendation.title,
        context=recommendation.context,
        hours_per_person=recommendation.hours_per_person,
        penalty_text=recommendation.penalty_text,
        created_by=by,
    )
    _save(copy, by)
    for scenario in recommendation.scenarios.order_by("position", "pk"):
        twin = Scenario(
            recommendation=copy,
            position=scenario.position,
            name=scenario.name,
            note=scenario.note,
            is_advised=scenario.is_advised,
        )
        _save(twin, by)
        for lot in scenario.lots.order_by("position", "pk"):
            _save(ScenarioLot(scenario=twin, **{name: getattr(lot, name) for name in LOT_FIELDS}), by)
    for text in recommendation.texts.order_by("pk"):
        _save(ClauseText(recommendation=copy, kind=text.kind, body=text.body, made=text.made), by)
    write_texts(recommendation=copy, by=by)
    return copy


# --- Taken up in the market -----------------------------------------------------------------------------------


def market_of(recommendation: Recommendation) -> Market | None:
    """The market that it is about: its own, or the one that came of the purchase."""
    if recommendation.market:
        return recommendation.market
    return recommendation.purchase.market if recommendation.purchase else None


def why_not_taken_up(recommendation: Recommendation) -> str:
    """Why the chosen scenario cannot become the market's clauses, in one sentence; empty when it can."""
    if recommendation.taken_up_on:
        return f"Le scénario retenu est repris dans le marché depuis le {formats.day(recommendation.taken_up_on)}."
    if recommendation.state != State.ACCEPTED or recommendation.chosen is None:
        return "Seul un scénario accepté par le donneur d’ordre se reprend dans le marché."
    if market_of(recommendation) is None:
        return "L’achat prévu n’a pas encore donné de marché : rattachez-le d’abord."
    return ""


@transaction.atomic
def take_up(
    *, recommendation: Recommendation, lots: Sequence[tuple[ScenarioLot, Lot]], by: User
) -> list[Clause]:
    """Write the chosen scenario's clauses on the market's lots, once.

    lots: each lot of the scenario with the lot of the market that bears its clause. Raises DomainError when it was
    taken up, is not accepted, when a lot has a clause of that kind already, or when nothing is left to write.
    """
    row = _locked(recommendation)
    refusal = why_not_taken_up(row)
    if refusal:
        raise DomainError(refusal)
    market = market_of(row)
    assert market is not None
    assert row.chosen is not None
    made = []
    for part, lot in lots:
        if part.scenario_id != row.chosen_id or lot.market_id != market.pk:
            raise DomainError("Ce lot n’est pas du scénario retenu, ou pas de ce marché.")
        if part.hours <= 0:
            continue
        if Clause.objects.filter(lot=lot, kind=part.kind).exists():
            raise DomainError(
                f"Le lot {lot.number} a déjà une clause « {part.get_kind_display()} » : modifiez-la plutôt, "
                "ou laissez ce lot de côté."
            )
        clause = Clause(
            lot=lot,
            kind=part.kind,
            minimum_hours=part.hours,
            effort_rate=part.rate,
            penalty_text=row.penalty_text,
            notes=f"Repris de la préconisation « {row} » du {formats.day(row.sent_on)}.",
        )
        _save(clause, by)
        made.append(clause)
    if not made:
        raise DomainError("Aucun lot n’est à clauser : choisissez au moins un lot du marché.")
    row.taken_up_on = timezone.localdate()
    _save(row, by)
    finish_task(key=take_up_key(row), outcome="Clauses écrites sur les lots.", by=by)
    return made
