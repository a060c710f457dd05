"""How many hours of insertion a lot can bear: the trade's arithmetic, with its reasoning in words. No Django here.

Two methods. The common one: `hours = amount × labour share ÷ hourly cost × effort rate`. The « PACT Propreté » of the
cleaning trade, where the staff of the outgoing company is taken over and only the rest can be hired:
`P = 1 − (S × C) ÷ (A ÷ N)` then `I = P × A ÷ C × T`.

Shares and rates are percentages (50 is 50 %), amounts are euros excluding tax, costs euros per hour.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from core import formats
from core.errors import DomainError

# Hours of one full-time job over a year.
FTE_HOURS = Decimal(1600)
# Below this a clause costs more to follow than it brings: none is advised.
MINIMUM_HOURS = Decimal(150)
# Hours for one person, to tell how many: 800,000 h a year for 2,000 people (convention, preamble).
HOURS_PER_PERSON = Decimal(400)
# Turnover of the cleaning trade that makes one hour of work: 20 €/h loaded ÷ 80 % of labour (€/h).
PACT_COEFFICIENT = Decimal(25)

# Decimals of P as it is printed.
WEIGHTING_DECIMALS = 6

AMOUNT_MAX = Decimal("9999999999999.99")
HOURS_MAX = Decimal("9999999")
COST_MAX = Decimal(1000)
MONTHS_MAX = 240
HUNDRED = Decimal(100)
CENT = Decimal("0.01")
ZERO = Decimal(0)


@dataclass(frozen=True)
class Estimate:
    """What a lot can bear. `exact` is the result of the formula, `hours` its whole hours (never rounded up)."""

    exact: Decimal
    hours: Decimal
    # One sentence with the formula and its numbers.
    reasoning: str
    # Why no clause is advised; empty when one is.
    warning: str = ""
    # P of the PACT Propreté: what the staff taken over leaves to be hired.
    weighting: Decimal | None = None

    @property
    def is_advised(self) -> bool:
        return not self.warning


def estimate_standard(*, amount: Decimal, share: Decimal, cost: Decimal, rate: Decimal) -> Estimate:
    """Hours of a lot by the common method.

    amount: € excluding tax. share: labour in the amount, %. cost: € per hour, charges included. rate: effort, %.
    Raises DomainError with the field's name for a value out of bounds.
    """
    _check_amount(amount)
    _check_percent(share, "share", "La part de main d’œuvre")
    _check_cost(cost, "cost", "Le coût horaire")
    _check_percent(rate, "rate", "Le taux d’effort")
    # One division, at the end: no rounding on the way.
    exact = amount * share * rate / (HUNDRED * HUNDRED * cost)
    hours = _whole(exact)
    reasoning = (
        f"{formats.amount(amount)} × {percent(share)} ÷ {euros_per_hour(cost)} × {percent(rate)}"
        f" = {formats.hours(hours)}"
    )
    return Estimate(exact, hours, reasoning, _below_minimum(hours))


def estimate_pact(
    *,
    amount: Decimal,
    months: int,
    taken_over: Decimal,
    rate: Decimal,
    coefficient: Decimal = PACT_COEFFICIENT,
) -> Estimate:
    """Hours of a cleaning lot by the « PACT Propreté » (Inserpropre, Fédération des entreprises de propreté).

    amount: € excluding tax over the `months` of the lot. taken_over: hours a month of the staff taken over.
    rate: effort, %. coefficient: € of turnover per hour. Raises DomainError for a value out of bounds.
    """
    _check_amount(amount)
    if amount == 0:
        raise DomainError(
            "La formule PACT Propreté demande le montant du lot sur toute sa durée.", field="amount"
        )
    if not 1 <= months <= MONTHS_MAX:
        raise DomainError(
            f"La durée du lot se donne en mois, de 1 à {MONTHS_MAX}.",
            field="months",
        )
    if not ZERO <= taken_over <= HOURS_MAX:
        raise DomainError("Les heures reprises par mois ne peuvent pas être négatives.", field="taken_over")
    _check_percent(rate, "rate", "Le taux d’effort")
    _check_cost(coefficient, "coefficient", "Le coefficient")
    weighting = 1 - taken_over * coefficient * months / amount
    exact = max(ZERO, (amount - taken_over * coefficient * months) * rate / (HUNDRED * coefficient))
    hours = _whole(exact)
    # What is printed is redone on paper: P rounded to three decimals would move the hours.
    shown = formats.number(weighting, WEIGHTING_DECIMALS)
    is_whole = round(weighting, WEIGHTING_DECIMALS) == weighting
    reasoning = (
        f"P = 1 − ({formats.hours(taken_over)} × {euros_per_hour(coefficient)})"
        f" ÷ ({formats.amount(amount)} ÷ {months} mois) {'=' if is_whole else '≈'} {shown} ; "
    )
    if weighting <= 0:
        warning = (
            "Le personnel à reprendre couvre tout le marché : il ne reste pas d’heures à confier. "
            "Aucune clause n’est conseillée sur ce lot."
        )
        return Estimate(ZERO, ZERO, reasoning + "P n’est pas positif, aucune heure", warning, weighting)
    reasoning += (
        f"I = {shown if is_whole else 'P'} × {formats.amount(amount)} ÷ {euros_per_hour(coefficient)} × {percent(rate)}"
        f" = {formats.hours(hours)}"
    )
    return Estimate(exact, hours, reasoning, _below_minimum(hours), weighting)


@dataclass(frozen=True)
class Total:
    """What the lots of a scenario add up to."""

    hours: Decimal
    fte: Decimal
    people: int


def full_time_equivalents(hours: Decimal) -> Decimal:
    """Full-time jobs over one year, two decimals: hours ÷ 1,600."""
    return (hours / FTE_HOURS).quantize(CENT, ROUND_HALF_UP)


def people_for(hours: Decimal, hours_per_person: Decimal = HOURS_PER_PERSON) -> int:
    """About how many people these hours can employ, to the nearest, at least one as soon as there are hours.

    Raises DomainError when the hours per person are not positive.
    """
    if hours_per_person <= 0:
        raise DomainError("Le nombre d’heures par personne est supérieur à zéro.", field="hours_per_person")
    if hours <= 0:
        return 0
    return max(1, int((hours / hours_per_person).quantize(Decimal(1), ROUND_HALF_UP)))


def add_up(hours_of_lots: Iterable[Decimal], hours_per_person: Decimal = HOURS_PER_PERSON) -> Total:
    """The total of a scenario: the sum of its lots' hours, and what it makes in jobs and people."""
    hours = sum(hours_of_lots, ZERO)
    return Total(hours, full_time_equivalents(hours), people_for(hours, hours_per_person))


