"""Planned purchases: who changes them, the saisine and its answer, the targeting, the load of a list, the market."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError
from django.urls import reverse
from django.utils import timezone

from core import formats
from core.errors import DomainError
from core.text import normalise
from markets.duty import Reach, refuse_ground
from markets.enums import Derogation, Source, Targeting, TaskKind, Turn
from markets.models import Buyer, BuyerMembership, Commune, CpvCode, Department, Lot, Market, PlannedPurchase
from markets.models.thresholds import current_thresholds
from markets.purchase_import import Known, Line, Reading, identity
from markets.services.files import hand_over
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from accounts.models import User

LOTS_MAX = 200
# What a list may change in a purchase that is already there.
LOADED_FIELDS = (
    "reference",
    "object",
    "nature",
    "family",
    "cpv",
    "amount",
    "lots",
    "months",
    "procedure",
    "technique",
    "commune_id",
    "department_id",
    "planned_on",
    "notes",
)
_TARGETED = "Le ciblage de cet achat est décidé : seule la maison le modifie. Dites-lui ce qui change, ou demandez son avis."


# What other rooms do when a purchase becomes a market, in the same transaction.
_market_started: list[Callable[..., None]] = []


def register_market_started(work: Callable[..., None]) -> None:
    """Add to what is done when a market is opened, in AppConfig.ready(): `work(purchase=, market=, by=)`."""
    if work not in _market_started:
        _market_started.append(work)


def answer_key(purchase: PlannedPurchase) -> str:
    """The key of the task that a saisine opens."""
    return f"purchase:{purchase.pk}:answer"


def _locked(purchase: PlannedPurchase) -> PlannedPurchase:
    return PlannedPurchase.objects.select_for_update().select_related("buyer").get(pk=purchase.pk)


def _save(purchase: PlannedPurchase, by: User | None) -> PlannedPurchase:
    purchase._history_user = by  # type: ignore[attr-defined]
    purchase.save()
    return purchase


def _is_buyer(by: User | None) -> bool:
    return by is not None and by.is_buyer


# --- The purchase itself ------------------------------------------------------------------------------------


def department_limit(buyer: Buyer, by: User) -> Department | None:
    """The one department of `buyer` that this account is limited to; None for the house and for whole accounts."""
    if not by.is_buyer:
        return None
    membership = BuyerMembership.objects.filter(user=by, buyer=buyer).select_related("department").first()
    return membership.department if membership else None


@transaction.atomic
def save_purchase(*, purchase: PlannedPurchase, by: User) -> PlannedPurchase:
    """Record a purchase or what was changed in it. A buyer changes its own while they are not targeted.

    Raises DomainError for a buyer's change after the targeting, a department of another buyer, or one outside the
    account's own.
    """
    if purchase.pk and _is_buyer(by) and _locked(purchase).targeting != Targeting.TO_STUDY:
        raise DomainError(_TARGETED)
    limit = department_limit(purchase.buyer, by)
    if limit:
        purchase.department = limit
    if purchase.department and purchase.department.buyer_id != purchase.buyer_id:
        raise DomainError(
            f"Cette direction n’est pas de {purchase.buyer} : choisissez l’une des siennes.",
            field="department",
        )
    _save(purchase, by)
    _sync_task(purchase, by)
    return purchase


@transaction.atomic
def remove_purchase(*, purchase: PlannedPurchase, by: User) -> None:
    """Take a purchase off the list. Raises DomainError once it is targeted for a buyer, or a market came of it."""
    purchase = _locked(purchase)
    if purchase.market_id:
        raise DomainError("Un marché est issu de cet achat : il reste sur la liste.")
    if _is_buyer(by) and purchase.targeting != Targeting.TO_STUDY:
        raise DomainError(_TARGETED)
    finish_task(key=answer_key(purchase), outcome="Achat retiré de la liste", by=by)
    purchase._history_user = by  # type: ignore[attr-defined]
    try:
        purchase.delete()
    except ProtectedError as error:
        raise DomainError("Une préconisation s’appuie sur cet achat : il reste sur la liste.") from error


# --- The saisine --------------------------------------------------------------------------------------------


def _sync_task(purchase: PlannedPurchase, by: User | None) -> None:
    """The task that waits for the house's answer follows the two dates of the saisine."""
    if purchase.asked_on and not purchase.answered_on:
        open_task(
            key=answer_key(purchase),
            kind=TaskKind.ANSWER,
            buyer=purchase.buyer,
            title=f"Répondre à la saisine : {formats.short(purchase.object, 120)}",
            turn=Turn.HOUSE,
            url=reverse("purchase_detail", args=[purchase.pk]),
            since=purchase.asked_on,
            due_on=purchase.asked_on + dt.timedelta(days=settings.PURCHASE_ANSWER_DAYS),
            by=by,
        )
    else:
        finish_task(
            key=answer_key(purchase),
            on=purchase.answered_on,
            outcome="Réponse donnée" if purchase.answered_on else "Saisine retirée",
            by=by,
        )


