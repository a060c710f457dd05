"""The penalty for missing hours, by the market's own formula, with its reasoning; pure arithmetic.

The formulas are those that markets write: an amount for each missing hour, or a coefficient × a reference amount
(the hourly SMIC at a date) × missing hours; with or without an allowance, with or without a cap.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from core import formats

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
HUNDRED = Decimal(100)
# Beyond these, what was typed is a slip: no market asks for that much.
RATE_MAX = Decimal(10_000)
COEFFICIENT_MAX = Decimal(1_000)
REFERENCE_MAX = Decimal(1_000)


class Formula(StrEnum):
    """How a market writes its penalty; « » is no figure at all, only words."""

    RATE = "rate"
    COEFFICIENT = "coefficient"


class Unit(StrEnum):
    """Of an allowance (hours, or % of the hours engaged) and of a cap (euros, or % of the lot's amount)."""

    HOURS = "hours"
    EUROS = "euros"
    PERCENT = "percent"


class PenaltyError(ValueError):
    """A formula that cannot be; str(error) is the sentence, `field` the part that it is about."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True)
class PenaltyFormula:
    """A penalty as the market writes it (euros, hours). Raises PenaltyError when it says too little or too much."""

    kind: Formula
    rate: Decimal | None = None
    coefficient: Decimal | None = None
    reference: Decimal | None = None
    reference_label: str = ""
    reference_on: dt.date | None = None
    allowance: Decimal | None = None
    allowance_unit: Unit = Unit.HOURS
    cap: Decimal | None = None
    cap_unit: Unit = Unit.EUROS

    def __post_init__(self) -> None:
        check_formula(
            kind=self.kind,
            rate=self.rate,
            coefficient=self.coefficient,
            reference=self.reference,
            reference_on=self.reference_on,
            allowance=self.allowance,
            allowance_unit=self.allowance_unit,
            cap=self.cap,
            cap_unit=self.cap_unit,
        )

    @property
    def per_hour(self) -> Decimal:
        """Euros for one missing hour, not rounded."""
        if self.kind == Formula.RATE:
            assert self.rate is not None
            return self.rate
        assert self.coefficient is not None and self.reference is not None
        return self.coefficient * self.reference

    @property
    def words(self) -> str:
        """« 35 €/h manquante, 40 h non pénalisées, plafond de 5 % du montant du lot »."""
        if self.kind == Formula.RATE:
            parts = [f"{_per_hour(self.rate)} manquante"]
        else:
            label = self.reference_label or "montant de référence"
            on = f" au {formats.day(self.reference_on)}" if self.reference_on else ""
            parts = [
                f"{formats.number(self.coefficient, 3)} × {label} ({_per_hour(self.reference)}{on}) par heure manquante"
            ]
        if self.allowance:
            unpenalised = (
                f"{formats.hours(self.allowance)} non pénalisées"
                if self.allowance_unit == Unit.HOURS
                else f"{_percent(self.allowance)} des heures engagées non pénalisées"
            )
            parts.append(unpenalised)
        if self.cap:
            parts.append(
                f"plafond de {formats.amount(self.cap)}"
                if self.cap_unit == Unit.EUROS
                else f"plafond de {_percent(self.cap)} du montant du lot"
            )
        return ", ".join(parts)


@dataclass(frozen=True)
class Penalty:
    """What a formula gives on a day. Hours and euros have two decimals; `lines` is the reasoning step by step.

    reasoning: the line that gives the amount, « 420 h × 35 €/h = 14 700 € ».
    """

    engaged: Decimal
    counted: Decimal
    missing: Decimal
    allowance: Decimal
    penalised: Decimal
    before_cap: Decimal
    cap: Decimal | None
    amount: Decimal
    reasoning: str
    lines: tuple[str, ...]


def check_formula(
    *,
    kind: str,
    rate: Decimal | None,
    coefficient: Decimal | None,
    reference: Decimal | None,
    reference_on: dt.date | None,
    allowance: Decimal | None,
    allowance_unit: str,
    cap: Decimal | None,
    cap_unit: str,
) -> None:
    """Raise PenaltyError for the first thing that is missing or impossible in a formula."""
    if kind not in tuple(Formula):
        raise PenaltyError("Choisissez la formule de la pénalité.", "penalty_kind")
    if kind == Formula.RATE:
        _within(rate, RATE_MAX, "Indiquez le montant dû par heure manquante", "penalty_rate", formats.amount)
    else:
        _within(
            coefficient,
            COEFFICIENT_MAX,
            "Indiquez le coefficient appliqué au montant de référence",
            "penalty_coefficient",
            lambda top: formats.number(top, 0),
        )
        _within(
            reference, REFERENCE_MAX, "Indiquez le montant de référence", "penalty_reference", formats.amount
        )
        if reference_on is None:
            raise PenaltyError(
                "Datez le montant de référence : le SMIC horaire change chaque année.", "penalty_reference_on"
            )
    for value, unit, units, what, field in (
        (allowance, allowance_unit, (Unit.HOURS, Unit.PERCENT), "La franchise", "penalty_allowance"),
        (cap, cap_unit, (Unit.EUROS, Unit.PERCENT), "Le plafond", "penalty_cap"),
    ):
        if value is None:
            continue
        if unit not in units:
            raise PenaltyError(f"{what} : choisissez son unité.", f"{field}_unit")
        if not value.is_finite() or value < 0:
            raise PenaltyError(f"{what} ne peut pas être en dessous de zéro.", field)
        if unit == Unit.PERCENT and value > HUNDRED:
            raise PenaltyError(f"{what} ne dépasse pas 100 %.", field)
    if cap is not None and cap == 0:
        raise PenaltyError(
            "Un plafond de zéro annule la pénalité : laissez-le vide s’il n’y en a pas.", "penalty_cap"
        )


def compute_penalty(
    formula: PenaltyFormula, *, engaged: Decimal, counted: Decimal, lot_amount: Decimal | None = None
) -> Penalty:
    """The penalty for the hours that are missing (hours, euros), rounded to the cent, half up.

    Missing hours are engaged − counted, never negative; the allowance (hours, or % of the hours engaged) comes off
    them, and the cap (euros, or % of `lot_amount`) off the amount. Raises PenaltyError for hours below zero, and for
    a cap in % without the lot's amount.
    """
    for value, what in ((engaged, "engagées"), (counted, "comptées")):
        if not value.is_finite() or value < 0:
            raise PenaltyError(f"Les heures {what} ne peuvent pas être en dessous de zéro.", "hours")
    missing = max(engaged - counted, ZERO)
    lines = [
        f"{formats.hours(engaged)} engagées − {formats.hours(counted)} comptées = {_missing_words(missing)}"
    ]
    if counted > engaged:
        lines[0] = (
            f"{formats.hours(counted)} comptées pour {formats.hours(engaged)} engagées : aucune heure ne manque"
        )
    allowance, allowance_words = _allowance(formula, engaged)
    penalised = max(missing - allowance, ZERO)
    if formula.allowance and missing:
        lines.append(
            f"{formats.hours(missing)} manquantes − {allowance_words} non pénalisées = {formats.hours(penalised)}"
            if allowance < missing
            else f"{formats.hours(missing)} manquantes, dans la limite des {allowance_words} non pénalisées : 0\u202fh"
        )
    before_cap = _cents(penalised * formula.per_hour)
    reasoning = f"{formats.hours(penalised)} × {_factors(formula)} = {formats.amount(before_cap)}"
    lines.append(reasoning)
    cap = _cap(formula, lot_amount)
    amount = before_cap
    if cap is not None and before_cap > cap:
        amount = cap
        base = (
            f"{_percent(formula.cap)} de {formats.amount(lot_amount)} = "
            if formula.cap_unit == Unit.PERCENT
            else ""
        )
        limit = f"plafond : {base}{formats.amount(cap)}, la pénalité y est ramenée"
        reasoning = f"{reasoning} ; {limit}"
        lines.append(limit)
    return Penalty(
        engaged=engaged,
        counted=counted,
        missing=missing,
        allowance=min(allowance, missing),
        penalised=penalised,
        before_cap=before_cap,
        cap=cap,
        amount=amount,
        reasoning=formats.typeset(reasoning),
        lines=tuple(formats.typeset(line) for line in lines),
    )


def _allowance(formula: PenaltyFormula, engaged: Decimal) -> tuple[Decimal, str]:
    """Hours that are not penalised, and how they are said."""
    if not formula.allowance:
        return ZERO, ""
    if formula.allowance_unit == Unit.HOURS:
        return formula.allowance, formats.hours(formula.allowance)
    found = _cents(engaged * formula.allowance / HUNDRED)
    return found, f"{formats.hours(found)} ({_percent(formula.allowance)} de {formats.hours(engaged)})"


def _cap(formula: PenaltyFormula, lot_amount: Decimal | None) -> Decimal | None:
    if not formula.cap:
        return None
    if formula.cap_unit == Unit.EUROS:
        return _cents(formula.cap)
    if lot_amount is None:
        raise PenaltyError(
            "Le plafond est un pourcentage du montant du lot, qui n’est pas renseigné : indiquez-le sur le lot.",
            "lot_amount",
        )
    if not lot_amount.is_finite() or lot_amount < 0:
        raise PenaltyError("Le montant du lot ne peut pas être en dessous de zéro.", "lot_amount")
    return _cents(lot_amount * formula.cap / HUNDRED)


def _factors(formula: PenaltyFormula) -> str:
    if formula.kind == Formula.RATE:
        return _per_hour(formula.rate)
    return f"{formats.number(formula.coefficient, 3)} × {_per_hour(formula.reference)}"


def _missing_words(missing: Decimal) -> str:
    return f"{formats.hours(missing)} {'manquante' if missing < 2 else 'manquantes'}"


def _per_hour(value: Decimal | None) -> str:
    return f"{formats.amount(value)}/h"


def _percent(value: Decimal | None) -> str:
    return f"{formats.number(value)}\u202f%"


def _within(
    value: Decimal | None, top: Decimal, ask: str, field: str, written: Callable[[Decimal], str]
) -> None:
    if value is None:
        raise PenaltyError(f"{ask}.", field)
    if not value.is_finite() or value <= 0:
        raise PenaltyError(f"{ask}, au-dessus de zéro.", field)
    if value > top:
        raise PenaltyError(f"{ask} : il ne dépasse pas {written(top)}. Vérifiez la saisie.", field)


def _cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, rounding=ROUND_HALF_UP)