def percent(value: Decimal) -> str:
    """50 → « 50 % »."""
    return f"{formats.number(value)}{formats.THIN}%"


def euros_per_hour(value: Decimal) -> str:
    """30 → « 30 €/h »."""
    return f"{formats.amount(value)}/h"


def _whole(exact: Decimal) -> Decimal:
    if exact > HOURS_MAX:
        raise DomainError(
            "Le calcul donne un nombre d’heures impossible : vérifiez le montant et le coût horaire.",
            field="amount",
        )
    return exact.quantize(Decimal(1), ROUND_DOWN)


def _below_minimum(hours: Decimal) -> str:
    if hours >= MINIMUM_HOURS:
        return ""
    return (
        f"Moins de {formats.hours(MINIMUM_HOURS)} : le volume est trop faible pour un parcours. "
        "Aucune clause n’est conseillée sur ce lot."
    )


def _check_amount(amount: Decimal) -> None:
    if amount < 0:
        raise DomainError("Le montant ne peut pas être négatif.", field="amount")
    if amount > AMOUNT_MAX:
        raise DomainError("Ce montant dépasse tout montant possible. Vérifiez la saisie.", field="amount")


def _check_percent(value: Decimal, field: str, name: str) -> None:
    if not ZERO <= value <= HUNDRED:
        raise DomainError(f"{name} se donne en pourcentage, entre 0 et 100.", field=field)


def _check_cost(value: Decimal, field: str, name: str) -> None:
    if value <= 0:
        raise DomainError(f"{name} est supérieur à zéro.", field=field)
    if value > COST_MAX:
        raise DomainError(f"{name} dépasse {formats.amount(COST_MAX)} : vérifiez la saisie.", field=field)