@transaction.atomic
def record_request(
    *,
    purchase: PlannedPurchase,
    asked_on: dt.date | None,
    answered_on: dt.date | None = None,
    by: User | None,
) -> PlannedPurchase:
    """Record when the buyer asked for advice and when the house answered; the task follows.

    Raises DomainError for a day to come, an answer without a saisine or before it.
    """
    today = timezone.localdate()
    for day, name in ((asked_on, "asked_on"), (answered_on, "answered_on")):
        if day and day > today:
            raise DomainError("Cette date est à venir : elle se note le jour venu.", field=name)
    if answered_on and not asked_on:
        raise DomainError("Indiquez d’abord quand la saisine a été reçue.", field="asked_on")
    if answered_on and asked_on and answered_on < asked_on:
        raise DomainError(
            f"La réponse précède la saisine du {formats.day(asked_on)} : corrigez l’une des deux dates.",
            field="answered_on",
        )
    purchase = _locked(purchase)
    purchase.asked_on, purchase.answered_on = asked_on, answered_on
    return _saved_request(purchase, by)


def _saved_request(purchase: PlannedPurchase, by: User | None) -> PlannedPurchase:
    _save(purchase, by)
    _sync_task(purchase, by)
    return purchase


@transaction.atomic
def ask_advice(*, purchase: PlannedPurchase, by: User) -> PlannedPurchase:
    """The buyer asks the house for its advice, today. Raises DomainError while an answer is awaited."""
    purchase = _locked(purchase)
    if purchase.asked_on and not purchase.answered_on:
        raise DomainError(
            f"La maison est saisie depuis le {formats.day(purchase.asked_on)} : sa réponse est attendue."
        )
    purchase.asked_on, purchase.answered_on = timezone.localdate(), None
    return _saved_request(purchase, by)


# --- The targeting ------------------------------------------------------------------------------------------


@transaction.atomic
def decide_targeting(
    *,
    purchase: PlannedPurchase,
    targeting: str,
    reason: str = "",
    on: dt.date | None = None,
    derogation: str = "",
    derogation_note: str = "",
    by: User | None,
) -> PlannedPurchase:
    """Record what facilitator and buyer decided together: kept for a clause, dismissed, or to be studied again.

    A purchase under the duty of 22 August 2026 is dismissed with a ground of derogation, kept and shown (code de la
    commande publique, L2112-2-1 and L3114-2-1). Raises DomainError without a reason, without its ground, for a ground
    that the code does not give, a day to come, or once a market came of it.
    """
    purchase = _locked(purchase)
    reason, derogation_note = reason.strip(), derogation_note.strip()
    today = timezone.localdate()
    if on and on > today:
        raise DomainError("Une décision se date d’aujourd’hui au plus tard.", field="on")
    if purchase.market_id and targeting != Targeting.KEPT:
        raise DomainError("Un marché est issu de cet achat : il reste retenu.", field="targeting")
    if targeting == Targeting.DISMISSED:
        if not reason:
            raise DomainError("Un achat écarté se motive : dites pourquoi.", field="reason")
        _check_ground(purchase, derogation, derogation_note)
    else:
        derogation = derogation_note = ""
    purchase.targeting, purchase.targeting_reason = targeting, reason[:300]
    purchase.derogation, purchase.derogation_note = derogation, derogation_note[:300]
    is_decided = targeting != Targeting.TO_STUDY
    purchase.targeted_on = (on or today) if is_decided else None
    purchase.targeted_by = by if is_decided else None
    return _save(purchase, by)


def _check_ground(purchase: PlannedPurchase, ground: str, note: str) -> None:
    duty = purchase.duty_under(current_thresholds())
    if duty.reach == Reach.NOT_CONCERNED and ground:
        raise DomainError(
            "L’obligation ne concerne pas cet achat : il n’y a pas de dérogation à motiver.",
            field="derogation",
        )
    if duty.reach == Reach.CONCERNED and not ground:
        raise DomainError(
            f"Cet achat est soumis à l’obligation ({duty.article}) : l’écarter demande un motif de dérogation.",
            field="derogation",
        )
    refusal = ground and refuse_ground(
        ground, nature=purchase.nature, family=purchase.family, months=purchase.months
    )
    if refusal:
        raise DomainError(refusal, field="derogation")
    if ground == Derogation.OTHER and not note:
        raise DomainError("Un autre motif se précise : écrivez lequel.", field="derogation_note")


# --- The market that comes of it ----------------------------------------------------------------------------


@transaction.atomic
def start_market(
    *, purchase: PlannedPurchase, reference: str, facilitator: User | None = None, by: User
) -> Market:
    """Open the market of a kept purchase, with its lots and whoever answers for it (`by` unless told otherwise).

    Raises DomainError when the purchase is not kept, has its market already, or the reference is taken.
    """
    purchase = _locked(purchase)
    reference = " ".join(reference.split())
    if purchase.market_id:
        raise DomainError("Cet achat a déjà son marché.")
    if purchase.targeting != Targeting.KEPT:
        raise DomainError("Décidez d’abord du ciblage : seul un achat retenu devient un marché suivi.")
    if not reference:
        raise DomainError("Donnez la référence du marché, celle du donneur d’ordre.", field="reference")
    if len(reference) > 60:
        raise DomainError("La référence compte 60 signes au plus.", field="reference")
    Buyer.objects.select_for_update().get(pk=purchase.buyer_id)
    if Market.objects.filter(buyer=purchase.buyer_id, reference=reference).exists():
        raise DomainError("Ce donneur d’ordre a déjà un marché de cette référence.", field="reference")
    if purchase.lots > LOTS_MAX:
        raise DomainError(
            f"{purchase.lots} lots, c’est plus que {LOTS_MAX} : corrigez le nombre de lots de l’achat."
        )
    market = Market(
        reference=reference,
        source=Source.SCREEN,
        **{
            name: getattr(purchase, name)
            for name in (
                "buyer_id",
                "department_id",
                "object",
                "nature",
                "family",
                "cpv",
                "procedure",
                "technique",
                "amount",
                "commune_id",
            )
        },
    )
    market._history_user = by  # type: ignore[attr-defined]
    market.save()
    for number in range(1, purchase.lots + 1):
        # The amount of the whole is the only lot's; the amounts of several are said when they are known.
        lot = Lot(market=market, number=str(number), amount=purchase.amount if purchase.lots == 1 else None)
        lot._history_user = by  # type: ignore[attr-defined]
        lot.save()
    hand_over(target=market, to=facilitator or by, on=timezone.localdate(), by=by)
    purchase.market = market
    _save(purchase, by)
    for work in _market_started:
        work(purchase=purchase, market=market, by=by)
    return market


# --- A list loaded from a file ------------------------------------------------------------------------------


@dataclass
class Plan:
    """What loading a reading would do, line by line."""

    added: list[Line] = field(default_factory=list)
    changed: list[tuple[Line, PlannedPurchase, list[str]]] = field(default_factory=list)
    unchanged: list[Line] = field(default_factory=list)
    refused: list[Line] = field(default_factory=list)


def known_for(buyer: Buyer, *, year: int, default_family: str = "", with_communes: bool = True) -> Known:
    """What reading a list of this buyer needs: its names and departments, the CPV codes and the communes."""
    names = {normalise(name) for name in (buyer.name, buyer.short_name) if name}
    return Known(
        buyer_name=str(buyer),
        buyer_names=frozenset(names),
        buyer_identifier=buyer.identifier if buyer.identifier_is_sound else "",
        year=year,
        default_family=default_family,
        departments={normalise(row.name): row.pk for row in buyer.departments.order_by("pk")},
        cpv=dict(CpvCode.objects.order_by("pk").values_list("pk", "label")),
        commune=_commune_finder() if with_communes else (lambda text: None),
    )


def _commune_finder() -> Callable[[str], str | None]:
    """A function from « Bron », « Bron (69) », « 69500 Bron » or « 69029 » to a commune of today: one query."""
    by_name: dict[str, list[tuple[str, str]]] = {}
    codes = set()
    rows = Commune.objects.filter(is_active=True, valid_to__isnull=True).order_by("pk")
    for code, label, department in rows.values_list("pk", "label", "department_code"):
        codes.add(code)
        by_name.setdefault(normalise(label), []).append((code, department))

    def find(text: str) -> str | None:
        if text.strip() in codes:
            return text.strip()
        words = normalise(text).split()
        # A postal code or a department beside the name tells two communes of one name apart.
        numbers = [word for word in words if word[0].isdigit() and len(word) in (2, 3, 5)]
        found = by_name.get(" ".join(words)) or by_name.get(
            " ".join(w for w in words if w not in numbers), []
        )
        if len(found) > 1 and numbers:
            found = [row for row in found if any(number.startswith(row[1]) for number in numbers)]
        return found[0][0] if len(found) == 1 else None

    return find


def plan_load(*, buyer: Buyer, year: int, reading: Reading, by: User) -> Plan:
    """Compare the lines with the buyer's list of that year; writes nothing, four queries at most.

    The reference tells a purchase; without one, its object does. A blank cell changes nothing.
    """
    limit = department_limit(buyer, by)
    existing: dict[str, PlannedPurchase] = {}
    rows = PlannedPurchase.objects.filter(buyer=buyer, year=year)
    for present in rows.order_by("-pk"):
        existing[identity(present.reference, present.object)] = present
    plan = Plan(refused=list(reading.refused))
    for line in reading.right:
        if limit:
            line.values["department_id"] = limit.pk
        row = existing.get(identity(line.values["reference"], line.values["object"]))
        if row is None:
            plan.added.append(line)
            continue
        # The name made for a line without an object, and what was left out of it, are of the first load.
        told = _values(line)
        if line.object_made:
            del told["object"]
        if "notes" not in line.values:
            told.pop("notes", None)
        changes = [name for name, value in told.items() if getattr(row, name) != value]
        refusal = _refusal(row, changes, limit, by)
        if refusal:
            line.errors.append(refusal)
            plan.refused.append(line)
        elif changes:
            plan.changed.append((line, row, changes))
        else:
            plan.unchanged.append(line)
    plan.refused.sort(key=lambda line: line.number)
    return plan


def _refusal(row: PlannedPurchase, changes: list[str], limit: Department | None, by: User) -> str:
    if limit and row.department_id != limit.pk:
        return f"« {row.reference or row.object} » est déjà pris par un achat d’une autre direction."
    if changes and by.is_buyer and row.targeting != Targeting.TO_STUDY:
        return "Le ciblage de cet achat est décidé : dites à la maison ce qui change."
    return ""


@transaction.atomic
def load_plan(
    *, buyer: Buyer, year: int, reading: Reading, by: User, progress: Callable[[int, int], None] | None = None
) -> Plan:
    """Write the right lines; the refused ones are in the plan. The same list again changes nothing."""
    buyer = Buyer.objects.select_for_update().get(pk=buyer.pk)
    plan = plan_load(buyer=buyer, year=year, reading=reading, by=by)
    total = len(plan.added) + len(plan.changed)
    for done, purchase in enumerate(_written(plan, buyer, year), start=1):
        _save(purchase, by)
        if purchase.asked_on:
            _sync_task(purchase, by)
        if progress and done % 50 == 0:
            progress(done, total)
    return plan


def _written(plan: Plan, buyer: Buyer, year: int) -> Iterator[PlannedPurchase]:
    for line in plan.added:
        yield PlannedPurchase(buyer=buyer, year=year, **_values(line))
    for line, row, changes in plan.changed:
        for name in changes:
            setattr(row, name, line.values[name])
        yield row


def _values(line: Line) -> dict[str, Any]:
    """What a line says of a purchase; what was not taken over stands in its remarks."""
    values = {name: line.values[name] for name in LOADED_FIELDS if line.values.get(name) not in (None, "")}
    left_out = line.values.get("left_out", [])
    if left_out:
        told = "Lu dans la liste sans être repris : " + " ; ".join(left_out) + "."
        values["notes"] = "\n".join(part for part in (values.get("notes", ""), told) if part)
    return values
